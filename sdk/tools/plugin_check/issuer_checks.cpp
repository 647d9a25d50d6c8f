// What a host counts on when it asks an issuer again.
#include <algorithm>

#include <certspan/abi/role_issuer.h>

#include "host/base/outcome.hpp"
#include "host/loading/abi_limits.hpp"
#include "sdk/tools/plugin_check/certificates.hpp"
#include "sdk/tools/plugin_check/checks.hpp"
#include "sdk/tools/plugin_check/child.hpp"
#include "sdk/tools/plugin_check/scene.hpp"

namespace certspan::check {
namespace {

constexpr int kTimes = 10;

const AnsweringCall* call_named(const std::vector<AnsweringCall>& calls, const std::string& name) {
  const auto found =
      std::find_if(calls.begin(), calls.end(), [&](const AnsweringCall& call) { return call.name == name; });
  return found == calls.end() ? nullptr : &*found;
}

const certspan_role_issuer& issuer_of(const LiveConnector& connector) {
  return *connector.role<certspan_role_issuer>(CERTSPAN_ROLE_ISSUER);
}

/// Whether what an order comes to can be told here: by the plugin's own word or by the scripted CA's.
bool orders_can_be_told(const Scene& scene) {
  const std::uint32_t flags = issuer_of(scene.connector).flags;
  return (flags & CERTSPAN_ISSUER_LOCAL_EFFECTS) != 0 || scene.host.ca.knows_orders();
}

/// Takes what a bytes sink gets.
struct OneValue {
  const certspan_bytes_sink* sink() { return &view; }

  std::vector<sdk::ByteBuffer> values;
  certspan_bytes_sink view = {
      sizeof(certspan_bytes_sink), 0, this, [](void* context, certspan_bytes_view value) noexcept {
        const sdk::Bytes bytes = sdk::from_abi(value);
        static_cast<OneValue*>(context)->values.emplace_back(bytes.begin(), bytes.end());
      }};
};

constexpr const char* kCannotTell =
    "nobody can say what an order came to: no rule of the scripted CA has an \"order_key\" "
    "(docs/plugin-check.md)";

}  // namespace

void check_same_key(Run& run) {
  Scene scene(run);
  scene.connector.begin();
  const auto& issuer = issuer_of(scene.connector);
  const bool promised = (issuer.flags & (CERTSPAN_ISSUER_IDEMPOTENT | CERTSPAN_ISSUER_LOCAL_EFFECTS)) != 0;
  if (!promised && !scene.host.ca.knows_orders()) throw CheckSkipped(kCannotTell);
  const auto calls = answering_calls(scene.connector);
  auto item = scene.item();
  std::vector<sdk::testing::RecordedAnswer> done;
  for (int i = 0; i < kTimes; ++i) {
    item.attempt = static_cast<std::uint32_t>(i + 1);
    const Heard heard = hear(scene.connector, *call_named(calls, "issue"), item);
    if (heard.is(CERTSPAN_OK) || heard.is(CERTSPAN_PENDING)) done.push_back(heard.answer);
  }
  scene.connector.end();
  require(scene.host.ca.orders() <= 1, std::to_string(kTimes) + " calls of issue with one key made " +
                                           std::to_string(scene.host.ca.orders()) + " orders at the CA");
  if (done.empty())
    throw CheckSkipped("issue came to nothing: the scripted CA has no answer that the plugin takes for one");
  for (const auto& answer : done) {
    require(answer.certificate == done.front().certificate && answer.handle == done.front().handle,
            "issue with the same key gave another certificate or handle");
  }
}

void check_other_key(Run& run) {
  Scene scene(run);
  scene.connector.begin();
  const auto calls = answering_calls(scene.connector);
  std::vector<sdk::testing::RecordedAnswer> done;
  for (int i = 0; i < 2; ++i) {
    auto item = scene.item();
    const Heard heard = hear(scene.connector, *call_named(calls, "issue"), item);
    if (heard.is(CERTSPAN_OK) || heard.is(CERTSPAN_PENDING)) done.push_back(heard.answer);
  }
  scene.connector.end();
  if (done.size() < 2)
    throw CheckSkipped("issue came to nothing: the scripted CA has no answer that the plugin takes for one");
  const auto same = [&](const auto& member) {
    return !(done[0].*member).empty() && done[0].*member == done[1].*member;
  };
  require(!same(&sdk::testing::RecordedAnswer::certificate) && !same(&sdk::testing::RecordedAnswer::handle),
          "two orders with keys of their own came to the same certificate or handle");
}

void check_lookup(Run& run) {
  Scene scene(run);
  scene.connector.begin();
  const auto calls = answering_calls(scene.connector);
  const AnsweringCall* lookup = call_named(calls, "lookup");
  if (lookup == nullptr)
    throw CheckSkipped("the issuer offers no lookup: an unknown order is held for a person");
  if (!orders_can_be_told(scene)) throw CheckSkipped(kCannotTell);
  auto never_ordered = scene.item();
  const Heard nothing = hear(scene.connector, *lookup, never_ordered);
  require(!nothing.is(CERTSPAN_OK) && !nothing.is(CERTSPAN_PENDING),
          "lookup finds an order that was never made");
  auto item = scene.item();
  const Heard issued = hear(scene.connector, *call_named(calls, "issue"), item);
  if (!issued.is(CERTSPAN_OK)) throw CheckSkipped("issue came to no certificate that lookup could find");
  const Heard found = hear(scene.connector, *lookup, item);
  scene.connector.end();
  require(found.is(CERTSPAN_OK), "lookup does not find the certificate that issue has just given (it says " +
                                     std::string(to_string(outcome_from_abi(found.outcome))) + ")");
  require(found.answer.certificate == issued.answer.certificate,
          "lookup gives another certificate than issue gave");
}

void check_chain(Run& run) {
  Scene scene(run);
  scene.connector.begin();
  sdk::testing::ChainRecorder recorder;
  enter_phase("chain");
  const certspan_outcome outcome =
      issuer_of(scene.connector).chain(scene.connector.instance(), recorder.sink());
  scene.connector.end();
  const auto& chain = recorder.certificates();
  require(outcome >= CERTSPAN_OK && outcome <= CERTSPAN_INTERNAL,
          "chain answers " + std::to_string(outcome) + ", which is no outcome");
  require(outcome != CERTSPAN_OK || !chain.empty(), "chain says ok and gives no certificate");
  require(chain.size() <= abi_limit::kChain,
          "chain gives " + std::to_string(chain.size()) + " certificates, the contract allows 16");
  for (const auto& certificate : chain) {
    require(certificate.size() <= abi_limit::kCertificate && is_certificate(certificate),
            "chain gives something that is no certificate (DER)");
  }
}

void check_find(Run& run) {
  Scene scene(run);
  scene.connector.begin();
  const auto& issuer = issuer_of(scene.connector);
  if (issuer.find == nullptr) throw CheckSkipped("the issuer offers no find: renewals are refused");
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{20}, std::size_t{4096}}) {
    const auto name = random_bytes(scene.random, size);
    const auto serial = random_bytes(scene.random, size);
    const certspan_find_request request = {sizeof(certspan_find_request), 0, sdk::to_abi(sdk::Bytes(name)),
                                           sdk::to_abi(sdk::Bytes(serial))};
    sdk::testing::FindRecorder found;
    enter_phase("find");
    const certspan_outcome outcome = issuer.find(scene.connector.instance(), &request, found.sink());
    require(outcome != CERTSPAN_OK, "find says ok to a serial number that was never issued");
    require(found.certificate().empty(), "find gives a certificate and does not say ok");
  }
  scene.connector.end();
}

