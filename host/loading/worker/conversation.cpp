#include "host/loading/worker/conversation.hpp"

namespace certspan::worker {

CallEnd converse(const FrameSocket& slot, const FrameWriter& call, ServiceDesk& desk,
                 std::chrono::steady_clock::time_point deadline, WipedBytes& done) {
  if (!slot.send(call.frame())) return CallEnd::NotSent;
  for (;;) {
    const Received received = slot.receive(done, deadline);
    if (received == Received::Late) return CallEnd::Late;
    if (received == Received::Ended) return CallEnd::Lost;
    const FrameReader frame(done.view());
    if (frame.kind() == FrameKind::Done) return CallEnd::Done;
    FrameWriter reply(FrameKind::Reply, frame.operation());
    if (!desk.serve(done.view(), reply)) return CallEnd::Lost;
    if (frame.kind() == FrameKind::Ask && !slot.send(reply.frame())) return CallEnd::Lost;
  }
}

}  // namespace certspan::worker
