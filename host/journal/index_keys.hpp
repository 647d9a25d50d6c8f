#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/journal/work_item.hpp"

namespace certspan {

/// The labels that the journal indexes or searches.
inline constexpr std::string_view kSerialLabel = "serial";
inline constexpr std::string_view kSubjectLabel = "subject";
/// RFC 3339: the certificate's end, which it outlives its item's retention for.
inline constexpr std::string_view kEndLabel = "not_after";

/// The 64-bit hash under which a row stands in an index; nullopt: in none.
std::optional<std::int64_t> transaction_hash(std::string_view transaction_id);
std::optional<std::int64_t> serial_hash(std::string_view serial);

/// A serial number as it is compared: lower-case hexadecimal without separators and leading zeros. "" if it
/// is no hexadecimal number.
std::string normal_serial(std::string_view serial);

/// Whether `text` contains `part`, ASCII letters compared without case.
bool contains_ignoring_case(std::string_view text, std::string_view part);

}  // namespace certspan
