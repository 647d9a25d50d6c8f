// Commands on one plugin's file: plugin sign, plugin verify.

#include <sys/stat.h>
#include <unistd.h>

#include <iostream>
#include <optional>

#include "host/app/commands.hpp"
#include "host/app/configured_trust.hpp"
#include "host/base/text_file.hpp"
#include "host/config/load_config.hpp"
#include "host/loading/elf_note.hpp"
#include "host/loading/plugin_file.hpp"

namespace certspan {
namespace {

std::string quoted(const std::filesystem::path& path) {
  return "\"" + path.string() + "\"";
}

/// Puts the file before a message that leaves it to us.
Error of_file(const std::filesystem::path& path, Error error, const char* between = ": ") {
  error.message = quoted(path) + between + error.message;
  return error;
}

// --- sign ---

Result<Secret> read_secret_file(const std::filesystem::path& path) {
  SecretRef ref;
  ref.name = std::filesystem::absolute(path).string();
  return read_secret(ref);
}

Result<void> check_closed(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
      (status.st_mode & (S_IRWXG | S_IRWXO)) == 0) {
    return {};
  }
  return fail(Outcome::Invalid, "plugin.open_key",
              quoted(path) + " is open to others than its owner: chmod 600 it");
}

Result<PluginPrivateKey> read_private_key(const SignOptions& options) {
  CERTSPAN_TRY(const Secret pem, read_secret_file(options.key));
  std::optional<Secret> passphrase;
  if (!options.passphrase_file.empty()) {
    CERTSPAN_TRY(passphrase, read_secret_file(options.passphrase_file));
    CERTSPAN_CHECK(check_closed(options.passphrase_file));
  }
  auto key = PluginPrivateKey::from_pem(pem, passphrase ? &*passphrase : nullptr);
  if (!key) return tl::unexpected(of_file(options.key, std::move(key).error(), " "));
  CERTSPAN_CHECK(check_closed(options.key));
  return key;
}

/// A plugin for another machine or another contract is signed too; what is no plugin at all is a slip.
Result<std::optional<PluginNote>> note_to_sign(const PluginFile& file) {
  auto note = read_plugin_note(file.bytes);
  if (note) return std::optional<PluginNote>(std::move(*note));
  if (note.error().code == "plugin.wrong_machine" || note.error().code == "plugin.other_build") {
    std::cerr << "certspan: this machine would not load " << quoted(file.path) << ": " << note.error().message
              << "\n";
    return std::optional<PluginNote>();
  }
  return tl::unexpected(std::move(note).error());
}

/// In place of an older signature, but of nothing else.
Result<void> write_signature(const std::filesystem::path& path, const std::string& text) {
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, error))) {
    const auto old = read_text_file(path, kLargestSignatureFile);
    if (!old || !parse_signature(*old)) {
      return fail(Outcome::Rejected, "plugin.exists",
                  quoted(path) + " is there already and is no signature; name another file with --out");
    }
  }
  auto fresh = path;
  fresh += ".making-" + std::to_string(::getpid());
  CERTSPAN_CHECK(write_new_file(fresh, text, 0644));
  std::filesystem::rename(fresh, path, error);
  if (!error) return {};
  std::filesystem::remove(fresh);
  return fail(Outcome::Unavailable, "file.unwritable",
              "can't write " + quoted(path) + ": " + error.message());
}

Result<nlohmann::json> sign(const SignOptions& options) {
  CERTSPAN_TRY(const PluginPrivateKey key, read_private_key(options));
  auto file = read_any_file(options.file);
  if (!file) return tl::unexpected(of_file(options.file, std::move(file).error()));
  auto note = note_to_sign(*file);
  if (!note) return tl::unexpected(of_file(options.file, std::move(note).error()));
  CERTSPAN_TRY(const PluginSignature signature, key.sign(file->sha256));
  const auto out = options.out.empty() ? signature_path(options.file) : options.out;
  CERTSPAN_CHECK(write_signature(out, signature_text(signature)));
  nlohmann::json made = {{"file", options.file.string()},
                         {"sha256", file->sha256},
                         {"signature", out.string()},
                         {"algorithm", to_string(signature.algorithm)},
                         {"key", signature.key_id}};
  if (*note) {
    made["id"] = (*note)->id;
    made["version"] = (*note)->version;
  }
  return made;
}

// --- verify ---

struct Verified {
  PluginNote note;
  std::string sha256;
  TrustGround ground;
};

/// With the signature that the options name.
Result<PluginFile> with_signature(Result<PluginFile> file, const VerifyOptions& options) {
  if (!file || options.signature.empty()) return file;
  CERTSPAN_TRY(file->signature, read_text_file(options.signature, kLargestSignatureFile));
  return file;
}

