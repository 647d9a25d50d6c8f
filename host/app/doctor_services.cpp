// What `certspan doctor` finds out about services outside: connectors ask them, and what came is looked at.

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "host/app/doctor.hpp"
#include "host/app/trial_services.hpp"
#include "host/base/mutex.hpp"
#include "host/loading/connector.hpp"
#include "host/services/http_out/certificate_look.hpp"
#include "host/services/http_out/curl_client.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;

constexpr const char* kExamine = "examine";
/// Tokens and certificates are refused beyond it.
constexpr std::chrono::minutes kClockMayBeOff{5};

/// The time in an answer's field Date (RFC 9110 5.6.7), in the form that is sent today.
std::optional<std::chrono::system_clock::time_point> date_of(const OutgoingResult& result) {
  const auto field =
      std::ranges::find_if(result.fields, [](const auto& each) { return each.first == "date"; });
  if (field == result.fields.end()) return std::nullopt;
  std::tm date{};
  const char* const end = ::strptime(field->second.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&date));
}

std::string server_of(const std::string& url) {
  const std::size_t host = url.find("://");
  return url.substr(0, host == std::string::npos ? host : url.find('/', host + 3));
}

std::string advice_on_failure(OutgoingFailure failure) {
  switch (failure) {
    case OutgoingFailure::NoName:
      return "look at DNS, or set host.http_out.proxy if only the proxy resolves names";
    case OutgoingFailure::NoConnection:
      return "look at the firewall, and at host.http_out.proxy";
    case OutgoingFailure::NoTls:
      return "the certificate is of a CA that is not trusted here: somebody inspects TLS on the way (give "
             "that CA "
             "by ca_certificates, or have this server left out), or a sign-in page answers";
    case OutgoingFailure::NoTime:
      return "nothing answers in time: look at the firewall, which may drop what it forbids";
    case OutgoingFailure::None:
    case OutgoingFailure::BadRequest:
    case OutgoingFailure::Broken:
    case OutgoingFailure::TooLarge:
    case OutgoingFailure::NoHttp:
      break;
  }
  return "something between here and the server answers in its place, or breaks the connection";
}

/// Speaks for connectors as the host does, and remembers how each server was reached.
class WatchedOutgoing final : public Outgoing {
 public:
  explicit WatchedOutgoing(HttpOutOptions options) : options_(std::move(options)), client_(options_) {}

  OutgoingResult send(std::string_view connector, const OutgoingRequest& request) override {
    OutgoingResult result = client_.send(connector, request);
    const auto now = std::chrono::system_clock::now();
    const MutexLock lock(mutex_);
    Seen& seen = servers_[server_of(request.url)];
    if (result.failure != OutgoingFailure::None) {
      seen.failure = result.failure;
      seen.message = result.message;
    } else if (const auto date = date_of(result)) {
      seen.ahead = std::chrono::duration_cast<std::chrono::seconds>(now - *date);
    }
    return result;
  }

  void tell(Findings& findings) const {
    const MutexLock lock(mutex_);
    for (const auto& [server, seen] : servers_) {
      const bool reached = seen.failure == OutgoingFailure::None;
      const std::string way =
          options_.proxy.empty() ? "" : ", with proxy " + options_.proxy + " where no_proxy doesn't name it";
      findings.push_back(
          {reached ? Verdict::Fine : Verdict::Faulty, "reach", server,
           (reached ? "answers" + way : seen.message + ": " + advice_on_failure(seen.failure)) +
               chain_at(server, seen.failure)});
      if (seen.ahead) findings.push_back(clock_at(server, *seen.ahead));
    }
  }

 private:
  struct Seen {
    OutgoingFailure failure = OutgoingFailure::None;
    std::string message;
    std::optional<std::chrono::seconds> ahead;
  };

