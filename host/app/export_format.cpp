#include "host/app/export_format.hpp"

#include <openssl/evp.h>

#include <array>
#include <string_view>

#include "host/base/bytes.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;

/// A field, and where work_to_json has it: in the item, or among its labels.
struct Field {
  const char* name;
  const char* from;
  enum Kind : std::uint8_t { Text, Number, Time, Label } kind = Text;
};

constexpr Field kFields[] = {
    {"id", "id"},
    {"state", "state"},
    {"outcome", "outcome"},
    {"code", "code"},
    {"reason", "reason"},
    {"message", "message"},
    {"source", "source"},
    {"pipeline", "pipeline"},
    {"issuer", "issuer"},
    {"transaction_id", "transaction_id"},
    {"subject", "subject", Field::Label},
    {"serial", "serial", Field::Label},
    {"not_after", "not_after", Field::Label},
    {"address", "address", Field::Label},
    {"request_sha256", "request_sha256"},
    {"tries", "tries", Field::Number},
    {"accepted_at", "accepted_at", Field::Time},
    {"changed_at", "changed_at", Field::Time},
};

std::string text_of(const Json& object, const char* name) {
  return object.value(name, std::string());
}

/// "2026-03-01 12:00:00.250 UTC" as RFC 3339 has it.
std::string instant(std::string text) {
  constexpr std::string_view kZone = " UTC";
  if (text.size() < kZone.size() || !text.ends_with(kZone)) return text;
  text.resize(text.size() - kZone.size());
  if (text.size() > 10) text[10] = 'T';
  return text + "Z";
}

std::string base64(const Bytes& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string certificate_of(const Json& work) {
  const auto der = from_hex(text_of(work, "certificate"));
  return der ? base64(*der) : std::string();
}

nlohmann::ordered_json value_of(const Json& work, const Field& field) {
  switch (field.kind) {
    case Field::Number:
      return work.value(field.from, std::uint64_t{0});
    case Field::Time:
      return instant(text_of(work, field.from));
    case Field::Label:
      return text_of(work.value("labels", Json::object()), field.from);
    case Field::Text:
      break;
  }
  return text_of(work, field.from);
}

nlohmann::ordered_json record_of(const Json& work, bool certificates) {
  nlohmann::ordered_json record = nlohmann::ordered_json::object();
  for (const Field& field : kFields) record[field.name] = value_of(work, field);
  if (certificates) record["certificate"] = certificate_of(work);
  return record;
}

/// What spreadsheets take for the beginning of a formula; tab and return are skipped by some before they
/// look.
bool begins_formula(char c) {
  return std::string_view("=+-@\t\r").find(c) != std::string_view::npos;
}

/// A spreadsheet of another language takes semicolons for the ends of cells, quoted or not.
bool ends_cell_somewhere(char c) {
  return c == ';' || c == '\t';
}

std::string cell(std::string_view text) {
  std::string safe;
  bool begins = true;
  for (const char c : text) {
    if (begins && begins_formula(c)) safe += '\'';
    if (c == '"') safe += '"';
    safe += c;
    begins = ends_cell_somewhere(c);
  }
  const bool quoted = safe.find_first_of("\",;'\t\r\n") != std::string::npos;
  return quoted ? "\"" + safe + "\"" : safe;
}

std::string shown(const nlohmann::ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

std::string export_ndjson(const Json& work, bool certificates) {
  return record_of(work, certificates).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string export_csv_header(bool certificates) {
  std::string line;
  for (const Field& field : kFields) line += (line.empty() ? "" : ",") + std::string(field.name);
  return line + (certificates ? ",certificate\r\n" : "\r\n");
}

std::string export_csv(const Json& work, bool certificates) {
  std::string line;
  const auto record = record_of(work, certificates);
  for (const auto& [name, value] : record.items()) {
    if (name != kFields[0].name) line += ',';
    line += cell(shown(value));
  }
  return line + "\r\n";
}

}  // namespace certspan
