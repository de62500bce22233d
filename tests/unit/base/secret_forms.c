/* The ways in which a secret may be written inside something else, each of which is taken out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

static int forget(void **state)
{
    (void)state;
    gw_secret_clear();
    return 0;
}

static void assert_redacted(const char *text, const char *expected)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view clean = gw_redact(arena, gw_view_of(text));
    assert_string_equal(gw_arena_dup(arena, clean).data, expected);
    gw_arena_free(arena);
}

static void escaped_in_json(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("say \"no\"\n\\o/\x01"));
    assert_redacted("{\"a\":\"say \\\"no\\\"\\n\\\\o/\\u0001\"}", "{\"a\":\"[secret]\"}");
    assert_redacted("say \\\"no\\\"\\n\\\\o\\/\\u0001", "[secret]");
}

static void percent_encoded(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("a/b+c d=e&f"));
    assert_redacted("?q=a%2Fb%2Bc%20d%3De%26f&x=1", "?q=[secret]&x=1");
    assert_redacted("?q=a%2fb%2bc+d%3de%26f", "?q=[secret]");
    assert_redacted("/a/b%2Bc%20d%3De%26f", "/[secret]");
}

static void in_base64_by_itself(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("correct horse"));
    assert_redacted("Y29ycmVjdCBob3JzZQ==", "[secret]==");
    assert_redacted("(Y29ycmVjdCBob3JzZQ)", "([secret])");
}

static void in_base64_within_something_longer(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("correct horse"));
    /* "a:correct horse!", "ab:correct horse!", "abc:correct horse!" */
    assert_redacted("YTpjb3JyZWN0IGhvcnNlIQ==", "YTp[secret]IQ==");
    assert_redacted("YWI6Y29ycmVjdCBob3JzZSE=", "YWI6[secret]SE=");
    assert_redacted("YWJjOmNvcnJlY3QgaG9yc2Uh", "YWJjOm[secret]Uh");
}

static void in_base64_for_urls(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("\xfb\xff\xbf\xfb\xff\xbf\xfb\xff\xbf"));
    assert_redacted("-_-_-_-_-_-_", "[secret]");
    assert_redacted("+/+/+/+/+/+/", "[secret]");
}

static void one_line_of_several(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("{\n  \"password\": \"hunter2\"\n}\r\n"));
    assert_redacted("line 2: \"password\": \"hunter2\" {", "line 2: [secret] {");
}

static void ordinary_text_stays(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("abcdef"));
    assert_redacted("abcde fabcd%61 YWJj", "abcde fabcd%61 YWJj");
}

static void thousands_of_them(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    for (int i = 0; i < 5000; i++) {
        gw_secret_add(gw_arena_printf(arena, "secret %d of many", i));
    }
    assert_redacted("secret 17 of many, secret 5000 of many", "[secret], secret 5000 of many");
    gw_arena_free(arena);
}

static void values_with_all_that_is_in_them(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("hunter2-hunter2"));
    struct gw_arena *arena = gw_arena_new();
    struct gw_value value = gw_value_map(), list = gw_value_list(), marked = gw_value_int(7);
    marked.secret = true;
    *gw_list_add(arena, &list) = gw_value_text("a hunter2-hunter2 b");
    *gw_list_add(arena, &list) = marked;
    *gw_map_add(arena, &value, GW_VIEW("hunter2-hunter2")) = list;
    struct gw_value clean = gw_redact_value(arena, &value);
    const struct gw_value *items = gw_map_get(&clean, GW_VIEW("[secret]"))->as.list.items;
    assert_string_equal(gw_arena_dup(arena, items[0].as.string).data, "a [secret] b");
    assert_string_equal(gw_arena_dup(arena, items[1].as.string).data, "[secret]");
    assert_true(items[1].secret);
    gw_arena_free(arena);
}

static void what_was_said_openly_stays(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("typed-secret"));
    gw_secret_open(GW_VIEW("name-of-a-bucket"));
    gw_secret_open(GW_VIEW("typed-secret")); /* is one already */
    gw_secret_add(GW_VIEW("name-of-a-bucket"));
    gw_secret_add(GW_VIEW("name-of-a-bucket-2"));
    assert_redacted("s3://name-of-a-bucket/x typed-secret name-of-a-bucket-2",
                    "s3://name-of-a-bucket/x [secret] [secret]");
}

#define TEST(name) cmocka_unit_test_teardown(name, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(escaped_in_json),
        TEST(percent_encoded),
        TEST(in_base64_by_itself),
        TEST(in_base64_within_something_longer),
        TEST(in_base64_for_urls),
        TEST(one_line_of_several),
        TEST(ordinary_text_stays),
        TEST(thousands_of_them),
        TEST(values_with_all_that_is_in_them),
        TEST(what_was_said_openly_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
