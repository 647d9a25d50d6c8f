#include "plugins/ndes/scep_server/create_ra.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "plugins/common/pkcs11/action_key.hpp"
#include "plugins/common/pki/certificate_writer.hpp"
#include "plugins/common/pki/name.hpp"
#include "plugins/common/pki/pem.hpp"
#include "plugins/common/pki/private_key.hpp"
#include "plugins/ndes/json_settings.hpp"

namespace certspan::scep {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

bool write_all(int descriptor, pki::BytesView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return ::fsync(descriptor) == 0;
}

// "" or why it can't be done. A key that is there already may be in use: it stays.
std::string write_new_key_file(const std::string& path, pki::BytesView pem) {
  const FileDescriptor file(::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
  if (file.get() < 0) return "\"" + path + "\" can't be made: " + std::strerror(errno);
  if (write_all(file.get(), pem)) return {};
  std::string reason = "\"" + path + "\" can't be written: " + std::strerror(errno);
  ::unlink(path.c_str());
  return reason;
}

}  // namespace

std::optional<std::string> create_ra(std::string_view arguments, sdk::Faults& faults) {
  const JsonSettings json(arguments);
  const auto refuse = [&](std::string_view pointer, std::string_view message) {
    faults.add(pointer, message);
    return std::nullopt;
  };
  const auto subject = pki::encode_name(json.text("/subject"));
  if (!subject) return refuse("/subject", subject.error().message);
  const auto spec = pki::parse_key_spec(json.text("/key", "rsa:2048"));
  if (!spec || (*spec != pki::KeySpec::Rsa2048 && *spec != pki::KeySpec::Rsa3072)) {
    return refuse("/key", "must be rsa:2048 or rsa:3072: EC keys can't open SCEP requests");
  }
  auto in_token = pkcs11::key_of_action(json.object(""), *spec, pkcs11::KeyUse::SignAndDecrypt);
  if (in_token && !*in_token) return refuse("/pkcs11", in_token->error().message);
  const auto key = in_token ? std::move(*in_token) : pki::generate_private_key(*spec);
  if (!key) return refuse("", key.error().message);
  pki::RequestTemplate wanted;
  wanted.subject = *subject;
  wanted.key_usage = pki::key_usage::kDigitalSignature | pki::key_usage::kKeyEncipherment;
  const auto csr = pki::write_certificate_request(wanted, *key);
  if (!csr) return refuse("", csr.error().message);
  const std::string request = pki::pem_encode(pki::kPemCertificateRequest, *csr);
  if (in_token) return nlohmann::json({{"csr", request}}).dump();
  const auto pem = key->to_pem();
  if (!pem) return refuse("", pem.error().message);
  const std::string path = json.text("/directory") + "/ra.key";
  if (const std::string fault = write_new_key_file(path, pem->reveal()); !fault.empty()) {
    return refuse("/directory", fault);
  }
  return nlohmann::json({{"key_file", path}, {"csr", request}})
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace certspan::scep
