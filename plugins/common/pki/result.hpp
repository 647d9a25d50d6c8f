// What the functions of this library answer when they can fail.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace certspan::pki {

// Why something was refused. Decisions follow the kind; the message is for logs only and never goes to a
// client.
enum class FaultKind : std::uint8_t {
  Malformed,             // the bytes are not what the standard prescribes
  TooLarge,              // a bound on size, count or depth was passed
  UnsupportedAlgorithm,  // well-formed, but an algorithm that is unknown or switched off
  BadSignature,          // a signature does not verify
  NotForUs,              // encrypted to a certificate whose key we do not hold
  CannotOpen,            // anything between key unwrapping and a verified request: one kind, on purpose
  Policy,                // refused by a rule of ours, not by a format
  Unavailable,           // a key in a token can't be used now; nothing was done, and it may work later
  Internal,              // the crypto library failed, or a caller broke a precondition
};

struct Fault {
  FaultKind kind = FaultKind::Internal;
  std::string message;  // lower case, no full stop, never a secret
};

template <class T>
using Result = tl::expected<T, Fault>;

// For `return fault(FaultKind::Malformed, "...");`.
inline tl::unexpected<Fault> fault(FaultKind kind, std::string message) {
  return tl::unexpected<Fault>(Fault{kind, std::move(message)});
}

}  // namespace certspan::pki

#define CERTSPAN_PKI_JOIN_(a, b) a##b
#define CERTSPAN_PKI_JOIN(a, b) CERTSPAN_PKI_JOIN_(a, b)
#define CERTSPAN_PKI_TRY_(name, target, expression)                                  \
  auto name = (expression);                                                          \
  if (!name) return tl::unexpected<::certspan::pki::Fault>(std::move(name).error()); \
  target = std::move(*name)

// CERTSPAN_PKI_TRY(auto value, expression): the value of a Result, or return its fault from this function.
#define CERTSPAN_PKI_TRY(target, expression) \
  CERTSPAN_PKI_TRY_(CERTSPAN_PKI_JOIN(certspan_pki_try_, __COUNTER__), target, expression)

// CERTSPAN_PKI_CHECK(expression): return the fault of a Result<void> from this function.
#define CERTSPAN_PKI_CHECK(expression)                                                      \
  do {                                                                                      \
    auto certspan_pki_check = (expression);                                                 \
    if (!certspan_pki_check)                                                                \
      return tl::unexpected<::certspan::pki::Fault>(std::move(certspan_pki_check).error()); \
  } while (false)
