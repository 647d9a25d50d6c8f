// Faults of RSA moduli that show without factoring.
#pragma once

#include <string_view>

#include "plugins/common/pki/bytes.hpp"

namespace certspan::pki {

// Why a modulus (magnitude, big-endian, odd) can be factored by anyone; empty if nothing shows: a prime below
// 168 divides it, or it bears the mark of CVE-2017-15361 (ROCA), keys of Infineon chips that sit in many TPMs
// and smart cards. A good modulus is taken for one of those with a chance of less than 1 in 10 million. Costs
// some microseconds.
std::string_view modulus_fault(BytesView modulus);

}  // namespace certspan::pki
