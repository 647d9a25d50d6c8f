#include "plugins/common/connector/own_identity.hpp"

#include <algorithm>

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/name.hpp"

namespace certspan::connector {

pki::Result<void> OwnIdentity::add(pki::BytesView certificate) {
  CERTSPAN_PKI_TRY(const auto outline, pki::read_certificate_outline(certificate));
  keys_.push_back(pki::sha256(outline.spki));
  names_.push_back(pki::to_bytes(outline.subject));
  return {};
}

std::optional<pki::Violation> OwnIdentity::check_request(const pki::Profile& profile,
                                                         const pki::CertificateRequest& request,
                                                         const pki::Vouched& vouched) const {
  if (auto violation = pki::check_request(profile, request, keys_, vouched)) return violation;
  const bool is_ours = std::ranges::any_of(
      names_, [&](const pki::Bytes& name) { return pki::names_equal(name, request.subject()); });
  if (!is_ours) return std::nullopt;
  return pki::Violation{pki::ViolationKind::BadRequest, "ca_name", "the request asks for the name of a CA"};
}

}  // namespace certspan::connector
