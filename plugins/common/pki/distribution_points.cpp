#include "plugins/common/pki/distribution_points.hpp"

#include "plugins/common/pki/extensions.hpp"
#include "plugins/common/pki/oids.hpp"

namespace certspan::pki {
namespace {

// distributionPoint [0] { fullName [0] GeneralNames }
template <class WriteNames>
void write_point(DerWriter& writer, WriteNames write_names) {
  writer.begin(tag::context_constructed(0)).begin(tag::context_constructed(0));
  write_names();
  writer.end().end();
}

}  // namespace

void write_uri(DerWriter& writer, std::string_view url) {
  writer.text(tag::context(6), url);
}

void write_distribution_points(DerWriter& writer, const Oid& oid, const std::vector<std::string>& urls) {
  if (urls.empty()) return;
  write_extension(writer, oid, false, [&](DerWriter& value) {
    value.begin(tag::kSequence);
    for (const std::string& url : urls) {
      value.begin(tag::kSequence);
      write_point(value, [&] { write_uri(value, url); });
      value.end();
    }
    value.end();
  });
}

void write_issuing_distribution_point(DerWriter& writer, const std::vector<std::string>& urls) {
  write_extension(writer, oids::kIssuingDistributionPoint, true, [&](DerWriter& value) {
    value.begin(tag::kSequence);
    write_point(value, [&] {
      for (const std::string& url : urls) write_uri(value, url);
    });
    value.end();
  });
}

}  // namespace certspan::pki
