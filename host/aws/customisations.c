/* customisations: what AWS's SDKs do for single services and operations and no model tells. All of
 * it is here, with where it comes from; nothing else in the host knows a service by name, but the
 * credential sources.
 *
 *   retries of DynamoDB        its answers are fast and so are its retries: one more attempt, half
 *                              the delay (SDK retry specification 2.1, "service specific values";
 *                              botocore/retries/standard.py)
 *   long polling               an operation that is called again at once, whatever it answers, owes
 *                              a sleep even when no retry is left to it (the same; smithy's
 *                              aws.api#longPoll is to replace the list)
 *   endpoints of S3            what the rules leave to the client: path style, the bucket's place,
 *                              dual stack by a setting of its own (named at each function, by the
 *                              file and function of botocore 1.43.11)
 *   buckets of other regions   S3 answers where the bucket is: the client goes there, once a call
 *                              (the same) */
#include "aws/internal.h"

static bool is_named(struct gw_view name, const char *const *names)
{
    for (; *names; names++) {
        if (gw_view_equal(name, gw_view_of(*names))) {
            return true;
        }
    }
    return false;
}

/* ---- retries --------------------------------------------------------------------------------- */

void gw_custom_retry_policy(const struct gw_service *service, struct gw_retry_policy *policy)
{
    static const char *const dynamodb[] = {"dynamodb", "dynamodbstreams", NULL};
    if (service && is_named(gw_service_name(service), dynamodb)) {
        policy->max_attempts = 4;
        policy->transient_scale_ms = 25;
    }
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
            return is_named(gw_operation_name(op), rows[i].operations);
        }
    }
    return false;
}

/* ---- endpoints ------------------------------------------------------------------------------- */

static bool is_of(const struct gw_operation *op, const char *service)
{
    return gw_view_equal(gw_service_name(gw_operation_service(op)), gw_view_of(service));
}

static bool is_arn(struct gw_view text)
{
    return gw_view_starts_with(text, GW_VIEW("arn:"));
}

/* utils.py, is_s3_accelerate_url */
static bool is_accelerate_url(struct gw_view custom)
{
    struct gw_url url;
    return custom.len > 0 && gw_url_parse(custom, &url, NULL) &&
           (gw_view_equal_nocase(url.host, GW_VIEW("s3-accelerate.amazonaws.com")) ||
            gw_view_equal_nocase(url.host, GW_VIEW("s3-accelerate.dualstack.amazonaws.com")));
}

/* args.py, compute_endpoint_resolver_builtin_defaults: a custom endpoint hardly ever has a name a
 * bucket. handlers.py, customize_endpoint_resolver_builtins: the region of the bucket is what
 * GetBucketLocation asks for, so that its host name must not lead there; an ARN has no path. */
bool gw_custom_path_style(const struct gw_operation *op, const struct gw_s3_settings *settings,
                          struct gw_view bucket, struct gw_view custom)
{
    if (gw_view_equal(gw_operation_name(op), GW_VIEW("GetBucketLocation"))) {
        return true;
    }
    if (is_arn(bucket)) {
        return false;
    }
    if (custom.len > 0 && !settings->use_accelerate && !is_accelerate_url(custom)) {
        return settings->addressing != GW_ADDRESSING_VIRTUAL;
    }
    return settings->addressing == GW_ADDRESSING_PATH;
}

/* client.py, _is_s3_dualstack_mode */
bool gw_custom_dualstack(const struct gw_service *service, const struct gw_settings *settings)
{
    static const char *const services[] = {"s3", "s3control", NULL};
    return settings->s3.use_dualstack && is_named(gw_service_name(service), services);
}

/* handlers.py, remove_bucket_from_url_paths_from_model: model and endpoint rules both place the
 * bucket. */
struct gw_view gw_custom_target(const struct gw_operation *op, struct gw_view target)
{
    if (!is_of(op, "s3") || !gw_view_starts_with(gw_operation_uri(op), GW_VIEW("/{Bucket}"))) {
        return target;
    }
    size_t end = 1;
    while (end < target.len && target.data[end] != '/' && target.data[end] != '?') {
        end++;
    }
    return gw_view_sub(target, end, GW_NPOS);
}

/* handlers.py, remove_accid_host_prefix_from_model: model and endpoint rules both place the account.
 */
bool gw_custom_drops_host_prefix(const struct gw_operation *op)
{
    return is_of(op, "s3control") &&
           gw_view_equal(gw_operation_host_prefix(op), GW_VIEW("{AccountId}."));
}

/* ---- buckets of other regions: utils.py, S3RegionRedirectorv2 -------------------------------- */

struct gw_view gw_custom_bucket(const struct gw_operation *op, const struct gw_value *context)
{
    struct gw_view bucket =
        is_of(op, "s3") ? gw_map_text(context, GW_VIEW("Bucket")) : GW_VIEW_NONE;
    return is_arn(bucket) ? GW_VIEW_NONE : bucket;
}

/* The answer to a HEAD has no body that could say more than the status. Of CreateBucket the
 * constraint is the caller's own. */
static bool is_elsewhere(const struct gw_operation *op, const struct gw_http_response *res,
                         struct gw_view code)
{
    static const char *const codes[] = {"PermanentRedirect", "AuthorizationHeaderMalformed", NULL};
    bool is_head = gw_view_equal(gw_operation_http_method(op), GW_VIEW("HEAD"));
    bool is_create = gw_view_equal(gw_operation_name(op), GW_VIEW("CreateBucket"));
    return res->status == 301 || res->status == 302 || res->status == 307 ||
           (is_head && res->status == 400) || is_named(code, codes) ||
           (gw_view_equal(code, GW_VIEW("IllegalLocationConstraintException")) && !is_create);
}

struct gw_view gw_custom_bucket_region(const struct gw_operation *op,
                                       const struct gw_http_response *res,
                                       const struct gw_aws_error *error, struct gw_arena *arena)
{
    if (!is_of(op, "s3") || !is_elsewhere(op, res, error->code)) {
        return GW_VIEW_NONE;
    }
    struct gw_view region = gw_headers_get(&res->headers, GW_VIEW("x-amz-bucket-region"));
    struct gw_xml *body;
    if (region.len == 0 && gw_xml_parse(res->body, arena, &body, NULL)) {
        const struct gw_xml *element = gw_xml_child(body, GW_VIEW("Region"));
        region = element ? element->text : GW_VIEW_NONE;
    }
    return gw_is_host_label(region) ? region : GW_VIEW_NONE; /* it becomes part of a host name */
}
