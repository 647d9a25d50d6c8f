/* The role that says whether a request may go on: a challenge, a device-management service, a renewal rule.
 */
#ifndef CERTSPAN_ABI_ROLE_VALIDATOR_H
#define CERTSPAN_ABI_ROLE_VALIDATOR_H

#include <certspan/abi/plugin.h>
#include <certspan/abi/work_item.h>

CERTSPAN_ABI_BEGIN

#define CERTSPAN_ROLE_VALIDATOR "certspan.role.validator/1"

/* Flags of a validator. */
#define CERTSPAN_VALIDATOR_ASKS_PERSON \
  1u /* PENDING means: a person decides, by `certspan work approve` or `refuse` */

/* Labels that a validator's OK may bring and no other call: the host drops them from sources and issuers.
 * VALIDATED_NAMES: a device-management service has compared subject, alternative names, key usages and
 * purposes of this very request with what it gave to this device; the value says which. Profiles then only
 * narrow. VALIDATED_SID: the one Windows security identifier ("S-1-5-21-...") that the request may name. */
#define CERTSPAN_LABEL_VALIDATED_NAMES "validated_names"
#define CERTSPAN_LABEL_VALIDATED_SID "validated_sid"

typedef struct certspan_role_validator {
  uint32_t struct_size;
  uint32_t flags;
  /* OK lets the item go on, its labels are added; REJECTED, INVALID and UNSUPPORTED end it. UNKNOWN and
   * INTERNAL: the call is repeated with the same key, and the item does not go on meanwhile. PENDING, only
   * with CERTSPAN_VALIDATOR_ASKS_PERSON: the item waits for a person's yes or no, which takes the place of
   * the validator's; meanwhile it is called again after retry_after_ms. What was staged so far is durable
   * then. [worker-thread] [may-block] started */
  void (*validate)(certspan_instance* instance, const certspan_item* item,
                   const certspan_answer_sink* sink) CERTSPAN_NOEXCEPT;
} certspan_role_validator;

CERTSPAN_ABI_END

#endif
