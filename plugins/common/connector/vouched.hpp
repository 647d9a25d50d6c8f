// What the validators of an item have said of its request, as its labels tell it.
#pragma once

#include <certspan/abi/role_validator.h>
#include <certspan/item.hpp>

#include "plugins/common/pki/profile.hpp"

namespace certspan::connector {

/// Views into `item`. The host lets validators alone set these labels (<certspan/abi/role_validator.h>).
inline pki::Vouched vouched(const sdk::Item& item) {
  return {.names = item.label(CERTSPAN_LABEL_VALIDATED_NAMES).has_value(),
          .sid = item.label(CERTSPAN_LABEL_VALIDATED_SID).value_or("")};
}

}  // namespace certspan::connector
