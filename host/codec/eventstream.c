/* eventstream: the framing of application/vnd.amazon.eventstream, both ways. A message is
 *
 *     u32 length of all, u32 length of the headers, u32 CRC-32 of these eight bytes,
 *     headers, payload, u32 CRC-32 of all before it
 *
 * and a header u8 length and name, u8 type, value; numbers are big-endian. Limits are those of
 * codec.h. */
#include <string.h>

#include "codec/internal.h"

#define PRELUDE_BYTES  12
#define OVERHEAD_BYTES 16 /* prelude and final checksum */
#define MAX_BYTES                                                                                  \
    (OVERHEAD_BYTES + GW_EVENTSTREAM_MAX_HEADER_BYTES + GW_EVENTSTREAM_MAX_PAYLOAD_BYTES)

/* The size of a value; of those with a length of their own, the size of that length. */
static const size_t value_sizes[] = {
    [GW_EVENTSTREAM_TRUE] = 0,  [GW_EVENTSTREAM_FALSE] = 0,  [GW_EVENTSTREAM_INT8] = 1,
    [GW_EVENTSTREAM_INT16] = 2, [GW_EVENTSTREAM_INT32] = 4,  [GW_EVENTSTREAM_INT64] = 8,
    [GW_EVENTSTREAM_BYTES] = 2, [GW_EVENTSTREAM_STRING] = 2, [GW_EVENTSTREAM_TIMESTAMP] = 8,
    [GW_EVENTSTREAM_UUID] = 16,
};

static bool has_length(enum gw_eventstream_type type)
{
    return type == GW_EVENTSTREAM_BYTES || type == GW_EVENTSTREAM_STRING;
}

static bool is_number(enum gw_eventstream_type type)
{
    return (type >= GW_EVENTSTREAM_INT8 && type <= GW_EVENTSTREAM_INT64) ||
           type == GW_EVENTSTREAM_TIMESTAMP;
}

const struct gw_eventstream_header *
gw_eventstream_find(const struct gw_eventstream_message *message, struct gw_view name)
{
    for (size_t i = 0; i < message->header_count; i++) {
        if (gw_view_equal(message->headers[i].name, name)) {
            return &message->headers[i];
        }
    }
    return NULL;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static uint64_t get_unsigned(const char *data, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        number = number << 8 | (unsigned char)data[i];
    }
    return number;
}

static int64_t get_signed(const char *data, size_t size)
{
    uint64_t number = get_unsigned(data, size);
    uint64_t sign = UINT64_C(1) << (8 * size - 1);
    return number & sign ? -(int64_t)(~number & (sign - 1)) - 1 : (int64_t)number;
}

static void add_number(struct gw_buf *out, uint64_t number, size_t size)
{
    char bytes[8];
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)(number >> 8 * (size - 1 - i));
    }
    gw_buf_add(out, (struct gw_view){bytes, size});
}

static bool fits(int64_t number, size_t size)
{
    int64_t most = size < 8 ? (INT64_C(1) << (8 * size - 1)) - 1 : INT64_MAX;
    return number >= -most - 1 && number <= most;
}

