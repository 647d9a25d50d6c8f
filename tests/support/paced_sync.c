// For LD_PRELOAD: fsync and fdatasync take CERTSPAN_TEST_SYNC_US microseconds longer, or, where that is
// "none", do nothing.
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int paced(long call, int fd) {
  const char* pace = getenv("CERTSPAN_TEST_SYNC_US");
  if (pace == NULL) return (int)syscall(call, fd);
  if (strcmp(pace, "none") == 0) return 0;
  const int result = (int)syscall(call, fd);
  const long us = strtol(pace, NULL, 10);
  const struct timespec longer = {us / 1000000, us % 1000000 * 1000};
  nanosleep(&longer, NULL);
  return result;
}

__attribute__((visibility("default"))) int fsync(int fd) {
  return paced(SYS_fsync, fd);
}

__attribute__((visibility("default"))) int fdatasync(int fildes) {
  return paced(SYS_fdatasync, fildes);
}
