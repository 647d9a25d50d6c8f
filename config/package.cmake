# Debian packages, by `./dev package`: certspan (program, plugins, shipped configuration) and certspan-sdk-dev (headers and
# CMake files and tools for plugin authors).
install(TARGETS certspan-worker certspan-scep-probe DESTINATION libexec/certspan COMPONENT host)
install(FILES config/systemd/certspan.service DESTINATION lib/systemd/system COMPONENT host)
install(FILES config/systemd/certspan.sysusers DESTINATION lib/sysusers.d RENAME certspan.conf COMPONENT host)
install(DIRECTORY config/examples DESTINATION share/doc/certspan COMPONENT host)
install(FILES LICENSE DESTINATION share/doc/certspan RENAME copyright COMPONENT host)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR "The Certspan authors")
set(CPACK_PACKAGE_CONTACT "The Certspan authors <certspan@localhost>")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL host sdk-dev)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)

set(CPACK_DEBIAN_HOST_PACKAGE_NAME certspan)
set(CPACK_DEBIAN_HOST_PACKAGE_SECTION net)
set(CPACK_DEBIAN_HOST_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_HOST_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/config/debian/postinst)
set(CPACK_COMPONENT_HOST_DESCRIPTION "Certificate connector host
 Stands between a device-management service and a company's certificate authorities
 and brings certificates to managed devices.")

set(CPACK_DEBIAN_SDK-DEV_PACKAGE_NAME certspan-sdk-dev)
set(CPACK_DEBIAN_SDK-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_SDK-DEV_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_SDK-DEV_DESCRIPTION "Certificate connector host (files for plugin authors)
 The C contract, the header-only C++ layer over it, certspan_add_plugin() for CMake,
 the templates of certspan new-plugin, and certspan-plugin-check, which holds a plugin against the contract.")

include(CPack)
