#pragma once

#include <memory>

#include "host/backup/byte_stream.hpp"
#include "host/base/bytes.hpp"
#include "host/journal/audit.hpp"

struct evp_md_ctx_st;

namespace certspan::backup {

/// SHA-256 and size of what passes. For one thread.
class Digest {
 public:
  Digest();

  void add(BytesView bytes);
  std::uint64_t size() const { return size_; }
  /// Errors: backup.crypto. Called once.
  Result<AuditHash> finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
  bool good_;
  std::uint64_t size_ = 0;
};

/// Hands on what another source has, and keeps its digest.
class DigestingSource final : public ByteSource {
 public:
  explicit DigestingSource(ByteSource& in) : in_(in) {}

  Result<std::size_t> read(std::span<std::uint8_t> into) override;
  Digest& digest() { return digest_; }

 private:
  ByteSource& in_;
  Digest digest_;
};

}  // namespace certspan::backup
