#include "host/app/certificate_source.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace certspan {
namespace {

const std::string kBlock = "-----BEGIN CERTIFICATE-----\nMAMC\nAQE=\n-----END CERTIFICATE-----\n";

std::string in_utf16(const std::string& text, bool low_first) {
  std::string wide = low_first ? "\xFF\xFE" : "\xFE\xFF";
  for (const char c : text) {
    if (!low_first) wide.push_back('\0');
    wide.push_back(c);
    if (low_first) wide.push_back('\0');
  }
  return wide;
}

struct Found {
  std::vector<std::string> certificates;
  std::vector<std::string> unreadable;
};

Found read_path(const std::filesystem::path& path) {
  Found found;
  read_certificates(path, {[&](const auto&, std::string base64) {
                             found.certificates.push_back(std::move(base64));
                             return true;
                           },
                           [&](const auto&, const std::string& why) {
                             found.unreadable.push_back(why);
                             return true;
                           }});
  return found;
}

Found read_content(const std::string& content) {
  const auto file =
      std::filesystem::temp_directory_path() / ("certificate_source_" + std::to_string(::getpid()));
  std::ofstream(file, std::ios::binary) << content;
  Found found = read_path(file);
  std::filesystem::remove(file);
  return found;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("certificates are found in PEM, in certutil's tables and in DER") {
  CHECK(read_content(kBlock).certificates == Texts{"MAMCAQE="});
  CHECK(read_content("text\n" + kBlock + "-----BEGIN X509 CRL-----\nMAAA\n-----END X509 CRL-----\n" + kBlock)
            .certificates.size() == 2);
  const std::string table =
      "\"Issued\",\"-----BEGIN CERTIFICATE-----\r\nMAMC\r\nAQE=\r\n-----END CERTIFICATE-----\r\n\"\r\n";
  for (const std::string& content : {table, in_utf16(table, true), in_utf16(table, false)}) {
    const Found found = read_content(content);
    CHECK(found.certificates == Texts{"MAMCAQE="});
    CHECK(found.unreadable.empty());
  }
  CHECK(read_content("0,1\n" + kBlock).certificates.size() == 1);
  CHECK(read_content(std::string("\x30\x81\x01\x05", 4)).certificates == Texts{"MIEBBQ=="});
}

TEST_CASE("what can't be read is told, and the rest is read") {
  CHECK(read_content("").unreadable.size() == 1);
  CHECK(read_content("nothing\n").unreadable.front().find("holds no certificate") != std::string::npos);
  CHECK(read_content("-----BEGIN CERTIFICATE-----\nMAMC\n").unreadable.front().find("no end") !=
        std::string::npos);
  const Found cut = read_content("-----BEGIN CERTIFICATE-----\nMAMC\n" + kBlock);
  CHECK(cut.certificates == Texts{"MAMCAQE="});
  CHECK(cut.unreadable.size() == 1);
  CHECK(read_path("/nowhere/at/all").unreadable.size() == 1);
}

TEST_CASE("a file without an end holds no more memory than one certificate") {
  const std::string endless(std::size_t{1} << 20, 'A');
  CHECK(read_content(endless + "\n" + kBlock).certificates.size() == 1);
  std::string lines;
  for (int i = 0; i < 3000; ++i) lines += std::string(64, 'A') + "\n";
  const Found found = read_content("-----BEGIN CERTIFICATE-----\n" + lines + kBlock);
  CHECK(found.unreadable.front().find("64 KiB") != std::string::npos);
  CHECK(found.certificates.size() == 1);
  CHECK(read_content("\x30\x84" + endless).unreadable.size() == 1);
}

}  // namespace certspan
