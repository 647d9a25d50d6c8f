#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/mark.hpp"

namespace certspan {

/// What is wrong, as a number that documentation and monitoring refer to; printed as "CS1010". Numbers are
/// never given a new meaning.
enum class FaultCode : std::uint16_t {
  Unreadable = 1000,        ///< the file cannot be read
  Syntax = 1001,            ///< not YAML
  Forbidden = 1002,         ///< YAML beyond our subset: tags, merge keys, several documents
  DuplicateKey = 1003,      ///< a key stands twice in one mapping
  TooLarge = 1004,          ///< over the limits of size or depth
  UnknownKey = 1010,        ///< no such key here
  MissingKey = 1011,        ///< a key that must stand here
  WrongType = 1012,         ///< text where a number is expected, and the like
  BadValue = 1013,          ///< of the right type, but not allowed
  NotYet = 1014,            ///< known, but comes with a later release
  Unit = 1020,              ///< a duration or size without a unit, or with a wrong one
  Expansion = 1030,         ///< `${...}` that cannot be expanded
  SecretLiteral = 1031,     ///< a secret written into the file
  SecretPlace = 1032,       ///< a secret reference in a field that is not one
  SecretUnreadable = 1033,  ///< the file or credential behind a reference cannot be read
  DataDir = 1034,           ///< no room for the host's files or for copies of plugins
  TrustFile = 1035,         ///< a vendor's public key or the list of revoked plugins can't be read
  UnknownName = 1040,       ///< no connector, profile, listener, plugin or type of that name
  WrongRole = 1041,         ///< the connector cannot do what the step asks of it
  Unused = 1042,            ///< nothing leads here
  Unreachable = 1043,       ///< an earlier pipeline takes everything
  NoOtherwise = 1044,       ///< items of a source could match no pipeline
  Conflict = 1045,          ///< two connectors claim the same thing
  Settings = 1050,          ///< settings do not fit the schema of the connector type
  Plugin = 1051,            ///< the plugin itself refuses its settings
  CaKeyInHost = 1060,       ///< a CA key in the process that reads the network
  OpenEnrolment = 1061,     ///< a network source reaches an issuer without a validator
  Danger = 1062,            ///< a `danger_` switch is on
  SharedChallenge = 1063,   ///< a secret of all devices reaches a CA of somebody else
  MixedChains = 1064,       ///< the CAs of one step stand under different roots
  ClearPasswords = 1065,    ///< passwords would cross a network in the clear
};

enum class Severity : std::uint8_t { Warning, Error };

/// One thing that is wrong with a configuration, at its place.
struct Fault {
  FaultCode code = FaultCode::BadValue;
  Severity severity = Severity::Error;
  std::string file;
  Mark mark;
  std::string message;     ///< lower case, names the thing, never holds a secret
  std::string suggestion;  ///< what was probably meant, or what to do; may be empty

  bool operator==(const Fault&) const = default;
};

/// "CS1010"
std::string to_string(FaultCode code);

/// Gathers every fault of one file over all passes. A fault that is reported twice at one place counts once.
/// Not thread-safe: one run of checks, one collector.
class Faults {
 public:
  /// How many are shown; the rest is counted.
  static constexpr std::size_t kMostShown = 50;

  explicit Faults(std::string file) : file_(std::move(file)) {}

  /// The text that excerpts are taken from. Copied.
  void set_source(std::string_view text);
  const std::string& file() const { return file_; }

  void error(FaultCode code, Mark mark, std::string message, std::string suggestion = {});
  void warning(FaultCode code, Mark mark, std::string message, std::string suggestion = {});

  /// No excerpt is ever printed of the value that begins in this line and of the lines it goes on in: a
  /// secret was written there.
  void hide_excerpt(Mark mark);

  bool has_errors() const { return errors_ > 0; }
  bool has(FaultCode code) const;
  bool empty() const { return faults_.empty(); }
  std::size_t error_count() const { return errors_; }
  std::size_t warning_count() const { return faults_.size() - errors_; }

  /// By place, errors before warnings; the first kMostShown.
  std::vector<Fault> sorted() const;

  /// For people: "file:line:column: error: message [CS1010]", the line with a caret, the suggestion; at the
  /// end how many were left out.
  std::string to_text() const;
  /// The same in one line without excerpts, for logs; warnings only where there is no error.
  std::string to_line() const;
  /// {"faults": [{code, severity, file, line, column, message, suggestion}], "errors": n, "warnings": n,
  /// "left_out": n}
  std::string to_json() const;

 private:
  void add(Severity severity, FaultCode code, Mark mark, std::string message, std::string suggestion);
  std::size_t left_out() const;
  std::string excerpt(Mark mark) const;

  std::string file_;
  std::vector<std::string> lines_;
  std::vector<bool> hidden_;
  std::vector<Fault> faults_;
  std::size_t errors_ = 0;
};

}  // namespace certspan
