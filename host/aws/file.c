/* file: small files that belong to the user's AWS set-up, read whole and written whole. A reader never
 * sees half a file, and nobody but the owner sees any of it. What is read here may be secret: it is
 * wiped, and no message quotes it. */
#include "aws/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES    4096
#define PATIENCE_MS    10000 /* with a pipe to which nobody writes */
#define JSON_MAX_BYTES ((size_t)1 << 20)
#define PRIVATE_FILE   (S_IRUSR | S_IWUSR)

struct gw_view gw_environment(const char *variable)
{
    return gw_view_trim(gw_view_of(getenv(variable)));
}

struct gw_view gw_path_expand(struct gw_arena *arena, struct gw_view path)
{
    struct gw_view home = gw_view_of(getenv("HOME"));
    if (home.len == 0 || !gw_view_starts_with(path, GW_VIEW("~/"))) {
        return gw_arena_dup(arena, path);
    }
    return gw_arena_printf(arena, "%.*s%.*s", GW_VIEW_ARGS(home),
                           GW_VIEW_ARGS(gw_view_sub(path, 1, GW_NPOS)));
}

/* "~/..." that could not be expanded is the name of no file. */
static bool is_homeless(struct gw_view path)
{
    return gw_view_starts_with(path, GW_VIEW("~/"));
}

/* ---- reading --------------------------------------------------------------------------------- */

static ssize_t read_patiently(int fd, char *block)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (poll(&ready, 1, PATIENCE_MS) == 0) {
        errno = ETIME;
        return -1;
    }
    return read(fd, block, BLOCK_BYTES);
}

/* Stops somewhere past the limit, so that an endless file ends too. */
static bool read_descriptor(int fd, struct gw_buf *out)
{
    char block[BLOCK_BYTES];
    ssize_t got;
    do {
        got = read_patiently(fd, block);
        if (got > 0 && !gw_buf_add(out, (struct gw_view){block, (size_t)got})) {
            break;
        }
    } while (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN)));
    gw_wipe(block, sizeof block);
    return got >= 0;
}

bool gw_file_read(struct gw_view path, size_t limit_bytes, struct gw_buf *out, struct gw_err *err)
{
    gw_buf_init(out, limit_bytes);
    if (is_homeless(path)) {
        return gw_fail(err, GW_ERR_NOT_FOUND, "%.*s: HOME is not set", GW_VIEW_ARGS(path));
    }
    char *name = gw_view_dup(path);
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    free(name);
    bool is_read = fd >= 0 && read_descriptor(fd, out);
    int reason = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (is_read && !out->full) {
        return true;
    }
    gw_buf_clear(out);
    if (is_read) {
        return gw_fail(err, GW_ERR_LIMIT, "%.*s: is larger than %zu MiB", GW_VIEW_ARGS(path),
                       limit_bytes >> 20);
    }
    bool is_missing = reason == ENOENT || reason == ENOTDIR;
    return gw_fail(err, is_missing ? GW_ERR_NOT_FOUND : GW_ERR_IO, "%.*s: %s", GW_VIEW_ARGS(path),
                   strerror(reason));
}

bool gw_file_read_json(struct gw_view path, struct gw_arena *arena, struct gw_value *out,
                       struct gw_err *err)
{
    struct gw_buf text;
    if (!gw_file_read(path, JSON_MAX_BYTES, &text, err)) {
        return false;
    }
    bool is_json = gw_json_parse(gw_buf_view(&text), arena, out, NULL) && out->kind == GW_MAP;
    gw_buf_clear(&text);
    return is_json ||
           gw_fail(err, GW_ERR_INPUT, "%.*s: expected a JSON object", GW_VIEW_ARGS(path));
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool write_all(int fd, struct gw_view text)
{
    while (text.len > 0) {
        ssize_t written = write(fd, text.data, text.len);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        text = gw_view_sub(text, written > 0 ? (size_t)written : 0, GW_NPOS);
    }
    return fsync(fd) == 0;
}

/* Those above the file that are missing; what cannot be made shows when the file is opened. */
static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, S_IRWXU);
        *slash = '/';
    }
}

static bool replace(const char *path, char *temporary, struct gw_view text)
{
    int fd = mkstemp(temporary);
    if (fd < 0) {
        return false;
    }
    bool is_written = fchmod(fd, PRIVATE_FILE) == 0 && write_all(fd, text);
    is_written = close(fd) == 0 && is_written && rename(temporary, path) == 0;
    if (!is_written) {
        int reason = errno;
        unlink(temporary);
        errno = reason;
    }
    return is_written;
}

bool gw_file_write(struct gw_view path, struct gw_view text, struct gw_err *err)
{
    if (is_homeless(path)) {
        return gw_fail(err, GW_ERR_IO, "%.*s: HOME is not set", GW_VIEW_ARGS(path));
    }
    struct gw_arena *arena = gw_arena_new();
    struct gw_view name = gw_arena_dup(arena, path);
    char *temporary = (char *)gw_arena_printf(arena, "%.*s.XXXXXX", GW_VIEW_ARGS(path)).data;
    make_folders(temporary);
    bool is_written = replace(name.data, temporary, text);
    int reason = errno;
    gw_arena_free(arena);
    return is_written || gw_fail(err, GW_ERR_IO, "%.*s: cannot be written: %s", GW_VIEW_ARGS(path),
                                 strerror(reason));
}

bool gw_file_write_json(struct gw_view path, const struct gw_value *value, struct gw_err *err)
{
    struct gw_json_options options = {.reveal_secrets = true};
    struct gw_buf text;
    gw_buf_init(&text, JSON_MAX_BYTES);
    bool is_written =
        gw_json_write(value, &options, &text) && gw_file_write(path, gw_buf_view(&text), err);
    gw_buf_clear(&text);
    return is_written;
}
