#pragma once

#include <atomic>

#include <certspan/abi/plugin.h>

#include "host/loading/worker/frame.hpp"
#include "host/loading/worker/frame_socket.hpp"
#include "host/loading/worker/hosted_services.hpp"

namespace certspan::worker {

/// The worker's side: takes calls from slots, one thread each, makes them on the plugin, and writes what came
/// of them.
class PluginRunner {
 public:
  /// `type` is one of the plugin that this process has loaded.
  explicit PluginRunner(const certspan_connector_type& type) : type_(type), services_(facts_) {}
  PluginRunner(const PluginRunner&) = delete;
  PluginRunner& operator=(const PluginRunner&) = delete;

  /// Serves a slot until the host drops it.
  void serve(const FrameSocket& slot);

 private:
  bool run(FrameReader& call, FrameWriter& done);
  bool lifecycle(FrameReader& call, FrameWriter& done);
  void validate_config(FrameReader& call, FrameWriter& done) const;
  void create(FrameReader& call, FrameWriter& done);
  void act(FrameReader& call, FrameWriter& done) const;
  void handle(FrameReader& call) const;
  void reply(FrameReader& call) const;
  void ask(FrameReader& call, FrameWriter& done) const;
  void gather(FrameReader& call, FrameWriter& done) const;
  void chain(FrameWriter& done) const;
  void find(FrameReader& call, FrameWriter& done) const;
  void crl(FrameReader& call, FrameWriter& done) const;
  void next_ca(FrameWriter& done) const;
  void status(FrameReader& call, FrameWriter& done) const;

  const certspan_connector_type& type_;
  HostFacts facts_;
  HostedServices services_;
  std::atomic<certspan_instance*> instance_{nullptr};  // made by one thread, used by others
};

}  // namespace certspan::worker
