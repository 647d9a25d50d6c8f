#include "host/control/control_server.hpp"

#include <exception>
#include <utility>

#include "host/config/suggest.hpp"

namespace certspan {
namespace {

// A request is flat; what nests deeper would only try the stack of whoever prints it.
constexpr int kDeepest = 32;

std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string error_line(const Error& error) {
  return dump(
      {{"ok", false},
       {"error", {{"code", error.code}, {"message", error.message}, {"outcome", to_string(error.outcome)}}}});
}

nlohmann::json parse_request(const std::string& line) {
  bool too_deep = false;
  const auto watch = [&](int depth, nlohmann::json::parse_event_t /*event*/, nlohmann::json& /*value*/) {
    too_deep = too_deep || depth > kDeepest;
    return !too_deep;
  };
  auto request = nlohmann::json::parse(line, watch, false);
  return too_deep ? nlohmann::json() : request;
}

}  // namespace

ControlServer::ControlServer(Options options, Log& log)
    : socket_(std::move(options.socket)),
      log_(log),
      roles_(std::move(options.roles)),
      loop_(
          options.limits,
          [this](const std::string& line, const Credentials& client, Pace pace) {
            return answer(line, client, pace);
          },
          error_line) {}

ControlServer::~ControlServer() {
  stop();
}

void ControlServer::set_roles(Roles roles) {
  const MutexLock lock(mutex_);
  roles_ = std::move(roles);
}

/// A copy: naming a client may ask the system's user database for a while.
Roles ControlServer::roles() const {
  const MutexLock lock(mutex_);
  return roles_;
}

void ControlServer::add_command(std::string name, Person least, Handler handler, Pace pace) {
  commands_.insert_or_assign(std::move(name), Command{least, std::move(handler), pace});
}

Result<void> ControlServer::start() {
  CERTSPAN_TRY(SocketFile file, SocketFile::create(socket_));
  FileDescriptor listener = file.take_listener();
  file_.emplace(std::move(file));
  return loop_.start(std::move(listener));
}

void ControlServer::stop() {
  file_.reset();  // nobody new finds the way
  loop_.stop();
}

std::optional<std::string> ControlServer::answer(const std::string& line, const Credentials& client,
                                                 Pace pace) const try {
  const auto request = parse_request(line);
  if (pace == Pace::Quick && pace_of(request) == Pace::Slow) return std::nullopt;
  const auto result = perform(request, peer_of(client, roles()));
  if (!result) return error_line(result.error());
  return dump({{"ok", true}, {"result", *result}});
} catch (const nlohmann::json::exception& error) {
  return error_line(Error(Outcome::Invalid, "control.bad_request", error.what()));
} catch (const std::exception& error) {
  return error_line(Error(Outcome::Internal, "control.failed", error.what()));
}

Result<nlohmann::json> ControlServer::perform(const nlohmann::json& request, const Peer& peer) const {
  if (!request.is_object()) {
    return fail(Outcome::Invalid, "control.bad_request", "the request is no JSON object, or nests too deep");
  }
  const auto name = request.value("command", std::string());
  const auto arguments = request.value("arguments", nlohmann::json::object());
  if (!arguments.is_object()) {
    return fail(Outcome::Invalid, "control.bad_request", "\"arguments\" is no JSON object");
  }
  const auto command = commands_.find(name);
  // Who has no role learns no names of commands.
  if (!peer.person || (command != commands_.end() && *peer.person < command->second.least)) {
    const Person least = command == commands_.end() ? Person::Viewer : command->second.least;
    return tl::unexpected(not_allowed(name, least, peer));
  }
  if (command == commands_.end()) {
    std::vector<std::string> names;
    for (const auto& [known, unused] : commands_) names.push_back(known);
    const std::string hint = did_you_mean(name, names);
    return fail(Outcome::Unsupported, "control.no_command",
                "this host knows no command \"" + name + "\"" + (hint.empty() ? "" : ", " + hint));
  }
  if (command->second.least > Person::Viewer) {
    std::vector<LogField> fields = {{"command", name}, {"who", peer.name}};
    const auto id = arguments.find("id");
    if (id != arguments.end() && id->is_string())
      fields.push_back({"work", id->get_ref<const std::string&>()});
    log_.write(LogLevel::Info, "command", fields);
  }
  return command->second.handler(arguments, peer);
}

/// What is no command is refused quickly.
ControlServer::Pace ControlServer::pace_of(const nlohmann::json& request) const {
  const auto name = request.is_object() ? request.find("command") : request.end();
  if (name == request.end() || !name->is_string()) return Pace::Quick;
  const auto command = commands_.find(name->get_ref<const std::string&>());
  return command == commands_.end() ? Pace::Quick : command->second.pace;
}

Error ControlServer::not_allowed(const std::string& command, Person least, const Peer& peer) const {
  const std::string needed(to_string(least));
  const std::string has = peer.person ? std::string(to_string(*peer.person)) : std::string("no role");
  log_.write(LogLevel::Warn, "command refused",
             {{"command", command}, {"who", peer.name}, {"has", has}, {"needs", needed}});
  return {Outcome::Rejected, "control.not_allowed",
          "\"" + command + "\" needs the role " + needed + ", and " + peer.name + " has " + has +
              ": an admin can name them under host.control.roles." + needed};
}

}  // namespace certspan
