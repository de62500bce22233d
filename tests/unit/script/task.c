/* Tasks: they run in turn, wait, are cancelled, and release what they hold. */
#include <stdlib.h>

#include "bench.h"

/* ---- nap(ms): an operation to wait for -------------------------------------------------------
 */

static int naps_cancelled, naps_ended;

struct nap {
    struct gw_timer *timer;
    struct gw_wait *wait;
};

static void nap_fired(void *ctx)
{
    struct nap *nap = ctx;
    nap->timer = NULL;
    naps_ended++;
    gw_wait_finish(nap->wait);
}

static void nap_cancel(void *ctx)
{
    struct nap *nap = ctx;
    naps_cancelled++;
    gw_timer_stop(nap->timer);
}

static int nap_push(lua_State *L, void *ctx)
{
    (void)ctx;
    lua_pushinteger(L, gw_loop_now_ms(gw_script_loop(gw_script_of(L))));
    return 1;
}

static int nap(lua_State *L)
{
    lua_Integer ms = luaL_checkinteger(L, 1);
    struct nap *state = lua_newuserdatauv(L, sizeof *state, 0);
    state->timer = NULL;
    state->wait = gw_wait_push(L, nap_push, nap_cancel, state);
    state->timer = gw_timer_start(gw_script_loop(gw_script_of(L)), ms, nap_fired, state);
    return gw_task_await(L, state->wait);
}

/* An operation that ends at once, and one whose result cannot be pushed. */
static int instant(lua_State *L)
{
    struct gw_wait *wait = gw_wait_push(L, nap_push, NULL, NULL);
    gw_wait_finish(wait);
    return gw_task_await(L, wait);
}

static int push_raises(lua_State *L, void *ctx)
{
    return luaL_error(L, "%s", (const char *)ctx);
}

static int broken(lua_State *L)
{
    static char reason[] = "no answer";
    struct gw_wait *wait = gw_wait_push(L, push_raises, NULL, reason);
    gw_wait_finish(wait);
    return gw_task_await(L, wait);
}

static int refused(lua_State *L)
{
    struct gw_err err = {.code = GW_ERR_INPUT, .message = "x: refused"};
    struct nap *state = lua_newuserdatauv(L, sizeof *state, 0);
    state->timer = NULL;
    gw_wait_push(L, nap_push, nap_cancel, state);
    return gw_push_fail(L, &err);
}

static char trace[256];

static int note(lua_State *L)
{
    size_t used = strlen(trace);
    snprintf(trace + used, sizeof trace - used, "%s%s", used ? " " : "", luaL_checkstring(L, 1));
    return 0;
}

static void open_bench(struct bench *bench)
{
    static const luaL_Reg functions[] = {{"nap", nap},   {"instant", instant}, {"broken", broken},
                                         {"note", note}, {"refused", refused}, {NULL, NULL}};
    bench_open(bench, NULL);
    for (const luaL_Reg *function = functions; function->name; function++) {
        lua_pushcfunction(bench->L, function->func);
        gw_script_set_global(bench->script, function->name);
    }
    naps_cancelled = naps_ended = 0;
    trace[0] = '\0';
}

/* ---- running -------------------------------------------------------------------------------- */

static void a_task_runs_at_the_next_turn_and_not_before(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    bench_start(&bench, "note'ran' return 1, nil, 'x'");
    assert_string_equal(trace, "");
    bench_spin(&bench);
    assert_string_equal(trace, "ran");
    assert_string_equal(bench.outcome, "1 | nil | x");
    bench_close(&bench);
}

static void a_task_gets_its_arguments(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    bench_load(&bench, "local a, b = ... return b, a", false);
    lua_pushinteger(bench.L, 1);
    lua_pushliteral(bench.L, "two");
    gw_task_start(bench.script, bench.L, 2, bench_done, &bench);
    bench_spin(&bench);
    assert_string_equal(bench.outcome, "two | 1");
    bench_close(&bench);
}

