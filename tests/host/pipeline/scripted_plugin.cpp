#include "tests/host/pipeline/scripted_plugin.hpp"

#include <algorithm>
#include <array>
#include <sstream>

#include <certspan/plugin.hpp>

// Part of the test program, so certspan_add_plugin() makes no identity for it.
#define CERTSPAN_PLUGIN_ID "scripted"
#define CERTSPAN_PLUGIN_VERSION "1.0.0"

namespace certspan {
namespace {

Script* current_script = nullptr;

std::string next_word(std::deque<std::string>& words) {
  if (words.empty()) return "ok";
  std::string word = words.front();
  words.pop_front();
  return word;
}

std::string text_of(sdk::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
sdk::Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

sdk::Answer answer_of(const std::string& word, const std::string& certificate) {
  if (word == "ok") return certificate.empty() ? sdk::Answer::ok() : sdk::Answer::ok(bytes_of(certificate));
  if (word == "pending") return sdk::Answer::pending(bytes_of("order"), std::chrono::milliseconds(1));
  if (word == "hourly") return sdk::Answer::pending(bytes_of("order"), std::chrono::hours(1));
  if (word == "unavailable") return sdk::Answer::unavailable("scripted.unavailable", "not now");
  if (word == "throttled") {
    return sdk::Answer::throttled("scripted.throttled", "slower", std::chrono::milliseconds(40));
  }
  if (word == "put_off") {
    return sdk::Answer::throttled("scripted.throttled", "much later", std::chrono::minutes(10));
  }
  if (word == "internal") return sdk::Answer::internal("scripted.internal", "a mistake");
  if (word == "rejected") return sdk::Answer::rejected("scripted.rejected", "no");
  if (word == "cancelled") return sdk::Answer::cancelled("scripted.cancelled", "never");
  return sdk::Answer::unknown("scripted.unknown", "the line broke");
}

bool vouches(std::string_view who) {
  return current_script->vouching.find(who) != std::string::npos;
}

class ScriptedSource final : public sdk::Source {
 public:
  static constexpr const char* kName = "source";
  static constexpr const char* kSummary = "Takes requests from a test.";
  static constexpr const char* kSettingsSchema = R"({"type": "object"})";
  ScriptedSource(sdk::Host, std::string_view, std::string_view) {}

  bool open_intake(sdk::Faults&) override { return true; }

  void handle(const sdk::HttpRequest& request, sdk::Exchange& exchange) override {
    std::istringstream words(text_of(request.body()));
    std::string key;
    std::string poll;
    words >> key >> poll;
    const auto key_bytes = padded(key);
    const auto poll_bytes = padded(poll);
    if (key == "poll") return exchange.poll(poll_bytes, poll, {});
    sdk::Submission submission;
    submission.key = key_bytes;
    if (!poll.empty()) submission.poll_key = poll_bytes;
    submission.transaction_id = poll;
    submission.request = bytes_of(key);
    std::vector<sdk::Label> labels = {{"serial", key}};
    if (vouches("source")) labels.push_back({CERTSPAN_LABEL_VALIDATED_SID, "source"});
    submission.labels = labels;
    exchange.submit(submission, bytes_of("context"));
  }

  void reply(const sdk::Reply& reply, sdk::Bytes, sdk::Exchange& exchange) override {
    static constexpr std::array<std::string_view, 10> kWords = {
        "ok",      "pending",     "unavailable", "throttled", "rejected",
        "invalid", "unsupported", "unknown",     "cancelled", "internal"};
    const std::string body = std::string(kWords.at(static_cast<std::size_t>(reply.outcome()))) + ":" +
                             text_of(reply.certificate());
    exchange.respond({.status = 200, .content_type = "text/plain", .body = bytes_of(body)});
  }

 private:
  static std::array<std::uint8_t, 32> padded(const std::string& text) {
    std::array<std::uint8_t, 32> bytes{};
    std::copy_n(text.begin(), std::min(text.size(), bytes.size()), bytes.begin());
    return bytes;
  }
};

sdk::Answer vouching(sdk::Answer answer, std::string_view who) {
  if (vouches(who)) answer.add_label(CERTSPAN_LABEL_VALIDATED_SID, who);
  return answer;
}

sdk::Answer with_many_labels(Script& script) {
  const std::lock_guard lock(script.mutex);
  sdk::Answer answer = sdk::Answer::ok();
  for (int i = 0; i < 32; ++i) {
    answer.add_label("label-" + std::to_string(script.labels++), std::string(1024, 'x'));
  }
  return answer;
}

class ScriptedValidator final : public sdk::Validator {
 public:
  static constexpr const char* kName = "validator";
  static constexpr const char* kSummary = "Says yes, or what the script says.";
  static constexpr std::uint32_t kValidatorFlags = CERTSPAN_VALIDATOR_ASKS_PERSON;
  static constexpr const char* kSettingsSchema = R"({"type": "object"})";
  ScriptedValidator(sdk::Host host, std::string_view, std::string_view)
      : host_(host), script_(*current_script) {}

  sdk::Answer validate(const sdk::Item& item) override {
    std::string word;
    std::string challenge;
    if (script_.many_labels) return with_many_labels(script_);
    {
      const std::lock_guard lock(script_.mutex);
      word = next_word(script_.validate);
      challenge = script_.challenge;
    }
    if (challenge.empty()) return vouching(answer_of(word, ""), "validator");
    return spend(challenge, item);
  }

 private:
  sdk::Answer spend(const std::string& challenge, const sdk::Item& item) {
    const sdk::Store store = host_.store();
    sdk::Record record;
    if (store.get(bytes_of(challenge), record) == sdk::Outcome::Ok) {
      const bool mine = record.value == sdk::ByteBuffer(item.key().begin(), item.key().end());
      return mine ? sdk::Answer::ok() : sdk::Answer::rejected("scripted.spent", "spent");
    }
    const auto outcome = store.commit({sdk::insert_record(bytes_of(challenge), item.key())});
    return outcome == sdk::Outcome::Ok ? sdk::Answer::ok()
                                       : sdk::Answer::unavailable("scripted.store", "store");
  }

  sdk::Host host_;
  Script& script_;
};

class ScriptedDeliverer final : public sdk::Deliverer {
 public:
  static constexpr const char* kName = "deliverer";
  static constexpr const char* kSummary = "Hears how items ended.";
  static constexpr std::uint32_t kFlags = CERTSPAN_TYPE_RUNS_WAITS;
  static constexpr const char* kSettingsSchema = R"({"type": "object"})";
  ScriptedDeliverer(sdk::Host, std::string_view name, std::string_view)
      : name_(name), script_(*current_script) {}

  sdk::Answer deliver(const sdk::Item&, const sdk::Delivery& delivery) override {
    if (script_.inside_deliver) script_.inside_deliver();
    const std::lock_guard lock(script_.mutex);
    script_.heard.push_back(name_ + (delivery.issued() ? " ok " + text_of(delivery.certificate())
                                                       : " failed " + std::string(delivery.code())));
    return answer_of(next_word(script_.deliver), "");
  }

 private:
  std::string name_;
  Script& script_;
};

class ScriptedFence final : public sdk::Processor {
 public:
  static constexpr const char* kName = "fence";
  static constexpr const char* kSummary = "Says yes, or what the script says.";
  static constexpr const char* kSettingsSchema = R"({"type": "object"})";
  ScriptedFence(sdk::Host, std::string_view, std::string_view) : script_(*current_script) {}
  sdk::Answer before_issue(const sdk::Item&, const sdk::Issued&) override { return sdk::Answer::ok(); }
  sdk::Answer after_issue(const sdk::Item&, const sdk::Issued&) override {
    if (script_.many_labels) return with_many_labels(script_);
    const std::lock_guard lock(script_.mutex);
    return vouching(answer_of(next_word(script_.after_issue), ""), "fence");
  }

 private:
  Script& script_;
};

class IssuerBase : public sdk::Issuer {
  /// Whether the CA gives the first result again for a key it knows.
  bool repeats_itself() const { return name_ == "idempotent"; }

 public:
  static constexpr const char* kSummary = "Issues by script.";
  static constexpr const char* kSettingsSchema = R"({"type": "object"})";
  IssuerBase(sdk::Host, std::string_view name, std::string_view) : name_(name), script_(*current_script) {}

  sdk::Answer issue(const sdk::Item& item) override {
    if (script_.inside_issue) script_.inside_issue(name_);
    const std::lock_guard lock(script_.mutex);
    Script::Issuer& mine = script_.issuers[name_];
    ++mine.asked;
    mine.seen_handles.push_back(text_of(item.handle()));
    const std::string word = next_word(mine.issue);
    if (mine.certificates.contains(text_of(item.key())) && repeats_itself()) {
      return answer_of(word, word == "ok" ? mine.certificates[text_of(item.key())] : "");
    }
    return vouching(answer_of(word, word == "ok" || word == "unknown" ? certify(item) : ""), "ca");
  }
  sdk::Outcome chain(sdk::ChainSink& chain) override {
    chain.add(bytes_of("ca certificate of " + name_));
    return sdk::Outcome::Ok;
  }

 protected:
  std::string certify(const sdk::Item& item) {
    Script::Issuer& mine = script_.issuers[name_];
    const std::string certificate =
        "certificate of " + text_of(item.request()) + " " + std::to_string(++mine.issued);
    mine.certificates[text_of(item.key())] = certificate;
    return certificate;
  }

  const std::string name_;
  Script& script_;
};

/// What revokes also says by which key it issued.
class RevokingCa : public IssuerBase, public sdk::Revoker {
 public:
  using IssuerBase::IssuerBase;
  sdk::Answer revoke(const sdk::Item&, const sdk::Revocation& revocation) override {
    const std::lock_guard lock(script_.mutex);
    Script::Issuer& mine = script_.issuers[name_];
    const std::string known = mine.certificates[text_of(revocation.key())];
    mine.revoked.push_back(known + ", " + text_of(revocation.certificate()) + ", " +
                           std::to_string(revocation.reason()));
    return answer_of(next_word(mine.revoke), "");
  }
};

class BlindCa final : public IssuerBase {
 public:
  static constexpr const char* kName = "blind_ca";
  using IssuerBase::IssuerBase;
};

class OutsideCa final : public RevokingCa {
 public:
  static constexpr const char* kName = "ca";
  static constexpr std::uint32_t kFlags = CERTSPAN_TYPE_RUNS_WAITS;
  using RevokingCa::RevokingCa;
  sdk::Answer poll(const sdk::Item& item) override {
    const std::lock_guard lock(script_.mutex);
    ++script_.issuers[name_].polls;
    const std::string word = next_word(script_.issuers[name_].poll);
    return answer_of(word, word == "ok" ? certify(item) : "");
  }
  sdk::Answer lookup(const sdk::Item& item) override {
    const std::lock_guard lock(script_.mutex);
    Script::Issuer& mine = script_.issuers[name_];
    ++mine.lookups;
    const std::string word = next_word(mine.lookup);
    return answer_of(word, word == "ok" ? mine.certificates[text_of(item.key())] : "");
  }
  sdk::Outcome find(const sdk::FindRequest& request, sdk::FindSink& sink) override {
    const std::lock_guard lock(script_.mutex);
    const auto& ledger = script_.issuers[name_].ledger;
    const auto found = ledger.find(text_of(request.serial));
    if (found == ledger.end()) return sdk::Outcome::Rejected;
    sink.good(bytes_of(found->second));
    return sdk::Outcome::Ok;
  }
};

class IdempotentCa final : public IssuerBase {
 public:
  static constexpr const char* kName = "idempotent_ca";
  static constexpr std::uint32_t kFlags = CERTSPAN_TYPE_RUNS_WAITS;
  static constexpr std::uint32_t kIssuerFlags = CERTSPAN_ISSUER_IDEMPOTENT;
  using IssuerBase::IssuerBase;
};

class OrderCa final : public IssuerBase {
 public:
  static constexpr const char* kName = "order_ca";
  static constexpr std::uint32_t kFlags = CERTSPAN_TYPE_RUNS_WAITS;
  using IssuerBase::IssuerBase;
  sdk::Answer poll(const sdk::Item& item) override {
    const std::lock_guard lock(script_.mutex);
    ++script_.issuers[name_].polls;
    const std::string word = next_word(script_.issuers[name_].poll);
    return answer_of(word, word == "ok" ? certify(item) : "");
  }
  sdk::Answer cancel(const sdk::Item& item) override {
    const std::lock_guard lock(script_.mutex);
    const std::string word = next_word(script_.issuers[name_].cancel);
    return answer_of(word, word == "ok" ? certify(item) : "");
  }
};

class LocalCa final : public RevokingCa {
 public:
  static constexpr const char* kName = "local_ca";
  static constexpr std::uint32_t kIssuerFlags = CERTSPAN_ISSUER_LOCAL_EFFECTS;
  using RevokingCa::RevokingCa;
  sdk::Answer lookup(const sdk::Item& item) override {
    const std::lock_guard lock(script_.mutex);
    Script::Issuer& mine = script_.issuers[name_];
    ++mine.lookups;
    return answer_of("ok", mine.certificates[text_of(item.key())]);
  }
};

}  // namespace

void use_script(Script& script) {
  current_script = &script;
}

}  // namespace certspan

CERTSPAN_PLUGIN(certspan::ScriptedSource, certspan::ScriptedValidator, certspan::ScriptedFence,
                certspan::ScriptedDeliverer, certspan::OutsideCa, certspan::BlindCa, certspan::IdempotentCa,
                certspan::OrderCa, certspan::LocalCa)

const certspan_plugin& certspan::scripted_plugin() {
  return *certspan_plugin_entry_v0();
}
