/* settings: which profile, region and switches a run uses, settled once.
 * A blank argument or variable counts as not given. */
#include "aws/internal.h"

#include <stdlib.h>

#define LIMIT_MAX_ATTEMPTS   100
#define HOST_LABEL_MAX_BYTES 63
#define NAMES_SHOWN_MAX      8

/* A setting and where it came from, for messages. */
struct found {
    struct gw_view value;
    const char *origin;
    struct gw_view path; /* of the file; empty: not from one */
    bool is_private;     /* from the credentials file: no message quotes that */
};

/* The first that is set of the variables (the second may be NULL) and the profile's key. */
static struct found find(const struct gw_config *config, struct gw_view profile,
                         const char *variable, const char *second_variable, const char *key)
{
    const char *const variables[] = {variable, second_variable};
    for (size_t i = 0; i < 2 && variables[i]; i++) {
        struct gw_view value = gw_environment(variables[i]);
        if (value.len > 0) {
            return (struct found){value, variables[i], GW_VIEW_NONE, false};
        }
    }
    struct gw_view path = gw_config_origin(config, profile, gw_view_of(key));
    return (struct found){gw_config_get(config, profile, gw_view_of(key)), key, path,
                          gw_view_equal(path, gw_config_credentials_path(config))};
}

static struct gw_view quotable(struct found found)
{
    return found.is_private ? GW_VIEW("...") : found.value;
}

/* ---- profile --------------------------------------------------------------------------------- */

static bool fail_unknown_profile(const struct gw_config *config, struct found profile,
                                 struct gw_err *err)
{
    size_t count = gw_config_profile_count(config);
    struct gw_view *names = gw_alloc((count + 1) * sizeof *names);
    struct gw_buf hint;
    gw_buf_init(&hint, 512);
    for (size_t i = 0; i < count; i++) {
        names[i] = gw_config_profile_name(config, i);
    }
    struct gw_view nearest = gw_view_nearest(profile.value, names, count);
    if (nearest.len > 0) {
        gw_buf_addf(&hint, "did you mean '%.*s'?", GW_VIEW_ARGS(nearest));
    } else {
        gw_buf_add_text(&hint, count > 0 ? "there is" : "there are none");
        for (size_t i = 0; i < count && i < NAMES_SHOWN_MAX; i++) {
            gw_buf_addf(&hint, "%s '%.*s'", i > 0 ? "," : "", GW_VIEW_ARGS(names[i]));
        }
        gw_buf_add_text(&hint, count > NAMES_SHOWN_MAX ? ", ..." : "");
    }
    struct gw_view text = gw_buf_view(&hint);
    gw_fail(err, GW_ERR_NOT_FOUND, "profile '%.*s': is not in %.*s or %.*s; %.*s (from %s)",
            GW_VIEW_ARGS(profile.value), GW_VIEW_ARGS(gw_config_path(config)),
            GW_VIEW_ARGS(gw_config_credentials_path(config)), GW_VIEW_ARGS(text), profile.origin);
    gw_buf_clear(&hint);
    free(names);
    return false;
}

static bool resolve_profile(const struct gw_config *config, struct gw_view argument,
                            struct gw_settings *out, struct gw_err *err)
{
    struct found profile = {.value = gw_view_trim(argument), .origin = "the profile argument"};
    out->profile_named = profile.value.len > 0;
    if (profile.value.len == 0) {
        profile = find(config, GW_VIEW_NONE, "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "");
    }
    if (profile.value.len == 0) {
        out->profile = GW_VIEW("default"); /* which need not exist */
        return true;
    }
    out->profile = profile.value;
    return gw_config_has_profile(config, profile.value) ||
           fail_unknown_profile(config, profile, err);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static bool is_host_label(struct gw_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_inner = i > 0 && i + 1 < text.len;
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            !(c == '-' && is_inner)) {
            return false;
        }
    }
    return text.len > 0 && text.len <= HOST_LABEL_MAX_BYTES;
}

/* The region becomes part of a host name: anything else would send the call somewhere else. */
static bool resolve_region(const struct gw_config *config, struct gw_view argument,
                           struct gw_settings *out, struct gw_err *err)
{
    struct found region = {.value = gw_view_trim(argument), .origin = "the region argument"};
    if (region.value.len == 0) {
        region = find(config, out->profile, "AWS_REGION", "AWS_DEFAULT_REGION", "region");
    }
    out->region = region.value;
    if (region.value.len > 0 && !is_host_label(region.value)) {
        return gw_fail(err, GW_ERR_INPUT,
                       "region '%.*s': expected a name like 'us-east-1' (from %s%s%.*s)",
                       GW_VIEW_ARGS(quotable(region)), region.origin,
                       region.path.len > 0 ? " in " : "", GW_VIEW_ARGS(region.path));
    }
    return true;
}

