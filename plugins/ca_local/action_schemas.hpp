// What the actions of `ca_local` take, as JSON Schema.
#pragma once

#include "plugins/common/connector/schema.hpp"
#include "plugins/common/pkcs11/action_key.hpp"

namespace certspan::ca_local::action_schemas {

inline constexpr auto kCreateCaText = connector::join_texts(R"({
  "type": "object", "additionalProperties": false, "required": ["directory", "subject", "key"],
  "description": "A new certificate authority with a self-signed certificate.",
  "properties": {
    )",
                                                            pkcs11::kArgumentSchema, R"(,
    "directory": {"type": "string", "minLength": 1,
      "description": "Where ca.key and ca.pem are written; made if it is missing. Nothing there is replaced."},
    "subject": {"type": "string", "minLength": 1, "description": "Name of the CA, such as CN=Example Device CA,O=Example."},
    "key": {"enum": ["rsa:2048", "rsa:3072", "rsa:4096", "p256", "p384"],
      "description": "Kind of the key."},
    "validity": {"type": "string", "x-certspan-duration": true, "default": "3650d", "description": "How long the CA's certificate lasts."}
  }})");
inline constexpr const char* kCreateCa = kCreateCaText.data();

inline constexpr auto kCertifyRaText = connector::join_texts(R"({
  "type": "object", "additionalProperties": false, "required": ["csr"],
  "description": "A certificate for a SCEP registration authority: opens requests and signs replies.",
  "properties": {
    )",
                                                             pkcs11::kArgumentSchema, R"(,
    "directory": {"type": "string", "minLength": 1,
      "description": "Where the CA's ca.key and ca.pem are. Left out: the running connector's CA."},
    "certificate_file": {"type": "string", "minLength": 1,
      "description": "The CA's certificate, PEM, where it is not ca.pem of a directory."},
    "key_file": {"type": "string", "minLength": 1,
      "description": "The CA's key, PEM, where it is not ca.key of a directory."},
    "csr": {"type": "string", "minLength": 1, "description": "Request of the registration authority, PEM, with an RSA key."},
    "validity": {"type": "string", "x-certspan-duration": true, "default": "730d", "description": "How long the certificate lasts."}
  }})");
inline constexpr const char* kCertifyRa = kCertifyRaText.data();

inline constexpr auto kCertifyTlsText = connector::join_texts(R"({
  "type": "object", "additionalProperties": false, "required": ["names"],
  "description": "A server certificate for a listener of this host.",
  "properties": {
    )",
                                                              pkcs11::kArgumentSchema, R"(,
    "directory": {"type": "string", "minLength": 1,
      "description": "Where the CA's ca.key and ca.pem are. Left out: the running connector's CA."},
    "certificate_file": {"type": "string", "minLength": 1,
      "description": "The CA's certificate, PEM, where it is not ca.pem of a directory."},
    "key_file": {"type": "string", "minLength": 1,
      "description": "The CA's key, PEM, where it is not ca.key of a directory."},
    "names": {"type": "array", "minItems": 1, "maxItems": 64, "items": {"type": "string", "minLength": 1},
      "description": "DNS names and IP addresses under which clients reach the listener."},
    "csr": {"type": "string", "minLength": 1,
      "description": "Request whose key is certified, PEM; its subject and extensions are ignored. Left out: a new P-256 key is made and returned."},
    "profile": {"type": "string", "minLength": 1,
      "description": "Profile of the running connector's file, with server_auth in its eku: its validity counts, at most 397 days."},
    "validity": {"type": "string", "x-certspan-duration": true, "default": "397d", "description": "How long the certificate lasts, without a profile."}
  }})");
inline constexpr const char* kCertifyTls = kCertifyTlsText.data();

inline constexpr const char* kCertifyOcsp = R"({
  "type": "object", "additionalProperties": false, "required": ["csr", "responder"],
  "description": "Certificates with which a responder answers in the name of the CA: one of each of its keys.",
  "properties": {
    "csr": {"type": "string", "minLength": 1, "description": "Request of the responder, PEM."},
    "responder": {"type": "string", "minLength": 1,
      "description": "The connector whose key it is; the CA's setting ocsp_responders must name it."},
    "validity": {"type": "string", "x-certspan-duration": true, "default": "30d", "description": "How long the certificates last."}
  }})";

inline constexpr auto kCaCsrText = connector::join_texts(R"({
  "type": "object", "additionalProperties": false, "required": ["directory", "subject"],
  "description": "A request for a CA certificate under a company's own root.",
  "properties": {
    )",
                                                         pkcs11::kArgumentSchema, R"(,
    "directory": {"type": "string", "minLength": 1,
      "description": "Where ca.key is written; made if it is missing. A key that is there is not replaced."},
    "subject": {"type": "string", "minLength": 1, "description": "Name of the CA, such as CN=Example Device CA,O=Example."},
    "key": {"enum": ["rsa:2048", "rsa:3072", "rsa:4096", "p256", "p384"],
      "description": "Kind of the new key."},
    "existing_key": {"type": "boolean", "default": false,
      "description": "Asks for a certificate for the ca.key that is there, to renew the CA's certificate or to get a lost request back."}
  }})");
inline constexpr const char* kCaCsr = kCaCsrText.data();

inline constexpr auto kCaImportText = connector::join_texts(R"({
  "type": "object", "additionalProperties": false, "required": ["directory", "certificate"],
  "description": "Takes the certificate that the company's root has signed.",
  "properties": {
    )",
                                                            pkcs11::kArgumentSchema, R"(,
    "directory": {"type": "string", "minLength": 1, "description": "Where ca.key is; ca.pem is written there."},
    "certificate": {"type": "string", "minLength": 1,
      "description": "The CA's new certificate and those above it up to the root, PEM, in any order."}
  }})");
inline constexpr const char* kCaImport = kCaImportText.data();

inline constexpr const char* kImportCertificates = R"({
  "type": "object", "additionalProperties": false, "required": ["certificates"],
  "description": "Takes certificates of a CA outside, which may renew here then.",
  "properties": {
    "certificates": {"type": "array", "minItems": 1, "maxItems": 64,
      "items": {"type": "string", "description": "DER in base64."},
      "description": "The certificates."},
    "revoked": {"type": "boolean", "default": false, "description": "They were revoked and never renew."},
    "dry_run": {"type": "boolean", "default": false, "description": "Says what would be done, and writes nothing."}
  }})";

}  // namespace certspan::ca_local::action_schemas
