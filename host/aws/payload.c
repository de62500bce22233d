/* payload: the body of a request, from the caller's bytes or source to what is sent: compressed,
 * with its checksum in a header or behind it, and what the signature says of it. All of it follows
 * from the model and the settings. */
#include "aws/internal.h"

#include <string.h>

#define CHECKSUM_PREFIX  "x-amz-checksum-"
#define CONTENT_ENCODING GW_VIEW("Content-Encoding")
#define BUFFER_BYTES     ((size_t)64 << 10)
#define ASK_FIRST_BYTES  ((uint64_t)1 << 20)
#define UNSIGNED_PAYLOAD GW_VIEW("UNSIGNED-PAYLOAD")
#define UNSIGNED_TRAILER GW_VIEW("STREAMING-UNSIGNED-PAYLOAD-TRAILER")
#define SIGNED_TRAILER   GW_VIEW("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")

const struct gw_member *gw_shape_stream(const struct gw_shape *shape)
{
    const struct gw_member *payload = shape ? gw_shape_payload(shape) : NULL;
    return payload && gw_shape_type(gw_member_shape(payload)) == GW_SHAPE_BLOB ? payload : NULL;
}

static bool is_streaming(const struct gw_operation *op)
{
    const struct gw_member *stream = gw_shape_stream(gw_operation_input(op));
    return stream && ((gw_member_flags(stream) & GW_MEMBER_STREAMING) ||
                      (gw_shape_flags(gw_member_shape(stream)) & GW_SHAPE_STREAMING));
}

/* What comes of several encodings is listed in the order in which they were applied. */
static void add_encoding(struct gw_outgoing *out, struct gw_view encoding, struct gw_arena *arena)
{
    struct gw_view before = gw_headers_get(&out->http.headers, CONTENT_ENCODING);
    struct gw_view all = before.len > 0 ? gw_arena_printf(arena, "%.*s,%.*s", GW_VIEW_ARGS(before),
                                                          GW_VIEW_ARGS(encoding))
                                        : encoding;
    gw_outgoing_set_header(out, CONTENT_ENCODING, all, arena);
}

/* ---- from the input -------------------------------------------------------------------------- */

static bool compress(const struct gw_settings *settings, struct gw_arena *arena,
                     struct gw_outgoing *out, struct gw_err *err)
{
    struct gw_view body = out->http.body;
    if (!gw_operation_compresses(out->op) || settings->disable_compression ||
        body.len < settings->min_compression_bytes) {
        return true;
    }
    struct gw_buf zipped;
    gw_buf_init(&zipped, GW_PROTOCOL_MAX_BYTES + BUFFER_BYTES);
    bool ok = gw_gzip_write(body, &zipped);
    out->http.body = gw_arena_dup(arena, gw_buf_view(&zipped));
    gw_buf_clear(&zipped);
    add_encoding(out, GW_VIEW("gzip"), arena);
    return ok || gw_fail(err, GW_ERR_LIMIT, "the body cannot be compressed");
}

static const struct gw_member *header_member(const struct gw_operation *op, struct gw_view name)
{
    const struct gw_shape *input = gw_operation_input(op);
    const struct gw_member *member =
        input && name.len > 0 ? gw_shape_find_member(input, name) : NULL;
    return member && gw_member_location(member) == GW_LOCATION_HEADER ? member : NULL;
}

/* Asks for a checksum of the answer, where the caller did not. */
static void ask_for_checksum(const struct gw_settings *settings, const struct gw_value *input,
                             struct gw_arena *arena, struct gw_outgoing *out)
{
    const struct gw_checksum model = gw_operation_checksum(out->op);
    const struct gw_member *member = header_member(out->op, model.validation_member);
    out->verify.wanted = gw_map_text(input, model.validation_member).len > 0;
    if (member && !out->verify.wanted && !settings->validate_when_required) {
        out->verify.wanted = true;
        gw_outgoing_set_header(out, gw_member_wire_name(member), GW_VIEW("ENABLED"), arena);
    }
}

static bool check_algorithm(struct gw_outgoing *out, struct gw_view member, struct gw_err *err)
{
    enum gw_checksum_kind kind;
    struct gw_view name = out->payload.algorithm;
    return name.len == 0 || gw_checksum_find(name, &kind) ||
           gw_fail(
               err, GW_ERR_INPUT,
               "parameter '%.*s': expected CRC32, CRC32C, CRC64NVME, SHA1, SHA256, SHA512, MD5, "
               "XXHASH64, XXHASH3 or XXHASH128, got '%.*s'",
               GW_VIEW_ARGS(member), GW_VIEW_ARGS(name));
}

