#include "host/pipeline/taken_labels.hpp"

#include <certspan/abi/role_validator.h>

#include "host/pipeline/revocations.hpp"

namespace certspan {
namespace {

bool is_the_hosts(std::string_view label) {
  return label == revocation_label::kBy || label == decision_label::kApprovedBy ||
         label == decision_label::kRefusedBy || label == decision_label::kReason;
}

bool is_validated(std::string_view label) {
  return label == CERTSPAN_LABEL_VALIDATED_NAMES || label == CERTSPAN_LABEL_VALIDATED_SID;
}

}  // namespace

void take_labels(WorkItem& item, const Labels& labels) {
  for (const auto& [label, value] : labels) {
    if (!is_the_hosts(label) && !is_validated(label)) item.set_label(label, value);
  }
}

void take_validated_labels(WorkItem& item, const Labels& labels) {
  for (const auto& [label, value] : labels) {
    if (!is_the_hosts(label)) item.set_label(label, value);
  }
}

void drop_protected(Labels& labels) {
  std::erase_if(labels,
                [](const auto& label) { return is_the_hosts(label.first) || is_validated(label.first); });
}

}  // namespace certspan
