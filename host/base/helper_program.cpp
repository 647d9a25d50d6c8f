#include "host/base/helper_program.hpp"

namespace certspan {

std::filesystem::path helper_program(std::string_view name) {
  std::error_code error;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
  auto beside = own.parent_path() / name;
  if (std::filesystem::exists(beside, error)) return beside;
  return own.parent_path().parent_path() / "libexec" / "certspan" / name;
}

}  // namespace certspan
