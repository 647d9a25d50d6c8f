#include "host/app/backup_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

#include "host/backup/crypt_stream.hpp"
#include "host/config/secret_ref.hpp"

namespace certspan {
namespace {

constexpr std::size_t kShortestPassphrase = 12;

tl::unexpected<Error> cannot_write(const std::filesystem::path& path) {
  return fail(Outcome::Unavailable, "backup.unwritable",
              "\"" + path.string() + "\" can't be written: " + errno_text(errno));
}

tl::unexpected<Error> in_the_way(const std::filesystem::path& path) {
  return fail(Outcome::Rejected, "backup.exists",
              "\"" + path.string() + "\" is there already; nothing is overwritten, name another file");
}

/// A name that goes unless it is kept.
class TemporaryName {
 public:
  explicit TemporaryName(std::string name) : name_(std::move(name)) {}
  ~TemporaryName() {
    if (!name_.empty()) ::unlink(name_.c_str());
  }
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;

  void keep() { name_.clear(); }

 private:
  std::string name_;
};

Result<void> fill_encrypted(backup::ByteSink& out, const Secret& passphrase,
                            const std::function<Result<void>(backup::ByteSink&)>& fill) {
  CERTSPAN_TRY(backup::SealedSink sealed, backup::SealedSink::create(out, backup::key_from(passphrase)));
  CERTSPAN_CHECK(fill(sealed));
  return sealed.finish();
}

/// Whether a file begins as an encrypted backup does.
Result<bool> is_encrypted(const std::filesystem::path& path) {
  CERTSPAN_TRY(backup::FileSource file, backup::FileSource::open(path));
  std::array<std::uint8_t, backup::kMagic.size()> begin{};
  CERTSPAN_TRY(const std::size_t got, file.read(begin));
  return as_text(BytesView(begin).first(got)) == backup::kMagic;
}

}  // namespace

Result<Secret> read_passphrase(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(Outcome::Invalid, "backup.passphrase_file",
                "\"" + file.string() + "\" is open to others than its owner: chmod 600 it");
  }
  SecretRef ref;
  ref.name = std::filesystem::absolute(file).string();
  CERTSPAN_TRY(Secret passphrase, read_secret(ref));
  if (passphrase.size() >= kShortestPassphrase) return passphrase;
  return fail(Outcome::Invalid, "backup.passphrase_file",
              "the passphrase in \"" + file.string() + "\" is shorter than " +
                  std::to_string(kShortestPassphrase) +
                  " characters: make one with `openssl rand -base64 24`");
}

Result<void> write_backup_file(const std::filesystem::path& path, const std::optional<Secret>& passphrase,
                               const std::function<Result<void>(backup::ByteSink&)>& fill) {
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, error))) return in_the_way(path);
  std::string name = path.string() + ".making-XXXXXX";
  File file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.is_open()) return cannot_write(path);
  TemporaryName temporary(name);
  backup::FileSink out(std::move(file), path.string());
  CERTSPAN_CHECK(passphrase ? fill_encrypted(out, *passphrase, fill) : fill(out));
  CERTSPAN_CHECK(out.sync());
  if (::renameat2(AT_FDCWD, name.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    return errno == EEXIST ? in_the_way(path) : cannot_write(path);
  }
  temporary.keep();
  const auto parent = std::filesystem::absolute(path, error).parent_path();
  if (!sync_directory(parent)) return cannot_write(parent);
  return {};
}

Result<void> read_backup_file(const std::filesystem::path& path, const std::optional<Secret>& passphrase,
                              const std::function<Result<void>(backup::ByteSource&)>& use) {
  CERTSPAN_TRY(const bool encrypted, is_encrypted(path));
  CERTSPAN_TRY(backup::FileSource file, backup::FileSource::open(path));
  if (encrypted && !passphrase) {
    return fail(Outcome::Invalid, "backup.encrypted",
                "\"" + path.string() + "\" is encrypted: give --passphrase-file");
  }
  if (!passphrase) return use(file);
  CERTSPAN_TRY(backup::SealedSource opened, backup::SealedSource::open(file, backup::key_from(*passphrase)));
  return use(opened);
}

}  // namespace certspan
