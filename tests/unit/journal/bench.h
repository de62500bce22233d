/* A store in a folder of its own, or in memory. Events are written as JSON, with ' for ". */
#ifndef GW_TESTS_JOURNAL_BENCH_H
#define GW_TESTS_JOURNAL_BENCH_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "codec/codec.h"
#include "journal/journal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define AT           "'at':'2025-11-12T03:12:00.250Z'"
#define AT_MS        INT64_C(1762917120250)

struct bench {
    struct gw_journal *journal;
    struct gw_arena *arena;
    struct gw_err err;
    char folder[64], path[80];
    int busy_ms;
    char warning[512]; /* the last */
};

static inline void bench_warn(void *ctx, const char *text)
{
    struct bench *bench = ctx;
    snprintf(bench->warning, sizeof bench->warning, "%s", text);
}

static inline bool bench_try_open(struct bench *bench, bool read_only)
{
    const struct gw_journal_options options = {.path = bench->path,
                                               .read_only = read_only,
                                               .busy_ms = bench->busy_ms,
                                               .warn = bench_warn,
                                               .warn_ctx = bench};
    bench->journal = gw_journal_open(&options, &bench->err);
    return bench->journal != NULL;
}

static inline void bench_open(struct bench *bench)
{
    if (!bench_try_open(bench, false)) {
        fail_msg("%s", bench->err.message);
    }
}

static inline void bench_close(struct bench *bench)
{
    gw_journal_close(bench->journal);
    bench->journal = NULL;
}

static inline int bench_set_up(void **state)
{
    struct bench *bench = gw_alloc(sizeof *bench);
    bench->arena = gw_arena_new();
    snprintf(bench->folder, sizeof bench->folder, "/tmp/gw_journal_XXXXXX");
    if (!mkdtemp(bench->folder)) {
        return -1;
    }
    snprintf(bench->path, sizeof bench->path, "%s/journal.db", bench->folder);
    *state = bench;
    return 0;
}

static inline int bench_set_up_open(void **state)
{
    int failed = bench_set_up(state);
    if (!failed) {
        bench_open(*state);
    }
    return failed;
}

static inline int bench_tear_down(void **state)
{
    struct bench *bench = *state;
    char command[128];
    bench_close(bench);
    gw_arena_free(bench->arena);
    snprintf(command, sizeof command, "rm -rf '%s'", bench->folder);
    int failed = system(command);
    free(bench);
    return failed;
}

/* ---- events ---------------------------------------------------------------------------------- */

static inline struct gw_value bench_event(struct bench *bench, const char *json)
{
    struct gw_view copy = gw_arena_dup(bench->arena, gw_view_of(json));
    struct gw_value event;
    for (char *c = (char *)copy.data; *c; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    if (!gw_json_parse(copy, bench->arena, &event, &bench->err)) {
        fail_msg("%s in: %s", bench->err.message, copy.data);
    }
    return event;
}

static inline int64_t bench_append_now(struct bench *bench, const char *run, const char *json)
{
    struct gw_value event = bench_event(bench, json);
    int64_t seq = 0;
    if (!gw_journal_append(bench->journal, gw_view_of(run), &event, GW_JOURNAL_NOW, &seq,
                           &bench->err)) {
        fail_msg("%s", bench->err.message);
    }
    return seq;
}

static inline int64_t bench_append(struct bench *bench, const char *run, const char *json)
{
    struct gw_value event = bench_event(bench, json);
    int64_t seq = 0;
    if (!gw_journal_append(bench->journal, gw_view_of(run), &event, GW_JOURNAL_SOON, &seq,
                           &bench->err)) {
        fail_msg("%s", bench->err.message);
    }
    return seq;
}

static inline const char *bench_begin(struct bench *bench, const char *wanted)
{
    struct gw_view id;
    if (!gw_journal_begin(bench->journal, gw_view_of(wanted), bench->arena, &id, &bench->err)) {
        fail_msg("%s", bench->err.message);
    }
    return id.data;
}

/* A run with a beginning, a note and an end. */
static inline void bench_whole_run(struct bench *bench, const char *run)
{
    bench_begin(bench, run);
    bench_append(bench, run, "{'event':'run.started'," AT ",'runbook':'scale','mode':'real'}");
    bench_append(bench, run, "{'event':'note'," AT ",'text':'hello'}");
    bench_append(bench, run, "{'event':'run.finished'," AT ",'outcome':'ok','exit_code':0}");
}

static inline bool bench_add_text(void *ctx, const struct gw_value *event)
{
    gw_json_write(event, &(struct gw_json_options){0}, ctx);
    gw_buf_add_char(ctx, '\n');
    return true;
}

/* The events after number `after`, one a line, with ' for ". */
static inline const char *bench_events(struct bench *bench, const char *run, int64_t after)
{
    struct gw_buf text;
    gw_buf_init(&text, 1 << 20);
    if (!gw_journal_events(bench->journal, gw_view_of(run), after, bench_add_text, &text,
                           &bench->err)) {
        fail_msg("%s", bench->err.message);
    }
    struct gw_view copy = gw_arena_dup(bench->arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    for (char *c = (char *)copy.data; *c; c++) {
        *c = *c == '"' ? '\'' : *c;
    }
    return copy.data;
}

/* ---- the file, past the journal --------------------------------------------------------------- */

static inline void bench_sql(struct bench *bench, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    assert_int_equal(sqlite3_open(bench->path, &db), SQLITE_OK);
    sqlite3_exec(db, sql, NULL, NULL, &message);
    if (message) {
        fail_msg("%s: %s", sql, message);
    }
    sqlite3_close(db);
}

static inline int bench_add_row(void *ctx, int count, char **values, char **names)
{
    (void)names;
    for (int i = 0; i < count; i++) {
        gw_buf_addf(ctx, "%s%s", i > 0 ? "|" : "", values[i] ? values[i] : "-");
    }
    gw_buf_add_char(ctx, '\n');
    return 0;
}

/* As the sqlite3 program prints it; NULL is "-". */
static inline const char *bench_query(struct bench *bench, const char *sql)
{
    sqlite3 *db = NULL;
    struct gw_buf text;
    gw_buf_init(&text, 1 << 20);
    assert_int_equal(sqlite3_open(bench->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, bench_add_row, &text, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    }
    sqlite3_close(db);
    struct gw_view copy = gw_arena_dup(bench->arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return copy.data;
}

/* "" where the store is intact, else "RUN: PROBLEM". */
static inline const char *bench_verify(struct bench *bench)
{
    struct gw_journal_verdict verdict;
    if (!gw_journal_verify(bench->journal, bench->arena, &verdict, &bench->err)) {
        fail_msg("%s", bench->err.message);
    }
    return verdict.intact ? ""
                          : gw_arena_printf(bench->arena, "%.*s: %.*s", GW_VIEW_ARGS(verdict.run),
                                            GW_VIEW_ARGS(verdict.problem))
                                .data;
}

#endif
