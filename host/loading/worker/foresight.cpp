#include "host/loading/worker/foresight.hpp"

#include <algorithm>

namespace certspan::worker {
namespace {

constexpr std::size_t kMostQuestions = 4;
constexpr std::size_t kLongestQuestion = 1024;
constexpr std::size_t kLongestReply = 16UL * 1024;
/// The host can't see which answers a worker used, so now and then a question has to be asked again to count.
constexpr unsigned kMostUses = 256;
/// Shorter ones would be found in a question by chance.
constexpr std::size_t kShortestKey = 16;

}  // namespace

void Foresight::learn(Call call, BytesView item_key, BytesView question) {
  // A record of another name may be written by another call meanwhile, which a plugin's own lock would keep
  // from happening between its reading and its writing. The calls of one item come one after the other.
  if (static_cast<Service>(question[1]) != Service::StoreGet || item_key.size() < kShortestKey ||
      question.size() > kLongestQuestion) {
    return;
  }
  const auto found = std::search(question.begin(), question.end(), item_key.begin(), item_key.end());
  if (found == question.end()) return;
  const auto key_at = static_cast<std::size_t>(found - question.begin());
  const std::lock_guard lock(mutex_);
  std::vector<Question>& known = known_[static_cast<std::size_t>(call)];
  if (known.size() < kMostQuestions) known.push_back({copy_of(question), key_at, 0});
}

std::vector<Bytes> Foresight::questions(Call call, BytesView item_key) {
  std::vector<Bytes> filled;
  const std::lock_guard lock(mutex_);
  std::vector<Question>& known = known_[static_cast<std::size_t>(call)];
  for (Question& question : known) {
    ++question.uses;
    if (question.key_at + item_key.size() > question.frame.size()) continue;
    filled.push_back(question.frame);
    std::ranges::copy(item_key, filled.back().begin() + static_cast<std::ptrdiff_t>(question.key_at));
  }
  std::erase_if(known, [](const Question& question) { return question.uses >= kMostUses; });
  return filled;
}

void Foresight::foresee(Call call, BytesView item_key, ServiceDesk& desk, WipedBytes& ahead) {
  if (item_key.size() < kShortestKey) return;
  for (const Bytes& question : questions(call, item_key)) {
    FrameWriter reply(FrameKind::Reply, question[1]);
    if (!desk.serve(question, reply) || reply.frame().size() > kLongestReply) continue;
    add_frame(ahead, question);
    add_frame(ahead, reply.frame());
  }
}

}  // namespace certspan::worker
