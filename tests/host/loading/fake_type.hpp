#pragma once

#include <functional>
#include <string>
#include <vector>

#include <certspan/abi/actions.h>
#include <certspan/abi/plugin.h>
#include <certspan/abi/role_issuer.h>
#include <certspan/abi/role_processor.h>
#include <certspan/abi/role_source.h>
#include <certspan/abi/role_validator.h>

#include "host/loading/plugin.hpp"
#include "host/services/abi_views.hpp"

namespace certspan::test {

/// A connector type in this process whose every function does what the test put there, and notes that it was
/// called. One at a time: the tables of the contract have no context before `create`.
struct FakeType {
  using Faulty = std::function<certspan_outcome(const certspan_fault_sink&)>;
  using Answering = std::function<void(const certspan_item&, const certspan_answer_sink&)>;

  std::vector<std::string> calls;
  Faulty validate_config, create, start, open_intake, ping;
  bool makes_instance = true;
  certspan_outcome drains = CERTSPAN_OK;
  Answering answers;  ///< of every call that carries an item
  std::function<certspan_outcome(const certspan_chain_sink&)> chain;
  std::function<certspan_outcome(const certspan_find_request&, const certspan_find_sink&)> find;
  std::function<certspan_outcome(const certspan_crl_request&, const certspan_bytes_sink&)> crl;
  std::function<certspan_outcome(const certspan_bytes_sink&)> next_ca;
  std::function<certspan_outcome(const certspan_status_request&, const certspan_bytes_sink&)> status;
  std::function<void(const certspan_issued&)> issued;
  std::function<void(const certspan_reply&, certspan_bytes_view)> reply;
  std::function<certspan_outcome(certspan_string_view, const certspan_bytes_sink&,
                                 const certspan_fault_sink&)>
      action;
  std::uint64_t drain_deadline_ns = 0;

  FakeType() {
    now = this;
    offers_all = true;
    issuer_table = {sizeof(issuer_table), 0,         &on_issue, &on_poll,   &on_chain,
                    &on_lookup,           &on_find,  &on_ping,  &on_cancel, &on_crl,
                    &on_next_ca,          &on_status};
  }
  ~FakeType() { now = nullptr; }
  FakeType(const FakeType&) = delete;
  FakeType& operator=(const FakeType&) = delete;

  /// May be shortened or emptied before the connector is made.
  static inline certspan_role_issuer issuer_table;
  static inline bool offers_all = true;

  const certspan_connector_type& type() { return kType; }
  std::shared_ptr<const Plugin> plugin() const {
    return std::make_shared<const Plugin>(kPlugin, "/plugins/fake.so", "/run/fake.so", "00");
  }

  void called(const char* name) { calls.emplace_back(name); }

 private:
  static inline FakeType* now = nullptr;

  static certspan_outcome run(const char* name, const Faulty& faulty, const certspan_fault_sink* faults) {
    now->called(name);
    return faulty ? faulty(*faults) : CERTSPAN_OK;
  }
  static certspan_instance* instance() { return reinterpret_cast<certspan_instance*>(now); }

  static certspan_outcome on_validate_config(certspan_string_view,
                                             const certspan_fault_sink* faults) noexcept {
    return run("validate_config", now->validate_config, faults);
  }
  static certspan_outcome on_create(const certspan_host*, certspan_string_view name, certspan_string_view,
                                    const certspan_fault_sink* faults, certspan_instance** made) noexcept {
    if (now->makes_instance) *made = instance();
    return run(("create " + std::string(from_abi(name))).c_str(), now->create, faults);
  }
  static certspan_outcome on_start(certspan_instance*, const certspan_fault_sink* faults) noexcept {
    return run("start", now->start, faults);
  }
  static certspan_outcome on_drain(certspan_instance*, std::uint64_t deadline_ns) noexcept {
    now->called("drain");
    now->drain_deadline_ns = deadline_ns;
    return now->drains;
  }
  static void on_stop(certspan_instance*) noexcept { now->called("stop"); }
  static void on_destroy(certspan_instance*) noexcept { now->called("destroy"); }

