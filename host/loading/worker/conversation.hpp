#pragma once

#include <chrono>

#include "host/loading/worker/foresight.hpp"
#include "host/loading/worker/frame_socket.hpp"
#include "host/loading/worker/service_desk.hpp"

namespace certspan::worker {

/// How a call into a worker ended.
enum class CallEnd : std::uint8_t {
  Done,     ///< with what the plugin said
  NotSent,  ///< it never left the host
  Lost,     ///< the worker ended, or broke the rules, in the middle of it
  Late,     ///< the worker did not come back in time
  Unkept,   ///< it was told that a write would be taken, which somebody else's came before
};

/// The item that a call is about, if any.
struct AboutItem {
  BytesView key;                   ///< borrowed
  Foresight* foresight = nullptr;  ///< what the plugin asks about items
};

/// Sends a call over a slot, with what the plugin is likely to ask for, serves what it asks for meanwhile,
/// and waits for its end. The desk's `finish` is left to the caller, who keeps `done` until then.
CallEnd converse(const FrameSocket& slot, const FrameWriter& call, const AboutItem& item, ServiceDesk& desk,
                 std::chrono::steady_clock::time_point deadline, WipedBytes& done);

}  // namespace certspan::worker
