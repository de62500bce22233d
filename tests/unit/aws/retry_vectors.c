/* Retries, by the published scenarios of the SDKs' retry specification: every file of its format in
 * the vectors' folder, every scenario in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <glob.h>
#include <math.h>

#include <cmocka.h>

#include "aws/aws.h"
#include "codec/codec.h"

#define MAX_THREADS 8

/* ---- reading ---------------------------------------------------------------------------------
 */

static double get_number(const struct gw_value *map, const char *key, double otherwise)
{
    const struct gw_value *value = gw_map_get(map, gw_view_of(key));
    if (!value) {
        return otherwise;
    }
    return value->kind == GW_INT ? (double)value->as.integer : value->as.number;
}

static int get_int(const struct gw_value *map, const char *key, int otherwise)
{
    return (int)get_number(map, key, otherwise);
}

static const struct gw_value *get_item(const struct gw_value *list, size_t index)
{
    return index < list->as.list.count ? &list->as.list.items[index] : NULL;
}

static struct gw_value read_file(const char *path, struct gw_arena *arena)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = gw_alloc(1u << 20);
    size_t len = fread(text, 1, 1u << 20, file);
    fclose(file);
    struct gw_value value;
    struct gw_err err = {0};
    bool parsed = gw_json_parse((struct gw_view){text, len}, arena, &value, &err);
    assert_string_equal(err.message, "");
    assert_true(parsed);
    free(text);
    return value;
}

/* ---- the two generations of standard mode ----------------------------------------------------
 */

/* Version 2.0, which nobody runs any more: the same rules with other numbers. */
static const struct gw_retry_policy version_2_0 = {.max_attempts = 3,
                                                   .capacity = 500,
                                                   .transient_cost = 5,
                                                   .throttling_cost = 5,
                                                   .transient_scale_ms = 1000,
                                                   .throttling_scale_ms = 1000,
                                                   .max_delay_ms = 20000};

static struct gw_retry new_retry(const struct gw_value *given, bool is_new)
{
    const struct gw_service *service =
        gw_models_find(gw_models_builtin(), gw_map_text(given, GW_VIEW("service")));
    struct gw_retry_policy policy =
        is_new ? gw_retry_policy(GW_RETRY_STANDARD, service) : version_2_0;
    policy.max_attempts = get_int(given, "max_attempts", policy.max_attempts);
    double max_s = get_number(given, "max_backoff_time", (double)policy.max_delay_ms / 1000);
    policy.max_delay_ms = (int64_t)(max_s * 1000);
    struct gw_retry retry;
    gw_retry_init(&retry, &policy);
    retry.tokens = get_int(given, "initial_retry_tokens", retry.tokens);
    return retry;
}

/* One caller of the client: a call at a time. */
struct caller {
    int attempt, held;
};

static int64_t read_hint_ms(const struct gw_value *response)
{
    int64_t hint_ms = -1;
    const struct gw_value *headers = gw_map_get(response, GW_VIEW("headers"));
    struct gw_view text =
        headers ? gw_map_text(headers, GW_VIEW("x-amz-retry-after")) : GW_VIEW_NONE;
    return gw_view_to_int64(text, &hint_ms) ? hint_ms : -1;
}

static const char *verdict_name(enum gw_retry_verdict verdict)
{
    static const char *const names[] = {[GW_RETRY_AGAIN] = "retry_request",
                                        [GW_RETRY_POINTLESS] = "fail_request",
                                        [GW_RETRY_ATTEMPTS_USED] = "max_attempts_exceeded",
                                        [GW_RETRY_QUOTA_USED] = "retry_quota_exceeded"};
    return names[verdict];
}

