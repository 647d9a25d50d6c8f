#pragma once

namespace certspan {

/// The command line: reads the arguments, runs one command, gives its exit code (docs/command-line.md).
int run_cli(int argc, char** argv);

}  // namespace certspan
