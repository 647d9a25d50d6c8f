#include "host/loading/elf_note.hpp"

#include <elf.h>

#include <cstddef>
#include <random>

#include <catch2/catch.hpp>

#include "host/loading/elf_image.hpp"
#include "tests/host/loading/loading_fixture.hpp"
#include "tests/support/tiny_elf.hpp"

namespace certspan {
namespace {

using Catch::Matchers::Contains;
using test::TinyElf;

std::string code_of(BytesView file) {
  const auto note = read_plugin_note(file);
  return note ? "ok" : note.error().code;
}

template <typename T>
Bytes patched(Bytes file, std::size_t offset, T value) {
  std::memcpy(file.data() + offset, &value, sizeof(value));
  return file;
}

Bytes good_plugin() {
  return test::read_file(test::built_plugin("t.good"));
}

TEST_CASE("the note of a plugin that the SDK's way of linking made is read from its file") {
  const auto note = read_plugin_note(good_plugin());
  if (!note) FAIL(note.error().message);
  CHECK(note->id == "t.good");
  CHECK(note->version == "1.0.0");
  CHECK(note->roles == std::vector<std::string>{"issuer"});
  CHECK(note->types == std::vector<std::string>{"ca"});
  CHECK(note->abi_build == CERTSPAN_ABI_BUILD);
  CHECK(note->nodelete);
}

TEST_CASE("a note is found behind a foreign one, with lists and needed libraries") {
  const auto note = read_plugin_note(TinyElf().build());
  if (!note) FAIL(note.error().message);
  CHECK(note->id == "t.tiny");
  CHECK(note->version == "1.2.3");
  CHECK(note->roles == std::vector<std::string>{"issuer", "source"});
  CHECK(note->types == std::vector<std::string>{"ca", "scep"});
  CHECK(note->needed == std::vector<std::string>{"libc.so.6"});
}

TEST_CASE("a plugin that Go built is known by Go's own note") {
  TinyElf go;
  go.go_build_id = true;
  const auto note = read_plugin_note(go.build());
  REQUIRE(note.has_value());
  CHECK(note->go_runtime);
  CHECK(note->id == "t.tiny");
  CHECK_FALSE(read_plugin_note(TinyElf().build())->go_runtime);
}

TEST_CASE("a library that Debian ships is read and is no plugin") {
  const Bytes libc = test::read_file(CERTSPAN_TEST_LIBRARY);
  const auto image = ElfImage::parse(libc);
  if (!image) FAIL(image.error().message);
  CHECK(std::count(image->exported().begin(), image->exported().end(), "EVP_sha256") == 1);
  CHECK(code_of(libc) == "plugin.not_ours");
}

TEST_CASE("files that are no shared library say so") {
  CHECK(code_of({}) == "plugin.not_elf");
  CHECK(code_of(as_bytes("#!/bin/sh\n")) == "plugin.not_elf");
  CHECK(code_of(as_bytes("\x7f"
                         "ELF")) == "plugin.truncated");
  const Bytes object = patched<std::uint16_t>(good_plugin(), offsetof(Elf64_Ehdr, e_type), ET_REL);
  CHECK(code_of(object) == "plugin.not_elf");
}

TEST_CASE("a file for another machine says for which") {
  const Bytes good = good_plugin();
  const auto other =
      read_plugin_note(patched<std::uint16_t>(good, offsetof(Elf64_Ehdr, e_machine), EM_RISCV));
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().code == "plugin.wrong_machine");
  CHECK_THAT(other.error().message,
             Contains("it is for risc-v") && Contains("install the build for this one"));
  CHECK(code_of(patched<std::uint8_t>(good, EI_CLASS, ELFCLASS32)) == "plugin.wrong_machine");
  CHECK(code_of(patched<std::uint8_t>(good, EI_DATA, ELFDATA2MSB)) == "plugin.wrong_machine");
}

TEST_CASE("a plugin that is cut off is refused as truncated, wherever the cut is") {
  const Bytes good = good_plugin();
  for (std::size_t size = SELFMAG; size < good.size(); size += 97) {
    CAPTURE(size);
    REQUIRE(code_of(BytesView(good).first(size)) == "plugin.truncated");
  }
  CHECK(code_of(BytesView(good).first(good.size() - 1)) == "plugin.truncated");
  CHECK(code_of(good) == "ok");
}

TEST_CASE("a corrupted offset or size is refused and never followed") {
  const Bytes tiny = TinyElf().build();
  for (std::size_t at = SELFMAG; at + 8 <= tiny.size(); at += 4) {
    for (const std::uint64_t value : {UINT64_MAX, UINT64_MAX - 15, std::uint64_t{1} << 63,
                                      std::uint64_t{0x7fffffff}, std::uint64_t{tiny.size()}}) {
      // Whatever the answer, reading stays inside the file: AddressSanitizer watches.
      const Bytes exact = patched(tiny, at, value);
      const auto note = read_plugin_note(exact);
      if (note) CHECK(note->id.size() <= tiny.size());
    }
  }
}

TEST_CASE("random damage never leads out of the file") {
  std::mt19937 random(20261121);  // the same damage on every run
  const Bytes tiny = TinyElf().build();
  std::size_t refused = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes file = tiny;
    for (int flips = 0; flips < 4; ++flips) {
      file[random() % file.size()] = static_cast<std::uint8_t>(random());
    }
    if (!read_plugin_note(file)) ++refused;
  }
  CHECK(refused > 10000);
}

