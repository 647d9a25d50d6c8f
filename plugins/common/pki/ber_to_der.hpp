// Turns BER as CMS senders write it into DER.
#pragma once

#include "plugins/common/pki/bytes.hpp"
#include "plugins/common/pki/result.hpp"

namespace certspan::pki {

// Rewrites one BER element: indefinite and padded lengths become definite and minimal, chunked OCTET STRINGs
// become one. The order of SET members and the contents of everything else stay as they are; DER comes out
// unchanged. Chunks under an implicit tag (encryptedContent) can't be told from members here and stay
// constructed. Not recursive; at most 32 levels. Faults: Malformed, also for bytes after the element;
// TooLarge.
Result<Bytes> ber_to_der(BytesView ber, std::size_t max_size);

}  // namespace certspan::pki
