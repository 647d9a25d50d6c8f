#include "plugins/common/pkcs11/objects.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "plugins/common/pki/der_reader.hpp"
#include "plugins/common/pki/der_writer.hpp"
#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/random.hpp"

namespace certspan::pkcs11 {
namespace {

using pki::Bytes;
using pki::BytesView;
using pki::DerWriter;
using Template = std::vector<CK_ATTRIBUTE>;

/// PKCS #11 takes what it only reads by pointers that are not const.
template <class T>
CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, T& value) {
  return {type, &value, sizeof(value)};
}
CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, Bytes& value) {
  return {type, value.data(), value.size()};
}

KeyResult<std::vector<CK_OBJECT_HANDLE>> find_objects(const Token& token, Template wanted) {
  Token::Session session(token);
  CK_RV result = session.result();
  std::array<CK_OBJECT_HANDLE, 8> found{};
  CK_ULONG count = 0;
  CK_FUNCTION_LIST& functions = token.functions();
  if (result == CKR_OK) result = functions.C_FindObjectsInit(session.handle(), wanted.data(), wanted.size());
  if (result == CKR_OK) {
    result = functions.C_FindObjects(session.handle(), found.data(), found.size(), &count);
    functions.C_FindObjectsFinal(session.handle());
  }
  if (result != CKR_OK) {
    return key_fault("uri", "token " + token.name() + " can't be searched: " + reason(result));
  }
  session.was_good();
  return std::vector<CK_OBJECT_HANDLE>(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count));
}

Template with_class(const KeyLocation& location, CK_OBJECT_CLASS& kind) {
  Template wanted(location.object().begin(), location.object().end());
  wanted.push_back(attribute(CKA_CLASS, kind));
  return wanted;
}

/// Empty: the object has none, or does not show it.
Bytes read_octets(const Token& token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  Token::Session session(token);
  if (session.result() != CKR_OK) return {};
  CK_ATTRIBUTE asked{type, nullptr, 0};
  CK_FUNCTION_LIST& functions = token.functions();
  if (functions.C_GetAttributeValue(session.handle(), object, &asked, 1) != CKR_OK) return {};
  if (asked.ulValueLen == CK_UNAVAILABLE_INFORMATION || asked.ulValueLen > 16384) return {};
  Bytes value(asked.ulValueLen);
  asked.pValue = value.data();
  if (functions.C_GetAttributeValue(session.handle(), object, &asked, 1) != CKR_OK) return {};
  session.was_good();
  value.resize(asked.ulValueLen);
  return value;
}

bool says(const Token& token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_BBOOL value) {
  const Bytes octets = read_octets(token, object, type);
  return octets.size() == sizeof(CK_BBOOL) && octets.front() == value;
}

const char* unfit(const Token& token, CK_OBJECT_HANDLE key, KeyUse use) {
  if (says(token, key, CKA_SIGN, CK_FALSE)) return "may not sign (CKA_SIGN is false)";
  if (says(token, key, CKA_ALWAYS_AUTHENTICATE, CK_TRUE)) {
    return "wants its PIN before each use (CKA_ALWAYS_AUTHENTICATE), which no host can do";
  }
  if (use == KeyUse::SignAndDecrypt && says(token, key, CKA_DECRYPT, CK_FALSE)) {
    return "may not decrypt (CKA_DECRYPT is false), and requests are encrypted to it";
  }
  return nullptr;
}

KeyResult<pki::PublicKey> rsa_public_key(const Token& token, CK_OBJECT_HANDLE key) {
  const Bytes modulus = read_octets(token, key, CKA_MODULUS);
  const Bytes exponent = read_octets(token, key, CKA_PUBLIC_EXPONENT);
  if (modulus.empty() || exponent.empty()) return key_fault("uri", "the key does not show its public half");
  DerWriter writer;
  writer.begin(pki::tag::kSequence).algorithm_with_null(pki::oids::kRsaEncryption).begin_bit_string();
  writer.begin(pki::tag::kSequence).unsigned_integer(modulus).unsigned_integer(exponent).end();
  auto read = pki::PublicKey::parse(writer.end().end().take());
  if (!read) return key_fault("uri", "the key can't be used: " + read.error().message);
  return std::move(*read);
}

/// The point as tokens have it: in an OCTET STRING (PKCS #11 2.20 and later), or as it is. Both begin with
/// 04.
Bytes bare_point(const Bytes& point) {
  pki::DerReader reader(point, "ec point");
  const auto inner = reader.octet_string();
  const bool wrapped = inner && reader.at_end() && inner->size() % 2 == 1 && inner->size() > 64;
  return wrapped ? pki::to_bytes(*inner) : point;
}

KeyResult<pki::PublicKey> ec_public_key(const Token& token, const KeyLocation& location,
                                        CK_OBJECT_HANDLE key) {
  CK_OBJECT_CLASS kind = CKO_PUBLIC_KEY;
  const auto beside = find_objects(token, with_class(location, kind));
  if (!beside) return tl::unexpected(beside.error());
  const CK_OBJECT_HANDLE shown = beside->size() == 1 ? beside->front() : key;
  const Bytes point = read_octets(token, shown, CKA_EC_POINT);
  const Bytes curve = read_octets(token, shown, CKA_EC_PARAMS);
  if (point.empty() || curve.empty()) {
    return key_fault("uri",
                     "the key does not show its public half, and no public key of its name lies beside it");
  }
  DerWriter writer;
  writer.begin(pki::tag::kSequence).begin(pki::tag::kSequence).oid(pki::oids::kEcPublicKey).raw(curve).end();
  auto read = pki::PublicKey::parse(writer.bit_string(bare_point(point)).end().take());
  if (!read) return key_fault("uri", "the key can't be used: " + read.error().message);
  return std::move(*read);
}

