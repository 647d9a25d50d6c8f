#include "host/app/cli.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>

#include <CLI/CLI.hpp>

#include "host/app/commands.hpp"
#include "host/config/suggest.hpp"
#include "host/pipeline/revocations.hpp"

namespace certspan {
namespace {

/// The commands of one run of the program: options are bound to these members while CLI11 parses, then the
/// chosen command runs.
class CommandLine {
 public:
  CommandLine()
      : app_("Certspan: brings certificates from the company's CAs to managed devices", "certspan") {
    app_.require_subcommand(1);
    if (const char* file = std::getenv("CERTSPAN_CONFIG")) common_.config = file;
    add_setup_commands();
    add_host_commands();
    add_audit_commands();
    add_backup_commands();
    add_plugin_commands();
    add_work_commands();
    add_challenge_commands();
    add_ca_commands();
    add_import_commands();
    add_probe_commands();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) return app_.exit(error);
      const std::string unknown = unknown_command(argc, argv);
      if (unknown.empty()) {
        app_.exit(error);
      } else {
        std::cerr << "certspan: " << unknown << "\n";
      }
      return kUsage;
    }
    const auto code = static_cast<int>(chosen_());
    std::cout.flush();
    if (std::cout) return code;
    std::cerr << "certspan: standard output can't be written: " << std::strerror(errno) << "\n";
    return code == 0 ? static_cast<int>(ExitCode::Failure) : code;
  }

 private:
  static constexpr int kUsage = 64;

  using Command = std::function<ExitCode()>;

  /// What to say of the first word that names no command where one has to stand; empty if every word does.
  std::string unknown_command(int argc, char** argv) const {
    const CLI::App* app = &app_;
    for (int i = 1; i < argc; ++i) {
      const std::string word = argv[i];
      if (word.starts_with('-')) return {};
      std::vector<std::string> commands;
      for (const CLI::App* sub : app->get_subcommands(nullptr)) {
        if (!sub->get_name().empty()) commands.push_back(sub->get_name());  // an option group has no name
      }
      if (commands.empty()) return {};
      if (std::ranges::find(commands, word) == commands.end()) {
        const std::string meant = did_you_mean(word, commands);
        return "there is no command \"" + word + "\"" +
               (meant.empty() ? "; there are " + listing(commands) : "; " + meant);
      }
      app = app->get_subcommand(word);
    }
    return {};
  }

  CLI::App* add(CLI::App& parent, const char* name, const char* summary, Command command) {
    CLI::App* sub = parent.add_subcommand(name, summary);
    sub->callback([this, command = std::move(command)] { chosen_ = command; });
    return sub;
  }
  CLI::App* with_config(CLI::App* sub) {
    sub->add_option("-c,--config", common_.config, "configuration file (or $CERTSPAN_CONFIG)")
        ->capture_default_str();
    return sub;
  }
  CLI::App* with_json(CLI::App* sub) {
    sub->add_flag("--json", common_.json, "print JSON");
    return sub;
  }
  CLI::App* with_config_and_json(CLI::App* sub) { return with_config(with_json(sub)); }

