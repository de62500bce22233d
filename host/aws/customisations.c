/* customisations: what AWS's SDKs do for single services and operations and no model tells. All of
 * it is in the files listed here, each row or function beside its name in botocore 1.43.11; nothing
 * else in the host knows a service by name, but the credential sources.
 *
 * custom_input.c       parameters
 *   S3                   keys of lists asked for percent-encoded, CopySource encoded, a customer's
 *                        key as base64 with its MD5, metadata of ASCII only,
 *                        names of buckets
 *   EC2, Auto Scaling    UserData as base64
 *   EC2, CloudWatch Logs, CloudSearch    names that boto3 gives to some parameters
 *   Route 53             ids without "/hostedzone/"
 *   Glacier              the caller's own account
 *   Machine Learning     the endpoint of a prediction
 * custom_copy.c        copies between regions
 *   EC2, RDS, Neptune, DocumentDB    a URL that is signed for the other region
 * custom_glacier.c     checksums of an archive
 * customisations.c     requests, retries
 *   API Gateway          Accept: application/json
 *   Glacier              its version
 *   CloudSearch          a query that is too long for a URL
 *   Bedrock              a token from the environment in place of a signature
 *   DynamoDB             its answers are fast and so are its retries: one more attempt, half the
 *                        delay (SDK retry specification 2.1, "service specific values";
 *                        retries/standard.py); a CRC32 of the answer's body, which is asked for
 *                        again where it differs (retries/special.py)
 *   long polling         an operation that is called again at once, whatever it answers, owes a
 *                        sleep even when no retry is left to it (the same; smithy's
 *                        aws.api#longPoll is to replace the list); its answer may take over a
 *                        minute (API references of GetActivityTask and PollForActivityTask)
 * custom_output.c      answers and results
 *   S3                   an error behind status 200, an expiry that is no time, keys decoded, the
 *                        region of a bucket
 *   IAM, CloudFormation  policies and templates as tables
 *   EC2                  the console as text
 * custom_endpoint.c    endpoints
 *   S3                   path style, the bucket's place, dual stack by a setting of its own; a
 *                        bucket of another region: S3 answers where it is, and the client goes
 *                        there, once a call */
#include "aws/internal.h"

bool gw_custom_is_of(const struct gw_operation *op, const char *service_id, const char *operation)
{
    struct gw_view id = gw_service_id(gw_operation_service(op));
    return gw_view_equal(id, gw_view_of(service_id)) &&
           (!operation || gw_view_equal(gw_operation_name(op), gw_view_of(operation)));
}

bool gw_custom_is_named(struct gw_view name, const char *const *names)
{
    for (; *names; names++) {
        if (gw_view_equal(name, gw_view_of(*names))) {
            return true;
        }
    }
    return false;
}

bool gw_custom_is_arn(struct gw_view text)
{
    return gw_view_starts_with(text, GW_VIEW("arn:"));
}

/* ---- requests -------------------------------------------------------------------------------- */

static void add_header(const struct gw_operation *op, const char *name, struct gw_view value,
                       struct gw_arena *arena, struct gw_http_request *req)
{
    (void)op;
    if (!gw_headers_get(&req->headers, gw_view_of(name)).data) {
        gw_headers_add(arena, &req->headers, gw_view_of(name), value);
    }
}

static void accept_json(const struct gw_operation *op, struct gw_arena *arena,
                        struct gw_http_request *req)
{
    add_header(op, "Accept", GW_VIEW("application/json"), arena, req);
}

static void add_glacier_version(const struct gw_operation *op, struct gw_arena *arena,
                                struct gw_http_request *req)
{
    add_header(op, "x-amz-glacier-version", gw_service_api_version(gw_operation_service(op)), arena,
               req);
}

/* A query may be too long for a URL. */
static void move_query_to_body(const struct gw_operation *op, struct gw_arena *arena,
                               struct gw_http_request *req)
{
    size_t question = gw_view_find_char(req->url, '?');
    if (!gw_view_equal(req->method, GW_VIEW("GET")) || question == GW_NPOS) {
        return;
    }
    req->method = GW_VIEW("POST");
    req->body = gw_view_sub(req->url, question + 1, req->url.len);
    req->url = gw_view_sub(req->url, 0, question);
    add_header(op, "Content-Type", GW_VIEW("application/x-www-form-urlencoded"), arena, req);
}

