#include <catch2/catch.hpp>

#include <functional>
#include <optional>

#include <certspan/abi/service_http_out.h>

#include "host/base/clock.hpp"
#include "host/services/abi_views.hpp"
#include "host/services/call_scope.hpp"
#include "host/services/host_services.hpp"

namespace certspan {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

/// Keeps what it is asked and answers by rote.
class FakeOutgoing final : public Outgoing {
 public:
  OutgoingResult send(std::string_view connector, const OutgoingRequest& request) override {
    ++asked;
    who = connector;
    deadline = request.deadline;
    key = as_text(request.key.reveal());
    lines.clear();
    for (const Secret& line : request.lines) lines.emplace_back(as_text(line.reveal()));
    if (throws) throw std::bad_alloc();
    return result;
  }

  int asked = 0;
  std::string who;
  steady_clock::time_point deadline;
  std::vector<std::string> lines;
  std::string key;
  bool throws = false;
  OutgoingResult result;
};

class FakeVault final : public SecretVault {
 public:
  bool open(std::string_view connector, std::string_view token,
            const std::function<void(BytesView)>& use) const override {
    if (connector != "corp-ca" || token != "token-1") return false;
    use(as_bytes(secret));
    return true;
  }
  std::string secret = "hunter2";
};

struct Service {
  std::unique_ptr<Log> log = std::move(*Log::open({}));
  SystemClock clock;
  FakeVault vault;
  FakeOutgoing outside;
  HostServices services{"corp-ca", ServiceBackends{.log = log.get(),
                                                   .clock = &clock,
                                                   .journal = nullptr,
                                                   .secrets = &vault,
                                                   .routes = nullptr,
                                                   .submitter = nullptr,
                                                   .issuers = nullptr,
                                                   .http_out = &outside}};
  certspan_http_out_request request{};
  std::uint64_t exchange = 0;
  std::uint32_t failure = 0;
  std::string message;
  int results = 0;

  Service() {
    outside.result.status = 200;
    request.struct_size = sizeof(request);
    request.method = to_abi("POST");
    request.url = to_abi("https://ca.example/order");
  }

