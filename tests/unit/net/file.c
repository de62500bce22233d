/* Files as bodies: what is read is the file as it was, what is written is whole or not there. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/net.h"

/* A folder of its own for each test; the working folder meanwhile. */
static int set_up(void **state)
{
    char *folder = gw_view_dup(GW_VIEW("/tmp/gw_file_XXXXXX"));
    *state = folder;
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

/* Names in the folder but "." and "..", and how many there are. */
static int count_names(const char *folder)
{
    int count = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    closedir(dir);
    return count;
}

static int tear_down(void **state)
{
    char *folder = *state;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        remove(entry->d_name);
    }
    closedir(dir);
    int failed = chdir("/") != 0 || rmdir(folder) != 0;
    free(folder);
    return failed;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_file(const char *path, const char *expected)
{
    char text[256] = "";
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    assert_int_equal(len, strlen(expected));
    assert_string_equal(text, expected);
}

/* ---- source ---------------------------------------------------------------------------------- */

/* Everything from the start, in pieces; false with the message in `err`. */
static bool read_all(struct gw_file_source *file, size_t piece, char *out, struct gw_err *err)
{
    const struct gw_body_source *source = gw_file_source_body(file);
    size_t total = 0, len = 1;
    if (!source->rewind(source->ctx, err)) {
        return false;
    }
    for (; len > 0; total += len) {
        if (!source->read(source->ctx, out + total, piece, &len, err)) {
            return false;
        }
    }
    out[total] = '\0';
    assert_int_equal(total, source->size_bytes);
    return true;
}

static void a_file_is_read_from_its_start_each_time(void **state)
{
    char text[64];
    struct gw_err err = {0};
    (void)state;
    put("f", "abcdefgh");
    struct gw_file_source *file = gw_file_source_open("f", &err);
    assert_non_null(file);
    assert_int_equal(gw_file_source_body(file)->size_bytes, 8);
    for (size_t piece = 1; piece < 12; piece++) {
        assert_true(read_all(file, piece, text, &err));
        assert_string_equal(text, "abcdefgh");
    }
    gw_file_source_close(file);
}

static void an_empty_file_is_an_empty_body(void **state)
{
    char text[64];
    struct gw_err err = {0};
    (void)state;
    put("f", "");
    struct gw_file_source *file = gw_file_source_open("f", &err);
    assert_true(read_all(file, 10, text, &err));
    assert_string_equal(text, "");
    gw_file_source_close(file);
}

static void parts_of_a_file_do_not_disturb_each_other(void **state)
{
    char text[64];
    struct gw_err err = {0};
    (void)state;
    put("f", "abcdefgh");
    struct gw_file_source *file = gw_file_source_open("f", &err);
    struct gw_file_source *first = gw_file_source_part(file, 0, 5, &err);
    struct gw_file_source *last = gw_file_source_part(file, 5, 5, &err);
    struct gw_file_source *beyond = gw_file_source_part(file, 9, 5, &err);
    gw_file_source_close(file);
    assert_true(read_all(first, 3, text, &err));
    assert_string_equal(text, "abcde");
    assert_true(read_all(last, 3, text, &err));
    assert_string_equal(text, "fgh");
    assert_true(read_all(beyond, 3, text, &err));
    assert_string_equal(text, "");
    gw_file_source_close(first);
    gw_file_source_close(last);
    gw_file_source_close(beyond);
}

static void a_file_that_changes_is_an_error(void **state)
{
    static const char *const changes[] = {"abc", "abcdefghij"};
    char text[64];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct gw_err err = {0};
        put("f", "abcdefgh");
        struct gw_file_source *file = gw_file_source_open("f", &err);
        const struct gw_body_source *source = gw_file_source_body(file);
        size_t len;
        assert_true(source->rewind(source->ctx, &err));
        assert_true(source->read(source->ctx, text, 4, &len, &err));
        put("f", changes[i]);
        assert_false(source->read(source->ctx, text, 60, &len, &err));
        assert_string_equal(err.message, "file 'f': changed while it was read");
        assert_false(source->rewind(source->ctx, &err));
        gw_file_source_close(file);
    }
}

static void what_is_no_readable_file_is_refused(void **state)
{
    struct gw_err err = {0};
    (void)state;
    assert_null(gw_file_source_open("missing", &err));
    assert_string_equal(err.message, "file 'missing': cannot be read: No such file or directory");
    assert_int_equal(err.code, GW_ERR_NOT_FOUND);
    assert_null(gw_file_source_open(".", &err));
    assert_string_equal(err.message, "file '.': cannot be read: is a directory");
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_null(gw_file_source_open("pipe", &err));
    assert_string_equal(err.message, "file 'pipe': cannot be read: is no regular file");
    put("secret", "x");
    chmod("secret", 0);
    if (geteuid() != 0) {
        assert_null(gw_file_source_open("secret", &err));
        assert_string_equal(err.message, "file 'secret': cannot be read: Permission denied");
    }
}

/* ---- sink ------------------------------------------------------------------------------------ */

static struct gw_file_sink *open_sink(const char *path, bool replaces)
{
    struct gw_err err = {0};
    struct gw_file_sink *file = gw_file_sink_open(path, replaces, &err);
    assert_string_equal(err.message, "");
    return file;
}

static void begin(struct gw_file_sink *file)
{
    const struct gw_body_sink *sink = gw_file_sink_body(file);
    struct gw_http_response head = {.status = 200};
    assert_true(sink->begin(sink->ctx, &head));
}

