#include "plugins/ndes/scep_server/pki_operation.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "plugins/common/pki/base64.hpp"
#include "tests/plugins/ndes/endpoint.hpp"

namespace certspan::scep::test {

using namespace certspan::test;

namespace {

ReadReply read(const Endpoint& endpoint, const FakeExchange& exchange, const Client& client) {
  REQUIRE(exchange.endings == 1);
  REQUIRE(exchange.response);
  REQUIRE(exchange.response->status == 200);
  REQUIRE(exchange.response->content_type == "application/x-pki-message");
  return read_reply(exchange.response->body, endpoint.ra_certificate, client.key, client.certificate);
}

// Without the reference, which differs each time.
std::string sentence(const ReadReply& reply) {
  return reply.fail_info_text.substr(0, reply.fail_info_text.find("; reference "));
}

void check_refused(const Endpoint& endpoint, const FakeExchange& exchange, const Client& client,
                   const std::string& fail_info) {
  const auto reply = read(endpoint, exchange, client);
  CHECK(reply.message_type == "3");
  CHECK(reply.pki_status == "2");
  CHECK(reply.fail_info == fail_info);
  CHECK(reply.transaction_id == "T-0001");
  CHECK(reply.recipient_nonce == Bytes(16, 0x5A));
  CHECK_FALSE(sentence(reply).empty());
}

}  // namespace

TEST_CASE("a first request becomes an enrolment, and its certificate comes back encrypted to its signer") {
  Endpoint endpoint(nlohmann::json{{"profile", "wifi"}});
  const Client client;
  const auto asked = endpoint.post(endpoint.message(client.request, client.key, client.certificate));
  REQUIRE(asked.endings == 1);
  REQUIRE(asked.submitted);
  CHECK(asked.submitted->message == "enrolment");
  CHECK(asked.submitted->transaction_id == "T-0001");
  CHECK(asked.submitted->request == client.request);
  CHECK(asked.submitted->signer.empty());
  CHECK(asked.submitted->key.size() == 32);
  CHECK(asked.submitted->poll_key.size() == 32);
  CHECK(label(*asked.submitted, "transaction_id") == "T-0001");
  CHECK(label(*asked.submitted, "subject") == "CN=laptop-7");
  CHECK(label(*asked.submitted, "address") == "192.0.2.7");
  CHECK(label(*asked.submitted, "profile") == "wifi");

  const Bytes issued = endpoint.issue(client.key);
  const auto told = endpoint.reply(asked.submitted->reply_context, sdk::Outcome::Ok, issued);
  const auto reply = read(endpoint, told, client);
  CHECK(reply.pki_status == "0");
  CHECK(reply.transaction_id == "T-0001");
  CHECK(reply.recipient_nonce == Bytes(16, 0x5A));
  CHECK(reply.sender_nonce.size() == 16);
  CHECK(reply.certificates == std::vector<Bytes>{issued});
  CHECK(reply.cipher == "AES-256-CBC");
  CHECK(reply.digest == "SHA256");
}

TEST_CASE("nothing that is logged or labelled holds the challenge") {
  Endpoint endpoint;
  const Client client;
  const auto good = endpoint.post(endpoint.message(client.request, client.key, client.certificate));
  for (const sdk::Label& each : good.submitted->labels) CHECK(each.value.find("s3cret") == std::string::npos);
  const Client stranger(2);
  endpoint.post(endpoint.message(client.request, stranger.key, stranger.certificate));
  for (const auto& record : endpoint.host.logs()) {
    for (const sdk::Label& field : record.fields) CHECK(field.value.find("s3cret") == std::string::npos);
  }
  REQUIRE_FALSE(endpoint.host.logs().empty());
}

TEST_CASE("the whole chain comes back where the settings say so, the device's certificate first") {
  Endpoint endpoint(nlohmann::json{{"reply_chain", "chain"}});
  const Client client;
  const auto asked = endpoint.post(endpoint.message(client.request, client.key, client.certificate));
  const Bytes issued = endpoint.issue(client.key);
  const auto reply =
      read(endpoint, endpoint.reply(asked.submitted->reply_context, sdk::Outcome::Ok, issued), client);
  CHECK(reply.certificates == std::vector<Bytes>{issued, endpoint.ca_certificate});
}

TEST_CASE("ciphers, digests and key transports of the standard are read, and the reply follows them") {
  Endpoint endpoint;
  const Client client;
  const auto [cipher, digest, oaep] =
      GENERATE(table<std::string, std::string, std::string>({{"AES-128-CBC", "SHA256", ""},
                                                             {"AES-192-CBC", "SHA384", ""},
                                                             {"AES-256-CBC", "SHA512", ""},
                                                             {"AES-256-CBC", "SHA256", "SHA1"},
                                                             {"AES-128-CBC", "SHA256", "SHA256"}}));
  CAPTURE(cipher, digest, oaep);
  MessageOptions options;
  options.cipher = cipher;
  options.digest = digest;
  options.oaep = oaep;
  options.sender_nonce = Bytes(8, 0x11);
  const auto asked = endpoint.post(endpoint.message(client.request, client.key, client.certificate, options));
  REQUIRE(asked.submitted);
  const Bytes issued = endpoint.issue(client.key);
  const auto reply =
      read(endpoint, endpoint.reply(asked.submitted->reply_context, sdk::Outcome::Ok, issued), client);
  CHECK(reply.certificates == std::vector<Bytes>{issued});
  CHECK(reply.cipher == cipher);
  CHECK(reply.digest == digest);
  CHECK(reply.sender_nonce.size() == 8);
}

TEST_CASE("old algorithms need their danger switch") {
  const Client client;
  MessageOptions options;
  std::string danger;
  SECTION("3des") {
    options.cipher = "DES-EDE3-CBC";
    danger = "danger_allow_3des";
  }
  SECTION("sha1") {
    options.digest = "SHA1";
    danger = "danger_allow_sha1";
  }
  Endpoint strict;
  check_refused(strict, strict.post(strict.message(client.request, client.key, client.certificate, options)),
                client, "0");
  Endpoint lax(nlohmann::json{{danger, true}});
  const auto asked = lax.post(lax.message(client.request, client.key, client.certificate, options));
  REQUIRE(asked.submitted);
  const auto reply =
      read(lax, lax.reply(asked.submitted->reply_context, sdk::Outcome::Ok, lax.issue(client.key)), client);
  CHECK(reply.pki_status == "0");
}

TEST_CASE("each outcome has its words on the wire") {
  Endpoint endpoint;
  const Client client;
  const auto asked = endpoint.post(endpoint.message(client.request, client.key, client.certificate));
  const auto [outcome, status, fail_info] =
      GENERATE(table<sdk::Outcome, std::string, std::string>({{sdk::Outcome::Pending, "3", ""},
                                                              {sdk::Outcome::Rejected, "2", "2"},
                                                              {sdk::Outcome::Invalid, "2", "2"},
                                                              {sdk::Outcome::Unsupported, "2", "0"},
                                                              {sdk::Outcome::Cancelled, "2", "2"}}));
  const auto reply = read(
      endpoint, endpoint.reply(asked.submitted->reply_context, outcome, {}, "challenge.unknown"), client);
  CHECK(reply.pki_status == status);
  CHECK(reply.fail_info == fail_info);
  CHECK(reply.fail_info_text == (status == "2" ? "the request is refused; reference W-42" : ""));
}

TEST_CASE("a repeat has the same key although client, nonce and content key are new") {
  Endpoint endpoint;
  const Client client;
  const Client again;  // strongSwan: same key and request, a new self-signed certificate
  const Bytes& request = client.request;
  REQUIRE(client.certificate != again.certificate);
  MessageOptions options;
  options.sender_nonce = Bytes(16, 0x77);
  const auto first = endpoint.post(endpoint.message(request, client.key, client.certificate));
  const auto second = endpoint.post(endpoint.message(request, again.key, again.certificate, options));
  CHECK(first.submitted->key == second.submitted->key);
  CHECK(first.submitted->poll_key == second.submitted->poll_key);

  options.transaction_id = "T-0002";
  const auto other = endpoint.post(endpoint.message(request, client.key, client.certificate, options));
  CHECK(other.submitted->key != first.submitted->key);
}

TEST_CASE("every GET spelling of a whole message reaches the same item") {
  Endpoint endpoint;
  const Client client;
  const Bytes message = endpoint.message(client.request, client.key, client.certificate);
  const auto posted = endpoint.post(message);
  const std::string text = pki::base64_encode(message);
  std::string spelled;
  const auto spell = [&](auto change) {
    for (const char c : text) spelled += change(c);
  };
  SECTION("certmonger") {
    spell([](char c) { return c == '+' ? "%2B" : c == '/' ? "%2F" : c == '=' ? "%3D" : std::string(1, c); });
  }
  SECTION("strongSwan") {
    int column = 0;
    spell([&](char c) { return (c == '+' ? "%2B" : std::string(1, c)) + (++column % 64 == 0 ? "%0A" : ""); });
  }
  SECTION("iOS") {
    spell([](char c) { return c == '=' ? "%3D" : std::string(1, c); });
  }
  SECTION("scepclient") {
    spell([](char c) { return c == '+' ? "-" : c == '/' ? "_" : std::string(1, c); });
  }
  SECTION("doubly escaped") {
    spell([](char c) {
      return c == '+' ? "%252B" : c == '/' ? "%252F" : c == '=' ? "%253D" : std::string(1, c);
    });
  }
  const auto got = endpoint.http("GET", "operation=PKIOperation&message=" + spelled);
  REQUIRE(got.submitted);
  CHECK(got.submitted->key == posted.submitted->key);
}

TEST_CASE("a message signed with a good certificate of ours is a renewal in both spellings") {
  Endpoint endpoint;
  const Client client;
  const Bytes old = endpoint.issue(client.key, {.common_name = "laptop-7"});
  const Bytes request = make_request(TestKey::shared_rsa(2));  // a new key
  endpoint.host.advance(std::chrono::seconds(1));
  MessageOptions options;
  options.message_type = GENERATE("17", "19");
  const auto asked = endpoint.post(endpoint.message(request, client.key, old, options));
  REQUIRE(asked.submitted);
  CHECK(asked.submitted->message == "renewal");
  CHECK(asked.submitted->signer == old);

  // certmonger: same request and transaction as at the enrolment; only the signer tells them apart.
  const auto enrolled = endpoint.post(endpoint.message(client.request, client.key, client.certificate));
  const auto renewed = endpoint.post(endpoint.message(client.request, client.key, old, options));
  CHECK(renewed.submitted->message == "renewal");
  CHECK(renewed.submitted->key != enrolled.submitted->key);
}

namespace {

// A certificate for `key` that names the endpoint's CA as its issuer and is not good there.
Bytes bad_certificate(Endpoint& endpoint, const TestKey& key, const std::string& why) {
  CertificateOptions options = {.common_name = "laptop-7"};
  if (why == "revoked") {
    const Bytes certificate = endpoint.issue(key, options);
    endpoint.set_state(certificate, CERTSPAN_CERTIFICATE_REVOKED);
    return certificate;
  }
  if (why == "expired") {
    options.not_before_s = -7200;
    options.not_after_s = -3600;
    return endpoint.issue(key, options);
  }
  if (why == "forged") {
    options.serial = 4711;
    endpoint.issue(TestKey::shared_rsa(3), options);
    const TestKey forger = TestKey::ec();
    return make_certificate(key, options, &endpoint.ca_certificate, &forger);
  }
  return make_certificate(key, options, &endpoint.ca_certificate, &endpoint.ca_key);
}

// Records whose cause holds these words.
std::ptrdiff_t told_in_log(const Endpoint& endpoint, std::string_view words) {
  const auto logs = endpoint.host.logs();
  return std::ranges::count_if(logs, [&](const auto& record) {
    return std::ranges::any_of(
        record.fields, [&](const sdk::Label& field) { return field.value.find(words) != std::string::npos; });
  });
}

}  // namespace

TEST_CASE("a certificate that our CA does not stand behind vouches for no other key") {
  Endpoint endpoint;
  Client client;
  const std::string why = GENERATE("revoked", "expired", "forged", "unknown");
  CAPTURE(why);
  client.certificate = bad_certificate(endpoint, client.key, why);
  const Bytes other_key = make_request(TestKey::shared_rsa(2));
  MessageOptions renewal;
  renewal.message_type = "17";
  check_refused(endpoint, endpoint.post(endpoint.message(other_key, client.key, client.certificate)), client,
                "1");
  check_refused(endpoint, endpoint.post(endpoint.message(other_key, client.key, client.certificate, renewal)),
                client, "2");
  CHECK(told_in_log(endpoint, "has expired") == (why == "expired" ? 2 : 0));
  // With its own key it is an enrolment, which must pass the challenge.
  const auto asked = endpoint.post(endpoint.message(client.request, client.key, client.certificate));
  REQUIRE(asked.submitted);
  CHECK(asked.submitted->message == "enrolment");
  CHECK(asked.submitted->signer.empty());
}

TEST_CASE("CertPoll finds its item by transaction and signer key, whatever it contains") {
  Endpoint endpoint;
  const Client client;
  const auto asked = endpoint.post(endpoint.message(client.request, client.key, client.certificate));
  MessageOptions options;
  options.message_type = "20";
  const auto polled =
      endpoint.post(endpoint.message(Bytes(40, 0x30), client.key, client.certificate, options));
  REQUIRE(polled.endings == 1);
  REQUIRE(polled.polled);
  CHECK(polled.polled->poll_key == asked.submitted->poll_key);
  CHECK(polled.polled->transaction_id == "T-0001");
  const Bytes issued = endpoint.issue(client.key);
  const auto reply =
      read(endpoint, endpoint.reply(polled.polled->reply_context, sdk::Outcome::Ok, issued), client);
  CHECK(reply.certificates == std::vector<Bytes>{issued});

  const Client stranger(2);
  const auto strange =
      endpoint.post(endpoint.message(Bytes(40, 0x30), stranger.key, stranger.certificate, options));
  CHECK(strange.polled->poll_key != polled.polled->poll_key);
}

TEST_CASE("message types that are not offered get a signed badRequest") {
  Endpoint endpoint;
  const Client client;
  MessageOptions options;
  options.message_type = GENERATE("3", "18", "99");
  CAPTURE(options.message_type);
  check_refused(endpoint,
                endpoint.post(endpoint.message(client.request, client.key, client.certificate, options)),
                client, "2");
}

TEST_CASE("an RA before goes on for those who keep it: it opens, and signs what it opened or refuses") {
  Endpoint endpoint;
  const TestKey& old_key = TestKey::shared_rsa(4);
  const Bytes old_ra = make_certificate(
      old_key,
      {.common_name = "Old RA", .key_usage = kDigitalSignature | kKeyEncipherment, .not_after_s = -60});
  endpoint.directory.write("old.pem", to_pem_certificate(old_ra));
  endpoint.host.secrets["old"] = old_key.pem();
  auto settings = endpoint.settings;
  settings["ra"]["previous"] = {{{"certificate_file", endpoint.directory.path("old.pem")}, {"key", "old"}}};
  sdk::testing::ConnectorUnderTest server(sdk::ConnectorType<ScepServer>::kTable, endpoint.host,
                                          settings.dump());
  server.start();
  const auto post = [&](const Bytes& message) {
    FakeExchange exchange;
    const std::string_view method = "POST";
    const std::string_view query = "operation=PKIOperation";
    certspan_http_request request = {};
    request.struct_size = sizeof(request);
    request.method = sdk::to_abi(method);
    request.query = sdk::to_abi(query);
    request.body = sdk::to_abi(sdk::Bytes(message));
    server.source().handle(server.instance(), &request, exchange.c_exchange());
    return exchange;
  };
  const Client client;
  const auto asked = post(make_message(client.request, client.key, client.certificate, old_ra));
  REQUIRE(asked.submitted);
  FakeExchange told;
  const Bytes issued = endpoint.issue(client.key);
  certspan_reply answer = {};
  answer.struct_size = sizeof(answer);
  answer.outcome = CERTSPAN_OK;
  answer.certificate = sdk::to_abi(sdk::Bytes(issued));
  server.source().reply(server.instance(), &answer, sdk::to_abi(sdk::Bytes(asked.submitted->reply_context)),
                        told.c_exchange());
  REQUIRE(told.response);
  CHECK(read_reply(told.response->body, old_ra, client.key, client.certificate).certificates ==
        std::vector<Bytes>{issued});

  const Client other(2);
  const auto refused = post(make_message(other.request, client.key, client.certificate, old_ra));
  REQUIRE(refused.response);
  CHECK(read_reply(refused.response->body, old_ra, client.key, client.certificate).fail_info == "1");
  const auto to_new = post(endpoint.message(other.request, client.key, client.certificate));
  REQUIRE(to_new.response);
  CHECK(
      read_reply(to_new.response->body, endpoint.ra_certificate, client.key, client.certificate).fail_info ==
      "1");
  // No RA's key gets a certificate for a device.
  const auto own = post(make_message(make_request(old_key), old_key, make_certificate(old_key, {}), old_ra));
  REQUIRE(own.response);
  CHECK(read_reply(own.response->body, old_ra, old_key, make_certificate(old_key, {})).fail_info == "2");
}

TEST_CASE("an EC client is told badAlg: it could not open the reply") {
  Endpoint endpoint;
  const TestKey ec = TestKey::ec();
  const Bytes certificate = make_certificate(ec, {});
  const auto exchange = endpoint.post(endpoint.message(make_request(ec), ec, certificate));
  REQUIRE(exchange.response);
  CHECK(read_reply(exchange.response->body, endpoint.ra_certificate, ec, certificate).fail_info == "0");
}

TEST_CASE("an EC key is enrolled where an RSA certificate of ours vouches for it") {
  Endpoint endpoint;
  const Client client;
  const Bytes old = endpoint.issue(client.key);
  const auto asked = endpoint.post(endpoint.message(make_request(TestKey::ec()), client.key, old));
  REQUIRE(asked.submitted);
  CHECK(asked.submitted->message == "renewal");
}

TEST_CASE("a message to a certificate whose key we do not hold is refused like one that can't be opened") {
  Endpoint endpoint;
  const Client client;
  const Bytes old_ra = make_certificate(TestKey::shared_rsa(4), {.common_name = "Old RA", .serial = 0x1234});
  const auto exchange = endpoint.post(make_message(client.request, client.key, client.certificate, old_ra));
  check_refused(endpoint, exchange, client, "1");
  const auto logs = endpoint.host.logs();
  const bool logged = std::ranges::any_of(logs, [](const auto& record) {
    return std::ranges::any_of(record.fields, [](const sdk::Label& field) {
      return field.name == "cause" && field.value.find("encrypted to") != std::string::npos &&
             field.value.find("Old RA") != std::string::npos;
    });
  });
  CHECK(logged);
}

TEST_CASE("the reference that a device is told stands in the log") {
  Endpoint endpoint;
  const Client client;
  const Client stranger(2);
  const auto exchange = endpoint.post(endpoint.message(client.request, stranger.key, stranger.certificate));
  const auto reply = read(endpoint, exchange, stranger);
  CHECK(sentence(reply) == "the request can't be opened");
  const std::string reference = reply.fail_info_text.substr(reply.fail_info_text.rfind(' ') + 1);
  CHECK(reference.size() == 16);
  const auto logs = endpoint.host.logs();
  CHECK(std::ranges::any_of(logs, [&](const auto& record) {
    return std::ranges::any_of(record.fields,
                               [&](const sdk::Label& field) { return field.value == reference; });
  }));
}

TEST_CASE("a request for the RA's own key is refused") {
  Endpoint endpoint;
  const Client client;
  const Bytes old = endpoint.issue(client.key);
  Client reader;
  reader.certificate = old;
  check_refused(endpoint, endpoint.post(endpoint.message(make_request(endpoint.ra_key), client.key, old)),
                reader, "2");
}

TEST_CASE("a request waits while the CA can't be asked") {
  Endpoint endpoint(nlohmann::json::object(), false);
  const Client client;
  const auto exchange = endpoint.post(endpoint.message(client.request, client.key, client.certificate));
  CHECK(exchange.response->status == 503);
  CHECK(exchange.response->retry_after_s > 0);
}

TEST_CASE("a message that comes again octet for octet is answered from memory for a minute") {
  Endpoint endpoint;
  const Client client;
  const Bytes message = endpoint.message(client.request, client.key, client.certificate);
  const auto asked = endpoint.post(message);
  const auto told =
      endpoint.reply(asked.submitted->reply_context, sdk::Outcome::Ok, endpoint.issue(client.key));
  for (int i = 0; i < 20; ++i) {
    const auto again = endpoint.post(message);
    REQUIRE(again.response);
    CHECK(again.response->body == told.response->body);
    CHECK(again.response->content_type == "application/x-pki-message");
  }
  endpoint.host.advance(ReplyCache::kKeep);
  CHECK(endpoint.post(message).submitted);
}

TEST_CASE("a refusal is never answered from memory") {
  Endpoint endpoint;
  const Client client;
  const Bytes message = endpoint.message(client.request, client.key, client.certificate);
  const auto asked = endpoint.post(message);
  const auto outcome = GENERATE(sdk::Outcome::Rejected, sdk::Outcome::Pending);
  endpoint.reply(asked.submitted->reply_context, outcome);
  CHECK(endpoint.post(message).submitted);
}

TEST_CASE("a client that repeats itself too fast is told to come back, and nobody else is") {
  Endpoint endpoint;
  const Client client;
  const auto send = [&](const Client& who, const std::string& transaction) {
    MessageOptions options;
    options.transaction_id = transaction;
    return endpoint.post(endpoint.message(who.request, who.key, who.certificate, options));
  };
  for (int i = 0; i < RepeatLimiter::kMessages; ++i) CHECK(send(client, "T-1").submitted);
  const auto slowed = send(client, "T-1");
  REQUIRE(slowed.response);
  CHECK(slowed.response->status == 503);
  CHECK(slowed.response->retry_after_s > 0);
  CHECK(send(client, "T-2").submitted);
  CHECK(send(Client(2), "T-1").submitted);
  endpoint.host.advance(std::chrono::seconds(1));
  CHECK(send(client, "T-1").submitted);
}

TEST_CASE("the cache of replies stays within its octets and drops the oldest first") {
  ReplyCache cache;
  const auto now = std::chrono::steady_clock::now();
  const auto large = std::make_shared<const pki::Bytes>(ReplyCache::kMaxOctets / 4, std::uint8_t{1});
  const auto digest = [](std::uint8_t number) { return pki::sha256(pki::BytesView(&number, 1)); };
  for (std::uint8_t i = 0; i < 6; ++i) cache.keep(digest(i), large, now);
  CHECK_FALSE(cache.find(digest(0), now));
  CHECK_FALSE(cache.find(digest(1), now));
  for (std::uint8_t i = 2; i < 6; ++i) CHECK(cache.find(digest(i), now));
}

TEST_CASE("the limiter forgets old keys when it is full") {
  RepeatLimiter limiter;
  const auto now = std::chrono::steady_clock::now();
  const auto key = [](std::uint32_t number) {
    return pki::sha256(pki::BytesView(reinterpret_cast<const std::uint8_t*>(&number), sizeof number));
  };
  for (std::uint32_t i = 0; i < RepeatLimiter::kMaxKeys; ++i) REQUIRE(limiter.allow(key(i), now));
  const ItemKey late = key(1'000'000);
  for (int i = 0; i < 20; ++i) CHECK(limiter.allow(late, now));  // no room to count it
  const auto later = now + RepeatLimiter::kWindow;
  for (int i = 0; i < RepeatLimiter::kMessages; ++i) CHECK(limiter.allow(late, later));
  CHECK_FALSE(limiter.allow(late, later));
}

TEST_CASE("a message whose signature is wrong gets a signed badMessageCheck") {
  Endpoint endpoint;
  const Client client;
  Bytes message = endpoint.message(client.request, client.key, client.certificate);
  SECTION("the signature") {
    message.back() ^= 1;
  }
  SECTION("the content") {
    message[message.size() / 4] ^= 1;
  }
  check_refused(endpoint, endpoint.post(message), client, "1");
}

TEST_CASE("cut and changed messages end in one answer each and never in work") {
  Endpoint endpoint;
  const Client client;
  const Bytes good = endpoint.message(client.request, client.key, client.certificate);
  for (std::size_t size = 0; size < good.size(); size += 37) {
    const auto exchange =
        endpoint.post(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    CHECK(exchange.endings == 1);
    CHECK_FALSE(exchange.submitted);
  }
  int submitted = 0;
  for (std::size_t at = 0; at < good.size(); at += 11) {
    Bytes bad = good;
    bad[at] ^= 0x40;
    endpoint.host.advance(std::chrono::seconds(1));
    const auto exchange = endpoint.post(bad);
    CHECK(exchange.endings == 1);
    // A bit in a part that nothing depends on (version, digest list, unsigned names) may be harmless.
    if (exchange.submitted) {
      ++submitted;
      CHECK(exchange.submitted->request == client.request);
    }
  }
  CHECK(submitted < 40);
  const auto big = endpoint.post(Bytes(70'000, 0x30));
  CHECK(big.response->status == 400);
}

}  // namespace certspan::scep::test
