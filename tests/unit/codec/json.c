/* JSON: what is read, what is refused and with which words, what is written. */
#include "codec/codec.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct row {
    const char *text, *expected;
};

static struct gw_view written(struct gw_arena *arena, const struct gw_value *value, int indent,
                              bool reveal)
{
    struct gw_json_options options = {.indent = indent, .reveal_secrets = reveal};
    struct gw_buf out;
    gw_buf_init(&out, 1 << 20);
    assert_true(gw_json_write(value, &options, &out));
    struct gw_view text = gw_arena_dup(arena, gw_buf_view(&out));
    gw_buf_clear(&out);
    return text;
}

static void assert_text(struct gw_view actual, const char *expected)
{
    assert_string_equal(actual.data, expected);
    assert_int_equal(actual.len, strlen(expected));
}

static struct gw_value parse(struct gw_arena *arena, struct gw_view text)
{
    struct gw_value value;
    struct gw_err err = {0};
    if (!gw_json_parse(text, arena, &value, &err)) {
        fail_msg("%s", err.message);
    }
    return value;
}

static void assert_refused(struct gw_view text, enum gw_err_code code, const char *message)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value value;
    struct gw_err err = {0};
    assert_false(gw_json_parse(text, arena, &value, &err));
    assert_string_equal(err.message, message);
    assert_int_equal(err.code, code);
    gw_arena_free(arena);
}

static void reads_and_writes_back(void **state)
{
    static const struct row rows[] = {
        {"null", "null"},
        {" true ", "true"},
        {"false", "false"},
        {"0", "0"},
        {"-0", "0"},
        {"-12", "-12"},
        {"9007199254740993", "9007199254740993"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9223372036854775808", "9.223372036854776e+18"},
        {"1.5", "1.5"},
        {"0.1", "0.1"},
        {"1e3", "1000"},
        {"1E-7", "1e-07"},
        {"\"\"", "\"\""},
        {"\"a\\n\\\"\\u00e9\\ud83d\\ude00\\/\"", "\"a\\n\\\"\xc3\xa9\xf0\x9f\x98\x80/\""},
        {"[ ]", "[]"},
        {"{ }", "{}"},
        {"[1,[2,{}],\"[3\"]", "[1,[2,{}],\"[3\"]"},
        {"{\"b\":1,\"a\":[null]}", "{\"b\":1,\"a\":[null]}"},
        {"{\"12\":\"34\",\"-5\":67}", "{\"12\":\"34\",\"-5\":67}"},
        {"\r\n\t {\"a\" : 1 } \n", "{\"a\":1}"},
    };
    struct gw_arena *arena = gw_arena_new();
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gw_value value = parse(arena, gw_view_of(rows[i].text));
        assert_text(written(arena, &value, 0, false), rows[i].expected);
    }
    gw_arena_free(arena);
}

static void tells_integers_from_other_numbers(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    (void)state;
    struct gw_value list = parse(arena, GW_VIEW("[1, 1.0, 1e0, 18446744073709551615]"));
    assert_int_equal(list.as.list.items[0].kind, GW_INT);
    for (size_t i = 1; i < 4; i++) {
        assert_int_equal(list.as.list.items[i].kind, GW_DOUBLE);
    }
    gw_arena_free(arena);
}

static void keeps_nul_inside_strings_and_keys(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    (void)state;
    struct gw_value map =
        parse(arena, GW_VIEW("{\"k\\u0000\":\"\\u0000a\\u0000\\u0000b\\\\u0000\\u0000\",\"n\":7}"));
    struct gw_view text = gw_map_text(&map, GW_VIEW("k\0"));
    assert_int_equal(text.len, 12);
    assert_memory_equal(text.data, "\0a\0\0b\\u0000\0", 12);
    assert_int_equal(gw_map_get(&map, GW_VIEW("n"))->as.integer, 7);
    assert_text(written(arena, &map, 0, false),
                "{\"k\\u0000\":\"\\u0000a\\u0000\\u0000b\\\\u0000\\u0000\",\"n\":7}");
    gw_arena_free(arena);
}

static void of_repeated_members_the_last_counts(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    (void)state;
    struct gw_value map = parse(arena, GW_VIEW("{\"a\":1,\"b\":2,\"a\":3,\"c\":4,\"a\":5}"));
    assert_text(written(arena, &map, 0, false), "{\"b\":2,\"c\":4,\"a\":5}");
    gw_arena_free(arena);
}

