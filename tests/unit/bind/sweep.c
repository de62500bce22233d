/* Each piece of Lua here runs again and again while the n-th allocation of Lua fails, n = 0, 1, 2,
 * ... until it passes; once with all later ones failing too, once with memory back at once.
 * Whatever the place: the task ends, with an error if it did not catch it, nothing that C gave out
 * is still held after a collection, and the state can go on.
 * Arenas are counted by wrapping their functions at link time; the rest is the leak checker's. */
#include <stdlib.h>

#include "modules.h"

static int arenas;

struct gw_arena *__real_gw_arena_new(void);
void __real_gw_arena_free(struct gw_arena *arena);
struct gw_arena *__wrap_gw_arena_new(void);
void __wrap_gw_arena_free(struct gw_arena *arena);

struct gw_arena *__wrap_gw_arena_new(void)
{
    arenas++;
    return __real_gw_arena_new();
}

void __wrap_gw_arena_free(struct gw_arena *arena)
{
    arenas -= arena != NULL;
    __real_gw_arena_free(arena);
}

static struct {
    lua_Alloc real;
    void *real_context;
    long countdown; /* until the first one fails */
    long width;     /* how many fail */
    bool hit;
} failure;

/* Lua collects and tries again before it gives up, so one failure takes two. */
enum { BRIEFLY = 2, FOR_GOOD = INT32_MAX };

static void *allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    bool grows = new_size > (block ? old_size : 0);
    (void)context;
    if (grows && failure.countdown-- <= 0 && failure.width-- > 0) {
        failure.hit = true;
        return NULL;
    }
    return failure.real(failure.real_context, block, old_size, new_size);
}

static void arm(lua_State *L, long countdown, long width)
{
    failure.countdown = countdown;
    failure.width = width;
    failure.hit = false;
    failure.real = lua_getallocf(L, &failure.real_context);
    lua_setallocf(L, allocate, NULL);
}

static void disarm(lua_State *L)
{
    if (lua_getallocf(L, NULL) == allocate) {
        lua_setallocf(L, failure.real, failure.real_context);
    }
}

static void disarm_and_note(void *ctx, lua_State *L, bool ok)
{
    disarm(L);
    bench_done(ctx, L, ok);
}

/* True once the text passed without meeting the failure. */
static bool run_with_failure(const char *text, const char *outcome, long countdown, long width)
{
    struct bench bench;
    open_modules(&bench);
    int arenas_before = arenas;
    bench_load(&bench, text, false);
    gw_task_start(bench.script, bench.L, 0, disarm_and_note, &bench);
    arm(bench.L, countdown, width);
    bench_spin(&bench);
    disarm(bench.L);
    assert_true(bench.ended);
    bool hit = failure.hit;
    if (!hit) {
        assert_string_equal(bench.outcome, outcome);
    } else if (strcmp(bench.outcome, outcome) != 0) {
        assert_non_null(strstr(bench.outcome, "not enough memory"));
    }
    lua_gc(bench.L, LUA_GCCOLLECT);
    assert_int_equal(arenas, arenas_before);
    assert_false(gw_loop_step(bench.loop));
    assert_string_equal(
        bench_run(&bench, "return task.parallel{function() task.sleep(1) return 'on' end}[1]"),
        "on");
    bench_close(&bench);
    return !hit;
}

static void sweep(const char *text, const char *outcome)
{
    static const long widths[] = {BRIEFLY, FOR_GOOD};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        long countdown = 0;
        while (!run_with_failure(text, outcome, countdown, widths[i])) {
            countdown++;
        }
        assert_true(countdown > 0);
    }
}

static void decode_survives(void **state)
{
    (void)state;
    sweep("local v = json.decode'{\"a\": [1, {\"b\": null}, \"a text that is not short at all, "
          "no\"]}'\n"
          "return #v.a",
          "3");
    sweep("local _, err = json.decode'[' return err.kind", "input");
}

static void encode_survives(void **state)
{
    (void)state;
    sweep("return json.encode({a = {1, 2, {b = 'x'}}, c = json.array{}}, {indent = 0})",
          "{\"a\":[1,2,{\"b\":\"x\"}],\"c\":[]}");
    sweep("local ok, err = pcall(json.encode, {error}) return ok", "false");
}

static void query_survives(void **state)
{
    (void)state;
    sweep("local v = json.query({a = {{b = 'a text that is not short at all, no'}, {b = 2}}},\n"
          "'{all: a[].b, last: a[-1]}')\n"
          "return #v.all, v.last.b",
          "2 | 2");
    sweep("local ok, err = pcall(json.query, {}, 'a..b') return ok", "false");
}

static void facts_of_the_model_survive(void **state)
{
    (void)state;
    sweep("return aws.paginator('s3', 'list_objects').output_tokens[1],\n"
          "aws.waiter('ecs', 'services_stable').acceptors[1].argument",
          "NextMarker || Contents[-1].Key | failures[].reason");
    sweep("local _, err = aws.waiter('ecs', 'x') return err.kind", "not_found");
    sweep("local s = aws.shape('dynamodb', 'put_item', 'input').members[2].shape\n"
          "return s.value.members[1].name, #aws.waiters('dynamodb') > 0",
          "S | true");
    sweep("return json.encode(aws.check('ecs', 'update_service',\n"
          "  {service = 'a name that is not short at all, no', desiredCount = 2}))",
          "{\"service\":\"a name that is not short at all, no\",\"desiredCount\":2}");
    sweep("local m = json.ordered() m.z = 1 m.a = json.ordered() m.a.y = 2 local s = ''\n"
          "for k in pairs(json.query(m, '{b: z, a: a.y}', true)) do s = s .. k end return s",
          "ba");
}