static bool fail_setting(struct found setting, const char *expected, struct gw_err *err)
{
    return gw_fail(err, GW_ERR_INPUT, "%s%s%.*s: expected %s, got '%.*s'", setting.origin,
                   setting.path.len > 0 ? " in " : "", GW_VIEW_ARGS(setting.path), expected,
                   GW_VIEW_ARGS(quotable(setting)));
}

static bool resolve_max_attempts(const struct gw_config *config, struct gw_settings *out,
                                 struct gw_err *err)
{
    struct found attempts = find(config, out->profile, "AWS_MAX_ATTEMPTS", NULL, "max_attempts");
    int64_t number = 0;
    if (attempts.value.len > 0 &&
        (!gw_view_to_int64(attempts.value, &number) || number < 1 || number > LIMIT_MAX_ATTEMPTS)) {
        return fail_setting(attempts, "a whole number from 1 to 100", err);
    }
    out->max_attempts = (int)number;
    return true;
}

static bool resolve_retry_mode(const struct gw_config *config, struct gw_settings *out,
                               struct gw_err *err)
{
    struct found mode = find(config, out->profile, "AWS_RETRY_MODE", NULL, "retry_mode");
    out->retry_mode = GW_RETRY_STANDARD;
    return mode.value.len == 0 || gw_retry_mode_read(mode.value, &out->retry_mode) ||
           fail_setting(mode, "standard, adaptive or legacy", err);
}

/* Of what a defaults mode stands for, only the connect timeout differs from ours. "auto" would ask
 * the instance where it runs; it is the standard one here, as where that question has no answer. */
static bool resolve_defaults_mode(const struct gw_config *config, struct gw_settings *out,
                                  struct gw_err *err)
{
    static const struct {
        const char *name;
        int64_t connect_timeout_ms;
    } modes[] = {{"legacy", 0},          {"standard", 3100}, {"in-region", 1100},
                 {"cross-region", 3100}, {"mobile", 30000},  {"auto", 3100}};
    struct found mode = find(config, out->profile, "AWS_DEFAULTS_MODE", NULL, "defaults_mode");
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (gw_view_equal_nocase(mode.value, gw_view_of(modes[i].name))) {
            out->connect_timeout_ms = modes[i].connect_timeout_ms;
            return true;
        }
    }
    return mode.value.len == 0 ||
           fail_setting(mode, "legacy, standard, in-region, cross-region, mobile or auto", err);
}

/* Whatever is not "true" is false, as in AWS's SDKs. */
static bool is_on(const struct gw_config *config, struct gw_view profile, const char *variable,
                  const char *key)
{
    struct gw_view value = find(config, profile, variable, NULL, key).value;
    return gw_view_equal_nocase(value, GW_VIEW("true"));
}

static bool resolve_endpoint_url(struct gw_view argument, struct gw_settings *out,
                                 struct gw_err *err)
{
    struct gw_url url;
    out->endpoint_url = gw_view_trim(argument);
    if (out->endpoint_url.len == 0 || gw_url_parse(out->endpoint_url, &url, err)) {
        return true;
    }
    gw_err_prefix(err, "the endpoint argument");
    return false;
}

bool gw_settings_resolve(const struct gw_config *config, struct gw_view profile,
                         struct gw_view region, struct gw_view endpoint_url,
                         struct gw_settings *out, struct gw_err *err)
{
    *out = (struct gw_settings){0};
    if (!resolve_profile(config, profile, out, err) || !resolve_region(config, region, out, err) ||
        !resolve_endpoint_url(endpoint_url, out, err) || !resolve_max_attempts(config, out, err) ||
        !resolve_retry_mode(config, out, err) || !resolve_defaults_mode(config, out, err)) {
        return false;
    }
    out->ca_bundle = find(config, out->profile, "AWS_CA_BUNDLE", NULL, "ca_bundle").value;
    out->use_fips = is_on(config, out->profile, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
    out->use_dualstack =
        is_on(config, out->profile, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
    return true;
}
