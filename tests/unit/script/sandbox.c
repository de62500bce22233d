/* What a runbook can see and what it is refused. */
#include "bench.h"

static void run_cases(const struct bench_case *cases, size_t count)
{
    struct bench bench;
    bench_open(&bench, NULL);
    bench_check(&bench, cases, count);
    bench_close(&bench);
}

#define RUN_CASES(cases) run_cases(cases, sizeof(cases) / sizeof *(cases))

static void lua_itself_is_there(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"return ('x'):rep(3), #'abc', 7 // 2", "xxx | 3 | 3"},
        {"return select('#', 1, nil), type(next), tonumber('0x10')", "2 | function | 16"},
        {"return pcall(error, 'no', 0)", "false | no"},
        {"return table.concat({1, 2, 3}, '-'), math.max(1, 5), utf8.char(228)", "1-2-3 | 5 | ä"},
        {"local t = setmetatable({}, {__index = function(_, k) return k .. '!' end}) return t.a",
         "a!"},
        {"local t = {} rawset(t, 1, 'a') return rawget(t, 1), rawlen(t), rawequal(t, t)",
         "a | 1 | true"},
        {"return xpcall(function() error('x', 0) end, function(m) return m .. '+' end)",
         "false | x+"},
        {"goto done do return 1 end ::done:: return 2", "2"},
    };
    RUN_CASES(cases);
}

static void what_reaches_outside_is_not(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"return io", "error: book.lua:1: unknown global 'io'"},
        {"return os.execute('id')", "error: book.lua:1: unknown global 'os'"},
        {"return debug", "error: book.lua:1: unknown global 'debug'"},
        {"return package", "error: book.lua:1: unknown global 'package'"},
        {"return load('return 1')", "error: book.lua:1: unknown global 'load'"},
        {"return loadstring", "error: book.lua:1: unknown global 'loadstring', did you mean "
                              "'tostring'?"},
        {"return dofile('x')", "error: book.lua:1: unknown global 'dofile'"},
        {"return collectgarbage()", "error: book.lua:1: unknown global 'collectgarbage'"},
        {"return _G", "error: book.lua:1: unknown global '_G'"},
        {"return string.dump, math.randomseed", "nil | nil"},
    };
    RUN_CASES(cases);
}

static void unknown_globals_name_their_place_and_the_nearest(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"\n\nlocal x = tostrin(1)",
         "error: book.lua:3: unknown global 'tostrin', did you mean 'tostring'?"},
        {"requier 'x'", "error: book.lua:1: unknown global 'requier', did you mean 'require'?"},
        {"return zzzzzz", "error: book.lua:1: unknown global 'zzzzzz'"},
        {"return _ENV[1]", "error: book.lua:1: unknown global of type number"},
    };
    RUN_CASES(cases);
}

static void globals_cannot_be_written(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"\nx = 1", "error: book.lua:2: global 'x': globals are read-only; use local"},
        {"string = nil", "error: book.lua:1: global 'string': globals are read-only; use local"},
        {"function helper() end",
         "error: book.lua:1: global 'helper': globals are read-only; use local"},
        {"rawset(_ENV, 'x', 1)", "error: book.lua:1: rawset: the table is read-only"},
        {"setmetatable(_ENV, nil)",
         "error: book.lua:1: setmetatable: the table's metatable is protected"},
    };
    RUN_CASES(cases);
}

static void libraries_cannot_be_changed(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"string.format = 1", "error: book.lua:1: string.format: libraries are read-only"},
        {"math.pi = 3", "error: book.lua:1: math.pi: libraries are read-only"},
        {"table.insert(table, 1)", "error: table.1: libraries are read-only"},
        {"rawset(string, 'format', 1)", "error: book.lua:1: rawset: the table is read-only"},
        {"setmetatable(string, {})",
         "error: book.lua:1: setmetatable: the table's metatable is protected"},
        {"return getmetatable('')", "string"},
        {"getmetatable('').__index.rep = 1",
         "error: book.lua:1: attempt to index a nil value (field '__index')"},
        {"local n = 0 for k in pairs(string) do n = n + 1 end return n > 10, next(string)",
         "true | nil"},
        {"local _, real = pairs(string) return real", "nil"},
    };
    RUN_CASES(cases);
}

static void finalizers_are_refused(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"setmetatable({}, {__gc = error})",
         "error: book.lua:1: setmetatable: __gc is not available; use a <close> variable"},
    };
    RUN_CASES(cases);
}

static void a_compiled_chunk_is_refused(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    struct gw_err err = {0};
    assert_false(gw_script_load(bench.script, GW_VIEW("\x1bLua\x54"), "evil.lua", false, &err));
    assert_string_equal(err.message, "evil.lua: compiled chunks are refused; only Lua text is run");
    assert_int_equal(err.code, GW_ERR_INPUT);
    bench_close(&bench);
}

