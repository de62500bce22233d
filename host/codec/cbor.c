/* cbor: CBOR (RFC 8949) to values and back, by libcbor's stateless decoder, which tells one item's
 * head at a time and allocates nothing; the tree is ours.
 * Limits: GW_CBOR_MAX_BYTES, GW_CBOR_MAX_DEPTH, GW_CBOR_MAX_ITEMS. */
#include "codec/internal.h"

#include <cbor/callbacks.h>
#include <cbor/encoding.h>
#include <cbor/streaming.h>
#include <math.h>
#include <stdlib.h>

/* ---- reading --------------------------------------------------------------------------------- */

enum frame_kind { FRAME_LIST, FRAME_MAP, FRAME_TEXT, FRAME_BYTES };

/* A list, a map or a string in parts that is still open. */
struct frame {
    enum frame_kind kind;
    bool endless;  /* until a break comes */
    uint64_t left; /* else: items, or entries */
    bool has_key;  /* of a map: its value comes next */
    struct gw_value key;
    struct gw_value *value; /* what is filled */
    struct gw_buf text;     /* the parts so far */
};

struct reader {
    struct gw_arena *arena;
    struct gw_value *root;
    struct frame frames[GW_CBOR_MAX_DEPTH];
    size_t depth, items;
    bool done;
    bool tagged; /* the next item has a tag, so there must be one */
    const char *refusal;
    enum gw_err_code refusal_code;
};

static void refuse(struct reader *r, enum gw_err_code code, const char *why)
{
    if (!r->refusal) {
        r->refusal = why;
        r->refusal_code = code;
    }
}

static struct frame *top(struct reader *r)
{
    return r->depth > 0 ? &r->frames[r->depth - 1] : NULL;
}

/* Where the item goes that comes now; NULL: nowhere. */
static struct gw_value *place_item(struct reader *r)
{
    struct frame *frame = top(r);
    r->tagged = false;
    if (++r->items > GW_CBOR_MAX_ITEMS) {
        refuse(r, GW_ERR_LIMIT, "too many items");
        return NULL;
    }
    if (!frame) {
        return r->root;
    }
    if (frame->kind == FRAME_LIST) {
        return gw_list_add(r->arena, frame->value);
    }
    if (frame->kind != FRAME_MAP) {
        refuse(r, GW_ERR_INPUT, "malformed");
        return NULL;
    }
    return frame->has_key ? gw_map_add(r->arena, frame->value, frame->key.as.string) : &frame->key;
}

/* An item is complete, and so may be what it is in. */
static void end_item(struct reader *r)
{
    for (struct frame *frame = top(r); frame; frame = top(r)) {
        if (frame->kind == FRAME_MAP && !frame->has_key) {
            frame->has_key = true;
            if (frame->key.kind != GW_STRING) {
                refuse(r, GW_ERR_INPUT, "a map's key is not a string");
            }
            return;
        }
        frame->has_key = false;
        if (frame->endless || --frame->left > 0) {
            return;
        }
        r->depth--;
    }
    r->done = true;
}

static void add_item(struct reader *r, struct gw_value item)
{
    struct gw_value *slot = place_item(r);
    if (slot) {
        *slot = item;
        end_item(r);
    }
}

static void open_frame(struct reader *r, enum frame_kind kind, bool endless, uint64_t count)
{
    struct gw_value *slot = place_item(r);
    if (!slot) {
        return;
    }
    *slot = kind == FRAME_LIST  ? gw_value_list()
            : kind == FRAME_MAP ? gw_value_map()
                                : gw_value_string(GW_VIEW_NONE);
    if (!endless && count == 0) {
        end_item(r);
        return;
    }
    if (r->depth == GW_CBOR_MAX_DEPTH) {
        refuse(r, GW_ERR_LIMIT, "nested too deep");
        return;
    }
    r->frames[r->depth] = (struct frame){kind, endless, count, false, {0}, slot, {0}};
    gw_buf_init(&r->frames[r->depth++].text, GW_CBOR_MAX_BYTES);
}

static void on_break(void *ctx)
{
    struct reader *r = ctx;
    struct frame *frame = top(r);
    if (!frame || !frame->endless || frame->has_key || r->tagged) {
        refuse(r, GW_ERR_INPUT, "malformed");
        return;
    }
    if (frame->kind == FRAME_TEXT || frame->kind == FRAME_BYTES) {
        frame->value->as.string = gw_arena_dup(r->arena, gw_buf_view(&frame->text));
        gw_buf_clear(&frame->text);
    }
    r->depth--;
    end_item(r);
}

