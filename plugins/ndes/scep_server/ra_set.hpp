// The registration authorities of an endpoint at one moment: that of now, and those before it.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "plugins/common/pki/scep_message.hpp"
#include "plugins/ndes/scep_server/ra_identity.hpp"

namespace certspan::scep {

using Ras = std::vector<std::shared_ptr<const RaIdentity>>;

// Immutable, so that a message is opened and answered by the same ones from its beginning to its end. A later
// set has the RAs of an earlier one at the same places.
class RaSet {
 public:
  // `current` is the place of the RA of now. Faults: as Opener::create and ReplySigner::create.
  static pki::Result<RaSet> make(Ras ras, std::size_t current, const pki::ScepOptions& options);

  const RaIdentity& current() const { return *ras_[current_]; }
  const Ras& all() const { return ras_; }
  const pki::Opener& opener() const { return opener_; }
  // Who signs the answer: the RA that the message was encrypted to, since clients keep that one's
  // certificate.
  const pki::ReplySigner& signer_for(const pki::ReplyContext& context) const;
  // Of a message of which nobody can say to whom it was encrypted.
  pki::EnvelopeInfo unknown_envelope() const { return {.recipient = current_}; }
  bool has_key(pki::BytesView spki) const;

 private:
  RaSet(Ras ras, std::size_t current, pki::Opener opener)
      : ras_(std::move(ras)), current_(current), opener_(std::move(opener)) {}

  Ras ras_;
  std::size_t current_;
  pki::Opener opener_;
  std::vector<pki::ReplySigner> signers_;
};

}  // namespace certspan::scep
