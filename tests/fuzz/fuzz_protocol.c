/* fuzz: answers and requests of the wire protocols. The first byte chooses the operation, the second
 * the direction and the status. Then come a line with the path and query of a request, lines with
 * headers, an empty line, and the body. */
#include "aws/aws.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const OPERATIONS[][2] = {
    {"ecs", "DescribeServices"},
    {"dynamodb", "GetItem"},
    {"sqs", "ReceiveMessage"},
    {"elbv2", "DescribeTargetHealth"},
    {"sts", "AssumeRole"},
    {"iam", "SimulateCustomPolicy"},
    {"rds", "DescribeDBInstances"},
    {"logs", "PutLogEvents"},
    {"ec2", "DescribeInstances"},
    {"ec2", "RunInstances"},
    {"lambda", "CreateFunction"},
    {"lambda", "Invoke"},
    {"s3", "ListObjectsV2"},
    {"s3", "GetObjectAttributes"},
    {"s3", "PutBucketLifecycleConfiguration"},
    {"s3", "CopyObject"},
    {"s3", "GetObject"},
    {"route53", "ChangeResourceRecordSets"},
    {"sso", "GetRoleCredentials"},
    {"scheduler", "CreateSchedule"},
};

static const struct gw_operation *choose(uint8_t byte)
{
    const char *const *names = OPERATIONS[byte % (sizeof OPERATIONS / sizeof OPERATIONS[0])];
    const struct gw_service *service = gw_models_find(gw_models_builtin(), gw_view_of(names[0]));
    const struct gw_operation *op =
        service ? gw_service_find_operation(service, gw_view_of(names[1])) : NULL;
    return op ? op : (abort(), NULL);
}

/* Takes a line off the front. */
static struct gw_view take_line(struct gw_view *rest)
{
    size_t end = gw_view_find_char(*rest, '\n');
    struct gw_view line = gw_view_sub(*rest, 0, end);
    *rest =
        end == GW_NPOS ? gw_view_sub(*rest, rest->len, 0) : gw_view_sub(*rest, end + 1, rest->len);
    return line;
}

static void take_headers(struct gw_view *rest, struct gw_arena *arena, struct gw_headers *headers)
{
    struct gw_view line;
    while ((line = take_line(rest)).len > 0) {
        size_t colon = gw_view_find_char(line, ':');
        gw_headers_add(arena, headers, gw_view_sub(line, 0, colon),
                       colon == GW_NPOS ? GW_VIEW("")
                                        : gw_view_trim(gw_view_sub(line, colon + 1, line.len)));
    }
}

static void read_answer(const struct gw_operation *op, int status, struct gw_view text,
                        struct gw_arena *arena)
{
    struct gw_http_response res = {.status = status};
    struct gw_value output;
    struct gw_aws_error error;
    struct gw_err err;
    take_headers(&text, arena, &res.headers);
    res.body = text;
    gw_protocol_read_response(op, &res, arena, &output, &error, &err);
}

/* What a server read, a client could have sent, unless it has no place in a header: if it is valid
 * it is written and reads again. */
static void read_request(const struct gw_operation *op, struct gw_view text, struct gw_arena *arena)
{
    const struct gw_service *service = gw_operation_service(op);
    struct gw_http_request req = {.method = gw_operation_http_method(op)};
    struct gw_http_request sent = {0};
    struct gw_value input, again;
    struct gw_err err;
    struct gw_view target =
        gw_arena_printf(arena, "%.*s.%.*s", GW_VIEW_ARGS(gw_service_target_prefix(service)),
                        GW_VIEW_ARGS(gw_operation_name(op)));
    req.url = take_line(&text);
    take_headers(&text, arena, &req.headers);
    gw_headers_add(arena, &req.headers, GW_VIEW("X-Amz-Target"), target);
    req.body = text;
    if (!gw_protocol_read_request(service, &req, arena, &op, &input, &err) ||
        !gw_validate(op, &input, &err) ||
        !gw_protocol_write_request(op, &input, GW_VIEW_NONE, arena, &sent, &err)) {
        return;
    }
    if (!gw_protocol_read_request(service, &sent, arena, &op, &again, &err)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 400, 204, 500};
    if (size < 2) {
        return 0;
    }
    struct gw_arena *arena = gw_arena_new();
    const struct gw_operation *op = choose(data[0]);
    struct gw_view text = {(const char *)data + 2, size - 2};
    if (data[1] % 3 == 0) {
        read_request(op, text, arena);
    } else {
        read_answer(op, statuses[data[1] / 3 % 4], text, arena);
    }
    gw_arena_free(arena);
    return 0;
}
