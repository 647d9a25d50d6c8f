#include "host/services/http/http_exchange.hpp"

#include <utility>

namespace certspan {

HttpExchange::~HttpExchange() {
  respond(HttpResponse{.status = 503, .retry_after_s = 10});
}

bool HttpExchange::respond(HttpResponse response) {
  if (answered_.exchange(true)) return false;
  deliver_(std::move(response));
  return true;
}

}  // namespace certspan
