#include "plugins/common/pkcs11/token.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <p11-kit/p11-kit.h>

namespace certspan::pkcs11 {
namespace {

/// Calls at a time that do something in one token; more wait for each other.
constexpr std::size_t kMostSessions = 32;
constexpr CK_ULONG kMostSlots = 256;

template <std::size_t kSize>
std::string unpadded(const unsigned char (&field)[kSize]) {
  std::string text(reinterpret_cast<const char*>(field), kSize);
  text.erase(text.find_last_not_of(std::string_view(" \0", 2)) + 1);
  return text;
}

/// A module's code runs as this process: nobody else may write to its file.
KeyResult<void> check_file(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    return key_fault("module", "\"" + path + "\" can't be loaded: " + std::strerror(errno) +
                                   "; give the path of the token's PKCS #11 library");
  }
  const bool ours = facts.st_uid == 0 || facts.st_uid == ::geteuid();
  if (!ours || (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return key_fault("module", "\"" + path +
                                   "\" could be changed by another user; its code runs in this "
                                   "process: chown root and chmod go-w it");
  }
  return {};
}

}  // namespace

std::string reason(CK_RV result) {
  const char* words = p11_kit_strerror(result);
  std::array<char, 32> number{};
  static_cast<void>(std::snprintf(number.data(), number.size(), "CKR 0x%lx", result));
  return words == nullptr || *words == '\0' ? number.data() : std::string(words) + " (" + number.data() + ")";
}

KeyResult<std::unique_ptr<Token>> Token::open(const KeyLocation& location, const PinSource& pin,
                                              RefusedPin& refused, Access access) {
  std::unique_ptr<Token> token(new Token);
  if (access == Access::Write) token->session_flags_ |= CKF_RW_SESSION;
  if (auto loaded = token->load(location); !loaded) return tl::unexpected(std::move(loaded).error());
  if (auto found = token->find(location); !found) return tl::unexpected(std::move(found).error());
  if (auto logged_in = token->log_in(pin, refused); !logged_in) {
    return tl::unexpected(std::move(logged_in).error());
  }
  return token;
}

Token::~Token() {
  if (functions_ == nullptr) return;
  if (initialized_) p11_kit_module_finalize(functions_);
  p11_kit_module_release(functions_);
}

KeyResult<void> Token::load(const KeyLocation& location) {
  const std::string& path = location.module();
  if (auto fine = check_file(path); !fine) return fine;
  // Stays for the life of the process, as plugins do: modules are seldom made to be unloaded. The handle is
  // left open for that.
  if (::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) == nullptr) {
    const char* why = ::dlerror();
    return key_fault("module", "\"" + path + "\" can't be loaded: " + (why == nullptr ? "no reason" : why));
  }
  functions_ = p11_kit_module_load(path.c_str(), 0);
  if (functions_ == nullptr) {
    return key_fault("module", "\"" + path + "\" is no PKCS #11 module: it has no C_GetFunctionList");
  }
  const CK_RV result = p11_kit_module_initialize(functions_);
  initialized_ = result == CKR_OK;
  if (!initialized_) {
    return key_fault("module", "\"" + path + "\" does not start: " + reason(result) +
                                   "; its own configuration may be missing or not readable");
  }
  return {};
}

KeyResult<void> Token::find(const KeyLocation& location) {
  std::array<CK_SLOT_ID, kMostSlots> slots{};
  CK_ULONG count = 0;
  functions_->C_GetSlotList(CK_TRUE, nullptr, &count);  // some modules look for new tokens only then
  count = slots.size();
  const CK_RV listed = functions_->C_GetSlotList(CK_TRUE, slots.data(), &count);
  if (listed != CKR_OK) return key_fault("module", "its tokens can't be listed: " + reason(listed));
  std::string others;
  unsigned fitting = 0;
  for (CK_ULONG i = 0; i < count; ++i) {
    CK_TOKEN_INFO info{};
    if (functions_->C_GetTokenInfo(slots[i], &info) != CKR_OK) continue;
    if ((info.flags & CKF_TOKEN_INITIALIZED) == 0) continue;
    const std::string named = "\"" + unpadded(info.label) + "\" (serial " + unpadded(info.serialNumber) + ")";
    if (!location.is_token(info)) {
      others += (others.empty() ? "" : ", ") + named;
      continue;
    }
    ++fitting;
    slot_ = slots[i];
    info_ = info;
    name_ = named;
  }
  if (fitting == 0) {
    return key_fault("uri", "no such token is there; the module has " + (others.empty() ? "none" : others));
  }
  if (fitting > 1) return key_fault("uri", "fits more than one token: add serial= of the one that is meant");
  needs_login_ = (info_.flags & CKF_LOGIN_REQUIRED) != 0;
  return {};
}

