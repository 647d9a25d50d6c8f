#pragma once

#include <filesystem>
#include <string_view>

namespace certspan {

/// Where a program of ours stands that this one starts: beside it in a build, else in libexec of the place
/// that it is installed to.
std::filesystem::path helper_program(std::string_view name);

}  // namespace certspan