  void add_setup_commands() {
    CLI::App* init =
        add(app_, "init", "write a working configuration with CA, RA and challenge into a directory",
            [this] { return command_init(init_, common_.json); });
    init->add_option("directory", init_.directory, "new or empty directory")->required();
    init->add_option("--subject", init_.subject, "name of the CA")->capture_default_str();
    init->add_option("--ca-key", init_.ca_key, "rsa:2048, rsa:3072, rsa:4096, p256 or p384")
        ->capture_default_str();
    init->add_option("--ra-key", init_.ra_key, "rsa:2048 or rsa:3072")->capture_default_str();
    init->add_option("--listen", init_.address, "address of the SCEP listener")->capture_default_str();
    init->add_option("--plugins", init_.plugin_dirs, "directories with plugins");
    with_json(init);
    add_new_plugin();

    CLI::App* check = add(app_, "check", "say everything that is wrong with a configuration, start nothing",
                          [this] { return command_check(common_); });
    check->add_option("file", common_.config, "configuration file");
    with_config_and_json(check);

    CLI::App* test = add(app_, "test", "run the tests of a configuration without its CAs",
                         [this] { return command_test(common_, tests_); });
    // Gathered one by one, as `--san` below.
    test->add_option("names", text_, "tests to run; without any, all")
        ->expected(0, -1)
        ->allow_extra_args()
        ->take_last()
        ->each([this](const std::string& name) { tests_.push_back(name); });
    with_config_and_json(test);

    CLI::App* graph = add(app_, "graph", "draw the pipelines of a configuration",
                          [this] { return command_graph(common_, mermaid_); });
    graph->add_flag("--mermaid", mermaid_, "as Mermaid instead of text");
    with_config_and_json(graph);
    with_config(add(app_, "schema", "print the JSON Schema of the configuration for editors",
                    [this] { return command_schema(common_); }));
    with_json(add(app_, "version", "print the version", [this] { return command_version(common_.json); }));
    add_explain();
    with_config_and_json(add(app_, "doctor",
                             "look whether machine and services are as the configuration needs them",
                             [this] { return command_doctor(common_); }));
  }

  void add_explain() {
    CLI::App* explain = add(app_, "explain", "say what a code, event or number means and what to do",
                            [this] { return command_explain(text_, common_.json); });
    explain->add_option("code", text_, "work.busy, 4006, ChallengeExpired, 0xA0C50020, badRequest, ...")
        ->required();
    with_json(explain);
  }

  void add_new_plugin() {
    CLI::App* fresh = add(app_, "new-plugin", "write a project for a plugin of your own",
                          [this] { return command_new_plugin(new_plugin_, common_.json); });
    fresh->add_option("directory", new_plugin_.directory, "new or empty directory")->required();
    fresh->add_option("--id", new_plugin_.id, "your domain in reverse and a name: com.acme.ca")->required();
    fresh->add_option("--role", new_plugin_.role, "issuer (a CA) or validator")->required();
    fresh->add_option("--language", new_plugin_.language, "c++ or c")->capture_default_str();
    with_json(fresh);
  }

  void add_host_commands() {
    CLI::App* run = add(app_, "run", "run the host", [this] { return HostProcess(common_.config).run(); });
    run->add_option("file", common_.config, "configuration file");
    with_config(run);
    CLI::App* status = add(app_, "status", "say how the running host is", [this] {
      return expiry_ ? command_status_expiry(common_) : command_status(common_);
    });
    status->add_flag("--expiry", expiry_, "say what ends and when; the exit code is for monitoring");
    with_config_and_json(status);
    CLI::App* apply = add(app_, "apply", "have the running host take its changed configuration",
                          [this] { return command_apply(common_, strand_); });
    apply->add_flag("--strand", strand_, "make open items of connectors that are gone dead letters");
    with_config_and_json(apply);
    CLI::App* clock =
        app_.add_subcommand("clock", "the wall clock against the journal")->require_subcommand(1);
    with_config_and_json(add(*clock, "accept", "accept the wall clock although it is behind the journal",
                             [this] { return command_clock_accept(common_); }));
    CLI::App* journal =
        app_.add_subcommand("journal", "the record of all accepted work")->require_subcommand(1);
    with_config_and_json(add(*journal, "check", "read all of it and say what is damaged",
                             [this] { return command_journal_check(common_); }));
    with_config_and_json(add(*journal, "compact", "give free room in its file back to the disk",
                             [this] { return command_journal_compact(common_); }));
    with_config_and_json(add(*journal, "rotate-key", "give it another sealing key while no host runs",
                             [this] { return command_journal_rotate_key(common_); }));
  }

