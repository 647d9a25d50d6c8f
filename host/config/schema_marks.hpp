#pragma once

#include <string_view>

namespace certspan {

/// The marks in a settings schema that the host reads; abi/plugin.h says what each one means.
inline constexpr std::string_view kSecretMark = "x-certspan-secret";
inline constexpr std::string_view kSharedSecretMark = "x-certspan-shared-secret";
inline constexpr std::string_view kListenerMark = "x-certspan-listener";
inline constexpr std::string_view kRouteMark = "x-certspan-route";
inline constexpr std::string_view kDurationMark = "x-certspan-duration";
inline constexpr std::string_view kSizeMark = "x-certspan-size";
inline constexpr std::string_view kConnectorMark = "x-certspan-connector";
inline constexpr std::string_view kProfileMark = "x-certspan-profile";
inline constexpr std::string_view kPathMark = "x-certspan-path";
inline constexpr std::string_view kLabelsMark = "x-certspan-labels";
inline constexpr std::string_view kProfilesMark = "x-certspan-profiles";
/// Beside kListenerMark: its value names the flag that lets passwords over a listener without TLS.
inline constexpr std::string_view kPasswordsMark = "x-certspan-takes-passwords";
/// At the root: the name of a setting whose value only one connector of the type may have.
inline constexpr std::string_view kAloneMark = "x-certspan-alone";
/// Needs what no worker process has: files to write, devices, variables of the environment.
inline constexpr std::string_view kInHostMark = "x-certspan-in-host";

}  // namespace certspan
