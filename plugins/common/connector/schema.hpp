// Settings schemas that are put together at compile time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace certspan::connector {

/// The texts one after another, as a static string with its terminating zero.
template <std::size_t... kSizes>
consteval auto join_texts(const char (&... texts)[kSizes]) {
  std::array<char, (kSizes + ...) - sizeof...(kSizes) + 1> joined = {};
  std::size_t at = 0;
  const auto append = [&](const char* text, std::size_t size) {
    std::copy_n(text, size, joined.begin() + static_cast<std::ptrdiff_t>(at));
    at += size;
  };
  (append(texts, kSizes - 1), ...);
  return joined;
}

}  // namespace certspan::connector
