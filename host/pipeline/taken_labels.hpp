// The labels that calls and submissions bring to an item, without those on which decisions rest.
#pragma once

#include "host/journal/work_item.hpp"

namespace certspan {

/// Adds the labels of a call's answer, replacing earlier values. What says who has ordered, approved or
/// validated something is left out: only the host sets that.
void take_labels(WorkItem& item, const Labels& labels);

/// Of a validator's yes: it may also say what it has found good (<certspan/abi/role_validator.h>).
void take_validated_labels(WorkItem& item, const Labels& labels);

/// The same for the labels that come with a request.
void drop_protected(Labels& labels);

}  // namespace certspan
