/* The JSON of the handshake: the agent requests actions, the client says what became of each, the
 * agent completes. Where the session is encrypted the agent challenges the client in between. */
#include "codec/codec.h"
#include "ssm/internal.h"

static const struct {
    const char *name, *parameter;
} ACTIONS[] = {
    [GW_SSM_ACTION_SESSION] = {"SessionType", "SessionType"},
    [GW_SSM_ACTION_ENCRYPTION] = {"KMSEncryption", "KMSKeyId"},
};

static void write_text_member(const char *before, struct gw_view text, struct gw_buf *out)
{
    gw_buf_add_text(out, before);
    gw_json_write_string(text, out);
}

/* The list `name` in a payload, with at most GW_SSM_MAX_ACTIONS items. */
static bool read_actions(struct gw_view payload, struct gw_view name, struct gw_arena *arena,
                         struct gw_value *value, const struct gw_value **actions,
                         struct gw_err *err)
{
    if (!gw_ssm_parse(payload, "session handshake", arena, value, err)) {
        return false;
    }
    *actions = gw_map_get(value, name);
    if (*actions == NULL || (*actions)->kind != GW_LIST) {
        return gw_fail(err, GW_ERR_PROTOCOL, "session handshake: there is no list %.*s",
                       GW_VIEW_ARGS(name));
    }
    return (*actions)->as.list.count <= GW_SSM_MAX_ACTIONS ||
           gw_fail(err, GW_ERR_LIMIT, "session handshake: %zu actions, more than %d",
                   (*actions)->as.list.count, GW_SSM_MAX_ACTIONS);
}

/* ---- request --------------------------------------------------------------------------------- */

bool gw_ssm_write_request(const struct gw_ssm_request *request, struct gw_buf *out)
{
    write_text_member("{\"AgentVersion\":", request->agent_version, out);
    gw_buf_add_text(out, ",\"RequestedClientActions\":[");
    for (size_t i = 0; i < request->action_count; i++) {
        enum gw_ssm_action action = request->actions[i].action;
        write_text_member(
            i > 0 ? ",{\"ActionType\":" : "{\"ActionType\":", request->actions[i].name, out);
        gw_buf_add_text(out, ",\"ActionParameters\":{");
        if (action != GW_SSM_ACTION_UNKNOWN) {
            gw_buf_addf(out, "\"%s\":", ACTIONS[action].parameter);
            gw_json_write_string(request->actions[i].value, out);
        }
        gw_buf_add_text(out, "}}");
    }
    return gw_buf_add_text(out, "]}");
}

static enum gw_ssm_action action_of(struct gw_view name)
{
    for (int i = 0; i < GW_SSM_ACTION_UNKNOWN; i++) {
        if (gw_view_equal(name, gw_view_of(ACTIONS[i].name))) {
            return (enum gw_ssm_action)i;
        }
    }
    return GW_SSM_ACTION_UNKNOWN;
}

bool gw_ssm_read_request(struct gw_view payload, struct gw_arena *arena, struct gw_ssm_request *out,
                         struct gw_err *err)
{
    struct gw_value value;
    const struct gw_value *actions;
    *out = (struct gw_ssm_request){.action_count = 0};
    if (!read_actions(payload, GW_VIEW("RequestedClientActions"), arena, &value, &actions, err)) {
        return false;
    }
    out->agent_version = gw_map_text(&value, GW_VIEW("AgentVersion"));
    out->action_count = actions->as.list.count;
    for (size_t i = 0; i < out->action_count; i++) {
        const struct gw_value *item = &actions->as.list.items[i];
        struct gw_view name = gw_map_text(item, GW_VIEW("ActionType"));
        enum gw_ssm_action action = action_of(name);
        out->actions[i].action = action;
        out->actions[i].name = name;
        out->actions[i].value = action == GW_SSM_ACTION_UNKNOWN
                                    ? GW_VIEW("")
                                    : gw_map_text(gw_map_get(item, GW_VIEW("ActionParameters")),
                                                  gw_view_of(ACTIONS[action].parameter));
    }
    return true;
}

/* ---- response -------------------------------------------------------------------------------- */

