/* host.task */
#include "modules.h"

/* Names and times in the order in which things happened. */
#define LOG                                                                                        \
    "local log, start = {}, time.monotonic()\n"                                                    \
    "local function note(what) log[#log + 1] = what .. '@' .. (time.monotonic() - start) end\n"    \
    "local function job(name, seconds)\n"                                                          \
    "  return function() note(name) task.sleep(seconds) return name:upper() end end\n"             \
    "local function fails(seconds, why)\n"                                                         \
    "  return function() task.sleep(seconds) error(why, 0) end end\n"                              \
    "local function said() return table.concat(log, ' ') end\n"

static void sleep_passes_time(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"local from = time.monotonic() task.sleep(1.5) task.sleep(0)\n"
         "return time.monotonic() - from, task.sleep(0)",
         "1.5"},
        {"task.sleep(-1)",
         "error: book.lua:1: bad argument #1 to 'sleep' (seconds expected, from 0 to 1e9)"},
        {"task.sleep(0/0)",
         "error: book.lua:1: bad argument #1 to 'sleep' (seconds expected, from 0 to 1e9)"},
        {"task.sleep'5m'",
         "error: book.lua:1: bad argument #1 to 'sleep' (number expected, got string)"},
    };
    RUN_IN_MODULES(cases);
}

static void parallel_keeps_the_order_of_its_list(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {LOG "local r = task.parallel{job('a', 3), job('b', 1), job('c', 2)}\n"
             "return table.concat(r, ','), said(), time.monotonic() - start",
         "A,B,C | a@0.0 b@0.0 c@0.0 | 3.0"},
        {"return json.encode(task.parallel{})", "[]"},
        {"local r = task.parallel{function() return 1, 2 end, function() end}\n"
         "return r[1], r[2], #r",
         "1 | nil | 1"},
    };
    RUN_IN_MODULES(cases);
}

static void parallel_keeps_the_names_of_its_map(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {LOG "local r = task.parallel{web = job('w', 2), api = job('a', 1)}\n"
             "return r.web, r.api, said()",
         "W | A | a@0.0 w@0.0"},
    };
    RUN_IN_MODULES(cases);
}

static void parallel_runs_at_most_limit_at_once(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {LOG "local r = task.parallel({job('a', 3), job('b', 1), job('c', 1), job('d', 5)}, {limit "
             "= 2})\n"
             "return table.concat(r, ','), said(), time.monotonic() - start",
         "A,B,C,D | a@0.0 b@0.0 c@1.0 d@2.0 | 7.0"},
        {LOG "task.parallel({job('a', 1), job('b', 1)}, {limit = 1}) return said()", "a@0.0 b@1.0"},
    };
    RUN_IN_MODULES(cases);
}

static void the_first_failure_cancels_the_others(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {LOG
         "local ok, err = pcall(task.parallel, {fails(2, 'lost'), job('slow', 100),\n"
         "function() local x <close> = setmetatable({}, {__close = function() note'closed' end})\n"
         "task.sleep(50) note'never' end})\n"
         "return ok, err, said(), time.monotonic() - start",
         "false | lost | slow@0.0 closed@2.0 | 2.0"},
        {LOG "return pcall(task.parallel, {fails(1, 'first'), fails(1, 'second')})",
         "false | first"},
        {LOG "local ok, err = pcall(task.parallel, {fails(0, 'x'), job('b', 0)}, {limit = 1})\n"
             "return err, said()",
         "x | "},
        {"local ok, err = pcall(task.parallel, {function() assert(json.decode'{') end})\n"
         "return err.kind",
         "input"},
        {"return pcall(task.parallel, {function() error(nil) end})", "false | nil"},
    };
    RUN_IN_MODULES(cases);
}

static void parallel_checks_what_it_is_given(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"task.parallel{error, 7}",
         "error: book.lua:1: parallel: item 2 is a number, expected a function"},
        {"task.parallel{web = true}",
         "error: book.lua:1: parallel: item 'web' is a boolean, expected a function"},
        {"task.parallel{error, web = error}",
         "error: parallel: items must be a list, or all of them named"},
        {"task.parallel({error}, {limt = 2})",
         "error: book.lua:1: parallel: unknown option 'limt', did you mean 'limit'?"},
        {"task.parallel({error}, {limit = 0})",
         "error: book.lua:1: parallel: limit must be an integer from 1 up"},
        {"task.parallel(error)",
         "error: book.lua:1: bad argument #1 to 'parallel' (table expected, got function)"},
    };
    RUN_IN_MODULES(cases);
}

static void parallel_nests(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {LOG "local function pair(a, b) return function()\n"
             "return table.concat(task.parallel{job(a, 1), job(b, 2)}, '+') end end\n"
             "return table.concat(task.parallel{pair('a', 'b'), pair('c', 'd')}, ' '),\n"
             "time.monotonic() - start",
         "A+B C+D | 2.0"},
        {LOG "local gen = coroutine.wrap(function()\n"
             "coroutine.yield(task.parallel{job('a', 1)}[1]) end) return gen()",
         "A"},
    };
    RUN_IN_MODULES(cases);
}

static void timeout_returns_the_results_in_time(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"return task.timeout(5, function() task.sleep(1) return 1, nil, 3 end)", "1 | nil | 3"},
        {"return pcall(task.timeout, 5, function() error('broken', 0) end)", "false | broken"},
        {LOG "task.timeout(5, job('a', 1)) return time.monotonic() - start", "1.0"},
    };
    RUN_IN_MODULES(cases);
}

static void timeout_cancels_and_raises(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {LOG "local ok, err = pcall(task.timeout, 5, function()\n"
             "local x <close> = setmetatable({}, {__close = function() note'closed' end})\n"
             "task.sleep(60) note'never' end)\n"
             "return ok, err.kind, err, said()",
         "false | timeout | timeout: not finished after 5s | closed@5.0"},
        {LOG "local ok, err = pcall(task.timeout, 2, function()\n"
             "task.parallel{job('a', 10), job('b', 20)} end)\n"
             "return err, time.monotonic() - start",
         "timeout: not finished after 2s | 2.0"},
        {"task.timeout(0, error)",
         "error: book.lua:1: bad argument #1 to 'timeout' (more than 0 seconds expected)"},
    };
    RUN_IN_MODULES(cases);
}

static void cancelling_a_task_cancels_its_children(void **state)
{
    (void)state;
    struct bench bench;
    open_modules(&bench);
    struct gw_task *task =
        bench_start(&bench, "task.parallel{function() task.sleep(100) end,\n"
                            "function() task.timeout(50, function() task.sleep(100) end) end}");
    int64_t start_ms = gw_loop_now_ms(bench.loop);
    gw_loop_step(bench.loop);
    gw_loop_step(bench.loop);
    gw_loop_step(bench.loop);
    gw_task_cancel(task);
    bench_spin(&bench);
    assert_int_equal(gw_loop_now_ms(bench.loop), start_ms);
    assert_false(bench.ended);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sleep_passes_time),
        cmocka_unit_test(parallel_keeps_the_order_of_its_list),
        cmocka_unit_test(parallel_keeps_the_names_of_its_map),
        cmocka_unit_test(parallel_runs_at_most_limit_at_once),
        cmocka_unit_test(the_first_failure_cancels_the_others),
        cmocka_unit_test(parallel_checks_what_it_is_given),
        cmocka_unit_test(parallel_nests),
        cmocka_unit_test(timeout_returns_the_results_in_time),
        cmocka_unit_test(timeout_cancels_and_raises),
        cmocka_unit_test(cancelling_a_task_cancels_its_children),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
