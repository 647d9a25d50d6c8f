# certspan_add_plugin(TARGET ID id VERSION version ROLES role... TYPES type... SOURCES file...
#                     [STATE_READS n] [STATE_WRITES n] [NETWORK] [NO_INSTALL])
#
# The one place for a plugin's identity. Makes ${CMAKE_BINARY_DIR}/plugins/<id>.so, a shared library that
#   - exports the entry symbol and nothing else (measured: without the version script, version 2 of a plugin reads
#     version 1's statics),
#   - stays loaded for good (-z nodelete) and binds at load (-z now),
#   - carries an ELF note that a host reads before it runs any code of the plugin (<certspan/abi/elf_note.h>),
#   - finds its identity in <certspan/plugin_identity.h>: CERTSPAN_PLUGIN_ID, CERTSPAN_PLUGIN_VERSION.
#
#   ID       "com.acme.ca"; plain words such as "ndes" are kept for the plugins that come with Certspan
#   VERSION  semantic version
#   ROLES    of all its connector types: source validator processor issuer deliverer revoker
#   TYPES    names of its connector types, as the classes' kName says
#   STATE_WRITES, STATE_READS
#            the version of what it keeps in its stores, and the oldest one that it reads; 1 if they are not given. Raise
#            STATE_WRITES when the release before can't read what this one writes: a host then refuses to swap them
#   NETWORK  it opens sockets of its own (what goes through certspan.http_out needs no leave)
# It is installed to lib/certspan/plugins unless NO_INSTALL is given. A host loads what a listed key has signed: `certspan
# plugin sign`, and while you write it `plugins: trust: { danger_allow_unsigned: true }` in a configuration of your own.

set(_certspan_plugin_template_dir ${CMAKE_CURRENT_LIST_DIR})

function(certspan_add_plugin target)
  cmake_parse_arguments(arg "NO_INSTALL;NETWORK" "ID;VERSION;STATE_READS;STATE_WRITES" "ROLES;TYPES;SOURCES" ${ARGN})
  _certspan_check_identity()

  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${target}_identity)
  set(note_flags 0)
  if(arg_NETWORK)
    set(note_flags CERTSPAN_NOTE_NEEDS_NETWORK)
  endif()
  list(JOIN arg_ROLES "," roles)
  list(JOIN arg_TYPES "," types)
  configure_file(${_certspan_plugin_template_dir}/plugin_identity.h.in ${generated}/certspan/plugin_identity.h @ONLY)
  configure_file(${_certspan_plugin_template_dir}/plugin_note.c.in ${generated}/plugin_note.c @ONLY)

  add_library(${target} MODULE ${arg_SOURCES} ${generated}/plugin_note.c)
  target_include_directories(${target} PRIVATE ${generated})
  target_link_libraries(${target} PRIVATE certspan::sdk)
  if(TARGET certspan_compiler)
    target_link_libraries(${target} PRIVATE certspan_compiler)
  endif()
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME ${arg_ID} SUFFIX .so
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON SKIP_BUILD_RPATH ON SKIP_INSTALL_RPATH ON)
  _certspan_link_plugin(${target})

  if(NOT arg_NO_INSTALL)
    install(TARGETS ${target} LIBRARY DESTINATION lib/certspan/plugins COMPONENT host)
  endif()
endfunction()

# The identity goes into C strings and a file name, and the host compares it byte by byte.
macro(_certspan_check_identity)
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "certspan_add_plugin(${target}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_ID MATCHES "^[a-z][a-z0-9_-]*([.][a-z0-9_-]+)*$")
    message(FATAL_ERROR "certspan_add_plugin(${target}): ID is a reversed domain such as com.acme.ca, not '${arg_ID}'")
  endif()
  if(NOT arg_VERSION MATCHES "^[0-9]+[.][0-9]+[.][0-9]+([-+][0-9A-Za-z.+-]+)?$")
    message(FATAL_ERROR "certspan_add_plugin(${target}): VERSION is a semantic version, not '${arg_VERSION}'")
  endif()
  if(NOT arg_ROLES OR NOT arg_TYPES OR NOT arg_SOURCES)
    message(FATAL_ERROR "certspan_add_plugin(${target}): ROLES, TYPES and SOURCES need at least one value each")
  endif()
  foreach(state IN ITEMS STATE_READS STATE_WRITES)
    if(NOT DEFINED arg_${state})
      set(arg_${state} 1)
    elseif(NOT arg_${state} MATCHES "^[1-9][0-9]?[0-9]?$")
      message(FATAL_ERROR "certspan_add_plugin(${target}): ${state} is a number from 1 to 999, not '${arg_${state}}'")
    endif()
  endforeach()
  if(arg_STATE_READS GREATER arg_STATE_WRITES)
    message(FATAL_ERROR "certspan_add_plugin(${target}): it must read what it writes: STATE_READS is above STATE_WRITES")
  endif()
  foreach(role IN LISTS arg_ROLES)
    if(NOT role MATCHES "^(source|validator|processor|issuer|deliverer|revoker)$")
      message(FATAL_ERROR "certspan_add_plugin(${target}): there is no role '${role}'")
    endif()
  endforeach()
  foreach(type IN LISTS arg_TYPES)
    if(NOT type MATCHES "^[a-z][a-z0-9_]*$")
      message(FATAL_ERROR "certspan_add_plugin(${target}): '${type}' is no name of a connector type")
    endif()
  endforeach()
endmacro()

function(_certspan_link_plugin target)
  set(map ${_certspan_plugin_template_dir}/plugin.map)
  target_link_options(${target} PRIVATE
    -Wl,--version-script=${map} -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete -Wl,--exclude-libs,ALL)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${map})

  # Clang leaves the sanitizer's symbols to the program that loads the library.
  if(NOT (CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND "${CERTSPAN_SANITIZE}${CMAKE_CXX_FLAGS}" MATCHES "(address|thread|fsanitize)"))
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()

  # A unique symbol is shared by all libraries of the process, and so by all versions of a plugin.
  if(CMAKE_CXX_COMPILER_LOADED)
    include(CheckCXXCompilerFlag)
    check_cxx_compiler_flag(-fno-gnu-unique CERTSPAN_HAS_NO_GNU_UNIQUE)
    if(CERTSPAN_HAS_NO_GNU_UNIQUE)
      target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-gnu-unique>)
    endif()
  endif()
endfunction()