bool gw_payload_write(const struct gw_settings *settings, const struct gw_value *input,
                      struct gw_arena *arena, struct gw_outgoing *out, struct gw_err *err)
{
    struct gw_view member = gw_operation_checksum(out->op).request_member;
    out->payload.algorithm = gw_arena_dup(arena, gw_map_text(input, member));
    ask_for_checksum(settings, input, arena, out);
    return check_algorithm(out, member, err) && compress(settings, arena, out, err);
}

/* ---- checksum -------------------------------------------------------------------------------- */

static bool has_checksum(const struct gw_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        struct gw_view start = gw_view_sub(headers->items[i].name, 0, sizeof CHECKSUM_PREFIX - 1);
        if (gw_view_equal_nocase(start, GW_VIEW(CHECKSUM_PREFIX))) {
            return true;
        }
    }
    return false;
}

/* Which checksum the request is to carry; false: none. The default is told in a header, too. */
static bool choose_checksum(const struct gw_settings *settings, struct gw_arena *arena,
                            struct gw_outgoing *out, enum gw_checksum_kind *kind)
{
    const struct gw_checksum model = gw_operation_checksum(out->op);
    if (has_checksum(&out->http.headers)) {
        return false;
    }
    if (out->payload.algorithm.len > 0) {
        return gw_checksum_find(out->payload.algorithm, kind);
    }
    if (!model.required && (model.request_member.len == 0 || settings->checksum_when_required)) {
        return false;
    }
    const struct gw_member *member = header_member(out->op, model.request_member);
    if (member) {
        gw_outgoing_set_header(out, gw_member_wire_name(member), GW_VIEW("CRC32"), arena);
    }
    *kind = GW_CHECKSUM_CRC32;
    return true;
}

static void feed(struct gw_checksum_state *const states[2], struct gw_view bytes)
{
    for (size_t i = 0; i < 2 && bytes.len > 0; i++) {
        if (states[i]) {
            gw_checksum_add(states[i], bytes);
        }
    }
}

/* All of the body to each of the states; either may be NULL. */
static bool digest(const struct gw_outgoing *out, struct gw_checksum_state *const states[2],
                   struct gw_err *err)
{
    const struct gw_body_source *source = out->payload.source;
    char buffer[BUFFER_BYTES];
    size_t len = 0;
    if (!source) {
        feed(states, out->http.body);
        return true;
    }
    if (!source->rewind(source->ctx, err)) {
        return false;
    }
    do {
        if (!source->read(source->ctx, buffer, sizeof buffer, &len, err)) {
            return false;
        }
        feed(states, (struct gw_view){buffer, len});
    } while (len > 0);
    return true;
}

static void set_checksum(struct gw_outgoing *out, struct gw_checksum_state *state,
                         enum gw_checksum_kind kind, struct gw_arena *arena)
{
    unsigned char value[GW_CHECKSUM_MAX_LEN];
    struct gw_buf text;
    gw_buf_init(&text, 2 * sizeof value);
    size_t len = gw_checksum_finish(state, value);
    gw_base64_write((struct gw_view){(const char *)value, len}, &text);
    struct gw_view name =
        gw_arena_printf(arena, CHECKSUM_PREFIX "%.*s", GW_VIEW_ARGS(gw_checksum_name(kind)));
    gw_outgoing_set_header(out, name, gw_arena_dup(arena, gw_buf_view(&text)), arena);
    gw_buf_clear(&text);
}

static void set_hash(struct gw_outgoing *out, struct gw_checksum_state *state,
                     struct gw_arena *arena)
{
    unsigned char value[GW_CHECKSUM_MAX_LEN];
    char hex[2 * GW_CHECKSUM_MAX_LEN];
    size_t len = gw_checksum_finish(state, value);
    gw_hex_write(value, len, hex);
    out->payload.hash = gw_arena_dup(arena, (struct gw_view){hex, 2 * len});
}

/* ---- in a header, or behind the body --------------------------------------------------------- */

static bool is_https(const struct gw_outgoing *out)
{
    return gw_view_equal_nocase(gw_view_sub(out->http.url, 0, 6), GW_VIEW("https:"));
}

/* What the signature says where it does not cover the bytes; empty: it does. S3 and its kin let
 * them go unsigned where the connection is safe and their integrity is seen to in another way. */
