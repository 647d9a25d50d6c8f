// What the running host answers about versions of plugins and a changed configuration. The work is the main
// thread's.

#include "host/app/host_process.hpp"
#include "host/app/swap_report.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;

Result<std::vector<SwapOrder>> orders_of(const Json& arguments) {
  std::vector<SwapOrder> orders;
  for (const Json& order : arguments.value("orders", Json::array())) {
    orders.push_back({order.value("name", std::string()), order.value("file", std::string())});
  }
  if (!orders.empty()) return orders;
  return fail(Outcome::Invalid, "control.bad_arguments", "\"orders\" names no plugin");
}

}  // namespace

void HostProcess::add_swap_commands() {
  const auto on_main = [this](const char* name, auto answer) {
    control_->add_command(name, Person::Admin, [this, answer](const Json& arguments, const Peer& peer) {
      return main_thread_.have_done([&] { return answer(arguments, peer); });
    });
  };
  const auto as_change = [this](const char* name, auto answer) {
    control_->add_command(
        name, Person::Admin,
        [answer](const Json& arguments, const Peer& peer) { return answer(arguments, peer); },
        ControlServer::Pace::Slow);
  };
  as_change("plugin_swap",
            [this](const Json& arguments, const Peer& peer) { return command_swap(arguments, peer); });
  as_change("plugin_rollback",
            [this](const Json& arguments, const Peer& peer) { return command_rollback(arguments, peer); });
  on_main("plugin_commit", [this](const Json& arguments, const Peer& peer) {
    return swaps_->commit(*deployment_, arguments.value("name", std::string()), peer.name);
  });
  on_main("plugin_release", [this](const Json& arguments, const Peer&) {
    return swaps_->release(arguments.value("sha256", std::string()));
  });
  on_main("plugin_history", [this](const Json&, const Peer&) {
    return Result<Json>(version_book_to_json(swaps_->book().plugins(), swaps_->book().quarantine()));
  });
  as_change("config_apply", [this](const Json& arguments, const Peer& peer) {
    const ApplyTerms terms{arguments.value("strand", false), peer.name};
    return changes_.have_done("apply by " + peer.name, [this, terms]() -> Result<Json> {
      CERTSPAN_TRY(const std::size_t stranded, reload(terms));
      return Json{{"applied", config_file_.string()}, {"stranded", stranded}};
    });
  });
  control_->add_command("plugin_progress", Person::Admin, [this](const Json&, const Peer&) {
    return Result<Json>(Json{{"steps", swap_progress_.steps()}});
  });
}

/// The last word on each plugin whose version was ever changed.
Json HostProcess::swapped_to_json() const {
  Json list = Json::array();
  const Json book = version_book_to_json(swaps_->book().plugins(), {});
  for (const auto& [plugin, record] : book["plugins"].items()) {
    if (record["history"].empty()) continue;
    Json last = record["history"].back();
    last["plugin"] = plugin;
    list.push_back(std::move(last));
  }
  return list;
}

Result<Json> HostProcess::command_swap(const Json& arguments, const Peer& peer) {
  CERTSPAN_TRY(const auto orders, orders_of(arguments));
  SwapTerms terms;
  terms.probation = std::chrono::milliseconds(arguments.value("probation_ms", terms.probation.count()));
  terms.drain = std::chrono::milliseconds(arguments.value("drain_ms", terms.drain.count()));
  terms.who = peer.name;
  const std::string name = "plugin swap " + orders.front().name + " by " + peer.name;
  auto swapped = changes_.have_done(name, [this, orders, terms] {
    swap_progress_.begin();
    return swaps_->swap(*deployment_, orders, terms);
  });
  if (!swapped) {
    log_->write(LogLevel::Error, "plugin swap refused",
                {{"plugin", orders.front().name},
                 {"file", orders.front().file.string()},
                 {"who", peer.name},
                 {"code", swapped.error().code},
                 {"reason", swapped.error().message}});
  }
  return swapped;
}

/// What is on trial is taken back at once, also when a change is under way that does not end.
Result<Json> HostProcess::command_rollback(const Json& arguments, const Peer& peer) {
  const std::string name = arguments.value("name", std::string());
  CERTSPAN_TRY(const Json taken_back,
               main_thread_.have_done([&] { return swaps_->take_back(*deployment_, name, peer.name); }));
  if (!taken_back.is_null()) return taken_back;
  return changes_.have_done("plugin rollback " + name + " by " + peer.name, [this, name, who = peer.name] {
    return swaps_->go_back(*deployment_, name, who);
  });
}

}  // namespace certspan
