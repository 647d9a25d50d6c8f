// JSON Schema of a SCEP endpoint's settings.
#pragma once

#include "plugins/common/connector/schema.hpp"
#include "plugins/common/pkcs11/key_setting.hpp"

namespace certspan::scep {

inline constexpr auto kScepServerSchemaText = connector::join_texts(R"json({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "additionalProperties": false,
  "required": ["listener", "path", "ra"],
  "x-certspan-labels": ["transaction_id", "subject", "address", "profile", "names"],
  "description": "A SCEP endpoint (RFC 8894) that takes the place of NDES.",
  "properties": {
    "listener": {
      "type": "string",
      "x-certspan-listener": true,
      "description": "The listener of host.listeners that it answers on."
    },
    "path": {
      "type": "string",
      "x-certspan-route": true,
      "description": "Where it answers, with everything below: /scep, or /certsrv/mscep/mscep.dll in place of NDES."
    },
    "more_paths": {
      "type": "array",
      "items": {"type": "string", "x-certspan-route": true, "description": "A path like the first."},
      "description": "Further paths of the same endpoint."
    },
    "crl_path": {
      "type": "string",
      "x-certspan-route": true,
      "description": "Where the CRLs of the endpoint's CAs can be fetched without SCEP: /crl gives that of the first CA, /crl/<key identifier>.crl that of any; parts and deltas stand below and beside it."
    },
    "ra": {
      "type": "object",
      "additionalProperties": false,
      "anyOf": [{"required": ["certificate_file", "key"]}, {"required": ["certificate_file", "pkcs11"]}, {"required": ["issuer"]}],
      "description": "The registration authority: requests are encrypted to it, and it signs the answers. Of files, or certified by a CA of this host again and again.",
      "properties": {
        "issuer": {
          "type": "string",
          "minLength": 1,
          "x-certspan-connector": "issuer",
          "description": "In place of files: the connector whose CA certifies the RA, an issuer of the endpoint's pipelines. Key and certificate are made at the start and anew when a third of the certificate's life is left; those before go on opening requests."
        },
        "subject": {
          "type": "string",
          "minLength": 1,
          "default": "CN=Certspan RA",
          "description": "With `issuer`: the RA's name."
        },
        "key_type": {
          "enum": ["rsa:2048", "rsa:3072"],
          "default": "rsa:2048",
          "description": "With `issuer`: what its keys are."
        },
        "validity": {
          "type": "string",
          "x-certspan-duration": true,
          "minimum": 60000,
          "default": "365d",
          "description": "With `issuer`: how long a certificate lasts."
        },
        "certificate_file": {
          "type": "string",
          "minLength": 1,
          "x-certspan-path": true,
          "description": "PEM; RSA, key usage digitalSignature and keyEncipherment, issued by the CA of the pipeline."
        },
        "key": {
          "type": "string",
          "x-certspan-secret": true,
          "description": "Its private key, PEM, as a reference: ${file:/etc/certspan/ra.key}"
        },
        )json",
                                                                    pkcs11::kSettingSchema, R"json(,
        "previous": {
          "type": "array",
          "maxItems": 8,
          "description": "RAs before this one. Requests to them are opened, and answered under their name, for clients that keep the RA in a file.",
          "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["certificate_file"],
            "anyOf": [{"required": ["key"]}, {"required": ["pkcs11"]}],
            "description": "One of them; its certificate may have expired.",
            "properties": {
              "certificate_file": {
                "type": "string",
                "minLength": 1,
                "x-certspan-path": true,
                "description": "PEM."
              },
              "key": {
                "type": "string",
                "x-certspan-secret": true,
                "description": "Its private key, PEM, as a reference; it may be that of the RA of now."
              },
              )json",
                                                                    pkcs11::kSettingSchema, R"json(
            }
          }
        }
      }
    },
    "ca_certificates": {
      "enum": ["ra_only", "ra_ca", "chain_without_root", "chain"],
      "default": "ra_ca",
      "description": "What GetCACert answers: the RA, the RA and the issuing CA, or the RA and the chain, the root in it or not."
    },
    "reply_chain": {
      "enum": ["leaf", "chain"],
      "default": "leaf",
      "description": "What a device is sent: its certificate, or also those above it. Cisco's VPN client demands the chain, Juniper refuses it."
    },
    "extra_capabilities": {
      "type": "array",
      "items": {"type": "string", "description": "One word."},
      "default": ["SHA-384"],
      "description": "Words added to GetCACaps. strongSwan 5.9.8 uses AES only where it finds SHA-384."
    },
    "capabilities": {
      "type": "array",
      "minItems": 1,
      "items": {"type": "string", "description": "One word."},
      "description": "All words of GetCACaps in this order, in place of those that the other settings make. GetNextCACert comes by itself."
    },
    "capabilities_line_end": {
      "enum": ["lf", "crlf"],
      "default": "lf",
      "description": "How each line of GetCACaps ends."
    },
    "profile": {
      "type": "string",
      "description": "Set as label `profile` on every request of this endpoint, for `when:` of a pipeline."
    },
    "max_message": {
      "type": "string",
      "x-certspan-size": true,
      "minimum": 4096,
      "maximum": 262144,
      "default": "64KiB",
      "description": "The largest message that is read; 4KiB to 256KiB."
    },
    "danger_allow_3des": {
      "type": "boolean",
      "default": false,
      "description": "Requests and answers in 3DES, for clients that have no AES."
    },
    "danger_allow_des": {
      "type": "boolean",
      "default": false,
      "description": "Requests and answers in single DES, which anyone can break; never list it in front of the internet."
    },
    "danger_allow_sha1": {
      "type": "boolean",
      "default": false,
      "description": "Messages that are signed with SHA-1; a request inside that is stays refused."
    },
    "danger_enrollment_agent_ra": {
      "type": "boolean",
      "default": false,
      "description": "The RA certificate may be an enrolment agent: whoever steals its key enrols as anyone at an AD CS in NTAuth."
    }
  }
})json");
inline constexpr const char* kScepServerSchema = kScepServerSchemaText.data();

}  // namespace certspan::scep