static void a_syntax_error_names_file_and_line(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    struct gw_err err = {0};
    assert_false(gw_script_load(bench.script, GW_VIEW("#!/usr/bin/env gwrun\nlocal = 1"),
                                "runbooks/x.lua", false, &err));
    assert_string_equal(err.message, "runbooks/x.lua:2: <name> expected near '='");
    assert_int_equal(err.code, GW_ERR_INPUT);
    bench_close(&bench);
}

static void a_shebang_and_a_byte_order_mark_are_skipped(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"#!/usr/bin/env gwrun\nreturn 1", "1"},
        {"\xEF\xBB\xBFreturn 2", "2"},
        {"#only this", ""},
    };
    RUN_CASES(cases);
}

static void pairs_has_one_order(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"local out = {} for k in pairs{web = 1, api = 2, [2.5] = 3, [-1] = 4, 'x', 'y', db = 5} "
         "do\n"
         "out[#out + 1] = tostring(k) end return table.concat(out, ' ')",
         "-1 1 2 2.5 api db web"},
        {"local t, out = {a = 1, b = 2, c = 3}, {}\n"
         "for k in pairs(t) do out[#out + 1] = k t.b = nil t.d = 4 end return table.concat(out)",
         "ac"},
        {"local out = {} for k, v in pairs{10, 20} do out[#out + 1] = k .. '=' .. v end\n"
         "return table.concat(out, ' ')",
         "1=10 2=20"},
        {"local t = setmetatable({}, {__pairs = function() return function(_, k)\n"
         "if not k then return 1, 'one' end end end}) for k, v in pairs(t) do return k, v end",
         "1 | one"},
        {"for k in pairs{} do return k end return 'empty'", "empty"},
        {"local x = pairs(nil)",
         "error: book.lua:1: bad argument #1 to 'pairs' (table expected, got nil)"},
    };
    RUN_CASES(cases);
}

static void memory_has_a_ceiling(void **state)
{
    (void)state;
    struct bench bench;
    struct gw_script_options options = {.memory_limit_bytes = 4 << 20};
    bench_open(&bench, &options);
    assert_string_equal(bench_run(&bench, "local t = {} while true do t[#t + 1] = {} end"),
                        "error: not enough memory");
    assert_string_equal(bench_run(&bench, "return ('x'):rep(1 << 20):len()"), "1048576");
    bench_close(&bench);
}

static void a_seed_repeats_the_random_numbers(void **state)
{
    (void)state;
    char first[1200];
    for (int i = 0; i < 2; i++) {
        struct bench bench;
        struct gw_script_options options = {.seed = 42};
        bench_open(&bench, &options);
        const char *drawn = bench_run(&bench, "return math.random(1 << 30), math.random(1 << 30)");
        if (i == 0) {
            snprintf(first, sizeof first, "%s", drawn);
        }
        assert_string_equal(drawn, first);
        bench_close(&bench);
    }
}

static void an_endless_loop_is_stopped(void **state)
{
    (void)state;
    struct bench bench;
    struct gw_script_options options = {.busy_limit_ms = 20};
    bench_open(&bench, &options);
    assert_string_equal(bench_run(&bench, "local n = 0\nwhile true do n = n + 1 end"),
                        "error: book.lua:2: script ran 0.02 s without waiting: endless loop?");
    assert_string_equal(
        bench_run(&bench, "while true do pcall(function() while true do end end) end"),
        "error: book.lua:1: script ran 0.02 s without waiting: endless loop?");
    assert_string_equal(
        bench_run(&bench, "return coroutine.wrap(function()\nwhile true do end end)()"),
        "error: book.lua:2: script ran 0.02 s without waiting: endless loop?");
    bench_close(&bench);
}

