// A private key that stays in its token, for as long as a connector needs it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "plugins/common/pkcs11/objects.hpp"
#include "plugins/common/pki/private_key.hpp"

namespace certspan::pkcs11 {

/// One key, and the way to it: a token that is pulled out, a session that dies or a login that is lost are
/// found out by the next use or within seconds, and the way is made anew when the token is back. Until then
/// every use is answered with the fault Unavailable. Thread-safe.
///
/// While the token is away the module is let go of. Where everybody in the process who uses the module does
/// so, it starts afresh, which modules need that look for their tokens only at their start.
class TokenKey {
 public:
  /// Told of each change, with the reason of a loss; on the thread that noticed, under no lock.
  using Observer = std::function<void(bool usable, const std::string& what)>;

  /// Goes to the token, logs in, and has the key sign something that `public_key` verifies: the certificate's
  /// key and no other. Faults by setting.
  static KeyResult<std::shared_ptr<TokenKey>> open(KeyLocation location, PinSource pin,
                                                   pki::PublicKey public_key, KeyUse use,
                                                   Observer observer = {});
  ~TokenKey();
  TokenKey(const TokenKey&) = delete;
  TokenKey& operator=(const TokenKey&) = delete;

  /// A key of the PKI library that works by this one, which must be shared to be handed on.
  static pki::PrivateKey private_key(const std::shared_ptr<TokenKey>& key);

  /// Looks after the token by a thread of its own, from `start_watching` until `stop_watching`. Both may be
  /// called twice.
  void start_watching();
  void stop_watching();

  /// For people: which token and key, and by which mechanisms it works.
  std::string describe() const;
  /// Why it can't be used now; nothing if it can, as far as is known.
  std::optional<std::string> trouble() const;

 private:
  class Way;
  class Holder;
  using Clock = std::chrono::steady_clock;

  TokenKey(KeyLocation location, PinSource pin, pki::PublicKey public_key, KeyUse use, Observer observer);
  KeyResult<std::shared_ptr<const Way>> go();
  pki::Result<std::shared_ptr<const Way>> way();
  void lost(const std::shared_ptr<const Way>& way, const std::string& why);
  template <class Work>
  pki::Result<void> use(const Work& work);
  void watch();
  void look_after();

  const KeyLocation location_;
  const PinSource pin_;
  const pki::PublicKey public_key_;
  const KeyUse use_;
  const Observer observer_;

  std::mutex going_;  // one at a time makes the way; taken before mutex_
  RefusedPin refused_;
  Clock::time_point next_try_;

  mutable std::mutex mutex_;
  std::shared_ptr<const Way> way_;  // null while the token can't be reached; shared with the calls under way
  std::string trouble_;
  std::string description_;
  std::atomic<bool> raw_{false};

  std::mutex watch_mutex_;
  std::condition_variable watch_changed_;
  bool watching_ = false;
  std::thread watcher_;
};

}  // namespace certspan::pkcs11
