#include "plugins/ndes/scep_server/item_keys.hpp"

#include <initializer_list>

namespace certspan::scep {
namespace {

void append_field(pki::Bytes& input, pki::BytesView field) {
  const auto size = static_cast<std::uint32_t>(field.size());
  for (int shift = 24; shift >= 0; shift -= 8) input.push_back(static_cast<std::uint8_t>(size >> shift));
  input.insert(input.end(), field.begin(), field.end());
}

ItemKey hash_fields(std::initializer_list<pki::BytesView> fields) {
  pki::Bytes input;
  for (const pki::BytesView field : fields) append_field(input, field);
  return pki::sha256(input);
}

}  // namespace

ItemKey item_key(const RequestIdentity& identity) {
  const ItemKey request = pki::sha256(identity.request);
  ItemKey signer{};
  pki::BytesView who = pki::as_bytes("self");
  if (identity.signer) {
    signer = pki::sha256(*identity.signer);
    who = signer;
  }
  return hash_fields(
      {pki::as_bytes(identity.endpoint), pki::as_bytes(identity.transaction_id), request, who});
}

ItemKey poll_key(std::string_view endpoint, std::string_view transaction_id, pki::BytesView signer_spki) {
  return hash_fields({pki::as_bytes(endpoint), pki::as_bytes(transaction_id), signer_spki});
}

}  // namespace certspan::scep
