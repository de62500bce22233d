/* endpoint: where a call goes: to a custom endpoint, else to where AWS's rules for the service say.
 * The rules are asked with parameters of the operation and its input, of the settings and of the
 * caller; which there are says the rule set. */
#include "aws/internal.h"

#define PSEUDO_REGION GW_VIEW("aws-global")

/* ---- parameters of the call ------------------------------------------------------------------ */

/* Texts, switches and lists of them; the rules know nothing else. */
static struct gw_value copy(const struct gw_value *value, struct gw_arena *arena)
{
    struct gw_value out = *value;
    if (value->kind == GW_STRING) {
        out.as.string = gw_arena_dup(arena, value->as.string);
    } else if (value->kind == GW_LIST) {
        out = gw_value_list();
        for (size_t i = 0; i < value->as.list.count; i++) {
            const struct gw_value *item = &value->as.list.items[i];
            if (item->kind == GW_STRING) {
                *gw_list_add(arena, &out) = copy(item, arena);
            }
        }
    }
    return out;
}

static void add_context(struct gw_arena *arena, struct gw_value *context, struct gw_view name,
                        const struct gw_value *value)
{
    if (value != NULL && value->kind != GW_NULL && gw_map_get(context, name) == NULL) {
        *gw_map_add(arena, context, name) = copy(value, arena);
    }
}

static void add_members(const struct gw_operation *op, const struct gw_value *input,
                        struct gw_arena *arena, struct gw_value *context)
{
    const struct gw_shape *shape = gw_operation_input(op);
    size_t count = shape ? gw_shape_member_count(shape) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        struct gw_view name = gw_member_context_param(member);
        if (name.len > 0) {
            add_context(arena, context, name, gw_map_get(input, gw_member_name(member)));
        }
    }
}

/* Those that the operation sets, to a constant or to what a path finds in the input. */
static bool add_settled(const struct gw_operation *op, const struct gw_value *input, bool constants,
                        struct gw_arena *arena, struct gw_value *context, struct gw_err *err)
{
    for (size_t i = 0; i < gw_operation_context_count(op); i++) {
        struct gw_context one = gw_operation_context(op, i);
        struct gw_value value = {0};
        if ((one.json.len > 0) != constants) {
            continue;
        }
        if (constants) {
            if (!gw_json_parse(one.json, arena, &value, err)) {
                return false;
            }
        } else {
            const struct gw_jmespath *path = gw_jmespath_compile(one.path, arena, err);
            if (!path || !gw_jmespath_search(path, input, arena, &value, err)) {
                return false;
            }
        }
        add_context(arena, context, one.name, &value);
    }
    return true;
}

bool gw_endpoint_context(const struct gw_operation *op, const struct gw_value *input,
                         struct gw_arena *arena, struct gw_value *out, struct gw_err *err)
{
    *out = gw_value_map();
    if (!add_settled(op, input, true, arena, out, err)) {
        return false;
    }
    add_members(op, input, arena, out);
    return add_settled(op, input, false, arena, out, err);
}

/* ---- parameters of the settings -------------------------------------------------------------- */

/* A question with what follows from it. */
struct site {
    const struct gw_endpoint_query *query;
    const struct gw_endpoint_rules *rules;
    struct gw_view region, custom;
    bool use_fips, use_dualstack;
};

static struct gw_value text_or_none(struct gw_view text)
{
    return text.len > 0 ? gw_value_string(text) : (struct gw_value){0};
}

static struct gw_value region_of(const struct site *site)
{
    return text_or_none(site->region);
}

static struct gw_value use_fips(const struct site *site)
{
    return gw_value_bool(site->use_fips);
}

static struct gw_value use_dualstack(const struct site *site)
{
    return gw_value_bool(site->use_dualstack);
}

static struct gw_value custom_endpoint(const struct site *site)
{
    return text_or_none(site->custom);
}

static struct gw_value account_id(const struct site *site)
{
    return text_or_none(site->query->account_id);
}

static struct gw_value account_id_mode(const struct site *site)
{
    static const char *const names[] = {"preferred", "disabled", "required"};
    return gw_value_text(names[site->query->settings->account_id_mode]);
}

static struct gw_value sts_global(const struct site *site)
{
    return gw_value_bool(site->query->settings->sts_is_global);
}

static struct gw_value s3_global(const struct site *site)
{
    return gw_value_bool(!site->query->settings->s3.us_east_1_is_regional);
}

static struct gw_value s3_accelerate(const struct site *site)
{
    return gw_value_bool(site->query->settings->s3.use_accelerate);
}

