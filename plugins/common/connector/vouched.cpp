#include "plugins/common/connector/vouched.hpp"

#include <certspan/abi/role_validator.h>

#include "plugins/common/pki/security_identifier.hpp"

namespace certspan::connector {

pki::Vouched vouched(const sdk::Item& item) {
  return {.names = item.label(CERTSPAN_LABEL_VALIDATED_NAMES).has_value(),
          .sid = item.label(CERTSPAN_LABEL_VALIDATED_SID).value_or("")};
}

void vouch_for_sid(const pki::CertificateRequest& request, sdk::Answer& answer) {
  const auto sid = pki::named_sid(request);
  if (sid && !sid->empty()) answer.add_label(CERTSPAN_LABEL_VALIDATED_SID, *sid);
}

}  // namespace certspan::connector
