/* credentials_sts: roles, assumed with other credentials or with the token of a web identity.
 *
 * An assumed role is kept where the aws CLI keeps it, under the same name: a code typed for one of
 * the two serves the other as well. Whoever cannot write there goes without. */
#include "aws/internal.h"

#include <stdlib.h>

#define TOKEN_MAX_BYTES ((size_t)1 << 20)
#define CACHE_SPARE_S   (15 * 60)
#define SESSION_PREFIX  "gwrun-session-"

static const struct gw_credentials_names sts_names = {
    {"AccessKeyId", "SecretAccessKey", "SessionToken"}, "Expiration", "AccountId"};

/* As botocore, a duration that is no number is left out. */
static void add_duration(struct gw_arena *arena, struct gw_value *map, struct gw_view text)
{
    int64_t seconds;
    if (gw_view_to_int64(text, &seconds)) {
        *gw_map_add(arena, map, GW_VIEW("DurationSeconds")) = gw_value_int(seconds);
    }
}

static void add_session_name(struct gw_fetch *fetch, struct gw_value *input)
{
    struct gw_view name = fetch->link->session_name;
    if (name.len == 0) {
        name = gw_arena_printf(fetch->arena, SESSION_PREFIX "%lld",
                               (long long)gw_identity_epoch_s(fetch->identity));
    }
    gw_map_add_text(fetch->arena, input, "RoleSessionName", name);
}

/* Where the call goes; without a region to the place that serves all. */
static struct gw_view sts_region(const struct gw_fetch *fetch)
{
    struct gw_view region = gw_identity_options(fetch->identity)->settings.region;
    return region.len > 0 ? region : GW_VIEW("us-east-1");
}

/* "arn:aws:sts::123456789012:assumed-role/..." */
static struct gw_view account_of(struct gw_view arn)
{
    struct gw_view part = GW_VIEW_NONE;
    for (int i = 0; i < 5 && gw_view_next(&arn, ':', &part); i++) {
    }
    return arn.len > 0 ? part : GW_VIEW_NONE;
}

/* The output as it is kept: what the CLI keeps, with the account. */
static bool read_output(struct gw_fetch *fetch, const struct gw_value *output,
                        struct gw_value *kept, struct gw_credentials *out, struct gw_err *err)
{
    const struct gw_value *user = gw_map_get(output, GW_VIEW("AssumedRoleUser"));
    const struct gw_value *keys = gw_map_get(output, GW_VIEW("Credentials"));
    const struct gw_value *expiration = gw_map_get(keys, GW_VIEW("Expiration"));
    struct gw_value *credentials;
    struct gw_buf when;
    gw_buf_init(&when, 64);
    if (expiration && (expiration->kind == GW_DOUBLE || expiration->kind == GW_INT)) {
        double epoch_s =
            expiration->kind == GW_INT ? (double)expiration->as.integer : expiration->as.number;
        gw_time_write(epoch_s, GW_TIME_ISO8601, &when);
    }
    *kept = gw_value_map();
    credentials = gw_map_add(fetch->arena, kept, GW_VIEW("Credentials"));
    *credentials = gw_value_map();
    for (size_t i = 0; i < 3; i++) {
        gw_map_add_text(fetch->arena, credentials, sts_names.keys[i],
                        gw_map_text(keys, gw_view_of(sts_names.keys[i])));
    }
    gw_map_add_text(fetch->arena, credentials, "Expiration",
                    gw_arena_dup(fetch->arena, gw_buf_view(&when)));
    gw_map_add_text(fetch->arena, credentials, "AccountId",
                    account_of(gw_map_text(user, GW_VIEW("Arn"))));
    gw_buf_clear(&when);
    return gw_credentials_read(credentials, &sts_names, fetch->link->source, fetch->arena, out,
                               err);
}

/* ---- the cache ------------------------------------------------------------------------------- */

/* The SHA-1 of the arguments as Python writes JSON, with the keys in order and a space after comma
 * and colon. A session name that we made up does not count. */
static struct gw_view cache_path(struct gw_fetch *fetch)
{
    const struct gw_link *link = fetch->link;
    const struct {
        const char *key;
        struct gw_view text;
    } arguments[] = {{"ExternalId", link->external_id},
                     {"RoleArn", link->role_arn},
                     {"RoleSessionName", link->session_name},
                     {"SerialNumber", link->mfa_serial}};
    struct gw_buf text;
    int64_t seconds;
    char name[2 * GW_SHA1_LEN + 1];
    gw_buf_init(&text, (size_t)64 << 10);
    if (gw_view_to_int64(link->duration_s, &seconds)) {
        gw_buf_addf(&text, "\"DurationSeconds\": %lld", (long long)seconds);
    }
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
        if (arguments[i].text.len > 0) {
            gw_buf_addf(&text, "%s\"%s\": ", text.len > 0 ? ", " : "", arguments[i].key);
            gw_json_write_string(arguments[i].text, &text);
        }
    }
    struct gw_view json = gw_arena_printf(fetch->arena, "{%.*s}", GW_VIEW_ARGS(gw_buf_view(&text)));
    gw_sha1_hex(json, name);
    gw_buf_clear(&text);
    return gw_path_expand(fetch->arena,
                          gw_arena_printf(fetch->arena, "~/.aws/cli/cache/%s.json", name));
}