static struct gw_value s3_path_style(const struct site *site)
{
    const struct gw_endpoint_query *query = site->query;
    struct gw_view bucket = gw_map_text(query->context, GW_VIEW("Bucket"));
    return gw_value_bool(
        gw_custom_path_style(query->op, &query->settings->s3, bucket, site->custom));
}

static struct gw_value s3_arn_region(const struct site *site)
{
    return gw_value_bool(site->query->settings->s3.use_arn_region != GW_SWITCH_OFF);
}

static struct gw_value s3_control_arn_region(const struct site *site)
{
    return gw_value_bool(site->query->settings->s3.use_arn_region == GW_SWITCH_ON);
}

static struct gw_value s3_no_multi_region(const struct site *site)
{
    return gw_value_bool(site->query->settings->s3.disable_multi_region);
}

static struct gw_value s3_no_express_session(const struct site *site)
{
    return gw_value_bool(site->query->settings->s3.disable_express_session);
}

/* By the names that rule sets give for where a parameter comes from; or by that of the parameter,
 * for what is the client's. */
static const struct {
    const char *name;
    struct gw_value (*value)(const struct site *site);
} built_ins[] = {
    {"AWS::Region", region_of},
    {"AWS::UseFIPS", use_fips},
    {"AWS::UseDualStack", use_dualstack},
    {"SDK::Endpoint", custom_endpoint},
    {"AWS::Auth::AccountId", account_id},
    {"AWS::Auth::AccountIdEndpointMode", account_id_mode},
    {"AWS::STS::UseGlobalEndpoint", sts_global},
    {"AWS::S3::UseGlobalEndpoint", s3_global},
    {"AWS::S3::Accelerate", s3_accelerate},
    {"AWS::S3::ForcePathStyle", s3_path_style},
    {"AWS::S3::UseArnRegion", s3_arn_region},
    {"AWS::S3Control::UseArnRegion", s3_control_arn_region},
    {"AWS::S3::DisableMultiRegionAccessPoints", s3_no_multi_region},
    {"DisableS3ExpressSessionAuth", s3_no_express_session},
};

static struct gw_value built_in(const struct site *site, struct gw_view name)
{
    for (size_t i = 0; i < sizeof built_ins / sizeof built_ins[0]; i++) {
        if (gw_view_equal(name, gw_view_of(built_ins[i].name))) {
            return built_ins[i].value(site);
        }
    }
    return (struct gw_value){0};
}

static struct gw_value parameters(const struct site *site, struct gw_arena *arena)
{
    const struct gw_endpoint_query *query = site->query;
    struct gw_value out = gw_value_map();
    for (size_t i = 0; i < gw_endpoint_parameter_count(site->rules); i++) {
        struct gw_view source;
        struct gw_view name = gw_endpoint_parameter(site->rules, i, &source);
        const struct gw_value *given = gw_map_get(query->context, name);
        *gw_map_add(arena, &out, name) =
            given ? *given : built_in(site, source.len > 0 ? source : name);
    }
    return out;
}

/* "fips-us-east-1" and "us-east-1-fips" are older spellings of a region and the FIPS switch. */
static bool strip_fips(struct gw_view *region)
{
    struct gw_view before = GW_VIEW("fips-"), after = GW_VIEW("-fips");
    if (gw_view_starts_with(*region, before)) {
        *region = gw_view_sub(*region, before.len, GW_NPOS);
        return true;
    }
    if (gw_view_ends_with(*region, after)) {
        *region = gw_view_sub(*region, 0, region->len - after.len);
        return true;
    }
    return false;
}

