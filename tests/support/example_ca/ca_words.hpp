// What the outside CA says, in JSON, and what it means in the words of the contract.
#pragma once

#include <string>

#include <certspan/plugin.hpp>

namespace example_ca {

std::string to_hex(certspan::sdk::Bytes bytes);
/// Throws std::invalid_argument.
certspan::sdk::ByteBuffer from_hex(const std::string& text);

/// The CA's own answer. What it says is certain. Throws if it can't be understood.
certspan::sdk::Answer read_answer(const std::string& text);

}  // namespace example_ca
