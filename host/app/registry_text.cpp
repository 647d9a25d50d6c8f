#include "host/app/registry_text.hpp"

#include <cstdint>

namespace certspan {
namespace {

constexpr std::string_view kUtf16Mark = "\xff\xfe";
constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";
constexpr std::uint32_t kHighSurrogate = 0xd800;
constexpr std::uint32_t kLowSurrogate = 0xdc00;
constexpr std::uint32_t kAfterSurrogates = 0xe000;

std::uint32_t unit_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])) |
         static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + 1])) << 8;
}

void append_utf8(std::string& text, std::uint32_t point) {
  const auto put = [&](std::uint32_t octet) { text += static_cast<char>(octet); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

/// Octets of the character that begins here; 0 if it is none, or written longer than it need be.
std::size_t utf8_length(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = octet(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((octet(i) & 0xc0U) != 0x80) return 0;
  }
  const unsigned second = octet(1);
  const bool bad = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                   (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return bad ? 0 : length;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

std::optional<std::string> utf16le_to_utf8(std::string_view bytes) {
  if (bytes.size() % 2 != 0) return std::nullopt;
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    std::uint32_t point = unit_at(bytes, at);
    if (point >= kHighSurrogate && point < kAfterSurrogates) {
      const bool pair = point < kLowSurrogate && at + 2 < bytes.size();
      const std::uint32_t low = pair ? unit_at(bytes, at + 2) : 0;
      if (low < kLowSurrogate || low >= kAfterSurrogates) return std::nullopt;
      point = 0x10000 + ((point - kHighSurrogate) << 10) + (low - kLowSurrogate);
      at += 2;
    }
    append_utf8(text, point);
  }
  return text;
}

Result<std::string> registry_text(std::string_view file) {
  const auto refuse = [](const char* why) {
    return fail(Outcome::Invalid, "import.not_registry",
                std::string("this is no export of the registry: ") + why +
                    "; make one with `reg export HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP ndes.reg`");
  };
  std::string text;
  if (file.starts_with(kUtf16Mark)) {
    auto decoded = utf16le_to_utf8(file.substr(kUtf16Mark.size()));
    if (!decoded) return refuse("it begins as UTF-16 and is none to its end, so it is cut off or damaged");
    text = std::move(*decoded);
  } else {
    text = file.starts_with(kUtf8Mark) ? file.substr(kUtf8Mark.size()) : file;
    if (!is_utf8(text)) return refuse("it is neither UTF-16LE with a byte order mark nor UTF-8");
  }
  if (text.find('\0') != std::string::npos) return refuse("it holds NUL characters");
  return text;
}

}  // namespace certspan
