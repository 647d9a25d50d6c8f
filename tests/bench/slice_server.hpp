#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace certspan::bench {

/// Does one kind of work for about `length` and says how often it was done.
using Slice = std::function<std::uint64_t(std::chrono::milliseconds length)>;

/// Serves slices to tests/bench/program.py, which decides when which one runs: reads `NAME MILLISECONDS`
/// lines from standard input and answers each with `COUNT SECONDS`, until the input ends. Prints `ready`
/// first. Exceptions end the program with their text and code 1. Returns main's result.
int serve(const std::map<std::string, Slice>& slices);

/// Runs `once` again and again on `threads` threads until the time is over; `once` gets the thread's number
/// and returns how often it did its work. Returns the sum.
std::uint64_t repeat_on_threads(std::size_t threads, std::chrono::milliseconds length,
                                const std::function<std::uint64_t(std::size_t thread)>& once);

}  // namespace certspan::bench
