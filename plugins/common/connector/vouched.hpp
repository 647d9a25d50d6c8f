// What the validators of an item have said of its request: read from its labels, and said.
#pragma once

#include <certspan/answer.hpp>
#include <certspan/item.hpp>

#include "plugins/common/pki/certificate_request.hpp"
#include "plugins/common/pki/profile.hpp"

namespace certspan::connector {

/// Views into `item`. The host lets validators alone set these labels (<certspan/abi/role_validator.h>).
pki::Vouched vouched(const sdk::Item& item);

/// Of a validator that knows the names of this request to be good: says so of the security identifier among
/// them, if there is just one.
void vouch_for_sid(const pki::CertificateRequest& request, sdk::Answer& answer);

}  // namespace certspan::connector
