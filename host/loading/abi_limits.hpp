#pragma once

#include <cstddef>

/// The sizes of the contract (table in <certspan/abi/plugin.h>), in bytes or in pieces.
namespace certspan::abi_limit {

constexpr std::size_t kSettings = 256UL * 1024;
constexpr std::size_t kCertificate = 64UL * 1024;
constexpr std::size_t kChain = 16;
constexpr std::size_t kCrl = 16UL * 1024 * 1024;
constexpr std::size_t kNextCa = 256UL * 1024;
constexpr std::size_t kStatus = 1024;  // CertID and CertStatus each
constexpr std::size_t kHandle = 4UL * 1024;
constexpr std::size_t kNote = 4UL * 1024;
constexpr std::size_t kLabels = 32;
constexpr std::size_t kLabelName = 64;
constexpr std::size_t kLabelValue = 1024;
constexpr std::size_t kCode = 64;
constexpr std::size_t kMessage = 1024;
/// Not of the contract, which allows any number: further faults are dropped, the first ones say enough.
constexpr std::size_t kFaults = 100;
/// Not of the contract: the JSON that an action prints.
constexpr std::size_t kActionResult = 4UL * 1024 * 1024;

}  // namespace certspan::abi_limit
