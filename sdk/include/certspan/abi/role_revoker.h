/* The role of a CA that takes certificates back. A connector type has it beside the issuer's. */
#ifndef CERTSPAN_ABI_ROLE_REVOKER_H
#define CERTSPAN_ABI_ROLE_REVOKER_H

#include <certspan/abi/plugin.h>
#include <certspan/abi/work_item.h>

CERTSPAN_ABI_BEGIN

#define CERTSPAN_ROLE_REVOKER "certspan.role.revoker/1"

/* Why, as RFC 5280 5.3.1 numbers it (CRLReason); 7 is not used. */
#define CERTSPAN_REASON_UNSPECIFIED 0u
#define CERTSPAN_REASON_KEY_COMPROMISE 1u
#define CERTSPAN_REASON_CA_COMPROMISE 2u
#define CERTSPAN_REASON_AFFILIATION_CHANGED 3u
#define CERTSPAN_REASON_SUPERSEDED 4u
#define CERTSPAN_REASON_CESSATION_OF_OPERATION 5u
#define CERTSPAN_REASON_CERTIFICATE_HOLD 6u /* may be released, or become final by another reason */
#define CERTSPAN_REASON_REMOVE_FROM_CRL 8u  /* no revocation: the release of a hold */
#define CERTSPAN_REASON_PRIVILEGE_WITHDRAWN 9u
#define CERTSPAN_REASON_AA_COMPROMISE 10u

/* A certificate that is to be revoked, as its issuer knows it. Borrowed for the call. */
typedef struct certspan_revocation {
  uint32_t struct_size;
  uint32_t reason;         /* CERTSPAN_REASON_... */
  int64_t at_ms;           /* when it was ordered, milliseconds since 1970 */
  certspan_bytes_view key; /* idempotency key under which `issue` was called, 32 bytes; zeros: this host has
                              not asked for it, and the certificate says which (danger_revoke_foreign) */
  certspan_bytes_view certificate; /* DER; empty for an issuer with local effects, which keeps it itself,
                                      unless the key is zeros */
  const certspan_label* labels;    /* of the item that issued it: serial, subject, ... */
  uint64_t label_count;
} certspan_revocation;

typedef struct certspan_role_revoker {
  uint32_t struct_size;
  uint32_t flags; /* 0 */
  /* Revokes it. OK: it is revoked, also if it was before. REJECTED: this CA never issued it, or will not.
   * UNSUPPORTED: not for this reason; a hold, or its release, is no matter of course. Everything that is not
   * final is repeated, UNKNOWN and INTERNAL too: revoking twice does no harm, so nothing is ever held.
   * [worker-thread] [may-block] started */
  void (*revoke)(certspan_instance* instance, const certspan_item* item,
                 const certspan_revocation* revocation, const certspan_answer_sink* sink) CERTSPAN_NOEXCEPT;
} certspan_role_revoker;

CERTSPAN_ABI_END

#endif