/// Whether the one key signed the file, wherever it stands and whatever its id.
Result<TrustGround> judge_by_key(const PluginFile& file, const PluginPublicKey& key,
                                 const std::filesystem::path& name) {
  if (!file.signature) {
    return fail(Outcome::Invalid, "plugin.unsigned",
                "there is no signature file " + signature_path(file.path).filename().string() +
                    " beside it; name another one with --signature");
  }
  CERTSPAN_TRY(const PluginSignature signature, parse_signature(*file.signature));
  if (signature.key_id != key.id()) {
    return fail(Outcome::Invalid, "plugin.unknown_signer",
                "it is signed with the key " + signature.key_id + ", and " + quoted(name) + " is the key " +
                    key.id());
  }
  if (key.has_signed(file.sha256, signature)) {
    return TrustGround{TrustGround::Kind::Signed, name.filename().string()};
  }
  return fail(Outcome::Invalid, "plugin.wrong_signature",
              "it is not the file that " + quoted(name) + " signed (its SHA-256 is " + file.sha256 +
                  "): file or signature were changed or belong to different versions");
}

Result<Verified> verify_by_key(const VerifyOptions& options) {
  CERTSPAN_TRY(const std::string pem, read_text_file(options.trust, kLargestPublicKeyFile));
  const auto key = PluginPublicKey::from_pem(pem);
  if (!key) return tl::unexpected(of_file(options.trust, key.error(), " "));
  CERTSPAN_TRY(const PluginFile file, with_signature(read_any_file(options.file), options));
  Verified verified;
  verified.sha256 = file.sha256;
  CERTSPAN_TRY(verified.ground, judge_by_key(file, *key, options.trust));
  CERTSPAN_TRY(verified.note, read_plugin_note(file.bytes));
  return verified;
}

/// What a host with this trust would say before it copies the file.
Result<Verified> verify_as_host(const VerifyOptions& options, const PluginTrust& trust) {
  CERTSPAN_TRY(const PluginFile file, with_signature(read_plugin_at(options.file), options));
  const std::string id = file.path.stem().string();
  Verified verified;
  verified.sha256 = file.sha256;
  CERTSPAN_TRY(verified.ground, judge_plugin(evidence_of(file, id, file.sha256), trust));
  CERTSPAN_TRY(verified.note, read_plugin_note(file.bytes));
  CERTSPAN_CHECK(check_plugin_id(id, verified.note));
  CERTSPAN_CHECK(check_signer(verified.ground, verified.note.id, trust));
  return verified;
}

ExitCode tell(const VerifyOptions& options, const Result<Verified>& verified, bool json) {
  if (json && !verified) {
    print_json({{"file", options.file.string()},
                {"trusted", false},
                {"code", verified.error().code},
                {"reason", verified.error().message}});
  } else if (json) {
    print_json({{"file", options.file.string()},
                {"trusted", true},
                {"id", verified->note.id},
                {"version", verified->note.version},
                {"sha256", verified->sha256},
                {"trust", trust_to_json(verified->ground)}});
  } else if (!verified) {
    const bool named = verified.error().message.starts_with('"');  // the key's file is what is wrong
    return complain(named ? verified.error() : of_file(options.file, verified.error()));
  } else {
    std::cout << options.file.string() << ": " << verified->note.id << " " << verified->note.version << ", "
              << to_string(verified->ground) << "\n";
  }
  return verified ? ExitCode::Ok : ExitCode::Failure;
}

}  // namespace

nlohmann::json trust_to_json(const TrustGround& ground) {
  nlohmann::json json = {{"kind", to_string(ground.kind)}};
  if (ground.kind == TrustGround::Kind::Signed) json["key"] = ground.signer;
  return json;
}

ExitCode command_plugin_sign(const SignOptions& options, bool json) {
  const auto made = sign(options);
  if (!made) return complain(made.error());
  if (json) {
    print_json(*made);
  } else {
    std::cout << "signed " << options.file.string();
    if (made->contains("id")) {
      std::cout << " (" << made->value("id", "") << " " << made->value("version", "") << ")";
    }
    std::cout << " with key " << made->value("key", "") << "\nwrote " << made->value("signature", "") << "\n";
  }
  return ExitCode::Ok;
}

ExitCode command_plugin_verify(const CommonOptions& options, const VerifyOptions& verify) {
  if (!verify.trust.empty()) return tell(verify, verify_by_key(verify), options.json);
  Faults faults(options.config.string());
  const auto config = load_config(options.config, faults);
  const PluginTrust trust = config ? read_trust(*config, faults) : PluginTrust();
  if (config && !faults.has_errors()) return tell(verify, verify_as_host(verify, trust), options.json);
  std::cerr << faults.to_text();
  return ExitCode::BadConfig;
}

}  // namespace certspan
