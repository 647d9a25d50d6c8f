#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/bytes.hpp"
#include "host/base/crl_wanted.hpp"
#include "host/base/outcome.hpp"
#include "host/journal/work_item.hpp"
#include "host/services/exchange.hpp"

namespace certspan {

/// A source's request for work, copied out of the contract's struct.
struct Submission {
  std::string source;
  ItemKey key{};
  std::optional<ItemKey> poll_key;
  std::string message;
  std::string transaction_id;
  Bytes request;
  Bytes signer;
  Labels labels;
};

/// Takes work from sources; the pipeline engine implements it. Both take over `exchange` and answer it sooner
/// or later. Called on the thread that runs the source's `handle`.
class Submitter {
 public:
  virtual ~Submitter() = default;
  virtual void submit(Submission submission, HttpExchangePtr exchange, Bytes reply_context) = 0;
  virtual void poll(std::string_view source, const ItemKey& poll_key, std::string_view transaction_id,
                    HttpExchangePtr exchange, Bytes reply_context) = 0;
  /// Takes work that nobody waits for: durable when it returns Ok. Any thread; blocks for that. Rejected: no
  /// pipeline takes it; Unavailable: not now.
  virtual Outcome bring(Submission submission) = 0;
};

/// Answers questions about the issuers of a pipeline; the pipeline room implements it. Thread-safe.
class IssuerDirectory {
 public:
  virtual ~IssuerDirectory() = default;

  struct Certificate {
    std::string issuer;  ///< connector
    Bytes der;
  };
  /// Chains of the issuers of `pipeline`, or of every pipeline that the connector `source` is in if that is
  /// empty; the same of the other functions.
  virtual Outcome chain(std::string_view source, std::string_view pipeline,
                        const std::function<void(const Certificate&)>& visit) = 0;

  struct Found {
    Bytes certificate;
    bool revoked = false;
  };
  virtual Outcome find(std::string_view source, std::string_view pipeline, BytesView issuer, BytesView serial,
                       Found& found) = 0;
  virtual Outcome crl(std::string_view source, std::string_view pipeline, const CrlWanted& wanted,
                      Bytes& crl) = 0;
  /// The signed message about the CA that comes next.
  virtual Outcome next_ca(std::string_view source, std::string_view pipeline, Bytes& message) = 0;
  /// The CertStatus (RFC 6960 4.2.1) of the certificate with this CertID, by the connector `issuer`.
  virtual Outcome status(std::string_view issuer, BytesView cert_id, Bytes& status) = 0;
};

/// Opens the secrets of connectors. Thread-safe.
class SecretVault {
 public:
  virtual ~SecretVault() = default;
  /// Calls `use` with the bytes behind `token` if it belongs to `connector`; false if it does not.
  virtual bool open(std::string_view connector, std::string_view token,
                    const std::function<void(BytesView)>& use) const = 0;
};

/// Takes routes of sources. Thread-safe.
class RouteTable {
 public:
  virtual ~RouteTable() = default;
  /// Ok, or Rejected when the configuration does not grant it or it is another connector's.
  virtual Outcome add(std::string_view connector, const certspan_http_route& route) = 0;
};

}  // namespace certspan