TEST_CASE("tables that don't end are refused") {
  TinyElf elf;
  const Bytes good = elf.build();
  const auto* segments = reinterpret_cast<const Elf64_Phdr*>(good.data() + sizeof(Elf64_Ehdr));
  // The dynamic section without its last entry, DT_NULL.
  Bytes endless = good;
  reinterpret_cast<Elf64_Phdr*>(endless.data() + sizeof(Elf64_Ehdr))[2].p_filesz -= sizeof(Elf64_Dyn);
  const auto note = read_plugin_note(endless);
  REQUIRE_FALSE(note.has_value());
  CHECK(note.error().code == "plugin.damaged");
  CHECK_THAT(note.error().message, Contains("dynamic section does not end"));
  // The hash table's only bucket points behind its chains, which then run out of the file.
  const std::size_t bucket = segments[2].p_offset - 8;
  REQUIRE(good[bucket] == 1);
  CHECK(code_of(patched<std::uint32_t>(good, bucket, 0x00ffffff)) == "plugin.damaged");
}

TEST_CASE("notes of others and of other versions are not taken for ours") {
  TinyElf other_owner;
  other_owner.owner = "certspam";
  CHECK(code_of(other_owner.build()) == "plugin.not_ours");
  TinyElf other_type;
  other_type.note_type = 2;
  CHECK(code_of(other_type.build()) == "plugin.not_ours");
  TinyElf newer;
  newer.head.note_version = 2;
  CHECK(code_of(newer.build()) == "plugin.other_build");
  TinyElf other_abi;
  other_abi.head.abi_build = 999;
  CHECK(code_of(other_abi.build()) == "plugin.other_build");
}

TEST_CASE("a note whose sizes or texts don't fit is refused as damaged") {
  TinyElf long_text;
  long_text.head.text_size = 5000;
  CHECK(code_of(long_text.build()) == "plugin.damaged");
  TinyElf long_head;
  long_head.head.head_size = UINT32_MAX;
  CHECK(code_of(long_head.build()) == "plugin.damaged");
  TinyElf three_texts;
  three_texts.texts = std::string("t.tiny\0001.2.3\0issuer\0", 20);
  CHECK(code_of(three_texts.build()) == "plugin.damaged");
  TinyElf escape;
  escape.texts = std::string("t.\033[31m\0001.2.3\0issuer\0ca\0", 24);
  CHECK(code_of(escape.build()) == "plugin.damaged");
}

TEST_CASE("a note says which state its plugin reads and writes, and whether it opens sockets") {
  TinyElf plugin;
  plugin.head.flags = CERTSPAN_NOTE_NEEDS_NETWORK;
  plugin.head.state_reads = 2;
  plugin.head.state_writes = 3;
  const auto note = read_plugin_note(plugin.build());
  REQUIRE(note.has_value());
  CHECK((note->needs_network && note->state_reads == 2 && note->state_writes == 3));
  TinyElf unknown_flag;
  unknown_flag.head.flags = 2;
  CHECK(code_of(unknown_flag.build()) == "plugin.damaged");
  TinyElf writes_what_it_cannot_read;
  writes_what_it_cannot_read.head.state_reads = 2;
  CHECK(code_of(writes_what_it_cannot_read.build()) == "plugin.damaged");
}

TEST_CASE("the entry must be exported, and nothing beside it") {
  TinyElf nothing;
  nothing.symbols.clear();
  CHECK(code_of(nothing.build()) == "plugin.no_symbol");
  TinyElf later_entry;
  later_entry.symbols = {"certspan_plugin_entry_v1"};
  CHECK(code_of(later_entry.build()) == "plugin.no_symbol");
  TinyElf two;
  two.symbols = {CERTSPAN_ENTRY_SYMBOL, "_ZTVN10__cxxabiv1E"};
  const auto note = read_plugin_note(two.build());
  REQUIRE_FALSE(note.has_value());
  CHECK(note.error().code == "plugin.extra_symbols");
  CHECK_THAT(note.error().message, Contains("_ZTVN10__cxxabiv1E"));
}

}  // namespace
}  // namespace certspan
