/* aws_presign: a call as a URL that works without credentials until it expires. Nothing is sent, so
 * that the gate takes it for a read; but the URL is as good as the call, and comes as a secret. */
#include "bind/internal.h"

enum { PARAMS = 3, SETTINGS, HOW }; /* of presign's arguments */

struct pending {
    struct gw_gate *gate;
    struct gw_arena *arena; /* holds this struct too */
    struct gw_act act;
    struct gw_wait *wait;
    struct gw_presign *presign; /* NULL: not under way */
    struct gw_bind_failure failure;
    struct gw_view url;
    struct gw_value facts; /* what must be sent along: method, headers, body */
    bool reveal;
};

static void keep_request(struct pending *pending, const struct gw_http_request *req)
{
    struct gw_arena *arena = pending->arena;
    struct gw_value headers = gw_value_map();
    pending->url = gw_arena_dup(arena, req->url);
    for (size_t i = 0; i < req->headers.count; i++) {
        *gw_map_add(arena, &headers, gw_arena_dup(arena, req->headers.items[i].name)) =
            gw_value_string(gw_arena_dup(arena, req->headers.items[i].value));
    }
    pending->facts = gw_value_map();
    *gw_map_add(arena, &pending->facts, GW_VIEW("method")) =
        gw_value_string(gw_arena_dup(arena, req->method));
    *gw_map_add(arena, &pending->facts, GW_VIEW("headers")) = headers;
    if (req->body.len > 0) {
        struct gw_value *body = gw_map_add(arena, &pending->facts, GW_VIEW("body"));
        *body = gw_value_string(gw_arena_dup(arena, req->body));
        body->secret = true; /* whatever the parameters were */
    }
}

static void report(struct pending *pending)
{
    struct gw_outcome outcome = {.err = gw_bind_failed(&pending->failure) ? &pending->failure.err
                                                                          : NULL};
    pending->gate->finished(pending->gate, &pending->act, &outcome);
}

static void on_presigned(void *ctx, const struct gw_http_request *req, const struct gw_err *err)
{
    struct pending *pending = ctx;
    pending->presign = NULL;
    if (req) {
        keep_request(pending, req);
    } else {
        gw_bind_keep_err(&pending->failure, err);
    }
    report(pending);
    gw_wait_finish(pending->wait);
}

static void cancel(void *ctx)
{
    struct pending *pending = ctx;
    struct gw_err err = {0};
    if (pending->presign) {
        gw_presign_cancel(pending->presign);
        pending->presign = NULL;
        gw_fail(&err, GW_ERR_CANCELLED, "cancelled");
        gw_bind_keep_err(&pending->failure, &err);
        report(pending);
    }
}

static int push_outcome(lua_State *L, void *ctx)
{
    struct pending *pending = ctx;
    if (gw_bind_failed(&pending->failure)) {
        lua_pushnil(L);
        gw_bind_push_failure(L, &pending->failure);
        return 2;
    }
    if (pending->reveal) {
        gw_push_view(L, pending->url);
    } else {
        gw_push_secret(L, pending->url);
    }
    gw_push_value(L, &pending->facts);
    return 2;
}

/* ---- arguments ------------------------------------------------------------------------------- */

/* The field stays on the stack. [-0, +1, v] */
static struct gw_view text_field(lua_State *L, int table, const char *name)
{
    lua_pushnil(L);
    if (lua_istable(L, table)) {
        lua_pop(L, 1);
        lua_getfield(L, table, name);
    }
    return gw_opt_view(L, -1);
}

static int64_t expires_field(lua_State *L)
{
    int64_t expires_s = 0;
    if (lua_istable(L, HOW)) {
        lua_getfield(L, HOW, "expires");
        expires_s = luaL_optinteger(L, -1, 0);
        luaL_argcheck(L, expires_s > 0 || lua_isnil(L, -1), HOW, "expires must be above 0");
    }
    return expires_s;
}

static bool start(struct pending *pending, struct gw_presign_request *request,
                  struct gw_view region, struct gw_view profile)
{
    struct gw_err err = {0};
    struct gw_client *client = pending->gate->client(pending->gate, region, profile, &err);
    request->done = on_presigned;
    request->ctx = pending;
    pending->presign = client ? gw_presign_start(client, request, &err) : NULL;
    if (!pending->presign) {
        gw_bind_keep_err(&pending->failure, &err);
        report(pending);
    }
    return pending->presign != NULL;
}

static struct pending *new_pending(struct gw_gate *gate, struct gw_arena *arena,
                                   const struct gw_operation *op, struct gw_task *task)
{
    struct pending *pending = gw_arena_alloc(arena, sizeof *pending);
    pending->gate = gate;
    pending->arena = arena;
    pending->act = (struct gw_act){.action = gw_bind_action(op, arena),
                                   .effect = GW_EFFECT_READ,
                                   .presigns = true,
                                   .context = gw_task_context(task)};
    pending->failure =
        (struct gw_bind_failure){.arena = arena, .op = op, .action = pending->act.action};
    return pending;
}

/* presign(service, name, params [, settings [, how]]) -> url as a secret, { method=, headers=,
 * body= } | nil, err. how: expires (seconds), method, reveal (the url as plain text). */
int gw_bind_aws_presign(lua_State *L)
{
    struct gw_gate *gate = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_view service = gw_check_view(L, 1), name = gw_check_view(L, 2);
    lua_settop(L, HOW);
    struct gw_view region = text_field(L, SETTINGS, "region");
    struct gw_view profile = text_field(L, SETTINGS, "profile");
    bool reveal = gw_bind_is_set(L, HOW, "reveal");
    struct gw_presign_request request = {.expires_s = expires_field(L),
                                         .method = text_field(L, HOW, "method")};
    struct gw_task *task = gw_task_current(L);
    if (!task) {
        return luaL_error(L, "aws.%s.presign.%s: only inside a runbook's run function",
                          service.data, name.data);
    }
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value params;
    struct gw_err err = {0};
    request.op = gw_bind_find_operation(service, name, arena, &err);
    if (!request.op || !gw_to_value(L, PARAMS, arena, &params, &err)) {
        return gw_push_fail(L, &err);
    }
    params = params.kind == GW_NULL ? gw_value_map() : params;
    request.input = &params;
    struct pending *pending = new_pending(gate, arena, request.op, task);
    pending->reveal = reveal;
    pending->wait = gw_wait_push(L, push_outcome, cancel, pending);
    if (gate->ask(gate, &pending->act, &err) == GW_GATE_REFUSED) {
        return gw_push_fail(L, &err);
    }
    if (!start(pending, &request, region, profile)) {
        return push_outcome(L, pending);
    }
    return gw_task_await(L, pending->wait);
}
