/* A clock that a test moves: preloaded into the process under test, it adds two offsets to what the kernel says.
 *
 *   wall     CLOCK_REALTIME, gettimeofday, time
 *   steady   CLOCK_MONOTONIC, CLOCK_BOOTTIME and their kin
 *
 * Both are read, in nanoseconds (128 bits: the date may be set to any year), from the file that POSTERN_TEST_CLOCK names; it is mapped,
 * so a move is seen at once. Timers follow:
 * what a timerfd waits for is kept in the moved time, and armed anew at each move, as if the time had really passed.
 *
 * libfaketime does not serve for Swift: its setenv before main hides the arguments from CommandLine, and it answers CLOCK_MONOTONIC
 * with the date but leaves absolute timers of timerfd as they are, so that no timer of libdispatch ever fires. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define DESCRIPTORS 65536

typedef __int128 nanoseconds_t;
struct offsets { nanoseconds_t wall, steady; };
static const volatile struct offsets zero = {0, 0};
static const volatile struct offsets *offsets = &zero;

struct timer { clockid_t clock; int armed; nanoseconds_t due, interval; };  /* due: in the moved time of `clock` */
static struct timer timers[DESCRIPTORS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int (*kernel_clock)(clockid_t, struct timespec *);
static int (*kernel_settime)(int, int, const struct itimerspec *, struct itimerspec *);

static nanoseconds_t nanoseconds(const struct timespec *t) { return (nanoseconds_t)t->tv_sec * SECOND + t->tv_nsec; }

/* tv_nsec counts upwards from the second before, also where the date is negative. */
static struct timespec timespec_of(nanoseconds_t n) {
    nanoseconds_t seconds = n / SECOND - (n % SECOND < 0);
    return (struct timespec){(time_t)seconds, (long)(n - seconds * SECOND)};
}

static nanoseconds_t offset(clockid_t clock) {
    switch (clock) {
    case CLOCK_REALTIME: case CLOCK_REALTIME_COARSE: case CLOCK_REALTIME_ALARM: case CLOCK_TAI:
        return offsets->wall;
    case CLOCK_MONOTONIC: case CLOCK_MONOTONIC_RAW: case CLOCK_MONOTONIC_COARSE: case CLOCK_BOOTTIME: case CLOCK_BOOTTIME_ALARM:
        return offsets->steady;
    default:
        return 0;  /* processor time is not moved */
    }
}

static void find(void) {
    if (!kernel_clock) kernel_clock = dlsym(RTLD_NEXT, "clock_gettime");
    if (!kernel_settime) kernel_settime = dlsym(RTLD_NEXT, "timerfd_settime");
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    find();
    int result = kernel_clock(clock, now);
    if (result == 0) {
        nanoseconds_t moved = offset(clock);
        if (moved) *now = timespec_of(nanoseconds(now) + moved);
    }
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec t;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &t);
    *now = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *seconds) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (seconds) *seconds = t.tv_sec;
    return t.tv_sec;
}

int timespec_get(struct timespec *now, int base) {
    if (base != TIME_UTC) return 0;
    clock_gettime(CLOCK_REALTIME, now);
    return base;
}

/* Arms the kernel's timer with the kernel's own time. What is past already fires at once (a zero would disarm). */
static int arm(int descriptor, const struct timer *timer) {
    nanoseconds_t due = timer->due - offset(timer->clock);
    struct itimerspec value = {timespec_of(timer->interval), timespec_of(due > 0 ? due : 1)};
    return kernel_settime(descriptor, TFD_TIMER_ABSTIME, &value, NULL);
}

int timerfd_create(clockid_t clock, int flags) {
    int descriptor = (int)syscall(SYS_timerfd_create, clock, flags);
    if (descriptor >= 0 && descriptor < DESCRIPTORS) {
        pthread_mutex_lock(&lock);
        timers[descriptor] = (struct timer){clock, 0, 0, 0};
        pthread_mutex_unlock(&lock);
    }
    return descriptor;
}

int timerfd_settime(int descriptor, int flags, const struct itimerspec *value, struct itimerspec *old) {
    find();
    if (descriptor < 0 || descriptor >= DESCRIPTORS || !value) return kernel_settime(descriptor, flags, value, old);
    pthread_mutex_lock(&lock);
    struct timer *timer = &timers[descriptor];
    nanoseconds_t first = nanoseconds(&value->it_value);
    int result;
    timer->armed = first != 0;
    if (!timer->armed) {
        result = kernel_settime(descriptor, flags, value, old);
    } else {
        struct timespec now = {0, 0};
        if (!(flags & TFD_TIMER_ABSTIME)) clock_gettime(timer->clock, &now);
        timer->due = first + nanoseconds(&now);
        timer->interval = nanoseconds(&value->it_interval);
        if (old) syscall(SYS_timerfd_gettime, descriptor, old);
        result = arm(descriptor, timer);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

/* After a move every timer that still waits is armed anew. A descriptor that is another file by now is no timer (EINVAL). */
static void *follow(void *unused) {
    (void)unused;
    struct offsets seen = {offsets->wall, offsets->steady};
    for (;;) {
        struct timespec pause = {0, 2000000};
        syscall(SYS_nanosleep, &pause, NULL);
        if (seen.wall == offsets->wall && seen.steady == offsets->steady) continue;
        seen = (struct offsets){offsets->wall, offsets->steady};
        pthread_mutex_lock(&lock);
        for (int descriptor = 0; descriptor < DESCRIPTORS; descriptor++) {
            struct itimerspec left;
            if (!timers[descriptor].armed) continue;
            if (syscall(SYS_timerfd_gettime, descriptor, &left) != 0 || nanoseconds(&left.it_value) == 0) continue;
            arm(descriptor, &timers[descriptor]);
        }
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("POSTERN_TEST_CLOCK");
    find();
    if (!path) return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, sizeof(struct offsets), PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) {
        fprintf(stderr, "clock: %s: %s\n", path, strerror(errno));
        _exit(98);  /* a test with an unmoved clock would prove nothing */
    }
    close(file);
    offsets = mapped;
    pthread_t thread;
    if (pthread_create(&thread, NULL, follow, NULL) != 0) _exit(98);
    pthread_detach(thread);
}
