#pragma once

#include <memory>
#include <vector>

#include <certspan/abi/actions.h>
#include <certspan/abi/plugin.h>
#include <certspan/abi/role_deliverer.h>
#include <certspan/abi/role_issuer.h>
#include <certspan/abi/role_processor.h>
#include <certspan/abi/role_revoker.h>
#include <certspan/abi/role_source.h>
#include <certspan/abi/role_validator.h>

#include "host/loading/worker/description.hpp"
#include "host/loading/worker/worker_process.hpp"

namespace certspan::worker {

/// What a connector in a worker is given besides its settings and its host.
struct WorkerGrants {
  std::vector<std::filesystem::path> files;  ///< that its settings name, to read
  bool network = false;
};

/// A connector type whose connectors run in worker processes, in the form of any other: a table of functions,
/// each of which crosses over. Nobody who calls it can tell the difference.
///
/// The contract's functions on a type carry no context, so each live WorkerType takes one of a fixed number
/// of sets of them. Immutable once made; thread-safe.
class WorkerType {
 public:
  /// `image` is the plugin's private copy. Null: too many types are alive.
  static std::unique_ptr<WorkerType> make(const TypeDescription& description, std::filesystem::path image,
                                          WorkerGrants grants);
  ~WorkerType();
  WorkerType(const WorkerType&) = delete;
  WorkerType& operator=(const WorkerType&) = delete;

  const certspan_connector_type& type() const { return type_; }

  // What the functions of the type do.
  certspan_outcome validate_config(certspan_string_view settings, const certspan_fault_sink* faults) const;
  certspan_outcome create(const certspan_host* host, certspan_string_view name, certspan_string_view settings,
                          const certspan_fault_sink* faults, certspan_instance** instance) const;
  certspan_outcome act(certspan_instance* instance, const char* name, certspan_string_view arguments,
                       const certspan_bytes_sink* result, const certspan_fault_sink* faults) const;
  const void* interface_table(const char* id) const;

  /// How a connector of this type stands, for people.
  static std::string standing(const certspan_instance* instance);
  static bool has_failed(const certspan_instance* instance);

 private:
  WorkerType(const TypeDescription& description, std::filesystem::path image, WorkerGrants grants,
             std::size_t set);
  void offer_roles();
  void offer_actions();

  const TypeDescription description_;
  const WorkerPlan plan_;
  const std::size_t set_;
  certspan_connector_type type_{};
  certspan_role_source source_{};
  certspan_role_validator validator_{};
  certspan_role_processor processor_{};
  certspan_role_revoker revoker_{};
  certspan_role_deliverer deliverer_{};
  certspan_role_issuer issuer_{};
  certspan_actions actions_{};
  std::vector<certspan_action> action_list_;
  std::vector<const certspan_action*> action_pointers_;
};

}  // namespace certspan::worker
