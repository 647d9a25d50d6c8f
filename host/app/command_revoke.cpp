// `certspan revoke`: finds certificates by whatever they are known, and has each revoked by the running host.

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <set>

#include <fmt/format.h>

#include "host/app/commands.hpp"
#include "host/app/host_link.hpp"
#include "host/app/work_source.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostInFile = 100'000;
constexpr std::size_t kMostPerText = 100;
constexpr std::size_t kTellEvery = 100;

Error bad(std::string message) {
  return {Outcome::Invalid, "revocation.bad_request", std::move(message)};
}

/// One a line; what is blank or begins with # does not count.
Result<void> add_from_file(const std::filesystem::path& file, std::vector<std::string>& texts) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
      line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    if (texts.size() >= kMostInFile) return tl::unexpected(bad(file.string() + " names more than 100000"));
    texts.push_back(line);
  }
  if (!lines.eof()) return tl::unexpected(bad(file.string() + " can't be read"));
  return {};
}

bool has_certificate(const Json& work) {
  return work.value("message", std::string()) != "revocation" &&
         !work.value("issuer", std::string()).empty() &&
         (work.value("state", std::string()) == "done" || work.value("state", std::string()) == "failed");
}

struct Found {
  std::vector<Json> items;           ///< each once
  std::vector<std::string> nothing;  ///< texts that fit no certificate
  bool several = false;              ///< a text fits more than one
};

/// Finds certificates, each once. Only what is on hold can be released.
class Finder {
 public:
  Finder(const Config& config, bool wants_revoked) : config_(config), wants_revoked_(wants_revoked) {}

  Result<void> by_text(const std::string& text) {
    CERTSPAN_TRY(const Json answer, ask_work(config_, "search", {{"text", text}, {"limit", kMostPerText}}));
    if (answer["items"].size() >= kMostPerText) {
      return tl::unexpected(bad("\"" + text + "\" fits a hundred work items or more: say it more exactly"));
    }
    std::vector<Json> fitting;
    for (const Json& work : answer["items"]) {
      if (fits(work)) fitting.push_back(work);
    }
    // Of jane@example.com and mary-jane@example.com it is the first that is meant.
    const auto is_part = [](const Json& work) { return !work.value("whole_name", false); };
    if (!std::ranges::all_of(fitting, is_part)) std::erase_if(fitting, is_part);
    take(text, fitting);
    return {};
  }

  Result<void> by_name(const std::string& name) {
    CERTSPAN_TRY(WorkSource source, WorkSource::open(config_));
    ItemFilter filter;
    filter.name = name;
    filter.limit = SIZE_MAX;
    std::vector<Json> fitting;
    const auto look = [&](const Json& work) -> Result<void> {
      if (fits(work)) fitting.push_back(work);
      return {};
    };
    CERTSPAN_CHECK(source.read(filter, {.newest_first = true, .standing = true}, look));
    take(name, fitting);
    return {};
  }

  Found& found() { return found_; }

 private:
  bool fits(const Json& work) const {
    return has_certificate(work) && work.contains("revoked") == wants_revoked_;
  }

  void take(const std::string& text, const std::vector<Json>& fitting) {
    for (const Json& work : fitting) {
      if (known_.insert(work.value("id", std::string())).second) found_.items.push_back(work);
    }
    if (fitting.empty()) found_.nothing.push_back(text);
    found_.several = found_.several || fitting.size() > 1;
  }

  const Config& config_;
  bool wants_revoked_;
  Found found_;
  std::set<std::string> known_;
};

Result<Found> find_all(const Config& config, const std::vector<std::string>& texts,
                       const RevokeOptions& revoke) {
  Finder finder(config, revoke.reason == "remove_from_crl");
  for (const std::string& text : texts) CERTSPAN_CHECK(finder.by_text(text));
  for (const std::string& name : revoke.names) CERTSPAN_CHECK(finder.by_name(name));
  return std::move(finder.found());
}

