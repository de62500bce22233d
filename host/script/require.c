/* require: modules from the script's own folder, from others, and built in; each runs once.
 *
 * A name is [a-z0-9_] parts joined by dots; "a.b" is the file a/b.lua in one of the folders. A
 * module that carries the name of a built-in one is part of the stdlib, and trusted: it may require
 * host.*. That is so in the folders that the operator names, never in the script's own: what lies
 * there is the script's, and the stdlib does not see it. Who is not trusted can read those modules
 * of the stdlib that are open, and not write them. A module's own code cannot wait, so loading is
 * never interleaved.
 * Limits: 1 MiB a file, 128 bytes a name, 32 modules deep. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "script/internal.h"

#define MAX_FILE_BYTES ((off_t)1 << 20)
#define MAX_NAME_BYTES 128
#define MAX_CANDIDATES 512

static const struct gw_view host_prefix = {"host.", 5};

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_module_name(struct gw_view name)
{
    struct gw_view part;
    if (name.len == 0 || name.len > MAX_NAME_BYTES || name.data[name.len - 1] == '.') {
        return false;
    }
    while (gw_view_next(&name, '.', &part)) {
        for (size_t i = 0; i < part.len; i++) {
            if (!is_name_char(part.data[i])) {
                return false;
            }
        }
        if (part.len == 0) {
            return false;
        }
    }
    return true;
}

static const struct gw_script_module *find_builtin(const struct gw_script *script, const char *name)
{
    const struct gw_script_module *module = script->modules;
    while (module->name && strcmp(module->name, name) != 0) {
        module++;
    }
    return module->name ? module : NULL;
}

static bool is_open(const struct gw_script *script, const char *name)
{
    const char *const *open = script->open;
    while (open && *open && strcmp(*open, name) != 0) {
        open++;
    }
    return !open || *open;
}

/* "sim.ecs" -> "sim/ecs.lua" */
static struct gw_view file_name(struct gw_arena *arena, const char *name)
{
    struct gw_view file = gw_arena_printf(arena, "%s.lua", name);
    char *text = (char *)file.data;
    for (size_t i = 0; name[i]; i++) {
        text[i] = name[i] == '.' ? '/' : name[i];
    }
    return file;
}

/* The whole file. NULL data and no error: there is none. */
static bool read_file(const char *path, struct gw_arena *arena, struct gw_view *text,
                      struct gw_err *err)
{
    struct stat info;
    *text = GW_VIEW_NONE;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
        return true;
    }
    if (info.st_size > MAX_FILE_BYTES) {
        return gw_fail(err, GW_ERR_LIMIT, "%s: larger than 1 MiB", path);
    }
    FILE *file = fopen(path, "rb");
    if (!file) {
        return gw_fail(err, GW_ERR_IO, "%s: cannot be opened", path);
    }
    char *data = gw_arena_alloc(arena, (size_t)info.st_size + 1);
    size_t len = fread(data, 1, (size_t)info.st_size, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed) {
        return gw_fail(err, GW_ERR_IO, "%s: cannot be read", path);
    }
    *text = (struct gw_view){data, len};
    return true;
}

struct source {
    struct gw_view text; /* NULL data: the module does not exist */
    const char *chunk_name;
    bool trusted;
};

static bool read_source(struct gw_script *script, const char *folder, struct gw_view file,
                        struct gw_arena *arena, struct source *source, struct gw_err *err)
{
    source->chunk_name = gw_arena_printf(arena, "%s/%.*s", folder, GW_VIEW_ARGS(file)).data;
    if (!read_file(source->chunk_name, arena, &source->text, err)) {
        return false;
    }
    if (source->text.data && script->loaded) {
        script->loaded(script->loaded_ctx, source->chunk_name, source->text);
    }
    return true;
}

static bool find_own(struct gw_script *script, const char *name, struct gw_arena *arena,
                     struct source *source, struct gw_err *err)
{
    *source = (struct source){.trusted = false};
    return !script->own_folder ||
           read_source(script, script->own_folder, file_name(arena, name), arena, source, err);
}

