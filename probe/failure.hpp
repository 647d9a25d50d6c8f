#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace certspan::scep_probe {

/// Why a service does not work: what happened to what, and what to do about it.
struct Failure {
  std::string what;
  std::string advice;
};

template <class T>
using Result = tl::expected<T, Failure>;

/// For `return fail("...", "...");`.
inline tl::unexpected<Failure> fail(std::string what, std::string advice) {
  return tl::unexpected<Failure>(Failure{std::move(what), std::move(advice)});
}

/// What a stranger's text looks like in one line of ours: whatever is not visible ASCII is escaped, and no
/// more than `longest` characters of it are shown.
std::string printable(std::string_view text, std::size_t longest = 200);

}  // namespace certspan::scep_probe

#define CERTSPAN_PROBE_JOIN_(a, b) a##b
#define CERTSPAN_PROBE_JOIN(a, b) CERTSPAN_PROBE_JOIN_(a, b)
#define CERTSPAN_PROBE_TRY_(name, target, expression)                 \
  auto name = (expression);                                           \
  if (!name) return tl::unexpected<Failure>(std::move(name).error()); \
  target = std::move(*name)

/// CERTSPAN_PROBE_TRY(auto value, expression): the value of a Result, or return its failure from this
/// function.
#define CERTSPAN_PROBE_TRY(target, expression) \
  CERTSPAN_PROBE_TRY_(CERTSPAN_PROBE_JOIN(certspan_probe_try_, __COUNTER__), target, expression)

/// CERTSPAN_PROBE_CHECK(expression): return the failure of a Result<void> from this function.
#define CERTSPAN_PROBE_CHECK(expression)                                                                \
  do {                                                                                                  \
    auto certspan_probe_check = (expression);                                                           \
    if (!certspan_probe_check) return tl::unexpected<Failure>(std::move(certspan_probe_check).error()); \
  } while (false)