void check_status(Run& run) {
  Scene scene(run);
  scene.connector.begin();
  const auto& issuer = issuer_of(scene.connector);
  if (issuer.certificate_status == nullptr)
    throw CheckSkipped("the issuer offers no certificate_status: OCSP is answered elsewhere, if at all");
  // CertID (RFC 6960 4.1.1): SHA-1, the hashes of a strange name and key, a serial number of one octet.
  sdk::ByteBuffer cert_id = {0x30, 0x3A, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A, 0x05, 0x00};
  for (int hash = 0; hash < 2; ++hash) {
    const auto octets = random_bytes(scene.random, 20);
    cert_id.insert(cert_id.end(), {0x04, 0x14});
    cert_id.insert(cert_id.end(), octets.begin(), octets.end());
  }
  cert_id.insert(cert_id.end(), {0x02, 0x01, 0x05});
  for (const auto& asked : {cert_id, random_bytes(scene.random, 40), sdk::ByteBuffer()}) {
    const certspan_status_request request = {sizeof(certspan_status_request), 0,
                                             sdk::to_abi(sdk::Bytes(asked))};
    OneValue status;
    enter_phase("status");
    const certspan_outcome outcome =
        issuer.certificate_status(scene.connector.instance(), &request, status.sink());
    require(outcome != CERTSPAN_OK && status.values.empty(),
            "certificate_status tells of a certificate of a CA that there is not");
  }
  scene.connector.end();
}

void check_crl(Run& run) {
  Scene scene(run);
  scene.connector.begin();
  const auto& issuer = issuer_of(scene.connector);
  if (issuer.crl == nullptr && issuer.next_ca == nullptr)
    throw CheckSkipped("the issuer offers neither crl nor next_ca: its CA publishes them elsewhere");
  if (issuer.crl != nullptr) {
    const auto strange = random_bytes(scene.random, 20);
    OneValue none;
    enter_phase("crl");
    const certspan_crl_request request = {
        sizeof(certspan_crl_request),     0, sdk::to_abi(sdk::Bytes(strange)),
        sdk::to_abi(sdk::Bytes(strange)), 0, 0};
    const certspan_outcome outcome = issuer.crl(scene.connector.instance(), &request, none.sink());
    require(outcome != CERTSPAN_OK && none.values.empty(), "crl gives a CRL of a CA that there is not");
    OneValue own;
    const certspan_crl_request any = {sizeof(certspan_crl_request), 0, {}, {}, 0, 0};
    const bool ok = issuer.crl(scene.connector.instance(), &any, own.sink()) == CERTSPAN_OK;
    require(!ok || (own.values.size() == 1 && is_crl(own.values.front())),
            "crl says ok and gives something that is no single CRL (DER)");
  }
  if (issuer.next_ca != nullptr) {
    OneValue message;
    enter_phase("next_ca");
    const bool ok = issuer.next_ca(scene.connector.instance(), message.sink()) == CERTSPAN_OK;
    require(!ok || (message.values.size() == 1 && message.values.front().size() <= abi_limit::kNextCa),
            "next_ca says ok and gives no single message within the limits");
  }
  scene.connector.end();
}

}  // namespace certspan::check
