#include "probe/device.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "plugins/common/pki/name.hpp"

namespace certspan::scep_probe {
namespace {

constexpr std::size_t kLongestChallenge = 4096;
constexpr int kSerialOctets = 16;
constexpr long kSignerBegins = -3600;  // seconds; the server's clock may be behind
constexpr long kSignerEnds =
    24L * 60 * 60;  // a request that a person decides on is polled for so long at most

struct FileEnd {
  void operator()(std::FILE* file) const {
    if (file != stdin) static_cast<void>(std::fclose(file));
  }
};
struct ExtensionsEnd {
  void operator()(STACK_OF(X509_EXTENSION) * stack) const {
    sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
  }
};

tl::unexpected<Failure> cannot_make(std::string_view what) {
  return fail(pki::ossl_fault(what).value().message, "this is a fault of this machine and not of the server");
}

/// Unbuffered: no copy of the secret stays behind in the C library.
Result<pki::SecretBytes> read_challenge(const std::filesystem::path& path) {
  if (path.empty()) return pki::SecretBytes();
  const bool piped = path == "-";
  const std::unique_ptr<std::FILE, FileEnd> file(piped ? stdin : std::fopen(path.c_str(), "rbe"));
  if (!file) {
    return fail("--challenge-file \"" + path.string() + "\" can't be read",
                "name a file that this user may read");
  }
  static_cast<void>(std::setvbuf(file.get(), nullptr, _IONBF, 0));
  pki::SecretBytes challenge(kLongestChallenge + 1);
  const std::size_t size = std::fread(challenge.writable().data(), 1, challenge.size(), file.get());
  if (size > kLongestChallenge) {
    return fail("--challenge-file \"" + path.string() + "\" is longer than 4096 octets",
                "it is to hold the challenge and nothing else");
  }
  const std::string_view text = challenge.reveal_text().substr(0, size);
  challenge.truncate(std::min(text.find_first_of("\r\n"), size));
  if (!challenge.empty()) return challenge;
  return fail("--challenge-file \"" + path.string() + "\" holds no challenge on its first line",
              "put it there, or leave the option out if the endpoint asks for none");
}

Result<X509NamePtr> read_subject(const std::string& text) {
  const auto der = pki::encode_name(text);
  if (!der)
    return fail("--subject \"" + printable(text) + "\" is no name: " + der.error().message,
                "write CN=name,O=company");
  const unsigned char* at = der->data();
  X509NamePtr name(d2i_X509_NAME(nullptr, &at, static_cast<long>(der->size())));
  if (!name) return cannot_make("the subject");
  return name;
}

bool is_printable_string(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(" '()+,-./:=?").find(c) != std::string_view::npos;
  });
}

bool ask_for_dns(X509_REQ* request, const std::string& dns) {
  if (dns.empty()) return true;
  ASN1_OCTET_STRING* name = ASN1_OCTET_STRING_new();
  GENERAL_NAME* general = GENERAL_NAME_new();
  GENERAL_NAMES* names = GENERAL_NAMES_new();
  ASN1_STRING_set(name, dns.data(), static_cast<int>(dns.size()));
  name->type = V_ASN1_IA5STRING;
  GENERAL_NAME_set0_value(general, GEN_DNS, name);
  sk_GENERAL_NAME_push(names, general);
  STACK_OF(X509_EXTENSION)* raw = nullptr;
  const bool made = X509V3_add1_i2d(&raw, NID_subject_alt_name, names, 0, 0) == 1;
  const std::unique_ptr<STACK_OF(X509_EXTENSION), ExtensionsEnd> extensions(raw);
  GENERAL_NAMES_free(names);
  return made && X509_REQ_add_extensions(request, extensions.get()) == 1;
}

bool put_challenge(X509_REQ* request, const pki::SecretBytes& challenge) {
  if (challenge.empty()) return true;
  const int type = is_printable_string(challenge.reveal_text()) ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;
  return X509_REQ_add1_attr_by_NID(request, NID_pkcs9_challengePassword, type, challenge.reveal().data(),
                                   static_cast<int>(challenge.size())) == 1;
}

Result<pki::SecretBytes> make_request(EVP_PKEY* key, X509_NAME* subject, const Options& options) {
  CERTSPAN_PROBE_TRY(const pki::SecretBytes challenge, read_challenge(options.challenge_file));
  const X509ReqPtr request(X509_REQ_new());
  unsigned char* der = nullptr;
  const bool made =
      X509_REQ_set_version(request.get(), 0) == 1 && X509_REQ_set_subject_name(request.get(), subject) == 1 &&
      X509_REQ_set_pubkey(request.get(), key) == 1 && put_challenge(request.get(), challenge) &&
      ask_for_dns(request.get(), options.dns) && X509_REQ_sign(request.get(), key, EVP_sha256()) > 0;
  const int size = made ? i2d_X509_REQ(request.get(), &der) : -1;
  if (size <= 0) return cannot_make("the request can't be made");
  pki::SecretBytes bytes(BytesView(der, static_cast<std::size_t>(size)));
  OPENSSL_clear_free(der, static_cast<std::size_t>(size));
  return bytes;
}

bool add_usage(X509* certificate) {
  const std::unique_ptr<X509_EXTENSION, pki::OsslDeleter<X509_EXTENSION_free>> usage(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_key_usage, "critical,digitalSignature,keyEncipherment"));
  return usage && X509_add_ext(certificate, usage.get(), -1) == 1;
}

Result<X509Ptr> make_signer(EVP_PKEY* key, X509_NAME* subject) {
  X509Ptr certificate(X509_new());
  std::array<unsigned char, kSerialOctets> random{};
  if (RAND_bytes(random.data(), kSerialOctets) != 1) return cannot_make("no random octets");
  random.front() = static_cast<unsigned char>((random.front() & 0x7f) | 0x40);
  const BigNumberPtr number(BN_bin2bn(random.data(), kSerialOctets, nullptr));
  X509* raw = certificate.get();
  const bool made = BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(raw)) != nullptr &&
                    X509_set_version(raw, 2) == 1 &&
                    X509_gmtime_adj(X509_getm_notBefore(raw), kSignerBegins) != nullptr &&
                    X509_gmtime_adj(X509_getm_notAfter(raw), kSignerEnds) != nullptr &&
                    X509_set_subject_name(raw, subject) == 1 && X509_set_issuer_name(raw, subject) == 1 &&
                    X509_set_pubkey(raw, key) == 1 && add_usage(raw) && X509_sign(raw, key, EVP_sha256()) > 0;
  if (!made) return cannot_make("the certificate that signs the request can't be made");
  return certificate;
}

std::string hash_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  Bytes digest(EVP_MAX_MD_SIZE);
  unsigned length = 0;
  EVP_Digest(der, static_cast<std::size_t>(std::max(size, 0)), digest.data(), &length, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  return pki::to_hex(BytesView(digest).first(length));
}

}  // namespace

Result<Device> make_device(const Options& options) {
  Device device;
  CERTSPAN_PROBE_TRY(const X509NamePtr subject, read_subject(options.subject));
  device.key.reset(EVP_RSA_gen(static_cast<unsigned>(options.key_bits)));
  if (!device.key) return cannot_make("no key can be made");
  CERTSPAN_PROBE_TRY(device.request, make_request(device.key.get(), subject.get(), options));
  CERTSPAN_PROBE_TRY(device.signer, make_signer(device.key.get(), subject.get()));
  device.transaction_id = hash_of(device.key.get());
  return device;
}

}  // namespace certspan::scep_probe