static uint32_t crc32(struct gw_view bytes)
{
    return (uint32_t)gw_crc_add(GW_CRC32, 0, bytes);
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool refuse(const struct gw_eventstream_header *header, const char *why, struct gw_err *err)
{
    return gw_fail(err, GW_ERR_INPUT, "event stream: header '%.*s': %s", GW_VIEW_ARGS(header->name),
                   why);
}

static bool check_header(const struct gw_eventstream_header *header, struct gw_err *err)
{
    size_t size = value_sizes[header->type];
    if (header->name.len < 1 || header->name.len > UINT8_MAX) {
        return refuse(header, "a name has 1 to 255 bytes", err);
    }
    if (is_number(header->type) && !fits(header->number, size)) {
        return refuse(header, "the number does not fit its type", err);
    }
    if (has_length(header->type) && header->bytes.len > UINT16_MAX) {
        return refuse(header, "a value has at most 65535 bytes", err);
    }
    if (header->type == GW_EVENTSTREAM_UUID && header->bytes.len != size) {
        return refuse(header, "a UUID has 16 bytes", err);
    }
    return true;
}

static void write_header(const struct gw_eventstream_header *header, struct gw_buf *out)
{
    add_number(out, header->name.len, 1);
    gw_buf_add(out, header->name);
    add_number(out, header->type, 1);
    if (is_number(header->type)) {
        add_number(out, (uint64_t)header->number, value_sizes[header->type]);
    } else if (has_length(header->type)) {
        add_number(out, header->bytes.len, value_sizes[header->type]);
        gw_buf_add(out, header->bytes);
    } else if (header->type == GW_EVENTSTREAM_UUID) {
        gw_buf_add(out, header->bytes);
    }
}

static bool write_headers(const struct gw_eventstream_message *message, struct gw_buf *out,
                          struct gw_err *err)
{
    if (message->header_count > GW_EVENTSTREAM_MAX_HEADERS) {
        return gw_fail(err, GW_ERR_LIMIT, "event stream: a message has more than %u headers",
                       GW_EVENTSTREAM_MAX_HEADERS);
    }
    for (size_t i = 0; i < message->header_count; i++) {
        const struct gw_eventstream_header *header = &message->headers[i];
        if (!check_header(header, err)) {
            return false;
        }
        if (gw_eventstream_find(message, header->name) != header) {
            return refuse(header, "is there twice", err);
        }
        write_header(header, out);
    }
    return !out->full || gw_fail(err, GW_ERR_LIMIT, "event stream: headers of more than %u bytes",
                                 GW_EVENTSTREAM_MAX_HEADER_BYTES);
}

static bool write_message(struct gw_view headers, struct gw_view payload, struct gw_buf *out)
{
    size_t before = out->len;
    size_t len = OVERHEAD_BYTES + headers.len + payload.len;
    if (out->limit_bytes - out->len < len) {
        return false;
    }
    add_number(out, len, 4);
    add_number(out, headers.len, 4);
    add_number(out, crc32((struct gw_view){out->data + before, 8}), 4);
    gw_buf_add(out, headers);
    gw_buf_add(out, payload);
    add_number(out, crc32((struct gw_view){out->data + before, len - 4}), 4);
    return true;
}

bool gw_eventstream_write(const struct gw_eventstream_message *message, struct gw_buf *out,
                          struct gw_err *err)
{
    if (message->payload.len > GW_EVENTSTREAM_MAX_PAYLOAD_BYTES) {
        return gw_fail(err, GW_ERR_LIMIT, "event stream: a payload of more than %u bytes",
                       GW_EVENTSTREAM_MAX_PAYLOAD_BYTES);
    }
    struct gw_buf headers;
    gw_buf_init(&headers, GW_EVENTSTREAM_MAX_HEADER_BYTES);
    bool written = write_headers(message, &headers, err);
    if (written && !write_message(gw_buf_view(&headers), message->payload, out)) {
        written = gw_fail(err, GW_ERR_LIMIT, "event stream: more than %zu bytes", out->limit_bytes);
    }
    gw_buf_clear(&headers);
    return written;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* One message being read. */
struct reading {
    const struct gw_eventstream_reader *reader;
    struct gw_view rest; /* of the headers */
    struct gw_err *err;
};

static bool fail_header(const struct reading *reading, size_t number, const char *why)
{
    return gw_fail(reading->err, GW_ERR_PROTOCOL,
                   "event stream: header %zu: %s (message at byte %llu)", number, why,
                   (unsigned long long)reading->reader->offset);
}

static bool take(struct reading *reading, size_t len, struct gw_view *out)
{
    if (reading->rest.len < len) {
        return false;
    }
    *out = gw_view_sub(reading->rest, 0, len);
    reading->rest = gw_view_sub(reading->rest, len, reading->rest.len);
    return true;
}

static bool take_number(struct reading *reading, size_t size, size_t *out)
{
    struct gw_view bytes;
    if (!take(reading, size, &bytes)) {
        return false;
    }
    *out = (size_t)get_unsigned(bytes.data, size);
    return true;
}

static bool read_value(struct reading *reading, struct gw_eventstream_header *header)
{
    size_t size = value_sizes[header->type];
    if (has_length(header->type) && !take_number(reading, size, &size)) {
        return false;
    }
    if (!take(reading, size, &header->bytes)) {
        return false;
    }
    if (is_number(header->type)) {
        header->number = get_signed(header->bytes.data, size);
        header->bytes = GW_VIEW_NONE;
    }
    return true;
}

/* `number` counts from 1. */
static bool read_header(struct reading *reading, size_t number,
                        struct gw_eventstream_header *header)
{
    size_t len, type;
    if (!take_number(reading, 1, &len) || !take(reading, len, &header->name) ||
        !take_number(reading, 1, &type)) {
        return fail_header(reading, number, "its name passes the end of the headers");
    }
    if (len == 0) {
        return fail_header(reading, number, "it has no name");
    }
    if (type > GW_EVENTSTREAM_UUID) {
        return fail_header(reading, number, "its type is none of 0 to 9");
    }
    header->type = (enum gw_eventstream_type)type;
    return read_value(reading, header) ||
           fail_header(reading, number, "its value passes the end of the headers");
}

/* The length of the longest possible array first, then the array. */
static size_t most_headers(size_t bytes)
{
    size_t most = bytes / 3 + 1;
    return most < GW_EVENTSTREAM_MAX_HEADERS ? most : GW_EVENTSTREAM_MAX_HEADERS;
}

static bool read_headers(struct reading *reading, struct gw_arena *arena,
                         struct gw_eventstream_message *out)
{
    size_t most = most_headers(reading->rest.len);
    out->headers = gw_arena_alloc(arena, most * sizeof *out->headers);
    out->header_count = 0;
    while (reading->rest.len > 0) {
        if (out->header_count == most) {
            return gw_fail(reading->err, GW_ERR_LIMIT,
                           "event stream: more than %u headers (message at byte %llu)",
                           GW_EVENTSTREAM_MAX_HEADERS, (unsigned long long)reading->reader->offset);
        }
        struct gw_eventstream_header *header = &out->headers[out->header_count];
        if (!read_header(reading, out->header_count + 1, header)) {
            return false;
        }
        if (gw_eventstream_find(out, header->name) != NULL) {
            return fail_header(reading, out->header_count + 1, "its name is there already");
        }
        out->header_count++;
    }
    return true;
}

static bool check_crc(const struct gw_eventstream_reader *reader, size_t len, const char *what,
                      struct gw_err *err)
{
    const char *data = reader->pending.data;
    uint32_t told = (uint32_t)get_unsigned(data + len, 4);
    uint32_t found = crc32((struct gw_view){data, len});
    return told == found ||
           gw_fail(err, GW_ERR_PROTOCOL,
                   "event stream: checksum of the %s is %08x, not %08x (message at byte %llu)",
                   what, (unsigned)found, (unsigned)told, (unsigned long long)reader->offset);
}

/* The prelude is there: the length of the whole message, 0 where it is broken. */
static size_t read_prelude(const struct gw_eventstream_reader *reader, struct gw_err *err)
{
    if (!check_crc(reader, 8, "prelude", err)) {
        return 0;
    }
    size_t total = (size_t)get_unsigned(reader->pending.data, 4);
    size_t headers = (size_t)get_unsigned(reader->pending.data + 4, 4);
    unsigned long long offset = reader->offset;
    if (headers > GW_EVENTSTREAM_MAX_HEADER_BYTES) {
        gw_fail(err, GW_ERR_LIMIT,
                "event stream: headers of %zu bytes, more than %u (message at byte %llu)", headers,
                GW_EVENTSTREAM_MAX_HEADER_BYTES, offset);
        return 0;
    }
    if (total < OVERHEAD_BYTES + headers) {
        gw_fail(err, GW_ERR_PROTOCOL,
                "event stream: %zu bytes cannot hold %zu bytes of headers (message at byte %llu)",
                total, headers, offset);
        return 0;
    }
    if (total - OVERHEAD_BYTES - headers > GW_EVENTSTREAM_MAX_PAYLOAD_BYTES) {
        gw_fail(err, GW_ERR_LIMIT,
                "event stream: a payload of %zu bytes, more than %u (message at byte %llu)",
                total - OVERHEAD_BYTES - headers, GW_EVENTSTREAM_MAX_PAYLOAD_BYTES, offset);
        return 0;
    }
    return total;
}

static bool read_message(struct gw_eventstream_reader *reader, struct gw_arena *arena,
                         struct gw_eventstream_message *out, struct gw_err *err)
{
    struct gw_view all = gw_buf_view(&reader->pending);
    if (!check_crc(reader, all.len - 4, "message", err)) {
        return false;
    }
    size_t headers = (size_t)get_unsigned(all.data + 4, 4);
    struct reading reading = {reader, gw_view_sub(all, PRELUDE_BYTES, headers), err};
    out->payload = gw_view_sub(all, PRELUDE_BYTES + headers, all.len - OVERHEAD_BYTES - headers);
    return read_headers(&reading, arena, out);
}

/* True when `len` bytes are pending. */
static bool gather(struct gw_eventstream_reader *reader, struct gw_view *bytes, size_t len)
{
    size_t missing = len - reader->pending.len;
    gw_buf_add(&reader->pending, gw_view_sub(*bytes, 0, missing));
    *bytes = gw_view_sub(*bytes, missing, bytes->len);
    return reader->pending.len == len;
}

enum gw_eventstream_result gw_eventstream_read(struct gw_eventstream_reader *reader,
                                               struct gw_view *bytes, struct gw_arena *arena,
                                               struct gw_eventstream_message *out,
                                               struct gw_err *err)
{
    if (reader->has_message) {
        reader->offset += reader->pending.len;
        reader->has_message = false;
        gw_buf_reset(&reader->pending);
    }
    if (reader->pending.len < PRELUDE_BYTES && !gather(reader, bytes, PRELUDE_BYTES)) {
        return GW_EVENTSTREAM_MORE;
    }
    size_t total = read_prelude(reader, err);
    if (total == 0) {
        return GW_EVENTSTREAM_BROKEN;
    }
    if (!gather(reader, bytes, total)) {
        return GW_EVENTSTREAM_MORE;
    }
    reader->has_message = read_message(reader, arena, out, err);
    return reader->has_message ? GW_EVENTSTREAM_MESSAGE : GW_EVENTSTREAM_BROKEN;
}

void gw_eventstream_reader_init(struct gw_eventstream_reader *reader)
{
    *reader = (struct gw_eventstream_reader){0};
    gw_buf_init(&reader->pending, MAX_BYTES);
}

void gw_eventstream_reader_clear(struct gw_eventstream_reader *reader)
{
    gw_buf_clear(&reader->pending);
    gw_eventstream_reader_init(reader);
}
