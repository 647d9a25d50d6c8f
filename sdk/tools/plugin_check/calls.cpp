#include "sdk/tools/plugin_check/calls.hpp"

#include <algorithm>
#include <thread>

#include <certspan/abi/role_deliverer.h>
#include <certspan/abi/role_issuer.h>
#include <certspan/abi/role_processor.h>
#include <certspan/abi/role_revoker.h>
#include <certspan/abi/role_validator.h>

#include "host/loading/abi_limits.hpp"
#include "sdk/tools/plugin_check/certificates.hpp"
#include "sdk/tools/plugin_check/child.hpp"
#include "sdk/tools/plugin_check/source_calls.hpp"

namespace certspan::check {
namespace {

using sdk::testing::FakeItem;

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kLargestRequest = 64UL * 1024;
constexpr std::size_t kLargestSigner = 16UL * 1024;
/// A view of more than this is no view.
constexpr std::uint64_t kMostReadable = 16UL * 1024 * 1024;
constexpr std::uint64_t kMostReadableLabels = 10'000;

bool readable(certspan_bytes_view view) {
  return view.size <= kMostReadable && (view.size == 0 || view.data != nullptr);
}
bool readable(certspan_string_view view) {
  return view.size <= kMostReadable && (view.size == 0 || view.data != nullptr);
}

std::string why_unreadable(const certspan_answer* answer) {
  if (answer == nullptr) return "the answer is null";
  if (answer->struct_size < sizeof(certspan_answer)) {
    return "the answer's struct_size is " + std::to_string(answer->struct_size) + ", not " +
           std::to_string(sizeof(certspan_answer));
  }
  if (!readable(answer->code) || !readable(answer->message) || !readable(answer->certificate) ||
      !readable(answer->handle)) {
    return "the answer has a view that can't be read (null, or far too long)";
  }
  if (answer->label_count > kMostReadableLabels || (answer->label_count != 0 && answer->labels == nullptr)) {
    return "the answer's labels can't be read";
  }
  for (std::uint64_t i = 0; i < answer->label_count; ++i) {
    if (!readable(answer->labels[i].name) || !readable(answer->labels[i].value))
      return "a label can't be read";
  }
  return answer->reserved == 0 ? "" : "the answer's \"reserved\" is not zero";
}

/// The sink of one call.
class Listener {
 public:
  explicit Listener(certspan_outcome note_outcome) : note_outcome_(note_outcome) {}

  certspan_answer_sink sink() { return {sizeof(certspan_answer_sink), 0, this, &on_answer, &on_note}; }
  Heard heard;

 private:
  static void on_answer(void* context, const certspan_answer* answer) noexcept {
    auto& self = *static_cast<Listener*>(context);
    if (std::this_thread::get_id() != self.thread_) {
      self.heard.foreign_thread = true;
      return;
    }
    if (++self.heard.answers > 1) return;
    self.heard.unreadable = why_unreadable(answer);
    if (!self.heard.unreadable.empty()) return;
    self.heard.outcome = answer->outcome;
    self.heard.answer = {.outcome = sdk::outcome_from_abi(answer->outcome),
                         .retry_after_ms = answer->retry_after_ms,
                         .code = std::string(sdk::from_abi(answer->code)),
                         .message = std::string(sdk::from_abi(answer->message)),
                         .certificate = sdk::testing::copy_of(answer->certificate),
                         .handle = sdk::testing::copy_of(answer->handle),
                         .labels = sdk::testing::copy_of(answer->labels, answer->label_count)};
  }
  static certspan_outcome on_note(void* context, certspan_bytes_view note) noexcept {
    auto& self = *static_cast<Listener*>(context);
    if (std::this_thread::get_id() != self.thread_) {
      self.heard.foreign_thread = true;
      return CERTSPAN_INTERNAL;
    }
    self.heard.notes.push_back(readable(note) ? sdk::testing::copy_of(note) : sdk::ByteBuffer());
    return self.note_outcome_;
  }

