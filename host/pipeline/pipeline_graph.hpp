#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/journal/work_item.hpp"

namespace certspan {

struct Config;

/// What a client hears when its item is not finished within `within`.
struct ReplyRule {
  enum class Then { TryLater, Pending };

  std::chrono::milliseconds within{45000};
  Then then = Then::TryLater;
};

/// The route of work items from one source: the first pipeline of the file that matches takes an item.
struct Pipeline {
  std::string name;
  std::string source;
  /// Label (or "message") and the globs of which one must match. Empty: takes everything.
  std::vector<std::pair<std::string, std::vector<std::string>>> when;
  std::vector<Step> steps;
  ReplyRule reply;
  /// An item that is not done by then is given up, unless it may have been done.
  std::chrono::milliseconds deadline{std::chrono::hours(24 * 7)};
};

/// All pipelines of a configuration. Immutable, so any thread may read it; replaced as a whole by a new
/// configuration.
class PipelineGraph {
 public:
  explicit PipelineGraph(std::vector<Pipeline> pipelines) : pipelines_(std::move(pipelines)) {}

  /// The pipeline that takes an item of `source`, or null.
  const Pipeline* match(std::string_view source, std::string_view message, const Labels& labels) const;
  const Pipeline* find(std::string_view name) const;
  const std::vector<Pipeline>& pipelines() const { return pipelines_; }
  /// Names of the issuers of `pipeline`, or of every pipeline that `connector` is in if `pipeline` is empty;
  /// each once, in file order.
  std::vector<std::string> issuers(std::string_view connector, std::string_view pipeline) const;

 private:
  std::vector<Pipeline> pipelines_;
};

/// The pipelines of a configuration, as the engine runs them.
PipelineGraph graph_of(const Config& config);

}  // namespace certspan