  void add_audit_commands() {
    CLI::App* audit = app_.add_subcommand("audit", "what was done, and that nobody changed it since")
                          ->require_subcommand(1);
    with_config(add(*audit, "export", "print every finished item with its place in the audit chain",
                    [this] { return command_audit_export(common_); }));
    CLI::App* verify = add(*audit, "verify", "follow the audit chain and say where it does not hold",
                           [this] { return command_audit_verify(common_, file_); });
    verify->add_option("--against", file_, "file with heads of the chain that were told outside the host");
    with_config_and_json(verify);
  }

  void add_backup_commands() {
    CLI::App* backup = app_.add_subcommand("backup", "journal, ledger, keys and configuration as one set")
                           ->require_subcommand(1);
    CLI::App* create = add(*backup, "create", "make one, of a running host or of one that is down",
                           [this] { return command_backup_create(common_, backup_); });
    create->add_option("--out", backup_.file, "new file for it")->required();
    with_config_and_json(with_passphrase(create));
    CLI::App* restore = add(*backup, "restore", "put one back into a new directory",
                            [this] { return command_backup_restore(backup_, common_.json); });
    restore->add_option("--in", backup_.file, "the backup")->required();
    restore
        ->add_option("--to", backup_.to, "new or empty directory; each file comes below it at its own place")
        ->required();
    restore->add_flag("--nothing-lost", backup_.nothing_lost,
                      "the host did no work after the backup, so that no CA has to be asked what it did");
    with_passphrase(restore)->add_flag("--json", common_.json, "print JSON");
    CLI::App* verify = add(*backup, "verify", "read all of one and say whether it is whole",
                           [this] { return command_backup_verify(backup_, common_.json); });
    verify->add_option("--in", backup_.file, "the backup")->required();
    with_passphrase(verify)->add_flag("--json", common_.json, "print JSON");
  }

  CLI::App* with_passphrase(CLI::App* sub) {
    CLI::App* way = sub->add_option_group("encryption")->require_option(1);
    way->add_option("--passphrase-file", backup_.passphrase_file, "file that the passphrase stands in");
    way->add_flag("--danger-plain", backup_.danger_plain, "not encrypted: whoever has it has the keys");
    return sub;
  }

  void add_plugin_commands() {
    CLI::App* plugin = app_.add_subcommand("plugin", "the plugins of a configuration")->require_subcommand(1);
    with_config_and_json(add(*plugin, "list", "list them with their connector types",
                             [this] { return command_plugin_list(common_); }));
    CLI::App* show = add(*plugin, "show", "show one with its settings",
                         [this] { return command_plugin_show(common_, text_); });
    show->add_option("id", text_, "plugin id")->required();
    with_config_and_json(show);
    add_plugin_swap(*plugin);
    add_plugin_versions(*plugin);
    add_plugin_sign(*plugin);
    add_plugin_verify(*plugin);
  }

  void add_plugin_swap(CLI::App& plugin) {
    CLI::App* swap = add(plugin, "swap", "put another version of a plugin in the place of the one that runs",
                         [this] { return command_plugin_swap(common_, swap_); });
    swap->add_option(
            "name_file", swap_.names_and_files,
            "NAME FILE, or several of them: a plugin's id or a connector of it, and the file that takes "
            "over; all or none do")
        ->required();
    swap->add_option("--probation", swap_.probation,
                     "for how long the version before stays ready and the new one may be taken back")
        ->capture_default_str();
    swap->add_option("--drain", swap_.drain,
                     "calls that have not left the version before by then are told of")
        ->capture_default_str();
    with_config_and_json(swap);
  }

