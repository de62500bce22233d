/* JMESPath: the published compliance suite, what else AWS's tools understand, messages, limits. */
#include "codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- bench ----------------------------------------------------------------------------------- */

static struct gw_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = gw_arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gw_arena_free(arena);
    return 0;
}

static struct gw_value json(const char *text)
{
    struct gw_value value;
    struct gw_err err;
    if (!gw_json_parse(gw_view_of(text), arena, &value, &err)) {
        fail_msg("%s: %s", text, err.message);
    }
    return value;
}

static bool search(struct gw_view expression, const struct gw_value *value, struct gw_value *out,
                   struct gw_err *err)
{
    const struct gw_jmespath *compiled = gw_jmespath_compile(expression, arena, err);
    return compiled && gw_jmespath_search(compiled, value, arena, out, err);
}

static const char *as_json(const struct gw_value *value)
{
    struct gw_buf text;
    gw_buf_init(&text, 1 << 20);
    assert_true(gw_json_write(value, NULL, &text));
    struct gw_view copy = gw_arena_dup(arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return copy.data;
}

static void assert_found(const char *given, const char *expression, const char *expected)
{
    struct gw_value value = json(given), found;
    struct gw_err err = {0};
    if (!search(gw_view_of(expression), &value, &found, &err)) {
        fail_msg("%s: %s", expression, err.message);
    }
    assert_string_equal(as_json(&found), expected);
}

static void assert_refused(const char *given, const char *expression, const char *message)
{
    struct gw_value value = json(given), found;
    struct gw_err err = {0};
    if (search(gw_view_of(expression), &value, &found, &err)) {
        fail_msg("%s: found %s", expression, as_json(&found));
    }
    assert_string_equal(err.message, message);
}

/* ---- the published suite --------------------------------------------------------------------- */

static struct gw_value read_suite(const char *name)
{
    struct gw_buf path, text;
    gw_buf_init(&path, 4096);
    gw_buf_init(&text, 1 << 22);
    gw_buf_addf(&path, "%s/jmespath/%s.json", GW_VECTORS, name);
    FILE *file = fopen(path.data, "rb");
    if (!file) {
        print_message("no published vectors at %s\n", path.data);
        gw_buf_clear(&path);
        skip();
        return gw_value_list();
    }
    char block[4096];
    for (size_t len; (len = fread(block, 1, sizeof block, file)) > 0;) {
        gw_buf_add(&text, (struct gw_view){block, len});
    }
    (void)fclose(file);
    struct gw_value suite = json(text.data);
    gw_buf_clear(&path);
    gw_buf_clear(&text);
    return suite;
}

/* Of a kind of error the words that its message has; "": any message of a refused expression. */
static const char *words_of(struct gw_view kind)
{
    static const char *const rows[][2] = {
        {"syntax", ""},
        {"invalid-type", " must "},
        {"invalid-arity", " takes "},
        {"invalid-value", "cannot be 0"},
        {"unknown-function", "no function "},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (gw_view_equal(kind, gw_view_of(rows[i][0]))) {
            return rows[i][1];
        }
    }
    fail_msg("a kind of error that this test does not know: %.*s", GW_VIEW_ARGS(kind));
    return NULL;
}

static void run_case(const struct gw_value *given, const struct gw_value *test)
{
    struct gw_view expression = gw_map_text(test, GW_VIEW("expression"));
    const struct gw_value *expected = gw_map_get(test, GW_VIEW("result"));
    struct gw_view kind = gw_map_text(test, GW_VIEW("error"));
    struct gw_value found;
    struct gw_err err = {0};
    bool ok = search(expression, given, &found, &err);
    if (kind.len > 0) {
        if (ok || !strstr(err.message, words_of(kind)) || !strstr(err.message, "jmespath: ")) {
            fail_msg("%.*s: expected %.*s, found %s", GW_VIEW_ARGS(expression), GW_VIEW_ARGS(kind),
                     ok ? as_json(&found) : err.message);
        }
        return;
    }
    if (!ok) {
        fail_msg("%.*s: %s", GW_VIEW_ARGS(expression), err.message);
    }
    if (expected && !gw_value_equal(expected, &found)) {
        fail_msg("%.*s: expected %s, found %s", GW_VIEW_ARGS(expression), as_json(expected),
                 as_json(&found));
    }
}

static void passes_the_published_suite(void **state)
{
    static const char *const names[] = {"basic",   "benchmarks", "boolean",     "current",
                                        "escape",  "filters",    "functions",   "identifiers",
                                        "indices", "literal",    "multiselect", "pipe",
                                        "slice",   "syntax",     "unicode",     "wildcard"};
    (void)state;
    size_t count = 0;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct gw_value suite = read_suite(names[i]);
        for (size_t k = 0; k < suite.as.list.count; k++) {
            const struct gw_value *group = &suite.as.list.items[k];
            const struct gw_value *cases = gw_map_get(group, GW_VIEW("cases"));
            for (size_t n = 0; n < cases->as.list.count; n++, count++) {
                run_case(gw_map_get(group, GW_VIEW("given")), &cases->as.list.items[n]);
            }
        }
    }
    assert_int_equal(count, 908);
}

