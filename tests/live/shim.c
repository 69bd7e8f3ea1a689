/* Stands between a program and the C library (LD_PRELOAD): the clock of the wall can be set for this program alone, and
 * its disk made slow. The file that SHIM names holds two numbers of 64 bits, which may change at any time: ns that the
 * clock is ahead, and ms that each fsync takes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *control;
static int (*real_clock)(clockid_t, struct timespec *);
static int (*real_fsync)(int);

__attribute__((constructor)) static void begin(void) {
    real_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    const char *path = getenv("SHIM");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *at = mmap(NULL, 16, PROT_READ, MAP_SHARED, file, 0);
    control = at == MAP_FAILED ? NULL : at;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *out) {
    if (real_clock == NULL)
        begin();
    int code = real_clock(clock, out);
    if (code == 0 && control != NULL && clock == CLOCK_REALTIME) {
        int64_t ns = (int64_t)out->tv_sec * 1000000000 + out->tv_nsec + control[0];
        out->tv_sec = ns / 1000000000;
        out->tv_nsec = ns % 1000000000;
    }
    return code;
}

int fsync(int file) {
    if (control != NULL && control[1] > 0) {
        struct timespec wait = {control[1] / 1000, control[1] % 1000 * 1000000};
        nanosleep(&wait, NULL);
    }
    return real_fsync(file);
}
