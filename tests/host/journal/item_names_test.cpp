#include "host/journal/item_names.hpp"

#include <catch2/catch.hpp>

using namespace certspan;

namespace {

WorkItem janes_laptop() {
  WorkItem item;
  item.set_label("subject", "CN=LAPTOP-1+serialNumber=C02X,OU=a\\,b,O=Example");
  item.set_label("names", "upn:jane@example.com uri:urn:a,mary@example.com dns:laptop-1.example");
  item.set_label("device", "7F3A");
  item.set_label("intune_validation", "0c9f3e60-52c1-4be4-9d0a-7a1c6a1f0001");
  Attempt attempt;
  attempt.message = "Intune says ChallengeExpired [activity 0c9f3e60-52c1-4be4-9d0a-7a1c6a1f0002]";
  item.add_attempt(attempt);
  return item;
}

}  // namespace

TEST_CASE("an item bears the whole names of its device and user, and no parts of them") {
  const WorkItem item = janes_laptop();
  for (const char* name : {"laptop-1", "c02x", "Jane@Example.com", "upn:jane@example.com",
                           "dns:laptop-1.example", "laptop-1.example", "7f3a", "Example"}) {
    CAPTURE(name);
    CHECK(bears_name(item, name));
  }
  for (const char* name : {"", "laptop", "ane@example.com", "mary@example.com", "b", "CN=LAPTOP-1", "7F3",
                           "0c9f3e60-52c1-4be4-9d0a-7a1c6a1f0001"}) {
    CAPTURE(name);
    CHECK(!bears_name(item, name));
  }
}

TEST_CASE("an item speaks of parts of its names, and of the calls that were made for it") {
  const WorkItem item = janes_laptop();
  for (const char* part : {"laptop", "JANE@", "o=example", "F3", "0C9F3E60-52c1-4be4-9d0a-7a1c6a1f0001",
                           "0c9f3e60-52c1-4be4-9d0a-7a1c6a1f0002"}) {
    CAPTURE(part);
    CHECK(speaks_of(item, part));
  }
  // What is no whole number of a call is none.
  for (const char* part : {"ChallengeExpired", "7a1c6a1f0002", "0c9f3e60-52c1-4be4-9d0a-7a1c6a1f0003"}) {
    CAPTURE(part);
    CHECK(!speaks_of(item, part));
  }
}