/* ---- beyond the suite ------------------------------------------------------------------------ */

static void understands_what_waiters_and_the_cli_use(void **state)
{
    static const char services[] =
        "{\"services\":[{\"deployments\":[{}],\"runningCount\":2,\"desiredCount\":2},"
        "{\"deployments\":[{},{}],\"runningCount\":1,\"desiredCount\":2}]}";
    static const char stable[] = "length(services[?!(length(deployments) == `1` && "
                                 "runningCount == desiredCount)]) == `0`";
    (void)state;
    assert_found(services, stable, "false");
    assert_found(services, "services[].deployments | length(@)", "2");
    assert_found("{\"NextMarker\":\"\",\"Contents\":[{\"Key\":\"a\"},{\"Key\":\"b\"}]}",
                 "NextMarker || Contents[-1].Key", "\"b\"");
    assert_found("[{\"at\":\"2024-01-02\"},{\"at\":\"2023-01-02\"}]", "[?at > '2023-06'].at",
                 "[\"2024-01-02\"]");
    assert_found("{\"a\":\"running\"}", "a == `running`", "true");
    assert_found("{\"a\":[[1,2,3],[4,5,6]]}", "a[0][:2]", "[1,2]");
}

static void keeps_integers_and_their_order(void **state)
{
    (void)state;
    assert_found("[9007199254740993, 9007199254740992]", "sort(@)",
                 "[9007199254740992,9007199254740993]");
    assert_found("[9223372036854775807, 1]", "sum(@)", "9.223372036854776e+18");
    assert_found("-9223372036854775808", "abs(@)", "9.223372036854776e+18");
    assert_found("[1, 2]", "sum(@)", "3");
    assert_found("1.5", "[ceil(@), floor(@)]", "[2,1]");
    assert_found("1e300", "ceil(@)", "1e+300");
    assert_found("[1,2,3,4]", "[9223372036854775807:-9223372036854775808:-9223372036854775808]",
                 "[4]");
}

static void sorting_is_stable(void **state)
{
    (void)state;
    assert_found("[{\"k\":1,\"v\":\"a\"},{\"k\":0,\"v\":\"b\"},{\"k\":1,\"v\":\"c\"},"
                 "{\"k\":0,\"v\":\"d\"}]",
                 "sort_by(@, &k)[].v", "[\"b\",\"d\",\"a\",\"c\"]");
    assert_found("[{\"k\":1,\"v\":\"a\"},{\"k\":1,\"v\":\"b\"}]",
                 "[max_by(@, &k).v, min_by(@, &k).v]", "[\"a\",\"a\"]");
}

static void characters_are_not_bytes(void **state)
{
    (void)state;
    assert_found("\"h\\u00e9\\ud83d\\ude00\"", "[length(@), reverse(@)]",
                 "[3,\"\xf0\x9f\x98\x80\xc3\xa9h\"]");
}

