#include "plugins/common/pki/pem.hpp"

#include "plugins/common/pki/base64.hpp"

namespace certspan::pki {
namespace {

constexpr std::size_t kLineLength = 64;

bool is_space(char c) {
  return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

}  // namespace

std::string pem_encode(std::string_view label, BytesView der) {
  const std::string body = base64_encode(der);
  std::string text = "-----BEGIN " + std::string(label) + "-----\n";
  for (std::size_t i = 0; i < body.size(); i += kLineLength) text += body.substr(i, kLineLength) + "\n";
  return text + "-----END " + std::string(label) + "-----\n";
}

Result<std::vector<Bytes>> pem_decode(std::string_view text, std::string_view label) {
  const std::string begin = "-----BEGIN " + std::string(label) + "-----";
  const std::string end = "-----END " + std::string(label) + "-----";
  std::vector<Bytes> blocks;
  for (std::size_t at = text.find(begin); at != std::string_view::npos; at = text.find(begin)) {
    text.remove_prefix(at + begin.size());
    const std::size_t stop = text.find(end);
    if (stop == std::string_view::npos)
      return fault(FaultKind::Malformed, "pem: no end line for " + std::string(label));
    std::string body;
    for (const char c : text.substr(0, stop)) {
      if (!is_space(c)) body.push_back(c);
    }
    std::optional<Bytes> der = base64_decode(body);
    if (!der) return fault(FaultKind::Malformed, "pem: bad base64 in " + std::string(label));
    blocks.push_back(std::move(*der));
    text.remove_prefix(stop + end.size());
  }
  return blocks;
}

Result<std::vector<Certificate>> load_certificates(std::string_view pem) {
  CERTSPAN_PKI_TRY(const std::vector<Bytes> blocks, pem_decode(pem, kPemCertificate));
  if (blocks.empty()) return fault(FaultKind::Malformed, "pem: no certificate in it");
  std::vector<Certificate> certificates;
  for (const Bytes& der : blocks) {
    CERTSPAN_PKI_TRY(Certificate certificate, Certificate::parse(der));
    certificates.push_back(std::move(certificate));
  }
  return certificates;
}

}  // namespace certspan::pki
