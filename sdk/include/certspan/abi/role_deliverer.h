/* The role that tells somebody how an item ended: a device-management service that waits for word of it, a
 * hook of the company's own. */
#ifndef CERTSPAN_ABI_ROLE_DELIVERER_H
#define CERTSPAN_ABI_ROLE_DELIVERER_H

#include <certspan/abi/plugin.h>
#include <certspan/abi/work_item.h>

CERTSPAN_ABI_BEGIN

#define CERTSPAN_ROLE_DELIVERER "certspan.role.deliverer/1"

/* How an item ended, or is about to: nobody who brought it has heard of a certificate yet. Borrowed for the
 * call. */
typedef struct certspan_delivery {
  uint32_t struct_size;
  certspan_outcome outcome;        /* OK: issued; else what it ended with */
  certspan_string_view code;       /* not OK: stable machine word */
  certspan_string_view message;    /* not OK: for people; never a secret */
  certspan_string_view issuer;     /* OK: name of the issuing connector; else "" */
  certspan_bytes_view certificate; /* OK: DER; else empty */
} certspan_delivery;

typedef struct certspan_role_deliverer {
  uint32_t struct_size;
  uint32_t flags; /* 0 */
  /* Tells of it, at least once for each item: a call is repeated, with the same key, after UNAVAILABLE,
   * THROTTLED, UNKNOWN, CANCELLED, INTERNAL and PENDING, and when the host ended during one. OK: told.
   * REJECTED, INVALID, UNSUPPORTED: whoever is told refuses it for good; a certificate is then handed to
   * nobody. Labels of the answer are added to the item's. [worker-thread] [may-block] started */
  void (*deliver)(certspan_instance* instance, const certspan_item* item, const certspan_delivery* delivery,
                  const certspan_answer_sink* sink) CERTSPAN_NOEXCEPT;
} certspan_role_deliverer;

CERTSPAN_ABI_END

#endif
