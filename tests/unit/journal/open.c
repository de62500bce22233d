/* The file: made, shared, migrated, refused, set aside when damaged. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>

#include "bench.h"

static mode_t mode_of(struct bench *bench, const char *suffix)
{
    struct stat facts;
    char path[128];
    snprintf(path, sizeof path, "%s%s", bench->path, suffix);
    return stat(path, &facts) == 0 ? facts.st_mode & 07777 : 0;
}

static void write_file(const char *path, struct gw_view bytes)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
    fclose(file);
}

/* How the name of a damaged file begins that lies in the folder; its stamp is 15 characters. */
static const char *find_aside(struct bench *bench, const char *suffix)
{
    DIR *folder = opendir(bench->folder);
    struct dirent *entry;
    const char *found = NULL;
    size_t length = strlen("journal.db.damaged-20251112-031200") + strlen(suffix);
    while ((entry = readdir(folder))) {
        if (strstr(entry->d_name, "journal.db.damaged-") == entry->d_name &&
            strlen(entry->d_name) == length &&
            strcmp(entry->d_name + length - strlen(suffix), suffix) == 0) {
            found = gw_arena_printf(bench->arena, "%s/%s", bench->folder, entry->d_name).data;
        }
    }
    closedir(folder);
    return found;
}

static void assert_refused(struct bench *bench, bool read_only, enum gw_err_code code,
                           const char *message)
{
    assert_false(bench_try_open(bench, read_only));
    assert_string_equal(bench->err.message, message);
    assert_int_equal(bench->err.code, code);
}

/* The path with `format` around it. */
static const char *about(struct bench *bench, const char *before, const char *after)
{
    return gw_arena_printf(bench->arena, "%s%s%s", before, bench->path, after).data;
}

/* ---- making it ------------------------------------------------------------------------------- */

static void folder_and_file_are_the_owners(void **state)
{
    struct bench *bench = *state;
    struct stat facts;
    snprintf(bench->path, sizeof bench->path, "%s/a/b/j.db", bench->folder);
    bench_open(bench);
    bench_begin(bench, "r");
    assert_int_equal(mode_of(bench, ""), 0600);
    assert_int_equal(mode_of(bench, "-wal"), 0600);
    assert_int_equal(mode_of(bench, "-shm"), 0600);
    *strrchr(bench->path, '/') = '\0';
    assert_int_equal(stat(bench->path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0700);
}

static void a_teams_folder_gives_a_teams_file(void **state)
{
    struct bench *bench = *state;
    mode_t before = umask(077);
    struct stat facts;
    assert_int_equal(chmod(bench->folder, 0770), 0);
    bool has_group = chown(bench->folder, (uid_t)-1, 12) == 0; /* for root alone */
    bench_open(bench);
    bench_begin(bench, "r");
    assert_int_equal(mode_of(bench, ""), 0660);
    assert_int_equal(mode_of(bench, "-wal"), 0660);
    assert_int_equal(mode_of(bench, "-shm"), 0660);
    if (has_group) {
        assert_int_equal(stat(about(bench, "", "-wal"), &facts), 0);
        assert_int_equal(facts.st_gid, 12);
    }
    umask(before);
}

static void a_folder_of_everybody_is_no_teams(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(chmod(bench->folder, 01777), 0);
    bench_open(bench);
    assert_int_equal(mode_of(bench, ""), 0600);
}

static void in_memory_leaves_nothing(void **state)
{
    struct bench *bench = *state;
    bench->journal = gw_journal_open(&(struct gw_journal_options){0}, &bench->err);
    bench_whole_run(bench, "r");
    assert_string_equal(bench_verify(bench), "");
    assert_int_equal(rmdir(bench->folder), 0);
    assert_int_equal(mkdir(bench->folder, 0700), 0);
}

static void what_was_written_is_there_again(void **state)
{
    struct bench *bench = *state;
    bench_open(bench);
    bench_whole_run(bench, "r");
    bench_close(bench);
    assert_true(bench_try_open(bench, true));
    assert_string_equal(bench_events(bench, "r", 2),
                        "{'event':'run.finished','seq':3," AT ",'outcome':'ok','exit_code':0}\n");
    assert_string_equal(bench_verify(bench), "");
}

static void a_reader_writes_nothing(void **state)
{
    struct bench *bench = *state;
    struct gw_view id;
    assert_refused(bench, true, GW_ERR_NOT_FOUND,
                   about(bench, "journal '", "': No such file or directory"));
    assert_int_equal(mode_of(bench, ""), 0);
    bench_open(bench);
    bench_close(bench);
    assert_true(bench_try_open(bench, true));
    assert_false(gw_journal_begin(bench->journal, GW_VIEW("r"), bench->arena, &id, &bench->err));
    assert_string_equal(bench->err.message,
                        about(bench, "journal '", "': attempt to write a readonly database"));
}

static void an_empty_file_is_a_new_one(void **state)
{
    struct bench *bench = *state;
    write_file(bench->path, GW_VIEW(""));
    assert_refused(bench, true, GW_ERR_NOT_FOUND, about(bench, "journal '", "': empty"));
    bench_open(bench);
    bench_whole_run(bench, "r");
    assert_string_equal(bench->warning, "");
}

static void odd_names_are_names(void **state)
{
    static const char *const names[] = {"a?mode=memory", "b%2f#c", ":memory:", "file:d"};
    struct bench *bench = *state;
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(bench->path, sizeof bench->path, "%s/%s", bench->folder, names[i]);
        bench_open(bench);
        bench_whole_run(bench, "r");
        bench_close(bench);
        assert_int_equal(mode_of(bench, ""), 0600);
    }
}

