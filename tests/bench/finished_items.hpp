#pragma once

#include <cstdint>
#include <filesystem>

namespace certspan::bench {

/// Puts `count` finished items of an embedded CA, which keeps their certificates itself, into the journal in
/// `directory`, which is closed: as the journal would have written them, but through SQLite alone and without
/// a sync, a million in seconds. Their keys are testing::key_of(1) to key_of(count). Throws
/// std::runtime_error.
void put_finished(const std::filesystem::path& directory, std::uint64_t count);

}  // namespace certspan::bench
