#pragma once

#include "probe/request_message.hpp"

namespace certspan::scep_probe {

/// What a CertRep says that is no refusal.
struct Answer {
  bool pending = false;
  Certificates certificates;  ///< of a success, as the server sent them
};

/// Reads a CertRep: signed by one of the certificates of GetCACert, for this transaction, to this message.
/// Anything else is a Failure, and so is a refusal by the server.
Result<Answer> read_answer(BytesView body, const RequestMessage& request, const Device& device,
                           const Authority& authority);

}  // namespace certspan::scep_probe
