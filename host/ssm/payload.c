/* The JSON inside messages. Members that an agent adds are passed over; what it leaves out is
 * empty. */
#include <stdio.h>

#include "codec/codec.h"
#include "ssm/internal.h"

enum action_status { ACTION_SUCCEEDED = 1, ACTION_UNSUPPORTED = 3 };

void gw_ssm_uuid_text(const unsigned char id[16], char out[37])
{
    char digits[32];
    gw_hex_write(id, 16, digits);
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8, digits + 12, digits + 16,
             digits + 20);
}

bool gw_ssm_write_token(struct gw_view token, const char *client_id, struct gw_buf *out)
{
    char request_id[37];
    gw_uuid4(request_id);
    gw_buf_addf(
        out, "{\"MessageSchemaVersion\":\"1.0\",\"RequestId\":\"%s\",\"TokenValue\":", request_id);
    gw_json_write_string(token, out);
    return gw_buf_addf(out, ",\"ClientId\":\"%s\",\"ClientVersion\":\"" GW_SSM_CLIENT_VERSION "\"}",
                       client_id);
}

bool gw_ssm_write_acknowledge(const struct gw_ssm_message *received, struct gw_buf *out)
{
    char id[37];
    gw_ssm_uuid_text(received->id, id);
    gw_buf_add_text(out, "{\"AcknowledgedMessageType\":");
    gw_json_write_string(received->type, out);
    return gw_buf_addf(out,
                       ",\"AcknowledgedMessageId\":\"%s\",\"AcknowledgedMessageSequenceNumber\":"
                       "%lld,\"IsSequentialMessage\":true}",
                       id, (long long)received->sequence);
}

bool gw_ssm_write_size(int columns, int rows, struct gw_buf *out)
{
    return gw_buf_addf(out, "{\"cols\":%d,\"rows\":%d}", columns, rows);
}

bool gw_ssm_read_acknowledge(struct gw_view payload, int64_t *sequence)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value value;
    const struct gw_value *number = NULL;
    if (gw_json_parse(payload, arena, &value, NULL)) {
        number = gw_map_get(&value, GW_VIEW("AcknowledgedMessageSequenceNumber"));
    }
    bool found = number != NULL && number->kind == GW_INT;
    if (found) {
        *sequence = number->as.integer;
    }
    gw_arena_free(arena);
    return found;
}

static struct gw_view read_member(struct gw_view payload, struct gw_view name,
                                  struct gw_arena *arena)
{
    struct gw_value value;
    return gw_json_parse(payload, arena, &value, NULL) ? gw_map_text(&value, name) : GW_VIEW("");
}

struct gw_view gw_ssm_read_closed(struct gw_view payload, struct gw_arena *arena)
{
    return read_member(payload, GW_VIEW("Output"), arena);
}

struct gw_view gw_ssm_read_greeting(struct gw_view payload, struct gw_arena *arena)
{
    return read_member(payload, GW_VIEW("CustomerMessage"), arena);
}

/* ---- handshake ------------------------------------------------------------------------------- */

/* The three kinds that are a shell; what is not is "Port". */
static bool is_shell(struct gw_view session_type)
{
    return gw_view_equal(session_type, GW_VIEW("Standard_Stream")) ||
           gw_view_equal(session_type, GW_VIEW("InteractiveCommands")) ||
           gw_view_equal(session_type, GW_VIEW("NonInteractiveCommands"));
}

/* What of the action is not supported: the empty view when it is. */
static struct gw_view unsupported(const struct gw_value *action)
{
    struct gw_view type = gw_map_text(action, GW_VIEW("ActionType"));
    if (!gw_view_equal(type, GW_VIEW("SessionType"))) {
        return type.len > 0 ? type : GW_VIEW("an action without type");
    }
    const struct gw_value *parameters = gw_map_get(action, GW_VIEW("ActionParameters"));
    struct gw_view session_type = gw_map_text(parameters, GW_VIEW("SessionType"));
    return is_shell(session_type) ? GW_VIEW("")
           : session_type.len > 0 ? session_type
                                  : GW_VIEW("a session without type");
}

static void answer_action(const struct gw_value *action, struct gw_view refused,
                          struct gw_buf *answer)
{
    gw_buf_add_text(answer, "{\"ActionType\":");
    gw_json_write_string(gw_map_text(action, GW_VIEW("ActionType")), answer);
    gw_buf_addf(answer, ",\"ActionStatus\":%d,\"ActionResult\":null,\"Error\":\"%s\"}",
                refused.len == 0 ? ACTION_SUCCEEDED : ACTION_UNSUPPORTED,
                refused.len == 0 ? "" : "not supported by this client");
}

bool gw_ssm_answer_handshake(struct gw_view request, struct gw_arena *arena, struct gw_buf *answer,
                             struct gw_view *refused, struct gw_err *err)
{
    struct gw_value value;
    *refused = GW_VIEW("");
    if (!gw_json_parse(request, arena, &value, err)) {
        gw_err_prefix(err, "session handshake");
        return false;
    }
    const struct gw_value *actions = gw_map_get(&value, GW_VIEW("RequestedClientActions"));
    if (actions == NULL || actions->kind != GW_LIST) {
        return gw_fail(err, GW_ERR_PROTOCOL, "session handshake: requests no actions");
    }
    gw_buf_add_text(answer, "{\"ClientVersion\":\"" GW_SSM_CLIENT_VERSION
                            "\",\"ProcessedClientActions\":[");
    for (size_t i = 0; i < actions->as.list.count; i++) {
        const struct gw_value *action = &actions->as.list.items[i];
        struct gw_view what = unsupported(action);
        if (i > 0) {
            gw_buf_add_char(answer, ',');
        }
        answer_action(action, what, answer);
        *refused = refused->len == 0 ? what : *refused;
    }
    gw_buf_add_text(answer, "],\"Errors\":null}");
    return !answer->full || gw_fail(err, GW_ERR_LIMIT, "session handshake: requests too much");
}