  void add_plugin_versions(CLI::App& plugin) {
    CLI::App* rollback = add(plugin, "rollback", "go back to the version before",
                             [this] { return command_plugin_rollback(common_, text_); });
    rollback->add_option("name", text_, "plugin id, or a connector of it")->required();
    with_config_and_json(rollback);
    CLI::App* commit = add(plugin, "commit", "end a probation well before its time",
                           [this] { return command_plugin_commit(common_, text_); });
    commit->add_option("name", text_, "plugin id, or a connector of it")->required();
    with_config_and_json(commit);
    CLI::App* history = add(plugin, "history", "say what happened to versions of plugins",
                            [this] { return command_plugin_history(common_, text_); });
    history->add_option("id", text_, "plugin id");
    with_config_and_json(history);
    CLI::App* quarantine =
        add(plugin, "quarantine", "list the files that were taken back and are not loaded again",
            [this] { return command_plugin_quarantine(common_, text_); });
    quarantine->add_option("--release", text_, "SHA-256 of a file that may be loaded again");
    with_config_and_json(quarantine);
  }

  void add_plugin_sign(CLI::App& plugin) {
    CLI::App* sign = add(plugin, "sign", "sign a plugin's file with its vendor's key",
                         [this] { return command_plugin_sign(sign_, common_.json); });
    sign->add_option("file", sign_.file, "the plugin, ID.so")->required();
    sign->add_option("--key", sign_.key, "private key, Ed25519 or P-256: PKCS #8, PEM")->required();
    sign->add_option("--passphrase-file", sign_.passphrase_file,
                     "file that the passphrase of an encrypted key stands in");
    sign->add_option("--out", sign_.out, "where the signature goes instead of FILE.sig");
    with_json(sign);
  }

  void add_plugin_verify(CLI::App& plugin) {
    CLI::App* verify = add(plugin, "verify", "say whether a plugin's file is trusted, and why",
                           [this] { return command_plugin_verify(common_, verify_); });
    verify->add_option("file", verify_.file, "the plugin, ID.so")->required();
    verify->add_option("--signature", verify_.signature, "its signature instead of FILE.sig");
    CLI::Option* trust = verify->add_option("--trust", verify_.trust,
                                            "a vendor's public key, PEM, instead of a configuration");
    with_config_and_json(verify);
    trust->excludes(verify->get_option("--config"));
  }

  void add_work_commands() {
    CLI::App* work = app_.add_subcommand("work", "work items")->require_subcommand(1);
    CLI::App* list =
        add(*work, "list", "list them, newest first", [this] { return command_work_list(common_, list_); });
    list_.limit = 50;
    add_filter_options(*list, list_);
    list->add_option("--limit", list_.limit, "at most so many; `work export` has no limit")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    with_config_and_json(list);
    add_work_export(*work);
    add_work_erase(*work);
    CLI::App* show = add(*work, "show", "show one", [this] { return command_work_show(common_, text_); });
    show->add_option("id", text_, "work id")->required();
    with_config_and_json(show);
    add_work_change(add(*work, "retry", "go on now with items that wait, or ask anew for dead letters",
                        [this] { return command_work_retry(common_, chosen_work_); }));
    add_work_change(add(*work, "cancel", "end items that are certainly not done; their devices hear no",
                        [this] { return command_work_cancel(common_, chosen_work_); }));
    add_work_decide(add(*work, "approve", "say yes to an item that waits for a person",
                        [this] { return command_work_decide(common_, text_, true, reason_); }));
    add_work_decide(add(*work, "refuse", "say no to an item that waits for a person; its device hears so",
                        [this] { return command_work_decide(common_, text_, false, reason_); }));
    add_work_resolve(*work);
    add_revoke();
    CLI::App* why =
        add(app_, "why", "tell the story of a request", [this] { return command_why(common_, why_); });
    auto* what = why->add_option("what", why_.text,
                                 "transaction id, serial, part of a name, activity id of Intune, or work id");
    why->add_option("--name,--device,--user", why_.name, "all of a device or user with this whole name")
        ->excludes(what);
    with_config_and_json(why);
  }

