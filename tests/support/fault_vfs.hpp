#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

namespace certspan::testing {

/// The file system under SQLite, with faults and power cuts. While it lives it is SQLite's default: what is
/// opened then goes through it to the real files. It keeps, beside them, what a disk would hold that writes
/// only when it is told to sync. Thread-safe; one at a time.
class FaultVfs {
 public:
  enum class Operation : std::uint8_t { Write, Sync };
  enum class Fault : std::uint8_t {
    InputOutput,  ///< fails once with EIO; what was written may or may not be on the disk
    NoSpace,      ///< fails from then on with ENOSPC, after half of the bytes
  };
  /// What of the writes that were not synced is on the disk after a power cut.
  enum class Cut : std::uint8_t {
    KeepsNothing,
    KeepsAll,
    KeepsSome,  ///< each 512 bytes of each write, or not, by the dice
  };

  FaultVfs();
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  /// The `nth` operation from now on fails, counted from 1.
  void fail(Operation operation, int nth, Fault fault);
  /// Nothing fails any more.
  void heal();
  /// How often a fault was met.
  int met() const;

  /// Each sync takes this much longer.
  void delay_syncs(std::chrono::milliseconds delay);

  /// `hook` is called before each sync, with the path of the file; no other operation runs meanwhile. It may
  /// call survive(), not the others.
  void before_sync(std::function<void(const std::filesystem::path&)> hook);

  /// No operation runs while `work` does, which may call survive().
  void hold_while(const std::function<void()>& work) const;

  /// Writes into `directory` what a power cut now would leave of every file that was opened, under its name.
  void survive(const std::filesystem::path& directory, Cut cut, std::uint32_t seed = 0) const;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace certspan::testing
