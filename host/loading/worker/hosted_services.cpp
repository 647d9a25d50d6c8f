#include "host/loading/worker/hosted_services.hpp"

#include <certspan/abi/services.h>

#include <string_view>

#include "host/loading/worker/call_frames.hpp"
#include "host/loading/worker/transfer.hpp"
#include "host/services/abi_views.hpp"

namespace certspan::worker {
namespace {

const HostFacts& facts_of(void* context) {
  return static_cast<const HostedServices*>(context)->facts();
}

FrameWriter asking(Service service) {
  return FrameWriter(FrameKind::Ask, static_cast<std::uint8_t>(service));
}

FrameWriter telling(Service service) {
  return FrameWriter(FrameKind::Tell, static_cast<std::uint8_t>(service));
}

/// Sends a question whose answer is an outcome alone.
certspan_outcome outcome_of(const FrameWriter& question) {
  WipedBytes octets;
  if (!HostLine::ask(question, octets)) return CERTSPAN_UNAVAILABLE;
  FrameReader reply(octets.view());
  const auto outcome = reply.number<certspan_outcome>();
  return reply.complete() ? outcome : CERTSPAN_INTERNAL;
}

/// Sends a question whose answer is what `read` makes of the reply.
template <typename Read>
certspan_outcome answer_of(const FrameWriter& question, const Read& read) {
  WipedBytes octets;
  if (!HostLine::ask(question, octets)) return CERTSPAN_UNAVAILABLE;
  FrameReader reply(octets.view());
  return read(reply);
}

std::int32_t log_enabled(void* context, std::int32_t level) noexcept {
  return level >= CERTSPAN_LOG_DEBUG && level <= CERTSPAN_LOG_ERROR && facts_of(context).logs(level) ? 1 : 0;
}

void log_write(void* context, std::int32_t level, certspan_string_view event, const certspan_label* fields,
               std::uint64_t count) noexcept try {
  if (log_enabled(context, level) == 0) return;
  constexpr std::uint64_t kMostFields = 32;
  FrameWriter frame = telling(Service::Log);
  frame.number(level);
  frame.view(event);
  frame.list(fields, std::min(count, kMostFields));
  static_cast<void>(HostLine::tell(frame));
} catch (...) {
  // As in the host: a record that can't be written is dropped.
}

std::uint64_t clock_monotonic_ns(void* context) noexcept {
  return facts_of(context).monotonic_ns();
}

std::int64_t clock_wall_ms(void* context) noexcept {
  return facts_of(context).wall_ms();
}

certspan_outcome secrets_open(void*, certspan_string_view token, const certspan_bytes_sink* sink) noexcept
    try {
  FrameWriter question = asking(Service::OpenSecret);
  question.view(token);
  return answer_of(question, [&](FrameReader& reply) { return read_value(reply, sink); });
} catch (...) {
  return CERTSPAN_INTERNAL;
}

/// Hands on what one reply holds; tells whether the sink wants more, and where to go on from.
struct Records {
  const certspan_store_sink* sink;
  bool wanted = true;
  std::uint64_t count = 0;
  Bytes last;
  std::uint64_t last_revision = 0;

