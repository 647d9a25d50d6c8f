# Warnings, hardening and sanitizers as one interface target that every target of ours links.
# Dependencies come in as SYSTEM, so only our own code answers to the warnings.

add_library(certspan_compiler INTERFACE)

target_compile_options(certspan_compiler INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-align -Wformat=2
  -Wimplicit-fallthrough $<$<NOT:$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>>:-Wnull-dereference>
  $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wduplicated-cond -Wduplicated-branches -Wlogical-op
    -Wuseless-cast -Wsuggest-override>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:Clang>>:-Wthread-safety>
  -fvisibility=hidden $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden>
  -fstack-protector-strong -fstack-clash-protection)
target_compile_definitions(certspan_compiler INTERFACE _GLIBCXX_ASSERTIONS)

# GCC's flow analysis reports null dereferences inside inlined library code (nlohmann-json at -O2) that is never reached
# so, and uninitialised values too once the code is instrumented (std::regex in Catch2).
if(CERTSPAN_SANITIZE)
  target_compile_options(certspan_compiler INTERFACE
    -fsanitize=${CERTSPAN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -Wno-null-dereference
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(certspan_compiler INTERFACE -fsanitize=${CERTSPAN_SANITIZE})
else()
  target_compile_options(certspan_compiler INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>
    $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection>)
  target_link_options(certspan_compiler INTERFACE -Wl,-z,relro -Wl,-z,now)
endif()

# Without coverage in the libraries a fuzzer is blind; the sanitizer's runtime serves programs that are no fuzz targets.
if(CERTSPAN_FUZZ)
  target_compile_options(certspan_compiler INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Files that are compiled together look like one header to GCC, which then warns of anonymous namespaces in it.
if(CMAKE_UNITY_BUILD)
  target_compile_options(certspan_compiler INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
endif()

if(CERTSPAN_FAILPOINTS)
  target_compile_definitions(certspan_compiler INTERFACE CERTSPAN_FAILPOINTS=1)
endif()
