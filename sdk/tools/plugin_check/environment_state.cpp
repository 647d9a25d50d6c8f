#include "sdk/tools/plugin_check/environment_state.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <clocale>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "sdk/tools/plugin_check/child.hpp"

namespace certspan::check {
namespace {

namespace fs = std::filesystem;

int number_of(const fs::path& path) {
  const std::string name = path.filename().string();
  int number = -1;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

std::set<int> threads_now() {
  std::set<int> threads;
  for (const auto& entry : fs::directory_iterator("/proc/self/task")) threads.insert(number_of(entry.path()));
  return threads;
}

std::map<int, std::string> descriptors_now() {
  std::map<int, std::string> descriptors;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = fs::read_symlink(entry.path(), gone);
    // The directory that is being read is one itself.
    if (!gone && target.string().find("/fd") == std::string::npos) {
      descriptors[number_of(entry.path())] = target.string();
    }
  }
  return descriptors;
}

std::map<int, std::pair<const void*, int>> handlers_now() {
  std::map<int, std::pair<const void*, int>> handlers;
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) != 0) continue;
    const void* function = nullptr;
    std::memcpy(&function, &action.sa_handler, sizeof(function));
    handlers[signal] = {function, action.sa_flags};
  }
  return handlers;
}

std::set<int> blocked_now() {
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  std::set<int> blocked;
  for (int signal = 1; signal < NSIG; ++signal) {
    if (::sigismember(&mask, signal) == 1) blocked.insert(signal);
  }
  return blocked;
}

/// Asking by umask() would change it for a moment.
std::string umask_now() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Umask:")) return line;
  }
  return {};
}

std::string numbers(const std::set<int>& all) {
  std::string text;
  for (const int number : all) text += (text.empty() ? "" : ", ") + std::to_string(number);
  return text;
}

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : "SIG" + std::string(name);
}

std::string descriptor_difference(const EnvironmentState& before, const EnvironmentState& after) {
  std::string text;
  for (const auto& [number, target] : after.descriptors) {
    if (!before.descriptors.contains(number)) {
      text += "descriptor " + std::to_string(number) + " on " + target + " is still open; ";
    }
  }
  for (const auto& [number, target] : before.descriptors) {
    const auto now = after.descriptors.find(number);
    if (now == after.descriptors.end()) {
      text += "descriptor " + std::to_string(number) + ", which is not the plugin's, was closed; ";
    } else if (now->second != target) {
      text += "descriptor " + std::to_string(number) + ", which is not the plugin's, was replaced; ";
    }
  }
  return text.substr(0, text.size() - std::min<std::size_t>(2, text.size()));
}

std::string signal_difference(const EnvironmentState& before, const EnvironmentState& after) {
  for (const auto& [signal, action] : after.handlers) {
    const auto old = before.handlers.find(signal);
    if (old == before.handlers.end() || old->second != action) {
      return "the handler of " + signal_name(signal) + " was changed";
    }
  }
  if (before.blocked != after.blocked) {
    std::set<int> changed;
    std::set_symmetric_difference(before.blocked.begin(), before.blocked.end(), after.blocked.begin(),
                                  after.blocked.end(), std::inserter(changed, changed.end()));
    return "the calling thread's signal mask was changed (" + numbers(changed) + ")";
  }
  return {};
}

std::string process_difference(const EnvironmentState& before, const EnvironmentState& after) {
  if (before.directory != after.directory) return "the working directory is now " + after.directory;
  if (before.umask != after.umask) return "the umask is now " + after.umask;
  for (const std::string& variable : after.variables) {
    if (std::find(before.variables.begin(), before.variables.end(), variable) == before.variables.end()) {
      return "the environment variable " + variable.substr(0, variable.find('=')) + " was set";
    }
  }
  if (after.variables.size() < before.variables.size()) return "an environment variable was removed";
  for (std::size_t i = 0; i < before.limits.size(); ++i) {
    if (before.limits[i].rlim_cur != after.limits[i].rlim_cur ||
        before.limits[i].rlim_max != after.limits[i].rlim_max) {
      return "the process's limit number " + std::to_string(i) + " (setrlimit) was changed";
    }
  }
  return {};
}

}  // namespace

EnvironmentState EnvironmentState::now() {
  static_cast<void>(std::fflush(nullptr));  // so that what was printed counts
  EnvironmentState state;
  state.threads = threads_now();
  state.descriptors = descriptors_now();
  state.handlers = handlers_now();
  state.blocked = blocked_now();
  const char* locale = std::setlocale(LC_ALL, nullptr);
  state.locale = locale == nullptr ? "" : locale;
  std::error_code nowhere;
  state.directory = fs::current_path(nowhere).string();
  state.umask = umask_now();
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    state.variables.emplace_back(*variable);
  }
  for (std::size_t i = 0; i < state.limits.size(); ++i) {
    ::getrlimit(static_cast<__rlimit_resource>(i), &state.limits.at(i));
  }
  state.printed = bytes_printed();
  return state;
}

std::string difference(Part part, const EnvironmentState& before, const EnvironmentState& after) {
  switch (part) {
    case Part::Threads: {
      std::set<int> left;
      std::set_difference(after.threads.begin(), after.threads.end(), before.threads.begin(),
                          before.threads.end(), std::inserter(left, left.end()));
      return left.empty() ? "" : std::to_string(left.size()) + " thread(s) of the plugin still run";
    }
    case Part::Descriptors:
      return descriptor_difference(before, after);
    case Part::Signals:
      return signal_difference(before, after);
    case Part::Locale:
      return before.locale == after.locale ? "" : "the locale is now \"" + after.locale + "\"";
    case Part::Process:
      return process_difference(before, after);
    case Part::Output:
      return before.printed == after.printed ? ""
                                             : "it wrote " + std::to_string(after.printed - before.printed) +
                                                   " bytes to standard output or standard error";
  }
  return {};
}

}  // namespace certspan::check