static void add_text(struct reader *r, enum frame_kind kind, const unsigned char *data, size_t len)
{
    struct frame *frame = top(r);
    struct gw_view text = {(const char *)data, len};
    if (kind == FRAME_TEXT && !gw_utf8_valid(text)) {
        refuse(r, GW_ERR_INPUT, "the text is not UTF-8");
    } else if (frame && frame->kind == kind && !r->tagged) {
        gw_buf_add(&frame->text, text);
    } else {
        add_item(r, gw_value_string(gw_arena_dup(r->arena, text)));
    }
}

static void on_text(void *ctx, const unsigned char *data, size_t len)
{
    add_text(ctx, FRAME_TEXT, data, len);
}

static void on_bytes(void *ctx, const unsigned char *data, size_t len)
{
    add_text(ctx, FRAME_BYTES, data, len);
}

static void on_text_start(void *ctx)
{
    open_frame(ctx, FRAME_TEXT, true, 0);
}

static void on_bytes_start(void *ctx)
{
    open_frame(ctx, FRAME_BYTES, true, 0);
}

static void on_list(void *ctx, size_t count)
{
    open_frame(ctx, FRAME_LIST, false, count);
}

static void on_endless_list(void *ctx)
{
    open_frame(ctx, FRAME_LIST, true, 0);
}

static void on_map(void *ctx, size_t count)
{
    open_frame(ctx, FRAME_MAP, false, count);
}

static void on_endless_map(void *ctx)
{
    open_frame(ctx, FRAME_MAP, true, 0);
}

/* What is too large for 64 bits with a sign is a double, as in JSON. */
static void on_uint(void *ctx, uint64_t number)
{
    add_item(ctx,
             number <= INT64_MAX ? gw_value_int((int64_t)number) : gw_value_double((double)number));
}

static void on_negative(void *ctx, uint64_t number)
{
    add_item(ctx, number <= INT64_MAX ? gw_value_int(-1 - (int64_t)number)
                                      : gw_value_double(-1.0 - (double)number));
}

static void on_uint8(void *ctx, uint8_t number)
{
    on_uint(ctx, number);
}

static void on_uint16(void *ctx, uint16_t number)
{
    on_uint(ctx, number);
}

static void on_uint32(void *ctx, uint32_t number)
{
    on_uint(ctx, number);
}

static void on_negative8(void *ctx, uint8_t number)
{
    on_negative(ctx, number);
}

static void on_negative16(void *ctx, uint16_t number)
{
    on_negative(ctx, number);
}

static void on_negative32(void *ctx, uint32_t number)
{
    on_negative(ctx, number);
}

static void on_double(void *ctx, double number)
{
    add_item(ctx, gw_value_double(number));
}

static void on_float(void *ctx, float number)
{
    on_double(ctx, (double)number);
}

static void on_bool(void *ctx, bool boolean)
{
    add_item(ctx, gw_value_bool(boolean));
}

static void on_null(void *ctx)
{
    add_item(ctx, (struct gw_value){.kind = GW_NULL});
}

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint,
    .negint64 = on_negative,
    .negint32 = on_negative32,
    .negint16 = on_negative16,
    .negint8 = on_negative8,
    .byte_string_start = on_bytes_start,
    .byte_string = on_bytes,
    .string = on_text,
    .string_start = on_text_start,
    .indef_array_start = on_endless_list,
    .array_start = on_list,
    .indef_map_start = on_endless_map,
    .map_start = on_map,
    .float2 = on_float,
    .float4 = on_float,
    .float8 = on_double,
    .undefined = on_null,
    .null = on_null,
    .boolean = on_bool,
    .indef_break = on_break,
};

/* The bytes of the tag that begins here; 0: something else does. libcbor would refuse those that
 * have no meaning yet. */
static size_t tag_length(struct gw_view bytes, size_t at)
{
    static const unsigned char follow[] = {1, 2, 4, 8};
    unsigned char head = at < bytes.len ? (unsigned char)bytes.data[at] : 0;
    unsigned char number = head & 0x1f;
    if (head >> 5 != 6 || number > 27) {
        return 0;
    }
    return 1 + (number < 24 ? 0u : follow[number - 24]);
}

