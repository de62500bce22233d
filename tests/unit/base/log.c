/* Redaction, and diagnostics on stderr. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int forget(void **state)
{
    (void)state;
    gw_secret_clear();
    gw_log_set_level(GW_LOG_WARN);
    return 0;
}

/* ---- redaction ------------------------------------------------------------------------------- */

static void assert_redacted(struct gw_view text, const char *expected)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view clean = gw_redact(arena, text);
    assert_int_equal(clean.len, strlen(expected));
    assert_memory_equal(clean.data, expected, clean.len);
    gw_arena_free(arena);
}

static void every_occurrence_goes(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("secret1"));
    assert_redacted(GW_VIEW("secret1"), "[secret]");
    assert_redacted(GW_VIEW("a secret1, secret1secret1 z"), "a [secret], [secret][secret] z");
}

static void clean_text_comes_back_itself(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    static const char text[] = "nothing to hide: secret";
    (void)state;
    gw_secret_add(GW_VIEW("secret1"));
    assert_ptr_equal(gw_redact(arena, gw_view_of(text)).data, text);
    assert_null(gw_redact(arena, GW_VIEW_NONE).data);
    gw_arena_free(arena);
}

static void short_secrets_are_not_searched_for(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW(""));
    gw_secret_add(GW_VIEW_NONE);
    gw_secret_add(GW_VIEW("12345"));
    assert_redacted(GW_VIEW("12345"), "12345");
    gw_secret_add(GW_VIEW("123456"));
    assert_redacted(GW_VIEW("123456"), "[secret]");
}

static void a_secret_inside_another_hides_whole(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("secret1"));
    gw_secret_add(GW_VIEW("my-secret1-token"));
    gw_secret_add(GW_VIEW("my-secret1"));
    assert_redacted(GW_VIEW("my-secret1-token my-secret1 secret1"), "[secret] [secret] [secret]");
}

static void of_two_that_overlap_no_part_is_left(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("abcdefgh"));
    gw_secret_add(GW_VIEW("fghijk"));
    assert_redacted(GW_VIEW("<abcdefghijk>"), "<[secret]>");
}

static void secrets_and_texts_may_hold_nul(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("key\0with\0nul"));
    assert_redacted(GW_VIEW("key\0with\0nul"), "[secret]");
    struct gw_arena *arena = gw_arena_new();
    struct gw_view clean = gw_redact(arena, GW_VIEW("a\0key\0with\0nul"));
    assert_int_equal(clean.len, 10);
    assert_memory_equal(clean.data, "a\0[secret]", 10);
    gw_arena_free(arena);
}

static void a_secret_is_copied(void **state)
{
    char text[] = "secret1";
    (void)state;
    gw_secret_add(gw_view_of(text));
    gw_secret_add(gw_view_of(text));
    memset(text, 'x', sizeof text - 1);
    assert_redacted(GW_VIEW("secret1 xxxxxxx"), "[secret] xxxxxxx");
}

static void clear_forgets_all(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("secret1"));
    gw_secret_clear();
    gw_secret_clear();
    assert_redacted(GW_VIEW("secret1"), "secret1");
    gw_secret_add(GW_VIEW("secret2"));
    assert_redacted(GW_VIEW("secret1 secret2"), "secret1 [secret]");
}

/* ---- the log --------------------------------------------------------------------------------- */

struct capture {
    FILE *file;
    int saved;
};

static struct capture begin_capture(void)
{
    struct capture capture = {.file = tmpfile(), .saved = dup(STDERR_FILENO)};
    assert_non_null(capture.file);
    dup2(fileno(capture.file), STDERR_FILENO);
    return capture;
}

static void assert_logged(struct capture *capture, const char *expected)
{
    char text[8192];
    fflush(stderr);
    dup2(capture->saved, STDERR_FILENO);
    close(capture->saved);
    rewind(capture->file);
    text[fread(text, 1, sizeof text - 1, capture->file)] = '\0';
    fclose(capture->file);
    assert_string_equal(text, expected);
}

static void warnings_and_errors_show_by_default(void **state)
{
    (void)state;
    struct capture capture = begin_capture();
    gw_log(GW_LOG_ERROR, "cannot %s", "go on");
    gw_log(GW_LOG_WARN, "slow: %d s", 5);
    gw_log(GW_LOG_INFO, "unseen");
    gw_log(GW_LOG_DEBUG, "unseen");
    assert_logged(&capture, "gwrun: error: cannot go on\ngwrun: warning: slow: 5 s\n");
}

static void the_level_decides(void **state)
{
    (void)state;
    struct capture capture = begin_capture();
    gw_log_set_level(GW_LOG_DEBUG);
    gw_log(GW_LOG_INFO, "a");
    gw_log(GW_LOG_DEBUG, "b");
    gw_log_set_level(GW_LOG_ERROR);
    gw_log(GW_LOG_WARN, "unseen");
    assert_logged(&capture, "gwrun: info: a\ngwrun: debug: b\n");
}

static void the_log_tells_no_secret(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("secret\nof two lines"));
    struct capture capture = begin_capture();
    gw_log(GW_LOG_WARN, "token %s", "secret\nof two lines");
    assert_logged(&capture, "gwrun: warning: token [secret]\n");
}

static void a_log_entry_is_one_line_of_harmless_text(void **state)
{
    (void)state;
    struct capture capture = begin_capture();
    gw_log(GW_LOG_WARN, "%s", "one\ntwo\033[2Jthree");
    assert_logged(&capture, "gwrun: warning: one two [2Jthree\n");
}

static void a_long_log_entry_is_cut_after_its_secrets_are(void **state)
{
    char text[4096], expected[4096];
    (void)state;
    memset(text, 'x', 2040);
    memcpy(text + 2040, "secret1secret2", 15);
    snprintf(expected, sizeof expected, "gwrun: warning: %.2040s[secret\n", text);
    gw_secret_add(GW_VIEW("secret1secret2"));
    struct capture capture = begin_capture();
    gw_log(GW_LOG_WARN, "%s", text);
    assert_logged(&capture, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_occurrence_goes, forget),
        cmocka_unit_test_teardown(clean_text_comes_back_itself, forget),
        cmocka_unit_test_teardown(short_secrets_are_not_searched_for, forget),
        cmocka_unit_test_teardown(a_secret_inside_another_hides_whole, forget),
        cmocka_unit_test_teardown(of_two_that_overlap_no_part_is_left, forget),
        cmocka_unit_test_teardown(secrets_and_texts_may_hold_nul, forget),
        cmocka_unit_test_teardown(a_secret_is_copied, forget),
        cmocka_unit_test_teardown(clear_forgets_all, forget),
        cmocka_unit_test_teardown(warnings_and_errors_show_by_default, forget),
        cmocka_unit_test_teardown(the_level_decides, forget),
        cmocka_unit_test_teardown(the_log_tells_no_secret, forget),
        cmocka_unit_test_teardown(a_log_entry_is_one_line_of_harmless_text, forget),
        cmocka_unit_test_teardown(a_long_log_entry_is_cut_after_its_secrets_are, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