  void add_challenge_commands() {
    CLI::App* challenge = app_.add_subcommand("challenge", "one-time challenges")->require_subcommand(1);
    CLI::App* fresh = add(*challenge, "new", "make one",
                          [this] { return command_action(common_, connector_, "challenge_new", minting_); });
    // What is given goes out even if it is empty: left out, it would bind nothing.
    const auto argument = [this, fresh](const char* option, const char* name, const char* description) {
      fresh->add_option(option, text_, description)->each([this, name](const std::string& given) {
        minting_[name] = given;
      });
    };
    fresh->add_option("--connector", connector_, "challenge connector, if there are several");
    argument("--endpoint", "endpoint", "source connector that it is good for");
    argument("--profile", "profile", "profile that it is good for");
    argument("--subject", "subject", "subject that it is good for: a common name, or all of it");
    // Gathered one by one: gcc 12 takes CLI11's vectors of strings for null pointers.
    fresh
        ->add_option("--san", text_,
                     "alternative name that may be asked for, and no other: dns:host, upn:user@suffix")
        ->take_last()
        ->each([this](const std::string& name) { minting_["san"].push_back(name); });
    argument("--lifetime", "lifetime", "how long it is good, for example 30m");
    with_config_and_json(fresh);
    add_challenge_rest(*challenge);
  }

  void add_challenge_rest(CLI::App& challenge) {
    CLI::App* list = add(challenge, "list", "list them, without their text",
                         [this] { return command_challenge_list(common_, connector_); });
    list->add_option("--connector", connector_, "challenge connector, if there are several");
    with_config_and_json(list);
    CLI::App* cancel = add(challenge, "cancel", "take one back that was not spent yet", [this] {
      return command_action(common_, connector_, "challenge_cancel", {{"id", text_}});
    });
    cancel->add_option("id", text_, "as challenge list shows it, or its beginning")->required();
    cancel->add_option("--connector", connector_, "challenge connector, if there are several");
    with_config_and_json(cancel);
  }

  void add_work_export(CLI::App& work) {
    CLI::App* exported = add(work, "export", "write them all to a file or standard output, oldest first",
                             [this] { return command_work_export(common_, export_filter_, export_); });
    add_filter_options(*exported, export_filter_);
    exported->add_option("--limit", export_filter_.limit, "at most so many")->check(CLI::PositiveNumber);
    exported->add_option("--format", export_.format, "ndjson or csv")
        ->check(CLI::IsMember({"ndjson", "csv"}))
        ->capture_default_str();
    exported->add_option("--out", export_.out, "new file, for its user alone; without it, standard output");
    exported->add_flag("--certificates", export_.certificates,
                       "with the certificates that the journal holds");
    with_config(exported);
  }

  void add_work_erase(CLI::App& work) {
    CLI::App* erase = add(work, "erase", "take somebody's finished items out of the journal for good",
                          [this] { return command_work_erase(common_, erase_filter_, erase_); });
    add_filter_options(*erase, erase_filter_);
    erase->add_option("--reason", erase_.reason, "kept for good: why, without saying whose items they are");
    erase->add_flag("--dry-run", erase_.dry_run, "only count them");
    erase->add_flag("--yes", erase_.yes, "really");
    with_config_and_json(erase);
  }

  void add_work_change(CLI::App* change) {
    change->add_option("id", chosen_work_.id, "work id; or choose by filters");
    add_filter_options(*change, chosen_work_.filter);
    change->add_option("--limit", chosen_work_.filter.limit, "at most so many")->check(CLI::PositiveNumber);
    change->add_flag("--dry-run", chosen_work_.dry_run, "only count what the filters choose");
    change->add_flag("--yes", chosen_work_.yes, "really, all that the filters choose");
    with_config_and_json(change);
  }

