#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/app/filter_options.hpp"
#include "host/app/host_process.hpp"
#include "host/base/result.hpp"
#include "host/loading/trust/plugin_trust.hpp"

namespace certspan {

/// What most commands take.
struct CommonOptions {
  std::filesystem::path config = "/etc/certspan/certspan.yaml";
  bool json = false;
};

struct InitOptions {
  std::filesystem::path directory;
  std::string subject = "CN=Certspan Example CA";
  std::string ca_key = "rsa:2048";
  std::string ra_key = "rsa:2048";
  std::string address = "127.0.0.1:8080";
  std::vector<std::filesystem::path> plugin_dirs;
};

struct NewPluginOptions {
  std::string role;
  std::string id;
  std::string language = "c++";
  std::filesystem::path directory;
};

/// Writes a project for a plugin of a vendor's own into a new or empty directory.
ExitCode command_new_plugin(const NewPluginOptions& options, bool json);

/// Writes a working configuration with a CA, an RA and a challenge into a new or empty directory.
ExitCode command_init(const InitOptions& options, bool json);
ExitCode command_check(const CommonOptions& options);
/// Runs the tests of the configuration that are named, or all, and tells their stories.
ExitCode command_test(const CommonOptions& options, const std::vector<std::string>& names);
ExitCode command_graph(const CommonOptions& options, bool mermaid);
ExitCode command_schema(const CommonOptions& options);
ExitCode command_plugin_list(const CommonOptions& options);
ExitCode command_plugin_show(const CommonOptions& options, const std::string& id);
/// {"kind": "signed", "key": "acme"}
nlohmann::json trust_to_json(const TrustGround& ground);

struct SignOptions {
  std::filesystem::path file;             ///< the plugin
  std::filesystem::path key;              ///< PKCS #8, PEM
  std::filesystem::path passphrase_file;  ///< empty: the key is not encrypted
  std::filesystem::path out;              ///< empty: FILE.sig
};
/// Writes the signature of a plugin's file. Needs no configuration.
ExitCode command_plugin_sign(const SignOptions& options, bool json);

struct VerifyOptions {
  std::filesystem::path file;       ///< the plugin
  std::filesystem::path signature;  ///< empty: FILE.sig, if it is there
  std::filesystem::path trust;      ///< a public key, PEM; empty: the configuration says whom to trust
};
/// Says whether the configuration or one key lets a plugin's file in, without running any of its code.
ExitCode command_plugin_verify(const CommonOptions& options, const VerifyOptions& verify);

struct SwapOptions {
  std::vector<std::string> names_and_files;  ///< NAME FILE ...
  std::string probation = "10m";
  std::string drain = "30s";
};
/// Puts other versions of plugins in the place of those that run, and prints what the host does.
ExitCode command_plugin_swap(const CommonOptions& options, const SwapOptions& swap);
ExitCode command_plugin_rollback(const CommonOptions& options, const std::string& name);
/// Ends a probation well before its time.
ExitCode command_plugin_commit(const CommonOptions& options, const std::string& name);
/// What happened to versions of plugins, or of the one with that id; also of a host that is down.
ExitCode command_plugin_history(const CommonOptions& options, const std::string& name);
/// Lists the files that are quarantined, or lets the one with that SHA-256 out.
ExitCode command_plugin_quarantine(const CommonOptions& options, const std::string& release);
/// Has the running host take the changed configuration, and says why if it does not.
ExitCode command_apply(const CommonOptions& options, bool strand);

ExitCode command_status(const CommonOptions& options);
/// What ends, the nearest first. The exit code is for monitoring: Ok, EndsSoon, EndsNow, NotKnown.
ExitCode command_status_expiry(const CommonOptions& options);
ExitCode command_version(bool json);
/// Says whether this machine and the services around it are as the configuration needs them.
ExitCode command_doctor(const CommonOptions& options);
/// Says what a code or number means.
ExitCode command_explain(const std::string& asked, bool json);

ExitCode command_work_list(const CommonOptions& options, const FilterOptions& words);

struct ExportOptions {
  std::string format = "ndjson";  ///< or "csv"
  std::filesystem::path out;      ///< empty: standard output
  bool certificates = false;
};
/// Writes every item that the filter takes, oldest first.
ExitCode command_work_export(const CommonOptions& options, const FilterOptions& words,
                             const ExportOptions& how);
struct EraseOptions {
  std::string reason;
  bool dry_run = false;
  bool yes = false;
};
/// Takes finished items out of the journal for good. Without `yes` it only counts them.
ExitCode command_work_erase(const CommonOptions& options, const FilterOptions& words,
                            const EraseOptions& erase);
ExitCode command_work_show(const CommonOptions& options, const std::string& id);

/// The work items that a command changes: one by its id, or those that a filter takes.
struct ChosenWork {
  std::string id;  ///< empty: the filter says which
  FilterOptions filter;
  bool dry_run = false;
  bool yes = false;  ///< of a filter; without it they are only counted
};
ExitCode command_work_retry(const CommonOptions& options, const ChosenWork& chosen);
ExitCode command_work_cancel(const CommonOptions& options, const ChosenWork& chosen);

struct RevokeOptions {
  std::vector<std::string> texts;  ///< work ids, serial numbers, transaction ids, parts of names
  std::vector<std::string> names;  ///< whole ones, of devices or users
  std::filesystem::path file;      ///< more of them, one a line; empty: none
  std::string reason = "cessation_of_operation";
  std::string why;
  bool dry_run = false;
  bool yes = false;  ///< also where a text fits several certificates
};
/// Has certificates revoked, by whatever they are known.
ExitCode command_revoke(const CommonOptions& options, const RevokeOptions& revoke);

/// Says yes or no to an item that waits for a person.
ExitCode command_work_decide(const CommonOptions& options, const std::string& id, bool approve,
                             const std::string& reason);

struct WhyOptions {
  std::string text;  ///< transaction id, serial, part of a name, activity id or work id
  std::string name;  ///< a whole one, of a device or user; empty: `text` is meant
};

/// What came of a held item; one of the three.
struct ResolveOptions {
  std::filesystem::path issued;  ///< file of the certificate, PEM or DER
  bool not_done = false;
  bool abandon = false;
};
ExitCode command_work_resolve(const CommonOptions& options, const std::string& id,
                              const ResolveOptions& resolve);
ExitCode command_why(const CommonOptions& options, const WhyOptions& why);
/// The one-time challenges, without their text.
ExitCode command_challenge_list(const CommonOptions& options, const std::string& connector);
ExitCode command_clock_accept(const CommonOptions& options);

/// Reads and checks the whole journal, of the running host or when it is down. Failure if it has faults.
ExitCode command_journal_check(const CommonOptions& options);
/// Gives free pages and the log's room back to the file system.
ExitCode command_journal_compact(const CommonOptions& options);
/// Gives the journal of a host that is down another sealing key, or ends a rotation that was broken off.
ExitCode command_journal_rotate_key(const CommonOptions& options);

/// Prints the audit chain, a line of JSON for each finished item.
ExitCode command_audit_export(const CommonOptions& options);
/// Says whether every finished item is as it was, and held against the heads in the file `against`, if it is
/// not empty, whether the chain is the one that was told outside. Failure if not.
ExitCode command_audit_verify(const CommonOptions& options, const std::filesystem::path& against);

struct BackupOptions {
  std::filesystem::path file;             ///< the backup
  std::filesystem::path passphrase_file;  ///< empty only with danger_plain
  std::filesystem::path to;               ///< restore: a new or empty directory
  bool danger_plain = false;
  bool nothing_lost = false;  ///< restore: no host worked after the backup was made
};
/// Makes a backup of the running host, or of one that is down.
ExitCode command_backup_create(const CommonOptions& options, const BackupOptions& backup);
/// Puts one back into a new directory. Needs no configuration.
ExitCode command_backup_restore(const BackupOptions& backup, bool json);
/// Reads all of one and holds it against its manifest.
ExitCode command_backup_verify(const BackupOptions& backup, bool json);

/// Runs a named command of a connector in the running host. `connector` may be empty when just one offers it.
ExitCode command_action(const CommonOptions& options, const std::string& connector, const std::string& action,
                        const nlohmann::json& arguments);

struct ImportOptions {
  std::vector<std::filesystem::path> paths;
  std::string connector;  ///< may be empty when just one embedded CA is there
  bool revoked = false;   ///< they are marked as revoked
  bool dry_run = false;
};
/// Gives certificates of a CA outside to an embedded CA of the running host, which lets them renew.
ExitCode command_import_certs(const CommonOptions& options, const ImportOptions& import);

struct ImportNdesOptions {
  std::filesystem::path file;       ///< an export of the registry
  std::filesystem::path output;     ///< empty: standard output
  std::filesystem::path directory;  ///< of keys and secrets; empty: that of `output`, or /etc/certspan
  std::string address = "127.0.0.1:8080";
  std::vector<std::filesystem::path> plugin_dirs;
};
/// Writes a configuration that takes the place of an NDES. Needs no host.
ExitCode command_import_ndes(const ImportNdesOptions& options, bool json);

/// Becomes the program that enrols at a SCEP endpoint; comes back only if that can't be started.
ExitCode command_probe_scep(std::vector<std::string> arguments);

struct CaOptions {
  std::filesystem::path directory;
  std::string subject;
  std::string key = "rsa:2048";
  std::filesystem::path certificate;
  std::filesystem::path ca_key;
  std::filesystem::path module;  ///< keys are in a PKCS #11 token
  std::filesystem::path pin_file;
  std::string uri;
  std::string ca_uri;
  std::vector<std::filesystem::path> plugin_dirs;
};
/// Makes a CA with a self-signed certificate: ca.key and ca.pem in a directory.
ExitCode command_ca_create(const CaOptions& options, bool json);
/// Makes a registration authority under a CA: ra.key and ra.pem in a directory.
ExitCode command_ca_ra(const CaOptions& options, bool json);
/// Makes the key and request of a CA under a company's root; the request goes to standard output.
ExitCode command_ca_csr(const CaOptions& options, bool json);
/// Puts the certificate that the company's root gave beside its key.
ExitCode command_ca_import(const CaOptions& options, bool json);

/// Where plugins are when no configuration says so: beside a build's program, or where the packages put them.
std::vector<std::filesystem::path> default_plugin_dirs();

/// Prints `certspan: ` and the error, and what its code is.
ExitCode complain(const Error& error, ExitCode code = ExitCode::Failure);
void print_json(const nlohmann::json& value);

}  // namespace certspan
