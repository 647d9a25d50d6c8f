// Orders of revocation that no source brought: a person's, and what the host owes for certificates that
// nobody may have.

#include <string>

#include <certspan/abi/role_revoker.h>
#include <openssl/sha.h>

#include "host/pipeline/intake.hpp"

namespace certspan {
namespace {

constexpr std::chrono::milliseconds kTimeToRevoke{std::chrono::hours(24 * 7)};
constexpr std::chrono::milliseconds kPayAgain{5000};
constexpr std::string_view kHost = "certspan";

ItemKey key_of(const Intake::RevocationOrder& order) {
  const std::string text = "revocation|" + to_string(order.item) + "|" + std::to_string(order.reason);
  ItemKey key{};
  const BytesView octets = as_bytes(text);
  SHA256(octets.data(), octets.size(), key.data());
  return key;
}

Step step_of(const WorkItem& issued, std::uint32_t reason) {
  Step step;
  step.kind = StepKind::Revoke;
  step.connectors = {issued.issuer};
  step.sources = {issued.source};
  step.retry.attempts = 0;
  step.reason = reason;
  return step;
}

/// Another try later may well succeed.
bool is_passing(const Error& error) {
  return error.outcome == Outcome::Unavailable;
}

}  // namespace

Result<WorkId> Intake::order(const RevocationOrder& order) {
  if (!accepting_) return fail(Outcome::Unavailable, "submit.closed", "the host takes no work in now");
  CERTSPAN_TRY(const WorkItem issued, runtime_.revocations.issued(order.item));
  const auto config = runtime_.config();
  const Connector* issuer = config->connectors.find(issued.issuer);
  if (issuer == nullptr || !issuer->can_revoke()) {
    return fail(Outcome::Unsupported, "revocation.cannot",
                "\"" + issued.issuer + "\", which issued for " + to_string(order.item) +
                    ", can't revoke, or is not in the configuration: revoke it at the CA itself");
  }
  const std::string name(kRevocation);
  const auto [entry, open] = runtime_.table.enter(key_of(order), std::nullopt, name, nullptr);
  if (entry == ItemTable::Entry::Repeat) return open->id.load();
  if (entry != ItemTable::Entry::Fresh) {
    return fail(Outcome::Unavailable, "submit.full", "too much work is under way; try again in a moment");
  }
  Pipeline pipeline;
  pipeline.name = name;
  pipeline.deadline = kTimeToRevoke;
  pipeline.steps = {step_of(issued, order.reason)};
  WorkItem& item = open->item;
  item.key = open->key;
  item.source = issued.source;
  item.message = name;
  item.labels = {{std::string(revocation_label::kItem), to_string(order.item)},
                 {std::string(revocation_label::kReason), std::string(reason_name(order.reason))},
                 {std::string(revocation_label::kBy), order.who},
                 {std::string(revocation_label::kWhy), order.why}};
  for (const std::string_view label : {"serial", "subject", "names", "device", "user"}) {
    if (const auto value = issued.label(label); !value.empty()) item.set_label(label, value);
  }
  begin(*open, pipeline, std::nullopt);
  if (order.pays) open->writes.push_back(Revocations::paid(order.item));
  const WorkId id = open->id;
  if (!runner_.keep(open)) return fail(Outcome::Unavailable, "journal.full", "the journal took nothing");
  return id;
}

void Intake::pay_debts() {
  const auto owed = runtime_.revocations.owed();
  if (!owed) return runtime_.timer.upkeep_after(kPayAgain, [this] { runtime_.revocations.still_in_debt(); });
  bool is_left = false;
  for (const Revocations::Owed& debt : *owed) {
    const auto ordered = order({.item = debt.item,
                                .reason = CERTSPAN_REASON_SUPERSEDED,
                                .who = std::string(kHost),
                                .why = debt.why,
                                .pays = true});
    if (ordered) continue;
    if (is_passing(ordered.error())) {
      is_left = true;
      continue;
    }
    const std::string id = to_string(debt.item);
    runtime_.log.write(LogLevel::Error, "revocation is a person's",
                       {{"work", id}, {"code", ordered.error().code}, {"reason", ordered.error().message}});
    is_left = runtime_.journal.write({Revocations::paid(debt.item)}) != CommitResult::Committed || is_left;
  }
  if (is_left) runtime_.timer.upkeep_after(kPayAgain, [this] { runtime_.revocations.still_in_debt(); });
}

}  // namespace certspan