static enum gw_sink_answer add(struct gw_file_sink *file, const char *text, struct gw_err *err)
{
    const struct gw_body_sink *sink = gw_file_sink_body(file);
    return sink->write(sink->ctx, gw_view_of(text), err);
}

static void the_file_appears_when_it_is_committed(void **state)
{
    struct gw_err err = {0};
    struct gw_file_sink *file = open_sink("f", false);
    begin(file);
    assert_int_equal(add(file, "abc", &err), GW_SINK_TAKEN);
    assert_int_equal(add(file, "def", &err), GW_SINK_TAKEN);
    assert_int_equal(access("f", F_OK), -1);
    assert_true(gw_file_sink_commit(file, &err));
    assert_int_equal(gw_file_sink_bytes(file), 6);
    gw_file_sink_close(file);
    assert_file("f", "abcdef");
    assert_int_equal(count_names(*state), 1);
}

static void another_attempt_begins_anew(void **state)
{
    struct gw_err err = {0};
    (void)state;
    struct gw_file_sink *file = open_sink("f", false);
    begin(file);
    add(file, "abcdef", &err);
    begin(file);
    add(file, "xy", &err);
    assert_true(gw_file_sink_commit(file, &err));
    gw_file_sink_close(file);
    assert_file("f", "xy");
}

static void an_empty_attempt_leaves_nothing_of_the_one_before(void **state)
{
    struct gw_err err = {0};
    (void)state;
    struct gw_file_sink *file = open_sink("f", false);
    begin(file);
    add(file, "abcdef", &err);
    begin(file);
    assert_true(gw_file_sink_commit(file, &err));
    gw_file_sink_close(file);
    assert_file("f", "");
}

static void what_is_not_committed_leaves_nothing(void **state)
{
    struct gw_err err = {0};
    put("f", "old");
    struct gw_file_sink *file = open_sink("f", true);
    begin(file);
    add(file, "abc", &err);
    gw_file_sink_close(file);
    assert_file("f", "old");
    assert_int_equal(count_names(*state), 1);
}

static void an_existing_file_is_kept_unless_it_is_to_be_replaced(void **state)
{
    static const char message[] = "file 'f': is there already, and is kept: remove it, name "
                                  "another, or let it be replaced";
    struct gw_err err = {0};
    put("f", "old");
    assert_null(gw_file_sink_open("f", false, &err));
    assert_string_equal(err.message, message);
    struct gw_file_sink *file = open_sink("f", true);
    begin(file);
    add(file, "new", &err);
    assert_true(gw_file_sink_commit(file, &err));
    gw_file_sink_close(file);
    assert_file("f", "new");

    file = open_sink("g", false); /* somebody else is faster */
    begin(file);
    put("g", "theirs");
    assert_false(gw_file_sink_commit(file, &err));
    gw_file_sink_close(file);
    assert_file("g", "theirs");
    assert_int_equal(count_names(*state), 2);
}

static void the_umask_decides_who_may_read_it(void **state)
{
    struct stat facts;
    struct gw_err err = {0};
    (void)state;
    mode_t before = umask(0027);
    struct gw_file_sink *file = open_sink("f", false);
    begin(file);
    assert_true(gw_file_sink_commit(file, &err));
    gw_file_sink_close(file);
    umask(before);
    assert_int_equal(stat("f", &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0640);
}

static void what_cannot_be_a_file_is_refused(void **state)
{
    struct gw_err err = {0};
    (void)state;
    assert_null(gw_file_sink_open(".", true, &err));
    assert_string_equal(err.message, "file '.': cannot be written: is a directory");
    assert_null(gw_file_sink_open("/dev/full", true, &err));
    assert_string_equal(err.message, "file '/dev/full': cannot be written: is no regular file");
    assert_null(gw_file_sink_open("missing/f", false, &err));
    assert_string_equal(err.message,
                        "file 'missing/f': cannot be written: No such file or directory");
}

static void a_disk_that_takes_no_more_is_an_error_and_leaves_nothing(void **state)
{
    struct gw_err err = {0};
    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    limit = (struct rlimit){.rlim_cur = 4, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    struct gw_file_sink *file = open_sink("f", false);
    begin(file);
    setrlimit(RLIMIT_FSIZE, &limit);
    enum gw_sink_answer answer = add(file, "abcdef", &err);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(answer, GW_SINK_ABORT);
    assert_string_equal(err.message, "file 'f': cannot be written: File too large");
    gw_file_sink_close(file);
    assert_int_equal(count_names(*state), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_read_from_its_start_each_time),
        TEST(an_empty_file_is_an_empty_body),
        TEST(parts_of_a_file_do_not_disturb_each_other),
        TEST(a_file_that_changes_is_an_error),
        TEST(what_is_no_readable_file_is_refused),
        TEST(the_file_appears_when_it_is_committed),
        TEST(another_attempt_begins_anew),
        TEST(an_empty_attempt_leaves_nothing_of_the_one_before),
        TEST(what_is_not_committed_leaves_nothing),
        TEST(an_existing_file_is_kept_unless_it_is_to_be_replaced),
        TEST(the_umask_decides_who_may_read_it),
        TEST(what_cannot_be_a_file_is_refused),
        TEST(a_disk_that_takes_no_more_is_an_error_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