/* Places where the code of a script runs while something else of it ends. */
static void nor_can_it_hide(void **state)
{
    (void)state;
    static const char loop[] =
        "error: book.lua:1: script ran 0.02 s without waiting: endless loop?";
    static const struct bench_case cases[] = {
        {"local function f() while true do end end xpcall(f, f) return 'ended'", "ended"},
        {"local function f() xpcall(f, f) while true do end end f()", loop},
        {"table.sort({ 3, 2, 1 }, function() while true do end end)", loop},
        {"('x'):gsub('.', function() while true do end end)", loop},
        {"local t = setmetatable({}, { __lt = function() while true do end end }) return t < t",
         loop},
        {"local closing <close> = setmetatable({}, { __close = function() while true do end end }) "
         "while true do end",
         loop},
        {"local co = coroutine.create(function() local closing <close> = setmetatable({}, { "
         "__close = function() while true do end end }) while true do end end) "
         "coroutine.resume(co) coroutine.close(co) return 'ended'",
         "ended"},
        {"local co = coroutine.create(function() local closing <close> = setmetatable({}, { "
         "__close = function() while true do end end }) coroutine.yield() end) "
         "coroutine.resume(co) coroutine.close(co) while true do end",
         loop},
        {"coroutine.wrap(function() local closing <close> = setmetatable({}, { "
         "__close = function() while true do end end }) "
         "table.sort({ 1, 2 }, function() while true do end end) end)()",
         loop},
        {"error(setmetatable({}, { __tostring = function() while true do end end }))",
         "error: script: raised a table that cannot be printed"},
    };
    struct bench bench;
    struct gw_script_options options = {.busy_limit_ms = 20};
    bench_open(&bench, &options);
    BENCH_CHECK(&bench, cases);
    bench_close(&bench);
}

static void a_protected_call_with_a_handler_is_as_in_lua(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"return xpcall(function(...) return ... end, error, 1, nil, 3)", "true | 1 | nil | 3"},
        {"return xpcall(error, function(e) return 'handled ' .. e, 2 end, 'x')",
         "false | handled x | 2"},
        {"return xpcall(error, function() error('again', 0) end, 'x')", "false | again"},
        {"local yield = coroutine.yield local f = coroutine.wrap(function() return xpcall("
         "function() yield(1) error('x', 0) end, function(e) yield(2) return e end) end) "
         "return f(), f(), f()",
         "1 | 2 | false | x"},
        {"return select('#', xpcall(table.unpack, error, {}, 1, 1000))", "1001"},
    };
    struct bench bench;
    bench_open(&bench, NULL);
    BENCH_CHECK(&bench, cases);
    bench_close(&bench);
}

static struct gw_script *to_interrupt;

static int interrupt(lua_State *L)
{
    (void)L;
    gw_script_interrupt(to_interrupt);
    return 0;
}

static void an_interrupt_stops_running_code_and_only_that(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    to_interrupt = bench.script;
    lua_pushcfunction(bench.L, interrupt);
    gw_script_set_global(bench.script, "interrupt");
    assert_string_equal(bench_run(&bench, "interrupt()\nwhile true do end"),
                        "error: book.lua:2: interrupted");
    gw_script_interrupt(bench.script);
    assert_string_equal(bench_run(&bench, "for i = 1, 1e5 do end return 'ran'"), "ran");
    bench_close(&bench);
}

static void a_call_outside_tasks_reports_its_error(void **state)
{
    (void)state;
    struct bench bench;
    struct gw_err err = {0};
    bench_open(&bench, NULL);
    bench_load(&bench, "return ...", false);
    lua_pushinteger(bench.L, 7);
    assert_true(gw_script_call(bench.script, 1, 1, &err));
    assert_int_equal(lua_tointeger(bench.L, -1), 7);
    lua_pop(bench.L, 1);
    bench_load(&bench, "\nerror{}", false);
    assert_false(gw_script_call(bench.script, 0, 0, &err));
    assert_true(gw_view_starts_with(gw_view_of(err.message), GW_VIEW("table: ")));
    bench_load(&bench, "\nerror'no service'", false);
    assert_false(gw_script_call(bench.script, 0, 0, &err));
    assert_string_equal(err.message, "book.lua:2: no service");
    bench_load(&bench, "error(setmetatable({}, {__tostring = function() error'x' end}))", false);
    assert_false(gw_script_call(bench.script, 0, 0, &err));
    assert_string_equal(err.message, "script: raised a table that cannot be printed");
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lua_itself_is_there),
        cmocka_unit_test(what_reaches_outside_is_not),
        cmocka_unit_test(unknown_globals_name_their_place_and_the_nearest),
        cmocka_unit_test(globals_cannot_be_written),
        cmocka_unit_test(libraries_cannot_be_changed),
        cmocka_unit_test(finalizers_are_refused),
        cmocka_unit_test(a_compiled_chunk_is_refused),
        cmocka_unit_test(a_syntax_error_names_file_and_line),
        cmocka_unit_test(a_shebang_and_a_byte_order_mark_are_skipped),
        cmocka_unit_test(pairs_has_one_order),
        cmocka_unit_test(memory_has_a_ceiling),
        cmocka_unit_test(a_seed_repeats_the_random_numbers),
        cmocka_unit_test(an_endless_loop_is_stopped),
        cmocka_unit_test(nor_can_it_hide),
        cmocka_unit_test(a_protected_call_with_a_handler_is_as_in_lua),
        cmocka_unit_test(an_interrupt_stops_running_code_and_only_that),
        cmocka_unit_test(a_call_outside_tasks_reports_its_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
