/* Borrowed text: comparing, searching, cutting. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_view(struct gw_view actual, const char *expected)
{
    assert_int_equal(actual.len, strlen(expected));
    assert_memory_equal(actual.len ? actual.data : "", expected, actual.len);
}

static void a_view_is_of_text_or_of_nothing(void **state)
{
    (void)state;
    assert_view(gw_view_of("abc"), "abc");
    assert_int_equal(gw_view_of("").len, 0);
    assert_non_null(gw_view_of("").data);
    assert_int_equal(gw_view_of(NULL).len, 0);
    assert_null(gw_view_of(NULL).data);
    assert_int_equal(GW_VIEW("a\0b").len, 3);
}

static void equality_is_of_bytes(void **state)
{
    (void)state;
    assert_true(gw_view_equal(GW_VIEW("a\0b"), GW_VIEW("a\0b")));
    assert_false(gw_view_equal(GW_VIEW("a\0b"), GW_VIEW("a\0c")));
    assert_false(gw_view_equal(GW_VIEW("a"), GW_VIEW("a\0")));
    assert_false(gw_view_equal(GW_VIEW("a"), GW_VIEW("A")));
    assert_true(gw_view_equal(GW_VIEW_NONE, GW_VIEW("")));
}

static void letter_case_is_ignored_in_ascii_only(void **state)
{
    (void)state;
    assert_true(gw_view_equal_nocase(GW_VIEW("Content-TYPE"), GW_VIEW("content-type")));
    assert_false(gw_view_equal_nocase(GW_VIEW("content-type"), GW_VIEW("content-typ")));
    assert_false(gw_view_equal_nocase(GW_VIEW("@["), GW_VIEW("`{")));
    assert_false(gw_view_equal_nocase(GW_VIEW("\xc3\x84"), GW_VIEW("\xc3\xa4")));
    assert_true(gw_view_equal_nocase(GW_VIEW_NONE, GW_VIEW("")));
}

static void order_is_that_of_unsigned_bytes(void **state)
{
    static const struct {
        struct gw_view a, b;
        int order;
    } rows[] = {
        {{"a", 1}, {"b", 1}, -1},  {{"b", 1}, {"a", 1}, 1},       {{"a", 1}, {"a", 1}, 0},
        {{"a", 1}, {"ab", 2}, -1}, {{"ab", 2}, {"a", 1}, 1},      {{"Z", 1}, {"a", 1}, -1},
        {{NULL, 0}, {"", 0}, 0},   {{NULL, 0}, {"a", 1}, -1},     {{"z", 1}, {"\xc3\xa4", 2}, -1},
        {{"", 0}, {"\0", 1}, -1},  {{"a\0b", 3}, {"a\0a", 3}, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int order = gw_view_compare(rows[i].a, rows[i].b);
        assert_int_equal((order > 0) - (order < 0), rows[i].order);
    }
}

static void prefixes_and_suffixes(void **state)
{
    (void)state;
    assert_true(gw_view_starts_with(GW_VIEW("ecs:Update"), GW_VIEW("ecs:")));
    assert_true(gw_view_starts_with(GW_VIEW("ecs"), GW_VIEW("ecs")));
    assert_true(gw_view_starts_with(GW_VIEW("ecs"), GW_VIEW("")));
    assert_true(gw_view_starts_with(GW_VIEW_NONE, GW_VIEW("")));
    assert_false(gw_view_starts_with(GW_VIEW("ec"), GW_VIEW("ecs")));
    assert_true(gw_view_ends_with(GW_VIEW("a.lua"), GW_VIEW(".lua")));
    assert_true(gw_view_ends_with(GW_VIEW("a.lua"), GW_VIEW("")));
    assert_true(gw_view_ends_with(GW_VIEW_NONE, GW_VIEW_NONE));
    assert_false(gw_view_ends_with(GW_VIEW("lua"), GW_VIEW(".lua")));
    assert_false(gw_view_ends_with(GW_VIEW("a.lua "), GW_VIEW(".lua")));
}

static void finds_the_first_occurrence(void **state)
{
    (void)state;
    assert_int_equal(gw_view_find_char(GW_VIEW("a:b:c"), ':'), 1);
    assert_int_equal(gw_view_find_char(GW_VIEW("a\0b"), '\0'), 1);
    assert_true(gw_view_find_char(GW_VIEW("abc"), ':') == GW_NPOS);
    assert_true(gw_view_find_char(GW_VIEW_NONE, 'a') == GW_NPOS);
    assert_int_equal(gw_view_find(GW_VIEW("aabab"), GW_VIEW("ab")), 1);
    assert_int_equal(gw_view_find(GW_VIEW("abc"), GW_VIEW("abc")), 0);
    assert_int_equal(gw_view_find(GW_VIEW("x\0yz"), GW_VIEW("\0y")), 1);
    assert_true(gw_view_find(GW_VIEW("ab"), GW_VIEW("abc")) == GW_NPOS);
    assert_true(gw_view_find(GW_VIEW_NONE, GW_VIEW("a")) == GW_NPOS);
}

static void the_empty_text_is_found_at_the_start(void **state)
{
    (void)state;
    assert_int_equal(gw_view_find(GW_VIEW("abc"), GW_VIEW("")), 0);
    assert_int_equal(gw_view_find(GW_VIEW_NONE, GW_VIEW_NONE), 0);
}

static void a_part_is_clamped_to_the_whole(void **state)
{
    static const char text[] = "abc";
    (void)state;
    assert_view(gw_view_sub(GW_VIEW("abc"), 1, 1), "b");
    assert_view(gw_view_sub(GW_VIEW("abc"), 1, 99), "bc");
    assert_view(gw_view_sub(GW_VIEW("abc"), 1, SIZE_MAX), "bc");
    assert_view(gw_view_sub(GW_VIEW("abc"), 0, 0), "");
    assert_view(gw_view_sub(GW_VIEW("abc"), SIZE_MAX, SIZE_MAX), "");
    assert_ptr_equal(gw_view_sub(gw_view_of(text), 3, 1).data, text + 3);
    assert_null(gw_view_sub(GW_VIEW_NONE, 1, 1).data);
}

static void trims_ascii_white_space_at_both_ends(void **state)
{
    (void)state;
    assert_view(gw_view_trim(GW_VIEW(" \t\r\n\v\f a b \n")), "a b");
    assert_view(gw_view_trim(GW_VIEW("a")), "a");
    assert_view(gw_view_trim(GW_VIEW(" \n ")), "");
    assert_view(gw_view_trim(GW_VIEW("")), "");
    assert_view(gw_view_trim(GW_VIEW_NONE), "");
    assert_view(gw_view_trim(GW_VIEW("\xc2\xa0")), "\xc2\xa0");
    assert_int_equal(gw_view_trim(GW_VIEW(" \0 ")).len, 1);
}

/* The parts, each in brackets. */
static void assert_parts(struct gw_view text, const char *expected)
{
    struct gw_view part;
    struct gw_buf out;
    gw_buf_init(&out, 100);
    while (gw_view_next(&text, ',', &part)) {
        gw_buf_addf(&out, "[%.*s]", GW_VIEW_ARGS(part));
    }
    assert_string_equal(gw_buf_view(&out).data, expected);
    assert_null(text.data);
    gw_buf_clear(&out);
}