/* In a child that is nobody: root may do everything. Its answer is whether all went well. */
static bool is_true_for_nobody(struct bench *bench, bool (*question)(struct bench *, const char *),
                               const char *text)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        bool is_nobody = geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0);
        _exit(!(is_nobody && question(bench, text)));
    }
    waitpid(pid, &status, 0);
    return status == 0;
}

static bool reads_the_run(struct bench *bench, const char *run)
{
    return bench_try_open(bench, true) && strstr(bench_events(bench, run, 0), "hello") &&
           !*bench_verify(bench);
}

static void reads_where_nothing_may_be_written(void **state)
{
    struct bench *bench = *state;
    bench_open(bench);
    bench_whole_run(bench, "r");
    bench_close(bench);
    chmod(bench->path, 0444);
    chmod(bench->folder, 0555);
    assert_true(is_true_for_nobody(bench, reads_the_run, "r"));
    chmod(bench->folder, 0700);
}

/* ---- versions -------------------------------------------------------------------------------- */

static void an_older_version_is_migrated(void **state)
{
    struct bench *bench = *state;
    bench_open(bench);
    bench_whole_run(bench, "r");
    bench_close(bench);
    bench_sql(bench, "DROP VIEW step; DROP VIEW call; DROP VIEW note; PRAGMA user_version = 1");
    assert_true(bench_try_open(bench, true)); /* a reader changes nothing */
    assert_string_equal(bench_query(bench, "PRAGMA user_version"), "1\n");
    bench_close(bench);
    bench_open(bench);
    assert_string_equal(bench_query(bench, "PRAGMA user_version"), "2\n");
    assert_string_equal(bench_query(bench, "SELECT text FROM note"), "hello\n");
    assert_string_equal(bench_verify(bench), "");
}

static void a_migration_that_fails_changes_nothing(void **state)
{
    struct bench *bench = *state;
    bench_open(bench);
    bench_close(bench);
    bench_sql(bench, "DROP VIEW step; DROP VIEW note; PRAGMA user_version = 1"); /* call is left */
    assert_refused(bench, false, GW_ERR_INTERNAL,
                   about(bench, "journal '", "': view call already exists"));
    assert_string_equal(bench_query(bench, "SELECT name FROM sqlite_schema WHERE type = 'view'"),
                        "call\n");
}

static void a_newer_version_is_refused(void **state)
{
    struct bench *bench = *state;
    bench_open(bench);
    bench_close(bench);
    bench_sql(bench, "PRAGMA user_version = 3");
    const char *message = about(bench, "journal '",
                                "': of a newer gwrun (version 3, this one knows 2); use that one, "
                                "or another state folder");
    assert_refused(bench, false, GW_ERR_INPUT, message);
    assert_refused(bench, true, GW_ERR_INPUT, message);
}

