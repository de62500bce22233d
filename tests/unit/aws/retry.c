/* Retries: what is tried again and when, by the published scenarios of standard mode 2.1 and by
 * our own lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aws/aws.h"
#include "codec/codec.h"

/* ---- published scenarios -----------------------------------------------------------------------
 */

static const char vectors_path[] = GW_VECTORS "/retry/standard-v2.1.json";

static bool read_vectors(struct gw_arena *arena, struct gw_value *out)
{
    FILE *file = fopen(vectors_path, "rb");
    if (!file) {
        print_message("retry vectors are not here: %s\n", vectors_path);
        return false;
    }
    char *text = gw_alloc(1u << 20);
    size_t len = fread(text, 1, 1u << 20, file);
    fclose(file);
    struct gw_err err = {0};
    assert_true(gw_json_parse((struct gw_view){text, len}, arena, out, &err));
    free(text);
    return true;
}

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

/* One caller of the client: a call at a time. */
struct caller {
    int attempt;
    int held;
};

static void check_success(struct gw_retry *retry, struct caller *caller, struct gw_view outcome)
{
    assert_true(gw_view_equal(outcome, GW_VIEW("success")));
    gw_retry_success(retry, caller->held);
    *caller = (struct caller){1, 0};
}

static int64_t read_hint_ms(const struct gw_value *response)
{
    int64_t hint_ms = -1;
    const struct gw_value *headers = gw_map_get(response, GW_VIEW("headers"));
    struct gw_view text =
        headers ? gw_map_text(headers, GW_VIEW("x-amz-retry-after")) : GW_VIEW_NONE;
    return gw_view_to_int64(text, &hint_ms) ? hint_ms : -1;
}

static void check_failure(struct gw_retry *retry, struct caller *caller,
                          const struct gw_value *response, const struct gw_value *expected)
{
    struct gw_aws_error error = {.code = gw_map_text(response, GW_VIEW("error_code")),
                                 .http_status = get_int(response, "status_code", 0)};
    enum gw_retry_class class = gw_retry_classify(&error, NULL);
    int64_t delay_ms =
        gw_retry_delay_ms(retry, class, caller->attempt, 1.0, read_hint_ms(response));
    bool retries =
        gw_view_equal(gw_map_text(expected, GW_VIEW("outcome")), GW_VIEW("retry_request"));
    assert_int_equal(delay_ms >= 0, retries);
    if (retries) {
        double expected_ms = 1000 * get_number(expected, "delay", (double)delay_ms / 1000);
        assert_int_equal(delay_ms, (int64_t)(expected_ms + 0.5));
        caller->held = gw_retry_cost(class);
        caller->attempt++;
    } else {
        *caller = (struct caller){1, 0};
    }
}

static void check_step(struct gw_retry *retry, struct caller *caller, const struct gw_value *step)
{
    const struct gw_value *response = gw_map_get(step, GW_VIEW("response"));
    const struct gw_value *expected = gw_map_get(step, GW_VIEW("expected"));
    if (get_int(response, "status_code", 0) < 300) {
        check_success(retry, caller, gw_map_text(expected, GW_VIEW("outcome")));
    } else {
        check_failure(retry, caller, response, expected);
    }
    assert_int_equal(retry->tokens, get_int(expected, "retry_quota", retry->tokens));
}

static struct gw_retry new_retry(const struct gw_value *scenario)
{
    const struct gw_value *given = gw_map_get(scenario, GW_VIEW("given"));
    struct gw_retry retry;
    gw_retry_init(&retry, get_int(given, "max_attempts", 3));
    retry.tokens = get_int(given, "initial_retry_tokens", retry.tokens);
    return retry;
}

/* Two need what gwrun does not have: another ceiling of delays, and the sleep that long-polling
 * operations owe when the bucket is empty. */
