// The C tables of the roles, made from a class. An optional function is null unless the class overrides it.
#pragma once

#include <type_traits>

#include <certspan/abi/role_deliverer.h>
#include <certspan/abi/role_issuer.h>
#include <certspan/abi/role_processor.h>
#include <certspan/abi/role_revoker.h>
#include <certspan/abi/role_source.h>
#include <certspan/abi/role_validator.h>
#include <certspan/connector.hpp>
#include <certspan/detail/edge.hpp>

/// True if class T, and not the SDK's `Base`, defines `member`: `&T::member` then has another type.
#define CERTSPAN_SDK_OVERRIDES(T, Base, member) \
  (!std::is_same_v<decltype(&T::member), decltype(&Base::member)>)

namespace certspan::sdk::detail {

template <class T>
constexpr std::uint32_t issuer_flags() {
  if constexpr (requires { T::kIssuerFlags; }) {
    return T::kIssuerFlags;
  } else {
    return 0;
  }
}

template <class T>
constexpr std::uint32_t validator_flags() {
  if constexpr (requires { T::kValidatorFlags; }) {
    return T::kValidatorFlags;
  } else {
    return 0;
  }
}

template <class T>
constexpr std::uint32_t source_flags() {
  if constexpr (requires { T::kSourceFlags; }) {
    return T::kSourceFlags;
  } else {
    return 0;
  }
}

template <class T>
struct IssuerTable {
  template <auto kMember>
  static void answer(certspan_instance* instance, const certspan_item* item,
                     const certspan_answer_sink* sink) noexcept {
    guard_answer(sink, [&] { return (connector_of<T>(instance).*kMember)(Item(*item, sink)); });
  }

  static certspan_outcome chain(certspan_instance* instance, const certspan_chain_sink* sink) noexcept {
    return guard_outcome(nullptr, [&] {
      ChainSink chain_sink(*sink);
      return connector_of<T>(instance).chain(chain_sink);
    });
  }

  static certspan_outcome find(certspan_instance* instance, const certspan_find_request* request,
                               const certspan_find_sink* sink) noexcept {
    return guard_outcome(nullptr, [&] {
      FindSink find_sink(*sink);
      return connector_of<T>(instance).find({from_abi(request->issuer), from_abi(request->serial)},
                                            find_sink);
    });
  }

  static certspan_outcome crl(certspan_instance* instance, const certspan_crl_request* request,
                              const certspan_bytes_sink* sink) noexcept {
    return guard_outcome(nullptr, [&] {
      BytesSink bytes_sink(*sink);
      return connector_of<T>(instance).crl(read_wire(*request), bytes_sink);
    });
  }

  static certspan_outcome next_ca(certspan_instance* instance, const certspan_bytes_sink* sink) noexcept {
    return guard_outcome(nullptr, [&] {
      BytesSink bytes_sink(*sink);
      return connector_of<T>(instance).next_ca(bytes_sink);
    });
  }

  static certspan_outcome certificate_status(certspan_instance* instance,
                                             const certspan_status_request* request,
                                             const certspan_bytes_sink* sink) noexcept {
    return guard_outcome(nullptr, [&] {
      BytesSink bytes_sink(*sink);
      return connector_of<T>(instance).certificate_status(from_abi(request->cert_id), bytes_sink);
    });
  }

  static certspan_outcome ping(certspan_instance* instance, const certspan_fault_sink* sink) noexcept {
    return guard_outcome(sink, [&] {
      Faults faults(sink);
      return connector_of<T>(instance).ping(faults);
    });
  }

  static constexpr certspan_role_issuer kTable = {
      .struct_size = sizeof(certspan_role_issuer),
      .flags = issuer_flags<T>(),
      .issue = &answer<&T::issue>,
      .poll = CERTSPAN_SDK_OVERRIDES(T, Issuer, poll) ? &answer<&T::poll> : nullptr,
      .chain = &chain,
      .lookup = CERTSPAN_SDK_OVERRIDES(T, Issuer, lookup) ? &answer<&T::lookup> : nullptr,
      .find = CERTSPAN_SDK_OVERRIDES(T, Issuer, find) ? &find : nullptr,
      .ping = CERTSPAN_SDK_OVERRIDES(T, Issuer, ping) ? &ping : nullptr,
      .cancel = CERTSPAN_SDK_OVERRIDES(T, Issuer, cancel) ? &answer<&T::cancel> : nullptr,
      .crl = CERTSPAN_SDK_OVERRIDES(T, Issuer, crl) ? &crl : nullptr,
      .next_ca = CERTSPAN_SDK_OVERRIDES(T, Issuer, next_ca) ? &next_ca : nullptr,
      .certificate_status =
          CERTSPAN_SDK_OVERRIDES(T, Issuer, certificate_status) ? &certificate_status : nullptr,
  };
};

template <class T>
struct ValidatorTable {
  static void validate(certspan_instance* instance, const certspan_item* item,
                       const certspan_answer_sink* sink) noexcept {
    guard_answer(sink, [&] { return connector_of<T>(instance).validate(Item(*item, sink)); });
  }

