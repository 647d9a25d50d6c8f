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

// host_checks.cpp
void check_full_host(Run& run);
void check_minimal_host(Run& run);
void check_bare_host(Run& run);
void check_larger_structs(Run& run);
void check_exact_structs(Run& run);

// settings_checks.cpp
void check_odd_settings(Run& run);
void check_settings_faults(Run& run);

// life_checks.cpp
void check_stops(Run& run);
void check_failed_start(Run& run);
void check_second_life(Run& run);
void check_beside(Run& run);
void check_leaks(Run& run);

// environment_checks.cpp
void check_threads(Run& run);
void check_descriptors(Run& run);
void check_signals(Run& run);
void check_locale(Run& run);
void check_process(Run& run);
void check_output(Run& run);
void check_small_stack(Run& run);
void check_system_calls(Run& run);
void check_network(Run& run);
void check_secrets(Run& run);

// answer_checks.cpp
void check_answers_once(Run& run);
void check_certificates(Run& run);
void check_handles(Run& run);
void check_limits(Run& run);
void check_outcomes(Run& run);
void check_odd_items(Run& run);
void check_past_deadline(Run& run);
void check_concurrent_calls(Run& run);

// issuer_checks.cpp
void check_same_key(Run& run);
void check_other_key(Run& run);
void check_lookup(Run& run);
void check_chain(Run& run);
void check_find(Run& run);
void check_crl(Run& run);
void check_status(Run& run);

// source_checks.cpp
void check_intake(Run& run);
void check_exchanges(Run& run);
void check_replies(Run& run);
void check_concurrent_requests(Run& run);

// action_checks.cpp
void check_action_schemas(Run& run);
void check_unknown_action(Run& run);

// swap_checks.cpp
void check_together(Run& run);
void check_previous(Run& run);
void check_rounds(Run& run);

// fault_checks.cpp
void check_reset(Run& run);
void check_silence(Run& run);
void check_proxy(Run& run);
void check_turned_away(Run& run);
void check_poll_in_need(Run& run);
void check_lookup_in_need(Run& run);
void check_nonsense(Run& run);
void check_refused_connection(Run& run);
void check_refused_note(Run& run);
void check_refused_commit(Run& run);
void check_lost_secrets(Run& run);

}  // namespace certspan::check
