/* Moves the wall clock of a program by CLOCK_AHEAD_S seconds: `cargo xtask test --clock` loads it before the C library.
   Clocks that measure how long something takes stay as they are, and so do the times of files, which the kernel writes.

   libfaketime moves more clocks, and workerd does not start under it: that library asks for memory while workerd's
   allocator, which calls it, is not ready yet. Here nothing is asked for. */

#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t ahead;

__attribute__((constructor)) static void start(void) {
  const char *seconds = getenv("CLOCK_AHEAD_S");
  if (seconds) ahead = atoll(seconds);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int failed = syscall(SYS_clock_gettime, clock, now);
  if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += ahead;
  return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  *now = (struct timeval){precise.tv_sec, precise.tv_nsec / 1000};
  return 0;
}

time_t time(time_t *kept) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (kept) *kept = now.tv_sec;
  return now.tv_sec;
}
