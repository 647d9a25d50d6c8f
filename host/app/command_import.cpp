// `certspan import certs`: hands certificates of a CA outside to an embedded CA of the running host.
#include <unistd.h>

#include <iostream>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "host/app/certificate_source.hpp"
#include "host/app/commands.hpp"
#include "host/app/host_link.hpp"

namespace certspan {
namespace {

/// One batch fits a request to the host and one commit of the connector's store.
constexpr std::size_t kMostAtOnce = 64;
constexpr std::size_t kMostBytesAtOnce = std::size_t{160} * 1024;
constexpr std::size_t kMostTold = 20;
constexpr std::uint64_t kProgressEvery = 10'000;

constexpr std::pair<const char*, const char*> kResults[] = {
    {"imported", "imported"},
    {"known", "known already"},
    {"expired", "expired, not imported"},
    {"other_issuer", "of another issuer than `renew_from` names, not imported"},
    {"unfit", "of CAs, or signed with SHA-1 or the like, not imported"},
    {"unreadable", "unreadable"},
};

class Import {
 public:
  Import(const Config& config, const ImportOptions& options) : config_(config), options_(options) {}

  Result<void> run() {
    for (const auto& path : options_.paths) {
      read_certificates(path, {[this](const std::filesystem::path& file, std::string base64) {
                                 return add(file, std::move(base64));
                               },
                               [this](const auto& file, const std::string& why) {
                                 count_unreadable(file, why);
                                 return true;
                               }});
      if (error_) return tl::unexpected(*error_);
    }
    send();
    if (error_) return tl::unexpected(*error_);
    return {};
  }

  std::uint64_t count(const std::string& result) const {
    const auto found = counts_.find(result);
    return found == counts_.end() ? 0 : found->second;
  }
  nlohmann::json to_json() const {
    nlohmann::json json = {
        {"dry_run", options_.dry_run}, {"revoked", options_.revoked}, {"problems", problems_}};
    for (const auto& [name, words] : kResults) json[name] = count(name);
    return json;
  }
  void print() const {
    for (const auto& problem : problems_) {
      std::cerr << fmt::format("certspan: {}: {}\n", problem.value("file", ""), problem.value("why", ""));
    }
    if (count("unreadable") > problems_.size()) std::cerr << "certspan: ... and more of them\n";
    if (options_.dry_run) std::cout << "nothing was written; without --dry-run:\n";
    for (const auto& [name, words] : kResults) {
      if (count(name) == 0 && std::string_view(name) != "imported") continue;
      const bool marked = options_.revoked && std::string_view(name) == "imported";
      std::cout << fmt::format("{:>9} {}\n", count(name), marked ? "marked as revoked" : words);
    }
  }

 private:
  bool add(const std::filesystem::path& file, std::string base64) {
    if (bytes_ + base64.size() > kMostBytesAtOnce || batch_.size() == kMostAtOnce) send();
    bytes_ += base64.size();
    batch_.emplace_back(file, std::move(base64));
    return !error_;
  }

  void send() {
    if (batch_.empty() || error_) return;
    nlohmann::json certificates = nlohmann::json::array();
    for (const auto& [file, base64] : batch_) certificates.push_back(base64);
    const auto answer = ask_host(config_, "action",
                                 {{"connector", options_.connector},
                                  {"action", "import_certificates"},
                                  {"arguments",
                                   {{"certificates", std::move(certificates)},
                                    {"revoked", options_.revoked},
                                    {"dry_run", options_.dry_run}}}});
    if (!answer) {
      error_ = answer.error();
      return;
    }
    const auto results = answer->value("results", nlohmann::json::array());
    for (std::size_t i = 0; i < results.size() && i < batch_.size(); ++i) take(batch_[i].first, results[i]);
    batch_.clear();
    bytes_ = 0;
  }

  void take(const std::filesystem::path& file, const std::string& result) {
    if (result == "unreadable") {
      count_unreadable(file, "a certificate in it can't be read");
    } else {
      ++counts_[result];
    }
    if (++sent_ % kProgressEvery == 0 && ::isatty(STDERR_FILENO) == 1) std::cerr << sent_ << " ...\n";
  }

  void count_unreadable(const std::filesystem::path& file, const std::string& why) {
    ++counts_["unreadable"];
    if (problems_.size() < kMostTold) problems_.push_back({{"file", file.string()}, {"why", why}});
  }

  const Config& config_;
  const ImportOptions& options_;
  std::vector<std::pair<std::filesystem::path, std::string>> batch_;
  std::size_t bytes_ = 0;
  std::uint64_t sent_ = 0;
  std::map<std::string, std::uint64_t> counts_;
  nlohmann::json problems_ = nlohmann::json::array();
  std::optional<Error> error_;
};

}  // namespace

ExitCode command_import_certs(const CommonOptions& options, const ImportOptions& import) {
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error(), ExitCode::BadConfig);
  Import work(*config, import);
  const auto done = work.run();
  if (options.json) {
    print_json(work.to_json());
  } else {
    work.print();
  }
  // What was imported before an error stays so; the same command does the rest.
  if (!done) return complain(done.error());
  const bool any = work.count("imported") + work.count("known") > 0;
  return any && work.count("unreadable") == 0 ? ExitCode::Ok : ExitCode::Failure;
}

}  // namespace certspan
