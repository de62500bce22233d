/* The modules under test as globals, on the bench of the script tests. */
#ifndef GW_TESTS_BIND_MODULES_H
#define GW_TESTS_BIND_MODULES_H

#include "bind/bind.h"
#include "unit/script/bench.h"

static inline bool allow_file(struct gw_gate *self, struct gw_view path, enum gw_file_access access,
                              struct gw_arena *arena, struct gw_view *real, struct gw_err *err)
{
    (void)self;
    (void)access;
    (void)err;
    *real = gw_arena_dup(arena, path);
    return true;
}

static inline void open_modules(struct bench *bench)
{
    static const char *const names[] = {"json", "time", "task", "aws", "file"};
    static struct gw_gate gate = {.file = allow_file}; /* nobody calls here */
    struct gw_script_options options = {.seed = 1};
    bench_open(bench, &options);
    gw_bind_json(bench->script);
    gw_bind_time(bench->script);
    gw_bind_task(bench->script);
    gw_bind_aws(bench->script, &gate);
    gw_bind_file(bench->script, &gate);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[64];
        snprintf(text, sizeof text, "return require 'host.%s'", names[i]);
        bench_load(bench, text, true);
        lua_call(bench->L, 0, 1);
        gw_script_set_global(bench->script, names[i]);
    }
}

static inline void run_in_modules(const struct bench_case *cases, size_t count)
{
    struct bench bench;
    open_modules(&bench);
    bench_check(&bench, cases, count);
    bench_close(&bench);
}

#define RUN_IN_MODULES(cases) run_in_modules(cases, sizeof(cases) / sizeof *(cases))

#endif
