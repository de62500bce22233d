/* models_host: host.models, what `gwrun models` (host/models/user.lua) has of the program: files
 * to read, the tables to look into, the folder of added models, and the terminal.
 * Limits: 64 MiB a file, as it lies there and unpacked. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/internal.h"
#include "codec/codec.h"

#define FILE_MAX_BYTES ((size_t)64 << 20)

/* ---- files ----------------------------------------------------------------------------------- */

static bool read_stream(FILE *file, const char *path, struct gw_buf *out, struct gw_err *err)
{
    if (gw_buf_add_file(out, file)) {
        return true;
    }
    return out->full
               ? gw_fail(err, GW_ERR_LIMIT, "%s: larger than %zu bytes", path, out->limit_bytes)
               : gw_fail(err, GW_ERR_IO, "%s: cannot be read (%s)", path, strerror(errno));
}

/* False without an error: there is no such file. */
static bool read_path(const char *path, struct gw_buf *out, struct gw_err *err)
{
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        return S_ISDIR(info.st_mode) ? false : gw_fail(err, GW_ERR_IO, "%s: not a file", path);
    }
    FILE *file = fopen(path, "rb");
    if (!file) {
        return errno == ENOENT || errno == ENOTDIR
                   ? false
                   : gw_fail(err, GW_ERR_IO, "%s: cannot be opened (%s)", path, strerror(errno));
    }
    bool ok = read_stream(file, path, out, err);
    fclose(file);
    return ok;
}

static int push_nothing(lua_State *L, const struct gw_err *err)
{
    if (err->code != GW_ERR_NONE) {
        return gw_push_fail(L, err);
    }
    lua_pushnil(L);
    return 1;
}

/* read(path) -> text, unpacked where the name ends in ".gz" | nil: no such file | nil, err */
static int models_read(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct gw_buf *raw = gw_push_buf(L, FILE_MAX_BYTES);
    struct gw_buf *text = gw_push_buf(L, FILE_MAX_BYTES);
    struct gw_err err = {0};
    if (!read_path(path, raw, &err)) {
        return push_nothing(L, &err);
    }
    if (gw_view_ends_with(gw_view_of(path), GW_VIEW(".gz"))) {
        if (!gw_gzip_read(gw_buf_view(raw), text, &err)) {
            gw_err_prefix(&err, "%s", path);
            return gw_push_fail(L, &err);
        }
        raw = text;
    }
    gw_push_view(L, gw_buf_view(raw));
    return 1;
}

static void read_names(DIR *dir, struct gw_arena *arena, struct gw_value *names)
{
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct gw_view name = gw_view_of(entry->d_name);
        if (name.data[0] != '.') {
            *gw_list_add(arena, names) = gw_value_string(gw_arena_dup(arena, name));
        }
    }
}

/* list(path) -> names | nil: no such folder */
static int models_list(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value names = gw_value_list();
    DIR *dir = opendir(path);
    if (!dir) {
        lua_pushnil(L);
        return 1;
    }
    read_names(dir, arena, &names);
    closedir(dir);
    gw_push_value(L, &names);
    return 1;
}

/* ---- models ---------------------------------------------------------------------------------- */

/* rules() -> text */
static int models_rules(lua_State *L)
{
    gw_push_view(L, gw_models_rules());
    return 1;
}

/* folder() -> path, "" where no variable says where */
static int models_folder(lua_State *L)
{
    struct gw_arena *arena = gw_push_arena(L);
    gw_push_view(L, gw_models_folder(arena));
    return 1;
}

/* now() -> "2025-11-12T03:12:00Z" */
static int models_now(lua_State *L)
{
    struct gw_buf *text = gw_push_buf(L, 64);
    int64_t now_s = gw_clock_wall_ms() / 1000;
    gw_time_write((double)now_s, GW_TIME_ISO8601, text);
    gw_push_view(L, gw_buf_view(text));
    return 1;
}

static bool is_added(lua_State *L, int arg)
{
    static const char *const origins[] = {"built in", "added", NULL};
    return luaL_checkoption(L, arg, NULL, origins) == 1;
}

/* names("built in" | "added") -> list, ascending */
static int models_names(lua_State *L)
{
    bool added = is_added(L, 1);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value names = gw_value_list();
    const struct gw_models *builtin = gw_models_builtin();
    for (size_t i = 0; !added && i < gw_models_count(builtin); i++) {
        struct gw_view name = gw_service_name(gw_models_service(builtin, i));
        *gw_list_add(arena, &names) = gw_value_string(name);
    }
    if (added) {
        names = gw_user_model_names(arena);
    }
    gw_push_value(L, &names);
    return 1;
}

static void add_text(struct gw_arena *arena, struct gw_value *map, const char *key,
                     struct gw_view text)
{
    *gw_map_add(arena, map, gw_view_of(key)) = gw_value_string(text);
}

static const char *effect_name(enum gw_effect effect)
{
    static const char *const names[] = {"read", "read-secret", "change", "destroy"};
    return names[effect];
}

