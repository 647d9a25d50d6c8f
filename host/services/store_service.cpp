// A connector's store over the journal: staged inside a call that carries an item, durable at once outside of
// one.

#include <algorithm>
#include <map>
#include <vector>

#include "host/services/abi_views.hpp"
#include "host/services/call_scope.hpp"
#include "host/services/host_services.hpp"

namespace certspan {
namespace {

constexpr std::uint64_t kMostWrites = 64;
constexpr std::size_t kLongestKey = 256;
constexpr std::size_t kLongestValue = 64UL * 1024;
/// The revision a reader sees for a record that its own call has staged over one that was not there.
constexpr std::uint64_t kFirstRevision = 1;

std::uint64_t staged_revision(const StoreWrite& write) {
  return write.expected_revision == StoreWrite::kAnyRevision ? kFirstRevision : write.expected_revision + 1;
}

bool give(const certspan_store_sink* sink, BytesView key, std::uint64_t revision, BytesView value) {
  return sink->record(sink->context, to_abi(key), revision, to_abi(value)) != 0;
}

certspan_outcome store_get(void* context, certspan_bytes_view key, const certspan_store_sink* sink) noexcept
    try {
  HostServices& services = HostServices::of(context);
  if (const CallScope* call = CallScope::current()) {
    if (const StoreWrite* write = call->staged(services.connector(), from_abi(key))) {
      if (!write->value) return CERTSPAN_REJECTED;
      give(sink, write->key, staged_revision(*write), *write->value);
      return CERTSPAN_OK;
    }
  }
  if (services.backends().journal == nullptr) return CERTSPAN_UNAVAILABLE;
  const auto record = services.backends().journal->store_get(services.connector(), from_abi(key));
  if (!record) return CERTSPAN_UNAVAILABLE;
  if (!*record) return CERTSPAN_REJECTED;
  give(sink, (*record)->key, (*record)->revision, (*record)->value);
  return CERTSPAN_OK;
} catch (...) {
  return CERTSPAN_INTERNAL;
}

bool starts_with(BytesView text, BytesView prefix) {
  return text.size() >= prefix.size() && equal(text.first(prefix.size()), prefix);
}

bool before(BytesView a, BytesView b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
}

/// The call's own staged writes that a scan must show.
std::map<Bytes, const StoreWrite*> staged_in_range(const HostServices& services, BytesView prefix,
                                                   BytesView after) {
  std::map<Bytes, const StoreWrite*> staged;
  CallScope* call = CallScope::current();
  if (call == nullptr) return staged;
  for (const StoreWrite& write : call->writes()) {
    if (write.connector != services.connector() || !starts_with(write.key, prefix)) continue;
    if (!after.empty() && !before(after, write.key)) continue;
    staged[write.key] = &write;
  }
  return staged;
}

certspan_outcome store_scan(void* context, certspan_bytes_view prefix, certspan_bytes_view after,
                            std::uint64_t limit, const certspan_store_sink* sink) noexcept try {
  HostServices& services = HostServices::of(context);
  auto staged = staged_in_range(services, from_abi(prefix), from_abi(after));
  std::uint64_t given = 0;
  bool more = true;
  const auto give_counted = [&](BytesView key, std::uint64_t revision, BytesView value) {
    ++given;
    more = give(sink, key, revision, value) && given < limit;
  };
  const auto give_staged_before = [&](const Bytes* key) {
    while (more && !staged.empty() && (key == nullptr || staged.begin()->first < *key)) {
      const StoreWrite& write = *staged.begin()->second;
      staged.erase(staged.begin());
      if (write.value) give_counted(write.key, staged_revision(write), *write.value);
    }
  };
  if (limit == 0) return CERTSPAN_OK;
  if (services.backends().journal == nullptr) return CERTSPAN_UNAVAILABLE;
  // Staged removals hide stored records, so as many more may have to be read.
  const auto scanned = services.backends().journal->store_scan(
      services.connector(), from_abi(prefix), from_abi(after), limit + staged.size(),
      [&](const StoreRecord& record) {
        give_staged_before(&record.key);
        if (!more) return false;
        const auto own = staged.find(record.key);
        if (own == staged.end()) {
          give_counted(record.key, record.revision, record.value);
        } else {
          if (own->second->value)
            give_counted(record.key, staged_revision(*own->second), *own->second->value);
          staged.erase(own);
        }
        return more;
      });
  if (!scanned) return CERTSPAN_UNAVAILABLE;
  give_staged_before(nullptr);
  return CERTSPAN_OK;
} catch (...) {
  return CERTSPAN_INTERNAL;
}

bool fits(const certspan_store_write& write) {
  return write.key.size > 0 && write.key.size <= kLongestKey && write.value.size <= kLongestValue;
}

StoreWrite copy_write(const HostServices& services, const certspan_store_write& write) {
  StoreWrite copy;
  copy.connector = services.connector();
  copy.key = copy_of(from_abi(write.key));
  copy.expected_revision = write.expected_revision;
  if ((write.flags & CERTSPAN_STORE_DELETE) == 0) copy.value = copy_of(from_abi(write.value));
  return copy;
}

/// Whether the write's precondition holds for what this call can see now. The journal looks again when it
/// commits.
Result<bool> holds_now(HostServices& services, CallScope& call, const StoreWrite& write) {
  if (write.expected_revision == StoreWrite::kAnyRevision) return true;
  if (const StoreWrite* staged = call.staged(write.connector, write.key)) {
    const std::uint64_t revision = staged->value ? staged_revision(*staged) : 0;
    return revision == write.expected_revision;
  }
  CERTSPAN_TRY(const auto record, services.backends().journal->store_get(write.connector, write.key));
  return (record ? record->revision : 0) == write.expected_revision;
}

certspan_outcome stage(HostServices& services, CallScope& call, std::vector<StoreWrite> writes) {
  for (const StoreWrite& write : writes) {
    const auto holds = holds_now(services, call, write);
    if (!holds) return CERTSPAN_UNAVAILABLE;
    if (!*holds) return CERTSPAN_REJECTED;
  }
  if (call.writes().size() + writes.size() > kMostWrites) return CERTSPAN_INVALID;
  for (StoreWrite& write : writes) {
    // A key stands once in a transition: the first precondition with the last value.
    if (StoreWrite* earlier = call.staged(write.connector, write.key)) {
      earlier->value = std::move(write.value);
    } else {
      call.writes().push_back(std::move(write));
    }
  }
  return CERTSPAN_OK;
}

certspan_outcome store_commit(void* context, const certspan_store_write* writes, std::uint64_t count) noexcept
    try {
  HostServices& services = HostServices::of(context);
  if (count > kMostWrites) return CERTSPAN_INVALID;
  std::vector<StoreWrite> copies;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!fits(writes[i])) return CERTSPAN_INVALID;
    copies.push_back(copy_write(services, writes[i]));
  }
  if (CallScope* call = CallScope::current()) return stage(services, *call, std::move(copies));
  if (services.backends().journal == nullptr) return CERTSPAN_UNAVAILABLE;
  switch (services.backends().journal->write(std::move(copies))) {
    case CommitResult::Committed:
      return CERTSPAN_OK;
    case CommitResult::Conflict:
      return CERTSPAN_REJECTED;
    case CommitResult::TooLarge:
      return CERTSPAN_INVALID;
    default:
      return CERTSPAN_UNAVAILABLE;
  }
} catch (...) {
  return CERTSPAN_INTERNAL;
}

}  // namespace

const certspan_service_store kStoreService = {sizeof(certspan_service_store), 0, &store_get, &store_scan,
                                              &store_commit};

}  // namespace certspan
