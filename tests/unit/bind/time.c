/* host.time */
#include "modules.h"

static void the_clock_is_the_loops(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"local now = time.now() task.sleep(90) return now, time.now() - now", "1000.0 | 90.0"},
        {"local from = time.monotonic() task.sleep(0.25) return time.monotonic() - from", "0.25"},
    };
    RUN_IN_MODULES(cases);
}

static void instants_are_read_and_written(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"return time.iso(1422172800), time.iso(1422172800.123)",
         "2015-01-25T08:00:00Z | 2015-01-25T08:00:00.123Z"},
        {"return time.parse'2015-01-25T08:00:00Z'", "1422172800.0"},
        {"local t, err = time.parse'soon' return t, err.kind, err",
         "nil | input | time: a time such as 2015-01-25T08:00:00Z expected, got 'soon'"},
        {"time.iso(0/0)", "error: book.lua:1: bad argument #1 to 'iso' (finite number expected)"},
    };
    RUN_IN_MODULES(cases);
}

static void durations_are_read_and_written(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"return time.duration'1h30m', time.duration'90', time.format_duration(150)",
         "5400.0 | 90.0 | 2m 30s"},
        {"return time.duration'later'",
         "nil | time: a duration such as 90s, 10m or 1h30m expected, got 'later'"},
    };
    RUN_IN_MODULES(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_is_the_loops),
        cmocka_unit_test(instants_are_read_and_written),
        cmocka_unit_test(durations_are_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
