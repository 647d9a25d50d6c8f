#include "host/services/call_scope.hpp"

namespace certspan {
namespace {

thread_local CallScope* current_scope = nullptr;

}  // namespace

CallScope::CallScope(std::string_view work_id, std::vector<StoreWrite>& writes, Deadline deadline)
    : work_id_(work_id), writes_(writes), deadline_(deadline), outer_(current_scope) {
  current_scope = this;
}

CallScope::~CallScope() {
  current_scope = outer_;
}

CallScope* CallScope::current() {
  return current_scope;
}

StoreWrite* CallScope::staged(std::string_view connector, BytesView key) const {
  for (StoreWrite& write : writes_) {
    if (write.connector == connector && equal(write.key, key)) return &write;
  }
  return nullptr;
}

void CallScope::exchange_begins(std::uint64_t exchange) {
  open_.push_back({exchange, false});
}

void CallScope::nothing_left(std::uint64_t exchange) {
  std::erase_if(open_, [&](const OpenExchange& one) { return one.exchange == exchange; });
}

void CallScope::answer_came(std::uint64_t exchange) {
  for (OpenExchange& one : open_) {
    if (one.exchange == exchange) one.answered = true;
  }
}

bool CallScope::answered_by_ca(std::uint64_t exchange) {
  const auto answered = [&](const OpenExchange& one) { return one.exchange == exchange && one.answered; };
  return std::erase_if(open_, answered) != 0;
}

}  // namespace certspan
