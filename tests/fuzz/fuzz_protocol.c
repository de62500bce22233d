/* fuzz: answers and requests of the wire protocols. The first byte chooses the operation, the
 * second the direction and the status; the rest is the body. */
#include "aws/aws.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const OPERATIONS[][2] = {
    {"ecs", "DescribeServices"},       {"dynamodb", "GetItem"},  {"sqs", "ReceiveMessage"},
    {"elbv2", "DescribeTargetHealth"}, {"sts", "AssumeRole"},    {"iam", "SimulateCustomPolicy"},
    {"rds", "DescribeDBInstances"},    {"logs", "PutLogEvents"},
};

static const struct gw_operation *choose(uint8_t byte)
{
    const char *const *names = OPERATIONS[byte % (sizeof OPERATIONS / sizeof OPERATIONS[0])];
    const struct gw_service *service = gw_models_find(gw_models_builtin(), gw_view_of(names[0]));
    const struct gw_operation *op =
        service ? gw_service_find_operation(service, gw_view_of(names[1])) : NULL;
    return op ? op : (abort(), NULL);
}

static void read_answer(const struct gw_operation *op, int status, struct gw_view body,
                        struct gw_arena *arena)
{
    struct gw_http_response res = {.status = status, .body = body};
    struct gw_value output;
    struct gw_aws_error error;
    struct gw_err err;
    gw_protocol_read_response(op, &res, arena, &output, &error, &err);
}

/* What a server read, a client could have sent: if it is valid it is written and reads the same. */
static void read_request(const struct gw_operation *op, struct gw_view body, struct gw_arena *arena)
{
    const struct gw_service *service = gw_operation_service(op);
    struct gw_http_request req = {.method = GW_VIEW("POST"), .url = GW_VIEW("/"), .body = body};
    struct gw_http_request sent = {0};
    struct gw_value input, again;
    struct gw_err err;
    struct gw_view target =
        gw_arena_printf(arena, "%.*s.%.*s", GW_VIEW_ARGS(gw_service_target_prefix(service)),
                        GW_VIEW_ARGS(gw_operation_name(op)));
    gw_headers_add(arena, &req.headers, GW_VIEW("X-Amz-Target"), target);
    if (!gw_protocol_read_request(service, &req, arena, &op, &input, &err) ||
        !gw_validate(op, &input, &err)) {
        return;
    }
    if (!gw_protocol_write_request(op, &input, GW_VIEW_NONE, arena, &sent, &err) ||
        !gw_protocol_read_request(service, &sent, arena, &op, &again, &err)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct gw_arena *arena = gw_arena_new();
    const struct gw_operation *op = choose(data[0]);
    struct gw_view body = {(const char *)data + 2, size - 2};
    if (data[1] % 3 == 0) {
        read_request(op, body, arena);
    } else {
        read_answer(op, data[1] % 3 == 1 ? 200 : 400, body, arena);
    }
    gw_arena_free(arena);
    return 0;
}
