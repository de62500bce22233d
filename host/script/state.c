/* state: one Lua state with a memory ceiling, a limit on running without waiting, and the loading
 * of chunks into the sandbox. The rule on failure is that of base: what cannot be reported to a
 * caller, such as no memory outside a protected call, ends the process with one line.
 *
 * Limits: a long C function (a pattern that backtracks) cannot be interrupted; who runs the process
 * ends it where gw_script_is_stuck. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/internal.h"

#define DEFAULT_MEMORY_BYTES  ((size_t)512 << 20)
#define DEFAULT_BUSY_LIMIT_MS 10000
#define HOOK_INSTRUCTIONS     10000
#define PATIENT_STOPS         3
#define PATIENT_REFUSALS      16
#define STUCK_SECONDS         5
#define CHUNK_NAME_BYTES      512

static void watch(lua_State *L, lua_Debug *unused);

/* A script that catches it and goes on would take long to reach the next look at the clock. */
static void refuse_memory(struct gw_script *script)
{
    lua_State *L = script->running ? gw_task_thread(script->running) : script->L;
    if (++script->refusals > PATIENT_REFUSALS && L) {
        lua_sethook(L, watch, LUA_MASKCOUNT, 1);
    }
}

static void *allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    struct gw_script *script = context;
    size_t held = block ? old_size : 0; /* without a block Lua passes a type instead */
    if (new_size == 0) {
        free(block);
        script->used_bytes -= held;
        return NULL;
    }
    size_t used = script->used_bytes + script->arena_bytes;
    size_t left = used < script->limit_bytes ? script->limit_bytes - used : 0;
    if (new_size > held && new_size - held > left) {
        refuse_memory(script);
        return NULL;
    }
    void *moved = realloc(block, new_size);
    if (moved) {
        script->used_bytes = script->used_bytes - held + new_size;
    }
    return moved;
}

static void die(const char *reason)
{
    fprintf(stderr, "gwrun: lua: %s\n", reason);
    exit(70);
}

static int panic(lua_State *L)
{
    const char *text = lua_tostring(L, -1);
    die(text ? text : "error outside a protected call");
    return 0;
}

/* In a hook the function at level 0 is the one that was interrupted. A script may catch the error
 * and go on, so it comes again and again; the first times with room for to-be-closed values to do
 * their work, then at every instruction until the task has ended. */
static void stop_script(lua_State *L, const char *message)
{
    bool patient = ++gw_script_of(L)->stop_count <= PATIENT_STOPS;
    lua_sethook(L, watch, LUA_MASKCOUNT, patient ? HOOK_INSTRUCTIONS : 1);
    luaL_where(L, 0);
    lua_pushstring(L, message);
    lua_concat(L, 2);
    lua_error(L);
}

static void watch(lua_State *L, lua_Debug *unused)
{
    (void)unused;
    struct gw_script *script = gw_script_of(L);
    if (script->interrupted) {
        stop_script(L, "interrupted");
    }
    if (script->refusals > PATIENT_REFUSALS) {
        stop_script(L, "script needs more memory than it may have, again and again");
    }
    if (script->stretch_depth > 0 && clock() - script->stretch_start > script->busy_limit) {
        char message[96];
        double seconds = (double)script->busy_limit / CLOCKS_PER_SEC;
        snprintf(message, sizeof message, "script ran %g s without waiting: endless loop?",
                 seconds);
        stop_script(L, message);
    }
    if (lua_gethookcount(L) != HOOK_INSTRUCTIONS) {
        lua_sethook(L, watch, LUA_MASKCOUNT, HOOK_INSTRUCTIONS);
    }
}

static void copy_folders(struct gw_script *script, const char *const *folders)
{
    size_t count = 0;
    while (folders && folders[count]) {
        count++;
    }
    script->folders = gw_alloc((count + 1) * sizeof *script->folders);
    for (size_t i = 0; i < count; i++) {
        script->folders[i] = gw_view_dup(gw_view_of(folders[i]));
    }
    script->folder_count = count;
}

