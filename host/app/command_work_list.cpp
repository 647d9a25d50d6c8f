// Commands that show many work items: of the running host, or of its journal when it is down.

#include <iostream>

#include "host/app/commands.hpp"
#include "host/app/export_format.hpp"
#include "host/app/host_link.hpp"
#include "host/app/output_file.hpp"
#include "host/app/work_report.hpp"
#include "host/app/work_source.hpp"
#include "host/base/wall_text.hpp"

namespace certspan {
namespace {

/// A filter, and what it is held against.
struct Question {
  Config config;
  ItemFilter filter;
};

/// nullopt: it was said why, and `code` is how the command ends.
std::optional<Question> read_question(const CommonOptions& options, const FilterOptions& words,
                                      ExitCode& code) {
  auto filter = words.read();
  if (!filter) {
    code = complain(filter.error(), ExitCode::Usage);
    return std::nullopt;
  }
  auto config = config_for_people(options.config);
  if (!config) {
    code = complain(config.error(), ExitCode::BadConfig);
    return std::nullopt;
  }
  return Question{std::move(*config), std::move(*filter)};
}

/// Nobody's clock but UTC is meant anywhere; a span says here which instant it means.
void tell_times(const ItemFilter& filter) {
  if (filter.since) std::cerr << "accepted from " << rfc3339(*filter.since) << " on\n";
  if (filter.until) std::cerr << "accepted before " << rfc3339(*filter.until) << "\n";
}

Result<void> list_items(const Question& question, bool json) {
  CERTSPAN_TRY(WorkSource source, WorkSource::open(question.config));
  nlohmann::json items = nlohmann::json::array();
  const auto show = [&](const nlohmann::json& work) -> Result<void> {
    if (json) {
      items.push_back(work);
    } else {
      std::cout << work_line(work) << "\n";
    }
    return {};
  };
  CERTSPAN_TRY(const std::size_t count, source.read(question.filter, {.newest_first = true}, show));
  if (count == 0) CERTSPAN_CHECK(source.explain_nothing(question.filter));
  if (json) {
    print_json({{"items", std::move(items)}});
  } else if (count == 0) {
    std::cout << "no work items\n";
  }
  return {};
}

Result<std::size_t> export_items(const Question& question, const ExportOptions& options) {
  CERTSPAN_TRY(OutputFile file, OutputFile::create(options.out));
  CERTSPAN_TRY(WorkSource source, WorkSource::open(question.config));
  const bool csv = options.format == "csv";
  if (csv) CERTSPAN_CHECK(file.write(export_csv_header(options.certificates)));
  const auto put = [&](const nlohmann::json& work) {
    return file.write(csv ? export_csv(work, options.certificates)
                          : export_ndjson(work, options.certificates));
  };
  CERTSPAN_TRY(const std::size_t count,
               source.read(question.filter, {.certificates = options.certificates}, put));
  if (count == 0) CERTSPAN_CHECK(source.explain_nothing(question.filter));
  CERTSPAN_CHECK(file.finish());
  return count;
}

}  // namespace

ExitCode command_work_list(const CommonOptions& options, const FilterOptions& words) {
  ExitCode code = ExitCode::Ok;
  const auto question = read_question(options, words, code);
  if (!question) return code;
  if (!options.json) tell_times(question->filter);
  const auto listed = list_items(*question, options.json);
  return listed ? ExitCode::Ok : complain(listed.error());
}

ExitCode command_work_export(const CommonOptions& options, const FilterOptions& words,
                             const ExportOptions& how) {
  ExitCode code = ExitCode::Ok;
  const auto question = read_question(options, words, code);
  if (!question) return code;
  tell_times(question->filter);
  const auto count = export_items(*question, how);
  if (!count) return complain(count.error());
  if (!how.out.empty()) std::cerr << *count << " work items are in \"" << how.out.string() << "\"\n";
  return ExitCode::Ok;
}

}  // namespace certspan