  void add_revoke() {
    CLI::App* revoke = add(app_, "revoke", "have certificates revoked by the CAs that issued them",
                           [this] { return command_revoke(common_, revoke_); });
    revoke->add_option("what", revoke_.texts, "serial, part of a name, transaction id, or work id");
    revoke->add_option("--name,--device,--user", revoke_.names,
                       "all certificates of a device or user with this whole name");
    revoke->add_option("--file", revoke_.file, "more of them, one a line");
    revoke->add_option("--reason", revoke_.reason, "what the CRL says; remove_from_crl releases a hold")
        ->check(CLI::IsMember(names_of_reasons()))
        ->capture_default_str();
    revoke->add_option("--why", revoke_.why, "for people; it stands with the order for good")->required();
    revoke->add_flag("--dry-run", revoke_.dry_run, "only show them");
    revoke->add_flag("--yes", revoke_.yes, "all of them, also where a text fits several");
    with_config_and_json(revoke);
  }

  static std::vector<std::string> names_of_reasons() {
    const auto names = reason_names();
    return {names.begin(), names.end()};
  }

  void add_work_decide(CLI::App* decide) {
    decide->add_option("id", text_, "work id")->required();
    decide->add_option("--reason", reason_, "why; it stands with the item for good")->required();
    with_config_and_json(decide);
  }

  void add_work_resolve(CLI::App& work) {
    CLI::App* resolve = add(work, "resolve", "say what came of a held item",
                            [this] { return command_work_resolve(common_, text_, resolve_); });
    resolve->add_option("id", text_, "work id")->required();
    CLI::App* word = resolve->add_option_group("word")->require_option(1);
    word->add_option("--issued", resolve_.issued, "the CA has issued this certificate (file, PEM or DER)");
    word->add_flag("--not-done", resolve_.not_done, "the CA has issued nothing and will not: ask again");
    word->add_flag("--abandon", resolve_.abandon, "end it, whatever the CA did");
    with_config_and_json(resolve);
  }

  void add_ca_key_options(CLI::App* command, const char* place, const char* subject, const char* keys) {
    command->add_option("--directory", ca_.directory, place)->required();
    command->add_option("--subject", ca_.subject, subject)->required();
    command->add_option("--key", ca_.key, keys)->capture_default_str();
    command->add_option("--plugins", ca_.plugin_dirs, "directories with plugins");
    with_json(command);
  }

  void add_token_options(CLI::App* command, const char* uri) {
    CLI::Option* module =
        command->add_option("--module", ca_.module, "PKCS #11 library of a token with the key");
    CLI::Option* which = command->add_option("--uri", ca_.uri, uri)->needs(module);
    command->add_option("--pin-file", ca_.pin_file, "file with the token's PIN")->needs(module);
    module->needs(which);
  }

  void add_ca_commands() {
    CLI::App* ca =
        app_.add_subcommand("ca", "embedded CAs and their registration authorities")->require_subcommand(1);
    CLI::App* create = add(*ca, "create", "make a CA with a self-signed certificate",
                           [this] { return command_ca_create(ca_, common_.json); });
    add_ca_key_options(create, "where ca.key and ca.pem go", "name of the CA",
                       "rsa:2048, rsa:3072, rsa:4096, p256 or p384");
    add_token_options(create, "token and name of the new key, pkcs11:token=certspan;object=ca");
    CLI::App* ra = add(*ca, "ra", "make a registration authority for SCEP under a CA",
                       [this] { return command_ca_ra(ca_, common_.json); });
    add_ca_key_options(ra, "where ra.key and ra.pem go; it must exist", "name of the registration authority",
                       "rsa:2048 or rsa:3072");
    ra->add_option("--ca-certificate", ca_.certificate, "the CA's certificate, PEM")->required();
    add_token_options(ra, "token and name of the new key, pkcs11:token=certspan;object=ra");
    CLI::App* ca_key = ra->add_option_group("ca-key")->require_option(1);
    ca_key->add_option("--ca-key", ca_.ca_key, "the CA's key, PEM");
    ca_key->add_option("--ca-uri", ca_.ca_uri, "the CA's key in a token of the same --module")
        ->needs(ra->get_option("--module"));
    CLI::App* csr = add(*ca, "csr", "make its key and print the request",
                        [this] { return command_ca_csr(ca_, common_.json); });
    add_ca_key_options(csr, "where ca.key goes", "name of the CA",
                       "rsa:2048, rsa:3072, rsa:4096, p256 or p384");
    add_token_options(csr, "token and name of the new key, pkcs11:token=certspan;object=ca");
    CLI::App* import = add(*ca, "import", "take the certificate that the root gave",
                           [this] { return command_ca_import(ca_, common_.json); });
    import->add_option("certificate", ca_.certificate, "PEM: the CA's certificate, then those above it")
        ->required();
    import->add_option("--directory", ca_.directory, "where ca.key is, and ca.pem goes")->required();
    add_token_options(import, "token and name of its key");
    import->add_option("--plugins", ca_.plugin_dirs, "directories with plugins");
    with_json(import);
  }

