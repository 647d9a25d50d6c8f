/* The note of a bad plugin; what it says comes from CMake. */
#include <certspan/abi/elf_note.h>

#ifdef BAD_NOTE_BUILD
#undef CERTSPAN_ABI_BUILD
#define CERTSPAN_ABI_BUILD BAD_NOTE_BUILD
#endif

#ifndef BAD_ROLE
#define BAD_ROLE "issuer"
#define BAD_TYPE "ca"
#endif

CERTSPAN_ELF_NOTE(BAD_NOTE_ID, BAD_VERSION, BAD_ROLE, BAD_TYPE, 0, 1, 1);
