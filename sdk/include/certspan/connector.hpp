// The classes that a plugin author derives from. A CA derives from Issuer and implements `issue` and `chain`;
// everything else is offered to the host only where the class overrides it.
#pragma once

#include <chrono>
#include <span>
#include <string_view>

#include <certspan/abi/role_deliverer.h>
#include <certspan/abi/role_issuer.h>
#include <certspan/abi/role_processor.h>
#include <certspan/abi/role_revoker.h>
#include <certspan/abi/role_source.h>
#include <certspan/abi/role_validator.h>
#include <certspan/answer.hpp>
#include <certspan/faults.hpp>
#include <certspan/host.hpp>
#include <certspan/http.hpp>
#include <certspan/item.hpp>

namespace certspan::sdk {

/// The life of every connector: constructor, `start`, calls, `drain`, `stop`, destructor. These run one at a
/// time on a control thread; the calls of the roles below run concurrently on worker threads. What a function
/// throws becomes an answer `internal` with code "plugin.exception".
class Connector {
 public:
  Connector() = default;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  Connector(Connector&&) = delete;
  Connector& operator=(Connector&&) = delete;
  virtual ~Connector() = default;

  /// Makes the connector callable. False, or a fault: it stays down, and `stop` follows.
  virtual bool start(Faults& /*faults*/) { return true; }
  /// Finishes what is under way; no new call arrives. False: something was left at the deadline.
  virtual bool drain(std::chrono::steady_clock::time_point /*deadline*/) { return true; }
  /// Ends threads and releases what `start` took. Must be right after a failed start, and twice.
  virtual void stop() {}
};

/// Takes the certificates of a chain: the issuing CA first, its root last. DER.
class ChainSink {
 public:
  explicit ChainSink(const certspan_chain_sink& sink) noexcept : sink_(sink) {}
  void add(Bytes certificate) noexcept { sink_.add(sink_.context, {}, to_abi(certificate)); }

 private:
  const certspan_chain_sink& sink_;
};

/// A certificate that `find` looks for: the issuer's DER Name and the unsigned big-endian serial number.
struct FindRequest {
  Bytes issuer;
  Bytes serial;
};

class FindSink {
 public:
  explicit FindSink(const certspan_find_sink& sink) noexcept : sink_(sink) {}
  void good(Bytes certificate) noexcept {
    sink_.found(sink_.context, to_abi(certificate), CERTSPAN_CERTIFICATE_GOOD);
  }
  void revoked(Bytes certificate) noexcept {
    sink_.found(sink_.context, to_abi(certificate), CERTSPAN_CERTIFICATE_REVOKED);
  }

 private:
  const certspan_find_sink& sink_;
};

/// Takes one value.
class BytesSink {
 public:
  explicit BytesSink(const certspan_bytes_sink& sink) noexcept : sink_(sink) {}
  void put(Bytes value) noexcept { sink_.put(sink_.context, to_abi(value)); }

 private:
  const certspan_bytes_sink& sink_;
};

/// A certificate authority. A class that needs `CERTSPAN_ISSUER_*` flags says
/// `static constexpr std::uint32_t kIssuerFlags = ...;`.
class Issuer : public virtual Connector {
 public:
  /// Asks for a certificate for `item.request()`. May block until `item.deadline()`.
  virtual Answer issue(const Item& item) = 0;
  /// The CA's certificate and those above it. Ok, or why not.
  virtual Outcome chain(ChainSink& chain) = 0;

  /// How a pending order stands; `item.handle()` names it. Override it if `issue` may answer `pending`.
  virtual Answer poll(const Item& /*item*/) { return not_offered(); }
  /// What came of `item.key()`: ok, pending, rejected, cancelled (not done and never will be) or unavailable
  /// (can't tell yet, which "not there yet" is). Not overridden: an `unknown` item is held for a person.
  virtual Answer lookup(const Item& /*item*/) { return not_offered(); }
  /// Ok (found), Rejected (this CA has none such), Unavailable. Not overridden: renewals are refused.
  virtual Outcome find(const FindRequest& /*request*/, FindSink& /*sink*/) { return Outcome::Unsupported; }
  /// Cheap and free of side effects; what `certspan status` shows.
  virtual Outcome ping(Faults& /*faults*/) { return Outcome::Unsupported; }
  /// Takes back the pending order that `item.handle()` names: cancelled (dropped, and never will be done), ok
  /// with the certificate that was made already; anything else: it stands as before. Not overridden: an order
  /// that nobody wants any more is held for a person.
  virtual Answer cancel(const Item& /*item*/) { return not_offered(); }
  /// The CRL that counts now, DER: Ok, Rejected (of no CA of this connector), Unavailable. Not overridden:
  /// the CA publishes its CRLs elsewhere.
  virtual Outcome crl(const CrlRequest& /*request*/, BytesSink& /*sink*/) { return Outcome::Unsupported; }
  /// The CA that will take this one's place, signed by the key that issues now (RFC 8894 4.7.1): Ok, Rejected
  /// (none is prepared), Unavailable. Not overridden: no successor is ever told of.
  virtual Outcome next_ca(BytesSink& /*sink*/) { return Outcome::Unsupported; }
  /// How the certificate with this CertID (RFC 6960 4.1.1, DER) stands now, as its CertStatus (4.2.1), DER;
  /// `unknown` if it was never issued: Ok, Rejected (of no CA of this connector), Unavailable. Not
  /// overridden: OCSP is answered elsewhere, if at all.
  virtual Outcome certificate_status(Bytes /*cert_id*/, BytesSink& /*sink*/) { return Outcome::Unsupported; }

