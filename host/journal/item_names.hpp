#pragma once

#include <string_view>

#include "host/journal/work_item.hpp"

namespace certspan {

/// By what people know a device or its user, as plugins told it in an item's labels. `names` holds
/// alternative names, a space between two, each with its kind ("upn:jane@example.com"). ASCII letters are
/// compared without case.
inline constexpr std::string_view kNamesLabel = "names";
inline constexpr std::string_view kDeviceLabel = "device";
inline constexpr std::string_view kUserLabel = "user";

/// Whether `name` is a whole value of the item's: an attribute of its subject, an alternative name with or
/// without its kind, its device or its user.
bool bears_name(const WorkItem& item, std::string_view name);

/// Whether `part` stands in one of these, or is the number of a call (a GUID) that was made for the item.
bool speaks_of(const WorkItem& item, std::string_view part);

}  // namespace certspan
