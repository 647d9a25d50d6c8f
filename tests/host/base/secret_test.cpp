#include "host/base/secret.hpp"

#include <sstream>
#include <type_traits>

#include <fmt/format.h>
#include <catch2/catch.hpp>

namespace certspan::test {
namespace {

Secret make(std::string_view text) {
  return Secret(copy_of(as_bytes(text)));
}

TEST_CASE("a secret prints as redacted, to a stream and by fmt") {
  const Secret secret = make("hunter2");
  std::ostringstream stream;
  stream << secret;
  CHECK(stream.str() == "[redacted]");
  CHECK(fmt::format("<{}>", secret) == "<[redacted]>");
}

TEST_CASE("a secret is moved, never copied, and leaves nothing behind") {
  static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
  Secret first = make("hunter2");
  Secret second = std::move(first);
  CHECK(as_text(second.reveal()) == "hunter2");
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move): that it is empty is what is tested
  second = make("other");
  CHECK(as_text(second.reveal()) == "other");
}

TEST_CASE("clearing wipes the bytes in place") {
  Secret secret = make("hunter2");
  const std::uint8_t* const bytes = secret.reveal().data();
  const std::size_t size = secret.size();
  secret.clear();
  CHECK(secret.empty());
  // The buffer is still the secret's own: clearing gives no memory back.
  bool wiped = true;
  for (std::size_t i = 0; i < size; ++i) wiped = wiped && bytes[i] == 0;
  CHECK(wiped);
}

}  // namespace
}  // namespace certspan::test
