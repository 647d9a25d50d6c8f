/*
 * The ELF note that says what a plugin is. A host reads it from the file, before any code of the plugin runs.
 *
 * It stands in the section ".note.certspan" and in a PT_NOTE segment:
 *   namesz 9, descsz, type CERTSPAN_ELF_NOTE_TYPE; the owner "certspan" padded to 12 bytes; the description.
 * The description is a certspan_elf_note in the byte order of the file, followed by `text_size` bytes: four
 * texts, each with a terminating zero, in this order: id, version, roles, connector types. Roles and types
 * are separated by ",". Zeros fill it up to a multiple of 4. Machine and word size stand in the ELF header.
 */
#ifndef CERTSPAN_ABI_ELF_NOTE_H
#define CERTSPAN_ABI_ELF_NOTE_H

#include <certspan/abi/base.h>

CERTSPAN_ABI_BEGIN

#define CERTSPAN_ELF_NOTE_SECTION ".note.certspan"
#define CERTSPAN_ELF_NOTE_OWNER "certspan"
#define CERTSPAN_ELF_NOTE_TYPE 1u
/* Raised when the description changes other than by growing at the end; a reader refuses a higher one. */
#define CERTSPAN_ELF_NOTE_VERSION 1u

typedef struct certspan_elf_note {
  uint32_t note_version;
  uint16_t abi_major;
  uint16_t abi_minor;
  uint32_t abi_build;
  uint32_t flags;     /* none are defined: zero */
  uint32_t head_size; /* bytes from the start of this struct to the texts */
  uint32_t text_size; /* bytes of the four texts with their zeros */
} certspan_elf_note;

CERTSPAN_ABI_END

/* Emits the note; arguments are string literals. Stands once, at file scope, in a C source of the plugin;
 * certspan_add_plugin() in CMake writes that source. */
#define CERTSPAN_ELF_NOTE_TEXT(id, version, roles, types) id "\0" version "\0" roles "\0" types

#define CERTSPAN_ELF_NOTE(id, version, roles, types)                                              \
  typedef struct certspan_elf_note_desc {                                                         \
    certspan_elf_note head;                                                                       \
    char text[(sizeof(CERTSPAN_ELF_NOTE_TEXT(id, version, roles, types)) + 3u) / 4u * 4u];        \
  } certspan_elf_note_desc;                                                                       \
  static const struct {                                                                           \
    uint32_t namesz;                                                                              \
    uint32_t descsz;                                                                              \
    uint32_t type;                                                                                \
    char owner[12];                                                                               \
    certspan_elf_note_desc desc;                                                                  \
  } certspan_elf_note_record CERTSPAN_ELF_NOTE_PLACE = {                                          \
      sizeof(CERTSPAN_ELF_NOTE_OWNER),                                                            \
      sizeof(certspan_elf_note_desc),                                                             \
      CERTSPAN_ELF_NOTE_TYPE,                                                                     \
      CERTSPAN_ELF_NOTE_OWNER,                                                                    \
      {{CERTSPAN_ELF_NOTE_VERSION, CERTSPAN_ABI_MAJOR, CERTSPAN_ABI_MINOR, CERTSPAN_ABI_BUILD, 0, \
        sizeof(certspan_elf_note), sizeof(CERTSPAN_ELF_NOTE_TEXT(id, version, roles, types))},    \
       CERTSPAN_ELF_NOTE_TEXT(id, version, roles, types)}}

/* Clang's AddressSanitizer would put red zones around the record, which a note must not have. */
#if defined(__clang__)
#define CERTSPAN_ELF_NOTE_PLACE \
  __attribute__((section(CERTSPAN_ELF_NOTE_SECTION), used, aligned(4), no_sanitize("address")))
#else
#define CERTSPAN_ELF_NOTE_PLACE __attribute__((section(CERTSPAN_ELF_NOTE_SECTION), used, aligned(4)))
#endif

#endif
