#include "probe/report.hpp"

#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <fstream>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace certspan::scep_probe {
namespace {

/// A label's value: quotes, backslashes and line ends escaped.
std::string label(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

}  // namespace

std::string to_text(const Finding& finding, const Options& options) {
  std::string text =
      fmt::format("{} {}\n", printable(options.url), finding.works() ? "works" : "does not work");
  for (const Step& step : finding.steps) {
    text +=
        fmt::format("  {:<12}{:>9.1f} ms  {}\n", step.name, step.time.count(), step.good ? "ok" : "failed");
  }
  if (!finding.capabilities.empty()) text += "  capabilities: " + finding.capabilities + "\n";
  if (const auto& issued = finding.certificate) {
    text += fmt::format("  certificate: {}, serial {}, until {}\n", printable(issued->subject, 400),
                        issued->serial, issued->not_after);
  }
  return text;
}

std::string to_json(const Finding& finding, const Options& options) {
  nlohmann::json json = {
      {"url", printable(options.url)}, {"works", finding.works()}, {"steps", nlohmann::json::array()}};
  for (const Step& step : finding.steps) {
    json["steps"].push_back({{"name", step.name}, {"milliseconds", step.time.count()}, {"ok", step.good}});
  }
  if (!finding.capabilities.empty()) json["capabilities"] = finding.capabilities;
  if (const auto& issued = finding.certificate) {
    json["certificate"] = {{"serial", issued->serial},
                           {"subject", printable(issued->subject, 400)},
                           {"not_before", issued->not_before},
                           {"not_after", issued->not_after}};
  }
  if (finding.failure)
    json["failure"] = {{"step", finding.steps.back().name},
                       {"what", finding.failure->what},
                       {"advice", finding.failure->advice}};
  return json.dump(2) + "\n";
}

std::string to_prometheus(const Finding& finding, const Options& options) {
  const std::string url = label(printable(options.url));
  std::string text = fmt::format(
      "# TYPE certspan_probe_works gauge\ncertspan_probe_works{{url=\"{0}\"}} {1}\n"
      "# TYPE certspan_probe_time_seconds gauge\ncertspan_probe_time_seconds{{url=\"{0}\"}} {2}\n"
      "# TYPE certspan_probe_step_seconds gauge\n",
      url, finding.works() ? 1 : 0, std::time(nullptr));
  for (const Step& step : finding.steps) {
    text += fmt::format("certspan_probe_step_seconds{{url=\"{}\",step=\"{}\"}} {:.6f}\n", url, step.name,
                        step.time.count() / 1000);
  }
  if (const auto& issued = finding.certificate) {
    text += fmt::format(
        "# TYPE certspan_probe_certificate_end_seconds "
        "gauge\ncertspan_probe_certificate_end_seconds{{url=\"{}\"}} {}\n",
        url, issued->not_after_seconds);
  }
  return text;
}

Result<void> replace_file(const std::filesystem::path& path, const std::string& text) {
  const std::string partial = path.string() + fmt::format(".{}.tmp", ::getpid());
  std::ofstream file(partial, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  std::error_code error;
  if (file) {
    std::filesystem::rename(partial, path, error);
    if (!error) return {};
  }
  std::error_code ignored;
  std::filesystem::remove(partial, ignored);
  return fail("--prometheus-file \"" + path.string() + "\" can't be written",
              "name a file in a directory that this user may write to");
}

}  // namespace certspan::scep_probe
