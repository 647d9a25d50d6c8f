# certspan_add_plugin(TARGET ID VERSION ROLES ... TYPES ... SOURCES ...)
#
# The one place for a plugin's identity. Makes a shared library that exports the entry symbol and nothing else, carries
# an ELF note that a host reads before it runs any code of the plugin, and generates the header
# <certspan/plugin_identity.h> (CERTSPAN_PLUGIN_ID, CERTSPAN_PLUGIN_VERSION) from which the descriptor is filled.
