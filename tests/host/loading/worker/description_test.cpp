#include "host/loading/worker/description.hpp"

#include <certspan/abi/role_source.h>
#include <certspan/abi/role_validator.h>
#include <catch2/catch.hpp>

namespace certspan::worker {
namespace {

PluginDescription example() {
  PluginDescription plugin{"com.acme.ca", "2.3.0", {}};
  TypeDescription& ca = plugin.types.emplace_back();
  ca.name = "ca";
  ca.settings_schema = "{}";
  ca.flags = 5;
  ca.issuer = {1, true, false, true, false, true, false, true, true};
  ca.actions = {{"init", "makes a key", "{}", 3, 2}};
  TypeDescription& source = plugin.types.emplace_back();
  source.name = "source";
  source.validator = true;
  source.source_flags = CERTSPAN_SOURCE_BRINGS_NO_WORK;
  source.validator_flags = CERTSPAN_VALIDATOR_ASKS_PERSON;
  source.source = source.handles_http = source.drains = true;
  return plugin;
}

TEST_CASE("a description says the same after its way") {
  const auto told = decode_description(encode(example()));
  REQUIRE(told);
  CHECK(told->id == "com.acme.ca");
  REQUIRE(told->types.size() == 2);
  const TypeDescription& ca = told->types[0];
  CHECK(ca.flags == 5);
  REQUIRE(ca.issuer);
  CHECK((ca.issuer->poll && !ca.issuer->lookup && ca.issuer->find && !ca.issuer->ping && ca.issuer->cancel));
  CHECK((!ca.issuer->crl && ca.issuer->next_ca && ca.issuer->status));
  REQUIRE(ca.actions);
  CHECK(ca.actions->at(0).person == 2);
  CHECK_FALSE(ca.source);
  const TypeDescription& source = told->types[1];
  CHECK(source.source_flags == CERTSPAN_SOURCE_BRINGS_NO_WORK);
  CHECK((source.validator && source.validator_flags == CERTSPAN_VALIDATOR_ASKS_PERSON));
  CHECK((source.source && source.handles_http && source.drains && !source.issuer && !source.actions));
}

TEST_CASE("what is cut off or goes on is no description") {
  Bytes octets = encode(example());
  for (std::size_t size = 0; size < octets.size(); ++size) {
    CHECK_FALSE(decode_description(BytesView(octets).first(size)));
  }
  octets.push_back(0);
  CHECK_FALSE(decode_description(octets));
}

}  // namespace
}  // namespace certspan::worker
