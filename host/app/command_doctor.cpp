// certspan doctor: whether this machine and the services around it are as the configuration needs them.

#include <iostream>

#include "host/app/commands.hpp"
#include "host/app/doctor.hpp"
#include "host/app/host_link.hpp"
#include "host/app/scratch_directory.hpp"
#include "host/app/trial.hpp"

namespace certspan {
namespace {

std::string_view word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Fine:
      return "ok";
    case Verdict::Doubtful:
      return "warning";
    case Verdict::Faulty:
      return "fault";
  }
  return "fault";
}

/// The files are looked at even where the configuration has faults.
Findings examine(const std::filesystem::path& file) {
  Findings findings;
  Faults faults(file.string());
  const ScratchDirectory scratch;  // nothing of a plugin is left behind
  const auto checked = check_config(
      file, [&](const Config&) -> Result<std::filesystem::path> { return scratch.path() / "plugins"; },
      faults);
  if (checked) try_out(*checked, faults);
  examine_faults(faults, findings);
  if (checked) {
    examine_data_directory(checked->config.host.data_dir, findings);
    examine_secret_files(*checked, findings);
    examine_services(*checked, findings);
  } else if (const auto config = config_for_people(file)) {
    examine_data_directory(config->host.data_dir, findings);
  }
  return findings;
}

void print_finding(const Finding& finding) {
  std::cout << word_of(finding.verdict) << ": " << finding.area << ": " << finding.about << ": "
            << finding.text << "\n";
}

nlohmann::json finding_to_json(const Finding& finding) {
  return {{"verdict", word_of(finding.verdict)},
          {"area", finding.area},
          {"about", finding.about},
          {"text", finding.text}};
}

}  // namespace

void examine_faults(const Faults& faults, Findings& findings) {
  for (const Fault& fault : faults.sorted()) {
    std::string text = fault.message;
    if (!fault.suggestion.empty()) text += "; " + fault.suggestion;
    findings.push_back({fault.severity == Severity::Error ? Verdict::Faulty : Verdict::Doubtful,
                        "configuration", fault.file + ":" + std::to_string(fault.mark.line),
                        std::move(text)});
  }
  if (!faults.has_errors()) {
    findings.push_back({Verdict::Fine, "configuration", faults.file(),
                        "every connector can be made, with the keys and secrets that it names"});
  }
}

ExitCode command_doctor(const CommonOptions& options) {
  const Findings findings = examine(options.config);
  std::size_t bad = 0;
  nlohmann::json list = nlohmann::json::array();
  for (const Finding& finding : findings) {
    if (finding.verdict == Verdict::Faulty) ++bad;
    if (options.json) {
      list.push_back(finding_to_json(finding));
    } else {
      print_finding(finding);
    }
  }
  if (options.json) print_json({{"findings", std::move(list)}, {"faults", bad}});
  return bad == 0 ? ExitCode::Ok : ExitCode::Failure;
}

}  // namespace certspan
