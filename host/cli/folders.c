/* folders: where runbooks come from. GWRUN_PATH first (colon-separated), then ./runbooks, then what
 * came with the program: share/gwrun/runbooks beside bin/, or, for a program that stands in its
 * build folder (build/<preset>/gwrun), the runbooks of the source tree two folders up. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/internal.h"

#define MAX_FOLDERS 64

struct folders {
    const char *items[MAX_FOLDERS + 1];
    size_t count;
};

static void add(struct folders *folders, const char *path)
{
    struct stat info;
    if (folders->count < MAX_FOLDERS && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        folders->items[folders->count++] = path;
    }
}

static void add_environment(struct folders *folders, struct gw_arena *arena)
{
    struct gw_view rest = gw_view_of(getenv("GWRUN_PATH")), part;
    while (gw_view_next(&rest, ':', &part)) {
        if (part.len > 0 && folders->count < MAX_FOLDERS) {
            folders->items[folders->count++] = gw_arena_dup(arena, part).data; /* even if missing */
        }
    }
}

static void add_own(struct folders *folders, struct gw_arena *arena)
{
    char program[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    if (len <= 0) {
        return;
    }
    program[len] = '\0';
    *strrchr(program, '/') = '\0';
    add(folders, gw_arena_printf(arena, "%s/../share/gwrun/runbooks", program).data);
    if (access(gw_arena_printf(arena, "%s/CMakeCache.txt", program).data, F_OK) == 0) {
        add(folders, gw_arena_printf(arena, "%s/../../runbooks", program).data);
    }
}

/* Without the ".." that nobody wants to read in a message. */
static void tidy(struct folders *folders, struct gw_arena *arena)
{
    for (size_t i = 0; i < folders->count; i++) {
        char *real = strstr(folders->items[i], "..") ? realpath(folders->items[i], NULL) : NULL;
        if (real) {
            folders->items[i] = gw_arena_dup(arena, gw_view_of(real)).data;
        }
        free(real);
    }
}

const char *const *gw_cli_runbook_folders(struct gw_arena *arena)
{
    struct folders *folders = gw_arena_alloc(arena, sizeof *folders);
    add_environment(folders, arena);
    add(folders, "./runbooks");
    add_own(folders, arena);
    tidy(folders, arena);
    if (folders->count == 0) {
        folders->items[folders->count++] = "./runbooks";
    }
    return folders->items;
}

const char *const *gw_cli_stdlib_folders(void)
{
    static const char *folders[2];
    const char *given = getenv("GWRUN_STDLIB");
    folders[0] = given && given[0] ? given : NULL;
    return folders;
}
