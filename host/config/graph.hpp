#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "host/config/config.hpp"

namespace certspan {

/// The pipelines as people read them in a terminal: one block each, one line a step.
std::string graph_text(const Config& config);

/// The pipelines as a Mermaid flowchart, for documents and web pages.
std::string graph_mermaid(const Config& config);

/// The pipelines for programs: {"pipelines": [{name, source, when, steps, reply, otherwise}]}.
nlohmann::json graph_json(const Config& config);

}  // namespace certspan
