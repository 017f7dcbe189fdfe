/* Counts the calls that change files below one folder, and lets the n-th of them fail.
 *
 * Loaded by LD_PRELOAD, so that it stands before the C library for Python, HDF5, TensorFlow and
 * safetensors alike. `fault_arm` begins; until then every call goes through. The n-th call returns
 * an errno, or the process is killed there, a write after half of its bytes. A full disk stays
 * full: all further calls that need room fail as well. Each call that is counted (without a fault)
 * or fails is written to a file descriptor as a line `CALL PATH`.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define KILL -1
#define REAL(name) ((__typeof__(&name))real_of(#name))
#define LENGTH 8192

static char root[PATH_MAX];
static long fail_at = -1; /* -1: not armed; 0: count only */
static int how, report;
static atomic_long calls;
static _Thread_local int inside;

static void *real_of(const char *name) { return dlsym(RTLD_NEXT, name); }

void fault_arm(const char *folder, long at, int fault, int descriptor)
{
    strncpy(root, folder, sizeof root - 1);
    how = fault;
    report = descriptor;
    calls = 0;
    fail_at = at;
}

void fault_disarm(void) { fail_at = -1; }

static void say(const char *call, const char *path)
{
    char line[LENGTH + 64];
    int length = snprintf(line, sizeof line, "%s %s\n", call, path);
    ssize_t done = REAL(write)(report, line, length);
    (void)done;
}

static void at_path(int folder, const char *path, char *whole)
{
    char base[PATH_MAX] = "", link[64];
    if (path[0] == '/') {
        snprintf(whole, LENGTH, "%s", path);
        return;
    }
    if (folder == AT_FDCWD) {
        if (!getcwd(base, sizeof base)) base[0] = 0;
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, base, sizeof base - 1);
        base[length > 0 ? length : 0] = 0;
    }
    snprintf(whole, LENGTH, "%s/%s", base, path);
}

/* What a call on a path is to return: 0, an errno, or KILL. */
static int fault(const char *call, int needs_room, const char *path)
{
    size_t length = strlen(root);
    if (fail_at < 0 || inside || strncmp(path, root, length) || (path[length] && path[length] != '/'))
        return 0;
    long number = ++calls;
    int full = how == ENOSPC && needs_room && fail_at > 0 && number > fail_at;
    if (fail_at == 0) say(call, path);
    if (number != fail_at && !full) return 0;
    if (number == fail_at) say(call, path);
    return how;
}

static int fault_at(const char *call, int needs_room, int folder, const char *path)
{
    char whole[LENGTH];
    int before = errno;
    if (fail_at < 0) return 0;
    at_path(folder, path, whole);
    int met = fault(call, needs_room, whole);
    errno = before;
    return met;
}

