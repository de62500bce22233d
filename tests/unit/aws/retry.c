/* Retries: what is tried again, when, and what it costs. The published scenarios are in
 * retry_vectors.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aws/aws.h"

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

/* ---- delays and the bucket --------------------------------------------------------------------
 */

static struct gw_retry standard(int max_attempts)
{
    struct gw_retry retry;
    struct gw_retry_policy policy = gw_retry_policy(GW_RETRY_STANDARD, NULL);
    policy.max_attempts = max_attempts;
    gw_retry_init(&retry, &policy);
    return retry;
}

static int64_t delay_ms(struct gw_retry *retry, enum gw_retry_class class, int attempt,
                        double random)
{
    struct gw_retry_failure failure = {class, attempt, random, -1, false};
    struct gw_retry_decision decision = gw_retry_decide(retry, &failure);
    assert_int_equal(decision.verdict, GW_RETRY_AGAIN);
    return decision.delay_ms;
}

static void delays_double_up_to_twenty_seconds(void **state)
{
    (void)state;
    static const int64_t transient_ms[] = {50,   100,  200,   400,   800,  1600,
                                           3200, 6400, 12800, 20000, 20000};
    static const int64_t throttling_ms[] = {1000, 2000, 4000, 8000, 16000, 20000, 20000};
    struct gw_retry retry = standard(1000);
    for (int i = 0; i < 11; i++) {
        assert_int_equal(delay_ms(&retry, GW_RETRY_TRANSIENT, i + 1, 1.0), transient_ms[i]);
    }
    for (int i = 0; i < 7; i++) {
        assert_int_equal(delay_ms(&retry, GW_RETRY_THROTTLING, i + 1, 1.0), throttling_ms[i]);
    }
    assert_int_equal(delay_ms(&retry, GW_RETRY_THROTTLING, 900, 1.0), 20000);
    assert_int_equal(delay_ms(&retry, GW_RETRY_TRANSIENT, 1, 0.0), 0);
    assert_int_equal(delay_ms(&retry, GW_RETRY_TRANSIENT, 1, 0.5), 25);
}

static void the_bucket_fills_up_to_its_size_only(void **state)
{
    (void)state;
    struct gw_retry retry = standard(3);
    gw_retry_success(&retry, 0);
    assert_int_equal(retry.tokens, 500);
    retry.tokens = 490;
    gw_retry_success(&retry, 0);
    assert_int_equal(retry.tokens, 491);
    gw_retry_success(&retry, 14);
    assert_int_equal(retry.tokens, 500);
}

static void modes_are_read_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum gw_retry_mode mode; /* unset: refused */
    } rows[] = {{"standard", GW_RETRY_STANDARD},
                {"ADAPTIVE", GW_RETRY_ADAPTIVE},
                {"legacy", GW_RETRY_LEGACY},
                {"", GW_RETRY_MODE_UNSET},
                {"standard2", GW_RETRY_MODE_UNSET}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum gw_retry_mode mode = GW_RETRY_MODE_UNSET;
        assert_int_equal(gw_retry_mode_read(gw_view_of(rows[i].text), &mode),
                         rows[i].mode != GW_RETRY_MODE_UNSET);
        assert_int_equal(mode, rows[i].mode);
    }
}

static void dynamodb_has_one_attempt_more_and_half_the_delay(void **state)
{
    (void)state;
    const struct gw_models *models = gw_models_builtin();
    const struct gw_service *dynamodb = gw_models_find(models, GW_VIEW("dynamodb"));
    const struct gw_service *ecs = gw_models_find(models, GW_VIEW("ecs"));
    struct gw_retry_policy policy = gw_retry_policy(GW_RETRY_ADAPTIVE, dynamodb);
    assert_int_equal(policy.max_attempts, 4);
    assert_int_equal(policy.transient_scale_ms, 25);
    assert_int_equal(policy.throttling_scale_ms, 1000);
    policy = gw_retry_policy(GW_RETRY_STANDARD, ecs);
    assert_int_equal(policy.max_attempts, 3);
    assert_int_equal(policy.transient_scale_ms, 50);
}

static void legacy_tries_five_times_and_counts_no_tokens(void **state)
{
    (void)state;
    struct gw_retry retry;
    struct gw_retry_policy policy = gw_retry_policy(GW_RETRY_LEGACY, NULL);
    gw_retry_init(&retry, &policy);
    for (int attempt = 1; attempt < 5; attempt++) {
        assert_int_equal(delay_ms(&retry, GW_RETRY_TRANSIENT, attempt, 1.0), 1000 << (attempt - 1));
    }
    struct gw_retry_failure last = {GW_RETRY_TRANSIENT, 5, 1.0, -1, false};
    assert_int_equal(gw_retry_decide(&retry, &last).verdict, GW_RETRY_ATTEMPTS_USED);
    assert_int_equal(retry.tokens, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_classified_by_code_then_by_status),
        cmocka_unit_test(lost_connections_are_transient_and_our_own_refusals_final),
        cmocka_unit_test(delays_double_up_to_twenty_seconds),
        cmocka_unit_test(the_bucket_fills_up_to_its_size_only),
        cmocka_unit_test(modes_are_read_by_name),
        cmocka_unit_test(dynamodb_has_one_attempt_more_and_half_the_delay),
        cmocka_unit_test(legacy_tries_five_times_and_counts_no_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
