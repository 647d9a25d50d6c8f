#include <catch2/catch.hpp>

#include "plugins/common/pki/certificate.hpp"
#include "plugins/common/pki/crl_writer.hpp"
#include "tests/plugins/ndes/endpoint.hpp"

namespace certspan::scep::test {

using namespace certspan::test;

namespace {

constexpr const char* kGetCert = "21";
constexpr const char* kGetCrl = "22";

Bytes name_of(const Bytes& certificate) {
  return pki::to_bytes(pki::read_certificate_outline(certificate).value().issuer);
}

Bytes id_of(const Bytes& certificate) {
  return pki::issuer_and_serial(pki::read_certificate_outline(certificate).value());
}

// An endpoint and a device with a certificate of its CA.
struct Asking {
  Asking() {
    const auto key = pki::generate_private_key(pki::KeySpec::P256).value();
    const Bytes name = name_of(own);
    pki::CrlTemplate what;
    what.issuer = name;
    what.authority_key_id = name;
    what.next_update = 86'400;
    const Bytes crl = pki::write_crl(what, key).value();
    endpoint.host.crls[std::string(pki::as_text(name_of(own)))] = crl;
  }

  FakeExchange send(const char* message_type, const Bytes& content, const TestKey& key,
                    const Bytes& certificate) {
    MessageOptions options;
    options.message_type = message_type;
    endpoint.host.advance(std::chrono::seconds(1));  // faster repeats are slowed down
    return endpoint.post(endpoint.message(content, key, certificate, options));
  }

  ReadReply ask(const char* message_type, const Bytes& content, const TestKey& key,
                const Bytes& certificate) {
    const auto exchange = send(message_type, content, key, certificate);
    REQUIRE(exchange.endings == 1);
    REQUIRE(exchange.response);
    REQUIRE(exchange.response->status == 200);
    return read_reply(exchange.response->body, endpoint.ra_certificate, key, certificate);
  }

  Endpoint endpoint;
  Client device{1};
  Bytes own = endpoint.issue(device.key, {.common_name = "laptop-7"});
};

}  // namespace

TEST_CASE("GetCert gives a device its other certificate") {
  Asking asking;
  const Bytes other = asking.endpoint.issue(TestKey::ec(), {.common_name = "laptop-7"});
  const auto reply = asking.ask(kGetCert, id_of(other), asking.device.key, asking.own);
  CHECK(reply.pki_status == "0");
  CHECK(reply.certificates == std::vector<Bytes>{other});
}

TEST_CASE("GetCert gives nothing to strangers, of others, or of other CAs") {
  Asking asking;
  const auto refused = [&](const Bytes& content, const Bytes& signer) {
    const auto reply = asking.ask(kGetCert, content, asking.device.key, signer);
    CHECK(reply.fail_info == "4");
    CHECK(reply.certificates.empty());
    return reply.pki_status == "2";
  };
  const Bytes neighbour = asking.endpoint.issue(TestKey::ec(), {.common_name = "laptop-8"});
  CHECK(refused(id_of(neighbour), asking.own));
  CHECK(refused(id_of(asking.own), asking.device.certificate));
  CHECK(refused(id_of(make_certificate(TestKey::ec(), {.common_name = "laptop-7"})), asking.own));
  CHECK(refused(asking.device.request, asking.own));
  CHECK(refused(Bytes{0x30, 0x00}, asking.own));
  asking.endpoint.set_state(asking.own, CERTSPAN_CERTIFICATE_REVOKED);
  CHECK(refused(id_of(asking.own), asking.own));
}

TEST_CASE("GetCRL gives the CRL of the CA that is asked about, to everybody") {
  Asking asking;
  for (const Bytes& signer : {asking.own, asking.device.certificate}) {
    CHECK(asking.ask(kGetCrl, id_of(asking.own), asking.device.key, signer).pki_status == "0");
  }
  const Bytes foreign = make_certificate(TestKey::ec(), {.common_name = "foreign"});
  const auto reply = asking.ask(kGetCrl, id_of(foreign), asking.device.key, asking.own);
  CHECK(reply.pki_status == "2");
  CHECK(reply.fail_info == "4");
}

TEST_CASE("while the CA can't tell, a question is put off") {
  Asking asking;
  asking.endpoint.host.issuers_outcome = sdk::Outcome::Unavailable;
  for (const char* type : {kGetCert, kGetCrl}) {
    const auto exchange = asking.send(type, id_of(asking.own), asking.device.key, asking.own);
    REQUIRE(exchange.response);
    CHECK(exchange.response->status == 503);
  }
}

TEST_CASE("CRLs stand at a plain path, and only there") {
  Endpoint endpoint(nlohmann::json{{"crl_path", "/crl"}});
  const pki::Bytes crl = {0x30, 0x03, 0x02, 0x01, 0x01};
  endpoint.host.crls[""] = crl;
  REQUIRE(endpoint.host.routes.size() == 2);
  CHECK(endpoint.host.routes.back().path == "/crl");
  const auto get = [&](const char* method, const char* path) {
    const FakeExchange exchange = endpoint.http(method, "", {}, path);
    REQUIRE(exchange.response);
    return *exchange.response;
  };
  const auto found = get("GET", "/crl");
  CHECK(found.status == 200);
  CHECK(found.content_type == "application/pkix-crl");
  CHECK(found.body == crl);
  CHECK(get("GET", "/crl/00ff.crl").status == 200);
  CHECK(get("GET", "/crl/nothing").status == 404);
  CHECK(get("POST", "/crl").status == 405);
  endpoint.host.crls.clear();
  CHECK(get("GET", "/crl").status == 404);
  endpoint.host.issuers_outcome = sdk::Outcome::Unavailable;
  CHECK(get("GET", "/crl").status == 503);
}

}  // namespace certspan::scep::test
