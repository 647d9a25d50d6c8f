// For LD_PRELOAD: the wall clock is CERTSPAN_TEST_DAYS_AHEAD days ahead, the monotonic one as it is.
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec* now) {
  const int result = (int)syscall(SYS_clock_gettime, clock, now);
  const char* days = getenv("CERTSPAN_TEST_DAYS_AHEAD");
  if (result == 0 && clock == CLOCK_REALTIME && days != NULL) now->tv_sec += 86400L * atol(days);
  return result;
}