static bool applies(const struct gw_value *scenario)
{
    const struct gw_value *given = gw_map_get(scenario, GW_VIEW("given"));
    bool is_owed_sleep = gw_map_get(given, GW_VIEW("long_polling")) &&
                         get_int(given, "initial_retry_tokens", 500) == 0;
    return !gw_map_get(given, GW_VIEW("max_backoff_time")) && !is_owed_sleep;
}

static int run_group(const struct gw_value *vectors, const char *group)
{
    const struct gw_value *scenarios = gw_map_get(vectors, gw_view_of(group));
    int run = 0;
    for (size_t i = 0; i < scenarios->as.list.count; i++) {
        const struct gw_value *scenario = &scenarios->as.list.items[i];
        const struct gw_value *steps = gw_map_get(scenario, GW_VIEW("responses"));
        struct gw_view name = gw_map_text(scenario, GW_VIEW("name"));
        struct gw_retry retry = new_retry(scenario);
        struct caller caller = {1, 0};
        print_message("%s %.*s\n", applies(scenario) ? "run " : "skip", GW_VIEW_ARGS(name));
        for (size_t j = 0; applies(scenario) && j < steps->as.list.count; j++) {
            check_step(&retry, &caller, &steps->as.list.items[j]);
        }
        run += applies(scenario);
    }
    return run;
}

static void published_scenarios_come_out_as_published(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    struct gw_value vectors;
    if (!read_vectors(arena, &vectors)) {
        gw_arena_free(arena);
        skip();
    }
    assert_int_equal(run_group(&vectors, "newStandardRetryIntegrationTestCases"), 11);
    assert_int_equal(run_group(&vectors, "newStandardRetryLongPollingTestCases"), 3);
    assert_int_equal(run_group(&vectors, "newStandardRetryMultiInvocationTestCases"), 1);
    gw_arena_free(arena);
}

/* The published scenario of two threads: each call gives back what it took itself. */
static void overlapping_calls_share_the_bucket_and_each_returns_its_own(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    struct gw_value vectors;
    if (!read_vectors(arena, &vectors)) {
        gw_arena_free(arena);
        skip();
    }
    const struct gw_value *scenario =
        &gw_map_get(&vectors, GW_VIEW("newStandardRetryMultiThreadedTestCases"))->as.list.items[0];
    const struct gw_value *threads = gw_map_get(scenario, GW_VIEW("threads"));
    struct gw_retry retry = new_retry(scenario);
    struct caller callers[2] = {{1, 0}, {1, 0}};
    size_t next[2] = {0, 0};
    static const size_t order[] = {0, 0, 1, 1, 0}; /* the one that gives the quotas stated */
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        size_t who = order[i];
        const struct gw_value *steps = &threads->as.list.items[who];
        check_step(&retry, &callers[who], &steps->as.list.items[next[who]++]);
    }
    assert_int_equal(retry.tokens, get_int(scenario, "expected_final_quota", 0));
    gw_arena_free(arena);
}

/* ---- our own rows ------------------------------------------------------------------------------
 */

static void errors_are_classified_by_code_then_by_status(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        int status;
        enum gw_retry_class expected;
    } rows[] = {
        {"ServiceNotFoundException", 400, GW_RETRY_NEVER},
        {"AccessDeniedException", 400, GW_RETRY_NEVER},
        {"ValidationError", 400, GW_RETRY_NEVER},
        {"ThrottlingException", 400, GW_RETRY_THROTTLING},
        {"Throttling", 400, GW_RETRY_THROTTLING},
        {"RequestLimitExceeded", 503, GW_RETRY_THROTTLING},
        {"SlowDown", 503, GW_RETRY_THROTTLING},
        {"429", 429, GW_RETRY_THROTTLING},
        {"SomethingElse", 429, GW_RETRY_NEVER},
        {"RequestTimeout", 400, GW_RETRY_TRANSIENT},
        {"ServerException", 500, GW_RETRY_TRANSIENT},
        {"InternalFailure", 500, GW_RETRY_TRANSIENT},
        {"502", 502, GW_RETRY_TRANSIENT},
        {"ServiceUnavailable", 503, GW_RETRY_TRANSIENT},
        {"504", 504, GW_RETRY_TRANSIENT},
        {"501", 501, GW_RETRY_NEVER},
        {"301", 301, GW_RETRY_NEVER},
        {"ExpiredToken", 403, GW_RETRY_NEVER},
        {"ExpiredTokenException", 400, GW_RETRY_NEVER},
        {"ExpiredTokenException", 503, GW_RETRY_NEVER},
        {"RequestExpired", 400, GW_RETRY_NEVER},
        {"InvalidClientTokenId", 403, GW_RETRY_NEVER},
        {"UnrecognizedClientException", 400, GW_RETRY_NEVER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_aws_error error = {.code = gw_view_of(rows[i].code),
                                     .http_status = rows[i].status};
        assert_int_equal(gw_retry_classify(&error, NULL), rows[i].expected);
    }
}

