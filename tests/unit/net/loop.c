/* The loop: order of timers, both clocks, descriptors, and stopping from inside callbacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "net/net.h"

/* What happened, in order, as text: "a@10 b@10". */
static struct gw_buf story;

struct actor {
    struct gw_loop *loop;
    const char *name;
    struct gw_timer *timer; /* stopped by the callback if set */
    struct gw_watch *watch; /* likewise */
};

static void tell(struct gw_loop *loop, const char *name)
{
    gw_buf_addf(&story, "%s%s@%lld", story.len ? " " : "", name, (long long)gw_loop_now_ms(loop));
}

static void expect_story(const char *expected)
{
    assert_string_equal(story.data ? story.data : "", expected);
    gw_buf_clear(&story);
}

static void on_timer(void *ctx)
{
    struct actor *actor = ctx;
    tell(actor->loop, actor->name);
    gw_timer_stop(actor->timer);
    gw_watch_stop(actor->watch);
}

static void on_ready(void *ctx, int events)
{
    struct actor *actor = ctx;
    tell(actor->loop, events == GW_WATCH_READ ? "read" : "write");
    gw_watch_stop(actor->watch);
}

static struct gw_loop *new_virtual_loop(void)
{
    gw_buf_init(&story, 4096);
    return gw_loop_new(
        &(struct gw_loop_options){.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = 1700000000000});
}

static void run(struct gw_loop *loop)
{
    while (gw_loop_step(loop)) {
    }
}

/* A pipe with one byte to read. */
static void open_ready_pipe(int ends[2])
{
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
}

static void close_pipe(int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static void timers_fire_by_time_and_equal_times_in_order_of_start(void **state)
{
    (void)state;
    struct gw_loop *loop = new_virtual_loop();
    struct actor a = {loop, "a", NULL, NULL}, b = {loop, "b", NULL, NULL};
    struct actor c = {loop, "c", NULL, NULL}, d = {loop, "d", NULL, NULL};
    gw_timer_start(loop, 20, on_timer, &a);
    gw_timer_start(loop, 10, on_timer, &b);
    gw_timer_start(loop, 20, on_timer, &c);
    gw_timer_start(loop, 10, on_timer, &d);
    run(loop);
    expect_story("b@10 d@10 a@20 c@20");
    gw_loop_free(loop);
}

static void a_thousand_timers_keep_their_order(void **state)
{
    (void)state;
    struct gw_loop *loop = new_virtual_loop();
    gw_buf_init(&story, 65536);
    struct actor actor = {loop, "t", NULL, NULL};
    for (int i = 0; i < 1000; i++) {
        gw_timer_start(loop, (i * 7919) % 1000, on_timer, &actor);
    }
    int64_t last = -1;
    size_t fired = 0;
    while (gw_loop_step(loop)) {
        assert_int_equal(gw_loop_now_ms(loop), last + 1);
        last = gw_loop_now_ms(loop);
        fired++;
    }
    assert_int_equal(fired, 1000);
    gw_buf_clear(&story);
    gw_loop_free(loop);
}

static void virtual_hours_pass_at_once_on_both_clocks(void **state)
{
    (void)state;
    struct gw_loop *loop = new_virtual_loop();
    struct actor a = {loop, "a", NULL, NULL};
    assert_true(gw_loop_is_virtual(loop));
    assert_int_equal(gw_loop_wall_ms(loop), 1700000000000);
    gw_timer_start(loop, 7200000, on_timer, &a);
    assert_true(gw_loop_step(loop));
    expect_story("a@7200000");
    assert_int_equal(gw_loop_wall_ms(loop), 1700007200000);
    assert_false(gw_loop_step(loop));
    gw_loop_free(loop);
}

static void a_stopped_timer_does_not_fire(void **state)
{
    (void)state;
    struct gw_loop *loop = new_virtual_loop();
    struct actor a = {loop, "a", NULL, NULL}, b = {loop, "b", NULL, NULL};
    gw_timer_start(loop, 10, on_timer, &a);
    a.timer = gw_timer_start(loop, 10, on_timer, &b); /* stopped while due, by the one before it */
    gw_timer_stop(gw_timer_start(loop, 5, on_timer, &b));
    gw_timer_stop(NULL);
    run(loop);
    expect_story("a@10");
    gw_loop_free(loop);
}

static void negative_and_endless_delays_are_clamped(void **state)
{
    (void)state;
    struct gw_loop *loop = new_virtual_loop();
    struct actor a = {loop, "a", NULL, NULL}, b = {loop, "b", NULL, NULL};
    gw_timer_start(loop, INT64_MAX, on_timer, &a);
    gw_timer_start(loop, -5, on_timer, &b);
    assert_true(gw_loop_step(loop));
    expect_story("b@0");
    run(loop);
    expect_story("a@9223372036854775807");
    gw_loop_free(loop);
}

static void restart(void *ctx)
{
    struct actor *actor = ctx;
    tell(actor->loop, actor->name);
    if (story.len < 12) {
        gw_timer_start(actor->loop, 0, restart, actor);
    }
}

static void a_timer_started_by_a_timer_waits_for_the_next_step(void **state)
{
    (void)state;
    struct gw_loop *loop = new_virtual_loop();
    struct actor a = {loop, "a", NULL, NULL};
    gw_timer_start(loop, 0, restart, &a);
    assert_true(gw_loop_step(loop));
    assert_string_equal(story.data, "a@0");
    run(loop);
    expect_story("a@0 a@0 a@0 a@0");
    gw_loop_free(loop);
}

static void virtual_time_stands_still_while_a_descriptor_is_watched(void **state)
{
    (void)state;
    struct gw_loop *loop = new_virtual_loop();
    struct actor now = {loop, "now", NULL, NULL}, later = {loop, "later", NULL, NULL};
    struct actor prompt = {loop, "prompt", NULL, NULL};
    int ends[2];
    open_ready_pipe(ends);
    prompt.watch = gw_watch_start(loop, ends[0], GW_WATCH_READ, on_ready, &prompt);
    gw_timer_start(loop, 60000, on_timer, &later);
    gw_timer_start(loop, 0, on_timer, &now);
    run(loop);
    expect_story("read@0 now@0 later@60000");
    close_pipe(ends);
    gw_loop_free(loop);
}

static void background_watches_hold_neither_time_nor_the_loop(void **state)
{
    (void)state;
    struct gw_loop *loop = new_virtual_loop();
    struct actor a = {loop, "a", NULL, NULL}, signals = {loop, "signals", NULL, NULL};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct gw_watch *watch =
        gw_watch_start(loop, ends[0], GW_WATCH_READ | GW_WATCH_BACKGROUND, on_ready, &signals);
    gw_timer_start(loop, 1000, on_timer, &a);
    run(loop);
    expect_story("a@1000");

    assert_int_equal(write(ends[1], "x", 1), 1);
    signals.watch = watch;
    gw_timer_start(loop, 1000, on_timer, &a);
    run(loop);
    expect_story("read@1000 a@2000");
    close_pipe(ends);
    gw_loop_free(loop);
}

static void a_watch_may_stop_itself_and_another_that_is_ready_too(void **state)
{
    (void)state;
    struct gw_loop *loop = new_virtual_loop();
    int ends[2];
    open_ready_pipe(ends);
    struct actor first = {loop, "first", NULL, NULL}, second = {loop, "second", NULL, NULL};
    struct gw_watch *own = gw_watch_start(loop, ends[0], GW_WATCH_READ, on_ready, &first);
    first.watch = gw_watch_start(loop, ends[0], GW_WATCH_READ, on_ready, &second);
    assert_true(gw_loop_step(loop)); /* first stops second, which was ready in the same wait */
    expect_story("read@0");
    first.watch = own;
    assert_true(gw_loop_step(loop));
    expect_story("read@0");
    assert_false(gw_loop_step(loop));
    close_pipe(ends);
    gw_loop_free(loop);
}

static void hang_up_counts_as_readable(void **state)
{
    (void)state;
    struct gw_loop *loop = new_virtual_loop();
    struct actor a = {loop, "a", NULL, NULL};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[1]);
    a.watch = gw_watch_start(loop, ends[0], GW_WATCH_READ, on_ready, &a);
    run(loop);
    expect_story("read@0");
    close(ends[0]);
    gw_loop_free(loop);
}

