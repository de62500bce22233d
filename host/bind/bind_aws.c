/* host.aws: the model's operations as one function. A call asks the gate, is sent by the client of
 * its region and profile, and suspends the task until it is answered.
 *
 * What a call needs lives in an arena anchored on the binding's stack: it outlasts the wait and
 * goes with the task. */
#include "bind/internal.h"

/* ---- finding operations ---------------------------------------------------------------------- */

static bool fail_operation(const struct gw_service *service, struct gw_view name,
                           struct gw_arena *arena, struct gw_err *err)
{
    size_t count = gw_service_operation_count(service);
    struct gw_view *names = gw_arena_alloc(arena, (count + 1) * sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = gw_operation_snake_name(gw_service_operation(service, i));
    }
    struct gw_view near = gw_view_nearest(name, names, count);
    struct gw_view of = gw_service_name(service);
    if (near.len > 0) {
        return gw_fail(err, GW_ERR_NOT_FOUND, "%.*s: no operation '%.*s', did you mean '%.*s'?",
                       GW_VIEW_ARGS(of), GW_VIEW_ARGS(name), GW_VIEW_ARGS(near));
    }
    return gw_fail(err, GW_ERR_NOT_FOUND, "%.*s: no operation '%.*s'", GW_VIEW_ARGS(of),
                   GW_VIEW_ARGS(name));
}

const struct gw_operation *gw_bind_find_operation(struct gw_view service_name, struct gw_view name,
                                                  struct gw_arena *arena, struct gw_err *err)
{
    const struct gw_service *service = gw_models_find_service(service_name, err);
    if (!service) {
        return NULL;
    }
    const struct gw_operation *op = gw_service_find_operation(service, name);
    if (!op) {
        fail_operation(service, name, arena, err);
    }
    return op;
}

struct gw_view gw_bind_action(const struct gw_operation *op, struct gw_arena *arena)
{
    struct gw_view prefix = gw_service_iam_prefix(gw_operation_service(op));
    return gw_arena_printf(arena, "%.*s:%.*s", GW_VIEW_ARGS(prefix),
                           GW_VIEW_ARGS(gw_operation_name(op)));
}

/* ---- describing ------------------------------------------------------------------------------ */

/* services() -> list of names */
static int aws_services(lua_State *L)
{
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value names = gw_models_names(arena);
    gw_push_value(L, &names);
    return 1;
}

