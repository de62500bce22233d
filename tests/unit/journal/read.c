/* Facts of runs, lists, names, how long runs took; and the views for other tools. */
#include "bench.h"

static const char *text_of(struct bench *bench, const struct gw_journal_run *run)
{
    return gw_arena_printf(bench->arena,
                           "%.*s %.*s '%.*s' %.*s%s %.*s %.*s %.*s@%.*s <%.*s> pid %d "
                           "%lld-%lld '%.*s' %d, %d events",
                           GW_VIEW_ARGS(run->id), GW_VIEW_ARGS(run->runbook),
                           GW_VIEW_ARGS(run->title), GW_VIEW_ARGS(run->mode),
                           run->simulated ? " simulated" : "", GW_VIEW_ARGS(run->account),
                           GW_VIEW_ARGS(run->region), GW_VIEW_ARGS(run->user),
                           GW_VIEW_ARGS(run->host), GW_VIEW_ARGS(run->parent), (int)run->pid,
                           (long long)run->started_ms, (long long)run->finished_ms,
                           GW_VIEW_ARGS(run->outcome), (int)run->exit_code, (int)run->events)
        .data;
}

static const char *found(struct bench *bench, const char *name)
{
    struct gw_journal_run run;
    if (!gw_journal_find(bench->journal, gw_view_of(name), bench->arena, &run, &bench->err)) {
        return bench->err.message;
    }
    return text_of(bench, &run);
}

static void facts_come_from_three_events(void **state)
{
    struct bench *bench = *state;
    bench_begin(bench, "r");
    bench_append(bench, "r",
                 "{'event':'run.started','at':'2025-11-12T03:12:00Z','run':'r','runbook':'scale',"
                 "'title':'Scale it','mode':'real','simulated':true,'account':'1234','region':"
                 "'us-east-1','user':'ada','host':'box','parent':'p','pid':41}");
    assert_string_equal(found(bench, "r"),
                        "r scale 'Scale it' real simulated 1234 us-east-1 ada@box <p> pid 41 "
                        "1762917120000-0 '' 0, 1 events");
    bench_append(bench, "r",
                 "{'event':'run.finished','at':'2025-11-12T03:12:05.5Z','outcome':'failed',"
                 "'exit_code':1}");
    assert_string_equal(found(bench, "r"),
                        "r scale 'Scale it' real simulated 1234 us-east-1 ada@box <p> pid 41 "
                        "1762917120000-1762917125500 'failed' 1, 2 events");
    bench_append(bench, "r",
                 "{'event':'run.resumed','at':'2025-11-12T04:00:00Z','user':'bob','pid':42}");
    assert_string_equal(found(bench, "r"),
                        "r scale 'Scale it' real simulated 1234 us-east-1 bob@box <p> pid 42 "
                        "1762917120000-0 '' 0, 3 events");
    assert_string_equal(bench_verify(bench), "");
}

static bool add_id(void *ctx, const struct gw_journal_run *run)
{
    gw_buf_addf(ctx, "%.*s ", GW_VIEW_ARGS(run->id));
    return run->id.data[0] != '!';
}

