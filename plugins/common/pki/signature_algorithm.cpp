#include "plugins/common/pki/signature_algorithm.hpp"

#include "plugins/common/pki/oids.hpp"

namespace certspan::pki {
namespace {

struct KnownAlgorithm {
  Oid oid;
  SignatureAlgorithm algorithm;
};

constexpr std::array<KnownAlgorithm, 8> kKnown = {{
    {oids::kSha256WithRsa, {KeyFamily::Rsa, Digest::Sha256}},
    {oids::kSha384WithRsa, {KeyFamily::Rsa, Digest::Sha384}},
    {oids::kSha512WithRsa, {KeyFamily::Rsa, Digest::Sha512}},
    {oids::kSha1WithRsa, {KeyFamily::Rsa, Digest::Sha1}},
    {oids::kEcdsaWithSha256, {KeyFamily::Ec, Digest::Sha256}},
    {oids::kEcdsaWithSha384, {KeyFamily::Ec, Digest::Sha384}},
    {oids::kEcdsaWithSha512, {KeyFamily::Ec, Digest::Sha512}},
    {oids::kEcdsaWithSha1, {KeyFamily::Ec, Digest::Sha1}},
}};

}  // namespace

Result<AlgorithmIdentifier> read_algorithm_identifier(DerReader& reader, std::string_view what) {
  CERTSPAN_PKI_TRY(DerReader sequence, reader.enter(tag::kSequence, what));
  AlgorithmIdentifier identifier;
  CERTSPAN_PKI_TRY(identifier.algorithm, sequence.oid());
  if (!sequence.at_end()) {
    CERTSPAN_PKI_TRY(identifier.parameters, sequence.next());
  }
  CERTSPAN_PKI_CHECK(sequence.finish());
  return identifier;
}

Result<SignatureAlgorithm> read_signature_algorithm(DerReader& reader, std::string_view what) {
  CERTSPAN_PKI_TRY(const AlgorithmIdentifier identifier, read_algorithm_identifier(reader, what));
  for (const KnownAlgorithm& known : kKnown) {
    if (!(known.oid == identifier.algorithm)) continue;
    if (!identifier.parameters_null_or_absent()) {
      return fault(FaultKind::Malformed, std::string(what) + ": unexpected algorithm parameters");
    }
    return known.algorithm;
  }
  return fault(FaultKind::UnsupportedAlgorithm, std::string(what) + ": signature algorithm " +
                                                    identifier.algorithm.dotted() + " is not supported");
}

void write_signature_algorithm(DerWriter& writer, SignatureAlgorithm algorithm) {
  for (const KnownAlgorithm& known : kKnown) {
    if (!(known.algorithm == algorithm)) continue;
    if (algorithm.family == KeyFamily::Rsa) {
      writer.algorithm_with_null(known.oid);
    } else {
      writer.algorithm(known.oid);
    }
  }
}

}  // namespace certspan::pki
