// Drives a connector through the contract's tables, as a host does. For tests of plugins.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/abi/actions.h>
#include <certspan/abi/plugin.h>
#include <certspan/abi/role_deliverer.h>
#include <certspan/abi/role_issuer.h>
#include <certspan/abi/role_processor.h>
#include <certspan/abi/role_revoker.h>
#include <certspan/abi/role_source.h>
#include <certspan/abi/role_validator.h>
#include <certspan/testing/fake_host.hpp>
#include <certspan/testing/recorders.hpp>
#include <certspan/types.hpp>

namespace certspan::sdk::testing {

/// What the type finds wrong with settings that fit its schema.
inline std::vector<RecordedFault> faults_in(const certspan_connector_type& type, std::string_view settings) {
  FaultRecorder faults;
  const certspan_outcome outcome = type.validate_config(to_abi(settings), faults.sink());
  if ((outcome == CERTSPAN_OK) != faults.faults().empty()) {
    throw std::logic_error("validate_config answered " + std::to_string(outcome) + " with " +
                           std::to_string(faults.faults().size()) + " faults");
  }
  return faults.faults();
}

/// A connector made from a type's C table: `ConnectorType<MyCa>::kTable`, or one of a loaded plugin. Made by
/// the constructor, which throws std::runtime_error with the first fault if the plugin refuses; stopped and
/// destroyed by the destructor.
class ConnectorUnderTest {
 public:
  ConnectorUnderTest(const certspan_connector_type& type, const FakeHost& host, std::string_view settings,
                     std::string_view name = "under-test")
      : type_(type) {
    FaultRecorder faults;
    const certspan_outcome outcome =
        type.create(host.c_host(), to_abi(name), to_abi(settings), faults.sink(), &instance_);
    if (outcome != CERTSPAN_OK) throw std::runtime_error("create failed: " + first(faults));
  }
  ConnectorUnderTest(const ConnectorUnderTest&) = delete;
  ConnectorUnderTest& operator=(const ConnectorUnderTest&) = delete;
  ~ConnectorUnderTest() {
    type_.stop(instance_);
    type_.destroy(instance_);
  }

  /// Starts it; throws std::runtime_error with the first fault if that fails.
  void start() {
    FaultRecorder faults;
    if (type_.start(instance_, faults.sink()) != CERTSPAN_OK) {
      throw std::runtime_error("start failed: " + first(faults));
    }
  }
  void open_intake() {
    FaultRecorder faults;
    if (role<certspan_role_source>(CERTSPAN_ROLE_SOURCE).open_intake(instance_, faults.sink()) !=
        CERTSPAN_OK) {
      throw std::runtime_error("open_intake failed: " + first(faults));
    }
  }

  RecordedAnswer issue(FakeItem& item) { return answer(issuer().issue, item); }
  RecordedAnswer poll(FakeItem& item) { return answer(issuer().poll, item); }
  RecordedAnswer lookup(FakeItem& item) { return answer(issuer().lookup, item); }
  RecordedAnswer cancel(FakeItem& item) { return answer(issuer().cancel, item); }
  /// `issue` on a host whose journal answers `note` to every note.
  RecordedAnswer issue_with_notes(FakeItem& item, Outcome note) {
    AnswerRecorder recorder;
    recorder.set_note_outcome(note);
    return answer(issuer().issue, item, recorder);
  }
  /// The chain; empty if the connector has none to show.
  std::vector<ByteBuffer> chain() {
    ChainRecorder recorder;
    const bool shown = issuer().chain(instance_, recorder.sink()) == CERTSPAN_OK;
    return shown ? recorder.certificates() : std::vector<ByteBuffer>();
  }
  Outcome ping() {
    if (issuer().ping == nullptr) throw std::logic_error("the connector type does not offer this function");
    FaultRecorder faults;
    return outcome_from_abi(issuer().ping(instance_, faults.sink()));
  }
  RecordedAnswer validate(FakeItem& item) {
    return answer(role<certspan_role_validator>(CERTSPAN_ROLE_VALIDATOR).validate, item);
  }

