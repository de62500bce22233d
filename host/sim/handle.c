/* handle: a request that passed the front door goes to the world's Lua, and what comes of it goes
 * back in the service's protocol. */
#include "codec/codec.h"
#include "sim/internal.h"

static void answer_broken(struct gw_exchange *exchange, const char *why)
{
    struct gw_view service = gw_service_name(exchange->service);
    struct gw_view operation = gw_operation_name(exchange->op);
    gw_log(GW_LOG_ERROR, "simulator: %.*s:%.*s: %s", GW_VIEW_ARGS(service), GW_VIEW_ARGS(operation),
           why);
    gw_sim_refuse(exchange, GW_SIM_BROKEN, GW_VIEW_NONE);
}

static void answer_not_simulated(struct gw_exchange *exchange)
{
    struct gw_view text = gw_arena_printf(exchange->arena, "%.*s:%.*s is not simulated",
                                          GW_VIEW_ARGS(gw_service_name(exchange->service)),
                                          GW_VIEW_ARGS(gw_operation_name(exchange->op)));
    gw_log(GW_LOG_WARN, "simulator: %.*s", GW_VIEW_ARGS(text));
    gw_sim_refuse(exchange, GW_SIM_UNKNOWN_OPERATION, text);
}

static void answer_events(struct gw_exchange *exchange, struct gw_value *output, lua_State *L)
{
    struct gw_err err = {0};
    if (!gw_sim_conform(gw_operation_output(exchange->op), output, &err) ||
        !gw_sim_reply_events(exchange, output, L, 2, &err)) {
        answer_broken(exchange, err.message);
    }
}

static void answer_output(struct gw_exchange *exchange, struct gw_value *output)
{
    const struct gw_shape *shape = gw_operation_output(exchange->op);
    struct gw_err err = {0};
    if ((shape && !gw_sim_conform(shape, output, &err)) ||
        !gw_protocol_write_response(exchange->protocol, exchange->op, output,
                                    gw_view_of(exchange->request_id), exchange->arena,
                                    &exchange->res, &err)) {
        answer_broken(exchange, err.message);
        return;
    }
    gw_sim_reply(exchange);
}

/* ---- errors that Lua raised ------------------------------------------------------------------ */

/* The tables that sim.fail makes; all else is a mistake in a service. */
static bool read_refusal(lua_State *L, struct gw_arena *arena, struct gw_value *refusal)
{
    struct gw_err err = {0};
    return lua_istable(L, -1) && gw_to_value(L, -1, arena, refusal, &err) &&
           refusal->kind == GW_MAP;
}

static void answer_aws_error(struct gw_exchange *exchange, const struct gw_value *refusal)
{
    const struct gw_value *status = gw_map_get(refusal, GW_VIEW("status"));
    const struct gw_value *detail = gw_map_get(refusal, GW_VIEW("detail"));
    struct gw_aws_error error = {
        .service = gw_service_name(exchange->service),
        .operation = gw_operation_name(exchange->op),
        .code = gw_map_text(refusal, GW_VIEW("code")),
        .message = gw_map_text(refusal, GW_VIEW("message")),
        .request_id = gw_view_of(exchange->request_id),
        .detail = detail ? *detail : (struct gw_value){.kind = GW_NULL},
        .http_status = status && status->kind == GW_INT ? (int)status->as.integer : 0,
    };
    gw_sim_reply_error(exchange, &error);
}

static void answer_raised(struct gw_exchange *exchange, lua_State *L)
{
    struct gw_value refusal;
    struct gw_err err = {0};
    bool read = read_refusal(L, exchange->arena, &refusal);
    if (read && gw_map_get(&refusal, GW_VIEW("network"))) {
        gw_sim_lose(exchange, GW_ERR_NETWORK, gw_map_text(&refusal, GW_VIEW("network")));
    } else if (read && gw_map_get(&refusal, GW_VIEW("code"))) {
        answer_aws_error(exchange, &refusal);
    } else {
        gw_script_error_text(L, -1, &err);
        answer_broken(exchange, err.message);
    }
}

/* ---- operations ------------------------------------------------------------------------------ */

static void operation_ended(void *ctx, lua_State *L, bool ok)
{
    struct gw_exchange *exchange = ctx;
    struct gw_value output;
    struct gw_err err = {0};
    exchange->task = NULL;
    if (ok && lua_isnumber(L, 3)) {
        exchange->back_ms += (int64_t)(lua_tonumber(L, 3) * 1000);
    }
    if (!ok) {
        answer_raised(exchange, L);
    } else if (lua_gettop(L) == 0 || lua_isnil(L, 1)) {
        answer_not_simulated(exchange);
    } else if (!gw_to_value(L, 1, exchange->arena, &output, &err)) {
        answer_broken(exchange, err.message);
    } else if (gw_event_stream_member(gw_operation_output(exchange->op)) && lua_isfunction(L, 2)) {
        answer_events(exchange, &output, L);
    } else {
        answer_output(exchange, &output);
    }
}

static void set(struct gw_arena *arena, struct gw_value *map, const char *name, struct gw_view text)
{
    *gw_map_add(arena, map, gw_view_of(name)) = gw_value_string(text);
}

