/* Touches all that a table of API models offers, as its users do, for tests that damage one. */
#ifndef MODEL_WALK_H
#define MODEL_WALK_H

#include "aws/aws.h"

struct model_walk {
    size_t seen; /* bytes of text and records */
    int members; /* that may still be entered, of one operation */
};

static inline void walk_text(struct model_walk *walk, struct gw_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        walk->seen += (unsigned char)text.data[i] != 0;
    }
}

static inline void walk_shape(struct model_walk *walk, const struct gw_shape *shape, int depth);

static inline void walk_member(struct model_walk *walk, const struct gw_member *member, int depth)
{
    walk_text(walk, gw_member_name(member));
    walk_text(walk, gw_member_wire_name(member));
    walk_text(walk, gw_member_query_name(member));
    walk_text(walk, gw_member_xml_namespace(member));
    walk_text(walk, gw_member_xml_prefix(member));
    walk_text(walk, gw_member_context_param(member));
    if (depth > 0 && walk->members-- > 0) {
        walk_shape(walk, gw_member_shape(member), depth - 1);
    }
}

static inline void walk_shape(struct model_walk *walk, const struct gw_shape *shape, int depth)
{
    const struct gw_member *parts[] = {gw_shape_element(shape), gw_shape_key(shape),
                                       gw_shape_value(shape), gw_shape_payload(shape)};
    walk_text(walk, gw_shape_name(shape));
    walk_text(walk, gw_shape_wire_name(shape));
    walk_text(walk, gw_shape_error_code(shape));
    walk->seen += gw_shape_min(shape) < gw_shape_max(shape);
    for (size_t i = 0; i < gw_shape_enum_count(shape); i++) {
        walk_text(walk, gw_shape_enum(shape, i));
    }
    for (size_t i = 0; i < gw_shape_member_count(shape); i++) {
        walk_member(walk, gw_shape_member(shape, i), depth);
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i]) {
            walk_member(walk, parts[i], depth);
        }
    }
    walk->seen += gw_shape_find_member(shape, GW_VIEW("nextToken")) != NULL;
}

static inline void walk_paginator(struct model_walk *walk, const struct gw_paginator *paginator)
{
    for (int field = GW_PAGINATOR_INPUT_TOKEN; field <= GW_PAGINATOR_NON_AGGREGATE; field++) {
        for (size_t i = 0; i < gw_paginator_count(paginator, (enum gw_paginator_field)field); i++) {
            walk_text(walk, gw_paginator_text(paginator, (enum gw_paginator_field)field, i));
        }
    }
    walk_text(walk, gw_paginator_limit_key(paginator));
    walk_text(walk, gw_paginator_more_results(paginator));
}

/* Validates nothing against its input, and writes it where that is enough. */
static inline void walk_request(const struct gw_operation *op)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value input = gw_value_map();
    struct gw_http_request request = {0};
    struct gw_err err = {0};
    if (gw_validate(op, &input, &err)) {
        gw_protocol_write_request(op, &input, GW_VIEW_NONE, arena, &request, &err);
    }
    gw_arena_free(arena);
}

static inline void walk_operation(struct model_walk *walk, const struct gw_operation *op)
{
    struct gw_checksum checksum = gw_operation_checksum(op);
    walk_text(walk, gw_operation_uri(op));
    walk_text(walk, gw_operation_host_prefix(op));
    walk_text(walk, gw_operation_result_wrapper(op));
    walk_text(walk, gw_service_name(gw_operation_service(op)));
    walk_text(walk, checksum.request_member);
    walk_text(walk, checksum.validation_member);
    for (size_t i = 0; i < checksum.response_count; i++) {
        walk_text(walk, gw_operation_response_checksum(op, i));
    }
    for (size_t i = 0; i < gw_operation_context_count(op); i++) {
        walk_text(walk, gw_operation_context(op, i).name);
        walk_text(walk, gw_operation_context(op, i).json);
        walk_text(walk, gw_operation_context(op, i).path);
    }
    for (size_t i = 0; i < gw_operation_error_count(op); i++) {
        walk_shape(walk, gw_operation_error(op, i), 1);
    }
    const struct gw_shape *shapes[] = {gw_operation_input(op), gw_operation_output(op)};
    walk->members = 500;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (shapes[i]) {
            walk_shape(walk, shapes[i], 5);
        }
    }
    if (gw_operation_paginator(op)) {
        walk_paginator(walk, gw_operation_paginator(op));
    }
    walk_request(op);
}

static inline void walk_waiter(struct model_walk *walk, const struct gw_waiter *waiter)
{
    walk_text(walk, gw_waiter_name(waiter));
    walk_text(walk, gw_operation_name(gw_waiter_operation(waiter)));
    for (size_t i = 0; i < gw_waiter_acceptor_count(waiter); i++) {
        walk_text(walk, gw_waiter_acceptor(waiter, i).argument);
        walk_text(walk, gw_waiter_acceptor(waiter, i).expected_json);
    }
}

static inline size_t walk_models(const struct gw_models *models)
{
    struct model_walk walk = {0};
    for (size_t i = 0; i < gw_models_count(models); i++) {
        const struct gw_service *service = gw_models_service(models, i);
        walk_text(&walk, gw_service_name(service));
        walk_text(&walk, gw_service_endpoint_rules(service));
        walk_text(&walk, gw_service_target_prefix(service));
        for (size_t k = 0; k < gw_service_operation_count(service); k++) {
            const struct gw_operation *op = gw_service_operation(service, k);
            walk_operation(&walk, op);
            gw_service_find_operation(service, gw_operation_name(op));
        }
        for (size_t k = 0; k < gw_service_waiter_count(service); k++) {
            walk_waiter(&walk, gw_service_waiter(service, k));
        }
    }
    return walk.seen;
}

#endif