static void lost_connections_are_transient_and_our_own_refusals_final(void **state)
{
    (void)state;
    static const struct {
        enum gw_err_code code;
        enum gw_retry_class expected;
    } rows[] = {
        {GW_ERR_NETWORK, GW_RETRY_TRANSIENT}, {GW_ERR_TIMEOUT, GW_RETRY_TRANSIENT},
        {GW_ERR_PROTOCOL, GW_RETRY_NEVER}, /* the call knows more, see call.c */
        {GW_ERR_LIMIT, GW_RETRY_NEVER},       {GW_ERR_INPUT, GW_RETRY_NEVER},
        {GW_ERR_CREDENTIALS, GW_RETRY_NEVER}, {GW_ERR_CANCELLED, GW_RETRY_NEVER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_err err = {.code = rows[i].code};
        assert_int_equal(gw_retry_classify(NULL, &err), rows[i].expected);
    }
}

static void delays_double_up_to_twenty_seconds(void **state)
{
    (void)state;
    static const int64_t transient_ms[] = {50,   100,  200,   400,   800,  1600,
                                           3200, 6400, 12800, 20000, 20000};
    static const int64_t throttling_ms[] = {1000, 2000, 4000, 8000, 16000, 20000, 20000};
    struct gw_retry retry;
    gw_retry_init(&retry, 1000);
    for (int i = 0; i < 11; i++) {
        assert_int_equal(gw_retry_delay_ms(&retry, GW_RETRY_TRANSIENT, i + 1, 1.0, -1),
                         transient_ms[i]);
    }
    for (int i = 0; i < 7; i++) {
        assert_int_equal(gw_retry_delay_ms(&retry, GW_RETRY_THROTTLING, i + 1, 1.0, -1),
                         throttling_ms[i]);
    }
    assert_int_equal(gw_retry_delay_ms(&retry, GW_RETRY_THROTTLING, 900, 1.0, -1), 20000);
    assert_int_equal(gw_retry_delay_ms(&retry, GW_RETRY_TRANSIENT, 1, 0.0, -1), 0);
    assert_int_equal(gw_retry_delay_ms(&retry, GW_RETRY_TRANSIENT, 1, 0.5, -1), 25);
}

static void the_bucket_fills_up_to_its_size_only(void **state)
{
    (void)state;
    struct gw_retry retry;
    gw_retry_init(&retry, 0);
    assert_int_equal(retry.max_attempts, 3);
    gw_retry_success(&retry, 0);
    assert_int_equal(retry.tokens, 500);
    retry.tokens = 490;
    gw_retry_success(&retry, 0);
    assert_int_equal(retry.tokens, 491);
    gw_retry_success(&retry, 14);
    assert_int_equal(retry.tokens, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_scenarios_come_out_as_published),
        cmocka_unit_test(overlapping_calls_share_the_bucket_and_each_returns_its_own),
        cmocka_unit_test(errors_are_classified_by_code_then_by_status),
        cmocka_unit_test(lost_connections_are_transient_and_our_own_refusals_final),
        cmocka_unit_test(delays_double_up_to_twenty_seconds),
        cmocka_unit_test(the_bucket_fills_up_to_its_size_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
