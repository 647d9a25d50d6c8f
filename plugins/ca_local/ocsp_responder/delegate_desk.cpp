#include "plugins/ca_local/ocsp_responder/delegate_desk.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "plugins/common/pki/certificate_writer.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/pem.hpp"

namespace certspan::ca_local {
namespace {

using nlohmann::json;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kPartLeft = 3;
constexpr std::string_view kSubject = "CN=OCSP responder";

pki::Result<pki::Certificate> one_certificate(const json& row, const char* name) {
  const auto text = row.is_object() ? row.value(name, json()) : json();
  if (!text.is_string()) return pki::fault(pki::FaultKind::Malformed, "must be certificates in pairs");
  CERTSPAN_PKI_TRY(auto certificates, pki::load_certificates(text.get_ref<const std::string&>()));
  return std::move(certificates.front());
}

pki::Result<std::vector<pki::Certificate>> read_pairs(std::string_view arguments) {
  const json document = json::parse(arguments, nullptr, /*allow_exceptions=*/false);
  const json rows = document.is_object() ? document.value("certificates", json()) : json();
  std::vector<pki::Certificate> pairs;
  if (!rows.is_array()) return pairs;
  for (const json& row : rows) {
    for (const char* name : {"certificate", "ca"}) {
      CERTSPAN_PKI_TRY(pki::Certificate certificate, one_certificate(row, name));
      pairs.push_back(std::move(certificate));
    }
  }
  return pairs;
}

}  // namespace

std::int64_t DelegateDesk::now_seconds() const {
  return duration_cast<seconds>(host_.wall_now().time_since_epoch()).count();
}

bool DelegateDesk::look_into_store(sdk::Faults& faults) {
  auto stored = read_delegate(host_.store());
  if (!stored && stored.error().kind == pki::FaultKind::Unavailable) {
    faults.add("", stored.error().message);
    return false;
  }
  // What can't be read as a delegate is replaced by the one that is certified next.
  const std::lock_guard lock(mutex_);
  if (stored) now_ = std::move(*stored);
  return true;
}

std::shared_ptr<const Delegate> DelegateDesk::now() const {
  const std::lock_guard lock(mutex_);
  return now_ && now_->not_after() > now_seconds() ? now_ : nullptr;
}

/// Zero: at once.
std::int64_t DelegateDesk::due_at() const {
  const std::lock_guard lock(mutex_);
  if (!now_ || !is_of_this_start_) return 0;
  return now_->not_after() - (now_->not_after() - now_->not_before()) / kPartLeft;
}

std::optional<std::string> DelegateDesk::request(sdk::Faults& faults) {
  const std::int64_t left = due_at() - now_seconds();
  if (left > 0) return json({{"due_in_ms", milliseconds(seconds(left)).count()}}).dump();
  const auto refuse = [&](const pki::Fault& fault) {
    faults.add("", fault.message);
    return std::nullopt;
  };
  const auto subject = pki::encode_name(kSubject);
  if (!subject) return refuse(subject.error());
  auto key = pki::generate_private_key(settings_.key);
  if (!key) return refuse(key.error());
  pki::RequestTemplate request;
  request.subject = *subject;
  const auto csr = pki::write_certificate_request(request, *key);
  if (!csr) return refuse(csr.error());
  const std::lock_guard lock(mutex_);
  asked_for_ = std::move(*key);
  return json({{"issuers", settings_.issuers},
               {"csr", pki::pem_encode(pki::kPemCertificateRequest, *csr)},
               {"validity", std::to_string(settings_.validity.count()) + "s"}})
      .dump();
}

std::optional<std::string> DelegateDesk::take(std::string_view arguments, sdk::Faults& faults) {
  const auto refuse = [&](const std::string& message) {
    faults.add("/certificates", message);
    return std::nullopt;
  };
  auto pairs = read_pairs(arguments);
  if (!pairs) return refuse(pairs.error().message);
  const std::lock_guard lock(mutex_);
  if (!asked_for_) return refuse("were not asked for");
  auto delegate = Delegate::make(std::move(*asked_for_), std::move(*pairs));
  asked_for_.reset();
  if (!delegate) return refuse(delegate.error().message);
  const auto fresh = std::make_shared<const Delegate>(std::move(*delegate));
  if (const auto kept = keep_delegate(host_.store(), *fresh); !kept) return refuse(kept.error().message);
  now_ = fresh;
  is_of_this_start_ = true;
  return "{}";
}

}  // namespace certspan::ca_local
