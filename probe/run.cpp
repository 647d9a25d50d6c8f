#include "probe/run.hpp"

#include <algorithm>
#include <thread>

#include "plugins/common/pki/base64.hpp"

namespace certspan::scep_probe {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMostAnswer = 512UL * 1024;
constexpr std::chrono::milliseconds kFirstPause{500};
constexpr std::chrono::milliseconds kLongestPause{5000};

/// One probe: each step is timed and leaves behind what the next ones need.
class Probe {
 public:
  explicit Probe(const Options& options)
      : options_(options), endpoint_(options.url, options.tls_ca, steady_clock::now() + options.timeout) {}

  Finding run() {
    const bool good = step("url and key", [this] { return prepare(); }) &&
                      step("GetCACaps", [this] { return ask_capabilities(); }) &&
                      step("GetCACert", [this] { return ask_authority(); });
    if (good && !options_.capabilities_only && step("enrolment", [this] { return enrol(); })) {
      step("checks", [this] { return check(); });
    }
    return std::move(finding_);
  }

 private:
  template <class Work>
  bool step(const char* name, Work work) {
    const auto begin = steady_clock::now();
    Result<void> done = work();
    finding_.steps.push_back({name, steady_clock::now() - begin, done.has_value()});
    if (!done) finding_.failure = std::move(done).error();
    return finding_.works();
  }

  /// Before the server is asked anything: a wrong option should not look like a broken service.
  Result<void> prepare() {
    CERTSPAN_PROBE_CHECK(endpoint_.check_url());
    if (options_.capabilities_only) return {};
    CERTSPAN_PROBE_TRY(device_, make_device(options_));
    return {};
  }

  Result<void> ask_capabilities() {
    CERTSPAN_PROBE_TRY(can_, get_capabilities(endpoint_, options_.identifier));
    finding_.capabilities = can_.words;
    return {};
  }

  Result<void> ask_authority() {
    CERTSPAN_PROBE_TRY(authority_, get_authority(endpoint_, options_.identifier));
    CERTSPAN_PROBE_TRY(trusted_, trusted_cas(options_.ca, authority_));
    return check_authority(authority_, trusted_);
  }

  Result<void> enrol() {
    CERTSPAN_PROBE_TRY(const RequestMessage request, make_enrolment(device_, authority_, can_));
    CERTSPAN_PROBE_TRY(answer_, exchange(request));
    for (auto pause = kFirstPause; answer_.pending; pause = std::min(pause * 2, kLongestPause)) {
      CERTSPAN_PROBE_CHECK(wait(pause));
      CERTSPAN_PROBE_TRY(const RequestMessage poll, make_poll(device_, authority_, can_));
      CERTSPAN_PROBE_TRY(answer_, exchange(poll));
    }
    return {};
  }

  Result<void> wait(std::chrono::milliseconds pause) {
    if (steady_clock::now() + pause < endpoint_.deadline()) {
      std::this_thread::sleep_for(pause);
      return {};
    }
    return fail("the request is still pending when the time of --timeout is up",
                "somebody has to approve it, or the CA is slow: certspan why " + device_.transaction_id);
  }

  Result<Answer> exchange(const RequestMessage& request) {
    // Devices of old put the message into the URL, and servers that don't say otherwise want it so (RFC
    // 8894, 4.1).
    CERTSPAN_PROBE_TRY(const HttpAnswer answer,
                       can_.post
                           ? endpoint_.post(request.der, kMostAnswer)
                           : endpoint_.get("PKIOperation", pki::base64_encode(request.der), kMostAnswer));
    return read_answer(answer.body, request, device_, authority_);
  }

  Result<void> check() {
    CERTSPAN_PROBE_TRY(finding_.certificate, check_issued(answer_, device_, authority_, trusted_));
    return {};
  }

  const Options& options_;
  HttpEndpoint endpoint_;
  Finding finding_;
  Device device_;
  Capabilities can_;
  Authority authority_;
  Certificates trusted_;
  Answer answer_;
};

}  // namespace

Finding run(const Options& options) {
  return Probe(options).run();
}

}  // namespace certspan::scep_probe
