#pragma once

namespace certspan {

/// Gives back the memory of the shared library that `inside` lies in, as far as it is a copy of the file:
/// code and constants. Nothing is unloaded; whoever uses it again reads the pages anew. For a plugin's
/// version that was replaced and stays mapped for good. Nothing happens if `inside` lies in no library.
/// Thread-safe.
void let_image_rest(const void* inside);

}  // namespace certspan
