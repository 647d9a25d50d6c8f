#include "host/loading/elf_image.hpp"

#include <elf.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace certspan {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#else
#error "say here which ELF machine this is"
#endif

constexpr std::uint8_t kByteOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

// Far more than any linker makes; a file that says more is not one of a linker.
constexpr std::size_t kMostSegments = 128;
constexpr std::size_t kMostDynamicEntries = 4096;
constexpr std::uint64_t kMostSymbols = 1'000'000;
constexpr std::size_t kLongestName = 4096;

tl::unexpected<Error> truncated(const std::string& what) {
  return fail(Outcome::Invalid, "plugin.truncated",
              "the file is cut off (" + what + " lies beyond its end); copy it again and compare its size");
}

tl::unexpected<Error> damaged(const std::string& what) {
  return fail(Outcome::Invalid, "plugin.damaged",
              "the file is damaged (" + what + "); copy it again from where it was built");
}

tl::unexpected<Error> wrong_machine(const std::string& what) {
  return fail(Outcome::Invalid, "plugin.wrong_machine",
              "the file is for another machine (" + what + "); install the build for this one");
}

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "aarch64";
    case EM_386:
      return "x86 (32 bit)";
    case EM_ARM:
      return "arm (32 bit)";
    case EM_RISCV:
      return "risc-v";
    case EM_PPC64:
      return "ppc64";
    case EM_S390:
      return "s390";
    default:
      return "ELF machine " + std::to_string(machine);
  }
}

