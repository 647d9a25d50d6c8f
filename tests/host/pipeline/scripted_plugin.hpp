#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <certspan/abi/plugin.h>

namespace certspan {

/// What the connectors of the scripted plugin are told to do and what they saw. One for each test;
/// thread-safe.
///
/// The plugin's source takes a request whose body is "KEY" or "KEY POLL" and submits it (with "KEY" as the
/// serial number); its reply is the outcome word, the certificate if there is one. Its validator and fence
/// say yes. Its issuers answer by script: each word is one call, "ok" when the script is empty. The
/// certificate is "certificate of KEY n", n counting the issuer's certificates.
struct Script {
  struct Issuer {
    std::deque<std::string> issue;  ///< ok, unavailable, throttled, rejected, unknown, internal, pending,
                                    ///< hourly (pending, ask again after an hour)
    std::deque<std::string>
        lookup;  ///< ok, cancelled, unavailable; ok gives the certificate issued last for the key
    std::deque<std::string> poll;           ///< ok, pending, hourly, unavailable
    std::deque<std::string> cancel;         ///< ok, cancelled, unavailable
    std::deque<std::string> revoke;         ///< ok, unavailable, unknown, rejected
    std::vector<std::string> revoked;       ///< "KEY of the call of issue, its certificate, reason"
    int asked = 0;                          ///< calls of `issue`
    std::vector<std::string> seen_handles;  ///< what those found in `item.handle`
    int issued = 0;
    int lookups = 0;
    int polls = 0;
    std::map<std::string, std::string> certificates;  ///< by key
    std::map<std::string, std::string> ledger;        ///< "ca" finds these: octets by serial number, likewise
  };

  std::mutex mutex;
  std::map<std::string, Issuer> issuers;
  std::deque<std::string> validate;  ///< put_off: throttled for ten minutes
  std::deque<std::string> after_issue;
  std::deque<std::string> deliver;
  std::vector<std::string> heard;  ///< by deliverers: "NAME ok certificate of a 1", "NAME rejected CODE"
  std::function<void()> inside_deliver;
  bool many_labels = false;  ///< validator and fence give as many new labels as they may, each time
  int labels = 0;            ///< given so far
  std::string vouching;      ///< who names a SID: "source validator ca fence" or some of them
  std::string challenge;     ///< not empty: the validator spends this record, once
  std::function<void(const std::string& connector)> inside_issue;  ///< called inside every `issue`
};

/// The plugin's table. Its types: "source", "validator", "fence", "deliverer", "ca" (asked outside, with
/// lookup, revokes), "blind_ca" (no lookup), "idempotent_ca", "order_ca" (poll and cancel, no lookup),
/// "local_ca" (local effects, revokes).
const certspan_plugin& scripted_plugin();

/// The script of the connectors that are created from now on.
void use_script(Script& script);

}  // namespace certspan
