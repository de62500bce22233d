/* custom_endpoint: where S3 is asked, as far as its endpoint rules leave that to the client. At each
 * function its place in botocore 1.43; see customisations.c. */
#include "aws/internal.h"

/* ---- endpoints ------------------------------------------------------------------------------- */

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
    if (gw_custom_is_arn(bucket)) {
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
    return settings->s3.use_dualstack && gw_custom_is_named(gw_service_name(service), services);
}

/* handlers.py, remove_bucket_from_url_paths_from_model: model and endpoint rules both place the
 * bucket. */
struct gw_view gw_custom_target(const struct gw_operation *op, struct gw_view target)
{
    if (!gw_custom_is_of(op, "S3", NULL) ||
        !gw_view_starts_with(gw_operation_uri(op), GW_VIEW("/{Bucket}"))) {
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
    return gw_custom_is_of(op, "S3 Control", NULL) &&
           gw_view_equal(gw_operation_host_prefix(op), GW_VIEW("{AccountId}."));
}

/* ---- buckets of other regions: utils.py, S3RegionRedirectorv2 -------------------------------- */

struct gw_view gw_custom_bucket(const struct gw_operation *op, const struct gw_value *context)
{
    struct gw_view bucket =
        gw_custom_is_of(op, "S3", NULL) ? gw_map_text(context, GW_VIEW("Bucket")) : GW_VIEW_NONE;
    return gw_custom_is_arn(bucket) ? GW_VIEW_NONE : bucket;
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
           (is_head && res->status == 400) || gw_custom_is_named(code, codes) ||
           (gw_view_equal(code, GW_VIEW("IllegalLocationConstraintException")) && !is_create);
}

struct gw_view gw_custom_bucket_region(const struct gw_operation *op,
                                       const struct gw_http_response *res,
                                       const struct gw_aws_error *error, struct gw_arena *arena)
{
    if (!gw_custom_is_of(op, "S3", NULL) || !is_elsewhere(op, res, error->code)) {
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