static const char *listed(struct bench *bench, struct gw_journal_filter filter)
{
    struct gw_buf text;
    gw_buf_init(&text, 1000);
    gw_buf_add_text(&text, "");
    if (!gw_journal_runs(bench->journal, &filter, add_id, &text, &bench->err)) {
        fail_msg("%s", bench->err.message);
    }
    struct gw_view copy = gw_arena_dup(bench->arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return copy.data;
}

/* Of `minutes` after three, with a row each: id, runbook, mode, outcome ("" is unfinished), minutes. */
static void fill(struct bench *bench)
{
    static const struct {
        const char *id, *runbook, *mode, *outcome;
        int minutes;
    } rows[] = {
        {"a-1", "scale", "real", "ok", 5},      {"a-2", "scale", "plan", "ok", 1},
        {"b-1", "drain", "real", "", 0},        {"b-2", "scale", "real", "failed", 2},
        {"c-1", "scale", "real", "ok", 7},      {"c-2", "scale", "real", "interrupted", 3},
        {"c-3", "scale", "real", "refused", 3},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char json[256];
        bench_begin(bench, rows[i].id);
        snprintf(json, sizeof json,
                 "{'event':'run.started','at':'2025-11-12T0%zu:00:00Z','runbook':'%s','mode':'%s'}",
                 i + 1, rows[i].runbook, rows[i].mode);
        bench_append(bench, rows[i].id, json);
        snprintf(json, sizeof json,
                 "{'event':'run.finished','at':'2025-11-12T0%zu:0%d:00Z','outcome':'%s'}", i + 1,
                 rows[i].minutes, rows[i].outcome);
        if (rows[i].outcome[0]) {
            bench_append(bench, rows[i].id, json);
        }
    }
    bench_begin(bench, "only-reserved");
}

static void lists_the_newest_first(void **state)
{
    struct bench *bench = *state;
    fill(bench);
    assert_string_equal(listed(bench, (struct gw_journal_filter){0}),
                        "c-3 c-2 c-1 b-2 b-1 a-2 a-1 ");
    assert_string_equal(listed(bench, (struct gw_journal_filter){.limit = 2}), "c-3 c-2 ");
    assert_string_equal(listed(bench, (struct gw_journal_filter){.runbook = GW_VIEW("drain")}),
                        "b-1 ");
    assert_string_equal(listed(bench, (struct gw_journal_filter){.mode = GW_VIEW("plan")}), "a-2 ");
    assert_string_equal(listed(bench, (struct gw_journal_filter){.open_only = true}),
                        "c-3 c-2 b-2 b-1 ");
    /* 05:00 */
    assert_string_equal(listed(bench, (struct gw_journal_filter){.since_ms = 1762923600000}),
                        "c-3 c-2 c-1 ");
}

static void finds_by_id_by_an_end_of_it_or_the_last(void **state)
{
    struct bench *bench = *state;
    assert_non_null(strstr(found(bench, "last"), "no run in journal '"));
    fill(bench);
    assert_non_null(strstr(found(bench, "last"), "c-3 scale"));
    assert_non_null(strstr(found(bench, "a-1"), "a-1 scale"));
    assert_non_null(strstr(found(bench, "3"), "c-3 scale"));
    assert_string_equal(found(bench, "b"), "run 'b' may be 'b-2', 'b-1'; give more of its id");
    assert_string_equal(found(bench, "1"),
                        "run '1' may be 'c-1', 'b-1', 'a-1'; give more of its id");
}

static void the_last_is_no_step_of_another(void **state)
{
    struct bench *bench = *state;
    bench_begin(bench, "outer");
    bench_append(bench, "outer", "{'event':'run.started'," AT ",'runbook':'scale'}");
    bench_begin(bench, "inner");
    bench_append(bench, "inner", "{'event':'run.started'," AT ",'parent':'outer'}");
    assert_non_null(strstr(found(bench, "last"), "outer scale"));
}

static void says_what_it_does_not_find(void **state)
{
    static const char *const names[] = {"zzz", "", "only-reserved", "%", "-"};
    struct bench *bench = *state;
    fill(bench);
    for (size_t i = 0; i < COUNT(names); i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "no run '%s' in journal '", names[i]);
        const char *message = found(bench, names[i]);
        assert_memory_equal(message, expected, strlen(expected));
        assert_int_equal(bench->err.code, GW_ERR_NOT_FOUND);
    }
}

static void tells_how_long_good_runs_took(void **state)
{
    struct bench *bench = *state;
    int64_t ms[3];
    size_t count;
    fill(bench);
    assert_true(gw_journal_durations(bench->journal, GW_VIEW("scale"), ms, 3, &count, &bench->err));
    assert_int_equal(count, 2);
    assert_int_equal(ms[0], 300000);
    assert_int_equal(ms[1], 420000);
    assert_true(gw_journal_durations(bench->journal, GW_VIEW("scale"), ms, 1, &count, &bench->err));
    assert_int_equal(count, 1);
    assert_int_equal(ms[0], 420000);
}