static void tasks_take_turns_in_the_order_of_time(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    bench_start(&bench, "note'a1' nap(20) note'a2' nap(20) note'a3'");
    bench_start(&bench, "note'b1' nap(10) note'b2' nap(40) note'b3'");
    bench_spin(&bench);
    assert_string_equal(trace, "a1 b1 b2 a2 a3 b3");
    bench_close(&bench);
}

static void waiting_returns_what_the_operation_pushes(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    static const struct bench_case cases[] = {
        {"local from = instant() return nap(5) - from, nap(7) - from", "5 | 12"},
        {"return pcall(nap, 1) and 'ok'", "ok"},
        {"local t = setmetatable({}, {__index = function(_, k) nap(1) return k end}) return t.slow",
         "slow"},
        {"for i in function(_, i) nap(1) return (i or 0) < 3 and (i or 0) + 1 or nil end do\n"
         "note(tostring(i)) end",
         ""},
    };
    BENCH_CHECK(&bench, cases);
    assert_string_equal(trace, "1 2 3");
    bench_close(&bench);
}

static void errors_name_file_and_line(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    static const struct bench_case cases[] = {
        {"\nerror'gone'", "error: book.lua:2: gone"},
        {"nap(1)\nlocal x = nil + 1",
         "error: book.lua:2: attempt to perform arithmetic on a nil value"},
        {"\n\nbroken()", "error: book.lua:3: no answer"},
        {"return pcall(broken)", "false | no answer"},
        {"nap'x'", "error: book.lua:1: bad argument #1 to 'nap' (number expected, got string)"},
        {"local ok, err = refused() return ok, err", "nil | x: refused"},
    };
    BENCH_CHECK(&bench, cases);
    assert_int_equal(naps_cancelled, 1); /* by `refused`, whose anchor closed unfinished */
    bench_close(&bench);
}

static void a_failed_task_may_wait_while_it_closes(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    static const struct bench_case cases[] = {
        {"local lock <close> = setmetatable({}, {__close = function() nap(5) note'unlocked' end})\n"
         "error'lost'",
         "error: book.lua:2: lost"},
    };
    BENCH_CHECK(&bench, cases);
    assert_string_equal(trace, "unlocked");
    bench_close(&bench);
}

static void waiting_needs_a_task(void **state)
{
    (void)state;
    struct bench bench;
    struct gw_err err = {0};
    open_bench(&bench);
    bench_load(&bench, "nap(1)", false);
    assert_false(gw_script_call(bench.script, 0, 0, &err));
    assert_string_equal(err.message, "book.lua:1: cannot wait here: not inside a task");
    static const struct bench_case cases[] = {
        {"table.sort({3, 2, 1}, function() nap(1) end)",
         "error: book.lua:1: cannot wait here: inside a module's own code, a sort order, a gsub "
         "replacement or a metamethod"},
        {"coroutine.yield(1)", "error: book.lua:1: attempt to yield from outside a coroutine"},
    };
    BENCH_CHECK(&bench, cases);
    bench_close(&bench);
}

/* ---- coroutines of scripts ------------------------------------------------------------------- */

static void coroutines_work_as_ever(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    static const struct bench_case cases[] = {
        {"local co = coroutine.create(function(a) local b = coroutine.yield(a + 1) return b * 2 "
         "end)\n"
         "local _, x = coroutine.resume(co, 1) local _, y = coroutine.resume(co, 21)\n"
         "return x, y, coroutine.status(co), coroutine.resume(co)",
         "2 | 42 | dead | false | cannot resume dead coroutine"},
        {"local co = coroutine.create(function() error'x' end) return coroutine.resume(co)",
         "false | book.lua:1: x"},
        {"local f = coroutine.wrap(function() error{} end) return pcall(f) and 1 or 'raised'",
         "raised"},
        {"local co co = coroutine.wrap(function() return co() end) co()",
         "error: cannot resume non-suspended coroutine"},
        {"local co co = coroutine.create(function() return coroutine.resume(co) end)\n"
         "return coroutine.resume(co)",
         "true | false | cannot resume non-suspended coroutine"},
        {"local co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co)\n"
         "return coroutine.close(co), coroutine.status(co)",
         "true | dead"},
        {"return coroutine.isyieldable(), select(2, coroutine.running())", "true | false"},
        {"return coroutine.resume(coroutine.running())",
         "false | cannot resume non-suspended coroutine"},
    };
    BENCH_CHECK(&bench, cases);
    bench_close(&bench);
}

