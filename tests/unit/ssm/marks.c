/* Marks in output: found in any pieces, taken out, and told; what only looks like one stays. */
#include "ssm/ssm.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

struct heard {
    struct gw_buf text, marks; /* marks: "begin|end=3|" */
};

static void on_text(void *ctx, struct gw_view bytes)
{
    gw_buf_add(&((struct heard *)ctx)->text, bytes);
}

static void on_mark(void *ctx, struct gw_view text)
{
    gw_buf_addf(&((struct heard *)ctx)->marks, "%.*s|", GW_VIEW_ARGS(text));
}

static void assert_found(const char *output, const char *text, const char *marks)
{
    struct gw_view whole = gw_view_of(output);
    for (size_t piece = 1; piece <= whole.len; piece++) {
        struct heard heard;
        gw_buf_init(&heard.text, 1 << 16);
        gw_buf_init(&heard.marks, 1 << 16);
        gw_buf_add_text(&heard.text, "");
        gw_buf_add_text(&heard.marks, "");
        struct gw_ssm_marks found = {.text = on_text, .mark = on_mark, .ctx = &heard};
        for (size_t at = 0; at < whole.len; at += piece) {
            gw_ssm_marks_feed(&found, gw_view_sub(whole, at, piece));
        }
        gw_ssm_marks_finish(&found);
        assert_string_equal(heard.text.data, text);
        assert_string_equal(heard.marks.data, marks);
        gw_buf_clear(&heard.text);
        gw_buf_clear(&heard.marks);
    }
}

static void marks_are_taken_out_of_the_output(void **state)
{
    (void)state;
    assert_found("\x1egwrun:begin\x1ehello\n\x1egwrun:end=3\x1e", "hello\n", "begin|end=3|");
    assert_found("a\x1egwrun:begin\x1e\x1egwrun:end=0\x1e"
                 "b",
                 "ab", "begin|end=0|");
}

static void what_only_looks_like_one_is_output(void **state)
{
    (void)state;
    assert_found("\x1e", "\x1e", "");
    assert_found("\x1egwrun", "\x1egwrun", "");
    assert_found("\x1egwrun:end=3", "\x1egwrun:end=3", "");
    assert_found("\x1egwrun:End\x1e", "\x1egwrun:End\x1e", "");
    assert_found("\x1e\x1egwrun:begin\x1e", "\x1e", "begin|");
    assert_found("\x1egw\x1egwrun:begin\x1e!", "\x1egw!", "begin|");
    assert_found("\x1egwrun:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x1e",
                 "\x1egwrun:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x1e", "");
}

static void the_longest_mark_is_one(void **state)
{
    (void)state;
    assert_found("\x1egwrun:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x1e", "",
                 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_are_taken_out_of_the_output),
        cmocka_unit_test(what_only_looks_like_one_is_output),
        cmocka_unit_test(the_longest_mark_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
