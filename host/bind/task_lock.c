/* lock() -> a lock for tasks: lock:acquire() suspends the task while another has it, lock:release()
 * hands it to who has waited longest. For the stdlib: a task that is cancelled just when it is
 * handed the lock keeps it, so that it suits tasks which are all cancelled together. */
#include "bind/internal.h"

static const char lock_type[] = "gwrun.lock";

struct waiter {
    struct waiter *next;
    struct lock *lock;
    struct gw_wait *wait;
};

struct lock {
    bool held;
    struct waiter *first; /* the one that has waited longest */
};

static void leave(void *ctx)
{
    struct waiter *waiter = ctx;
    struct waiter **link = &waiter->lock->first;
    while (*link != waiter) {
        link = &(*link)->next;
    }
    *link = waiter->next;
}

static void enter(struct lock *lock, struct waiter *waiter)
{
    struct waiter **end = &lock->first;
    while (*end) {
        end = &(*end)->next;
    }
    *end = waiter;
}

static int lock_acquire(lua_State *L)
{
    struct lock *lock = luaL_checkudata(L, 1, lock_type);
    if (!lock->held) {
        lock->held = true;
        return 0;
    }
    struct waiter *waiter = lua_newuserdatauv(L, sizeof *waiter, 0);
    *waiter = (struct waiter){.lock = lock};
    waiter->wait = gw_wait_push(L, NULL, leave, waiter);
    enter(lock, waiter);
    return gw_task_await(L, waiter->wait);
}

static int lock_release(lua_State *L)
{
    struct lock *lock = luaL_checkudata(L, 1, lock_type);
    struct waiter *next = lock->first;
    lock->held = next != NULL;
    if (next) {
        lock->first = next->next;
        gw_wait_finish(next->wait);
    }
    return 0;
}

int gw_bind_task_lock(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"acquire", lock_acquire}, {"release", lock_release}, {NULL, NULL}};
    struct lock *lock = lua_newuserdatauv(L, sizeof *lock, 0);
    *lock = (struct lock){0};
    if (luaL_newmetatable(L, lock_type)) {
        luaL_newlib(L, methods);
        lua_setfield(L, -2, "__index");
    }
    lua_setmetatable(L, -2);
    return 1;
}