  static void answer(const char* name, const certspan_item* item, const certspan_answer_sink* sink) {
    now->called(name);
    if (now->answers) now->answers(*item, *sink);
  }
  static void on_validate(certspan_instance*, const certspan_item* item,
                          const certspan_answer_sink* sink) noexcept {
    answer("validate", item, sink);
  }
  static void on_issue(certspan_instance*, const certspan_item* item,
                       const certspan_answer_sink* sink) noexcept {
    answer("issue", item, sink);
  }
  static void on_poll(certspan_instance*, const certspan_item* item,
                      const certspan_answer_sink* sink) noexcept {
    answer("poll", item, sink);
  }
  static void on_lookup(certspan_instance*, const certspan_item* item,
                        const certspan_answer_sink* sink) noexcept {
    answer("lookup", item, sink);
  }
  static void on_cancel(certspan_instance*, const certspan_item* item,
                        const certspan_answer_sink* sink) noexcept {
    answer("cancel", item, sink);
  }
  static certspan_outcome on_chain(certspan_instance*, const certspan_chain_sink* sink) noexcept {
    now->called("chain");
    return now->chain(*sink);
  }
  static certspan_outcome on_find(certspan_instance*, const certspan_find_request* request,
                                  const certspan_find_sink* sink) noexcept {
    now->called("find");
    return now->find(*request, *sink);
  }
  static certspan_outcome on_crl(certspan_instance*, const certspan_crl_request* request,
                                 const certspan_bytes_sink* sink) noexcept {
    now->called("crl");
    return now->crl(*request, *sink);
  }
  static certspan_outcome on_status(certspan_instance*, const certspan_status_request* request,
                                    const certspan_bytes_sink* sink) noexcept {
    now->called("status");
    return now->status(*request, *sink);
  }
  static certspan_outcome on_next_ca(certspan_instance*, const certspan_bytes_sink* sink) noexcept {
    now->called("next_ca");
    return now->next_ca(*sink);
  }
  static certspan_outcome on_ping(certspan_instance*, const certspan_fault_sink* faults) noexcept {
    return run("ping", now->ping, faults);
  }
  static void on_before(certspan_instance*, const certspan_item* item, const certspan_issued* issued,
                        const certspan_answer_sink* sink) noexcept {
    now->issued(*issued);
    answer("before_issue", item, sink);
  }
  static void on_after(certspan_instance*, const certspan_item* item, const certspan_issued* issued,
                       const certspan_answer_sink* sink) noexcept {
    now->issued(*issued);
    answer("after_issue", item, sink);
  }
  static certspan_outcome on_open(certspan_instance*, const certspan_fault_sink* faults) noexcept {
    return run("open_intake", now->open_intake, faults);
  }
  static void on_close(certspan_instance*) noexcept { now->called("close_intake"); }
  static void on_handle(certspan_instance*, const certspan_http_request*, certspan_http_exchange*) noexcept {
    now->called("handle");
  }
  static void on_reply(certspan_instance*, const certspan_reply* reply, certspan_bytes_view context,
                       certspan_http_exchange*) noexcept {
    now->called("reply");
    now->reply(*reply, context);
  }
  static certspan_outcome on_action(certspan_instance* instance, const char* name,
                                    certspan_string_view arguments, const certspan_bytes_sink* result,
                                    const certspan_fault_sink* faults) noexcept {
    now->called((std::string(instance == nullptr ? "offline " : "action ") + name).c_str());
    return now->action(arguments, *result, *faults);
  }

  static const void* on_interface(const char* id) noexcept {
    const std::string_view name(id);
    if (name == CERTSPAN_ROLE_ISSUER) return &issuer_table;
    if (!offers_all) return nullptr;
    if (name == CERTSPAN_ROLE_VALIDATOR) return &kValidator;
    if (name == CERTSPAN_ROLE_PROCESSOR) return &kProcessor;
    if (name == CERTSPAN_ROLE_SOURCE) return &kSource;
    if (name == CERTSPAN_INTERFACE_ACTIONS) return &kActions;
    return nullptr;
  }

  static constexpr certspan_role_validator kValidator = {sizeof(certspan_role_validator), 0, &on_validate};
  static constexpr certspan_role_processor kProcessor = {sizeof(certspan_role_processor), 0, &on_before,
                                                         &on_after};
  static constexpr certspan_role_source kSource = {
      sizeof(certspan_role_source), 0, &on_open, &on_close, &on_handle, &on_reply, nullptr};
  static constexpr certspan_action kInit = {sizeof(certspan_action),
                                            CERTSPAN_ACTION_OFFLINE,
                                            "init",
                                            "Makes a key.",
                                            CERTSPAN_PERSON_ADMIN,
                                            0,
                                            "{}"};
  static constexpr certspan_action kChallenge = {
      sizeof(certspan_action), 0, "challenge_new", "Makes a challenge.", CERTSPAN_PERSON_OFFICER, 0, "{}"};
  static constexpr const certspan_action* kActionList[] = {&kInit, &kChallenge};
  static constexpr certspan_actions kActions = {sizeof(certspan_actions), 2, kActionList, &on_action};
  static constexpr certspan_connector_type kType = {sizeof(certspan_connector_type),
                                                    CERTSPAN_TYPE_RUNS_WAITS,
                                                    "fake",
                                                    "Does what a test says.",
                                                    "{}",
                                                    &on_validate_config,
                                                    &on_create,
                                                    &on_start,
                                                    &on_drain,
                                                    &on_stop,
                                                    &on_destroy,
                                                    &on_interface};
  static constexpr const certspan_connector_type* kTypes[] = {&kType};
  static constexpr certspan_plugin kPlugin = {sizeof(certspan_plugin),
                                              CERTSPAN_ABI_MAJOR,
                                              CERTSPAN_ABI_MINOR,
                                              CERTSPAN_ABI_BUILD,
                                              1,
                                              "t.fake",
                                              "1.0.0",
                                              kTypes};
};

/// An answer with this outcome and nothing else.
inline certspan_answer plain_answer(certspan_outcome outcome) {
  certspan_answer answer{};
  answer.struct_size = sizeof(answer);
  answer.outcome = outcome;
  return answer;
}

}  // namespace certspan::test
