/* Errors: one line that says what, where and why, and never a secret. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int forget_secrets(void **state)
{
    (void)state;
    gw_secret_clear();
    return 0;
}

/* `count` times the character, then the text; valid until the next call. */
static const char *padded(size_t count, const char *text)
{
    static char out[4096];
    memset(out, 'x', count);
    memcpy(out + count, text, strlen(text) + 1);
    return out;
}

static void fail_fills_the_error_and_is_false(void **state)
{
    struct gw_err err = {0};
    (void)state;
    assert_false(gw_fail(&err, GW_ERR_NOT_FOUND, "%s: no such file (line %d)", "a.lua", 7));
    assert_int_equal(err.code, GW_ERR_NOT_FOUND);
    assert_string_equal(err.message, "a.lua: no such file (line 7)");
}

static void an_error_nobody_wants_is_false_too(void **state)
{
    (void)state;
    assert_false(gw_fail(NULL, GW_ERR_IO, "%s", "ignored"));
    gw_err_prefix(NULL, "%s", "ignored");
}

static void a_message_is_one_line(void **state)
{
    struct gw_err err = {0};
    (void)state;
    gw_fail(&err, GW_ERR_SERVICE, "%s", "first\r\nsecond\tthird \033[31mred\x7f");
    assert_string_equal(err.message, "first  second third  [31mred ");
}

/* U+009B begins a terminal's control sequence just as ESC [ does. */
static void control_characters_outside_ascii_go_too(void **state)
{
    struct gw_err err = {0};
    (void)state;
    gw_fail(&err, GW_ERR_SERVICE, "%s",
            "a\xc2\x9b"
            "31mb\xc2\x85"
            "c\xc2\xa0"
            "d");
    assert_string_equal(err.message, "a  31mb  c\xc2\xa0"
                                     "d");
}

static void a_long_message_is_cut(void **state)
{
    struct gw_err err = {0};
    (void)state;
    gw_fail(&err, GW_ERR_INPUT, "%s", padded(1023, ""));
    assert_string_equal(err.message, padded(1023, ""));
    gw_fail(&err, GW_ERR_INPUT, "%s", padded(1023, "y"));
    assert_string_equal(err.message, padded(1023, ""));
}

static void a_cut_does_not_split_a_character(void **state)
{
    struct gw_err err = {0};
    (void)state;
    gw_fail(&err, GW_ERR_INPUT, "%s", padded(1020, "\xe2\x82\xac"));
    assert_string_equal(err.message, padded(1020, "\xe2\x82\xac"));
    gw_fail(&err, GW_ERR_INPUT, "%s", padded(1021, "\xe2\x82\xac"));
    assert_string_equal(err.message, padded(1021, ""));
    gw_fail(&err, GW_ERR_INPUT, "%s", padded(1022, "\xf0\x9f\x9a\x80"));
    assert_string_equal(err.message, padded(1022, ""));
}

static void secrets_are_taken_out(void **state)
{
    struct gw_err err = {0};
    (void)state;
    gw_secret_add(GW_VIEW("hunter2hunter2"));
    gw_fail(&err, GW_ERR_SERVICE, "login: 'hunter2hunter2' refused");
    assert_string_equal(err.message, "login: '[secret]' refused");
}

static void a_secret_of_several_lines_is_taken_out(void **state)
{
    struct gw_err err = {0};
    (void)state;
    gw_secret_add(GW_VIEW("-----BEGIN KEY-----\nMIIB\n-----END KEY-----"));
    gw_fail(&err, GW_ERR_INPUT, "key: '%s' refused",
            "-----BEGIN KEY-----\nMIIB\n-----END KEY-----");
    assert_string_equal(err.message, "key: '[secret]' refused");
}

static void a_secret_at_the_cut_does_not_show_its_beginning(void **state)
{
    struct gw_err err = {0};
    (void)state;
    gw_secret_add(GW_VIEW("hunter2hunter2"));
    gw_fail(&err, GW_ERR_SERVICE, "%s", padded(1016, "hunter2hunter2"));
    assert_string_equal(err.message, padded(1016, "[secret"));
}

static void a_prefix_says_where(void **state)
{
    struct gw_err err = {0};
    (void)state;
    gw_fail(&err, GW_ERR_INPUT, "number expected");
    gw_err_prefix(&err, "%s:%d", "a.json", 3);
    assert_string_equal(err.message, "a.json:3: number expected");
    assert_int_equal(err.code, GW_ERR_INPUT);
}

static void a_prefix_may_push_the_end_out(void **state)
{
    struct gw_err err = {0};
    (void)state;
    gw_fail(&err, GW_ERR_INPUT, "number expected");
    gw_err_prefix(&err, "%s", padded(1015, ""));
    assert_string_equal(err.message, padded(1015, ": number"));
    gw_err_prefix(&err, "%s", padded(2000, ""));
    assert_string_equal(err.message, padded(1023, ""));
}

static void a_message_may_quote_the_one_before(void **state)
{
    struct gw_err err = {0};
    (void)state;
    gw_fail(&err, GW_ERR_NETWORK, "connection lost");
    gw_fail(&err, GW_ERR_TIMEOUT, "gave up after %d attempts: %s", 3, err.message);
    assert_string_equal(err.message, "gave up after 3 attempts: connection lost");
    gw_err_prefix(&err, "%s", err.message);
    assert_string_equal(err.message, "gave up after 3 attempts: connection lost: "
                                     "gave up after 3 attempts: connection lost");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_fills_the_error_and_is_false),
        cmocka_unit_test(an_error_nobody_wants_is_false_too),
        cmocka_unit_test(a_message_is_one_line),
        cmocka_unit_test(control_characters_outside_ascii_go_too),
        cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(a_cut_does_not_split_a_character),
        cmocka_unit_test_teardown(secrets_are_taken_out, forget_secrets),
        cmocka_unit_test_teardown(a_secret_of_several_lines_is_taken_out, forget_secrets),
        cmocka_unit_test_teardown(a_secret_at_the_cut_does_not_show_its_beginning, forget_secrets),
        cmocka_unit_test(a_prefix_says_where),
        cmocka_unit_test(a_prefix_may_push_the_end_out),
        cmocka_unit_test(a_message_may_quote_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