static void says_what_is_wrong_and_where(void **state)
{
    static const char *const rows[][3] = {
        {"{}", "", "jmespath: the expression is empty"},
        {"{}", "a.",
         "jmespath: expected a name, '*', '[' or '{' behind '.', but the expression "
         "ends (column 3)"},
        {"{}", "a b", "jmespath: expected an operator, not 'b' (column 3)"},
        {"{}", "a = b", "jmespath: a single '=' means nothing, did you mean '=='? (column 3)"},
        {"{}", "a[?b == 'c'", "jmespath: expected ']', but the expression ends (column 12)"},
        {"{}", "a ^ b", "jmespath: unexpected '^' (column 3)"},
        {"{}", "'open", "jmespath: the closing ' is missing (column 1)"},
        {"{}", "a[99999999999999999999]", "jmespath: number too large (column 3)"},
        {"{}", "a[::0]", "jmespath: the step of a slice cannot be 0 (column 5)"},
        {"{}", "a.lenght(@)", "jmespath: no function 'lenght', did you mean 'length'? (column 3)"},
        {"{}", "join(@)", "jmespath: join() takes 2 arguments, not 1 (column 1)"},
        {"{}", "merge()", "jmespath: merge() takes at least 1 argument, not 0 (column 1)"},
        {"{}", "sort_by(@, a)",
         "jmespath: sort_by(): argument 2 must be an expression such as &name (column 12)"},
        {"{}", "length(&a)",
         "jmespath: length(): argument 1 must be a value, not an expression (column 8)"},
        {"{}", "abs(@,)", "jmespath: expected an expression, not ')' (column 7)"},
        {"{}", "a | length(b)",
         "jmespath: length(): argument 1 must be an array, an object or a string, not null "
         "(column 5)"},
        {"[1,\"a\"]", "sort(@)",
         "jmespath: sort(): argument 1 must be an array of numbers or an array of strings, not "
         "one with an item of type string (column 1)"},
        {"[{\"a\":1},{\"a\":null}]", "sort_by(@, &a)",
         "jmespath: sort_by(): argument 2 must give only numbers or only strings, not null "
         "(column 1)"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_refused(rows[i][0], rows[i][1], rows[i][2]);
    }
}

static void what_is_made_of_a_secret_is_secret(void **state)
{
    static const char *const expressions[] = {"@",          "join('', [@])", "join(@, ['a', 'b'])",
                                              "reverse(@)", "to_string(@)",  "to_string([@])"};
    struct gw_value secret = gw_value_text("hunter2"), found;
    (void)state;
    secret.secret = true;
    for (size_t i = 0; i < COUNT(expressions); i++) {
        assert_true(search(gw_view_of(expressions[i]), &secret, &found, NULL));
        assert_null(strstr(as_json(&found), "hunter2"));
    }
}

/* ---- limits ---------------------------------------------------------------------------------- */

static struct gw_view repeat(const char *head, const char *part, size_t times)
{
    struct gw_buf text;
    gw_buf_init(&text, 1 << 20);
    gw_buf_add_text(&text, head);
    for (size_t i = 0; i < times; i++) {
        gw_buf_add_text(&text, part);
    }
    struct gw_view copy = gw_arena_dup(arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return copy;
}

static void assert_limit(struct gw_view expression, const char *words)
{
    struct gw_value value = json("[[1]]"), found;
    struct gw_err err = {0};
    assert_false(search(expression, &value, &found, &err));
    assert_int_equal(err.code, GW_ERR_LIMIT);
    assert_non_null(strstr(err.message, words));
}

static void a_long_row_is_not_deep(void **state)
{
    struct gw_value value = json("{}"), found;
    (void)state;
    assert_true(search(repeat("a", ".a", 10000), &value, &found, NULL));
    assert_true(search(repeat("a", " | a", 10000), &value, &found, NULL));
    assert_true(search(repeat("a", " || a", 10000), &value, &found, NULL));
}

static void refuses_what_is_too_deep_or_too_large(void **state)
{
    (void)state;
    assert_limit(repeat("", "(", 60000), "jmespath: nested too deep (column 257)");
    assert_limit(repeat("", "!", 60000), "jmespath: nested too deep");
    assert_limit(repeat("a", "[]", 30000), "jmespath: nested too deep");
    assert_limit(repeat("a", "==a", 20000), "jmespath: nested too deep");
    assert_limit(repeat("a", "a", 1 << 16), "jmespath: 65537 bytes, more than the 65536 allowed");
    assert_limit(repeat("@", "|[@]", 300), "jmespath: a result is nested too deep");
}

static void a_result_cannot_explode(void **state)
{
    (void)state;
    assert_limit(repeat("@", "|[@,@]", 60), "more than 5000000 steps");
    assert_limit(repeat("@", "|[@,@][]", 60), "more than 5000000 steps");
    assert_limit(repeat("'aaaaaaaaaaaaaaaa'", "|join('',[@,@])", 60), "more than 5000000 steps");
    assert_limit(repeat("@", "|[@,@]|[@==@,@][1]", 60), "more than 5000000 steps");
    assert_limit(repeat("@", "|[@,@]|[@==@,@]", 60), "more than 5000000 steps");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(passes_the_published_suite, set_up, tear_down),
        cmocka_unit_test_setup_teardown(understands_what_waiters_and_the_cli_use, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(keeps_integers_and_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sorting_is_stable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(characters_are_not_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_is_wrong_and_where, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_made_of_a_secret_is_secret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_row_is_not_deep, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_too_deep_or_too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_result_cannot_explode, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
