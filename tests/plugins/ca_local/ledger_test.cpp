#include "plugins/ca_local/ledger.hpp"
#include "plugins/ca_local/revocation_list.hpp"

#include <catch2/catch.hpp>
#include <certspan/host.hpp>
#include <certspan/testing/fake_host.hpp>

namespace certspan::ca_local {
namespace {

using sdk::Outcome;

const pki::Bytes kItem(32, 0x11);
const LedgerRecord kRecord{CertificateState::Good, {0x01, 0x02}, {0x30, 0x03, 0x02, 0x01, 0x05}};

struct LedgerUnderTest {
  sdk::testing::FakeHost host;
  RevocationList list{sdk::Host(host.c_host()).store()};
  Ledger ledger{sdk::Host(host.c_host()).store()};
};

TEST_CASE("a record reads back as it was written") {
  for (const CertificateState state : {CertificateState::Good, CertificateState::Revoked}) {
    const LedgerRecord record{state, pki::Bytes(20, 0x7F), pki::Bytes(900, 0xAB)};
    const auto read = decode_record(encode_record(record));
    REQUIRE(read);
    CHECK(read->state == state);
    CHECK(read->serial == record.serial);
    CHECK(read->certificate == record.certificate);
  }
}

TEST_CASE("every truncation of a record is refused, as are unknown versions, states and sizes") {
  const pki::Bytes stored = encode_record(kRecord);
  // Without its last octets a certificate is still octets: what can be seen here is an empty one.
  for (std::size_t size = 0; size <= 3 + kRecord.serial.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(decode_record(pki::BytesView(stored).first(size)));
  }
  for (const auto& [at, value] : {std::pair{0, 2}, {0, 0}, {1, 0}, {1, 3}, {2, 0}, {2, 21}, {2, 255}}) {
    CAPTURE(at, value);
    pki::Bytes damaged = stored;
    damaged[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(value);
    CHECK_FALSE(decode_record(damaged));
  }
}

TEST_CASE("a revocation reads back as it was written, and no part of it does") {
  const Revocation revocation{{0x0A, 0x0B}, pki::Bytes(20, 0x77), 1'790'000'000, 4, 1'800'000'000};
  const pki::Bytes stored = encode_revocation(revocation);
  const auto read = decode_revocation(revocation.serial, stored);
  REQUIRE(read);
  CHECK(read->serial == revocation.serial);
  CHECK(read->authority_key_id == revocation.authority_key_id);
  CHECK(read->at == revocation.at);
  CHECK(read->reason == revocation.reason);
  for (std::size_t size = 0; size <= 10; ++size) {
    CHECK_FALSE(decode_revocation(revocation.serial, pki::BytesView(stored).first(size)));
  }
  pki::Bytes later = stored;
  later[0] = 2;
  CHECK_FALSE(decode_revocation(revocation.serial, later));
}

TEST_CASE("CRL numbers rise for each key by itself, and are never below what is asked for") {
  LedgerUnderTest test;
  std::uint64_t number = 0;
  std::uint64_t last = 0;
  REQUIRE(test.list.take_number(pki::Bytes{1}, 100, number, last) == Outcome::Ok);
  CHECK(number == 100);
  REQUIRE(test.list.take_number(pki::Bytes{1}, 50, number, last) == Outcome::Ok);
  CHECK(number == 101);
  REQUIRE(test.list.take_number(pki::Bytes{2}, 7, number, last) == Outcome::Ok);
  CHECK(number == 7);
  REQUIRE(test.list.take_number(pki::Bytes{1}, 1ULL << 40U, number, last) == Outcome::Ok);
  CHECK(number == 1ULL << 40U);
  test.host.store.fail_next_commit(Outcome::Rejected);
  CHECK(test.list.take_number(pki::Bytes{1}, 1, number, last) == Outcome::Rejected);
}

TEST_CASE("a list of many pages is visited whole and in order, with the ends of the certificates") {
  LedgerUnderTest test;
  constexpr std::uint32_t kMany = 9'000;
  const sdk::Store store = sdk::Host(test.host.c_host()).store();
  for (std::uint32_t i = 1; i <= kMany; ++i) {
    const pki::Bytes serial = {static_cast<std::uint8_t>(1 + (i >> 8U)), static_cast<std::uint8_t>(i)};
    pki::Bytes key = {'r'};
    key.insert(key.end(), serial.begin(), serial.end());
    pki::Bytes end_key = key;
    end_key[0] = 'e';
    const pki::Bytes end = {0, 0, 0, 0, 0, 0, serial[0], serial[1]};
    const pki::Bytes stored = encode_revocation({serial, {9}, 5, 4, 0});
    REQUIRE(store.commit({sdk::insert_record(key, stored), sdk::insert_record(end_key, end)}) == Outcome::Ok);
  }
  std::uint32_t seen = 0;
  std::uint32_t right = 0;
  REQUIRE(test.list.visit([&](const Revocation& each) {
    const std::int64_t number = each.serial[0] * 256 + each.serial[1];
    ++seen;
    right += each.not_after == number && number == 256 + static_cast<std::int64_t>(seen) ? 1 : 0;
  }) == Outcome::Ok);
  CHECK(seen == kMany);
  CHECK(right == kMany);
}

TEST_CASE("changes are told from a time on, each serial once, and are forgotten") {
  LedgerUnderTest test;
  const sdk::Store store = sdk::Host(test.host.c_host()).store();
  const auto change = [&](std::uint8_t second, std::uint8_t serial) {
    const pki::Bytes key = {'c', 0, 0, 0, 0, 0, 0, 0, second, serial};
    const pki::Bytes key_id = {9};
    REQUIRE(store.commit({sdk::put_record(key, key_id)}) == Outcome::Ok);
  };
  change(10, 1);
  change(20, 2);
  change(30, 2);
  change(30, 3);
  const pki::Bytes revoked = {'r', 3};
  const pki::Bytes stored = encode_revocation({{3}, {9}, 30, 4, 0});
  REQUIRE(store.commit({sdk::put_record(revoked, stored)}) == Outcome::Ok);
  const auto changes_since = [&](std::int64_t from) {
    std::string told;
    REQUIRE(test.list.visit_changes(from, [&](const Revocation& each) {
      told += std::to_string(each.serial[0]) + ":" + std::to_string(each.reason) + " ";
    }) == Outcome::Ok);
    return told;
  };
  CHECK(changes_since(0) == "1:8 2:8 3:4 ");
  CHECK(changes_since(20) == "2:8 3:4 ");
  CHECK(changes_since(31).empty());
  REQUIRE(test.list.forget_changes(30) == Outcome::Ok);
  CHECK(changes_since(0) == "2:8 3:4 ");
  REQUIRE(test.list.forget_changes(31) == Outcome::Ok);
  CHECK(changes_since(0).empty());
}

TEST_CASE("what was entered is found by item and by serial number") {
  LedgerUnderTest test;
  LedgerRecord found;
  CHECK(test.ledger.find_by_key(kItem, found) == Outcome::Rejected);
  CHECK(test.ledger.find_by_serial(kRecord.serial, found) == Outcome::Rejected);
  REQUIRE(test.ledger.add(kItem, kRecord) == Outcome::Ok);
  CHECK(test.host.store.records().size() == 2);
  CHECK(test.ledger.find_by_key(kItem, found) == Outcome::Ok);
  CHECK(found.certificate == kRecord.certificate);
  found = {};
  CHECK(test.ledger.find_by_serial(pki::Bytes{0x01, 0x02}, found) == Outcome::Ok);
  CHECK(found.certificate == kRecord.certificate);
}

TEST_CASE("serial numbers are numbers: leading zeros do not matter, and none is too long") {
  LedgerUnderTest test;
  REQUIRE(test.ledger.add(kItem, kRecord) == Outcome::Ok);
  LedgerRecord found;
  CHECK(test.ledger.find_by_serial(pki::Bytes{0x00, 0x00, 0x01, 0x02}, found) == Outcome::Ok);
  CHECK(test.ledger.find_by_serial(pki::Bytes(21, 0x01), found) == Outcome::Rejected);
  CHECK(test.ledger.find_by_serial(pki::Bytes(3, 0x00), found) == Outcome::Rejected);
  CHECK(test.ledger.find_by_serial({}, found) == Outcome::Rejected);
}

TEST_CASE("neither an item nor a serial number is entered twice, and nothing of a refused entry remains") {
  LedgerUnderTest test;
  REQUIRE(test.ledger.add(kItem, kRecord) == Outcome::Ok);
  const auto before = test.host.store.records().size();
  CHECK(test.ledger.add(kItem, {CertificateState::Good, {0x09}, {0x30}}) == Outcome::Rejected);
  CHECK(test.ledger.add(pki::Bytes(32, 0x22), kRecord) == Outcome::Rejected);
  CHECK(test.host.store.records().size() == before);
}

TEST_CASE("a store that fails is not taken for an empty ledger") {
  LedgerUnderTest test;
  test.host.store.fail_next_commit(Outcome::Unavailable);
  CHECK(test.ledger.add(kItem, kRecord) == Outcome::Unavailable);
  CHECK(test.host.store.records().empty());
  LedgerRecord found;
  const Ledger without(sdk::Store(nullptr, nullptr));
  CHECK(without.find_by_key(kItem, found) == Outcome::Unsupported);
  CHECK(without.add(kItem, kRecord) == Outcome::Unsupported);
}

TEST_CASE("damage is told apart from absence") {
  LedgerUnderTest test;
  const sdk::Store store = sdk::Host(test.host.c_host()).store();
  const auto key = [](char kind, const pki::Bytes& name) {
    pki::Bytes bytes{static_cast<std::uint8_t>(kind)};
    bytes.insert(bytes.end(), name.begin(), name.end());
    return bytes;
  };
  const pki::Bytes by_item = key('i', kItem);
  const pki::Bytes by_serial = key('s', {0x07});
  const pki::Bytes garbage{0xFF};
  LedgerRecord found;
  REQUIRE(store.commit({sdk::insert_record(by_item, garbage)}) == Outcome::Ok);
  CHECK(test.ledger.find_by_key(kItem, found) == Outcome::Internal);
  const pki::Bytes lost(32, 0x33);
  REQUIRE(store.commit({sdk::insert_record(by_serial, lost)}) == Outcome::Ok);
  CHECK(test.ledger.find_by_serial(pki::Bytes{0x07}, found) == Outcome::Internal);
}

}  // namespace
}  // namespace certspan::ca_local
