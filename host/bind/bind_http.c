/* host.http: one plain HTTP request, for health endpoints and hooks. The gate must allow the host;
 * any method but GET and HEAD counts as a change. Redirects are not followed.
 * Limits: 64 headers, 16 MiB a response. */
#include <ctype.h>

#include "bind/bind.h"

#define MAX_HEADERS        64
#define MAX_RESPONSE_BYTES ((size_t)16 << 20)
#define MAX_TIMEOUT_S      3600
#define DEFAULT_TIMEOUT_S  60

struct pending {
    struct gw_gate *gate;
    struct gw_arena *arena; /* holds this struct too */
    struct gw_act act;
    struct gw_http_request req;
    struct gw_transport *transport;
    struct gw_exchange *exchange; /* NULL: not under way */
    struct gw_wait *wait;
    struct gw_loop *loop;
    int64_t began_ms;

    struct gw_value params; /* what tells the request from others, for the journal */
    struct gw_err err;      /* code GW_ERR_NONE: `answer` is there */
    struct gw_value answer; /* a map, as the script gets it */
};

/* ---- reading the request --------------------------------------------------------------------- */

/* Text or secret at the top of the stack, which it leaves there. */
static bool to_text(lua_State *L, struct gw_view *out)
{
    if (lua_type(L, -1) == LUA_TSTRING) {
        out->data = lua_tolstring(L, -1, &out->len);
        return true;
    }
    return gw_to_secret(L, -1, out);
}

static struct gw_value field(lua_State *L, struct gw_arena *arena, const char *name)
{
    struct gw_view text = GW_VIEW_NONE;
    struct gw_value out = {0};
    if (lua_getfield(L, 1, name) != LUA_TNIL && !to_text(L, &text)) {
        luaL_error(L, "http.request: option '%s' must be a string, got %s", name,
                   luaL_typename(L, -1));
    }
    if (text.data) {
        out = gw_value_string(gw_arena_dup(arena, text));
        out.secret = lua_type(L, -1) != LUA_TSTRING;
    }
    lua_pop(L, 1);
    return out;
}

static struct gw_view text_of(const struct gw_value *value)
{
    return value->kind == GW_STRING ? value->as.string : GW_VIEW_NONE;
}

static bool has_line_break(struct gw_view text)
{
    return gw_view_find_char(text, '\r') != GW_NPOS || gw_view_find_char(text, '\n') != GW_NPOS;
}