  const std::thread::id thread_ = std::this_thread::get_id();
  certspan_outcome note_outcome_;
};

void add_issuer_calls(LiveConnector& connector, std::vector<AnsweringCall>& calls) {
  const auto* issuer = connector.role<certspan_role_issuer>(CERTSPAN_ROLE_ISSUER);
  if (issuer == nullptr) return;
  const auto add = [&](const char* name, auto function) {
    if (function == nullptr) return;
    calls.push_back(
        {name, [&connector, function](const certspan_item* item, const certspan_answer_sink* sink) {
           function(connector.instance(), item, sink);
         }});
  };
  add("issue", issuer->issue);
  add("poll", issuer->poll);
  add("lookup", issuer->lookup);
  add("cancel", issuer->cancel);
}

void add_processor_calls(LiveConnector& connector, std::vector<AnsweringCall>& calls) {
  const auto* processor = connector.role<certspan_role_processor>(CERTSPAN_ROLE_PROCESSOR);
  if (processor == nullptr) return;
  const auto add = [&](const char* name, auto function, bool with_certificate) {
    calls.push_back({name, [&connector, function, with_certificate](const certspan_item* item,
                                                                    const certspan_answer_sink* sink) {
                       static const sdk::ByteBuffer certificate = make_certificate();
                       const certspan_bytes_view view = sdk::to_abi(sdk::Bytes(certificate));
                       const certspan_issued issued = {
                           sizeof(certspan_issued), 1, sdk::to_abi(std::string_view("checker-ca")),
                           with_certificate ? view : certspan_bytes_view{}, &view};
                       function(connector.instance(), item, connector.structs().copy(issued), sink);
                     }});
  };
  add("before_issue", processor->before_issue, false);
  add("after_issue", processor->after_issue, true);
}

void add_deliverer_calls(LiveConnector& connector, std::vector<AnsweringCall>& calls) {
  const auto* deliverer = connector.role<certspan_role_deliverer>(CERTSPAN_ROLE_DELIVERER);
  if (deliverer == nullptr) return;
  const auto add = [&](const char* name, certspan_outcome outcome) {
    calls.push_back(
        {name, [&connector, deliverer, outcome](const certspan_item* item, const certspan_answer_sink* sink) {
           static const sdk::ByteBuffer certificate = make_certificate();
           certspan_delivery delivery{};
           delivery.struct_size = sizeof(delivery);
           delivery.outcome = outcome;
           if (outcome == CERTSPAN_OK) {
             delivery.issuer = sdk::to_abi(std::string_view("checker-ca"));
             delivery.certificate = sdk::to_abi(sdk::Bytes(certificate));
           } else {
             delivery.code = sdk::to_abi(std::string_view("checker.refused"));
             delivery.message = sdk::to_abi(std::string_view("refused by the checker"));
           }
           deliverer->deliver(connector.instance(), item, connector.structs().copy(delivery), sink);
         }});
  };
  add("deliver", CERTSPAN_OK);
  add("deliver a failure", CERTSPAN_REJECTED);
}

void add_revoker_calls(LiveConnector& connector, std::vector<AnsweringCall>& calls) {
  const auto* revoker = connector.role<certspan_role_revoker>(CERTSPAN_ROLE_REVOKER);
  if (revoker == nullptr) return;
  calls.push_back(
      {"revoke", [&connector, revoker](const certspan_item* item, const certspan_answer_sink* sink) {
         static const sdk::ByteBuffer certificate = make_certificate();
         certspan_revocation revocation{};
         revocation.struct_size = sizeof(revocation);
         revocation.reason = CERTSPAN_REASON_CESSATION_OF_OPERATION;
         revocation.key = item->key;
         revocation.certificate = sdk::to_abi(sdk::Bytes(certificate));
         revoker->revoke(connector.instance(), item, connector.structs().copy(revocation), sink);
       }});
}

}  // namespace

std::vector<AnsweringCall> answering_calls(LiveConnector& connector) {
  std::vector<AnsweringCall> calls;
  add_issuer_calls(connector, calls);
  if (const auto* validator = connector.role<certspan_role_validator>(CERTSPAN_ROLE_VALIDATOR)) {
    calls.push_back(
        {"validate", [&connector, validator](const certspan_item* item, const certspan_answer_sink* sink) {
           validator->validate(connector.instance(), item, sink);
         }});
  }
  add_processor_calls(connector, calls);
  add_deliverer_calls(connector, calls);
  add_revoker_calls(connector, calls);
  return calls;
}

Heard hear(LiveConnector& connector, const AnsweringCall& call, FakeItem& item,
           certspan_outcome note_outcome) {
  Listener listener(note_outcome);
  const certspan_answer_sink sink = listener.sink();
  const certspan_item view = item.view();
  const certspan_item* shaped_item = connector.structs().copy(view);
  const certspan_answer_sink* shaped_sink = connector.structs().copy(sink);
  enter_phase(call.name);
  const auto start = std::chrono::steady_clock::now();
  call.make(shaped_item, shaped_sink);
  listener.heard.took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  enter_phase("");
  return std::move(listener.heard);
}

sdk::ByteBuffer random_bytes(std::mt19937_64& random, std::size_t size) {
  sdk::ByteBuffer bytes(size);
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::uint8_t>(random()); });
  return bytes;
}

