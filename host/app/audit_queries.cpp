#include "host/app/audit_queries.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "host/app/work_report.hpp"
#include "host/base/clock.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kRecordsInAnswer = 1000;

Json to_json(const AuditRecord& record) {
  return {{"number", record.number},
          {"before", to_hex(record.before)},
          {"digest", to_hex(record.digest)},
          {"id", static_cast<std::uint64_t>(record.id)},
          {"state", static_cast<int>(record.state)},
          {"readable", record.readable},
          {"outcome", to_string(record.outcome)},
          {"code", record.code},
          {"accepted_at", record.accepted_at},
          {"finished_at", record.finished_at},
          {"pipeline", record.pipeline},
          {"issuer", record.issuer},
          {"serial", record.serial},
          {"request", to_hex(record.request_digest)}};
}

Json to_json(const Erasure& erasure) {
  Json numbers = Json::array();
  for (const NumberRange& range : erasure.numbers) numbers.push_back({range.first, range.last});
  return {{"at", erasure.at},
          {"who", erasure.who},
          {"reason", erasure.reason},
          {"items", erasure.items},
          {"numbers", std::move(numbers)}};
}

Json erasure_to_json(const AuditRecord& record) {
  return {{"number", record.number},
          {"before", to_hex(record.before)},
          {"digest", to_hex(record.digest)},
          {"readable", record.readable},
          {"erasure", to_json(*record.erasure)}};
}

Json to_json(const AuditGap& gap) {
  return {
      {"first", gap.first}, {"last", gap.last}, {"before", to_hex(gap.before)}, {"after", to_hex(gap.after)}};
}

/// Throws what the JSON library throws.
AuditHash hash_from(const Json& object, const char* name) {
  const auto bytes = from_hex(object.at(name).get<std::string>());
  AuditHash hash{};
  if (bytes && bytes->size() == hash.size()) std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

AuditRecord record_from(const Json& object) {
  AuditRecord record;
  record.number = object.at("number").get<std::uint64_t>();
  record.before = hash_from(object, "before");
  record.digest = hash_from(object, "digest");
  record.id = WorkId{object.at("id").get<std::uint64_t>()};
  record.state = static_cast<ItemState>(std::clamp(object.at("state").get<int>(), 0, 6));
  record.readable = object.at("readable").get<bool>();
  record.outcome = outcome_from_string(object.at("outcome").get<std::string>()).value_or(Outcome::Internal);
  record.code = object.at("code").get<std::string>();
  record.accepted_at = object.at("accepted_at").get<WallMs>();
  record.finished_at = object.at("finished_at").get<WallMs>();
  record.pipeline = object.at("pipeline").get<std::string>();
  record.issuer = object.at("issuer").get<std::string>();
  record.serial = object.at("serial").get<std::string>();
  record.request_digest = hash_from(object, "request");
  return record;
}

AuditRecord erasure_from(const Json& object) {
  AuditRecord record;
  record.number = object.at("number").get<std::uint64_t>();
  record.before = hash_from(object, "before");
  record.digest = hash_from(object, "digest");
  record.readable = object.at("readable").get<bool>();
  const Json& told = object.at("erasure");
  Erasure& erasure = record.erasure.emplace();
  erasure.at = record.finished_at = told.at("at").get<WallMs>();
  erasure.who = told.at("who").get<std::string>();
  erasure.reason = told.at("reason").get<std::string>();
  erasure.items = told.at("items").get<std::uint64_t>();
  for (const Json& range : told.at("numbers")) {
    erasure.numbers.push_back({range.at(0).get<std::uint64_t>(), range.at(1).get<std::uint64_t>()});
  }
  return record;
}

Json to_json(const Restore& restore) {
  return {{"backup_at", to_wall_text(restore.backup_at)},
          {"restored_at", to_wall_text(restore.restored_at)},
          {"started_at", restore.started_at ? Json(to_wall_text(*restore.started_at)) : Json()},
          {"audit_number", restore.audit_number},
          {"audit_hash", to_hex(restore.audit_hash)},
          {"nothing_lost", restore.nothing_lost}};
}

tl::unexpected<Error> no_answer() {
  return fail(Outcome::Internal, "control.no_answer",
              "the host's answer can't be read: use the certspan of its own version");
}

Result<Json> head_of(Journal& journal, const HeadSigner* signer) {
  CERTSPAN_TRY(const AuditHead head, journal.audit_head());
  CERTSPAN_TRY(const auto restores, journal.restores());
  Json list = Json::array();
  for (const Restore& restore : restores) list.push_back(to_json(restore));
  Json answer = {{"number", head.number},
                 {"hash", to_hex(head.hash)},
                 {"removed", head.removed},
                 {"restores", std::move(list)}};
  if (signer != nullptr) {
    CERTSPAN_TRY(answer["signed"], signer->sign(head, SystemClock().wall_ms()));
    answer["key"] = signer->key();
  }
  return answer;
}

Result<Json> page_of(Journal& journal, std::uint64_t after) {
  CERTSPAN_TRY(const AuditPage page, journal.audit_page(WorkId{after}, kRecordsInAnswer));
  Json records = Json::array();
  for (const AuditRecord& record : page.records) records.push_back(to_json(record));
  return Json{
      {"records", std::move(records)}, {"last", static_cast<std::uint64_t>(page.last)}, {"more", page.more}};
}

Result<Json> gaps_of(Journal& journal, std::uint64_t after) {
  CERTSPAN_TRY(const auto gaps, journal.audit_gaps(after, kRecordsInAnswer));
  Json list = Json::array();
  for (const AuditGap& gap : gaps) list.push_back(to_json(gap));
  return Json{{"gaps", std::move(list)}};
}

Result<Json> erasures_of(Journal& journal, std::uint64_t after) {
  CERTSPAN_TRY(const auto records, journal.audit_erasures(after, kRecordsInAnswer));
  Json list = Json::array();
  for (const AuditRecord& record : records) list.push_back(erasure_to_json(record));
  return Json{{"erasures", std::move(list)}};
}

}  // namespace

