// Keys and certificates of an embedded CA, and of a registration authority under it.
#include <iostream>

#include <fmt/core.h>

#include "host/app/commands.hpp"
#include "host/app/offline_action.hpp"
#include "host/base/text_file.hpp"

namespace certspan {
namespace {

std::vector<std::filesystem::path> plugin_dirs_of(const CaOptions& options) {
  return options.plugin_dirs.empty() ? default_plugin_dirs() : options.plugin_dirs;
}

std::string directory_of(const CaOptions& options) {
  return std::filesystem::absolute(options.directory).string();
}

/// The arguments of an action about a key in a token at `uri`, or in a file.
nlohmann::json with_token(const CaOptions& options, const std::string& uri, nlohmann::json arguments) {
  if (uri.empty()) return arguments;
  nlohmann::json& token = arguments["pkcs11"];
  token = {{"module", std::filesystem::absolute(options.module).string()}, {"uri", uri}};
  if (!options.pin_file.empty()) token["pin_file"] = std::filesystem::absolute(options.pin_file).string();
  return arguments;
}

/// `key` is empty for one in a token.
ExitCode say_written(const std::string& certificate, const std::string& key, bool json) {
  if (key.empty() && json) {
    print_json({{"certificate_file", certificate}});
  } else if (key.empty()) {
    std::cout << "wrote " << certificate << "; its key is in the token\n";
  } else if (json) {
    print_json({{"certificate_file", certificate}, {"key_file", key}});
  } else {
    std::cout << "wrote " << key << " and " << certificate << "\n";
  }
  return ExitCode::Ok;
}

/// Certifies the RA whose request this is, with the CA whose files are given.
Result<std::string> certify_ra(const CaOptions& options, const std::string& csr) {
  const auto absolute = [](const std::filesystem::path& path) {
    return std::filesystem::absolute(path).string();
  };
  nlohmann::json arguments = {{"certificate_file", absolute(options.certificate)}, {"csr", csr}};
  if (options.ca_uri.empty()) arguments["key_file"] = absolute(options.ca_key);
  CERTSPAN_TRY(const auto certified, run_offline(plugin_dirs_of(options), "ca_local", "ca", "certify_ra",
                                                 with_token(options, options.ca_uri, std::move(arguments))));
  return certified.value("certificate", "");
}

}  // namespace

ExitCode command_ca_create(const CaOptions& options, bool json) {
  const auto made = run_offline(
      plugin_dirs_of(options), "ca_local", "ca", "create_ca",
      with_token(options, options.uri,
                 {{"directory", directory_of(options)}, {"subject", options.subject}, {"key", options.key}}));
  if (!made) return complain(made.error());
  return say_written(made->value("certificate_file", ""), made->value("key_file", ""), json);
}

ExitCode command_ca_ra(const CaOptions& options, bool json) {
  const auto directory = std::filesystem::absolute(options.directory);
  const auto request = run_offline(
      plugin_dirs_of(options), "ndes", "scep_server", "create_ra",
      with_token(options, options.uri,
                 {{"directory", directory.string()}, {"subject", options.subject}, {"key", options.key}}));
  if (!request) return complain(request.error());
  const std::filesystem::path key = request->value("key_file", "");
  auto certificate = certify_ra(options, request->value("csr", ""));
  if (certificate) {
    const auto written = write_new_file(directory / "ra.pem", *certificate, 0644);
    if (!written) certificate = tl::unexpected(written.error());
  }
  if (!certificate) {
    // A key without its certificate would be in the way of the next try.
    std::error_code ignored;
    if (!key.empty()) std::filesystem::remove(key, ignored);
    return complain(certificate.error());
  }
  return say_written((directory / "ra.pem").string(), key.string(), json);
}

ExitCode command_ca_csr(const CaOptions& options, bool json) {
  const auto dirs = plugin_dirs_of(options);
  const auto directory = directory_of(options);
  const auto made =
      run_offline(dirs, "ca_local", "ca", "ca_csr",
                  with_token(options, options.uri,
                             {{"directory", directory}, {"subject", options.subject}, {"key", options.key}}));
  if (!made) return complain(made.error());
  if (json) {
    print_json({{"csr", made->value("csr", "")}});
  } else {
    std::cout << made->value("csr", "");
  }
  return ExitCode::Ok;
}

ExitCode command_ca_import(const CaOptions& options, bool json) {
  const auto pem = read_text_file(options.certificate);
  if (!pem) return complain(pem.error());
  if (pem->find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    return complain(
        Error(Outcome::Invalid, "ca.no_pem",
              fmt::format("can't import \"{}\": there is no certificate in PEM in it; `openssl x509 "
                          "-inform DER` makes PEM of DER, `openssl pkcs7 -print_certs` of a p7b",
                          options.certificate.string())));
  }
  const auto dirs = plugin_dirs_of(options);
  const auto directory = directory_of(options);
  const auto done =
      run_offline(dirs, "ca_local", "ca", "ca_import",
                  with_token(options, options.uri, {{"directory", directory}, {"certificate", *pem}}));
  if (!done) {
    return complain(Error(done.error().outcome, done.error().code,
                          "can't import \"" + options.certificate.string() + "\": " + done.error().message));
  }
  if (json) {
    print_json({{"certificate_file", directory + "/ca.pem"}});
  } else {
    std::cout << "wrote " << directory << "/ca.pem\n";
  }
  return ExitCode::Ok;
}

}  // namespace certspan
