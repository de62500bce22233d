/* Buffers: text that grows, up to a ceiling. */
#include "base/base.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

static void adds_text_of_every_kind(void **state)
{
    struct gw_buf buf;
    (void)state;
    gw_buf_init(&buf, 100);
    assert_true(gw_buf_add(&buf, GW_VIEW("ab")));
    assert_true(gw_buf_add_char(&buf, 'c'));
    assert_true(gw_buf_add_text(&buf, "de"));
    assert_true(gw_buf_addf(&buf, "%d%s", 42, "!"));
    assert_string_equal(buf.data, "abcde42!");
    assert_int_equal(buf.len, 8);
    assert_false(buf.full);
    gw_buf_clear(&buf);
}

static void adding_nothing_is_fine(void **state)
{
    struct gw_buf buf;
    (void)state;
    gw_buf_init(&buf, 0);
    assert_true(gw_buf_add(&buf, GW_VIEW_NONE));
    assert_true(gw_buf_add_text(&buf, NULL));
    assert_true(gw_buf_addf(&buf, "%s", ""));
    assert_string_equal(buf.data, "");
    assert_int_equal(buf.len, 0);
    gw_buf_clear(&buf);
}

static void the_view_of_an_untouched_buffer_is_empty_text(void **state)
{
    struct gw_buf buf;
    (void)state;
    gw_buf_init(&buf, 10);
    assert_int_equal(gw_buf_view(&buf).len, 0);
    assert_string_equal(gw_buf_view(&buf).data, "");
}

static void keeps_bytes_of_any_value(void **state)
{
    struct gw_buf buf;
    (void)state;
    gw_buf_init(&buf, 10);
    assert_true(gw_buf_add(&buf, GW_VIEW("a\0b")));
    assert_true(gw_buf_add_char(&buf, '\0'));
    assert_true(gw_buf_add(&buf, GW_VIEW("\xff")));
    assert_int_equal(buf.len, 5);
    assert_memory_equal(buf.data, "a\0b\0\xff", 6);
    gw_buf_clear(&buf);
}

static void grows_without_losing_a_byte(void **state)
{
    struct gw_buf buf;
    (void)state;
    gw_buf_init(&buf, 1000000);
    for (size_t i = 0; i < 100000; i++) {
        assert_true(gw_buf_addf(&buf, "%zu,", i % 1000));
    }
    assert_memory_equal(buf.data, "0,1,2,3,4,5,6,7,8,9,10,", 23);
    assert_string_equal(buf.data + buf.len - 8, "998,999,");
    assert_int_equal(buf.len, 389000);
    gw_buf_clear(&buf);
}

static void the_limit_can_be_filled_exactly(void **state)
{
    struct gw_buf buf;
    (void)state;
    gw_buf_init(&buf, 4);
    assert_true(gw_buf_add(&buf, GW_VIEW("abcd")));
    assert_false(buf.full);
    assert_false(gw_buf_add_char(&buf, 'e'));
    assert_true(buf.full);
    assert_string_equal(buf.data, "abcd");
    gw_buf_clear(&buf);
}

static FILE *file_of(const char *text)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    rewind(file);
    return file;
}

static void adds_what_is_left_of_a_file(void **state)
{
    (void)state;
    struct gw_buf buf;
    FILE *file = file_of("skipped rest");
    gw_buf_init(&buf, 100);
    assert_int_equal(fseek(file, 8, SEEK_SET), 0);
    assert_true(gw_buf_add_text(&buf, "the "));
    assert_true(gw_buf_add_file(&buf, file));
    assert_string_equal(buf.data, "the rest");
    assert_true(gw_buf_add_file(&buf, file)); /* nothing more */
    assert_string_equal(buf.data, "the rest");
    gw_buf_clear(&buf);
    fclose(file);
}

static void a_file_past_the_limit_fills_it(void **state)
{
    (void)state;
    struct gw_buf buf;
    FILE *file = file_of("12345");
    gw_buf_init(&buf, 4);
    assert_false(gw_buf_add_file(&buf, file));
    assert_true(buf.full);
    gw_buf_clear(&buf);
    fclose(file);
}

