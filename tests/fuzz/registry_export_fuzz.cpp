// A file of any bytes that is given out as an export of the registry, as far as the configuration that is
// made of it.
#include <cstdlib>

#include "host/app/ndes_proposal.hpp"
#include "host/base/bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace certspan;
  const auto registry = RegistryExport::parse(as_text({data, size}));
  if (!registry) {
    if (registry.error().message.empty()) std::abort();
    return 0;
  }
  const auto ndes = read_ndes_settings(*registry);
  if (!ndes) return 0;
  const NdesProposal proposal =
      propose_for_ndes(*ndes, {"/etc/certspan", "/var/lib/certspan", "127.0.0.1:8080", {"/plugins"}});
  for (const char c : proposal.yaml) {
    if (c != '\n' && (c < ' ' || c > '~')) std::abort();
  }
  return 0;
}
