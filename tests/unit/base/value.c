/* The data tree between the wire and Lua. */
#include "base/base.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct gw_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = gw_arena_new();
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    gw_arena_free(arena);
    return 0;
}

static void assert_text(struct gw_view actual, const char *expected)
{
    assert_int_equal(actual.len, strlen(expected));
    assert_memory_equal(actual.len ? actual.data : "", expected, actual.len);
}

static void nothing_set_is_null(void **state)
{
    struct gw_value value = {0};
    (void)state;
    assert_int_equal(value.kind, GW_NULL);
    assert_false(value.secret);
}

static void makes_each_kind(void **state)
{
    (void)state;
    assert_true(gw_value_bool(true).kind == GW_BOOL && gw_value_bool(true).as.boolean);
    assert_true(gw_value_int(INT64_MIN).kind == GW_INT &&
                gw_value_int(INT64_MIN).as.integer == INT64_MIN);
    assert_true(gw_value_double(0.5).kind == GW_DOUBLE && gw_value_double(0.5).as.number == 0.5);
    assert_int_equal(gw_value_string(GW_VIEW("a\0b")).as.string.len, 3);
    assert_text(gw_value_text("abc").as.string, "abc");
    assert_int_equal(gw_value_list().as.list.count, 0);
    assert_int_equal(gw_value_map().as.map.count, 0);
}

static void a_list_keeps_its_order_while_it_grows(void **state)
{
    struct gw_value list = gw_value_list();
    (void)state;
    for (int64_t i = 0; i < 1000; i++) {
        struct gw_value *slot = gw_list_add(arena, &list);
        assert_int_equal(slot->kind, GW_NULL);
        *slot = gw_value_int(i);
    }
    assert_int_equal(list.as.list.count, 1000);
    for (int64_t i = 0; i < 1000; i++) {
        assert_int_equal(list.as.list.items[i].as.integer, i);
    }
}

static void a_map_keeps_the_order_of_insertion(void **state)
{
    struct gw_value map = gw_value_map();
    (void)state;
    for (int64_t i = 999; i >= 0; i--) {
        struct gw_view key = gw_arena_printf(arena, "key %d", (int)i);
        *gw_map_add(arena, &map, key) = gw_value_int(i);
    }
    assert_text(map.as.map.entries[0].key, "key 999");
    assert_text(map.as.map.entries[999].key, "key 0");
    assert_int_equal(gw_map_get(&map, GW_VIEW("key 500"))->as.integer, 500);
}

static void get_answers_null_for_what_is_not_there(void **state)
{
    struct gw_value map = gw_value_map(), list = gw_value_list(), text = gw_value_text("a");
    (void)state;
    *gw_map_add(arena, &map, GW_VIEW("a")) = gw_value_int(1);
    assert_null(gw_map_get(&map, GW_VIEW("b")));
    assert_null(gw_map_get(&map, GW_VIEW("a\0")));
    assert_null(gw_map_get(&map, GW_VIEW_NONE));
    assert_null(gw_map_get(&list, GW_VIEW("a")));
    assert_null(gw_map_get(&text, GW_VIEW("a")));
    assert_null(gw_map_get(NULL, GW_VIEW("a")));
}

static void keys_are_bytes_and_the_first_of_two_counts(void **state)
{
    struct gw_value map = gw_value_map();
    (void)state;
    *gw_map_add(arena, &map, GW_VIEW("")) = gw_value_int(0);
    *gw_map_add(arena, &map, GW_VIEW("a\0b")) = gw_value_int(1);
    *gw_map_add(arena, &map, GW_VIEW("twice")) = gw_value_int(2);
    *gw_map_add(arena, &map, GW_VIEW("twice")) = gw_value_int(3);
    assert_int_equal(gw_map_get(&map, GW_VIEW(""))->as.integer, 0);
    assert_int_equal(gw_map_get(&map, GW_VIEW("a\0b"))->as.integer, 1);
    assert_null(gw_map_get(&map, GW_VIEW("a")));
    assert_int_equal(gw_map_get(&map, GW_VIEW("twice"))->as.integer, 2);
}

static void text_of_what_is_no_text_is_empty(void **state)
{
    struct gw_value map = gw_value_map();
    (void)state;
    *gw_map_add(arena, &map, GW_VIEW("name")) = gw_value_text("web");
    *gw_map_add(arena, &map, GW_VIEW("count")) = gw_value_int(1);
    assert_text(gw_map_text(&map, GW_VIEW("name")), "web");
    assert_text(gw_map_text(&map, GW_VIEW("count")), "");
    assert_text(gw_map_text(&map, GW_VIEW("absent")), "");
    assert_text(gw_map_text(NULL, GW_VIEW("name")), "");
}

/* ---- equality -------------------------------------------------------------------------------- */

static bool equal(struct gw_value a, struct gw_value b)
{
    assert_int_equal(gw_value_equal(&a, &b), gw_value_equal(&b, &a));
    return gw_value_equal(&a, &b);
}

static void scalars_equal_their_like(void **state)
{
    (void)state;
    assert_true(equal((struct gw_value){0}, (struct gw_value){0}));
    assert_true(equal(gw_value_bool(true), gw_value_bool(true)));
    assert_false(equal(gw_value_bool(true), gw_value_bool(false)));
    assert_true(equal(gw_value_text("a"), gw_value_string(GW_VIEW("a"))));
    assert_false(equal(gw_value_string(GW_VIEW("a\0b")), gw_value_string(GW_VIEW("a\0c"))));
    assert_true(equal(gw_value_text(""), gw_value_string(GW_VIEW_NONE)));
}

