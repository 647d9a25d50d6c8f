#include "host/journal/sealing.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>

namespace certspan {
namespace {

constexpr std::uint8_t kSealVersion = 1;
constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;
constexpr std::size_t kOverhead = 1 + kNonceSize + kTagSize;
constexpr std::string_view kSalt = "certspan journal sealing";
constexpr std::string_view kItemInfo = "item";
constexpr std::string_view kCheckInfo = "key check";

struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext>;

void append(Bytes& to, BytesView part) {
  to.insert(to.end(), part.begin(), part.end());
}

void append_id(Bytes& to, WorkId id) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    to.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(id) >> shift));
  }
}

/// Table, id, field, version. The zero byte ends the table's name, so no two places give the same bytes.
Bytes associated_data(const SealedPlace& place) {
  Bytes data;
  append(data, as_bytes(place.table));
  data.push_back(0);
  append_id(data, place.id);
  append(data, as_bytes(place.field));
  data.push_back(kSealVersion);
  return data;
}

bool encrypt(EVP_CIPHER_CTX* context, BytesView plain, std::uint8_t* cipher_text, std::uint8_t* tag) {
  int length = 0;
  return EVP_EncryptUpdate(context, cipher_text, &length, plain.data(), static_cast<int>(plain.size())) ==
             1 &&
         EVP_EncryptFinal_ex(context, cipher_text + length, &length) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagSize, tag) == 1;
}

bool decrypt(EVP_CIPHER_CTX* context, BytesView cipher_text, BytesView tag, std::uint8_t* plain) {
  std::array<std::uint8_t, kTagSize> tag_copy{};
  std::copy(tag.begin(), tag.end(), tag_copy.begin());
  int length = 0;
  return EVP_DecryptUpdate(context, plain, &length, cipher_text.data(),
                           static_cast<int>(cipher_text.size())) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagSize, tag_copy.data()) == 1 &&
         EVP_DecryptFinal_ex(context, plain + length, &length) == 1;
}

}  // namespace

void Sealer::FreeCipher::operator()(evp_cipher_st* cipher) const {
  EVP_CIPHER_free(cipher);
}

Result<Sealer> Sealer::create(const SealingKey& master) {
  Cipher cipher(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  auto keys = KeyDerivation::create(as_bytes(kSalt), master.value());
  const auto check = keys ? keys->derive(as_bytes(kCheckInfo)) : std::nullopt;
  if (!cipher || !check) {
    return fail(Outcome::Internal, "journal.key", "this OpenSSL has no AES-256-GCM or no HMAC-SHA256");
  }
  return Sealer(std::move(*keys), std::move(cipher), copy_of(check->value()));
}

std::string Sealer::mark() const {
  return has_key() ? to_hex(BytesView(key_check_).first(4)) : "";
}

std::optional<SealingKey> Sealer::item_key(WorkId id) const {
  if (!keys_) return std::nullopt;
  Bytes info = copy_of(as_bytes(kItemInfo));
  append_id(info, id);
  return keys_->derive(info);
}

Result<Bytes> Sealer::seal(const SealedPlace& place, BytesView plain) const {
  const auto key = item_key(place.id);
  const Bytes associated = associated_data(place);
  Bytes sealed(plain.size() + kOverhead);
  sealed[0] = kSealVersion;
  std::uint8_t* nonce = sealed.data() + 1;
  const CipherContext context(EVP_CIPHER_CTX_new());
  int length = 0;
  if (!key || !context || plain.size() > std::numeric_limits<int>::max() ||
      RAND_bytes(nonce, kNonceSize) != 1 ||
      EVP_EncryptInit_ex2(context.get(), cipher_.get(), key->value().data(), nonce, nullptr) != 1 ||
      EVP_EncryptUpdate(context.get(), nullptr, &length, associated.data(),
                        static_cast<int>(associated.size())) != 1 ||
      !encrypt(context.get(), plain, nonce + kNonceSize, sealed.data() + sealed.size() - kTagSize)) {
    return fail(Outcome::Internal, "journal.key", "work item " + to_string(place.id) + " can't be sealed");
  }
  return sealed;
}

Result<Bytes> Sealer::open(const SealedPlace& place, BytesView sealed) const {
  const auto refuse = [&] {
    return fail(Outcome::Internal, "journal.corrupt",
                "the sealed part of work item " + to_string(place.id) +
                    " does not open: it was changed, or sealed with another journal.key");
  };
  if (sealed.size() < kOverhead || sealed[0] != kSealVersion ||
      sealed.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return refuse();
  }
  const auto key = item_key(place.id);
  const Bytes associated = associated_data(place);
  const BytesView cipher_text = sealed.subspan(1 + kNonceSize, sealed.size() - kOverhead);
  Bytes plain(cipher_text.size());
  const CipherContext context(EVP_CIPHER_CTX_new());
  int length = 0;
  if (!key || !context ||
      EVP_DecryptInit_ex2(context.get(), cipher_.get(), key->value().data(), sealed.data() + 1, nullptr) !=
          1 ||
      EVP_DecryptUpdate(context.get(), nullptr, &length, associated.data(),
                        static_cast<int>(associated.size())) != 1 ||
      !decrypt(context.get(), cipher_text, sealed.last(kTagSize), plain.data())) {
    return refuse();
  }
  return plain;
}

}  // namespace certspan
