/* A script on a virtual clock, and chunks run in it as tasks. */
#ifndef GW_TESTS_SCRIPT_BENCH_H
#define GW_TESTS_SCRIPT_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "script/script.h"

struct bench {
    struct gw_loop *loop;
    struct gw_script *script;
    lua_State *L;
    char outcome[1200]; /* of the last chunk: its results joined by " | ", or "error: ..." */
    bool ended;
};

static inline void bench_open(struct bench *bench, const struct gw_script_options *options)
{
    struct gw_loop_options clock = {.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = 1000000};
    struct gw_script_options own = options ? *options : (struct gw_script_options){0};
    *bench = (struct bench){.loop = gw_loop_new(&clock)};
    own.loop = bench->loop;
    bench->script = gw_script_new(&own);
    bench->L = gw_script_state(bench->script);
}

static inline void bench_close(struct bench *bench)
{
    assert_int_equal(lua_gettop(bench->L), 0);
    gw_script_free(bench->script);
    gw_loop_free(bench->loop);
}

static inline void bench_done(void *ctx, lua_State *L, bool ok)
{
    struct bench *bench = ctx;
    struct gw_err err = {0};
    bench->ended = true;
    bench->outcome[0] = '\0';
    if (!ok) {
        gw_script_error_text(L, -1, &err);
        snprintf(bench->outcome, sizeof bench->outcome, "error: %s", err.message);
        return;
    }
    size_t used = 0;
    for (int i = 1; i <= lua_gettop(L) && used < sizeof bench->outcome; i++) {
        used += (size_t)snprintf(bench->outcome + used, sizeof bench->outcome - used, "%s%s",
                                 i > 1 ? " | " : "", luaL_tolstring(L, i, NULL));
        lua_pop(L, 1);
    }
}

/* Leaves the chunk's function on the stack. */
static inline void bench_load(struct bench *bench, const char *text, bool trusted)
{
    struct gw_err err = {0};
    if (!gw_script_load(bench->script, gw_view_of(text), "book.lua", trusted, &err)) {
        fail_msg("%s", err.message);
    }
}

static inline struct gw_task *bench_start(struct bench *bench, const char *text)
{
    bench_load(bench, text, false);
    bench->ended = false;
    return gw_task_start(bench->script, bench->L, 0, bench_done, bench);
}

static inline void bench_spin(struct bench *bench)
{
    while (gw_loop_step(bench->loop)) {
    }
}

/* Runs the chunk as a task to its end. */
static inline const char *bench_run(struct bench *bench, const char *text)
{
    bench_start(bench, text);
    bench_spin(bench);
    assert_true(bench->ended);
    return bench->outcome;
}

struct bench_case {
    const char *text, *outcome;
};

static inline void bench_check(struct bench *bench, const struct bench_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *outcome = bench_run(bench, cases[i].text);
        if (strcmp(outcome, cases[i].outcome) != 0) {
            fail_msg("%s\n  gave     %s\n  expected %s", cases[i].text, outcome, cases[i].outcome);
        }
    }
}

#define BENCH_CHECK(bench, cases) bench_check(bench, cases, sizeof(cases) / sizeof *(cases))

#endif
