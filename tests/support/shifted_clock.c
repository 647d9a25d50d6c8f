// For LD_PRELOAD: the wall clock is CERTSPAN_TEST_DAYS_AHEAD days ahead, the monotonic one as it is.
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock_id, struct timespec* tp) {
  const int result = (int)syscall(SYS_clock_gettime, clock_id, tp);
  const char* days = getenv("CERTSPAN_TEST_DAYS_AHEAD");
  if (result == 0 && clock_id == CLOCK_REALTIME && days != NULL)
    tp->tv_sec += 86400L * strtol(days, NULL, 10);
  return result;
}
