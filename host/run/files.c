/* files: which files a script may use: those that its runbook declares in needs.read and
 * needs.write. Both sides are compared without links and "..", so that neither leads elsewhere. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run/internal.h"

/* ---- real paths ------------------------------------------------------------------------------ */

static bool real_path(struct gw_view path, struct gw_arena *arena, struct gw_view *real)
{
    char buffer[PATH_MAX];
    struct gw_view text = gw_arena_dup(arena, path.len > 0 ? path : GW_VIEW("."));
    if (memchr(text.data, '\0', text.len) || !realpath(text.data, buffer)) {
        return false;
    }
    *real = gw_arena_dup(arena, gw_view_of(buffer));
    return true;
}

/* Where the part after the last '/' before `end` begins. */
static size_t name_start(struct gw_view path, size_t end)
{
    while (end > 0 && path.data[end - 1] != '/') {
        end--;
    }
    return end;
}

/* The folder without links, and after it the rest as it is. */
static bool real_folder(struct gw_view path, size_t folder_len, struct gw_arena *arena,
                        struct gw_view *real)
{
    struct gw_view folder, rest = gw_view_sub(path, folder_len, GW_NPOS);
    if (!real_path(gw_view_sub(path, 0, folder_len), arena, &folder)) {
        return false;
    }
    const char *slash = gw_view_equal(folder, GW_VIEW("/")) ? "" : "/";
    *real = gw_arena_printf(arena, "%.*s%s%.*s", GW_VIEW_ARGS(folder), slash, GW_VIEW_ARGS(rest));
    return true;
}

/* Of a file that need not be there yet. */
static bool real_target(struct gw_view path, struct gw_arena *arena, struct gw_view *real)
{
    struct stat there;
    struct gw_view text = gw_arena_dup(arena, path);
    size_t start = name_start(path, path.len);
    struct gw_view name = gw_view_sub(path, start, GW_NPOS);
    bool is_folder =
        name.len == 0 || gw_view_equal(name, GW_VIEW(".")) || gw_view_equal(name, GW_VIEW(".."));
    if (is_folder || lstat(text.data, &there) == 0) {
        return real_path(path, arena, real);
    }
    return errno == ENOENT && real_folder(path, start, arena, real);
}

/* ---- declarations ---------------------------------------------------------------------------- */

/* Without the '\' before what stands for itself. */
static struct gw_view unescape(struct gw_view text, struct gw_arena *arena)
{
    struct gw_view plain = gw_arena_dup(arena, text);
    char *out = (char *)plain.data;
    plain.len = 0;
    for (size_t i = 0; i < text.len; i++) {
        i += text.data[i] == '\\' && i + 1 < text.len;
        out[plain.len++] = text.data[i];
    }
    return plain;
}

/* The folder before the first name with a `*` is a place; what follows is a pattern. */
static bool allows(struct gw_view declared, struct gw_view real, struct gw_arena *arena)
{
    struct gw_view folder;
    size_t star = gw_run_find_plain(declared, '*');
    size_t folder_len = name_start(declared, star < declared.len ? star : declared.len);
    struct gw_view pattern = gw_view_sub(declared, folder_len, GW_NPOS);
    if (declared.len == 0 ||
        !real_path(unescape(gw_view_sub(declared, 0, folder_len), arena), arena, &folder)) {
        return false;
    }
    if (!gw_view_equal(folder, GW_VIEW("/"))) {
        folder = gw_arena_printf(arena, "%.*s/", GW_VIEW_ARGS(folder));
    }
    return gw_view_starts_with(real, folder) && real.len > folder.len &&
           (pattern.len == 0 ||
            gw_run_matches(pattern, gw_view_sub(real, folder.len, GW_NPOS), '/'));
}

static bool is_declared(const struct gw_run *run, const char *list_name, struct gw_view real,
                        struct gw_arena *arena)
{
    const struct gw_value *list = gw_map_get(&run->needs, gw_view_of(list_name));
    for (size_t i = 0; list && list->kind == GW_LIST && i < list->as.list.count; i++) {
        const struct gw_value *item = &list->as.list.items[i];
        if (item->kind == GW_STRING && allows(item->as.string, real, arena)) {
            return true;
        }
    }
    return false;
}

/* Our own memory and environment are there too, and with them every secret. */
static bool is_of_the_system(struct gw_view real)
{
    static const char *const folders[] = {"/proc/", "/sys/", "/dev/"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (gw_view_starts_with(real, gw_view_of(folders[i]))) {
            return true;
        }
    }
    return false;
}

bool gw_run_allow_file(struct gw_gate *gate, struct gw_view path, enum gw_file_access access,
                       struct gw_arena *arena, struct gw_view *real, struct gw_err *err)
{
    const struct gw_run *run = (const struct gw_run *)gate; /* its first member */
    /* The system would take what stands before it for the name. */
    if (gw_view_find_char(path, '\0') != GW_NPOS) {
        return gw_fail(err, GW_ERR_INPUT, "file '%.*s': a path with a zero byte in it",
                       GW_VIEW_ARGS(path));
    }
    bool writes = access == GW_FILE_WRITE;
    const char *list_name = writes ? "write" : "read";
    bool found = writes ? real_target(path, arena, real) : real_path(path, arena, real);
    if (!found) {
        return gw_fail(err, errno == ENOENT ? GW_ERR_NOT_FOUND : GW_ERR_IO,
                       "file '%.*s': cannot be %s: %s", GW_VIEW_ARGS(path),
                       writes ? "written" : "read", strerror(errno));
    }
    if (is_of_the_system(*real)) {
        return gw_fail(err, GW_ERR_DENIED,
                       "file '%.*s': refused before it was opened: what the system shows of "
                       "processes and devices is for no script",
                       GW_VIEW_ARGS(path));
    }
    return is_declared(run, list_name, *real, arena) ||
           gw_fail(err, GW_ERR_DENIED,
                   "file '%.*s': not declared in this runbook's needs.%s; add \"%.*s\" (refused "
                   "before it was opened)",
                   GW_VIEW_ARGS(path), list_name, GW_VIEW_ARGS(path));
}
