/* endpoint_custom: the endpoint that somebody set for a service, instead of AWS's own. */
#include "aws/internal.h"

#include <stdlib.h>

#define VARIABLE_PREFIX "AWS_ENDPOINT_URL"
#define ENDPOINT_URL    GW_VIEW("endpoint_url")
#define NAME_MAX_BYTES  128

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

/* Of the services section that the profile names, which has to be there. */
static bool from_section(const struct gw_config *config, struct gw_view profile,
                         const struct gw_service *service, struct gw_view *url, struct gw_err *err)
{
    struct gw_view kind = GW_VIEW("services");
    struct gw_view section = gw_config_get(config, profile, kind);
    if (section.len == 0) {
        return true;
    }
    if (!gw_config_has_section(config, kind, section)) {
        return gw_fail(err, GW_ERR_INPUT,
                       "it names the services section '%.*s', which is missing in %.*s",
                       GW_VIEW_ARGS(section), GW_VIEW_ARGS(gw_config_path(config)));
    }
    struct gw_buf key;
    gw_buf_init(&key, NAME_MAX_BYTES);
    add_id(service, to_lower, &key);
    *url = gw_config_section_get(config, kind, section, gw_buf_view(&key), ENDPOINT_URL);
    gw_buf_clear(&key);
    return true;
}

static bool from_profile(const struct gw_config *config, struct gw_view profile,
                         const struct gw_service *service, struct gw_buf *origin,
                         struct gw_view *url, struct gw_err *err)
{
    gw_buf_reset(origin);
    gw_buf_addf(origin, "profile '%.*s'", GW_VIEW_ARGS(profile));
    if (!from_section(config, profile, service, url, err)) {
        return false;
    }
    *url = url->len > 0 ? *url : gw_config_get(config, profile, ENDPOINT_URL);
    return true;
}

static bool are_ignored(const struct gw_config *config, struct gw_view profile)
{
    struct gw_view value = gw_environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    if (value.len == 0) {
        value = gw_config_get(config, profile, GW_VIEW("ignore_configured_endpoint_urls"));
    }
    return gw_view_equal_nocase(value, GW_VIEW("true"));
}

static bool find(const struct gw_config *config, const struct gw_settings *settings,
                 const struct gw_service *service, struct gw_buf *origin, struct gw_view *url,
                 struct gw_err *err)
{
    *url = settings->endpoint_url;
    if (url->len > 0) {
        gw_buf_add_text(origin, "the endpoint argument");
        return true;
    }
    if (are_ignored(config, settings->profile)) {
        return true;
    }
    *url = from_environment(service, origin);
    return url->len > 0 || from_profile(config, settings->profile, service, origin, url, err);
}

bool gw_endpoint_custom(const struct gw_config *config, const struct gw_settings *settings,
                        const struct gw_service *service, struct gw_view *url, struct gw_err *err)
{
    struct gw_buf origin;
    struct gw_url parts;
    gw_buf_init(&origin, NAME_MAX_BYTES);
    bool ok = find(config, settings, service, &origin, url, err) &&
              (url->len == 0 || gw_url_parse(*url, &parts, err));
    if (!ok) {
        gw_err_prefix(err, "endpoint of %.*s (%.*s)", GW_VIEW_ARGS(gw_service_name(service)),
                      GW_VIEW_ARGS(gw_buf_view(&origin)));
    }
    gw_buf_clear(&origin);
    return ok;
}