  void add_import_commands() {
    CLI::App* import =
        app_.add_subcommand("import", "what another product leaves behind")->require_subcommand(1);
    CLI::App* certs = add(*import, "certs", "let certificates of a CA outside renew here",
                          [this] { return command_import_certs(common_, import_); });
    certs->add_option("paths", text_, "PEM, DER, output of certutil -view, or directories of them")
        ->expected(1, -1)
        ->required()
        ->allow_extra_args()
        ->take_last()
        ->each([this](const std::string& path) { import_.paths.emplace_back(path); });
    certs->add_option("--connector", import_.connector, "embedded CA, if there are several");
    certs->add_flag("--revoked", import_.revoked, "mark them as revoked: they never renew");
    certs->add_flag("--dry-run", import_.dry_run, "say what would be done, write nothing");
    with_config_and_json(certs);
    CLI::App* ndes = add(*import, "ndes", "propose a configuration from what NDES keeps in the registry",
                         [this] { return command_import_ndes(ndes_, common_.json); });
    ndes->add_option("file", ndes_.file, "what reg export or regedit wrote of MSCEP")->required();
    ndes->add_option("--output", ndes_.output, "new file for it; without it, standard output");
    ndes->add_option("--directory", ndes_.directory,
                     "where keys and secrets will be; without it, beside --output, or /etc/certspan");
    ndes->add_option("--listen", ndes_.address, "address of the listener")->capture_default_str();
    ndes->add_option("--plugins", ndes_.plugin_dirs, "directories with plugins");
    with_json(ndes);
  }

  /// The program reads its options itself, --help too.
  void add_probe_commands() {
    CLI::App* probe = app_.add_subcommand("probe", "whether a service works, tried as its clients use it")
                          ->require_subcommand(1);
    CLI::App* scep = probe->add_subcommand("scep", "enrol at a SCEP endpoint; exit code 0 if that works");
    scep->set_help_flag();
    scep->prefix_command();
    scep->callback(
        [this, scep] { chosen_ = [words = scep->remaining()] { return command_probe_scep(words); }; });
  }

  CLI::App app_;
  CommonOptions common_;
  InitOptions init_;
  ImportNdesOptions ndes_;
  NewPluginOptions new_plugin_;
  FilterOptions list_;
  FilterOptions export_filter_;
  ExportOptions export_;
  FilterOptions erase_filter_;
  EraseOptions erase_;
  ChosenWork chosen_work_;
  RevokeOptions revoke_;
  WhyOptions why_;
  ResolveOptions resolve_;
  std::string reason_;
  CaOptions ca_;
  ImportOptions import_;
  BackupOptions backup_;
  SwapOptions swap_;
  SignOptions sign_;
  VerifyOptions verify_;
  bool mermaid_ = false;
  bool strand_ = false;
  bool expiry_ = false;
  std::string text_, connector_;
  std::filesystem::path file_;
  std::vector<std::string> tests_;
  nlohmann::json minting_ = nlohmann::json::object();  ///< arguments of `challenge new`
  Command chosen_;
};

}  // namespace

int run_cli(int argc, char** argv) {
  return CommandLine().run(argc, argv);
}

}  // namespace certspan
