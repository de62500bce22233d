/* What a program reads: one event a line, as JSON. */
#include "bench.h"

static void an_event_is_one_line(void **state)
{
    (void)state;
    SHOWS("{'event':'note','seq':1,'text':'a\\nb'}\n"
          "{'event':'run.finished','seq':2,'exit_code':0,'left':[],'seconds':0.5}",
          "{\"event\":\"note\",\"seq\":1,\"text\":\"a\\nb\"}\n"
          "{\"event\":\"run.finished\",\"seq\":2,\"exit_code\":0,\"left\":[],\"seconds\":0.5}\n",
          JSON);
}

static void what_is_for_people_changes_nothing(void **state)
{
    (void)state;
    SHOWS("{'event':'of a newer engine','text':'caf\xc3\xa9'}",
          "{\"event\":\"of a newer engine\",\"text\":\"caf\xc3\xa9\"}\n", JSON, .terminal = true,
          .colour = true, .columns = 40, .quiet = true);
}

static void settling_writes_nothing(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench, (struct gw_report_options){JSON});
    gw_report_settle(bench.report);
    assert_int_equal(bench.len, 0);
    bench_close(&bench);
}

/* Half a line would break every reader; the common members say which event it was. */
static void an_event_that_cannot_be_written_whole_is_cut_to_its_head(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench, (struct gw_report_options){JSON});
    struct gw_value event =
        bench_event(&bench, GW_VIEW("{'event':'evidence','seq':7,'at':'2025-11-12T03:12:00Z'}"));
    struct gw_value *deepest = gw_map_add(bench.arena, &event, GW_VIEW("value"));
    for (int depth = 0; depth < GW_JSON_MAX_DEPTH + 1; depth++) {
        *deepest = gw_value_list();
        deepest = gw_list_add(bench.arena, deepest);
    }
    assert_true(gw_report_event(bench.report, &event));
    assert_string_equal(bench.text, "{\"event\":\"evidence\",\"seq\":7,"
                                    "\"at\":\"2025-11-12T03:12:00Z\",\"cut\":true}\n");
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_line),
        cmocka_unit_test(what_is_for_people_changes_nothing),
        cmocka_unit_test(settling_writes_nothing),
        cmocka_unit_test(an_event_that_cannot_be_written_whole_is_cut_to_its_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