static void splits_at_every_separator(void **state)
{
    (void)state;
    assert_parts(GW_VIEW("a,b,c"), "[a][b][c]");
    assert_parts(GW_VIEW("a"), "[a]");
    assert_parts(GW_VIEW("a,"), "[a][]");
    assert_parts(GW_VIEW(",,"), "[][][]");
    assert_parts(GW_VIEW(""), "[]");
    assert_parts(GW_VIEW_NONE, "");
}

static void names_the_nearest(void **state)
{
    static const struct gw_view names[] = {{"describe_services", 17},
                                           {"describe_tasks", 14},
                                           {"update_service", 14},
                                           {"run", 3},
                                           {"Region", 6}};
    static const char *const rows[][2] = {
        {"describe_service", "describe_services"},
        {"describe_task", "describe_tasks"},
        {"updat_servce", "update_service"},
        {"REGION", "Region"},
        {"rnu", "run"}, /* letters swapped: one mistake */
        {"udpate_sevrice", "update_service"},
        {"nur", ""}, /* two letters of three differ */
        {"ru", "run"},
        {"r", ""},
        {"", ""},
        {"delete_cluster", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_view(gw_view_nearest(gw_view_of(rows[i][0]), names, COUNT(names)), rows[i][1]);
    }
    assert_null(gw_view_nearest(GW_VIEW("run"), NULL, 0).data);
}

static void the_first_of_two_equally_near_names_wins(void **state)
{
    static const struct gw_view names[] = {{"east", 4}, {"last", 4}};
    (void)state;
    assert_view(gw_view_nearest(GW_VIEW("fast"), names, COUNT(names)), "east");
}

static void nothing_is_near_to_no_name(void **state)
{
    static const struct gw_view names[] = {{"a", 1}, {"", 0}};
    (void)state;
    assert_null(gw_view_nearest(GW_VIEW(""), names, COUNT(names)).data);
    assert_null(gw_view_nearest(GW_VIEW("b"), names + 1, 1).data);
}

static void very_long_names_are_not_compared(void **state)
{
    char longest[128], longer[129];
    (void)state;
    memset(longest, 'a', sizeof longest);
    memset(longer, 'a', sizeof longer);
    struct gw_view at_limit = {longest, sizeof longest}, over_limit = {longer, sizeof longer};
    assert_ptr_equal(gw_view_nearest(at_limit, &at_limit, 1).data, longest);
    assert_null(gw_view_nearest(over_limit, &at_limit, 1).data);
    assert_null(gw_view_nearest(at_limit, &over_limit, 1).data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_is_of_text_or_of_nothing),
        cmocka_unit_test(equality_is_of_bytes),
        cmocka_unit_test(letter_case_is_ignored_in_ascii_only),
        cmocka_unit_test(order_is_that_of_unsigned_bytes),
        cmocka_unit_test(prefixes_and_suffixes),
        cmocka_unit_test(finds_the_first_occurrence),
        cmocka_unit_test(the_empty_text_is_found_at_the_start),
        cmocka_unit_test(a_part_is_clamped_to_the_whole),
        cmocka_unit_test(trims_ascii_white_space_at_both_ends),
        cmocka_unit_test(splits_at_every_separator),
        cmocka_unit_test(names_the_nearest),
        cmocka_unit_test(the_first_of_two_equally_near_names_wins),
        cmocka_unit_test(nothing_is_near_to_no_name),
        cmocka_unit_test(very_long_names_are_not_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
