#include <algorithm>

#include "sdk/tools/plugin_check/checks.hpp"

namespace certspan::check {
namespace {

constexpr std::string_view kUseAddPlugin = "build it with certspan_add_plugin(), which sees to this";

constexpr Check kChecks[] = {
    {Stage::Static, "static.elf", "", "", "is a whole shared library for this machine",
     "copy the file again, and compare its size and machine with where it was built", check_elf},
    {Stage::Static, "static.note", "", "static.elf", "carries the note of this SDK's contract", kUseAddPlugin,
     check_note},
    {Stage::Static, "static.identity", "", "static.note",
     "has an id, a version and roles, and is named after its id",
     "correct ID, VERSION and ROLES in certspan_add_plugin(), and name the file <id>.so", check_identity},
    {Stage::Static, "static.exports", "", "static.elf", "exports the entry and nothing else",
     "define the entry (CERTSPAN_PLUGIN in C++) and link with the version script of certspan_add_plugin()",
     check_exports},
    {Stage::Static, "static.unique", "", "static.elf", "has no symbol that all versions would share",
     "compile with -fno-gnu-unique, and static libraries of the plugin as well", check_unique_symbols},
    {Stage::Static, "static.nodelete", "", "static.elf", "stays mapped for good (-z nodelete)",
     "link with -Wl,-z,nodelete: exit handlers of threads and of libraries outlive any unloading",
     check_nodelete},
    {Stage::Static, "static.binding", "", "static.elf", "binds at load, and its relocations are read-only",
     "link with -Wl,-z,now -Wl,-z,relro", check_binding},
    {Stage::Static, "static.text", "", "static.elf", "has code that is not rewritten at load",
     "compile everything in it with -fPIC, static libraries as well", check_text_relocations},
    {Stage::Static, "static.stack", "", "static.elf", "needs no executable stack",
     "link with -Wl,-z,noexecstack; assembler sources need a .note.GNU-stack section",
     check_executable_stack},
    {Stage::Static, "static.search_path", "", "static.elf", "looks for libraries nowhere but beside itself",
     "link without -rpath (CMake: SKIP_BUILD_RPATH), or with $ORIGIN", check_search_path},
    {Stage::Static, "static.libraries", "", "static.elf", "needs system libraries only",
     "link private libraries statically; in a worker process they work, but two versions never share one "
     "process",
     check_libraries},
    {Stage::Static, "static.system", "", "static.elf", "runs on Debian 12",
     "build it on Debian 12, or in a container of it", check_system_version},

    {Stage::Load, "load.opens", "", "static.note static.exports", "can be loaded and asked what it is",
     "link what is missing, and let constructors of static objects do nothing that can fail", check_opens},
    {Stage::Load, "load.time", "", "load.opens", "is loaded and described in 100 ms",
     "do nothing in constructors of static objects and in the entry; work begins in create and start",
     check_describe_time},
    {Stage::Load, "load.environment", "", "load.opens", "changes nothing in the process while it is loaded",
     "do nothing in constructors of static objects and in the entry", check_load_environment},
    {Stage::Load, "load.entry", "", "load.opens", "has one descriptor",
     "return the address of a static struct", check_entry},
    {Stage::Load, "load.interface_ids", "", "load.opens",
     "answers null to interface ids that it does not know", "compare ids in full, by strcmp",
     check_interface_ids},
    {Stage::Load, "load.schema", "", "load.opens",
     "has settings schemas by the rules of <certspan/abi/plugin.h>",
     "every object says \"additionalProperties\": false, every field has a \"description\"; check the "
     "spelling of keywords",
     check_schema},
    {Stage::Load, "load.descriptor", "", "load.opens", "says of itself what its note says, and is complete",
     "correct ID, VERSION, ROLES and TYPES in certspan_add_plugin(), and fill every required function",
     check_descriptor},

    {Stage::Hosts, "hosts.full", "type", "load.descriptor", "lives on a host with every service",
     "create, start, stop and destroy have to work with settings that validate_config takes",
     check_full_host},
    {Stage::Hosts, "hosts.minimal", "type", "hosts.full", "stands a host without http and submit services",
     "look at what service() returned before you use it; refuse in create or start, with a fault, what can't "
     "work",
     check_minimal_host},
    {Stage::Hosts, "hosts.none", "type", "hosts.full", "stands a host without any service",
     "look at what service() returned before you use it; refuse in create or start, with a fault, what can't "
     "work",
     check_bare_host},
    {Stage::Hosts, "hosts.larger", "type", "hosts.full", "stands the longer structs of a newer host",
     "read the members that you know and nothing behind them; never compare struct_size for equality",
     check_larger_structs},
    {Stage::Hosts, "hosts.exact", "type", "hosts.full", "reads nothing behind the structs of this contract",
     "ask CERTSPAN_HAS before you touch a member that came later", check_exact_structs},

    {Stage::Behaviour, "settings.odd", "type", "hosts.full", "validate_config stands any text",
     "parse strictly, catch what your parser throws, and bound what you read", check_odd_settings},
    {Stage::Behaviour, "settings.faults", "type", "hosts.full",
     "validate_config says invalid with a fault, and ok without",
     "give at least one fault with a JSON pointer for each refusal, and none for settings that are taken",
     check_settings_faults},
    {Stage::Behaviour, "life.stop", "type", "hosts.full", "can be stopped twice, and without a start",
     "let stop look at what there is to stop", check_stops},
    {Stage::Behaviour, "life.failed_start", "type", "hosts.full", "can be stopped after a start that failed",
     "let stop release what a start that failed has taken", check_failed_start},
    {Stage::Behaviour, "life.again", "type", "hosts.full", "can be made again after it was destroyed",
     "keep state in the instance, not in statics", check_second_life},
    {Stage::Behaviour, "life.beside", "type", "hosts.full",
     "two connectors of the type work beside each other",
     "keep state in the instance, not in statics; a reload starts the new connector before it stops the old "
     "one",
     check_beside},
    {Stage::Behaviour, "life.leaks", "type", "life.again", "leaves no memory behind",
     "free in stop and destroy what create, start and calls have allocated; valgrind says where it came from",
     check_leaks, true},
    {Stage::Behaviour, "env.threads", "type", "hosts.full", "has joined its threads when it is stopped",
     "join every thread in stop; detach none", check_threads},
    {Stage::Behaviour, "env.descriptors", "type", "hosts.full", "closes its descriptors, and nobody else's",
     "close in stop what you have opened, once; a number that you have closed is somebody else's",
     check_descriptors},
    {Stage::Behaviour, "env.signals", "type", "hosts.full", "leaves signal handlers and masks alone",
     "install no handler; ignore SIGPIPE by MSG_NOSIGNAL", check_signals},
    {Stage::Behaviour, "env.locale", "type", "hosts.full", "leaves the locale alone",
     "never call setlocale; use newlocale and the functions with _l", check_locale},
    {Stage::Behaviour, "env.process", "type", "hosts.full",
     "leaves directory, umask, environment and limits alone",
     "use absolute paths, and give modes and variables to the call that needs them", check_process},
    {Stage::Behaviour, "env.output", "type", "hosts.full",
     "writes nothing to standard output and standard error", "write by certspan.log/1", check_output},
    {Stage::Behaviour, "env.stack", "type", "hosts.full", "needs no more than 512 KiB of stack",
     "put large buffers on the heap, and bound recursion", check_small_stack},
    {Stage::Behaviour, "env.system_calls", "type", "hosts.full",
     "never forks, ends the process or changes it",
     "leave out fork, exec, system, popen, exit, chdir, umask, setrlimit and their like", check_system_calls},
    {Stage::Behaviour, "env.network", "type", "hosts.full", "opens no socket that its note does not ask for",
     "speak HTTP by certspan.http_out/1, or say NETWORK in certspan_add_plugin(): a worker has no network "
     "otherwise",
     check_network},
    {Stage::Behaviour, "env.secrets", "type", "hosts.full", "says no secret in logs and answers",
     "leave secrets out of messages; give the token to http_out, which puts the secret on the wire",
     check_secrets},
    {Stage::Behaviour, "answers.once", "issuer validator processor deliverer revoker", "hosts.full",
     "answers once, on the thread of the call", "call sink->answer exactly once before the function returns",
     check_answers_once},
    {Stage::Behaviour, "answers.certificate", "issuer", "answers.once", "ok carries a certificate",
     "answer ok only with the certificate in hand, as DER; pending or unavailable until then",
     check_certificates},
    {Stage::Behaviour, "answers.handle", "issuer", "answers.once",
     "pending carries a handle, and there is a poll", "give what poll needs to find the order again",
     check_handles},
    {Stage::Behaviour, "answers.limits", "issuer validator processor deliverer revoker", "answers.once",
     "answers within the limits", "the table in <certspan/abi/plugin.h> says how much of each is allowed",
     check_limits},
    {Stage::Behaviour, "answers.outcome", "issuer validator processor deliverer revoker", "answers.once",
     "answers outcomes that the call has",
     "the comments of the role's header say which; name what went wrong by a stable code", check_outcomes},
    {Stage::Behaviour, "answers.odd", "issuer validator processor deliverer revoker", "answers.once",
     "stands any request",
     "treat request, labels, handle and note as hostile; answer invalid, and let no exception out",
     check_odd_items},
    {Stage::Behaviour, "answers.deadline", "issuer validator processor deliverer revoker", "answers.once",
     "answers at once when the deadline has passed", "wait for nothing longer than the item's deadline",
     check_past_deadline},
    {Stage::Behaviour, "answers.concurrent", "issuer validator processor deliverer revoker", "answers.once",
     "answers 64 calls at once",
     "guard what calls share; a type that can't says concurrency 1 in its documentation",
     check_concurrent_calls},
    {Stage::Behaviour, "issuer.same_key", "issuer", "answers.once", "issue with the same key makes one order",
     "hand the item's key to the CA as the order's own, without the attempt", check_same_key},
    {Stage::Behaviour, "issuer.other_key", "issuer", "answers.once",
     "issue with another key makes another order",
     "keep nothing of one order for the next; what is remembered is found by the item's key",
     check_other_key},
    {Stage::Behaviour, "issuer.lookup", "issuer", "answers.once",
     "lookup finds what issue gave, and nothing else",
     "look orders up by the item's key; what is not there yet is unavailable", check_lookup},
    {Stage::Behaviour, "issuer.chain", "issuer", "hosts.full", "gives a chain of certificates, or why not",
     "add each certificate as DER, the issuing CA first; without them answer unavailable", check_chain},
    {Stage::Behaviour, "issuer.find", "issuer", "hosts.full", "finds no certificate that it never issued",
     "answer rejected for a serial number that is not known", check_find},
    {Stage::Behaviour, "issuer.crl", "issuer", "hosts.full",
     "gives a CRL and a next CA in DER, and no CRL of a CA that it is not",
     "answer rejected for a name and key identifier that are not this CA's", check_crl},
    {Stage::Behaviour, "issuer.status", "issuer", "hosts.full",
     "knows nothing about a certificate of a CA that it is not",
     "answer rejected for a CertID whose hashes are not those of this CA's name and key, and for what is "
     "none",
     check_status},
    {Stage::Behaviour, "source.intake", "source", "hosts.full", "opens and closes its intake, twice as well",
     "let close_intake look at whether there is something to close", check_intake},
    {Stage::Behaviour, "source.exchanges", "source", "source.intake",
     "ends each exchange once, whatever came in",
     "call exactly one of respond, submit and poll before handle returns", check_exchanges},
    {Stage::Behaviour, "source.replies", "source", "source.intake", "answers the client for each outcome",
     "call respond exactly once in reply", check_replies},
    {Stage::Behaviour, "source.concurrent", "source", "source.intake", "takes 64 requests at once",
     "guard what requests share", check_concurrent_requests},
    {Stage::Behaviour, "actions.schema", "actions", "load.descriptor",
     "describes the arguments of its actions", "the schema of arguments follows the rules of settings",
     check_action_schemas},
    {Stage::Behaviour, "actions.unknown", "actions", "load.descriptor",
     "refuses an action that it does not have", "answer unsupported to a name that you don't know",
     check_unknown_action},

    {Stage::Swap, "swap.together", "type", "life.beside",
     "two copies work beside each other and share nothing",
     "share nothing between processes' libraries by name: sockets, shared memory, files that are locked",
     check_together},
    {Stage::Swap, "swap.previous", "type", "life.beside", "takes over from the release before",
     "what the release before holds while it runs can't be taken by this one: sockets, locks, names",
     check_previous},
    {Stage::Swap, "swap.rounds", "type", "life.again", "costs no more than 512 KiB for each swap",
     "free in stop and destroy, and keep static data small: a retired version stays mapped", check_rounds,
     true},

    {Stage::Fault, "fault.reset", "issuer", "answers.once",
     "says unknown when the connection broke after an order",
     "after a byte has left, no answer means unknown: HttpOutReply::to_answer does that", check_reset},
    {Stage::Fault, "fault.silence", "issuer", "answers.once", "says unknown when no answer came in time",
     "after a byte has left, no answer means unknown: HttpOutReply::to_answer does that", check_silence},
    {Stage::Fault, "fault.proxy", "issuer", "answers.once",
     "says unknown when a proxy answered 500, 502, 503 or 504",
     "only what the CA itself wrote in its own format is an answer; anything else is unknown", check_proxy},
    {Stage::Fault, "fault.turned_away", "issuer", "answers.once",
     "does not take a proxy's 401, 403, 404, 407, 413 or 429 for the CA's refusal",
     "only what the CA itself wrote in its own format is a refusal; anything else is unavailable or unknown",
     check_turned_away},
    {Stage::Fault, "fault.poll", "issuer", "answers.once",
     "ends no order by poll while the CA can't be asked",
     "an order is rejected when the CA says so, in its own format; until then answer unavailable or pending",
     check_poll_in_need},
    {Stage::Fault, "fault.lookup", "issuer", "answers.once",
     "ends no order by lookup while the CA can't be asked",
     "an order was not made when the CA says so, in its own format; until then answer unavailable",
     check_lookup_in_need},
    {Stage::Fault, "fault.nonsense", "issuer", "answers.once",
     "says unknown when the answer is none of a CA's",
     "only what the CA itself wrote in its own format is an answer; anything else is unknown",
     check_nonsense},
    {Stage::Fault, "fault.refused", "issuer", "answers.once", "says that it was not done when nothing left",
     "a refused connection is unavailable", check_refused_connection},
    {Stage::Fault, "fault.note", "issuer", "answers.once", "sends nothing when its note was refused",
     "answer unavailable if note does not return ok", check_refused_note},
    {Stage::Fault, "fault.store", "issuer", "answers.once", "says no ok when its store was full",
     "look at what commit returns", check_refused_commit},
    {Stage::Fault, "fault.secrets", "type", "hosts.full", "stands secrets that can't be opened",
     "refuse in start, or answer unavailable", check_lost_secrets},
};

}  // namespace

std::span<const Check> all_checks() {
  return kChecks;
}

const Check* find_check(std::string_view id) {
  const auto* found = std::find_if(std::begin(kChecks), std::end(kChecks),
                                   [&](const Check& check) { return check.id == id; });
  return found == std::end(kChecks) ? nullptr : found;
}

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::Passed:
      return "passed";
    case Standing::Failed:
      return "failed";
    case Standing::Skipped:
      return "skipped";
  }
  return "";
}

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::Static:
      return "static";
    case Stage::Load:
      return "load";
    case Stage::Hosts:
      return "hosts";
    case Stage::Behaviour:
      return "behaviour";
    case Stage::Swap:
      return "swap";
    case Stage::Fault:
      return "fault";
  }
  return "";
}

bool TypeFacts::has(std::string_view role) const {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto blank = std::min(text.find(' '), text.size());
    if (blank > 0) words.push_back(text.substr(0, blank));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return words;
}

}  // namespace certspan::check
