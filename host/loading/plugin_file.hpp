#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"
#include "host/loading/trust/plugin_trust.hpp"

namespace certspan {

/// A plugin's file as it was at one moment. The private copy is made of these bytes, and everything that
/// follows (trust, note, probe) looks at the copy, so that nobody can change the file between check and use.
struct PluginFile {
  std::filesystem::path path;
  Bytes bytes;
  std::string sha256;  ///< of the bytes, 64 lower-case hexadecimal digits
  uid_t owner = 0;
  uid_t directory_owner = 0;
  /// The content of the signature file beside it, cut off at kLargestSignatureFile + 1 bytes; nothing if
  /// there is none.
  std::optional<std::string> signature{};
};

/// What trust has to know of `file`: its id by its name, and the SHA-256 of the bytes that count. Borrows
/// both.
PluginEvidence evidence_of(const PluginFile& file, std::string_view id, std::string_view sha256);

/// A plugin id is also a file name: words of [a-z0-9_-] with single dots between them, at most 128 bytes.
bool is_plugin_id(std::string_view id);

/// Reads `<dir>/<id>.so` from the first of `dirs` that holds it. Whoever can write the file, its directory or
/// one above it can run code as the host, so:
///   - file and directories belong to root or to the user of this process;
///   - the file is a regular one, no symbolic link, not writable for group or others, not setuid or setgid;
///   - the directory is not writable for group or others; one above it only if it is sticky, as /tmp is.
/// Errors: plugin.bad_id, plugin.missing, plugin.unsafe_permissions, plugin.unreadable, plugin.too_large.
Result<PluginFile> read_plugin_file(std::string_view id, std::span<const std::filesystem::path> dirs);

/// The same of the plugin at `path`, whose file is named after its id.
Result<PluginFile> read_plugin_at(const std::filesystem::path& path);

/// The same, whatever the file's name.
Result<PluginFile> read_plugin_anywhere(const std::filesystem::path& path);

/// The same of any file, without a word about its name and who may write to it: for commands that map
/// nothing. Errors: plugin.missing, plugin.unreadable, plugin.too_large.
Result<PluginFile> read_any_file(const std::filesystem::path& path);

/// Lower-case hexadecimal SHA-256.
std::string sha256_hex(BytesView bytes);

/// The path of a private copy of `file`: `<private_dir>/<first 12 digits of sha256>/<id>.so`, directories
/// 0700, file 0500. The name says the content, so another version never meets a path that is mapped already,
/// and what happens to the admin's file later has no effect. A copy that is there is compared byte for byte
/// and replaced (by rename) if it differs. Its signature stands beside it,
/// so that the copy can be judged again. Thread-safe, also between processes.
/// Errors: plugin.private_dir (not ours, or others may write to it), plugin.no_room.
Result<std::filesystem::path> make_private_copy(std::string_view id, const PluginFile& file,
                                                const std::filesystem::path& private_dir);

/// What stands in a private copy now: the very bytes that will be mapped. Error plugin.private_dir, if it is
/// no longer a file of ours that is closed to others.
Result<Bytes> read_private_copy(const std::filesystem::path& copy);

/// Removes the private copies that are not among `used` and that nobody has asked for in the last hour: a
/// command may be about to load one. What is mapped somewhere stays mapped. How many were removed; what can't
/// be removed stays.
std::size_t sweep_private_copies(const std::filesystem::path& private_dir,
                                 std::span<const std::filesystem::path> used);

}  // namespace certspan
