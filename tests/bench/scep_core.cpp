#include "tests/bench/scep_core.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "plugins/ca_local/create_actions.hpp"
#include "plugins/ca_local/issuance.hpp"
#include "plugins/common/pki/pem.hpp"
#include "plugins/common/pki/profile.hpp"
#include "plugins/common/pki/scep_message.hpp"
#include "tests/bench/bench_files.hpp"

namespace certspan::bench {
namespace {

template <typename T>
T needed(pki::Result<T> result, const char* what) {
  if (!result) throw std::runtime_error(std::string(what) + ": " + result.error().message);
  return std::move(*result);
}

std::int64_t now() {
  using std::chrono::system_clock;
  return std::chrono::duration_cast<std::chrono::seconds>(system_clock::now().time_since_epoch()).count();
}

pki::RaCredential ra_of(const std::string& directory) {
  const std::string key = read_text(directory + "/ra.key");
  auto certificates = needed(pki::load_certificates(read_text(directory + "/ra.pem")), "ra.pem");
  return {.key = std::make_shared<const pki::PrivateKey>(
              needed(pki::load_private_key(pki::as_bytes(key)), "ra.key")),
          .certificate = pki::to_bytes(certificates.front().der())};
}

}  // namespace

struct ScepCore::Parts {
  explicit Parts(const std::string& directory)
      : opener(needed(pki::Opener::create({ra_of(directory)}, options), "opener")),
        signer(needed(pki::ReplySigner::create(ra_of(directory)), "signer")),
        authority(
            needed(ca_local::load_authority(directory + "/ca.pem", directory + "/ca.key", now()), "CA")) {
    auto read = pki::parse_profile(R"({"san": ["dns"]})");
    if (!read) throw std::runtime_error("profile");
    profile = std::move(*read);
  }

  pki::ScepOptions options;
  pki::Opener opener;
  pki::ReplySigner signer;
  ca_local::Authority authority;
  ca_local::IssuingRules rules;
  pki::Profile profile;
};

ScepCore::ScepCore(const std::string& directory) : parts_(std::make_unique<const Parts>(directory)) {}

ScepCore::~ScepCore() = default;

pki::Bytes ScepCore::enrol(pki::BytesView message) const {
  const Parts& parts = *parts_;
  const auto outer = needed(pki::parse_outer(message, parts.options), "message");
  const auto opened = needed(pki::open_request(parts.opener, outer, pki::SignerTrust::SelfMade), "request");
  if (const auto violation = pki::check_request(parts.profile, opened.request, {}))
    throw std::runtime_error(violation->message);
  const auto issued = needed(
      ca_local::issue_certificate(parts.authority, parts.rules, parts.profile, opened.request, now()), "CA");
  const pki::BytesView certificate = issued.certificate;
  const auto context = pki::make_reply_context(outer, opened.envelope, parts.options);
  return needed(pki::write_success(parts.signer, context, {&certificate, 1}, now()), "reply");
}

}  // namespace certspan::bench
