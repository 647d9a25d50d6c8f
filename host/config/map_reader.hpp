#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/config.hpp"
#include "host/config/fault.hpp"
#include "host/config/yaml_node.hpp"

namespace certspan {

/// Least and most of a value, both allowed.
template <typename T>
struct Bounds {
  T least;
  T most;
};

/// Reads one mapping of the file key by key, and reports at `finish` every key that nobody asked for. Each
/// reader function leaves `into` alone when its key is absent or its value is at fault; faults are reported
/// at the value. Borrows everything; lives for one function.
class MapReader {
 public:
  /// `what` names the mapping in messages (`listener "web"`); `path` is its place in the file's structure
  /// ("host.listeners.*"), used to tell where a misplaced key belongs.
  MapReader(const YamlNode& node, std::string what, std::string_view path, Faults& faults);

  /// False: it is something else, which has been reported; every key then counts as absent, none as missing.
  bool is_mapping() const { return mapping_; }

  /// The entry, or null; from now on the key is known. An entry with nothing behind its colon is reported and
  /// counts as absent, as does one whose value could not be expanded.
  const YamlEntry* take(std::string_view key);
  /// The same; absence is a fault, which `finish` reports.
  const YamlEntry* need(std::string_view key);
  /// The key is known, but what it does comes with a later release.
  void later(std::string_view key, std::string_view instead = {});

  void text(std::string_view key, std::string& into);
  void path(std::string_view key, const std::filesystem::path& base, std::filesystem::path& into);
  void boolean(std::string_view key, bool& into);
  void duration(std::string_view key, Bounds<std::chrono::milliseconds> bounds,
                std::chrono::milliseconds& into);
  void name(std::string_view key, Named& into);
  void need_name(std::string_view key, Named& into);
  /// One of `words`; `into` is its index.
  void choice(std::string_view key, std::span<const std::string_view> words, std::size_t& into);
  template <typename T>
  void integer(std::string_view key, Bounds<T> bounds, T& into) {
    const Bounds<std::int64_t> wide{static_cast<std::int64_t>(bounds.least),
                                    static_cast<std::int64_t>(bounds.most)};
    if (const auto value = whole_number(key, wide)) into = static_cast<T>(*value);
  }

  /// Said of an unknown key when nothing better is known.
  void advise(std::string hint) { advice_ = std::move(hint); }

  /// Reports the keys that nobody asked for, and the missing ones unless an unknown key seems to be meant for
  /// them.
  void finish();

  const std::string& what() const { return what_; }

 private:
  std::optional<std::int64_t> whole_number(std::string_view key, Bounds<std::int64_t> bounds);
  void know(std::string_view key);
  std::string hint_for_unknown(const std::string& key) const;

  const YamlNode& node_;
  std::string what_;
  std::string path_;
  Faults& faults_;
  bool mapping_;
  std::string advice_;
  std::vector<std::string> known_;
  std::vector<std::string> later_;
  std::vector<std::string> missing_;
};

/// The text of a scalar; a fault and nothing if it is something else. `what` names it in messages.
std::optional<std::string> read_text(const YamlNode& node, std::string_view what, Faults& faults);

/// Text that names something: letters, digits, `_`, `-` and `.`, at most 64, the first one a letter or digit.
std::optional<std::string> read_name(const YamlNode& node, std::string_view what, Faults& faults);
bool is_name(std::string_view text);
/// The same for a key of the file: reports and gives false.
bool check_name(const YamlEntry& entry, std::string_view what, Faults& faults);

/// A list of text, or one text alone. Must not be empty.
std::vector<Named> read_texts(const YamlNode& node, std::string_view what, Faults& faults);

/// What to write in the place of a value of the wrong type, if that can be told.
std::string hint_for_type(const YamlNode& node, std::string_view wanted);

/// Reports `node` as not being what was wanted ("text", "a mapping").
void wrong_type(const YamlNode& node, std::string_view what, std::string_view wanted, Faults& faults);

}  // namespace certspan
