#include "host/app/certificate_source.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include <openssl/evp.h>

namespace certspan {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostDer = std::size_t{64} * 1024;
constexpr std::size_t kMostBase64 = (kMostDer + 2) / 3 * 4;
constexpr std::size_t kMostLine = std::size_t{64} * 1024;
constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";

/// The lines of a text in 8 bits or in UTF-16, of which only ASCII matters. What a line has above
/// `kMostLine` is passed over.
class Lines {
 public:
  explicit Lines(std::istream& in) : in_(in) {
    const int first = in_.peek();
    if (first != 0xFF && first != 0xFE) return;
    in_.get();
    if (in_.peek() != (first ^ 1)) return;
    in_.get();
    wide_ = true;
    low_first_ = first == 0xFF;
  }

  bool next(std::string& line) {
    line.clear();
    for (int c = character(); c >= 0; c = character()) {
      if (c == '\n') return true;
      if (line.size() < kMostLine) line.push_back(static_cast<char>(c));
    }
    return !line.empty();
  }

 private:
  /// -1 at the end.
  int character() {
    std::streambuf& bytes = *in_.rdbuf();
    const int first = bytes.sbumpc();
    if (first < 0 || !wide_) return first;
    const int second = bytes.sbumpc();
    if (second < 0) return second;
    const int low = low_first_ ? first : second;
    return (low_first_ ? second : first) == 0 ? low : '?';
  }

  std::istream& in_;
  bool wide_ = false;
  bool low_first_ = false;
};

/// Puts PEM blocks together, line by line.
class PemBlocks {
 public:
  PemBlocks(const fs::path& file, const CertificateVisitor& visitor) : file_(file), visitor_(visitor) {}

  bool take(std::string_view line) {
    const auto begin = line.find(kBegin);
    if (begin != std::string_view::npos) {
      const bool go_on = !inside_ || visitor_.unreadable(file_, "a certificate in it has no end");
      inside_ = found_ = true;
      base64_.clear();
      return go_on && take_inside(line.substr(begin + kBegin.size()));
    }
    return !inside_ || take_inside(line);
  }
  void end() {
    if (inside_) {
      visitor_.unreadable(file_, "a certificate in it has no end");
    } else if (!found_) {
      visitor_.unreadable(
          file_, "holds no certificate, DER or PEM; `certutil -view -out RawCertificate` writes them");
    }
  }

 private:
  bool take_inside(std::string_view line) {
    const auto end = line.find(kEnd);
    for (const char c : line.substr(0, end)) {
      if (c != '\r' && c != ' ' && c != '\t') base64_.push_back(c);
    }
    if (base64_.size() > kMostBase64) {
      inside_ = false;
      return visitor_.unreadable(file_, "a certificate in it is over 64 KiB");
    }
    if (end == std::string_view::npos) return true;
    inside_ = false;
    return visitor_.certificate(file_, std::move(base64_));
  }

  const fs::path& file_;
  const CertificateVisitor& visitor_;
  std::string base64_;
  bool inside_ = false;
  bool found_ = false;
};

std::string base64_of(const std::string& der) {
  std::string text((der.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(der.data()), static_cast<int>(der.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

/// A SEQUENCE whose length takes octets of its own; a text that begins with "0" goes on with a character.
bool is_der(std::istream& in) {
  if (in.peek() != 0x30) return false;
  in.get();
  const int second = in.peek();
  in.unget();
  return second >= 0x80;
}

bool read_der(std::istream& in, const fs::path& file, const CertificateVisitor& visitor) {
  std::string der(kMostDer + 1, '\0');
  in.read(der.data(), static_cast<std::streamsize>(der.size()));
  der.resize(static_cast<std::size_t>(in.gcount()));
  if (der.size() > kMostDer) return visitor.unreadable(file, "is over 64 KiB of DER");
  return visitor.certificate(file, base64_of(der));
}

bool read_one(const fs::path& file, const CertificateVisitor& visitor) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return visitor.unreadable(file, std::strerror(errno));
  if (is_der(in)) return read_der(in, file, visitor);
  in.clear();
  PemBlocks blocks(file, visitor);
  Lines lines(in);
  std::string line;
  while (lines.next(line)) {
    if (!blocks.take(line)) return false;
  }
  blocks.end();
  return true;
}

}  // namespace

void read_certificates(const fs::path& path, const CertificateVisitor& visitor) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    read_one(path, visitor);
    return;
  }
  fs::recursive_directory_iterator entry(path, error);
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored) && !read_one(entry->path(), visitor)) return;
  }
  if (error) visitor.unreadable(path, error.message());
}

}  // namespace certspan
