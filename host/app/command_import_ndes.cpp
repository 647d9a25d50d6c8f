// `certspan import ndes`: from what NDES keeps in the registry to a configuration that takes its place.

#include <iostream>

#include "host/app/commands.hpp"
#include "host/app/ndes_proposal.hpp"
#include "host/app/output_file.hpp"
#include "host/base/text_file.hpp"

namespace certspan {
namespace {

constexpr const char* kUsualDirectory = "/etc/certspan";
constexpr const char* kUsualData = "/var/lib/certspan";

NdesPlaces places_of(const ImportNdesOptions& options) {
  NdesPlaces places;
  places.directory = kUsualDirectory;
  if (!options.directory.empty()) {
    places.directory = std::filesystem::absolute(options.directory).lexically_normal();
  } else if (!options.output.empty()) {
    places.directory = std::filesystem::absolute(options.output).lexically_normal().parent_path();
  }
  places.data = places.directory == kUsualDirectory ? kUsualData : places.directory / "data";
  places.address = options.address;
  places.plugin_dirs = options.plugin_dirs.empty() ? default_plugin_dirs() : options.plugin_dirs;
  return places;
}

Result<NdesProposal> propose(const ImportNdesOptions& options) {
  CERTSPAN_TRY(const std::string file, read_text_file(options.file, RegistryExport::kMostBytes));
  CERTSPAN_TRY(const RegistryExport registry, RegistryExport::parse(file));
  CERTSPAN_TRY(const NdesSettings ndes, read_ndes_settings(registry));
  return propose_for_ndes(ndes, places_of(options));
}

Result<void> write(const ImportNdesOptions& options, const NdesProposal& proposal, bool json) {
  if (json && options.output.empty()) return {};
  CERTSPAN_TRY(OutputFile out, OutputFile::create(options.output));
  CERTSPAN_CHECK(out.write(proposal.yaml));
  return out.finish();
}

void tell(const ImportNdesOptions& options, const NdesProposal& proposal, bool json) {
  if (json) {
    nlohmann::json told = {{"to_do", proposal.to_do}, {"not_taken", proposal.not_taken}};
    if (options.output.empty()) told["yaml"] = proposal.yaml;
    if (!options.output.empty()) told["config"] = options.output.string();
    print_json(told);
  } else if (!options.output.empty()) {
    std::cout << "wrote " << options.output.string() << "\n\nto do:\n";
    for (const std::string& line : proposal.to_do) std::cout << "  - " << line << "\n";
    if (!proposal.not_taken.empty()) std::cout << "not taken over: as listed in the file\n";
    std::cout << "then: certspan check " << options.output.string() << "\n";
  }
}

}  // namespace

ExitCode command_import_ndes(const ImportNdesOptions& options, bool json) {
  const auto proposal = propose(options);
  if (!proposal) {
    const Error& error = proposal.error();
    const bool named = error.code.starts_with("file.");  // those name the file themselves
    return complain(
        named ? error
              : Error(error.outcome, error.code, "\"" + options.file.string() + "\": " + error.message));
  }
  if (auto written = write(options, *proposal, json); !written) return complain(written.error());
  tell(options, *proposal, json);
  return ExitCode::Ok;
}

}  // namespace certspan
