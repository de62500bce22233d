/* Sealed boxes against libsodium's own (GW_VECTORS/github-sealed-box). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/codec.h"

#define VECTORS GW_VECTORS "/github-sealed-box/vectors.json"

static const unsigned char recipient[GW_SEALED_BOX_KEY_BYTES] = {
    1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
    17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};

static void the_public_key_follows_from_the_secret_one(void **state)
{
    struct gw_buf text;
    (void)state;
    gw_buf_init(&text, 100);
    assert_true(gw_sealed_box_public_key(recipient, &text));
    assert_string_equal(gw_buf_view(&text).data, "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw=");
    gw_buf_clear(&text);
}

/* The ephemeral key of the vectors: bytes 65 to 84, hexadecimal. */
static void a_box_is_the_same_as_libsodiums(void **state)
{
    unsigned char ephemeral[GW_SEALED_BOX_KEY_BYTES];
    struct gw_arena *arena = gw_arena_new();
    struct gw_buf box;
    struct gw_err err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof ephemeral; i++) {
        ephemeral[i] = (unsigned char)(0x65 + i);
    }
    gw_buf_init(&box, 1000);
    assert_true(gw_sealed_box_close(GW_VIEW("plain-text-secret"),
                                    GW_VIEW("B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw="),
                                    ephemeral, arena, &box, &err));
    assert_string_equal(gw_buf_view(&box).data,
                        "VxR2nRFr92Q2rnS8eT0sMK0ZA8WaxSc4BcfiaYtBDDaYKjJfhZY/"
                        "COTggGZ6Z5vjUfJCC20o6GNiiBbArBTMloI=");
    gw_buf_clear(&box);
    gw_arena_free(arena);
}

static void every_published_box_opens(void **state)
{
    FILE *file = fopen(VECTORS, "rb");
    struct gw_arena *arena = gw_arena_new();
    struct gw_value all;
    struct gw_err err = {0};
    char text[65536];
    (void)state;
    if (!file) {
        gw_arena_free(arena);
        print_message("skipped: no vectors at " VECTORS "\n");
        skip();
    }
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_true(gw_json_parse((struct gw_view){text, len}, arena, &all, &err));
    const struct gw_value *cases = gw_map_get(&all, GW_VIEW("cases"));
    assert_int_equal(cases->as.list.count, 4);
    for (size_t i = 0; i < cases->as.list.count; i++) {
        const struct gw_value *one = &cases->as.list.items[i];
        struct gw_view expected, message;
        assert_true(gw_base64_read(gw_map_text(one, GW_VIEW("message_base64")), arena, &expected));
        assert_true(gw_sealed_box_open(gw_map_text(one, GW_VIEW("sealed_base64")), recipient, arena,
                                       &message));
        assert_true(gw_view_equal(expected, message));
    }
    gw_arena_free(arena);
}

static void what_is_no_key_or_no_box_is_refused(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_buf box;
    struct gw_view message;
    struct gw_err err = {0};
    (void)state;
    gw_buf_init(&box, 1000);
    assert_false(gw_sealed_box_close(GW_VIEW("x"), GW_VIEW("short"), recipient, arena, &box, &err));
    assert_string_equal(err.message, "sealed box: the public key is not 32 bytes in base64");
    assert_false(gw_sealed_box_open(GW_VIEW("!"), recipient, arena, &message));
    assert_false(gw_sealed_box_open(GW_VIEW("AAAA"), recipient, arena, &message));
    assert_false(gw_sealed_box_open(
        GW_VIEW("VxR2nRFr92Q2rnS8eT0sMK0ZA8WaxSc4BcfiaYtBDDZXc/6sDRx8iDnShN+IYF9n"), recipient,
        arena, &message));
    gw_buf_clear(&box);
    gw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_public_key_follows_from_the_secret_one),
        cmocka_unit_test(a_box_is_the_same_as_libsodiums),
        cmocka_unit_test(every_published_box_opens),
        cmocka_unit_test(what_is_no_key_or_no_box_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
