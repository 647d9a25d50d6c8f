#include <sys/stat.h>

#include <array>
#include <iostream>

#include <fmt/core.h>
#include <openssl/rand.h>

#include "host/app/commands.hpp"
#include "host/app/offline_action.hpp"
#include "host/base/text_file.hpp"
#include "host/config/load_config.hpp"

namespace certspan {
namespace {

std::string new_challenge() {
  std::array<std::uint8_t, 20> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return {};
  return to_hex(random);
}

constexpr std::string_view kConfig =
    R"(# A SCEP endpoint in front of an embedded CA. `certspan check` says what is wrong with this file;
# docs/configuration.md describes every key.
version: 1

host:
  data_dir: {data}
  listeners:
    web: {{ address: "{address}" }}

plugins:
  dirs: [{plugins}]

connectors:
  scep:
    plugin: ndes
    type: scep_server
    settings:
      listener: web
      path: /scep
      ra:
        certificate_file: {directory}/ra.pem
        key: "${{file:ra.key}}"
  challenge:
    plugin: ndes
    type: challenge
    settings:
      static: "${{file:challenge}}"
      one_time: {{ lifetime: 1h }}
  renewal:
    plugin: ndes
    type: renewal
    settings: {{ allow_same_key: true }}
  example-ca:
    plugin: ca_local
    type: ca
    settings:
      certificate_file: {directory}/ca.pem
      key: "${{file:ca.key}}"

profiles:
  device:
    subject: from_request
    san: [dns, email, upn, uri]
    key_usage: [digital_signature, key_encipherment]
    eku: [client_auth]
    validity: 365d
    keys: [rsa>=2048, p256, p384]

pipelines:
  renewals:
    source: scep
    when: {{ message: renewal }}
    steps:
      - validate: renewal
      - issue: example-ca
        profile: device
  enrolments:
    source: scep
    steps:
      - validate: challenge
      - issue: example-ca
        profile: device
)";

Result<void> make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return fail(Outcome::Rejected, "init.cannot_write",
                "can't make directory \"" + directory.string() + "\": " + error.message());
  }
  if (!std::filesystem::is_empty(directory, error)) {
    return fail(Outcome::Rejected, "init.not_empty",
                "\"" + directory.string() + "\" is not empty; name a new directory, nothing is overwritten");
  }
  ::chmod(directory.c_str(), 0700);
  return {};
}

Result<void> make_keys(const InitOptions& options, const std::filesystem::path& directory) {
  CERTSPAN_CHECK(run_offline(
      options.plugin_dirs, "ca_local", "ca", "create_ca",
      {{"directory", directory.string()}, {"subject", options.subject}, {"key", options.ca_key}}));
  CERTSPAN_TRY(const auto request, run_offline(options.plugin_dirs, "ndes", "scep_server", "create_ra",
                                               {{"directory", directory.string()},
                                                {"subject", "CN=Certspan SCEP RA"},
                                                {"key", options.ra_key}}));
  CERTSPAN_TRY(const auto certified,
               run_offline(options.plugin_dirs, "ca_local", "ca", "certify_ra",
                           {{"directory", directory.string()}, {"csr", request.value("csr", "")}}));
  return write_new_file(directory / "ra.pem", certified.value("certificate", ""), 0644);
}

/// What the options made must be what `check` takes.
Result<void> look_at(const std::filesystem::path& file) {
  Faults faults(file.string());
  load_config(file, faults);
  if (!faults.has_errors()) return {};
  return fail(Outcome::Invalid, "init.bad_option", "with these options: " + faults.sorted().front().message);
}

Result<void> fill(const InitOptions& options, const std::filesystem::path& directory) {
  CERTSPAN_CHECK(make_keys(options, directory));
  CERTSPAN_CHECK(write_new_file(directory / "challenge", new_challenge() + "\n", 0600));
  std::string plugins;
  for (const auto& dir : options.plugin_dirs)
    plugins += (plugins.empty() ? "" : ", ") + ("\"" + dir.string() + "\"");
  const auto file = directory / "certspan.yaml";
  CERTSPAN_CHECK(
      write_new_file(file,
                     fmt::format(kConfig, fmt::arg("directory", directory.string()),
                                 fmt::arg("data", (directory / "data").string()),
                                 fmt::arg("address", options.address), fmt::arg("plugins", plugins)),
                     0644));
  return look_at(file);
}

/// All or nothing: a directory that was empty is empty again if something fails. Where all of it stands now.
Result<std::filesystem::path> init(InitOptions options) {
  CERTSPAN_CHECK(make_directory(options.directory));
  const auto directory = std::filesystem::canonical(options.directory);
  if (options.plugin_dirs.empty()) options.plugin_dirs = default_plugin_dirs();
  if (auto filled = fill(options, directory); !filled) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
      std::filesystem::remove_all(entry.path(), ignored);
    }
    std::filesystem::remove(directory, ignored);
    return tl::unexpected(std::move(filled.error()));
  }
  return directory;
}

void say_what_is_next(const std::string& config, const std::string& url, const std::string& challenge) {
  std::cout << "wrote " << config << "\n\nnext:\n  certspan check " << config << "\n  certspan run --config "
            << config << "\n  clients: " << url << ", challenge in " << challenge << "\n";
}

}  // namespace

ExitCode command_init(const InitOptions& options, bool json) {
  const auto directory = init(options);
  if (!directory) return complain(directory.error());
  const std::string config = (*directory / "certspan.yaml").string();
  const std::string challenge = (*directory / "challenge").string();
  const std::string url = "http://" + options.address + "/scep";
  if (json) {
    print_json({{"config", config}, {"url", url}, {"challenge_file", challenge}});
  } else {
    say_what_is_next(config, url, challenge);
  }
  return ExitCode::Ok;
}

}  // namespace certspan
