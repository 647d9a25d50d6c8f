#include "host/app/ndes_proposal.hpp"

#include <algorithm>

#include <fmt/core.h>

namespace certspan {
namespace {

constexpr std::size_t kMostListed = 40;
constexpr std::size_t kLongestShown = 200;
constexpr std::uint64_t kMostMinutes = 90ULL * 24 * 60;  // of one_time.lifetime
constexpr std::uint64_t kMostOpen = 100'000;             // of mint.most_open
constexpr std::string_view kOffline = "IPSECIntermediateOffline";

/// A text of the registry in a comment: it can't end the line, nor steer a terminal.
std::string in_comment(std::string_view text) {
  std::string safe;
  for (const char c : text.substr(0, kLongestShown)) {
    safe +=
        c >= ' ' && c <= '~' ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return safe;
}

/// A path or address in a double-quoted string of YAML.
std::string yaml_quoted(const std::string& text) {
  std::string safe = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') safe += '\\';
    safe += c;
  }
  return safe + "\"";
}

class Proposal {
 public:
  Proposal(const NdesSettings& ndes, const NdesPlaces& places) : ndes_(ndes), places_(places) {}

  NdesProposal make() {
    say_what_to_do();
    for (const std::string& name : ndes_.not_taken) {
      if (made_.not_taken.size() < kMostListed) made_.not_taken.push_back(in_comment(name));
    }
    made_.yaml = head() + hosts() + connectors() + profile() + pipelines();
    return std::move(made_);
  }

 private:
  std::string file(const char* name) const { return (places_.directory / name).string(); }
  void to_do(std::string text) { made_.to_do.push_back(std::move(text)); }

  void say_what_to_do() {
    to_do(
        fmt::format("make the CA: certspan ca create --directory {0} --subject \"CN=...\", or certspan ca "
                    "csr and ca import to put it "
                    "under the root that devices trust ({0}/ca.key, {0}/ca.pem)",
                    places_.directory.string()));
    if (!ndes_.ca.empty()) {
      to_do("NDES asked the CA \"" + in_comment(ndes_.ca) + "\"" +
            (ndes_.enterprise_ca ? "" : " (standalone)") +
            "; this configuration issues by a CA of its own. What that CA has issued renews here after "
            "certspan import certs");
    }
    say_of_challenge();
    to_do(fmt::format(
        "templates of AD CS are names here: SignatureTemplate \"{}\", EncryptionTemplate \"{}\", "
        "GeneralPurposeTemplate "
        "\"{}\". Compare profile `device` with certutil -v -template NAME: validity, purposes, names",
        in_comment(ndes_.signature_template), in_comment(ndes_.encryption_template),
        in_comment(ndes_.general_template)));
    if (ndes_.signature_template != ndes_.general_template ||
        ndes_.encryption_template != ndes_.general_template) {
      to_do(
          "the templates differ, and NDES chose by the key usage of the request: `device` allows both "
          "usages; templates that differ in more "
          "need an endpoint and a profile each");
    }
  }

  void say_of_challenge() {
    switch (ndes_.challenge) {
      case NdesChallenge::None:
        to_do(
            "NDES asked for no password (EnforcePassword is 0): so does this, and whoever reaches the "
            "listener gets a certificate");
        return;
      case NdesChallenge::OnePassword:
        to_do("put the password of NDES, which its admin page shows, into " + file("challenge") +
              " (chmod 600)");
        return;
      case NdesChallenge::OneTime:
        to_do(
            "device management fetches passwords at /certsrv/mscep_admin as before, as user `mdm`: put that "
            "user's password into " +
            file("mdm.password") +
            " (chmod 600); the listener needs TLS or an address of this machine alone");
        return;
      case NdesChallenge::PolicyModule:
        to_do(
            "a policy module of NDES was in use (Intune's, say): its challenges need a validator for that "
            "service in the place of "
            "`challenge`, which Certspan does not have yet. Until then certspan challenge new mints "
            "challenges");
        return;
    }
  }

