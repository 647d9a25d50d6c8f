/* How a source hands work to the host. */
#ifndef CERTSPAN_ABI_SERVICE_SUBMIT_H
#define CERTSPAN_ABI_SERVICE_SUBMIT_H

#include <certspan/abi/service_http_in.h>
#include <certspan/abi/work_item.h>

CERTSPAN_ABI_BEGIN

#define CERTSPAN_SERVICE_SUBMIT "certspan.submit/1"

/* A new piece of work, or a repeat of one. */
typedef struct certspan_submission {
  uint32_t struct_size;
  uint32_t reserved;
  certspan_bytes_view key; /* 32 bytes: the same for every repeat of this request */
  certspan_bytes_view
      poll_key; /* 32 bytes: what a later poll finds it by; empty if the protocol has no polling */
  certspan_string_view message; /* "enrolment", "renewal" or "revocation" */
  certspan_string_view transaction_id;
  certspan_bytes_view request;  /* PKCS #10 DER; revocation: what the source needs to report, opaque */
  certspan_bytes_view signer;   /* renewal: certificate DER */
  const certspan_label* labels; /* `when:` of a pipeline matches on them */
  uint64_t label_count;
} certspan_submission;

typedef struct certspan_service_submit {
  uint32_t struct_size;
  uint32_t reserved;
  /* Takes the exchange over. The host finds the item by its key (a repeat) or makes a new one, and later
   * calls the source's `reply` with `context`, or answers "try later" itself. `context` is kept in memory
   * only, up to 64 KiB. [worker-thread] within handle */
  void (*submit)(void* context, certspan_http_exchange* exchange, const certspan_submission* submission,
                 certspan_bytes_view reply_context) CERTSPAN_NOEXCEPT;
  /* Takes the exchange over to answer how the item with this poll key stands. One that is not known is
   * answered REJECTED with code "submit.not_found". [worker-thread] within handle */
  void (*poll)(void* context, certspan_http_exchange* exchange, certspan_bytes_view poll_key,
               certspan_string_view transaction_id, certspan_bytes_view reply_context) CERTSPAN_NOEXCEPT;
  /* Takes work that nobody waits for. OK: it is durable, or was before; the source need not remember it.
   * REJECTED: no pipeline takes it. INVALID: over a limit. UNAVAILABLE: not now; bring it again.
   * [worker-thread] [may-block] within gather */
  certspan_outcome (*bring)(void* context, const certspan_submission* submission) CERTSPAN_NOEXCEPT;
} certspan_service_submit;

CERTSPAN_ABI_END

#endif