static void a_resumed_run_tells_no_duration(void **state)
{
    struct bench *bench = *state;
    int64_t ms[3];
    size_t count;
    bench_begin(bench, "r");
    bench_append(bench, "r", "{'event':'run.started'," AT ",'runbook':'scale','mode':'real'}");
    bench_append(bench, "r", "{'event':'run.resumed','at':'2025-11-13T03:12:00Z'}");
    bench_append(bench, "r", "{'event':'run.finished','at':'2025-11-13T03:13:00Z','outcome':'ok'}");
    assert_true(gw_journal_durations(bench->journal, GW_VIEW("scale"), ms, 3, &count, &bench->err));
    assert_int_equal(count, 0);
}

/* ---- views ----------------------------------------------------------------------------------- */

static void views_answer_questions(void **state)
{
    static const char *const events[] = {
        "{'event':'step.started'," AT ",'step':'1','name':'Point'}",
        "{'event':'call'," AT ",'action':'ecs:DescribeServices','effect':'read','outcome':'ok',"
        "'request_id':'q1','attempts':1,'ms':12}",
        "{'event':'call.intent'," AT ",'step':'1','call':1,'action':'ecs:UpdateService',"
        "'effect':'change','params':{'desiredCount':2}}",
        "{'event':'call.intent'," AT ",'step':'1','call':2,'action':'ecs:UpdateService',"
        "'effect':'change','params':{'desiredCount':3}}",
        "{'event':'call'," AT ",'step':'1','call':1,'action':'ecs:UpdateService',"
        "'effect':'change','outcome':'failed','uncertain':true,'request_id':'q2','attempts':3,"
        "'ms':70,'error':{'message':'no'}}",
        "{'event':'step.finished'," AT ",'step':'1','name':'Point','seconds':1.5}",
        "{'event':'step.started'," AT ",'step':'2','name':'Drain'}",
        "{'event':'note'," AT ",'text':'hello'}",
        "{'event':'warning'," AT ",'step':'2','text':'slow'}",
    };
    struct bench *bench = *state;
    bench_begin(bench, "r");
    for (size_t i = 0; i < COUNT(events); i++) {
        bench_append(bench, "r", events[i]);
    }
    assert_string_equal(bench_query(bench, "SELECT run, step, name, state, seconds FROM step"),
                        "r|1|Point|finished|1.5\nr|2|Drain|running|-\n");
    assert_string_equal(
        bench_query(bench, "SELECT step, action, effect, outcome, uncertain, request_id, attempts,"
                           " ms, params, error FROM call ORDER BY seq"),
        "-|ecs:DescribeServices|read|ok|-|q1|1|12|-|-\n"
        "1|ecs:UpdateService|change|open|1|-|-|-|{\"desiredCount\":3}|-\n"
        "1|ecs:UpdateService|change|failed|1|q2|3|70|{\"desiredCount\":2}|no\n");
    assert_string_equal(bench_query(bench, "SELECT seq, kind, step, text FROM note"),
                        "8|note|-|hello\n9|warning|2|slow\n");
}

static void a_call_that_was_settled_is_not_open(void **state)
{
    struct bench *bench = *state;
    bench_begin(bench, "r");
    bench_append(bench, "r", "{'event':'call.intent'," AT ",'step':'1','call':1}");
    assert_string_equal(bench_query(bench, "SELECT count(*) FROM call"), "1\n");
    bench_append(bench, "r", "{'event':'call.settled'," AT ",'step':'1','call':1,'as':'applied'}");
    assert_string_equal(bench_query(bench, "SELECT count(*) FROM call"), "0\n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bench_set_up_open, bench_tear_down)
    const struct CMUnitTest tests[] = {
        T(facts_come_from_three_events),
        T(lists_the_newest_first),
        T(finds_by_id_by_an_end_of_it_or_the_last),
        T(the_last_is_no_step_of_another),
        T(says_what_it_does_not_find),
        T(tells_how_long_good_runs_took),
        T(a_resumed_run_tells_no_duration),
        T(views_answer_questions),
        T(a_call_that_was_settled_is_not_open),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