Result<Json> answer_audit_query(Journal& journal, const HeadSigner* signer, std::string_view command,
                                const Json& arguments) try {
  if (command == "audit_head") return head_of(journal, signer);
  const std::uint64_t after = arguments.value("after", std::uint64_t{0});
  if (command == "audit_erasures") return erasures_of(journal, after);
  return command == "audit_page" ? page_of(journal, after) : gaps_of(journal, after);
} catch (const Json::exception& error) {
  return fail(Outcome::Invalid, "control.bad_arguments",
              std::string("the arguments can't be read: ") + error.what());
}

Result<AuditHead> audit_head_from(const Json& answer) try {
  return AuditHead{answer.at("number").get<std::uint64_t>(), hash_from(answer, "hash"),
                   answer.at("removed").get<std::uint64_t>()};
} catch (const Json::exception&) {
  return no_answer();
}

Result<AuditPage> audit_page_from(const Json& answer) try {
  AuditPage page;
  for (const Json& record : answer.at("records")) page.records.push_back(record_from(record));
  page.last = WorkId{answer.at("last").get<std::uint64_t>()};
  page.more = answer.at("more").get<bool>();
  return page;
} catch (const Json::exception&) {
  return no_answer();
}

Result<std::vector<AuditRecord>> audit_erasures_from(const Json& answer) try {
  std::vector<AuditRecord> records;
  for (const Json& record : answer.at("erasures")) records.push_back(erasure_from(record));
  return records;
} catch (const Json::exception&) {
  return no_answer();
}

Result<std::vector<AuditGap>> audit_gaps_from(const Json& answer) try {
  std::vector<AuditGap> gaps;
  for (const Json& gap : answer.at("gaps")) {
    gaps.push_back({gap.at("first").get<std::uint64_t>(), gap.at("last").get<std::uint64_t>(),
                    hash_from(gap, "before"), hash_from(gap, "after")});
  }
  return gaps;
} catch (const Json::exception&) {
  return no_answer();
}

nlohmann::ordered_json exported(const AuditRecord& record, const AuditHash& hash) {
  nlohmann::ordered_json line = {{"number", record.number}};
  if (record.erasure) {
    line["erased"] = {{"at", to_wall_text(record.erasure->at)},
                      {"who", record.erasure->who},
                      {"reason", record.erasure->reason},
                      {"items", record.erasure->items},
                      {"numbers", to_json(*record.erasure)["numbers"]}};
  } else {
    line["work"] = to_string(record.id);
  }
  if (record.readable && !record.erasure) {
    line.update({{"state", to_string(record.state)},
                 {"outcome", to_string(record.outcome)},
                 {"code", record.code},
                 {"accepted_at", to_wall_text(record.accepted_at)},
                 {"finished_at", to_wall_text(record.finished_at)},
                 {"pipeline", record.pipeline},
                 {"issuer", record.issuer},
                 {"serial", record.serial},
                 {"request_sha256", to_hex(record.request_digest)}});
  }
  line["before"] = to_hex(record.before);
  line["digest"] = to_hex(record.digest);
  line["hash"] = to_hex(hash);
  return line;
}

nlohmann::ordered_json exported(const AuditGap& gap) {
  return {{"removed", {{"first", gap.first}, {"last", gap.last}}},
          {"before", to_hex(gap.before)},
          {"hash", to_hex(gap.after)}};
}

Json verdict_to_json(const AuditVerifier::Verdict& verdict) {
  Json erasures = Json::array();
  for (const Erasure& erasure : verdict.erasures) {
    erasures.push_back(to_json(erasure));
    erasures.back()["at"] = to_wall_text(erasure.at);
  }
  return {{"verified", verdict.verified}, {"removed", verdict.removed},
          {"erased", verdict.erased},     {"unchained", verdict.unchained},
          {"heads", verdict.heads},       {"old_heads", verdict.old_heads},
          {"faults", verdict.faults},     {"erasures", std::move(erasures)}};
}

std::string tell_restores(const Json& restores) {
  std::string text;
  for (const Json& restore : restores) {
    const auto number = restore.value("audit_number", std::uint64_t{0});
    text += fmt::format(
        "the journal was put back at {} from a backup of {}, where the chain ended at number {}: heads "
        "beyond "
        "that number that were told in between are of items that are lost\n",
        restore.value("restored_at", ""), restore.value("backup_at", ""), number);
  }
  return text;
}

std::string tell_verdict(const AuditVerifier::Verdict& verdict) {
  std::string text;
  for (const Erasure& erasure : verdict.erasures) {
    text += fmt::format("  {}: {} had {} items erased: {}\n", to_wall_text(erasure.at), erasure.who,
                        erasure.items, erasure.reason);
  }
  for (const std::string& fault : verdict.faults) text += "  ! " + fault + "\n";
  text += fmt::format("{} finished items are as they were, {} were removed by retention", verdict.verified,
                      verdict.removed);
  if (verdict.erased > 0) text += fmt::format(", {} were erased as told above", verdict.erased);
  if (verdict.unchained > 0) text += fmt::format(", {} finished before there was a chain", verdict.unchained);
  if (verdict.heads + verdict.old_heads > 0) {
    text += fmt::format("; {} heads that were told outside are in the chain, {} are of removed items",
                        verdict.heads, verdict.old_heads);
  }
  text += verdict.faults.empty() ? "\nthe audit chain is whole\n" : "\nthe audit chain does not hold\n";
  return text;
}

}  // namespace certspan
