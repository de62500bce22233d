/* fuzz: an event stream in two pieces, as it is and as headers and payload of a message whose
 * checksums are right. What was read can be written, and reads back as the same. */
#include "aws/aws.h"
#include "codec/codec.h"

#include <stdlib.h>

static void write_again(const struct gw_eventstream_message *message, struct gw_arena *arena)
{
    struct gw_eventstream_reader reader;
    struct gw_eventstream_message again;
    struct gw_buf out;
    gw_buf_init(&out, 32u << 20);
    gw_eventstream_reader_init(&reader);
    if (!gw_eventstream_write(message, &out, NULL)) {
        abort();
    }
    struct gw_view bytes = gw_buf_view(&out);
    if (gw_eventstream_read(&reader, &bytes, arena, &again, NULL) != GW_EVENTSTREAM_MESSAGE ||
        again.header_count != message->header_count ||
        !gw_view_equal(again.payload, message->payload)) {
        abort();
    }
    gw_eventstream_reader_clear(&reader);
    gw_buf_clear(&out);
}

/* As an event of a service with JSON and of one with XML: read or refused. */
static void read_event(const struct gw_eventstream_message *message, struct gw_arena *arena)
{
    static const char *const operations[][2] = {{"logs", "StartLiveTail"},
                                                {"s3", "SelectObjectContent"}};
    for (size_t i = 0; i < 2; i++) {
        const struct gw_service *service =
            gw_models_find(gw_models_builtin(), gw_view_of(operations[i][0]));
        const struct gw_operation *op =
            gw_service_find_operation(service, gw_view_of(operations[i][1]));
        struct gw_event event = {0};
        struct gw_err err = {0};
        enum gw_event_kind kind =
            gw_protocol_read_event(op, gw_operation_output(op), message, arena, &event, &err);
        if ((kind == GW_EVENT_GARBAGE) != (err.code != GW_ERR_NONE)) {
            abort();
        }
    }
}

static enum gw_eventstream_result feed(struct gw_eventstream_reader *reader, struct gw_view piece,
                                       struct gw_arena *arena)
{
    struct gw_eventstream_message message;
    struct gw_err err = {0};
    enum gw_eventstream_result result;
    while ((result = gw_eventstream_read(reader, &piece, arena, &message, &err)) ==
           GW_EVENTSTREAM_MESSAGE) {
        write_again(&message, arena);
        read_event(&message, arena);
    }
    if ((result == GW_EVENTSTREAM_BROKEN) != (err.code != GW_ERR_NONE)) {
        abort();
    }
    return result;
}

static void feed_in_two(struct gw_view bytes, size_t cut, struct gw_arena *arena)
{
    struct gw_eventstream_reader reader;
    gw_eventstream_reader_init(&reader);
    if (feed(&reader, gw_view_sub(bytes, 0, cut), arena) == GW_EVENTSTREAM_MORE) {
        feed(&reader, gw_view_sub(bytes, cut, bytes.len), arena);
    }
    gw_eventstream_reader_clear(&reader);
}

static void add_number(struct gw_buf *out, size_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        gw_buf_add_char(out, (char)(number >> shift));
    }
}

static void add_crc(struct gw_buf *out)
{
    unsigned char crc[GW_CHECKSUM_MAX_LEN];
    struct gw_checksum_state *state = gw_checksum_new(GW_CHECKSUM_CRC32);
    gw_checksum_add(state, gw_buf_view(out));
    size_t len = gw_checksum_finish(state, crc);
    gw_checksum_free(state);
    gw_buf_add(out, (struct gw_view){(const char *)crc, len});
}

static void feed_framed(struct gw_view bytes, size_t headers, struct gw_arena *arena)
{
    struct gw_buf framed;
    gw_buf_init(&framed, bytes.len + 16);
    add_number(&framed, bytes.len + 16);
    add_number(&framed, headers);
    add_crc(&framed);
    gw_buf_add(&framed, bytes);
    add_crc(&framed);
    feed_in_two(gw_buf_view(&framed), headers, arena);
    gw_buf_clear(&framed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_view bytes = {(const char *)data, size};
    size_t cut = size > 0 ? data[0] % size : 0;
    struct gw_arena *arena = gw_arena_new();
    feed_in_two(bytes, cut, arena);
    feed_framed(bytes, size, arena);
    feed_framed(bytes, cut, arena);
    gw_arena_free(arena);
    return 0;
}