static void writable_descriptors_are_told(void **state)
{
    (void)state;
    struct gw_loop *loop = new_virtual_loop();
    struct actor a = {loop, "a", NULL, NULL};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    a.watch = gw_watch_start(loop, ends[1], GW_WATCH_WRITE, on_ready, &a);
    run(loop);
    expect_story("write@0");
    close_pipe(ends);
    gw_loop_free(loop);
}

static void the_real_clock_waits(void **state)
{
    (void)state;
    struct gw_loop *loop = gw_loop_new(NULL);
    gw_buf_init(&story, 4096);
    struct actor a = {loop, "a", NULL, NULL};
    int64_t begin_ms = gw_clock_monotonic_ms();
    assert_false(gw_loop_is_virtual(loop));
    gw_timer_start(loop, 20, on_timer, &a);
    run(loop);
    assert_true(gw_clock_monotonic_ms() - begin_ms >= 20);
    assert_true(story.len > 0);
    assert_true(gw_loop_wall_ms(loop) > 1700000000000);
    gw_buf_clear(&story);
    gw_loop_free(loop);
}

static void a_real_clock_may_run_faster(void **state)
{
    (void)state;
    struct gw_loop *loop = gw_loop_new(&(struct gw_loop_options){.speed = 1000});
    struct actor a = {.loop = loop, .name = "ten minutes"};
    gw_buf_init(&story, 4096);
    int64_t begin_ms = gw_clock_monotonic_ms(), loop_begin_ms = gw_loop_now_ms(loop);
    gw_timer_start(loop, 600000, on_timer, &a);
    run(loop);
    int64_t ours_ms = gw_clock_monotonic_ms() - begin_ms;
    assert_in_range(ours_ms, 600, 60000);
    assert_in_range(gw_loop_now_ms(loop) - loop_begin_ms, 600000, 1000 * (ours_ms + 1000));
    assert_true(gw_loop_wall_ms(loop) - gw_clock_wall_ms() > 550000);
    gw_buf_clear(&story);
    gw_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_by_time_and_equal_times_in_order_of_start),
        cmocka_unit_test(a_thousand_timers_keep_their_order),
        cmocka_unit_test(virtual_hours_pass_at_once_on_both_clocks),
        cmocka_unit_test(a_stopped_timer_does_not_fire),
        cmocka_unit_test(negative_and_endless_delays_are_clamped),
        cmocka_unit_test(a_timer_started_by_a_timer_waits_for_the_next_step),
        cmocka_unit_test(virtual_time_stands_still_while_a_descriptor_is_watched),
        cmocka_unit_test(background_watches_hold_neither_time_nor_the_loop),
        cmocka_unit_test(a_watch_may_stop_itself_and_another_that_is_ready_too),
        cmocka_unit_test(hang_up_counts_as_readable),
        cmocka_unit_test(writable_descriptors_are_told),
        cmocka_unit_test(the_real_clock_waits),
        cmocka_unit_test(a_real_clock_may_run_faster),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
