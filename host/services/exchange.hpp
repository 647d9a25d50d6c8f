#pragma once

#include <memory>
#include <utility>

#include <certspan/abi/service_http_in.h>

#include "host/services/http/http_exchange.hpp"

/// What a plugin sees of an HTTP exchange: valid during `handle` and `reply` only. Whoever made it looks
/// afterwards whether it was answered or taken over.
struct certspan_http_exchange {
  explicit certspan_http_exchange(certspan::HttpExchangePtr exchange_) : exchange(std::move(exchange_)) {}

  certspan::HttpExchangePtr exchange;
  bool answered = false;
  bool taken = false;  ///< by submit or poll
};
