// Connectors small enough to read at a glance, for the tests of the C++ layer.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <certspan/plugin.hpp>

namespace certspan::sdk {

/// What every toy needs to be a connector type.
struct ToyIdentity {
  static constexpr const char* kName = "toy";
  static constexpr const char* kSummary = "Does what the test at hand needs.";
  static constexpr const char* kSettingsSchema = R"({"type":"object","additionalProperties":false})";
};

/// An issuer with nothing optional. Its settings say how `issue` ends.
class SmallestCa : public ToyIdentity, public Issuer {
 public:
  SmallestCa(Host host, std::string_view name, std::string_view settings)
      : host_(host), name_(name), settings_(settings) {
    if (settings_ == "bad key") throw SettingsFault("/ca/key", "cannot read the key");
    if (settings_ == "broken") throw std::runtime_error("cannot start at all");
  }

  Answer issue(const Item& item) override {
    if (settings_ == "throws") throw std::runtime_error("lost my mind");
    if (settings_ == "throws a number") throw 7;
    if (settings_ == "notes") {
      if (item.write_note(bytes_of("order 1")) != Outcome::Ok) {
        return Answer::unavailable("toy.note", "cannot keep the order's number");
      }
    }
    return Answer::ok(item.request()).add_label("serial", "01").add_label("subject", name_);
  }

  Outcome chain(ChainSink& chain) override {
    if (settings_ == "throws") throw std::runtime_error("no chain today");
    chain.add(bytes_of("issuing CA"));
    chain.add(bytes_of("root"));
    return Outcome::Ok;
  }

 protected:
  Host host_;

 private:
  std::string name_;
  std::string settings_;
};

/// An issuer that overrides everything and remembers its life.
class FullCa final : public SmallestCa, public Actions {
 public:
  static constexpr std::uint32_t kFlags = CERTSPAN_TYPE_RUNS_WAITS;
  static constexpr std::uint32_t kIssuerFlags = CERTSPAN_ISSUER_IDEMPOTENT;
  static constexpr ActionSpec kActions[] = {
      {"init", "Makes keys.", CERTSPAN_PERSON_ADMIN, CERTSPAN_ACTION_OFFLINE, "{}"},
      {"ca_csr", "Asks a root.", CERTSPAN_PERSON_OFFICER, CERTSPAN_ACTION_PRINTS_SECRET, "{}"},
  };

  static bool validate_settings(std::string_view settings, Faults& faults) {
    if (settings == "two faults") {
      faults.add("/a", "first");
      faults.add("/b", "second");
    }
    return settings != "refused in silence";
  }

  using SmallestCa::SmallestCa;

  bool start(Faults& faults) override {
    if (fail_start) faults.add("/address", "nobody answers");
    return true;
  }
  bool drain(std::chrono::steady_clock::time_point deadline) override {
    return deadline > std::chrono::steady_clock::now();
  }
  void stop() override {
    host_.log(LogLevel::Info, "stopped");
    if (fail_stop) throw std::runtime_error("cannot stop");
  }

  Answer poll(const Item& item) override {
    return Answer::pending(item.handle(), std::chrono::milliseconds(1500));
  }
  Answer lookup(const Item&) override { return Answer::cancelled("toy.never", "was never asked"); }
  Outcome find(const FindRequest& request, FindSink& sink) override {
    if (text_of(request.serial) != "42") return Outcome::Rejected;
    sink.revoked(bytes_of("old certificate"));
    return Outcome::Ok;
  }
  Outcome ping(Faults& faults) override {
    faults.add("", "slow today");
    return Outcome::Unavailable;
  }

  std::optional<std::string> run_action(std::string_view name, std::string_view arguments, Faults&) override {
    return std::string(name) + " with " + std::string(arguments);
  }
  static std::optional<std::string> run_offline(std::string_view name, std::string_view, Faults& faults) {
    if (name != "init") {
      faults.add("", "needs a running connector");
      return std::nullopt;
    }
    return R"({"made":1})";
  }

  static inline bool fail_start = false;
  static inline bool fail_stop = false;
};

/// A source that does with a request what its path says.
class ToySource final : public ToyIdentity, public Source, public Validator, public Processor {
 public:
  ToySource(Host host, std::string_view, std::string_view) : host_(host) {}

  bool open_intake(Faults& faults) override {
    if (host_.add_route("web", "/scep", 1024) == Outcome::Ok) return true;
    faults.add("/path", "the route is not granted");
    return false;
  }

  void handle(const HttpRequest& request, Exchange& exchange) override {
    if (request.path() == "/throw") throw std::runtime_error("cannot read this");
    if (request.path() == "/forget") return;
    if (request.path() == "/poll") return exchange.poll(request.body(), "T7", bytes_of("context"));
    if (request.path() == "/twice") exchange.respond({.status = 200});
    if (request.path() == "/twice") return exchange.respond({.status = 400});
    const Label labels[] = {{"profile", "wifi"}};
    exchange.submit({.key = request.body(), .renewal = true, .transaction_id = "T7", .labels = labels},
                    bytes_of("context"));
  }

  void reply(const Reply& reply, Bytes context, Exchange& exchange) override {
    if (reply.outcome() == Outcome::Internal) throw std::runtime_error("no such outcome");
    const std::string body = std::string(text_of(context)) + " " + std::string(text_of(reply.chain().at(0)));
    exchange.respond({.status = 200, .content_type = "text/plain", .body = bytes_of(body)});
  }

  Answer validate(const Item& item) override {
    if (!item.is_renewal()) return Answer::rejected("toy.new", "only renewals pass");
    return Answer::ok().add_label("device", item.label("device").value_or("none"));
  }

  Answer before_issue(const Item&, const Issued& issuers) override {
    return issuers.chain_size() == 1 ? Answer::ok() : Answer::unsupported("toy.group", "one CA only");
  }
  Answer after_issue(const Item& item, const Issued& issued) override {
    const bool same = text_of(item.request()) == text_of(issued.certificate());
    return same ? Answer::ok() : Answer::invalid("toy.other", "the certificate is another one");
  }

 private:
  Host host_;
};

inline const certspan_connector_type& kSmallest = ConnectorType<SmallestCa>::kTable;
inline const certspan_connector_type& kFull = ConnectorType<FullCa>::kTable;

}  // namespace certspan::sdk
