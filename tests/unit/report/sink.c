/* Where a report is written to: seen at once, and told when it cannot be written any more. */
#include "bench.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static struct gw_value note(struct gw_arena *arena)
{
    struct gw_value event = gw_value_map();
    *gw_map_add(arena, &event, GW_VIEW("event")) = gw_value_text("note");
    *gw_map_add(arena, &event, GW_VIEW("text")) = gw_value_text("hello");
    return event;
}

static void a_full_disk_is_told_and_stays_told(void **state)
{
    FILE *full = fopen("/dev/full", "w");
    struct gw_arena *arena = gw_arena_new();
    struct gw_value event = note(arena), unknown = gw_value_map();
    (void)state;
    if (!full) {
        gw_arena_free(arena);
        skip();
    }
    for (int kind = GW_REPORT_TEXT; kind <= GW_REPORT_JSON; kind++) {
        struct gw_report_options options = {.kind = (enum gw_report_kind)kind, .out = full};
        struct gw_report *report = gw_report_new(&options);
        assert_false(gw_report_event(report, &event));
        assert_false(gw_report_event(report, &event));
        assert_false(gw_report_event(report, &unknown));
        gw_report_settle(report);
        gw_report_free(report);
    }
    fclose(full);
    gw_arena_free(arena);
}

static void a_reader_that_went_away_is_told(void **state)
{
    int ends[2];
    struct gw_arena *arena = gw_arena_new();
    struct gw_value event = note(arena);
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    FILE *out = fdopen(ends[1], "w");
    struct gw_report_options options = {.out = out};
    struct gw_report *report = gw_report_new(&options);
    assert_true(gw_report_event(report, &event));
    close(ends[0]);
    assert_false(gw_report_event(report, &event));
    gw_report_free(report);
    fclose(out);
    gw_arena_free(arena);
}

static void each_event_is_seen_before_the_call_returns(void **state)
{
    int ends[2];
    char seen[100];
    struct gw_arena *arena = gw_arena_new();
    struct gw_value event = note(arena);
    (void)state;
    assert_int_equal(pipe(ends), 0);
    FILE *out = fdopen(ends[1], "w");
    struct gw_report_options options = {.out = out};
    struct gw_report *report = gw_report_new(&options);
    assert_true(gw_report_event(report, &event));
    ssize_t len = read(ends[0], seen, sizeof seen);
    assert_int_equal(len, 8);
    assert_memory_equal(seen, "- hello\n", 8);
    gw_report_free(report);
    fclose(out);
    close(ends[0]);
    gw_arena_free(arena);
}

/* What a real terminal would get, through the line discipline of one. */
static void a_terminal_gets_lines_and_redrawn_progress(void **state)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    char seen[200];
    size_t len = 0;
    (void)state;
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        skip();
    }
    FILE *out = fopen(ptsname(master), "w");
    assert_non_null(out);
    struct gw_arena *arena = gw_arena_new();
    struct gw_value event = note(arena), progress = gw_value_map();
    *gw_map_add(arena, &progress, GW_VIEW("event")) = gw_value_text("wait.progress");
    struct gw_report_options options = {.out = out, .terminal = true};
    struct gw_report *report = gw_report_new(&options);
    assert_true(gw_report_event(report, &progress));
    assert_true(gw_report_event(report, &event));
    static const char expected[] = "~  (0s): \r\033[K- hello\r\n";
    while (len < sizeof expected - 1) {
        ssize_t got = read(master, seen + len, sizeof seen - len);
        assert_true(got > 0);
        len += (size_t)got;
    }
    assert_int_equal(len, sizeof expected - 1);
    assert_memory_equal(seen, expected, len);
    gw_report_free(report);
    gw_arena_free(arena);
    fclose(out);
    close(master);
}

static void freeing_no_report_is_fine(void **state)
{
    (void)state;
    gw_report_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_is_told_and_stays_told),
        cmocka_unit_test(a_reader_that_went_away_is_told),
        cmocka_unit_test(each_event_is_seen_before_the_call_returns),
        cmocka_unit_test(a_terminal_gets_lines_and_redrawn_progress),
        cmocka_unit_test(freeing_no_report_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
