#include "host/app/export_format.hpp"

#include <catch2/catch.hpp>

#include "host/app/work_report.hpp"
#include "tests/host/journal/journal_items.hpp"

using namespace certspan;
using namespace certspan::testing;

using Catch::Contains;

namespace {

nlohmann::json work_of(std::string_view subject) {
  WorkItem item = issued(fresh_item(WorkId{1}, 7));
  item.set_label("subject", subject);
  item.accepted_at = 1'800'000'000'250;
  return work_to_json(item);
}

std::string csv_of(std::string_view subject) {
  return export_csv(work_of(subject), false);
}

}  // namespace

TEST_CASE("a line of JSON has every field in its place and nothing secret") {
  const std::string line = export_ndjson(work_of("CN=a"), false);
  CHECK(line.back() == '\n');
  const auto record = nlohmann::ordered_json::parse(line);
  std::string names;
  for (const auto& [name, unused] : record.items()) names += name + ",";
  CHECK(names ==
        "id,state,outcome,code,reason,message,source,pipeline,issuer,transaction_id,subject,serial,not_after,"
        "address,request_sha256,tries,accepted_at,changed_at,");
  CHECK(export_csv_header(false) == names.substr(0, names.size() - 1) + "\r\n");
  CHECK(export_csv_header(true) == names + "certificate\r\n");
  CHECK(record["accepted_at"] == "2027-01-15T08:00:00.250Z");
  CHECK(record["subject"] == "CN=a");
  // The request is 800 times 0x30.
  CHECK_THAT(line, !Contains("3030303030"));
}

TEST_CASE("a certificate is base64 of its DER") {
  nlohmann::json work = work_of("CN=a");
  work["certificate"] = "3003020101";
  CHECK(nlohmann::json::parse(export_ndjson(work, true))["certificate"] == "MAMCAQE=");
  CHECK_THAT(export_csv(work, true), Catch::EndsWith(",MAMCAQE=\r\n"));
  work["certificate"] = "";
  CHECK(nlohmann::json::parse(export_ndjson(work, true))["certificate"] == "");
}

TEST_CASE("no cell of a spreadsheet begins a formula") {
  for (const char* subject : {"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t1", "\r=1"}) {
    CAPTURE(subject);
    CHECK_THAT(csv_of(subject), Contains(std::string(",\"'") + subject));
  }
  CHECK_THAT(csv_of("CN=a;=1"), Contains(",\"CN=a;'=1\","));
  CHECK_THAT(csv_of("\t=1"), Contains(",\"'\t'=1\","));
  CHECK_THAT(csv_of("CN=a-b"), Contains(",CN=a-b,"));
}

TEST_CASE("quotes, commas and ends of lines stay inside their cell") {
  CHECK_THAT(csv_of("CN=\"a\",O=b\nc"), Contains(",\"CN=\"\"a\"\",O=b\nc\","));
}

TEST_CASE("text that is no UTF-8 makes no line unreadable") {
  CHECK(nlohmann::json::accept(export_ndjson(work_of("CN=\xff\xfe"), false)));
}
