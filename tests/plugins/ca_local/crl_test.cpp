#include <algorithm>
#include <cctype>

#include <catch2/catch.hpp>
#include <certspan/host.hpp>

#include "plugins/ca_local/crl_book.hpp"
#include "tests/plugins/ca_local/action_under_test.hpp"

namespace certspan::ca_local {
namespace {

using certspan::test::TestCa;
using sdk::Outcome;
using test::CaUnderTest;

struct GivenCrl {
  Outcome outcome = Outcome::Internal;
  sdk::ByteBuffer der;
};

GivenCrl crl_of(CaUnderTest& ca, const sdk::CrlRequest& wanted) {
  GivenCrl given;
  const certspan_crl_request request = sdk::detail::wire_of(wanted);
  const certspan_bytes_sink sink = {sizeof(certspan_bytes_sink), 0, &given,
                                    [](void* context, certspan_bytes_view value) noexcept {
                                      const auto bytes = sdk::from_abi(value);
                                      static_cast<GivenCrl*>(context)->der.assign(bytes.begin(), bytes.end());
                                    }};
  given.outcome = sdk::outcome_from_abi(ca.connector.issuer().crl(ca.connector.instance(), &request, &sink));
  return given;
}

GivenCrl crl_of(CaUnderTest& ca, pki::BytesView issuer = {}, pki::BytesView key_id = {}) {
  return crl_of(ca, sdk::CrlRequest{.issuer = issuer, .authority_key_id = key_id});
}

/// What openssl reads, after it has verified the signature by the CA.
std::string read_crl(const TestCa& files, const GivenCrl& given) {
  REQUIRE(given.outcome == Outcome::Ok);
  files.dir().write("crl.der", given.der);
  return pki::test::must_run(files.dir(),
                             "openssl crl -inform DER -in crl.der -CAfile ca.pem -text -noout -crlnumber");
}

std::uint64_t number_of(const std::string& text) {
  const std::string word = "crlNumber=0x";
  return std::stoull(text.substr(text.find(word) + word.size()), nullptr, 16);
}

TEST_CASE("the CA gives a CRL that openssl verifies, the same until the next is due") {
  const TestCa files;
  CaUnderTest ca(files);
  const GivenCrl first = crl_of(ca);
  const std::string text = read_crl(files, first);
  CHECK(text.find("verify OK") != std::string::npos);
  CHECK(text.find("No Revoked Certificates") != std::string::npos);
  ca.host().advance(std::chrono::hours(23));
  CHECK(crl_of(ca).der == first.der);
  ca.host().advance(std::chrono::hours(2));
  const GivenCrl second = crl_of(ca);
  CHECK(second.der != first.der);
  CHECK(number_of(read_crl(files, second)) > number_of(text));
}

TEST_CASE("CRL numbers never go back, whatever starts again and whatever the clock says") {
  const TestCa files;
  CaUnderTest ca(files);
  const auto first = number_of(read_crl(files, crl_of(ca)));
  ca.host().advance(-std::chrono::hours(48));
  const auto second = number_of(read_crl(files, crl_of(ca)));
  CHECK(second == first + 1);
  ca.host().advance(std::chrono::hours(48));
  // Another connector on the same store, as after a restart.
  sdk::testing::ConnectorUnderTest again(test::ca_type(), ca.host(), test::settings_for(files).dump());
  again.start();
  GivenCrl third;
  sdk::ByteBuffer der;
  const certspan_crl_request any = {sizeof(certspan_crl_request), 0, {}, {}, 0, 0};
  const certspan_bytes_sink sink = {
      sizeof(certspan_bytes_sink), 0, &der, [](void* context, certspan_bytes_view value) noexcept {
        const auto bytes = sdk::from_abi(value);
        static_cast<sdk::ByteBuffer*>(context)->assign(bytes.begin(), bytes.end());
      }};
  third.outcome = sdk::outcome_from_abi(again.issuer().crl(again.instance(), &any, &sink));
  third.der = der;
  CHECK(number_of(read_crl(files, third)) == first + 2);
}

TEST_CASE("a revoked certificate stands in the CRL of the key that signed it, and openssl refuses it") {
  const TestCa files;
  CaUnderTest ca(files);
  const auto issued = ca.issue(certspan::test::make_request(certspan::test::device_key()));
  REQUIRE(issued.outcome == Outcome::Ok);
  const auto certificate = pki::Certificate::parse(issued.certificate).value();
  files.dir().write("device.der", issued.certificate);
  const std::string verify =
      "openssl x509 -inform DER -in device.der -out device.pem && openssl crl -inform DER -in crl.der -out "
      "crl.pem && openssl verify -crl_check -CAfile ca.pem -CRLfile crl.pem device.pem";
  read_crl(files, crl_of(ca));
  CHECK(pki::test::run(files.dir(), verify).exit_code == 0);

  const auto enter = [&](pki::BytesView serial, pki::BytesView key_id) {
    pki::Bytes key = {'r'};
    key.insert(key.end(), serial.begin(), serial.end());
    const Revocation revocation{pki::to_bytes(serial), pki::to_bytes(key_id), 1'700'000'000, 1, 0};
    REQUIRE(sdk::Host(ca.host().c_host())
                .store()
                .commit({sdk::insert_record(key, encode_revocation(revocation))}) == Outcome::Ok);
  };
  enter(certificate.serial(), certificate.authority_key_identifier());
  enter(pki::Bytes{0x77}, pki::Bytes{1, 2, 3});
  ca.host().advance(std::chrono::hours(25));
  const std::string text = read_crl(files, crl_of(ca));
  CHECK(text.find("Key Compromise") != std::string::npos);
  CHECK(text.find("Serial Number: 77") == std::string::npos);
  const auto verified = pki::test::run(files.dir(), verify);
  CHECK(verified.exit_code != 0);
  CHECK(verified.output.find("certificate revoked") != std::string::npos);
}

TEST_CASE("a CRL is given for the CA's own name and key only") {
  const TestCa files;
  CaUnderTest ca(files);
  const auto certificate = pki::Certificate::parse(files.certificate_der()).value();
  const pki::Bytes other = {0x30, 0x00};
  CHECK(crl_of(ca, certificate.subject()).outcome == Outcome::Ok);
  CHECK(crl_of(ca, certificate.subject(), certificate.subject_key_identifier()).outcome == Outcome::Ok);
  CHECK(crl_of(ca, {}, certificate.subject_key_identifier()).outcome == Outcome::Ok);
  CHECK(crl_of(ca, other).outcome == Outcome::Rejected);
  CHECK(crl_of(ca, certificate.subject(), other).outcome == Outcome::Rejected);
}

TEST_CASE("no CRL comes of a ledger that can't be read or written, or is damaged") {
  const TestCa files;
  CaUnderTest ca(files);
  ca.host().store.fail_next_read(Outcome::Unavailable);
  CHECK(crl_of(ca).outcome == Outcome::Unavailable);
  ca.host().store.fail_next_commit(Outcome::Unavailable);
  CHECK(crl_of(ca).outcome == Outcome::Unavailable);
  const pki::Bytes key = {'r', 5};
  const pki::Bytes short_value = {1, 1};
  REQUIRE(sdk::Host(ca.host().c_host()).store().commit({sdk::insert_record(key, short_value)}) ==
          Outcome::Ok);
  CHECK(crl_of(ca).outcome == Outcome::Unavailable);
}

TEST_CASE("a CA whose certificate lacks cRLSign gives no CRL") {
  const TestCa files;
  pki::test::must_run(files.dir(),
                      "openssl req -x509 -key ca.key -out ca.pem -subj /CN=x -addext "
                      "keyUsage=critical,keyCertSign");
  CaUnderTest ca(files);
  CHECK(crl_of(ca).outcome == Outcome::Rejected);
}

TEST_CASE("how often a CRL is made and how long it counts is the settings' business") {
  const TestCa files;
  nlohmann::json settings = test::settings_for(files);
  settings["crl"] = {{"every", "1h"}, {"overlap", "1h"}};
  CHECK(test::faults_of(settings).empty());
  CaUnderTest ca(files, settings);
  files.dir().write("crl.der", crl_of(ca).der);
  const std::string in_two_hours =
      "test $(( $(date -d \"$(openssl crl -inform DER -in crl.der -noout "
      "-nextupdate | cut -d= -f2)\" +%s) - $(date +%s) )) -le 7200";
  CHECK(pki::test::run(files.dir(), in_two_hours).exit_code == 0);
  settings["crl"] = {{"every", "10s"}, {"overlap", "400d"}};
  const auto faults = test::faults_of(settings);
  REQUIRE(faults.size() == 2);
  CHECK(faults[0].pointer == "/crl/every");
  CHECK(faults[1].pointer == "/crl/overlap");
}

TEST_CASE("certificates name the CRL of the key that signed them") {
  const TestCa files;
  nlohmann::json settings = test::settings_for(files);
  settings["crl_urls"] = {"http://pki.example/crl/{key_id}.crl"};
  CaUnderTest ca(files, settings);
  const auto issued = ca.issue(certspan::test::make_request(certspan::test::device_key()));
  REQUIRE(issued.outcome == Outcome::Ok);
  files.dir().write("device.der", issued.certificate);
  const auto certificate = pki::Certificate::parse(issued.certificate).value();
  const std::string text =
      pki::test::must_run(files.dir(), "openssl x509 -inform DER -in device.der -noout -text");
  CHECK(text.find("http://pki.example/crl/" + pki::to_hex(certificate.authority_key_identifier()) + ".crl") !=
        std::string::npos);
}

/// A connector whose CRLs are parted and have deltas, and a device of its.
struct PartedCa {
  static nlohmann::json settings_of(const TestCa& files, unsigned partitions) {
    nlohmann::json settings = test::settings_for(files);
    const bool parted = partitions != 0;
    settings["crl_urls"] = {std::string("http://pki.example/{key_id}") +
                            (parted ? "/{partition}.crl" : ".crl")};
    settings["crl"] = {
        {"delta_urls",
         {std::string("http://pki.example/{key_id}") + (parted ? "/{partition}" : "") + "-delta.crl"}}};
    if (parted) settings["crl"]["partitions"] = partitions;
    return settings;
  }
  explicit PartedCa(unsigned partitions) : ca(files, settings_of(files, partitions)) {}

  pki::Certificate issue(std::uint8_t key) {
    const auto issued = ca.issue(certspan::test::make_request(certspan::test::device_key()), key);
    REQUIRE(issued.outcome == Outcome::Ok);
    return pki::Certificate::parse(issued.certificate).value();
  }
  void revoke(std::uint8_t key, std::uint32_t reason) {
    auto item = CaUnderTest::item_for({}, static_cast<std::uint8_t>(100 + key), "");
    const sdk::ByteBuffer item_key(32, key);
    REQUIRE(ca.connector.revoke(item, item_key, {}, reason).outcome == Outcome::Ok);
  }
  std::string read(const sdk::CrlRequest& wanted) { return read_crl(files, crl_of(ca, wanted)); }

  TestCa files;
  CaUnderTest ca;
};

TEST_CASE("a delta tells what changed since its base, and what is released again") {
  PartedCa parted(0);
  parted.issue(1);
  parted.issue(2);
  parted.revoke(1, 6);
  const std::string whole = parted.read({});
  CHECK(whole.find("Certificate Hold") != std::string::npos);
  CHECK(whole.find("Freshest CRL") != std::string::npos);
  parted.revoke(1, 8);
  parted.revoke(2, 1);
  parted.ca.host().advance(std::chrono::seconds(2));
  CHECK(crl_of(parted.ca).der == crl_of(parted.ca).der);
  CHECK(number_of(parted.read({})) == number_of(whole));
  const std::string delta = parted.read({.delta = true});
  CHECK(delta.find("Delta CRL Indicator: critical") != std::string::npos);
  CHECK(delta.find("Remove From CRL") != std::string::npos);
  CHECK(delta.find("Key Compromise") != std::string::npos);
  CHECK(number_of(delta) > number_of(whole));
  parted.ca.host().advance(std::chrono::hours(25));
  const std::string next = parted.read({});
  CHECK(next.find("Certificate Hold") == std::string::npos);
  CHECK(next.find("Key Compromise") != std::string::npos);
  CHECK(parted.read({.delta = true}).find("No Revoked Certificates") != std::string::npos);
}

TEST_CASE("openssl takes a delta with its base: what was good in the one is revoked in the other") {
  PartedCa parted(0);
  parted.files.dir().write("device.der", pki::to_bytes(parted.issue(1).der()));
  parted.files.dir().write("base.der", crl_of(parted.ca).der);
  parted.ca.host().advance(std::chrono::seconds(2));
  parted.revoke(1, 4);
  parted.files.dir().write("delta.der", crl_of(parted.ca, {.delta = true}).der);
  pki::test::must_run(
      parted.files.dir(),
      "openssl x509 -inform DER -in device.der -out device.pem && for each in base delta; do openssl crl "
      "-inform DER -in $each.der -out $each.pem; done && cat base.pem delta.pem > both.pem");
  const std::string verify = "openssl verify -crl_check -extended_crl -use_deltas -CAfile ca.pem -CRLfile ";
  CHECK(pki::test::run(parted.files.dir(), verify + "base.pem device.pem").exit_code == 0);
  const auto with_delta = pki::test::run(parted.files.dir(), verify + "both.pem device.pem");
  CHECK(with_delta.exit_code != 0);
  CHECK(with_delta.output.find("certificate revoked") != std::string::npos);
}

TEST_CASE("each certificate names its part of the CRL, which has it and no other's") {
  constexpr std::uint32_t kParts = 4;
  PartedCa parted(kParts);
  std::vector<pki::Certificate> certificates;
  for (std::uint8_t i = 1; i <= 12; ++i) {
    certificates.push_back(parted.issue(i));
    parted.revoke(i, 4);
  }
  std::size_t entries = 0;
  for (std::uint32_t part = 0; part < kParts; ++part) {
    const std::string text = parted.read({.partition = part, .partitions = kParts});
    CHECK(text.find("Issuing Distribution Point: critical") != std::string::npos);
    const std::string name = "/" + std::to_string(part) + "-of-4.crl";
    CHECK(text.find(name) != std::string::npos);
    for (const pki::Certificate& each : certificates) {
      std::string serial = pki::to_hex(each.serial());
      std::ranges::transform(serial, serial.begin(),
                             [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      const bool listed = text.find(serial) != std::string::npos;
      entries += listed ? 1 : 0;
      parted.files.dir().write("device.der", pki::to_bytes(each.der()));
      const std::string said =
          pki::test::must_run(parted.files.dir(), "openssl x509 -inform DER -in device.der -noout -text");
      CHECK(listed == (said.find(name) != std::string::npos));
    }
  }
  CHECK(entries == certificates.size());
  const std::string whole = parted.read({});
  CHECK(whole.find("Issuing Distribution Point") == std::string::npos);
}

TEST_CASE("a part goes on for the certificates that name it when the settings part the CRL another way") {
  PartedCa before(2);
  before.issue(1);
  before.revoke(1, 1);
  nlohmann::json settings = PartedCa::settings_of(before.files, 8);
  sdk::testing::ConnectorUnderTest after(test::ca_type(), before.ca.host(), settings.dump());
  after.start();
  const auto gives = [&](std::uint32_t part, std::uint32_t parts) {
    const certspan_crl_request request = sdk::detail::wire_of({.partition = part, .partitions = parts});
    const certspan_bytes_sink sink = {sizeof(certspan_bytes_sink), 0, nullptr,
                                      [](void*, certspan_bytes_view) noexcept {}};
    return sdk::outcome_from_abi(after.issuer().crl(after.instance(), &request, &sink));
  };
  CHECK(gives(1, 2) == Outcome::Ok);
  CHECK(gives(7, 8) == Outcome::Ok);
  CHECK(gives(1, 16) == Outcome::Rejected);
  CHECK(gives(8, 8) == Outcome::Rejected);
}

TEST_CASE("an ended certificate stays in its part until that part has told of it after the end") {
  PartedCa parted(2);
  const auto certificate = parted.issue(1);
  parted.revoke(1, 4);
  const std::uint32_t own = certificate.serial().back() % 2;
  const auto entries_of = [&](std::uint32_t part) {
    const std::string text = parted.read({.partition = part, .partitions = 2});
    return text.find("No Revoked Certificates") == std::string::npos ? 1 : 0;
  };
  CHECK(entries_of(own) == 1);
  parted.ca.host().set_wall_clock(
      std::chrono::system_clock::from_time_t(certificate.not_after() + 3 * 86'400));
  CHECK(entries_of(1 - own) == 0);
  CHECK(entries_of(own) == 1);
  parted.ca.host().advance(std::chrono::hours(25));
  CHECK(entries_of(1 - own) == 0);
  CHECK(entries_of(own) == 0);
}

TEST_CASE("the list for a directory has all that certificates may name") {
  const auto files_of = [](const sdk::testing::ConnectorUnderTest& ca) {
    std::string names;
    const auto list = test::run_action("crls", nlohmann::json::object(), ca.instance());
    for (const auto& row : list.value.at("crls")) {
      const std::string file = row.at("file");
      names += file.substr(row.at("key_id").get_ref<const std::string&>().size()) + " ";
    }
    return names;
  };
  PartedCa before(0);
  before.issue(1);
  CHECK(files_of(before.ca.connector) == ".crl -delta.crl ");
  nlohmann::json settings = PartedCa::settings_of(before.files, 2);
  sdk::testing::ConnectorUnderTest after(test::ca_type(), before.ca.host(), settings.dump());
  after.start();
  CHECK(files_of(after) == ".crl /0-of-2.crl /0-of-2-delta.crl /1-of-2.crl /1-of-2-delta.crl ");
  const PartedCa fresh(2);
  CHECK(files_of(fresh.ca.connector) == "/0-of-2.crl /0-of-2-delta.crl /1-of-2.crl /1-of-2-delta.crl ");
}

TEST_CASE("no delta is given where the settings name no place for it") {
  const TestCa files;
  CaUnderTest ca(files);
  CHECK(crl_of(ca, sdk::CrlRequest{.delta = true}).outcome == Outcome::Rejected);
}

TEST_CASE("a CRL that counts still is given while the ledger can't be read") {
  const TestCa files;
  CaUnderTest ca(files);
  const auto first = crl_of(ca);
  REQUIRE(first.outcome == Outcome::Ok);
  ca.host().store.fail_next_read(Outcome::Unavailable);
  CHECK(crl_of(ca).der == first.der);
}

TEST_CASE("addresses and parts must go together") {
  const TestCa files;
  nlohmann::json settings = PartedCa::settings_of(files, 4);
  CHECK(test::faults_of(settings).empty());
  settings["crl"].erase("partitions");
  REQUIRE(test::faults_of(settings).size() == 2);
  CHECK(test::faults_of(settings)[0].pointer == "/crl_urls/0");
  CHECK(test::faults_of(settings)[1].pointer == "/crl/delta_urls/0");
  settings = PartedCa::settings_of(files, 0);
  settings["crl"]["partitions"] = 4;
  CHECK(test::faults_of(settings).size() == 2);
  settings["crl"]["partitions"] = 5000;
  CHECK(test::faults_of(settings)[0].pointer == "/crl/partitions");
}

}  // namespace
}  // namespace certspan::ca_local
