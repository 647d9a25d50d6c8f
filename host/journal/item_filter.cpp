#include "host/journal/item_filter.hpp"

#include <algorithm>
#include <string_view>

#include "host/journal/index_keys.hpp"
#include "host/journal/item_names.hpp"

namespace certspan {
namespace {

bool names(const WorkItem& item, std::string_view connector) {
  return std::any_of(item.steps.begin(), item.steps.end(), [&](const Step& step) {
    return std::find(step.connectors.begin(), step.connectors.end(), connector) != step.connectors.end();
  });
}

bool fits(const std::string& wanted, std::string_view is) {
  return wanted.empty() || wanted == is;
}

}  // namespace

bool ItemFilter::takes(const WorkItem& item) const {
  if (!(is_open(item.state) ? wants_open() : wants_finished())) return false;
  if (state && *state != item.state) return false;
  if (since && item.accepted_at < *since) return false;
  if (until && item.accepted_at >= *until) return false;
  if (!fits(pipeline, item.pipeline) || !fits(source, item.source)) return false;
  if (!fits(transaction_id, item.transaction_id)) return false;
  if (!serial.empty() && serial != normal_serial(item.label(kSerialLabel))) return false;
  if (!connector.empty() && !names(item, connector)) return false;
  if (!name.empty() && !bears_name(item, name)) return false;
  return subject.empty() || contains_ignoring_case(item.label(kSubjectLabel), subject);
}

}  // namespace certspan
