/* coroutine: the coroutines of scripts, through which a task can wait. When the code inside one
 * awaits an operation, the coroutine yields to its resumer's resumer and so on up to the task, and
 * is resumed the same way; the script sees nothing of it. So a generator may call AWS.
 *
 * create, resume, wrap, close and yield replace Lua's own; status, running and isyieldable are
 * Lua's. The thread of a task, and any coroutine while it awaits, cannot be resumed or closed. */
#include "script/internal.h"

enum style { STYLE_RESUME, STYLE_WRAP };

/* A to-be-closed value beside a coroutine that awaits: when the resumer is cancelled or fails, the
 * coroutine is closed too, or its own to-be-closed values would stay open. */
static int close_guarded(lua_State *L)
{
    lua_getiuservalue(L, 1, 1);
    lua_State *co = lua_tothread(L, -1);
    if (co && gw_task_awaited(co)) {
        gw_script_close_thread(co, L);
    }
    return 0;
}

static void push_guard(lua_State *L)
{
    lua_newuserdatauv(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    gw_script_set_meta(L, GW_SLOT_GUARD);
    lua_toclose(L, -1);
}

static int fail_resume(lua_State *L, const char *reason, enum style style)
{
    if (style == STYLE_WRAP) {
        return luaL_error(L, "%s", reason);
    }
    lua_pushboolean(L, 0);
    lua_pushstring(L, reason);
    return 2;
}

/* Takes the error value from the top of the coroutine's stack. */
static int pass_error(lua_State *L, lua_State *co, enum style style)
{
    if (style == STYLE_RESUME) {
        lua_xmove(co, L, 1); /* first: `co` may be `L`, which cannot resume itself */
        lua_pushboolean(L, 0);
        lua_insert(L, -2);
        return 2;
    }
    if (lua_status(co) != LUA_OK) { /* it was running and failed, not refused to be resumed */
        gw_script_close_thread(co, L);
    }
    lua_xmove(co, L, 1);
    return lua_error(L);
}

static int pass_results(lua_State *L, lua_State *co, int count, enum style style)
{
    if (!lua_checkstack(L, count + 1)) {
        lua_pop(co, count);
        return fail_resume(L, "too many results to resume", style);
    }
    if (style == STYLE_RESUME) {
        lua_pushboolean(L, 1);
    }
    lua_xmove(co, L, count);
    return count + (style == STYLE_RESUME);
}

static int resume_again(lua_State *L, int status, lua_KContext style);

/* Index 1: the coroutine; index 2: its guard, once it has awaited. */
static int step(lua_State *L, lua_State *co, int arg_count, enum style style)
{
    int count = 0;
    int status = lua_resume(co, L, arg_count, &count);
    if (status != LUA_OK && status != LUA_YIELD) {
        return pass_error(L, co, style);
    }
    struct gw_wait *wait = gw_task_awaited(co);
    if (!wait) {
        return pass_results(L, co, count, style);
    }
    if (lua_gettop(L) == 1) {
        push_guard(L);
    }
    return gw_task_yield(L, wait, style, resume_again);
}

static int resume_again(lua_State *L, int status, lua_KContext style)
{
    (void)status;
    lua_State *co = lua_tothread(L, 1);
    gw_task_clear_yield(co);
    return step(L, co, 0, (enum style)style);
}

/* It has not run yet: the function is an argument of the thread's body. */
static bool is_new(lua_State *co)
{
    lua_Debug unused;
    return lua_status(co) == LUA_OK && !lua_getstack(co, 0, &unused) && lua_gettop(co) > 0;
}

/* Index 1: the coroutine; above it the arguments. */
static int resume(lua_State *L, enum style style)
{
    lua_State *co = lua_tothread(L, 1);
    int arg_count = lua_gettop(L) - 1;
    bool starts = is_new(co);
    if (gw_task_awaited(co)) {
        return fail_resume(L, "cannot resume a coroutine that is waiting", style);
    }
    if (!lua_checkstack(co, arg_count)) {
        return fail_resume(L, "too many arguments to resume", style);
    }
    lua_xmove(L, co, arg_count);
    return step(L, co, arg_count + starts, style);
}

static int coroutine_resume(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTHREAD);
    return resume(L, STYLE_RESUME);
}

static int resume_wrapped(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    return resume(L, STYLE_WRAP);
}

static int coroutine_create(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushcfunction(co, gw_script_thread_body);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    return 1;
}

static int coroutine_wrap(lua_State *L)
{
    coroutine_create(L);
    lua_pushcclosure(L, resume_wrapped, 1);
    return 1;
}

/* Lua's own close, upvalue 1, after the one check that it cannot make. */
static int coroutine_close(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTHREAD);
    if (gw_task_awaited(lua_tothread(L, 1))) {
        return luaL_error(L, "cannot close a coroutine that is waiting");
    }
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int coroutine_yield(lua_State *L)
{
    if (gw_task_owns_thread(L)) {
        return luaL_error(L, "attempt to yield from outside a coroutine");
    }
    return lua_yield(L, lua_gettop(L));
}

void gw_script_open_coroutine_library(struct gw_script *script)
{
    static const luaL_Reg functions[] = {{"create", coroutine_create},
                                         {"resume", coroutine_resume},
                                         {"wrap", coroutine_wrap},
                                         {"yield", coroutine_yield},
                                         {NULL, NULL}};
    static const luaL_Reg guard[] = {{"__close", close_guarded}, {NULL, NULL}};
    lua_State *L = script->L;
    gw_script_new_meta(script, GW_SLOT_GUARD, "guard", guard);
    luaL_requiref(L, "coroutine", luaopen_coroutine, 0);
    luaL_setfuncs(L, functions, 0);
    lua_getfield(L, -1, "close");
    lua_pushcclosure(L, coroutine_close, 1);
    lua_setfield(L, -2, "close");
}
