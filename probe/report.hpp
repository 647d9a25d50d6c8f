#pragma once

#include "probe/run.hpp"

namespace certspan::scep_probe {

/// For people: a line for each step, the certificate, and what is wrong with what to do.
std::string to_text(const Finding& finding, const Options& options);
/// For programs.
std::string to_json(const Finding& finding, const Options& options);
/// For node_exporter's textfile collector.
std::string to_prometheus(const Finding& finding, const Options& options);
/// Puts it in the place of the file: whoever reads sees the old one or the new one, whole.
Result<void> replace_file(const std::filesystem::path& path, const std::string& text);

}  // namespace certspan::scep_probe
