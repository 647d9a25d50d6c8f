#include "host/app/work_source.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "host/app/filter_words.hpp"
#include "host/app/host_link.hpp"
#include "host/app/journal_access.hpp"
#include "host/app/work_queries.hpp"
#include "host/base/clock.hpp"
#include "host/config/suggest.hpp"

namespace certspan {
namespace {

using Json = nlohmann::json;

tl::unexpected<Error> unreadable_answer() {
  return fail(Outcome::Internal, "control.no_answer",
              "the host's answer can't be read: use the certspan of its own version");
}

Result<void> expect_named(const char* kind, const std::string& word, const std::vector<std::string>& words) {
  if (word.empty() || std::find(words.begin(), words.end(), word) != words.end()) return {};
  const std::string hint = did_you_mean(word, words);
  return fail(Outcome::Invalid, "work.bad_filter",
              std::string("no work item names ") + kind + " \"" + word + "\", nor does the configuration" +
                  (hint.empty() ? "; there are " + listing(words) : "; " + hint));
}

}  // namespace

Result<WorkSource> WorkSource::open(const Config& config) {
  WorkSource source(config);
  Json nothing = {{"filter", {{"limit", 1}}}, {"before", 0}};
  const auto asked = ask_host(config, "work_page", nothing);
  if (asked) return source;
  if (asked.error().code != "control.no_host") return tl::unexpected(asked.error());
  static const SystemClock clock;
  CERTSPAN_TRY(source.journal_, open_offline(config, Offline::Read, clock));
  return source;
}

Result<Json> WorkSource::ask(const Json& arguments) {
  if (journal_) return answer_work_query(*journal_, "work_page", arguments);
  return ask_host(*config_, "work_page", arguments);
}

Result<std::size_t> WorkSource::read(const ItemFilter& filter, Options options,
                                     const std::function<Result<void>(const Json& work)>& visit) try {
  ItemFilter left = filter;
  Json arguments = {{"newest_first", options.newest_first},
                    {"certificates", options.certificates},
                    {"standing", options.standing}};
  std::size_t count = 0;
  for (bool more = true; more && left.limit > 0;) {
    arguments["filter"] = filter_to_words(left);
    CERTSPAN_TRY(const Json page, ask(arguments));
    for (const Json& work : page.at("items")) CERTSPAN_CHECK(visit(work));
    const std::size_t found = page.at("items").size();
    count += found;
    if (left.limit != SIZE_MAX) left.limit -= std::min(found, left.limit);
    if (!arguments.contains("before")) arguments["before"] = page.at("end");
    arguments[options.newest_first ? "before" : "after"] = page.at("last");
    more = page.at("more").get<bool>();
  }
  return count;
} catch (const Json::exception&) {
  return unreadable_answer();
}

Result<void> WorkSource::explain_nothing(const ItemFilter& filter) const {
  std::vector<std::string> pipelines;
  for (const PipelineConfig& pipeline : config_->pipelines) pipelines.push_back(pipeline.name.name);
  std::vector<std::string> connectors;
  for (const ConnectorConfig& connector : config_->connectors) connectors.push_back(connector.name.name);
  CERTSPAN_CHECK(expect_named("pipeline", filter.pipeline, pipelines));
  CERTSPAN_CHECK(expect_named("source", filter.source, connectors));
  return expect_named("connector", filter.connector, connectors);
}

}  // namespace certspan