static void a_coroutine_inside_a_task_may_wait(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    static const struct bench_case cases[] = {
        {"local out = {}\n"
         "for page in coroutine.wrap(function() for i = 1, 3 do nap(1) coroutine.yield(i) end "
         "end)\n"
         "do nap(1) out[#out + 1] = page end return table.concat(out, ',')",
         "1,2,3"},
        {"local co = coroutine.create(function() local t0 = instant() return nap(3) - t0 end)\n"
         "return coroutine.resume(co)",
         "true | 3"},
        {"local inner = coroutine.wrap(function() nap(1) coroutine.yield'a' nap(1) error'deep' "
         "end)\n"
         "local outer = coroutine.wrap(function() coroutine.yield(inner()) inner() end)\n"
         "return outer(), select(2, pcall(outer))",
         "a | book.lua:1: deep"},
    };
    BENCH_CHECK(&bench, cases);
    bench_close(&bench);
}

static void a_waiting_coroutine_is_left_alone_by_others(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    bench_load(&bench,
               "local co = coroutine.create(function() nap(10) note'inner' end)\n"
               "return function() coroutine.resume(co) note'first' end,\n"
               "  function() nap(5) local ok, err = coroutine.resume(co) note(err)\n"
               "    note(select(2, pcall(coroutine.close, co))) end",
               false);
    lua_call(bench.L, 0, 2);
    gw_task_start(bench.script, bench.L, 0, bench_done, &bench);
    gw_task_start(bench.script, bench.L, 0, bench_done, &bench);
    bench_spin(&bench);
    assert_string_equal(trace, "cannot resume a coroutine that is waiting "
                               "cannot close a coroutine that is waiting inner first");
    bench_close(&bench);
}

/* ---- cancelling ----------------------------------------------------------------------------- */

static void cancel_closes_and_does_not_report(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    struct gw_task *task = bench_start(
        &bench, "local x <close> = setmetatable({}, {__close = function() note'closed' end})\n"
                "while true do pcall(nap, 100) note'went on' end");
    gw_loop_step(bench.loop);
    gw_task_cancel(task);
    assert_string_equal(trace, "closed");
    assert_int_equal(naps_cancelled, 1);
    bench_spin(&bench);
    assert_false(bench.ended);
    bench_close(&bench);
}

static void cancel_before_the_first_turn_runs_nothing(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    gw_task_cancel(bench_start(&bench, "note'ran'"));
    bench_spin(&bench);
    assert_string_equal(trace, "");
    assert_false(bench.ended);
    bench_close(&bench);
}

static void cancel_between_the_end_of_a_wait_and_its_turn(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    struct gw_task *task = bench_start(&bench, "nap(10) note'went on'");
    while (naps_ended == 0) {
        gw_loop_step(bench.loop);
    }
    gw_task_cancel(task);
    bench_spin(&bench);
    assert_int_equal(naps_cancelled, 0);
    assert_string_equal(trace, "");
    bench_close(&bench);
}

static void cancel_closes_the_coroutines_inside(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    struct gw_task *task = bench_start(
        &bench,
        "local function held(name) return setmetatable({}, {__close = function() note(name) "
        "end}) end\n"
        "local a <close> = held'outer'\n"
        "coroutine.wrap(function() local b <close> = held'middle'\n"
        "  coroutine.wrap(function() local c <close> = held'inner' nap(50) end)() end)()");
    gw_loop_step(bench.loop);
    gw_task_cancel(task);
    assert_string_equal(trace, "inner middle outer");
    assert_int_equal(naps_cancelled, 1);
    bench_close(&bench);
}

