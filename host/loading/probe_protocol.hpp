#pragma once

/// What the probe child tells its parent: one line each time it enters a phase, then one verdict. Text, so
/// that a person can run the child by hand.
///
///   phase load
///   phase describe
///   ok 1234                              | refused invalid plugin.no_symbol
///   (so many octets of a description)    | MESSAGE
namespace certspan::probe_protocol {

constexpr const char* kOption = "--probe-plugin";
constexpr int kReportFd = 3;

constexpr const char* kPhase = "phase ";
constexpr const char* kOk = "ok ";
constexpr const char* kRefused = "refused ";

// Phases, in words that fit behind "while".
constexpr const char* kReading = "its file was read";
constexpr const char* kLoadingOther = "the version that runs was loaded beside it";
constexpr const char* kLoading = "its static constructors ran";
constexpr const char* kDescribing = "its entry and its interface tables were asked";

}  // namespace certspan::probe_protocol
