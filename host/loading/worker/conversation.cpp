#include "host/loading/worker/conversation.hpp"

namespace certspan::worker {

CallEnd converse(const FrameSocket& slot, const FrameWriter& call, const AboutItem& item, ServiceDesk& desk,
                 std::chrono::steady_clock::time_point deadline, WipedBytes& done) {
  const auto what = static_cast<Call>(call.operation());
  WipedBytes foreseen;
  if (item.foresight != nullptr) item.foresight->foresee(what, item.key, desk, foreseen);
  if (!slot.send(call.frame(), foreseen.view())) return CallEnd::NotSent;
  for (;;) {
    const Received received = slot.receive(done, deadline);
    if (received == Received::Late) return CallEnd::Late;
    if (received == Received::Ended) return CallEnd::Lost;
    const FrameReader frame(done.view());
    if (frame.kind() == FrameKind::Done) return desk.end(frame) ? CallEnd::Done : CallEnd::Lost;
    FrameWriter reply(FrameKind::Reply, frame.operation());
    if (!desk.serve(done.view(), reply)) return CallEnd::Lost;
    if (frame.kind() != FrameKind::Ask) continue;
    if (!slot.send(reply.frame())) return CallEnd::Lost;
    if (item.foresight != nullptr && frame.ahead().empty()) {
      item.foresight->learn(what, item.key, done.view());
    }
  }
}

}  // namespace certspan::worker
