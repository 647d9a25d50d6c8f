#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include <nlohmann/json.hpp>

#include "host/base/result.hpp"
#include "host/config/config.hpp"
#include "host/journal/journal.hpp"

namespace certspan {

/// The work items of the running host, or of its journal when it is down; which of the two is found out once.
/// Asks page by page, so that neither side holds more than one. For one thread.
class WorkSource {
 public:
  struct Options {
    bool newest_first = false;
    bool certificates = false;  ///< with what the journal holds of them, in hexadecimal
    bool standing = false;      ///< with "revoked", as work_show has it
  };

  /// `config` outlives this. Errors: those of asking the host and of open_journal.
  static Result<WorkSource> open(const Config& config);

  /// Hands every item that the filter takes to `visit`, once, as work_to_json has it; no more than the
  /// filter's limit, and none that is accepted after this has begun. Returns how many. Errors: those of
  /// asking and reading, and those of `visit`.
  Result<std::size_t> read(const ItemFilter& filter, Options options,
                           const std::function<Result<void>(const nlohmann::json& work)>& visit);

  /// Of a filter that found nothing and names what the configuration does not have: what was probably meant.
  /// Errors: work.bad_filter.
  Result<void> explain_nothing(const ItemFilter& filter) const;

 private:
  explicit WorkSource(const Config& config) : config_(&config) {}

  Result<nlohmann::json> ask(const nlohmann::json& arguments);

  const Config* config_;
  std::unique_ptr<Journal> journal_;  ///< null: the host is asked
};

}  // namespace certspan
