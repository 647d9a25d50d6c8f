#pragma once

#include "sdk/tools/plugin_check/check.hpp"

/// The checks themselves, by the file that they stand in. What each one means is said in
/// docs/plugin-check.md.
namespace certspan::check {

// static_checks.cpp
void check_elf(Run& run);
void check_note(Run& run);
void check_identity(Run& run);
void check_exports(Run& run);
void check_unique_symbols(Run& run);
void check_nodelete(Run& run);
void check_binding(Run& run);
void check_text_relocations(Run& run);
void check_executable_stack(Run& run);
void check_search_path(Run& run);
void check_libraries(Run& run);
void check_system_version(Run& run);

// load_checks.cpp
void check_opens(Run& run);
void check_load_environment(Run& run);
void check_describe_time(Run& run);
void check_entry(Run& run);
void check_interface_ids(Run& run);
void check_schema(Run& run);
void check_descriptor(Run& run);

}  // namespace certspan::check