static void refuses_what_is_not_json(void **state)
{
    static const struct row rows[] = {
        {"", "json: the text is empty"},
        {" \n", "json: the text is empty"},
        {"nul", "json: malformed (line 1, column 1)"},
        {"{\"a\":1", "json: cut off (line 1, column 7)"},
        {"[1,\n \"ab", "json: cut off (line 2, column 5)"},
        {"{\"a\" 1}", "json: malformed (line 1, column 6)"},
        {"[1,]", "json: malformed (line 1, column 4)"},
        {"{a:1}", "json: malformed (line 1, column 3)"},
        {"[1 2]", "json: malformed (line 1, column 4)"},
        {"1 2", "json: text behind the value (line 1, column 3)"},
        {"{}\n\n }", "json: text behind the value (line 3, column 2)"},
        {"[01]", "json: malformed number (line 1, column 2)"},
        {"[1.]", "json: malformed number (line 1, column 2)"},
        {"[1.e3]", "json: malformed number (line 1, column 2)"},
        {"[-.5]", "json: malformed number (line 1, column 2)"},
        {"1e999", "json: number out of range (line 1, column 1)"},
        {"\"a\tb\"", "json: control character in a string (line 1, column 3)"},
        {"[\f1]", "json: control character (line 1, column 2)"},
        {"\"\xff\"", "json: not UTF-8 (line 1, column 2)"},
        {"\"\xed\xa0\x80\"", "json: not UTF-8 (line 1, column 2)"},
        {"\"a\\u00zz\"", "json: malformed escape (line 1, column 3)"},
        {"\"\\u000\xd0\xa1u0000\"", "json: malformed escape (line 1, column 2)"},
        {"\"\\ud800\"", "json: malformed (line 1, column 2)"},
        {"<html>no</html>", "json: malformed (line 1, column 1)"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_refused(gw_view_of(rows[i].text), GW_ERR_INPUT, rows[i].expected);
    }
    assert_refused(GW_VIEW("[1,\0 2]"), GW_ERR_INPUT, "json: control character (line 1, column 4)");
    assert_refused(GW_VIEW("{}\0"), GW_ERR_INPUT, "json: text behind the value (line 1, column 3)");
    assert_refused(GW_VIEW("\"\0\""), GW_ERR_INPUT,
                   "json: control character in a string (line 1, column 2)");
}

static struct gw_view nested(struct gw_arena *arena, size_t depth, bool closed)
{
    char *text = gw_arena_alloc(arena, 2 * depth + 1);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return (struct gw_view){text, closed ? 2 * depth : depth};
}

static void refuses_depth_bombs(void **state)
{
    const char *message = "json: nested deeper than 256 levels";
    struct gw_arena *arena = gw_arena_new();
    (void)state;
    parse(arena, nested(arena, GW_JSON_MAX_DEPTH, true));
    assert_refused(nested(arena, GW_JSON_MAX_DEPTH + 1, true), GW_ERR_LIMIT, message);
    assert_refused(nested(arena, 100000, true), GW_ERR_LIMIT, message);
    assert_refused(nested(arena, 100000, false), GW_ERR_LIMIT, message);
    gw_arena_free(arena);
}

static void refuses_more_values_than_memory_is_good_for(void **state)
{
    struct gw_buf text;
    (void)state;
    gw_buf_init(&text, GW_JSON_MAX_BYTES);
    gw_buf_add_text(&text, "[\",,,\"");
    for (size_t i = 0; i < GW_JSON_MAX_ITEMS - 2; i++) {
        gw_buf_add_text(&text, ",0");
    }
    gw_buf_add_text(&text, "]");
    struct gw_arena *arena = gw_arena_new();
    parse(arena, gw_buf_view(&text));
    text.data[text.len - 1] = ',';
    assert_refused(gw_buf_view(&text), GW_ERR_LIMIT, "json: more than 2097152 values");
    gw_arena_free(arena);
    gw_buf_clear(&text);
}

static void every_truncation_is_refused(void **state)
{
    static const char text[] = "{\"k\\u0000e\":[1,-2.5e3,true,null,\"\xc3\xa9\\ud83d\\ude00\"],"
                               "\"z\":{\"a\":false}}";
    struct gw_arena *arena = gw_arena_new();
    struct gw_value value;
    struct gw_err err;
    (void)state;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        char *exact = gw_alloc(len); /* of that size, so that a sanitizer sees a read beyond */
        memcpy(exact, text, len);
        assert_false(gw_json_parse((struct gw_view){exact, len}, arena, &value, &err));
        free(exact);
    }
    parse(arena, GW_VIEW(text));
    gw_arena_free(arena);
}

