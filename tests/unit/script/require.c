/* Modules: where they are found, what they may see, what goes wrong with them. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

#define MODULE(name, text)                                                                         \
    {                                                                                              \
        name, text, sizeof(text) - 1                                                               \
    }

static const struct gw_script_module modules[] = {MODULE("ecs", "return { from = 'built-in' }"),
                                                  MODULE("sim.ecs", "return { name = ... }"),
                                                  MODULE("json", "return require 'host.json'"),
                                                  MODULE("ring_a", "return require 'ring_b'"),
                                                  MODULE("ring_b", "return require 'ring_c'"),
                                                  MODULE("ring_c", "return require 'ring_a'"),
                                                  MODULE("empty", ""),
                                                  MODULE("broken", "\nlocal ="),
                                                  MODULE("failing", "\nerror 'no service'"),
                                                  MODULE("misspelt", "return require 'host.jsn'"),
                                                  MODULE("waiting", "wait()"),
                                                  {NULL, NULL, 0}};

static char folder[64];

static void put(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void take_away(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/gwrun-require-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int wait(lua_State *L)
{
    gw_wait_push(L, NULL, NULL, NULL);
    return 0;
}

static void open_bench(struct bench *bench)
{
    const char *folders[] = {folder, "/nonexistent", NULL};
    struct gw_script_options options = {.folders = folders, .modules = modules};
    bench_open(bench, &options);
    lua_newtable(bench->L);
    lua_pushliteral(bench->L, "the host's");
    lua_setfield(bench->L, -2, "from");
    gw_script_set_host(bench->script, "json");
    lua_pushcfunction(bench->L, wait);
    gw_script_set_global(bench->script, "wait");
}

static void run_cases(const struct bench_case *cases, size_t count)
{
    struct bench bench;
    open_bench(&bench);
    bench_check(&bench, cases, count);
    bench_close(&bench);
}

#define RUN_CASES(cases) run_cases(cases, sizeof(cases) / sizeof *(cases))

static void built_in_modules_are_found(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"return require'ecs'.from", "built-in"},
        {"return require'sim.ecs'.name", "sim.ecs"},
        {"return require'ecs' == require'ecs'", "true"},
        {"return require'json'.from", "the host's"},
    };
    RUN_CASES(cases);
}

static void a_file_comes_before_the_built_in_module(void **state)
{
    (void)state;
    put("ecs.lua", "return { from = 'disk' }");
    static const struct bench_case cases[] = {{"return require'ecs'.from", "disk"}};
    RUN_CASES(cases);
    take_away("ecs.lua");
}

static void a_dot_is_a_folder(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/team", folder);
    mkdir(path, 0700);
    put("team/tools.lua", "return 'from ' .. ...");
    static const struct bench_case cases[] = {{"return require'team.tools'", "from team.tools"}};
    RUN_CASES(cases);
    take_away("team/tools.lua");
    rmdir(path);
}

static void names_are_checked(void **state)
{
    (void)state;
    static const char *const names[] = {"",   "..", "../etc", "/etc/passwd", "a..b",
                                        ".a", "a.", "Ecs",    "a/b",         "a\\0b"};
    struct bench bench;
    open_bench(&bench);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[64];
        snprintf(text, sizeof text, "require'%s'", names[i]);
        const char *outcome = bench_run(&bench, text);
        assert_non_null(strstr(outcome, "' is no module name (a-z, 0-9 and _, parts joined by .)"));
    }
    assert_string_equal(bench_run(&bench, "require'../etc'"),
                        "error: book.lua:1: require: '../etc' is no module name (a-z, 0-9 and _, "
                        "parts joined by .)");
    bench_close(&bench);
}

static void a_missing_module_says_where_it_was_looked_for(void **state)
{
    (void)state;
    char expected[256];
    struct bench bench;
    put("service.lua", "return {}");
    open_bench(&bench);
    snprintf(expected, sizeof expected,
             "error: book.lua:1: require: no module 'servce', did you mean 'service'? (looked in "
             "%s, /nonexistent, the built-in modules)",
             folder);
    assert_string_equal(bench_run(&bench, "require'servce'"), expected);
    snprintf(
        expected, sizeof expected,
        "error: book.lua:1: require: no module 'zzz' (looked in %s, /nonexistent, the built-in "
        "modules)",
        folder);
    assert_string_equal(bench_run(&bench, "require'zzz'"), expected);
    bench_close(&bench);
    take_away("service.lua");
}

static void host_modules_are_for_the_stdlib(void **state)
{
    (void)state;
    put("mine.lua", "return require 'host.json'");
    static const struct bench_case cases[] = {
        {"require'host.json'",
         "error: book.lua:1: require: module 'host.json' is for the stdlib only"},
        {"require'misspelt'",
         "error: stdlib/misspelt.lua:1: require: no module 'host.jsn', did you mean 'host.json'?"},
    };
    RUN_CASES(cases);

    struct bench bench;
    open_bench(&bench);
    const char *outcome = bench_run(&bench, "require'mine'");
    assert_non_null(strstr(outcome, "mine.lua:1: require: module 'host.json' is for the stdlib"));
    take_away("mine.lua");
    bench_close(&bench);
}

static void a_replaced_stdlib_module_keeps_its_trust(void **state)
{
    (void)state;
    put("json.lua", "return { host = require 'host.json' }");
    static const struct bench_case cases[] = {{"return require'json'.host.from", "the host's"}};
    RUN_CASES(cases);
    take_away("json.lua");
}

static void what_goes_wrong_in_a_module_is_told(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"require'ring_a'", "error: stdlib/ring_c.lua:1: require: module 'ring_a' requires itself "
                            "(ring_a -> ring_b -> ring_c -> ring_a)"},
        {"return (pcall(require, 'ring_a')), require'ecs'.from", "false | built-in"},
        {"require'empty'",
         "error: book.lua:1: require: module 'empty' returned nothing; end it with return"},
        {"require'broken'", "error: stdlib/broken.lua:2: <name> expected near '='"},
        {"require'failing'", "error: stdlib/failing.lua:2: no service"},
        {"require'waiting'",
         "error: stdlib/waiting.lua:1: cannot wait here: inside a module's own code, a sort order, "
         "a gsub replacement or a metamethod"},
    };
    RUN_CASES(cases);
}

static void a_large_file_is_refused(void **state)
{
    (void)state;
    char path[128], expected[256];
    struct bench bench;
    put("large.lua", "");
    snprintf(path, sizeof path, "%s/large.lua", folder);
    assert_int_equal(truncate(path, (1 << 20) + 1), 0);
    open_bench(&bench);
    snprintf(expected, sizeof expected, "error: book.lua:1: require: %s: larger than 1 MiB", path);
    assert_string_equal(bench_run(&bench, "require'large'"), expected);
    bench_close(&bench);
    take_away("large.lua");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_modules_are_found),
        cmocka_unit_test(a_file_comes_before_the_built_in_module),
        cmocka_unit_test(a_dot_is_a_folder),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(a_missing_module_says_where_it_was_looked_for),
        cmocka_unit_test(host_modules_are_for_the_stdlib),
        cmocka_unit_test(a_replaced_stdlib_module_keeps_its_trust),
        cmocka_unit_test(what_goes_wrong_in_a_module_is_told),
        cmocka_unit_test(a_large_file_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
