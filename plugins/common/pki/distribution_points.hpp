// Where CRLs are to be found (RFC 5280 4.2.1.13, 5.2.5 and 5.2.6).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugins/common/pki/der_writer.hpp"

namespace certspan::pki {

// A GeneralName of kind URI.
void write_uri(DerWriter& writer, std::string_view url);

// A CRLDistributionPoints extension under this identifier, not critical, with a point for each URL; none if
// there are none.
void write_distribution_points(DerWriter& writer, const Oid& oid, const std::vector<std::string>& urls);

// A critical IssuingDistributionPoint whose one point has all these names.
void write_issuing_distribution_point(DerWriter& writer, const std::vector<std::string>& urls);

}  // namespace certspan::pki