static void a_cancelled_task_cannot_wait_again(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    struct gw_task *task =
        bench_start(&bench, "local x <close> = setmetatable({}, {__close = function()\n"
                            "note(select(2, pcall(nap, 1))) end}) nap(5)");
    gw_loop_step(bench.loop);
    gw_task_cancel(task);
    assert_string_equal(trace, "cannot wait: the task is cancelled");
    bench_close(&bench);
}

static int cancel_me(lua_State *L)
{
    gw_task_cancel(gw_task_current(L));
    return 0;
}

static void a_task_that_cancels_itself_ends_at_its_next_wait(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    lua_pushcfunction(bench.L, cancel_me);
    gw_script_set_global(bench.script, "cancel_me");
    bench_start(&bench, "cancel_me() note'still here' pcall(nap, 1) note'end'");
    bench_spin(&bench);
    assert_string_equal(trace, "still here end");
    assert_int_equal(naps_ended, 0);
    assert_false(bench.ended);
    bench_close(&bench);
}

static void freeing_the_script_cancels_what_waits(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    bench_start(&bench, "nap(1000)");
    bench_start(&bench, "coroutine.wrap(nap)(1000)");
    gw_loop_step(bench.loop);
    bench_close(&bench);
    assert_int_equal(naps_cancelled, 2);
}

/* ---- relations ------------------------------------------------------------------------------ */

static int child_contexts;

static void child_done(void *ctx, lua_State *L, bool ok)
{
    (void)ctx;
    (void)L;
    assert_true(ok);
}

static int check_child(lua_State *L)
{
    struct gw_task *task = gw_task_current(L);
    assert_non_null(gw_task_parent(task));
    child_contexts += gw_task_context(task) == &child_contexts;
    return 0;
}

static int spawn(lua_State *L)
{
    gw_task_set_context(gw_task_current(L), &child_contexts);
    lua_pushcfunction(L, check_child);
    gw_task_start(gw_script_of(L), L, 0, child_done, NULL);
    return 0;
}

static void children_know_their_parent_and_inherit_its_context(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    lua_pushcfunction(bench.L, spawn);
    gw_script_set_global(bench.script, "spawn");
    assert_null(gw_task_parent(bench_start(&bench, "spawn() nap(1)")));
    bench_spin(&bench);
    assert_int_equal(child_contexts, 1);
    assert_null(gw_task_current(bench.L));
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_runs_at_the_next_turn_and_not_before),
        cmocka_unit_test(a_task_gets_its_arguments),
        cmocka_unit_test(tasks_take_turns_in_the_order_of_time),
        cmocka_unit_test(waiting_returns_what_the_operation_pushes),
        cmocka_unit_test(errors_name_file_and_line),
        cmocka_unit_test(a_failed_task_may_wait_while_it_closes),
        cmocka_unit_test(waiting_needs_a_task),
        cmocka_unit_test(coroutines_work_as_ever),
        cmocka_unit_test(a_coroutine_inside_a_task_may_wait),
        cmocka_unit_test(a_waiting_coroutine_is_left_alone_by_others),
        cmocka_unit_test(cancel_closes_and_does_not_report),
        cmocka_unit_test(cancel_before_the_first_turn_runs_nothing),
        cmocka_unit_test(cancel_between_the_end_of_a_wait_and_its_turn),
        cmocka_unit_test(cancel_closes_the_coroutines_inside),
        cmocka_unit_test(a_cancelled_task_cannot_wait_again),
        cmocka_unit_test(a_task_that_cancels_itself_ends_at_its_next_wait),
        cmocka_unit_test(freeing_the_script_cancels_what_waits),
        cmocka_unit_test(children_know_their_parent_and_inherit_its_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
