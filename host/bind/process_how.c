/* process_how: from what a script wants run to what the system is told. There is no shell. The
 * program is looked for in the absolute folders of our own PATH; its environment is PATH, HOME,
 * LANG, TZ and what the gate allows. A secret is taken as standard input only: arguments and
 * environment of a process can be seen from outside.
 * Limits: 1024 words, 64 KiB each; of standard input what memory holds. */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bind/internal.h"
#include "codec/codec.h"

#define MAX_WORDS      1024
#define MAX_WORD_BYTES ((size_t)64 << 10)
#define MAX_VARIABLES  1024
#define MAX_TITLE      300
#define MAX_SHOWN      4096 /* of what it reads */

extern char **environ;

/* ---- reading the table ----------------------------------------------------------------------- */

static void refuse_secret(lua_State *L, const char *where, struct gw_view name)
{
    luaL_error(L, "process.run: a secret in %s '%s' could be seen from outside; give it as stdin",
               where, name.data);
}

/* The text at the top of the stack, which a process may be shown. */
static struct gw_view check_open_text(lua_State *L, struct gw_arena *arena, const char *where,
                                      struct gw_view name)
{
    struct gw_view text, secret;
    if (gw_to_secret(L, -1, &secret)) {
        refuse_secret(L, where, name);
    }
    if (lua_type(L, -1) != LUA_TSTRING) {
        luaL_error(L, "process.run: %s '%s' must be a string, got %s", where, name.data,
                   luaL_typename(L, -1));
    }
    text.data = lua_tolstring(L, -1, &text.len);
    if (text.len > MAX_WORD_BYTES || memchr(text.data, '\0', text.len)) {
        luaL_error(L, "process.run: %s '%s' is longer than 64 KiB, or has a zero byte in it", where,
                   name.data);
    }
    if (gw_bind_holds_secret(text)) {
        refuse_secret(L, where, name);
    }
    return gw_arena_dup(arena, text);
}

static void read_words(lua_State *L, struct gw_bind_command *command)
{
    lua_Unsigned count = lua_rawlen(L, 1);
    if (count == 0 || count > MAX_WORDS) {
        luaL_error(L, "process.run: expected the words of a command, 1 to %d of them", MAX_WORDS);
    }
    const char **arguments =
        gw_arena_alloc(command->arena, ((size_t)count + 1) * sizeof *arguments);
    command->words = gw_value_list();
    for (lua_Unsigned i = 0; i < count; i++) {
        struct gw_view number = gw_arena_printf(command->arena, "%d", (int)i + 1);
        lua_rawgeti(L, 1, (lua_Integer)i + 1);
        struct gw_view word = check_open_text(L, command->arena, "word", number);
        lua_pop(L, 1);
        *gw_list_add(command->arena, &command->words) = gw_value_string(word);
        arguments[i] = word.data;
    }
    command->options.arguments = arguments;
}

static void read_folder(lua_State *L, struct gw_bind_command *command)
{
    if (lua_getfield(L, 1, "cwd") != LUA_TNIL) {
        struct gw_view folder = check_open_text(L, command->arena, "option", GW_VIEW("cwd"));
        command->options.folder = folder.data;
        *gw_map_add(command->arena, &command->params, GW_VIEW("cwd")) = gw_value_string(folder);
    }
    lua_pop(L, 1);
}

static void read_variables(lua_State *L, struct gw_bind_command *command)
{
    struct gw_value set = gw_value_map();
    if (lua_getfield(L, 1, "env") == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_type(L, -2) != LUA_TSTRING || set.as.map.count == MAX_VARIABLES) {
            luaL_error(L, "process.run: option 'env' must be a table of name = text");
        }
        size_t len;
        const char *text = lua_tolstring(L, -2, &len);
        struct gw_view name = gw_arena_dup(command->arena, (struct gw_view){text, len});
        struct gw_view value = check_open_text(L, command->arena, "variable", name);
        *gw_map_add(command->arena, &set, name) = gw_value_string(value);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    *gw_map_add(command->arena, &command->params, GW_VIEW("env")) = set;
}

/* What a plan and the journal show of it: a long text is known by its digest. */
static struct gw_value shown_input(struct gw_bind_command *command, bool is_secret)
{
    struct gw_view input = command->options.input;
    struct gw_value shown = gw_value_string(input);
    shown.secret = is_secret;
    if (!is_secret && input.len > MAX_SHOWN) {
        char digest[2 * GW_SHA256_LEN + 1];
        gw_sha256_hex(input, digest);
        shown.as.string = gw_arena_printf(command->arena, "(%llu bytes, sha256 %s)",
                                          (unsigned long long)input.len, digest);
    }
    return shown;
}

static void read_input(lua_State *L, struct gw_bind_command *command)
{
    struct gw_view input;
    int type = lua_getfield(L, 1, "stdin");
    bool is_secret = gw_to_secret(L, -1, &input);
    if (type != LUA_TNIL) {
        if (!is_secret) {
            luaL_argexpected(L, type == LUA_TSTRING, 1, "string or secret as 'stdin'");
            input.data = lua_tolstring(L, -1, &input.len);
        }
        command->options.input = gw_arena_dup(command->arena, input);
        *gw_map_add(command->arena, &command->params, GW_VIEW("stdin")) =
            shown_input(command, is_secret);
    }
    lua_pop(L, 1);
}

static bool is_plain(struct gw_view word)
{
    for (size_t i = 0; i < word.len; i++) {
        unsigned char c = (unsigned char)word.data[i];
        if (!isalnum(c) && !strchr("_-./:=@%+,", c)) {
            return false;
        }
    }
    return word.len > 0;
}