static void read_headers(lua_State *L, struct pending *pending)
{
    if (lua_getfield(L, 1, "headers") == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        struct gw_view name = {0}, value = {0};
        bool named = lua_type(L, -2) == LUA_TSTRING;
        if (!named || !to_text(L, &value)) {
            luaL_error(L, "http.request: headers must be a table of name = text");
        }
        name.data = lua_tolstring(L, -2, &name.len);
        if (has_line_break(name) || has_line_break(value)) {
            luaL_error(L, "http.request: header '%s' contains a line break", name.data);
        }
        if (pending->req.headers.count == MAX_HEADERS) {
            luaL_error(L, "http.request: more than %d headers", MAX_HEADERS);
        }
        gw_headers_add(pending->arena, &pending->req.headers, name, value);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static int64_t read_timeout(lua_State *L)
{
    lua_getfield(L, 1, "timeout");
    lua_Number seconds = luaL_optnumber(L, -1, DEFAULT_TIMEOUT_S);
    lua_pop(L, 1);
    if (!(seconds > 0 && seconds <= MAX_TIMEOUT_S)) {
        luaL_error(L, "http.request: timeout must be above 0 and at most %d seconds",
                   MAX_TIMEOUT_S);
    }
    return (int64_t)(seconds * 1000);
}

/* What people may see of a URL: not its query, which may carry a token. */
static void describe(struct pending *pending, const struct gw_url *url, const struct gw_value *body)
{
    struct gw_view method = pending->req.method;
    struct gw_value query = gw_value_string(url->query);
    query.secret = true;
    pending->params = gw_value_map();
    if (url->query.len > 0) {
        *gw_map_add(pending->arena, &pending->params, GW_VIEW("query")) = query;
    }
    if (body->kind == GW_STRING) {
        *gw_map_add(pending->arena, &pending->params, GW_VIEW("body")) = *body;
    }
    pending->act.params = &pending->params;
    pending->act.url = gw_arena_printf(pending->arena, "%.*s://%.*s%.*s", GW_VIEW_ARGS(url->scheme),
                                       GW_VIEW_ARGS(url->authority), GW_VIEW_ARGS(url->path));
    pending->act.action = gw_arena_printf(pending->arena, "%.*s %.*s", GW_VIEW_ARGS(method),
                                          GW_VIEW_ARGS(pending->act.url));
    pending->act.host = url->authority;
    pending->act.effect =
        gw_view_equal(method, GW_VIEW("GET")) || gw_view_equal(method, GW_VIEW("HEAD"))
            ? GW_EFFECT_READ
            : GW_EFFECT_CHANGE;
}

static bool read_request(lua_State *L, struct pending *pending, struct gw_err *err)
{
    struct gw_http_request *req = &pending->req;
    struct gw_url url;
    luaL_checktype(L, 1, LUA_TTABLE);
    struct gw_value given_url = field(L, pending->arena, "url");
    struct gw_value method = field(L, pending->arena, "method");
    struct gw_value body = field(L, pending->arena, "body");
    req->url = text_of(&given_url);
    req->method = text_of(&method);
    req->body = text_of(&body);
    req->timeout_ms = read_timeout(L);
    req->max_response_bytes = MAX_RESPONSE_BYTES;
    if (req->method.len == 0) {
        req->method = GW_VIEW("GET");
    }
    for (size_t i = 0; i < req->method.len; i++) {
        if (!isupper((unsigned char)req->method.data[i])) {
            return gw_fail(err, GW_ERR_INPUT, "http.request: '%.*s' is no method",
                           GW_VIEW_ARGS(req->method));
        }
    }
    read_headers(L, pending);
    lua_getfield(L, 1, "insecure");
    req->insecure = lua_toboolean(L, -1);
    lua_pop(L, 1);
    if (req->insecure && (req->headers.count > 0 || body.kind != GW_NULL)) {
        return gw_fail(err, GW_ERR_INPUT,
                       "http.request: with 'insecure' nobody knows who answers: "
                       "no headers and no body may be sent");
    }
    if (!gw_url_parse(req->url, &url, err)) {
        return false;
    }
    describe(pending, &url, &body);
    return true;
}

/* ---- the exchange ---------------------------------------------------------------------------- */

/* What the journal may have of the answer: no model says what in it is secret, so that headers and
 * body count as such. Shares their bytes. */
static struct gw_value without_content(struct pending *pending)
{
    const struct gw_value *answer = &pending->answer;
    struct gw_value out = gw_value_map();
    for (size_t i = 0; answer->kind == GW_MAP && i < answer->as.map.count; i++) {
        struct gw_view key = answer->as.map.entries[i].key;
        struct gw_value *member = gw_map_add(pending->arena, &out, key);
        *member = answer->as.map.entries[i].value;
        member->secret =
            gw_view_equal(key, GW_VIEW("headers")) || gw_view_equal(key, GW_VIEW("body"));
    }
    return out;
}

static int status_of(const struct pending *pending)
{
    const struct gw_value *status = gw_map_get(&pending->answer, GW_VIEW("status"));
    return status ? (int)status->as.integer : 0;
}

/* A change that was answered with an error was not made, or nobody knows (5xx); the script reads the
 * answer all the same. */
static struct gw_err failure_of(const struct pending *pending)
{
    struct gw_err err = pending->err;
    int status = status_of(pending);
    if (!err.code && pending->act.effect == GW_EFFECT_CHANGE && status >= 400) {
        gw_fail(&err, GW_ERR_SERVICE, "%.*s: answered %d", GW_VIEW_ARGS(pending->act.action),
                status);
    }
    return err;
}

static void report(struct pending *pending)
{
    struct gw_value kept = without_content(pending);
    struct gw_err err = failure_of(pending);
    struct gw_outcome outcome = {.err = err.code ? &err : NULL,
                                 .http_status = status_of(pending),
                                 .attempts = 1,
                                 .duration_ms = gw_loop_now_ms(pending->loop) - pending->began_ms,
                                 .output = err.code ? NULL : &kept};
    pending->gate->finished(pending->gate, &pending->act, &outcome);
}

static void keep_failure(struct pending *pending, const struct gw_err *err)
{
    pending->err = *err;
    gw_err_prefix(&pending->err, "%.*s", GW_VIEW_ARGS(pending->act.action));
}

static struct gw_view lower(struct gw_view text, struct gw_arena *arena)
{
    struct gw_view out = gw_arena_dup(arena, text);
    for (size_t i = 0; i < out.len; i++) {
        ((char *)out.data)[i] = (char)tolower((unsigned char)out.data[i]);
    }
    return out;
}

/* A repeated header is one value with commas, as RFC 9110 reads it. */
static struct gw_value headers_of(const struct gw_headers *headers, struct gw_arena *arena)
{
    struct gw_value out = gw_value_map();
    for (size_t i = 0; i < headers->count; i++) {
        struct gw_view name = lower(headers->items[i].name, arena);
        struct gw_view value = gw_arena_dup(arena, headers->items[i].value);
        struct gw_value *known = (struct gw_value *)gw_map_get(&out, name);
        if (known) {
            value = gw_arena_printf(arena, "%.*s, %.*s", GW_VIEW_ARGS(known->as.string),
                                    GW_VIEW_ARGS(value));
        } else {
            known = gw_map_add(arena, &out, name);
        }
        *known = gw_value_string(value);
    }
    return out;
}

static void keep_response(struct pending *pending, const struct gw_http_response *res)
{
    struct gw_arena *arena = pending->arena;
    struct gw_value *answer = &pending->answer;
    *answer = gw_value_map();
    *gw_map_add(arena, answer, GW_VIEW("status")) = gw_value_int(res->status);
    *gw_map_add(arena, answer, GW_VIEW("reason")) =
        gw_value_string(gw_arena_dup(arena, res->reason));
    *gw_map_add(arena, answer, GW_VIEW("headers")) = headers_of(&res->headers, arena);
    *gw_map_add(arena, answer, GW_VIEW("body")) = gw_value_string(gw_arena_dup(arena, res->body));
}

static void exchange_done(void *ctx, const struct gw_http_response *res, const struct gw_err *err)
{
    struct pending *pending = ctx;
    pending->exchange = NULL;
    if (res) {
        keep_response(pending, res);
    } else {
        keep_failure(pending, err);
    }
    report(pending);
    gw_wait_finish(pending->wait);
}

static void cancel_exchange(void *ctx)
{
    struct pending *pending = ctx;
    if (!pending->exchange) {
        return;
    }
    pending->transport->cancel(pending->transport, pending->exchange);
    pending->exchange = NULL;
    gw_fail(&pending->err, GW_ERR_CANCELLED, "%.*s: cancelled; whether it took effect is not known",
            GW_VIEW_ARGS(pending->act.action));
    report(pending);
}

static int push_outcome(lua_State *L, void *ctx)
{
    struct pending *pending = ctx;
    if (pending->err.code != GW_ERR_NONE) {
        return gw_push_fail(L, &pending->err);
    }
    gw_push_value(L, &pending->answer);
    return 1;
}

static int push_planned(lua_State *L)
{
    lua_pushnil(L);
    lua_pushnil(L);
    lua_pushliteral(L, "planned");
    return 3;
}

static bool start_exchange(struct pending *pending)
{
    struct gw_err err = {0};
    pending->began_ms = gw_loop_now_ms(pending->loop);
    pending->transport = pending->gate->transport(pending->gate, &err);
    if (!pending->transport) {
        keep_failure(pending, &err);
        report(pending);
        return false;
    }
    pending->exchange =
        pending->transport->start(pending->transport, &pending->req, exchange_done, pending);
    return true;
}

/* request{ url=, method=, headers=, body=, timeout= } -> response | nil, err | nil, nil, "planned"
 */
static int http_request(lua_State *L)
{
    struct gw_gate *gate = lua_touserdata(L, lua_upvalueindex(1));
    struct gw_task *task = gw_task_current(L);
    if (!task) {
        return luaL_error(L, "http.request: HTTP is used inside a runbook's run function only");
    }
    lua_settop(L, 1);
    struct gw_arena *arena = gw_push_arena(L);
    struct pending *pending = gw_arena_alloc(arena, sizeof *pending);
    struct gw_err err = {0};
    pending->gate = gate;
    pending->arena = arena;
    pending->loop = gw_script_loop(gw_script_of(L));
    pending->act.context = gw_task_context(task);
    if (!read_request(L, pending, &err)) {
        return gw_push_fail(L, &err);
    }
    pending->wait = gw_wait_push(L, push_outcome, cancel_exchange, pending);
    switch (gate->ask(gate, &pending->act, &err)) {
    case GW_GATE_PLANNED:
        return push_planned(L);
    case GW_GATE_RECALLED:
        gw_push_value(L, pending->act.recalled);
        return 1;
    case GW_GATE_REFUSED:
        return gw_push_fail(L, &err);
    case GW_GATE_SEND:
        break;
    }
    if (!start_exchange(pending)) {
        return push_outcome(L, pending);
    }
    return gw_task_await(L, pending->wait);
}

void gw_bind_http(struct gw_script *script, struct gw_gate *gate)
{
    lua_State *L = gw_script_state(script);
    lua_createtable(L, 0, 1);
    lua_pushlightuserdata(L, gate);
    lua_pushcclosure(L, http_request, 1);
    lua_setfield(L, -2, "request");
    gw_script_set_host(script, "http");
}