KeyResult<void> Token::log_in(const PinSource& pin, RefusedPin& refused) {
  if (const CK_RV result = open_session(anchor_); result != CKR_OK) {
    return key_fault("uri", "token " + name_ + " can't be opened: " + reason(result));
  }
  if (!needs_login_) return {};
  CK_SESSION_INFO state{};
  // All sessions of a process on one token are logged in together, other plugins' too.
  if (functions_->C_GetSessionInfo(anchor_, &state) == CKR_OK &&
      (state.state == CKS_RO_USER_FUNCTIONS || state.state == CKS_RW_USER_FUNCTIONS)) {
    return {};
  }
  return try_pin(pin, refused);
}

KeyResult<void> Token::try_pin(const PinSource& pin, RefusedPin& refused) const {
  if ((info_.flags & CKF_USER_PIN_LOCKED) != 0) {
    return key_fault("pin", "token " + name_ + " is locked after wrong PINs: unlock it with its SO PIN");
  }
  if ((info_.flags & CKF_USER_PIN_FINAL_TRY) != 0) {
    return key_fault("pin", "token " + name_ +
                                " locks with the next wrong PIN, so none is tried here: log in once "
                                "by hand with the right one");
  }
  if (!pin) return key_fault("pin", "token " + name_ + " wants a PIN: give \"pin\"");
  pki::SecretBytes secret = pin();
  while (!secret.empty() && (secret.reveal().back() == '\n' || secret.reveal().back() == '\r')) {
    secret.truncate(secret.size() - 1);
  }
  if (secret.empty()) return key_fault("pin", "the PIN can't be opened, or is empty");
  if (refused.is(secret.reveal())) {
    return key_fault("pin", "token " + name_ + " has refused this PIN; it is not tried again: correct it");
  }
  const CK_RV result = functions_->C_Login(anchor_, CKU_USER, secret.writable().data(), secret.size());
  switch (result) {
    case CKR_OK:
    case CKR_USER_ALREADY_LOGGED_IN:
      return {};
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
      refused.remember(secret.reveal());
      return key_fault("pin", "token " + name_ + " refuses the PIN; it is not tried again: correct it");
    default:
      return key_fault("pin", "logging in to token " + name_ + " fails: " + reason(result));
  }
}

bool Token::offers(CK_MECHANISM_TYPE mechanism, CK_FLAGS flags) const {
  CK_MECHANISM_INFO info{};
  return functions_->C_GetMechanismInfo(slot_, mechanism, &info) == CKR_OK && (info.flags & flags) == flags;
}

CK_RV Token::look() const {
  CK_TOKEN_INFO info{};
  if (const CK_RV result = functions_->C_GetTokenInfo(slot_, &info); result != CKR_OK) return result;
  CK_SESSION_INFO state{};
  if (const CK_RV result = functions_->C_GetSessionInfo(anchor_, &state); result != CKR_OK) return result;
  const bool user = state.state == CKS_RO_USER_FUNCTIONS || state.state == CKS_RW_USER_FUNCTIONS;
  return user || !needs_login_ ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
}

CK_RV Token::open_session(CK_SESSION_HANDLE& session) const {
  return functions_->C_OpenSession(slot_, session_flags_, nullptr, nullptr, &session);
}

CK_RV Token::take(CK_SESSION_HANDLE& session) const {
  std::unique_lock lock(mutex_);
  while (true) {
    if (!idle_.empty()) {
      session = idle_.back();
      idle_.pop_back();
      return CKR_OK;
    }
    if (open_ < kMostSessions) break;
    given_back_.wait(lock);
  }
  ++open_;
  lock.unlock();
  const CK_RV result = open_session(session);
  if (result == CKR_OK) return result;
  lock.lock();
  --open_;
  if (result != CKR_SESSION_COUNT || open_ == 0) return result;
  // The token has fewer than we would like; one comes back.
  given_back_.wait(lock, [this] { return !idle_.empty() || open_ == 0; });
  if (idle_.empty()) return result;
  session = idle_.back();
  idle_.pop_back();
  return CKR_OK;
}

void Token::give_back(CK_SESSION_HANDLE session, bool good) const {
  if (!good) functions_->C_CloseSession(session);
  {
    const std::lock_guard lock(mutex_);
    if (good) {
      idle_.push_back(session);
    } else {
      --open_;
    }
  }
  given_back_.notify_all();
}

}  // namespace certspan::pkcs11
