// A token that is open: its module initialised, its sessions logged in.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "plugins/common/pkcs11/key_location.hpp"
#include "plugins/common/pki/digest.hpp"

namespace certspan::pkcs11 {

/// Remembers a PIN that a token refused, so that it is not tried again: tries are counted there. One owner.
class RefusedPin {
 public:
  void remember(pki::BytesView pin) { digest_ = pki::sha256(pin); }
  bool is(pki::BytesView pin) const { return digest_ && *digest_ == pki::sha256(pin); }

 private:
  std::optional<pki::Sha256Value> digest_;
};

/// "CKR_PIN_INCORRECT" and the like in words, with the number.
std::string reason(CK_RV result);

/// Thread-safe. Several may be open in a process, of different plugins and versions of a plugin too: p11-kit
/// counts who has initialised a module, and closes the sessions of whoever leaves.
class Token {
 public:
  enum class Access : std::uint8_t { Read, Write };

  /// Loads and initialises the module, finds the token and logs in. A PIN that the token has refused before
  /// is not tried, and none is when one try is left.
  static KeyResult<std::unique_ptr<Token>> open(const KeyLocation& location, const PinSource& pin,
                                                RefusedPin& refused, Access access = Access::Read);
  ~Token();
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;

  CK_FUNCTION_LIST& functions() const { return *functions_; }
  /// For people: its label and serial number.
  const std::string& name() const { return name_; }
  /// Whether it offers `mechanism` for all of `flags` (CKF_SIGN, ...).
  bool offers(CK_MECHANISM_TYPE mechanism, CK_FLAGS flags) const;
  /// CKR_OK while it is there and we are logged in.
  CK_RV look() const;

  /// A session out of the pool. If it was good it goes back there, else it is closed.
  class Session {
   public:
    explicit Session(const Token& token) : token_(token), result_(token.take(handle_)) {}
    ~Session() {
      if (result_ == CKR_OK) token_.give_back(handle_, good_);
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    CK_RV result() const { return result_; }  // CKR_OK: there is one
    CK_SESSION_HANDLE handle() const { return handle_; }
    void was_good() { good_ = true; }

   private:
    const Token& token_;
    CK_SESSION_HANDLE handle_ = 0;
    CK_RV result_;
    bool good_ = false;
  };

 private:
  Token() = default;
  KeyResult<void> load(const KeyLocation& location);
  KeyResult<void> find(const KeyLocation& location);
  KeyResult<void> log_in(const PinSource& pin, RefusedPin& refused);
  KeyResult<void> try_pin(const PinSource& pin, RefusedPin& refused) const;
  CK_RV take(CK_SESSION_HANDLE& session) const;
  void give_back(CK_SESSION_HANDLE session, bool good) const;
  CK_RV open_session(CK_SESSION_HANDLE& session) const;

  CK_FUNCTION_LIST* functions_ = nullptr;
  bool initialized_ = false;
  CK_SLOT_ID slot_ = 0;
  CK_FLAGS session_flags_ = CKF_SERIAL_SESSION;
  CK_TOKEN_INFO info_{};
  std::string name_;
  bool needs_login_ = false;
  CK_SESSION_HANDLE anchor_ = 0;  // does nothing: with its last session a process is logged out

  mutable std::mutex mutex_;
  mutable std::condition_variable given_back_;
  mutable std::vector<CK_SESSION_HANDLE> idle_;
  mutable std::size_t open_ = 0;
};

}  // namespace certspan::pkcs11
