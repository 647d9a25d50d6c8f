// `certspan audit`: asks the running host, or reads its journal when it is down.

#include <fstream>
#include <iostream>
#include <memory>

#include "host/app/audit_queries.hpp"
#include "host/app/commands.hpp"
#include "host/app/host_link.hpp"
#include "host/app/journal_access.hpp"
#include "host/base/clock.hpp"

namespace certspan {
namespace {

/// The chain of the running host, or of its journal.
class AuditSource {
 public:
  static Result<AuditSource> open(const Config& config) {
    AuditSource source(config);
    auto head = ask_host(config, "audit_head", nlohmann::json::object());
    if (!head && head.error().code == "control.no_host") {
      static const SystemClock clock;
      CERTSPAN_TRY(source.journal_, open_offline(config, Offline::Read, clock));
      CERTSPAN_TRY(source.signer_, HeadSigner::find(config.host.data_dir));
      head = source.ask("audit_head", 0);
    }
    if (!head) return tl::unexpected(std::move(head).error());
    CERTSPAN_TRY(source.head_, audit_head_from(*head));
    source.restores_ = head->value("restores", nlohmann::json::array());
    source.key_ = head->value("key", std::string());
    source.signed_ = head->value("signed", std::string());
    return source;
  }

  const AuditHead& head() const { return head_; }
  /// The backups that the journal was put back from.
  const nlohmann::json& restores() const { return restores_; }
  /// The public key of the host; "" if it has none yet.
  const std::string& key() const { return key_; }
  /// The head as the host signs it; "" as above.
  const std::string& signed_head() const { return signed_; }

  Result<std::vector<AuditGap>> gaps() {
    std::vector<AuditGap> all;
    for (;;) {
      CERTSPAN_TRY(const auto answer, ask("audit_gaps", all.empty() ? 0 : all.back().first));
      CERTSPAN_TRY(auto some, audit_gaps_from(answer));
      if (some.empty()) return all;
      all.insert(all.end(), some.begin(), some.end());
    }
  }

  /// Hands every record that the chain may have to `verifier`.
  Result<void> read(AuditVerifier& verifier) {
    CERTSPAN_CHECK(read_erasures(verifier));
    std::uint64_t after = 0;
    for (bool more = true; more;) {
      CERTSPAN_TRY(const auto answer, ask("audit_page", after));
      CERTSPAN_TRY(AuditPage page, audit_page_from(answer));
      for (AuditRecord& record : page.records) verifier.take(std::move(record));
      after = static_cast<std::uint64_t>(page.last);
      more = page.more;
    }
    return {};
  }

 private:
  Result<void> read_erasures(AuditVerifier& verifier) {
    for (std::uint64_t after = 0;;) {
      CERTSPAN_TRY(const auto answer, ask("audit_erasures", after));
      CERTSPAN_TRY(auto some, audit_erasures_from(answer));
      if (some.empty()) return {};
      after = some.back().number;
      for (AuditRecord& record : some) verifier.take(std::move(record));
    }
  }

  explicit AuditSource(const Config& config) : config_(&config) {}

  Result<nlohmann::json> ask(const char* command, std::uint64_t after) {
    const nlohmann::json arguments = {{"after", after}};
    if (!journal_) return ask_host(*config_, command, arguments);
    return answer_audit_query(*journal_, signer_ ? &*signer_ : nullptr, command, arguments);
  }

  const Config* config_;
  std::unique_ptr<Journal> journal_;
  std::optional<HeadSigner> signer_;
  AuditHead head_;
  nlohmann::json restores_;
  std::string key_;
  std::string signed_;
};

/// What was told outside, and what is wrong with it.
struct KeptHeads {
  std::vector<SignedHead> heads;
  std::vector<std::string> faults;
};

Result<KeptHeads> read_kept(const std::filesystem::path& path, const std::string& key) {
  std::ifstream file(path);
  if (!file) return fail(Outcome::Unavailable, "audit.unreadable", "\"" + path.string() + "\" can't be read");
  KeptHeads kept;
  std::size_t strangers = 0;
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    auto head = read_signed_head(line);
    if (!head) {
      kept.faults.push_back(path.string() + ":" + std::to_string(number) + ": " + head.error().message);
    } else if (*head && (*head)->key != key) {
      ++strangers;
    } else if (*head) {
      kept.heads.push_back(std::move(**head));
    }
  }
  if (strangers > 0) {
    kept.faults.push_back(std::to_string(strangers) + " heads in \"" + path.string() +
                          "\" are signed with a key that this host has not: they are another host's, or "
                          "audit.key in its data_dir was exchanged");
  }
  if (kept.heads.empty() && kept.faults.empty()) {
    return fail(Outcome::Rejected, "audit.no_heads",
                "\"" + path.string() + "\" holds no head of an audit chain: give what host.audit wrote");
  }
  return kept;
}

Result<AuditVerifier::Verdict> verified(AuditSource& source, const std::filesystem::path& against,
                                        const AuditVerifier::InOrder& in_order,
                                        const AuditVerifier::AtGap& at_gap) {
  KeptHeads kept;
  if (!against.empty()) {
    CERTSPAN_TRY(kept, read_kept(against, source.key()));
  }
  CERTSPAN_TRY(const auto gaps, source.gaps());
  AuditVerifier verifier(source.head(), gaps, std::move(kept.heads));
  verifier.listen(in_order, at_gap);
  CERTSPAN_CHECK(source.read(verifier));
  CERTSPAN_TRY(const auto gaps_now, source.gaps());
  auto verdict = verifier.finish(gaps_now);
  verdict.faults.insert(verdict.faults.begin(), kept.faults.begin(), kept.faults.end());
  return verdict;
}

}  // namespace

ExitCode command_audit_verify(const CommonOptions& options, const std::filesystem::path& against) {
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error(), ExitCode::BadConfig);
  auto source = AuditSource::open(*config);
  if (!source) return complain(source.error());
  const auto verdict = verified(*source, against, nullptr, nullptr);
  if (!verdict) return complain(verdict.error());
  if (options.json) {
    auto json = verdict_to_json(*verdict);
    json["restores"] = source->restores();
    print_json(json);
  } else {
    std::cout << tell_verdict(*verdict) << tell_restores(source->restores());
  }
  return verdict->faults.empty() ? ExitCode::Ok : ExitCode::Failure;
}

ExitCode command_audit_export(const CommonOptions& options) {
  const auto config = config_for_people(options.config);
  if (!config) return complain(config.error(), ExitCode::BadConfig);
  auto source = AuditSource::open(*config);
  if (!source) return complain(source.error());
  const auto print = [](const nlohmann::ordered_json& line) { std::cout << line.dump() << "\n"; };
  const auto verdict = verified(
      *source, {}, [&](const AuditRecord& record, const AuditHash& hash) { print(exported(record, hash)); },
      [&](const AuditGap& gap) { print(exported(gap)); });
  if (!verdict) return complain(verdict.error());
  print({{"head", source->signed_head()}});
  for (const std::string& fault : verdict->faults) std::cerr << "certspan: " << fault << "\n";
  return verdict->faults.empty() ? ExitCode::Ok : ExitCode::Failure;
}

}  // namespace certspan