template <typename T>
std::optional<T> read_at(BytesView bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

/// The zero-terminated name at `offset` of a string table.
std::optional<std::string_view> name_at(BytesView strings, std::uint64_t offset) {
  if (offset >= strings.size()) return std::nullopt;
  const std::string_view rest = as_text(strings.subspan(offset));
  const auto end = rest.substr(0, kLongestName).find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  return rest.substr(0, end);
}

/// Notes are padded to 4 bytes, in segments aligned to 8 (.note.gnu.property) to 8.
constexpr std::uint64_t padded(std::uint64_t size, std::uint64_t alignment) {
  const std::uint64_t mask = alignment == 8 ? 7 : 3;
  return (size + mask) & ~mask;
}

bool is_exported(const Elf64_Sym& symbol) {
  const auto binding = ELF64_ST_BIND(symbol.st_info);
  const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  return symbol.st_shndx != SHN_UNDEF &&
         (binding == STB_GLOBAL || binding == STB_WEAK || binding == STB_GNU_UNIQUE) &&
         (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

}  // namespace

/// Addresses and sizes of the dynamic section, those that are read here. 0: not there.
struct ElfImage::Dynamic {
  std::uint64_t symbols = 0, strings = 0, strings_size = 0, hash = 0, gnu_hash = 0;
  std::vector<std::uint64_t> needed;
};

std::optional<BytesView> ElfImage::slice(std::uint64_t offset, std::uint64_t size) const {
  if (offset > file_.size() || file_.size() - offset < size) return std::nullopt;
  return file_.subspan(offset, size);
}

template <typename T>
std::optional<T> ElfImage::read(std::uint64_t offset) const {
  return read_at<T>(file_, offset);
}

std::optional<BytesView> ElfImage::at_address(std::uint64_t address) const {
  for (const Segment& segment : segments_) {
    if (segment.type != PT_LOAD || address < segment.address || address - segment.address >= segment.size) {
      continue;
    }
    const std::uint64_t inside = address - segment.address;
    return slice(segment.offset + inside, segment.size - inside);
  }
  return std::nullopt;
}

Result<ElfImage> ElfImage::parse(BytesView file) {
  ElfImage image(file);
  CERTSPAN_CHECK(image.read_header());
  CERTSPAN_CHECK(image.read_dynamic());
  return image;
}

Result<void> ElfImage::read_header() {
  if (file_.size() < SELFMAG || std::memcmp(file_.data(), ELFMAG, SELFMAG) != 0) {
    return fail(Outcome::Invalid, "plugin.not_elf",
                file_.empty() ? "the file is empty; copy it again"
                              : "the file is no shared library (it does not begin as ELF files do)");
  }
  const auto ident = read<std::array<std::uint8_t, EI_NIDENT>>(0);
  if (!ident) return truncated("its header");
  if ((*ident)[EI_CLASS] != ELFCLASS64) return wrong_machine("it is no 64-bit file");
  if ((*ident)[EI_DATA] != kByteOrder) return wrong_machine("its byte order is the other one");
  const auto header = read<Elf64_Ehdr>(0);
  if (!header) return truncated("its header");
  if (header->e_machine != kMachine) {
    return wrong_machine("it is for " + machine_name(header->e_machine) + ", this is " +
                         machine_name(kMachine));
  }
  if (header->e_type != ET_DYN) {
    return fail(Outcome::Invalid, "plugin.not_elf",
                "the file is an ELF file but no shared library; link it with -shared");
  }
  if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 || header->e_phnum > kMostSegments) {
    return damaged("its table of segments");
  }
  // Nothing loads sections, but linkers write them last: where they are missing, the end of the file is.
  const bool whole = header->e_shoff == 0 ||
                     slice(header->e_shoff, std::uint64_t{header->e_shnum} * header->e_shentsize).has_value();
  if (!whole) return truncated("its table of sections");
  return read_segments(header->e_phoff, header->e_phnum);
}

Result<void> ElfImage::read_segments(std::uint64_t offset, std::size_t count) {
  const auto table = slice(offset, count * sizeof(Elf64_Phdr));
  if (!table) return truncated("its table of segments");
  for (std::size_t i = 0; i < count; ++i) {
    const auto header = *read_at<Elf64_Phdr>(*table, i * sizeof(Elf64_Phdr));
    const bool matters = header.p_type == PT_LOAD || header.p_type == PT_DYNAMIC || header.p_type == PT_NOTE;
    if (!matters) continue;
    if (!slice(header.p_offset, header.p_filesz)) return truncated("segment " + std::to_string(i));
    segments_.push_back({header.p_type, header.p_offset, header.p_vaddr, header.p_filesz, header.p_align});
  }
  return {};
}

Result<void> ElfImage::read_dynamic() {
  const auto segment = std::find_if(segments_.begin(), segments_.end(),
                                    [](const Segment& each) { return each.type == PT_DYNAMIC; });
  if (segment == segments_.end()) return damaged("it has no dynamic section");
  const BytesView bytes = *slice(segment->offset, segment->size);
  Dynamic dynamic;
  for (std::size_t i = 0;; ++i) {
    const auto entry = read_at<Elf64_Dyn>(bytes, i * sizeof(Elf64_Dyn));
    if (!entry || i == kMostDynamicEntries) return damaged("its dynamic section does not end");
    const std::uint64_t value = entry->d_un.d_val;
    switch (entry->d_tag) {
      case DT_NULL:
        CERTSPAN_CHECK(read_names(dynamic));
        return read_symbols(dynamic);
      case DT_SYMTAB:
        dynamic.symbols = value;
        break;
      case DT_STRTAB:
        dynamic.strings = value;
        break;
      case DT_STRSZ:
        dynamic.strings_size = value;
        break;
      case DT_HASH:
        dynamic.hash = value;
        break;
      case DT_GNU_HASH:
        dynamic.gnu_hash = value;
        break;
      case DT_NEEDED:
        dynamic.needed.push_back(value);
        break;
      case DT_FLAGS_1:
        nodelete_ = (value & DF_1_NODELETE) != 0;
        break;
      default:
        break;
    }
  }
}

Result<void> ElfImage::read_names(const Dynamic& dynamic) {
  const auto strings = at_address(dynamic.strings);
  if (!strings || strings->size() < dynamic.strings_size) return damaged("its table of names");
  for (const std::uint64_t offset : dynamic.needed) {
    const auto name = name_at(strings->first(dynamic.strings_size), offset);
    if (!name) return damaged("the name of a library that it needs");
    needed_.push_back(*name);
  }
  return {};
}

Result<void> ElfImage::read_symbols(const Dynamic& dynamic) {
  CERTSPAN_TRY(const std::uint64_t count, symbol_count(dynamic));
  const auto symbols = at_address(dynamic.symbols);
  if (!symbols || symbols->size() / sizeof(Elf64_Sym) < count) return damaged("its table of symbols");
  const BytesView strings = at_address(dynamic.strings)->first(dynamic.strings_size);
  // Symbol 0 is the undefined one by definition.
  for (std::uint64_t i = 1; i < count; ++i) {
    const auto symbol = *read_at<Elf64_Sym>(*symbols, i * sizeof(Elf64_Sym));
    if (!is_exported(symbol)) continue;
    const auto name = name_at(strings, symbol.st_name);
    if (!name) return damaged("the name of symbol " + std::to_string(i));
    exported_.push_back(*name);
  }
  return {};
}

/// The dynamic section does not say how long the symbol table is; a hash table over it does.
Result<std::uint64_t> ElfImage::symbol_count(const Dynamic& dynamic) const {
  std::uint64_t count = 0;
  if (dynamic.hash != 0) {
    const auto table = at_address(dynamic.hash);
    const auto chains = table ? read_at<std::uint32_t>(*table, 4) : std::nullopt;
    if (!chains) return damaged("its hash table");
    count = *chains;
  } else if (dynamic.gnu_hash != 0) {
    CERTSPAN_TRY(count, gnu_hash_symbol_count(dynamic.gnu_hash));
  }
  if (count > kMostSymbols) return damaged("it says that it has " + std::to_string(count) + " symbols");
  return count;
}

/// DT_GNU_HASH: bucket count, first symbol, words of the Bloom filter, shift; filter; buckets; chains. The
/// symbols of a bucket stand together, and the last has bit 0 of its chain word set.
Result<std::uint64_t> ElfImage::gnu_hash_symbol_count(std::uint64_t address) const {
  const auto table = at_address(address);
  const auto head = table ? read_at<std::array<std::uint32_t, 4>>(*table, 0) : std::nullopt;
  if (!head) return damaged("its hash table");
  const std::uint64_t bucket_count = (*head)[0];
  const std::uint64_t first = (*head)[1];
  const std::uint64_t buckets = 16 + std::uint64_t{(*head)[2]} * sizeof(std::uint64_t);
  const std::uint64_t chains = buckets + bucket_count * sizeof(std::uint32_t);
  if (chains > table->size()) return damaged("its hash table");
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < bucket_count; ++i) {
    last = std::max<std::uint64_t>(last, *read_at<std::uint32_t>(*table, buckets + i * 4));
  }
  if (last < first) return first;  // nothing is exported; what stands before is undefined
  for (;; ++last) {
    const auto chain = read_at<std::uint32_t>(*table, chains + (last - first) * 4);
    if (!chain) return damaged("its hash table does not end");
    if ((*chain & 1) != 0) return last + 1;
  }
}

std::optional<ElfNote> ElfImage::find_note(std::string_view owner, std::uint32_t type) const {
  for (const Segment& segment : segments_) {
    if (segment.type != PT_NOTE) continue;
    const BytesView notes = *slice(segment.offset, segment.size);
    for (std::uint64_t at = 0;;) {
      const auto header = read_at<Elf64_Nhdr>(notes, at);
      if (!header) break;
      const std::uint64_t name = at + sizeof(Elf64_Nhdr);
      const std::uint64_t description = padded(name + header->n_namesz, segment.alignment);
      const std::uint64_t next = padded(description + header->n_descsz, segment.alignment);
      if (description + header->n_descsz > notes.size()) break;
      std::string_view text = as_text(notes.subspan(name, header->n_namesz));
      if (!text.empty() && text.back() == '\0') text.remove_suffix(1);
      if (text == owner && header->n_type == type) {
        return ElfNote{text, type, notes.subspan(description, header->n_descsz)};
      }
      at = next;
    }
  }
  return std::nullopt;
}

}  // namespace certspan
