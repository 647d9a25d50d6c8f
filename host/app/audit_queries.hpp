#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "host/base/result.hpp"
#include "host/journal/audit_verifier.hpp"
#include "host/journal/journal.hpp"

namespace certspan {

/// What is asked of a journal about its audit chain, over the control socket or when the host is down:
/// `audit_head` {}, `audit_page`, `audit_gaps` and `audit_erasures` {"after"}. `signer` may be null: the head
/// is then not signed. Errors: those of reading, control.bad_arguments.
Result<nlohmann::json> answer_audit_query(Journal& journal, const HeadSigner* signer,
                                          std::string_view command, const nlohmann::json& arguments);

/// Reads the answers. Errors: control.no_answer, if they are of another shape.
Result<AuditHead> audit_head_from(const nlohmann::json& answer);
Result<AuditPage> audit_page_from(const nlohmann::json& answer);
Result<std::vector<AuditRecord>> audit_erasures_from(const nlohmann::json& answer);
Result<std::vector<AuditGap>> audit_gaps_from(const nlohmann::json& answer);

/// For `certspan audit export`: one object for an item, an erasure or a gap.
nlohmann::ordered_json exported(const AuditRecord& record, const AuditHash& hash);
nlohmann::ordered_json exported(const AuditGap& gap);

nlohmann::json verdict_to_json(const AuditVerifier::Verdict& verdict);
/// The restores in the answer to `audit_head`; "" if there are none.
std::string tell_restores(const nlohmann::json& restores);
std::string tell_verdict(const AuditVerifier::Verdict& verdict);

}  // namespace certspan
