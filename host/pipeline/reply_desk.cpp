#include "host/pipeline/reply_desk.hpp"

#include <utility>

#include "host/base/failpoint.hpp"

namespace certspan {

/// What a source is told, owned: the clients are answered on a thread of the cpu pool after the caller has
/// gone on.
struct ReplyDesk::Telling {
  Outcome outcome;
  std::string id;
  std::string code;
  Bytes certificate;
  IssuerChains::Chain chain;
};

void ReplyDesk::finished(std::vector<Waiter> waiters, const WorkItem& item, BytesView certificate) {
  if (waiters.empty()) return;
  if (item.state == ItemState::Dead) return try_later(waiters);
  Telling telling{item.outcome, to_string(item.id), item.code, copy_of(certificate), nullptr};
  if (item.state == ItemState::Done) telling.chain = runtime_.config()->chains.held(item.issuer);
  tell(std::move(waiters), std::move(telling));
}

void ReplyDesk::pending(std::vector<Waiter> waiters, WorkId id) {
  if (waiters.empty()) return;
  tell(std::move(waiters), {Outcome::Pending, to_string(id), {}, {}, nullptr});
}

void ReplyDesk::refused(std::vector<Waiter> waiters, Outcome outcome, std::string_view code) {
  tell(std::move(waiters), {outcome, {}, std::string(code), {}, nullptr});
}

void ReplyDesk::try_later(const std::vector<Waiter>& waiters, std::uint32_t retry_after_s) {
  for (const Waiter& waiter : waiters) {
    HttpResponse response;
    response.status = 503;
    response.retry_after_s = retry_after_s;
    response.content_type = "text/plain";
    response.body = copy_of(as_bytes("try again later\n"));
    waiter.exchange->respond(std::move(response));
  }
}

void ReplyDesk::tell(std::vector<Waiter> waiters, Telling telling) {
  static const std::vector<Bytes> kNoChain;
  for (Waiter& waiter : waiters) {
    certspan_http_exchange exchange(waiter.exchange);
    const ReplyView view{telling.outcome, telling.id,          waiter.transaction_id,
                         telling.code,    telling.certificate, telling.chain ? *telling.chain : kNoChain};
    CERTSPAN_FAILPOINT("reply.before");
    const bool told =
        waiter.maker && waiter.maker->reply(view, waiter.context, &exchange) && exchange.answered;
    if (!told) {
      std::vector<Waiter> one;
      one.push_back(std::move(waiter));
      try_later(one);
    }
    CERTSPAN_FAILPOINT("reply.after");
  }
}

}  // namespace certspan
