/* script/internal: what the files of this folder share. */
#ifndef GW_SCRIPT_INTERNAL_H
#define GW_SCRIPT_INTERNAL_H

#include <signal.h>
#include <time.h>

#include "script/script.h"

/* Registry slots: found without a name, so fetching one neither allocates nor raises. */
enum gw_slot {
    GW_SLOT_GLOBALS,     /* what every chunk may read */
    GW_SLOT_ENV,         /* _ENV of runbooks */
    GW_SLOT_ENV_TRUSTED, /* _ENV of chunks that may require host.* */
    GW_SLOT_HOST,        /* name -> host module */
    GW_SLOT_LOADED,      /* name -> module */
    GW_SLOT_FRONTS,      /* name -> what a chunk that is not trusted gets of it */
    GW_SLOT_OWN,         /* name -> module of the script's own folder */
    GW_SLOT_NULL,        /* json.null */
    GW_SLOT_ARRAY,       /* metatables from here on */
    GW_SLOT_ERROR,
    GW_SLOT_SECRET,
    GW_SLOT_ARENA,
    GW_SLOT_BUF,
    GW_SLOT_WAIT,
    GW_SLOT_GUARD,
    GW_SLOT_COUNT
};

#define GW_SCRIPT_MAX_REQUIRE 32 /* modules that require each other in a row */

struct gw_script {
    lua_State *L;
    struct gw_loop *loop;
    size_t limit_bytes, used_bytes;
    size_t arena_bytes; /* of bindings, for calls under way; they count towards the limit */
    int slots[GW_SLOT_COUNT];

    char *own_folder; /* NULL: none */
    char **folders;
    size_t folder_count;
    const struct gw_script_module *modules; /* ends with name NULL */
    const char *const *open;                /* as in gw_script_options */
    void (*loaded)(void *ctx, const char *path, struct gw_view text);
    void *loaded_ctx;
    const char *loading[GW_SCRIPT_MAX_REQUIRE];
    size_t loading_count;

    volatile sig_atomic_t interrupted;
    clock_t busy_limit;
    clock_t stretch_start; /* processor time when Lua was entered */
    int stretch_depth;
    struct gw_script *outer; /* whose code called into this one; NULL: none */
    int stop_count;          /* times that this stretch was told to stop */

    int refusals; /* times that there was no more memory */

    struct gw_task *tasks; /* newest first */
    int task_count;
    struct gw_task *running; /* the one whose Lua code runs now */
};

/* state.c */

/* Stores the value on top of the stack. [-1, +0, m] */
void gw_script_set_slot(struct gw_script *script, enum gw_slot slot);
int gw_script_push_slot(lua_State *L, enum gw_slot slot); /* its type [-0, +1, -] */
/* Puts the slot's metatable on the value on top. [-0, +0, -] */
void gw_script_set_meta(lua_State *L, enum gw_slot slot);
bool gw_script_has_meta(lua_State *L, int index, enum gw_slot slot); /* [-0, +0, -] */
/* A metatable that scripts can neither see nor change, with these functions. [-0, +0, m] */
void gw_script_new_meta(struct gw_script *script, enum gw_slot slot, const char *name,
                        const luaL_Reg *functions);

/* Between the two, Lua code runs under the busy limit and may be interrupted. They nest. */
void gw_script_enter(struct gw_script *script);
void gw_script_leave(struct gw_script *script);

/* Leaves the function or, on failure, the message; a status as of lua_load. [-0, +1, -] */
int gw_script_load_text(lua_State *L, struct gw_view text, const char *chunk_name, bool trusted);

bool gw_script_is_plain_table(lua_State *L); /* on top, without a metatable [-0, +0, -] */

/* lua_closethread from Lua 5.4.6 on, lua_resetthread before. */
int gw_script_close_thread(lua_State *thread, lua_State *from);

/* sandbox.c */

/* Replaces the table on top by a front that only reads, as do those in it. [-1, +1, m] */
void gw_script_make_read_only(lua_State *L, const char *name);
void gw_script_open_sandbox(struct gw_script *script, uint64_t seed);

/* The name nearest to `name` among the string keys of the table at `index`. [-0, +0, -] */
struct gw_view gw_script_nearest_key(lua_State *L, int index, struct gw_view name);

/* require.c */
int gw_script_require(lua_State *L);         /* the `require` of runbooks */
int gw_script_require_trusted(lua_State *L); /* and of trusted chunks */

/* order.c */
int gw_script_pairs(lua_State *L);

/* ordered.c */

/* Leaves the list of keys of an ordered map; false, and nothing, for any other value. [-0, +?, -] */
bool gw_script_push_order(lua_State *L, int index);

/* coroutine.c */
void gw_script_open_coroutine_library(struct gw_script *script); /* leaves it [-0, +1, m] */

/* task.c */

/* The first function of a thread, above it on the stack what it is to run, and the arguments. */
int gw_script_thread_body(lua_State *L);
void gw_script_open_tasks(struct gw_script *script);
lua_State *gw_task_thread(const struct gw_task *task);
bool gw_task_owns_thread(lua_State *L); /* a task's own thread, not a coroutine inside it */
/* Suspends `L` until the wait is finished, then calls `resumed`. [-0, +?, e] */
int gw_task_yield(lua_State *L, struct gw_wait *wait, lua_KContext ctx, lua_KFunction resumed);
/* What a suspended thread awaits; NULL for one that is not suspended by gw_task_yield. */
struct gw_wait *gw_task_awaited(lua_State *thread);
void gw_task_clear_yield(lua_State *thread); /* before it is resumed */

/* anchor.c, convert.c, error.c, secret.c */
void gw_script_open_anchors(struct gw_script *script);
void gw_script_open_conversion(struct gw_script *script);
void gw_script_open_errors(struct gw_script *script);
void gw_script_open_secrets(struct gw_script *script);

/* What using one is told. */
#define GW_LOST_SECRET                                                                             \
    "a secret is not kept over a restart: give the parameter again (--NAME file://PATH), or undo " \
    "the step that gave it"

#endif
