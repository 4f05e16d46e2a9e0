/* What can go wrong when a file is written: preloaded into a service, it disturbs what the service writes to one file.
 *
 * POSTERN_TEST_FILE names the file. POSTERN_TEST_DISTURBANCE names a file of one letter, which is mapped, so a change is seen at once:
 *
 *   -   nothing is disturbed
 *   s   write and fdatasync do not return until there is another letter
 *   l   the next write is lost: nothing is written, and the result says that all is
 *   c   of the next write the last 100 bytes are lost
 *   d   the next write is done twice
 *
 * After l, c and d the letter is - again. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char none = '-';
static char *letter = &none;
static const char *path;
static ssize_t (*system_write)(int, const void *, size_t);
static int (*system_fdatasync)(int);

__attribute__((constructor)) static void begin(void) {
    system_write = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    system_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    path = getenv("POSTERN_TEST_FILE");
    const char *name = getenv("POSTERN_TEST_DISTURBANCE");
    int descriptor = path && name ? open(name, O_RDWR | O_CLOEXEC) : -1;
    if (descriptor < 0) return;
    void *mapped = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (mapped != MAP_FAILED) letter = mapped;
    close(descriptor);
}

static char look(void) { return __atomic_load_n(letter, __ATOMIC_ACQUIRE); }

static int is_the_file(int descriptor) {
    struct stat opened, named;
    return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0
        && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static void wait_while_stalled(void) {
    while (look() == 's') nanosleep(&(struct timespec){0, 2000000}, NULL);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    if (look() == '-' || !is_the_file(descriptor)) return system_write(descriptor, bytes, count);
    wait_while_stalled();
    switch (__atomic_exchange_n(letter, '-', __ATOMIC_ACQ_REL)) {
    case 'l':
        return (ssize_t)count;
    case 'c':
        return count > 100 && system_write(descriptor, bytes, count - 100) < 0 ? -1 : (ssize_t)count;
    case 'd':
        if (system_write(descriptor, bytes, count) < 0) return -1;
    }
    return system_write(descriptor, bytes, count);
}

int fdatasync(int descriptor) {
    if (look() == 's' && is_the_file(descriptor)) wait_while_stalled();
    return system_fdatasync(descriptor);
}
