/* A message's bytes: a header of 120 bytes in network order, then the payload. The header's first
 * field is its length without the last field, the payload's length. */
#include <string.h>

#include "codec/codec.h"
#include "ssm/internal.h"

#define HEADER_LENGTH  (GW_SSM_HEADER_BYTES - 4)
#define TYPE_BYTES     32
#define SCHEMA_VERSION 1

enum offset {
    AT_TYPE = 4,
    AT_SCHEMA = 36,
    AT_CREATED = 40,
    AT_SEQUENCE = 48,
    AT_FLAGS = 56,
    AT_ID = 64,
    AT_DIGEST = 80,
    AT_PAYLOAD_TYPE = 112,
    AT_PAYLOAD_LENGTH = 116
};

static void put(unsigned char *at, uint64_t number, size_t bytes)
{
    for (size_t i = bytes; i > 0; i--) {
        at[i - 1] = (unsigned char)number;
        number >>= 8;
    }
}

static uint64_t get(const char *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++) {
        number = number << 8 | (unsigned char)at[i];
    }
    return number;
}

/* The wire has a UUID's second half first; the same exchange leads there and back. */
static void swap_halves(const unsigned char *from, unsigned char *to)
{
    memcpy(to, from + 8, 8);
    memcpy(to + 8, from, 8);
}

static void put_type(struct gw_view type, unsigned char *at)
{
    memset(at, ' ', TYPE_BYTES);
    memcpy(at, type.data, type.len < TYPE_BYTES ? type.len : TYPE_BYTES);
}

bool gw_ssm_message_write(const struct gw_ssm_message *message, struct gw_buf *out)
{
    unsigned char header[GW_SSM_HEADER_BYTES];
    put(header, HEADER_LENGTH, 4);
    put_type(message->type, header + AT_TYPE);
    put(header + AT_SCHEMA, SCHEMA_VERSION, 4);
    put(header + AT_CREATED, (uint64_t)message->created_ms, 8);
    put(header + AT_SEQUENCE, (uint64_t)message->sequence, 8);
    put(header + AT_FLAGS, message->flags, 8);
    swap_halves(message->id, header + AT_ID);
    gw_sha256(message->payload, header + AT_DIGEST);
    put(header + AT_PAYLOAD_TYPE, message->payload_type, 4);
    put(header + AT_PAYLOAD_LENGTH, message->payload.len, 4);
    return gw_buf_add(out, (struct gw_view){(const char *)header, sizeof header}) &&
           gw_buf_add(out, message->payload);
}

/* Padded with spaces; some agents pad with NULs. */
static struct gw_view read_type(struct gw_view field)
{
    while (field.len > 0 && (field.data[field.len - 1] == ' ' || field.data[field.len - 1] == 0)) {
        field.len--;
    }
    return field;
}

/* The header may be longer than ours: the payload begins where it says that it ends. */
static bool read_lengths(struct gw_view bytes, struct gw_view *payload, struct gw_err *err)
{
    if (bytes.len < GW_SSM_HEADER_BYTES) {
        return gw_fail(err, GW_ERR_PROTOCOL, "session message: cut off after %zu bytes", bytes.len);
    }
    uint64_t header = get(bytes.data, 4);
    if (header < HEADER_LENGTH || header > bytes.len - 4) {
        return gw_fail(err, GW_ERR_PROTOCOL, "session message: a header of %llu bytes",
                       (unsigned long long)header);
    }
    uint64_t len = get(bytes.data + header, 4);
    *payload = gw_view_sub(bytes, (size_t)header + 4, bytes.len);
    if (len != payload->len || len > GW_SSM_MAX_PAYLOAD_BYTES) {
        return gw_fail(err, GW_ERR_PROTOCOL,
                       "session message: announces a payload of %llu bytes, has %zu",
                       (unsigned long long)len, payload->len);
    }
    return true;
}

static bool is_publication(struct gw_view type)
{
    return gw_view_equal(type, GW_VIEW("start_publication")) ||
           gw_view_equal(type, GW_VIEW("pause_publication"));
}

static bool has_its_digest(struct gw_view bytes, struct gw_view payload)
{
    unsigned char digest[GW_SHA256_LEN];
    gw_sha256(payload, digest);
    return payload.len == 0 || memcmp(digest, bytes.data + AT_DIGEST, sizeof digest) == 0;
}

bool gw_ssm_message_read(struct gw_view bytes, struct gw_ssm_message *out, struct gw_err *err)
{
    *out = (struct gw_ssm_message){.type = GW_VIEW_NONE};
    if (!read_lengths(bytes, &out->payload, err)) {
        return false;
    }
    out->type = read_type(gw_view_sub(bytes, AT_TYPE, TYPE_BYTES));
    out->created_ms = (int64_t)get(bytes.data + AT_CREATED, 8);
    out->sequence = (int64_t)get(bytes.data + AT_SEQUENCE, 8);
    out->flags = get(bytes.data + AT_FLAGS, 8);
    swap_halves((const unsigned char *)bytes.data + AT_ID, out->id);
    out->payload_type = (uint32_t)get(bytes.data + AT_PAYLOAD_TYPE, 4);
    if (is_publication(out->type)) {
        return true;
    }
    if (out->type.len == 0 || out->created_ms == 0) {
        return gw_fail(err, GW_ERR_PROTOCOL, "session message: without type or date");
    }
    if (!has_its_digest(bytes, out->payload)) {
        return gw_fail(err, GW_ERR_PROTOCOL, "session message: the digest is not its payload's");
    }
    return true;
}
