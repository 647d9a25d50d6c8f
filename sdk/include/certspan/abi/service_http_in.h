/* The host serves HTTP; a source owns routes under the prefixes that its YAML grants, and no socket. */
#ifndef CERTSPAN_ABI_SERVICE_HTTP_IN_H
#define CERTSPAN_ABI_SERVICE_HTTP_IN_H

#include <certspan/abi/base.h>

CERTSPAN_ABI_BEGIN

#define CERTSPAN_SERVICE_HTTP_IN "certspan.http_in/1"

/* One request that waits for its response; of the host. */
typedef struct certspan_http_exchange certspan_http_exchange;

#define CERTSPAN_HTTP_TLS 1u

/* Borrowed until `handle` returns. `path` and `query` stand as on the wire, still percent-encoded. */
typedef struct certspan_http_request {
  uint32_t struct_size;
  uint32_t flags;
  certspan_string_view method;
  certspan_string_view path;
  certspan_string_view query;          /* without the '?' */
  certspan_string_view content_type;   /* "" if there was none */
  certspan_string_view remote_address; /* "192.0.2.1:40000" */
  certspan_bytes_view body;
  /* The field Authorization as it came (RFC 9110, 11.6.2), on routes with CERTSPAN_ROUTE_AUTHORIZATION; a
   * secret. "" if there was none. Absent: an older host, which hands over none. */
  certspan_string_view authorization;
} certspan_http_request;

#define CERTSPAN_HTTP_MOST_FIELDS 8u

typedef struct certspan_http_response {
  uint32_t struct_size;
  uint32_t status;        /* 200, 400, ... */
  uint32_t retry_after_s; /* 0: no Retry-After */
  uint32_t reserved;
  certspan_string_view content_type;
  certspan_bytes_view body;
  /* Further fields, up to CERTSPAN_HTTP_MOST_FIELDS: names of letters, digits and hyphens, values of
   * printable ASCII. None that the host itself sets (Connection, Content-Length, Content-Type, Date,
   * Retry-After, Transfer-Encoding); with any other field the response becomes a 500. Absent: none. */
  const certspan_label* fields;
  uint64_t field_count;
} certspan_http_response;

#define CERTSPAN_ROUTE_LONG_REQUEST_LINE 1u /* request lines up to 65,534 bytes; otherwise 8,192 */
#define CERTSPAN_ROUTE_AUTHORIZATION 2u     /* requests bring their field Authorization */

/* `path` takes itself and everything below it ("/scep" takes "/scep" and "/scep/pkiclient.exe", not
 * "/scepter"). */
typedef struct certspan_http_route {
  uint32_t struct_size;
  uint32_t flags;
  certspan_string_view listener;
  certspan_string_view path;
  uint64_t max_body; /* bytes; a larger one gets 413 */
} certspan_http_route;

typedef struct certspan_service_http_in {
  uint32_t struct_size;
  uint32_t reserved;
  /* OK; REJECTED: not granted by the YAML, or another connector's. [control-thread] within open_intake */
  certspan_outcome (*add_route)(void* context, const certspan_http_route* route) CERTSPAN_NOEXCEPT;
  /* Ends the exchange, which is invalid from then on. [any-thread] */
  void (*respond)(void* context, certspan_http_exchange* exchange,
                  const certspan_http_response* response) CERTSPAN_NOEXCEPT;
} certspan_service_http_in;

CERTSPAN_ABI_END

#endif