  /// Who certifies whoever answers there: the company's own CA, at a public name, inspects TLS.
  std::string chain_at(const std::string& server, OutgoingFailure failure) const {
    if (!server.starts_with("https://")) return {};
    if (failure != OutgoingFailure::None && failure != OutgoingFailure::NoTls) return {};
    const std::string issuer = issuer_shown(server, options_);
    return issuer.empty() ? std::string() : "; the chain shown there is issued by \"" + issuer + "\"";
  }

  static Finding clock_at(const std::string& server, std::chrono::seconds ahead) {
    const bool off = std::chrono::abs(ahead) > kClockMayBeOff;
    return {off ? Verdict::Faulty : Verdict::Fine, "clock", server,
            fmt::format("this machine's clock is {} s {} the server's{}", std::chrono::abs(ahead).count(),
                        ahead.count() < 0 ? "behind" : "ahead of",
                        off ? ": tokens and certificates are refused; look at time synchronisation" : "")};
  }

  const HttpOutOptions options_;
  CurlClient client_;
  mutable Mutex mutex_;
  std::map<std::string, Seen> servers_ CERTSPAN_GUARDED_BY(mutex_);
};

bool offers_examination(const certspan_connector_type& type) {
  return std::ranges::any_of(actions_of(type), [](const certspan_action* action) {
    return std::string_view(action->name) == kExamine;
  });
}

std::string words_of(const CallReport& report) {
  std::string text;
  for (const SettingsFault& fault : report.faults) text += (text.empty() ? "" : "; ") + fault.message;
  return text.empty() ? "it says no more" : text;
}

/// {"checks": [{"what", "good", "text"}]}
void tell_checks(const std::string& connector, const std::string& answer, Findings& findings) {
  const Json examined = Json::parse(answer, nullptr, false);
  if (!examined.is_object() || !examined.contains("checks") || !examined["checks"].is_array()) {
    findings.push_back(
        {Verdict::Faulty, "connector", connector, "its examination can't be read: tell its vendor"});
    return;
  }
  for (const Json& check : examined["checks"]) {
    const bool good = check.is_object() && check.value("good", false);
    const std::string text = check.is_object() ? check.value("text", std::string()) : std::string();
    findings.push_back({good ? Verdict::Fine : Verdict::Faulty, "connector", connector, text});
  }
}

void examine_connector(const CheckedConfig& checked, const PreparedConnector& prepared,
                       const ServiceBackends& backends, Findings& findings) {
  const auto plugin = checked.catalog->plugin(prepared.plugin, prepared.isolation);
  auto type = type_of(*checked.catalog, prepared);
  if (plugin == nullptr || type == nullptr || plugin->trust().kind != TrustGround::Kind::Shipped) return;
  if (!offers_examination(*type) || !secrets_readable(prepared)) return;
  const HostServices services(prepared.name, backends);
  Connector connector(prepared.name, plugin, std::move(type));
  CallReport report = connector.create(services.host(), prepared.settings);
  if (report.ok()) report = connector.start();
  if (report.ok()) {
    const ActionResult result = connector.run_action(kExamine, "{}");
    report = result.report;
    if (report.ok()) tell_checks(prepared.name, result.json, findings);
  }
  if (!report.ok()) findings.push_back({Verdict::Faulty, "connector", prepared.name, words_of(report)});
  connector.destroy();
}

}  // namespace

void examine_services(const CheckedConfig& checked, Findings& findings) {
  const TrialServices trial(checked.prepared);
  const ServiceBackends* const of_trial = trial.backends();
  if (of_trial == nullptr) return;
  const HttpOutSection& section = checked.config.host.http_out;
  WatchedOutgoing outgoing({section.proxy, section.no_proxy, section.connect_timeout});
  ServiceBackends backends = *of_trial;
  backends.http_out = &outgoing;
  Findings of_connectors;
  for (const PreparedConnector& prepared : checked.prepared.connectors)
    examine_connector(checked, prepared, backends, of_connectors);
  outgoing.tell(findings);
  std::ranges::move(of_connectors, std::back_inserter(findings));
}

}  // namespace certspan
