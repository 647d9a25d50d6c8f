#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/bytes.hpp"

namespace certspan::check {

/// What a check came to.
enum class Standing : std::uint8_t { Passed, Failed, Skipped };

/// "passed", "failed", "skipped".
std::string_view to_string(Standing standing);

/// A check's verdict. `reason` says what was seen (failed) or why the check could not be made (skipped);
/// `data` is what later checks need to know of this one, JSON or nothing.
struct Verdict {
  Standing standing = Standing::Passed;
  std::string reason;
  std::string data{};
};

/// Ends a check as failed or skipped. Thrown by checks only, in frames of the checker, never through a
/// plugin's.
struct CheckFailed : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct CheckSkipped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void require(bool condition, const std::string& reason) {
  if (!condition) throw CheckFailed(reason);
}

/// A connector type as its descriptor says it.
struct TypeFacts {
  std::string name;
  std::vector<std::string> roles;  ///< "issuer", ..., and "actions"

  bool has(std::string_view role) const;
};

/// What is checked, and how. Made by main, read by every check.
struct Subject {
  std::filesystem::path path;
  Bytes bytes;                                      ///< of the file
  std::optional<std::filesystem::path> previous{};  ///< the release before it
  std::optional<std::filesystem::path> settings{};  ///< file with settings, secrets and a scripted CA
  std::uint64_t seed = 0;
  bool thorough = false;
};

/// One run of a check: of the whole file (`type` is empty), or of one connector type.
struct Run {
  const Subject& subject;
  std::string type;
  std::uint64_t seed;  ///< of this check, made of the subject's
  std::string data{};  ///< becomes the verdict's
};

enum class Stage : std::uint8_t { Static, Load, Hosts, Behaviour, Swap, Fault };
std::string_view to_string(Stage stage);

/// A check of the list. `role` empty: once for the file; "type": once for each connector type; otherwise once
/// for each type that has one of those roles ("issuer validator"). `needs` are ids of checks that must have
/// passed (for the same type) before this one makes sense.
struct Check {
  Stage stage;
  std::string_view id;
  std::string_view role;
  std::string_view needs;
  std::string_view title;  ///< what holds when it passes
  std::string_view hint;   ///< what to do when it fails
  void (*run)(Run& run);
  bool slow = false;  ///< gets more time
};

/// All checks, in the order of their stages.
std::span<const Check> all_checks();
const Check* find_check(std::string_view id);

/// Splits at blanks.
std::vector<std::string_view> words_of(std::string_view text);

}  // namespace certspan::check
