// What a worker process that was taken over may say to its host: its description, and frames on its slots.
#include <cstddef>
#include <cstdint>

#include <certspan/testing/fake_host.hpp>

#include "host/loading/worker/description.hpp"
#include "host/loading/worker/service_desk.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace certspan::worker;
  const certspan::BytesView octets(data, size);
  static_cast<void>(decode_description(octets));
  certspan::sdk::testing::FakeHost host;
  const ServiceTables tables(host.c_host());
  LogQuota quota;
  certspan::sdk::testing::FakeExchange exchange;
  ServiceDesk desk(tables, quota, nullptr, exchange.c_exchange());
  FrameWriter reply(FrameKind::Reply, 0);
  desk.serve(octets, reply);
  if (desk.end(FrameReader(octets))) desk.finish();
  return 0;
}