  const certspan_service_http_out& table() const {
    return *static_cast<const certspan_service_http_out*>(
        services.host()->service(services.host()->context, CERTSPAN_SERVICE_HTTP_OUT));
  }
  certspan_outcome send() {
    certspan_http_out_sink sink = {sizeof(sink), 0, this, nullptr};
    sink.result = [](void* context, const certspan_http_out_result* result) noexcept {
      auto& self = *static_cast<Service*>(context);
      self.exchange = result->exchange;
      self.failure = result->failure;
      self.message = from_abi(result->message);
      ++self.results;
    };
    return table().send(services.host()->context, &request, &sink);
  }
  certspan_outcome answered_by_ca(std::uint64_t number) {
    return table().answered_by_ca(services.host()->context, number);
  }
  void fail(OutgoingFailure how, bool left) {
    outside.result = {};
    outside.result.failure = how;
    outside.result.left = left;
  }
};

struct Call {
  std::vector<StoreWrite> writes;
  CallScope scope{"w-1", writes, steady_clock::now() + seconds(5)};
};

TEST_CASE("the outcome says what is certain") {
  Service s;
  CHECK(s.send() == CERTSPAN_OK);
  CHECK(s.exchange != 0);
  s.fail(OutgoingFailure::NoConnection, false);
  CHECK(s.send() == CERTSPAN_UNAVAILABLE);
  CHECK(s.exchange == 0);
  CHECK(s.failure == CERTSPAN_HTTP_OUT_NO_CONNECTION);
  s.fail(OutgoingFailure::NoTime, true);
  CHECK(s.send() == CERTSPAN_UNKNOWN);
  s.fail(OutgoingFailure::BadRequest, false);
  CHECK(s.send() == CERTSPAN_INVALID);
  CHECK(s.results == 4);
  s.outside.throws = true;
  CHECK(s.send() == CERTSPAN_INTERNAL);
}

TEST_CASE("an exchange stays open until nothing left or the CA is said to have answered it") {
  Service s;
  const Call call;
  CHECK_FALSE(call.scope.may_have_been_done());
  s.fail(OutgoingFailure::NoTls, false);
  s.send();
  CHECK_FALSE(call.scope.may_have_been_done());
  s.outside.result = {};
  s.outside.result.status = 503;
  s.send();
  CHECK(call.scope.may_have_been_done());
  CHECK(s.answered_by_ca(s.exchange + 1) == CERTSPAN_REJECTED);
  CHECK(call.scope.may_have_been_done());
  CHECK(s.answered_by_ca(s.exchange) == CERTSPAN_OK);
  CHECK_FALSE(call.scope.may_have_been_done());
}

TEST_CASE("nobody can call an answer the CA's that did not come") {
  Service s;
  const Call call;
  s.fail(OutgoingFailure::Broken, true);
  s.send();
  for (std::uint64_t number = 0; number < 4; ++number) CHECK(s.answered_by_ca(number) == CERTSPAN_REJECTED);
  CHECK(call.scope.may_have_been_done());
}

TEST_CASE("one answered exchange does not close another") {
  Service s;
  const Call call;
  s.fail(OutgoingFailure::Broken, true);
  s.send();
  s.outside.result = {};
  s.send();
  CHECK(s.answered_by_ca(s.exchange) == CERTSPAN_OK);
  CHECK(call.scope.may_have_been_done());
}

TEST_CASE("a fault of the host in the middle leaves the exchange open") {
  Service s;
  const Call call;
  s.outside.throws = true;
  s.send();
  CHECK(call.scope.may_have_been_done());
}

TEST_CASE("a question and an exchange outside of the call are never open") {
  Service s;
  s.send();
  const Call call;
  s.request.flags = CERTSPAN_HTTP_OUT_ASKS_ONLY;
  s.send();
  CHECK_FALSE(call.scope.may_have_been_done());
}

TEST_CASE("a request takes no longer than the call it belongs to") {
  Service s;
  const auto in = [](int n) { return steady_clock::now() + seconds(n); };
  s.send();
  CHECK(s.outside.deadline > in(20));
  const Call call;
  s.send();
  CHECK(s.outside.deadline == call.scope.deadline());
  s.request.deadline_ns = static_cast<std::uint64_t>(in(60).time_since_epoch().count());
  s.send();
  CHECK(s.outside.deadline == call.scope.deadline());
  s.request.deadline_ns = static_cast<std::uint64_t>(in(1).time_since_epoch().count());
  s.send();
  CHECK(s.outside.deadline < in(2));
}

TEST_CASE("tokens open in header fields and for the client's key, the connector's own alone") {
  Service s;
  std::vector<certspan_http_out_field> fields = {
      {to_abi("Authorization"), to_abi("Bearer "), to_abi("token-1")},
      {to_abi("X-Plain"), to_abi("1"), {}},
      {to_abi("X-Empty"), {}, {}}};
  certspan_http_out_tls tls{};
  tls.struct_size = sizeof(tls);
  tls.certificate = to_abi(as_bytes("pem"));
  tls.key_token = to_abi("token-1");
  s.request.fields = fields.data();
  s.request.field_count = fields.size();
  s.request.tls = &tls;
  CHECK(s.send() == CERTSPAN_OK);
  const auto with_zero = [](std::string text) { return text + '\0'; };
  CHECK(s.outside.lines == std::vector<std::string>{with_zero("Authorization: Bearer hunter2"),
                                                    with_zero("X-Plain: 1"), with_zero("X-Empty;")});
  CHECK(s.outside.key == "hunter2");
  fields[0].token = to_abi("token-2");
  CHECK(s.send() == CERTSPAN_INVALID);
  fields[0].token = to_abi("token-1");
  s.vault.secret = "hunter2\r\nX-Evil: 1";
  CHECK(s.send() == CERTSPAN_INVALID);
  CHECK(s.message.find("hunter2") == std::string::npos);
  CHECK(s.outside.asked == 1);
}

TEST_CASE("what would break the message, or the limits, is refused before anything is sent") {
  Service s;
  const auto refused = [&] {
    return s.send() == CERTSPAN_INVALID && s.failure == CERTSPAN_HTTP_OUT_BAD_REQUEST;
  };
  const auto with_field = [&](std::string_view name, std::string_view value) {
    const certspan_http_out_field field = {to_abi(name), to_abi(value), {}};
    s.request.fields = &field;
    s.request.field_count = 1;
    const bool is_refused = refused();
    s.request.field_count = 0;
    return is_refused;
  };
  CHECK_FALSE(with_field("X-A", "b"));
  CHECK(with_field("X-A", "b\r\nX-Evil: 1"));
  CHECK(with_field("X-A:", "b"));
  CHECK(with_field("", "b"));
  CHECK(with_field("Host", "evil.example"));
  CHECK(with_field("TRANSFER-ENCODING", "chunked"));
  CHECK(with_field("X-A", std::string(17'000, 'x')));
  s.request.method = to_abi("PO ST");
  CHECK(refused());
  s.request.method = to_abi("POST");
  s.request.url = to_abi("https://ca.example/a b");
  CHECK(refused());
  s.request.url = to_abi("https://ca.example/");
  s.request.max_answer = 16ULL * 1024 * 1024 + 1;
  CHECK(refused());
  s.request.max_answer = 0;
  s.request.struct_size = 8;
  CHECK(refused());
  CHECK(s.outside.asked == 1);
}

}  // namespace
}  // namespace certspan
