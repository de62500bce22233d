/* file_source: a file as the body of a request, in constant memory. Bytes are read where they are
 * asked for, so that several sources can be over one file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/net.h"

struct gw_file_source {
    struct gw_body_source base;
    char *path;
    int fd;
    struct stat opened; /* the file as it was */
    uint64_t from, at;  /* `at` counts from `from` */
};

static bool fail_system(const struct gw_file_source *file, const char *what, struct gw_err *err)
{
    return gw_fail(err, errno == ENOENT ? GW_ERR_NOT_FOUND : GW_ERR_IO,
                   "file '%s': cannot be %s: %s", file->path, what, strerror(errno));
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool check_unchanged(const struct gw_file_source *file, struct gw_err *err)
{
    struct stat now;
    if (fstat(file->fd, &now) != 0) {
        return fail_system(file, "read", err);
    }
    return is_same(&file->opened, &now) ||
           gw_fail(err, GW_ERR_IO, "file '%s': changed while it was read", file->path);
}

static bool rewind_file(void *ctx, struct gw_err *err)
{
    struct gw_file_source *file = ctx;
    file->at = 0;
    return check_unchanged(file, err);
}

static ssize_t read_at(const struct gw_file_source *file, char *out, size_t len)
{
    ssize_t got;
    do {
        got = pread(file->fd, out, len, (off_t)(file->from + file->at));
    } while (got < 0 && errno == EINTR);
    return got;
}

static bool read_file(void *ctx, char *out, size_t capacity, size_t *len, struct gw_err *err)
{
    struct gw_file_source *file = ctx;
    uint64_t left = file->base.size_bytes - file->at;
    size_t wanted = capacity < left ? capacity : (size_t)left;
    *len = 0;
    if (wanted == 0) {
        return true;
    }
    ssize_t got = read_at(file, out, wanted);
    if (got < 0) {
        return fail_system(file, "read", err);
    }
    if (got == 0) {
        return gw_fail(err, GW_ERR_IO, "file '%s': changed while it was read", file->path);
    }
    *len = (size_t)got;
    file->at += *len;
    return file->at < file->base.size_bytes || check_unchanged(file, err);
}

static struct gw_file_source *new_source(const char *path, int fd)
{
    struct gw_file_source *file = gw_alloc(sizeof *file);
    file->path = gw_view_dup(gw_view_of(path));
    file->fd = fd;
    file->base = (struct gw_body_source){.rewind = rewind_file, .read = read_file, .ctx = file};
    return file;
}

static bool check_kind(struct gw_file_source *file, struct gw_err *err)
{
    if (file->fd < 0 || fstat(file->fd, &file->opened) != 0) {
        return fail_system(file, "read", err);
    }
    return S_ISREG(file->opened.st_mode) ||
           gw_fail(err, GW_ERR_IO, "file '%s': cannot be read: is %s", file->path,
                   S_ISDIR(file->opened.st_mode) ? "a directory" : "no regular file");
}

struct gw_file_source *gw_file_source_open(const char *path, struct gw_err *err)
{
    struct gw_file_source *file = new_source(path, open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!check_kind(file, err)) {
        gw_file_source_close(file);
        return NULL;
    }
    file->base.size_bytes = (uint64_t)file->opened.st_size;
    return file;
}

struct gw_file_source *gw_file_source_part(const struct gw_file_source *whole, uint64_t from,
                                           uint64_t size_bytes, struct gw_err *err)
{
    uint64_t size = whole->base.size_bytes;
    struct gw_file_source *file = new_source(whole->path, fcntl(whole->fd, F_DUPFD_CLOEXEC, 0));
    if (file->fd < 0) {
        fail_system(file, "read", err);
        gw_file_source_close(file);
        return NULL;
    }
    file->opened = whole->opened;
    from = from < size ? from : size;
    file->from = whole->from + from;
    file->base.size_bytes = size_bytes < size - from ? size_bytes : size - from;
    return file;
}

void gw_file_source_close(struct gw_file_source *file)
{
    if (file) {
        if (file->fd >= 0) {
            close(file->fd);
        }
        free(file->path);
        free(file);
    }
}

const struct gw_body_source *gw_file_source_body(const struct gw_file_source *file)
{
    return &file->base;
}

uint64_t gw_file_source_read_bytes(const struct gw_file_source *file)
{
    return file->at;
}