/* The outcome, as the scenarios name it. */
static const char *take_step(struct gw_retry *retry, struct caller *caller,
                             const struct gw_value *given, const struct gw_value *response,
                             int64_t *delay_ms)
{
    *delay_ms = 0;
    int status = get_int(response, "status_code", 0);
    if (status < 300) {
        gw_retry_success(retry, caller->held);
        *caller = (struct caller){1, 0};
        return "success";
    }
    struct gw_aws_error error = {.code = gw_map_text(response, GW_VIEW("error_code")),
                                 .http_status = status};
    struct gw_retry_failure failure = {.class = gw_retry_classify(&error, NULL),
                                       .attempt = caller->attempt,
                                       .random = get_number(given, "exponential_base", 1),
                                       .hint_ms = read_hint_ms(response),
                                       .long_polling = gw_map_get(given, GW_VIEW("long_polling"))};
    struct gw_retry_decision decision = gw_retry_decide(retry, &failure);
    bool again = decision.verdict == GW_RETRY_AGAIN;
    *caller = again ? (struct caller){caller->attempt + 1, decision.cost} : (struct caller){1, 0};
    *delay_ms = decision.delay_ms;
    return verdict_name(decision.verdict);
}

static void check_step(struct gw_retry *retry, struct caller *caller, const struct gw_value *given,
                       const struct gw_value *step)
{
    const struct gw_value *expected = gw_map_get(step, GW_VIEW("expected"));
    int64_t delay_ms;
    const char *outcome =
        take_step(retry, caller, given, gw_map_get(step, GW_VIEW("response")), &delay_ms);
    assert_string_equal(outcome, gw_map_text(expected, GW_VIEW("outcome")).data);
    assert_int_equal(retry->tokens, get_int(expected, "retry_quota", retry->tokens));
    bool is_told = gw_map_get(expected, GW_VIEW("delay")) || caller->attempt == 1;
    if (is_told) {
        assert_int_equal(delay_ms, lround(1000 * get_number(expected, "delay", 0)));
    }
}

static void run_calls(const struct gw_value *scenario, bool is_new)
{
    const struct gw_value *given = gw_map_get(scenario, GW_VIEW("given"));
    const struct gw_value *steps = gw_map_get(scenario, GW_VIEW("responses"));
    struct gw_retry retry = new_retry(given, is_new);
    struct caller caller = {1, 0};
    for (size_t i = 0; i < steps->as.list.count; i++) {
        check_step(&retry, &caller, given, get_item(steps, i));
    }
}

/* Threads in the middle of their steps. */
struct scene {
    const struct gw_value *given, *threads;
    int final_quota;
    struct gw_retry retry;
    struct caller callers[MAX_THREADS];
    size_t next[MAX_THREADS];
};

/* True where the thread's next step comes out as stated. */
static bool advance(struct scene *scene, size_t who)
{
    const struct gw_value *step = get_item(get_item(scene->threads, who), scene->next[who]);
    if (!step) {
        return false;
    }
    const struct gw_value *expected = gw_map_get(step, GW_VIEW("expected"));
    int64_t delay_ms;
    const char *outcome = take_step(&scene->retry, &scene->callers[who], scene->given,
                                    gw_map_get(step, GW_VIEW("response")), &delay_ms);
    scene->next[who]++;
    return scene->retry.tokens == get_int(expected, "retry_quota", -1) &&
           gw_view_equal(gw_view_of(outcome), gw_map_text(expected, GW_VIEW("outcome")));
}

/* The order of the threads' steps is not stated: one must exist that fits. */
static bool has_an_order(const struct scene *scene)
{
    size_t count = scene->threads->as.list.count, ended = 0;
    for (size_t who = 0; who < count; who++) {
        struct scene after = *scene;
        ended += scene->next[who] == get_item(scene->threads, who)->as.list.count;
        if (advance(&after, who) && has_an_order(&after)) {
            return true;
        }
    }
    return ended == count && scene->retry.tokens == scene->final_quota;
}

static void run_threads(const struct gw_value *scenario, bool is_new)
{
    struct scene scene = {.given = gw_map_get(scenario, GW_VIEW("given")),
                          .threads = gw_map_get(scenario, GW_VIEW("threads")),
                          .final_quota = get_int(scenario, "expected_final_quota", -1)};
    scene.retry = new_retry(scene.given, is_new);
    assert_in_range(scene.threads->as.list.count, 1, MAX_THREADS);
    for (size_t i = 0; i < MAX_THREADS; i++) {
        scene.callers[i].attempt = 1;
    }
    assert_true(has_an_order(&scene));
}

