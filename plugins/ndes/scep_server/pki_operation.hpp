// PKIOperation (RFC 8894 4.3): from the octets of a message to work for the host, or to a refusal.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <certspan/host.hpp>
#include <certspan/http.hpp>

#include "plugins/common/pki/scep_message.hpp"
#include "plugins/ndes/scep_server/endpoint_cas.hpp"
#include "plugins/ndes/scep_server/ra_desk.hpp"
#include "plugins/ndes/scep_server/repeat_limiter.hpp"
#include "plugins/ndes/scep_server/reply_cache.hpp"

namespace certspan::scep {

// What one endpoint needs to understand messages. The referenced objects outlive it.
struct PkiOperationParts {
  std::string endpoint;
  std::string profile;
  pki::ScepOptions options;
  const RaDesk& ras;
  EndpointCas& cas;
  ReplyCache& cache;
};

// What the host keeps in memory while a client waits: what its reply needs, and which message it answers.
struct MessageContext {
  MessageDigest message;
  pki::ReplyContext reply;
};
pki::Bytes serialize_message_context(const MessageContext& context);
pki::Result<MessageContext> parse_message_context(pki::BytesView bytes);

// Thread-safe.
//
// The order of the work: what anyone on the wire can see comes first (shape, sizes, signature, recipient,
// standing of the signer), the private key last. What fails between its use and a verified request gets one
// answer, whatever the cause.
class PkiOperation {
 public:
  PkiOperation(const sdk::Host& host, PkiOperationParts parts);

  // Ends the exchange. `address` is that of the client, without port.
  void handle(pki::BytesView message, std::string_view address, sdk::Exchange& exchange);

 private:
  // One message on its way.
  struct Incoming {
    const MessageDigest& digest;
    const pki::OuterMessage& outer;
    std::string_view address;
    const RaSet& ras;
  };
  // What the device is told, and the cause that only the log is told.
  struct Refusal {
    pki::FailInfo info;
    std::string_view sentence;
    std::string_view cause;
  };

  void enrol(const Incoming& incoming, sdk::Exchange& exchange) const;
  std::vector<sdk::Label> labels_of(const Incoming& incoming, const pki::CertificateRequest& request) const;
  void submit(const Incoming& incoming, const pki::OpenedRequest& opened, SignerStanding standing,
              sdk::Exchange& exchange) const;
  void poll(const Incoming& incoming, sdk::Exchange& exchange) const;
  void send_known_certificate(const Incoming& incoming, sdk::Exchange& exchange) const;
  void send_crl(const Incoming& incoming, sdk::Exchange& exchange) const;
  void refuse_unreadable(pki::BytesView message, const pki::Fault& fault, std::string_view address,
                         const RaSet& ras, sdk::Exchange& exchange) const;
  void refuse_fault(const Incoming& incoming, const pki::Fault& fault, sdk::Exchange& exchange) const;
  void refuse(const Incoming& incoming, const Refusal& refusal, sdk::Exchange& exchange) const;
  void send_refusal(const pki::ReplyContext& context, const Refusal& refusal, std::string_view address,
                    const RaSet& ras, sdk::Exchange& exchange) const;
  ItemKey poll_key_of(const pki::OuterMessage& outer) const;
  std::int64_t now() const;

  sdk::Host host_;
  PkiOperationParts parts_;
  RepeatLimiter limiter_;
  // Asked about in place of what could not be read, so that nobody sees a difference.
  pki::CertificateId nobodys_;
};

}  // namespace certspan::scep
