// certspan probe: hands over to a program of its own, since the host knows no PKI.

#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "host/app/commands.hpp"
#include "host/base/helper_program.hpp"
#include "host/journal/file.hpp"

namespace certspan {

ExitCode command_probe_scep(std::vector<std::string> arguments) {
  std::string program = helper_program("certspan-scep-probe").string();
  std::vector<char*> words = {program.data()};
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  ::execv(program.c_str(), words.data());
  return complain(Error(Outcome::Unavailable, "probe.no_program",
                        "\"" + program + "\" can't be run: " + errno_text(errno) +
                            "; it is part of the package certspan, install that again"));
}

}  // namespace certspan
