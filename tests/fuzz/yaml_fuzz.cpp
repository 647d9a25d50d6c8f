// A configuration file of any bytes: through the reader, the sections, the plugins' schemas, and out as the
// report and the drawings that people get to see.
#include <cstdlib>

#include "host/config/check_types.hpp"
#include "host/config/graph.hpp"
#include "host/config/load_config.hpp"
#include "tests/host/config/fake_catalog.hpp"

namespace {

std::optional<std::string> environment(std::string_view name) {
  if (name == "SET") return "value: [x] ${env:SET}";
  if (name == "RAW") return "\xff\x01";
  return std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace certspan;
  static const test::FakeCatalog catalog;
  Faults faults("fuzz.yaml");
  const ExpansionContext context{environment, "/etc/certspan"};
  const auto config = parse_config("fuzz.yaml", as_text({data, size}), context, faults);
  if (!config && !faults.has_errors()) std::abort();
  if (config) {
    const PreparedConfig prepared = check_against_types(*config, catalog, faults);
    for (const PreparedConnector& connector : prepared.connectors) connector.place_of("/settings/none");
    graph_text(*config);
    graph_mermaid(*config);
  }
  if (faults.empty() != faults.to_text().empty() || faults.to_json().empty()) std::abort();
  return 0;
}
