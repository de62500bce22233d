/* test_files: which files `gwrun test` runs. In a folder that is every *_test.lua, also below it;
 * hidden folders and links to folders are left out. Limits: 16 folders deep. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/internal.h"

#define MAX_DEPTH 16

static bool is_test(struct gw_view name)
{
    return gw_view_ends_with(name, GW_VIEW("_test.lua"));
}

static int compare_names(const void *left, const void *right)
{
    const struct gw_value *a = left, *b = right;
    return gw_view_compare(a->as.string, b->as.string);
}

static struct gw_value names_in(const char *folder, struct gw_arena *arena)
{
    struct gw_value names = gw_value_list();
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        struct gw_view name = gw_view_of(entry->d_name);
        if (name.data[0] != '.') {
            *gw_list_add(arena, &names) = gw_value_string(gw_arena_dup(arena, name));
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

static void add_folder(const char *folder, int depth, struct gw_arena *arena, struct gw_value *out)
{
    struct gw_value names = names_in(folder, arena);
    bool is_here = strcmp(folder, ".") == 0;
    for (size_t i = 0; i < names.as.list.count; i++) {
        struct gw_view name = names.as.list.items[i].as.string;
        struct gw_view path =
            is_here ? name : gw_arena_printf(arena, "%s/%.*s", folder, GW_VIEW_ARGS(name));
        struct stat info;
        if (lstat(path.data, &info) != 0) {
            continue;
        }
        if (S_ISDIR(info.st_mode) && depth > 0) {
            add_folder(path.data, depth - 1, arena, out);
        } else if (!S_ISDIR(info.st_mode) && is_test(name)) {
            *gw_list_add(arena, out) = gw_value_string(path);
        }
    }
}

/* Without the slashes that completion leaves at its end. */
static const char *trim(const char *path, struct gw_arena *arena)
{
    struct gw_view text = gw_view_of(path);
    while (text.len > 1 && text.data[text.len - 1] == '/') {
        text.len--;
    }
    return gw_arena_dup(arena, text).data;
}

static bool add_path(const char *path, struct gw_arena *arena, struct gw_value *out,
                     struct gw_err *err)
{
    struct stat info;
    size_t before = out->as.list.count;
    if (stat(path, &info) != 0) {
        return gw_fail(err, GW_ERR_NOT_FOUND, "%s: cannot be opened (%s)", path, strerror(errno));
    }
    if (!S_ISDIR(info.st_mode)) {
        *gw_list_add(arena, out) = gw_value_string(gw_view_of(path));
        return true;
    }
    add_folder(trim(path, arena), MAX_DEPTH, arena, out);
    return out->as.list.count > before ||
           gw_fail(err, GW_ERR_NOT_FOUND, "%s: no file there ends in '_test.lua'", path);
}

bool gw_cli_find_tests(const char *const *paths, size_t count, struct gw_arena *arena,
                       struct gw_value *out, struct gw_err *err)
{
    *out = gw_value_list();
    for (size_t i = 0; i < count; i++) {
        if (!add_path(paths[i], arena, out, err)) {
            return false;
        }
    }
    if (count > 0) {
        return true;
    }
    add_folder(".", 0, arena, out);
    add_folder("runbooks", MAX_DEPTH, arena, out);
    add_folder("tests", MAX_DEPTH, arena, out);
    return out->as.list.count > 0 ||
           gw_fail(err, GW_ERR_NOT_FOUND,
                   "no file here, in ./runbooks or in ./tests ends in '_test.lua'; "
                   "'gwrun test PATH' names others, 'gwrun new NAME' makes a first one");
}
