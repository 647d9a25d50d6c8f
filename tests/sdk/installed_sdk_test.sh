#!/bin/bash
# What a vendor does, outside this tree and with nothing but what is installed: makes a project with `certspan new-plugin`,
# builds it, runs its tests and the conformance checks, signs the plugin, and lets a real configuration load it. In C++ that is
# docs/plugin-guide.md, word for word, up to a device with a certificate; in C the same by hand.
# usage: installed_sdk_test.sh BUILD_DIR SOURCE_DIR COMPILER_C COMPILER_CXX
set -euo pipefail

build_dir=$1 source_dir=$2 cc=$3 cxx=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
certspan=$work/prefix/bin/certspan

# quiet COMMAND...: its output only if it fails.
quiet() {
  "$@" >"$work/log" 2>&1 || { cat "$work/log"; echo "failed: $*"; exit 1; }
}

quiet cmake --install "$build_dir" --component sdk-dev --prefix "$work/prefix"
quiet cmake --install "$build_dir" --component host --prefix "$work/prefix"
diff -r "$source_dir/sdk/templates" "$work/prefix/share/certspan/templates"
if command -v ccache >/dev/null; then
  export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=1
fi
# What is tested is not how fast it is.
export CMAKE_BUILD_TYPE=None CFLAGS=-O0 CXXFLAGS=-O0

# project LANGUAGE ROLE DIR: made, built and tested.
project() {
  quiet "$certspan" new-plugin --role "$2" --id com.acme.ca --language "$1" "$3"
  if grep -rnE '@[A-Z_]+@' "$3"; then echo "placeholders were left in the project"; exit 1; fi
  quiet cmake -G Ninja -S "$3" -B "$3/build" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_C_COMPILER="$cc" \
    -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
  quiet cmake --build "$3/build"
  quiet ctest --test-dir "$3/build" --output-on-failure --no-tests=error
}

# loads DIR: the host takes the signed plugin, and makes a connector of it.
loads() {
  local plugin=$1/build/plugins/com.acme.ca.so
  "$source_dir/tests/sdk/plugin_file_test.py" "$plugin" com.acme.ca 0.1.0 issuer ca
  quiet openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=RA" -addext keyUsage=digitalSignature,keyEncipherment \
    -keyout "$work/ra.key" -out "$work/ra.pem"
  mkdir "$1/trial/host"
  install -m 600 "$work/ra.key" "$work/ra.pem" "$1/trial/host"
  (umask 077 && openssl rand -hex 16 >"$1/trial/host/challenge")
  quiet "$certspan" check "$1/trial/certspan.yaml"
  grep -q danger_allow_unsigned "$work/log"
  quiet openssl genpkey -algorithm ed25519 -out "$work/acme.key"
  quiet openssl pkey -in "$work/acme.key" -pubout -out "$work/acme.pub"
  quiet "$certspan" plugin sign "$plugin" --key "$work/acme.key"
  quiet "$certspan" plugin verify "$plugin" --trust "$work/acme.pub"
  sed -i "s|{ danger_allow_unsigned: true }.*|{ keys: { acme: { public_key_file: $work/acme.pub, ids: [com.acme.*] } } }|" "$1/trial/certspan.yaml"
  quiet "$certspan" check "$1/trial/certspan.yaml"
  if grep danger_allow_unsigned "$work/log"; then exit 1; fi
}

"$source_dir/tests/sdk/plugin_guide_test.py" "$source_dir/docs/plugin-guide.md" "$work/prefix" "$work"
project c issuer "$work/c_issuer"
"$source_dir/tests/sdk/trial_ca_test.py" "$work/c_issuer" "$work"
loads "$work/c_issuer"
# The validator in C is built and run as a foreign plugin in any case.
if [[ -n ${CERTSPAN_LONG:-} ]]; then
  project c++ validator "$work/cpp_validator"
  project c validator "$work/c_validator"
fi
# Plain C needs no C++ compiler but for its tests.
quiet cmake -G Ninja -S "$work/c_issuer" -B "$work/only_c" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_C_COMPILER="$cc" \
  -DCMAKE_CXX_COMPILER=/bin/false -DBUILD_TESTING=OFF
quiet cmake --build "$work/only_c"

version=$(sed -n 's/^project(certspan VERSION \([0-9.]*\).*/\1/p' "$source_dir/CMakeLists.txt")
export PKG_CONFIG_PATH=$work/prefix/share/pkgconfig
[[ $(pkg-config --modversion certspan-sdk) == "$version" ]] || { echo "certspan-sdk.pc does not say version $version"; exit 1; }
# Without CMake, as the guide says: the identity, the note, and how to link.
mkdir -p "$work/by_hand/certspan"
printf '#define CERTSPAN_PLUGIN_ID "com.acme.ca"\n#define CERTSPAN_PLUGIN_VERSION "0.1.0"\n' >"$work/by_hand/certspan/plugin_identity.h"
printf '#include <certspan/abi/elf_note.h>\nCERTSPAN_ELF_NOTE("com.acme.ca", "0.1.0", "issuer", "ca", 0, 1, 1);\n' >"$work/by_hand/note.c"
read -ra flags <<<"$(pkg-config --cflags certspan-sdk) $(pkg-config --variable=plugin_ldflags certspan-sdk)"
quiet "$cc" -std=c11 -fPIC -fvisibility=hidden -I"$work/by_hand" "$work"/c_issuer/src/*.c "$work/by_hand/note.c" "${flags[@]}" \
  -o "$work/by_hand/com.acme.ca.so"
quiet "$work/prefix/bin/certspan-plugin-check" "$work/by_hand/com.acme.ca.so" --settings "$work/c_issuer/tests/settings.json"
