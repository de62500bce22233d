/* Events in, text out. Events are written as JSON, one a line, with ' for ". */
#ifndef GW_TESTS_REPORT_BENCH_H
#define GW_TESTS_REPORT_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/codec.h"
#include "report/report.h"

#define TEXT     .kind = GW_REPORT_TEXT
#define JSON     .kind = GW_REPORT_JSON
#define TERMINAL .kind = GW_REPORT_TEXT, .terminal = true, .utf8 = true

struct bench {
    struct gw_report *report;
    struct gw_arena *arena; /* of the events */
    FILE *out;
    char *text; /* what the report has written */
    size_t len;
};

static inline void bench_open(struct bench *bench, struct gw_report_options options)
{
    bench->arena = gw_arena_new();
    bench->out = open_memstream(&bench->text, &bench->len);
    assert_non_null(bench->out);
    fflush(bench->out); /* an empty text until something is written */
    options.out = bench->out;
    bench->report = gw_report_new(&options);
}

static inline void bench_close(struct bench *bench)
{
    gw_report_free(bench->report);
    fclose(bench->out);
    free(bench->text);
    gw_arena_free(bench->arena);
}

static inline struct gw_value bench_event(struct bench *bench, struct gw_view json)
{
    struct gw_view copy = gw_arena_dup(bench->arena, json);
    struct gw_value event;
    struct gw_err err = {0};
    for (char *c = (char *)copy.data; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    if (!gw_json_parse(copy, bench->arena, &event, &err)) {
        fail_msg("%s in: %s", err.message, copy.data);
    }
    return event;
}

static inline void bench_show(struct bench *bench, const char *events)
{
    struct gw_view rest = gw_view_of(events), line;
    while (gw_view_next(&rest, '\n', &line)) {
        struct gw_value event = bench_event(bench, line);
        assert_true(gw_report_event(bench->report, &event));
    }
}

static inline void bench_check(struct gw_report_options options, const char *events,
                               const char *expected)
{
    struct bench bench;
    bench_open(&bench, options);
    bench_show(&bench, events);
    assert_string_equal(bench.text, expected);
    bench_close(&bench);
}

/* SHOWS(events, expected, option, ...): the events, shown with these options, look like this. */
#define SHOWS(events, expected, ...)                                                               \
    bench_check((struct gw_report_options){__VA_ARGS__}, events, expected)

#endif
