#include "host/backup/crypt_stream.hpp"

#include <sodium.h>

#include <algorithm>
#include <utility>

namespace certspan::backup {
namespace {

constexpr std::size_t kKeySize = crypto_secretstream_xchacha20poly1305_KEYBYTES;
constexpr std::size_t kHeaderSize = crypto_secretstream_xchacha20poly1305_HEADERBYTES;
constexpr std::size_t kSealing = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::size_t kCheckSize = 32;
constexpr std::size_t kBeforeHeader = kMagic.size() + kSaltSize + kCheckSize;
static_assert(kSaltSize == crypto_pwhash_SALTBYTES);
static_assert(kKeySize == crypto_kdf_KEYBYTES);

tl::unexpected<Error> no_sodium() {
  return fail(Outcome::Internal, "backup.crypto", "libsodium can't be used on this machine");
}

tl::unexpected<Error> altered() {
  return fail(Outcome::Rejected, "backup.altered",
              "the backup was altered since it was written: take another copy of it");
}

tl::unexpected<Error> truncated() {
  return fail(Outcome::Rejected, "backup.truncated",
              "the backup is cut off, or its end was altered: take another copy of it");
}

Result<BackupKey> derive(const Secret& passphrase, BytesView salt) {
  if (sodium_init() < 0) return no_sodium();
  Bytes made(kKeySize);
  const BytesView words = passphrase.reveal();
  if (crypto_pwhash(made.data(), made.size(), as_text(words).data(), words.size(), salt.data(),
                    crypto_pwhash_OPSLIMIT_MODERATE, crypto_pwhash_MEMLIMIT_MODERATE,
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(Outcome::Unavailable, "backup.memory",
                "the passphrase's key needs 256 MB of memory, which this machine does not give now");
  }
  const Secret master(std::move(made));
  constexpr const char* kContext = "cs-backp";  // eight characters, of this use alone
  Bytes key(kKeySize);
  Bytes check(kCheckSize);
  crypto_kdf_derive_from_key(key.data(), key.size(), 1, kContext, master.reveal().data());
  crypto_kdf_derive_from_key(check.data(), check.size(), 2, kContext, master.reveal().data());
  return BackupKey{Secret(std::move(key)), Secret(std::move(check))};
}

}  // namespace

struct SealedSink::State {
  crypto_secretstream_xchacha20poly1305_state stream;
  Bytes before;  ///< what stands before the chunks, authenticated with each
};

void SealedSink::Free::operator()(State* state) const {
  sodium_memzero(&state->stream, sizeof(state->stream));
  // Made by us. NOLINTNEXTLINE(cppcoreguidelines-owning-memory)
  delete state;
}

KeyOf key_from(const Secret& passphrase) {
  return [&passphrase](BytesView salt) { return derive(passphrase, salt); };
}

SealedSink::SealedSink(ByteSink& out, std::unique_ptr<State, Free> state)
    : out_(&out), state_(std::move(state)) {
  chunk_.reserve(kChunk);
}

SealedSink::~SealedSink() {
  if (!chunk_.empty()) sodium_memzero(chunk_.data(), chunk_.size());
}

Result<SealedSink> SealedSink::create(ByteSink& out, const KeyOf& key_of) {
  if (sodium_init() < 0) return no_sodium();
  std::unique_ptr<State, Free> state(new State());
  Bytes& before = state->before;
  before = copy_of(as_bytes(kMagic));
  std::array<std::uint8_t, kSaltSize> salt{};
  randombytes_buf(salt.data(), salt.size());
  CERTSPAN_TRY(const BackupKey key, key_of(salt));
  std::array<std::uint8_t, kHeaderSize> header{};
  if (crypto_secretstream_xchacha20poly1305_init_push(&state->stream, header.data(),
                                                      key.key.reveal().data()) != 0) {
    return no_sodium();
  }
  const BytesView check = key.check.reveal();
  before.insert(before.end(), salt.begin(), salt.end());
  before.insert(before.end(), check.begin(), check.end());
  before.insert(before.end(), header.begin(), header.end());
  CERTSPAN_CHECK(out.write(before));
  return SealedSink(out, std::move(state));
}

/// A full chunk is kept back until more comes, since the last one has to be marked.
Result<void> SealedSink::write(BytesView bytes) {
  while (!bytes.empty()) {
    if (chunk_.size() == kChunk) CERTSPAN_CHECK(push(false));
    const std::size_t some = std::min(bytes.size(), kChunk - chunk_.size());
    chunk_.insert(chunk_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(some));
    bytes = bytes.subspan(some);
  }
  return {};
}

Result<void> SealedSink::finish() {
  return push(true);
}

Result<void> SealedSink::push(bool last) {
  Bytes sealed(chunk_.size() + kSealing);
  const auto tag = static_cast<unsigned char>(last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                                                   : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
  const int pushed = crypto_secretstream_xchacha20poly1305_push(
      &state_->stream, sealed.data(), nullptr, chunk_.data(), chunk_.size(), state_->before.data(),
      state_->before.size(), tag);
  sodium_memzero(chunk_.data(), chunk_.size());
  chunk_.clear();
  if (pushed != 0) return no_sodium();
  return out_->write(sealed);
}

SealedSource::SealedSource(ByteSource& in, std::unique_ptr<SealedSink::State, SealedSink::Free> state)
    : in_(&in), state_(std::move(state)), sealed_(kChunk + kSealing) {}

SealedSource::~SealedSource() {
  if (!chunk_.empty()) sodium_memzero(chunk_.data(), chunk_.size());
}

Result<SealedSource> SealedSource::open(ByteSource& in, const KeyOf& key_of) {
  if (sodium_init() < 0) return no_sodium();
  std::unique_ptr<SealedSink::State, SealedSink::Free> state(new SealedSink::State());
  Bytes& before = state->before;
  before.resize(kBeforeHeader + kHeaderSize);
  CERTSPAN_TRY(const std::size_t got, in.read(before));
  const std::size_t magic = std::min(got, kMagic.size());
  if (magic == 0 ||
      !std::equal(kMagic.begin(), kMagic.begin() + static_cast<std::ptrdiff_t>(magic), before.begin())) {
    return fail(Outcome::Rejected, "backup.foreign", "the file is no encrypted backup of certspan");
  }
  if (got < before.size()) return truncated();
  const BytesView all = before;
  CERTSPAN_TRY(const BackupKey key, key_of(all.subspan(kMagic.size(), kSaltSize)));
  const BytesView check = all.subspan(kMagic.size() + kSaltSize, kCheckSize);
  if (sodium_memcmp(check.data(), key.check.reveal().data(), kCheckSize) != 0) {
    return fail(Outcome::Rejected, "backup.passphrase", "the passphrase is not the one of this backup");
  }
  if (crypto_secretstream_xchacha20poly1305_init_pull(&state->stream, all.subspan(kBeforeHeader).data(),
                                                      key.key.reveal().data()) != 0) {
    return altered();
  }
  return SealedSource(in, std::move(state));
}

Result<std::size_t> SealedSource::read(std::span<std::uint8_t> into) {
  std::size_t size = 0;
  while (size < into.size()) {
    if (at_ == chunk_.size()) {
      if (last_) break;
      CERTSPAN_CHECK(pull());
      continue;
    }
    const std::size_t some = std::min(into.size() - size, chunk_.size() - at_);
    std::copy_n(chunk_.begin() + static_cast<std::ptrdiff_t>(at_), some,
                into.begin() + static_cast<std::ptrdiff_t>(size));
    at_ += some;
    size += some;
  }
  return size;
}

Result<void> SealedSource::pull() {
  CERTSPAN_TRY(const std::size_t got, in_->read(sealed_));
  if (got < kSealing) return truncated();
  chunk_.resize(got - kSealing);
  at_ = 0;
  unsigned char tag = 0;
  if (crypto_secretstream_xchacha20poly1305_pull(&state_->stream, chunk_.data(), nullptr, &tag,
                                                 sealed_.data(), got, state_->before.data(),
                                                 state_->before.size()) != 0) {
    chunk_.clear();
    return got < sealed_.size() ? truncated() : altered();
  }
  last_ = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
  if (!last_) return {};
  std::array<std::uint8_t, 1> more{};
  CERTSPAN_TRY(const std::size_t behind, in_->read(more));
  if (behind != 0) return altered();
  return {};
}

}  // namespace certspan::backup