CK_ULONG rsa_bits(pki::KeySpec spec) {
  switch (spec) {
    case pki::KeySpec::Rsa2048:
      return 2048;
    case pki::KeySpec::Rsa3072:
      return 3072;
    case pki::KeySpec::Rsa4096:
      return 4096;
    case pki::KeySpec::P256:
    case pki::KeySpec::P384:
      break;
  }
  return 0;
}

Bytes curve_of(pki::KeySpec spec) {
  return DerWriter().oid(spec == pki::KeySpec::P384 ? pki::oids::kSecp384r1 : pki::oids::kPrime256v1).take();
}

/// Label and id of a new pair: the location's, with what it lacks.
struct Naming {
  explicit Naming(const KeyLocation& location) : both(location.object().begin(), location.object().end()) {
    const auto has = [&](CK_ATTRIBUTE_TYPE type) {
      return std::ranges::any_of(both, [&](const CK_ATTRIBUTE& one) { return one.type == type; });
    };
    if (!has(CKA_ID)) both.push_back({CKA_ID, id.data(), id.size()});
  }
  std::array<std::uint8_t, 8> id = pki::random_octets<8>();
  Template both;
};

CK_RV generate(const Token& token, CK_MECHANISM mechanism, Template open, Template secret) {
  Token::Session session(token);
  if (session.result() != CKR_OK) return session.result();
  CK_OBJECT_HANDLE public_key = 0;
  CK_OBJECT_HANDLE private_key = 0;
  const CK_RV result =
      token.functions().C_GenerateKeyPair(session.handle(), &mechanism, open.data(), open.size(),
                                          secret.data(), secret.size(), &public_key, &private_key);
  if (result == CKR_OK) session.was_good();
  return result;
}

}  // namespace

KeyResult<CK_OBJECT_HANDLE> find_private_key(const Token& token, const KeyLocation& location, KeyUse use) {
  CK_OBJECT_CLASS kind = CKO_PRIVATE_KEY;
  const auto found = find_objects(token, with_class(location, kind));
  if (!found) return tl::unexpected(found.error());
  const std::string where = "token " + token.name() + " has ";
  if (found->empty()) return key_fault("uri", where + "no private key " + location.object_name());
  if (found->size() > 1) {
    return key_fault("uri", where + "more than one private key " + location.object_name() +
                                ": add id= of the one that is meant");
  }
  if (const char* why = unfit(token, found->front(), use)) {
    return key_fault("uri", "key " + location.object_name() + " " + why);
  }
  return found->front();
}

KeyResult<pki::KeyFamily> family_of(const Token& token, const KeyLocation& location, CK_OBJECT_HANDLE key) {
  CK_KEY_TYPE type = 0;
  const Bytes octets = read_octets(token, key, CKA_KEY_TYPE);
  if (octets.size() == sizeof(type)) {
    std::memcpy(&type, octets.data(), sizeof(type));
    if (type == CKK_RSA) return pki::KeyFamily::Rsa;
    if (type == CKK_EC) return pki::KeyFamily::Ec;
  }
  return key_fault("uri", "key " + location.object_name() + " is neither RSA nor EC");
}

KeyResult<pki::PublicKey> read_public_key(const Token& token, const KeyLocation& location,
                                          CK_OBJECT_HANDLE key) {
  const auto family = family_of(token, location, key);
  if (!family) return tl::unexpected(family.error());
  return *family == pki::KeyFamily::Rsa ? rsa_public_key(token, key) : ec_public_key(token, location, key);
}

KeyResult<void> generate_pair(const Token& token, const KeyLocation& location, pki::KeySpec spec,
                              KeyUse use) {
  const auto there = find_objects(token, Template(location.object().begin(), location.object().end()));
  if (!there) return tl::unexpected(there.error());
  if (!there->empty()) {
    return key_fault("uri",
                     "token " + token.name() + " has " + location.object_name() +
                         " already, and nothing is replaced: use another name, or the key that is there");
  }
  Naming naming(location);
  CK_BBOOL yes = CK_TRUE;
  CK_BBOOL no = CK_FALSE;
  CK_BBOOL decrypts = use == KeyUse::SignAndDecrypt ? CK_TRUE : CK_FALSE;
  Template open = naming.both;
  open.insert(open.end(), {attribute(CKA_TOKEN, yes), attribute(CKA_VERIFY, yes)});
  Template secret = naming.both;
  secret.insert(secret.end(),
                {attribute(CKA_TOKEN, yes), attribute(CKA_PRIVATE, yes), attribute(CKA_SENSITIVE, yes),
                 attribute(CKA_EXTRACTABLE, no), attribute(CKA_SIGN, yes)});
  CK_ULONG bits = rsa_bits(spec);
  Bytes exponent = {1, 0, 1};
  Bytes curve = curve_of(spec);
  if (bits != 0) {
    open.insert(open.end(), {attribute(CKA_MODULUS_BITS, bits), attribute(CKA_PUBLIC_EXPONENT, exponent),
                             attribute(CKA_ENCRYPT, decrypts)});
    secret.push_back(attribute(CKA_DECRYPT, decrypts));
  } else {
    open.push_back(attribute(CKA_EC_PARAMS, curve));
  }
  const CK_MECHANISM mechanism{bits != 0 ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  const CK_RV result = generate(token, mechanism, std::move(open), std::move(secret));
  if (result == CKR_OK) return {};
  return key_fault("uri", "token " + token.name() + " does not make the key: " + reason(result));
}

}  // namespace certspan::pkcs11
