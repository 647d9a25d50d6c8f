#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <certspan/testing/fake_host.hpp>

#include "sdk/tools/plugin_check/sample.hpp"
#include "sdk/tools/plugin_check/scripted_ca.hpp"

namespace certspan::check {

/// How structs of the contract lie in memory.
enum class Shape : std::uint8_t {
  Plain,
  Larger,  ///< as from a newer host: longer, and what is behind the known members is garbage
  Exact,   ///< the page behind the last member can't be read
};

/// Copies of structs that begin with `struct_size`, in a shape; in the plain one, the structs themselves.
/// They live as long as this does. Any thread.
class ShapedStructs {
 public:
  explicit ShapedStructs(Shape shape) : shape_(shape) {}
  ~ShapedStructs();
  ShapedStructs(const ShapedStructs&) = delete;
  ShapedStructs& operator=(const ShapedStructs&) = delete;

  template <typename T>
  const T* copy(const T& original) {
    return shape_ == Shape::Plain ? &original : static_cast<const T*>(copy_raw(&original, sizeof(T)));
  }
  /// `size` bytes at `original`, of which the first four say how many they are.
  const void* copy_raw(const void* original, std::size_t size);

 private:
  Shape shape_;
  std::mutex mutex_;
  std::vector<std::pair<void*, std::size_t>> mappings_;
};

/// The SDK's host in memory, with a scripted CA behind http_out and structs in a shape. Counts what is asked
/// of it. The address must not change.
class CheckHost : public sdk::testing::FakeHost {
 public:
  explicit CheckHost(const Sample& sample, Shape shape = Shape::Plain);

  const certspan_host* table() const { return host_; }
  Shape shape() const { return shape_; }
  ScriptedCa ca;

 private:
  static const void* shaped_service(void* context, const char* id) noexcept;
  const certspan_host* shaped_host();

  Shape shape_;
  ShapedStructs structs_;
  std::map<std::string, const void*> tables_;
  std::mutex tables_mutex_;
  const certspan_host* host_;
};

}  // namespace certspan::check
