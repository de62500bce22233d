/* Runs and their events: written, read back, found again. */
#include "bench.h"

static void numbers_events_and_gives_them_back(void **state)
{
    struct bench *bench = *state;
    bench_begin(bench, "r1");
    assert_int_equal(bench_append(bench, "r1", "{'event':'note'," AT ",'text':'one'}"), 1);
    assert_int_equal(bench_append_now(bench, "r1", "{'event':'note','seq':99," AT "}"), 2);
    assert_string_equal(bench_events(bench, "r1", 0),
                        "{'event':'note','seq':1," AT ",'text':'one'}\n"
                        "{'event':'note','seq':2," AT "}\n");
    assert_string_equal(bench_events(bench, "r1", 1), "{'event':'note','seq':2," AT "}\n");
    assert_string_equal(bench_events(bench, "r1", 2), "");
}

static void a_taken_id_gets_a_number(void **state)
{
    struct bench *bench = *state;
    assert_string_equal(bench_begin(bench, "r"), "r");
    assert_string_equal(bench_begin(bench, "r"), "r-2");
    assert_string_equal(bench_begin(bench, "r"), "r-3");
}

static void refuses_what_is_no_id(void **state)
{
    static const char *const wanted[] = {"", "last", "two words", "a\nb", "\xff"};
    struct bench *bench = *state;
    struct gw_view id;
    for (size_t i = 0; i < COUNT(wanted); i++) {
        assert_false(gw_journal_begin(bench->journal, gw_view_of(wanted[i]), bench->arena, &id,
                                      &bench->err));
        assert_int_equal(bench->err.code, GW_ERR_INPUT);
    }
}

static void refuses_an_event_without_name_or_time(void **state)
{
    static const char *const events[] = {"{" AT "}", "{'event':'note'}", "[]",
                                         "{'event':'note','at':'soon'}"};
    struct bench *bench = *state;
    bench_begin(bench, "r");
    for (size_t i = 0; i < COUNT(events); i++) {
        struct gw_value event = bench_event(bench, events[i]);
        assert_false(gw_journal_append(bench->journal, GW_VIEW("r"), &event, GW_JOURNAL_SOON, NULL,
                                       &bench->err));
        assert_string_equal(bench->err.message,
                            "journal: an event needs its members 'event' and 'at'");
    }
}

static void refuses_an_event_of_no_run(void **state)
{
    struct bench *bench = *state;
    struct gw_value event = bench_event(bench, "{'event':'note'," AT "}");
    assert_false(gw_journal_append(bench->journal, GW_VIEW("r9"), &event, GW_JOURNAL_SOON, NULL,
                                   &bench->err));
    assert_int_equal(bench->err.code, GW_ERR_NOT_FOUND);
    assert_non_null(strstr(bench->err.message, ": no run 'r9'"));
}

static void a_secret_is_not_written(void **state)
{
    struct bench *bench = *state;
    struct gw_value event = bench_event(bench, "{'event':'note'," AT ",'text':'hunter2!'}");
    event.as.map.entries[2].value.secret = true;
    bench_begin(bench, "r");
    assert_true(gw_journal_append(bench->journal, GW_VIEW("r"), &event, GW_JOURNAL_SOON, NULL,
                                  &bench->err));
    assert_string_equal(bench_events(bench, "r", 0),
                        "{'event':'note','seq':1," AT ",'text':'[secret]'}\n");
}

static void what_is_too_deep_keeps_its_head(void **state)
{
    struct bench *bench = *state;
    struct gw_value event = bench_event(bench, "{'event':'evidence'," AT ",'step':'3'}");
    struct gw_value *deep = gw_map_add(bench->arena, &event, GW_VIEW("value"));
    for (int i = 0; i <= GW_JSON_MAX_DEPTH; i++) {
        *deep = gw_value_list();
        deep = gw_list_add(bench->arena, deep);
    }
    bench_begin(bench, "r");
    assert_true(gw_journal_append(bench->journal, GW_VIEW("r"), &event, GW_JOURNAL_SOON, NULL,
                                  &bench->err));
    assert_string_equal(bench_events(bench, "r", 0),
                        "{'event':'evidence','seq':1," AT ",'step':'3','cut':true}\n");
}

static bool append_one_more(void *ctx, const struct gw_value *event)
{
    struct bench *bench = ctx;
    int64_t seq = gw_map_get(event, GW_VIEW("seq"))->as.integer;
    return seq == 200 || bench_append(bench, "r", "{'event':'note'," AT "}") == seq + 1;
}

