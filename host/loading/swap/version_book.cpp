#include "host/loading/swap/version_book.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "host/base/file_descriptor.hpp"
#include "host/base/text_file.hpp"

namespace certspan {
namespace {

constexpr std::size_t kLargest = 4UL * 1024 * 1024;

tl::unexpected<Error> cannot_write(const std::filesystem::path& file, int error) {
  return fail(Outcome::Unavailable, "plugin.version_book",
              "the book of plugin versions can't be written to " + file.string() + ": " +
                  std::generic_category().message(error) + "; make room there");
}

/// 0, or errno.
int write_synced(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return ::fsync(fd) == 0 ? 0 : errno;
}

void add_to_history(PluginRecord& record, SwapEvent event) {
  record.history.push_back(std::move(event));
  if (record.history.size() > VersionBook::kHistory) record.history.erase(record.history.begin());
}

/// `version` is what the plugin's directory holds, or stands in for it.
void run_from_now_on(PluginRecord& record, const PluginVersion& version) {
  record.active.reset();
  if (version.sha256 != record.directory_sha256) record.active = version;
}

}  // namespace

Result<VersionBook> VersionBook::open(const std::filesystem::path& directory) {
  VersionBook book(directory / "versions.json");
  struct stat status {};
  const bool there = ::lstat(book.file_.c_str(), &status) == 0;
  if (there ? status.st_uid != ::geteuid() : errno == ENOENT || errno == EACCES) return book;
  const auto text = read_text_file(book.file_, kLargest);
  if (!text) return fail(Outcome::Unavailable, "plugin.version_book", text.error().message);
  auto content = read_version_book(*text);
  if (!content) {
    return fail(Outcome::Invalid, "plugin.version_book",
                "the book of plugin versions " + book.file_.string() + " is damaged (" +
                    content.error().message +
                    "); remove it to start with the files of `plugins: dirs:`, or put a good copy there");
  }
  book.plugins_ = std::move(content->plugins);
  book.quarantine_ = std::move(content->quarantine);
  return book;
}

const PluginRecord* VersionBook::find(std::string_view plugin) const {
  const auto found = plugins_.find(plugin);
  return found == plugins_.end() ? nullptr : &found->second;
}

const PluginVersion* VersionBook::instead_of(std::string_view plugin, std::string_view in_directory) const {
  const PluginRecord* record = find(plugin);
  if (record == nullptr || (!in_directory.empty() && in_directory != record->directory_sha256))
    return nullptr;
  const PluginVersion* version = record->trial    ? &record->trial->before
                                 : record->active ? &*record->active
                                                  : nullptr;
  return version == nullptr || version->sha256 == in_directory ? nullptr : version;
}

Result<void> VersionBook::begin_trial(const std::string& plugin, SwapTrial trial,
                                      const std::string& directory_sha256) {
  const PluginRecord* known = find(plugin);
  PluginRecord record = known == nullptr ? PluginRecord() : *known;
  record.directory_sha256 = directory_sha256;
  record.trial = std::move(trial);
  return change(plugin, std::move(record));
}

Result<void> VersionBook::remember(const std::string& plugin, SwapEvent event) {
  PluginRecord record = plugins_.at(plugin);
  add_to_history(record, std::move(event));
  return change(plugin, std::move(record));
}

Result<void> VersionBook::commit(const std::string& plugin, SwapEvent event) {
  PluginRecord record = plugins_.at(plugin);
  if (!record.trial) return {};
  record.previous = record.trial->before;
  run_from_now_on(record, record.trial->after);
  record.trial.reset();
  add_to_history(record, std::move(event));
  return change(plugin, std::move(record));
}

Result<void> VersionBook::take_back(const std::string& plugin, SwapEvent event, bool quarantine) {
  PluginRecord record = plugins_.at(plugin);
  if (!record.trial) return {};
  const SwapTrial trial = *std::exchange(record.trial, std::nullopt);
  run_from_now_on(record, trial.before);
  if (quarantine) {
    quarantine_[trial.after.sha256] = {plugin, trial.after.version, event.at, event.reason};
  }
  add_to_history(record, std::move(event));
  return change(plugin, std::move(record));
}

Result<void> VersionBook::drop_trial(const std::string& plugin) {
  PluginRecord record = plugins_.at(plugin);
  record.trial.reset();
  return change(plugin, std::move(record));
}

Result<void> VersionBook::note_stop() {
  bool any = false;
  for (auto& [plugin, record] : plugins_) {
    if (!record.trial) continue;
    record.trial->stopped = true;
    any = true;
  }
  return any ? write() : Result<void>();
}

Result<std::vector<std::pair<std::string, SwapEvent>>> VersionBook::recover(WallMs now) {
  std::vector<std::pair<std::string, SwapEvent>> ended;
  for (const auto& [plugin, record] : plugins_) {
    if (!record.trial) continue;
    const SwapTrial& trial = *record.trial;
    SwapEvent event{SwapEvent::Kind::Recovered, now,
                    trial.after.version,        trial.before.version,
                    trial.after.sha256,         "the host was stopped during the probation"};
    if (!trial.stopped) event.reason = "the host ended unexpectedly during the probation";
    ended.emplace_back(plugin, std::move(event));
  }
  for (auto& [plugin, event] : ended) {
    PluginRecord& record = plugins_.at(plugin);
    const bool unclean = !record.trial->stopped;
    const bool again = unclean && ++record.unclean_ends[record.trial->after.sha256] >= kUncleanEnds;
    if (again) event.reason += " for the second time; this version is quarantined";
    CERTSPAN_CHECK(take_back(plugin, event, again));
  }
  return ended;
}

Result<bool> VersionBook::release(const std::string& sha256, WallMs now) {
  const auto found = quarantine_.find(sha256);
  if (found == quarantine_.end()) return false;
  const Quarantined released = found->second;
  quarantine_.erase(found);
  PluginRecord record = plugins_[released.plugin];
  record.unclean_ends.erase(sha256);
  add_to_history(record, {SwapEvent::Kind::Released, now, "", released.version, sha256, "by hand"});
  const auto changed = change(released.plugin, std::move(record));
  if (!changed) {
    quarantine_[sha256] = released;
    return tl::unexpected(changed.error());
  }
  return true;
}

std::vector<std::filesystem::path> VersionBook::copies() const {
  std::vector<std::filesystem::path> copies;
  for (const PluginVersion* version : kept()) copies.push_back(version->copy);
  return copies;
}

std::vector<std::string> VersionBook::shipped() const {
  std::vector<std::string> shipped;
  for (const PluginVersion* version : kept()) {
    if (version->shipped) shipped.push_back(version->sha256);
  }
  return shipped;
}

std::vector<const PluginVersion*> VersionBook::kept() const {
  std::vector<const PluginVersion*> kept;
  for (const auto& [plugin, record] : plugins_) {
    if (record.active) kept.push_back(&*record.active);
    if (record.previous) kept.push_back(&*record.previous);
    if (record.trial) kept.push_back(&record.trial->before);
    if (record.trial) kept.push_back(&record.trial->after);
  }
  return kept;
}

Result<void> VersionBook::change(const std::string& plugin, PluginRecord record) {
  std::swap(plugins_[plugin], record);
  auto written = write();
  if (!written) std::swap(plugins_[plugin], record);
  return written;
}

/// Beside and renamed, so that a host that dies leaves the book as it was or as it is meant to be.
Result<void> VersionBook::write() const {
  const auto directory = file_.parent_path();
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return cannot_write(file_, errno);
  const std::string temporary = file_.string() + ".new";
  const FileDescriptor out(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!out) return cannot_write(file_, errno);
  int error = write_synced(out.get(), write_version_book(plugins_, quarantine_));
  if (error == 0 && ::rename(temporary.c_str(), file_.c_str()) != 0) error = errno;
  const FileDescriptor above(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (error == 0 && (!above || ::fsync(above.get()) != 0)) error = errno;
  return error == 0 ? Result<void>() : cannot_write(file_, error);
}

}  // namespace certspan