struct gw_script *gw_script_new(const struct gw_script_options *options)
{
    struct gw_script *script = gw_alloc(sizeof *script);
    static const struct gw_script_module none[] = {{NULL, NULL, 0}};
    int64_t busy_ms = options->busy_limit_ms ? options->busy_limit_ms : DEFAULT_BUSY_LIMIT_MS;
    script->loop = options->loop;
    script->modules = options->modules ? options->modules : none;
    script->open = options->open;
    script->loaded = options->loaded;
    script->loaded_ctx = options->loaded_ctx;
    script->limit_bytes =
        options->memory_limit_bytes ? options->memory_limit_bytes : DEFAULT_MEMORY_BYTES;
    script->busy_limit = (clock_t)((double)busy_ms / 1000 * CLOCKS_PER_SEC);
    copy_folders(script, options->folders);
    script->own_folder = options->own_folder ? gw_view_dup(gw_view_of(options->own_folder)) : NULL;

    script->L = lua_newstate(allocate, script);
    if (!script->L) {
        die("not enough memory");
    }
    lua_atpanic(script->L, panic);
    *(struct gw_script **)lua_getextraspace(script->L) = script; /* new threads copy it */
    lua_sethook(script->L, watch, LUA_MASKCOUNT, HOOK_INSTRUCTIONS);
    gw_script_open_errors(script);
    gw_script_open_anchors(script);
    gw_script_open_secrets(script);
    gw_script_open_conversion(script);
    gw_script_open_tasks(script);
    gw_script_open_sandbox(script, options->seed);
    return script;
}

void gw_script_free(struct gw_script *script)
{
    if (!script) {
        return;
    }
    while (script->tasks) {
        gw_task_cancel(script->tasks);
    }
    lua_close(script->L);
    for (size_t i = 0; i < script->folder_count; i++) {
        free(script->folders[i]);
    }
    free(script->folders);
    free(script->own_folder);
    free(script);
}

lua_State *gw_script_state(struct gw_script *script)
{
    return script->L;
}

struct gw_loop *gw_script_loop(struct gw_script *script)
{
    return script->loop;
}

struct gw_script *gw_script_of(lua_State *L)
{
    return *(struct gw_script **)lua_getextraspace(L);
}

/* ---- registry slots ------------------------------------------------------------------------- */

void gw_script_set_slot(struct gw_script *script, enum gw_slot slot)
{
    script->slots[slot] = luaL_ref(script->L, LUA_REGISTRYINDEX);
}

int gw_script_push_slot(lua_State *L, enum gw_slot slot)
{
    return lua_rawgeti(L, LUA_REGISTRYINDEX, gw_script_of(L)->slots[slot]);
}

void gw_script_set_meta(lua_State *L, enum gw_slot slot)
{
    gw_script_push_slot(L, slot);
    lua_setmetatable(L, -2);
}

