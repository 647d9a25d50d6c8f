#include "host/rehearsal/scripted_connector.hpp"

#include <array>
#include <cstring>
#include <utility>

#include <certspan/abi/role_deliverer.h>
#include <certspan/abi/role_issuer.h>
#include <certspan/abi/role_processor.h>
#include <certspan/abi/role_validator.h>

#include "host/services/abi_views.hpp"

namespace certspan {
namespace {

ScriptedConnector& self(certspan_instance* instance) {
  return *static_cast<ScriptedConnector*>(static_cast<void*>(instance));
}

void play(certspan_instance* instance, std::string_view call, const certspan_answer_sink* sink) {
  const ScriptedConnector& connector = self(instance);
  connector.stage().play(connector.name(), call, *sink);
}

// --- life

certspan_outcome validate_config(certspan_string_view, const certspan_fault_sink*) noexcept {
  return CERTSPAN_OK;
}

certspan_outcome create(const certspan_host* host, certspan_string_view, certspan_string_view,
                        const certspan_fault_sink*, certspan_instance** instance) noexcept {
  *instance = static_cast<certspan_instance*>(host->context);
  return CERTSPAN_OK;
}

certspan_outcome start(certspan_instance*, const certspan_fault_sink*) noexcept {
  return CERTSPAN_OK;
}

void no_more(certspan_instance*) noexcept {}

const void* no_service(void*, const char*) noexcept {
  return nullptr;
}

// --- roles

void validate(certspan_instance* instance, const certspan_item*, const certspan_answer_sink* sink) noexcept {
  play(instance, "validate", sink);
}

void before_issue(certspan_instance* instance, const certspan_item*, const certspan_issued*,
                  const certspan_answer_sink* sink) noexcept {
  play(instance, "check_request", sink);
}

void after_issue(certspan_instance* instance, const certspan_item*, const certspan_issued*,
                 const certspan_answer_sink* sink) noexcept {
  play(instance, "check_certificate", sink);
}

void deliver(certspan_instance* instance, const certspan_item*, const certspan_delivery*,
             const certspan_answer_sink* sink) noexcept {
  play(instance, "deliver", sink);
}

void issue(certspan_instance* instance, const certspan_item*, const certspan_answer_sink* sink) noexcept {
  play(instance, "issue", sink);
}

void poll(certspan_instance* instance, const certspan_item*, const certspan_answer_sink* sink) noexcept {
  play(instance, "poll", sink);
}

void lookup(certspan_instance* instance, const certspan_item*, const certspan_answer_sink* sink) noexcept {
  play(instance, "lookup", sink);
}

void cancel(certspan_instance* instance, const certspan_item*, const certspan_answer_sink* sink) noexcept {
  play(instance, "cancel", sink);
}

certspan_outcome chain(certspan_instance* instance, const certspan_chain_sink* sink) noexcept {
  const std::string& name = self(instance).name();
  sink->add(sink->context, to_abi(name), to_abi(as_bytes(name)));
  return CERTSPAN_OK;
}

void handle(certspan_instance* instance, const certspan_http_request*,
            certspan_http_exchange* exchange) noexcept {
  const ScriptedConnector& connector = self(instance);
  connector.stage().submit(connector.name(), *exchange);
}

void reply(certspan_instance* instance, const certspan_reply* reply, certspan_bytes_view,
           certspan_http_exchange* exchange) noexcept {
  self(instance).stage().tell(*reply, *exchange);
}

// --- tables: one type for each set of traits that the engine can tell apart

constexpr unsigned kWaits = 1;
constexpr unsigned kLocal = 2;
constexpr unsigned kIdempotent = 4;
constexpr unsigned kPoll = 8;
constexpr unsigned kLookup = 16;
constexpr unsigned kCancel = 32;
constexpr std::size_t kTypes = 64;

constexpr certspan_role_source kSource = {sizeof(kSource), 0, &start, &no_more, &handle, &reply, nullptr};
constexpr certspan_role_validator kValidator = {sizeof(kValidator), 0, &validate};
constexpr certspan_role_processor kProcessor = {sizeof(kProcessor), 0, &before_issue, &after_issue};

constexpr certspan_role_deliverer kDeliverer = {sizeof(kDeliverer), 0, &deliver};

template <std::size_t kTraits>
constexpr certspan_role_issuer kIssuer = {sizeof(certspan_role_issuer),
                                          ((kTraits & kLocal) != 0 ? CERTSPAN_ISSUER_LOCAL_EFFECTS : 0) |
                                              ((kTraits & kIdempotent) != 0 ? CERTSPAN_ISSUER_IDEMPOTENT : 0),
                                          &issue,
                                          (kTraits & kPoll) != 0 ? &poll : nullptr,
                                          &chain,
                                          (kTraits & kLookup) != 0 ? &lookup : nullptr,
                                          nullptr,
                                          nullptr,
                                          (kTraits & kCancel) != 0 ? &cancel : nullptr,
                                          nullptr,
                                          nullptr,
                                          nullptr};

template <std::size_t kTraits>
const void* interface_table(const char* id) noexcept {
  if (std::strcmp(id, CERTSPAN_ROLE_SOURCE) == 0) return &kSource;
  if (std::strcmp(id, CERTSPAN_ROLE_VALIDATOR) == 0) return &kValidator;
  if (std::strcmp(id, CERTSPAN_ROLE_PROCESSOR) == 0) return &kProcessor;
  if (std::strcmp(id, CERTSPAN_ROLE_ISSUER) == 0) return &kIssuer<kTraits>;
  if (std::strcmp(id, CERTSPAN_ROLE_DELIVERER) == 0) return &kDeliverer;
  return nullptr;
}

template <std::size_t kTraits>
constexpr certspan_connector_type make_type() {
  return {sizeof(certspan_connector_type),
          (kTraits & kWaits) != 0 ? CERTSPAN_TYPE_RUNS_WAITS : 0,
          "scripted",
          "Does what a test says.",
          "{}",
          &validate_config,
          &create,
          &start,
          nullptr,
          &no_more,
          &no_more,
          &interface_table<kTraits>};
}

template <std::size_t... kTraits>
constexpr std::array<certspan_connector_type, kTypes> make_types(std::index_sequence<kTraits...>) {
  return {make_type<kTraits>()...};
}

constexpr std::array<certspan_connector_type, kTypes> kConnectorTypes =
    make_types(std::make_index_sequence<kTypes>());
constexpr const certspan_connector_type* kFirstType = kConnectorTypes.data();
constexpr certspan_plugin kPlugin = {sizeof(certspan_plugin),
                                     CERTSPAN_ABI_MAJOR,
                                     CERTSPAN_ABI_MINOR,
                                     CERTSPAN_ABI_BUILD,
                                     1,
                                     "rehearsal",
                                     "1.0.0",
                                     &kFirstType};

const certspan_connector_type& type_for(const Player& player) {
  std::size_t traits = 0;
  if (player.runs_waits) traits |= kWaits;
  if (player.local_effects) traits |= kLocal;
  if (player.idempotent) traits |= kIdempotent;
  if (player.has_poll) traits |= kPoll;
  if (player.has_lookup) traits |= kLookup;
  if (player.has_cancel) traits |= kCancel;
  return kConnectorTypes.at(traits);
}

}  // namespace

ScriptedConnector::ScriptedConnector(std::string name, const Player& player, Stage& stage)
    : name_(std::move(name)),
      stage_(stage),
      host_{sizeof(certspan_host),
            CERTSPAN_ABI_MAJOR,
            CERTSPAN_ABI_MINOR,
            CERTSPAN_ABI_BUILD,
            0,
            this,
            &no_service},
      connector_(std::make_shared<Connector>(
          name_, std::make_shared<const Plugin>(kPlugin, "rehearsal", "rehearsal", std::string(64, '0')),
          type_for(player))) {}

CallReport ScriptedConnector::start() {
  CallReport report = connector_->create(&host_, "{}");
  if (report.ok()) report = connector_->start();
  if (report.ok()) report = connector_->open_intake();
  return report;
}

}  // namespace certspan