static int fault_of(const char *call, int needs_room, int descriptor)
{
    char link[64], whole[LENGTH];
    int before = errno, met = 0;
    if (fail_at < 0 || descriptor < 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, whole, sizeof whole - 1);
    if (length > 0) {
        whole[length] = 0;
        met = fault(call, needs_room, whole);
    }
    errno = before;
    return met;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

#define FAIL(found, otherwise)   \
    do {                         \
        int told = (found);      \
        if (told == KILL) die(); \
        if (told) {              \
            errno = told;        \
            return otherwise;    \
        }                        \
    } while (0)

ssize_t write(int to, const void *bytes, size_t count)
{
    int met = fault_of("write", 1, to);
    if (met == KILL) {
        ssize_t done = REAL(write)(to, bytes, count / 2);
        (void)done;
    }
    FAIL(met, -1);
    return REAL(write)(to, bytes, count);
}

ssize_t writev(int to, const struct iovec *parts, int count)
{
    FAIL(fault_of("writev", 1, to), -1);
    return REAL(writev)(to, parts, count);
}

ssize_t pwrite(int to, const void *bytes, size_t count, off_t where)
{
    FAIL(fault_of("pwrite", 1, to), -1);
    return REAL(pwrite)(to, bytes, count, where);
}

ssize_t pwrite64(int to, const void *bytes, size_t count, off64_t where)
{
    FAIL(fault_of("pwrite", 1, to), -1);
    return REAL(pwrite64)(to, bytes, count, where);
}

ssize_t sendfile(int to, int from, off_t *where, size_t count)
{
    FAIL(fault_of("sendfile", 1, to), -1);
    return REAL(sendfile)(to, from, where, count);
}

ssize_t sendfile64(int to, int from, off64_t *where, size_t count)
{
    FAIL(fault_of("sendfile", 1, to), -1);
    return REAL(sendfile64)(to, from, where, count);
}

ssize_t copy_file_range(int from, off64_t *there, int to, off64_t *where, size_t count, unsigned f)
{
    FAIL(fault_of("copy_file_range", 1, to), -1);
    return REAL(copy_file_range)(from, there, to, where, count, f);
}

/* The C library writes its buffers by calls of its own, which nothing can stand before. */
size_t fwrite(const void *bytes, size_t size, size_t count, FILE *file)
{
    int met = fault_of("fwrite", 1, fileno(file));
    if (met == KILL) {
        REAL(fwrite)(bytes, size, count / 2, file);
        inside = 1;
        REAL(fflush)(file);
    }
    FAIL(met, 0);
    return REAL(fwrite)(bytes, size, count, file);
}

size_t fwrite_unlocked(const void *bytes, size_t size, size_t count, FILE *file)
{
    FAIL(fault_of("fwrite", 1, fileno(file)), 0);
    return REAL(fwrite_unlocked)(bytes, size, count, file);
}

int fflush(FILE *file)
{
    FAIL(file ? fault_of("fflush", 1, fileno(file)) : 0, EOF);
    return REAL(fflush)(file);
}

int fclose(FILE *file)
{
    int met = fault_of("fclose", 1, fileno(file));
    if (met && met != KILL) REAL(fclose)(file);
    FAIL(met, EOF);
    return REAL(fclose)(file);
}

static int makes(int flags) { return flags & (O_CREAT | O_TRUNC) && (flags & O_ACCMODE); }

#define OPEN(name, folder, path, flags, ...)                                           \
    mode_t mode = 0;                                                                   \
    if (flags & (O_CREAT | O_TMPFILE)) {                                               \
        va_list rest;                                                                  \
        va_start(rest, flags);                                                         \
        mode = va_arg(rest, mode_t);                                                   \
        va_end(rest);                                                                  \
    }                                                                                  \
    FAIL(makes(flags) ? fault_at("open", flags & O_CREAT, folder, path) : 0, -1);      \
    return REAL(name)(__VA_ARGS__, mode)

int open(const char *path, int flags, ...) { OPEN(open, AT_FDCWD, path, flags, path, flags); }
int open64(const char *path, int flags, ...) { OPEN(open64, AT_FDCWD, path, flags, path, flags); }
int openat(int folder, const char *path, int flags, ...)
{
    OPEN(openat, folder, path, flags, folder, path, flags);
}
int openat64(int folder, const char *path, int flags, ...)
{
    OPEN(openat64, folder, path, flags, folder, path, flags);
}

FILE *fopen(const char *path, const char *mode)
{
    FAIL(strpbrk(mode, "wa+") ? fault_at("fopen", 1, AT_FDCWD, path) : 0, NULL);
    return REAL(fopen)(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    FAIL(strpbrk(mode, "wa+") ? fault_at("fopen", 1, AT_FDCWD, path) : 0, NULL);
    return REAL(fopen64)(path, mode);
}

int rename(const char *from, const char *to)
{
    FAIL(fault_at("rename", 0, AT_FDCWD, to), -1);
    return REAL(rename)(from, to);
}

int renameat(int there, const char *from, int folder, const char *to)
{
    FAIL(fault_at("rename", 0, folder, to), -1);
    return REAL(renameat)(there, from, folder, to);
}

int renameat2(int there, const char *from, int folder, const char *to, unsigned flags)
{
    FAIL(fault_at("rename", 0, folder, to), -1);
    return REAL(renameat2)(there, from, folder, to, flags);
}

int link(const char *from, const char *to)
{
    FAIL(fault_at("link", 0, AT_FDCWD, to), -1);
    return REAL(link)(from, to);
}

int linkat(int there, const char *from, int folder, const char *to, int flags)
{
    FAIL(fault_at("link", 0, folder, to), -1);
    return REAL(linkat)(there, from, folder, to, flags);
}

int symlink(const char *from, const char *to)
{
    FAIL(fault_at("symlink", 1, AT_FDCWD, to), -1);
    return REAL(symlink)(from, to);
}

int unlink(const char *path)
{
    FAIL(fault_at("unlink", 0, AT_FDCWD, path), -1);
    return REAL(unlink)(path);
}

int unlinkat(int folder, const char *path, int flags)
{
    FAIL(fault_at("unlink", 0, folder, path), -1);
    return REAL(unlinkat)(folder, path, flags);
}

int rmdir(const char *path)
{
    FAIL(fault_at("rmdir", 0, AT_FDCWD, path), -1);
    return REAL(rmdir)(path);
}

int mkdir(const char *path, mode_t mode)
{
    FAIL(fault_at("mkdir", 1, AT_FDCWD, path), -1);
    return REAL(mkdir)(path, mode);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    FAIL(fault_at("mkdir", 1, folder, path), -1);
    return REAL(mkdirat)(folder, path, mode);
}

int fsync(int descriptor)
{
    FAIL(fault_of("fsync", 1, descriptor), -1);
    return REAL(fsync)(descriptor);
}

int fdatasync(int descriptor)
{
    FAIL(fault_of("fsync", 1, descriptor), -1);
    return REAL(fdatasync)(descriptor);
}

int ftruncate(int descriptor, off_t length)
{
    FAIL(fault_of("ftruncate", 1, descriptor), -1);
    return REAL(ftruncate)(descriptor, length);
}

int ftruncate64(int descriptor, off64_t length)
{
    FAIL(fault_of("ftruncate", 1, descriptor), -1);
    return REAL(ftruncate64)(descriptor, length);
}
