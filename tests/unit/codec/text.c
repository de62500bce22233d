/* Bytes as text, and digests of bytes. */
#include "codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void base64_of_rfc4648(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
    };
    struct gw_arena *arena = gw_arena_new();
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gw_buf out;
        gw_buf_init(&out, 100);
        assert_true(gw_base64_write(gw_view_of(rows[i][0]), &out));
        assert_string_equal(gw_buf_view(&out).data, rows[i][1]);
        gw_buf_clear(&out);
        struct gw_view back;
        assert_true(gw_base64_read(gw_view_of(rows[i][1]), arena, &back));
        assert_true(gw_view_equal(back, gw_view_of(rows[i][0])));
    }
    gw_arena_free(arena);
}

static void base64_takes_white_space_and_nothing_else(void **state)
{
    static const char *const refused[] = {
        "Z", "Zg", "Zg=", "Zg===", "=Zg=", "Zg==Zg==", "Zm9*", "Zm9v=", "====", "Zm-_"};
    struct gw_arena *arena = gw_arena_new();
    struct gw_view bytes;
    (void)state;
    assert_true(gw_base64_read(GW_VIEW(" Zm9v\r\nYg= =\n"), arena, &bytes));
    assert_true(gw_view_equal(bytes, GW_VIEW("foob")));
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_false(gw_base64_read(gw_view_of(refused[i]), arena, &bytes));
    }
    gw_arena_free(arena);
}

static void percent_keeps_only_the_unreserved(void **state)
{
    struct gw_buf out;
    (void)state;
    gw_buf_init(&out, 200);
    assert_true(gw_percent_write(GW_VIEW("aZ09-_.~ /%+=&\xc3\xa9"), false, &out));
    assert_string_equal(out.data, "aZ09-_.~%20%2F%25%2B%3D%26%C3%A9");
    gw_buf_reset(&out);
    assert_true(gw_percent_write(GW_VIEW("/a b/"), true, &out));
    assert_string_equal(out.data, "/a%20b/");
    gw_buf_clear(&out);
}

static void percent_reads_back(void **state)
{
    static const char *const refused[] = {"%", "%4", "a%4", "%4g", "%g4", "%%41"};
    struct gw_arena *arena = gw_arena_new();
    struct gw_view text;
    (void)state;
    assert_true(gw_percent_read(GW_VIEW("a%20b+c%c3%A9"), false, arena, &text));
    assert_true(gw_view_equal(text, GW_VIEW("a b+c\xc3\xa9")));
    assert_true(gw_percent_read(GW_VIEW("a%20b+c%41"), true, arena, &text));
    assert_true(gw_view_equal(text, GW_VIEW("a b cA")));
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_false(gw_percent_read(gw_view_of(refused[i]), false, arena, &text));
    }
    gw_arena_free(arena);
}

static void utf8_is_rfc3629(void **state)
{
    static const char *const valid[] = {
        "", "abc", "\xc2\x80", "\xe2\x82\xac", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
    static const char *const invalid[] = {"\x80",         "\xc0\x80",
                                          "\xc1\xbf",     "\xe0\x9f\xbf",
                                          "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                                          "\xf5\x80",     "\xf4\x90\x80\x80",
                                          "\xe2\x82",     "\xc3(",
                                          "\xff"};
    (void)state;
    for (size_t i = 0; i < COUNT(valid); i++) {
        assert_true(gw_utf8_valid(gw_view_of(valid[i])));
    }
    for (size_t i = 0; i < COUNT(invalid); i++) {
        assert_false(gw_utf8_valid(gw_view_of(invalid[i])));
    }
}

static void sha256_of_fips180(void **state)
{
    char hex[2 * GW_SHA256_LEN + 1];
    (void)state;
    gw_sha256_hex(GW_VIEW("abc"), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    gw_sha256_hex(GW_VIEW_NONE, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void hmac_of_rfc4231(void **state)
{
    unsigned char mac[GW_SHA256_LEN];
    char hex[2 * GW_SHA256_LEN + 1] = {0};
    (void)state;
    gw_hmac_sha256(GW_VIEW("Jefe"), GW_VIEW("what do ya want for nothing?"), mac);
    gw_hex_write(mac, sizeof mac, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    gw_hmac_sha256(GW_VIEW_NONE, GW_VIEW_NONE, mac);
    gw_hex_write(mac, sizeof mac, hex);
    assert_string_equal(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void compares_in_constant_time(void **state)
{
    (void)state;
    assert_true(gw_equal_constant_time(GW_VIEW("abc"), GW_VIEW("abc")));
    assert_true(gw_equal_constant_time(GW_VIEW_NONE, GW_VIEW("")));
    assert_false(gw_equal_constant_time(GW_VIEW("abc"), GW_VIEW("abd")));
    assert_false(gw_equal_constant_time(GW_VIEW("abc"), GW_VIEW("ab")));
}

static void uuids_have_version_4_and_differ(void **state)
{
    char first[37], second[37];
    (void)state;
    gw_uuid4(first);
    gw_uuid4(second);
    assert_int_equal(strlen(first), 36);
    assert_string_not_equal(first, second);
    assert_int_equal(strspn(first, "0123456789abcdef-"), 36);
    assert_int_equal(first[8], '-');
    assert_int_equal(first[14], '4');
    assert_non_null(strchr("89ab", first[19]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_of_rfc4648),
        cmocka_unit_test(base64_takes_white_space_and_nothing_else),
        cmocka_unit_test(percent_keeps_only_the_unreserved),
        cmocka_unit_test(percent_reads_back),
        cmocka_unit_test(utf8_is_rfc3629),
        cmocka_unit_test(sha256_of_fips180),
        cmocka_unit_test(hmac_of_rfc4231),
        cmocka_unit_test(compares_in_constant_time),
        cmocka_unit_test(uuids_have_version_4_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
