/* find: runbooks by name. A runbook is a file NAME.lua in one of the folders; `service.lua` beside
 * them holds coordinates and NAME_test.lua tests; neither is one. Limits: 1024 runbooks a folder. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run/internal.h"

#define MAX_RUNBOOKS 1024

static bool is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static bool fail_path(const char *path, struct gw_err *err)
{
    struct stat info;
    if (stat(path, &info) == 0) {
        return gw_fail(err, GW_ERR_NOT_FOUND, "%s: is %s, not a file", path,
                       S_ISDIR(info.st_mode) ? "a folder" : "something else");
    }
    return gw_fail(err, GW_ERR_NOT_FOUND, "%s: cannot be opened (%s)", path, strerror(errno));
}

static bool is_runbook(struct gw_view file)
{
    return gw_view_ends_with(file, GW_VIEW(".lua")) && file.len > 4 && file.data[0] != '.' &&
           !gw_view_equal(file, GW_VIEW("service.lua")) &&
           !gw_view_ends_with(file, GW_VIEW("_test.lua"));
}

static int compare_names(const void *left, const void *right)
{
    const struct gw_value *a = left, *b = right;
    return gw_view_compare(a->as.string, b->as.string);
}

struct gw_value gw_run_list(const char *folder, struct gw_arena *arena)
{
    struct gw_value names = gw_value_list();
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && names.as.list.count < MAX_RUNBOOKS && (entry = readdir(dir)) != NULL) {
        struct gw_view file = gw_view_of(entry->d_name);
        if (is_runbook(file)) {
            file.len -= 4;
            *gw_list_add(arena, &names) = gw_value_string(gw_arena_dup(arena, file));
        }
    }
    if (dir) {
        closedir(dir);
    }
    if (names.as.list.count > 1) {
        qsort(names.as.list.items, names.as.list.count, sizeof *names.as.list.items, compare_names);
    }
    return names;
}

/* The path as it is, or with ".lua". */
static bool try_path(const char *folder, const char *name, struct gw_buf *path)
{
    static const char *const endings[] = {".lua", ""};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        gw_buf_reset(path);
        gw_buf_addf(path, "%s%s%s%s", folder, folder[0] ? "/" : "", name, endings[i]);
        if (!path->full && is_file(path->data)) {
            return true;
        }
    }
    return false;
}

static struct gw_view nearest(const char *const *folders, const char *name, struct gw_arena *arena)
{
    struct gw_value all = gw_value_list();
    for (; *folders; folders++) {
        struct gw_value names = gw_run_list(*folders, arena);
        for (size_t i = 0; i < names.as.list.count; i++) {
            *gw_list_add(arena, &all) = names.as.list.items[i];
        }
    }
    struct gw_view *candidates =
        gw_arena_alloc(arena, (all.as.list.count + 1) * sizeof *candidates);
    for (size_t i = 0; i < all.as.list.count; i++) {
        candidates[i] = all.as.list.items[i].as.string;
    }
    return gw_view_nearest(gw_view_of(name), candidates, all.as.list.count);
}

static bool fail_missing(const char *const *folders, const char *name, struct gw_err *err)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view near = nearest(folders, name, arena);
    struct gw_view hint = GW_VIEW(""), looked = GW_VIEW("");
    if (near.len > 0) {
        hint = gw_arena_printf(arena, ", did you mean '%.*s'?", GW_VIEW_ARGS(near));
    }
    for (const char *const *folder = folders; *folder; folder++) {
        looked = gw_arena_printf(arena, "%s%s%s", looked.data, looked.len ? ", " : "", *folder);
    }
    gw_fail(err, GW_ERR_NOT_FOUND, "no runbook '%s'%s (looked in %s)", name, hint.data,
            looked.len ? looked.data : "no folder");
    gw_arena_free(arena);
    return false;
}

bool gw_run_find(const char *const *folders, const char *name, struct gw_buf *path,
                 struct gw_err *err)
{
    if (strchr(name, '/')) {
        return try_path("", name, path) || fail_path(name, err);
    }
    if (gw_view_ends_with(gw_view_of(name), GW_VIEW(".lua")) && is_file(name)) {
        gw_buf_reset(path);
        return gw_buf_addf(path, "./%s", name);
    }
    for (const char *const *folder = folders; *folder; folder++) {
        if (try_path(*folder, name, path)) {
            return true;
        }
    }
    return fail_missing(folders, name, err);
}