static void times_survive(void **state)
{
    (void)state;
    sweep("return time.iso(0), time.format_duration(60), time.parse'1970-01-01T00:00:01Z'",
          "1970-01-01T00:00:00Z | 1m | 1.0");
    sweep("local _, err = time.duration'x' return err.kind", "input");
}

static void files_survive(void **state)
{
    (void)state;
    sweep("local f = file.open '/proc/self/exe' return f:part(4, 10):size(), f:path()",
          "10 | /proc/self/exe");
    sweep("local _, err = file.open '/nowhere' return err.kind", "not_found");
}

static void waiting_survives(void **state)
{
    (void)state;
    sweep("task.sleep(1) task.sleep(2) return 'slept'", "slept");
    sweep("local gen = coroutine.wrap(function() task.sleep(1) coroutine.yield'a' task.sleep(1) "
          "end)\n"
          "local a = gen() gen() return a",
          "a");
    sweep("local ok, a = coroutine.resume(coroutine.create(function()\n"
          "coroutine.wrap(function() task.sleep(1) end)() return 'deep' end)) return a or error(a, "
          "0)",
          "deep");
}

static void parallel_survives(void **state)
{
    (void)state;
    sweep("local r = task.parallel{function() task.sleep(2) return 'a' end,\n"
          "function() task.sleep(1) return 'b' end, function() return 'c' end}\n"
          "return table.concat(r)",
          "abc");
    sweep("local r = task.parallel({x = function() task.sleep(1) return 1 end,\n"
          "y = function() return {} end}, {limit = 1}) return r.x",
          "1");
    sweep("local ok, err = pcall(task.parallel, {function() task.sleep(1) error('lost', 0) end,\n"
          "function() task.sleep(9) end}) return ok or err",
          "lost");
}

static void timeout_survives(void **state)
{
    (void)state;
    sweep("return task.timeout(5, function() task.sleep(1) return 1, 2 end)", "1 | 2");
    sweep("local ok, err = pcall(task.timeout, 1, function() task.sleep(5) end)\n"
          "return ok or tostring(err)",
          "timeout: not finished after 1s");
}

/* A script that catches the failure goes on while what it waited for is still under way. */
static void a_caught_failure_leaves_no_operation_behind(void **state)
{
    (void)state;
    sweep("local ok, err = pcall(task.parallel, {function() task.sleep(3) end,\n"
          "function() return task.timeout(9, function() task.sleep(2) return 'x' end) end})\n"
          "for _ = 1, 20 do pcall(task.sleep, 1) end\n"
          "if not ok then error(err, 0) end return 'went on'",
          "went on");
}

/* ---- cancelling ----------------------------------------------------------------------------- */

struct nap {
    struct gw_timer *timer;
    struct gw_wait *wait;
};

static void nap_ended(void *ctx)
{
    struct nap *nap = ctx;
    gw_wait_finish(nap->wait);
}

static void nap_cancelled(void *ctx)
{
    struct nap *nap = ctx;
    gw_timer_stop(nap->timer);
}

static int naps;

/* What it waits for has its state in an arena, which must not go before the timer is stopped. */
static int arena_nap(lua_State *L)
{
    struct nap *nap = gw_arena_alloc(gw_push_arena(L), sizeof *nap);
    naps++;
    nap->wait = gw_wait_push(L, NULL, nap_cancelled, nap);
    nap->timer = gw_timer_start(gw_script_loop(gw_script_of(L)), 5000, nap_ended, nap);
    return gw_task_await(L, nap->wait);
}

static bool cancel_with_failure(const char *text, int expected_naps, long countdown, long width)
{
    struct bench bench;
    open_modules(&bench);
    int arenas_before = arenas;
    lua_pushcfunction(bench.L, arena_nap);
    gw_script_set_global(bench.script, "nap");
    struct gw_task *task = bench_start(&bench, text);
    naps = 0;
    while (naps < expected_naps) {
        gw_loop_step(bench.loop);
    }
    arm(bench.L, countdown, width);
    gw_task_cancel(task);
    disarm(bench.L);
    assert_false(gw_loop_step(bench.loop));
    lua_gc(bench.L, LUA_GCCOLLECT);
    assert_int_equal(arenas, arenas_before);
    assert_false(bench.ended);
    bench_close(&bench);
    return !failure.hit;
}

static void cancelling_survives(void **state)
{
    (void)state;
    static const long widths[] = {1, BRIEFLY, FOR_GOOD};
    static const struct {
        const char *text;
        int naps;
    } cases[] = {
        {"nap()", 1},
        {"coroutine.wrap(function() coroutine.wrap(nap)() end)()", 1},
        {"task.parallel{nap, function() task.timeout(9, nap) end}", 2},
    };
    gw_log_set_level(GW_LOG_ERROR); /* it warns of handlers that had no memory */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
            long n = 0;
            while (!cancel_with_failure(cases[i].text, cases[i].naps, n, widths[w])) {
                n++;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode_survives),
        cmocka_unit_test(encode_survives),
        cmocka_unit_test(query_survives),
        cmocka_unit_test(facts_of_the_model_survive),
        cmocka_unit_test(times_survive),
        cmocka_unit_test(files_survive),
        cmocka_unit_test(waiting_survives),
        cmocka_unit_test(parallel_survives),
        cmocka_unit_test(timeout_survives),
        cmocka_unit_test(a_caught_failure_leaves_no_operation_behind),
        cmocka_unit_test(cancelling_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
