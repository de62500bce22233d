/* host.exec: a command inside a container (ECS Exec), from its start to its end as one act. The gate
 * must allow both ecs:ExecuteCommand and the command, and says whether it changes something. It ends
 * with the task. Limits: 16 MiB of output that is collected, 64 KiB of a command. */
#include <string.h>

#include "bind/exec.h"

#define EXEC_META     "gwrun.exec"
#define MAX_TIMEOUT_S 86400
#define MAX_WORDS     1024
#define MAX_COMMAND   ((size_t)64 << 10)

enum { PARAMS = 1, HOW };

static int close_exec(lua_State *L)
{
    exec_release(lua_touserdata(L, 1));
    return 0;
}

static struct exec *push_exec(lua_State *L)
{
    struct exec *exec = lua_newuserdatauv(L, sizeof *exec, 0);
    *exec = (struct exec){0};
    gw_buf_init(&exec->output, GW_EXEC_MAX_OUTPUT_BYTES);
    if (luaL_newmetatable(L, EXEC_META)) {
        lua_pushcfunction(L, close_exec);
        lua_setfield(L, -2, "__close");
        lua_pushcfunction(L, close_exec);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    lua_toclose(L, -1);
    return exec;
}

/* ---- its end --------------------------------------------------------------------------------- */

static void add(struct gw_arena *arena, struct gw_value *map, const char *name,
                struct gw_value value)
{
    *gw_map_add(arena, map, gw_view_of(name)) = value;
}

/* The journal has what was put out only where that was asked for. */
struct gw_value exec_result(const struct exec *exec, bool for_journal)
{
    struct gw_arena *arena = exec->arena;
    struct gw_value result = gw_value_map();
    struct gw_value output = gw_value_string(gw_arena_dup(arena, gw_buf_view(&exec->output)));
    output.secret = for_journal && !exec->records;
    add(arena, &result, "output", output);
    if (exec->has_status) {
        add(arena, &result, "status", gw_value_int(exec->status));
    }
    add(arena, &result, "begun", gw_value_bool(exec->has_begun));
    add(arena, &result, "session", gw_value_string(exec->session_id));
    add(arena, &result, "reason", gw_value_string(exec->reason));
    add(arena, &result, "losses", gw_value_int(exec->losses));
    return result;
}

void exec_report(struct exec *exec)
{
    struct gw_value kept = exec_result(exec, true);
    bool failed = gw_bind_failed(&exec->failure);
    struct gw_outcome outcome = {.err = failed ? &exec->failure.err : NULL,
                                 .code = exec->failure.error.code,
                                 .request_id = exec->request_id,
                                 .http_status = exec->http_status,
                                 .attempts = exec->attempts,
                                 .duration_ms = gw_loop_now_ms(exec->loop) - exec->began_ms,
                                 .output = failed ? NULL : &kept};
    exec->is_over = true;
    exec->gate->finished(exec->gate, &exec->act, &outcome);
}

static void cancel(void *ctx)
{
    struct exec *exec = ctx;
    if (!exec->is_over && exec->has_started) {
        gw_fail(&exec->failure.err, GW_ERR_CANCELLED,
                "%.*s: cancelled; what the command had done is not known",
                GW_VIEW_ARGS(exec->act.action));
        exec_report(exec);
    }
    exec_release(exec);
}

static int push_outcome(lua_State *L, void *ctx)
{
    struct exec *exec = ctx;
    struct gw_value result = exec_result(exec, false);
    exec_release(exec);
    if (!gw_bind_failed(&exec->failure)) {
        gw_push_value(L, &result);
        return 1;
    }
    lua_pushnil(L);
    gw_bind_push_failure(L, &exec->failure);
    return 2;
}

/* ---- its start ------------------------------------------------------------------------------- */

static struct gw_view text_field(lua_State *L, int table, const char *name, struct gw_arena *arena)
{
    struct gw_view text = GW_VIEW("");
    lua_getfield(L, table, name);
    if (!lua_isnil(L, -1)) {
        if (lua_type(L, -1) != LUA_TSTRING) {
            luaL_error(L, "exec: '%s' must be a string, got %s", name, luaL_typename(L, -1));
        }
        text.data = lua_tolstring(L, -1, &text.len);
        text = gw_arena_dup(arena, text);
    }
    lua_pop(L, 1);
    return text;
}

static void read_words(lua_State *L, struct exec *exec)
{
    lua_getfield(L, HOW, "words");
    luaL_argexpected(L, lua_istable(L, -1), HOW, "words of a command");
    lua_Unsigned count = lua_rawlen(L, -1);
    if (count == 0 || count > MAX_WORDS) {
        luaL_error(L, "exec: expected the words of a command, 1 to %d of them", MAX_WORDS);
    }
    exec->words = gw_value_list();
    for (lua_Unsigned i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        struct gw_view word = {0};
        luaL_argexpected(L, lua_type(L, -1) == LUA_TSTRING, HOW, "words of a command");
        word.data = lua_tolstring(L, -1, &word.len);
        if (gw_bind_holds_secret(word)) {
            luaL_error(L, "exec: a secret in a command could be seen by others in the container");
        }
        *gw_list_add(exec->arena, &exec->words) = gw_value_string(gw_arena_dup(exec->arena, word));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* What AWS is sent, and what people see of it: the command without what it is wrapped in. */
static void read_params(lua_State *L, struct exec *exec)
{
    static const char *const names[] = {"cluster", "task", "container"};
    struct gw_arena *arena = exec->arena;
    struct gw_view command = text_field(L, PARAMS, "command", arena);
    if (command.len == 0 || command.len > MAX_COMMAND || memchr(command.data, 0, command.len)) {
        luaL_error(L, "exec: expected a command of at most 64 KiB, without zero bytes");
    }
    exec->params = gw_value_map();
    exec->shown = gw_value_map();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct gw_view text = text_field(L, PARAMS, names[i], arena);
        if (text.len > 0) {
            add(arena, &exec->params, names[i], gw_value_string(text));
            add(arena, &exec->shown, names[i], gw_value_string(text));
        }
    }
    add(arena, &exec->params, "command", gw_value_string(command));
    add(arena, &exec->params, "interactive", gw_value_bool(true));
    add(arena, &exec->shown, "command", exec->words);
}

/* In milliseconds; 0 where it is not given. */
static int64_t seconds_field(lua_State *L, const char *name)
{
    lua_getfield(L, HOW, name);
    lua_Number seconds = luaL_optnumber(L, -1, 0);
    lua_pop(L, 1);
    if (!(seconds >= 0 && seconds <= MAX_TIMEOUT_S)) {
        luaL_error(L, "exec: %s must be at most %d seconds", name, MAX_TIMEOUT_S);
    }
    return (int64_t)(seconds * 1000);
}

static void read_how(lua_State *L, struct exec *exec)
{
    static const char *const names[] = {"collect", "show", "pipe", "terminal", NULL};
    lua_getfield(L, HOW, "io");
    exec->io = (enum exec_io)luaL_checkoption(L, -1, "collect", names);
    lua_pop(L, 1);
    exec->timeout_ms = seconds_field(L, "timeout");
    exec->patience_ms = seconds_field(L, "patience");
    exec->records = gw_bind_is_set(L, HOW, "record");
    exec->target = text_field(L, HOW, "target", exec->arena);
}

static struct exec *read_exec(lua_State *L, struct gw_gate *gate, struct gw_task *task)
{
    struct gw_arena *arena = gw_push_arena(L);
    struct exec *exec = push_exec(L);
    struct gw_err err;
    exec->gate = gate;
    exec->arena = arena;
    exec->loop = gw_script_loop(gw_script_of(L));
    read_words(L, exec);
    read_params(L, exec);
    read_how(L, exec);
    exec->failure = (struct gw_bind_failure){
        .arena = arena,
        .op = gw_bind_find_operation(GW_VIEW("ecs"), GW_VIEW("execute_command"), arena, &err),
        .action = GW_VIEW("ecs:ExecuteCommand")};
    exec->act = (struct gw_act){.action = exec->failure.action,
                                .inside = &exec->words,
                                .effect = gate->inside(gate, &exec->words),
                                .params = &exec->shown,
                                .region = text_field(L, HOW, "region", arena),
                                .profile = text_field(L, HOW, "profile", arena),
                                .context = gw_task_context(task)};
    return exec;
}

/* run({ cluster=, task=, container=, command= }, { words=, target=, io=, timeout=, patience=, record=, region=,
 * profile= }) -> { output=, status=, begun=, session=, reason=, losses= } | nil, err | nil, nil, "planned",
 * params. `command` is what AWS is sent, `words` what it is wrapped around. */
static int exec_run(lua_State *L)
{
    struct gw_gate *gate = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_task *task = gw_task_current(L);
    struct gw_err err = {0};
    luaL_checktype(L, PARAMS, LUA_TTABLE);
    luaL_checktype(L, HOW, LUA_TTABLE);
    lua_settop(L, HOW);
    if (!task) {
        return luaL_error(L, "exec: commands are run inside a runbook's run function only");
    }
    struct exec *exec = read_exec(L, gate, task);
    exec->wait = gw_wait_push(L, push_outcome, cancel, exec);
    switch (gate->ask(gate, &exec->act, &err)) {
    case GW_GATE_PLANNED:
        lua_pushnil(L);
        lua_pushnil(L);
        lua_pushliteral(L, "planned");
        gw_push_value(L, &exec->shown);
        return 4;
    case GW_GATE_RECALLED:
        gw_push_value(L, exec->act.recalled);
        return 1;
    case GW_GATE_REFUSED:
        return gw_push_fail(L, &err);
    case GW_GATE_SEND:
        break;
    }
    if (!exec_start(exec)) {
        exec_report(exec);
        return push_outcome(L, exec);
    }
    return gw_task_await(L, exec->wait);
}

void gw_bind_exec(struct gw_script *script, struct gw_gate *gate)
{
    lua_State *L = gw_script_state(script);
    lua_createtable(L, 0, 1);
    lua_pushlightuserdata(L, gate);
    lua_pushcclosure(L, exec_run, 1);
    lua_setfield(L, -2, "run");
    gw_script_set_host(script, "exec");
}
