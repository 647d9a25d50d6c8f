#include "host/app/trial_places.hpp"

#include <filesystem>
#include <string>
#include <system_error>

#include "host/control/unix_socket.hpp"

namespace certspan {
namespace {

namespace fs = std::filesystem;

/// The nearest thing above `path` that exists.
fs::path existing_above(const fs::path& path) {
  std::error_code ignored;
  fs::path above = path.parent_path();
  while (above.has_relative_path() && !fs::exists(above, ignored)) above = above.parent_path();
  return above;
}

/// A file that is made if it is missing, with the directories above it.
void try_file(const fs::path& path, Mark mark, Faults& faults) {
  if (path.empty()) return;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    faults.error(FaultCode::BadValue, mark, "\"" + path.string() + "\" is a directory, not a file",
                 "name a file in it");
    return;
  }
  const fs::path above = existing_above(path);
  if (fs::is_directory(above, ignored)) return;
  faults.error(FaultCode::BadValue, mark,
               "\"" + path.string() + "\" can't be written: \"" + above.string() + "\" is no directory");
}

void try_socket(const ControlSection& control, Faults& faults) {
  std::error_code ignored;
  const fs::path& path = control.socket;
  if (fs::exists(path, ignored) && !fs::is_socket(path, ignored)) {
    faults.error(FaultCode::BadValue, control.socket_mark, "\"" + path.string() + "\" is there and no socket",
                 "name a path that is free");
    return;
  }
  const fs::path directory = path.parent_path();
  // Line 0: beside the host's own files, in the directory that it makes.
  if (control.socket_mark.line == 0 || directory == kServiceDirectory ||
      fs::is_directory(directory, ignored)) {
    return;
  }
  if (fs::exists(directory, ignored)) {
    faults.error(FaultCode::BadValue, control.socket_mark, "\"" + directory.string() + "\" is no directory");
    return;
  }
  faults.warning(FaultCode::BadValue, control.socket_mark,
                 "there is no directory \"" + directory.string() + "\": the host won't start without it",
                 "make it, or have the service manager make it");
}

}  // namespace

void try_places(const HostSection& host, Faults& faults) {
  try_file(host.log.file, host.log.file_mark, faults);
  try_file(host.audit.file, host.audit.file_mark, faults);
  try_socket(host.control, faults);
}

}  // namespace certspan
