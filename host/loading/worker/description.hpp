#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <certspan/abi/plugin.h>

#include "host/base/bytes.hpp"

namespace certspan::worker {

/// What the host has to know of a plugin whose code never runs in the host: told by the child that probed it.
struct ActionDescription {
  std::string name;
  std::string summary;
  std::string argument_schema;
  std::uint32_t flags = 0;
  std::uint32_t person = 0;
};

/// Which functions of the issuer role a type has besides those that each must have.
struct IssuerDescription {
  std::uint32_t flags = 0;
  bool poll = false;
  bool lookup = false;
  bool find = false;
  bool ping = false;
  bool cancel = false;
  bool crl = false;
  bool next_ca = false;
  bool status = false;
};

struct TypeDescription {
  std::string name;
  std::string summary;
  std::string settings_schema;
  std::uint32_t flags = 0;
  bool source = false;
  bool gathers = false;
  bool handles_http = false;
  std::uint32_t source_flags = 0;
  bool validator = false;
  std::uint32_t validator_flags = 0;
  bool processor = false;
  bool deliverer = false;
  bool revoker = false;
  bool drains = false;
  std::optional<IssuerDescription> issuer;
  std::optional<std::vector<ActionDescription>> actions;
};

struct PluginDescription {
  std::string id;
  std::string version;
  std::vector<TypeDescription> types;
};

/// Requires: descriptor_fault had nothing to say.
PluginDescription describe(const certspan_plugin& plugin);

Bytes encode(const PluginDescription& description);
/// Nothing if that is no description.
std::optional<PluginDescription> decode_description(BytesView octets);

}  // namespace certspan::worker
