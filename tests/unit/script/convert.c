/* Values and tables, there and back. */
#include "bench.h"

/* A value written plainly: i1 d1.5 "text" secret"text" [..] {key=..}. */
static void write(const struct gw_value *value, struct gw_buf *out)
{
    switch (value->kind) {
    case GW_NULL:
        gw_buf_add_text(out, "null");
        break;
    case GW_BOOL:
        gw_buf_add_text(out, value->as.boolean ? "true" : "false");
        break;
    case GW_INT:
        gw_buf_addf(out, "i%lld", (long long)value->as.integer);
        break;
    case GW_DOUBLE:
        gw_buf_addf(out, "d%g", value->as.number);
        break;
    case GW_STRING:
        gw_buf_addf(out, "%s\"%.*s\"", value->secret ? "secret" : "",
                    GW_VIEW_ARGS(value->as.string));
        break;
    case GW_LIST:
        gw_buf_add_char(out, '[');
        for (size_t i = 0; i < value->as.list.count; i++) {
            gw_buf_add_text(out, i > 0 ? " " : "");
            write(&value->as.list.items[i], out);
        }
        gw_buf_add_char(out, ']');
        break;
    case GW_MAP:
        gw_buf_add_char(out, '{');
        for (size_t i = 0; i < value->as.map.count; i++) {
            gw_buf_addf(out, "%s%.*s=", i > 0 ? " " : "",
                        GW_VIEW_ARGS(value->as.map.entries[i].key));
            write(&value->as.map.entries[i].value, out);
        }
        gw_buf_add_char(out, '}');
        break;
    }
}

static int list(lua_State *L)
{
    lua_settop(L, 1);
    gw_mark_list(L, 1);
    return 1;
}

static int secret(lua_State *L)
{
    gw_push_secret(L, gw_check_view(L, 1));
    return 1;
}

/* value -> its plain form after a round trip through C as well */
static int show(lua_State *L)
{
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_buf *text = gw_push_buf(L, 1 << 20);
    struct gw_value value;
    struct gw_err err = {0};
    if (!gw_to_value(L, 1, arena, &value, &err)) {
        return gw_push_fail(L, &err);
    }
    gw_push_value(L, &value);
    if (!gw_to_value(L, -1, arena, &value, &err)) {
        return gw_push_fail(L, &err);
    }
    write(&value, text);
    gw_push_view(L, gw_buf_view(text));
    return 1;
}

static int ordered(lua_State *L)
{
    gw_push_ordered_map(L);
    return 1;
}

/* value -> the same, with maps in the order of the value */
static int in_order(lua_State *L)
{
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value value, list = gw_value_list();
    struct gw_err err = {0};
    if (!gw_to_value(L, 1, arena, &value, &err)) {
        return gw_push_fail(L, &err);
    }
    *gw_list_add(arena, &list) = value;
    gw_push_ordered(L, &list);
    lua_rawgeti(L, -1, 1);
    return 1;
}

static void open_bench(struct bench *bench)
{
    bench_open(bench, NULL);
    lua_pushcfunction(bench->L, list);
    gw_script_set_global(bench->script, "list");
    lua_pushcfunction(bench->L, secret);
    gw_script_set_global(bench->script, "secret");
    lua_pushcfunction(bench->L, show);
    gw_script_set_global(bench->script, "show");
    lua_pushcfunction(bench->L, ordered);
    gw_script_set_global(bench->script, "ordered");
    lua_pushcfunction(bench->L, in_order);
    gw_script_set_global(bench->script, "in_order");
    gw_push_null(bench->L);
    gw_script_set_global(bench->script, "null");
}

static void run_cases(const struct bench_case *cases, size_t count)
{
    struct bench bench;
    open_bench(&bench);
    bench_check(&bench, cases, count);
    bench_close(&bench);
}

#define RUN_CASES(cases) run_cases(cases, sizeof(cases) / sizeof *(cases))

