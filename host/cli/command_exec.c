/* command_exec: gwrun exec [SERVICE] -- COMMAND, a program inside a container on this terminal. It is
 * the runbook exec.lua, so that gate, confirmation, journal and coordinates are those of every run;
 * here is only what its command line has besides. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/internal.h"

struct line {
    const char *const *words; /* behind "--" */
    size_t word_count;
    bool has_status;
    int status;
};

/* set_status(n): what the program ended with */
static int set_status(lua_State *L)
{
    struct line *line = lua_touserdata(L, lua_upvalueindex(1));
    line->status = (int)luaL_checkinteger(L, 1);
    line->has_status = true;
    return 0;
}

/* A terminal at both ends is the program's; else nothing is read from one, for a question may stand
 * there, nor from /dev/null. */
static const char *io_of_streams(void)
{
    struct stat input;
    bool is_device = fstat(STDIN_FILENO, &input) == 0 && S_ISCHR(input.st_mode);
    bool is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    return is_terminal ? "terminal" : is_device ? "show" : "pipe";
}

/* host.exec_line: { words =, io =, set_status = } */
static void bind_line(void *ctx, struct gw_script *script)
{
    const struct line *line = ctx;
    lua_State *L = gw_script_state(script);
    lua_createtable(L, 0, 3);
    lua_createtable(L, (int)line->word_count, 0);
    for (size_t i = 0; i < line->word_count; i++) {
        lua_pushstring(L, line->words[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "words");
    lua_pushstring(L, io_of_streams());
    lua_setfield(L, -2, "io");
    lua_pushlightuserdata(L, ctx);
    lua_pushcclosure(L, set_status, 1);
    lua_setfield(L, -2, "set_status");
    gw_script_set_host(script, "exec_line");
}

/* "gwrun exec web ls": what would be meant is clear, and is not what is written. */
static bool lacks_dashes(const struct gw_cli_options *options)
{
    return !options->has_plain && options->rest_count > 1 && options->rest[0][0] != '-' &&
           options->rest[1][0] != '-';
}

int gw_cli_exec(const struct gw_cli_options *options)
{
    if (lacks_dashes(options)) {
        return gw_cli_fail_with(GW_EXIT_USAGE,
                                "exec: the command stands behind '--': gwrun exec %s -- %s",
                                options->rest[0], options->rest[1]);
    }
    size_t own_count = options->has_plain ? options->plain_from : options->rest_count;
    struct line line = {.words = options->rest + own_count,
                        .word_count = options->rest_count - own_count};
    struct gw_cli_manner manner = {bind_line, &line};
    struct gw_cli_options runbook = *options;
    const char **args = gw_alloc((own_count + 2) * sizeof *args);
    size_t count = 0;
    for (size_t i = 0; i < own_count; i++) {
        if (i == 0 && options->rest[i][0] != '-') {
            args[count++] = "--service"; /* the first word may be the service's name */
        }
        args[count++] = options->rest[i];
    }
    runbook.rest = args;
    runbook.rest_count = count;
    int exit_code = gw_cli_execute_quietly(&runbook, &manner);
    free(args);
    return exit_code == GW_EXIT_OK && line.has_status ? line.status : exit_code;
}
