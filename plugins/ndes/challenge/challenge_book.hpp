// One-time challenges: minted for a person or a management service, spent once by a device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/store.hpp>
#include <certspan/types.hpp>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/ndes/keyed_hash.hpp"

namespace certspan::scep {

// What a challenge is good for. An empty field binds nothing.
struct ChallengeBinding {
  std::string endpoint;  // name of the source connector
  std::string profile;
  std::string subject;  // RFC 4514 text, or the common name alone
  std::optional<std::vector<std::string>>
      san;  // the only alternative names that may be asked for: "dns:a.example"
};

// What a device wants to spend a challenge on.
struct ChallengeUse {
  std::string_view endpoint;
  std::string_view profile;
  std::string subject;      // RFC 4514 text of the request's subject
  std::string common_name;  // "" if the subject does not hold exactly one
  std::vector<std::string> san;
  pki::BytesView item_key;
  bool names_a_sid = false;
  bool user_must_be_bound = false;  // it names a user or a SID, which only a binding of `san` may allow
};

struct SpentChallenge {
  std::string id;
  std::string device;  // for people, as it was minted
};

enum class SpendResult : std::uint8_t {
  Spent,  // by this item, now or before
  Unknown,
  SpentByAnother,
  Expired,
  WrongEndpoint,
  WrongProfile,
  WrongSubject,
  UnboundUser,
  StoreUnavailable,
};

enum class ChallengeShape : std::uint8_t {
  Long,    // 160 random bits in base32: characters that fit every string type in which a client may send it
  OfNdes,  // 64 random bits as 16 upper-case hexadecimal digits, which clients of NDES know
};

// What is to be minted.
struct ChallengeOrder {
  ChallengeBinding binding;
  std::string device;  // a word for people; binds nothing
  std::int64_t lifetime_ms = 0;
  ChallengeShape shape = ChallengeShape::Long;
};

struct MintedChallenge {
  std::string challenge;  // a secret
  std::string id;         // names it in lists and logs; says nothing about it
  std::int64_t expires_ms = 0;
};

struct ChallengeEntry {
  std::string id;
  ChallengeBinding binding;
  std::string device;
  std::int64_t expires_ms = 0;
  bool spent = false;
};

enum class CancelResult : std::uint8_t { Cancelled, Unknown, Ambiguous, AlreadySpent, StoreUnavailable };

// Records are found by HMAC-SHA-256 of the challenge under a random key of this connector, which is made at
// first use and kept in the same store. A challenge is spent by writing the item's key into its record: the
// same item again is the same use, however often it comes back, and the write is committed with the item or
// not at all. `spend` may be called from any thread, the others from one at a time. Times are milliseconds
// since 1970.
class ChallengeBook {
 public:
  // Reads or makes the key. nullopt: the store can't be used now.
  static std::optional<ChallengeBook> open(const sdk::Store& store);

  // nullopt: the store can't be written.
  std::optional<MintedChallenge> mint(const ChallengeOrder& order, std::int64_t now_ms);

  // `spent` is set when the challenge is known.
  SpendResult spend(std::string_view challenge, const ChallengeUse& use, std::int64_t now_ms,
                    SpentChallenge& spent);

  // nullopt: the store can't be read.
  std::optional<std::vector<ChallengeEntry>> list() const;

  // When those end that are neither spent nor expired. nullopt: the store can't be read.
  std::optional<std::vector<std::int64_t>> ends_of_open(std::int64_t now_ms) const;

  // `id` may be shortened as long as it names one.
  CancelResult cancel(std::string_view id);

  // Removes records that ended more than a week ago; until then "expired" can be told from "unknown". Looks
  // at one page of the store and goes on there the next time.
  void forget_ended(std::int64_t now_ms);

 private:
  ChallengeBook(const sdk::Store& store, const HashKey& key) : store_(store), key_(key) {}

  // False: the store can't be read.
  template <class Visit>
  bool each_record(const Visit& visit) const;

  sdk::Store store_;
  HashKey key_;
  std::string swept_;  // the last record that forget_ended looked at
};

}  // namespace certspan::scep
