/*
 * A work item as a call carries it, and the answer that a call gives. The whole item goes with every call, so
 * that the call can cross a process boundary.
 */
#ifndef CERTSPAN_ABI_WORK_ITEM_H
#define CERTSPAN_ABI_WORK_ITEM_H

#include <certspan/abi/base.h>

CERTSPAN_ABI_BEGIN

/* Borrowed for the call. */
typedef struct certspan_item {
  uint32_t struct_size;
  uint32_t attempt;                    /* of this step: 1, 2, ... */
  uint64_t deadline_ns;                /* CLOCK_MONOTONIC; answer by then */
  certspan_string_view id;             /* work id, for logs and for people */
  certspan_bytes_view key;             /* idempotency key, 32 bytes, the same on every attempt of this item */
  certspan_string_view source;         /* connector that brought it */
  certspan_string_view pipeline;       /* name of its pipeline */
  certspan_string_view message;        /* "enrolment", "renewal" or "revocation" */
  certspan_string_view transaction_id; /* of the client, "" if its protocol has none */
  certspan_bytes_view request;         /* PKCS #10 DER; secret, for it may hold a challenge. Revocation: the
                                          source's own */
  certspan_bytes_view signer;   /* renewal: the certificate (DER) that vouches for the request; else empty */
  certspan_string_view profile; /* name of the profile in the file's `profiles:`, "" if the step names none */
  certspan_bytes_view handle;   /* what the last `pending` carried, else empty */
  certspan_bytes_view note;     /* what the last `note` stored, else empty */
  const certspan_label* labels; /* from the source and the steps so far */
  uint64_t label_count;
} certspan_item;

/* What a call came to. Fields that do not belong to the outcome stay empty. */
typedef struct certspan_answer {
  uint32_t struct_size;
  certspan_outcome outcome;
  uint32_t retry_after_ms; /* PENDING, UNAVAILABLE, THROTTLED: not before; 0 leaves it to the host */
  uint32_t reserved;
  certspan_string_view code;       /* stable machine word: "acme.quota_exceeded"; "" on OK */
  certspan_string_view message;    /* for people, shown by `certspan why`; never a secret */
  certspan_bytes_view certificate; /* issuer, OK: DER */
  certspan_bytes_view handle;      /* PENDING: given back to poll and lookup */
  const certspan_label* labels;    /* added to the item's */
  uint64_t label_count;
} certspan_answer;

/* Takes the answer of one call. The plugin calls `answer` exactly once before it returns; none at all, or a
 * second one, counts as INTERNAL. `note` may come before it: the bytes are durable when it returns OK, and
 * any other outcome means that nothing may be sent. Both on the calling thread only. */
typedef struct certspan_answer_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*answer)(void* context, const certspan_answer* answer) CERTSPAN_NOEXCEPT;
  certspan_outcome (*note)(void* context, certspan_bytes_view note) CERTSPAN_NOEXCEPT;
} certspan_answer_sink;

/* Takes certificates of one chain in order: the issuing CA first, its root last. DER. */
typedef struct certspan_chain_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*add)(void* context, certspan_string_view issuer, certspan_bytes_view certificate) CERTSPAN_NOEXCEPT;
} certspan_chain_sink;

CERTSPAN_ABI_END

#endif
