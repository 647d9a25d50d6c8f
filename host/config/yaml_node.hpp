#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/mark.hpp"
#include "host/config/secret_ref.hpp"

namespace certspan {

struct YamlEntry;

/// One node of a configuration file, with its place. Immutable; copies share what is below them, so that
/// passing a part of the file on is cheap and an alias costs nothing. Safe to read from several threads.
class YamlNode {
 public:
  enum class Kind : std::uint8_t {
    Null,
    Boolean,  ///< `true` or `false`, no other word
    Integer,  ///< decimal, without leading zeros
    Number,   ///< with a point or an exponent
    String,   ///< quoted, or none of the above
    Secret,   ///< a whole-scalar `${file:}` or `${credential:}`, after expansion
    Sequence,
    Mapping,
  };

  struct Data {
    Kind kind = Kind::Null;
    bool quoted = false;
    bool expanded = false;
    bool failed = false;
    Mark mark;
    std::string text;
    std::string written;
    std::optional<SecretRef> secret;
    std::vector<YamlNode> items;
    std::vector<YamlEntry> entries;
    std::size_t weight = 0;  ///< of everything from here on, as kLargest counts it
    std::size_t height = 0;  ///< levels below
  };

  /// Null, without a place.
  YamlNode();
  explicit YamlNode(Data data);

  Kind kind() const { return data_->kind; }
  bool is_scalar() const { return kind() != Kind::Sequence && kind() != Kind::Mapping; }
  Mark mark() const { return data_->mark; }

  /// Scalars: the value, escapes resolved, references expanded.
  const std::string& text() const { return data_->text; }
  /// Scalars: as it stood before expansion; what messages may show.
  const std::string& written() const { return data_->expanded ? data_->written : data_->text; }
  bool quoted() const { return data_->quoted; }
  /// The text came from `${env:}`: it takes the type that its field wants.
  bool expanded() const { return data_->expanded; }
  /// Its expansion went wrong, which has been reported: nothing more is to be said about this value.
  bool failed() const { return data_->failed; }
  /// Kind Secret only.
  const SecretRef& secret() const { return *data_->secret; }

  /// Empty unless a sequence.
  const std::vector<YamlNode>& items() const { return data_->items; }
  /// In the order of the file; empty unless a mapping.
  const std::vector<YamlEntry>& entries() const;
  /// Null when there is no such key.
  const YamlEntry* find(std::string_view key) const;

  std::size_t weight() const { return data_->weight; }
  std::size_t height() const { return data_->height; }

 private:
  std::shared_ptr<const Data> data_;  // shared: aliases and copied parts point into one tree; never null
};

struct YamlEntry {
  std::string key;
  Mark key_mark;
  YamlNode value;
};

/// "a mapping", "text", "true or false", ... for messages.
std::string_view describe(YamlNode::Kind kind);

/// What an unquoted scalar is by the YAML 1.2 core schema, narrowed: `yes`, `0755`, `0x1f` and `1:30` are
/// text.
YamlNode::Kind kind_of_plain(std::string_view text);

}  // namespace certspan