static bool read_cache(struct gw_fetch *fetch, struct gw_credentials *out)
{
    struct gw_value kept;
    struct gw_view path = cache_path(fetch);
    return !fetch->anew && gw_file_read_json(path, fetch->arena, &kept, NULL) &&
           gw_credentials_read(gw_map_get(&kept, GW_VIEW("Credentials")), &sts_names,
                               fetch->link->source, fetch->arena, out, NULL) &&
           out->expires_epoch_s > gw_identity_epoch_s(fetch->identity) + CACHE_SPARE_S;
}

static void write_cache(struct gw_fetch *fetch, const struct gw_value *kept)
{
    struct gw_err err = {0};
    struct gw_view path = cache_path(fetch);
    if (!gw_file_write_json(path, kept, &err)) {
        gw_log(GW_LOG_INFO, "%s", err.message);
    }
}

/* ---- AssumeRole ------------------------------------------------------------------------------ */

static void on_role(void *ctx, const struct gw_call_result *result)
{
    struct gw_fetch *fetch = ctx;
    struct gw_credentials credentials;
    struct gw_value kept;
    struct gw_err err = {0};
    if (!result->output) {
        gw_fetch_fail_call(fetch, result, NULL);
        return;
    }
    if (!read_output(fetch, result->output, &kept, &credentials, &err)) {
        gw_fetch_fail(fetch, &err);
        return;
    }
    if (fetch->link->kind == GW_LINK_ROLE) {
        write_cache(fetch, &kept);
    }
    gw_fetch_finish(fetch, &credentials);
}

static bool add_code(struct gw_fetch *fetch, struct gw_value *input, struct gw_err *err)
{
    const struct gw_identity_options *options = gw_identity_options(fetch->identity);
    struct gw_view device = fetch->link->mfa_serial;
    struct gw_buf code;
    if (device.len == 0) {
        return true;
    }
    if (!options->ask_code) {
        return gw_fail(err, GW_ERR_CREDENTIALS, "%.*s: needs a code of the device '%.*s'",
                       GW_VIEW_ARGS(fetch->link->source), GW_VIEW_ARGS(device));
    }
    gw_buf_init(&code, 256);
    bool is_given = options->ask_code(options->ask_ctx, device, &code, err);
    if (is_given) {
        gw_map_add_text(fetch->arena, input, "SerialNumber", device);
        gw_map_add_text(fetch->arena, input, "TokenCode",
                        gw_arena_dup(fetch->arena, gw_view_trim(gw_buf_view(&code))));
    } else {
        gw_err_prefix(err, "%.*s", GW_VIEW_ARGS(fetch->link->source));
    }
    gw_buf_clear(&code);
    return is_given;
}

void gw_fetch_role(struct gw_fetch *fetch)
{
    const struct gw_link *link = fetch->link;
    struct gw_value input = gw_value_map();
    struct gw_credentials kept;
    struct gw_err err = {0};
    if (read_cache(fetch, &kept)) {
        gw_fetch_finish(fetch, &kept);
        return;
    }
    gw_map_add_text(fetch->arena, &input, "RoleArn", link->role_arn);
    add_session_name(fetch, &input);
    gw_map_add_text(fetch->arena, &input, "ExternalId", link->external_id);
    add_duration(fetch->arena, &input, link->duration_s);
    if (!add_code(fetch, &input, &err)) {
        gw_fetch_fail(fetch, &err);
        return;
    }
    struct gw_fetch_call call = {.service = "sts",
                                 .operation = "AssumeRole",
                                 .region = sts_region(fetch),
                                 .credentials = &link->base->credentials};
    gw_fetch_call(fetch, &call, &input, on_role);
}

/* ---- AssumeRoleWithWebIdentity --------------------------------------------------------------- */

/* The file is read each time: who writes it replaces the token before that ends. */
static bool add_token(struct gw_fetch *fetch, struct gw_value *input, struct gw_err *err)
{
    struct gw_buf text;
    if (!gw_file_read(fetch->link->token_file, TOKEN_MAX_BYTES, &text, err)) {
        gw_err_prefix(err, "web identity token");
        return false;
    }
    struct gw_view token = gw_arena_dup(fetch->arena, gw_view_trim(gw_buf_view(&text)));
    gw_buf_clear(&text);
    gw_secret_add(token);
    gw_map_add_text(fetch->arena, input, "WebIdentityToken", token);
    return token.len > 0 || gw_fail(err, GW_ERR_CREDENTIALS, "web identity token: %.*s is empty",
                                    GW_VIEW_ARGS(fetch->link->token_file));
}

void gw_fetch_web_identity(struct gw_fetch *fetch)
{
    struct gw_value input = gw_value_map();
    struct gw_err err = {0};
    gw_map_add_text(fetch->arena, &input, "RoleArn", fetch->link->role_arn);
    add_session_name(fetch, &input);
    if (!add_token(fetch, &input, &err)) {
        gw_fetch_fail(fetch, &err);
        return;
    }
    struct gw_fetch_call call = {
        .service = "sts", .operation = "AssumeRoleWithWebIdentity", .region = sts_region(fetch)};
    gw_fetch_call(fetch, &call, &input, on_role);
}