void gw_sim_handle(struct gw_exchange *exchange, struct gw_view region,
                   struct gw_view access_key_id, const struct gw_value *input)
{
    struct gw_err err = {0};
    struct gw_value args[2] = {gw_value_map(), *input};
    if (exchange->sim->on_call) {
        exchange->sim->on_call(exchange->sim->on_call_ctx, exchange->op, input);
    }
    set(exchange->arena, &args[0], "service", gw_service_name(exchange->service));
    set(exchange->arena, &args[0], "operation", gw_operation_snake_name(exchange->op));
    set(exchange->arena, &args[0], "name", gw_operation_name(exchange->op));
    set(exchange->arena, &args[0], "iam_prefix", gw_service_iam_prefix(exchange->service));
    *gw_map_add(exchange->arena, &args[0], GW_VIEW("reads")) =
        gw_value_bool(gw_operation_effect(exchange->op) <= GW_EFFECT_READ_SECRET);
    set(exchange->arena, &args[0], "user_agent",
        gw_headers_get(&exchange->req->headers, GW_VIEW("user-agent")));
    set(exchange->arena, &args[0], "region", region);
    set(exchange->arena, &args[0], "access_key_id", access_key_id);
    set(exchange->arena, &args[0], "request_id", gw_view_of(exchange->request_id));
    exchange->task = gw_sim_start(exchange->sim, "call", args, 2, operation_ended, exchange, &err);
    if (!exchange->task) {
        answer_broken(exchange, err.message);
    }
}

/* ---- plain hosts ----------------------------------------------------------------------------- */

static void answer_http(struct gw_exchange *exchange, const struct gw_value *answer)
{
    const struct gw_value *status = gw_map_get(answer, GW_VIEW("status"));
    const struct gw_value *headers = gw_map_get(answer, GW_VIEW("headers"));
    exchange->res.status = status && status->kind == GW_INT ? (int)status->as.integer : 200;
    exchange->res.body = gw_map_text(answer, GW_VIEW("body"));
    for (size_t i = 0; headers && headers->kind == GW_MAP && i < headers->as.map.count; i++) {
        const struct gw_entry *header = &headers->as.map.entries[i];
        gw_headers_add(exchange->arena, &exchange->res.headers, header->key,
                       header->value.as.string);
    }
    gw_sim_reply(exchange);
}

static void http_ended(void *ctx, lua_State *L, bool ok)
{
    struct gw_exchange *exchange = ctx;
    struct gw_value answer;
    struct gw_err err = {0};
    exchange->task = NULL;
    if (ok && gw_to_value(L, 1, exchange->arena, &answer, &err) && answer.kind == GW_MAP) {
        answer_http(exchange, &answer);
    } else if (!ok && read_refusal(L, exchange->arena, &answer)) {
        gw_sim_lose(exchange, GW_ERR_NETWORK, gw_map_text(&answer, GW_VIEW("network")));
    } else {
        if (!ok) {
            gw_script_error_text(L, -1, &err);
        }
        gw_log(GW_LOG_ERROR, "simulator: %s", err.message);
        gw_sim_lose(exchange, GW_ERR_NETWORK, gw_view_of(err.message));
    }
}

static int port_of(const struct gw_url *url)
{
    if (url->port != 0) {
        return url->port;
    }
    return gw_view_equal_nocase(url->scheme, GW_VIEW("https")) ? 443 : 80;
}

/* The task whose container asks (process.c), by the user that it names to the proxy; empty: none. */
static struct gw_view asking_task(const struct gw_exchange *exchange)
{
    static const char basic[] = "Basic ";
    struct gw_view given = gw_headers_get(&exchange->req->headers, GW_VIEW("proxy-authorization"));
    struct gw_view user = GW_VIEW("");
    if (!gw_view_starts_with(given, GW_VIEW(basic)) ||
        !gw_base64_read(gw_view_sub(given, sizeof basic - 1, GW_NPOS), exchange->arena, &user)) {
        return GW_VIEW("");
    }
    return gw_view_sub(user, 0, gw_view_find_char(user, ':'));
}

static bool is_known(struct gw_exchange *exchange, struct gw_view name)
{
    struct gw_value known, host = gw_value_string(name);
    struct gw_err err = {0};
    if (!gw_sim_ask(exchange->sim, "has_host", &host, 1, exchange->arena, &known, &err)) {
        gw_log(GW_LOG_ERROR, "simulator: %s", err.message);
        return false;
    }
    return known.kind == GW_BOOL && known.as.boolean;
}

bool gw_sim_handle_http(struct gw_exchange *exchange, const struct gw_url *url)
{
    struct gw_arena *arena = exchange->arena;
    struct gw_err err = {0};
    struct gw_value request = gw_value_map();
    struct gw_view task = asking_task(exchange);
    if (task.len == 0 && !is_known(exchange, url->host)) {
        return false;
    }
    set(arena, &request, "task", task);
    set(arena, &request, "method", exchange->req->method);
    set(arena, &request, "host", url->host);
    set(arena, &request, "authority", url->authority);
    set(arena, &request, "path", url->path.len ? url->path : GW_VIEW("/"));
    set(arena, &request, "query", url->query);
    set(arena, &request, "body", exchange->req->body);
    set(arena, &request, "authorization",
        gw_headers_get(&exchange->req->headers, GW_VIEW("authorization")));
    *gw_map_add(arena, &request, GW_VIEW("port")) = gw_value_int(port_of(url));
    exchange->task = gw_sim_start(exchange->sim, "http", &request, 1, http_ended, exchange, &err);
    if (!exchange->task) {
        gw_sim_lose(exchange, GW_ERR_NETWORK, gw_view_of(err.message));
    }
    return true;
}
