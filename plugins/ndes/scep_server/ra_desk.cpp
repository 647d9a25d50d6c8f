#include "plugins/ndes/scep_server/ra_desk.hpp"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "plugins/common/connector/duration.hpp"
#include "plugins/common/pki/certificate_writer.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/pem.hpp"
#include "plugins/ndes/json_settings.hpp"

namespace certspan::scep {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Left when the next one is asked for, as a part of the life of the one before.
constexpr std::int64_t kPartLeft = 3;

RaIdentity load_ra(const sdk::Host& host, const RaPlace& place, const std::string& pointer, RaAge age,
                   bool danger_enrollment_agent, pkcs11::TokenKeys& tokens) {
  const std::string file_pointer = pointer + "/certificate_file";
  auto certificate = read_ra_certificate(place.certificate_file);
  if (!certificate) throw sdk::SettingsFault(file_pointer, certificate.error().message);
  if (const auto fault =
          ra_certificate_fault(*certificate, danger_enrollment_agent, to_seconds(host.wall_now()), age)) {
    throw sdk::SettingsFault(file_pointer, *fault);
  }
  if (place.key.in_token) {
    auto public_key = certificate->public_key();
    if (!public_key) throw sdk::SettingsFault(file_pointer, public_key.error().message);
    return make_ra_identity(std::move(*certificate),
                            tokens.open(host, *place.key.in_token, pointer, std::move(*public_key),
                                        pkcs11::KeyUse::SignAndDecrypt));
  }
  const auto key = host.open_secret(place.key.token);
  if (!key) throw sdk::SettingsFault(pointer + "/key", "the reference opens to nothing");
  auto ra = make_ra_identity(std::move(*certificate), key->reveal());
  if (!ra) throw sdk::SettingsFault(pointer + "/key", ra.error().message);
  return std::move(*ra);
}

std::shared_ptr<const RaIdentity> shared(RaIdentity ra) {
  return std::make_shared<const RaIdentity>(std::move(ra));
}

// That of now first, unless the endpoint has it certified itself.
Ras load_ras(const sdk::Host& host, const ScepSettings& settings, pkcs11::TokenKeys& tokens) {
  const bool agent = settings.danger_enrollment_agent_ra;
  Ras ras;
  if (!settings.certified_ra) {
    ras.push_back(shared(load_ra(host, settings.ra, "/ra", RaAge::Current, agent, tokens)));
  }
  for (std::size_t i = 0; i < settings.previous_ras.size(); ++i) {
    ras.push_back(shared(load_ra(host, settings.previous_ras[i], "/ra/previous/" + std::to_string(i),
                                 RaAge::Previous, agent, tokens)));
  }
  return ras;
}

bool is_among(const Ras& ras, const RaIdentity& ra) {
  return std::ranges::any_of(
      ras, [&](const auto& each) { return pki::equal(each->certificate.der(), ra.certificate.der()); });
}

}  // namespace

RaDesk::RaDesk(const sdk::Host& host, const ScepSettings& settings, pkcs11::TokenKeys& tokens)
    : host_(host), settings_(settings), before_(load_ras(host, settings, tokens)) {
  if (settings_.certified_ra) return;
  auto set = RaSet::make(before_, 0, settings_.options);
  if (!set) throw sdk::SettingsFault("/ra", set.error().message);
  now_ = std::make_shared<const RaSet>(std::move(*set));
}

std::shared_ptr<const RaSet> RaDesk::now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

bool RaDesk::look_into_store(sdk::Faults& faults) {
  if (!settings_.certified_ra) return true;
  auto stored = read_ras(host_.store());
  if (!stored) {
    faults.add("/ra/issuer", stored.error().message);
    return false;
  }
  if (stored->empty()) return true;
  const std::lock_guard lock(mutex_);
  Ras ras = now_ ? now_->all() : before_;
  for (RaIdentity& ra : *stored) {
    if (!is_among(ras, ra)) ras.push_back(shared(std::move(ra)));
  }
  return publish(std::move(ras), faults);
}

// The last one is that of now. Requires: the lock is held.
bool RaDesk::publish(Ras ras, sdk::Faults& faults) {
  const std::size_t last = ras.size() - 1;
  auto set = RaSet::make(std::move(ras), last, settings_.options);
  if (!set) {
    faults.add("/ra", set.error().message);
    return false;
  }
  now_ = std::make_shared<const RaSet>(std::move(*set));
  return true;
}

std::int64_t RaDesk::now_seconds() const {
  return to_seconds(host_.wall_now());
}

// Zero: at once.
std::int64_t RaDesk::due_at() const {
  const auto ras = now();
  if (!ras) return 0;
  const pki::Certificate& certificate = ras->current().certificate;
  const std::int64_t life = certificate.not_after() - certificate.not_before();
  return certificate.not_after() -
         std::min(life, duration_cast<seconds>(settings_.certified_ra->validity).count()) / kPartLeft;
}

std::optional<std::string> RaDesk::request(sdk::Faults& faults) {
  if (!settings_.certified_ra) return "{}";
  const std::int64_t left = due_at() - now_seconds();
  if (left > 0) {
    return nlohmann::json({{"due_in_ms", milliseconds(seconds(left)).count()}}).dump();
  }
  const CertifiedRa& wanted = *settings_.certified_ra;
  const auto refuse = [&](const pki::Fault& fault) {
    faults.add("", fault.message);
    return std::nullopt;
  };
  const auto subject = pki::encode_name(wanted.subject);
  if (!subject) return refuse(subject.error());
  auto key = pki::generate_private_key(wanted.key);
  if (!key) return refuse(key.error());
  pki::RequestTemplate request;
  request.subject = *subject;
  request.key_usage = pki::key_usage::kDigitalSignature | pki::key_usage::kKeyEncipherment;
  const auto csr = pki::write_certificate_request(request, *key);
  if (!csr) return refuse(csr.error());
  const std::lock_guard lock(mutex_);
  asked_for_ = std::move(*key);
  return nlohmann::json({{"issuer", wanted.issuer},
                         {"csr", pki::pem_encode(pki::kPemCertificateRequest, *csr)},
                         {"validity", std::to_string(wanted.validity.count()) + "ms"}})
      .dump();
}

std::optional<std::string> RaDesk::take(std::string_view arguments, sdk::Faults& faults) {
  const auto refuse = [&](std::string_view message) {
    faults.add("/certificate", message);
    return std::nullopt;
  };
  auto certificates = pki::load_certificates(JsonSettings(arguments).text("/certificate"));
  if (!certificates) return refuse(certificates.error().message);
  pki::Certificate& certificate = certificates->front();
  if (const auto fault =
          ra_certificate_fault(certificate, settings_.danger_enrollment_agent_ra, now_seconds())) {
    return refuse(*fault);
  }
  const std::lock_guard lock(mutex_);
  if (!asked_for_ || !pki::equal(asked_for_->public_key().spki(), certificate.spki())) {
    return refuse("is not for the key of the last request");
  }
  RaIdentity ra = make_ra_identity(std::move(certificate), std::move(*asked_for_));
  asked_for_.reset();
  if (const auto kept = add_ra(host_.store(), ra); !kept) return refuse(kept.error().message);
  Ras ras = now_ ? now_->all() : before_;
  ras.push_back(shared(std::move(ra)));
  if (!publish(std::move(ras), faults)) return std::nullopt;
  return "{}";
}

}  // namespace certspan::scep
