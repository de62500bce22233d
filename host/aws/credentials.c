/* credentials: what all their sources share: keys that are whole and clean, read from JSON or not, and
 * registered for redaction before anything else is done with them. */
#include "aws/internal.h"

const struct gw_credentials_names gw_credentials_imds_names = {
    {"AccessKeyId", "SecretAccessKey", "Token"}, "Expiration", "AccountId"};

/* Keys travel in headers; one that was pasted with a line break inside would be refused by AWS as
 * a bad signature, which says nothing. */
static bool check_key(struct gw_view origin, const char *name, struct gw_view key,
                      struct gw_err *err)
{
    for (size_t i = 0; i < key.len; i++) {
        if (key.data[i] <= ' ' || key.data[i] > '~') {
            return gw_fail(err, GW_ERR_CREDENTIALS,
                           "%.*s: %s has a character at position %zu that no key has",
                           GW_VIEW_ARGS(origin), name, i + 1);
        }
    }
    return true;
}

bool gw_credentials_take(struct gw_view origin, const char *const names[3], struct gw_arena *arena,
                         struct gw_credentials *credentials, struct gw_err *err)
{
    gw_secret_add(credentials->secret_access_key);
    gw_secret_add(credentials->session_token);
    bool has_id = credentials->access_key_id.len > 0;
    if (!has_id || credentials->secret_access_key.len == 0) {
        return gw_fail(err, GW_ERR_CREDENTIALS, "%.*s: has %s but not %s", GW_VIEW_ARGS(origin),
                       has_id ? names[0] : names[1], has_id ? names[1] : names[0]);
    }
    if (!check_key(origin, names[0], credentials->access_key_id, err) ||
        !check_key(origin, names[1], credentials->secret_access_key, err) ||
        !check_key(origin, names[2], credentials->session_token, err)) {
        return false;
    }
    credentials->access_key_id = gw_arena_dup(arena, credentials->access_key_id);
    credentials->secret_access_key = gw_arena_dup(arena, credentials->secret_access_key);
    credentials->session_token = gw_arena_dup(arena, credentials->session_token);
    credentials->account_id = gw_arena_dup(arena, credentials->account_id);
    credentials->source = gw_arena_dup(arena, origin);
    return true;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static struct gw_view member(const struct gw_value *object, const char *name)
{
    return gw_view_trim(gw_map_text(object, gw_view_of(name)));
}

static bool read_expiration(const struct gw_value *object, const char *name, struct gw_view origin,
                            int64_t *epoch_s, struct gw_err *err)
{
    double seconds = 0;
    const struct gw_value *value = gw_map_get(object, gw_view_of(name));
    if (value && value->kind != GW_NULL &&
        (value->kind != GW_STRING || !gw_time_read(value->as.string, &seconds) || seconds < 1)) {
        return gw_fail(err, GW_ERR_CREDENTIALS,
                       "%.*s: expected %s like '2030-01-31T12:00:00Z', got something else",
                       GW_VIEW_ARGS(origin), name);
    }
    *epoch_s = (int64_t)seconds;
    return true;
}

bool gw_credentials_read(const struct gw_value *object, const struct gw_credentials_names *names,
                         struct gw_view origin, struct gw_arena *arena, struct gw_credentials *out,
                         struct gw_err *err)
{
    *out = (struct gw_credentials){.access_key_id = member(object, names->keys[0]),
                                   .secret_access_key = member(object, names->keys[1]),
                                   .session_token = member(object, names->keys[2]),
                                   .account_id = member(object, names->account_id)};
    if (out->access_key_id.len == 0 && out->secret_access_key.len == 0) {
        return gw_fail(err, GW_ERR_CREDENTIALS, "%.*s: has neither %s nor %s", GW_VIEW_ARGS(origin),
                       names->keys[0], names->keys[1]);
    }
    return gw_credentials_take(origin, names->keys, arena, out, err) &&
           read_expiration(object, names->expiration, origin, &out->expires_epoch_s, err);
}

bool gw_credentials_parse(struct gw_view json, const struct gw_credentials_names *names,
                          struct gw_view origin, struct gw_arena *arena, struct gw_credentials *out,
                          struct gw_err *err)
{
    struct gw_value object;
    if (!gw_json_parse(json, arena, &object, NULL) || object.kind != GW_MAP) {
        return gw_fail(err, GW_ERR_CREDENTIALS, "%.*s: expected a JSON object",
                       GW_VIEW_ARGS(origin));
    }
    return gw_credentials_read(&object, names, origin, arena, out, err);
}
