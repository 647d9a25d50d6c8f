/*
 * What a plugin is to the host: one entry symbol, a static descriptor, connector types and their life.
 *
 * Environment of a plugin, whichever process it runs in
 *   stack            at least 512 KiB on every thread that calls into it
 *   threads          may start its own; must join them in `stop`
 *   signals          SIGTERM, SIGINT, SIGHUP, SIGPIPE never arrive; a plugin installs no handler
 *   fork, exec, exit not allowed, nor changing directory, umask, locale, environment or limits
 *   locale           "C"
 *   unloading        never: plugins are linked `-z nodelete`; nothing relies on static destructors
 *   worker process   no variables, directory "/", umask 077, 1 GiB, files of its settings, no network
 * Sizes
 *   settings         256 KiB of JSON, their schema 1 MiB
 *   request          64 KiB (PKCS #10); certificates 64 KiB, the signer's 16 KiB, chains of 16
 *   handle, note     4 KiB each; reply context 64 KiB
 *   CRL              16 MiB; certificates of a next CA 256 KiB; CertID and CertStatus 1 KiB each
 *   labels           32 an item, names 64 and values 1024 bytes; log 32 fields
 *   code, message    64 and 1024 bytes; longer ones are cut
 *   store            keys 256 bytes, values 64 KiB, 64 writes a call
 *   http_out         64 fields; of an answer 64 KiB of head, up to 16 MiB of body
 */
#ifndef CERTSPAN_ABI_PLUGIN_H
#define CERTSPAN_ABI_PLUGIN_H

#include <certspan/abi/base.h>

CERTSPAN_ABI_BEGIN

/* A connector, made by `create` and owned by the plugin until `destroy`. */
typedef struct certspan_instance certspan_instance;

/* The host as one connector sees it: services are scoped to that connector (its store, its secrets, its
 * routes). Lives from `create` until `destroy` returns. */
typedef struct certspan_host {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  uint32_t abi_build;
  uint32_t reserved;
  void* context;
  /* The table of the service named `id` ("certspan.log/1"), or null when this host does not offer it. The
   * table lives as long as the host struct; its functions take `context` above as their first argument.
   * [any-thread] created..stopped */
  const void* (*service)(void* context, const char* id)CERTSPAN_NOEXCEPT;
} certspan_host;

/* Flags of a connector type. */
#define CERTSPAN_TYPE_RUNS_WAITS \
  1u /* calls wait for something outside: they get bounded workers of their own. Absent: cpu */
#define CERTSPAN_TYPE_HOLDS_CA_KEY 2u /* holds a CA key: runs in the host only with danger_ca_key_in_host */

/* One kind of connector that a plugin offers. */
typedef struct certspan_connector_type {
  uint32_t struct_size;
  uint32_t flags;
  const char* name;    /* "ca"; what YAML says in `type:` */
  const char* summary; /* one sentence for people */
  /* JSON Schema (draft 7) of the settings. Every object says "additionalProperties": false and every field
   * has a "description". Marks that the host reads: "x-certspan-secret": true     the value is a reference;
   * the plugin gets a token to open by certspan.secrets/1 "x-certspan-listener": true   the name of a
   * listener that the YAML grants to this connector "x-certspan-route": true      a path prefix that the YAML
   * grants to this connector "x-certspan-duration": true   "30s"; the plugin gets milliseconds as an integer
   *   "x-certspan-size": true       "64KiB"; the plugin gets bytes as an integer
   *   "x-certspan-connector": role  the name of another connector that has this role
   *   "x-certspan-profile": true    the name of one of the file's `profiles:`
   *   "x-certspan-path": true       a file; the plugin gets an absolute path (relative: to the YAML file)
   *   "x-certspan-shared-secret": true  besides "x-certspan-secret": every device puts it into its
   *                                 requests, so that the host warns where a CA of somebody else would see it
   *   "x-certspan-labels": [names]  at the root of a source's schema: every label that its items may have, so
   *                                 that the host finds a misspelt one in `when:`
   *   "x-certspan-in-host": true    where it is set the connector needs what no worker process has, such as
   * files to write: the host asks for `isolation: in_process` "x-certspan-profiles": true   not written by
   * the admin: the host fills in the file's `profiles:` map
   *   "x-certspan-takes-passwords": name  besides "x-certspan-listener": its clients send passwords, so that
   *                                 the host refuses a listener without TLS that others than this machine
   *                                 reach, unless the flag `name` beside it is true
   *   "x-certspan-alone": name      at the root: no two connectors of the type may have the same value of
   *                                 setting `name` (upper and lower case are the same), as each would take
   *                                 what the other waits for */
  const char* settings_schema;

  /* Says what is wrong with settings that already fit the schema. Reads files but changes nothing and asks no
   * network. OK, or INVALID after at least one fault. [control-thread] [may-block] before create */
  certspan_outcome (*validate_config)(certspan_string_view settings,
                                      const certspan_fault_sink* faults) CERTSPAN_NOEXCEPT;
  /* Makes a connector. `name` is its name in YAML. Does no I/O beyond its own files. [control-thread] */
  certspan_outcome (*create)(const certspan_host* host, certspan_string_view name,
                             certspan_string_view settings, const certspan_fault_sink* faults,
                             certspan_instance** instance) CERTSPAN_NOEXCEPT;
  /* Makes the connector callable. Not OK: the host calls `stop` and `destroy`. [control-thread] [may-block]
   * created */
  certspan_outcome (*start)(certspan_instance* instance, const certspan_fault_sink* faults) CERTSPAN_NOEXCEPT;
  /* Finishes what is under way; no new call arrives. `deadline_ns` is CLOCK_MONOTONIC. May be null.
   * [control-thread] [may-block] started */
  certspan_outcome (*drain)(certspan_instance* instance, uint64_t deadline_ns) CERTSPAN_NOEXCEPT;
  /* Ends threads and releases what `start` took. Legal after a failed start, and twice. [control-thread]
   * [may-block] */
  void (*stop)(certspan_instance* instance) CERTSPAN_NOEXCEPT;
  /* [control-thread] stopped */
  void (*destroy)(certspan_instance* instance) CERTSPAN_NOEXCEPT;
  /* The static table of a role or optional interface ("certspan.role.issuer/1"), or null. An id that merely
   * begins like a known one is unknown. [any-thread] always */
  const void* (*interface_table)(const char* id)CERTSPAN_NOEXCEPT;
} certspan_connector_type;

/* Static for the life of the process. Id and version equal those of the ELF note. */
typedef struct certspan_plugin {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  uint32_t abi_build;
  uint32_t type_count;
  const char* id;      /* "com.acme.ca"; ours are plain words: "ndes" */
  const char* version; /* semantic version */
  const certspan_connector_type* const* types;
} certspan_plugin;

#if defined(__GNUC__)
#define CERTSPAN_EXPORT __attribute__((visibility("default")))
#else
#define CERTSPAN_EXPORT
#endif

/* The one exported symbol. `_v0` until the freeze, then `_v1`. Does nothing but return. [any-thread] */
#define CERTSPAN_ENTRY_SYMBOL "certspan_plugin_entry_v0"
CERTSPAN_EXPORT const certspan_plugin* certspan_plugin_entry_v0(void) CERTSPAN_NOEXCEPT;

CERTSPAN_ABI_END

#endif
