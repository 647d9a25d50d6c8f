// http_in, submit and issuers: what a source brings in and asks for.

#include "host/services/abi_views.hpp"
#include "host/services/host_services.hpp"

namespace certspan {
namespace {

constexpr std::uint64_t kLongestRequest = 64ULL * 1024;
constexpr std::uint64_t kLongestSigner = 16ULL * 1024;
constexpr std::uint64_t kLongestContext = 64ULL * 1024;
constexpr std::uint64_t kMostLabels = 32;
constexpr std::uint64_t kLongestCertId = 1024;

certspan_outcome http_add_route(void* context, const certspan_http_route* route) noexcept try {
  HostServices& services = HostServices::of(context);
  return static_cast<certspan_outcome>(services.backends().routes->add(services.connector(), *route));
} catch (...) {
  return CERTSPAN_INTERNAL;
}

/// Too many become one that can't be sent, as the contract says of them.
std::vector<std::pair<std::string, std::string>> fields_of(const certspan_http_response& response) {
  std::vector<std::pair<std::string, std::string>> fields;
  if (!CERTSPAN_HAS(&response, certspan_http_response, field_count)) return fields;
  if (response.field_count > CERTSPAN_HTTP_MOST_FIELDS) return {{"", ""}};
  for (std::uint64_t i = 0; i < response.field_count; ++i)
    fields.emplace_back(from_abi(response.fields[i].name), from_abi(response.fields[i].value));
  return fields;
}

void http_respond(void*, certspan_http_exchange* exchange, const certspan_http_response* response) noexcept
    try {
  if (exchange == nullptr || exchange->answered || exchange->taken) return;
  exchange->answered = true;
  HttpResponse copy;
  copy.status = response->status;
  copy.retry_after_s = response->retry_after_s;
  copy.content_type = from_abi(response->content_type);
  copy.body = copy_of(from_abi(response->body));
  copy.fields = fields_of(*response);
  exchange->exchange->respond(std::move(copy));
} catch (...) {
  // The exchange was not answered; whoever made it sees that and answers 503.
  exchange->answered = false;
}

bool copy_key(certspan_bytes_view view, ItemKey& key) {
  if (view.size != key.size() || view.data == nullptr) return false;
  std::copy_n(view.data, key.size(), key.begin());
  return true;
}

bool fits(const certspan_submission& submission, certspan_bytes_view reply_context) {
  return submission.request.size <= kLongestRequest && submission.signer.size <= kLongestSigner &&
         submission.label_count <= kMostLabels && reply_context.size <= kLongestContext;
}

bool copy_submission(const HostServices& services, const certspan_submission& from, Submission& to) {
  to.source = services.connector();
  if (!copy_key(from.key, to.key)) return false;
  if (from.poll_key.size != 0) {
    ItemKey poll_key{};
    if (!copy_key(from.poll_key, poll_key)) return false;
    to.poll_key = poll_key;
  }
  to.message = from_abi(from.message);
  to.transaction_id = from_abi(from.transaction_id);
  to.request = copy_of(from_abi(from.request));
  to.signer = copy_of(from_abi(from.signer));
  for (std::uint64_t i = 0; i < from.label_count; ++i) {
    to.labels.emplace_back(from_abi(from.labels[i].name), from_abi(from.labels[i].value));
  }
  return true;
}

void submit(void* context, certspan_http_exchange* exchange, const certspan_submission* submission,
            certspan_bytes_view reply_context) noexcept try {
  HostServices& services = HostServices::of(context);
  if (exchange == nullptr || exchange->answered || exchange->taken) return;
  Submission copy;
  if (!fits(*submission, reply_context) || !copy_submission(services, *submission, copy)) return;
  exchange->taken = true;
  services.backends().submitter->submit(std::move(copy), exchange->exchange,
                                        copy_of(from_abi(reply_context)));
} catch (...) {
  // Nothing was accepted: the exchange is dropped unanswered, which the listener turns into 503.
}

void poll(void* context, certspan_http_exchange* exchange, certspan_bytes_view poll_key,
          certspan_string_view transaction_id, certspan_bytes_view reply_context) noexcept try {
  HostServices& services = HostServices::of(context);
  ItemKey key{};
  if (exchange == nullptr || exchange->answered || exchange->taken) return;
  if (!copy_key(poll_key, key) || reply_context.size > kLongestContext) return;
  exchange->taken = true;
  services.backends().submitter->poll(services.connector(), key, from_abi(transaction_id), exchange->exchange,
                                      copy_of(from_abi(reply_context)));
} catch (...) {
  // As above.
}

certspan_outcome bring(void* context, const certspan_submission* submission) noexcept try {
  HostServices& services = HostServices::of(context);
  Submission copy;
  if (!fits(*submission, {}) || !copy_submission(services, *submission, copy)) return CERTSPAN_INVALID;
  return static_cast<certspan_outcome>(services.backends().submitter->bring(std::move(copy)));
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome issuers_chain(void* context, certspan_string_view pipeline,
                               const certspan_chain_sink* sink) noexcept try {
  HostServices& services = HostServices::of(context);
  const Outcome outcome = services.backends().issuers->chain(
      services.connector(), from_abi(pipeline), [&](const IssuerDirectory::Certificate& certificate) {
        sink->add(sink->context, to_abi(certificate.issuer), to_abi(certificate.der));
      });
  return static_cast<certspan_outcome>(outcome);
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome issuers_find(void* context, certspan_string_view pipeline,
                              const certspan_find_request* request, const certspan_find_sink* sink) noexcept
    try {
  HostServices& services = HostServices::of(context);
  IssuerDirectory::Found found;
  const Outcome outcome = services.backends().issuers->find(
      services.connector(), from_abi(pipeline), from_abi(request->issuer), from_abi(request->serial), found);
  if (outcome == Outcome::Ok) {
    sink->found(sink->context, to_abi(found.certificate),
                found.revoked ? CERTSPAN_CERTIFICATE_REVOKED : CERTSPAN_CERTIFICATE_GOOD);
  }
  return static_cast<certspan_outcome>(outcome);
} catch (...) {
  return CERTSPAN_INTERNAL;
}

CrlWanted wanted_of(const certspan_crl_request& request) {
  const bool parted = CERTSPAN_HAS(&request, certspan_crl_request, partitions);
  return {.issuer = from_abi(request.issuer),
          .authority_key_id = from_abi(request.authority_key_id),
          .delta = (request.flags & CERTSPAN_CRL_DELTA) != 0,
          .partition = parted ? request.partition : 0,
          .partitions = parted ? request.partitions : 0};
}

certspan_outcome issuers_crl(void* context, certspan_string_view pipeline,
                             const certspan_crl_request* request, const certspan_bytes_sink* sink) noexcept
    try {
  HostServices& services = HostServices::of(context);
  Bytes crl;
  const Outcome outcome =
      services.backends().issuers->crl(services.connector(), from_abi(pipeline), wanted_of(*request), crl);
  if (outcome == Outcome::Ok) sink->put(sink->context, to_abi(crl));
  return static_cast<certspan_outcome>(outcome);
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome issuers_next_ca(void* context, certspan_string_view pipeline,
                                 const certspan_bytes_sink* sink) noexcept try {
  HostServices& services = HostServices::of(context);
  Bytes message;
  const Outcome outcome =
      services.backends().issuers->next_ca(services.connector(), from_abi(pipeline), message);
  if (outcome == Outcome::Ok) sink->put(sink->context, to_abi(message));
  return static_cast<certspan_outcome>(outcome);
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome issuers_status(void* context, certspan_string_view issuer,
                                const certspan_status_request* request,
                                const certspan_bytes_sink* sink) noexcept try {
  HostServices& services = HostServices::of(context);
  const BytesView cert_id = from_abi(request->cert_id);
  if (cert_id.size() > kLongestCertId) return CERTSPAN_INVALID;
  Bytes status;
  const Outcome outcome = services.backends().issuers->status(from_abi(issuer), cert_id, status);
  if (outcome == Outcome::Ok) sink->put(sink->context, to_abi(status));
  return static_cast<certspan_outcome>(outcome);
} catch (...) {
  return CERTSPAN_INTERNAL;
}

}  // namespace

const certspan_service_http_in kHttpInService = {sizeof(certspan_service_http_in), 0, &http_add_route,
                                                 &http_respond};
const certspan_service_submit kSubmitService = {sizeof(certspan_service_submit), 0, &submit, &poll, &bring};
const certspan_service_issuers kIssuersService = {sizeof(certspan_service_issuers),
                                                  0,
                                                  &issuers_chain,
                                                  &issuers_find,
                                                  &issuers_crl,
                                                  &issuers_next_ca,
                                                  &issuers_status};

}  // namespace certspan