  /// The item's certificate, issued by `issuer`, is told of.
  RecordedAnswer deliver(FakeItem& item, std::string_view issuer, Bytes certificate) {
    certspan_delivery delivery{};
    delivery.struct_size = sizeof(delivery);
    delivery.issuer = to_abi(issuer);
    delivery.certificate = to_abi(certificate);
    return deliver(item, delivery);
  }
  /// That the item ended without a certificate is told of.
  RecordedAnswer deliver(FakeItem& item, Outcome outcome, std::string_view code, std::string_view message) {
    certspan_delivery delivery{};
    delivery.struct_size = sizeof(delivery);
    delivery.outcome = to_abi(outcome);
    delivery.code = to_abi(code);
    delivery.message = to_abi(message);
    return deliver(item, delivery);
  }

  /// The certificate that was issued under `key` is to be revoked.
  RecordedAnswer revoke(FakeItem& item, Bytes key, Bytes certificate, std::uint32_t reason) {
    certspan_revocation revocation{};
    revocation.struct_size = sizeof(revocation);
    revocation.reason = reason;
    revocation.key = to_abi(key);
    revocation.certificate = to_abi(certificate);
    AnswerRecorder recorder;
    const certspan_item view = item.view();
    role<certspan_role_revoker>(CERTSPAN_ROLE_REVOKER).revoke(instance_, &view, &revocation, recorder.sink());
    return recorder.only();
  }

  /// Runs a named command. The result, or std::runtime_error with the first fault.
  std::string run_action(const char* name, std::string_view arguments) {
    FaultRecorder faults;
    std::string result;
    const certspan_bytes_sink sink = {sizeof(certspan_bytes_sink), 0, &result,
                                      [](void* context, certspan_bytes_view value) noexcept {
                                        *static_cast<std::string*>(context) = text_of(from_abi(value));
                                      }};
    const auto& actions = role<certspan_actions>(CERTSPAN_INTERFACE_ACTIONS);
    if (actions.run(instance_, name, to_abi(arguments), &sink, faults.sink()) != CERTSPAN_OK) {
      throw std::runtime_error(std::string(name) + " failed: " + first(faults));
    }
    return result;
  }

  /// The table of a role or interface; throws std::logic_error if the connector does not offer it.
  template <class Table>
  [[nodiscard]] const Table& role(const char* id) const {
    const void* table = type_.interface_table(id);
    if (table == nullptr) throw std::logic_error(std::string("the connector type does not offer ") + id);
    return *static_cast<const Table*>(table);
  }
  [[nodiscard]] const certspan_role_issuer& issuer() const {
    return role<certspan_role_issuer>(CERTSPAN_ROLE_ISSUER);
  }
  [[nodiscard]] const certspan_role_source& source() const {
    return role<certspan_role_source>(CERTSPAN_ROLE_SOURCE);
  }
  [[nodiscard]] certspan_instance* instance() const noexcept { return instance_; }

 private:
  using Answering = void (*)(certspan_instance*, const certspan_item*, const certspan_answer_sink*) noexcept;

  RecordedAnswer answer(Answering function, FakeItem& item) {
    AnswerRecorder recorder;
    return answer(function, item, recorder);
  }
  RecordedAnswer answer(Answering function, FakeItem& item, AnswerRecorder& recorder) {
    if (function == nullptr) throw std::logic_error("the connector type does not offer this function");
    const certspan_item view = item.view();
    function(instance_, &view, recorder.sink());
    return recorder.only();
  }

  RecordedAnswer deliver(FakeItem& item, const certspan_delivery& delivery) {
    AnswerRecorder recorder;
    const certspan_item view = item.view();
    role<certspan_role_deliverer>(CERTSPAN_ROLE_DELIVERER)
        .deliver(instance_, &view, &delivery, recorder.sink());
    return recorder.only();
  }

  static std::string first(const FaultRecorder& faults) {
    return faults.faults().empty() ? "no fault was given" : faults.faults().front().message;
  }

  const certspan_connector_type& type_;
  certspan_instance* instance_ = nullptr;
};

}  // namespace certspan::sdk::testing
