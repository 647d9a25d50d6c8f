#include "host/loading/worker/service_desk.hpp"

#include <array>
#include <string>

#include "host/loading/worker/call_frames.hpp"
#include "host/loading/worker/transfer.hpp"
#include "host/services/abi_views.hpp"

namespace certspan::worker {
namespace {

/// Octets of a scan that go in one reply; the worker asks on from there.
constexpr std::size_t kScanReply = 256UL * 1024;
constexpr std::uint64_t kMostLogFields = 32;

template <typename Table>
const Table* table_of(const certspan_host* host, const char* id) {
  return host == nullptr ? nullptr : static_cast<const Table*>(host->service(host->context, id));
}

/// Puts each record into the reply. A scan stops when that is full, which the last field says.
struct RecordSink {
  explicit RecordSink(FrameWriter& to) : reply(to), parts(to) {
    sink.struct_size = sizeof(sink);
    sink.context = this;
    sink.record = &on_record;
  }
  static std::int32_t on_record(void* context, certspan_bytes_view key, std::uint64_t revision,
                                certspan_bytes_view value) noexcept {
    auto& self = *static_cast<RecordSink*>(context);
    FrameWriter& part = self.parts.next();
    part.view(key);
    part.number(revision);
    part.view(value);
    self.full = self.reply.frame().size() > kScanReply;
    return self.full ? 0 : 1;
  }
  void end(certspan_outcome outcome) {
    parts.end(outcome);
    reply.number(static_cast<std::uint8_t>(full ? 1 : 0));
  }