/* ---- adaptive mode ---------------------------------------------------------------------------
 */

static void assert_near(double actual, double expected)
{
    if (fabs(actual - expected) > 5e-7) {
        fail_msg("expected %.9f, got %.9f", expected, actual);
    }
}

static bool is_throttled(const struct gw_value *row)
{
    return gw_view_equal(gw_map_text(row, GW_VIEW("response")), GW_VIEW("throttle"));
}

/* The rule alone: from the rate it gave before. */
static void run_curve(const struct gw_value *given, const struct gw_value *rows)
{
    struct gw_limiter limiter;
    gw_limiter_init(&limiter, get_number(given, "last_throttle_time", 0));
    limiter.last_max_rate = get_number(given, "last_max_rate", 0);
    double rate = 0;
    for (size_t i = 0; i < rows->as.list.count; i++) {
        const struct gw_value *row = get_item(rows, i);
        double now_s = get_number(row, "timestamp", 0);
        rate = is_throttled(row) ? gw_limiter_reduced_rate(&limiter, rate, now_s)
                                 : gw_limiter_growing_rate(&limiter, now_s);
        assert_near(rate, get_number(row, "calculated_rate", -1));
    }
}

static void run_limiter(const struct gw_value *rows)
{
    struct gw_limiter limiter;
    gw_limiter_init(&limiter, 0);
    for (size_t i = 0; i < rows->as.list.count; i++) {
        const struct gw_value *row = get_item(rows, i);
        gw_limiter_answered(&limiter, is_throttled(row), get_number(row, "timestamp", 0));
        assert_near(limiter.measured_rate, get_number(row, "measured_tx_rate", -1));
        assert_near(limiter.bucket.rate, get_number(row, "new_token_bucket_rate", -1));
    }
}

static void run_rates(const struct gw_value *scenario)
{
    const struct gw_value *rows = gw_map_get(scenario, GW_VIEW("cases"));
    const struct gw_value *given = gw_map_get(scenario, GW_VIEW("given"));
    if (gw_map_get(get_item(rows, 0), GW_VIEW("calculated_rate"))) {
        run_curve(given, rows);
    } else {
        run_limiter(rows);
    }
}

/* ---- all of them -----------------------------------------------------------------------------
 */

static void run_scenario(const struct gw_value *scenario, struct gw_view group)
{
    bool is_new = gw_view_starts_with(group, GW_VIEW("new"));
    print_message("%.*s: %.*s\n", GW_VIEW_ARGS(group),
                  GW_VIEW_ARGS(gw_map_text(scenario, GW_VIEW("name"))));
    if (gw_map_get(scenario, GW_VIEW("cases"))) {
        run_rates(scenario);
    } else if (gw_map_get(scenario, GW_VIEW("threads"))) {
        run_threads(scenario, is_new);
    } else {
        run_calls(scenario, is_new);
    }
}

static int run_file(const char *path)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value groups = read_file(path, arena);
    int count = 0;
    for (size_t i = 0; i < groups.as.map.count; i++) {
        const struct gw_entry *group = &groups.as.map.entries[i];
        for (size_t j = 0; j < group->value.as.list.count; j++, count++) {
            run_scenario(get_item(&group->value, j), group->key);
        }
    }
    gw_arena_free(arena);
    return count;
}

static void published_scenarios_come_out_as_published(void **state)
{
    (void)state;
    glob_t files;
    int count = 0;
    if (glob(GW_VECTORS "/retry/*.json", 0, NULL, &files) != 0) {
        print_message("retry vectors are not in %s\n", GW_VECTORS);
        skip();
    }
    for (size_t i = 0; i < files.gl_pathc; i++) {
        count += run_file(files.gl_pathv[i]);
    }
    globfree(&files);
    assert_true(count >= 28);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_scenarios_come_out_as_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
