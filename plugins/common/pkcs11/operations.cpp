#include "plugins/common/pkcs11/operations.hpp"

#include <algorithm>

#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/scep_message.hpp"

namespace certspan::pkcs11 {
namespace {

using pki::Bytes;
using pki::BytesView;
using pki::SecretBytes;

/// PKCS #11 takes what it only reads by pointers that are not const.
unsigned char* readable(BytesView octets) {
  return const_cast<unsigned char*>(octets.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

/// DigestInfo (RFC 8017 9.2).
Bytes digest_info(pki::Digest digest, BytesView value) {
  pki::DerWriter writer(96);
  return writer.begin(pki::tag::kSequence)
      .algorithm_with_null(pki::digest_oid(digest))
      .octet_string(value)
      .end()
      .take();
}

/// r and s, one behind the other, as an ECDSA-Sig-Value (RFC 3279 2.2.3).
Bytes sig_value(BytesView both) {
  const std::size_t half = both.size() / 2;
  pki::DerWriter writer(both.size() + 16);
  return writer.begin(pki::tag::kSequence)
      .unsigned_integer(both.first(half))
      .unsigned_integer(both.last(half))
      .end()
      .take();
}

CK_RV sign(const KeyHandle& key, CK_MECHANISM mechanism, BytesView data, Bytes& signature) {
  Token::Session session(key.token);
  if (session.result() != CKR_OK) return session.result();
  CK_FUNCTION_LIST& functions = key.token.functions();
  CK_RV result = functions.C_SignInit(session.handle(), &mechanism, key.object);
  CK_ULONG size = signature.size();
  if (result == CKR_OK) {
    result = functions.C_Sign(session.handle(), readable(data), data.size(), signature.data(), &size);
  }
  if (result != CKR_OK) return result;
  session.was_good();
  signature.resize(std::min<std::size_t>(size, signature.size()));
  return CKR_OK;
}

/// In `begun` whether the mechanism was taken.
CK_RV decrypt(const KeyHandle& key, CK_MECHANISM mechanism, BytesView ciphertext, SecretBytes& plain,
              bool& begun) {
  Token::Session session(key.token);
  begun = false;
  if (session.result() != CKR_OK) return session.result();
  CK_FUNCTION_LIST& functions = key.token.functions();
  CK_RV result = functions.C_DecryptInit(session.handle(), &mechanism, key.object);
  if (result != CKR_OK) return result;
  begun = true;
  plain = SecretBytes(ciphertext.size());
  CK_ULONG size = plain.size();
  result = functions.C_Decrypt(session.handle(), readable(ciphertext), ciphertext.size(),
                               plain.writable().data(), &size);
  // Bad padding ends the operation as well as a good one does: the session can be used on.
  session.was_good();
  if (result == CKR_OK) plain.truncate(std::min<std::size_t>(size, plain.size()));
  return result;
}

/// Says something about the token and not about what was to be decrypted.
bool is_about_token(CK_RV result) {
  switch (result) {
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_DEVICE_REMOVED:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_CRYPTOKI_NOT_INITIALIZED:
    case CKR_OBJECT_HANDLE_INVALID:
    case CKR_KEY_HANDLE_INVALID:
      return true;
    default:
      return false;
  }
}

}  // namespace

CK_RV sign_digest(const KeyHandle& key, pki::Digest digest, BytesView digest_value, Bytes& signature) {
  signature.resize(1024);
  if (key.public_key.family() == pki::KeyFamily::Rsa) {
    return sign(key, {CKM_RSA_PKCS, nullptr, 0}, digest_info(digest, digest_value), signature);
  }
  const CK_RV result = sign(key, {CKM_ECDSA, nullptr, 0}, digest_value, signature);
  if (result == CKR_OK) signature = sig_value(signature);
  return result;
}

CK_RV sign_pss_digest(const KeyHandle& key, pki::Digest digest, BytesView digest_value, Bytes& signature) {
  CK_RSA_PKCS_PSS_PARAMS terms = {CKM_SHA256, CKG_MGF1_SHA256, digest_value.size()};
  if (digest == pki::Digest::Sha384) terms = {CKM_SHA384, CKG_MGF1_SHA384, digest_value.size()};
  if (digest == pki::Digest::Sha512) terms = {CKM_SHA512, CKG_MGF1_SHA512, digest_value.size()};
  if (digest == pki::Digest::Sha1) return CKR_MECHANISM_PARAM_INVALID;
  signature.resize(key.public_key.rsa_modulus().size());
  return sign(key, {CKM_RSA_PKCS_PSS, &terms, sizeof(terms)}, digest_value, signature);
}

CK_RV decrypt_raw(const KeyHandle& key, BytesView ciphertext, SecretBytes& block) {
  bool begun = false;
  const CK_RV result = decrypt(key, {CKM_RSA_X_509, nullptr, 0}, ciphertext, block, begun);
  if (result != CKR_OK || block.size() == ciphertext.size()) return result;
  // Some tokens give a number without its leading zeros.
  SecretBytes whole(ciphertext.size());
  std::ranges::copy(block.reveal(), whole.writable().end() - static_cast<std::ptrdiff_t>(block.size()));
  block = std::move(whole);
  return CKR_OK;
}

CK_RV decrypt_padded(const KeyHandle& key, pki::KeyTransport transport, BytesView ciphertext,
                     SecretBytes& message) {
  const bool sha256 = transport == pki::KeyTransport::OaepSha256;
  CK_RSA_PKCS_OAEP_PARAMS oaep{};
  oaep.hashAlg = sha256 ? CKM_SHA256 : CKM_SHA_1;
  oaep.mgf = sha256 ? CKG_MGF1_SHA256 : CKG_MGF1_SHA1;
  oaep.source = CKZ_DATA_SPECIFIED;
  const CK_MECHANISM mechanism = transport == pki::KeyTransport::Pkcs1
                                     ? CK_MECHANISM{CKM_RSA_PKCS, nullptr, 0}
                                     : CK_MECHANISM{CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep)};
  bool begun = false;
  const CK_RV result = decrypt(key, mechanism, ciphertext, message, begun);
  if (!begun || result == CKR_OK || is_about_token(result)) return result;
  message = SecretBytes();
  return CKR_OK;
}

}  // namespace certspan::pkcs11
