#include "host/loading/worker/description.hpp"

#include "host/loading/interfaces.hpp"
#include "host/loading/worker/frame.hpp"

namespace certspan::worker {
namespace {

constexpr std::uint32_t kMostParts = 1024;

/// The fields of a description, said once for both directions.
class Writing {
 public:
  void operator()(const std::string& text) { frame.text(text); }
  void operator()(std::uint32_t number) { frame.number(number); }
  void operator()(bool yes) { frame.number(static_cast<std::uint8_t>(yes ? 1 : 0)); }
  template <typename T>
  void operator()(const std::optional<T>& part) {
    (*this)(part.has_value());
    if (part) (*this)(*part);
  }
  template <typename T>
  void operator()(const std::vector<T>& parts) {
    (*this)(static_cast<std::uint32_t>(parts.size()));
    for (const T& part : parts) (*this)(part);
  }
  template <typename T>
  void operator()(const T& part) {
    fields(*this, part);
  }

  FrameWriter frame{FrameKind::Done, 0};
};

class Reading {
 public:
  explicit Reading(BytesView octets) : frame(octets) {}

  void operator()(std::string& text) { text = frame.text(); }
  void operator()(std::uint32_t& number) { frame.number(number); }
  void operator()(bool& yes) { yes = frame.number<std::uint8_t>() != 0; }
  template <typename T>
  void operator()(std::optional<T>& part) {
    bool there = false;
    (*this)(there);
    if (there) (*this)(part.emplace());
  }
  template <typename T>
  void operator()(std::vector<T>& parts) {
    std::uint32_t count = 0;
    (*this)(count);
    for (std::uint32_t i = 0; i < count && i < kMostParts && frame.good(); ++i) (*this)(parts.emplace_back());
  }
  template <typename T>
  void operator()(T& part) {
    fields(*this, part);
  }

  FrameReader frame;
};

template <typename Io, typename Part>
requires std::is_same_v<std::remove_const_t<Part>, ActionDescription>
void fields(Io& io, Part& action) {
  io(action.name), io(action.summary), io(action.argument_schema), io(action.flags), io(action.person);
}

template <typename Io, typename Part>
requires std::is_same_v<std::remove_const_t<Part>, IssuerDescription>
void fields(Io& io, Part& issuer) {
  io(issuer.flags), io(issuer.poll), io(issuer.lookup), io(issuer.find), io(issuer.ping), io(issuer.cancel);
  io(issuer.crl), io(issuer.next_ca), io(issuer.status);
}

template <typename Io, typename Part>
requires std::is_same_v<std::remove_const_t<Part>, TypeDescription>
void fields(Io& io, Part& type) {
  io(type.name), io(type.summary), io(type.settings_schema), io(type.flags);
  io(type.source), io(type.handles_http), io(type.source_flags), io(type.validator), io(type.validator_flags),
      io(type.processor), io(type.deliverer), io(type.revoker), io(type.gathers), io(type.drains);
  io(type.issuer), io(type.actions);
}

template <typename Io, typename Part>
requires std::is_same_v<std::remove_const_t<Part>, PluginDescription>
void fields(Io& io, Part& plugin) {
  io(plugin.id), io(plugin.version), io(plugin.types);
}

std::vector<ActionDescription> describe_actions(const certspan_actions& table) {
  std::vector<ActionDescription> actions;
  for (std::uint32_t i = 0; i < table.action_count; ++i) {
    const certspan_action& action = *table.actions[i];
    actions.push_back({action.name, action.summary, action.argument_schema, action.flags, action.person});
  }
  return actions;
}

TypeDescription describe_type(const certspan_connector_type& type) {
  TypeDescription told;
  told.name = type.name;
  told.summary = type.summary;
  told.settings_schema = type.settings_schema;
  told.flags = type.flags;
  told.drains = type.drain != nullptr;
  if (const auto* source = interface_of<certspan_role_source>(type)) {
    told.source = true;
    told.handles_http = source->handle != nullptr;
    told.source_flags = source->flags;
    told.gathers = source->gather != nullptr;
  }
  if (const auto* validator = interface_of<certspan_role_validator>(type)) {
    told.validator = true;
    told.validator_flags = validator->flags;
  }
  told.processor = interface_of<certspan_role_processor>(type) != nullptr;
  told.revoker = interface_of<certspan_role_revoker>(type) != nullptr;
  told.deliverer = interface_of<certspan_role_deliverer>(type) != nullptr;
  if (const auto* issuer = interface_of<certspan_role_issuer>(type)) {
    told.issuer = {
        issuer->flags,           issuer->poll != nullptr,    issuer->lookup != nullptr,
        issuer->find != nullptr, issuer->ping != nullptr,    issuer->cancel != nullptr,
        issuer->crl != nullptr,  issuer->next_ca != nullptr, issuer->certificate_status != nullptr};
  }
  if (const auto* actions = interface_of<certspan_actions>(type)) told.actions = describe_actions(*actions);
  return told;
}

}  // namespace

PluginDescription describe(const certspan_plugin& plugin) {
  PluginDescription told{plugin.id, plugin.version, {}};
  for (std::uint32_t i = 0; i < plugin.type_count; ++i) told.types.push_back(describe_type(*plugin.types[i]));
  return told;
}

Bytes encode(const PluginDescription& description) {
  Writing writing;
  writing(description);
  return copy_of(writing.frame.frame());
}

std::optional<PluginDescription> decode_description(BytesView octets) {
  Reading reading(octets);
  PluginDescription told;
  reading(told);
  if (!reading.frame.complete()) return std::nullopt;
  return told;
}

}  // namespace certspan::worker