/* Reads one item; returns how many bytes it took. */
static size_t read_all(struct reader *r, struct gw_view bytes)
{
    size_t at = 0;
    while (!r->done && !r->refusal) {
        size_t tag = tag_length(bytes, at);
        if (tag > 0 && at + tag <= bytes.len) {
            r->tagged = true;
            at += tag;
            continue;
        }
        struct cbor_decoder_result result =
            cbor_stream_decode((cbor_data)bytes.data + at, bytes.len - at, &callbacks, r);
        if (result.status == CBOR_DECODER_NEDATA || at == bytes.len) {
            refuse(r, GW_ERR_INPUT, "cut off");
        } else if (result.status == CBOR_DECODER_ERROR) {
            refuse(r, GW_ERR_INPUT, "malformed");
        }
        at += result.read;
    }
    return at;
}

bool gw_cbor_parse(struct gw_view bytes, struct gw_arena *arena, struct gw_value *out,
                   struct gw_err *err)
{
    if (bytes.len > GW_CBOR_MAX_BYTES) {
        return gw_fail(err, GW_ERR_LIMIT, "cbor: %zu bytes, more than the %u allowed", bytes.len,
                       GW_CBOR_MAX_BYTES);
    }
    struct reader *r = gw_alloc(sizeof *r);
    r->arena = arena;
    r->root = out;
    size_t at = read_all(r, bytes);
    if (r->done && !r->refusal && at < bytes.len) {
        refuse(r, GW_ERR_INPUT, "bytes behind the end");
    }
    bool parsed =
        !r->refusal || gw_fail(err, r->refusal_code, "cbor: %s (byte %zu)", r->refusal, at);
    while (r->depth > 0) {
        gw_buf_clear(&r->frames[--r->depth].text);
    }
    free(r);
    return parsed;
}

/* ---- writing --------------------------------------------------------------------------------- */

#define HEAD_MAX 9

static bool add_head(const unsigned char *head, size_t len, struct gw_buf *out)
{
    return gw_buf_add(out, (struct gw_view){(const char *)head, len});
}

bool gw_cbor_write_int(int64_t number, struct gw_buf *out)
{
    unsigned char head[HEAD_MAX];
    size_t len = number >= 0 ? cbor_encode_uint((uint64_t)number, head, sizeof head)
                             : cbor_encode_negint((uint64_t)(-1 - number), head, sizeof head);
    return add_head(head, len, out);
}

bool gw_cbor_write_text(struct gw_view text, struct gw_buf *out)
{
    unsigned char head[HEAD_MAX];
    size_t len = cbor_encode_string_start(text.len, head, sizeof head);
    return add_head(head, len, out) && gw_buf_add(out, text);
}

bool gw_cbor_write_bytes(struct gw_view bytes, struct gw_buf *out)
{
    unsigned char head[HEAD_MAX];
    size_t len = cbor_encode_bytestring_start(bytes.len, head, sizeof head);
    return add_head(head, len, out) && gw_buf_add(out, bytes);
}

bool gw_cbor_write_bool(bool boolean, struct gw_buf *out)
{
    unsigned char head[HEAD_MAX];
    return add_head(head, cbor_encode_bool(boolean, head, sizeof head), out);
}

bool gw_cbor_write_null(struct gw_buf *out)
{
    unsigned char head[HEAD_MAX];
    return add_head(head, cbor_encode_null(head, sizeof head), out);
}

/* NaN and the infinities need no more than the shortest form. */
static bool write_special(double number, struct gw_buf *out)
{
    unsigned char head[HEAD_MAX];
    return add_head(head, cbor_encode_half((float)number, head, sizeof head), out);
}

bool gw_cbor_write_double(double number, struct gw_buf *out)
{
    unsigned char head[HEAD_MAX];
    if (!isfinite(number)) {
        return write_special(number, out);
    }
    return add_head(head, cbor_encode_double(number, head, sizeof head), out);
}

bool gw_cbor_write_float(float number, struct gw_buf *out)
{
    unsigned char head[HEAD_MAX];
    if (!isfinite(number)) {
        return write_special((double)number, out);
    }
    return add_head(head, cbor_encode_single(number, head, sizeof head), out);
}

bool gw_cbor_write_list(size_t count, struct gw_buf *out)
{
    unsigned char head[HEAD_MAX];
    return add_head(head, cbor_encode_array_start(count, head, sizeof head), out);
}

bool gw_cbor_write_map(size_t count, struct gw_buf *out)
{
    unsigned char head[HEAD_MAX];
    return add_head(head, cbor_encode_map_start(count, head, sizeof head), out);
}

bool gw_cbor_write_tag(uint64_t tag, struct gw_buf *out)
{
    unsigned char head[HEAD_MAX];
    return add_head(head, cbor_encode_tag(tag, head, sizeof head), out);
}
