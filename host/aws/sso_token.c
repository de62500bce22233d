/* sso_token: the file in which all AWS tools keep the access token of a single sign-on session: under
 * the SHA-1 of the session's name, or of the start URL where the session has no name. */
#include "aws/internal.h"

#define REFRESH_S (15 * 60)

static const char *const secret_members[] = {"accessToken", "refreshToken", "clientSecret"};

static void hide(const struct gw_value *token)
{
    for (size_t i = 0; i < sizeof secret_members / sizeof secret_members[0]; i++) {
        gw_secret_add(gw_map_text(token, gw_view_of(secret_members[i])));
    }
}

static struct gw_view path_of(const struct gw_sso_session *session, struct gw_arena *arena)
{
    char name[2 * GW_SHA1_LEN + 1];
    gw_sha1_hex(session->name.len > 0 ? session->name : session->start_url, name);
    return gw_path_expand(arena, gw_arena_printf(arena, "~/.aws/sso/cache/%s.json", name));
}

static bool read_time(const struct gw_value *token, const char *key, int64_t *epoch_s)
{
    double seconds = 0;
    bool ok = gw_time_read(gw_map_text(token, gw_view_of(key)), &seconds);
    *epoch_s = ok ? (int64_t)seconds : 0;
    return ok;
}

bool gw_sso_token_read(const struct gw_sso_session *session, struct gw_arena *arena,
                       struct gw_sso_token *out, struct gw_err *err)
{
    struct gw_view path = path_of(session, arena);
    *out = (struct gw_sso_token){0};
    if (!gw_file_read_json(path, arena, &out->all, err)) {
        return false;
    }
    hide(&out->all);
    out->access_token = gw_map_text(&out->all, GW_VIEW("accessToken"));
    if (out->access_token.len == 0 || !read_time(&out->all, "expiresAt", &out->expires_epoch_s)) {
        return gw_fail(err, GW_ERR_INPUT, "%.*s: expected accessToken and expiresAt",
                       GW_VIEW_ARGS(path));
    }
    return true;
}

/* It is near its end, and there is what another can be had with. */
bool gw_sso_token_can_refresh(const struct gw_sso_token *token, int64_t now_epoch_s)
{
    static const char *const needed[] = {"refreshToken", "clientId", "clientSecret"};
    int64_t registration_ends_s;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (gw_map_text(&token->all, gw_view_of(needed[i])).len == 0) {
            return false;
        }
    }
    return token->expires_epoch_s - now_epoch_s < REFRESH_S &&
           read_time(&token->all, "registrationExpiresAt", &registration_ends_s) &&
           registration_ends_s > now_epoch_s;
}

/* ---- writing --------------------------------------------------------------------------------- */

struct gw_view gw_time_text(struct gw_arena *arena, int64_t epoch_s)
{
    struct gw_buf text;
    gw_buf_init(&text, 64);
    gw_time_write((double)epoch_s, GW_TIME_ISO8601, &text);
    struct gw_view copy = gw_arena_dup(arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return copy;
}

static int64_t seconds_of(const struct gw_value *output, const char *key)
{
    const struct gw_value *value = gw_map_get(output, gw_view_of(key));
    return value && value->kind == GW_INT && value->as.integer > 0 && value->as.integer < INT32_MAX
               ? value->as.integer
               : 0;
}

bool gw_sso_token_store(const struct gw_sso_session *session,
                        const struct gw_sso_registration *registration,
                        const struct gw_value *output, int64_t now_epoch_s, struct gw_arena *arena,
                        struct gw_sso_token *out, struct gw_err *err)
{
    struct gw_value all = gw_value_map();
    out->access_token = gw_map_text(output, GW_VIEW("accessToken"));
    out->expires_epoch_s = now_epoch_s + seconds_of(output, "expiresIn");
    gw_map_add_text(arena, &all, "startUrl", session->start_url);
    gw_map_add_text(arena, &all, "region", session->region);
    gw_map_add_text(arena, &all, "accessToken", out->access_token);
    gw_map_add_text(arena, &all, "expiresAt", gw_time_text(arena, out->expires_epoch_s));
    gw_map_add_text(arena, &all, "clientId", registration->client_id);
    gw_map_add_text(arena, &all, "clientSecret", registration->client_secret);
    gw_map_add_text(arena, &all, "registrationExpiresAt", registration->expires_at);
    gw_map_add_text(arena, &all, "refreshToken", gw_map_text(output, GW_VIEW("refreshToken")));
    hide(&all);
    out->all = all;
    return gw_file_write_json(path_of(session, arena), &all, err);
}
