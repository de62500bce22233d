/* host.process: programs beside the run. The gate must allow the command, and says whether it
 * changes something. It has no shell, no terminal, none of our descriptors, and ends with the task.
 * Limits: 16 MiB of output, 64 KiB of standard error (the rest is dropped), 10 minutes unless
 * `timeout` says otherwise. */
#include "bind/internal.h"

#define MAX_OUT_BYTES     ((size_t)16 << 20)
#define MAX_ERR_BYTES     ((size_t)64 << 10)
#define DEFAULT_TIMEOUT_S 600
#define MAX_TIMEOUT_S     86400

struct pending {
    struct gw_gate *gate;
    struct gw_bind_command command;
    struct gw_act act;
    struct gw_process *process; /* NULL: it does not run */
    struct gw_wait *wait;
    struct gw_loop *loop;
    int64_t began_ms;
    bool has_run;

    struct gw_err err; /* code GW_ERR_NONE: it ran, and this is how it ended */
    struct gw_process_end end;
};

/* ---- its end --------------------------------------------------------------------------------- */

static struct gw_view last_line(struct gw_view text)
{
    struct gw_view rest = gw_view_trim(text), line = GW_VIEW_NONE;
    while (gw_view_next(&rest, '\n', &line)) {
    }
    return gw_view_trim(line);
}

/* That it ended with another code than 0 is a failure of the act, if not of running it. One that
 * says so itself may be run again; what one did that was killed is not known. */
static bool describe_failure(const struct pending *pending, struct gw_err *err)
{
    struct gw_view reason = last_line(pending->end.err);
    enum gw_err_code code = pending->end.signal ? GW_ERR_CANCELLED : GW_ERR_SERVICE;
    return gw_fail(err, code, "%.*s: ended with %s %d%s%.*s", GW_VIEW_ARGS(pending->command.title),
                   pending->end.signal ? "signal" : "code",
                   pending->end.signal ? pending->end.signal : pending->end.code,
                   reason.len > 0 ? ": " : "", GW_VIEW_ARGS(reason));
}

/* As a script gets it, and the journal keeps it. */
static struct gw_value result_of(const struct pending *pending)
{
    struct gw_arena *arena = pending->command.arena;
    struct gw_value result = gw_value_map();
    bool by_signal = pending->end.signal != 0;
    *gw_map_add(arena, &result, by_signal ? GW_VIEW("signal") : GW_VIEW("code")) =
        gw_value_int(by_signal ? pending->end.signal : pending->end.code);
    *gw_map_add(arena, &result, GW_VIEW("stdout")) = gw_value_string(pending->end.out);
    *gw_map_add(arena, &result, GW_VIEW("stderr")) = gw_value_string(pending->end.err);
    return result;
}

static void report(struct pending *pending)
{
    struct gw_err err = pending->err;
    bool ended_badly = err.code == GW_ERR_NONE && (pending->end.signal || pending->end.code);
    if (ended_badly) {
        describe_failure(pending, &err);
    }
    struct gw_value output = result_of(pending);
    struct gw_outcome outcome = {.err = err.code ? &err : NULL,
                                 .output = err.code ? NULL : &output,
                                 .attempts = pending->has_run,
                                 .duration_ms = gw_loop_now_ms(pending->loop) - pending->began_ms};
    pending->gate->finished(pending->gate, &pending->act, &outcome);
}

static void keep_end(struct pending *pending, const struct gw_process_end *end)
{
    pending->end = *end;
    pending->end.out = gw_arena_dup(pending->command.arena, end->out);
    pending->end.err = gw_arena_dup(pending->command.arena, end->err);
}

static void on_end(void *ctx, const struct gw_process_end *end, const struct gw_err *err)
{
    struct pending *pending = ctx;
    pending->process = NULL;
    if (end) {
        keep_end(pending, end);
    } else {
        pending->err = *err;
        gw_err_prefix(&pending->err, "%.*s", GW_VIEW_ARGS(pending->command.title));
    }
    report(pending);
    gw_wait_finish(pending->wait);
}

static void cancel(void *ctx)
{
    struct pending *pending = ctx;
    if (!pending->process) {
        return;
    }
    gw_process_stop(pending->process);
    pending->process = NULL;
    gw_fail(&pending->err, GW_ERR_CANCELLED, "%.*s: cancelled; what it had done is not known",
            GW_VIEW_ARGS(pending->command.title));
    report(pending);
}

static int push_outcome(lua_State *L, void *ctx)
{
    struct pending *pending = ctx;
    struct gw_err err = {0};
    if (pending->err.code != GW_ERR_NONE) {
        return gw_push_fail(L, &pending->err);
    }
    struct gw_value result = result_of(pending);
    gw_push_value(L, &result);
    if (!pending->end.signal && pending->end.code == 0) {
        return 1;
    }
    describe_failure(pending, &err);
    gw_push_err(L, &err);
    return 2;
}