  std::string head() const {
    std::string text =
        "# Proposed by certspan import ndes: it answers where NDES did. docs/configuration.md describes "
        "every key.\n#\n# to do:\n";
    for (const std::string& line : made_.to_do) text += "# - " + line + "\n";
    if (!made_.not_taken.empty()) text += "# not taken over from the registry:\n";
    for (const std::string& name : made_.not_taken) text += "# - " + name + "\n";
    if (ndes_.not_taken.size() > made_.not_taken.size()) {
      text += fmt::format("# - and {} more\n", ndes_.not_taken.size() - made_.not_taken.size());
    }
    return text;
  }

  std::string hosts() const {
    std::string dirs;
    for (const auto& dir : places_.plugin_dirs)
      dirs += (dirs.empty() ? "" : ", ") + yaml_quoted(dir.string());
    return fmt::format(R"(version: 1

host:
  data_dir: {}
  listeners:
    web: {{ address: {} }}

plugins:
  dirs: [{}]
)",
                       yaml_quoted(places_.data.string()), yaml_quoted(places_.address), dirs);
  }

  std::string connectors() const {
    return fmt::format(R"(
connectors:
  scep:
    plugin: ndes
    type: scep_server
    settings:
      listener: web
      path: /certsrv/mscep/mscep.dll
      ra: {{ issuer: corp-ca }}
{}  renewal:
    plugin: ndes
    type: renewal
    settings: {{ allow_same_key: true }}
  corp-ca:
    plugin: ca_local
    type: ca
    settings:
      certificate_file: {}
      key: {}
)",
                       challenge(), yaml_quoted(file("ca.pem")),
                       yaml_quoted("${file:" + file("ca.key") + "}"));
  }

  std::string challenge() const {
    if (ndes_.challenge == NdesChallenge::None) return {};
    std::string text = "  challenge:\n    plugin: ndes\n    type: challenge\n    settings:\n";
    if (ndes_.challenge == NdesChallenge::OnePassword) {
      return text + "      static: " + yaml_quoted("${file:" + file("challenge") + "}") + "\n";
    }
    text += fmt::format("      one_time: {{ lifetime: {}m }}\n",
                        std::clamp<std::uint64_t>(ndes_.password_minutes, 1, kMostMinutes));
    if (ndes_.challenge == NdesChallenge::PolicyModule) return text;
    return text + fmt::format(R"(      mint:
        listener: web
        ndes_page: /certsrv/mscep_admin
        most_open: {}
        accounts:
          - {{ name: mdm, password: {}, profiles: [device], endpoint: scep }}
)",
                              std::clamp<std::uint64_t>(ndes_.most_passwords, 1, kMostOpen),
                              yaml_quoted("${file:" + file("mdm.password") + "}"));
  }

  std::string profile() const {
    const bool offline = ndes_.general_template == kOffline;
    return fmt::format(R"(
profiles:
  device:
    subject: from_request
    san: [dns, email, upn, uri]
    key_usage: [digital_signature, key_encipherment]
    eku: [{}]
    validity: {}
    keys: [rsa>=2048]
)",
                       offline ? R"("1.3.6.1.5.5.8.2.2", client_auth)" : "client_auth",
                       offline ? "730d" : "365d");
  }

  std::string pipelines() const {
    const bool open = ndes_.challenge == NdesChallenge::None;
    return fmt::format(R"(
pipelines:
  renewals:
    source: scep
    when: {{ message: renewal }}
    steps:
      - validate: renewal
      - issue: corp-ca
        profile: device
  enrolments:
    source: scep
{}    steps:
{}      - issue: corp-ca
        profile: device
)",
                       open ? "    danger_open_enrolment: true\n" : "",
                       open ? "" : "      - validate: challenge\n");
  }

  const NdesSettings& ndes_;
  const NdesPlaces& places_;
  NdesProposal made_;
};

}  // namespace

NdesProposal propose_for_ndes(const NdesSettings& ndes, const NdesPlaces& places) {
  return Proposal(ndes, places).make();
}

}  // namespace certspan
