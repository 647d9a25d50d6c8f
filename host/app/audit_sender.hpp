#pragma once

#include <optional>
#include <string>
#include <thread>

#include "host/base/clock.hpp"
#include "host/base/log.hpp"
#include "host/base/mutex.hpp"
#include "host/base/result.hpp"
#include "host/config/config.hpp"
#include "host/journal/journal.hpp"
#include "host/journal/signed_head.hpp"

namespace certspan {

/// Tells the head of the audit chain outside the host, signed, whenever it has moved since the last time: at
/// intervals, and at the end. Has a thread of its own, since a file elsewhere may hang. Thread-safe.
class AuditSender {
 public:
  /// All outlive this.
  AuditSender(Journal& journal, const HeadSigner& signer, const Clock& clock, Log& log, AuditSection where);
  ~AuditSender();
  AuditSender(const AuditSender&) = delete;
  AuditSender& operator=(const AuditSender&) = delete;

 private:
  void run();
  void send();
  Result<void> tell(const std::string& line) const;

  Journal& journal_;
  const HeadSigner& signer_;
  const Clock& clock_;
  Log& log_;
  const AuditSection where_;
  std::optional<AuditHead> told_;  // of the thread
  bool failing_ = false;           // of the thread

  Mutex mutex_;
  Condition wake_;
  bool stopping_ CERTSPAN_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace certspan
