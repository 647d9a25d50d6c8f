#include "host/backup/manifest.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace certspan::backup {
namespace {

using Json = nlohmann::json;

Manifest example() {
  Manifest manifest;
  manifest.version = "0.1.0";
  manifest.schema = 4;
  manifest.made_at = 1'800'000'000'000;
  manifest.audit.number = 7;
  manifest.audit.hash.fill(3);
  manifest.provided = {"environment variable PROXY"};
  manifest.files = {{Part::JournalKey, "data/journal.key", "/var/lib/certspan/journal.key", 32, {}},
                    {Part::Config, "config/certspan.yaml", "/etc/certspan/certspan.yaml", 100, {}},
                    {Part::File, "files/1", "/etc/certspan/ra.key", 200, {}},
                    {Part::Journal, "data/journal.db", "/var/lib/certspan/journal.db", 4096, {}}};
  return manifest;
}

Json as_json(const Manifest& manifest) {
  return Json::parse(*to_text(manifest));
}

std::string fault_of_json(const Json& json) {
  const auto read = read_manifest(json.dump());
  return read ? std::string() : read.error().code;
}

TEST_CASE("a manifest comes back as it was written") {
  const auto read = read_manifest(*to_text(example()));
  REQUIRE(read);
  CHECK(*read == example());
  CHECK(read->file(Part::Config).place == "/etc/certspan/certspan.yaml");
}

TEST_CASE("names and places that lead elsewhere are refused") {
  for (const char* name : {"", "/etc/passwd", "../x", "data/../x", "data/./x", "data//x", "data/", ".x",
                           "a\\b", "Data/x", "data/x\n", "manifest.json", "data/.x"}) {
    Json json = as_json(example());
    json["files"][2]["name"] = name;
    INFO(name);
    CHECK(fault_of_json(json) == "backup.damaged");
  }
  for (const char* place :
       {"", "etc/x", "/etc/../x", "/etc/./x", "/etc//x", "/etc/", "/", "/etc/x\x1b[2J", "."}) {
    Json json = as_json(example());
    json["files"][2]["place"] = place;
    INFO(place);
    CHECK(fault_of_json(json) == "backup.damaged");
  }
}

TEST_CASE("a manifest that names a file twice, or lacks one, is refused") {
  Json json = as_json(example());
  json["files"][2]["name"] = "data/journal.db";
  CHECK(fault_of_json(json) == "backup.damaged");
  json = as_json(example());
  json["files"][2]["place"] = "/var/lib/certspan/journal.db";
  CHECK(fault_of_json(json) == "backup.damaged");
  for (const std::size_t part : {0U, 1U, 3U}) {
    json = as_json(example());
    json["files"].erase(part);
    CHECK(fault_of_json(json) == "backup.damaged");
  }
  json = as_json(example());
  json["files"][2]["part"] = "config";
  CHECK(fault_of_json(json) == "backup.damaged");
}

TEST_CASE("the journal, keys and the configuration are found under their own names alone") {
  for (const std::size_t part : {0U, 1U, 3U}) {
    Json json = as_json(example());
    json["files"][part]["name"] = "files/2";
    CHECK(fault_of_json(json) == "backup.damaged");
  }
  for (const char* name : {"data/journal.lock", "data/audit.key", "tree/etc/x", "x"}) {
    Json json = as_json(example());
    json["files"][2]["name"] = name;
    CHECK(fault_of_json(json) == "backup.damaged");
  }
}

TEST_CASE("numbers are whole, not negative, and instants can be printed") {
  const auto with = [](const char* pointer, const Json& value) {
    Json json = as_json(example());
    json[Json::json_pointer(pointer)] = value;
    return fault_of_json(json);
  };
  CHECK(with("/made_at_ms", 253'402'300'799'999).empty());
  for (const Json& value :
       {Json(253'402'300'800'000), Json(-1), Json(1e300), Json(1.5), Json("7"), Json(true)}) {
    INFO(value);
    CHECK(with("/made_at_ms", value) == "backup.damaged");
  }
  for (const char* pointer : {"/schema", "/audit/number", "/audit/removed", "/files/0/size"}) {
    INFO(pointer);
    CHECK(with(pointer, 9'223'372'036'854'775'807U).empty());
    CHECK(with(pointer, 9'223'372'036'854'775'808U) == "backup.damaged");
    CHECK(with(pointer, -1) == "backup.damaged");
    CHECK(with(pointer, 1e19) == "backup.damaged");
  }
}

TEST_CASE("what is no manifest, and one of a later certspan, are told apart") {
  CHECK(read_manifest("").error().code == "backup.damaged");
  CHECK(read_manifest("[]").error().code == "backup.damaged");
  CHECK(read_manifest(std::string(100'000, '[')).error().code == "backup.damaged");
  Json json = as_json(example());
  json["certspan_backup"] = 2;
  CHECK(fault_of_json(json) == "backup.newer");
  for (const char* key : {"schema", "made_at_ms", "audit", "files", "provided", "certspan"}) {
    json = as_json(example());
    json[key] = Json();
    INFO(key);
    CHECK(fault_of_json(json) == "backup.damaged");
  }
}

TEST_CASE("a path that no backup can hold is told when it is made") {
  Manifest manifest = example();
  manifest.files[2].place = "/etc/a\nb";
  CHECK(to_text(manifest).error().code == "backup.bad_path");
  manifest.files[2].place = "/etc/\xff";
  CHECK(to_text(manifest).error().code == "backup.bad_path");
}

}  // namespace
}  // namespace certspan::backup
