/* The event loop: a heap of timers and a list of watched descriptors, waited for with poll(2).
 * One loop serves one thread. gw_loop_step is never called from inside a callback.
 *
 * With the virtual clock time passes in jumps from timer to timer and nothing sleeps. While a
 * descriptor is watched, say a person at a prompt, the world outside is waited for and time stands
 * still: only what is due now fires, or a minute of thought would be every timeout of the
 * simulation at once. Background watches (the signal pipe) neither hold time nor keep the loop
 * alive.
 *
 * Limits: as many timers as memory holds; poll(2) is linear in the descriptors, of which a run has
 * some hundreds at most. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"

struct gw_timer {
    struct gw_loop *loop;
    int64_t due_ms;
    uint64_t number; /* order of starting: equal times fire in this order */
    size_t index;    /* its place in the heap */
    bool background; /* keeps nothing alive */
    gw_timer_fn fn;
    void *ctx;
};

struct gw_watch {
    struct gw_loop *loop;
    int fd;
    int events;
    gw_watch_fn fn; /* NULL: stopped, released after the callbacks of this step */
    void *ctx;
};

struct gw_loop {
    bool is_virtual;
    int64_t now_ms;         /* virtual clock only */
    int64_t wall_offset_ms; /* virtual clock only */
    int speed;
    int64_t start_ms; /* where its clock began to differ from ours */

    struct gw_timer **timers; /* binary heap, earliest first */
    size_t timer_count, timer_capacity;
    size_t background_count; /* of the timers */
    uint64_t next_number;

    struct gw_watch **watches; /* in order of starting */
    struct pollfd *polls;      /* as long as `watches`, filled at each wait */
    size_t watch_count, watch_capacity;
    size_t foreground_count; /* watches that time and the loop's end wait for */
    bool dispatching;
};

struct gw_loop *gw_loop_new(const struct gw_loop_options *options)
{
    struct gw_loop *loop = gw_alloc(sizeof *loop);
    loop->is_virtual = options != NULL && options->clock == GW_CLOCK_VIRTUAL;
    loop->wall_offset_ms = loop->is_virtual ? options->start_epoch_ms : 0;
    loop->speed = options && options->speed > 0 ? options->speed : 1;
    loop->start_ms = gw_clock_monotonic_ms();
    return loop;
}

void gw_loop_free(struct gw_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    assert(loop->timer_count == 0 && loop->watch_count == 0);
    free(loop->timers);
    free(loop->watches);
    free(loop->polls);
    free(loop);
}

/* What the loop's clock is ahead of ours. */
static int64_t gained_ms(const struct gw_loop *loop)
{
    return (gw_clock_monotonic_ms() - loop->start_ms) * (loop->speed - 1);
}

int64_t gw_loop_now_ms(const struct gw_loop *loop)
{
    return loop->is_virtual ? loop->now_ms : gw_clock_monotonic_ms() + gained_ms(loop);
}

int64_t gw_loop_wall_ms(const struct gw_loop *loop)
{
    return loop->is_virtual ? loop->wall_offset_ms + loop->now_ms
                            : gw_clock_wall_ms() + gained_ms(loop);
}

bool gw_loop_is_virtual(const struct gw_loop *loop)
{
    return loop->is_virtual;
}

/* ---- timers ---------------------------------------------------------------------------------- */

static bool fires_before(const struct gw_timer *a, const struct gw_timer *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->number < b->number;
}

static void place(struct gw_loop *loop, struct gw_timer *timer, size_t index)
{
    loop->timers[index] = timer;
    timer->index = index;
}

static void sift_up(struct gw_loop *loop, struct gw_timer *timer, size_t index)
{
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (!fires_before(timer, loop->timers[parent])) {
            break;
        }
        place(loop, loop->timers[parent], index);
        index = parent;
    }
    place(loop, timer, index);
}

static void sift_down(struct gw_loop *loop, struct gw_timer *timer, size_t index)
{
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= loop->timer_count) {
            break;
        }
        if (child + 1 < loop->timer_count &&
            fires_before(loop->timers[child + 1], loop->timers[child])) {
            child++;
        }
        if (!fires_before(loop->timers[child], timer)) {
            break;
        }
        place(loop, loop->timers[child], index);
        index = child;
    }
    place(loop, timer, index);
}

static void heap_remove(struct gw_loop *loop, const struct gw_timer *timer)
{
    size_t index = timer->index;
    struct gw_timer *last = loop->timers[--loop->timer_count];
    if (last == timer) {
        return;
    }
    sift_down(loop, last, index);
    sift_up(loop, last, last->index);
}

static struct gw_timer *start_timer(struct gw_loop *loop, int64_t delay_ms, bool background,
                                    gw_timer_fn fn, void *ctx)
{
    int64_t now_ms = gw_loop_now_ms(loop);
    int64_t longest_ms = INT64_MAX - now_ms;
    delay_ms = delay_ms < 0 ? 0 : delay_ms > longest_ms ? longest_ms : delay_ms;

    if (loop->timer_count == loop->timer_capacity) {
        loop->timer_capacity = loop->timer_capacity == 0 ? 16 : 2 * loop->timer_capacity;
        loop->timers = gw_realloc(loop->timers, loop->timer_capacity * sizeof *loop->timers);
    }
    struct gw_timer *timer = gw_alloc(sizeof *timer);
    *timer = (struct gw_timer){.loop = loop,
                               .due_ms = now_ms + delay_ms,
                               .number = loop->next_number++,
                               .background = background,
                               .fn = fn,
                               .ctx = ctx};
    sift_up(loop, timer, loop->timer_count++);
    loop->background_count += background;
    return timer;
}

struct gw_timer *gw_timer_start(struct gw_loop *loop, int64_t delay_ms, gw_timer_fn fn, void *ctx)
{
    return start_timer(loop, delay_ms, false, fn, ctx);
}

