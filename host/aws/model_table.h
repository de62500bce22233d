/* model_table: the layout of a table of API models, for the files that read it (model.c) and check
 * it (model_check.c). Nobody else includes it. Little-endian, as every processor that we run on. */
#ifndef GW_AWS_MODEL_TABLE_H
#define GW_AWS_MODEL_TABLE_H

#include "aws/aws.h"

#define TABLE_VERSION 4

/* The distance from this field to what it refers to; 0: nothing. A text is its length in 32 bits
 * and then its bytes. The structs mirror host/models/compile.lua
 * field by field. */
typedef int32_t ref;

struct gw_models {
    char magic[8];
    uint32_t version, size_bytes, service_count;
    ref services;
    uint32_t texts_at; /* where the texts begin, from the start of the table; they end it */
    uint32_t unused;
};

struct gw_service {
    ref name, id, iam_prefix, signing_name, endpoint_prefix, api_version, target_prefix;
    ref json_version, xml_namespace, endpoint_rules;
    ref operations, operations_by_name, waiters, shapes;
    uint16_t operation_count, waiter_count, shape_count;
    uint8_t protocol, query_compatible;
};

struct gw_operation {
    ref service, name, snake_name, http_method, uri, host_prefix, result_wrapper;
    ref input, output, errors, paginator, checksum, contexts;
    uint16_t error_count, response_code;
    uint8_t effect, auth, flags /* 1: compresses; 2, 4: enum gw_discovery_role */, context_count;
};

struct checksum {
    ref request, validation, responses;
    uint16_t response_count;
    uint8_t required, unused;
};

struct context {
    ref name, json, path;
};

struct gw_shape {
    ref name, wire_name, xml_namespace, xml_prefix, error_code;
    ref members, members_by_name, enums, range;
    uint32_t flags;
    uint16_t member_count, enum_count, payload /* 1-based; 0: none */, error_status;
    uint8_t type, timestamp_format;
    uint16_t unused;
};

struct range {
    double min, max;
};

struct gw_member {
    ref name, wire_name, shape, extra;
    uint16_t flags;
    uint8_t location, timestamp_format;
};

/* What few members have. */
struct extra {
    ref query_name, xml_namespace, xml_prefix, context_param;
};

struct gw_paginator {
    ref texts[4];
    uint16_t counts[4];
    ref limit_key, more_results;
};

struct acceptor {
    ref argument, expected_json;
    uint16_t matcher, state;
};

struct gw_waiter {
    ref name, snake_name, operation, acceptors;
    uint16_t acceptor_count, delay_s, max_attempts, unused;
};

_Static_assert(sizeof(struct gw_models) == 32, "compile.lua");
_Static_assert(sizeof(struct gw_service) == 64, "compile.lua");
_Static_assert(sizeof(struct gw_operation) == 60, "compile.lua");
_Static_assert(sizeof(struct checksum) == 16, "compile.lua");
_Static_assert(sizeof(struct context) == 12, "compile.lua");
_Static_assert(sizeof(struct gw_shape) == 52, "compile.lua");
_Static_assert(sizeof(struct gw_member) == 20, "compile.lua");
_Static_assert(sizeof(struct gw_paginator) == 32, "compile.lua");
_Static_assert(sizeof(struct acceptor) == 12, "compile.lua");
_Static_assert(sizeof(struct gw_waiter) == 24, "compile.lua");

/* What a reference refers to; NULL: nothing. */
static inline const void *target(const ref *from)
{
    return *from == 0 ? NULL : (const char *)from + *from;
}

#endif
