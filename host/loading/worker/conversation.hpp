#pragma once

#include <chrono>

#include "host/loading/worker/frame_socket.hpp"
#include "host/loading/worker/service_desk.hpp"

namespace certspan::worker {

/// How a call into a worker ended.
enum class CallEnd : std::uint8_t {
  Done,     ///< with what the plugin said
  NotSent,  ///< it never left the host
  Lost,     ///< the worker ended, or broke the rules, in the middle of it
  Late,     ///< the worker did not come back in time
};

/// Sends a call over a slot, serves what the plugin asks for meanwhile, and waits for its end.
CallEnd converse(const FrameSocket& slot, const FrameWriter& call, ServiceDesk& desk,
                 std::chrono::steady_clock::time_point deadline, WipedBytes& done);

}  // namespace certspan::worker