FakeItem make_item(std::mt19937_64& random, const Sample& sample) {
  static const sdk::ByteBuffer request = make_request();
  FakeItem item;
  item.key = random_bytes(random, kKeySize);
  item.id = "W" + std::to_string(random() % 1'000'000);
  item.transaction_id = "T" + std::to_string(random());
  item.request = request;
  item.profile = sample.profile;
  return item;
}

std::vector<FakeItem> odd_items(std::mt19937_64& random, const Sample& sample) {
  std::vector<FakeItem> items;
  const auto add = [&](auto change) {
    items.push_back(make_item(random, sample));
    change(items.back());
  };
  add([](FakeItem& item) { item.request.clear(); });
  add([&](FakeItem& item) { item.request = random_bytes(random, 1); });
  add([&](FakeItem& item) { item.request = random_bytes(random, 1 + random() % 4096); });
  add([&](FakeItem& item) { item.request = random_bytes(random, kLargestRequest); });
  add([&](FakeItem& item) { item.request.resize(random() % item.request.size()); });
  add([&](FakeItem& item) { item.request.at(random() % item.request.size()) ^= 0x41; });
  add([&](FakeItem& item) { item.request.resize(kLargestRequest, 0x30); });
  add([&](FakeItem& item) {
    item.message = "renewal";
    item.signer = random_bytes(random, kLargestSigner);
  });
  add([](FakeItem& item) {
    item.transaction_id.clear();
    item.source.clear();
    item.pipeline.clear();
    item.profile.clear();
  });
  add([&](FakeItem& item) {
    for (std::size_t i = 0; i < abi_limit::kLabels; ++i)
      item.labels.push_back(
          {std::string(abi_limit::kLabelName, 'n'), std::string(abi_limit::kLabelValue, '\xff')});
  });
  add([&](FakeItem& item) {
    item.handle = random_bytes(random, abi_limit::kHandle);
    item.note = random_bytes(random, abi_limit::kHandle);
    item.attempt = 4'000'000'000;
  });
  add([](FakeItem& item) { item.transaction_id = std::string(2000, '\0') + "\"}]'<>\n%s%n\\"; });
  return items;
}

void exercise(LiveConnector& connector, const Sample& sample, std::mt19937_64& random) {
  for (const AnsweringCall& call : answering_calls(connector)) {
    FakeItem item = make_item(random, sample);
    hear(connector, call, item);
  }
  if (const auto* issuer = connector.role<certspan_role_issuer>(CERTSPAN_ROLE_ISSUER)) {
    sdk::testing::ChainRecorder chain;
    enter_phase("chain");
    issuer->chain(connector.instance(), connector.structs().copy(*chain.sink()));
    if (issuer->ping != nullptr) {
      sdk::testing::FaultRecorder faults;
      enter_phase("ping");
      issuer->ping(connector.instance(), connector.structs().copy(*faults.sink()));
    }
  }
  exercise_source(connector, random);
  enter_phase("");
}

}  // namespace certspan::check