static void values_survive_the_way_there_and_back(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"return show(nil), show(true), show(false)", "null | true | false"},
        {"return show(7), show(7.0), show(1.5), show(math.mininteger)",
         "i7 | d7 | d1.5 | i-9223372036854775808"},
        {"return show(0/0) == show(0/0) and show(1/0)", "dinf"},
        {"return show'text', show''", "\"text\" | \"\""},
        {"return show{1, 'b', true}", "[i1 \"b\" true]"},
        {"return show{}, show(list{}), show{a = list{}, b = {}}", "{} | [] | {a=[] b={}}"},
        {"return show{{}, list{}, {{1}}}", "[{} [] [[i1]]]"},
        {"return show{b = 1, a = 2, c = {x = null}}", "{a=i2 b=i1 c={x=null}}"},
        {"return show{1, null, 3}, show(null)", "[i1 null i3] | null"},
        {"return show{[1.0] = 'a'}", "[\"a\"]"},
        {"return show{['two words'] = 1}", "{two words=i1}"},
        {"return show(secret'hunter2'), show{token = secret''}",
         "secret\"hunter2\" | {token=secret\"\"}"},
    };
    RUN_CASES(cases);
}

static void ordered_maps_keep_their_order(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"local m = ordered() m.b = 1 m.a = 2 m.c = ordered() m.c.z = 1 m.c.y = 2 return show(m)",
         "{a=i2 b=i1 c={y=i2 z=i1}}"}, /* a plain map after the round trip of show */
        {"local m = ordered() m.b = 1 m.a = 2 local s = '' for k, v in pairs(m) do s = s .. k .. v "
         "end "
         "return s",
         "b1a2"},
        {"local m = in_order(ordered()) m.b = 1 m.a = 2 m.b = nil m.c = 4 m.b = 3 local s = '' "
         "for k, v in pairs(m) do s = s .. k .. v end "
         "for k, v in pairs(in_order(m)) do s = s .. k .. v end return s",
         "b3a2c4b3a2c4"},
        {"local m = ordered() m.x = nil return show(m), next(m)", "{} | nil"},
        {"local m = ordered() for k in pairs(m) do return k end return getmetatable(m)", "ordered"},
        {"ordered()[1] = 'a'",
         "error: book.lua:1: bad argument #2 to 'newindex' (string expected, got number)"},
        {"rawset(ordered(), 'a', 1)", "error: book.lua:1: rawset: the table is read-only"},
        {"local m = ordered() m.a = {x = error} return show(m)",
         "nil | a.x: function cannot be converted"},
    };
    RUN_CASES(cases);
}

static void errors_name_the_place(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"return show{containerDefinitions = {{}, {x = error}}}",
         "nil | containerDefinitions[2].x: function cannot be converted"},
        {"return show(error)", "nil | value: function cannot be converted"},
        {"return show{{coroutine.create(error)}}", "nil | [1][1]: coroutine cannot be converted"},
        {"return show{tags = {['a b'] = error}}",
         "nil | tags['a b']: function cannot be converted"},
        {"return show{a = {1, 2, x = 3}}", "nil | a: table mixes list items and named fields"},
        {"return show{a = {1, nil, 3}}", "nil | a: list has holes"},
        {"return show{a = {[true] = 1}}", "nil | a: map keys must be strings"},
        {"return show{a = {[0] = 1}}", "nil | a: map keys must be strings"},
        {"return show{a = list{x = 1}}", "nil | a: list has keys other than 1, 2, ..."},
        {"local t = {} t.a = {b = t} return show(t)", "nil | a.b: table contains itself"},
    };
    RUN_CASES(cases);
}

static void depth_and_size_have_limits(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    assert_string_equal(
        bench_run(&bench, "local t = {} for _ = 1, 63 do t = {t} end return show(t) ~= nil"),
        "true");
    bench_run(&bench, "local t = {} for _ = 1, 64 do t = {t} end return show(t)");
    assert_non_null(strstr(bench.outcome, "[1][1]"));
    assert_non_null(strstr(bench.outcome, ": nested deeper than 64 levels"));
    bench_run(&bench, "local t = {1} for _ = 1, 40 do t = {t, t} end return show(t)");
    assert_non_null(strstr(bench.outcome, ": more than four million values"));
    bench_close(&bench);
}

static void shared_tables_are_no_cycle(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"local t = {1} return show{t, t, {t}}", "[[i1] [i1] [[i1]]]"},
    };
    RUN_CASES(cases);
}