static struct gw_view title_of(const struct gw_bind_command *command)
{
    struct gw_buf title;
    gw_buf_init(&title, MAX_TITLE);
    gw_buf_add_text(&title, "run");
    for (size_t i = 0; i < command->words.as.list.count; i++) {
        struct gw_view word = command->words.as.list.items[i].as.string;
        const char *quote = is_plain(word) ? "" : "'";
        if (!gw_buf_addf(&title, " %s%.*s%s", quote, GW_VIEW_ARGS(word), quote)) {
            break;
        }
    }
    struct gw_view text = gw_arena_printf(
        command->arena, "%.*s%s", GW_VIEW_ARGS(gw_buf_view(&title)), title.full ? " ..." : "");
    gw_buf_clear(&title);
    return text;
}

void gw_bind_read_command(lua_State *L, struct gw_bind_command *command)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    read_words(L, command);
    command->params = gw_value_map();
    *gw_map_add(command->arena, &command->params, GW_VIEW("command")) = command->words;
    read_folder(L, command);
    read_variables(L, command);
    read_input(L, command);
    command->title = title_of(command);
}

/* ---- making it ready ------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

/* From our folder, whichever it runs in: that one was declared. */
static bool find_by_path(struct gw_bind_command *command, struct gw_view name, struct gw_err *err)
{
    char here[PATH_MAX];
    command->options.program = name.data;
    if (name.data[0] != '/' && getcwd(here, sizeof here)) {
        command->options.program = gw_arena_printf(command->arena, "%s/%s", here, name.data).data;
    }
    return is_program(command->options.program) ||
           gw_fail(err, GW_ERR_NOT_FOUND, "'%s' is no program", name.data);
}

/* An empty or relative folder of PATH would be wherever we happen to stand. */
static bool find_program(struct gw_bind_command *command, struct gw_err *err)
{
    struct gw_view name = command->words.as.list.items[0].as.string;
    struct gw_view rest = gw_view_of(getenv("PATH")), folder;
    if (gw_view_find_char(name, '/') != GW_NPOS) {
        return find_by_path(command, name, err);
    }
    while (gw_view_next(&rest, ':', &folder)) {
        const char *path =
            gw_arena_printf(command->arena, "%.*s/%s", GW_VIEW_ARGS(folder), name.data).data;
        if (path[0] == '/' && folder.len > 0 && is_program(path)) {
            command->options.program = path;
            return true;
        }
    }
    return gw_fail(err, GW_ERR_NOT_FOUND, "no program '%s' in the folders of PATH", name.data);
}

struct environment {
    const char **entries; /* NULL-terminated */
    size_t count;
};

static bool has_variable(const struct environment *out, struct gw_view name)
{
    for (size_t i = 0; i < out->count; i++) {
        struct gw_view entry = gw_view_of(out->entries[i]);
        if (gw_view_starts_with(entry, name) && entry.data[name.len] == '=') {
            return true;
        }
    }
    return false;
}

static void add_variable(struct gw_bind_command *command, struct environment *out,
                         struct gw_view name, struct gw_view value)
{
    if (!has_variable(out, name)) {
        out->entries[out->count++] =
            gw_arena_printf(command->arena, "%.*s=%.*s", GW_VIEW_ARGS(name), GW_VIEW_ARGS(value))
                .data;
    }
}

static bool add_set(struct gw_bind_command *command, struct gw_gate *gate, struct environment *out,
                    struct gw_err *err)
{
    const struct gw_value *set = gw_map_get(&command->params, GW_VIEW("env"));
    for (size_t i = 0; set && i < set->as.map.count; i++) {
        const struct gw_entry *entry = &set->as.map.entries[i];
        if (!gate->variable(gate, entry->key, err)) {
            return false;
        }
        add_variable(command, out, entry->key, entry->value.as.string);
    }
    return true;
}

static bool is_harmless(struct gw_view name)
{
    static const char *const names[] = {"PATH", "HOME", "LANG", "TZ"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (gw_view_equal(name, gw_view_of(names[i]))) {
            return true;
        }
    }
    return false;
}

static void add_ours(struct gw_bind_command *command, struct gw_gate *gate, struct environment *out)
{
    for (size_t i = 0; environ[i]; i++) {
        struct gw_view entry = gw_view_of(environ[i]);
        size_t equals = gw_view_find_char(entry, '=');
        struct gw_view name = gw_view_sub(entry, 0, equals);
        struct gw_view value =
            gw_view_sub(entry, equals == GW_NPOS ? entry.len : equals + 1, GW_NPOS);
        if ((is_harmless(name) || gate->variable(gate, name, NULL)) &&
            !gw_bind_holds_secret(value)) {
            add_variable(command, out, name, value);
        }
    }
}

bool gw_bind_prepare_command(struct gw_bind_command *command, struct gw_gate *gate,
                             struct gw_err *err)
{
    size_t most = 1;
    for (size_t i = 0; environ[i]; i++) {
        most++;
    }
    const struct gw_value *set = gw_map_get(&command->params, GW_VIEW("env"));
    most += set ? set->as.map.count : 0;
    struct environment out = {gw_arena_alloc(command->arena, most * sizeof *out.entries), 0};
    if (!find_program(command, err) || !add_set(command, gate, &out, err)) {
        gw_err_prefix(err, "%.*s", GW_VIEW_ARGS(command->title));
        return false;
    }
    add_ours(command, gate, &out);
    command->options.environment = out.entries;
    return true;
}
