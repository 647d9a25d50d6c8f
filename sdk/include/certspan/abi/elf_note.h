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

/* The plugin opens sockets of its own. In a worker process it gets that right only if it says so here and the
 * admin says `network: true`; what it asks of certspan.http_out/1 needs neither. */
#define CERTSPAN_NOTE_NEEDS_NETWORK 1u

typedef struct certspan_elf_note {
  uint32_t note_version;
  uint16_t abi_major;
  uint16_t abi_minor;
  uint32_t abi_build;
  uint32_t flags;     /* CERTSPAN_NOTE_*; others are zero */
  uint32_t head_size; /* bytes from the start of this struct to the texts */
  uint32_t text_size; /* bytes of the four texts with their zeros */
  /* What the plugin keeps in its stores (certspan.store/1) has a version, which its vendor raises when the
   * version before could not read it any more. A host swaps one version of a plugin for another only if each
   * reads what the other writes, for it never rolls a store back. */
  uint32_t state_reads;  /* the oldest version that it reads, at least 1 */
  uint32_t state_writes; /* the version that it writes, at least `state_reads` */
} certspan_elf_note;

CERTSPAN_ABI_END

/* Emits the note; arguments are string literals. Stands once, at file scope, in a C source of the plugin;
 * certspan_add_plugin() in CMake writes that source. */
#define CERTSPAN_ELF_NOTE_TEXT(id, version, roles, types) id "\0" version "\0" roles "\0" types

#define CERTSPAN_ELF_NOTE(id, version, roles, types, flags, state_reads, state_writes)                     \
  typedef struct certspan_elf_note_desc {                                                                  \
    certspan_elf_note head;                                                                                \
    char text[(sizeof(CERTSPAN_ELF_NOTE_TEXT(id, version, roles, types)) + 3u) / 4u * 4u];                 \
  } certspan_elf_note_desc;                                                                                \
  static const struct {                                                                                    \
    uint32_t namesz;                                                                                       \
    uint32_t descsz;                                                                                       \
    uint32_t type;                                                                                         \
    char owner[12];                                                                                        \
    certspan_elf_note_desc desc;                                                                           \
  } certspan_elf_note_record CERTSPAN_ELF_NOTE_PLACE = {                                                   \
      sizeof(CERTSPAN_ELF_NOTE_OWNER),                                                                     \
      sizeof(certspan_elf_note_desc),                                                                      \
      CERTSPAN_ELF_NOTE_TYPE,                                                                              \
      CERTSPAN_ELF_NOTE_OWNER,                                                                             \
      {{CERTSPAN_ELF_NOTE_VERSION, CERTSPAN_ABI_MAJOR, CERTSPAN_ABI_MINOR, CERTSPAN_ABI_BUILD, flags,      \
        sizeof(certspan_elf_note), sizeof(CERTSPAN_ELF_NOTE_TEXT(id, version, roles, types)), state_reads, \
        state_writes},                                                                                     \
       CERTSPAN_ELF_NOTE_TEXT(id, version, roles, types)}}

/* Clang's AddressSanitizer would put red zones around the record, which a note must not have. */
#if defined(__clang__)
#define CERTSPAN_ELF_NOTE_PLACE \
  __attribute__((section(CERTSPAN_ELF_NOTE_SECTION), used, aligned(4), no_sanitize("address")))
#else
#define CERTSPAN_ELF_NOTE_PLACE __attribute__((section(CERTSPAN_ELF_NOTE_SECTION), used, aligned(4)))
#endif

#endif
