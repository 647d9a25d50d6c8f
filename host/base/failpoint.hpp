#pragma once

/// A named point at which the failpoint sweep ends the process as a power cut or SIGKILL would. Compiled in
/// by the preset `faults` only; elsewhere it is nothing. The names stand in the ELF section
/// "certspan_failpoints", from which the sweep reads its list, so no point can be forgotten.
///
/// CERTSPAN_FAILPOINT("issue.before") ends the process with SIGKILL when the environment says
/// CERTSPAN_FAILPOINT=issue.before (or issue.before:N, at the N-th pass).

#if defined(CERTSPAN_FAILPOINTS)

namespace certspan {
void failpoint_reached(const char* name);
}

#define CERTSPAN_FAILPOINT(name)                                                                        \
  do {                                                                                                  \
    __attribute__((section("certspan_failpoints"), used)) static const char certspan_failpoint_name[] = \
        name;                                                                                           \
    ::certspan::failpoint_reached(certspan_failpoint_name);                                             \
  } while (false)

#else

#define CERTSPAN_FAILPOINT(name) \
  do {                           \
  } while (false)

#endif