static void a_database_of_something_else_is_left_alone(void **state)
{
    struct bench *bench = *state;
    bench_sql(bench, "CREATE TABLE other (x)");
    assert_refused(bench, false, GW_ERR_INPUT,
                   about(bench, "journal '", "': a database of something else"));
    assert_string_equal(bench_query(bench, "SELECT name FROM sqlite_schema"), "other\n");
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void what_is_no_database_is_set_aside(void **state)
{
    struct bench *bench = *state;
    char text[64] = {0};
    write_file(bench->path,
               GW_VIEW("not a database, but long enough to look like the head of one"));
    bench_open(bench);
    bench_whole_run(bench, "r");
    const char *aside = find_aside(bench, "");
    assert_non_null(aside);
    assert_string_equal(bench->warning,
                        gw_arena_printf(bench->arena,
                                        "journal '%s': damaged; kept as '%s', and a new one begun",
                                        bench->path, aside)
                            .data);
    FILE *file = fopen(aside, "r");
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "not a database, but long enough to look like the head of one");
}

static void a_reader_leaves_a_damaged_file(void **state)
{
    struct bench *bench = *state;
    write_file(bench->path,
               GW_VIEW("not a database, but long enough to look like the head of one"));
    assert_refused(bench, true, GW_ERR_IO,
                   about(bench, "journal '", "': damaged (file is not a database)"));
    assert_null(find_aside(bench, ""));
}

/* Overwrites pages from number `first` on, counted from 0. */
static void damage_pages(struct bench *bench, int first)
{
    struct stat facts;
    char noise[4096];
    memset(noise, 0x5a, sizeof noise);
    int fd = open(bench->path, O_WRONLY);
    assert_int_equal(fstat(fd, &facts), 0);
    for (off_t at = first * 4096; at < facts.st_size; at += 4096) {
        assert_int_equal(pwrite(fd, noise, sizeof noise, at), sizeof noise);
    }
    close(fd);
}

static void damaged_tables_are_set_aside(void **state)
{
    struct bench *bench = *state;
    bench_open(bench);
    bench_whole_run(bench, "r");
    bench_close(bench);
    damage_pages(bench, 1);
    bench_open(bench);
    assert_non_null(find_aside(bench, ""));
    assert_string_equal(bench_query(bench, "SELECT count(*) FROM run"), "0\n");
}

static void a_file_that_lacks_a_table_is_set_aside(void **state)
{
    struct bench *bench = *state;
    bench_open(bench);
    bench_close(bench);
    bench_sql(bench, "DROP TABLE lock");
    assert_refused(bench, true, GW_ERR_IO,
                   about(bench, "journal '", "': damaged (no such table: lock)"));
    bench_open(bench);
    assert_non_null(find_aside(bench, ""));
    bench_whole_run(bench, "r");
}

static bool count(void *ctx, const struct gw_value *event)
{
    (void)event;
    ++*(int *)ctx;
    return true;
}

/* A page that opening does not touch. */
static void damage_met_later_is_set_aside_on_close(void **state)
{
    struct bench *bench = *state;
    char text[3000], json[3100];
    int events = 0;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    snprintf(json, sizeof json, "{'event':'note'," AT ",'text':'%s'}", text);
    bench_open(bench);
    bench_begin(bench, "r");
    for (int i = 0; i < 50; i++) {
        bench_append(bench, "r", json);
    }
    bench_close(bench);
    long page = strtol(bench_query(bench, "SELECT pageno FROM dbstat WHERE name = 'event' AND"
                                          " pagetype = 'leaf' LIMIT 1 OFFSET 5"),
                       NULL, 10);
    assert_true(page > 1);
    struct gw_view noise = {text, sizeof text};
    FILE *file = fopen(bench->path, "r+");
    fseek(file, (page - 1) * 4096L, SEEK_SET);
    fwrite(noise.data, 1, noise.len, file);
    fclose(file);

    bench_open(bench);
    assert_string_equal(bench->warning, "");
    assert_false(gw_journal_events(bench->journal, GW_VIEW("r"), 0, count, &events, &bench->err));
    assert_string_equal(bench->err.message,
                        about(bench, "journal '", "': damaged (database disk image is malformed)"));
    assert_null(find_aside(bench, ""));
    bench_close(bench);
    assert_non_null(find_aside(bench, ""));
    bench_open(bench);
    bench_whole_run(bench, "r");
}

/* ---- what stands in the way ------------------------------------------------------------------- */

static void says_that_the_folder_is_none(void **state)
{
    struct bench *bench = *state;
    write_file(bench->path, GW_VIEW("x"));
    const char *file = about(bench, "", "");
    snprintf(bench->path + strlen(bench->path), 4, "/j");
    assert_refused(
        bench, false, GW_ERR_IO,
        gw_arena_printf(bench->arena, "journal '%s/j': '%s' is no folder", file, file).data);
}

