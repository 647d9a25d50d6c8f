/*
 * The host speaks HTTP for its connectors: one TLS policy, one proxy setting, limits in one place; and it
 * knows whether a byte of a request left.
 *
 * Why that matters: an order that left may have been carried out, whatever came back. So the host keeps, for
 * each call that carries an item, the exchanges that may have done something. If one of them is still open
 * when an issuer's `issue` answers UNAVAILABLE or THROTTLED ("certainly not done"), the host makes UNKNOWN of
 * it and asks `lookup`. An exchange is closed by
 *  - not a byte of it having left (no name, no connection, no TLS, a proxy that refused the tunnel), or
 *  - `answered_by_ca`: the plugin read the answer and found that the CA itself wrote it. A CA's own "busy" in
 * its own format is such an answer; a bare 502, 503 or 504 is not, for a proxy in between may have written
 * it. An exchange that can't do what the item asks for (a nonce, a token, a directory) says so by
 * CERTSPAN_HTTP_OUT_ASKS_ONLY and is never open. The rule holds for exchanges made on the thread of the call.
 */
#ifndef CERTSPAN_ABI_SERVICE_HTTP_OUT_H
#define CERTSPAN_ABI_SERVICE_HTTP_OUT_H

#include <certspan/abi/base.h>

CERTSPAN_ABI_BEGIN

#define CERTSPAN_SERVICE_HTTP_OUT "certspan.http_out/1"

/* A header field of a request. The wire carries `value` and right after it the secret behind `token`, which
 * is one that stands in a setting marked x-certspan-secret ("" for none): "Authorization", "Bearer ", TOKEN.
 * Host, Content-Length, Connection and others that frame the message are the host's. Frozen: has no
 * struct_size. */
typedef struct certspan_http_out_field {
  certspan_string_view name;
  certspan_string_view value;
  certspan_string_view token;
} certspan_http_out_field;

/* Whom to trust and who to be. PEM. At least TLS 1.2, and the server's certificate and name are always
 * verified. */
typedef struct certspan_http_out_tls {
  uint32_t struct_size;
  uint32_t reserved;
  certspan_bytes_view trust;       /* the only CAs that count; empty: those of the machine */
  certspan_bytes_view certificate; /* the client's, leaf first; empty: none */
  certspan_bytes_view key;         /* its private key, or */
  certspan_string_view key_token;  /* the token of a setting that holds it */
} certspan_http_out_tls;

/* The request can't do what the item asks for. */
#define CERTSPAN_HTTP_OUT_ASKS_ONLY 1u

/* Borrowed for the call. */
typedef struct certspan_http_out_request {
  uint32_t struct_size;
  uint32_t flags;
  uint64_t deadline_ns;        /* CLOCK_MONOTONIC; never later than that of the call under way; 0: that one */
  uint64_t max_answer;         /* bytes of the answer's body, up to 16 MiB; 0: 1 MiB */
  certspan_string_view method; /* "POST" */
  certspan_string_view url;    /* http or https, without user, password and fragment */
  const certspan_http_out_field* fields;
  uint64_t field_count; /* up to 64 */
  certspan_bytes_view body;
  const certspan_http_out_tls* tls; /* null: the CAs of the machine, no client certificate */
} certspan_http_out_request;

/* How an exchange failed. The number is for decisions, the text beside it for people. */
#define CERTSPAN_HTTP_OUT_BAD_REQUEST 1u /* over a limit, or malformed; nothing left */
#define CERTSPAN_HTTP_OUT_NO_NAME 2u     /* the name could not be resolved; nothing left */
#define CERTSPAN_HTTP_OUT_NO_CONNECTION 3u
#define CERTSPAN_HTTP_OUT_NO_TLS 4u    /* handshake, certificate or name of the server; nothing left */
#define CERTSPAN_HTTP_OUT_NO_TIME 5u   /* the deadline came */
#define CERTSPAN_HTTP_OUT_BROKEN 6u    /* the connection ended before the answer was whole */
#define CERTSPAN_HTTP_OUT_TOO_LARGE 7u /* the answer is over max_answer, or its head over 64 KiB */
#define CERTSPAN_HTTP_OUT_NO_HTTP 8u   /* what came back is no HTTP */

/* What an exchange came to. Borrowed until the sink returns. */
typedef struct certspan_http_out_result {
  uint32_t struct_size;
  uint32_t status;  /* 200, ...; 0: failed */
  uint32_t failure; /* CERTSPAN_HTTP_OUT_...; 0: a whole answer came */
  uint32_t reserved;
  uint64_t exchange;            /* names it to `answered_by_ca`; 0: failed */
  const certspan_label* fields; /* of the answer's head, names in lower case */
  uint64_t field_count;
  certspan_bytes_view body;
  certspan_string_view message; /* failed: why, for people */
} certspan_http_out_result;

typedef struct certspan_http_out_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*result)(void* context, const certspan_http_out_result* result) CERTSPAN_NOEXCEPT;
} certspan_http_out_sink;

typedef struct certspan_service_http_out {
  uint32_t struct_size;
  uint32_t reserved;
  /* One request and its answer; redirects are answers. `sink->result` is called once before it returns,
   * except on INTERNAL. OK: a whole answer came, whatever its status. UNAVAILABLE: certainly not a byte of
   * the request left. INVALID: as that, and it never will. UNKNOWN: a byte left and no whole answer came.
   * INTERNAL: a fault of the host; take it for UNKNOWN. [any-thread] [may-block] started..draining */
  certspan_outcome (*send)(void* context, const certspan_http_out_request* request,
                           const certspan_http_out_sink* sink) CERTSPAN_NOEXCEPT;
  /* The CA itself wrote the answer of this exchange: what the plugin now says of the item is certain. OK;
   * REJECTED: no exchange of the call under way has that number and a whole answer. On the thread of the
   * call. */
  certspan_outcome (*answered_by_ca)(void* context, uint64_t exchange) CERTSPAN_NOEXCEPT;
} certspan_service_http_out;

CERTSPAN_ABI_END

#endif
