#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace certspan {

/// What a JSON Schema says about one value, gathered over `$ref`, `allOf`, `anyOf`, `oneOf`, `then` and
/// `else`, for messages that name the key and for the marks that the host reads. Whether the value is valid
/// after all is valijson's to say. Borrows the schema.
class SchemaView {
 public:
  /// `root` is the whole schema, in which references are looked up.
  SchemaView(const nlohmann::json& root, const nlohmann::json& schema);

  /// Whether any branch sets this mark.
  bool marked(std::string_view mark) const;
  /// The text of a mark that has one ("x-certspan-connector"); empty if it is not there.
  std::string mark_text(std::string_view mark) const;

  /// JSON types that are allowed; empty: any.
  std::vector<std::string> types() const;
  bool allows(std::string_view type) const;
  /// The words of `enum`, if it is there and holds only text.
  std::vector<std::string> words() const;
  /// A number from the branches that always apply: `minimum`, `maxItems`, ...
  std::optional<double> number(std::string_view keyword) const;
  bool has_pattern() const;
  /// Whether text fits every `pattern` that always applies. Short text only: std::regex recurses.
  bool pattern_matches(const std::string& text) const;
  std::string description() const;

  /// The names of all properties.
  std::vector<std::string> properties() const;
  std::vector<std::string> required() const;
  /// What it says about the property `key`; nullopt: no such property is allowed.
  std::optional<SchemaView> property(std::string_view key) const;
  SchemaView items() const;

 private:
  struct Branch {
    const nlohmann::json* schema;
    bool sure;  ///< applies always, not only as one of several
  };

  explicit SchemaView(const nlohmann::json& root) : root_(&root) {}
  void gather(const nlohmann::json& schema, bool sure, int depth);
  const nlohmann::json* resolve(const std::string& reference) const;

  const nlohmann::json* root_;
  std::vector<Branch> branches_;
};

}  // namespace certspan
