#!/bin/bash
# Compiles each public header by itself, twice included, with every warning an error.
# usage: headers_compile.sh COMPILER c|c++ INCLUDE_DIR
set -euo pipefail

compiler=$1 language=$2 include_dir=$3
flags=(-Wall -Wextra -pedantic -Werror -fsyntax-only -I "$include_dir" -x "$language")
headers=("$include_dir"/certspan/abi/*.h)
if [[ $language == c ]]; then
  flags+=(-std=c11)
else
  flags+=(-std=c++20)
  headers+=("$include_dir"/certspan/*.hpp "$include_dir"/certspan/{detail,testing}/*.hpp)
fi

failed=0
for header in "${headers[@]}"; do
  name=${header#"$include_dir"/}
  if ! printf '#include <%s>\n#include <%s>\n' "$name" "$name" | "$compiler" "${flags[@]}" -; then
    echo "$name does not compile by itself as $language with $compiler"
    failed=1
  fi
done
echo "${#headers[@]} headers checked with $compiler as $language"
exit "$failed"
