#include "host/app/certificate_file.hpp"

#include <fstream>
#include <memory>
#include <string_view>

#include <openssl/pem.h>

namespace certspan {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} * 1024;
constexpr std::uint8_t kDerSequence = 0x30;

/// The contents of the first CERTIFICATE block, or nothing.
Bytes first_pem_block(BytesView text) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  for (;;) {
    char* label = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_read_bio(in.get(), &label, &header, &data, &size) != 1) return {};
    Bytes block;
    if (std::string_view(label) == "CERTIFICATE") block.assign(data, data + size);
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_free(data);
    if (!block.empty()) return block;
  }
}

}  // namespace

Result<Bytes> read_certificate(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  Bytes content(kMostBytes + 1);
  in.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(content.size()));
  if (in.bad() || (!in.is_open())) {
    return fail(Outcome::Invalid, "file.unreadable", "\"" + file.string() + "\" can't be read");
  }
  content.resize(static_cast<std::size_t>(in.gcount()));
  if (!content.empty() && content.size() <= kMostBytes && content.front() == kDerSequence) return content;
  Bytes certificate = first_pem_block(content);
  if (content.size() > kMostBytes || certificate.empty()) {
    return fail(Outcome::Invalid, "work.no_certificate",
                "\"" + file.string() + "\" holds no certificate, PEM or DER, of at most 64 KiB");
  }
  return certificate;
}

}  // namespace certspan