/* ---- its start ------------------------------------------------------------------------------- */

static int64_t read_timeout(lua_State *L)
{
    lua_getfield(L, 1, "timeout");
    lua_Number seconds = luaL_optnumber(L, -1, DEFAULT_TIMEOUT_S);
    lua_pop(L, 1);
    if (!(seconds > 0 && seconds <= MAX_TIMEOUT_S)) {
        luaL_error(L, "process.run: timeout must be above 0 and at most %d seconds", MAX_TIMEOUT_S);
    }
    return (int64_t)(seconds * 1000);
}

static int number_in(const struct gw_value *map, const char *name)
{
    const struct gw_value *value = gw_map_get(map, gw_view_of(name));
    return value && value->kind == GW_INT ? (int)value->as.integer : 0;
}

/* As the simulated world has it. */
static void take_answer(struct pending *pending, const struct gw_value *answer)
{
    pending->has_run = true;
    struct gw_process_end end = {.code = number_in(answer, "code"),
                                 .signal = number_in(answer, "signal"),
                                 .out = gw_map_text(answer, GW_VIEW("stdout")),
                                 .err = gw_map_text(answer, GW_VIEW("stderr"))};
    keep_end(pending, &end);
}

/* True: it runs, and the task is to wait for it. */
static bool start(struct pending *pending)
{
    struct gw_value answer = {0};
    struct gw_err *err = &pending->err;
    pending->began_ms = gw_loop_now_ms(pending->loop);
    if (!pending->gate->rehearse(pending->gate, &pending->act, pending->command.arena, &answer,
                                 err)) {
        return false;
    }
    if (answer.kind == GW_MAP) {
        take_answer(pending, &answer);
        return false;
    }
    if (!gw_bind_prepare_command(&pending->command, pending->gate, err)) {
        return false;
    }
    pending->process =
        gw_process_start(pending->loop, &pending->command.options, on_end, pending, err);
    if (!pending->process) {
        gw_err_prefix(err, "%.*s", GW_VIEW_ARGS(pending->command.title));
    }
    pending->has_run = pending->process != NULL;
    return pending->has_run;
}

static struct pending *read_pending(lua_State *L, struct gw_gate *gate, struct gw_task *task)
{
    struct gw_arena *arena = gw_push_arena(L);
    struct pending *pending = gw_arena_alloc(arena, sizeof *pending);
    pending->gate = gate;
    pending->loop = gw_script_loop(gw_script_of(L));
    pending->command.arena = arena;
    pending->command.options = (struct gw_process_options){.max_out_bytes = MAX_OUT_BYTES,
                                                           .max_err_bytes = MAX_ERR_BYTES,
                                                           .timeout_ms = read_timeout(L)};
    gw_bind_read_command(L, &pending->command);
    pending->act = (struct gw_act){.action = pending->command.title,
                                   .command = &pending->command.words,
                                   .params = &pending->command.params,
                                   .context = gw_task_context(task)};
    pending->act.effect = gate->command(gate, &pending->command.words);
    return pending;
}

/* run{ word, ..., stdin=, timeout=, cwd=, env= } -> result, err where it did not end with 0 | nil,
 * err | nil, nil, "planned", action, params */
static int process_run(lua_State *L)
{
    struct gw_gate *gate = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_task *task = gw_task_current(L);
    struct gw_err err = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (!task) {
        return luaL_error(L, "process.run: commands are run inside a runbook's run function only");
    }
    struct pending *pending = read_pending(L, gate, task);
    pending->wait = gw_wait_push(L, push_outcome, cancel, pending);
    switch (gate->ask(gate, &pending->act, &err)) {
    case GW_GATE_PLANNED:
        lua_pushnil(L);
        lua_pushnil(L);
        lua_pushliteral(L, "planned");
        gw_push_view(L, pending->command.title);
        gw_push_value(L, &pending->command.params);
        return 5;
    case GW_GATE_RECALLED:
        gw_push_value(L, pending->act.recalled);
        return 1;
    case GW_GATE_REFUSED:
        return gw_push_fail(L, &err);
    case GW_GATE_SEND:
        break;
    }
    if (!start(pending)) {
        report(pending);
        return push_outcome(L, pending);
    }
    return gw_task_await(L, pending->wait);
}

void gw_bind_process(struct gw_script *script, struct gw_gate *gate)
{
    lua_State *L = gw_script_state(script);
    lua_createtable(L, 0, 1);
    lua_pushlightuserdata(L, gate);
    lua_pushcclosure(L, process_run, 1);
    lua_setfield(L, -2, "run");
    gw_script_set_host(script, "process");
}
