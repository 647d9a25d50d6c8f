/* The role that brings work in, and answers whoever brought it. */
#ifndef CERTSPAN_ABI_ROLE_SOURCE_H
#define CERTSPAN_ABI_ROLE_SOURCE_H

#include <certspan/abi/plugin.h>
#include <certspan/abi/service_http_in.h>
#include <certspan/abi/work_item.h>

CERTSPAN_ABI_BEGIN

#define CERTSPAN_ROLE_SOURCE "certspan.role.source/1"

/* Flags of a source. */
#define CERTSPAN_SOURCE_BRINGS_NO_WORK \
  1u /* it only answers HTTP requests, and submits nothing: no pipeline begins with it */

/* How an item stands when its client is to be told. The host itself answers "try later" (503), so the outcome
 * is one of OK, PENDING, REJECTED, INVALID, UNSUPPORTED, CANCELLED. */
typedef struct certspan_reply {
  uint32_t struct_size;
  certspan_outcome outcome;
  certspan_string_view id; /* work id; the reference that a device is told */
  certspan_string_view transaction_id;
  certspan_string_view code;        /* of the answer that ended the item */
  certspan_bytes_view certificate;  /* OK: DER */
  const certspan_bytes_view* chain; /* OK: the issuing CA first, DER */
  uint64_t chain_count;
} certspan_reply;

typedef struct certspan_role_source {
  uint32_t struct_size;
  uint32_t flags;
  /* Lets work in: registers routes. [control-thread] started */
  certspan_outcome (*open_intake)(certspan_instance* instance,
                                  const certspan_fault_sink* faults) CERTSPAN_NOEXCEPT;
  /* After it returns nothing new is submitted. Legal without open_intake, and twice. [control-thread] started
   */
  void (*close_intake)(certspan_instance* instance) CERTSPAN_NOEXCEPT;
  /* An HTTP request on one of the connector's routes. Before it returns it has called exactly one of
   * http_in's `respond`, submit's `submit` or `poll` on the exchange. Null for a source without HTTP.
   * [worker-thread] open */
  void (*handle)(certspan_instance* instance, const certspan_http_request* request,
                 certspan_http_exchange* exchange) CERTSPAN_NOEXCEPT;
  /* Tells the client of `exchange` how its item stands, by http_in's `respond`. `context` is what this
   * generation gave to `submit` or `poll`. [worker-thread] started, open, draining */
  void (*reply)(certspan_instance* instance, const certspan_reply* reply, certspan_bytes_view context,
                certspan_http_exchange* exchange) CERTSPAN_NOEXCEPT;
  /* Fetches work from outside and brings it in by submit's `bring`. Called again and again while the intake
   * is open, one call at a time, and in one generation only; the next one comes `retry_after_ms` of the
   * answer later, a minute if that is 0. The outcome and its text are for people: OK, or why nothing could be
   * fetched. What the store is given is durable when it says so. Null for a source that waits for requests.
   * [worker-thread] [may-block] open */
  void (*gather)(certspan_instance* instance, uint64_t deadline_ns,
                 const certspan_answer_sink* sink) CERTSPAN_NOEXCEPT;
} certspan_role_source;

CERTSPAN_ABI_END

#endif
