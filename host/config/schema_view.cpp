#include "host/config/schema_view.hpp"

#include <algorithm>
#include <array>
#include <regex>

#include <nlohmann/json.hpp>

namespace certspan {
namespace {

using Json = nlohmann::json;

/// Schemas refer to themselves; beyond this a value is deeper than a file can be anyway.
constexpr int kDeepestReference = 32;

const Json* member(const Json& schema, std::string_view key) {
  const auto found = schema.find(key);
  return found == schema.end() ? nullptr : &*found;
}

/// Nothing: the pattern is none, which valijson reports.
std::optional<bool> matches(const std::string& pattern, std::string_view text) {
  try {
    return std::regex_search(text.begin(), text.end(), std::regex(pattern, std::regex::ECMAScript));
  } catch (const std::regex_error&) {
    return std::nullopt;
  }
}

void add_unique(std::vector<std::string>& list, std::string word) {
  if (std::find(list.begin(), list.end(), word) == list.end()) list.push_back(std::move(word));
}

}  // namespace

SchemaView::SchemaView(const Json& root, const Json& schema) : root_(&root) {
  gather(schema, true, 0);
}

void SchemaView::gather(const Json& schema, bool sure, int depth) {
  const bool known = std::any_of(branches_.begin(), branches_.end(),
                                 [&](const Branch& branch) { return branch.schema == &schema; });
  if (known || !schema.is_object() || depth > kDeepestReference) return;
  if (const Json* reference = member(schema, "$ref")) {
    if (!reference->is_string()) return;
    if (const Json* target = resolve(reference->get<std::string>())) gather(*target, sure, depth + 1);
    return;
  }
  branches_.push_back({&schema, sure});
  for (const std::string_view keyword : {"allOf", "anyOf", "oneOf"}) {
    const Json* list = member(schema, keyword);
    if (list == nullptr || !list->is_array()) continue;
    for (const Json& branch : *list) gather(branch, sure && keyword == "allOf", depth + 1);
  }
  for (const std::string_view keyword : {"then", "else"}) {
    if (const Json* branch = member(schema, keyword)) gather(*branch, false, depth + 1);
  }
}

const Json* SchemaView::resolve(const std::string& reference) const {
  if (!reference.starts_with('#')) return nullptr;
  try {
    const Json::json_pointer pointer(reference.substr(1));
    return root_->contains(pointer) ? &root_->at(pointer) : nullptr;
  } catch (const Json::exception&) {
    return nullptr;
  }
}

bool SchemaView::marked(std::string_view mark) const {
  return std::any_of(branches_.begin(), branches_.end(), [&](const Branch& branch) {
    const Json* value = member(*branch.schema, mark);
    return value != nullptr && *value == true;
  });
}

std::string SchemaView::mark_text(std::string_view mark) const {
  for (const Branch& branch : branches_) {
    const Json* value = member(*branch.schema, mark);
    if (value != nullptr && value->is_string()) return value->get<std::string>();
  }
  return {};
}

std::vector<std::string> SchemaView::types() const {
  std::vector<std::string> types;
  for (const Branch& branch : branches_) {
    const Json* type = member(*branch.schema, "type");
    if (type == nullptr) continue;
    if (type->is_string()) add_unique(types, type->get<std::string>());
    if (!type->is_array()) continue;
    for (const Json& one : *type) {
      if (one.is_string()) add_unique(types, one.get<std::string>());
    }
  }
  return types;
}

bool SchemaView::allows(std::string_view type) const {
  const auto all = types();
  return all.empty() || std::find(all.begin(), all.end(), type) != all.end();
}

std::vector<std::string> SchemaView::words() const {
  std::vector<std::string> words;
  for (const Branch& branch : branches_) {
    const Json* list = member(*branch.schema, "enum");
    if (!branch.sure || list == nullptr || !list->is_array()) continue;
    for (const Json& word : *list) {
      if (!word.is_string()) return {};
      add_unique(words, word.get<std::string>());
    }
  }
  return words;
}

std::optional<double> SchemaView::number(std::string_view keyword) const {
  for (const Branch& branch : branches_) {
    const Json* value = member(*branch.schema, keyword);
    if (branch.sure && value != nullptr && value->is_number()) return value->get<double>();
  }
  return std::nullopt;
}

bool SchemaView::has_pattern() const {
  return std::any_of(branches_.begin(), branches_.end(),
                     [](const Branch& branch) { return member(*branch.schema, "pattern") != nullptr; });
}

bool SchemaView::pattern_matches(const std::string& text) const {
  return std::all_of(branches_.begin(), branches_.end(), [&](const Branch& branch) {
    const Json* pattern = member(*branch.schema, "pattern");
    return !branch.sure || pattern == nullptr || !pattern->is_string() ||
           matches(pattern->get<std::string>(), text).value_or(true);
  });
}

std::string SchemaView::description() const {
  return mark_text("description");
}

std::vector<std::string> SchemaView::properties() const {
  std::vector<std::string> names;
  for (const Branch& branch : branches_) {
    const Json* properties = member(*branch.schema, "properties");
    if (properties == nullptr || !properties->is_object()) continue;
    for (const auto& [name, schema] : properties->items()) add_unique(names, name);
  }
  return names;
}

std::vector<std::string> SchemaView::required() const {
  std::vector<std::string> names;
  for (const Branch& branch : branches_) {
    const Json* required = member(*branch.schema, "required");
    if (!branch.sure || required == nullptr || !required->is_array()) continue;
    for (const Json& name : *required) {
      if (name.is_string()) add_unique(names, name.get<std::string>());
    }
  }
  return names;
}

std::optional<SchemaView> SchemaView::property(std::string_view key) const {
  SchemaView view(*root_);
  bool known = false;
  bool closed = false;
  const auto add = [&](const Json& schema, bool sure) {
    known = true;
    view.gather(schema, sure, 0);
  };
  for (const Branch& branch : branches_) {
    const Json* properties = member(*branch.schema, "properties");
    if (properties != nullptr && properties->contains(key)) {
      add(properties->at(std::string(key)), branch.sure);
      continue;
    }
    if (const Json* patterns = member(*branch.schema, "patternProperties")) {
      for (const auto& [pattern, schema] : patterns->items()) {
        if (matches(pattern, key).value_or(false)) add(schema, branch.sure);
      }
    }
    const Json* others = member(*branch.schema, "additionalProperties");
    if (others != nullptr && others->is_object()) add(*others, branch.sure);
    if (others != nullptr && *others == false) closed = true;
  }
  if (!known && closed) return std::nullopt;
  return view;
}

SchemaView SchemaView::items() const {
  SchemaView view(*root_);
  for (const Branch& branch : branches_) {
    const Json* items = member(*branch.schema, "items");
    if (items != nullptr) view.gather(*items, branch.sure, 0);
  }
  return view;
}

}  // namespace certspan