static bool find_source(struct gw_script *script, const char *name, struct gw_arena *arena,
                        struct source *source, struct gw_err *err)
{
    const struct gw_script_module *builtin = find_builtin(script, name);
    struct gw_view file = file_name(arena, name);
    *source = (struct source){.trusted = builtin != NULL};
    for (size_t i = 0; i < script->folder_count && !source->text.data; i++) {
        if (!read_source(script, script->folders[i], file, arena, source, err)) {
            return false;
        }
    }
    if (!source->text.data && builtin) {
        source->chunk_name = gw_arena_printf(arena, "stdlib/%s", file.data).data;
        source->text = (struct gw_view){builtin->source, builtin->source_len};
    }
    return true;
}

/* ---- a module that is not there --------------------------------------------------------------
 */

struct names {
    struct gw_view items[MAX_CANDIDATES];
    size_t count;
};

static void add_folder(struct names *names, const char *folder, struct gw_arena *arena)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && names->count < MAX_CANDIDATES && (entry = readdir(dir)) != NULL) {
        struct gw_view file = gw_view_of(entry->d_name);
        struct gw_view stem = gw_view_sub(file, 0, file.len > 4 ? file.len - 4 : 0);
        if (gw_view_ends_with(file, GW_VIEW(".lua")) && is_module_name(stem)) {
            names->items[names->count++] = gw_arena_dup(arena, stem);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

static struct gw_view nearest_module(struct gw_script *script, const char *name,
                                     struct gw_arena *arena)
{
    struct names *names = gw_arena_alloc(arena, sizeof *names);
    for (size_t i = 0; script->modules[i].name && names->count < MAX_CANDIDATES; i++) {
        if (is_open(script, script->modules[i].name)) {
            names->items[names->count++] = gw_view_of(script->modules[i].name);
        }
    }
    if (script->own_folder) {
        add_folder(names, script->own_folder, arena);
    }
    for (size_t i = 0; i < script->folder_count; i++) {
        add_folder(names, script->folders[i], arena);
    }
    return gw_view_nearest(gw_view_of(name), names->items, names->count);
}

static int raise_missing(lua_State *L, const char *name, struct gw_arena *arena)
{
    struct gw_script *script = gw_script_of(L);
    struct gw_view near = nearest_module(script, name, arena);
    struct gw_view hint = {"", 0}, folders = {"", 0};
    if (near.len > 0) {
        hint = gw_arena_printf(arena, ", did you mean '%.*s'?", GW_VIEW_ARGS(near));
    }
    if (script->own_folder) {
        folders = gw_arena_printf(arena, "%s, ", script->own_folder);
    }
    for (size_t i = 0; i < script->folder_count; i++) {
        folders = gw_arena_printf(arena, "%s%s, ", folders.data, script->folders[i]);
    }
    return luaL_error(L, "require: no module '%s'%s (looked in %sthe built-in modules)", name,
                      hint.data, folders.data);
}

/* ---- loading -------------------------------------------------------------------------------- */

static void check_not_loading(lua_State *L, const char *name)
{
    struct gw_script *script = gw_script_of(L);
    size_t first = 0;
    while (first < script->loading_count && strcmp(script->loading[first], name) != 0) {
        first++;
    }
    if (first == script->loading_count) {
        return;
    }
    lua_pushliteral(L, "");
    for (size_t i = first; i < script->loading_count; i++) {
        lua_pushfstring(L, "%s%s -> ", lua_tostring(L, -1), script->loading[i]);
        lua_remove(L, -2);
    }
    luaL_error(L, "require: module '%s' requires itself (%s%s)", name, lua_tostring(L, -1), name);
}

/* Calls the loader on top with the module's name and leaves the module. [-1, +1, e] */
static void run_loader(lua_State *L, const char *name)
{
    struct gw_script *script = gw_script_of(L);
    if (script->loading_count == GW_SCRIPT_MAX_REQUIRE) {
        luaL_error(L, "require: more than %d modules require each other in a row",
                   GW_SCRIPT_MAX_REQUIRE);
    }
    lua_pushstring(L, name);
    script->loading[script->loading_count++] = name;
    int status = lua_pcall(L, 1, 1, 0);
    script->loading_count--;
    if (status != LUA_OK) {
        lua_error(L);
    }
    if (lua_isnil(L, -1)) {
        luaL_error(L, "require: module '%s' returned nothing; end it with return", name);
    }
}

static void run_source(lua_State *L, const char *name, const struct source *source)
{
    check_not_loading(L, name);
    if (gw_script_load_text(L, source->text, source->chunk_name, source->trusted) != LUA_OK) {
        lua_error(L);
    }
    run_loader(L, name);
}

/* Keeps what is on top as the slot's `name`. [-0, +0, m] */
static void keep(lua_State *L, enum gw_slot slot, const char *name)
{
    gw_script_push_slot(L, slot);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

/* True and the module, where the slot has it. [-0, +?, m] */
static bool push_kept(lua_State *L, enum gw_slot slot, const char *name)
{
    gw_script_push_slot(L, slot);
    bool has = lua_getfield(L, -1, name) != LUA_TNIL;
    lua_remove(L, -2);
    if (!has) {
        lua_pop(L, 1);
    }
    return has;
}

/* Leaves the module, of the folders or built in. [-0, +1, e] */
static void push_module(lua_State *L, const char *name)
{
    struct source source;
    struct gw_err err = {0};
    if (push_kept(L, GW_SLOT_LOADED, name)) {
        return;
    }
    struct gw_arena *arena = gw_push_arena(L);
    if (!find_source(gw_script_of(L), name, arena, &source, &err)) {
        luaL_error(L, "require: %s", err.message);
    }
    if (!source.text.data) {
        raise_missing(L, name, arena);
    }
    run_source(L, name, &source);
    keep(L, GW_SLOT_LOADED, name);
}

/* True and the module, where the script's own folder has it. [-0, +?, e] */
static bool push_own_module(lua_State *L, const char *name)
{
    struct source source;
    struct gw_err err = {0};
    if (push_kept(L, GW_SLOT_OWN, name)) {
        return true;
    }
    struct gw_arena *arena = gw_push_arena(L);
    if (!find_own(gw_script_of(L), name, arena, &source, &err)) {
        luaL_error(L, "require: %s", err.message);
    }
    if (!source.text.data) {
        return false;
    }
    run_source(L, name, &source);
    keep(L, GW_SLOT_OWN, name);
    return true;
}

/* What a chunk that is not trusted gets of a module of the folders or the stdlib. [-0, +1, e] */
static void push_front(lua_State *L, const char *name)
{
    bool is_builtin = find_builtin(gw_script_of(L), name) != NULL;
    if (push_kept(L, GW_SLOT_FRONTS, name)) {
        return;
    }
    if (is_builtin && !is_open(gw_script_of(L), name)) {
        luaL_error(L, "require: module '%s' is for the stdlib only", name);
    }
    push_module(L, name);
    if (is_builtin && gw_script_is_plain_table(L)) {
        gw_script_make_read_only(L, name);
    }
    keep(L, GW_SLOT_FRONTS, name);
}

static int require_host(lua_State *L, struct gw_view name, bool trusted)
{
    if (!trusted) {
        return luaL_error(L, "require: module '%s' is for the stdlib only", name.data);
    }
    const char *member = name.data + host_prefix.len;
    gw_script_push_slot(L, GW_SLOT_HOST);
    if (lua_getfield(L, -1, member) != LUA_TNIL) {
        return 1;
    }
    struct gw_view near = gw_script_nearest_key(L, -2, gw_view_of(member));
    if (near.len == 0) {
        return luaL_error(L, "require: no module '%s'", name.data);
    }
    return luaL_error(L, "require: no module '%s', did you mean 'host.%s'?", name.data, near.data);
}

/* Is it one of the stdlib's that scripts share? It comes before a file beside the script: a runbook may
 * have the name of the module that it is about (logs.lua), and none may stand in for it. */
static bool is_common(const struct gw_script *script, const char *name)
{
    return script->open && find_builtin(script, name) && is_open(script, name);
}

static int require(lua_State *L, bool trusted)
{
    struct gw_view name = gw_check_view(L, 1);
    lua_settop(L, 1);
    if (!is_module_name(name)) {
        return luaL_error(L, "require: '%s' is no module name (a-z, 0-9 and _, parts joined by .)",
                          name.data);
    }
    if (gw_view_starts_with(name, host_prefix)) {
        return require_host(L, name, trusted);
    }
    if (trusted) {
        push_module(L, name.data);
    } else if (is_common(gw_script_of(L), name.data) || !push_own_module(L, name.data)) {
        push_front(L, name.data);
    }
    return 1;
}

int gw_script_require(lua_State *L)
{
    return require(L, false);
}

int gw_script_require_trusted(lua_State *L)
{
    return require(L, true);
}
