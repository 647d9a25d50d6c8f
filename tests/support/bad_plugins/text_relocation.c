#include "minimal_plugin.h"

/* Code that holds an address, as assembler written for programs does. */
__asm__(".text\n.quad plugin_address\n.data\nplugin_address: .quad 0\n.text\n");