  FrameWriter& reply;
  PartWriter parts;
  bool full = false;
  certspan_store_sink sink{};
};

}  // namespace

ServiceTables::ServiceTables(const certspan_host* h)
    : host(h),
      log(table_of<certspan_service_log>(h, CERTSPAN_SERVICE_LOG)),
      clock(table_of<certspan_service_clock>(h, CERTSPAN_SERVICE_CLOCK)),
      secrets(table_of<certspan_service_secrets>(h, CERTSPAN_SERVICE_SECRETS)),
      store(table_of<certspan_service_store>(h, CERTSPAN_SERVICE_STORE)),
      http_in(table_of<certspan_service_http_in>(h, CERTSPAN_SERVICE_HTTP_IN)),
      http_out(table_of<certspan_service_http_out>(h, CERTSPAN_SERVICE_HTTP_OUT)),
      submit(table_of<certspan_service_submit>(h, CERTSPAN_SERVICE_SUBMIT)),
      issuers(table_of<certspan_service_issuers>(h, CERTSPAN_SERVICE_ISSUERS)) {}

bool ServiceDesk::serve(BytesView frame_octets, FrameWriter& reply) {
  FrameReader frame(frame_octets);
  if (!offered(static_cast<Service>(frame.operation()))) return false;
  if (frame.kind() == FrameKind::Tell) return tell(frame);
  return frame.kind() == FrameKind::Ask && take_writes(frame.ahead()) && ask(frame, reply);
}

bool ServiceDesk::take_writes(BytesView ahead) {
  return each_frame(ahead, [this](BytesView octets) {
    FrameReader frame(octets);
    return take_write(frame);
  });
}

bool ServiceDesk::take_write(FrameReader& frame) {
  if (frame.kind() != FrameKind::Tell ||
      frame.operation() != static_cast<std::uint8_t>(Service::StoreCommit)) {
    return false;
  }
  const certspan_store_write* writes = nullptr;
  std::uint64_t count = 0;
  frame.list(writes, count);
  if (!frame.complete() || tables_.store == nullptr) return false;
  // With one broken promise the call is void, and later writes may rest on it.
  broke_promise_ =
      broke_promise_ || tables_.store->commit(tables_.host->context, writes, count) != CERTSPAN_OK;
  return true;
}

bool ServiceDesk::end(const FrameReader& done) {
  return each_frame(done.ahead(), [this](BytesView octets) {
    FrameReader frame(octets);
    switch (static_cast<Service>(frame.operation())) {
      case Service::Respond:
      case Service::Submit:
      case Service::PollFor:
        // A plugin does one thing with its exchange; the rest would be without effect.
        if (at_end_.empty()) at_end_ = octets;
        return frame.kind() == FrameKind::Tell && offered(static_cast<Service>(frame.operation()));
      default:
        return take_write(frame);
    }
  });
}

/// The worker knows what there is and asks for nothing else.
bool ServiceDesk::offered(Service service) const {
  switch (service) {
    case Service::Note:
      return true;
    case Service::ShutIn:
      return false;
    case Service::Log:
      return tables_.log != nullptr;
    case Service::OpenSecret:
      return tables_.secrets != nullptr;
    case Service::StoreGet:
    case Service::StoreScan:
    case Service::StoreCommit:
      return tables_.store != nullptr;
    case Service::AddRoute:
    case Service::Respond:
      return tables_.http_in != nullptr;
    case Service::Submit:
    case Service::PollFor:
    case Service::Bring:
      return tables_.submit != nullptr;
    case Service::IssuersChain:
    case Service::IssuersFind:
    case Service::IssuersCrl:
    case Service::IssuersNextCa:
    case Service::IssuersStatus:
      return tables_.issuers != nullptr;
    case Service::SendHttp:
    case Service::AnsweredByCa:
      return tables_.http_out != nullptr;
  }
  return false;
}

bool ServiceDesk::ask(FrameReader& frame, FrameWriter& reply) {
  switch (static_cast<Service>(frame.operation())) {
    case Service::Note:
      return note(frame, reply);
    case Service::OpenSecret:
      return open_secret(frame, reply);
    case Service::StoreGet:
      return store_get(frame, reply);
    case Service::StoreScan:
      return store_scan(frame, reply);
    case Service::StoreCommit:
      return store_commit(frame, reply);
    case Service::AddRoute:
      return add_route(frame, reply);
    case Service::IssuersChain:
      return chain(frame, reply);
    case Service::IssuersFind:
      return find(frame, reply);
    case Service::IssuersCrl:
      return crl(frame, reply);
    case Service::IssuersNextCa:
      return next_ca(frame, reply);
    case Service::IssuersStatus:
      return status(frame, reply);
    case Service::SendHttp:
      return send_http(frame, reply);
    case Service::AnsweredByCa:
      return answered_by_ca(frame, reply);
    case Service::Bring:
      return bring(frame, reply);
    default:
      return false;
  }
}

bool ServiceDesk::tell(FrameReader& frame) {
  switch (static_cast<Service>(frame.operation())) {
    case Service::Log:
      return log(frame);
    case Service::Respond:
    case Service::Submit:
    case Service::PollFor:
      // By a thread that is inside of no call, and so has no exchange.
      return true;
    default:
      return false;
  }
}

void ServiceDesk::finish() {
  if (at_end_.empty()) return;
  FrameReader frame(at_end_);
  on_exchange(frame);
  at_end_ = {};
}

/// Without an exchange, or with a broken frame, nothing is done: the exchange stays open and gets 503.
void ServiceDesk::on_exchange(FrameReader& frame) {
  if (exchange_ == nullptr) return;
  void* context = tables_.host->context;
  switch (static_cast<Service>(frame.operation())) {
    case Service::Respond: {
      const auto response = frame.sized<certspan_http_response>();
      if (frame.complete()) tables_.http_in->respond(context, exchange_, &response);
      return;
    }
    case Service::Submit: {
      const auto submission = frame.sized<certspan_submission>();
      const auto reply_context = frame.octets();
      if (frame.complete()) tables_.submit->submit(context, exchange_, &submission, reply_context);
      return;
    }
    default: {
      const auto poll_key = frame.octets();
      const std::string_view transaction_id = frame.text();
      const auto reply_context = frame.octets();
      if (frame.complete()) {
        tables_.submit->poll(context, exchange_, poll_key, to_abi(transaction_id), reply_context);
      }
    }
  }
}

bool ServiceDesk::note(FrameReader& frame, FrameWriter& reply) {
  const auto octets = frame.octets();
  if (!frame.complete()) return false;
  reply.number(answer_ == nullptr ? CERTSPAN_UNSUPPORTED : answer_->note(answer_->context, octets));
  return true;
}

bool ServiceDesk::log(FrameReader& frame) {
  const auto level = frame.number<std::int32_t>();
  certspan_string_view event{};
  frame.view(event);
  const certspan_label* fields = nullptr;
  std::uint64_t count = 0;
  frame.list(fields, count);
  std::uint64_t dropped = 0;
  if (!frame.complete() || count > kMostLogFields) return false;
  if (tables_.log->enabled(tables_.host->context, level) == 0 || !quota_.take(dropped)) return true;
  if (dropped != 0) {
    const std::string number = std::to_string(dropped);
    const certspan_label field{to_abi(std::string_view("records")), to_abi(std::string_view(number))};
    tables_.log->write(tables_.host->context, CERTSPAN_LOG_WARN,
                       to_abi(std::string_view("worker logs too much, records were dropped")), &field, 1);
  }
  tables_.log->write(tables_.host->context, level, event, fields, count);
  return true;
}

bool ServiceDesk::open_secret(FrameReader& frame, FrameWriter& reply) {
  const std::string_view token = frame.text();
  if (!frame.complete()) return false;
  ValueWriter secret(reply);
  secret.end(tables_.secrets->open(tables_.host->context, to_abi(token), secret.sink()));
  return true;
}

bool ServiceDesk::store_get(FrameReader& frame, FrameWriter& reply) {
  const auto key = frame.octets();
  if (!frame.complete()) return false;
  RecordSink records(reply);
  records.end(tables_.store->get(tables_.host->context, key, &records.sink));
  return true;
}

bool ServiceDesk::store_scan(FrameReader& frame, FrameWriter& reply) {
  const auto prefix = frame.octets();
  const auto after = frame.octets();
  const auto limit = frame.number<std::uint64_t>();
  if (!frame.complete()) return false;
  RecordSink records(reply);
  records.end(tables_.store->scan(tables_.host->context, prefix, after, limit, &records.sink));
  return true;
}

bool ServiceDesk::store_commit(FrameReader& frame, FrameWriter& reply) {
  const certspan_store_write* writes = nullptr;
  std::uint64_t count = 0;
  frame.list(writes, count);
  if (!frame.complete()) return false;
  reply.number(tables_.store->commit(tables_.host->context, writes, count));
  return true;
}

bool ServiceDesk::add_route(FrameReader& frame, FrameWriter& reply) {
  const auto route = frame.sized<certspan_http_route>();
  if (!frame.complete()) return false;
  reply.number(tables_.http_in->add_route(tables_.host->context, &route));
  return true;
}

bool ServiceDesk::chain(FrameReader& frame, FrameWriter& reply) {
  const std::string_view pipeline = frame.text();
  if (!frame.complete()) return false;
  ChainWriter chain(reply);
  chain.end(tables_.issuers->chain(tables_.host->context, to_abi(pipeline), chain.sink()));
  return true;
}

bool ServiceDesk::find(FrameReader& frame, FrameWriter& reply) {
  const std::string_view pipeline = frame.text();
  const auto request = frame.sized<certspan_find_request>();
  if (!frame.complete()) return false;
  FoundWriter found(reply);
  found.end(tables_.issuers->find(tables_.host->context, to_abi(pipeline), &request, found.sink()));
  return true;
}

bool ServiceDesk::crl(FrameReader& frame, FrameWriter& reply) {
  const std::string_view pipeline = frame.text();
  const auto request = frame.sized<certspan_crl_request>();
  if (!frame.complete()) return false;
  ValueWriter crl(reply);
  crl.end(tables_.issuers->crl(tables_.host->context, to_abi(pipeline), &request, crl.sink()));
  return true;
}

bool ServiceDesk::next_ca(FrameReader& frame, FrameWriter& reply) {
  const std::string_view pipeline = frame.text();
  if (!frame.complete()) return false;
  ValueWriter message(reply);
  message.end(tables_.issuers->next_ca(tables_.host->context, to_abi(pipeline), message.sink()));
  return true;
}

bool ServiceDesk::status(FrameReader& frame, FrameWriter& reply) {
  const std::string_view issuer = frame.text();
  const auto request = frame.sized<certspan_status_request>();
  if (!frame.complete()) return false;
  ValueWriter status(reply);
  status.end(
      tables_.issuers->certificate_status(tables_.host->context, to_abi(issuer), &request, status.sink()));
  return true;
}

bool ServiceDesk::send_http(FrameReader& frame, FrameWriter& reply) {
  auto request = frame.sized<certspan_http_out_request>();
  certspan_http_out_tls tls{};
  if (frame.number<std::uint8_t>() != 0) {
    tls = frame.sized<certspan_http_out_tls>();
    request.tls = &tls;
  }
  if (!frame.complete()) return false;
  PartWriter parts(reply);
  certspan_http_out_sink sink{};
  sink.struct_size = sizeof(sink);
  sink.context = &parts;
  sink.result = [](void* context, const certspan_http_out_result* result)
                    CERTSPAN_NOEXCEPT { transfer(static_cast<PartWriter*>(context)->next(), *result); };
  parts.end(tables_.http_out->send(tables_.host->context, &request, &sink));
  return true;
}

bool ServiceDesk::answered_by_ca(FrameReader& frame, FrameWriter& reply) {
  const auto exchange = frame.number<std::uint64_t>();
  if (!frame.complete()) return false;
  reply.number(tables_.http_out->answered_by_ca(tables_.host->context, exchange));
  return true;
}

bool ServiceDesk::bring(FrameReader& frame, FrameWriter& reply) {
  const auto submission = frame.sized<certspan_submission>();
  if (!frame.complete()) return false;
  reply.number(tables_.submit->bring(tables_.host->context, &submission));
  return true;
}

}  // namespace certspan::worker