/* operations(service) -> list of snake names | nil, err */
static int aws_operations(lua_State *L)
{
    struct gw_view name = gw_check_view(L, 1);
    struct gw_err err = {0};
    const struct gw_service *service = gw_models_find_service(name, &err);
    if (!service) {
        return gw_push_fail(L, &err);
    }
    lua_createtable(L, (int)gw_service_operation_count(service), 0);
    for (size_t i = 0; i < gw_service_operation_count(service); i++) {
        gw_push_view(L, gw_operation_snake_name(gw_service_operation(service, i)));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    gw_mark_list(L, -1);
    return 1;
}

struct gw_view gw_bind_effect_name(enum gw_effect effect)
{
    static const char *const names[] = {"read", "read_secret", "change", "destroy"};
    return gw_view_of(names[effect]);
}

static void set_text(lua_State *L, const char *field, struct gw_view text)
{
    gw_push_view(L, text);
    lua_setfield(L, -2, field);
}

/* operation(service, name) -> facts | nil, err */
static int aws_operation(lua_State *L)
{
    struct gw_view service = gw_check_view(L, 1);
    struct gw_view name = gw_check_view(L, 2);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_err err = {0};
    const struct gw_operation *op = gw_bind_find_operation(service, name, arena, &err);
    if (!op) {
        return gw_push_fail(L, &err);
    }
    lua_createtable(L, 0, 5);
    set_text(L, "name", gw_operation_name(op));
    set_text(L, "snake_name", gw_operation_snake_name(op));
    set_text(L, "service", gw_service_name(gw_operation_service(op)));
    set_text(L, "action", gw_bind_action(op, arena));
    set_text(L, "effect", gw_bind_effect_name(gw_operation_effect(op)));
    return 1;
}

/* ---- calling --------------------------------------------------------------------------------- */

enum { SETTINGS = 4, HOW }; /* of call's arguments */

struct pending {
    struct gw_gate *gate;
    struct gw_arena *arena; /* holds this struct too */
    const struct gw_operation *op;
    struct gw_act act;
    struct gw_value params;
    struct gw_call_options options;
    struct gw_credentials credentials; /* no key: the run's own; text on the stack */
    struct gw_wait *wait;
    struct gw_call *call; /* NULL: not under way */
    struct gw_bind_streams *streams;
    struct gw_bind_events *events; /* NULL: the output has none */
    int events_index;              /* on the stack */
    bool left_open;                /* see gw_outcome */
    bool is_opening;               /* the events, in place of a call */
    bool document, reveal;         /* how the output is wanted */

    struct gw_bind_failure failure; /* none: `value` is the output */
    struct gw_value value;
    struct gw_bind_report report;
};

static void report(struct pending *pending, struct gw_view request_id, int attempts,
                   int64_t duration_ms)
{
    const struct gw_bind_failure *failure = &pending->failure;
    struct gw_outcome outcome = {.err = gw_bind_failed(failure) ? &failure->err : NULL,
                                 .code = failure->error.code,
                                 .request_id = request_id,
                                 .http_status = pending->report.http_status,
                                 .attempts = attempts,
                                 .left_open = pending->left_open,
                                 .duration_ms = duration_ms,
                                 .output = &pending->value};
    pending->gate->finished(pending->gate, &pending->act, &outcome);
}

static void call_done(void *ctx, const struct gw_call_result *result)
{
    struct pending *pending = ctx;
    struct gw_err err = {0};
    pending->call = NULL;
    gw_bind_unwatch_streams(pending->streams);
    pending->is_opening = false;
    pending->left_open = result->left_open;
    if (result->output) {
        pending->value = gw_value_copy(pending->arena, result->output);
        if (!gw_bind_finish_sink(pending->streams, pending->op, pending->arena, &pending->value,
                                 &err)) {
            gw_bind_keep_err(&pending->failure, &err);
        }
    }
    gw_bind_keep_result(&pending->failure, result);
    pending->report =
        (struct gw_bind_report){gw_arena_dup(pending->arena, result->request_id),
                                result->http_status, result->attempts, result->duration_ms};
    report(pending, result->request_id, result->attempts, result->duration_ms);
    gw_wait_finish(pending->wait);
}

static void call_retrying(void *ctx, const struct gw_call_retry *retry)
{
    const struct pending *pending = ctx;
    struct gw_view cause = retry->error ? retry->error->code : gw_view_of(retry->err->message);
    struct gw_setback setback = {
        .cause = gw_bind_shorten(pending->arena, cause),
        .attempt = retry->attempt,
        .delay_ms = retry->delay_ms,
    };
    pending->gate->retrying(pending->gate, &pending->act, &setback);
}

static void cancel_call(void *ctx)
{
    struct pending *pending = ctx;
    if (!pending->call && !pending->is_opening) {
        return;
    }
    gw_bind_unwatch_streams(pending->streams);
    if (pending->is_opening) {
        gw_bind_close_events(pending->events);
    }
    gw_call_cancel(pending->call);
    pending->call = NULL;
    pending->is_opening = false;
    gw_fail(&pending->failure.err, GW_ERR_CANCELLED,
            "%.*s: cancelled; whether it took effect is not known",
            GW_VIEW_ARGS(pending->act.action));
    report(pending, GW_VIEW_NONE, 0, 0);
}

/* The member of the output that goes on is the stream itself. */
static void add_events(lua_State *L, const struct pending *pending)
{
    const struct gw_shape *output = gw_operation_output(pending->op);
    gw_push_view(L, gw_member_name(gw_event_stream_member(output)));
    lua_pushvalue(L, pending->events_index);
    lua_rawset(L, -3);
}

static void push_output(lua_State *L, const struct pending *pending)
{
    struct gw_value document;
    if (!pending->document) {
        gw_push_value(L, &pending->value);
        return;
    }
    gw_bind_show_document(gw_operation_output(pending->op), &pending->value, pending->reveal,
                          pending->arena, &document);
    gw_push_ordered(L, &document);
}

static int push_outcome(lua_State *L, void *ctx)
{
    struct pending *pending = ctx;
    gw_bind_fill_report(L, HOW, &pending->report);
    if (!gw_bind_failed(&pending->failure)) {
        push_output(L, pending);
        if (pending->events) {
            add_events(L, pending);
        }
        lua_pushnil(L);
        lua_pushinteger(L, pending->report.http_status);
        return 3;
    }
    lua_pushnil(L);
    gw_bind_push_failure(L, &pending->failure);
    return 2;
}

static int push_recalled(lua_State *L, const struct pending *pending)
{
    gw_push_value(L, pending->act.recalled);
    return 1;
}

static int push_planned(lua_State *L, const struct pending *pending)
{
    lua_pushnil(L);
    lua_pushnil(L);
    lua_pushliteral(L, "planned");
    gw_push_value(L, &pending->params);
    return 4;
}

/* Reads a text field of the client's settings, if there are any. */
static struct gw_view option(lua_State *L, const char *field)
{
    struct gw_view text = GW_VIEW_NONE;
    if (lua_istable(L, SETTINGS) && lua_getfield(L, SETTINGS, field) == LUA_TSTRING) {
        text.data = lua_tolstring(L, -1, &text.len);
    }
    return text; /* stays on the stack */
}

/* A text or a secret of the table on top; empty: neither. It stays on the stack. */
static struct gw_view credential(lua_State *L, int table, const char *field)
{
    struct gw_view text = GW_VIEW_NONE;
    if (lua_getfield(L, table, field) == LUA_TSTRING) {
        text.data = lua_tolstring(L, -1, &text.len);
    } else {
        gw_to_secret(L, -1, &text);
    }
    return text;
}

/* Whoever the client's settings say calls. */
static void read_credentials(lua_State *L, struct gw_credentials *out)
{
    if (!lua_istable(L, SETTINGS) || lua_getfield(L, SETTINGS, "credentials") != LUA_TTABLE) {
        return;
    }
    int table = lua_gettop(L);
    *out = (struct gw_credentials){.access_key_id = credential(L, table, "access_key_id"),
                                   .secret_access_key = credential(L, table, "secret_access_key"),
                                   .session_token = credential(L, table, "session_token")};
}

bool gw_bind_is_set(lua_State *L, int table, const char *field)
{
    bool set = false;
    if (lua_istable(L, table)) {
        lua_getfield(L, table, field);
        set = lua_toboolean(L, -1);
        lua_pop(L, 1);
    }
    return set;
}

static void start_request(struct pending *pending, struct gw_client *client,
                          const struct gw_call_request *request, struct gw_err *err)
{
    if (pending->events) {
        pending->is_opening = gw_bind_open_events(pending->events, client, request, err);
    } else {
        pending->call = gw_call_start(client, request, err);
    }
}

static bool start_call(struct pending *pending, struct gw_view region, struct gw_view profile)
{
    struct gw_err err = {0};
    struct gw_bind_streams *streams = pending->streams;
    struct gw_client *client = pending->gate->client(pending->gate, region, profile, &err);
    if (client && gw_bind_open_sink(streams, &err)) {
        struct gw_call_request request = {
            .op = pending->op,
            .input = pending->act.params,
            .source = streams->source ? gw_file_source_body(streams->source) : NULL,
            .sink = streams->sink ? gw_file_sink_body(streams->sink) : NULL,
            .options = pending->options,
            .credentials =
                pending->credentials.access_key_id.len > 0 ? &pending->credentials : NULL,
            .token = gw_view_of(pending->act.token),
            .done = call_done,
            .retrying = call_retrying,
            .ctx = pending};
        start_request(pending, client, &request, &err);
    }
    if (!pending->call && !pending->is_opening) {
        gw_bind_keep_err(&pending->failure, &err);
        report(pending, GW_VIEW_NONE, 0, 0);
    }
    return pending->call || pending->is_opening;
}

static bool read_params(lua_State *L, struct pending *pending)
{
    struct gw_err err = {0};
    if (!gw_bind_take_source(L, 3, pending->op, pending->streams, &err) ||
        !gw_to_value(L, 3, pending->arena, &pending->params, &err)) {
        gw_bind_keep_err(&pending->failure, &err);
        return false;
    }
    if (pending->params.kind == GW_NULL) {
        pending->params = gw_value_map();
    }
    gw_mark_sensitive(pending->op, &pending->params);
    return true;
}

static struct pending *new_pending(struct gw_gate *gate, struct gw_arena *arena,
                                   const struct gw_operation *op, struct gw_task *task)
{
    struct pending *pending = gw_arena_alloc(arena, sizeof *pending);
    pending->gate = gate;
    pending->arena = arena;
    pending->op = op;
    pending->act = (struct gw_act){.action = gw_bind_action(op, arena),
                                   .effect = gw_operation_effect(op),
                                   .params = &pending->params,
                                   .context = gw_task_context(task)};
    pending->failure =
        (struct gw_bind_failure){.arena = arena, .op = op, .action = pending->act.action};
    return pending;
}

/* call(service, name, params [, settings [, how]]) -> output, nil, HTTP status | nil, err | nil, nil,
 * "planned", params with secrets as such. With how.document the output is shown as aws_document.c
 * does, in its order; with how.reveal its secrets are plain text. With how.waits a plan does not
 * send it. */
static int aws_call(lua_State *L)
{
    struct gw_gate *gate = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_view service = gw_check_view(L, 1);
    struct gw_view name = gw_check_view(L, 2);
    lua_settop(L, HOW);
    bool document = gw_bind_is_set(L, HOW, "document"), reveal = gw_bind_is_set(L, HOW, "reveal");
    bool waits = gw_bind_is_set(L, HOW, "waits");
    struct gw_view region = option(L, "region"), profile = option(L, "profile");
    struct gw_task *task = gw_task_current(L);
    if (!task) {
        return luaL_error(L, "aws.%s.%s: AWS is called inside a runbook's run function only",
                          service.data, name.data);
    }
    const char *subject = lua_pushfstring(L, "aws.%s.%s", service.data, name.data);
    struct gw_call_options options = gw_bind_call_options(L, subject, SETTINGS, HOW);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_err err = {0};
    const struct gw_operation *op = gw_bind_find_operation(service, name, arena, &err);
    if (!op) {
        return gw_push_fail(L, &err);
    }
    struct pending *pending = new_pending(gate, arena, op, task);
    pending->options = options;
    read_credentials(L, &pending->credentials);
    pending->document = document;
    pending->reveal = reveal;
    pending->act.waits = waits;
    pending->act.region = region;
    pending->act.profile = profile;
    pending->act.takes_token = gw_shape_takes_token(gw_operation_input(op));
    pending->streams = gw_bind_push_streams(L);
    gw_bind_read_save_to(L, subject, HOW, op, pending->streams);
    if (!read_params(L, pending) ||
        !gw_bind_allow_sink(pending->streams, gate, arena, &pending->failure.err)) {
        return push_outcome(L, pending);
    }
    pending->act.save_to = pending->streams->save_to;
    if (!document && gw_event_stream_member(gw_operation_output(op))) {
        pending->events = gw_bind_push_events(L, gate, op, &pending->act);
        pending->events_index = lua_gettop(L);
    }
    pending->wait = gw_wait_push(L, push_outcome, cancel_call, pending);
    switch (gate->ask(gate, &pending->act, &err)) {
    case GW_GATE_PLANNED:
        return push_planned(L, pending);
    case GW_GATE_RECALLED:
        return push_recalled(L, pending);
    case GW_GATE_REFUSED:
        return gw_push_fail(L, &err);
    case GW_GATE_SEND:
        break;
    }
    if (!start_call(pending, region, profile)) {
        return push_outcome(L, pending);
    }
    gw_bind_watch_streams(pending->streams, gw_script_loop(gw_script_of(L)), gate, &pending->act);
    return gw_task_await(L, pending->wait);
}

/* check(service, name, params) -> params as they would be shown | nil, err */
static int aws_check(lua_State *L)
{
    struct gw_view service = gw_check_view(L, 1);
    struct gw_view name = gw_check_view(L, 2);
    lua_settop(L, 3);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value params, shown;
    struct gw_err err = {0};
    const struct gw_operation *op = gw_bind_find_operation(service, name, arena, &err);
    if (!op || !gw_to_value(L, 3, arena, &params, &err) || !gw_validate(op, &params, &err)) {
        return gw_push_fail(L, &err);
    }
    gw_mark_sensitive(op, &params);
    gw_bind_show_document(gw_operation_input(op), &params, false, arena, &shown);
    gw_push_ordered(L, &shown);
    return 1;
}

void gw_bind_aws(struct gw_script *script, struct gw_gate *gate)
{
    static const luaL_Reg functions[] = {{"services", aws_services},
                                         {"operations", aws_operations},
                                         {"operation", aws_operation},
                                         {"paginator", gw_bind_aws_paginator},
                                         {"waiter", gw_bind_aws_waiter},
                                         {"check_client", gw_bind_aws_check_client},
                                         {"waiters", gw_bind_aws_waiters},
                                         {"shape", gw_bind_aws_shape},
                                         {"check", aws_check},
                                         {"actions", gw_bind_aws_actions},
                                         {NULL, NULL}};
    lua_State *L = gw_script_state(script);
    luaL_newlib(L, functions);
    lua_pushlightuserdata(L, gate);
    lua_pushcclosure(L, aws_call, 1);
    lua_setfield(L, -2, "call");
    lua_pushlightuserdata(L, gate);
    lua_pushcclosure(L, gw_bind_aws_presign, 1);
    lua_setfield(L, -2, "presign");
    lua_pushlightuserdata(L, gate);
    lua_pushcclosure(L, gw_bind_aws_caller, 1);
    lua_setfield(L, -2, "caller");
    gw_script_set_host(script, "aws");
}
