#include "host/rehearsal/script.hpp"

namespace certspan {

Script::Script(const TestConfig& test) {
  const MutexLock lock(mutex_);
  for (const ActorConfig& actor : test.connectors) {
    parts_[actor.name.name] = {&actor, std::vector<std::uint32_t>(actor.answers.size(), 0)};
  }
}

std::optional<Script::Line> Script::next(std::string_view connector, std::string_view call) {
  const MutexLock lock(mutex_);
  const auto found = parts_.find(connector);
  if (found == parts_.end()) return std::nullopt;
  Part& part = found->second;
  for (std::size_t i = 0; i < part.used.size(); ++i) {
    const AnswerConfig& answer = part.actor->answers[i];
    if (part.used[i] >= answer.times) continue;
    if (!answer.call.name.empty() && answer.call.name != call) continue;
    ++part.used[i];
    return Line{i, &answer};
  }
  return std::nullopt;
}

void Script::use(std::string_view connector, std::size_t index) {
  const MutexLock lock(mutex_);
  const auto found = parts_.find(connector);
  if (found != parts_.end()) ++found->second.used.at(index);
}

std::vector<std::string> Script::unused() const {
  const MutexLock lock(mutex_);
  std::vector<std::string> unused;
  for (const auto& [connector, part] : parts_) {
    for (std::size_t i = 0; i < part.used.size(); ++i) {
      if (part.used[i] == 0) unused.push_back(connector + " " + std::to_string(i + 1));
    }
  }
  return unused;
}

}  // namespace certspan
