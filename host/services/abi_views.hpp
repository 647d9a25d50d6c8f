#pragma once

#include <string_view>

#include <certspan/abi/base.h>

#include "host/base/bytes.hpp"

namespace certspan {

/// Views across the contract and back. A null pointer with size 0 is an empty view.
inline std::string_view from_abi(certspan_string_view view) {
  return view.data == nullptr ? std::string_view() : std::string_view(view.data, view.size);
}
inline BytesView from_abi(certspan_bytes_view view) {
  return view.data == nullptr ? BytesView() : BytesView(view.data, view.size);
}
inline certspan_string_view to_abi(std::string_view text) {
  return {text.data(), text.size()};
}
inline certspan_bytes_view to_abi(BytesView bytes) {
  return {bytes.data(), bytes.size()};
}

}  // namespace certspan
