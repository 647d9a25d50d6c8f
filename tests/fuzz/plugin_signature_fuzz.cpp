// What lies beside a plugin as its signature: any file at all. Of what is read as one there is but one
// spelling.
#include "host/loading/trust/signature_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = certspan::as_text({data, size});
  const auto signature = certspan::parse_signature(text);
  if (signature && certspan::signature_text(*signature) != text) __builtin_trap();
  return 0;
}
