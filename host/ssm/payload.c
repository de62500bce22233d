/* The JSON inside messages, but for the handshake's. */
#include <stdio.h>

#include "codec/codec.h"
#include "ssm/internal.h"

#define MAX_TERMINAL_SIDE 65535 /* of struct winsize */

void gw_ssm_uuid_text(const unsigned char id[16], char out[37])
{
    char digits[32];
    gw_hex_write(id, 16, digits);
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8, digits + 12, digits + 16,
             digits + 20);
}

bool gw_ssm_parse(struct gw_view payload, const char *what, struct gw_arena *arena,
                  struct gw_value *out, struct gw_err *err)
{
    struct gw_err found;
    return gw_json_parse(payload, arena, out, &found) ||
           gw_fail(err, GW_ERR_PROTOCOL, "%s: %s", what, found.message);
}

/* ---- opening --------------------------------------------------------------------------------- */

bool gw_ssm_write_opening(const struct gw_ssm_opening *opening, struct gw_buf *out)
{
    char request_id[37];
    gw_uuid4(request_id);
    gw_buf_addf(
        out, "{\"MessageSchemaVersion\":\"1.0\",\"RequestId\":\"%s\",\"TokenValue\":", request_id);
    gw_json_write_string(opening->token, out);
    gw_buf_add_text(out, ",\"ClientId\":");
    gw_json_write_string(opening->client_id, out);
    gw_buf_add_text(out, ",\"ClientVersion\":");
    gw_json_write_string(opening->client_version, out);
    return gw_buf_add_char(out, '}');
}

bool gw_ssm_read_opening(struct gw_view text, struct gw_arena *arena, struct gw_ssm_opening *out,
                         struct gw_err *err)
{
    struct gw_value value;
    if (!gw_ssm_parse(text, "session opening", arena, &value, err)) {
        return false;
    }
    *out = (struct gw_ssm_opening){gw_map_text(&value, GW_VIEW("TokenValue")),
                                   gw_map_text(&value, GW_VIEW("ClientId")),
                                   gw_map_text(&value, GW_VIEW("ClientVersion"))};
    return out->token.len > 0 ||
           gw_fail(err, GW_ERR_PROTOCOL, "session opening: there is no TokenValue");
}

/* ---- acknowledge ----------------------------------------------------------------------------- */

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

void acknowledge_write(const struct gw_ssm_message *received, int64_t wall_ms, struct gw_buf *out)
{
    struct gw_buf payload;
    gw_buf_init(&payload, MAX_CONTROL_BYTES);
    gw_ssm_write_acknowledge(received, &payload);
    struct gw_ssm_message message = {.type = GW_VIEW("acknowledge"),
                                     .created_ms = wall_ms,
                                     .flags = GW_SSM_FLAG_SYN | GW_SSM_FLAG_FIN,
                                     .payload = gw_buf_view(&payload)};
    gw_random(message.id, sizeof message.id);
    gw_ssm_message_write(&message, out);
    gw_buf_clear(&payload);
}

static bool read_integer(const struct gw_value *map, struct gw_view name, int64_t *out)
{
    const struct gw_value *number = gw_map_get(map, name);
    if (number == NULL || number->kind != GW_INT) {
        return false;
    }
    *out = number->as.integer;
    return true;
}

bool gw_ssm_read_acknowledge(struct gw_view payload, int64_t *sequence)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value value;
    bool found = gw_json_parse(payload, arena, &value, NULL) &&
                 read_integer(&value, GW_VIEW("AcknowledgedMessageSequenceNumber"), sequence);
    gw_arena_free(arena);
    return found;
}

/* ---- size, flag ------------------------------------------------------------------------------ */

static bool is_side(int64_t cells)
{
    return cells >= 1 && cells <= MAX_TERMINAL_SIDE;
}

bool gw_ssm_write_size(int columns, int rows, struct gw_buf *out)
{
    return is_side(columns) && is_side(rows) &&
           gw_buf_addf(out, "{\"cols\":%d,\"rows\":%d}", columns, rows);
}

bool gw_ssm_read_size(struct gw_view payload, int *columns, int *rows)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value value;
    int64_t across, down;
    bool found = gw_json_parse(payload, arena, &value, NULL) &&
                 read_integer(&value, GW_VIEW("cols"), &across) &&
                 read_integer(&value, GW_VIEW("rows"), &down) && is_side(across) && is_side(down);
    if (found) {
        *columns = (int)across;
        *rows = (int)down;
    }
    gw_arena_free(arena);
    return found;
}

bool gw_ssm_write_flag(enum gw_ssm_flag flag, struct gw_buf *out)
{
    const char bytes[] = {0, 0, 0, (char)flag};
    return gw_buf_add(out, (struct gw_view){bytes, sizeof bytes});
}

uint32_t gw_ssm_read_flag(struct gw_view payload)
{
    uint32_t flag = 0;
    for (size_t i = 0; i < payload.len && payload.len == 4; i++) {
        flag = flag << 8 | (unsigned char)payload.data[i];
    }
    return flag;
}

/* ---- closing --------------------------------------------------------------------------------- */

bool gw_ssm_write_closing(const struct gw_ssm_closing *closing, double epoch_s, struct gw_buf *out)
{
    char id[37];
    gw_uuid4(id);
    gw_buf_addf(out, "{\"MessageId\":\"%s\",\"CreatedDate\":\"", id);
    gw_time_write(epoch_s, GW_TIME_ISO8601, out);
    gw_buf_add_text(out, "\",\"DestinationId\":");
    gw_json_write_string(closing->session_id, out);
    gw_buf_add_text(out, ",\"SessionId\":");
    gw_json_write_string(closing->session_id, out);
    gw_buf_add_text(out, ",\"MessageType\":\"channel_closed\",\"SchemaVersion\":1,\"Output\":");
    gw_json_write_string(closing->output, out);
    return gw_buf_add_char(out, '}');
}

void gw_ssm_read_closing(struct gw_view payload, struct gw_arena *arena, struct gw_ssm_closing *out)
{
    struct gw_value value;
    *out = (struct gw_ssm_closing){GW_VIEW(""), GW_VIEW("")};
    if (gw_json_parse(payload, arena, &value, NULL)) {
        out->session_id = gw_map_text(&value, GW_VIEW("SessionId"));
        out->output = gw_map_text(&value, GW_VIEW("Output"));
    }
}
