/* The small services: log, clock, secrets, and the issuers that a source or processor may ask. */
#ifndef CERTSPAN_ABI_SERVICES_H
#define CERTSPAN_ABI_SERVICES_H

#include <certspan/abi/role_issuer.h>
#include <certspan/abi/work_item.h>

CERTSPAN_ABI_BEGIN

#define CERTSPAN_SERVICE_LOG "certspan.log/1"
#define CERTSPAN_LOG_DEBUG 0
#define CERTSPAN_LOG_INFO 1
#define CERTSPAN_LOG_WARN 2  /* an operator should look */
#define CERTSPAN_LOG_ERROR 3 /* something was lost or refused by fault */

/* The host adds connector, work id and time, and never gets a secret. */
typedef struct certspan_service_log {
  uint32_t struct_size;
  uint32_t reserved;
  /* 1 if records of this level are kept. [any-thread] */
  int32_t (*enabled)(void* context, int32_t level) CERTSPAN_NOEXCEPT;
  /* `event` is a short stable phrase; what differs stands in `fields`. [any-thread] */
  void (*write)(void* context, int32_t level, certspan_string_view event, const certspan_label* fields,
                uint64_t field_count) CERTSPAN_NOEXCEPT;
} certspan_service_log;

#define CERTSPAN_SERVICE_CLOCK "certspan.clock/1"

typedef struct certspan_service_clock {
  uint32_t struct_size;
  uint32_t reserved;
  /* Nanoseconds of CLOCK_MONOTONIC: for deadlines. [any-thread] */
  uint64_t (*monotonic_ns)(void* context) CERTSPAN_NOEXCEPT;
  /* Milliseconds since 1970-01-01 UTC: for validity and for people. [any-thread] */
  int64_t (*wall_ms)(void* context) CERTSPAN_NOEXCEPT;
} certspan_service_clock;

#define CERTSPAN_SERVICE_SECRETS "certspan.secrets/1"

typedef struct certspan_service_secrets {
  uint32_t struct_size;
  uint32_t reserved;
  /* Opens the token that stands in a setting marked x-certspan-secret. The bytes live only inside `sink->put`
   * and are wiped after. OK; REJECTED: not a token of this connector. [any-thread] created..stopped */
  certspan_outcome (*open)(void* context, certspan_string_view token,
                           const certspan_bytes_sink* sink) CERTSPAN_NOEXCEPT;
} certspan_service_secrets;

#define CERTSPAN_SERVICE_ISSUERS "certspan.issuers/1"

/* Asks the issuers of a pipeline; pipeline "" means every pipeline that the calling connector is in: as its
 * source, or in one of its steps. */
typedef struct certspan_service_issuers {
  uint32_t struct_size;
  uint32_t reserved;
  /* The chains of those issuers, one after the other in the order of the file. Held in memory: cheap.
   * [any-thread] started.. */
  certspan_outcome (*chain)(void* context, certspan_string_view pipeline,
                            const certspan_chain_sink* sink) CERTSPAN_NOEXCEPT;
  /* role_issuer.h's find on each of them until one has it. [worker-thread] [may-block] started.. */
  certspan_outcome (*find)(void* context, certspan_string_view pipeline, const certspan_find_request* request,
                           const certspan_find_sink* sink) CERTSPAN_NOEXCEPT;
  /* role_issuer.h's crl on each of them until one has it. [worker-thread] [may-block] started.. */
  certspan_outcome (*crl)(void* context, certspan_string_view pipeline, const certspan_crl_request* request,
                          const certspan_bytes_sink* sink) CERTSPAN_NOEXCEPT;
  /* role_issuer.h's next_ca on each of them until one has it; UNSUPPORTED: none of them tells of a successor.
   * [worker-thread] [may-block] started.. */
  certspan_outcome (*next_ca)(void* context, certspan_string_view pipeline,
                              const certspan_bytes_sink* sink) CERTSPAN_NOEXCEPT;
  /* role_issuer.h's certificate_status of one issuer, by the name of its connector. OK; REJECTED also if
   * there is no such issuer, or it tells of no status. [worker-thread] [may-block] started.. */
  certspan_outcome (*certificate_status)(void* context, certspan_string_view issuer,
                                         const certspan_status_request* request,
                                         const certspan_bytes_sink* sink) CERTSPAN_NOEXCEPT;
} certspan_service_issuers;

CERTSPAN_ABI_END

#endif
