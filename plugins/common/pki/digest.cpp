#include "plugins/common/pki/digest.hpp"

#include <stdexcept>

#include "plugins/common/pki/oids.hpp"
#include "plugins/common/pki/ossl.hpp"

namespace certspan::pki {
namespace {

constexpr std::array<Digest, 4> kDigests = {Digest::Sha1, Digest::Sha256, Digest::Sha384, Digest::Sha512};

EVP_MD_CTX* thread_context() {
  thread_local const EvpMdCtxPtr context(EVP_MD_CTX_new());
  if (!context) throw std::bad_alloc();
  return context.get();
}

}  // namespace

std::size_t digest_size(Digest digest) {
  switch (digest) {
    case Digest::Sha1:
      return 20;
    case Digest::Sha256:
      return 32;
    case Digest::Sha384:
      return 48;
    case Digest::Sha512:
      return 64;
  }
  return 0;
}

std::string_view digest_name(Digest digest) {
  switch (digest) {
    case Digest::Sha1:
      return "sha1";
    case Digest::Sha256:
      return "sha256";
    case Digest::Sha384:
      return "sha384";
    case Digest::Sha512:
      return "sha512";
  }
  return "unknown";
}

const Oid& digest_oid(Digest digest) {
  switch (digest) {
    case Digest::Sha1:
      return oids::kSha1;
    case Digest::Sha256:
      return oids::kSha256;
    case Digest::Sha384:
      return oids::kSha384;
    case Digest::Sha512:
      break;
  }
  return oids::kSha512;
}

std::optional<Digest> digest_from_oid(const Oid& oid) {
  for (const Digest digest : kDigests) {
    if (digest_oid(digest) == oid) return digest;
  }
  return std::nullopt;
}

const evp_md_st* evp_digest(Digest digest) {
  static const std::array<const EVP_MD*, 4> kFetched = [] {
    std::array<const EVP_MD*, 4> fetched{};
    for (const Digest each : kDigests) {
      fetched[static_cast<std::size_t>(each)] =
          EVP_MD_fetch(nullptr, std::string(digest_name(each)).c_str(), nullptr);
    }
    ERR_clear_error();
    return fetched;
  }();
  const EVP_MD* algorithm = kFetched[static_cast<std::size_t>(digest)];
  if (algorithm == nullptr)
    throw std::runtime_error("the crypto library has no " + std::string(digest_name(digest)));
  return algorithm;
}

DigestValue hash(Digest digest, std::initializer_list<BytesView> parts) {
  EVP_MD_CTX* context = thread_context();
  bool good = EVP_DigestInit_ex2(context, evp_digest(digest), nullptr) == 1;
  for (const BytesView part : parts) good = good && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  DigestValue value;
  unsigned int size = 0;
  good = good && EVP_DigestFinal_ex(context, value.octets_.data(), &size) == 1;
  if (!good) throw std::runtime_error("the crypto library failed to hash");
  value.size_ = size;
  return value;
}

Sha256Value sha256(BytesView data) {
  const DigestValue value = hash(Digest::Sha256, data);
  Sha256Value out{};
  std::ranges::copy(value.view(), out.begin());
  return out;
}

}  // namespace certspan::pki
