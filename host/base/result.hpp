#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "host/base/outcome.hpp"

namespace certspan {

/// Why something could not be done, for a reason outside the program. `code` is a stable word that
/// documentation and monitoring refer to ("journal.locked"); `message` names the thing and says what to do,
/// lower case, without a full stop, and never holds a secret.
struct Error {
  Error(Outcome outcome_, std::string code_, std::string message_)
      : outcome(outcome_), code(std::move(code_)), message(std::move(message_)) {}

  Outcome outcome;
  std::string code;
  std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;

/// `return fail(Outcome::Unavailable, "journal.locked", "...");`
inline tl::unexpected<Error> fail(Outcome outcome, std::string code, std::string message) {
  return tl::unexpected<Error>(Error(outcome, std::move(code), std::move(message)));
}

}  // namespace certspan

#define CERTSPAN_CONCAT_INNER(a, b) a##b
#define CERTSPAN_CONCAT(a, b) CERTSPAN_CONCAT_INNER(a, b)

/// Evaluates `expression`, a Result; returns its error from the enclosing function, or goes on with its value
/// in `declaration`.
#define CERTSPAN_TRY(declaration, expression) \
  CERTSPAN_TRY_IMPL(CERTSPAN_CONCAT(certspan_try_, __LINE__), declaration, expression)
#define CERTSPAN_TRY_IMPL(name, declaration, expression)     \
  auto name = (expression);                                  \
  if (!name) return tl::unexpected(std::move(name).error()); \
  declaration = std::move(*name)

/// The same for a Result<void>.
#define CERTSPAN_CHECK(expression)                                \
  do {                                                            \
    if (auto certspan_checked = (expression); !certspan_checked)  \
      return tl::unexpected(std::move(certspan_checked).error()); \
  } while (false)
