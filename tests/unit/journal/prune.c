/* Old runs are taken out, and the store stays provable. */
#include "bench.h"

#define DAY_MS INT64_C(86400000)

/* A run that ends `day` days into November 2025, from 1; none: it does not end. */
static void run_until(struct bench *bench, const char *id, int day, const char *script)
{
    char json[300];
    bench_begin(bench, id);
    snprintf(json, sizeof json,
             "{'event':'run.started','at':'2025-11-01T00:00:00Z','script':{'hash':'%s'}}", script);
    bench_append(bench, id, json);
    snprintf(json, sizeof json,
             "{'event':'run.finished','at':'2025-11-%02dT00:00:00Z','outcome':'ok'}", day);
    if (day > 0) {
        bench_append(bench, id, json);
    }
}

static const char *keep(struct bench *bench, const char *text)
{
    struct gw_view hash;
    assert_true(
        gw_journal_keep_text(bench->journal, gw_view_of(text), bench->arena, &hash, &bench->err));
    return hash.data;
}

/* Before the 10th of November 2025. */
static int64_t prune(struct bench *bench)
{
    int64_t count;
    if (!gw_journal_prune(bench->journal, 1762732800000, 1762732800000 + DAY_MS, &count,
                          &bench->err)) {
        fail_msg("%s", bench->err.message);
    }
    return count;
}

static void takes_out_what_ended_before(void **state)
{
    struct bench *bench = *state;
    struct gw_view hash;
    run_until(bench, "old", 5, "-");
    run_until(bench, "open", 0, "-");
    run_until(bench, "new", 15, "-");
    run_until(bench, "old-2", 9, "-");
    gw_journal_keep_file(bench->journal, GW_VIEW("old"), GW_VIEW("core"), GW_VIEW("x"),
                         bench->arena, &hash, &bench->err);
    assert_int_equal(prune(bench), 2);
    assert_string_equal(bench_query(bench, "SELECT run FROM run ORDER BY number"), "open\nnew\n");
    assert_string_equal(bench_query(bench, "SELECT count(*) FROM file"), "0\n");
    assert_string_equal(
        bench_query(bench, "SELECT run, events, length(hash), pruned_ms FROM pruned"),
        "old|2|32|1762819200000\nold-2|2|32|1762819200000\n");
    assert_string_equal(bench_verify(bench), "");
    assert_int_equal(prune(bench), 0);
}

static void ids_and_numbers_are_not_used_again(void **state)
{
    struct bench *bench = *state;
    run_until(bench, "a", 5, "-");
    assert_int_equal(prune(bench), 1);
    assert_string_equal(bench_verify(bench), "");
    assert_string_equal(bench_begin(bench, "a"), "a-2");
    bench_append(bench, "a-2", "{'event':'note'," AT "}");
    assert_string_equal(bench_query(bench, "SELECT number FROM run"), "2\n");
    assert_string_equal(bench_query(bench, "SELECT number FROM event"), "3\n");
    assert_string_equal(bench_verify(bench), "");
}

static void verify_still_finds_what_is_missing(void **state)
{
    static const struct {
        const char *sql, *verdict;
    } rows[] = {
        {"DELETE FROM pruned WHERE run = 'b'",
         "c: run number 2 of the store, before it, is missing"},
        {"UPDATE pruned SET events = 1 WHERE run = 'b'", ": 1 events are missing"},
        {"INSERT INTO pruned SELECT number, run, 2, 6, hash, 0 FROM run WHERE run = 'c';"
         "PRAGMA foreign_keys = ON; DELETE FROM run WHERE run = 'c'",
         ""}, /* who takes a run out by the rules has taken it out */
    };
    struct bench *bench = *state;
    run_until(bench, "a", 15, "-");
    run_until(bench, "b", 5, "-");
    run_until(bench, "c", 15, "-");
    run_until(bench, "d", 15, "-");
    assert_int_equal(prune(bench), 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        bench_close(bench);
        bench_sql(bench, "CREATE TABLE was AS SELECT * FROM pruned");
        bench_sql(bench, rows[i].sql);
        bench_open(bench);
        assert_string_equal(bench_verify(bench), rows[i].verdict);
        bench_close(bench);
        bench_sql(bench, "DELETE FROM pruned; INSERT INTO pruned SELECT * FROM was;"
                         "DROP TABLE was");
        bench_open(bench);
    }
}

static void texts_go_when_nobody_refers_to_them(void **state)
{
    struct bench *bench = *state;
    run_until(bench, "old", 5, keep(bench, "of the old run"));
    run_until(bench, "new", 15, keep(bench, "of the new run"));
    keep(bench, "of nobody");
    bench_sql(bench, "UPDATE text SET kept_ms = kept_ms - 3600001");
    keep(bench, "of a run that is about to begin");
    assert_int_equal(prune(bench), 1);
    assert_string_equal(bench_query(bench, "SELECT body FROM text ORDER BY body"),
                        "of a run that is about to begin\nof the new run\n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bench_set_up_open, bench_tear_down)
    const struct CMUnitTest tests[] = {
        T(takes_out_what_ended_before),
        T(ids_and_numbers_are_not_used_again),
        T(verify_still_finds_what_is_missing),
        T(texts_go_when_nobody_refers_to_them),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