static struct gw_value describe_operation(const struct gw_operation *op, struct gw_arena *arena)
{
    struct gw_value out = gw_value_map();
    struct gw_view prefix = gw_service_iam_prefix(gw_operation_service(op));
    struct gw_view name = gw_operation_name(op);
    add_text(arena, &out, "name", name);
    add_text(arena, &out, "snake_name", gw_operation_snake_name(op));
    add_text(arena, &out, "effect", gw_view_of(effect_name(gw_operation_effect(op))));
    add_text(arena, &out, "action",
             gw_arena_printf(arena, "%.*s:%.*s", GW_VIEW_ARGS(prefix), GW_VIEW_ARGS(name)));
    *gw_map_add(arena, &out, GW_VIEW("pages")) = gw_value_bool(gw_operation_paginator(op) != NULL);
    return out;
}

static const char *protocol_name(enum gw_protocol protocol)
{
    static const char *const names[] = {"json",      "query",    "ec2",
                                        "rest-json", "rest-xml", "rpc-v2-cbor"};
    return names[protocol];
}

static void describe_service(const struct gw_service *service, struct gw_arena *arena,
                             struct gw_value *out)
{
    struct gw_value operations = gw_value_list();
    for (size_t i = 0; i < gw_service_operation_count(service); i++) {
        *gw_list_add(arena, &operations) =
            describe_operation(gw_service_operation(service, i), arena);
    }
    add_text(arena, out, "id", gw_service_id(service));
    add_text(arena, out, "api_version", gw_service_api_version(service));
    add_text(arena, out, "protocol", gw_view_of(protocol_name(gw_service_protocol(service))));
    *gw_map_add(arena, out, GW_VIEW("operations")) = operations;
    *gw_map_add(arena, out, GW_VIEW("waiters")) =
        gw_value_int((int64_t)gw_service_waiter_count(service));
}

static void describe_added(struct gw_view name, struct gw_arena *arena, struct gw_value *out)
{
    struct gw_user_model model;
    struct gw_err err = {0};
    if (gw_user_model_read(name, arena, &model, &err)) {
        describe_service(gw_models_service(model.models, 0), arena, out);
        *gw_map_add(arena, out, GW_VIEW("bytes")) = gw_value_int((int64_t)model.size_bytes);
    } else {
        add_text(arena, out, "error", gw_arena_dup(arena, gw_view_of(err.message)));
    }
    if (model.about.len > 0) {
        add_text(arena, out, "about", model.about);
    }
}

/* describe(name, "built in" | "added") -> facts, or a table with `error` */
static int models_describe(lua_State *L)
{
    struct gw_view name = gw_check_view(L, 1);
    bool added = is_added(L, 2);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_value out = gw_value_map();
    struct gw_err err = {0};
    const struct gw_service *service = added ? NULL : gw_models_find(gw_models_builtin(), name);
    if (added) {
        describe_added(name, arena, &out);
    } else if (service) {
        describe_service(service, arena, &out);
    } else {
        gw_models_find_service(name, &err); /* for its message */
        add_text(arena, &out, "error", gw_view_of(err.message));
    }
    gw_push_value(L, &out);
    return 1;
}

/* facts(name) -> text | nil, err */
static int models_facts(lua_State *L)
{
    struct gw_view name = gw_check_view(L, 1);
    struct gw_arena *arena = gw_push_arena(L);
    struct gw_view text;
    struct gw_err err = {0};
    if (!gw_user_model_facts(name, arena, &text, &err)) {
        return gw_push_fail(L, &err);
    }
    gw_push_view(L, text);
    return 1;
}

static struct gw_view text_field(lua_State *L, const char *name)
{
    lua_getfield(L, 1, name);
    return gw_check_view(L, -1);
}

/* write{ name=, about=, table=, facts= } -> true | nil, err */
static int models_write(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct gw_user_model_parts parts = {.name = text_field(L, "name"),
                                        .about = text_field(L, "about"),
                                        .table = text_field(L, "table"),
                                        .facts = text_field(L, "facts")};
    struct gw_err err = {0};
    if (!gw_user_model_write(&parts, &err)) {
        return gw_push_fail(L, &err);
    }
    lua_pushboolean(L, true);
    return 1;
}

/* remove(name) -> true | nil, err */
static int models_remove(lua_State *L)
{
    struct gw_err err = {0};
    if (!gw_user_model_remove(gw_check_view(L, 1), &err)) {
        return gw_push_fail(L, &err);
    }
    lua_pushboolean(L, true);
    return 1;
}

/* ---- the terminal ---------------------------------------------------------------------------- */

/* print(text) */
static int models_print(lua_State *L)
{
    struct gw_view text = gw_check_view(L, 1);
    gw_cli_progress("");
    gw_cli_print(stdout, text);
    putchar('\n');
    return 0;
}

/* note(text) */
static int models_note(lua_State *L)
{
    const char *text = luaL_checkstring(L, 1);
    gw_cli_progress("");
    gw_cli_fail_with(GW_EXIT_OK, "%s", text);
    return 0;
}

/* progress(text): in place of the line before; "" takes it away */
static int models_progress(lua_State *L)
{
    gw_cli_progress(luaL_checkstring(L, 1));
    return 0;
}

void gw_cli_bind_models(struct gw_script *script)
{
    static const luaL_Reg functions[] = {
        {"read", models_read},         {"list", models_list},
        {"rules", models_rules},       {"folder", models_folder},
        {"now", models_now},           {"names", models_names},
        {"facts", models_facts},       {"describe", models_describe},
        {"write", models_write},       {"remove", models_remove},
        {"print", models_print},       {"note", models_note},
        {"progress", models_progress}, {NULL, NULL}};
    lua_State *L = gw_script_state(script);
    luaL_newlib(L, functions);
    gw_script_set_host(script, "models");
}
