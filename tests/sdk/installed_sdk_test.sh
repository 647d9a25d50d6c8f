#!/bin/bash
# Installs the SDK into a fresh prefix, builds the example CA against it as a project of its own, and reads the result.
# usage: installed_sdk_test.sh BUILD_DIR SOURCE_DIR COMPILER_C COMPILER_CXX
set -euo pipefail

build_dir=$1 source_dir=$2 cc=$3 cxx=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build_dir" --component sdk-dev --prefix "$work/prefix" >/dev/null
# Out of the tree, so that nothing but the installed files can be found.
cp -r "$source_dir/tests/support/example_ca" "$work/example_ca"
cmake -G Ninja -S "$work/example_ca" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" \
  -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_BUILD_TYPE=Release >"$work/log" || { cat "$work/log"; exit 1; }
cmake --build "$work/build" >"$work/log" || { cat "$work/log"; exit 1; }
"$source_dir/tests/sdk/plugin_file_test.py" "$work/build/plugins/example_ca.so" example_ca 1.0.0 issuer example_ca

version=$(sed -n 's/^project(certspan VERSION \([0-9.]*\).*/\1/p' "$source_dir/CMakeLists.txt")
export PKG_CONFIG_PATH=$work/prefix/share/pkgconfig
[[ $(pkg-config --modversion certspan-sdk) == "$version" ]] || { echo "certspan-sdk.pc does not say version $version"; exit 1; }
read -ra flags <<<"$(pkg-config --cflags certspan-sdk)"
echo '#include <certspan/plugin.hpp>' | "$cxx" -std=c++20 -fsyntax-only -x c++ "${flags[@]}" -
