#include "host/loading/elf_note.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>

#include <certspan/abi/elf_note.h>
#include <certspan/abi/plugin.h>

#include "host/loading/elf_image.hpp"

namespace certspan {
namespace {

constexpr std::size_t kLongestText = 4096;
/// What Go's linker writes into each file: its build id. It counts the padding as a part of the name.
constexpr std::string_view kGoNoteOwner{"Go\0", 3};
constexpr std::uint32_t kGoNoteType = 4;
/// Up to `text_size`: what every version of the note has had.
constexpr std::size_t kShortestHead = offsetof(certspan_elf_note, text_size) + sizeof(std::uint32_t);

tl::unexpected<Error> damaged_note(const std::string& what) {
  return fail(
      Outcome::Invalid, "plugin.damaged",
      "the file's certspan note is damaged (" + what + "); build the plugin with certspan_add_plugin()");
}

/// Text of a note goes into messages and file names: printable ASCII only.
bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

/// The four texts, each with its terminating zero: id, version, roles, types.
std::optional<std::array<std::string_view, 4>> split_texts(std::string_view text) {
  std::array<std::string_view, 4> texts;
  for (std::string_view& each : texts) {
    const auto end = text.find('\0');
    if (end == std::string_view::npos || !printable(text.substr(0, end))) return std::nullopt;
    each = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  return texts;
}

std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> words;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    words.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return words;
}

/// The head as far as the file has one; what a shorter one of an older SDK lacks is as if it were not said.
std::optional<certspan_elf_note> read_head(BytesView description) {
  certspan_elf_note head{};
  if (description.size() < kShortestHead) return std::nullopt;
  std::memcpy(&head, description.data(), std::min(description.size(), sizeof(head)));
  if (head.head_size < sizeof(head)) head.state_reads = head.state_writes = 1;
  return head;
}

Result<PluginNote> parse_note(BytesView description) {
  const auto head = read_head(description);
  if (!head) return damaged_note("it is too short");
  if (head->note_version != CERTSPAN_ELF_NOTE_VERSION) {
    return fail(Outcome::Unsupported, "plugin.other_build",
                "the file's certspan note has version " + std::to_string(head->note_version) +
                    ", this host reads version " + std::to_string(CERTSPAN_ELF_NOTE_VERSION) +
                    "; update the host");
  }
  if (head->head_size < kShortestHead || head->head_size > description.size() ||
      head->text_size > description.size() - head->head_size || head->text_size > kLongestText) {
    return damaged_note("its sizes don't fit");
  }
  if ((head->flags & ~CERTSPAN_NOTE_NEEDS_NETWORK) != 0) return damaged_note("its flags");
  if (head->state_reads == 0 || head->state_reads > head->state_writes) {
    return damaged_note("its state versions");
  }
  const auto texts = split_texts(as_text(description.subspan(head->head_size, head->text_size)));
  if (!texts) return damaged_note("its texts");
  return PluginNote{.id = std::string((*texts)[0]),
                    .version = std::string((*texts)[1]),
                    .abi_major = head->abi_major,
                    .abi_minor = head->abi_minor,
                    .abi_build = head->abi_build,
                    .roles = split_list((*texts)[2]),
                    .types = split_list((*texts)[3]),
                    .needs_network = (head->flags & CERTSPAN_NOTE_NEEDS_NETWORK) != 0,
                    .state_reads = head->state_reads,
                    .state_writes = head->state_writes,
                    .needed = {},
                    .nodelete = false,
                    .go_runtime = false};
}

Result<void> check_symbols(const std::vector<std::string_view>& exported) {
  if (std::find(exported.begin(), exported.end(), CERTSPAN_ENTRY_SYMBOL) == exported.end()) {
    return fail(Outcome::Invalid, "plugin.no_symbol",
                "the file does not export " CERTSPAN_ENTRY_SYMBOL
                "; define the entry (CERTSPAN_PLUGIN in C++) and build with certspan_add_plugin()");
  }
  for (const std::string_view name : exported) {
    if (name == CERTSPAN_ENTRY_SYMBOL) continue;
    std::string shown(name.substr(0, 200));
    if (!printable(shown)) shown = "one with an unprintable name";
    return fail(Outcome::Invalid, "plugin.extra_symbols",
                "the file exports " + std::to_string(exported.size()) + " symbols (\"" + shown +
                    "\" beside the entry), so that two versions of it could mix; link it with the version "
                    "script of certspan_add_plugin()");
  }
  return {};
}

}  // namespace

Result<void> check_plugin_id(std::string_view id, const PluginNote& note) {
  if (note.id == id) return {};
  return fail(Outcome::Invalid, "plugin.other_id",
              "the file is the plugin \"" + note.id + "\", not \"" + std::string(id) +
                  "\": put the right file there, or name it " + note.id + ".so");
}

std::string abi_text(std::uint16_t major, std::uint16_t minor, std::uint32_t build) {
  return std::to_string(major) + "." + std::to_string(minor) + " build " + std::to_string(build);
}

Error other_build(const std::string& theirs) {
  return {Outcome::Unsupported, "plugin.other_build",
          "it was built for contract " + theirs + ", this host has " +
              abi_text(CERTSPAN_ABI_MAJOR, CERTSPAN_ABI_MINOR, CERTSPAN_ABI_BUILD) +
              "; rebuild the plugin with this host's SDK, or install the host that it was built for"};
}

Result<PluginNote> read_plugin_note(BytesView file) {
  CERTSPAN_TRY(const ElfImage image, ElfImage::parse(file));
  const auto raw = image.find_note(CERTSPAN_ELF_NOTE_OWNER, CERTSPAN_ELF_NOTE_TYPE);
  if (!raw) {
    return fail(
        Outcome::Invalid, "plugin.not_ours",
        "the file is a shared library but no certspan plugin (it has no certspan note); build it with "
        "certspan_add_plugin()");
  }
  CERTSPAN_TRY(PluginNote note, parse_note(raw->description));
  if (note.abi_major != CERTSPAN_ABI_MAJOR || note.abi_minor != CERTSPAN_ABI_MINOR ||
      note.abi_build != CERTSPAN_ABI_BUILD) {
    return tl::unexpected(other_build(abi_text(note.abi_major, note.abi_minor, note.abi_build)));
  }
  CERTSPAN_CHECK(check_symbols(image.exported()));
  note.needed.assign(image.needed().begin(), image.needed().end());
  note.nodelete = image.nodelete();
  note.go_runtime = image.find_note(kGoNoteOwner, kGoNoteType).has_value();
  return note;
}

}  // namespace certspan