static void what_is_in_a_secret_map_is_secret(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench);
    struct gw_arena *arena = gw_arena_new();
    struct gw_value map = gw_value_map();
    map.secret = true;
    *gw_map_add(arena, &map, GW_VIEW("password")) = gw_value_text("swordfish");
    gw_push_value(bench.L, &map);
    lua_getfield(bench.L, -1, "password");
    struct gw_view text;
    assert_true(gw_to_secret(bench.L, -1, &text));
    assert_true(gw_view_equal(text, GW_VIEW("swordfish")));
    lua_pop(bench.L, 2);
    gw_arena_free(arena);
    bench_close(&bench);
}

static void secrets_do_not_print(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"return secret'hunter2', tostring(secret'x'), ('%s'):format(secret'x')",
         "[secret] | [secret] | [secret]"},
        {"return 'Bearer ' .. secret'hunter2', show('Bearer ' .. secret'hunter2' .. '!')",
         "[secret] | secret\"Bearer hunter2!\""},
        {"return secret'a' == secret'a', secret'a' == secret'b', secret'a' == 'a'",
         "true | false | false"},
        {"return getmetatable(secret'a')", "secret"},
        {"return #secret'a'", "error: book.lua:1: attempt to get length of a secret value"},
        {"return secret'a'.x", "error: book.lua:1: a secret has no 'x'; it can be passed on, and "
                               "compared: secret:is(text), starts_with(text), ends_with(text), "
                               "is_blank()"},
        {"return tostring(secret'a':is 'a') .. tostring(secret'a':is(secret'a')) .. "
         "tostring(secret'a':is 'b')",
         "truetruefalse"},
        {"local s = secret'abc' return s:ends_with 'bc', s:ends_with(secret'abc'), s:ends_with '', "
         "s:ends_with 'ab', s:ends_with 'xabc'",
         "true | true | true | false | false"},
        {"local s = secret'abc' return s:starts_with 'ab', s:starts_with 'abc', s:starts_with "
         "'bc', "
         "s:starts_with 'abcx'",
         "true | true | false | false"},
        {"return secret'':is_blank(), secret' \\t\\r\\n':is_blank(), secret' a':is_blank()",
         "true | true | false"},
        {"return secret'a':ends_with()",
         "error: book.lua:1: bad argument #1 to 'ends_with' (value expected)"},
        {"return secret'a' < secret'b'", "error: book.lua:1: attempt to compare two secret values"},
        {"return table.concat{secret'a'}",
         "error: book.lua:1: invalid value (userdata) at index 1 in table for 'concat'"},
        {"local s = secret'swordfish8' error('wrong password: swordfish8')",
         "error: book.lua:1: wrong password: [secret]"},
    };
    RUN_CASES(cases);
    gw_secret_clear();
}

static void structured_errors_print_and_keep_their_fields(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"local _, err = show(error) return err.kind, err.message, err",
         "input | value: function cannot be converted | value: function cannot be converted"},
        {"local _, err = show(error) return 'so: ' .. err",
         "so: value: function cannot be converted"},
        {"local ok, err = pcall(function() assert(show(error)) end) return ok, err.kind",
         "false | input"},
        {"assert(show(error))", "error: value: function cannot be converted"},
        {"return getmetatable(select(2, show(error)))", "error"},
    };
    RUN_CASES(cases);
}

static void a_structured_error_keeps_its_code(void **state)
{
    (void)state;
    struct bench bench;
    struct gw_err err = {.code = GW_ERR_TIMEOUT, .message = "x: late"}, back = {0};
    bench_open(&bench, NULL);
    gw_push_err(bench.L, &err);
    gw_script_error_text(bench.L, -1, &back);
    assert_int_equal(back.code, GW_ERR_TIMEOUT);
    assert_string_equal(back.message, "x: late");
    lua_pop(bench.L, 1);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_survive_the_way_there_and_back),
        cmocka_unit_test(ordered_maps_keep_their_order),
        cmocka_unit_test(errors_name_the_place),
        cmocka_unit_test(depth_and_size_have_limits),
        cmocka_unit_test(shared_tables_are_no_cycle),
        cmocka_unit_test(what_is_in_a_secret_map_is_secret),
        cmocka_unit_test(secrets_do_not_print),
        cmocka_unit_test(structured_errors_print_and_keep_their_fields),
        cmocka_unit_test(a_structured_error_keeps_its_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