static struct gw_view choose_hash(const struct gw_settings *settings, const struct gw_outgoing *out)
{
    bool is_s3_kin = out->endpoint.keep_path;
    if (gw_operation_auth(out->op) == GW_AUTH_UNSIGNED_BODY && (is_https(out) || !is_s3_kin)) {
        return UNSIGNED_PAYLOAD;
    }
    if (!is_s3_kin || settings->s3.sign_payload == GW_SWITCH_ON) {
        return GW_VIEW_NONE;
    }
    bool has_digest = gw_headers_get(&out->http.headers, GW_VIEW("Content-MD5")).len > 0;
    bool is_safe = is_https(out) && is_streaming(out->op) && has_digest;
    return is_safe || settings->s3.sign_payload == GW_SWITCH_OFF ? UNSIGNED_PAYLOAD : GW_VIEW_NONE;
}

/* The checksum and the digest for the signature, each where it is needed, in one pass. */
static bool send_plain(const struct gw_settings *settings, const enum gw_checksum_kind *kind,
                       struct gw_arena *arena, struct gw_outgoing *out, struct gw_err *err)
{
    out->payload.hash = choose_hash(settings, out);
    bool needs_hash = out->payload.source && out->payload.hash.len == 0;
    struct gw_checksum_state *states[2] = {
        kind ? gw_checksum_new(*kind) : NULL,
        needs_hash ? gw_checksum_new(GW_CHECKSUM_SHA256) : NULL,
    };
    bool ok = (!states[0] && !states[1]) || digest(out, states, err);
    if (ok && kind) {
        set_checksum(out, states[0], *kind, arena);
    }
    if (ok && states[1]) {
        set_hash(out, states[1], arena);
    }
    gw_checksum_free(states[0]);
    gw_checksum_free(states[1]);
    out->http.source = out->payload.source;
    return ok;
}

static bool rewind_memory(void *ctx, struct gw_err *err)
{
    struct gw_outgoing *out = ctx;
    (void)err;
    out->payload.memory_left = out->http.body;
    return true;
}

static bool read_memory(void *ctx, char *to, size_t capacity, size_t *len, struct gw_err *err)
{
    struct gw_outgoing *out = ctx;
    struct gw_view piece = gw_view_sub(out->payload.memory_left, 0, capacity);
    (void)err;
    if (piece.len > 0) {
        memcpy(to, piece.data, piece.len);
    }
    out->payload.memory_left = gw_view_sub(out->payload.memory_left, piece.len, GW_NPOS);
    *len = piece.len;
    return true;
}

static void send_framed(const struct gw_settings *settings, enum gw_checksum_kind kind,
                        struct gw_arena *arena, struct gw_outgoing *out)
{
    struct gw_payload *payload = &out->payload;
    bool is_signed = settings->s3.sign_payload == GW_SWITCH_ON;
    payload->memory = (struct gw_body_source){out->http.body.len, rewind_memory, read_memory, out};
    struct gw_chunked_options options = {
        .inner = payload->source ? payload->source : &payload->memory,
        .trailer =
            gw_arena_printf(arena, CHECKSUM_PREFIX "%.*s", GW_VIEW_ARGS(gw_checksum_name(kind))),
        .checksum = kind,
        .is_signed = is_signed,
    };
    payload->chunked = gw_chunked_new(&options);
    payload->hash = is_signed ? SIGNED_TRAILER : UNSIGNED_TRAILER;
    out->http.source = gw_chunked_source(payload->chunked);
    add_encoding(out, GW_VIEW("aws-chunked"), arena);
    gw_outgoing_set_header(out, GW_VIEW("X-Amz-Trailer"), options.trailer, arena);
    gw_outgoing_set_header(
        out, GW_VIEW("X-Amz-Decoded-Content-Length"),
        gw_arena_printf(arena, "%llu", (unsigned long long)options.inner->size_bytes), arena);
}

/* A refusal is better known before much has been sent. */
static void ask_first(struct gw_outgoing *out, struct gw_arena *arena)
{
    const struct gw_body_source *source = out->http.source;
    if (source && source->size_bytes >= ASK_FIRST_BYTES &&
        gw_view_equal(out->http.method, GW_VIEW("PUT"))) {
        gw_outgoing_set_header(out, GW_VIEW("Expect"), GW_VIEW("100-continue"), arena);
    }
}

bool gw_payload_prepare(const struct gw_settings *settings, struct gw_arena *arena,
                        struct gw_outgoing *out, struct gw_err *err)
{
    enum gw_checksum_kind kind;
    if (out->payload.ready) {
        return true;
    }
    bool has_checksum = choose_checksum(settings, arena, out, &kind);
    if (has_checksum && is_https(out) && is_streaming(out->op)) {
        send_framed(settings, kind, arena, out);
    } else if (!send_plain(settings, has_checksum ? &kind : NULL, arena, out, err)) {
        return false;
    }
    ask_first(out, arena);
    out->payload.ready = true;
    return true;
}
