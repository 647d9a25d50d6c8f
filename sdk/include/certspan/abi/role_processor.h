/* The role that stands before and after every issuer: the fence of the bundled `profile` plugin. */
#ifndef CERTSPAN_ABI_ROLE_PROCESSOR_H
#define CERTSPAN_ABI_ROLE_PROCESSOR_H

#include <certspan/abi/plugin.h>
#include <certspan/abi/work_item.h>

CERTSPAN_ABI_BEGIN

#define CERTSPAN_ROLE_PROCESSOR "certspan.role.processor/1"

/* What `after_issue` compares: the certificate that an issuer gave, DER, and that issuer's chain, DER,
 * issuing CA first. */
typedef struct certspan_issued {
  uint32_t struct_size;
  uint32_t chain_count;
  certspan_string_view issuer; /* connector name */
  certspan_bytes_view certificate;
  const certspan_bytes_view* chain;
} certspan_issued;

/* Label of the OK of before_issue: SHA-256 of the request's SubjectPublicKeyInfo, 64 lower-case hexadecimal
 * digits. The host goes no further with a key that a certificate was revoked for as compromised. */
#define CERTSPAN_LABEL_KEY "key_sha256"

typedef struct certspan_role_processor {
  uint32_t struct_size;
  uint32_t flags;
  /* Refuses a request that asks for more than the profile `item->profile`. `issuers` holds the certificates
   * of the CA group (chain_count, chain; the certificate is empty). OK goes on. UNSUPPORTED: a key or
   * algorithm; INVALID: malformed; REJECTED: more than the profile allows. [worker-thread] started */
  void (*before_issue)(certspan_instance* instance, const certspan_item* item, const certspan_issued* issuers,
                       const certspan_answer_sink* sink) CERTSPAN_NOEXCEPT;
  /* Compares the certificate with request and profile. OK adds labels serial, issuer, subject, not_after;
   * anything else and the certificate is never handed out. [worker-thread] started */
  void (*after_issue)(certspan_instance* instance, const certspan_item* item, const certspan_issued* issued,
                      const certspan_answer_sink* sink) CERTSPAN_NOEXCEPT;
} certspan_role_processor;

CERTSPAN_ABI_END

#endif
