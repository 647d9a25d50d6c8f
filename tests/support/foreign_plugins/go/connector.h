/* What the Go half of the plugin may know of the C half. */
#ifndef GO_CONNECTOR_H
#define GO_CONNECTOR_H

#include <certspan/abi/role_validator.h>

/* Says yes, with the label "user". */
void connector_accept(const certspan_answer_sink* sink, certspan_string_view user);
/* Gives any other outcome and its words. */
void connector_refuse(const certspan_answer_sink* sink, certspan_outcome outcome, certspan_string_view code,
                      certspan_string_view message);
void connector_fault(const certspan_fault_sink* faults, certspan_string_view message);

#endif
