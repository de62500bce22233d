/* Event streams: the published messages of three SDKs both ways, whole and byte by byte; damage of
 * every kind; the limits. */
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/codec.h"

static struct gw_arena *arena;

/* ---- one message ----------------------------------------------------------------------------- */

struct outcome {
    enum gw_eventstream_result result;
    struct gw_eventstream_message message; /* in the arena */
    struct gw_err err;
    size_t left; /* bytes behind the message */
};

static void keep(struct gw_eventstream_message *message)
{
    message->payload = gw_arena_dup(arena, message->payload);
    for (size_t i = 0; i < message->header_count; i++) {
        message->headers[i].name = gw_arena_dup(arena, message->headers[i].name);
        message->headers[i].bytes = gw_arena_dup(arena, message->headers[i].bytes);
    }
}

/* Feeds `piece` bytes at a time until something comes of it. */
static struct outcome read_in_pieces(struct gw_view bytes, size_t piece)
{
    struct outcome outcome = {.result = GW_EVENTSTREAM_MORE};
    struct gw_eventstream_reader reader;
    gw_eventstream_reader_init(&reader);
    for (size_t at = 0; at < bytes.len && outcome.result == GW_EVENTSTREAM_MORE; at += piece) {
        struct gw_view part = gw_view_sub(bytes, at, piece);
        outcome.result = gw_eventstream_read(&reader, &part, arena, &outcome.message, &outcome.err);
        outcome.left = bytes.len - at - gw_view_sub(bytes, at, piece).len + part.len;
    }
    if (outcome.result == GW_EVENTSTREAM_MESSAGE) {
        keep(&outcome.message);
    }
    gw_eventstream_reader_clear(&reader);
    return outcome;
}

static void assert_equal_headers(const struct gw_eventstream_message *a,
                                 const struct gw_eventstream_message *b)
{
    assert_int_equal(a->header_count, b->header_count);
    for (size_t i = 0; i < a->header_count; i++) {
        assert_true(gw_view_equal(a->headers[i].name, b->headers[i].name));
        assert_int_equal(a->headers[i].type, b->headers[i].type);
        assert_int_equal(a->headers[i].number, b->headers[i].number);
        assert_true(gw_view_equal(a->headers[i].bytes, b->headers[i].bytes));
    }
}

/* Reads it whole and one byte at a time, and writes it again: the same bytes. */
static struct outcome read_both_ways(struct gw_view bytes)
{
    struct outcome whole = read_in_pieces(bytes, bytes.len);
    struct outcome slow = read_in_pieces(bytes, 1);
    struct gw_buf again;
    struct gw_err err = {0};
    if (whole.result != GW_EVENTSTREAM_MESSAGE) {
        fail_msg("not read: %s", whole.err.message);
    }
    assert_int_equal(slow.result, GW_EVENTSTREAM_MESSAGE);
    assert_equal_headers(&whole.message, &slow.message);
    assert_true(gw_view_equal(whole.message.payload, slow.message.payload));
    assert_int_equal(whole.left, 0);
    gw_buf_init(&again, 1 << 20);
    assert_true(gw_eventstream_write(&whole.message, &again, &err));
    assert_int_equal(again.len, bytes.len);
    assert_memory_equal(again.data, bytes.data, bytes.len);
    gw_buf_clear(&again);
    return whole;
}

/* Refused at once or byte by byte, with one message. */
static struct gw_err refuse_both_ways(struct gw_view bytes)
{
    struct outcome whole = read_in_pieces(bytes, bytes.len);
    struct outcome slow = read_in_pieces(bytes, 1);
    assert_int_equal(whole.result, GW_EVENTSTREAM_BROKEN);
    assert_int_equal(slow.result, GW_EVENTSTREAM_BROKEN);
    assert_string_equal(whole.err.message, slow.err.message);
    return whole.err;
}

