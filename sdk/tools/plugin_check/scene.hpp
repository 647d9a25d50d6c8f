#pragma once

#include <random>

#include "sdk/tools/plugin_check/calls.hpp"
#include "sdk/tools/plugin_check/loaded_plugin.hpp"

namespace certspan::check {

/// What most checks of a connector type need: the type, something to try it with, a host and a connector that
/// is not made yet.
struct Scene {
  explicit Scene(const Run& run, Shape shape = Shape::Plain) : Scene(run, run.subject.path, shape) {}
  Scene(const Run& run, const std::filesystem::path& file, Shape shape = Shape::Plain)
      : type(load_type(file, run.type)),
        sample(sample_of(run.subject, type)),
        host(sample, shape),
        connector(type, host, sample),
        random(run.seed) {}
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  sdk::testing::FakeItem item() { return make_item(random, sample); }

  const certspan_connector_type& type;
  Sample sample;
  CheckHost host;
  LiveConnector connector;
  std::mt19937_64 random;
};

}  // namespace certspan::check