bool gw_script_has_meta(lua_State *L, int index, enum gw_slot slot)
{
    if (!lua_getmetatable(L, index)) {
        return false;
    }
    gw_script_push_slot(L, slot);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

void gw_script_new_meta(struct gw_script *script, enum gw_slot slot, const char *name,
                        const luaL_Reg *functions)
{
    lua_State *L = script->L;
    lua_newtable(L); /* meta */
    luaL_setfuncs(L, functions, 0);
    lua_pushstring(L, name);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__name");
    lua_setfield(L, -2, "__metatable");
    gw_script_set_slot(script, slot);
}

/* ---- running -------------------------------------------------------------------------------- */

/* The script whose Lua code runs now, for signal handlers: they are given nothing else. */
static struct gw_script *volatile running;

void gw_script_enter(struct gw_script *script)
{
    if (script->stretch_depth++ == 0) {
        script->interrupted = 0;
        script->stop_count = 0;
        script->stretch_start = clock();
        script->outer = running;
        running = script;
    }
}

void gw_script_leave(struct gw_script *script)
{
    if (--script->stretch_depth == 0) {
        running = script->outer;
    }
}

void gw_script_interrupt(struct gw_script *script)
{
    script->interrupted = 1;
}

bool gw_script_is_stuck(void)
{
    const struct gw_script *script = running;
    return script &&
           clock() - script->stretch_start > script->busy_limit + STUCK_SECONDS * CLOCKS_PER_SEC;
}

bool gw_script_call(struct gw_script *script, int nargs, int nresults, struct gw_err *err)
{
    gw_script_enter(script);
    int status = lua_pcall(script->L, nargs, nresults, 0);
    gw_script_leave(script);
    if (status == LUA_OK) {
        return true;
    }
    gw_script_error_text(script->L, -1, err);
    lua_pop(script->L, 1);
    return false;
}

int gw_script_close_thread(lua_State *thread, lua_State *from)
{
#if LUA_VERSION_RELEASE_NUM >= 50406
    return lua_closethread(thread, from);
#else
    (void)from;
    return lua_resetthread(thread);
#endif
}

/* ---- loading -------------------------------------------------------------------------------- */

/* A first line "#!/usr/bin/env gwrun" is no Lua; its line break stays, so that lines count. */
static struct gw_view skip_shebang(struct gw_view text)
{
    static const struct gw_view mark = {"\xEF\xBB\xBF", 3}; /* UTF-8 byte order mark */
    if (gw_view_starts_with(text, mark)) {
        text = gw_view_sub(text, mark.len, text.len);
    }
    if (!gw_view_starts_with(text, GW_VIEW("#"))) {
        return text;
    }
    return gw_view_sub(text, gw_view_find_char(text, '\n'), text.len);
}

int gw_script_load_text(lua_State *L, struct gw_view text, const char *chunk_name, bool trusted)
{
    char name[CHUNK_NAME_BYTES];
    bool marked = chunk_name[0] == '@' || chunk_name[0] == '=';
    if (gw_view_starts_with(text, GW_VIEW(LUA_SIGNATURE))) {
        lua_pushfstring(L, "%s: compiled chunks are refused; only Lua text is run", chunk_name);
        return LUA_ERRSYNTAX;
    }
    snprintf(name, sizeof name, "%s%s", marked ? "" : "@", chunk_name);
    text = skip_shebang(text);
    int status = luaL_loadbufferx(L, text.data ? text.data : "", text.len, name, "t");
    if (status == LUA_OK) {
        gw_script_push_slot(L, trusted ? GW_SLOT_ENV_TRUSTED : GW_SLOT_ENV);
        lua_setupvalue(L, -2, 1); /* _ENV is the first upvalue of every chunk */
    }
    return status;
}

bool gw_script_load(struct gw_script *script, struct gw_view text, const char *chunk_name,
                    bool trusted, struct gw_err *err)
{
    lua_State *L = script->L;
    if (gw_script_load_text(L, text, chunk_name, trusted) != LUA_OK) {
        gw_script_error_text(L, -1, err);
        lua_pop(L, 1);
        return false;
    }
    return true;
}

void gw_script_set_host(struct gw_script *script, const char *name)
{
    gw_script_push_slot(script->L, GW_SLOT_HOST);
    lua_insert(script->L, -2);
    lua_setfield(script->L, -2, name);
    lua_pop(script->L, 1);
}

bool gw_script_is_plain_table(lua_State *L)
{
    if (lua_istable(L, -1) && lua_getmetatable(L, -1)) {
        lua_pop(L, 1);
        return false;
    }
    return lua_istable(L, -1);
}

void gw_script_set_global(struct gw_script *script, const char *name)
{
    if (gw_script_is_plain_table(script->L)) {
        gw_script_make_read_only(script->L, name);
    }
    gw_script_push_slot(script->L, GW_SLOT_GLOBALS);
    lua_insert(script->L, -2);
    lua_setfield(script->L, -2, name);
    lua_pop(script->L, 1);
}