struct gw_timer *gw_timer_start_background(struct gw_loop *loop, int64_t delay_ms, gw_timer_fn fn,
                                           void *ctx)
{
    return start_timer(loop, delay_ms, true, fn, ctx);
}

void gw_timer_stop(struct gw_timer *timer)
{
    if (timer == NULL) {
        return;
    }
    timer->loop->background_count -= timer->background;
    heap_remove(timer->loop, timer);
    free(timer);
}

/* Timers started by the callbacks wait for the next step, so that one which restarts itself without
 * delay cannot starve the descriptors. */
static void fire_due(struct gw_loop *loop)
{
    int64_t now_ms = gw_loop_now_ms(loop);
    uint64_t first_new = loop->next_number;
    while (loop->timer_count > 0) {
        struct gw_timer *timer = loop->timers[0];
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): those that ran have left the heap */
        if (timer->due_ms > now_ms || timer->number >= first_new) {
            break;
        }
        gw_timer_fn fn = timer->fn;
        void *ctx = timer->ctx;
        gw_timer_stop(timer);
        fn(ctx);
    }
}

/* ---- descriptors ----------------------------------------------------------------------------- */

static bool is_foreground(const struct gw_watch *watch)
{
    return (watch->events & GW_WATCH_BACKGROUND) == 0;
}

struct gw_watch *gw_watch_start(struct gw_loop *loop, int fd, int events, gw_watch_fn fn, void *ctx)
{
    if (loop->watch_count == loop->watch_capacity) {
        loop->watch_capacity = loop->watch_capacity == 0 ? 8 : 2 * loop->watch_capacity;
        loop->watches = gw_realloc(loop->watches, loop->watch_capacity * sizeof *loop->watches);
        loop->polls = gw_realloc(loop->polls, loop->watch_capacity * sizeof *loop->polls);
    }
    struct gw_watch *watch = gw_alloc(sizeof *watch);
    *watch = (struct gw_watch){.loop = loop, .fd = fd, .events = events, .fn = fn, .ctx = ctx};
    loop->watches[loop->watch_count++] = watch;
    loop->foreground_count += is_foreground(watch);
    return watch;
}

static void drop_stopped(struct gw_loop *loop)
{
    size_t kept = 0;
    for (size_t i = 0; i < loop->watch_count; i++) {
        if (loop->watches[i]->fn == NULL) {
            free(loop->watches[i]);
        } else {
            loop->watches[kept++] = loop->watches[i];
        }
    }
    loop->watch_count = kept;
}

void gw_watch_stop(struct gw_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    struct gw_loop *loop = watch->loop;
    loop->foreground_count -= is_foreground(watch);
    watch->fn = NULL;
    if (!loop->dispatching) {
        drop_stopped(loop);
    }
}

/* What happened, in the terms of what was asked for. Errors and hang-ups count as readiness: the
 * owner learns the cause from its own read or write. */
static int happened(const struct gw_watch *watch, short revents)
{
    int events = 0;
    if (revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) {
        events |= GW_WATCH_READ;
    }
    if (revents & (POLLOUT | POLLHUP | POLLERR | POLLNVAL)) {
        events |= GW_WATCH_WRITE;
    }
    return events & watch->events;
}

static void dispatch(struct gw_loop *loop, size_t polled)
{
    loop->dispatching = true;
    for (size_t i = 0; i < polled; i++) {
        struct gw_watch *watch = loop->watches[i];
        int events = happened(watch, loop->polls[i].revents);
        if (events != 0 && watch->fn != NULL) {
            watch->fn(watch->ctx, events);
        }
    }
    loop->dispatching = false;
    drop_stopped(loop);
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* How long poll(2) may sleep: -1 for ever. */
static int wait_ms(const struct gw_loop *loop)
{
    int64_t left_ms = -1;
    if (loop->timer_count > 0) {
        left_ms = loop->timers[0]->due_ms - gw_loop_now_ms(loop);
        left_ms = left_ms < 0 ? 0 : (left_ms + loop->speed - 1) / loop->speed;
    }
    if (loop->is_virtual && left_ms != 0) {
        left_ms = loop->foreground_count > 0 ? -1 : 0;
    }
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

/* True when a descriptor is ready. A signal ends the wait early, with nothing ready. */
static bool wait_ready(struct gw_loop *loop)
{
    for (size_t i = 0; i < loop->watch_count; i++) {
        const struct gw_watch *watch = loop->watches[i];
        short events = 0;
        events |= (watch->events & GW_WATCH_READ) ? POLLIN : 0;
        events |= (watch->events & GW_WATCH_WRITE) ? POLLOUT : 0;
        loop->polls[i] = (struct pollfd){.fd = watch->fd, .events = events};
    }
    int ready = poll(loop->polls, (nfds_t)loop->watch_count, wait_ms(loop));
    if (ready < 0 && errno != EINTR && errno != EAGAIN) {
        gw_log(GW_LOG_ERROR, "loop: cannot wait for descriptors: %s", strerror(errno));
        abort();
    }
    return ready > 0;
}

bool gw_loop_step(struct gw_loop *loop)
{
    if (loop->timer_count == loop->background_count && loop->foreground_count == 0) {
        return false;
    }
    /* Without descriptors the virtual clock has nothing to ask the kernel. */
    bool must_poll = !loop->is_virtual || loop->watch_count > 0;
    if (must_poll && wait_ready(loop)) {
        dispatch(loop, loop->watch_count);
    } else if (loop->is_virtual && loop->foreground_count == 0 &&
               loop->timers[0]->due_ms > loop->now_ms) {
        loop->now_ms = loop->timers[0]->due_ms;
    }
    fire_due(loop);
    return true;
}
