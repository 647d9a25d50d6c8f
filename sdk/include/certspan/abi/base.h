/*
 * The words that every other header of the contract uses: version, views, outcomes, labels, and the tags on
 * functions.
 *
 * Rules of the whole contract
 *  - C11, and the same text is C++20. Fixed-width integers, double, pointers, views and function pointers
 * only: no bool, no enum, no long, no bit-field, no union in a struct.
 *  - A struct that crosses begins with `struct_size`, set by the side that fills it. Structs grow only at the
 * end; a reader asks CERTSPAN_HAS before it touches a member that came after the first release. Members named
 * `reserved` are zero.
 *  - Inputs are borrowed until the call returns. Outputs go through a sink of the host, which copies before
 * it returns. Nothing is freed by the other side.
 *  - No exception crosses. A function that would throw answers CERTSPAN_INTERNAL.
 *  - Strings are UTF-8 with a length and without a terminating zero, except `const char *` in static tables.
 *
 * Tags, one line on each function
 *  [control-thread]  one call at a time for the instance, on a thread of the host that may wait
 *  [worker-thread]   concurrent calls for one instance, up to its `concurrency`
 *  [any-thread]      concurrent with everything
 *  [may-block]       may wait for disk, network or a lock until the deadline that the call carries
 *  states            created, started, open, draining, stopped: in which the call is legal
 */
#ifndef CERTSPAN_ABI_BASE_H
#define CERTSPAN_ABI_BASE_H

#include <stddef.h>
#include <stdint.h>

#define CERTSPAN_ABI_MAJOR 0
#define CERTSPAN_ABI_MINOR 9
/* Until 1.0 is frozen, host and plugin must be of one build; every change of the contract's content raises
 * this. */
#define CERTSPAN_ABI_BUILD 10

#ifdef __cplusplus
#define CERTSPAN_NOEXCEPT noexcept
#define CERTSPAN_ABI_BEGIN extern "C" {
#define CERTSPAN_ABI_END }
#else
#define CERTSPAN_NOEXCEPT
#define CERTSPAN_ABI_BEGIN
#define CERTSPAN_ABI_END
#endif

/* True if `pointer`, filled by the other side, is long enough to hold `member` and the member is set. */
#define CERTSPAN_HAS(pointer, type, member) \
  ((pointer)->struct_size >= offsetof(type, member) + sizeof((pointer)->member) && (pointer)->member)

CERTSPAN_ABI_BEGIN

/* Borrowed octets. `data` may be null when `size` is 0. Frozen: has no struct_size and never grows. */
typedef struct certspan_bytes_view {
  const uint8_t* data;
  uint64_t size;
} certspan_bytes_view;

/* Borrowed UTF-8 text without a terminating zero. Frozen: has no struct_size and never grows. */
typedef struct certspan_string_view {
  const char* data;
  uint64_t size;
} certspan_string_view;

/* A named value that the journal indexes and people search by: transaction_id, serial, issuer, subject,
 * device, user, not_after, profile. Never a secret. Frozen like the views. */
typedef struct certspan_label {
  certspan_string_view name;
  certspan_string_view value;
} certspan_label;

/* How a call or a work item ended. Values are never renumbered; a host treats one that it does not know as
 * INTERNAL. */
typedef int32_t certspan_outcome;
#define CERTSPAN_OK 0          /* done */
#define CERTSPAN_PENDING 1     /* accepted, completes later: poll after retry_after_ms */
#define CERTSPAN_UNAVAILABLE 2 /* certainly not done; may work later */
#define CERTSPAN_THROTTLED 3   /* certainly not done; ask again after retry_after_ms */
#define CERTSPAN_REJECTED 4    /* final: the other side said no */
#define CERTSPAN_INVALID 5     /* final: the request is malformed or against the rules */
#define CERTSPAN_UNSUPPORTED 6 /* final: an algorithm or operation that is not offered */
#define CERTSPAN_UNKNOWN 7     /* may have been done */
#define CERTSPAN_CANCELLED 8   /* promised: not done and never will be */
#define CERTSPAN_INTERNAL 9    /* a fault in the plugin; treated as UNKNOWN */

/* Collects faults in a connector's settings. `pointer` is a JSON pointer (RFC 6901) into the settings, "" for
 * the whole; the host prints the fault at that key's line and column of the YAML file. May be called any
 * number of times. */
typedef struct certspan_fault_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*add)(void* context, certspan_string_view pointer, certspan_string_view message) CERTSPAN_NOEXCEPT;
} certspan_fault_sink;

/* Takes one value; the host copies it. */
typedef struct certspan_bytes_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  void (*put)(void* context, certspan_bytes_view value) CERTSPAN_NOEXCEPT;
} certspan_bytes_sink;

CERTSPAN_ABI_END

#endif