 private:
  static Answer not_offered() {
    return Answer::unsupported("sdk.not_offered", "the plugin does not offer this");
  }
};

/// Says whether a request may go on. One that lets a person decide says
/// `static constexpr std::uint32_t kValidatorFlags = CERTSPAN_VALIDATOR_ASKS_PERSON;` and answers `pending`
/// without a handle.
class Validator : public virtual Connector {
 public:
  /// Ok lets the item go on and adds its labels; rejected, invalid and unsupported end it.
  virtual Answer validate(const Item& item) = 0;
};

/// An issued certificate and its CA, or, before `issue`, the CA certificates alone.
class Issued {
 public:
  explicit Issued(const certspan_issued& issued) noexcept : issued_(&issued) {}

  /// Name of the issuing connector.
  [[nodiscard]] std::string_view issuer() const noexcept { return from_abi(issued_->issuer); }
  /// DER; empty before `issue`.
  [[nodiscard]] Bytes certificate() const noexcept { return from_abi(issued_->certificate); }
  /// DER. After `issue`: that issuer's chain, issuing CA first. Before it: the certificates of the CA group.
  [[nodiscard]] std::size_t chain_size() const noexcept { return issued_->chain_count; }
  [[nodiscard]] Bytes chain(std::size_t index) const noexcept { return from_abi(issued_->chain[index]); }

 private:
  const certspan_issued* issued_;
};

/// Stands before and after every issuer.
class Processor : public virtual Connector {
 public:
  virtual Answer before_issue(const Item& item, const Issued& issuers) = 0;
  virtual Answer after_issue(const Item& item, const Issued& issued) = 0;
};

/// How an item ended: with a certificate that nobody has been handed yet, or without one.
class Delivery {
 public:
  explicit Delivery(const certspan_delivery& delivery) noexcept : delivery_(&delivery) {}

  [[nodiscard]] bool issued() const noexcept { return outcome() == Outcome::Ok; }
  [[nodiscard]] Outcome outcome() const noexcept { return outcome_from_abi(delivery_->outcome); }
  /// Not issued: why, as a stable word and as a sentence.
  [[nodiscard]] std::string_view code() const noexcept { return from_abi(delivery_->code); }
  [[nodiscard]] std::string_view message() const noexcept { return from_abi(delivery_->message); }
  /// Issued: name of the issuing connector, and the certificate, DER.
  [[nodiscard]] std::string_view issuer() const noexcept { return from_abi(delivery_->issuer); }
  [[nodiscard]] Bytes certificate() const noexcept { return from_abi(delivery_->certificate); }

 private:
  const certspan_delivery* delivery_;
};

/// Tells somebody how items ended.
class Deliverer : public virtual Connector {
 public:
  /// Ok: told. Called at least once for an item, again after everything but ok and a final answer, and when
  /// the host ended meanwhile: whoever is told must stand repeats, known by `item.key()`. Rejected, invalid
  /// and unsupported: it is refused for good, and a certificate is handed to nobody.
  virtual Answer deliver(const Item& item, const Delivery& delivery) = 0;
};

/// A certificate that is to be revoked, as its issuer knows it.
class Revocation {
 public:
  explicit Revocation(const certspan_revocation& revocation) noexcept : revocation_(&revocation) {}

  /// CERTSPAN_REASON_...; CERTSPAN_REASON_REMOVE_FROM_CRL releases a hold.
  [[nodiscard]] std::uint32_t reason() const noexcept { return revocation_->reason; }
  /// When it was ordered.
  [[nodiscard]] std::chrono::system_clock::time_point at() const noexcept {
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(revocation_->at_ms));
  }
  /// `item.key()` of the call of `issue` that made it.
  [[nodiscard]] Bytes key() const noexcept { return from_abi(revocation_->key); }
  /// DER; empty for an issuer with local effects.
  [[nodiscard]] Bytes certificate() const noexcept { return from_abi(revocation_->certificate); }
  [[nodiscard]] std::span<const certspan_label> labels() const noexcept {
    return {revocation_->labels, revocation_->label_count};
  }

 private:
  const certspan_revocation* revocation_;
};

/// An issuer that takes certificates back.
class Revoker : public virtual Connector {
 public:
  /// Ok: it is revoked, also if it was before. Rejected: this CA never issued it, or will not. Unsupported:
  /// not for this reason. Everything else is repeated, unknown and internal too.
  virtual Answer revoke(const Item& item, const Revocation& revocation) = 0;
};

/// Brings work in and answers whoever brought it. One that only answers HTTP requests says
/// `static constexpr std::uint32_t kSourceFlags = CERTSPAN_SOURCE_BRINGS_NO_WORK;`.
class Source : public virtual Connector {
 public:
  /// Lets work in: registers routes. False, or a fault: intake stays closed.
  virtual bool open_intake(Faults& faults) = 0;
  /// After it returns nothing new is submitted. Must be right without `open_intake`, and twice.
  virtual void close_intake() {}
  /// A request on one of the connector's routes. Not overridden: the source has no HTTP.
  virtual void handle(const HttpRequest& /*request*/, Exchange& /*exchange*/) {}
  /// Tells the client how its item stands, by `exchange.respond`. `context` is what this connector gave to
  /// `submit` or `poll`.
  virtual void reply(const Reply& /*reply*/, Bytes /*context*/, Exchange& /*exchange*/) {}
  /// Fetches work from outside and brings it in by `bring`. Ok or why not, for people; the next call comes
  /// after the answer's `retry_after`. Not overridden: the source waits for requests.
  virtual Answer gather(std::chrono::steady_clock::time_point /*deadline*/) { return Answer::ok(); }
};

}  // namespace certspan::sdk
