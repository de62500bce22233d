/* spec_world: a simulated world that a test holds: to run runbooks in, to ask what became of it, to
 * let time go by. It keeps a record of the calls that come to it. */
#include <limits.h>

#include "cli/spec.h"

#include "codec/codec.h"

#define WORLD_META       "gwrun.spec.world"
#define MAX_RECORD_BYTES ((size_t)64 << 20)

/* ---- the record ------------------------------------------------------------------------------ */

static void add_text(struct gw_arena *arena, struct gw_value *map, const char *key,
                     struct gw_view text)
{
    *gw_map_add(arena, map, gw_view_of(key)) = gw_value_string(text);
}

/* What came over the wire, without what AWS's models call sensitive. Of a copy: the simulator needs
 * the plain text. */
static bool copy_params(const struct gw_operation *op, const struct gw_value *input,
                        struct gw_arena *arena, struct gw_value *out)
{
    struct gw_buf text;
    gw_buf_init(&text, MAX_RECORD_BYTES);
    bool ok =
        gw_json_write(input, NULL, &text) && gw_json_parse(gw_buf_view(&text), arena, out, NULL);
    gw_buf_clear(&text);
    if (ok) {
        gw_mark_sensitive(op, out);
    }
    return ok;
}

static const char *effect_name(enum gw_effect effect)
{
    static const char *const names[] = {"read", "read_secret", "change", "destroy"};
    return names[effect];
}

static void on_call(void *ctx, const struct gw_operation *op, const struct gw_value *input)
{
    struct gw_cli_world *world = ctx;
    struct gw_arena *arena = gw_arena_new();
    struct gw_value call = gw_value_map(), params = gw_value_map();
    struct gw_view prefix = gw_service_iam_prefix(gw_operation_service(op));
    copy_params(op, input, arena, &params);
    add_text(arena, &call, "action",
             gw_arena_printf(arena, "%.*s:%.*s", GW_VIEW_ARGS(prefix),
                             GW_VIEW_ARGS(gw_operation_name(op))));
    add_text(arena, &call, "effect", gw_view_of(effect_name(gw_operation_effect(op))));
    *gw_map_add(arena, &call, GW_VIEW("params")) = params;
    gw_json_write(&call, NULL, &world->calls);
    gw_buf_add_char(&world->calls, '\n');
    gw_arena_free(arena);
}

/* ---- the handle ------------------------------------------------------------------------------ */

struct handle {
    struct gw_cli_world *world; /* NULL: closed */
};

int gw_cli_world_close(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, WORLD_META);
    struct gw_cli_world *world = handle->world;
    if (world) {
        handle->world = NULL;
        gw_cli_session_close(world->session);
        gw_journal_close(world->journal);
        gw_buf_clear(&world->calls);
        gw_buf_clear(&world->answers);
        gw_buf_clear(&world->questions);
        gw_arena_free(world->arena);
    }
    return 0;
}

struct gw_cli_world *gw_cli_check_world(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, WORLD_META);
    if (!handle->world) {
        luaL_error(L, "this world has ended with the test that opened it");
    }
    return handle->world;
}

static struct handle *push_handle(lua_State *L)
{
    struct handle *handle = lua_newuserdatauv(L, sizeof *handle, 0);
    handle->world = NULL;
    if (luaL_newmetatable(L, WORLD_META)) {
        lua_pushcfunction(L, gw_cli_world_close);
        lua_setfield(L, -2, "__gc");
        lua_pushliteral(L, "world");
        lua_setfield(L, -2, "__metatable");
    }
    lua_setmetatable(L, -2);
    return handle;
}

/* ---- opening --------------------------------------------------------------------------------- */

static bool read_options(const struct gw_value *request, struct gw_cli_options *out,
                         struct gw_err *err)
{
    struct gw_view name = gw_map_text(request, GW_VIEW("world"));
    const struct gw_value *seed = gw_map_get(request, GW_VIEW("seed"));
    *out = (struct gw_cli_options){.sim = true, .seed = 1};
    out->sim_world = name.len > 0 ? name.data : NULL;
    if (seed && (seed->kind != GW_INT || seed->as.integer < 1)) {
        return gw_fail(err, GW_ERR_INPUT, "spec: 'seed' must be a positive integer");
    }
    out->seed = seed ? (uint64_t)seed->as.integer : 1;
    return true;
}

/* 0: on a virtual clock. */
static bool read_speed(const struct gw_value *request, int *out, struct gw_err *err)
{
    const struct gw_value *speed = gw_map_get(request, GW_VIEW("speed"));
    if (speed && (speed->kind != GW_INT || speed->as.integer < 1 || speed->as.integer > INT_MAX)) {
        return gw_fail(err, GW_ERR_INPUT, "spec: 'speed' must be a positive integer");
    }
    *out = speed ? (int)speed->as.integer : 0;
    return true;
}

static bool open_world(struct gw_cli_world *world, const struct gw_value *request,
                       struct gw_err *err)
{
    struct gw_cli_session_options session = {.cli = &world->options,
                                             .settings = gw_map_get(request, GW_VIEW("settings")),
                                             .on_call = on_call,
                                             .on_call_ctx = world};
    if (!read_options(request, &world->options, err) || !read_speed(request, &session.speed, err)) {
        return false;
    }
    world->session = gw_cli_session_open(&session, err);
    world->journal = gw_journal_open(&(struct gw_journal_options){.path = NULL}, err);
    return world->session && world->journal &&
           gw_cli_session_settle(world->session, GW_VIEW_NONE, true, &world->target, err);
}

