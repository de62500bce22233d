/* What verify finds when somebody changed the file with another tool. */
#include "bench.h"

static void whole_runs(struct bench *bench)
{
    bench_whole_run(bench, "a");
    bench_whole_run(bench, "b");
    bench_whole_run(bench, "c");
}

static void nothing_is_intact(void **state)
{
    struct bench *bench = *state;
    struct gw_journal_verdict verdict;
    assert_true(gw_journal_verify(bench->journal, bench->arena, &verdict, &bench->err));
    assert_true(verdict.intact);
    assert_int_equal(verdict.runs, 0);
    assert_string_equal(verdict.head.data,
                        "0000000000000000000000000000000000000000000000000000000000000000");
}

/* The chain as docs/journal.md has it, worked out by hand. */
static void the_head_is_the_newest_hash(void **state)
{
    struct bench *bench = *state;
    struct gw_journal_verdict verdict;
    char text[256] = {0}, hash[65];
    bench_begin(bench, "a");
    bench_append(bench, "a", "{'event':'note','at':'2025-11-12T03:12:00.250Z'}");
    int len = snprintf(text + 32, sizeof text - 32,
                       "a\n1\n1\n{\"event\":\"note\",\"at\":\"2025-11-12T03:12:00.250Z\"}");
    gw_sha256_hex((struct gw_view){text, 32 + (size_t)len}, hash);
    assert_true(gw_journal_verify(bench->journal, bench->arena, &verdict, &bench->err));
    assert_true(verdict.intact);
    assert_int_equal(verdict.runs, 1);
    assert_int_equal(verdict.events, 1);
    assert_string_equal(verdict.head.data, hash);
}

static void runs_side_by_side_are_intact(void **state)
{
    struct bench *bench = *state;
    bench_begin(bench, "a");
    bench_begin(bench, "b");
    bench_begin(bench, "never");
    for (int i = 0; i < 5; i++) {
        bench_append(bench, "b", "{'event':'note'," AT "}");
        bench_append(bench, "a", "{'event':'note'," AT "}");
    }
    assert_string_equal(bench_verify(bench), "");
}

static void copy_file(struct bench *bench, const char *from, const char *to)
{
    char command[256];
    snprintf(command, sizeof command, "cp '%s%s' '%s%s'", bench->path, from, bench->path, to);
    assert_int_equal(system(command), 0);
}

static void finds_each_change(void **state)
{
    static const struct {
        const char *sql, *verdict;
    } rows[] = {
        {"UPDATE event SET body = replace(body, 'hello', 'HELLO') WHERE run = 'b'",
         "b: event 2 was changed"},
        {"UPDATE event SET hash = zeroblob(32) WHERE run = 'b' AND seq = 3",
         "b: event 3 was changed"},
        {"UPDATE event SET event = 'warning' WHERE run = 'b' AND seq = 2",
         "b: column 'event' of event 2 was changed"},
        {"UPDATE event SET at = '2025-11-12T03:12:01Z' WHERE run = 'b' AND seq = 2",
         "b: column 'at' of event 2 was changed"},
        {"UPDATE event SET step = '1' WHERE run = 'b' AND seq = 2",
         "b: column 'step' of event 2 was changed"},
        {"DELETE FROM event WHERE run = 'b' AND seq = 2", "b: event 2 is missing"},
        {"DELETE FROM event WHERE run = 'b' AND seq = 2;"
         "UPDATE event SET seq = 2 WHERE run = 'b' AND seq = 3",
         "b: event 2 was changed"},
        {"DELETE FROM event WHERE run = 'b' AND seq = 3", "b: event 3 is missing"},
        {"DELETE FROM event WHERE run = 'c' AND seq = 3;"
         "UPDATE run SET events = 2, hash = (SELECT hash FROM event WHERE run = 'c' AND seq = 2)"
         " WHERE run = 'c'",
         "c: 'outcome' is not what its events say"},
        {"UPDATE event SET seq = 9 WHERE run = 'b' AND seq = 2;"
         "UPDATE event SET seq = 2 WHERE run = 'b' AND seq = 3;"
         "UPDATE event SET seq = 3 WHERE run = 'b' AND seq = 9",
         "b: event 2 was changed"},
        {"UPDATE event SET number = 99 WHERE run = 'b' AND seq = 2;"
         "UPDATE event SET number = 5 WHERE run = 'b' AND seq = 3;"
         "UPDATE event SET number = 6 WHERE run = 'b' AND seq = 2",
         "b: event 3 was moved"},
        {"DELETE FROM event WHERE run = 'b'; DELETE FROM run WHERE run = 'b'",
         "c: run number 2 of the store, before it, is missing"},
        {"DELETE FROM event WHERE run = 'b'; DELETE FROM run WHERE run = 'b';"
         "UPDATE run SET number = 2 WHERE run = 'c'",
         "c: event 1 was changed"},
        {"DELETE FROM run WHERE run = 'c'", "c: it has events, but is missing"},
        {"DELETE FROM event WHERE run = 'a'; DELETE FROM run WHERE run = 'a'",
         "b: run number 1 of the store, before it, is missing"},
        {"UPDATE run SET root = zeroblob(32) WHERE run = 'b'", "b: event 1 was changed"},
        {"UPDATE run SET user = 'alice' WHERE run = 'b'", "b: 'user' is not what its events say"},
        {"UPDATE run SET finished_ms = 7 WHERE run = 'b'",
         "b: 'finished_ms' is not what its events say"},
        {"INSERT INTO event (run, seq, at, event, body, hash)"
         " SELECT 'c', 4, at, event, body, hash FROM event WHERE run = 'c' AND seq = 2",
         "c: event 4 was changed"},
    };
    struct bench *bench = *state;
    whole_runs(bench);
    bench_close(bench);
    copy_file(bench, "", ".sound");
    for (size_t i = 0; i < COUNT(rows); i++) {
        copy_file(bench, ".sound", "");
        bench_sql(bench, rows[i].sql);
        bench_open(bench);
        assert_string_equal(bench_verify(bench), rows[i].verdict);
        bench_close(bench);
    }
}

static void finds_changed_texts_and_files(void **state)
{
    struct bench *bench = *state;
    struct gw_view hash;
    whole_runs(bench);
    gw_journal_keep_file(bench->journal, GW_VIEW("a"), GW_VIEW("core"), GW_VIEW("x"), bench->arena,
                         &hash, &bench->err);
    gw_journal_keep_text(bench->journal, GW_VIEW("abc"), bench->arena, &hash, &bench->err);
    assert_string_equal(bench_verify(bench), "");
    bench_sql(bench, "UPDATE file SET bytes = x'00'");
    assert_string_equal(bench_verify(bench), "a: file 'core' was changed");
    bench_sql(bench, "UPDATE text SET body = 'abd'");
    assert_string_equal(
        bench_verify(bench),
        ": text ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad was changed");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bench_set_up_open, bench_tear_down)
    const struct CMUnitTest tests[] = {
        T(nothing_is_intact), T(the_head_is_the_newest_hash),   T(runs_side_by_side_are_intact),
        T(finds_each_change), T(finds_changed_texts_and_files),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
