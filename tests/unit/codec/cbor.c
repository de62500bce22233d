/* CBOR: values of RFC 8949's appendix A and beyond, what is refused, and what is written. */
#include "codec/codec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct gw_view bytes_of(const char *hex, struct gw_arena *arena)
{
    size_t len = strlen(hex) / 2;
    char *bytes = gw_arena_alloc(arena, len + 1);
    for (size_t i = 0; i < len; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (char)strtol(digits, NULL, 16);
    }
    return (struct gw_view){bytes, len};
}

static void reads_every_kind_of_item(void **state)
{
    static const char *const rows[][2] = {
        {"00", "0"},
        {"17", "23"},
        {"1818", "24"},
        {"1903e8", "1000"},
        {"1a000f4240", "1000000"},
        {"1b7fffffffffffffff", "9223372036854775807"},
        {"1bffffffffffffffff", "1.8446744073709552e+19"},
        {"20", "-1"},
        {"3903e7", "-1000"},
        {"3b7fffffffffffffff", "-9223372036854775808"},
        {"f93e00", "1.5"},
        {"f90400", "6.103515625e-05"},
        {"fa47c35000", "100000"},
        {"fb3ff199999999999a", "1.1"},
        {"f97c00", "\"Infinity\""},
        {"f9fc00", "\"-Infinity\""},
        {"f97e00", "\"NaN\""},
        {"f4", "false"},
        {"f5", "true"},
        {"f6", "null"},
        {"f7", "null"},
        {"c11a514b67b0", "1363896240"},
        {"d818456449455446", "\"dIETF\""},
        {"c6c7d9d9f780", "[]"},
        {"40", "\"\""},
        {"62c3bc", "\"\xc3\xbc\""},
        {"80", "[]"},
        {"a0", "{}"},
        {"8301820203820405", "[1,[2,3],[4,5]]"},
        {"a26161016162820203", "{\"a\":1,\"b\":[2,3]}"},
        {"5f42616243636465ff", "\"abcde\""},
        {"7f657374726561646d696e67ff", "\"streaming\""},
        {"9f018202039f0405ffff", "[1,[2,3],[4,5]]"},
        {"bf61610161629f0203ffff", "{\"a\":1,\"b\":[2,3]}"},
        {"bf7f6161ff01ff", "{\"a\":1}"},
        {"a1416101", "{\"a\":1}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_value value;
        struct gw_buf out;
        struct gw_err err = {0};
        gw_buf_init(&out, 1024);
        if (!gw_cbor_parse(bytes_of(rows[i][0], arena), arena, &value, &err)) {
            fail_msg("%s: %s", rows[i][0], err.message);
        }
        gw_json_write(&value, NULL, &out);
        assert_string_equal(out.data, rows[i][1]);
        gw_buf_clear(&out);
        gw_arena_free(arena);
    }
}

static void says_what_is_wrong(void **state)
{
    static const struct {
        const char *hex;
        enum gw_err_code code;
        const char *message;
    } rows[] = {
        {"", GW_ERR_INPUT, "cbor: cut off (byte 0)"},
        {"19", GW_ERR_INPUT, "cbor: cut off (byte 0)"},
        {"8201", GW_ERR_INPUT, "cbor: cut off (byte 2)"},
        {"9bffffffffffffffff01", GW_ERR_INPUT, "cbor: cut off (byte 10)"},
        {"5bffffffffffffffff41", GW_ERR_INPUT, "cbor: cut off (byte 0)"},
        {"5f4161", GW_ERR_INPUT, "cbor: cut off (byte 3)"},
        {"c1", GW_ERR_INPUT, "cbor: cut off (byte 1)"},
        {"0000", GW_ERR_INPUT, "cbor: bytes behind the end (byte 1)"},
        {"ff", GW_ERR_INPUT, "cbor: malformed (byte 1)"},
        {"1c", GW_ERR_INPUT, "cbor: malformed (byte 0)"},
        {"81ff", GW_ERR_INPUT, "cbor: malformed (byte 2)"},
        {"bf6161ff", GW_ERR_INPUT, "cbor: malformed (byte 4)"},
        {"5f6161ff", GW_ERR_INPUT, "cbor: malformed (byte 3)"},
        {"9fc1ff", GW_ERR_INPUT, "cbor: malformed (byte 3)"},
        {"61ff", GW_ERR_INPUT, "cbor: the text is not UTF-8 (byte 2)"},
        {"a10101", GW_ERR_INPUT, "cbor: a map's key is not a string (byte 2)"},
        {"a18001", GW_ERR_INPUT, "cbor: a map's key is not a string (byte 2)"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_value value;
        struct gw_err err = {0};
        assert_false(gw_cbor_parse(bytes_of(rows[i].hex, arena), arena, &value, &err));
        assert_string_equal(err.message, rows[i].message);
        assert_int_equal(err.code, rows[i].code);
        gw_arena_free(arena);
    }
}

static void depth_and_items_have_limits(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    char *deep = gw_arena_alloc(arena, GW_CBOR_MAX_DEPTH + 2);
    size_t count = GW_CBOR_MAX_ITEMS + 1;
    char *many = gw_alloc(count + 1);
    struct gw_value value;
    struct gw_err err = {0};
    (void)state;
    memset(deep, 0x81, GW_CBOR_MAX_DEPTH + 1);
    assert_false(gw_cbor_parse((struct gw_view){deep, GW_CBOR_MAX_DEPTH + 2}, arena, &value, &err));
    assert_string_equal(err.message, "cbor: nested too deep (byte 257)");
    assert_int_equal(err.code, GW_ERR_LIMIT);
    assert_true(
        gw_cbor_parse((struct gw_view){deep + 1, GW_CBOR_MAX_DEPTH + 1}, arena, &value, &err));
    many[0] = (char)0x9f;
    assert_false(gw_cbor_parse((struct gw_view){many, count + 1}, arena, &value, &err));
    assert_non_null(strstr(err.message, "cbor: too many items"));
    free(many);
    gw_arena_free(arena);
}

static void writes_the_shortest_form(void **state)
{
    struct gw_buf out;
    static const char expected[] = "\x84\x18\x64\x39\x01\xf3\xa1\x61"
                                   "a\xf6\x85\xf9\x7e\x00\xfa\x3f\xc0\x00\x00\xfb\x3f\xf8\x00\x00"
                                   "\x00\x00\x00\x00\xc1\x00\x41\xff";
    (void)state;
    gw_buf_init(&out, 1024);
    gw_cbor_write_list(4, &out);
    gw_cbor_write_int(100, &out);
    gw_cbor_write_int(-500, &out);
    gw_cbor_write_map(1, &out);
    gw_cbor_write_text(GW_VIEW("a"), &out);
    gw_cbor_write_null(&out);
    gw_cbor_write_list(5, &out);
    gw_cbor_write_double(NAN, &out);
    gw_cbor_write_float(1.5f, &out);
    gw_cbor_write_double(1.5, &out);
    gw_cbor_write_tag(1, &out);
    gw_cbor_write_int(0, &out);
    gw_cbor_write_bytes(GW_VIEW("\xff"), &out);
    assert_int_equal(out.len, sizeof expected - 1);
    assert_memory_equal(out.data, expected, out.len);
    gw_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_of_item),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(depth_and_items_have_limits),
        cmocka_unit_test(writes_the_shortest_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
