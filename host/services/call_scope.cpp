#include "host/services/call_scope.hpp"

namespace certspan {
namespace {

thread_local CallScope* current_scope = nullptr;

}  // namespace

CallScope::CallScope(std::string_view work_id, std::vector<StoreWrite>& writes)
    : work_id_(work_id), writes_(writes), outer_(current_scope) {
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

}  // namespace certspan