/* botocore/handlers.py, inject_api_version_header_if_needed */
static void add_api_version(const struct gw_operation *op, struct gw_arena *arena,
                            struct gw_http_request *req)
{
    if (gw_operation_discovery(op) == GW_DISCOVERY_ANSWERS) {
        add_header(op, "x-amz-api-version", gw_service_api_version(gw_operation_service(op)), arena,
                   req);
    }
}

static const struct {
    const char *service_id, *operation; /* NULL: all */
    void (*apply)(const struct gw_operation *op, struct gw_arena *arena,
                  struct gw_http_request *req);
} requests[] = {
    {"API Gateway", NULL, accept_json},                   /* add_accept_header */
    {"Glacier", NULL, add_glacier_version},               /* add_glacier_version */
    {"CloudSearch Domain", "Search", move_query_to_body}, /* change_get_to_post */
};

void gw_custom_request(const struct gw_operation *op, const struct gw_value *input,
                       struct gw_arena *arena, struct gw_http_request *req)
{
    add_api_version(op, arena, req);
    gw_custom_add_checksums(&(struct gw_custom_body){op, input, NULL}, arena, req, NULL);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        if (gw_custom_is_of(op, requests[i].service_id, requests[i].operation)) {
            requests[i].apply(op, arena, req);
        }
    }
}

/* botocore/handlers.py, _should_prefer_bearer_auth: services that take signatures, but tokens too. */
bool gw_custom_takes_token(const struct gw_service *service)
{
    static const char *const ids[] = {"Bedrock", "Bedrock Runtime", NULL};
    return gw_custom_is_named(gw_service_id(service), ids);
}

/* ---- server ---------------------------------------------------------------------------------- */

bool gw_custom_bare_errors(const struct gw_service *service)
{
    return gw_view_equal(gw_service_id(service), GW_VIEW("S3"));
}

/* The model marks them as deprecated: their successors have the same method and path. */
bool gw_custom_is_superseded(const struct gw_operation *op)
{
    static const char *const names[] = {"GetBucketLifecycle", "GetBucketNotification",
                                        "PutBucketLifecycle", "PutBucketNotification"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (gw_custom_is_of(op, "S3", names[i])) {
            return true;
        }
    }
    return false;
}

/* ---- retries --------------------------------------------------------------------------------- */

void gw_custom_retry_policy(const struct gw_service *service, struct gw_retry_policy *policy)
{
    static const char *const dynamodb[] = {"dynamodb", "dynamodbstreams", NULL};
    if (service && gw_custom_is_named(gw_service_name(service), dynamodb)) {
        policy->max_attempts = 4;
        policy->transient_scale_ms = 25;
    }
}

bool gw_custom_verify(const struct gw_operation *op, const struct gw_http_response *res,
                      struct gw_err *err)
{
    int64_t expected = 0, computed = 0;
    unsigned char crc[GW_CHECKSUM_MAX_LEN];
    struct gw_view text = gw_headers_get(&res->headers, GW_VIEW("x-amz-crc32"));
    if (!gw_custom_is_of(op, "DynamoDB", NULL) || !gw_view_to_int64(text, &expected)) {
        return true;
    }
    struct gw_checksum_state *state = gw_checksum_new(GW_CHECKSUM_CRC32);
    gw_checksum_add(state, res->body);
    size_t len = gw_checksum_finish(state, crc);
    gw_checksum_free(state);
    for (size_t i = 0; i < len; i++) {
        computed = computed << 8 | crc[i];
    }
    return computed == expected ||
           gw_fail(err, GW_ERR_NETWORK,
                   "the answer was damaged on its way: expected CRC32 %lld, "
                   "got %lld",
                   (long long)expected, (long long)computed);
}

bool gw_custom_is_long_polling(const struct gw_operation *op)
{
    static const struct {
        const char *service;
        const char *operations[3];
    } rows[] = {{"sqs", {"ReceiveMessage"}},
                {"stepfunctions", {"GetActivityTask"}},
                {"swf", {"PollForActivityTask", "PollForDecisionTask"}}};
    struct gw_view service = gw_service_name(gw_operation_service(op));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (gw_view_equal(service, gw_view_of(rows[i].service))) {
            return gw_custom_is_named(gw_operation_name(op), rows[i].operations);
        }
    }
    return false;
}
