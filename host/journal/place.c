/* place: the folder and the file of a store: making them, who may use them, setting a damaged one
 * aside. A folder that its group may write is a team's: what lies in it is opened for the group. */
#include "journal/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FOLDER_MODE 0700
#define OWNER_MODE  0600
#define GROUP_MODE  0660
#define PAUSE_MS    10

static const char *const SUFFIXES[] = {"-wal", "-shm", ""}; /* the file itself last */
#define SUFFIX_COUNT (sizeof SUFFIXES / sizeof SUFFIXES[0])

const char *gw_journal_name(const struct gw_journal *journal)
{
    return journal->path ? journal->path : "in memory";
}

/* ---- the folder ------------------------------------------------------------------------------ */

static char *dup_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        return gw_view_dup(GW_VIEW("."));
    }
    return gw_view_dup((struct gw_view){path, slash == path ? 1 : (size_t)(slash - path)});
}

/* What is made in a folder may be gone after a power cut until the folder is synced too. */
static void sync_folder_of(const char *path)
{
    char *folder = dup_folder(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* Failures show when the folder itself is looked at. */
static void make_folder(const char *folder)
{
    if (mkdir(folder, FOLDER_MODE) == 0) {
        sync_folder_of(folder);
    }
}

static void make_folders(char *folder)
{
    for (char *at = folder + 1; *at; at++) {
        if (*at == '/') {
            *at = '\0';
            make_folder(folder);
            *at = '/';
        }
    }
    make_folder(folder);
}

static bool check_folder(const char *path, char *folder, struct gw_err *err)
{
    struct stat facts;
    if (stat(folder, &facts) != 0) {
        make_folders(folder);
    }
    if (stat(folder, &facts) != 0) {
        return gw_fail(err, GW_ERR_IO, "journal '%s': its folder cannot be made: %s", path,
                       strerror(errno));
    }
    if (!S_ISDIR(facts.st_mode)) {
        return gw_fail(err, GW_ERR_IO, "journal '%s': '%s' is no folder", path, folder);
    }
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0) {
        return gw_fail(err, GW_ERR_IO, "journal '%s': its folder cannot be written: %s", path,
                       strerror(errno));
    }
    return true;
}

/* A folder that everybody may write, as /tmp, is nobody's team's. */
static bool is_shared(const char *path, gid_t *group)
{
    struct stat facts;
    char *folder = dup_folder(path);
    bool shared =
        stat(folder, &facts) == 0 && facts.st_mode & S_IWGRP && !(facts.st_mode & S_IWOTH);
    *group = shared ? facts.st_gid : 0;
    free(folder);
    return shared;
}

/* ---- the file -------------------------------------------------------------------------------- */

static void name_owner(const struct stat *facts, char *out, size_t size)
{
    struct passwd entry, *found = NULL;
    char memory[1024];
    if (getpwuid_r(facts->st_uid, &entry, memory, sizeof memory, &found) == 0 && found) {
        snprintf(out, size, "'%s'", entry.pw_name);
    } else {
        snprintf(out, size, "user %ld", (long)facts->st_uid);
    }
}

/* Never opened here: closing a descriptor would end the locks that SQLite holds in this process. */
static bool check_file(const char *path, const struct stat *facts, struct gw_err *err)
{
    if (!S_ISREG(facts->st_mode)) {
        return gw_fail(err, GW_ERR_IO, "journal '%s': not a regular file", path);
    }
    if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0) {
        return true;
    }
    int cause = errno;
    char owner[128];
    name_owner(facts, owner, sizeof owner);
    return gw_fail(err, GW_ERR_IO, "journal '%s': belongs to %s and cannot be written: %s", path,
                   owner, strerror(cause));
}

static bool make_file(const char *path, struct gw_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, OWNER_MODE);
    if (fd < 0 && errno != EEXIST) {
        return gw_fail(err, GW_ERR_IO, "journal '%s': cannot be made: %s", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
        sync_folder_of(path);
    }
    return true;
}

bool gw_place_make(const char *path, struct gw_err *err)
{
    struct stat facts;
    char *folder = dup_folder(path);
    bool ok = check_folder(path, folder, err);
    free(folder);
    if (!ok) {
        return false;
    }
    return stat(path, &facts) == 0 ? check_file(path, &facts, err) : make_file(path, err);
}

/* SQLite gives -wal and -shm the file's mode, but not its group. */
void gw_place_share(const char *path)
{
    gid_t group;
    if (!is_shared(path, &group)) {
        return;
    }
    for (size_t i = 0; i < SUFFIX_COUNT; i++) {
        struct stat facts;
        char name[PATH_MAX];
        snprintf(name, sizeof name, "%s%s", path, SUFFIXES[i]);
        if (stat(name, &facts) != 0 || facts.st_uid != geteuid()) {
            continue;
        }
        bool is_theirs = facts.st_gid == group || chown(name, (uid_t)-1, group) == 0;
        if (is_theirs && (facts.st_mode & GROUP_MODE) != GROUP_MODE) {
            chmod(name, GROUP_MODE);
        }
    }
}

bool gw_place_is_at_rest(const char *path)
{
    char log[PATH_MAX];
    char *folder = dup_folder(path);
    bool may_write = faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) == 0;
    free(folder);
    snprintf(log, sizeof log, "%s-wal", path);
    return !may_write && access(log, F_OK) != 0;
}

/* ---- one at a time --------------------------------------------------------------------------- */

static bool wait_for_lock(int fd, int busy_ms)
{
    const struct timespec pause = {0, PAUSE_MS * 1000000L};
    int64_t until_ms = gw_clock_monotonic_ms() + busy_ms;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || gw_clock_monotonic_ms() >= until_ms) {
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return true;
}

int gw_place_enter(const char *path, int busy_ms, struct gw_err *err)
{
    char *folder = dup_folder(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0) {
        gw_fail(err, GW_ERR_IO, "journal '%s': its folder cannot be read: %s", path,
                strerror(errno));
        return -1;
    }
    if (!wait_for_lock(fd, busy_ms)) {
        gw_fail(err, GW_ERR_TIMEOUT,
                "journal '%s': another process does not finish opening it; end that one or try "
                "again",
                path);
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- setting aside --------------------------------------------------------------------------- */

static struct gw_view free_name(const char *path, struct gw_arena *arena)
{
    char stamp[32];
    struct stat facts;
    struct tm utc;
    time_t now = (time_t)(gw_clock_wall_ms() / 1000);
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &utc);
    struct gw_view name = gw_arena_printf(arena, "%s.damaged-%s", path, stamp);
    for (int i = 2; stat(name.data, &facts) == 0; i++) {
        name = gw_arena_printf(arena, "%s.damaged-%s-%d", path, stamp, i);
    }
    return name;
}

bool gw_place_set_aside(const char *path, struct gw_arena *arena, struct gw_view *aside,
                        struct gw_err *err)
{
    *aside = free_name(path, arena);
    for (size_t i = 0; i < SUFFIX_COUNT; i++) {
        struct gw_view from = gw_arena_printf(arena, "%s%s", path, SUFFIXES[i]);
        struct gw_view to = gw_arena_printf(arena, "%s%s", aside->data, SUFFIXES[i]);
        if (rename(from.data, to.data) != 0 && errno != ENOENT) {
            return gw_fail(err, GW_ERR_IO, "journal '%s': damaged, and cannot be set aside: %s",
                           path, strerror(errno));
        }
    }
    return true;
}
