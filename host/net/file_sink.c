/* file_sink: the body of an answer as a file, in constant memory, whole or not at all. It is
 * written to ".<name>.<pid>-<n>.part" beside its place, which a crash may leave behind. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/net.h"

#define NAME_TRIES 1000
#define MODE       0666 /* less the umask */

struct gw_file_sink {
    struct gw_body_sink base;
    struct gw_arena *arena;    /* of the paths */
    struct gw_view path, part; /* each ends in NUL */
    bool replaces;
    int fd; /* -1: nothing to be written to */
    uint64_t written, expected;
};

static bool fail_system(const struct gw_file_sink *file, struct gw_err *err)
{
    return gw_fail(err, GW_ERR_IO, "file '%s': cannot be written: %s", file->path.data,
                   strerror(errno));
}

static bool fail_existing(const struct gw_file_sink *file, struct gw_err *err)
{
    return gw_fail(
        err, GW_ERR_IO,
        "file '%s': is there already, and is kept: remove it, name another, or let it be "
        "replaced",
        file->path.data);
}

/* ---- what comes ------------------------------------------------------------------------------ */

/* Of an earlier attempt nothing stays. */
static bool begin(void *ctx, const struct gw_http_response *head)
{
    struct gw_file_sink *file = ctx;
    int64_t length = 0;
    struct gw_view text = gw_headers_get(&head->headers, GW_VIEW("Content-Length"));
    file->expected = gw_view_to_int64(text, &length) && length > 0 ? (uint64_t)length : 0;
    file->written = 0;
    return true;
}

static bool write_all(struct gw_file_sink *file, struct gw_view bytes)
{
    while (bytes.len > 0) {
        ssize_t put = write(file->fd, bytes.data, bytes.len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return false;
        }
        file->written += (uint64_t)put;
        bytes = gw_view_sub(bytes, (size_t)put, GW_NPOS);
    }
    return true;
}

static bool start_over(struct gw_file_sink *file)
{
    return ftruncate(file->fd, 0) == 0 && lseek(file->fd, 0, SEEK_SET) == 0;
}

static enum gw_sink_answer take(void *ctx, struct gw_view bytes, struct gw_err *err)
{
    struct gw_file_sink *file = ctx;
    if ((file->written == 0 && !start_over(file)) || !write_all(file, bytes)) {
        fail_system(file, err);
        return GW_SINK_ABORT;
    }
    return GW_SINK_TAKEN;
}

/* ---- open ------------------------------------------------------------------------------------ */

/* Where the last name of the path begins. */
static size_t name_start(struct gw_view path)
{
    size_t start = path.len;
    while (start > 0 && path.data[start - 1] != '/') {
        start--;
    }
    return start;
}

static bool check_target(const struct gw_file_sink *file, struct gw_err *err)
{
    struct stat there;
    if (lstat(file->path.data, &there) != 0) {
        return errno == ENOENT || fail_system(file, err);
    }
    if (!S_ISREG(there.st_mode)) {
        return gw_fail(err, GW_ERR_IO, "file '%s': cannot be written: is %s", file->path.data,
                       S_ISDIR(there.st_mode) ? "a directory" : "no regular file");
    }
    return file->replaces || fail_existing(file, err);
}

static bool open_part(struct gw_file_sink *file, struct gw_err *err)
{
    size_t start = name_start(file->path);
    for (int i = 0; i < NAME_TRIES; i++) {
        file->part = gw_arena_printf(file->arena, "%.*s.%s.%ld-%d.part", (int)start,
                                     file->path.data, file->path.data + start, (long)getpid(), i);
        file->fd = open(file->part.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
        if (file->fd >= 0 || errno != EEXIST) {
            break;
        }
    }
    return file->fd >= 0 || fail_system(file, err);
}

struct gw_file_sink *gw_file_sink_open(const char *path, bool replaces, struct gw_err *err)
{
    struct gw_file_sink *file = gw_alloc(sizeof *file);
    file->base = (struct gw_body_sink){begin, take, file};
    file->arena = gw_arena_new();
    file->replaces = replaces;
    file->fd = -1;
    file->path = gw_arena_dup(file->arena, gw_view_of(path));
    if (!check_target(file, err) || !open_part(file, err)) {
        gw_file_sink_close(file);
        return NULL;
    }
    return file;
}

const struct gw_body_sink *gw_file_sink_body(struct gw_file_sink *file)
{
    return &file->base;
}

uint64_t gw_file_sink_bytes(const struct gw_file_sink *file)
{
    return file->written;
}

uint64_t gw_file_sink_expected(const struct gw_file_sink *file)
{
    return file->expected;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* A link cannot replace what came there meanwhile; but not every file system has links. */
static bool take_name(struct gw_file_sink *file)
{
    if (!file->replaces) {
        if (link(file->part.data, file->path.data) == 0) {
            unlink(file->part.data);
            return true;
        }
        if (errno == EEXIST) {
            return false;
        }
    }
    return rename(file->part.data, file->path.data) == 0;
}

static void sync_folder(const struct gw_file_sink *file)
{
    size_t start = name_start(file->path);
    struct gw_view folder =
        start > 0 ? gw_arena_dup(file->arena, gw_view_sub(file->path, 0, start)) : GW_VIEW(".");
    int fd = open(folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd); /* where it cannot be done there is nothing better */
        close(fd);
    }
}

static bool finish_part(struct gw_file_sink *file)
{
    bool ok = (file->written > 0 || start_over(file)) && fsync(file->fd) == 0;
    ok = close(file->fd) == 0 && ok;
    file->fd = -1;
    return ok;
}

bool gw_file_sink_commit(struct gw_file_sink *file, struct gw_err *err)
{
    if (!finish_part(file) || !take_name(file)) {
        if (errno == EEXIST) {
            fail_existing(file, err);
        } else {
            fail_system(file, err);
        }
        unlink(file->part.data);
        return false;
    }
    sync_folder(file);
    return true;
}

void gw_file_sink_close(struct gw_file_sink *file)
{
    if (file) {
        if (file->fd >= 0) {
            close(file->fd);
            unlink(file->part.data);
        }
        gw_arena_free(file->arena);
        free(file);
    }
}
