/* Header lists and URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/net.h"

static void assert_view(struct gw_view actual, const char *expected)
{
    assert_int_equal(actual.len, strlen(expected));
    assert_memory_equal(actual.data ? actual.data : "", expected, actual.len);
}

static void headers_keep_repeats_and_are_found_in_any_case(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    struct gw_headers headers = {0};
    char name[] = "Set-Cookie";
    for (int i = 0; i < 20; i++) {
        gw_headers_add(arena, &headers, gw_view_of(name), gw_arena_printf(arena, "v%d", i));
    }
    memset(name, 'x', sizeof name - 1); /* the list has its own copy */
    gw_headers_add(arena, &headers, GW_VIEW("Empty"), GW_VIEW(""));
    assert_int_equal(headers.count, 21);
    assert_view(gw_headers_get(&headers, GW_VIEW("set-cookie")), "v0");
    assert_view(headers.items[19].value, "v19");
    assert_view(gw_headers_get(&headers, GW_VIEW("empty")), "");
    assert_null(gw_headers_get(&headers, GW_VIEW("absent")).data);
    gw_arena_free(arena);
}

static void urls_split_into_borrowed_parts(void **state)
{
    (void)state;
    static const struct {
        const char *text, *scheme, *host, *authority, *path, *query;
        int port;
    } rows[] = {
        {"https://ecs.us-east-1.amazonaws.com", "https", "ecs.us-east-1.amazonaws.com",
         "ecs.us-east-1.amazonaws.com", "", "", 0},
        {"http://127.0.0.1:8080/a/../b%2Fc?x=1&y=/?z", "http", "127.0.0.1", "127.0.0.1:8080",
         "/a/../b%2Fc", "x=1&y=/?z", 8080},
        {"http://[::1]:65535/", "http", "::1", "[::1]:65535", "/", "", 65535},
        {"http://[fe80::1]", "http", "fe80::1", "[fe80::1]", "", "", 0},
        {"HTTPS://h?q", "HTTPS", "h", "h", "", "q", 0},
        {"http://h/?", "http", "h", "h", "/", "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_url url;
        struct gw_err err = {0};
        assert_true(gw_url_parse(gw_view_of(rows[i].text), &url, &err));
        assert_view(url.scheme, rows[i].scheme);
        assert_view(url.host, rows[i].host);
        assert_view(url.authority, rows[i].authority);
        assert_view(url.path, rows[i].path);
        assert_view(url.query, rows[i].query);
        assert_int_equal(url.port, rows[i].port);
    }
}

static void bad_urls_are_refused_with_what_was_expected(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "url '': expected http:// or https://"},
        {"ecs.amazonaws.com", "url 'ecs.amazonaws.com': expected http:// or https://"},
        {"ftp://h/", "url 'ftp://h/': expected http or https, not 'ftp'"},
        {"http://", "url 'http://': expected host or host:port after '://'"},
        {"http:///p", "url 'http:///p': expected host or host:port after '://'"},
        {"http://u:p@h/", "url: has a user or password, which has no place there"},
        {"u:p@h", "url: has a user or password, which has no place there"},
        {"http://h:", "url 'http://h:': expected host or host:port after '://'"},
        {"http://h:0/", "url 'http://h:0/': expected host or host:port after '://'"},
        {"http://h:65536/", "url 'http://h:65536/': expected host or host:port after '://'"},
        {"http://h:-1/", "url 'http://h:-1/': expected host or host:port after '://'"},
        {"http://h:80x/", "url 'http://h:80x/': expected host or host:port after '://'"},
        {"http://[::1", "url 'http://[::1': expected host or host:port after '://'"},
        {"http://[::1]x/", "url 'http://[::1]x/': expected host or host:port after '://'"},
        {"http://[]/", "url 'http://[]/': expected host or host:port after '://'"},
        {"http://h/a b",
         "url 'http://h/a b': has a fragment, or bytes that are not percent-encoded"},
        {"http://h/\r\nX: y",
         "url 'http://h/  X: y': has a fragment, or bytes that are not percent-encoded"},
        {"http://h/#f", "url 'http://h/#f': has a fragment, or bytes that are not percent-encoded"},
        {"http://h/\xc3\xa9",
         "url 'http://h/\xc3\xa9': has a fragment, or bytes that are not percent-encoded"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_url url;
        struct gw_err err = {0};
        assert_false(gw_url_parse(gw_view_of(rows[i].text), &url, &err));
        assert_int_equal(err.code, GW_ERR_INPUT);
        assert_string_equal(err.message, rows[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_keep_repeats_and_are_found_in_any_case),
        cmocka_unit_test(urls_split_into_borrowed_parts),
        cmocka_unit_test(bad_urls_are_refused_with_what_was_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
