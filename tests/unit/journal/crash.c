/* Several processes in one file, and processes that are killed in the middle. */
#include <signal.h>
#include <time.h>

#include "bench.h"

enum { EVENTS = 150, KILLS = 12 };

static int syncs;

/* In place of libc's, for SQLite too. */
int fdatasync(int fd)
{
    syncs++;
    return fsync(fd);
}

/* What a power cut may take is what no sync came after. */
static void only_what_must_be_on_disk_is_synced(void **state)
{
    struct bench *bench = *state;
    bench_open(bench);
    bench_begin(bench, "r");
    syncs = 0;
    for (int i = 0; i < 10; i++) {
        bench_append(bench, "r", "{'event':'note'," AT "}");
    }
    assert_int_equal(syncs, 0);
    for (int i = 1; i <= 10; i++) {
        bench_append(bench, "r", "{'event':'note'," AT "}");
        bench_append_now(bench, "r", "{'event':'call.intent'," AT "}");
        assert_int_equal(syncs, i);
    }
}

static void append_many(struct bench *bench, const char *name)
{
    char json[96];
    bench_open(bench);
    for (int i = 0; i < EVENTS; i++) {
        snprintf(json, sizeof json, "{'event':'note'," AT ",'text':'%s %d'}", name, i);
        bench_append(bench, "r", json);
    }
    bench_close(bench);
}

static bool count_each(void *ctx, const struct gw_value *event)
{
    int *next = ctx;
    struct gw_view text = gw_map_text(event, GW_VIEW("text"));
    int64_t number;
    int *mine = &next[text.data[0] == 'a'];
    assert_true(gw_view_to_int64(gw_view_sub(text, 2, text.len), &number));
    assert_int_equal(number, (*mine)++);
    return true;
}

static void two_processes_append_to_one_run(void **state)
{
    struct bench *bench = *state;
    int next[2] = {0};
    bench_open(bench);
    bench_begin(bench, "r");
    bench_close(bench);
    pid_t pids[2];
    for (int i = 0; i < 2; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            append_many(bench, i == 0 ? "a" : "b");
            _exit(0);
        }
    }
    for (int i = 0; i < 2; i++) {
        int status;
        waitpid(pids[i], &status, 0);
        assert_int_equal(status, 0);
    }
    bench_open(bench);
    assert_true(gw_journal_events(bench->journal, GW_VIEW("r"), 0, count_each, next, &bench->err));
    assert_int_equal(next[0], EVENTS);
    assert_int_equal(next[1], EVENTS);
    assert_string_equal(bench_verify(bench), "");
}

enum { MAKERS = 6 };

static void open_at_once(struct bench *bench)
{
    pid_t pids[MAKERS];
    for (int i = 0; i < MAKERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            bench_open(bench);
            bench_append(bench, bench_begin(bench, "r"), "{'event':'note'," AT "}");
            bench_close(bench);
            _exit(0);
        }
    }
    for (int i = 0; i < MAKERS; i++) {
        int status;
        waitpid(pids[i], &status, 0);
        assert_int_equal(status, 0);
    }
    bench_open(bench);
    assert_string_equal(bench->warning, "");
    assert_string_equal(bench_query(bench, "SELECT count(*) FROM run"), "6\n");
    assert_string_equal(bench_verify(bench), "");
}

static void many_processes_make_the_file_at_once(void **state)
{
    struct bench *bench = *state;
    snprintf(bench->path, sizeof bench->path, "%s/new/j.db", bench->folder);
    open_at_once(bench);
}

static void many_processes_set_a_damaged_file_aside_once(void **state)
{
    struct bench *bench = *state;
    char command[200];
    snprintf(command, sizeof command, "seq 1000 >'%s'", bench->path);
    assert_int_equal(system(command), 0);
    open_at_once(bench);
    snprintf(command, sizeof command, "ls '%s' | grep -c '^journal.db.damaged-' | grep -qx 1",
             bench->folder);
    assert_int_equal(system(command), 0);
}

/* Appends until it is killed; after each event that is on disk its number goes into the pipe. */
static void append_until_killed(struct bench *bench, int out)
{
    bench_open(bench);
    bench_begin(bench, "r");
    for (int i = 0;; i++) {
        int64_t seq = i % 4 == 3 ? bench_append_now(bench, "r", "{'event':'call.intent'," AT "}")
                                 : bench_append(bench, "r", "{'event':'note'," AT "}");
        if (write(out, &seq, sizeof seq) != sizeof seq) {
            _exit(1);
        }
    }
}

/* The last number in the pipe, when nobody writes to it any more. */
static int64_t last_told(int in, int64_t last)
{
    int64_t seq;
    while (read(in, &seq, sizeof seq) == sizeof seq) {
        last = seq;
    }
    return last;
}

/* A process that is killed loses nothing that append has answered for. */
static void nothing_is_lost_by_a_kill(void **state)
{
    struct bench *bench = *state;
    unsigned seed = 7;
    int64_t all = 0;
    for (int i = 0; i < KILLS; i++) {
        int told[2];
        assert_int_equal(pipe(told), 0);
        pid_t pid = fork();
        if (pid == 0) {
            close(told[0]);
            append_until_killed(bench, told[1]);
        }
        close(told[1]);
        int64_t first = 0; /* of each two one is killed on its way, while the file is made */
        assert_true(i % 2 == 0 || read(told[0], &first, sizeof first) == sizeof first);
        seed = seed * 1103515245u + 12345u;
        const struct timespec pause = {0, (long)(seed >> 8) % 10000000L};
        nanosleep(&pause, NULL);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        int64_t last = last_told(told[0], first);
        close(told[0]);
        bench_open(bench);
        assert_string_equal(bench_verify(bench), "");
        struct gw_journal_run run;
        all += last;
        if (last > 0) {
            assert_true(
                gw_journal_find(bench->journal, GW_VIEW("r"), bench->arena, &run, &bench->err));
            assert_true(run.events >= last);
        }
        bench_close(bench);
        assert_string_equal(bench->warning, "");
        unlink(bench->path);
    }
    assert_true(all > KILLS); /* else nothing was tried */
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)
    const struct CMUnitTest tests[] = {
        T(only_what_must_be_on_disk_is_synced),
        T(two_processes_append_to_one_run),
        T(many_processes_make_the_file_at_once),
        T(many_processes_set_a_damaged_file_aside_once),
        T(nothing_is_lost_by_a_kill),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