  static constexpr certspan_role_validator kTable = {
      .struct_size = sizeof(certspan_role_validator), .flags = validator_flags<T>(), .validate = &validate};
};

template <class T>
struct ProcessorTable {
  static void before_issue(certspan_instance* instance, const certspan_item* item,
                           const certspan_issued* issuers, const certspan_answer_sink* sink) noexcept {
    guard_answer(sink,
                 [&] { return connector_of<T>(instance).before_issue(Item(*item, sink), Issued(*issuers)); });
  }

  static void after_issue(certspan_instance* instance, const certspan_item* item,
                          const certspan_issued* issued, const certspan_answer_sink* sink) noexcept {
    guard_answer(sink,
                 [&] { return connector_of<T>(instance).after_issue(Item(*item, sink), Issued(*issued)); });
  }

  static constexpr certspan_role_processor kTable = {.struct_size = sizeof(certspan_role_processor),
                                                     .flags = 0,
                                                     .before_issue = &before_issue,
                                                     .after_issue = &after_issue};
};

template <class T>
struct DelivererTable {
  static void deliver(certspan_instance* instance, const certspan_item* item,
                      const certspan_delivery* delivery, const certspan_answer_sink* sink) noexcept {
    guard_answer(sink,
                 [&] { return connector_of<T>(instance).deliver(Item(*item, sink), Delivery(*delivery)); });
  }

  static constexpr certspan_role_deliverer kTable = {
      .struct_size = sizeof(certspan_role_deliverer), .flags = 0, .deliver = &deliver};
};

template <class T>
struct RevokerTable {
  static void revoke(certspan_instance* instance, const certspan_item* item,
                     const certspan_revocation* revocation, const certspan_answer_sink* sink) noexcept {
    guard_answer(
        sink, [&] { return connector_of<T>(instance).revoke(Item(*item, sink), Revocation(*revocation)); });
  }

  static constexpr certspan_role_revoker kTable = {
      .struct_size = sizeof(certspan_role_revoker), .flags = 0, .revoke = &revoke};
};

template <class T>
struct SourceTable {
  static certspan_outcome open_intake(certspan_instance* instance, const certspan_fault_sink* sink) noexcept {
    return guard_outcome(sink, [&] {
      Faults faults(sink);
      return connector_of<T>(instance).open_intake(faults) && !faults.any() ? Outcome::Ok
                                                                            : Outcome::Unavailable;
    });
  }

  static void close_intake(certspan_instance* instance) noexcept {
    guard_void(instance_of<T>(instance).host, [&] { connector_of<T>(instance).close_intake(); });
  }

  static void handle(certspan_instance* instance, const certspan_http_request* request,
                     certspan_http_exchange* raw) noexcept {
    const Host& host = instance_of<T>(instance).host;
    Exchange exchange(host, raw);
    guard_void(host, [&] { connector_of<T>(instance).handle(HttpRequest(*request), exchange); });
    finish(exchange);
  }

  static void reply(certspan_instance* instance, const certspan_reply* c_reply, certspan_bytes_view context,
                    certspan_http_exchange* raw) noexcept {
    const Host& host = instance_of<T>(instance).host;
    Exchange exchange(host, raw);
    guard_void(host, [&] { connector_of<T>(instance).reply(Reply(*c_reply), from_abi(context), exchange); });
    finish(exchange);
  }

  static void gather(certspan_instance* instance, std::uint64_t deadline_ns,
                     const certspan_answer_sink* sink) noexcept {
    guard_answer(sink, [&] {
      const std::chrono::nanoseconds deadline(static_cast<std::int64_t>(deadline_ns));
      return connector_of<T>(instance).gather(std::chrono::steady_clock::time_point(deadline));
    });
  }

  /// An exchange that the plugin forgot, or dropped by throwing, must not hang.
  static void finish(Exchange& exchange) noexcept {
    if (!exchange.done()) exchange.respond({.status = 500});
  }

  static constexpr certspan_role_source kTable = {
      .struct_size = sizeof(certspan_role_source),
      .flags = source_flags<T>(),
      .open_intake = &open_intake,
      .close_intake = &close_intake,
      .handle = CERTSPAN_SDK_OVERRIDES(T, Source, handle) ? &handle : nullptr,
      .reply = &reply,
      .gather = CERTSPAN_SDK_OVERRIDES(T, Source, gather) ? &gather : nullptr,
  };
};

}  // namespace certspan::sdk::detail