static void a_reader_may_append(void **state)
{
    struct bench *bench = *state;
    bench_begin(bench, "r");
    bench_append(bench, "r", "{'event':'note'," AT "}");
    for (int64_t after = 0; after < 200; after++) {
        assert_true(gw_journal_events(bench->journal, GW_VIEW("r"), after, append_one_more, bench,
                                      &bench->err));
    }
    assert_string_equal(bench_events(bench, "r", 199), "{'event':'note','seq':200," AT "}\n");
    assert_string_equal(bench_verify(bench), "");
}

static bool stop_at_once(void *ctx, const struct gw_value *event)
{
    (void)event;
    ++*(int *)ctx;
    return false;
}

static void a_reader_may_stop(void **state)
{
    struct bench *bench = *state;
    int calls = 0;
    bench_whole_run(bench, "r");
    assert_true(
        gw_journal_events(bench->journal, GW_VIEW("r"), 0, stop_at_once, &calls, &bench->err));
    assert_int_equal(calls, 1);
}

/* ---- texts and files -------------------------------------------------------------------------- */

#define HASH_OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void keeps_a_text_once(void **state)
{
    struct bench *bench = *state;
    struct gw_view hash, text;
    for (int i = 0; i < 2; i++) {
        assert_true(
            gw_journal_keep_text(bench->journal, GW_VIEW("abc"), bench->arena, &hash, &bench->err));
        assert_string_equal(hash.data, HASH_OF_ABC);
    }
    assert_true(gw_journal_text(bench->journal, hash, bench->arena, &text, &bench->err));
    assert_string_equal(text.data, "abc");
    assert_string_equal(bench_query(bench, "SELECT count(*) FROM text"), "1\n");
    assert_false(gw_journal_text(bench->journal, GW_VIEW("00"), bench->arena, &text, &bench->err));
    assert_int_equal(bench->err.code, GW_ERR_NOT_FOUND);
}

static void keeps_a_file_whole(void **state)
{
    struct bench *bench = *state;
    struct gw_view hash, bytes;
    bench_begin(bench, "r");
    assert_true(gw_journal_keep_file(bench->journal, GW_VIEW("r"), GW_VIEW("core"),
                                     GW_VIEW("a\0\xff"), bench->arena, &hash, &bench->err));
    assert_true(
        gw_journal_file(bench->journal, GW_VIEW("r"), hash, bench->arena, &bytes, &bench->err));
    assert_int_equal(bytes.len, 3);
    assert_memory_equal(bytes.data, "a\0\xff", 3);
    assert_false(
        gw_journal_file(bench->journal, GW_VIEW("other"), hash, bench->arena, &bytes, &bench->err));
    assert_int_equal(bench->err.code, GW_ERR_NOT_FOUND);
}

static void refuses_a_file_of_no_run(void **state)
{
    struct bench *bench = *state;
    struct gw_view hash;
    assert_false(gw_journal_keep_file(bench->journal, GW_VIEW("r9"), GW_VIEW("core"), GW_VIEW("x"),
                                      bench->arena, &hash, &bench->err));
    assert_int_equal(bench->err.code, GW_ERR_NOT_FOUND);
    assert_non_null(strstr(bench->err.message, ": no run 'r9'"));
}

static void refuses_a_file_of_more_than_64_mib(void **state)
{
    struct bench *bench = *state;
    struct gw_view hash, bytes = {calloc(1, (64 << 20) + 1), (64 << 20) + 1};
    bench_begin(bench, "r");
    assert_false(gw_journal_keep_file(bench->journal, GW_VIEW("r"), GW_VIEW("core"), bytes,
                                      bench->arena, &hash, &bench->err));
    assert_string_equal(bench->err.message,
                        "journal: a file of 67108865 bytes is larger than 64 MiB");
    free((char *)bytes.data);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bench_set_up_open, bench_tear_down)
    const struct CMUnitTest tests[] = {
        T(numbers_events_and_gives_them_back),
        T(a_taken_id_gets_a_number),
        T(refuses_what_is_no_id),
        T(refuses_an_event_without_name_or_time),
        T(refuses_an_event_of_no_run),
        T(a_secret_is_not_written),
        T(what_is_too_deep_keeps_its_head),
        T(a_reader_may_append),
        T(a_reader_may_stop),
        T(keeps_a_text_once),
        T(keeps_a_file_whole),
        T(refuses_a_file_of_no_run),
        T(refuses_a_file_of_more_than_64_mib),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