int gw_cli_world_open(lua_State *L)
{
    struct handle *handle = push_handle(L);
    struct gw_arena *arena = gw_arena_new();
    struct gw_value request;
    struct gw_err err = {0};
    handle->world = gw_arena_alloc(arena, sizeof *handle->world);
    handle->world->arena = arena;
    gw_buf_init(&handle->world->calls, MAX_RECORD_BYTES);
    gw_buf_init(&handle->world->answers, MAX_RECORD_BYTES);
    gw_buf_init(&handle->world->questions, MAX_RECORD_BYTES);
    if (!gw_to_value(L, 1, arena, &request, &err) || !open_world(handle->world, &request, &err)) {
        return gw_push_fail(L, &err);
    }
    return 1;
}

/* ---- asking it ------------------------------------------------------------------------------- */

struct question {
    struct gw_arena *arena;
    bool done;
    struct gw_buf output; /* JSON */
    struct gw_err err;
};

static void on_answer(void *ctx, const struct gw_call_result *result)
{
    struct question *question = ctx;
    question->done = true;
    if (result->output) {
        gw_json_write(result->output, NULL, &question->output);
    } else if (result->error) {
        gw_fail(&question->err, GW_ERR_SERVICE, "%.*s:%.*s: %.*s (%.*s)",
                GW_VIEW_ARGS(result->error->service), GW_VIEW_ARGS(result->error->operation),
                GW_VIEW_ARGS(result->error->message), GW_VIEW_ARGS(result->error->code));
    } else {
        question->err = *result->err;
    }
}

static bool await(struct gw_cli_world *world, const bool *done, struct gw_err *err)
{
    struct gw_loop *loop = gw_cli_session_loop(world->session);
    while (!*done && gw_loop_step(loop)) {
    }
    return *done || gw_fail(err, GW_ERR_INTERNAL, "the world stands still");
}

static const struct gw_operation *find_operation(struct gw_view service, struct gw_view name,
                                                 struct gw_err *err)
{
    const struct gw_service *found = gw_models_find_service(service, err);
    const struct gw_operation *op = found ? gw_service_find_operation(found, name) : NULL;
    if (found && !op) {
        gw_fail(err, GW_ERR_NOT_FOUND, "%.*s: no operation '%.*s'", GW_VIEW_ARGS(service),
                GW_VIEW_ARGS(name));
    }
    return op;
}

static bool ask(struct gw_cli_world *world, const struct gw_operation *op,
                const struct gw_value *params, struct question *question)
{
    struct gw_call_request request = {
        .op = op, .input = params, .done = on_answer, .ctx = question};
    struct gw_client *client =
        world->target.client(world->target.ctx, GW_VIEW_NONE, GW_VIEW_NONE, &question->err);
    return client && gw_call_start(client, &request, &question->err) &&
           await(world, &question->done, &question->err) && question->err.code == GW_ERR_NONE;
}

int gw_cli_world_call(lua_State *L)
{
    struct gw_cli_world *world = gw_cli_check_world(L);
    struct gw_view service = gw_check_view(L, 2), name = gw_check_view(L, 3);
    struct gw_arena *arena = gw_push_arena(L);
    struct question *question = gw_arena_alloc(arena, sizeof *question);
    struct gw_value params, output;
    const struct gw_operation *op = find_operation(service, name, &question->err);
    if (!op || !gw_to_value(L, 4, arena, &params, &question->err)) {
        return gw_push_fail(L, &question->err);
    }
    gw_buf_init(&question->output, MAX_RECORD_BYTES);
    bool ok = ask(world, op, &params, question) &&
              gw_json_parse(gw_buf_view(&question->output), arena, &output, &question->err);
    gw_buf_clear(&question->output);
    if (!ok) {
        return gw_push_fail(L, &question->err);
    }
    gw_push_value(L, &output);
    return 1;
}

int gw_cli_world_state(lua_State *L)
{
    struct gw_cli_world *world = gw_cli_check_world(L);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value state;
    struct gw_err err = {0};
    if (!gw_sim_state(gw_cli_session_sim(world->session), arena, &state, &err)) {
        return luaL_error(L, "%s", err.message);
    }
    gw_push_value(L, &state);
    return 1;
}

int gw_cli_world_record(lua_State *L)
{
    struct gw_cli_world *world = gw_cli_check_world(L);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value record;
    struct gw_err err = {0};
    if (!gw_sim_record(gw_cli_session_sim(world->session), arena, &record, &err)) {
        return luaL_error(L, "%s", err.message);
    }
    gw_push_value(L, &record);
    return 1;
}

int gw_cli_world_calls(lua_State *L)
{
    struct gw_cli_world *world = gw_cli_check_world(L);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value calls = gw_cli_read_lines(&world->calls, arena);
    gw_buf_reset(&world->calls);
    gw_push_value(L, &calls);
    return 1;
}

static void on_time(void *ctx)
{
    *(bool *)ctx = true;
}

int gw_cli_world_pass(lua_State *L)
{
    struct gw_cli_world *world = gw_cli_check_world(L);
    double seconds = luaL_checknumber(L, 2);
    luaL_argcheck(L, seconds >= 0 && seconds < 1e9, 2, "expected seconds from 0 up");
    bool over = false;
    struct gw_err err = {0};
    gw_timer_start(gw_cli_session_loop(world->session), (int64_t)(seconds * 1000), on_time, &over);
    return await(world, &over, &err) ? 0 : luaL_error(L, "%s", err.message);
}
