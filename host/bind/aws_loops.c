/* aws_loops: what the model knows of calling an operation again and again: its pages, and waiting
 * with it. Facts for stdlib/aws/pages.lua and stdlib/aws/waiter.lua. */
#include "bind/internal.h"
#include "codec/codec.h"

static void add_text(struct gw_arena *arena, struct gw_value *map, const char *key,
                     struct gw_view text)
{
    *gw_map_add(arena, map, gw_view_of(key)) = gw_value_string(text);
}

static void add_whole(struct gw_arena *arena, struct gw_value *map, const char *key, int number)
{
    *gw_map_add(arena, map, gw_view_of(key)) = gw_value_int(number);
}

/* ---- pages ----------------------------------------------------------------------------------- */

static void add_texts(struct gw_arena *arena, struct gw_value *map, const char *key,
                      const struct gw_paginator *paginator, enum gw_paginator_field field)
{
    struct gw_value list = gw_value_list();
    for (size_t i = 0; i < gw_paginator_count(paginator, field); i++) {
        *gw_list_add(arena, &list) = gw_value_string(gw_paginator_text(paginator, field, i));
    }
    *gw_map_add(arena, map, gw_view_of(key)) = list;
}

static bool is_text(const struct gw_operation *op, struct gw_view name)
{
    const struct gw_shape *input = gw_operation_input(op);
    const struct gw_member *member = input ? gw_shape_find_member(input, name) : NULL;
    return member && gw_shape_type(gw_member_shape(member)) == GW_SHAPE_STRING;
}

static struct gw_value describe_paginator(const struct gw_operation *op, struct gw_arena *arena)
{
    const struct gw_paginator *paginator = gw_operation_paginator(op);
    struct gw_value facts = gw_value_map();
    add_text(arena, &facts, "operation", gw_operation_snake_name(op));
    add_texts(arena, &facts, "input_tokens", paginator, GW_PAGINATOR_INPUT_TOKEN);
    add_texts(arena, &facts, "output_tokens", paginator, GW_PAGINATOR_OUTPUT_TOKEN);
    add_texts(arena, &facts, "result_keys", paginator, GW_PAGINATOR_RESULT_KEY);
    add_texts(arena, &facts, "non_aggregate_keys", paginator, GW_PAGINATOR_NON_AGGREGATE);
    struct gw_view limit = gw_paginator_limit_key(paginator);
    if (limit.len > 0) {
        add_text(arena, &facts, "limit_key", limit);
        *gw_map_add(arena, &facts, GW_VIEW("limit_is_text")) = gw_value_bool(is_text(op, limit));
    }
    struct gw_view more = gw_paginator_more_results(paginator);
    if (more.len > 0) {
        add_text(arena, &facts, "more_results", more);
    }
    return facts;
}

/* paginator(service, operation) -> facts | nil, err */
int gw_bind_aws_paginator(lua_State *L)
{
    struct gw_view service = gw_check_view(L, 1);
    struct gw_view name = gw_check_view(L, 2);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_err err = {0};
    const struct gw_operation *op = gw_bind_find_operation(service, name, arena, &err);
    if (!op) {
        return gw_push_fail(L, &err);
    }
    if (!gw_operation_paginator(op)) {
        gw_fail(&err, GW_ERR_NOT_FOUND, "%.*s: '%.*s' has no pages that AWS's models know of",
                GW_VIEW_ARGS(service), GW_VIEW_ARGS(name));
        return gw_push_fail(L, &err);
    }
    struct gw_value facts = describe_paginator(op, arena);
    gw_push_value(L, &facts);
    return 1;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static const char *matcher_name(enum gw_matcher matcher)
{
    static const char *const names[] = {"path", "path_all", "path_any", "status", "error"};
    return names[matcher];
}

static const char *state_name(enum gw_waiter_state state)
{
    static const char *const names[] = {"success", "failure", "retry"};
    return names[state];
}

static bool describe_acceptor(const struct gw_acceptor *acceptor, struct gw_arena *arena,
                              struct gw_value *out, struct gw_err *err)
{
    *out = gw_value_map();
    add_text(arena, out, "matcher", gw_view_of(matcher_name(acceptor->matcher)));
    add_text(arena, out, "state", gw_view_of(state_name(acceptor->state)));
    add_text(arena, out, "argument", acceptor->argument);
    return gw_json_parse(acceptor->expected_json, arena,
                         gw_map_add(arena, out, GW_VIEW("expected")), err);
}

static bool describe_waiter(const struct gw_waiter *waiter, struct gw_arena *arena,
                            struct gw_value *out, struct gw_err *err)
{
    struct gw_value acceptors = gw_value_list();
    for (size_t i = 0; i < gw_waiter_acceptor_count(waiter); i++) {
        struct gw_acceptor acceptor = gw_waiter_acceptor(waiter, i);
        if (!describe_acceptor(&acceptor, arena, gw_list_add(arena, &acceptors), err)) {
            return false;
        }
    }
    *out = gw_value_map();
    add_text(arena, out, "snake_name", gw_waiter_snake_name(waiter));
    add_text(arena, out, "operation", gw_operation_snake_name(gw_waiter_operation(waiter)));
    add_whole(arena, out, "delay", gw_waiter_delay_s(waiter));
    add_whole(arena, out, "max_attempts", gw_waiter_max_attempts(waiter));
    *gw_map_add(arena, out, GW_VIEW("acceptors")) = acceptors;
    return true;
}

static bool fail_waiter(const struct gw_service *service, struct gw_view name,
                        struct gw_arena *arena, struct gw_err *err)
{
    struct gw_buf known;
    gw_buf_init(&known, sizeof err->message / 2);
    for (size_t i = 0; i < gw_service_waiter_count(service); i++) {
        struct gw_view one = gw_waiter_name(gw_service_waiter(service, i));
        gw_buf_addf(&known, "%s%.*s", known.len > 0 ? ", " : "", GW_VIEW_ARGS(one));
    }
    struct gw_view list = gw_arena_dup(arena, gw_buf_view(&known));
    gw_buf_clear(&known);
    return gw_fail(err, GW_ERR_NOT_FOUND, "%.*s: no waiter '%.*s' (there %s %.*s)",
                   GW_VIEW_ARGS(gw_service_name(service)), GW_VIEW_ARGS(name),
                   list.len > 0 ? "are" : "is",
                   GW_VIEW_ARGS(list.len > 0 ? list : GW_VIEW("none")));
}

/* waiter(service, name) -> facts | nil, err */
int gw_bind_aws_waiter(lua_State *L)
{
    struct gw_view service_name = gw_check_view(L, 1);
    struct gw_view name = gw_check_view(L, 2);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_err err = {0};
    struct gw_value facts;
    const struct gw_service *service = gw_models_find_service(service_name, &err);
    if (!service) {
        return gw_push_fail(L, &err);
    }
    const struct gw_waiter *waiter = gw_service_find_waiter(service, name);
    if (!waiter) {
        fail_waiter(service, name, arena, &err);
        return gw_push_fail(L, &err);
    }
    if (!describe_waiter(waiter, arena, &facts, &err)) {
        return gw_push_fail(L, &err);
    }
    gw_push_value(L, &facts);
    return 1;
}
