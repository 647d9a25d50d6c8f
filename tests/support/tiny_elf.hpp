#pragma once

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/abi/elf_note.h>
#include <certspan/abi/plugin.h>

#include "host/base/bytes.hpp"

namespace certspan::test {

/// The smallest file that the loader takes for a plugin: headers, a note, a symbol table, nothing to run.
/// What is public may be changed before `build`, to make it wrong in one place.
class TinyElf {
 public:
  std::string owner = CERTSPAN_ELF_NOTE_OWNER;
  std::uint32_t note_type = CERTSPAN_ELF_NOTE_TYPE;
  certspan_elf_note head = {CERTSPAN_ELF_NOTE_VERSION,
                            CERTSPAN_ABI_MAJOR,
                            CERTSPAN_ABI_MINOR,
                            CERTSPAN_ABI_BUILD,
                            0,
                            sizeof(certspan_elf_note),
                            0,
                            1,
                            1};
  std::string texts = std::string("t.tiny\0001.2.3\0issuer,source\0ca,scep\0", 35);
  std::vector<std::string> symbols = {CERTSPAN_ENTRY_SYMBOL};
  std::vector<std::string> needed = {"libc.so.6"};
  bool go_build_id = false;

  Bytes build() {
    head.text_size = head.text_size != 0 ? head.text_size : static_cast<std::uint32_t>(texts.size());
    put(Elf64_Ehdr{});
    for (int i = 0; i < 3; ++i) put(Elf64_Phdr{});
    const std::uint64_t note = at();
    put_note();
    const std::uint64_t note_size = at() - note;
    const std::uint64_t strings = put_strings();
    const std::uint64_t table = put_symbols();
    const std::uint64_t hash = put_hash();
    const std::uint64_t dynamic = put_dynamic(strings, table, hash);

    patch_segment(0, PT_LOAD, 0, at(), 0x1000);
    patch_segment(1, PT_NOTE, note, note_size, 4);
    patch_segment(2, PT_DYNAMIC, dynamic, at() - dynamic, 8);
    patch_header();
    return bytes_;
  }

 private:
  std::uint64_t at() const { return bytes_.size(); }

  template <typename T>
  void put(const T& value) {
    const auto* raw = reinterpret_cast<const std::uint8_t*>(&value);
    bytes_.insert(bytes_.end(), raw, raw + sizeof(T));
  }
  void put_text(std::string_view text) {
    const BytesView raw = as_bytes(text);
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  }
  void pad(std::size_t to) {
    while (bytes_.size() % to != 0) bytes_.push_back(0);
  }

  void put_note() {
    // A foreign note before ours, as linkers leave them.
    put(Elf64_Nhdr{4, 5, NT_GNU_BUILD_ID});
    put_text(std::string_view("GNU\0abcde\0\0\0", 12));
    if (go_build_id) {
      put(Elf64_Nhdr{4, 4, 4});
      put_text(std::string_view("Go\0\0abcd", 8));
    }
    const auto size = static_cast<std::uint32_t>(sizeof(head) + texts.size());
    put(Elf64_Nhdr{static_cast<std::uint32_t>(owner.size() + 1), size, note_type});
    put_text(owner + '\0');
    pad(4);
    put(head);
    put_text(texts);
    pad(4);
  }

  std::uint64_t put_strings() {
    const std::uint64_t start = at();
    bytes_.push_back(0);
    for (const auto* list : {&symbols, &needed}) {
      for (const std::string& name : *list) {
        offsets_.push_back(at() - start);
        put_text(name + '\0');
      }
    }
    strings_size_ = at() - start;
    pad(8);
    return start;
  }

  std::uint64_t put_symbols() {
    const std::uint64_t start = at();
    put(Elf64_Sym{});
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      put(Elf64_Sym{static_cast<std::uint32_t>(offsets_[i]), ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), STV_DEFAULT,
                    1, 0, 8});
    }
    return start;
  }

  /// DT_GNU_HASH with one bucket that all symbols are in.
  std::uint64_t put_hash() {
    const std::uint64_t start = at();
    for (const std::uint32_t word : {1u, 1u, 1u, 0u}) put(word);
    put(~std::uint64_t{0});
    put(std::uint32_t{symbols.empty() ? 0u : 1u});
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      put(std::uint32_t{i + 1 == symbols.size() ? 3u : 2u});
    }
    pad(8);
    return start;
  }

  std::uint64_t put_dynamic(std::uint64_t strings, std::uint64_t table, std::uint64_t hash) {
    const std::uint64_t start = at();
    const auto entry = [this](std::int64_t tag, std::uint64_t value) {
      Elf64_Dyn dyn{};
      dyn.d_tag = tag;
      dyn.d_un.d_val = value;
      put(dyn);
    };
    for (std::size_t i = symbols.size(); i < offsets_.size(); ++i) entry(DT_NEEDED, offsets_[i]);
    entry(DT_STRTAB, strings);
    entry(DT_STRSZ, strings_size_);
    entry(DT_SYMTAB, table);
    entry(DT_GNU_HASH, hash);
    entry(DT_FLAGS_1, DF_1_NODELETE);
    entry(DT_NULL, 0);
    return start;
  }

  void patch_segment(std::size_t index, std::uint32_t type, std::uint64_t offset, std::uint64_t size,
                     std::uint64_t alignment) {
    const Elf64_Phdr header{type, PF_R, offset, offset, offset, size, size, alignment};
    std::memcpy(bytes_.data() + sizeof(Elf64_Ehdr) + index * sizeof(header), &header, sizeof(header));
  }

  void patch_header() {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
#if defined(__aarch64__)
    header.e_machine = EM_AARCH64;
#else
    header.e_machine = EM_X86_64;
#endif
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof(Elf64_Ehdr);
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 3;
    std::memcpy(bytes_.data(), &header, sizeof(header));
  }

  Bytes bytes_;
  std::vector<std::uint64_t> offsets_;
  std::uint64_t strings_size_ = 0;
};

}  // namespace certspan::test
