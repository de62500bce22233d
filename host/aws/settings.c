/* settings: which profile, region and switches a run uses, settled once.
 * A blank argument or variable counts as not given. */
#include "aws/internal.h"

#include <stdlib.h>

#define DEFAULT_MIN_COMPRESSION_BYTES 10240
#define LIMIT_MIN_COMPRESSION_BYTES   1048576
#define LIMIT_MAX_ATTEMPTS            100
#define NAMES_SHOWN_MAX               8

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

/* The region becomes part of a host name: anything else would send the call somewhere else. */
static bool resolve_region(const struct gw_config *config, struct gw_view argument,
                           struct gw_settings *out, struct gw_err *err)
{
    struct found region = {.value = gw_view_trim(argument), .origin = "the region argument"};
    if (region.value.len == 0) {
        region = find(config, out->profile, "AWS_REGION", "AWS_DEFAULT_REGION", "region");
    }
    out->region = region.value;
    out->region_origin = region.origin;
    out->region_path = region.path;
    if (region.value.len > 0 && !gw_is_host_label(region.value)) {
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

/* Which of the names, which end in NULL, was set; the first where none was. */
static bool choose(struct found found, const char *const *names, const char *expected, size_t *out,
                   struct gw_err *err)
{
    *out = 0;
    for (size_t i = 0; names[i]; i++) {
        if (gw_view_equal_nocase(found.value, gw_view_of(names[i]))) {
            *out = i;
            return true;
        }
    }
    return found.value.len == 0 || fail_setting(found, expected, err);
}

/* ---- endpoints ------------------------------------------------------------------------------- */

/* The first that is set of the variable (which may be NULL), the key of the profile's section "s3",
 * and that key of the profile itself, where it has one in front of others of its kind. */
static struct found find_s3(const struct gw_config *config, struct gw_view profile,
                            const char *variable, const char *key, const char *profile_key)
{
    struct found found = find(config, profile, variable, NULL, profile_key);
    if (found.value.len == 0) {
        found = find(config, profile, NULL, NULL, "s3");
        found.value = gw_config_section_get(config, GW_VIEW("profile"), profile, GW_VIEW("s3"),
                                            gw_view_of(key));
        found.origin = key;
    }
    return found;
}

static enum gw_switch switch_of(struct found found)
{
    if (found.value.len == 0) {
        return GW_SWITCH_UNSET;
    }
    return gw_view_equal_nocase(found.value, GW_VIEW("true")) ? GW_SWITCH_ON : GW_SWITCH_OFF;
}

static bool resolve_s3(const struct gw_config *config, struct gw_view profile,
                       struct gw_s3_settings *out, struct gw_err *err)
{
    static const char *const styles[] = {"auto", "virtual", "path", NULL};
    static const char *const kinds[] = {"legacy", "regional", NULL};
    size_t style, kind;
    struct found found_style = find_s3(config, profile, NULL, "addressing_style", "");
    struct found found_kind =
        find_s3(config, profile, "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
                "us_east_1_regional_endpoint", "s3_us_east_1_regional_endpoint");
    if (!choose(found_style, styles, "auto, virtual or path", &style, err) ||
        !choose(found_kind, kinds, "legacy or regional", &kind, err)) {
        return false;
    }
    out->addressing = (enum gw_addressing)style;
    out->us_east_1_is_regional = kind == 1;
    out->use_accelerate =
        switch_of(find_s3(config, profile, NULL, "use_accelerate_endpoint", "")) == GW_SWITCH_ON;
    out->use_dualstack =
        switch_of(find_s3(config, profile, NULL, "use_dualstack_endpoint", "")) == GW_SWITCH_ON;
    out->sign_payload = switch_of(find_s3(config, profile, NULL, "payload_signing_enabled", ""));
    out->use_arn_region = switch_of(
        find_s3(config, profile, "AWS_S3_USE_ARN_REGION", "use_arn_region", "s3_use_arn_region"));
    out->disable_multi_region =
        switch_of(find_s3(config, profile, "AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS",
                          "s3_disable_multiregion_access_points",
                          "s3_disable_multiregion_access_points")) == GW_SWITCH_ON;
    out->disable_express_session = is_on(config, profile, "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH",
                                         "s3_disable_express_session_auth");
    return true;
}

static bool resolve_endpoints(const struct gw_config *config, struct gw_settings *out,
                              struct gw_err *err)
{
    static const char *const kinds[] = {"regional", "legacy", NULL};
    static const char *const modes[] = {"preferred", "disabled", "required", NULL};
    size_t kind, mode;
    struct found found_kind =
        find(config, out->profile, "AWS_STS_REGIONAL_ENDPOINTS", NULL, "sts_regional_endpoints");
    struct found found_mode = find(config, out->profile, "AWS_ACCOUNT_ID_ENDPOINT_MODE", NULL,
                                   "account_id_endpoint_mode");
    if (!choose(found_kind, kinds, "regional or legacy", &kind, err) ||
        !choose(found_mode, modes, "preferred, disabled or required", &mode, err)) {
        return false;
    }
    out->sts_is_global = kind == 1;
    out->account_id_mode = (enum gw_account_id_mode)mode;
    out->use_fips = is_on(config, out->profile, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
    out->use_dualstack =
        is_on(config, out->profile, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
    out->disable_host_prefix = is_on(config, out->profile, "AWS_DISABLE_HOST_PREFIX_INJECTION",
                                     "disable_host_prefix_injection");
    return resolve_s3(config, out->profile, &out->s3, err);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

/* "when_supported", the default, or "when_required". */
static bool resolve_when(struct found found, bool *required, struct gw_err *err)
{
    static const char *const names[] = {"when_supported", "when_required", NULL};
    size_t choice;
    bool ok = choose(found, names, "when_supported or when_required", &choice, err);
    *required = choice == 1;
    return ok;
}

static bool resolve_min_compression(const struct gw_config *config, struct gw_settings *out,
                                    struct gw_err *err)
{
    struct found found = find(config, out->profile, "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", NULL,
                              "request_min_compression_size_bytes");
    int64_t number = DEFAULT_MIN_COMPRESSION_BYTES;
    if (found.value.len > 0 && (!gw_view_to_int64(found.value, &number) || number < 0 ||
                                number > LIMIT_MIN_COMPRESSION_BYTES)) {
        return fail_setting(found, "a whole number from 0 to 1048576", err);
    }
    out->min_compression_bytes = (size_t)number;
    return true;
}

static bool resolve_bodies(const struct gw_config *config, struct gw_settings *out,
                           struct gw_err *err)
{
    out->disable_compression = is_on(config, out->profile, "AWS_DISABLE_REQUEST_COMPRESSION",
                                     "disable_request_compression");
    return resolve_when(find(config, out->profile, "AWS_REQUEST_CHECKSUM_CALCULATION", NULL,
                             "request_checksum_calculation"),
                        &out->checksum_when_required, err) &&
           resolve_when(find(config, out->profile, "AWS_RESPONSE_CHECKSUM_VALIDATION", NULL,
                             "response_checksum_validation"),
                        &out->validate_when_required, err) &&
           resolve_min_compression(config, out, err);
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
        !resolve_retry_mode(config, out, err) || !resolve_defaults_mode(config, out, err) ||
        !resolve_endpoints(config, out, err) || !resolve_bodies(config, out, err)) {
        return false;
    }
    out->ca_bundle = find(config, out->profile, "AWS_CA_BUNDLE", NULL, "ca_bundle").value;
    if (out->ca_bundle.len == 0) {
        out->ca_bundle = gw_environment("REQUESTS_CA_BUNDLE"); /* botocore's own heritage */
    }
    return true;
}
