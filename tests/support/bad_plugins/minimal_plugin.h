/*
 * The least that is a plugin, for tests of the loader: one issuer type "ca" that does nothing. A source
 * includes it once, after defining what is to be wrong:
 *   BAD_ID, BAD_VERSION   identity in the descriptor (from CMake)
 *   BAD_BUILD             abi_build in the descriptor
 *   BAD_SCHEMA            settings schema
 *   BAD_STOP              the function `stop`
 *   BAD_INTERFACE(id)     condition under which the issuer table is given
 *   BAD_ON_ISSUE(item)    runs before `issue` answers
 *   BAD_NO_ENTRY          no entry symbol
 */
#include <certspan/abi/plugin.h>
#include <certspan/abi/role_issuer.h>
#include <string.h>

#ifndef BAD_BUILD
#define BAD_BUILD CERTSPAN_ABI_BUILD
#endif
#ifndef BAD_SCHEMA
#define BAD_SCHEMA "{\"type\": \"object\", \"additionalProperties\": false}"
#endif
#ifndef BAD_STOP
#define BAD_STOP stop
#endif
#ifndef BAD_INTERFACE
#define BAD_INTERFACE(id) (strcmp(id, CERTSPAN_ROLE_ISSUER) == 0)
#endif
#ifndef BAD_ON_ISSUE
#define BAD_ON_ISSUE(item) (void)(item)
#endif

CERTSPAN_ABI_BEGIN

static certspan_outcome validate_config(certspan_string_view settings,
                                        const certspan_fault_sink* faults) CERTSPAN_NOEXCEPT {
  (void)settings;
  (void)faults;
  return CERTSPAN_OK;
}
static certspan_outcome create(const certspan_host* host, certspan_string_view name,
                               certspan_string_view settings, const certspan_fault_sink* faults,
                               certspan_instance** instance) CERTSPAN_NOEXCEPT {
  static char made;
  (void)host;
  (void)name;
  (void)settings;
  (void)faults;
  *instance = (certspan_instance*)(void*)&made;
  return CERTSPAN_OK;
}
static certspan_outcome start(certspan_instance* instance,
                              const certspan_fault_sink* faults) CERTSPAN_NOEXCEPT {
  (void)instance;
  (void)faults;
  return CERTSPAN_OK;
}
static void stop(certspan_instance* instance) CERTSPAN_NOEXCEPT {
  (void)instance;
}
static void destroy(certspan_instance* instance) CERTSPAN_NOEXCEPT {
  (void)instance;
}

static void issue(certspan_instance* instance, const certspan_item* item,
                  const certspan_answer_sink* sink) CERTSPAN_NOEXCEPT {
  certspan_answer answer;
  (void)instance;
  BAD_ON_ISSUE(item);
  memset(&answer, 0, sizeof(answer));
  answer.struct_size = sizeof(answer);
  answer.outcome = CERTSPAN_REJECTED;
  answer.code.data = BAD_VERSION;
  answer.code.size = sizeof(BAD_VERSION) - 1;
  sink->answer(sink->context, &answer);
}
static certspan_outcome chain(certspan_instance* instance,
                              const certspan_chain_sink* sink) CERTSPAN_NOEXCEPT {
  (void)instance;
  (void)sink;
  return CERTSPAN_UNAVAILABLE;
}

static const certspan_role_issuer issuer = {sizeof(certspan_role_issuer), 0, issue, 0, chain, 0, 0, 0};

static const void* interface_table(const char* id) CERTSPAN_NOEXCEPT {
  return BAD_INTERFACE(id) ? &issuer : 0;
}

static const certspan_connector_type ca = {sizeof(certspan_connector_type),
                                           0,
                                           "ca",
                                           "Does nothing.",
                                           BAD_SCHEMA,
                                           validate_config,
                                           create,
                                           start,
                                           0,
                                           BAD_STOP,
                                           destroy,
                                           interface_table};
static const certspan_connector_type* const types[] = {&ca};
static const certspan_plugin plugin = {sizeof(certspan_plugin),
                                       CERTSPAN_ABI_MAJOR,
                                       CERTSPAN_ABI_MINOR,
                                       BAD_BUILD,
                                       1,
                                       BAD_ID,
                                       BAD_VERSION,
                                       types};

#ifndef BAD_NO_ENTRY
const certspan_plugin* certspan_plugin_entry_v0(void) CERTSPAN_NOEXCEPT {
  return &plugin;
}
#else
const certspan_plugin* bad_keep(void);
const certspan_plugin* bad_keep(void) {
  return &plugin;
}
#endif

CERTSPAN_ABI_END
