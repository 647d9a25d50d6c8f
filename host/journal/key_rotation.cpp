#include "host/journal/key_rotation.hpp"

#include <optional>
#include <utility>

#include "host/base/failpoint.hpp"
#include "host/journal/journal_keys.hpp"
#include "host/journal/key_file.hpp"
#include "host/journal/opening.hpp"
#include "host/journal/schema.hpp"
#include "host/journal/sealed_rows.hpp"

namespace certspan {
namespace {

constexpr const char* kOldKeyHolds =
    "nothing was changed and the old key stays in force: run `certspan journal rotate-key` again after that";
constexpr const char* kOneKeyHolds =
    "the next opening decides which key is in force, keep both: run `certspan journal rotate-key` again "
    "after "
    "that";
constexpr const char* kNewKeyHolds =
    "the new key is in force, but the old one is not gone yet: run `certspan journal rotate-key` again after "
    "that; a host may work meanwhile";

constexpr const char* kUnreadable =
    "nothing was changed: put a backup of the whole directory back, or remove a dead letter with `certspan "
    "work "
    "erase`, then rotate again";

/// Adds what an error leaves behind.
template <typename T>
Result<T> or_say(Result<T> result, const char* state) {
  if (!result) result.error().message += std::string("; ") + state;
  return result;
}

class Rotating {
 public:
  Rotating(std::filesystem::path directory, const ConfiguredKeys& keys, OpenedDirectory opened)
      : directory_(std::move(directory)), keys_(keys), opened_(std::move(opened)) {
    opened_.checkpoints.reset();
  }

  Result<KeyRotation> run();

 private:
  Result<KeyRotation> rotate();
  Result<Sealer> next_sealer();
  Result<void> seal(const Sealer& next);
  Result<void> clean_file();
  Result<std::uint64_t> expect_readable();
  Result<void> take_old_key_away();

  sql::Database& database() { return *opened_.writing; }
  Result<void> told(const sql::Tried<void>& tried) const {
    if (tried) return {};
    return tl::unexpected(sql::to_error(tried.error(), opened_.path));
  }
  tl::unexpected<Error> useless_next(const std::string& why) const {
    return fail(Outcome::Unavailable, "journal.key",
                why + "; the journal does not need \"" + next_key_path(directory_).string() +
                    "\": remove it, then rotate again");
  }

  const std::filesystem::path directory_;
  const ConfiguredKeys& keys_;
  OpenedDirectory opened_;
};

Result<KeyRotation> Rotating::run() {
  auto done = rotate();
  // Nobody knows what is on the disk: what of the log counts is for the next opening to decide.
  if (!done && done.error().code == "journal.io") database().leave_log();
  return done;
}

Result<KeyRotation> Rotating::rotate() {
  KeyRotation done;
  done.resumed = is_rotating(directory_) && !keys_.current;
  CERTSPAN_TRY(const Sealer next, next_sealer());
  CERTSPAN_FAILPOINT("rotate.key");
  done.key = next.mark();
  if (next.key_check() != opened_.sealer.key_check()) CERTSPAN_CHECK(seal(next));
  CERTSPAN_CHECK(or_say(clean_file(), kNewKeyHolds));
  CERTSPAN_FAILPOINT("rotate.cleaned");
  CERTSPAN_TRY(done.items, or_say(expect_readable(), kNewKeyHolds));
  CERTSPAN_CHECK(or_say(take_old_key_away(), kNewKeyHolds));
  CERTSPAN_FAILPOINT("rotate.end");
  return done;
}

/// Of the configured key, or of the one that an earlier rotation made, or of a fresh one.
Result<Sealer> Rotating::next_sealer() {
  if (keys_.current) return Sealer::create(*keys_.current);
  const auto path = next_key_path(directory_);
  auto key = read_key_file(path);
  if (!key) return useless_next(key.error().message);
  if (!*key) {
    CERTSPAN_TRY(*key, or_say(make_key_file(path), kOldKeyHolds));
  }
  CERTSPAN_TRY(const auto old, read_key_file(key_path(directory_)));
  if (old && old->value() == (*key)->value()) return useless_next("the next key is the old one");
  return Sealer::create(**key);
}

Result<void> Rotating::seal(const Sealer& next) {
  const auto sealed = seal_anew(database(), opened_.path, opened_.sealer, next);
  if (sealed) return {};
  const std::string& code = sealed.error().code;
  return or_say(Result<void>(tl::unexpected(sealed.error())), code == "journal.io"        ? kOneKeyHolds
                                                              : code == "journal.corrupt" ? kUnreadable
                                                                                          : kOldKeyHolds);
}

/// Pages that are free, parts of pages that are not in use, and the log hold what the old key opens.
Result<void> Rotating::clean_file() {
  // First, for the whole file comes on top of what stands there.
  CERTSPAN_CHECK(told(database().empty_log()));
  CERTSPAN_CHECK(told(rewrite(database())));
  return told(database().empty_log());
}

/// Before the old key goes for good: all opens with what the new key's file holds.
Result<std::uint64_t> Rotating::expect_readable() {
  CERTSPAN_TRY(const auto key, keys_.current ? keys_.current : read_key_file(next_key_path(directory_)));
  if (!key) {
    return fail(Outcome::Internal, "journal.key",
                "sealing key \"" + next_key_path(directory_).string() + "\": is gone");
  }
  CERTSPAN_TRY(const Sealer sealer, Sealer::create(*key));
  return open_all_sealed(database(), opened_.path, sealer);
}

/// A configured key leaves none in the directory.
Result<void> Rotating::take_old_key_away() {
  if (!keys_.current) return replace_key_file(key_path(directory_), next_key_path(directory_));
  CERTSPAN_CHECK(remove_key_file(key_path(directory_)));
  return remove_key_file(next_key_path(directory_));
}

}  // namespace

Result<KeyRotation> rotate_key(const std::filesystem::path& directory, const ConfiguredKeys& keys) {
  // Opening would make a journal where there is none.
  CERTSPAN_CHECK(expect_journal(directory));
  CERTSPAN_TRY(OpenedDirectory opened, open_for_writing(directory, keys));
  return Rotating(directory, keys, std::move(opened)).run();
}

bool may_open(const std::filesystem::path& directory, const ConfiguredKeys& keys, const std::string& mark) {
  const auto fits = [&mark](const std::optional<SealingKey>& key) {
    if (!key) return false;
    const auto sealer = Sealer::create(*key);
    return sealer && sealer->mark() == mark;
  };
  const auto in_file = [&fits](const std::filesystem::path& path) {
    const auto key = read_key_file(path);
    return key && fits(*key);
  };
  return fits(keys.current) || fits(keys.previous) || in_file(key_path(directory)) ||
         in_file(next_key_path(directory));
}

bool must_rotate(const std::filesystem::path& directory, const ConfiguredKeys& keys,
                 const std::string& mark) {
  if (is_rotating(directory)) return true;
  std::error_code error;
  const bool has_file = std::filesystem::exists(key_path(directory), error);
  if (!keys.current) return !has_file;
  const auto sealer = Sealer::create(*keys.current);
  return has_file || !sealer || sealer->mark() != mark;
}

}  // namespace certspan