static void secrets_are_written_only_for_the_wire(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    (void)state;
    struct gw_value map = gw_value_map();
    struct gw_value *password = gw_map_add(arena, &map, GW_VIEW("password"));
    *password = gw_value_text("hunter2");
    password->secret = true;
    struct gw_value *inside = gw_map_add(arena, &map, GW_VIEW("list"));
    *inside = gw_value_list();
    inside->secret = true;
    *gw_list_add(arena, inside) = gw_value_int(4711);
    assert_text(written(arena, &map, 0, false),
                "{\"password\":\"[secret]\",\"list\":\"[secret]\"}");
    assert_text(written(arena, &map, 0, true), "{\"password\":\"hunter2\",\"list\":[4711]}");
    gw_arena_free(arena);
}

static void numbers_read_back_the_same(void **state)
{
    static const double numbers[] = {0.1, 1.0 / 3.0, 1e21, 5e-324, DBL_MAX, 1422172800.123, -2.5};
    struct gw_arena *arena = gw_arena_new();
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        struct gw_value value = gw_value_double(numbers[i]);
        struct gw_value back = parse(arena, written(arena, &value, 0, false));
        assert_true(gw_value_equal(&value, &back));
    }
    struct gw_value list = gw_value_list();
    *gw_list_add(arena, &list) = gw_value_double(NAN);
    *gw_list_add(arena, &list) = gw_value_double(INFINITY);
    *gw_list_add(arena, &list) = gw_value_double(-INFINITY);
    assert_text(written(arena, &list, 0, false), "[\"NaN\",\"Infinity\",\"-Infinity\"]");
    gw_arena_free(arena);
}

static void indents_for_people(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    (void)state;
    struct gw_value value = parse(arena, GW_VIEW("{\"a\":[1,{\"b\":2}],\"c\":[],\"d\":{}}"));
    assert_text(written(arena, &value, 2, false), "{\n"
                                                  "  \"a\": [\n"
                                                  "    1,\n"
                                                  "    {\n"
                                                  "      \"b\": 2\n"
                                                  "    }\n"
                                                  "  ],\n"
                                                  "  \"c\": [],\n"
                                                  "  \"d\": {}\n"
                                                  "}");
    gw_arena_free(arena);
}

static void strings_become_valid_utf8(void **state)
{
    struct gw_buf out;
    (void)state;
    gw_buf_init(&out, 100);
    assert_true(gw_json_write_string(GW_VIEW("a\xff\xc3\x01\\"), &out));
    assert_text(gw_buf_view(&out), "\"a\xef\xbf\xbd\xef\xbf\xbd\\u0001\\\\\"");
    gw_buf_clear(&out);
}

/* DEL, U+009B (which begins a sequence as ESC [ does), LINE SEPARATOR, two marks of direction; and
 * the neighbours that stay. */
static void what_terminals_act_on_is_escaped(void **state)
{
    struct gw_buf out;
    (void)state;
    gw_buf_init(&out, 100);
    assert_true(gw_json_write_string(GW_VIEW("~\x7f\xc2\x9b\xc2\xa0\xe2\x80\xa7\xe2\x80\xa8"
                                             "\xe2\x80\xae\xe2\x81\xa6\xf0\x9f\x98\x82"),
                                     &out));
    assert_text(gw_buf_view(&out), "\"~\\u007f\\u009b\xc2\xa0\xe2\x80\xa7\\u2028"
                                   "\\u202e\\u2066\xf0\x9f\x98\x82\"");
    gw_buf_clear(&out);
}

static void a_ceiling_or_depth_stops_writing(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_buf out;
    (void)state;
    struct gw_value value = gw_value_text("0123456789");
    gw_buf_init(&out, 8);
    assert_false(gw_json_write(&value, NULL, &out));
    gw_buf_clear(&out);

    struct gw_value outer = gw_value_list();
    struct gw_value *inner = &outer;
    for (int i = 0; i < GW_JSON_MAX_DEPTH; i++) {
        inner = gw_list_add(arena, inner);
        *inner = gw_value_list();
    }
    gw_buf_init(&out, 1 << 20);
    assert_false(gw_json_write(&outer, NULL, &out));
    gw_buf_clear(&out);
    gw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_back),
        cmocka_unit_test(tells_integers_from_other_numbers),
        cmocka_unit_test(keeps_nul_inside_strings_and_keys),
        cmocka_unit_test(of_repeated_members_the_last_counts),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(refuses_depth_bombs),
        cmocka_unit_test(refuses_more_values_than_memory_is_good_for),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(secrets_are_written_only_for_the_wire),
        cmocka_unit_test(numbers_read_back_the_same),
        cmocka_unit_test(indents_for_people),
        cmocka_unit_test(strings_become_valid_utf8),
        cmocka_unit_test(what_terminals_act_on_is_escaped),
        cmocka_unit_test(a_ceiling_or_depth_stops_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
