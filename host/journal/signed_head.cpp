#include "host/journal/signed_head.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "host/journal/key_file.hpp"

namespace certspan {
namespace {

constexpr const char* kAuditKeyName = "audit.key";
constexpr std::string_view kBegin = "certspan-audit-head-1";
constexpr std::string_view kSignature = " signature=";
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kSignatureSize = 64;

struct FreeSignatureContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using SignatureContext = std::unique_ptr<EVP_MD_CTX, FreeSignatureContext>;

tl::unexpected<Error> no_signature() {
  return fail(Outcome::Internal, "journal.key", "the head of the audit chain can't be signed");
}

tl::unexpected<Error> bad_head(const std::string& what) {
  return fail(Outcome::Rejected, "audit.bad_head", "a head of the audit chain " + what);
}

std::string signed_text(const AuditHead& head, WallMs time, const std::string& key) {
  return std::string(kBegin) + " time_ms=" + std::to_string(time) + " number=" + std::to_string(head.number) +
         " hash=" + to_hex(head.hash) + " removed=" + std::to_string(head.removed) + " key=" + key;
}

/// The value of ` name=`; "" if it is not there.
std::string_view value_of(std::string_view text, std::string_view name) {
  const std::string label = " " + std::string(name) + "=";
  const auto at = text.find(label);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + label.size());
  return text.substr(0, text.find_first_of(" \"\r\n"));
}

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

bool is_signed(std::string_view text, BytesView signature, BytesView key) {
  struct FreeKey {
    void operator()(EVP_PKEY* pkey) const { EVP_PKEY_free(pkey); }
  };
  const std::unique_ptr<EVP_PKEY, FreeKey> pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const SignatureContext context(EVP_MD_CTX_new());
  const BytesView bytes = as_bytes(text);
  return pkey && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), bytes.data(), bytes.size()) == 1;
}

}  // namespace

void HeadSigner::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

Result<HeadSigner> HeadSigner::open(const std::filesystem::path& directory) {
  CERTSPAN_TRY(auto seed, read_key_file(directory / kAuditKeyName));
  if (!seed) {
    CERTSPAN_TRY(seed, make_key_file(directory / kAuditKeyName));
  }
  return from(seed->value());
}

Result<std::optional<HeadSigner>> HeadSigner::find(const std::filesystem::path& directory) {
  CERTSPAN_TRY(const auto seed, read_key_file(directory / kAuditKeyName));
  if (!seed) return std::nullopt;
  CERTSPAN_TRY(HeadSigner signer, from(seed->value()));
  return signer;
}

Result<HeadSigner> HeadSigner::from(BytesView seed) {
  PrivateKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  std::array<std::uint8_t, kKeySize> raw{};
  std::size_t size = raw.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size) != 1 || size != raw.size()) {
    return no_signature();
  }
  return HeadSigner(std::move(key), to_hex(raw));
}

Result<std::string> HeadSigner::sign(const AuditHead& head, WallMs time) const {
  std::string text = signed_text(head, time, key_);
  const SignatureContext context(EVP_MD_CTX_new());
  std::array<std::uint8_t, kSignatureSize> signature{};
  std::size_t size = signature.size();
  const BytesView bytes = as_bytes(text);
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, private_key_.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, bytes.data(), bytes.size()) != 1) {
    return no_signature();
  }
  text += kSignature;
  text += to_hex(signature);
  return text;
}

Result<std::optional<SignedHead>> read_signed_head(std::string_view line) {
  const auto begin = line.find(kBegin);
  if (begin == std::string_view::npos) return std::nullopt;
  line.remove_prefix(begin);
  SignedHead found;
  found.key = value_of(line, "key");
  const auto hash = from_hex(value_of(line, "hash"));
  const auto key = from_hex(found.key);
  const auto signature = from_hex(value_of(line, "signature"));
  const bool whole = hash && hash->size() == found.head.hash.size() && key && key->size() == kKeySize &&
                     signature && signature->size() == kSignatureSize &&
                     read_number(value_of(line, "time_ms"), found.time) &&
                     read_number(value_of(line, "number"), found.head.number) &&
                     read_number(value_of(line, "removed"), found.head.removed);
  if (!whole) return bad_head("is cut off or can't be read");
  std::copy(hash->begin(), hash->end(), found.head.hash.begin());
  if (!is_signed(line.substr(0, line.find(kSignature)), *signature, *key)) {
    return bad_head("has a signature that is not its key's: the line was changed");
  }
  return found;
}

}  // namespace certspan
