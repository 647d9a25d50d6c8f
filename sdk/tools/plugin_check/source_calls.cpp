#include "sdk/tools/plugin_check/source_calls.hpp"

#include "sdk/tools/plugin_check/calls.hpp"
#include "sdk/tools/plugin_check/certificates.hpp"
#include "sdk/tools/plugin_check/child.hpp"

namespace certspan::check {

const certspan_role_source* source_of(const LiveConnector& connector) {
  return connector.role<certspan_role_source>(CERTSPAN_ROLE_SOURCE);
}

void open_intake(LiveConnector& connector, const Sample& sample) {
  sdk::testing::FaultRecorder faults;
  enter_phase("open_intake");
  const certspan_outcome outcome =
      source_of(connector)->open_intake(connector.instance(), connector.structs().copy(*faults.sink()));
  enter_phase("");
  if (outcome == CERTSPAN_OK) return;
  const std::string why = "open_intake refused: " +
                          (faults.faults().empty() ? "no fault was given" : faults.faults().front().message);
  if (sample.made_up) throw CheckSkipped(why + "; write a file of settings (docs/plugin-check.md)");
  throw CheckFailed(why);
}

void close_intake(LiveConnector& connector) {
  enter_phase("close_intake");
  source_of(connector)->close_intake(connector.instance());
  enter_phase("");
}

std::vector<WireRequest> odd_requests(const LiveConnector& connector, std::mt19937_64& random) {
  constexpr std::size_t kLargeBody = 64UL * 1024;
  const std::string path =
      connector.host().routes.empty() ? "/checker" : connector.host().routes.front().path;
  std::vector<WireRequest> requests;
  requests.push_back({"GET", path, {}, {}, {}});
  requests.push_back({"POST", path, {}, {}, {}});
  requests.push_back(
      {"POST", path, {}, "application/octet-stream", random_bytes(random, 1 + random() % 4096)});
  requests.push_back(
      {"POST", path, "operation=PKIOperation", "application/x-pki-message", random_bytes(random, 2000)});
  requests.push_back({"POST", path, {}, "application/json", {'{', '"', 'a'}});
  requests.push_back({"POST", path, {}, {}, random_bytes(random, kLargeBody)});
  requests.push_back(
      {"GET", path + "/../%00%zz/" + std::string(4000, 'a'), "a=%&&=b&" + std::string(4000, '%'), {}, {}});
  requests.push_back(
      {"GET", path, "operation=PKIOperation&message=" + base64(random_bytes(random, 500)), {}, {}});
  requests.push_back({"BREW", path, {}, "\xff\xfe", {}});
  requests.push_back({"", "", {}, {}, {}});
  return requests;
}

void handle(LiveConnector& connector, const WireRequest& request, sdk::testing::FakeExchange& exchange) {
  const certspan_http_request view = {.struct_size = sizeof(certspan_http_request),
                                      .flags = 0,
                                      .method = sdk::to_abi(std::string_view(request.method)),
                                      .path = sdk::to_abi(std::string_view(request.path)),
                                      .query = sdk::to_abi(std::string_view(request.query)),
                                      .content_type = sdk::to_abi(std::string_view(request.content_type)),
                                      .remote_address = sdk::to_abi(std::string_view("192.0.2.1:40000")),
                                      .body = sdk::to_abi(sdk::Bytes(request.body)),
                                      .authorization = sdk::to_abi(std::string_view("Basic Og=="))};
  enter_phase("handle");
  source_of(connector)->handle(connector.instance(), connector.structs().copy(view), exchange.c_exchange());
  enter_phase("");
}

void reply(LiveConnector& connector, certspan_outcome outcome, const sdk::ByteBuffer& context,
           sdk::testing::FakeExchange& exchange) {
  static const sdk::ByteBuffer certificate = make_certificate();
  static const sdk::ByteBuffer issuing_ca = make_certificate();
  const certspan_bytes_view chain = sdk::to_abi(sdk::Bytes(issuing_ca));
  const bool ok = outcome == CERTSPAN_OK;
  const bool fine = ok || outcome == CERTSPAN_PENDING;
  const certspan_reply view = {
      .struct_size = sizeof(certspan_reply),
      .outcome = outcome,
      .id = sdk::to_abi(std::string_view("W1")),
      .transaction_id = sdk::to_abi(std::string_view("T1")),
      .code = sdk::to_abi(std::string_view(fine ? "" : "checker.no")),
      .certificate = ok ? sdk::to_abi(sdk::Bytes(certificate)) : certspan_bytes_view{},
      .chain = ok ? &chain : nullptr,
      .chain_count = ok ? 1U : 0U};
  enter_phase("reply");
  source_of(connector)->reply(connector.instance(), connector.structs().copy(view),
                              sdk::to_abi(sdk::Bytes(context)), exchange.c_exchange());
  enter_phase("");
}

void exercise_source(LiveConnector& connector, std::mt19937_64& random) {
  const certspan_role_source* source = source_of(connector);
  if (source == nullptr) return;
  sdk::testing::FaultRecorder faults;
  enter_phase("open_intake");
  if (source->open_intake(connector.instance(), connector.structs().copy(*faults.sink())) == CERTSPAN_OK &&
      source->handle != nullptr) {
    for (const WireRequest& request : odd_requests(connector, random)) {
      sdk::testing::FakeExchange exchange;
      handle(connector, request, exchange);
      if (exchange.submitted) {
        sdk::testing::FakeExchange told;
        reply(connector, CERTSPAN_PENDING, exchange.submitted->reply_context, told);
      }
    }
  }
  close_intake(connector);
}

}  // namespace certspan::check
