/*
 * A durable key-value store of the connector's own. Writes made inside a call that carries an item are
 * staged: reads on the same call see them, and they become durable in one transaction with the item's next
 * transition, or not at all. If a precondition no longer holds by then, the call's answer is dropped and the
 * call repeated. Outside such a call (start, an action) a commit is durable when it returns.
 */
#ifndef CERTSPAN_ABI_SERVICE_STORE_H
#define CERTSPAN_ABI_SERVICE_STORE_H

#include <certspan/abi/base.h>

CERTSPAN_ABI_BEGIN

#define CERTSPAN_SERVICE_STORE "certspan.store/1"

/* Takes one record; `revision` is at least 1 and rises with each write of the key. Return 0 to stop a scan.
 */
typedef struct certspan_store_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* context;
  int32_t (*record)(void* context, certspan_bytes_view key, uint64_t revision,
                    certspan_bytes_view value) CERTSPAN_NOEXCEPT;
} certspan_store_sink;

#define CERTSPAN_STORE_DELETE 1u      /* remove the key; `value` is ignored */
#define CERTSPAN_STORE_ANY UINT64_MAX /* as expected_revision: whatever is there */

/* `expected_revision` 0: the key must not exist. Frozen: has no struct_size. */
typedef struct certspan_store_write {
  certspan_bytes_view key;
  uint64_t expected_revision;
  certspan_bytes_view value;
  uint64_t flags;
} certspan_store_write;

typedef struct certspan_service_store {
  uint32_t struct_size;
  uint32_t reserved;
  /* OK and one record, or REJECTED: there is none. [any-thread] [may-block] created..stopped */
  certspan_outcome (*get)(void* context, certspan_bytes_view key,
                          const certspan_store_sink* sink) CERTSPAN_NOEXCEPT;
  /* Records whose key begins with `prefix`, in key order, those after the key `after` (empty: from the
   * first), at most `limit`. [any-thread] [may-block] created..stopped */
  certspan_outcome (*scan)(void* context, certspan_bytes_view prefix, certspan_bytes_view after,
                           uint64_t limit, const certspan_store_sink* sink) CERTSPAN_NOEXCEPT;
  /* All writes or none. OK, REJECTED (a revision was not the expected one), INVALID (over a limit),
   * UNAVAILABLE (disk). [any-thread] [may-block] created..stopped */
  certspan_outcome (*commit)(void* context, const certspan_store_write* writes,
                             uint64_t count) CERTSPAN_NOEXCEPT;
} certspan_service_store;

CERTSPAN_ABI_END

#endif