static void says_that_the_file_is_a_folder(void **state)
{
    struct bench *bench = *state;
    mkdir(bench->path, 0700);
    assert_refused(bench, false, GW_ERR_IO, about(bench, "journal '", "': not a regular file"));
}

static bool is_refused_with(struct bench *bench, const char *message)
{
    return !bench_try_open(bench, false) && strcmp(bench->err.message, message) == 0;
}

static void says_that_the_folder_cannot_be_written(void **state)
{
    struct bench *bench = *state;
    chmod(bench->folder, 0555);
    assert_true(is_true_for_nobody(
        bench, is_refused_with,
        about(bench, "journal '", "': its folder cannot be written: Permission denied")));
    chmod(bench->folder, 0700);
}

static void says_whose_the_file_is(void **state)
{
    struct bench *bench = *state;
    bench_open(bench);
    bench_close(bench);
    chmod(bench->path, 0400);
    chmod(bench->folder, 0777);
    const struct passwd *me = getpwuid(geteuid());
    assert_non_null(me);
    struct gw_view after = gw_arena_printf(
        bench->arena, "': belongs to '%s' and cannot be written: Permission denied", me->pw_name);
    assert_true(is_true_for_nobody(bench, is_refused_with, about(bench, "journal '", after.data)));
}

static void says_that_another_holds_it(void **state)
{
    struct bench *bench = *state;
    struct gw_view id;
    sqlite3 *other = NULL;
    bench->busy_ms = 20;
    bench_open(bench);
    assert_int_equal(sqlite3_open(bench->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_false(gw_journal_begin(bench->journal, GW_VIEW("r"), bench->arena, &id, &bench->err));
    assert_int_equal(bench->err.code, GW_ERR_TIMEOUT);
    assert_string_equal(bench->err.message,
                        about(bench, "journal '",
                              "': another process keeps it locked; end that one "
                              "or try again"));
    sqlite3_close(other);
    bench_whole_run(bench, "r");
}

static bool disk_is_full;

static ssize_t write_unless_full(int fd, const void *bytes, size_t len, off_t at)
{
    errno = ENOSPC;
    return disk_is_full ? -1 : pwrite(fd, bytes, len, at);
}

static void goes_on_after_a_full_disk(void **state)
{
    struct bench *bench = *state;
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    sqlite3_syscall_ptr writes = (sqlite3_syscall_ptr)write_unless_full;
    struct gw_value event = bench_event(bench, "{'event':'note'," AT "}");
    vfs->xSetSystemCall(vfs, "pwrite", writes);
    vfs->xSetSystemCall(vfs, "pwrite64", writes);
    bench_open(bench);
    bench_whole_run(bench, "r");
    disk_is_full = true;
    assert_false(
        gw_journal_append(bench->journal, GW_VIEW("r"), &event, GW_JOURNAL_NOW, NULL, &bench->err));
    assert_int_equal(bench->err.code, GW_ERR_IO);
    assert_string_equal(bench->err.message,
                        about(bench, "journal '", "': no room left on its disk; make some"));
    disk_is_full = false;
    assert_int_equal(bench_append(bench, "r", "{'event':'note'," AT "}"), 4);
    assert_string_equal(bench_verify(bench), "");
    bench_close(bench);
    vfs->xSetSystemCall(vfs, NULL, NULL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)
    const struct CMUnitTest tests[] = {
        T(folder_and_file_are_the_owners),
        T(a_teams_folder_gives_a_teams_file),
        T(a_folder_of_everybody_is_no_teams),
        T(in_memory_leaves_nothing),
        T(what_was_written_is_there_again),
        T(a_reader_writes_nothing),
        T(odd_names_are_names),
        T(reads_where_nothing_may_be_written),
        T(an_empty_file_is_a_new_one),
        T(an_older_version_is_migrated),
        T(a_migration_that_fails_changes_nothing),
        T(a_newer_version_is_refused),
        T(a_database_of_something_else_is_left_alone),
        T(what_is_no_database_is_set_aside),
        T(a_reader_leaves_a_damaged_file),
        T(damaged_tables_are_set_aside),
        T(a_file_that_lacks_a_table_is_set_aside),
        T(damage_met_later_is_set_aside_on_close),
        T(says_that_the_folder_is_none),
        T(says_that_the_file_is_a_folder),
        T(says_that_the_folder_cannot_be_written),
        T(says_whose_the_file_is),
        T(says_that_another_holds_it),
        T(goes_on_after_a_full_disk),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
