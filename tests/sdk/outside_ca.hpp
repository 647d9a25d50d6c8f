// Runs tests/support/outside_ca.py for a test and talks to it beside the plugin.
#pragma once

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/example_ca/ca_connection.hpp"

namespace certspan::sdk {

/// A folder that goes with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "certspan-sdk-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// A running outside CA; ended by the destructor.
class OutsideCa {
 public:
  OutsideCa() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    std::string program = CERTSPAN_OUTSIDE_CA;
    std::string folder = folder_.path().string();
    std::string python = "/usr/bin/python3";
    std::string option = "--dir";
    char* arguments[] = {python.data(), program.data(), option.data(), folder.data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    const int error = posix_spawn(&pid_, python.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    read_address(ends[0]);
    close(ends[0]);
    if (error != 0 || address_.empty()) throw std::runtime_error("the outside CA did not start");
  }
  OutsideCa(const OutsideCa&) = delete;
  OutsideCa& operator=(const OutsideCa&) = delete;
  ~OutsideCa() { end(); }

  void end() noexcept {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    pid_ = 0;
  }

  [[nodiscard]] const std::string& address() const noexcept { return address_; }

  /// Sends the CA one line outside of the plugin: a script.
  [[nodiscard]] std::string ask(const std::string& line) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    return example_ca::ask(example_ca::Address::parse(address_), line, deadline).text;
  }

  /// How many certificates it ever issued.
  [[nodiscard]] int issued() const {
    std::ifstream ledger(folder_.path() / "ledger.jsonl");
    int lines = 0;
    for (std::string line; std::getline(ledger, line);) ++lines;
    return lines;
  }

 private:
  void read_address(int fd) {
    std::string line;
    for (char next = 0; read(fd, &next, 1) == 1 && next != '\n';) line += next;
    const std::string start = "listening on ";
    if (line.starts_with(start)) address_ = line.substr(start.size());
  }

  TemporaryFolder folder_;
  pid_t pid_ = 0;
  std::string address_;
};

}  // namespace certspan::sdk
