#include "host/journal/item_names.hpp"

#include <algorithm>

#include "host/journal/index_keys.hpp"

namespace certspan {
namespace {

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && contains_ignoring_case(a, b);
}

bool is_alternative_name(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const std::string_view one = names.substr(0, names.find(' '));
    const std::size_t kind = one.find(':');
    if (same(one, name) || (kind != std::string_view::npos && same(one.substr(kind + 1), name))) return true;
    names.remove_prefix(std::min(names.size(), one.size() + 1));
  }
  return false;
}

/// A separator that belongs to a value has a backslash before it.
std::size_t end_of_attribute(std::string_view subject) {
  for (std::size_t i = 0; i < subject.size(); ++i) {
    if (subject[i] == '\\') {
      ++i;
    } else if (subject[i] == ',' || subject[i] == '+') {
      return i;
    }
  }
  return subject.size();
}

bool is_in_subject(std::string_view subject, std::string_view name) {
  while (!subject.empty()) {
    const std::size_t end = end_of_attribute(subject);
    const std::string_view attribute = subject.substr(0, end);
    const std::size_t type = attribute.find('=');
    if (type != std::string_view::npos && same(attribute.substr(type + 1), name)) return true;
    subject.remove_prefix(std::min(subject.size(), end + 1));
  }
  return false;
}

/// 8-4-4-4-12 hexadecimal digits.
bool is_guid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (is_dash ? c != '-' : !is_digit) return false;
  }
  return true;
}

/// Of a call that was a success it is a label, of another it stands in its message.
bool was_called(const WorkItem& item, std::string_view guid) {
  return std::ranges::any_of(item.labels, [&](const auto& label) { return same(label.second, guid); }) ||
         std::ranges::any_of(item.attempts, [&](const Attempt& attempt) {
           return contains_ignoring_case(attempt.message, guid);
         });
}

}  // namespace

bool bears_name(const WorkItem& item, std::string_view name) {
  if (name.empty()) return false;
  return same(item.label(kDeviceLabel), name) || same(item.label(kUserLabel), name) ||
         is_alternative_name(item.label(kNamesLabel), name) || is_in_subject(item.label(kSubjectLabel), name);
}

bool speaks_of(const WorkItem& item, std::string_view part) {
  for (const std::string_view label : {kSubjectLabel, kNamesLabel, kDeviceLabel, kUserLabel}) {
    if (contains_ignoring_case(item.label(label), part)) return true;
  }
  return is_guid(part) && was_called(item, part);
}

}  // namespace certspan