static void kinds_do_not_mix(void **state)
{
    (void)state;
    assert_false(equal((struct gw_value){0}, gw_value_bool(false)));
    assert_false(equal((struct gw_value){0}, gw_value_text("")));
    assert_false(equal(gw_value_text("1"), gw_value_int(1)));
    assert_false(equal(gw_value_bool(true), gw_value_int(1)));
    assert_false(equal(gw_value_list(), gw_value_map()));
}

static void numbers_equal_by_their_value(void **state)
{
    (void)state;
    assert_true(equal(gw_value_int(1), gw_value_double(1)));
    assert_true(equal(gw_value_int(0), gw_value_double(-0.0)));
    assert_true(equal(gw_value_int(INT64_MIN), gw_value_double(-0x1p63)));
    assert_false(equal(gw_value_int(1), gw_value_double(1.5)));
    assert_false(equal(gw_value_int(0), gw_value_double(NAN)));
    assert_false(equal(gw_value_int(INT64_MAX), gw_value_double(INFINITY)));
    assert_false(equal(gw_value_double(NAN), gw_value_double(NAN)));
    assert_true(equal(gw_value_double(INFINITY), gw_value_double(INFINITY)));
}

/* 2^53 + 1 is no double; nor is 2^63 - 1. */
static void large_numbers_are_compared_exactly(void **state)
{
    (void)state;
    assert_true(equal(gw_value_int(9007199254740992), gw_value_double(9007199254740992.0)));
    assert_false(equal(gw_value_int(9007199254740993), gw_value_double(9007199254740992.0)));
    assert_false(equal(gw_value_int(INT64_MAX), gw_value_double(0x1p63)));
}

static struct gw_value list_of(int64_t a, int64_t b)
{
    struct gw_value list = gw_value_list();
    *gw_list_add(arena, &list) = gw_value_int(a);
    *gw_list_add(arena, &list) = gw_value_int(b);
    return list;
}

static struct gw_value map_of(const char *a, int64_t a_is, const char *b, int64_t b_is)
{
    struct gw_value map = gw_value_map();
    *gw_map_add(arena, &map, gw_view_of(a)) = gw_value_int(a_is);
    *gw_map_add(arena, &map, gw_view_of(b)) = gw_value_int(b_is);
    return map;
}

static void lists_equal_in_order_and_length(void **state)
{
    struct gw_value longer = list_of(1, 2);
    (void)state;
    gw_list_add(arena, &longer);
    assert_true(equal(gw_value_list(), gw_value_list()));
    assert_true(equal(list_of(1, 2), list_of(1, 2)));
    assert_false(equal(list_of(1, 2), list_of(2, 1)));
    assert_false(equal(list_of(1, 2), longer));
}

static void maps_equal_in_any_order(void **state)
{
    (void)state;
    assert_true(equal(gw_value_map(), gw_value_map()));
    assert_true(equal(map_of("a", 1, "b", 2), map_of("b", 2, "a", 1)));
    assert_false(equal(map_of("a", 1, "b", 2), map_of("a", 1, "b", 3)));
    assert_false(equal(map_of("a", 1, "b", 2), map_of("a", 1, "c", 2)));
    assert_false(equal(map_of("a", 1, "a", 1), map_of("a", 1, "b", 2)));
    assert_false(equal(map_of("a", 1, "b", 2), gw_value_map()));
}

static void trees_equal_all_the_way_down(void **state)
{
    struct gw_value one = gw_value_map(), other = gw_value_map();
    (void)state;
    *gw_map_add(arena, &one, GW_VIEW("list")) = list_of(1, 2);
    *gw_map_add(arena, &other, GW_VIEW("list")) = list_of(1, 2);
    assert_true(equal(one, other));
    other.as.map.entries[0].value = list_of(1, 3);
    assert_false(equal(one, other));
}

static void every_kind_has_a_name(void **state)
{
    static const char *const names[] = {"null",   "boolean", "integer", "number",
                                        "string", "list",    "map"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_string_equal(gw_kind_name((enum gw_kind)i), names[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_set_is_null),
        cmocka_unit_test(makes_each_kind),
        cmocka_unit_test(a_list_keeps_its_order_while_it_grows),
        cmocka_unit_test(a_map_keeps_the_order_of_insertion),
        cmocka_unit_test(get_answers_null_for_what_is_not_there),
        cmocka_unit_test(keys_are_bytes_and_the_first_of_two_counts),
        cmocka_unit_test(text_of_what_is_no_text_is_empty),
        cmocka_unit_test(scalars_equal_their_like),
        cmocka_unit_test(kinds_do_not_mix),
        cmocka_unit_test(numbers_equal_by_their_value),
        cmocka_unit_test(large_numbers_are_compared_exactly),
        cmocka_unit_test(lists_equal_in_order_and_length),
        cmocka_unit_test(maps_equal_in_any_order),
        cmocka_unit_test(trees_equal_all_the_way_down),
        cmocka_unit_test(every_kind_has_a_name),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
