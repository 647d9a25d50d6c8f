/* The role of a certificate authority. A CA vendor implements this and nothing else. */
#ifndef CERTSPAN_ABI_ROLE_ISSUER_H
#define CERTSPAN_ABI_ROLE_ISSUER_H

#include <certspan/abi/plugin.h>
#include <certspan/abi/work_item.h>

CERTSPAN_ABI_BEGIN

#define CERTSPAN_ROLE_ISSUER "certspan.role.issuer/1"

/* Flags of an issuer. */
#define CERTSPAN_ISSUER_LOCAL_EFFECTS \
  1u /* does nothing but return bytes and write its store; offers lookup */
#define CERTSPAN_ISSUER_IDEMPOTENT \
  2u /* `issue` again with the same key gives the first result and never a second */

/* A certificate that `find` looks for. `issuer` is the DER Name, `serial` the unsigned big-endian number. */
typedef struct certspan_find_request {
  uint32_t struct_size;
  uint32_t reserved;
  certspan_bytes_view issuer;
  certspan_bytes_view serial;
} certspan_find_request;

#define CERTSPAN_CERTIFICATE_GOOD 1u
#define CERTSPAN_CERTIFICATE_REVOKED 2u

/* `certificate` is DER; `state` one of the values above, as the CA knows it now. */
typedef struct certspan_find_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*found)(void* context, certspan_bytes_view certificate, uint32_t state) CERTSPAN_NOEXCEPT;
} certspan_find_sink;

#define CERTSPAN_CRL_DELTA 1u /* what changed since the last whole one (RFC 5280 5.2.4) */

/* Which of a CA's CRLs: a connector may sign those of several keys, when a new one took an old one's place.
 * Empty members fit every key; with both empty it is the CRL of the key that issues now. A CA may have parted
 * its CRL: each certificate names the part that it may stand in. */
typedef struct certspan_crl_request {
  uint32_t struct_size;
  uint32_t flags;                       /* CERTSPAN_CRL_* */
  certspan_bytes_view issuer;           /* DER Name of the CA */
  certspan_bytes_view authority_key_id; /* as it stands in the certificates that this key signed */
  uint32_t partition;                   /* from 0 on, one of so many: */
  uint32_t partitions;                  /* 0, or absent: the CRL of all certificates */
} certspan_crl_request;

/* Whose status: `cert_id` is a CertID (RFC 6960 4.1.1), DER, as an OCSP client sent it. */
typedef struct certspan_status_request {
  uint32_t struct_size;
  uint32_t reserved;
  certspan_bytes_view cert_id;
} certspan_status_request;

typedef struct certspan_role_issuer {
  uint32_t struct_size;
  uint32_t flags;
  /* Asks for a certificate for `item->request`. OK carries the certificate; PENDING a handle.
   * [worker-thread] [may-block] started */
  void (*issue)(certspan_instance* instance, const certspan_item* item,
                const certspan_answer_sink* sink) CERTSPAN_NOEXCEPT;
  /* Asks how a pending order stands; `item->handle` names it. Null for an issuer that never answers PENDING.
   * [worker-thread] [may-block] started */
  void (*poll)(certspan_instance* instance, const certspan_item* item,
               const certspan_answer_sink* sink) CERTSPAN_NOEXCEPT;
  /* The CA's certificate and those above it. OK, or why not. [worker-thread] [may-block] started */
  certspan_outcome (*chain)(certspan_instance* instance, const certspan_chain_sink* sink) CERTSPAN_NOEXCEPT;
  /* Optional: what came of `item->key`: OK with the certificate, PENDING, REJECTED, CANCELLED (promised: not
   * done and never will be) or UNAVAILABLE (can't tell yet). "Not there yet" is UNAVAILABLE. Absent: an
   * `unknown` item is held for a person. [worker-thread] [may-block] started */
  void (*lookup)(certspan_instance* instance, const certspan_item* item,
                 const certspan_answer_sink* sink) CERTSPAN_NOEXCEPT;
  /* Optional: a certificate of this CA by issuer name and serial. OK (found), REJECTED (this CA has none
   * such), UNAVAILABLE. Absent: renewals are refused. [worker-thread] [may-block] started */
  certspan_outcome (*find)(certspan_instance* instance, const certspan_find_request* request,
                           const certspan_find_sink* sink) CERTSPAN_NOEXCEPT;
  /* Optional: cheap and free of side effects; what `certspan status` shows. Absent: state is taken from the
   * calls. [worker-thread] [may-block] started */
  certspan_outcome (*ping)(certspan_instance* instance, const certspan_fault_sink* faults) CERTSPAN_NOEXCEPT;
  /* Optional: takes back the pending order that `item->handle` names. CANCELLED: it is dropped and never will
   * be done. OK with a certificate: it had been done already. Anything else: it stands as before. Absent: an
   * order that nobody wants any more is held for a person. [worker-thread] [may-block] started */
  void (*cancel)(certspan_instance* instance, const certspan_item* item,
                 const certspan_answer_sink* sink) CERTSPAN_NOEXCEPT;
  /* Optional: the CRL that counts now (RFC 5280 CertificateList), DER, by one `put`. OK, REJECTED (of no CA
   * of this connector), UNAVAILABLE. Absent: the CA publishes its CRLs elsewhere. [worker-thread] [may-block]
   * started */
  certspan_outcome (*crl)(certspan_instance* instance, const certspan_crl_request* request,
                          const certspan_bytes_sink* sink) CERTSPAN_NOEXCEPT;
  /* Optional: the certificates of the CA that will take this one's place, as RFC 8894 4.7.1 wants them: a
   * certificates-only SignedData inside a SignedData that is signed by the key which issues now. DER, by one
   * `put`. OK, REJECTED (no CA is prepared), UNAVAILABLE. Absent: the CA tells of no successor.
   * [worker-thread] [may-block] started */
  certspan_outcome (*next_ca)(certspan_instance* instance, const certspan_bytes_sink* sink) CERTSPAN_NOEXCEPT;
  /* Optional: how a certificate stands now: its CertStatus (RFC 6960 4.2.1), DER, by one `put`; `unknown` for
   * a serial number that this CA never issued. OK, REJECTED (the CertID is of no CA of this connector),
   * UNAVAILABLE. Absent: OCSP is answered elsewhere, if at all. [worker-thread] [may-block] started */
  certspan_outcome (*certificate_status)(certspan_instance* instance, const certspan_status_request* request,
                                         const certspan_bytes_sink* sink) CERTSPAN_NOEXCEPT;
} certspan_role_issuer;

CERTSPAN_ABI_END

#endif