static void write_result(struct gw_view key, struct gw_buf *out)
{
    if (key.len == 0) {
        gw_buf_add_text(out, "null");
        return;
    }
    gw_buf_add_text(out, "{\"KMSCipherTextKey\":\"");
    gw_base64_write(key, out);
    gw_buf_add_text(out, "\",\"KMSCipherTextHash\":null}");
}

bool gw_ssm_write_response(const struct gw_ssm_response *response, struct gw_buf *out)
{
    write_text_member("{\"ClientVersion\":", response->client_version, out);
    gw_buf_add_text(out, ",\"ProcessedClientActions\":[");
    for (size_t i = 0; i < response->action_count; i++) {
        write_text_member(
            i > 0 ? ",{\"ActionType\":" : "{\"ActionType\":", response->actions[i].name, out);
        gw_buf_addf(out, ",\"ActionStatus\":%d,\"ActionResult\":", response->actions[i].status);
        write_result(response->actions[i].key, out);
        write_text_member(",\"Error\":", response->actions[i].error, out);
        gw_buf_add_char(out, '}');
    }
    return gw_buf_add_text(out, "],\"Errors\":null}");
}

static bool read_key(const struct gw_value *item, struct gw_arena *arena, struct gw_view *key)
{
    const struct gw_value *result = gw_map_get(item, GW_VIEW("ActionResult"));
    return gw_base64_read(gw_map_text(result, GW_VIEW("KMSCipherTextKey")), arena, key);
}

bool gw_ssm_read_response(struct gw_view payload, struct gw_arena *arena,
                          struct gw_ssm_response *out, struct gw_err *err)
{
    struct gw_value value;
    const struct gw_value *actions;
    *out = (struct gw_ssm_response){.action_count = 0};
    if (!read_actions(payload, GW_VIEW("ProcessedClientActions"), arena, &value, &actions, err)) {
        return false;
    }
    out->client_version = gw_map_text(&value, GW_VIEW("ClientVersion"));
    out->action_count = actions->as.list.count;
    for (size_t i = 0; i < out->action_count; i++) {
        const struct gw_value *item = &actions->as.list.items[i];
        const struct gw_value *status = gw_map_get(item, GW_VIEW("ActionStatus"));
        out->actions[i].name = gw_map_text(item, GW_VIEW("ActionType"));
        out->actions[i].error = gw_map_text(item, GW_VIEW("Error"));
        if (status != NULL && status->kind == GW_INT && status->as.integer >= 0 &&
            status->as.integer <= INT32_MAX) {
            out->actions[i].status = (int)status->as.integer;
        }
        if (!read_key(item, arena, &out->actions[i].key)) {
            return gw_fail(err, GW_ERR_PROTOCOL, "session handshake: the key is not base64");
        }
    }
    return true;
}

/* ---- complete, challenge --------------------------------------------------------------------- */

bool gw_ssm_write_complete(struct gw_view greeting, int64_t handshake_ns, struct gw_buf *out)
{
    gw_buf_addf(out, "{\"HandshakeTimeToComplete\":%lld", (long long)handshake_ns);
    write_text_member(",\"CustomerMessage\":", greeting, out);
    return gw_buf_add_char(out, '}');
}

struct gw_view gw_ssm_read_complete(struct gw_view payload, struct gw_arena *arena)
{
    struct gw_value value;
    return gw_json_parse(payload, arena, &value, NULL)
               ? gw_map_text(&value, GW_VIEW("CustomerMessage"))
               : GW_VIEW("");
}

bool gw_ssm_write_challenge(struct gw_view bytes, struct gw_buf *out)
{
    gw_buf_add_text(out, "{\"Challenge\":\"");
    gw_base64_write(bytes, out);
    return gw_buf_add_text(out, "\"}");
}

bool gw_ssm_read_challenge(struct gw_view payload, struct gw_arena *arena, struct gw_view *bytes,
                           struct gw_err *err)
{
    struct gw_value value;
    if (!gw_ssm_parse(payload, "session challenge", arena, &value, err)) {
        return false;
    }
    struct gw_view text = gw_map_text(&value, GW_VIEW("Challenge"));
    return (text.len > 0 && gw_base64_read(text, arena, bytes)) ||
           gw_fail(err, GW_ERR_PROTOCOL, "session challenge: there is none, or it is not base64");
}
