#include "host/config/schema.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "host/config/check_types.hpp"
#include "host/config/schema_marks.hpp"
#include "host/config/test_words.hpp"

namespace certspan {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kEnvironment = R"(\$\{env:.+\})";
constexpr std::string_view kDurationPattern = R"([0-9]+(ms|s|m|h|d))";
constexpr std::string_view kSizePattern = R"([0-9]+(B|KiB|MiB|GiB))";
constexpr std::string_view kSecretPattern = R"(^\$\{(file|credential):[^}]+\}$)";
constexpr std::string_view kNamePattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$";

/// The pattern, or a reference to the environment in its place.
std::string or_environment(std::string_view pattern) {
  return fmt::format("^({}|{})$", pattern, kEnvironment);
}

Json text(std::string_view description) {
  return {{"description", description}, {"type", "string"}, {"minLength", 1}};
}

Json text_like(std::string_view description, const std::string& pattern) {
  return {{"description", description}, {"type", "string"}, {"pattern", pattern}};
}

Json duration(std::string_view description) {
  return text_like(description, or_environment(kDurationPattern));
}

Json name(std::string_view description) {
  // A name that looks like a number needs no quotes.
  return {{"description", description}, {"type", Json::array({"string", "integer"})}};
}

Json texts(std::string_view description) {
  return {{"description", description},
          {"type", Json::array({"array", "string"})},
          {"items", {{"type", "string"}}},
          {"minItems", 1}};
}

/// `pattern` binds text only and the bounds numbers only, so that both can stand together.
Json number(std::string_view description, std::int64_t least, std::int64_t most) {
  return {{"description", description},
          {"type", Json::array({"integer", "string"})},
          {"pattern", fmt::format("^{}$", kEnvironment)},
          {"minimum", least},
          {"maximum", most}};
}

Json yes_or_no(std::string_view description) {
  return {{"description", description},
          {"type", Json::array({"boolean", "string"})},
          {"pattern", fmt::format("^{}$", kEnvironment)}};
}

Json choice(std::string_view description, Json words) {
  return {{"description", description}, {"enum", std::move(words)}};
}

Json mapping(std::string_view description, Json properties, Json required = Json::array()) {
  return {{"description", description},
          {"type", "object"},
          {"additionalProperties", false},
          {"required", std::move(required)},
          {"properties", std::move(properties)}};
}

Json named(std::string_view description, Json of) {
  return {{"description", description},
          {"type", "object"},
          {"propertyNames", {{"pattern", kNamePattern}}},
          {"additionalProperties", std::move(of)}};
}

Json tls() {
  Json schema = mapping(
      "TLS with a certificate from files (certificate_file, key) or made by an issuer of this file (issuer, "
      "profile, "
      "names)",
      {{"certificate_file", text("PEM, the host's certificate first")},
       {"key", text_like("private key, PEM; a reference", std::string(kSecretPattern))},
       {"issuer", name("connector that issues the host's certificate")},
       {"profile", name("profile that the certificate follows")},
       {"names", texts("DNS names and addresses of the host")}});
  schema["oneOf"] = {{{"required", {"certificate_file", "key"}}},
                     {{"required", {"issuer", "profile", "names"}}}};
  return schema;
}

Json listeners() {
  Json limits = mapping("limits that keep one client from taking all",
                        {{"max_connections", number("connections at a time", 1, 1'000'000)},
                         {"header_timeout", duration("for a request's head to arrive")},
                         {"body_timeout", duration("for a request's body to arrive")},
                         {"idle_timeout", duration("between requests of one connection")}});
  return named("addresses that the host serves HTTP on, by name",
               mapping("one listener",
                       {{"address", text("host:port, such as 0.0.0.0:443 or [::]:443")},
                        {"tls", tls()},
                        {"limits", std::move(limits)},
                        {"trusted_proxies",
                         texts("addresses and networks of proxies whose word counts for who a client is")},
                        {"proxy_protocol",
                         yes_or_no("they begin each connection with version 2 of the PROXY protocol")}},
                       {"address"}));
}

Json host() {
  Json roles = mapping("who may do what on the control socket: users, and groups as group:NAME",
                       {{"viewer", texts("may look")},
                        {"operator", texts("may also retry and cancel work")},
                        {"officer", texts("may also approve, revoke and hand out challenges")},
                        {"admin", texts("may do everything")}});
  Json control = mapping("the socket behind the command line",
                         {{"socket", text("its path")}, {"roles", std::move(roles)}});
  Json log =
      mapping("the host's log", {{"level", choice("least level kept", {"debug", "info", "warn", "error"})},
                                 {"format", choice("of each record", {"text", "json"})},
                                 {"file", text("path; without it standard error")}});
  Json http_out = mapping("how connectors speak HTTP to the outside",
                          {{"proxy", text("http://host:port of the proxy; without it none")},
                           {"no_proxy", texts("hosts and domains that are asked directly")},
                           {"connect_timeout", duration("for name, connection and TLS")}});
  Json audit = mapping("where the head of the audit chain is told outside the host",
                       {{"every", duration("at most as often")},
                        {"file", text("path of a file that a line is added to")},
                        {"syslog", text("socket of the machine's syslog, as /dev/log")}});
  Json metrics =
      mapping("where metrics are told, in Prometheus's text format",
              {{"listener", text("name of a listener")}, {"path", text("path of the page")}}, {"listener"});
  return mapping(
      "the process itself",
      {{"data_dir", text("directory of journal and stores")},
       {"drain_timeout", duration("for work under way to finish at a stop")},
       {"repeat_window", duration("how long a repeated request gets the same certificate")},
       {"retention", duration("how long finished work is kept, at least")},
       {"journal_key",
        text_like("what the journal's secrets are sealed with, 64 hexadecimal digits; a reference",
                  std::string(kSecretPattern))},
       {"previous_journal_key",
        text_like("what it was, until `certspan journal rotate-key` has ended; a reference",
                  std::string(kSecretPattern))},
       {"listeners", listeners()},
       {"control", std::move(control)},
       {"log", std::move(log)},
       {"http_out", std::move(http_out)},
       {"audit", std::move(audit)},
       {"metrics", std::move(metrics)},
       {"revocation_guard",
        mapping("how many revocations are ordered within an hour before a person has to say yes",
                {{"orders", number("at most so many", 1, 1'000'000)},
                 {"percent", number("of all finished items, at most", 1, 100)}})},
       {"publish_crls",
        mapping("a directory that the CRLs of this host's CAs are written to",
                {{"directory", text("its path")}, {"every", duration("how often they are looked at")}},
                {"directory"})},
       {"danger_ca_key_in_host", yes_or_no("accept a CA key in the process that reads the network")}});
}

Json plugins() {
  Json pins = named("SHA-256 that a plugin's file must have, by plugin id",
                    {{"type", Json::array({"string", "integer"})}, {"pattern", "^[0-9a-f]{64}$"}});
  Json key = mapping("a vendor's key", {{"public_key_file", text("path of its public key, PEM")},
                                        {"ids", texts("plugins that it may sign: com.acme.ca, com.acme.*")}});
  key["required"] = {"public_key_file", "ids"};
  Json trust =
      mapping("whose plugins are let in",
              {{"keys", named("keys that sign plugins, by a name of yours", std::move(key))},
               {"revoked_file", text("path of a list of files that are never let in, a SHA-256 a line")},
               {"danger_allow_unsigned", yes_or_no("let plugins in that nobody has signed")}});
  return mapping("where plugins come from", {{"dirs", texts("directories that are searched for plugins")},
                                             {"pins", std::move(pins)},
                                             {"trust", std::move(trust)}});
}

Json retry() {
  return mapping(
      "how calls are repeated",
      {{"attempts", number("calls in all", 1, 100)},
       {"backoff", text_like("shortest and longest wait, such as 1s..2m",
                             fmt::format("^({0}\\.\\.{0}|{1})$", kDurationPattern, kEnvironment))}});
}

Json issuers(std::string_view description) {
  return {{"description", description},
          {"type", Json::array({"string", "integer", "array"})},
          {"items", name("issuer")},
          {"minItems", 1}};
}

Json step() {
  Json schema = mapping(
      "one step",
      {{"validate", name("validator that must agree")},
       {"issue", issuers("issuer, or issuers in the order in which they are tried")},
       {"deliver", name("deliverer that is told")},
       {"notify",
        choice("deliver: whether the client has the certificate by then", {"before_reply", "after_reply"})},
       {"revoke", issuers("CA, or CAs whose certificates may be named")},
       {"sources", texts("revoke: sources whose items may be named")},
       {"reason", choice("revoke: why, as CRLs tell it", {"unspecified", "affiliation_changed", "superseded",
                                                          "cessation_of_operation", "privilege_withdrawn"})},
       {"danger_revoke_foreign", yes_or_no("revoke: also what the CAs issued to others than the sources")},
       {"profile", name("profile that the certificate follows")},
       {"required", yes_or_no("deliver: false hands the certificate out all the same")},
       {"timeout", duration("of one call")},
       {"retry", retry()}});
  schema["oneOf"] = {{{"required", {"validate"}}},
                     {{"required", {"issue"}}},
                     {{"required", {"deliver"}}},
                     {{"required", {"revoke", "sources"}}}};
  schema["dependencies"] = {{"issue", Json::array({"profile"})},
                            {"profile", Json::array({"issue"})},
                            {"required", Json::array({"deliver"})},
                            {"notify", Json::array({"deliver"})},
                            {"sources", Json::array({"revoke"})},
                            {"reason", Json::array({"revoke"})},
                            {"danger_revoke_foreign", Json::array({"revoke"})}};
  return schema;
}

Json pipelines() {
  Json when = {{"description", "labels of an item and patterns for them; all must match"},
               {"type", "object"},
               {"minProperties", 1},
               {"additionalProperties", texts("patterns, in which * stands for anything")}};
  Json reply =
      mapping("what a client hears", {{"within", duration("how long a client is kept waiting")},
                                      {"then", choice("what it hears then", {"try_later", "pending"})}});
  Json steps = {{"description", "what is done with an item, in this order"},
                {"type", "array"},
                {"minItems", 1},
                {"items", step()}};
  Json told = mapping("whom to tell", {{"deliver", name("deliverer that is told")},
                                       {"timeout", duration("of one call")},
                                       {"retry", retry()}});
  told["required"] = {"deliver"};
  Json on_failure = {{"description",
                      "who is told of an item that a validator said yes to and that ended without "
                      "a certificate"},
                     {"type", "array"},
                     {"minItems", 1},
                     {"items", std::move(told)}};
  return named(
      "routes of work; the first one of a source whose `when` matches takes an item",
      mapping("one pipeline",
              {{"source", name("connector that brings the items")},
               {"when", std::move(when)},
               {"steps", std::move(steps)},
               {"on_failure", std::move(on_failure)},
               {"deadline", duration("for an item to be done; what may have been done by then is held")},
               {"reply", std::move(reply)},
               {"otherwise", choice("what becomes of the source's items that match no pipeline", {"reject"})},
               {"danger_open_enrolment", yes_or_no("accept issuing to whoever reaches the source")},
               {"danger_mixed_chains", yes_or_no("accept CAs under different roots behind one another")}},
              {"source", "steps"}));
}

template <typename Words>
Json words_of(const Words& words) {
  Json list = Json::array();
  for (const std::string_view word : words) list.push_back(word);
  return list;
}

template <typename Words>
std::string any_of(const Words& words) {
  return fmt::format("({})", fmt::join(words, "|"));
}

/// One word, or a mapping with more.
Json answer() {
  Json schema = mapping(
      "what a connector answers: an outcome, or a mapping with one; crash: the host dies inside the call",
      {{"outcome", choice("how the call ends", words_of(kAnswerWords))},
       {"call", choice("the call that it is kept for", words_of(kCallWords))},
       {"code", text("the machine word that comes with it")},
       {"retry_after", duration("not to be asked again before")},
       {"takes", duration("time that passes inside the call")},
       {"times", number("how often in a row", 1, 10'000)}},
      {"outcome"});
  schema["type"] = Json::array({"string", "object"});
  schema["pattern"] = fmt::format("^{}$", any_of(kAnswerWords));
  return schema;
}

Json tests() {
  Json answers = answer();
  answers["type"] = Json::array({"array", "string", "object"});
  answers["items"] = answer();
  Json calls = {{"description", "every call in its order, but those of the fence"},
                {"type", "array"},
                {"items", {{"type", "string"}, {"pattern", fmt::format("^{} ", any_of(kExpectedCalls))}}}};
  Json labels = {{"description", "what the source says of the request"},
                 {"type", "object"},
                 {"additionalProperties", {{"type", "string"}}}};
  Json expect = mapping("what must come of it",
                        {{"state", choice("of the work item", words_of(kStateWords))},
                         {"issuer", name("connector whose certificate it is")},
                         {"pipeline", name("pipeline that takes the request")},
                         {"code", text("the machine word of its end")},
                         {"calls", std::move(calls)},
                         {"within", duration("where it must stand after this time at the latest")}},
                        {"state"});
  return named(
      "what `certspan test` runs",
      mapping("a request, what connectors answer, and what must come of it",
              {{"source", name("connector that brings the request")},
               {"message", choice("what is asked for", {"enrolment", "renewal"})},
               {"labels", std::move(labels)},
               {"connectors", named("answers of connectors, in their order; ok when there are no more",
                                    std::move(answers))},
               {"expect", std::move(expect)}},
              {"source", "expect"}));
}

bool is_true(const Json& schema, std::string_view mark) {
  const auto found = schema.find(mark);
  return found != schema.end() && *found == true;
}

Json with_description(const Json& schema, Json replacement) {
  if (schema.contains("description")) replacement["description"] = schema.at("description");
  return replacement;
}

/// A plugin's settings schema as the admin writes the settings: durations and sizes with units, references in
/// secret fields, `${env:}` wherever a number or a truth value is wanted, no profiles. `root` is where the
/// whole schema will stand.
Json for_editor(const Json& schema, const std::string& root) {
  if (!schema.is_structured()) return schema;
  if (schema.is_array()) {
    Json list = Json::array();
    for (const Json& below : schema) list.push_back(for_editor(below, root));
    return list;
  }
  if (is_true(schema, kDurationMark))
    return with_description(schema, text_like("", or_environment(kDurationPattern)));
  if (is_true(schema, kSizeMark))
    return with_description(schema, text_like("", or_environment(kSizePattern)));
  if (is_true(schema, kSecretMark))
    return with_description(schema, text_like("", std::string(kSecretPattern)));
  Json copy = Json::object();
  for (const auto& [key, below] : schema.items()) {
    if (below.is_object() && is_true(below, kProfilesMark)) continue;
    copy[key] = for_editor(below, root);
    if (key == "$ref" && below.is_string() && below.get<std::string>().starts_with('#')) {
      copy[key] = root + below.get<std::string>().substr(1);
    }
  }
  if (const auto pattern = copy.find("pattern"); pattern != copy.end() && pattern->is_string()) {
    *pattern = fmt::format("(?:{})|^{}$", pattern->get<std::string>(), kEnvironment);
  }
  if (const auto words = copy.find("enum"); words != copy.end() && words->is_array()) {
    copy["anyOf"] = Json::array({{{"enum", *words}}, text_like("", fmt::format("^{}$", kEnvironment))});
    copy.erase("enum");
  }
  const auto type = copy.find("type");
  if (type != copy.end() && (*type == "integer" || *type == "number" || *type == "boolean") &&
      !copy.contains("pattern")) {
    *type = Json::array({*type, "string"});
    copy["pattern"] = fmt::format("^{}$", kEnvironment);
  }
  return copy;
}

struct Type {
  const ConnectorType* type;
  std::string definition;
  Json schema;
};

std::vector<Type> readable_types(const TypeCatalog& catalog) {
  std::vector<Type> types;
  for (const ConnectorType* type : catalog.types()) {
    Json schema = Json::parse(type->settings_schema, nullptr, false);
    if (schema.is_object())
      types.push_back({type, fmt::format("{}.{}", type->plugin, type->name), std::move(schema)});
  }
  return types;
}

Json connectors(const std::vector<Type>& types) {
  Json one =
      mapping("one connector",
              {{"plugin", name("plugin that has the type")},
               {"type", name("connector type")},
               {"settings", {{"description", "what the type wants to know"}, {"type", "object"}}},
               {"concurrency", number("calls at a time, for types that wait", 1, 1024)},
               {"required", yes_or_no("false: the host runs without it if it cannot be loaded or started")},
               {"isolation", choice("where the plugin runs: in a worker process of its own, or in the host",
                                    {"process", "in_process"})},
               {"network", yes_or_no("its worker process may open sockets of its own")}},
              {"plugin", "type"});
  Json cases = Json::array();
  for (const Type& type : types) {
    Json then = {{"properties", {{"settings", {{"$ref", "#/definitions/" + type.definition}}}}}};
    if (type.schema.contains("required") && !type.schema.at("required").empty())
      then["required"] = {"settings"};
    cases.push_back({{"if",
                      {{"properties",
                        {{"plugin", {{"const", type.type->plugin}}}, {"type", {{"const", type.type->name}}}}},
                       {"required", {"plugin", "type"}}}},
                     {"then", std::move(then)}});
  }
  if (!cases.empty()) one["allOf"] = std::move(cases);
  return named("configured instances of connector types, by name", std::move(one));
}

/// The map of profiles as the fence describes it.
Json profiles(const std::vector<Type>& types) {
  Json schema = {{"type", "object"}};
  for (const Type& type : types) {
    if (type.type->plugin != kFencePlugin || type.type->name != kFenceType ||
        !type.schema.contains("properties"))
      continue;
    for (const auto& [key, property] : type.schema.at("properties").items()) {
      if (!is_true(property, kProfilesMark)) continue;
      Json written = property;
      written.erase("x-certspan-profiles");
      schema = for_editor(written, "#/definitions/" + type.definition);
    }
  }
  schema["description"] = "what certificates must look like, by name";
  schema["propertyNames"] = {{"pattern", kNamePattern}};
  return schema;
}

}  // namespace

std::string config_schema(const TypeCatalog& catalog) {
  const std::vector<Type> types = readable_types(catalog);
  Json version = {{"description", "of the file format"}, {"const", 1}};
  Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "certspan configuration"}};
  schema.update(mapping("configuration of a certspan host",
                        {{"version", std::move(version)},
                         {"host", host()},
                         {"plugins", plugins()},
                         {"connectors", connectors(types)},
                         {"profiles", profiles(types)},
                         {"pipelines", pipelines()},
                         {"tests", tests()}},
                        {"version"}));
  Json definitions = Json::object();
  for (const Type& type : types) {
    definitions[type.definition] = for_editor(type.schema, "#/definitions/" + type.definition);
  }
  schema["definitions"] = std::move(definitions);
  return schema.dump(2);
}

}  // namespace certspan