  certspan_outcome take(const FrameWriter& question, bool& more) {
    return answer_of(question, [&](FrameReader& reply) {
      const certspan_outcome outcome = read_parts(reply, [&](FrameReader& part) { give(part); });
      more = reply.number<std::uint8_t>() != 0;
      return reply.complete() ? outcome : CERTSPAN_INTERNAL;
    });
  }
  void give(FrameReader& part) {
    const auto key = part.octets();
    const auto revision = part.number<std::uint64_t>();
    const auto value = part.octets();
    if (!part.good() || !wanted) return;
    wanted = sink->record(sink->context, key, revision, value) != 0;
    ++count;
    last = copy_of(from_abi(key));
    last_revision = revision;
  }
};

certspan_outcome store_get(void*, certspan_bytes_view key, const certspan_store_sink* sink) noexcept try {
  FrameWriter question = asking(Service::StoreGet);
  question.view(key);
  Records records{sink, true, 0, {}, 0};
  bool more = false;
  const certspan_outcome outcome = records.take(question, more);
  const bool told = outcome == CERTSPAN_REJECTED || (outcome == CERTSPAN_OK && records.count == 1);
  if (told) HostLine::saw(from_abi(key), records.last_revision);
  return outcome;
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome store_scan(void*, certspan_bytes_view prefix, certspan_bytes_view after, std::uint64_t limit,
                            const certspan_store_sink* sink) noexcept try {
  Records records{sink, true, 0, copy_of(from_abi(after)), 0};
  for (;;) {
    FrameWriter question = asking(Service::StoreScan);
    question.view(prefix);
    question.bytes(records.last);
    question.number(limit - records.count);
    bool more = false;
    const certspan_outcome outcome = records.take(question, more);
    if (outcome != CERTSPAN_OK || !more || !records.wanted || records.count >= limit) return outcome;
  }
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome store_commit(void*, const certspan_store_write* writes, std::uint64_t count) noexcept try {
  if (HostLine::stage(writes, count)) return CERTSPAN_OK;
  FrameWriter question = asking(Service::StoreCommit);
  question.list(writes, count);
  return outcome_of(question);
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome http_add_route(void*, const certspan_http_route* route) noexcept try {
  FrameWriter question = asking(Service::AddRoute);
  transfer(question, *route);
  return outcome_of(question);
} catch (...) {
  return CERTSPAN_INTERNAL;
}

void http_respond(void*, certspan_http_exchange*, const certspan_http_response* response) noexcept try {
  FrameWriter frame = telling(Service::Respond);
  transfer(frame, *response);
  static_cast<void>(HostLine::tell_at_end(frame));
} catch (...) {
  // The exchange stays open, and gets 503.
}

void submit(void*, certspan_http_exchange*, const certspan_submission* submission,
            certspan_bytes_view reply_context) noexcept try {
  FrameWriter frame = telling(Service::Submit);
  transfer(frame, *submission);
  frame.view(reply_context);
  static_cast<void>(HostLine::tell_at_end(frame));
} catch (...) {
  // As above.
}

void poll_for(void*, certspan_http_exchange*, certspan_bytes_view poll_key,
              certspan_string_view transaction_id, certspan_bytes_view reply_context) noexcept try {
  FrameWriter frame = telling(Service::PollFor);
  frame.view(poll_key);
  frame.view(transaction_id);
  frame.view(reply_context);
  static_cast<void>(HostLine::tell_at_end(frame));
} catch (...) {
  // As above.
}

certspan_outcome bring(void*, const certspan_submission* submission) noexcept try {
  FrameWriter question = asking(Service::Bring);
  transfer(question, *submission);
  return outcome_of(question);
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome issuers_chain(void*, certspan_string_view pipeline, const certspan_chain_sink* sink) noexcept
    try {
  FrameWriter question = asking(Service::IssuersChain);
  question.view(pipeline);
  return answer_of(question, [&](FrameReader& reply) { return read_chain(reply, sink); });
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome issuers_find(void*, certspan_string_view pipeline, const certspan_find_request* request,
                              const certspan_find_sink* sink) noexcept try {
  FrameWriter question = asking(Service::IssuersFind);
  question.view(pipeline);
  transfer(question, *request);
  return answer_of(question, [&](FrameReader& reply) { return read_found(reply, sink); });
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome issuers_crl(void*, certspan_string_view pipeline, const certspan_crl_request* request,
                             const certspan_bytes_sink* sink) noexcept try {
  FrameWriter question = asking(Service::IssuersCrl);
  question.view(pipeline);
  transfer(question, *request);
  return answer_of(question, [&](FrameReader& reply) { return read_value(reply, sink); });
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome issuers_next_ca(void*, certspan_string_view pipeline,
                                 const certspan_bytes_sink* sink) noexcept try {
  FrameWriter question = asking(Service::IssuersNextCa);
  question.view(pipeline);
  return answer_of(question, [&](FrameReader& reply) { return read_value(reply, sink); });
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome issuers_status(void*, certspan_string_view issuer, const certspan_status_request* request,
                                const certspan_bytes_sink* sink) noexcept try {
  FrameWriter question = asking(Service::IssuersStatus);
  question.view(issuer);
  transfer(question, *request);
  return answer_of(question, [&](FrameReader& reply) { return read_value(reply, sink); });
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome http_send(void*, const certspan_http_out_request* request,
                           const certspan_http_out_sink* sink) noexcept try {
  FrameWriter question = asking(Service::SendHttp);
  transfer(question, *request);
  question.number(static_cast<std::uint8_t>(request->tls != nullptr ? 1 : 0));
  if (request->tls != nullptr) transfer(question, *request->tls);
  return answer_of(question, [&](FrameReader& reply) {
    return read_parts(reply, [&](FrameReader& part) {
      const auto result = part.sized<certspan_http_out_result>();
      if (part.good()) sink->result(sink->context, &result);
    });
  });
} catch (...) {
  return CERTSPAN_INTERNAL;
}

certspan_outcome http_answered_by_ca(void*, std::uint64_t exchange) noexcept try {
  FrameWriter question = asking(Service::AnsweredByCa);
  question.number(exchange);
  return outcome_of(question);
} catch (...) {
  return CERTSPAN_INTERNAL;
}

constexpr certspan_service_log kLog{sizeof(certspan_service_log), 0, &log_enabled, &log_write};
constexpr certspan_service_clock kClock{sizeof(certspan_service_clock), 0, &clock_monotonic_ns,
                                        &clock_wall_ms};
constexpr certspan_service_secrets kSecrets{sizeof(certspan_service_secrets), 0, &secrets_open};
constexpr certspan_service_store kStore{sizeof(certspan_service_store), 0, &store_get, &store_scan,
                                        &store_commit};
constexpr certspan_service_http_in kHttpIn{sizeof(certspan_service_http_in), 0, &http_add_route,
                                           &http_respond};
constexpr certspan_service_http_out kHttpOut{sizeof(certspan_service_http_out), 0, &http_send,
                                             &http_answered_by_ca};
constexpr certspan_service_submit kSubmit{sizeof(certspan_service_submit), 0, &submit, &poll_for, &bring};
constexpr certspan_service_issuers kIssuers{sizeof(certspan_service_issuers),
                                            0,
                                            &issuers_chain,
                                            &issuers_find,
                                            &issuers_crl,
                                            &issuers_next_ca,
                                            &issuers_status};

struct Offer {
  std::string_view id;
  const void* table;
};
/// In the order of WorkerInstance::creation.
constexpr std::array<Offer, HostedServices::kServices> kOffers = {{{CERTSPAN_SERVICE_LOG, &kLog},
                                                                   {CERTSPAN_SERVICE_CLOCK, &kClock},
                                                                   {CERTSPAN_SERVICE_SECRETS, &kSecrets},
                                                                   {CERTSPAN_SERVICE_STORE, &kStore},
                                                                   {CERTSPAN_SERVICE_HTTP_IN, &kHttpIn},
                                                                   {CERTSPAN_SERVICE_HTTP_OUT, &kHttpOut},
                                                                   {CERTSPAN_SERVICE_SUBMIT, &kSubmit},
                                                                   {CERTSPAN_SERVICE_ISSUERS, &kIssuers}}};

}  // namespace

HostedServices::HostedServices(const HostFacts& facts) : facts_(facts) {
  host_.struct_size = sizeof(host_);
  host_.abi_major = CERTSPAN_ABI_MAJOR;
  host_.abi_minor = CERTSPAN_ABI_MINOR;
  host_.abi_build = CERTSPAN_ABI_BUILD;
  host_.context = this;
  host_.service = &find;
}

void HostedServices::read_offered(FrameReader& frame) {
  for (bool& offered : offered_) offered = frame.number<std::uint8_t>() != 0;
}

const void* HostedServices::find(void* context, const char* id) noexcept {
  const auto& offered = static_cast<const HostedServices*>(context)->offered_;
  if (id == nullptr) return nullptr;
  for (std::size_t i = 0; i < kOffers.size(); ++i) {
    if (kOffers[i].id == id && offered[i]) return kOffers[i].table;
  }
  return nullptr;
}

}  // namespace certspan::worker