std::string label_of(const Json& work, const char* name) {
  return work.value("labels", Json::object()).value(name, std::string());
}

std::string line_of(const Json& work) {
  return fmt::format("{}  serial {}  {}  by \"{}\", until {}", work.value("id", std::string()),
                     label_of(work, "serial"), label_of(work, "subject"), work.value("issuer", std::string()),
                     label_of(work, "not_after"));
}

void print_found(const Found& found) {
  for (const Json& work : found.items) std::cout << line_of(work) << "\n";
  for (const std::string& text : found.nothing)
    std::cout << "nothing that could be done so is known of \"" << text << "\"\n";
}

ExitCode only_shown(const Found& found, const RevokeOptions& revoke, bool json) {
  if (json) {
    Json items = Json::array();
    for (const Json& work : found.items) items.push_back(work);
    print_json({{"would_change", std::move(items)}, {"not_found", found.nothing}});
  } else {
    print_found(found);
    std::cout << found.items.size() << " certificates: " << revoke.reason << "\n";
  }
  if (revoke.dry_run) return found.nothing.empty() ? ExitCode::Ok : ExitCode::Failure;
  std::cerr << "certspan: nothing was done: a text fits several certificates; say --yes if all are meant\n";
  return ExitCode::Failure;
}

Result<Json> order_all(const Config& config, const RevokeOptions& revoke, const Found& found, bool json) {
  Json done = {{"items", Json::array()}, {"refused", Json::array()}, {"not_found", found.nothing}};
  for (const Json& work : found.items) {
    const std::string id = work.value("id", std::string());
    const auto order =
        ask_host(config, "revoke", {{"id", id}, {"crl_reason", revoke.reason}, {"reason", revoke.why}});
    if (!order && order.error().code == "control.no_host") return tl::unexpected(order.error());
    if (order) {
      done["items"].push_back(*order);
      if (!json) std::cout << line_of(work) << "\n  ordered as " << order->value("as", std::string()) << "\n";
    } else {
      const Error& error = order.error();
      done["refused"].push_back({{"id", id}, {"code", error.code}, {"message", error.message}});
      if (!json) std::cout << line_of(work) << "\n  not ordered: " << error.message << "\n";
    }
    const std::size_t so_far = done["items"].size() + done["refused"].size();
    if (!json && so_far % kTellEvery == 0)
      std::cerr << "certspan: " << so_far << " of " << found.items.size() << "\n";
  }
  return done;
}

ExitCode order_and_tell(const Config& config, const RevokeOptions& revoke, const Found& found, bool json) {
  const auto done = order_all(config, revoke, found, json);
  if (!done) return complain(done.error());
  const std::size_t refused = done->at("refused").size();
  if (json) {
    print_json(*done);
  } else {
    for (const std::string& text : found.nothing)
      std::cout << "nothing that could be done so is known of \"" << text << "\"\n";
    std::cout << found.items.size() - refused << " of " << found.items.size()
              << " certificates: " << revoke.reason
              << "; `certspan work list --pipeline revocation` shows how they stand\n";
  }
  return refused == 0 && found.nothing.empty() ? ExitCode::Ok : ExitCode::Failure;
}

}  // namespace

ExitCode command_revoke(const CommonOptions& options, const RevokeOptions& revoke) {
  std::vector<std::string> texts = revoke.texts;
  if (!revoke.file.empty()) {
    if (const auto read = add_from_file(revoke.file, texts); !read)
      return complain(read.error(), ExitCode::Usage);
  }
  if (texts.empty() && revoke.names.empty()) {
    return complain(
        bad("say which certificates: work ids, serial numbers, parts of names, --name, or --file"),
        ExitCode::Usage);
  }
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error(), ExitCode::BadConfig);
  const auto found = find_all(*config, texts, revoke);
  if (!found) return complain(found.error());
  if (revoke.dry_run || (found->several && !revoke.yes)) return only_shown(*found, revoke, options.json);
  return order_and_tell(*config, revoke, *found, options.json);
}

}  // namespace certspan
