#include <atomic>
#include <thread>

#include <p11-kit/p11-kit.h>
#include <catch2/catch.hpp>

#include <dlfcn.h>

#include "plugins/common/pkcs11/token_key.hpp"
#include "tests/plugins/common/pkcs11/soft_token.hpp"

namespace certspan::pkcs11 {
namespace {

using pki::Digest;
using test::SoftToken;

// What a key's owner was told, and a wait for it.
class Told {
 public:
  TokenKey::Observer observer() {
    return [this](bool usable, const std::string& what) {
      const std::lock_guard lock(mutex_);
      words_.push_back((usable ? "usable: " : "lost: ") + what);
      changed_.notify_all();
    };
  }
  bool waits_for(const std::string& word) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60),
                             [&] { return !words_.empty() && words_.back().starts_with(word); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> words_;
};

bool signs(const pki::PrivateKey& key) {
  return key.sign(Digest::Sha256, pki::as_bytes("something")).has_value();
}

// The functions of the module without p11-kit, as some other part of the process would have them.
CK_FUNCTION_LIST& bare_module() {
  void* library = ::dlopen(test::kModule, RTLD_NOW | RTLD_LOCAL);
  CK_FUNCTION_LIST* functions = nullptr;
  reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"))(&functions);
  return *functions;
}

}  // namespace

TEST_CASE("sessions that die under a key are made anew within the call") {
  const SoftToken token;
  const pki::PublicKey public_key = token.import("P-256", "ca", "01");
  const auto shared =
      TokenKey::open(token.location("object=ca"), SoftToken::pin(), public_key, KeyUse::Sign).value();
  const pki::PrivateKey key = TokenKey::private_key(shared);
  REQUIRE(signs(key));
  CK_FUNCTION_LIST& module = bare_module();
  CK_SLOT_ID slots[8];
  CK_ULONG count = 8;
  REQUIRE(module.C_GetSlotList(CK_TRUE, slots, &count) == CKR_OK);
  for (CK_ULONG i = 0; i < count; ++i) module.C_CloseAllSessions(slots[i]);
  CHECK(signs(key));
  CHECK_FALSE(shared->trouble());
}

TEST_CASE("a token that goes is told of, and used again when it is back") {
  const SoftToken token;
  const pki::PublicKey ca_public = token.import("P-256", "ca", "01");
  const pki::PublicKey ra_public = token.import("rsa:2048", "ra", "02");
  Told told_ca;
  Told told_ra;
  const auto ca = TokenKey::open(token.location("object=ca"), SoftToken::pin(), ca_public, KeyUse::Sign,
                                 told_ca.observer())
                      .value();
  const auto ra = TokenKey::open(token.location("object=ra"), SoftToken::pin(), ra_public,
                                 KeyUse::SignAndDecrypt, told_ra.observer())
                      .value();
  const pki::PrivateKey ca_key = TokenKey::private_key(ca);
  const pki::PrivateKey ra_key = TokenKey::private_key(ra);
  ca->start_watching();
  ra->start_watching();
  token.remove();
  const auto refused = ra_key.sign(Digest::Sha256, pki::as_bytes("something"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == pki::FaultKind::Unavailable);
  CHECK(told_ra.waits_for("lost: "));
  CHECK(told_ca.waits_for("lost: "));  // nobody has used that one
  CHECK(ca->trouble());
  token.put_back();
  CHECK(told_ra.waits_for("usable: key \"ra\" in token"));
  CHECK(told_ca.waits_for("usable: key \"ca\" in token"));
  CHECK(signs(ca_key));
  CHECK(signs(ra_key));
}

TEST_CASE("the key of one version goes on when that of the version before is let go of, under load") {
  const SoftToken token;
  const pki::PublicKey public_key = token.import("P-256", "ca", "01");
  const auto open = [&] {
    return TokenKey::open(token.location("object=ca"), SoftToken::pin(), public_key, KeyUse::Sign).value();
  };
  auto before = open();
  std::mutex mutex;
  auto current = std::make_shared<const pki::PrivateKey>(TokenKey::private_key(before));
  std::atomic<bool> ending{false};
  std::atomic<int> good{0};
  std::atomic<int> bad{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!ending) {
        std::shared_ptr<const pki::PrivateKey> key;
        {
          const std::lock_guard lock(mutex);
          key = current;
        }
        (signs(*key) ? good : bad) += 1;
      }
    });
  }
  for (int swap = 0; swap < 20; ++swap) {
    auto next = open();
    auto key = std::make_shared<const pki::PrivateKey>(TokenKey::private_key(next));
    {
      const std::lock_guard lock(mutex);
      current = std::move(key);
    }
    before = std::move(next);
    const int seen = good;
    while (good < seen + 20 && bad == 0) std::this_thread::yield();
  }
  ending = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(bad == 0);
  CHECK(good > 400);
}

}  // namespace certspan::pkcs11
