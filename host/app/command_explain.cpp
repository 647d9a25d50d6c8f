// certspan explain: says in plain words what a code or number means. Needs neither host nor configuration.

#include <iostream>

#include "host/app/commands.hpp"
#include "host/app/explanations.hpp"
#include "host/config/suggest.hpp"

namespace certspan {
namespace {

Error not_known(const std::string& asked) {
  const std::vector<std::string> near = nearest_codes(asked);
  std::string message = "\"" + asked + "\" is no code that is known here";
  message += near.empty() ? "; codes of a vendor's plugin are explained by its maker"
                          : "; did you mean " + listing(near, "or") + "?";
  return {Outcome::Rejected, "explain.unknown", std::move(message)};
}

nlohmann::json to_json(const Explanation& each) {
  return {{"kind", each.kind},
          {"code", each.code},
          {"name", each.name},
          {"meaning", each.meaning},
          {"advice", each.advice}};
}

void print(const Explanation& each) {
  std::cout << each.kind << " " << each.code;
  if (!each.name.empty()) std::cout << " (" << each.name << ")";
  std::cout << "\n  " << each.meaning << "\n";
  if (!each.advice.empty()) std::cout << "  What to do: " << each.advice << "\n";
}

}  // namespace

ExitCode command_explain(const std::string& asked, bool json) {
  const std::vector<Explanation> found = explain(asked);
  if (found.empty()) return complain(not_known(asked));
  if (json) {
    nlohmann::json meanings = nlohmann::json::array();
    for (const Explanation& each : found) meanings.push_back(to_json(each));
    print_json({{"asked", asked}, {"meanings", std::move(meanings)}});
    return ExitCode::Ok;
  }
  for (const Explanation& each : found) print(each);
  return ExitCode::Ok;
}

}  // namespace certspan
