/* Session messages: their bytes are those of the published client, and damage is noticed. */
#include "codec/codec.h"
#include "ssm/ssm.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CREATED_MS 1700000000123

static const unsigned char ID[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                     0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

static struct gw_view file_text(struct gw_arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        print_message("session messages: no published vectors at %s\n", path);
        exit(77);
    }
    struct gw_buf text;
    gw_buf_init(&text, 1 << 20);
    char block[4096];
    size_t got;
    while ((got = fread(block, 1, sizeof block, file)) > 0) {
        gw_buf_add(&text, (struct gw_view){block, got});
    }
    fclose(file);
    struct gw_view copy = gw_arena_dup(arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return copy;
}

static struct gw_view from_hex(struct gw_arena *arena, struct gw_view hex)
{
    char *bytes = gw_arena_alloc(arena, hex.len / 2 + 1);
    for (size_t i = 0; i < hex.len / 2; i++) {
        char digits[3] = {hex.data[2 * i], hex.data[2 * i + 1], 0};
        bytes[i] = (char)strtol(digits, NULL, 16);
    }
    return (struct gw_view){bytes, hex.len / 2};
}

static int64_t integer(const struct gw_value *map, const char *name)
{
    const struct gw_value *value = gw_map_get(map, gw_view_of(name));
    assert_non_null(value);
    assert_int_equal(value->kind, GW_INT);
    return value->as.integer;
}

static struct gw_ssm_message described(const struct gw_value *vector)
{
    struct gw_ssm_message message = {.type = gw_map_text(vector, GW_VIEW("MessageType")),
                                     .created_ms = integer(vector, "CreatedDate"),
                                     .sequence = integer(vector, "SequenceNumber"),
                                     .flags = (uint64_t)integer(vector, "Flags"),
                                     .payload_type = (uint32_t)integer(vector, "PayloadType"),
                                     gw_map_text(vector, GW_VIEW("PayloadUtf8"))};
    memcpy(message.id, ID, sizeof ID);
    return message;
}

static void assert_bytes(struct gw_view actual, struct gw_view expected)
{
    assert_int_equal(actual.len, expected.len);
    assert_memory_equal(actual.data, expected.data, expected.len);
}

static void each_published_message(struct gw_arena *arena,
                                   void (*check)(const struct gw_ssm_message *, struct gw_view))
{
    struct gw_value vectors;
    struct gw_view text = file_text(arena, GW_VECTORS "/ssm-session/client-message-vectors.json");
    assert_true(gw_json_parse(text, arena, &vectors, NULL));
    assert_int_equal(vectors.as.list.count, 7);
    for (size_t i = 0; i < vectors.as.list.count; i++) {
        const struct gw_value *vector = &vectors.as.list.items[i];
        struct gw_ssm_message message = described(vector);
        check(&message, from_hex(arena, gw_map_text(vector, GW_VIEW("Hex"))));
    }
}

static void is_written(const struct gw_ssm_message *message, struct gw_view bytes)
{
    struct gw_buf out;
    gw_buf_init(&out, 1 << 20);
    assert_true(gw_ssm_message_write(message, &out));
    assert_bytes(gw_buf_view(&out), bytes);
    gw_buf_clear(&out);
}

static void is_read(const struct gw_ssm_message *message, struct gw_view bytes)
{
    struct gw_ssm_message read;
    struct gw_err err = {0};
    assert_true(gw_ssm_message_read(bytes, &read, &err));
    assert_bytes(read.type, message->type);
    assert_int_equal(read.created_ms, message->created_ms);
    assert_int_equal(read.sequence, message->sequence);
    assert_int_equal(read.flags, message->flags);
    assert_memory_equal(read.id, ID, sizeof ID);
    assert_int_equal(read.payload_type, message->payload_type);
    assert_bytes(read.payload, message->payload);
}

static void published_messages_are_written_byte_for_byte(void **state)
{
    each_published_message(*state, is_written);
}

static void published_messages_are_read(void **state)
{
    each_published_message(*state, is_read);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static struct gw_buf sample(const char *type, const char *payload)
{
    struct gw_ssm_message message = {.type = gw_view_of(type),
                                     .created_ms = CREATED_MS,
                                     .sequence = 7,
                                     .payload_type = GW_SSM_OUTPUT,
                                     .payload = gw_view_of(payload)};
    struct gw_buf out;
    gw_buf_init(&out, 4096);
    assert_true(gw_ssm_message_write(&message, &out));
    return out;
}

static void assert_refused(struct gw_view bytes, const char *message)
{
    struct gw_ssm_message read;
    struct gw_err err = {0};
    assert_false(gw_ssm_message_read(bytes, &read, &err));
    assert_int_equal(err.code, GW_ERR_PROTOCOL);
    assert_string_equal(err.message, message);
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    struct gw_buf whole = sample("output_stream_data", "hello");
    for (size_t len = 0; len < whole.len; len++) {
        struct gw_ssm_message read;
        /* A copy of its own, so that a byte read beyond it is noticed. */
        char *cut = gw_view_dup((struct gw_view){whole.data, len});
        assert_false(gw_ssm_message_read((struct gw_view){cut, len}, &read, NULL));
        free(cut);
    }
    gw_buf_clear(&whole);
}

static void damage_is_named(void **state)
{
    (void)state;
    struct gw_buf bytes = sample("output_stream_data", "hello");
    bytes.data[124] ^= 1;
    assert_refused(gw_buf_view(&bytes), "session message: the digest is not its payload's");
    bytes.data[124] ^= 1;
    bytes.data[119] = 6;
    assert_refused(gw_buf_view(&bytes), "session message: announces a payload of 6 bytes, has 5");
    bytes.data[119] = 5;
    bytes.data[3] = 115;
    assert_refused(gw_buf_view(&bytes), "session message: a header of 115 bytes");
    bytes.data[0] = (char)0xff;
    assert_refused(gw_buf_view(&bytes), "session message: a header of 4278190195 bytes");
    gw_buf_clear(&bytes);
    bytes = sample("", "hello");
    assert_refused(gw_buf_view(&bytes), "session message: without type or date");
    gw_buf_clear(&bytes);
    assert_refused(GW_VIEW("abc"), "session message: cut off after 3 bytes");
}

static void a_type_may_be_padded_with_nuls(void **state)
{
    (void)state;
    struct gw_buf bytes = sample("acknowledge", "{}");
    memset(bytes.data + 4 + 11, 0, 32 - 11);
    struct gw_ssm_message read;
    assert_true(gw_ssm_message_read(gw_buf_view(&bytes), &read, NULL));
    assert_bytes(read.type, GW_VIEW("acknowledge"));
    gw_buf_clear(&bytes);
}

static void a_pause_needs_no_digest(void **state)
{
    (void)state;
    struct gw_buf bytes = sample("pause_publication", "x");
    memset(bytes.data + 80, 0, 32);
    struct gw_ssm_message read;
    assert_true(gw_ssm_message_read(gw_buf_view(&bytes), &read, NULL));
    gw_buf_clear(&bytes);
}

static int set_up(void **state)
{
    *state = gw_arena_new();
    return 0;
}

static int tear_down(void **state)
{
    gw_arena_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(published_messages_are_written_byte_for_byte, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(published_messages_are_read, set_up, tear_down),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(damage_is_named),
        cmocka_unit_test(a_type_may_be_padded_with_nuls),
        cmocka_unit_test(a_pause_needs_no_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
