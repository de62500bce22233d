/* endpoint: where the calls of a service go: to a custom endpoint, else to where AWS's rules for
 * the service say. The rules are asked about the service as a whole, not about one bucket or table,
 * so S3 is addressed by path. */
#include "aws/internal.h"

#include <stdlib.h>

#define VARIABLE_PREFIX "AWS_ENDPOINT_URL"
#define ENDPOINT_URL    GW_VIEW("endpoint_url")
#define NAME_MAX_BYTES  128

/* ---- custom endpoints ----------------------------------------------------------------------- */

static char to_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The service id as names spell it: "Elastic Load Balancing v2" in upper case is
 * "ELASTIC_LOAD_BALANCING_V2". */
static void add_id(const struct gw_service *service, char (*change_case)(char), struct gw_buf *out)
{
    struct gw_view id = gw_service_id(service);
    for (size_t i = 0; i < id.len; i++) {
        char c = id.data[i];
        gw_buf_add_char(out, c == ' ' || c == '-' ? '_' : change_case(c));
    }
}

/* These fill `origin`, for messages, with where they looked last. */

static struct gw_view from_environment(const struct gw_service *service, struct gw_buf *origin)
{
    gw_buf_reset(origin);
    gw_buf_add_text(origin, VARIABLE_PREFIX "_");
    add_id(service, to_upper, origin);
    struct gw_view url = gw_environment(origin->data);
    if (url.len == 0) {
        gw_buf_reset(origin);
        gw_buf_add_text(origin, VARIABLE_PREFIX);
        url = gw_environment(origin->data);
    }
    return url;
}

static struct gw_view from_profile(const struct gw_config *config, struct gw_view profile,
                                   const struct gw_service *service, struct gw_buf *origin)
{
    gw_buf_reset(origin);
    gw_buf_addf(origin, "profile '%.*s'", GW_VIEW_ARGS(profile));
    struct gw_view url = GW_VIEW_NONE;
    struct gw_view section = gw_config_get(config, profile, GW_VIEW("services"));
    if (section.len > 0) {
        struct gw_buf key;
        gw_buf_init(&key, NAME_MAX_BYTES);
        add_id(service, to_lower, &key);
        url = gw_config_section_get(config, GW_VIEW("services"), section, gw_buf_view(&key),
                                    ENDPOINT_URL);
        gw_buf_clear(&key);
    }
    return url.len > 0 ? url : gw_config_get(config, profile, ENDPOINT_URL);
}

static bool are_ignored(const struct gw_config *config, struct gw_view profile)
{
    struct gw_view value = gw_environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    if (value.len == 0) {
        value = gw_config_get(config, profile, GW_VIEW("ignore_configured_endpoint_urls"));
    }
    return gw_view_equal_nocase(value, GW_VIEW("true"));
}

static struct gw_view find_custom(const struct gw_config *config,
                                  const struct gw_settings *settings,
                                  const struct gw_service *service, struct gw_buf *origin)
{
    if (settings->endpoint_url.len > 0) {
        gw_buf_add_text(origin, "the endpoint argument");
        return settings->endpoint_url;
    }
    if (are_ignored(config, settings->profile)) {
        return GW_VIEW_NONE;
    }
    struct gw_view url = from_environment(service, origin);
    return url.len > 0 ? url : from_profile(config, settings->profile, service, origin);
}

struct gw_view gw_endpoint_custom(const struct gw_config *config,
                                  const struct gw_settings *settings,
                                  const struct gw_service *service)
{
    struct gw_buf origin;
    gw_buf_init(&origin, NAME_MAX_BYTES);
    struct gw_view url = find_custom(config, settings, service, &origin);
    gw_buf_clear(&origin);
    return url;
}

static bool check_custom(const struct gw_config *config, const struct gw_settings *settings,
                         const struct gw_service *service, struct gw_err *err)
{
    struct gw_buf origin;
    struct gw_url url;
    gw_buf_init(&origin, NAME_MAX_BYTES);
    struct gw_view custom = find_custom(config, settings, service, &origin);
    bool ok = custom.len == 0 || gw_url_parse(custom, &url, err);
    if (!ok) {
        gw_err_prefix(err, "endpoint of %.*s (%.*s)", GW_VIEW_ARGS(gw_service_name(service)),
                      GW_VIEW_ARGS(gw_buf_view(&origin)));
    }
    gw_buf_clear(&origin);
    return ok;
}

/* ---- resolving ------------------------------------------------------------------------------ */

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

/* The built-in parameters, by the names that every rule set gives them; what a set does not declare
 * it does not see. A custom endpoint is taken as it is: FIPS and dual stack do not apply to it. */
static struct gw_value parameters(struct gw_view region, bool use_fips, bool use_dualstack,
                                  struct gw_view custom, struct gw_arena *arena)
{
    bool is_custom = custom.len > 0;
    struct gw_value out = gw_value_map();
    *gw_map_add(arena, &out, GW_VIEW("Region")) = gw_value_string(region);
    *gw_map_add(arena, &out, GW_VIEW("UseFIPS")) = gw_value_bool(use_fips && !is_custom);
    *gw_map_add(arena, &out, GW_VIEW("UseDualStack")) = gw_value_bool(use_dualstack && !is_custom);
    *gw_map_add(arena, &out, GW_VIEW("UseGlobalEndpoint")) = gw_value_bool(false);
    *gw_map_add(arena, &out, GW_VIEW("ForcePathStyle")) = gw_value_bool(true);
    if (is_custom) {
        *gw_map_add(arena, &out, GW_VIEW("Endpoint")) = gw_value_string(custom);
    }
    return out;
}

bool gw_endpoint_resolve(const struct gw_config *config, const struct gw_settings *settings,
                         const struct gw_service *service, struct gw_arena *arena,
                         struct gw_endpoint *out, struct gw_err *err)
{
    struct gw_view name = gw_service_name(service);
    struct gw_view custom = gw_endpoint_custom(config, settings, service);
    if (!check_custom(config, settings, service, err)) {
        return false;
    }
    struct gw_view region = settings->region;
    if (region.len == 0) {
        return gw_fail(err, GW_ERR_INPUT,
                       "endpoint of %.*s: no region is given (by argument, AWS_REGION or the "
                       "profile '%.*s')",
                       GW_VIEW_ARGS(name), GW_VIEW_ARGS(settings->profile));
    }
    bool use_fips = strip_fips(&region) || settings->use_fips;
    struct gw_value given = parameters(region, use_fips, settings->use_dualstack, custom, arena);
    if (!gw_endpoint_evaluate(gw_service_endpoint_rules(service), &given, arena, out, err)) {
        gw_err_prefix(err, "endpoint of %.*s", GW_VIEW_ARGS(name));
        return false;
    }
    if (out->signing_region.len == 0 && region.len != settings->region.len) {
        out->signing_region = region;
    }
    return true;
}
