#include "host/app/work_report.hpp"

#include <catch2/catch.hpp>

#include "host/journal/work_item.hpp"

using namespace certspan;

TEST_CASE("the story of an order says nothing of what it has not") {
  WorkItem order;
  order.message = "revocation";
  order.pipeline = "revocation";
  order.source = "scep";
  order.state = ItemState::Done;
  order.labels = {{"revokes", "w-0123456789abc"}, {"serial", "0ABC01"}, {"subject", "CN=laptop-1"}};
  const std::string story = tell_story(work_to_json(order));
  CHECK(story.find("transaction") == std::string::npos);
  CHECK(story.find("valid to") == std::string::npos);
  CHECK(story.find("certificate serial 0ABC01\n") != std::string::npos);
  CHECK(story.find("\n  pipeline \"revocation\", from source \"scep\"\n") != std::string::npos);
}

TEST_CASE("the story of an enrolment tells by what its device is known") {
  WorkItem item;
  item.transaction_id = "T-1";
  item.labels = {{"serial", "0ABC01"},
                 {"not_after", "2027-01-31T08:00:00Z"},
                 {"names", "upn:jane@example.com dns:a.example"},
                 {"device", "7F3A"}};
  const std::string story = tell_story(work_to_json(item));
  CHECK(story.find("transaction T-1, pipeline") != std::string::npos);
  CHECK(story.find("serial 0ABC01, valid to 2027-01-31T08:00:00Z\n") != std::string::npos);
  CHECK(story.find("also known as upn:jane@example.com dns:a.example\n") != std::string::npos);
  CHECK(story.find("device 7F3A\n") != std::string::npos);
}
