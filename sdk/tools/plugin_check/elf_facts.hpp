#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/base/bytes.hpp"

namespace certspan::check {

/// A version of a system library's interface that the file needs: "libc.so.6", "GLIBC_2.34".
struct NeededVersion {
  std::string library;
  std::string version;
};

/// What the dynamic loader would do with a file beyond what a host reads from it (ElfImage).
struct ElfFacts {
  std::vector<std::string> needed;
  std::vector<std::string> search_path;  ///< entries of DT_RPATH and DT_RUNPATH
  std::vector<std::string> unique_symbols;
  std::vector<NeededVersion> needed_versions;
  bool nodelete = false;
  bool binds_now = false;
  bool relro = false;
  bool text_relocations = false;
  /// PT_GNU_STACK says that the stack needs no execution; without it the loader grants that to all.
  bool plain_stack = false;
};

/// Reads them from a file that ElfImage has parsed: its headers are sound. Every offset is checked all the
/// same; nothing if one does not fit.
std::optional<ElfFacts> read_elf_facts(BytesView file);

}  // namespace certspan::check
