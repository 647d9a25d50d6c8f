#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/result.hpp"

namespace certspan {

/// An ELF note (gABI, "Note Section").
struct ElfNote {
  std::string_view owner;
  std::uint32_t type = 0;
  BytesView description;
};

/// A shared library for this machine as the dynamic loader would see it, read from its program headers and
/// dynamic section without running or mapping anything. Every offset is checked against the file; work is
/// bounded by the file's size. Borrows the file's bytes. Immutable, thread-safe.
class ElfImage {
 public:
  /// Errors: plugin.not_elf, plugin.truncated, plugin.wrong_machine, plugin.damaged. The messages name what
  /// is wrong in the file and leave its name to the caller.
  static Result<ElfImage> parse(BytesView file);

  /// The note of this owner and type, in a PT_NOTE segment.
  std::optional<ElfNote> find_note(std::string_view owner, std::uint32_t type) const;
  /// Names of the symbols that it defines for others, in the order of the symbol table.
  const std::vector<std::string_view>& exported() const { return exported_; }
  /// Libraries that it needs (DT_NEEDED).
  const std::vector<std::string_view>& needed() const { return needed_; }
  /// Stays mapped after dlclose (DF_1_NODELETE).
  bool nodelete() const { return nodelete_; }

 private:
  explicit ElfImage(BytesView file) : file_(file) {}

  struct Segment {
    std::uint32_t type;
    std::uint64_t offset, address, size, alignment;
  };
  struct Dynamic;

  Result<void> read_header();
  Result<void> read_segments(std::uint64_t offset, std::size_t count);
  Result<void> read_dynamic();
  Result<void> read_names(const Dynamic& dynamic);
  Result<void> read_symbols(const Dynamic& dynamic);
  Result<std::uint64_t> symbol_count(const Dynamic& dynamic) const;
  Result<std::uint64_t> gnu_hash_symbol_count(std::uint64_t address) const;

  /// The `size` bytes at `offset`, or nothing when they are not in the file.
  std::optional<BytesView> slice(std::uint64_t offset, std::uint64_t size) const;
  /// The bytes from the address (of a loaded image) to the end of its segment in the file.
  std::optional<BytesView> at_address(std::uint64_t address) const;
  template <typename T>
  std::optional<T> read(std::uint64_t offset) const;

  BytesView file_;
  std::vector<Segment> segments_;
  std::vector<std::string_view> exported_;
  std::vector<std::string_view> needed_;
  bool nodelete_ = false;
};

}  // namespace certspan
