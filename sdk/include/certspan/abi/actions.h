/* Named commands that a connector type offers and the command line forwards: `certspan init`, `challenge
 * new`, `ca csr`. */
#ifndef CERTSPAN_ABI_ACTIONS_H
#define CERTSPAN_ABI_ACTIONS_H

#include <certspan/abi/plugin.h>

CERTSPAN_ABI_BEGIN

#define CERTSPAN_INTERFACE_ACTIONS "certspan.actions/1"

/* Who may run an action, in rising order. */
#define CERTSPAN_PERSON_VIEWER 0u
#define CERTSPAN_PERSON_OPERATOR 1u
#define CERTSPAN_PERSON_OFFICER 2u
#define CERTSPAN_PERSON_ADMIN 3u

#define CERTSPAN_ACTION_OFFLINE 1u       /* runs without a connector: `instance` and `host` are null */
#define CERTSPAN_ACTION_PRINTS_SECRET 2u /* the result holds a secret: shown to the person, never logged */

typedef struct certspan_action {
  uint32_t struct_size;
  uint32_t flags;
  const char* name;    /* "challenge_new" */
  const char* summary; /* one sentence */
  uint32_t person;     /* least role that may run it */
  uint32_t reserved;
  const char* argument_schema; /* JSON Schema of the arguments, an object */
} certspan_action;

typedef struct certspan_actions {
  uint32_t struct_size;
  uint32_t action_count;
  const certspan_action* const* actions;
  /* Runs one. OK and a JSON object in `result`; otherwise faults say why, by JSON pointer into the arguments.
   * [control-thread] [may-block] started, or without an instance */
  certspan_outcome (*run)(certspan_instance* instance, const char* name, certspan_string_view arguments,
                          const certspan_bytes_sink* result,
                          const certspan_fault_sink* faults) CERTSPAN_NOEXCEPT;
} certspan_actions;

CERTSPAN_ABI_END

#endif