static void assert_starts_with(const char *text, const char *start)
{
    if (!gw_view_starts_with(gw_view_of(text), gw_view_of(start))) {
        fail_msg("'%s' does not begin with '%s'", text, start);
    }
}

static void assert_contains(struct gw_view text, const char *part)
{
    if (gw_view_find(text, gw_view_of(part)) == GW_NPOS) {
        fail_msg("'%.*s' does not contain '%s'", GW_VIEW_ARGS(text), part);
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool read_file(const char *path, struct gw_view *out)
{
    FILE *file = fopen(path, "rb");
    struct gw_buf text;
    char block[4096];
    size_t len;
    if (!file) {
        return false;
    }
    gw_buf_init(&text, 8 << 20);
    while ((len = fread(block, 1, sizeof block, file)) > 0) {
        gw_buf_add(&text, (struct gw_view){block, len});
    }
    fclose(file);
    *out = gw_arena_dup(arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return true;
}

static const char *vector_path(const char *folder, const char *name)
{
    return gw_arena_printf(arena, "%s/eventstream/%s/%s", GW_VECTORS, folder, name).data;
}

/* Calls `check` for each file in the folder, whatever files there are; skips without the folder. */
static void for_each_file(const char *folder, void (*check)(const char *name, struct gw_view bytes))
{
    DIR *dir = opendir(vector_path(folder, ""));
    size_t count = 0;
    if (!dir) {
        print_message("no vectors in %s: skipped\n", vector_path(folder, ""));
        skip();
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct gw_view bytes;
        if (entry->d_name[0] != '.') {
            assert_true(read_file(vector_path(folder, entry->d_name), &bytes));
            print_message("%s/%s\n", folder, entry->d_name);
            check(entry->d_name, bytes);
            count++;
        }
    }
    closedir(dir);
    assert_true(count > 0);
}

static void parse_json(struct gw_view text, struct gw_value *out)
{
    struct gw_err err = {0};
    if (!gw_json_parse(text, arena, out, &err)) {
        fail_msg("%s", err.message);
    }
}

static struct gw_view from_base64(struct gw_view text)
{
    struct gw_view bytes;
    assert_true(gw_base64_read(text, arena, &bytes));
    return bytes;
}

static struct gw_view from_hex(struct gw_view text)
{
    char *bytes = gw_arena_alloc(arena, text.len / 2 + 1);
    for (size_t i = 0; i + 1 < text.len; i += 2) {
        char pair[3] = {text.data[i], text.data[i + 1], '\0'};
        bytes[i / 2] = (char)strtol(pair, NULL, 16);
    }
    return (struct gw_view){bytes, text.len / 2};
}

/* ---- aws-sdk-go ------------------------------------------------------------------------------ */

static void assert_go_header(const struct gw_eventstream_header *header,
                             const struct gw_value *expected)
{
    const struct gw_value *value = gw_map_get(expected, GW_VIEW("value"));
    assert_true(gw_view_equal(header->name, gw_map_text(expected, GW_VIEW("name"))));
    assert_int_equal(header->type, gw_map_get(expected, GW_VIEW("type"))->as.integer);
    if (value->kind == GW_INT) {
        assert_int_equal(header->number, value->as.integer);
    } else if (value->kind == GW_STRING) {
        assert_true(gw_view_equal(header->bytes, from_base64(value->as.string)));
    } else {
        assert_int_equal(header->type == GW_EVENTSTREAM_TRUE, value->as.boolean);
    }
}

static void check_go_positive(const char *name, struct gw_view bytes)
{
    struct gw_view text;
    struct gw_value expected;
    assert_true(read_file(vector_path("aws-sdk-go/decoded/positive", name), &text));
    parse_json(text, &expected);
    struct outcome outcome = read_both_ways(bytes);
    const struct gw_value *headers = gw_map_get(&expected, GW_VIEW("headers"));
    size_t count = headers && headers->kind == GW_LIST ? headers->as.list.count : 0;
    assert_int_equal(outcome.message.header_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_go_header(&outcome.message.headers[i], &headers->as.list.items[i]);
    }
    assert_true(gw_view_equal(outcome.message.payload,
                              from_base64(gw_map_text(&expected, GW_VIEW("payload")))));
}

static void check_go_negative(const char *name, struct gw_view bytes)
{
    struct gw_view reason;
    assert_true(read_file(vector_path("aws-sdk-go/decoded/negative", name), &reason));
    struct gw_err err = refuse_both_ways(bytes);
    bool is_prelude = gw_view_starts_with(reason, GW_VIEW("Prelude checksum mismatch"));
    assert_starts_with(err.message, is_prelude ? "event stream: checksum of the prelude is "
                                               : "event stream: checksum of the message is ");
}

static void the_messages_of_the_go_sdk_are_read_and_written(void **state)
{
    (void)state;
    for_each_file("aws-sdk-go/encoded/positive", check_go_positive);
}

static void the_damaged_messages_of_the_go_sdk_are_refused(void **state)
{
    (void)state;
    for_each_file("aws-sdk-go/encoded/negative", check_go_negative);
}

/* ---- smithy-rs ------------------------------------------------------------------------------- */

static void check_rust(const char *name, struct gw_view bytes)
{
    if (gw_view_starts_with(gw_view_of(name), GW_VIEW("valid_"))) {
        read_both_ways(bytes);
    } else {
        refuse_both_ways(bytes);
    }
}

static void the_messages_of_the_rust_sdk_are_read_or_refused_as_named(void **state)
{
    (void)state;
    for_each_file("smithy-rs", check_rust);
}

/* The published messages with damaged headers have a wrong checksum too; here it is made right. */
static struct gw_view with_right_checksum(struct gw_view bytes)
{
    struct gw_checksum_state *crc = gw_checksum_new(GW_CHECKSUM_CRC32);
    unsigned char value[GW_CHECKSUM_MAX_LEN];
    size_t len = (size_t)(unsigned char)bytes.data[2] << 8 | (unsigned char)bytes.data[3];
    char *copy = (char *)gw_arena_dup(arena, gw_view_sub(bytes, 0, len)).data;
    gw_checksum_add(crc, (struct gw_view){copy, len - 4});
    assert_int_equal(gw_checksum_finish(crc, value), 4);
    memcpy(copy + len - 4, value, 4);
    gw_checksum_free(crc);
    return (struct gw_view){copy, len};
}

static void damaged_headers_are_told_precisely(void **state)
{
    (void)state;
    static const struct {
        const char *file, *message;
    } rows[] = {
        {"invalid_header_value_type",
         "event stream: header 3: its type is none of 0 to 9 (message at byte 0)"},
        {"invalid_header_name_length",
         "event stream: header 3: its name passes the end of the headers (message at byte 0)"},
        {"invalid_header_name_length_too_long",
         "event stream: header 2: its name passes the end of the headers (message at byte 0)"},
        {"invalid_header_string_value_length",
         "event stream: header 8: its value passes the end of the headers (message at byte 0)"},
        {"invalid_header_string_length_cut_off",
         "event stream: header 8: its value passes the end of the headers (message at byte 0)"},
        {"invalid_headers_length",
         "event stream: 89 bytes cannot hold 77 bytes of headers (message at byte 0)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_view bytes;
        if (!read_file(vector_path("smithy-rs", rows[i].file), &bytes)) {
            skip();
        }
        struct gw_err err = refuse_both_ways(with_right_checksum(bytes));
        assert_string_equal(err.message, rows[i].message);
    }
}

/* ---- botocore -------------------------------------------------------------------------------- */

static bool open_botocore(struct gw_value *out)
{
    struct gw_view text;
    if (!read_file(vector_path(".", "botocore-vectors.json"), &text)) {
        return false;
    }
    parse_json(text, out);
    return true;
}

static void assert_botocore_header(const struct gw_eventstream_message *message,
                                   const struct gw_entry *expected)
{
    const struct gw_eventstream_header *header = gw_eventstream_find(message, expected->key);
    const struct gw_value *value = &expected->value;
    assert_non_null(header);
    assert_int_equal(value->kind, GW_MAP);
    const struct gw_entry *typed = &value->as.map.entries[0];
    if (gw_view_equal(typed->key, GW_VIEW("int"))) {
        assert_int_equal(header->number, typed->value.as.integer);
    } else if (gw_view_equal(typed->key, GW_VIEW("bool"))) {
        assert_int_equal(header->type == GW_EVENTSTREAM_TRUE, typed->value.as.boolean);
    } else if (gw_view_equal(typed->key, GW_VIEW("string"))) {
        assert_true(gw_view_equal(header->bytes, typed->value.as.string));
    } else {
        assert_true(gw_view_equal(typed->key, GW_VIEW("bytes_base64")));
        assert_true(gw_view_equal(header->bytes, from_base64(typed->value.as.string)));
    }
}

static void the_messages_of_botocore_are_read_and_written(void **state)
{
    (void)state;
    struct gw_value file;
    if (!open_botocore(&file)) {
        skip();
    }
    const struct gw_value *cases = gw_map_get(&file, GW_VIEW("positive"));
    assert_true(cases->as.list.count >= 9);
    for (size_t i = 0; i < cases->as.list.count; i++) {
        const struct gw_value *row = &cases->as.list.items[i];
        print_message("%.*s\n", GW_VIEW_ARGS(gw_map_text(row, GW_VIEW("name"))));
        struct outcome outcome = read_both_ways(from_hex(gw_map_text(row, GW_VIEW("encoded_hex"))));
        const struct gw_value *headers = gw_map_get(row, GW_VIEW("headers"));
        assert_int_equal(outcome.message.header_count, headers->as.map.count);
        for (size_t k = 0; k < headers->as.map.count; k++) {
            assert_botocore_header(&outcome.message, &headers->as.map.entries[k]);
        }
        assert_true(gw_view_equal(outcome.message.payload,
                                  from_base64(gw_map_text(row, GW_VIEW("payload_base64")))));
    }
}

/* One of them is too long to be stored and is told by its parts. */
static struct gw_view damaged_bytes(const struct gw_value *row)
{
    const struct gw_value *fill = gw_map_get(row, GW_VIEW("payload_fill"));
    if (!fill) {
        return from_hex(gw_map_text(row, GW_VIEW("encoded_hex")));
    }
    struct gw_view head = from_hex(gw_map_text(row, GW_VIEW("encoded_head_hex")));
    struct gw_view byte = from_hex(gw_map_text(fill, GW_VIEW("byte_hex")));
    size_t count = (size_t)gw_map_get(fill, GW_VIEW("count"))->as.integer;
    char *bytes = gw_arena_alloc(arena, head.len + count + 4);
    memcpy(bytes, head.data, head.len);
    memset(bytes + head.len, byte.data[0], count);
    memcpy(bytes + head.len + count, from_hex(gw_map_text(row, GW_VIEW("encoded_tail_hex"))).data,
           4);
    return (struct gw_view){bytes, head.len + count + 4};
}

static const char *expected_part(struct gw_view error)
{
    static const char *const rows[][2] = {
        {"ChecksumMismatch", "checksum of the "},
        {"DuplicateHeader", "its name is there already"},
        {"InvalidHeadersLength", "event stream: headers of "},
        {"InvalidPayloadLength", "event stream: a payload of "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (gw_view_equal(error, gw_view_of(rows[i][0]))) {
            return rows[i][1];
        }
    }
    fail_msg("botocore's error %.*s is not known here", GW_VIEW_ARGS(error));
    return NULL;
}

static void the_damaged_messages_of_botocore_are_refused_for_the_same_reason(void **state)
{
    (void)state;
    struct gw_value file;
    if (!open_botocore(&file)) {
        skip();
    }
    const struct gw_value *cases = gw_map_get(&file, GW_VIEW("negative"));
    for (size_t i = 0; i < cases->as.list.count; i++) {
        const struct gw_value *row = &cases->as.list.items[i];
        struct gw_err err = refuse_both_ways(damaged_bytes(row));
        assert_contains(gw_view_of(err.message), expected_part(gw_map_text(row, GW_VIEW("error"))));
    }
}

/* ---- smithy ---------------------------------------------------------------------------------- */

static void assert_smithy_header(const struct gw_eventstream_message *message,
                                 const struct gw_entry *expected)
{
    const struct gw_eventstream_header *header = gw_eventstream_find(message, expected->key);
    const struct gw_entry *typed = &expected->value.as.map.entries[0];
    assert_non_null(header);
    if (gw_view_equal(typed->key, GW_VIEW("boolean"))) {
        assert_int_equal(header->type == GW_EVENTSTREAM_TRUE, typed->value.as.boolean);
    } else if (gw_view_equal(typed->key, GW_VIEW("string"))) {
        assert_int_equal(header->type, GW_EVENTSTREAM_STRING);
        assert_true(gw_view_equal(header->bytes, typed->value.as.string));
    } else if (gw_view_equal(typed->key, GW_VIEW("blob"))) {
        assert_int_equal(header->type, GW_EVENTSTREAM_BYTES);
    } else if (gw_view_equal(typed->key, GW_VIEW("timestamp"))) {
        assert_int_equal(header->type, GW_EVENTSTREAM_TIMESTAMP);
    } else {
        assert_in_range(header->type, GW_EVENTSTREAM_INT8, GW_EVENTSTREAM_INT64);
        assert_int_equal(header->number, typed->value.as.integer);
    }
}

static void the_messages_of_smithy_are_read_and_written(void **state)
{
    (void)state;
    struct gw_view text;
    struct gw_value cases;
    size_t count = 0;
    if (!read_file(vector_path(".", "smithy-restjson1-event-stream-tests.json"), &text)) {
        skip();
    }
    parse_json(text, &cases);
    for (size_t i = 0; i < cases.as.list.count; i++) {
        const struct gw_value *events = gw_map_get(&cases.as.list.items[i], GW_VIEW("events"));
        for (size_t k = 0; events && k < events->as.list.count; k++) {
            const struct gw_value *event = &events->as.list.items[k];
            const struct gw_value *headers = gw_map_get(event, GW_VIEW("headers"));
            struct gw_view bytes = from_base64(gw_map_text(event, GW_VIEW("bytes")));
            if (bytes.len == 0) { /* only the HTTP side of it is told */
                continue;
            }
            struct outcome outcome = read_both_ways(bytes);
            for (size_t n = 0; headers && n < headers->as.map.count; n++) {
                assert_smithy_header(&outcome.message, &headers->as.map.entries[n]);
            }
            count++;
        }
    }
    assert_true(count >= 92);
}

/* ---- streams --------------------------------------------------------------------------------- */

static void write_text(struct gw_buf *out, const char *name, const char *value, const char *payload)
{
    struct gw_eventstream_header header = {
        .name = gw_view_of(name), .type = GW_EVENTSTREAM_STRING, .bytes = gw_view_of(value)};
    struct gw_eventstream_message message = {&header, 1, gw_view_of(payload)};
    assert_true(gw_eventstream_write(&message, out, NULL));
}

static void messages_follow_each_other_whatever_the_pieces(void **state)
{
    (void)state;
    struct gw_buf stream;
    gw_buf_init(&stream, 1 << 20);
    for (int i = 0; i < 20; i++) {
        char payload[64];
        snprintf(payload, sizeof payload, "payload %d", i);
        write_text(&stream, "name", "value", payload);
    }
    for (size_t piece = 1; piece < 200; piece += 7) {
        struct gw_eventstream_reader reader;
        int count = 0;
        gw_eventstream_reader_init(&reader);
        for (size_t at = 0; at < stream.len; at += piece) {
            struct gw_view part = gw_view_sub(gw_buf_view(&stream), at, piece);
            struct gw_eventstream_message message;
            while (gw_eventstream_read(&reader, &part, arena, &message, NULL) ==
                   GW_EVENTSTREAM_MESSAGE) {
                char payload[64];
                snprintf(payload, sizeof payload, "payload %d", count++);
                assert_true(gw_view_equal(message.payload, gw_view_of(payload)));
            }
            assert_int_equal(part.len, 0);
        }
        assert_int_equal(count, 20);
        assert_int_equal(reader.pending.len, 0);
        gw_eventstream_reader_clear(&reader);
    }
    gw_buf_clear(&stream);
}

static void a_message_cut_off_waits_for_more(void **state)
{
    (void)state;
    struct gw_buf stream;
    gw_buf_init(&stream, 1024);
    write_text(&stream, "name", "value", "payload");
    for (size_t len = 1; len < stream.len; len++) {
        struct gw_eventstream_reader reader;
        struct gw_eventstream_message message;
        struct gw_view part = gw_view_sub(gw_buf_view(&stream), 0, len);
        gw_eventstream_reader_init(&reader);
        assert_int_equal(gw_eventstream_read(&reader, &part, arena, &message, NULL),
                         GW_EVENTSTREAM_MORE);
        assert_int_equal(reader.pending.len, len);
        gw_eventstream_reader_clear(&reader);
    }
    gw_buf_clear(&stream);
}

static void every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    struct gw_buf stream;
    gw_buf_init(&stream, 1024);
    write_text(&stream, "name", "value", "payload");
    for (size_t bit = 0; bit < 8 * stream.len; bit++) {
        stream.data[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_not_equal(read_in_pieces(gw_buf_view(&stream), stream.len).result,
                             GW_EVENTSTREAM_MESSAGE);
        stream.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    gw_buf_clear(&stream);
}

static void the_message_tells_where_in_the_stream_it_stands(void **state)
{
    (void)state;
    struct gw_buf stream;
    gw_buf_init(&stream, 1024);
    write_text(&stream, "a", "b", "");
    size_t first = stream.len;
    write_text(&stream, "a", "b", "");
    stream.data[stream.len - 1] ^= 1;
    struct gw_eventstream_reader reader;
    struct gw_eventstream_message message;
    struct gw_err err = {0};
    struct gw_view part = gw_buf_view(&stream);
    gw_eventstream_reader_init(&reader);
    assert_int_equal(gw_eventstream_read(&reader, &part, arena, &message, &err),
                     GW_EVENTSTREAM_MESSAGE);
    assert_int_equal(gw_eventstream_read(&reader, &part, arena, &message, &err),
                     GW_EVENTSTREAM_BROKEN);
    assert_contains(gw_view_of(err.message),
                    gw_arena_printf(arena, "(message at byte %zu)", first).data);
    assert_int_equal(err.code, GW_ERR_PROTOCOL);
    gw_eventstream_reader_clear(&reader);
    gw_buf_clear(&stream);
}

/* ---- what cannot be written ------------------------------------------------------------------ */

static void assert_unwritable(struct gw_eventstream_header *headers, size_t count,
                              struct gw_view payload, const char *expected)
{
    struct gw_eventstream_message message = {headers, count, payload};
    struct gw_err err = {0};
    struct gw_buf out;
    gw_buf_init(&out, 64 << 20);
    assert_false(gw_eventstream_write(&message, &out, &err));
    assert_int_equal(out.len, 0);
    assert_string_equal(err.message, expected);
    gw_buf_clear(&out);
}

static void what_the_format_cannot_hold_is_not_written(void **state)
{
    (void)state;
    char *big = gw_arena_alloc(arena, (24 << 20) + 1);
    struct gw_view text = {big, 65535}, value = {big, 65536}, name = {big, 256};
    memset(big, 'n', 256);
    struct gw_eventstream_header rows[] = {
        {.name = GW_VIEW(""), .type = GW_EVENTSTREAM_TRUE},
        {.name = name, .type = GW_EVENTSTREAM_TRUE},
        {.name = GW_VIEW("n"), .type = GW_EVENTSTREAM_STRING, .bytes = value},
        {.name = GW_VIEW("n"), .type = GW_EVENTSTREAM_INT8, .number = 128},
        {.name = GW_VIEW("n"), .type = GW_EVENTSTREAM_INT16, .number = -32769},
        {.name = GW_VIEW("n"), .type = GW_EVENTSTREAM_UUID, .bytes = GW_VIEW("short")},
    };
    assert_unwritable(&rows[0], 1, text, "event stream: header '': a name has 1 to 255 bytes");
    assert_unwritable(&rows[2], 1, text,
                      "event stream: header 'n': a value has at most 65535 bytes");
    assert_unwritable(&rows[3], 1, text,
                      "event stream: header 'n': the number does not fit its type");
    assert_unwritable(&rows[4], 1, text,
                      "event stream: header 'n': the number does not fit its type");
    assert_unwritable(&rows[5], 1, text, "event stream: header 'n': a UUID has 16 bytes");
    struct gw_eventstream_header twice[] = {{.name = GW_VIEW("n")}, {.name = GW_VIEW("n")}};
    assert_unwritable(twice, 2, text, "event stream: header 'n': is there twice");
    assert_unwritable(NULL, 0, (struct gw_view){big, (24 << 20) + 1},
                      "event stream: a payload of more than 25165824 bytes");
    struct gw_eventstream_header large[] = {
        {.name = GW_VIEW("a"), .type = GW_EVENTSTREAM_BYTES, .bytes = text},
        {.name = GW_VIEW("b"), .type = GW_EVENTSTREAM_BYTES, .bytes = text},
        {.name = GW_VIEW("c"), .type = GW_EVENTSTREAM_BYTES, .bytes = text},
    };
    assert_unwritable(large, 3, text, "event stream: headers of more than 131072 bytes");
}

static void the_largest_message_passes(void **state)
{
    (void)state;
    struct gw_view payload = {gw_arena_alloc(arena, 24 << 20), 24 << 20};
    struct gw_eventstream_message message = {NULL, 0, payload};
    struct gw_buf out;
    gw_buf_init(&out, 64 << 20);
    assert_true(gw_eventstream_write(&message, &out, NULL));
    struct outcome outcome = read_in_pieces(gw_buf_view(&out), 16384);
    assert_int_equal(outcome.result, GW_EVENTSTREAM_MESSAGE);
    assert_true(gw_view_equal(outcome.message.payload, payload));
    gw_buf_clear(&out);
}

static int set_up(void **state)
{
    (void)state;
    arena = gw_arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gw_arena_free(arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_messages_of_the_go_sdk_are_read_and_written),
        TEST(the_damaged_messages_of_the_go_sdk_are_refused),
        TEST(the_messages_of_the_rust_sdk_are_read_or_refused_as_named),
        TEST(damaged_headers_are_told_precisely),
        TEST(the_messages_of_botocore_are_read_and_written),
        TEST(the_damaged_messages_of_botocore_are_refused_for_the_same_reason),
        TEST(the_messages_of_smithy_are_read_and_written),
        TEST(messages_follow_each_other_whatever_the_pieces),
        TEST(a_message_cut_off_waits_for_more),
        TEST(every_flipped_bit_is_noticed),
        TEST(the_message_tells_where_in_the_stream_it_stands),
        TEST(what_the_format_cannot_hold_is_not_written),
        TEST(the_largest_message_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
