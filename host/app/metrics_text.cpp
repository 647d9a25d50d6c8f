#include "host/app/metrics_text.hpp"

#include <initializer_list>
#include <utility>

#include "host/app/ending.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;
using Labels = std::initializer_list<std::pair<const char*, std::string>>;

/// Escaped as the text format wants it in quotes.
std::string quoted(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text + '"';
}

class Page {
 public:
  /// The samples of one metric follow right behind.
  void metric(std::string name, const char* type, const char* help) {
    name_ = std::move(name);
    text_ += "# HELP " + name_ + " " + help + "\n# TYPE " + name_ + " " + type + "\n";
  }
  void sample(const Labels& labels, std::int64_t value) {
    text_ += name_;
    const char* before = "{";
    for (const auto& [label, text] : labels) {
      text_ += before + std::string(label) + "=" + quoted(text);
      before = ",";
    }
    if (labels.size() > 0) text_ += "}";
    text_ += " " + std::to_string(value) + "\n";
  }
  std::string take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

std::string name_of(const Json& row) {
  return row.value("name", std::string());
}

void write_host(Page& page, const Json& status) {
  page.metric("certspan_build_info", "gauge", "The version that runs.");
  page.sample({{"version", status.value("version", std::string())}}, 1);
  page.metric("certspan_serving", "gauge", "1 if the host takes new work.");
  page.sample({}, status.value("state", std::string()) == "serving" ? 1 : 0);
}

void write_endings(Page& page, const Json& status, std::int64_t now) {
  page.metric("certspan_expiry_seconds", "gauge", "Seconds until it ends; negative when it has ended.");
  for (const Ending& ending : endings_of(status)) {
    page.sample({{"kind", ending.kind}, {"name", ending.name}}, ending.at - now);
  }
}

void write_work(Page& page, const Json& status) {
  page.metric("certspan_work_items", "gauge", "Work items in the journal.");
  const Json work = status.value("work", Json::object());
  for (const auto& [state, count] : work.items()) {
    page.sample({{"state", state}}, count.get<std::int64_t>());
  }
  page.metric("certspan_waiting_clients", "gauge", "Clients that wait for the answer to their request.");
  page.sample({}, status.value("engine", Json::object()).value("waiting", std::int64_t{0}));
}

/// A source is open, the others are started.
bool is_up(const std::string& state) {
  return state == "started" || state == "open";
}

void write_connectors(Page& page, const Json& status) {
  page.metric("certspan_connector_up", "gauge", "1 if the connector runs and says that it is well.");
  for (const auto& connector : status.value("connectors", Json::array())) {
    page.sample({{"connector", name_of(connector)}}, is_up(connector.value("state", std::string())) ? 1 : 0);
  }
  page.metric("certspan_breaker_closed", "gauge", "1 if the CA is asked as usual.");
  for (const auto& issuer : status.value("issuers", Json::array())) {
    page.sample({{"issuer", name_of(issuer)}}, issuer.value("breaker", std::string()) == "closed" ? 1 : 0);
  }
}

void write_listeners(Page& page, const Json& status) {
  static constexpr std::pair<const char*, const char*> kCounters[] = {
      {"certspan_http_connections_total", "accepted"},
      {"certspan_http_connections_refused_total", "refused"},
      {"certspan_http_timeouts_total", "timed_out"},
      {"certspan_http_requests_total", "requests"}};
  const Json listeners = status.value("listeners", Json::array());
  const auto samples = [&](const char* field) {
    for (const auto& listener : listeners)
      page.sample({{"listener", name_of(listener)}}, listener.value(field, std::int64_t{0}));
  };
  page.metric("certspan_http_connections", "gauge", "Connections that are open.");
  samples("open");
  for (const auto& [name, field] : kCounters) {
    page.metric(name, "counter", "Since the host's start.");
    samples(field);
  }
  page.metric("certspan_http_responses_total", "counter", "Since the host's start, by class of status.");
  for (const char* status_class : {"2xx", "4xx", "5xx"}) {
    for (const auto& listener : listeners) {
      page.sample({{"listener", name_of(listener)}, {"class", status_class}},
                  listener.value("responses_" + std::string(status_class), std::int64_t{0}));
    }
  }
}

}  // namespace

std::string metrics_text(const Json& status, std::int64_t now) {
  Page page;
  write_host(page, status);
  write_endings(page, status, now);
  write_work(page, status);
  write_connectors(page, status);
  write_listeners(page, status);
  return page.take();
}

}  // namespace certspan
