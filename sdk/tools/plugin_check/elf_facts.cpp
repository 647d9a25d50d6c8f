#include "sdk/tools/plugin_check/elf_facts.hpp"

#include <elf.h>

#include <cstring>
#include <map>
#include <string_view>

namespace certspan::check {
namespace {

/// A file has fewer of anything that is counted here.
constexpr std::size_t kMostEntries = 100'000;
constexpr std::size_t kMostSymbols = 1'000'000;

/// The tables of the dynamic section by address, as far as they are in the file.
class DynamicTables {
 public:
  explicit DynamicTables(BytesView file) : file_(file) {}

  bool read() {
    const auto header = at<Elf64_Ehdr>(0);
    if (!header) return false;
    for (std::size_t i = 0; i < header->e_phnum; ++i) {
      const auto segment = at<Elf64_Phdr>(header->e_phoff + i * sizeof(Elf64_Phdr));
      if (!segment) return false;
      segments_.push_back(*segment);
    }
    return read_dynamic();
  }

  ElfFacts facts() const {
    ElfFacts facts;
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type == PT_GNU_STACK) facts.plain_stack = (segment.p_flags & PF_X) == 0;
      if (segment.p_type == PT_GNU_RELRO) facts.relro = true;
    }
    for (const auto& [tag, value] : dynamic_) {
      if (tag == DT_NEEDED) facts.needed.push_back(name(value));
      if (tag == DT_RPATH || tag == DT_RUNPATH) add_paths(name(value), facts.search_path);
      if (tag == DT_TEXTREL || (tag == DT_FLAGS && (value & DF_TEXTREL) != 0)) facts.text_relocations = true;
      if (tag == DT_BIND_NOW || (tag == DT_FLAGS && (value & DF_BIND_NOW) != 0) ||
          (tag == DT_FLAGS_1 && (value & DF_1_NOW) != 0)) {
        facts.binds_now = true;
      }
      if (tag == DT_FLAGS_1 && (value & DF_1_NODELETE) != 0) facts.nodelete = true;
    }
    add_unique_symbols(facts.unique_symbols);
    add_needed_versions(facts.needed_versions);
    return facts;
  }

 private:
  template <typename T>
  std::optional<T> at(std::uint64_t offset) const {
    if (offset > file_.size() || file_.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, file_.data() + offset, sizeof(T));
    return value;
  }

  /// Where the byte of this address stands in the file.
  std::optional<std::uint64_t> offset_of(std::uint64_t address) const {
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
      if (address - segment.p_vaddr < segment.p_filesz) return segment.p_offset + (address - segment.p_vaddr);
    }
    return std::nullopt;
  }
  template <typename T>
  std::optional<T> at_address(std::uint64_t address) const {
    const auto offset = offset_of(address);
    return offset ? at<T>(*offset) : std::nullopt;
  }

  bool read_dynamic() {
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type != PT_DYNAMIC) continue;
      for (std::size_t i = 0; i < kMostEntries; ++i) {
        const auto entry = at<Elf64_Dyn>(segment.p_offset + i * sizeof(Elf64_Dyn));
        if (!entry) return false;
        if (entry->d_tag == DT_NULL) return true;
        dynamic_.emplace(entry->d_tag, entry->d_un.d_val);
      }
    }
    return false;
  }

  std::uint64_t value(std::int64_t tag) const {
    const auto found = dynamic_.find(tag);
    return found == dynamic_.end() ? 0 : found->second;
  }

  /// The text at this offset of the string table; empty if it is not there.
  std::string name(std::uint64_t offset) const {
    const auto start = offset_of(value(DT_STRTAB));
    if (!start || *start + offset >= file_.size()) return {};
    const std::string_view rest = as_text(file_.subspan(*start + offset));
    const auto end = rest.substr(0, 4096).find('\0');
    return end == std::string_view::npos ? std::string() : std::string(rest.substr(0, end));
  }

  static void add_paths(const std::string& list, std::vector<std::string>& paths) {
    for (std::size_t at = 0; at <= list.size();) {
      const auto colon = std::min(list.find(':', at), list.size());
      paths.push_back(list.substr(at, colon - at));
      at = colon + 1;
    }
  }

  /// The symbol table ends where the string table begins, in what every linker writes.
  void add_unique_symbols(std::vector<std::string>& names) const {
    const std::uint64_t first = value(DT_SYMTAB);
    const std::uint64_t end = value(DT_STRTAB);
    for (std::size_t i = 1; i < kMostSymbols && first + (i + 1) * sizeof(Elf64_Sym) <= end; ++i) {
      const auto symbol = at_address<Elf64_Sym>(first + i * sizeof(Elf64_Sym));
      if (!symbol) return;
      const bool unique = ELF64_ST_BIND(symbol->st_info) == STB_GNU_UNIQUE;
      if (unique && symbol->st_shndx != SHN_UNDEF) names.push_back(name(symbol->st_name));
    }
  }

  void add_needed_versions(std::vector<NeededVersion>& versions) const {
    std::uint64_t address = value(DT_VERNEED);
    const std::uint64_t count = value(DT_VERNEEDNUM);
    for (std::uint64_t i = 0; i < count && i < kMostEntries && address != 0; ++i) {
      const auto library = at_address<Elf64_Verneed>(address);
      if (!library) return;
      std::uint64_t part = address + library->vn_aux;
      for (std::uint16_t j = 0; j < library->vn_cnt; ++j) {
        const auto version = at_address<Elf64_Vernaux>(part);
        if (!version) return;
        versions.push_back({name(library->vn_file), name(version->vna_name)});
        if (version->vna_next == 0) break;
        part += version->vna_next;
      }
      if (library->vn_next == 0) return;
      address += library->vn_next;
    }
  }

  BytesView file_;
  std::vector<Elf64_Phdr> segments_;
  std::multimap<std::int64_t, std::uint64_t> dynamic_;
};

}  // namespace

std::optional<ElfFacts> read_elf_facts(BytesView file) {
  DynamicTables tables(file);
  if (!tables.read()) return std::nullopt;
  return tables.facts();
}

}  // namespace certspan::check