/* A custom endpoint is taken as it is: FIPS and dual stack do not apply to it. */
static struct site site_of(const struct gw_endpoint_query *query,
                           const struct gw_endpoint_rules *rules, struct gw_view custom)
{
    const struct gw_settings *settings = query->settings;
    const struct gw_service *service = gw_operation_service(query->op);
    struct site out = {.query = query,
                       .rules = rules,
                       .region = query->region.len > 0 ? query->region : settings->region,
                       .custom = custom};
    bool is_old_fips = strip_fips(&out.region);
    if (out.custom.len == 0) {
        out.use_fips = is_old_fips || settings->use_fips;
        out.use_dualstack = settings->use_dualstack || gw_custom_dualstack(service, settings);
    }
    return out;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static const struct gw_value *find_scheme(const struct gw_value *schemes, struct gw_view name)
{
    for (size_t i = 0; i < schemes->as.list.count; i++) {
        if (gw_view_equal(gw_map_text(&schemes->as.list.items[i], GW_VIEW("name")), name)) {
            return &schemes->as.list.items[i];
        }
    }
    return NULL;
}

static bool fail_scheme(const struct gw_value *schemes, struct gw_err *err)
{
    if (find_scheme(schemes, GW_VIEW("sigv4a"))) {
        return gw_fail(err, GW_ERR_INPUT,
                       "it wants to be signed for many regions at once (sigv4a), which is not "
                       "supported; name a resource of one region");
    }
    if (find_scheme(schemes, GW_VIEW("sigv4-s3express"))) {
        return gw_fail(err, GW_ERR_INPUT,
                       "it wants an S3 Express session, which is not supported; set "
                       "s3_disable_express_session_auth = true to sign every request instead");
    }
    return gw_fail(err, GW_ERR_INPUT, "it wants to be signed by '%.*s', which is not supported",
                   GW_VIEW_ARGS(gw_map_text(&schemes->as.list.items[0], GW_VIEW("name"))));
}

/* The properties say how to sign; where they do not, the service's model does. */
static bool take_signing(const struct gw_endpoint_answer *answer, struct gw_endpoint *out,
                         struct gw_err *err)
{
    const struct gw_value *schemes = gw_map_get(&answer->properties, GW_VIEW("authSchemes"));
    if (schemes == NULL || schemes->kind != GW_LIST || schemes->as.list.count == 0) {
        return true;
    }
    const struct gw_value *scheme = find_scheme(schemes, GW_VIEW("sigv4"));
    if (scheme == NULL) {
        return fail_scheme(schemes, err);
    }
    const struct gw_value *keep = gw_map_get(scheme, GW_VIEW("disableDoubleEncoding"));
    out->signing_name = gw_map_text(scheme, GW_VIEW("signingName"));
    out->signing_region = gw_map_text(scheme, GW_VIEW("signingRegion"));
    out->keep_path = keep != NULL && keep->kind == GW_BOOL && keep->as.boolean;
    return true;
}

static void take_headers(const struct gw_endpoint_answer *answer, struct gw_arena *arena,
                         struct gw_endpoint *out)
{
    for (size_t i = 0; i < answer->headers.as.map.count; i++) {
        const struct gw_entry *entry = &answer->headers.as.map.entries[i];
        for (size_t k = 0; k < entry->value.as.list.count; k++) {
            gw_headers_add(arena, &out->headers, entry->key,
                           entry->value.as.list.items[k].as.string);
        }
    }
}

static bool ask(const struct site *site, struct gw_arena *arena, struct gw_endpoint *out,
                struct gw_err *err)
{
    struct gw_endpoint_answer answer;
    struct gw_value given = parameters(site, arena);
    *out = (struct gw_endpoint){.is_custom = site->custom.len > 0};
    if (!gw_endpoint_evaluate(site->rules, &given, arena, &answer, err) ||
        !take_signing(&answer, out, err)) {
        return false;
    }
    out->url = answer.url;
    take_headers(&answer, arena, out);
    const struct gw_service *service = gw_operation_service(site->query->op);
    if (out->signing_name.len == 0) {
        out->signing_name = gw_service_signing_name(service);
    }
    if (out->signing_region.len == 0) {
        out->signing_region = site->region;
    }
    return true;
}

/* Without a region a service has an endpoint still where its rules know that of the whole
 * partition: one without a region in its name, and with one to sign for. */
static bool ask_for_global(struct site *site, struct gw_arena *arena, struct gw_endpoint *out)
{
    site->region = PSEUDO_REGION;
    return ask(site, arena, out, NULL) && !gw_view_equal(out->signing_region, PSEUDO_REGION) &&
           gw_view_find(out->url, PSEUDO_REGION) == GW_NPOS;
}

bool gw_endpoint_resolve(const struct gw_endpoint_query *query, struct gw_arena *arena,
                         struct gw_endpoint *out, struct gw_err *err)
{
    const struct gw_service *service = gw_operation_service(query->op);
    struct gw_view name = gw_service_name(service);
    struct gw_view custom;
    if (!gw_endpoint_custom(query->config, query->settings, service, &custom, err)) {
        return false;
    }
    const struct gw_endpoint_rules *rules = gw_endpoint_rules_of(service, err);
    if (!rules) {
        gw_err_prefix(err, "endpoint of %.*s", GW_VIEW_ARGS(name));
        return false;
    }
    struct site site = site_of(query, rules, custom);
    if (site.region.len == 0) {
        return ask_for_global(&site, arena, out) ||
               gw_fail(err, GW_ERR_INPUT,
                       "endpoint of %.*s: no region is given (by argument, AWS_REGION or the "
                       "profile '%.*s')",
                       GW_VIEW_ARGS(name), GW_VIEW_ARGS(query->settings->profile));
    }
    if (!ask(&site, arena, out, err)) {
        gw_err_prefix(err, "endpoint of %.*s", GW_VIEW_ARGS(name));
        return false;
    }
    return true;
}
