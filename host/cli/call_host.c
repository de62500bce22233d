/* call_host: host.call, what stdlib/call.lua has of the program: its words, files, standard output
 * and the terminal. Bound for `gwrun call` only; runbooks never see it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/internal.h"
#include "codec/codec.h"

#define MAX_FILE_BYTES ((size_t)64 << 20)

static const struct gw_cli_call *call_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* For a terminal, which acts on control characters: all but the tabs are made harmless. */
static void print_line(struct gw_view line)
{
    struct gw_view cell;
    bool first = true;
    while (gw_view_next(&line, '\t', &cell)) {
        fputs(first ? "" : "\t", stdout);
        gw_cli_print(stdout, cell);
        first = false;
    }
    fputc('\n', stdout);
}

/* write(lines): to standard output, as they are unless that is a terminal. What cannot be written
 * is told at the end. */
static int call_write(lua_State *L)
{
    struct gw_view text = gw_check_view(L, 1), line;
    if (!isatty(STDOUT_FILENO)) {
        fwrite(text.data, 1, text.len, stdout);
        return 0;
    }
    while (text.len > 0 && gw_view_next(&text, '\n', &line)) {
        print_line(line);
    }
    return 0;
}

/* say(text): one line on standard error */
static int call_say(lua_State *L)
{
    struct gw_view text = gw_check_view(L, 1);
    gw_cli_progress("");
    fputs("gwrun: ", stderr);
    gw_cli_print(stderr, text);
    fputc('\n', stderr);
    return 0;
}

/* progress(text): replaces the line that tells how far it is, where standard error is a terminal */
static int call_progress(lua_State *L)
{
    gw_cli_progress(luaL_checkstring(L, 1));
    return 0;
}

/* read_file(path) -> bytes | nil, problem */
static int call_read_file(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct gw_buf *text = gw_push_buf(L, MAX_FILE_BYTES);
    if (!gw_buf_add_path(text, path)) {
        int reason = errno;
        lua_pushnil(L);
        lua_pushstring(L, text->full ? "larger than 64 MiB" : strerror(reason));
        return 2;
    }
    gw_push_view(L, gw_buf_view(text));
    return 1;
}

/* env(name) -> text | nil */
static int call_env(lua_State *L)
{
    lua_pushstring(L, getenv(luaL_checkstring(L, 1)));
    return 1;
}

/* base64(bytes) -> text */
static int call_base64(lua_State *L)
{
    struct gw_view bytes = gw_check_view(L, 1);
    struct gw_buf *text = gw_push_buf(L, MAX_FILE_BYTES * 2);
    if (!gw_base64_write(bytes, text)) {
        return luaL_error(L, "base64: too large");
    }
    gw_push_view(L, gw_buf_view(text));
    return 1;
}

/* unbase64(text) -> bytes, or nil where it is not base64 */
static int call_unbase64(lua_State *L)
{
    struct gw_view text = gw_check_view(L, 1), bytes;
    struct gw_arena *arena = gw_push_arena(L);
    if (!gw_base64_read(text, arena, &bytes)) {
        lua_pushnil(L);
        return 1;
    }
    gw_push_view(L, bytes);
    return 1;
}

/* setting(name) -> the profile's text, or nil */
static int call_setting(lua_State *L)
{
    struct gw_view name = gw_check_view(L, 1);
    struct gw_view text = gw_cli_session_setting(call_of(L)->session, name);
    if (text.len == 0) {
        lua_pushnil(L);
    } else {
        gw_push_view(L, text);
    }
    return 1;
}

static void set_args(lua_State *L, const struct gw_cli_options *options)
{
    lua_createtable(L, (int)options->rest_count, 0);
    for (size_t i = 0; i < options->rest_count; i++) {
        lua_pushstring(L, options->rest[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "args");
}

static void set_flags(lua_State *L)
{
    const struct gw_view *names;
    size_t count = gw_cli_option_names(&names);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        gw_push_view(L, names[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "flags");
}

void gw_cli_bind_call(void *ctx, struct gw_script *script)
{
    static const luaL_Reg functions[] = {
        {"write", call_write},         {"say", call_say},         {"progress", call_progress},
        {"read_file", call_read_file}, {"env", call_env},         {"base64", call_base64},
        {"unbase64", call_unbase64},   {"setting", call_setting}, {NULL, NULL}};
    const struct gw_cli_call *call = ctx;
    lua_State *L = gw_script_state(script);
    luaL_newlibtable(L, functions);
    lua_pushlightuserdata(L, ctx);
    luaL_setfuncs(L, functions, 1);
    set_args(L, call->options);
    set_flags(L);
    lua_pushstring(L, call->options->output);
    lua_setfield(L, -2, "output");
    lua_pushboolean(L, call->options->help);
    lua_setfield(L, -2, "help");
    lua_pushboolean(L, !call->options->yes && call->terminal_fd >= 0);
    lua_setfield(L, -2, "asks");
    lua_pushinteger(L, gw_cli_columns(stdout));
    lua_setfield(L, -2, "columns");
    gw_script_set_host(script, "call");
}
