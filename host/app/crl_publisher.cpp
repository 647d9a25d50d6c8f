#include "host/app/crl_publisher.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <regex>
#include <string>
#include <utility>

#include "host/base/bytes.hpp"
#include "host/journal/file.hpp"
#include "host/loading/connector.hpp"

namespace certspan {
namespace {

using nlohmann::json;
using std::filesystem::path;

constexpr const char* kList = "crls";
constexpr const char* kPublishCode = "crl.not_published";
constexpr unsigned kForAll = 0644;
constexpr std::size_t kLargestFile = 64UL * 1024 * 1024;

/// A name that a plugin gives is one of these, and leads nowhere else.
bool is_crl_name(const std::string& name) {
  static const std::regex kForm("[0-9a-f]{2,128}(/[0-9]{1,4}-of-[0-9]{1,4})?(-delta)?\\.crl");
  return std::regex_match(name, kForm);
}

tl::unexpected<Error> not_written(const path& file) {
  return fail(Outcome::Unavailable, kPublishCode,
              file.string() + " can't be written: " + errno_text(errno) + "; see who may write there");
}

bool holds_already(const path& file, const Bytes& crl) {
  const File old = File::open(file, O_RDONLY);
  return old.is_open() && old.read(kLargestFile) == crl;
}

/// Readers see the old one or the new one.
Result<void> write_crl_file(const path& file, const Bytes& crl) {
  std::error_code no_directory;
  std::filesystem::create_directories(file.parent_path(), no_directory);
  const path partial = file.string() + ".new";
  const File fresh = File::open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, kForAll);
  if (!fresh.is_open() || !fresh.write(crl) || ::fchmod(fresh.descriptor(), kForAll) != 0 || !fresh.sync() ||
      ::rename(partial.c_str(), file.c_str()) != 0 || !sync_directory(file.parent_path())) {
    return not_written(file);
  }
  return {};
}

/// Whether it was written anew. What can't be written keeps no other from it.
Result<bool> publish_one(const path& directory, Connector& issuer, const json& row) {
  const std::string name = row.at("file").get<std::string>();
  const auto key_id = from_hex(row.at("key_id").get<std::string>());
  if (!is_crl_name(name) || !key_id) {
    return fail(Outcome::Internal, kPublishCode,
                "connector \"" + issuer.name() + "\" lists a CRL under no name");
  }
  CERTSPAN_TRY(const auto crl, issuer.crl({.authority_key_id = *key_id,
                                           .delta = row.value("delta", false),
                                           .partition = row.value("partition", 0U),
                                           .partitions = row.value("partitions", 0U)}));
  if (!crl || holds_already(directory / name, *crl)) return false;
  CERTSPAN_CHECK(write_crl_file(directory / name, *crl));
  return true;
}

Result<std::size_t> publish_of(const path& directory, Connector& issuer) try {
  CERTSPAN_TRY(const json list, have_run(issuer, kList, json::object(), kPublishCode));
  std::size_t written = 0;
  std::optional<Error> first;
  for (const json& row : list.at("crls")) {
    const auto anew = publish_one(directory, issuer, row);
    if (!anew && !first) first = anew.error();
    if (anew && *anew) ++written;
  }
  if (first) return tl::unexpected(*first);
  return written;
} catch (const json::exception& fault) {
  return fail(Outcome::Internal, kPublishCode, "connector \"" + issuer.name() + "\": " + fault.what());
}

}  // namespace

AskAgain publish_crls(const PublishCrlsSection& publish, const ConnectorSet& connectors, Log& log) {
  if (publish.directory.empty()) return std::nullopt;
  AskAgain again = publish.every;
  std::size_t written = 0;
  for (const auto& [name, station] : connectors.all()) {
    Connector& issuer = *station.connector;
    if (!issuer.has_crl() || !offers_action(issuer, kList)) continue;
    const auto done = publish_of(publish.directory, issuer);
    if (done) {
      written += *done;
      continue;
    }
    log.write(LogLevel::Error, "CRLs can't be published",
              {{"connector", name}, {"code", done.error().code}, {"reason", done.error().message}});
    again = sooner(again, kAfterAFault);
  }
  if (written != 0) {
    log.write(LogLevel::Info, "CRLs published",
              {{"directory", publish.directory.string()}, {"files", std::to_string(written)}});
  }
  return again;
}

}  // namespace certspan
