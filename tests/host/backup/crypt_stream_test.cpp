#include "host/backup/crypt_stream.hpp"

#include <catch2/catch.hpp>

#include "tests/host/backup/streams.hpp"

namespace certspan::backup {
namespace {

using testing::MemorySink;
using testing::MemorySource;
using testing::pattern;

/// Without the cost of a passphrase.
KeyOf key_of(std::uint8_t fill) {
  return [fill](BytesView) { return BackupKey{Secret(Bytes(32, fill)), Secret(Bytes(32, 7))}; };
}

Bytes sealed(const Bytes& plain) {
  MemorySink out;
  auto sink = SealedSink::create(out, key_of(1));
  REQUIRE(sink);
  REQUIRE(sink->write(plain));
  REQUIRE(sink->finish());
  return out.bytes;
}

/// What comes out of it, or the code of the error.
std::pair<Bytes, std::string> opened(const Bytes& file, const KeyOf& key = key_of(1)) {
  MemorySource in(file);
  auto source = SealedSource::open(in, key);
  if (!source) return {{}, source.error().code};
  MemorySink out;
  const auto copied = copy(*source, out);
  return {out.bytes, copied ? std::string() : copied.error().code};
}

std::string code_of(const Bytes& file) {
  return opened(file).second;
}

TEST_CASE("what was sealed comes back, whatever its size") {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kChunk - 1, kChunk, kChunk + 1, 3 * kChunk}) {
    const Bytes plain = pattern(size);
    const auto [bytes, code] = opened(sealed(plain));
    CHECK(code.empty());
    CHECK(bytes == plain);
  }
}

TEST_CASE("nothing of the plain text stands in the file") {
  const Bytes plain = copy_of(as_bytes("what nobody may read in it"));
  CHECK(as_text(sealed(plain)).find("nobody") == std::string_view::npos);
  CHECK(sealed(plain) != sealed(plain));
}

TEST_CASE("a file that is cut off anywhere is refused") {
  const Bytes file = sealed(pattern(2 * kChunk + 1000));
  for (std::size_t size = 0; size < file.size();
       size += size < 2000 || size > file.size() - 1100 ? 1U : 997U) {
    INFO(size);
    const std::string code = code_of(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)));
    CHECK(code == (size == 0 ? "backup.foreign" : "backup.truncated"));
  }
}

TEST_CASE("a file that is cut off between two chunks is refused") {
  const std::size_t before = sealed({}).size() - 17;
  const Bytes file = sealed(pattern(3 * kChunk));
  for (std::size_t chunks = 0; chunks < 3; ++chunks) {
    const std::size_t size = before + chunks * (kChunk + 17);
    CHECK(code_of(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size))) ==
          "backup.truncated");
  }
}

TEST_CASE("a bit that was turned anywhere is found") {
  const Bytes file = sealed(pattern(kChunk + 300));
  for (std::size_t at = 0; at < file.size(); at += at < 400 || at > file.size() - 400 ? 1U : 331U) {
    Bytes changed = file;
    changed[at] = static_cast<std::uint8_t>(changed[at] ^ 0x10);
    INFO(at);
    CHECK_FALSE(code_of(changed).empty());
  }
}

TEST_CASE("chunks that were exchanged, and bytes behind the end, are found") {
  const std::size_t before = sealed({}).size() - 17;
  Bytes file = sealed(pattern(3 * kChunk));
  const auto chunk = static_cast<std::ptrdiff_t>(kChunk + 17);
  const auto first = file.begin() + static_cast<std::ptrdiff_t>(before);
  std::swap_ranges(first, first + chunk, first + chunk);
  CHECK(code_of(file) == "backup.altered");

  file = sealed(pattern(kChunk));
  file.push_back(0);
  CHECK(code_of(file) == "backup.altered");
}

TEST_CASE("another file, another key and another passphrase are told apart") {
  CHECK(code_of(pattern(1000)) == "backup.foreign");
  const Bytes file = sealed(pattern(1000));
  CHECK(opened(file, key_of(2)).second == "backup.truncated");
  const KeyOf other = [](BytesView) { return BackupKey{Secret(Bytes(32, 2)), Secret(Bytes(32, 8))}; };
  CHECK(opened(file, other).second == "backup.passphrase");
}

TEST_CASE("a passphrase opens what it sealed, and another one does not") {
  const Secret right(copy_of(as_bytes("correct horse battery")));
  const Secret wrong(copy_of(as_bytes("correct horse batterz")));
  MemorySink out;
  auto sink = SealedSink::create(out, key_from(right));
  REQUIRE(sink);
  REQUIRE(sink->write(as_bytes("inside")));
  REQUIRE(sink->finish());
  CHECK(as_text(opened(out.bytes, key_from(right)).first) == "inside");
  CHECK(opened(out.bytes, key_from(wrong)).second == "backup.passphrase");
}

}  // namespace
}  // namespace certspan::backup
