#pragma once

#include <array>
#include <functional>
#include <memory>

#include "host/backup/byte_stream.hpp"
#include "host/base/secret.hpp"

namespace certspan::backup {

// A backup's encryption: libsodium's secretstream (XChaCha20-Poly1305) over chunks of kChunk bytes, the last
// one marked as such, with a key that Argon2id makes of a passphrase and a random salt. A file is kMagic, the
// salt, a value by which a wrong passphrase is told, the stream's own header and the chunks; what stands
// before the chunks is authenticated with each of them.

inline constexpr std::string_view kMagic = "certspan-backup-1\n";
inline constexpr std::size_t kSaltSize = 16;

/// The two values that come of a passphrase. Wiped when it goes.
struct BackupKey {
  Secret key;    ///< 32 bytes
  Secret check;  ///< 32 bytes; written into the file, tells nothing about the key
};
/// Makes the key for a salt.
using KeyOf = std::function<Result<BackupKey>(BytesView salt)>;

/// Argon2id with libsodium's "moderate" cost: 256 MB of memory and about a second. `passphrase` outlives it.
/// Errors: backup.memory.
KeyOf key_from(const Secret& passphrase);

/// Encrypts what it gets into `out`, which outlives it.
class SealedSink final : public ByteSink {
 public:
  static Result<SealedSink> create(ByteSink& out, const KeyOf& key_of);
  ~SealedSink() override;
  SealedSink(SealedSink&&) noexcept = default;
  SealedSink& operator=(SealedSink&&) noexcept = default;

  Result<void> write(BytesView bytes) override;
  /// The last chunk. Without it a file counts as cut off.
  Result<void> finish();

  struct State;
  struct Free {
    void operator()(State* state) const;
  };

 private:
  SealedSink(ByteSink& out, std::unique_ptr<State, Free> state);

  Result<void> push(bool last);

  ByteSink* out_;
  std::unique_ptr<State, Free> state_;
  Bytes chunk_;
};

/// Decrypts what `in` has, which outlives it. Errors: those of `in`; backup.foreign (no encrypted backup),
/// backup.passphrase, backup.truncated, backup.altered.
class SealedSource final : public ByteSource {
 public:
  static Result<SealedSource> open(ByteSource& in, const KeyOf& key_of);
  ~SealedSource() override;
  SealedSource(SealedSource&&) noexcept = default;
  SealedSource& operator=(SealedSource&&) noexcept = default;

  Result<std::size_t> read(std::span<std::uint8_t> into) override;

 private:
  SealedSource(ByteSource& in, std::unique_ptr<SealedSink::State, SealedSink::Free> state);

  Result<void> pull();

  ByteSource* in_;
  std::unique_ptr<SealedSink::State, SealedSink::Free> state_;
  Bytes sealed_;
  Bytes chunk_;
  std::size_t at_ = 0;  ///< in chunk_
  bool last_ = false;
};

}  // namespace certspan::backup
