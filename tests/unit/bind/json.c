/* host.json */
#include "modules.h"

static void decode_gives_lua_values(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"local v = json.decode'{\"a\": [1, 2.5, true, \"x\"], \"b\": {}}'\n"
         "return v.a[1], v.a[2], v.a[3], v.a[4], next(v.b)",
         "1 | 2.5 | true | x | nil"},
        {"local v = json.decode'[null, 1]' return v[1] == json.null, #v, tostring(json.null)",
         "true | 2 | null"},
        {"return json.decode'null'", "nil"},
        {"return math.type(json.decode'1'), math.type(json.decode'1.0')", "integer | float"},
    };
    RUN_IN_MODULES(cases);
}

static void decode_returns_its_failure(void **state)
{
    (void)state;
    struct bench bench;
    open_modules(&bench);
    bench_run(&bench, "local v, err = json.decode'{\"a\": }' return v, err.kind, err");
    assert_true(gw_view_starts_with(gw_view_of(bench.outcome), GW_VIEW("nil | input | json: ")));
    assert_string_equal(
        bench_run(&bench, "json.decode{}"),
        "error: book.lua:1: bad argument #1 to 'decode' (string expected, got table)");
    bench_close(&bench);
}

static void what_is_in_a_secret_is_secret(void **state)
{
    struct bench bench;
    (void)state;
    open_modules(&bench);
    gw_push_secret(gw_script_state(bench.script), GW_VIEW("{\"key\": \"hunter2\", \"n\": [7]}"));
    gw_script_set_global(bench.script, "given");
    gw_push_secret(gw_script_state(bench.script), GW_VIEW("hunter2 is no JSON"));
    gw_script_set_global(bench.script, "broken");
    assert_string_equal(bench_run(&bench,
                                  "local v = json.decode(given)\n"
                                  "return tostring(v.key), tostring(v.n[1]), v.key:is 'hunter2'"),
                        "[secret] | [secret] | true");
    assert_string_equal(
        bench_run(&bench, "local v, err = json.decode(broken) return v, tostring(err)"),
        "nil | json: the secret is no JSON");
    assert_string_equal(bench_run(&bench, "local v = json.decode(given)\n"
                                          "return json.encode(v), json.encode({ key = v.key }, { "
                                          "secret = true }):is '{\"key\":\"hunter2\"}'"),
                        "{\"key\":\"[secret]\",\"n\":[\"[secret]\"]} | true");
    bench_close(&bench);
}

static void encode_writes_keys_in_order(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"return json.encode{b = 1, a = {true, 'x', 1.5}, c = json.null}",
         "{\"a\":[true,\"x\",1.5],\"b\":1,\"c\":null}"},
        {"return json.encode{}, json.encode(json.array{}), json.encode(nil)", "{} | [] | null"},
        {"return json.encode(json.decode'[]')", "[]"},
        {"local t = json.decode'[1]' table.remove(t) return json.encode(t)", "[]"},
        {"return (json.encode({a = {1}}, {indent = 2}):gsub('\\n', '/'))",
         "{/  \"a\": [/    1/  ]/}"},
        {"return json.encode({70.0, 0.1, 1e16, 1e-5, -0.0, 2^53, 5}, {keep_doubles = true})",
         "[70.0,0.1,1e+16,1e-05,-0.0,9007199254740992.0,5]"},
        {"local m = json.ordered() m.b = 1 m.a = 2 return json.encode(m)", "{\"b\":1,\"a\":2}"},
        {"return json.encode(json.query({x = 1, y = 2}, '{b: y, a: x}', true))",
         "{\"b\":2,\"a\":1}"},
        {"return json.check_query'a[0]', json.check_query'a['",
         "true | nil | jmespath: expected a number, ':' or '*', but the expression ends (column "
         "3)"},
    };
    RUN_IN_MODULES(cases);
}

static void encode_refuses_what_json_cannot_say(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"json.encode{a = {error}}",
         "error: book.lua:1: json.encode: a[1]: function cannot be converted"},
        {"json.encode()", "error: book.lua:1: bad argument #1 to 'encode' (value expected)"},
        {"json.encode(1, {indnt = 2})",
         "error: book.lua:1: json.encode: unknown option 'indnt', did you mean 'indent'?"},
        {"json.encode(1, {zzz = 2})", "error: book.lua:1: json.encode: unknown option 'zzz'"},
        {"json.encode(1, {2})", "error: book.lua:1: json.encode: options are named, got a number"},
        {"json.encode(1, {indent = 99})",
         "error: book.lua:1: json.encode: indent must be an integer from 0 to 16"},
        {"json.encode(1, 2)",
         "error: book.lua:1: bad argument #2 to 'encode' (table expected, got number)"},
    };
    RUN_IN_MODULES(cases);
}

static void query_picks_from_values(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"local v = {services = {{name = 'web', count = 2}, {name = 'job', count = 0}}}\n"
         "return json.query(v, 'services[?count > `0`].name | [0]'),\n"
         "json.query(v, 'length(services)'), json.query(v, 'services[7]')",
         "web | 2 | nil"},
        {"return json.encode(json.query({a = {1, json.null}}, '{x: a, y: b[]}'))",
         "{\"x\":[1,null],\"y\":null}"},
        {"return #json.query(json.array{}, '@'), json.query('text', 'length(@)')", "0 | 4"},
        {"local unknown = setmetatable({}, {__metatable = 'unknown'})\n"
         "return json.query(unknown, 'a.b') == unknown",
         "true"},
    };
    RUN_IN_MODULES(cases);
}

static void query_raises_for_what_it_cannot_answer(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"json.query({}, 'a..b')",
         "error: book.lua:1: json.query: jmespath: expected a name, '*', '[' or '{' behind '.', "
         "not '.' (column 3)"},
        {"json.query({}, 'length(a)')",
         "error: book.lua:1: json.query: jmespath: length(): argument 1 must be an array, an "
         "object or a string, not null (column 1)"},
        {"json.query({f = error}, 'f')",
         "error: book.lua:1: json.query: f: function cannot be converted"},
        {"json.query({})",
         "error: book.lua:1: bad argument #2 to 'query' (string expected, got no value)"},
    };
    RUN_IN_MODULES(cases);
}

static void array_marks_the_table_itself(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"local t = {} return json.array(t) == t, json.array(json.array(t)) == t", "true | true"},
        {"json.array(setmetatable({}, {}))",
         "error: book.lua:1: json.array: the table has a metatable of its own"},
    };
    RUN_IN_MODULES(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode_gives_lua_values),
        cmocka_unit_test(decode_returns_its_failure),
        cmocka_unit_test(what_is_in_a_secret_is_secret),
        cmocka_unit_test(encode_writes_keys_in_order),
        cmocka_unit_test(encode_refuses_what_json_cannot_say),
        cmocka_unit_test(query_picks_from_values),
        cmocka_unit_test(query_raises_for_what_it_cannot_answer),
        cmocka_unit_test(array_marks_the_table_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
