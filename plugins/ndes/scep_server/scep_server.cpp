#include "plugins/ndes/scep_server/scep_server.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include <nlohmann/json.hpp>

#include "plugins/common/connector/own_status.hpp"
#include "plugins/ndes/client_address.hpp"
#include "plugins/ndes/scep_server/capabilities.hpp"
#include "plugins/ndes/scep_server/crl_path.hpp"
#include "plugins/ndes/scep_server/get_query.hpp"
#include "plugins/ndes/scep_server/http_answers.hpp"
#include "plugins/ndes/scep_server/reference.hpp"

namespace certspan::scep {
namespace {

pki::FailInfo fail_info_of(sdk::Outcome outcome) {
  return outcome == sdk::Outcome::Unsupported ? pki::FailInfo::BadAlg : pki::FailInfo::BadRequest;
}

}  // namespace

bool ScepServer::validate_settings(std::string_view settings, sdk::Faults& faults) {
  check_scep_settings(ScepSettings::read(settings), to_seconds(std::chrono::system_clock::now()), faults);
  return !faults.any();
}

ScepServer::ScepServer(sdk::Host host, std::string_view name, std::string_view settings)
    : host_(host),
      settings_(ScepSettings::read(settings)),
      capabilities_(capabilities(settings_)),
      ras_(host_, settings_, tokens_),
      cas_(host_),
      next_ca_(host_),
      operation_(host_, {.endpoint = std::string(name),
                         .profile = settings_.profile,
                         .options = settings_.options,
                         .ras = ras_,
                         .cas = cas_,
                         .cache = cache_}) {}

bool ScepServer::start(sdk::Faults& faults) {
  tokens_.start_watching();
  return ras_.look_into_store(faults);
}

void ScepServer::stop() {
  tokens_.stop_watching();
}

// Another generation of this connector may have renewed the RA since this one started.
bool ScepServer::open_intake(sdk::Faults& faults) {
  if (!ras_.look_into_store(faults)) return false;
  for (std::size_t i = 0; i < settings_.paths.size(); ++i) {
    const auto outcome =
        host_.add_route(settings_.listener, settings_.paths[i], settings_.options.max_message_size,
                        CERTSPAN_ROUTE_LONG_REQUEST_LINE);
    if (outcome == sdk::Outcome::Ok) continue;
    faults.add(i == 0 ? "/path" : "/more_paths/" + std::to_string(i - 1),
               "the host does not grant this path to the connector");
  }
  constexpr std::uint64_t kNoBody = 0;
  if (!settings_.crl_path.empty() &&
      host_.add_route(settings_.listener, settings_.crl_path, kNoBody) != sdk::Outcome::Ok) {
    faults.add("/crl_path", "the host does not grant this path to the connector");
  }
  warn_about_ra();
  // A CA that goes down before the first device comes is no reason to turn devices away.
  cas_.look_ahead();
  return !faults.any();
}

void ScepServer::handle(const sdk::HttpRequest& request, sdk::Exchange& exchange) {
  if (!settings_.crl_path.empty() && is_at_or_below(request.path(), settings_.crl_path)) {
    return answer_crl(request, exchange);
  }
  const bool post = request.method() == "POST";
  if (!post && request.method() != "GET") return respond_text(exchange, 501, "use GET or POST");
  const Query query = parse_query(request.query());
  switch (query.operation) {
    case Operation::GetCaCaps:
      return answer_capabilities(exchange);
    case Operation::GetCaCert:
      return answer_ca_cert(exchange);
    case Operation::GetNextCaCert:
      return answer_next_ca(exchange);
    case Operation::PkiOperation:
      break;
    case Operation::Unknown:
      return respond_text(exchange, 400,
                          "operation must be GetCACaps, GetCACert, GetNextCACert or PKIOperation");
  }
  const std::string_view address = without_port(request.remote_address());
  if (post) return operation_.handle(request.body(), address, exchange);
  const auto message = decode_message(query.message);
  if (!message) return respond_text(exchange, 400, "message is not base64");
  operation_.handle(*message, address, exchange);
}

// GetNextCACert stands in the list only while there is something to tell (RFC 8894 3.5.2).
void ScepServer::answer_capabilities(sdk::Exchange& exchange) {
  std::string text = capabilities_;
  if (next_ca_.look().message) text.append("GetNextCACert").append(line_end(settings_));
  exchange.respond({.content_type = "text/plain", .body = sdk::bytes_of(text)});
}

void ScepServer::answer_next_ca(sdk::Exchange& exchange) {
  const NextCa::Told told = next_ca_.look();
  if (told.message) {
    return exchange.respond({.content_type = "application/x-x509-next-ca-cert", .body = *told.message});
  }
  if (told.not_now) return respond_later(exchange, "the CA is not ready");
  respond_text(exchange, 404, "no next CA is prepared");
}

void ScepServer::answer_crl(const sdk::HttpRequest& request, sdk::Exchange& exchange) const {
  if (request.method() != "GET") return respond_text(exchange, 405, "use GET");
  const auto asked = asked_crl(settings_.crl_path, request.path());
  if (!asked) return respond_text(exchange, 404, "there is no such CRL");
  sdk::ByteBuffer crl;
  switch (host_.crl("",
                    {.authority_key_id = asked->key_id,
                     .delta = asked->delta,
                     .partition = asked->partition,
                     .partitions = asked->partitions},
                    crl)) {
    case sdk::Outcome::Ok:
      return exchange.respond({.content_type = "application/pkix-crl", .body = crl});
    case sdk::Outcome::Rejected:
    case sdk::Outcome::Unsupported:
      return respond_text(exchange, 404, "there is no such CRL");
    default:
      return respond_later(exchange, "the CA is not ready");
  }
}

void ScepServer::answer_ca_cert(sdk::Exchange& exchange) {
  const auto cas = cas_.snapshot();
  if (!cas && settings_.ca_certificates != CaCertificates::RaOnly) {
    return respond_later(exchange, "the CA is not ready");
  }
  const auto ras = ras_.now();
  if (!ras) return respond_later(exchange, "the RA is not ready");
  const RaIdentity& ra = ras->current();
  if (cas) std::call_once(looked_at_ra_, [&] { warn_about_ra_of(ra, *cas); });
  const CaCertAnswer answer =
      ca_cert_answer(settings_.ca_certificates, ra.certificate.der(), cas ? *cas : CaSnapshot());
  exchange.respond({.content_type = answer.content_type, .body = answer.body});
}

void ScepServer::reply(const sdk::Reply& reply, sdk::Bytes context_bytes, sdk::Exchange& exchange) {
  const auto context = parse_message_context(context_bytes);
  const auto ras = ras_.now();
  if (!context || !ras) return respond_later(exchange, "try again");
  if (reply.outcome() == sdk::Outcome::Ok) return send_certificate(reply, *context, *ras, exchange);
  if (reply.outcome() == sdk::Outcome::Pending) {
    return respond_message(exchange,
                           pki::write_pending(ras->signer_for(context->reply), context->reply, now()));
  }
  const std::string reference = reply.id().empty() ? new_reference() : std::string(reply.id());
  respond_message(exchange, pki::write_failure(ras->signer_for(context->reply), context->reply,
                                               fail_info_of(reply.outcome()),
                                               with_reference("the request is refused", reference), now()));
}

void ScepServer::send_certificate(const sdk::Reply& reply, const MessageContext& context, const RaSet& ras,
                                  sdk::Exchange& exchange) {
  std::vector<pki::BytesView> certificates = {reply.certificate()};
  if (settings_.reply_with_chain) {
    for (const sdk::Bytes ca : reply.chain()) certificates.push_back(ca);
  }
  auto message = pki::write_success(ras.signer_for(context.reply), context.reply, certificates, now());
  respond_message(exchange, message);
  if (message) {
    cache_.keep(context.message, std::make_shared<const pki::Bytes>(std::move(*message)), host_.now());
  }
}

// Clients trust an RA only if it is of the CA whose certificate they are after, and within its time.
void ScepServer::warn_about_ra() const {
  if (settings_.certified_ra) return;  // it renews itself
  constexpr std::int64_t kSoon = std::int64_t{30} * 24 * 60 * 60;
  const std::int64_t left = ras_.now()->current().certificate.not_after() - now();
  if (left < kSoon) {
    host_.log(sdk::LogLevel::Warn, left < 0 ? "RA certificate has expired" : "RA certificate expires soon",
              {{"file", settings_.ra.certificate_file}, {"days_left", left / (24L * 60 * 60)}});
  }
}

// Not before somebody asks for it: while intake opens, the CAs may be those of the configuration before.
void ScepServer::warn_about_ra_of(const RaIdentity& ra, const CaSnapshot& cas) const {
  const bool of_our_ca = std::ranges::any_of(cas.all, [&](const pki::Bytes& der) {
    const auto ca = pki::Certificate::parse(der);
    return ca && ra.certificate.verify_issued_by(*ca);
  });
  if (!of_our_ca) {
    host_.log(sdk::LogLevel::Warn, "RA certificate is not issued by a CA of this endpoint",
              {{"file", settings_.ra.certificate_file}});
  }
}

// Old RAs stay until the last client has forgotten them, whether they have ended or not.
std::string ScepServer::status() const {
  nlohmann::json status = tokens_.status();
  const auto ras = ras_.now();
  if (ras) {
    connector::watch_end(status, "ra", ras->current().certificate);
  } else {
    status["trouble"] = "the RA is not certified yet";
  }
  return connector::status_text(status);
}

std::int64_t ScepServer::now() const {
  return to_seconds(host_.wall_now());
}

std::optional<std::string> ScepServer::run_offline(std::string_view name, std::string_view arguments,
                                                   sdk::Faults& faults) {
  if (name == "create_ra") return create_ra(arguments, faults);
  faults.add("", "there is no such action");
  return std::nullopt;
}

std::optional<std::string> ScepServer::run_action(std::string_view name, std::string_view arguments,
                                                  sdk::Faults& faults) {
  if (name == pkcs11::kStatusAction) return status();
  if (name == "ra_request") return ras_.request(faults);
  if (name == "ra_take") return ras_.take(arguments, faults);
  return run_offline(name, arguments, faults);
}

}  // namespace certspan::scep