static void a_file_that_cannot_be_read_is_told(void **state)
{
    (void)state;
    struct gw_buf buf;
    FILE *folder = fopen("/", "rb");
    assert_non_null(folder);
    gw_buf_init(&buf, 100);
    assert_false(gw_buf_add_file(&buf, folder));
    assert_int_equal(errno, EISDIR);
    assert_false(buf.full);
    gw_buf_clear(&buf);
    fclose(folder);
}

static void past_the_limit_nothing_is_added(void **state)
{
    struct gw_buf buf;
    (void)state;
    gw_buf_init(&buf, 4);
    assert_true(gw_buf_add(&buf, GW_VIEW("abc")));
    assert_false(gw_buf_add(&buf, GW_VIEW("de")));
    assert_false(gw_buf_addf(&buf, "%d", 12));
    assert_string_equal(buf.data, "abc");
    gw_buf_clear(&buf);
}

/* So one check at the end of a series is enough. */
static void once_full_it_takes_not_even_what_would_fit(void **state)
{
    struct gw_buf buf;
    (void)state;
    gw_buf_init(&buf, 4);
    assert_false(gw_buf_add(&buf, GW_VIEW("abcde")));
    assert_false(gw_buf_add_char(&buf, 'a'));
    assert_false(gw_buf_add(&buf, GW_VIEW("")));
    assert_int_equal(gw_buf_view(&buf).len, 0);
    gw_buf_clear(&buf);
}

static void what_cannot_be_formatted_fills_it_too(void **state)
{
    struct gw_buf buf;
    (void)state;
    gw_buf_init(&buf, 100);
    assert_true(gw_buf_add(&buf, GW_VIEW("abc")));
    assert_false(gw_buf_addf(&buf, "%lc", (wint_t)0x20ac)); /* not in the C locale */
    assert_true(buf.full);
    assert_string_equal(buf.data, "abc");
    gw_buf_clear(&buf);
}

static void reset_empties_and_keeps_the_memory(void **state)
{
    struct gw_buf buf;
    (void)state;
    gw_buf_init(&buf, 4);
    gw_buf_reset(&buf);
    gw_buf_add(&buf, GW_VIEW("abcd"));
    gw_buf_add(&buf, GW_VIEW("e"));
    const char *memory = buf.data;
    gw_buf_reset(&buf);
    assert_false(buf.full);
    assert_int_equal(buf.len, 0);
    assert_string_equal(buf.data, "");
    assert_true(gw_buf_add(&buf, GW_VIEW("x")));
    assert_ptr_equal(buf.data, memory);
    gw_buf_clear(&buf);
}

static void clear_releases_and_may_be_repeated(void **state)
{
    struct gw_buf buf;
    (void)state;
    gw_buf_init(&buf, 4);
    gw_buf_add(&buf, GW_VIEW("abcde"));
    gw_buf_clear(&buf);
    gw_buf_clear(&buf);
    assert_false(buf.full);
    assert_int_equal(buf.limit_bytes, 4);
    assert_true(gw_buf_add(&buf, GW_VIEW("abcd")));
    gw_buf_clear(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_text_of_every_kind),
        cmocka_unit_test(adding_nothing_is_fine),
        cmocka_unit_test(the_view_of_an_untouched_buffer_is_empty_text),
        cmocka_unit_test(keeps_bytes_of_any_value),
        cmocka_unit_test(grows_without_losing_a_byte),
        cmocka_unit_test(the_limit_can_be_filled_exactly),
        cmocka_unit_test(adds_what_is_left_of_a_file),
        cmocka_unit_test(a_file_past_the_limit_fills_it),
        cmocka_unit_test(a_file_that_cannot_be_read_is_told),
        cmocka_unit_test(past_the_limit_nothing_is_added),
        cmocka_unit_test(once_full_it_takes_not_even_what_would_fit),
        cmocka_unit_test(what_cannot_be_formatted_fills_it_too),
        cmocka_unit_test(reset_empties_and_keeps_the_memory),
        cmocka_unit_test(clear_releases_and_may_be_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
