#pragma once

#include <map>
#include <string>
#include <vector>

#include <certspan/abi/plugin.h>

#include "host/config/type_catalog.hpp"

namespace certspan::test {

/// Stands for the loaded plugins: types like those of `ndes`, `ca_local` and `profile`, with every mark that
/// a schema can carry, and a CA of somebody else.
class FakeCatalog final : public TypeCatalog {
 public:
  FakeCatalog() { types_ = {scep_server(), challenge(), webhook(), queue(), ca(), acme_ca(), fence()}; }

  std::vector<const ConnectorType*> types() const override {
    std::vector<const ConnectorType*> list;
    for (const ConnectorType& type : types_) list.push_back(&type);
    return list;
  }
  std::string why_refused(std::string_view plugin) const override {
    const auto found = refused_.find(std::string(plugin));
    return found == refused_.end() ? std::string() : found->second;
  }

  void refuse(const std::string& plugin, const std::string& why) { refused_[plugin] = why; }
  void remove(std::string_view plugin) {
    std::erase_if(types_, [&](const ConnectorType& type) { return type.plugin == plugin; });
  }
  /// Its plugin has sockets of its own.
  void open_sockets(std::string_view type) {
    for (ConnectorType& one : types_) one.needs_network = one.needs_network || one.name == type;
  }
  void add(ConnectorType type) { types_.push_back(std::move(type)); }

 private:
  static ConnectorType scep_server() {
    return {"ndes", "scep_server", "SCEP", R"({
      "type": "object", "additionalProperties": false, "required": ["listener", "path"],
      "x-certspan-labels": ["address", "subject", "profile"],
      "properties": {
        "listener": {"type": "string", "description": "where it listens", "x-certspan-listener": true},
        "path": {"type": "string", "description": "its path", "x-certspan-route": true},
        "aliases": {"type": "array", "description": "more paths",
                    "items": {"type": "string", "description": "one", "x-certspan-route": true}},
        "ra": {"type": "object", "additionalProperties": false, "required": ["certificate_file", "key"],
               "description": "registration authority",
               "properties": {
                 "certificate_file": {"type": "string", "description": "PEM"},
                 "key": {"type": "string", "description": "PEM", "x-certspan-secret": true}}},
        "ca_certificates": {"enum": ["ra_only", "ra_ca", "chain"], "description": "what GetCACert sends"},
        "cache": {"description": "bytes of replies kept", "x-certspan-size": true, "maximum": 1048576},
        "poll_interval": {"description": "between polls", "x-certspan-duration": true, "minimum": 1000},
        "max_polls": {"type": "integer", "minimum": 1, "description": "polls"},
        "extra_capabilities": {"type": "array", "uniqueItems": true, "description": "more",
                               "items": {"type": "string", "pattern": "^[A-Za-z0-9-]+$", "description": "one"}},
        "danger_sha1": {"type": "boolean", "description": "SHA-1 too"}
      }})", {Role::Source}, 0};
  }

  static ConnectorType challenge() {
    return {"ndes", "challenge", "challenges", R"({
      "type": "object", "additionalProperties": false,
      "properties": {
        "static": {"type": "string", "description": "one for all", "x-certspan-secret": true},
        "endpoint": {"type": "string", "description": "bound to", "x-certspan-connector": "source"},
        "lifetime": {"type": "integer", "description": "of a challenge", "x-certspan-duration": true}
      }})", {Role::Validator}, 0};
  }

  static ConnectorType webhook() {
    return {"ndes", "webhook", "asks and tells", R"({
      "type": "object", "additionalProperties": false,
      "properties": {"url": {"type": "string", "description": "where"}}})", {Role::Validator, Role::Deliverer}, 0};
  }

  static ConnectorType queue() {
    return {"ndes",
            "queue",
            "orders of revocation",
            R"({"type": "object", "additionalProperties": false})",
            {Role::Source},
            0};
  }

  static ConnectorType ca() {
    return {"ca_local", "ca", "embedded CA", R"({
      "type": "object", "additionalProperties": false, "required": ["certificate_file", "key"],
      "properties": {
        "certificate_file": {"type": "string", "description": "PEM"},
        "key": {"type": "string", "description": "PEM", "x-certspan-secret": true}
      }})", {Role::Issuer, Role::Revoker}, CERTSPAN_TYPE_HOLDS_CA_KEY};
  }

  static ConnectorType acme_ca() {
    return {"com.acme.ca", "ca", "a CA elsewhere", R"({
      "type": "object", "additionalProperties": false, "required": ["url"],
      "properties": {
        "url": {"type": "string", "description": "where it is"},
        "ratio": {"type": "number", "description": "a number"},
        "token": {"type": "string", "description": "to get in", "x-certspan-secret": true}
      }})", {Role::Issuer}, CERTSPAN_TYPE_RUNS_WAITS};
  }

  static ConnectorType fence() {
    return {"profile", "fence", "the fence", R"({
      "type": "object", "additionalProperties": false,
      "properties": {
        "profiles": {"type": "object", "description": "the file's profiles", "x-certspan-profiles": true,
          "additionalProperties": {"type": "object", "additionalProperties": false, "required": ["validity"],
            "properties": {
              "subject": {"enum": ["from_request"], "description": "subject"},
              "san": {"type": "array", "items": {"enum": ["upn", "dns", "email", "uri"]}, "description": "SAN"},
              "key_usage": {"type": "array", "items": {"type": "string"}, "description": "KU"},
              "eku": {"type": "array", "items": {"type": "string"}, "description": "EKU"},
              "validity": {"description": "how long", "x-certspan-duration": true},
              "keys": {"type": "array", "items": {"type": "string"}, "description": "keys"}
            }}}
      }})", {Role::Processor}, 0};
  }

  std::vector<ConnectorType> types_;
  std::map<std::string, std::string> refused_;
};

}  // namespace certspan::test
