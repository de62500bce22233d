/* aws_failure: what went wrong with a call, kept while the task waits, and as Lua sees it. */
#include "bind/internal.h"

#define MESSAGE_MAX_BYTES 600 /* of what the other side says */
#define NAME_MAX_BYTES    100

bool gw_bind_failed(const struct gw_bind_failure *failure)
{
    return failure->err.code != GW_ERR_NONE;
}

/* Not beyond `max_bytes`, nor in the middle of a secret or of a character. */
static struct gw_view shorten(struct gw_arena *arena, struct gw_view text, size_t max_bytes)
{
    text = gw_redact(arena, gw_view_trim(text));
    if (text.len <= max_bytes) {
        return text;
    }
    while (max_bytes > 0 && ((unsigned char)text.data[max_bytes] & 0xc0) == 0x80) {
        max_bytes--;
    }
    return gw_arena_printf(arena, "%.*s...", (int)max_bytes, text.data);
}

struct gw_view gw_bind_shorten(struct gw_arena *arena, struct gw_view text)
{
    return shorten(arena, text, MESSAGE_MAX_BYTES);
}

/* "ecs:UpdateService: service not found (ServiceNotFoundException, request 4c1f)" */
static void describe_error(struct gw_bind_failure *failure, const struct gw_aws_error *error)
{
    struct gw_view message = gw_view_trim(error->message);
    struct gw_view code = shorten(failure->arena, error->code, NAME_MAX_BYTES);
    struct gw_view id = shorten(failure->arena, error->request_id, NAME_MAX_BYTES);
    if (gw_view_ends_with(message, GW_VIEW("."))) {
        message.len--;
    }
    message = message.len > 0 ? shorten(failure->arena, message, MESSAGE_MAX_BYTES)
                              : GW_VIEW("refused without a message");
    gw_fail(&failure->err, GW_ERR_SERVICE, "%.*s: %.*s (%.*s%s%.*s)", GW_VIEW_ARGS(failure->action),
            GW_VIEW_ARGS(message), GW_VIEW_ARGS(code), id.len > 0 ? ", request " : "",
            GW_VIEW_ARGS(id));
}

/* Where no code came but the status stands for it, something else than the service answered; unless
 * there was no place for a code, as in the answer to HEAD. */
static bool is_of_aws(const struct gw_operation *op, const struct gw_aws_error *error)
{
    int64_t status = 0;
    bool named = !gw_view_to_int64(error->code, &status) || status != error->http_status;
    return named || gw_view_equal(gw_operation_http_method(op), GW_VIEW("HEAD"));
}

static void describe_foreign(struct gw_bind_failure *failure, const struct gw_aws_error *error,
                             struct gw_view place)
{
    struct gw_view message = shorten(failure->arena, error->message, MESSAGE_MAX_BYTES);
    gw_fail(&failure->err, GW_ERR_PROTOCOL,
            "%.*s: no answer of AWS but HTTP status %d, '%.*s', from %.*s (an outage, a proxy, or "
            "a wrong endpoint)",
            GW_VIEW_ARGS(failure->action), error->http_status, GW_VIEW_ARGS(message),
            GW_VIEW_ARGS(place));
}

static void keep_error(struct gw_bind_failure *failure, const struct gw_aws_error *error,
                       struct gw_view place)
{
    struct gw_arena *arena = failure->arena;
    failure->error = *error;
    failure->error.code = gw_arena_dup(arena, error->code);
    failure->error.request_id = gw_arena_dup(arena, error->request_id);
    failure->error.detail = gw_value_copy(arena, &error->detail);
    failure->error.service = gw_arena_dup(arena, error->service);
    failure->error.operation = gw_arena_dup(arena, error->operation);
    if (is_of_aws(failure->op, error)) {
        describe_error(failure, error);
    } else {
        describe_foreign(failure, error, place);
    }
}

/* The client says "elbv2:DescribeRules", policies and people "elasticloadbalancing:DescribeRules".
 */
void gw_bind_keep_err(struct gw_bind_failure *failure, const struct gw_err *err)
{
    struct gw_view service = gw_service_name(gw_operation_service(failure->op));
    struct gw_view name = gw_operation_name(failure->op);
    struct gw_view subject =
        gw_arena_printf(failure->arena, "%.*s:%.*s: ", GW_VIEW_ARGS(service), GW_VIEW_ARGS(name));
    struct gw_view message = gw_view_of(err->message);
    if (gw_view_starts_with(message, subject)) {
        message = gw_view_sub(message, subject.len, GW_NPOS);
    }
    bool is_too_large =
        err->code == GW_ERR_LIMIT && gw_shape_stream(gw_operation_output(failure->op));
    gw_fail(&failure->err, err->code, "%.*s: %.*s%s", GW_VIEW_ARGS(failure->action),
            GW_VIEW_ARGS(message),
            is_too_large ? "; save_to = \"path\" puts the bytes into a file" : "");
    failure->err.unsent = err->unsent;
}

void gw_bind_keep_result(struct gw_bind_failure *failure, const struct gw_call_result *result)
{
    failure->credentials_source = gw_arena_dup(failure->arena, result->credentials_source);
    if (result->error) {
        keep_error(failure, result->error, result->place);
    } else if (result->err) {
        gw_bind_keep_err(failure, result->err);
    }
}

/* ---- as Lua sees it -------------------------------------------------------------------------- */

static void set_text(lua_State *L, const char *field, struct gw_view text)
{
    gw_push_view(L, text);
    lua_setfield(L, -2, field);
}

static void add_error_fields(lua_State *L, const struct gw_bind_failure *failure)
{
    const struct gw_aws_error *error = &failure->error;
    set_text(L, "service", error->service);
    set_text(L, "operation", error->operation);
    set_text(L, "code", error->code);
    set_text(L, "request_id", error->request_id);
    set_text(L, "credentials_source", failure->credentials_source);
    lua_pushinteger(L, error->http_status);
    lua_setfield(L, -2, "http_status");
    lua_pushinteger(L, error->attempts);
    lua_setfield(L, -2, "attempts");
    gw_push_value(L, &error->detail);
    lua_setfield(L, -2, "detail");
}

void gw_bind_push_failure(lua_State *L, const struct gw_bind_failure *failure)
{
    gw_push_err(L, &failure->err);
    if (failure->error.service.len > 0) {
        add_error_fields(L, failure);
    }
}
