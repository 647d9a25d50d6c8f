#pragma once

#include <certspan/abi/plugin.h>
#include <certspan/abi/service_http_out.h>
#include <certspan/abi/service_store.h>
#include <certspan/abi/service_submit.h>
#include <certspan/abi/services.h>

#include "host/base/bytes.hpp"
#include "host/loading/worker/frame.hpp"
#include "host/loading/worker/log_quota.hpp"
#include "host/loading/worker/protocol.hpp"

namespace certspan::worker {

/// The services of one connector's host, found once; none without a host.
struct ServiceTables {
  explicit ServiceTables(const certspan_host* host);

  const certspan_host* host;
  const certspan_service_log* log;
  const certspan_service_clock* clock;
  const certspan_service_secrets* secrets;
  const certspan_service_store* store;
  const certspan_service_http_in* http_in;
  const certspan_service_http_out* http_out;
  const certspan_service_submit* submit;
  const certspan_service_issuers* issuers;
};

/// Does for a plugin in a worker what the services would do for it in the host: reads a frame, calls the
/// service and writes the reply. One for each call, on the thread of the call, so that services find its
/// CallScope; one more for what threads of the plugin ask outside of any call.
class ServiceDesk {
 public:
  /// `answer` and `exchange` are those of the call, or null. All are borrowed.
  ServiceDesk(const ServiceTables& tables, LogQuota& quota, const certspan_answer_sink* answer,
              certspan_http_exchange* exchange)
      : tables_(tables), quota_(quota), answer_(answer), exchange_(exchange) {}
  ServiceDesk(const ServiceDesk&) = delete;
  ServiceDesk& operator=(const ServiceDesk&) = delete;

  /// Serves an Ask or a Tell, after what came ahead of it. False: the frame breaks the rules; else an Ask is
  /// to be answered by `reply`.
  bool serve(BytesView frame_octets, FrameWriter& reply);

  /// What came ahead of a call's end, which the caller keeps until `finish`. False: it breaks the rules.
  bool end(const FrameReader& done);
  /// What the plugin did with the exchange is done when its call is over: then the worker is free for the
  /// next one while the pipeline works.
  void finish();

  /// The plugin was told that its writes to the store are taken, and they were not: somebody else has written
  /// the same records meanwhile. What it answered is void.
  bool broke_promise() const { return broke_promise_; }

 private:
  bool offered(Service service) const;
  bool ask(FrameReader& frame, FrameWriter& reply);
  bool tell(FrameReader& frame);
  bool take_writes(BytesView ahead);
  bool take_write(FrameReader& frame);
  void on_exchange(FrameReader& frame);

  bool note(FrameReader& frame, FrameWriter& reply);
  bool open_secret(FrameReader& frame, FrameWriter& reply);
  bool store_get(FrameReader& frame, FrameWriter& reply);
  bool store_scan(FrameReader& frame, FrameWriter& reply);
  bool store_commit(FrameReader& frame, FrameWriter& reply);
  bool add_route(FrameReader& frame, FrameWriter& reply);
  bool chain(FrameReader& frame, FrameWriter& reply);
  bool find(FrameReader& frame, FrameWriter& reply);
  bool crl(FrameReader& frame, FrameWriter& reply);
  bool next_ca(FrameReader& frame, FrameWriter& reply);
  bool status(FrameReader& frame, FrameWriter& reply);
  bool send_http(FrameReader& frame, FrameWriter& reply);
  bool answered_by_ca(FrameReader& frame, FrameWriter& reply);
  bool bring(FrameReader& frame, FrameWriter& reply);
  bool log(FrameReader& frame);

  const ServiceTables& tables_;
  LogQuota& quota_;
  const certspan_answer_sink* answer_;
  certspan_http_exchange* exchange_;
  BytesView at_end_;
  bool broke_promise_ = false;
};

}  // namespace certspan::worker
