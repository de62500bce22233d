/* What calls of a client share to be sent and sent again: buckets for each service, rates, the
 * adaptive limiter, sleeps that polling owes, and the time a whole call may take. All on the
 * virtual clock. */
#include "unit/aws/player.h"

#define THROTTLED                                                                                  \
    {                                                                                              \
        .status = 400, .body = ERROR_JSON("ThrottlingException", "Rate exceeded")                  \
    }
#define BROKEN                                                                                     \
    {                                                                                              \
        .status = 500, .body = ERROR_JSON("ServerException", "Sorry")                              \
    }
#define FINE                                                                                       \
    {                                                                                              \
        .status = 200, .body = "{}"                                                                \
    }

static void assert_sent_at(const struct fixture *f, const int *expected_ms, size_t count)
{
    assert_int_equal(f->player.sent_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(f->player.sent[i].at_ms, expected_ms[i]);
    }
}

#define ASSERT_SENT_AT(f, ...)                                                                     \
    do {                                                                                           \
        static const int expected_ms[] = {__VA_ARGS__};                                            \
        assert_sent_at(f, expected_ms, sizeof expected_ms / sizeof expected_ms[0]);                \
    } while (0)

/* ---- buckets -----------------------------------------------------------------------------------
 */

static struct outcome describe_load_balancers(struct fixture *f)
{
    return call(f, find("elbv2", "describe_load_balancers"), "{}");
}

static void empty_the_bucket(struct fixture *f)
{
    PLAY(f, BROKEN);
    for (int i = 0; i < 18; i++) {
        f->player.sent_count = 0;
        list_clusters(f);
    }
    assert_int_equal(list_clusters(f).attempts, 1);
    f->player.sent_count = 0;
}

static void the_outage_of_one_service_is_none_of_another(void **state)
{
    struct fixture *f = *state;
    empty_the_bucket(f);
    assert_int_equal(describe_load_balancers(f).attempts, 3);
}

static void calls_with_other_settings_have_another_bucket(void **state)
{
    struct fixture *f = *state;
    empty_the_bucket(f);
    f->call_options.max_attempts = 2;
    assert_int_equal(list_clusters(f).attempts, 2);
    f->call_options.max_attempts = 0;
    assert_int_equal(list_clusters(f).attempts, 1);
}

static void attempts_are_those_of_the_mode_the_settings_or_the_call(void **state)
{
    struct fixture *f = *state;
    PLAY(f, BROKEN);
    assert_int_equal(call(f, find("dynamodb", "list_tables"), "{}").attempts, 4);
    f->options.settings.max_attempts = 2;
    f->options.settings.retry_mode = GW_RETRY_LEGACY;
    renew_client(f);
    f->player.sent_count = 0;
    assert_int_equal(list_clusters(f).attempts, 2);
    assert_header(&f->player.sent[0], "amz-sdk-request", "attempt=1; max=2");
    f->call_options = (struct gw_call_options){.max_attempts = 7};
    assert_int_equal(list_clusters(f).attempts, 7);
    f->options.settings.max_attempts = 0;
    f->call_options = (struct gw_call_options){0};
    renew_client(f);
    assert_int_equal(list_clusters(f).attempts, 5);
}

static void polling_sleeps_once_before_it_says_that_no_token_is_left(void **state)
{
    struct fixture *f = *state;
    const struct gw_operation *receive = find("sqs", "receive_message");
    static const char queue[] = "{\"QueueUrl\":\"https://sqs.eu-central-1.amazonaws.com/1/q\"}";
    PLAY(f, THROTTLED);
    for (int i = 0; i < 50; i++) {
        f->player.sent_count = 0;
        call(f, receive, queue);
    }
    f->player.sent_count = 0;
    struct outcome polled = call(f, receive, queue);
    assert_int_equal(polled.attempts, 1);
    assert_view(polled.code, "ThrottlingException");
    assert_in_range(polled.duration_ms, 1, 1000);
    assert_int_equal(f->player.sent_count, 1);
    struct outcome other = call(f, find("sqs", "list_queues"), "{}");
    assert_int_equal(other.attempts, 1);
    assert_int_equal(other.duration_ms, 0);
}

/* ---- what the server and the caller are told ---------------------------------------------------
 */

static void the_seconds_of_retry_after_are_heeded_like_aws_own_header(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 503, .body = "", .headers = {{"Retry-After", "3"}}}, FINE);
    list_clusters(f);
    ASSERT_SENT_AT(f, 0, 3000);
}

static void a_date_or_nonsense_for_retry_after_is_not_heeded(void **state)
{
    struct fixture *f = *state;
    PLAY(f,
         {.status = 503, .body = "", .headers = {{"Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"}}},
         {.status = 503, .body = "", .headers = {{"x-amz-retry-after", "-1"}}}, FINE);
    assert_in_range(list_clusters(f).duration_ms, 0, 150);
}

static void a_repetition_tells_until_when_by_the_servers_clock_it_waits(void **state)
{
    struct fixture *f = *state;
    PLAY(f,
         {.status = 500,
          .body = "",
          .headers = {{"Date", "Tue, 14 Nov 2023 22:16:20 GMT"}, {"x-amz-retry-after", "5000"}}},
         FINE);
    list_clusters(f);
    assert_header(&f->player.sent[0], "amz-sdk-request", "attempt=1; max=3");
    assert_header(&f->player.sent[1], "amz-sdk-request",
                  "ttl=20231114T221725Z; attempt=2; max=3"); /* 3 minutes ahead, 65 s later */
}

static void a_damaged_answer_of_dynamodb_is_asked_for_again(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "{\"TableNames\":[]}", .headers = {{"x-amz-crc32", "1"}}},
         {.status = 200, .body = "{}", .headers = {{"x-amz-crc32", "2745614147"}}});
    struct outcome outcome = call(f, find("dynamodb", "list_tables"), "{}");
    assert_view(outcome.output, "{}");
    assert_int_equal(outcome.attempts, 2);
}

struct notes {
    int count;
    int attempts[4];
    int64_t delays_ms[4];
    struct gw_view causes[4];
};

static void note_retry(void *ctx, const struct gw_call_retry *retry)
{
    const struct fixture *f = ((struct outcome *)ctx)->f;
    struct notes *notes = f->notes;
    int i = notes->count++;
    notes->attempts[i] = retry->attempt;
    notes->delays_ms[i] = retry->delay_ms;
    notes->causes[i] =
        gw_arena_dup(f->arena, retry->error ? retry->error->code : gw_view_of(retry->err->message));
}

static void each_retry_is_told_with_its_cause_and_delay(void **state)
{
    struct fixture *f = *state;
    struct notes notes = {0};
    f->notes = &notes;
    f->retrying = note_retry;
    PLAY(f, THROTTLED, {.failure = GW_ERR_NETWORK, .message = "h:443: connection reset"}, FINE);
    assert_int_equal(list_clusters(f).attempts, 3);
    assert_int_equal(notes.count, 2);
    assert_int_equal(notes.attempts[0], 1);
    assert_view(notes.causes[0], "ThrottlingException");
    assert_int_equal(f->player.sent[1].at_ms, notes.delays_ms[0]);
    assert_int_equal(notes.attempts[1], 2);
    assert_view(notes.causes[1], "h:443: connection reset");
}

/* ---- rates -------------------------------------------------------------------------------------
 */

static void start_many(struct fixture *f, struct outcome *outcomes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        start(f, find("ecs", "list_clusters"), "{}", &outcomes[i]);
    }
}

static void a_rate_spaces_requests_in_the_order_of_their_calls(void **state)
{
    struct fixture *f = *state;
    struct outcome outcomes[6];
    PLAY(f, FINE);
    f->call_options.rate = 10;
    start_many(f, outcomes, 6);
    run(f);
    ASSERT_SENT_AT(f, 0, 100, 200, 300, 400, 500);
    assert_int_equal(outcomes[3].duration_ms, 300);
}

static void a_rate_lets_a_tenth_of_a_second_through_at_once(void **state)
{
    struct fixture *f = *state;
    struct outcome outcomes[6];
    PLAY(f, FINE);
    f->call_options.rate = 40;
    start_many(f, outcomes, 6);
    run(f);
    ASSERT_SENT_AT(f, 0, 0, 0, 0, 25, 50);
}

static void retries_count_in_a_rate_too(void **state)
{
    struct fixture *f = *state;
    PLAY(f, BROKEN, FINE);
    f->call_options.rate = 0.5;
    list_clusters(f);
    ASSERT_SENT_AT(f, 0, 2000);
}

static void a_rate_is_for_one_service(void **state)
{
    struct fixture *f = *state;
    PLAY(f, FINE);
    f->call_options.rate = 1;
    list_clusters(f);
    call(f, find("logs", "describe_log_groups"), "{}");
    ASSERT_SENT_AT(f, 0, 0);
}

static void who_leaves_the_queue_makes_room(void **state)
{
    struct fixture *f = *state;
    struct outcome outcomes[4];
    PLAY(f, FINE);
    f->call_options.rate = 10;
    const struct gw_operation *op = find("ecs", "list_clusters");
    start(f, op, "{}", &outcomes[0]);
    struct gw_call *second = start(f, op, "{}", &outcomes[1]);
    start(f, op, "{}", &outcomes[2]);
    struct gw_call *last = start(f, op, "{}", &outcomes[3]);
    gw_call_cancel(second);
    gw_call_cancel(last);
    run(f);
    ASSERT_SENT_AT(f, 0, 100);
    assert_int_equal(outcomes[2].calls, 1);
    assert_int_equal(outcomes[1].calls + outcomes[3].calls, 0);
}

static void freeing_a_client_empties_its_queue(void **state)
{
    struct fixture *f = *state;
    struct outcome outcomes[3];
    PLAY(f, FINE);
    f->call_options.rate = 1;
    start_many(f, outcomes, 3);
    gw_client_free(f->client);
    f->client = NULL;
    run(f);
    assert_int_equal(outcomes[0].calls + outcomes[1].calls + outcomes[2].calls, 0);
}

/* ---- adaptive mode -----------------------------------------------------------------------------
 */

static void adaptive_mode_holds_nothing_back_before_it_is_throttled(void **state)
{
    struct fixture *f = *state;
    struct outcome outcomes[20];
    PLAY(f, FINE);
    f->call_options.retry_mode = GW_RETRY_ADAPTIVE;
    start_many(f, outcomes, 20);
    run(f);
    assert_int_equal(f->player.sent[19].at_ms, 0);
}

/* Nothing was measured yet: the slowest rate, one request in two seconds. */
static void adaptive_mode_slows_down_when_throttled(void **state)
{
    struct fixture *f = *state;
    struct outcome outcomes[3];
    PLAY(f, THROTTLED, FINE);
    f->call_options.retry_mode = GW_RETRY_ADAPTIVE;
    list_clusters(f);
    assert_int_equal(f->player.sent[1].at_ms, 2000);
    f->player.sent_count = 1; /* FINE from here */
    start_many(f, outcomes, 3);
    run(f);
    const struct sent *sent = f->player.sent;
    assert_true(sent[1].at_ms > 2000);
    assert_true(sent[2].at_ms > sent[1].at_ms && sent[3].at_ms > sent[2].at_ms);
}

/* ---- the time of a whole call ------------------------------------------------------------------
 */

static void assert_too_late(const struct outcome *outcome, const char *message)
{
    assert_int_equal(outcome->calls, 1);
    assert_int_equal(outcome->err.code, GW_ERR_TIMEOUT);
    assert_string_equal(outcome->err.message, message);
    assert_int_equal(outcome->duration_ms, 1500);
}

static void a_call_ends_at_its_time_while_it_waits_for_an_answer(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "{}", .after_ms = 60000});
    f->call_options.timeout_ms = 1500;
    struct outcome outcome = list_clusters(f);
    assert_too_late(&outcome, "ecs:ListClusters: no answer within 1.5 s (1 attempt)");
    assert_int_equal(f->player.cancelled_count, 1);
}

static void a_call_ends_at_its_time_between_attempts(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 503,
             .body = ERROR_JSON("SlowDown", "Please"),
             .headers = {{"x-amz-retry-after", "5000"}}});
    f->call_options.timeout_ms = 1500;
    struct outcome outcome = list_clusters(f);
    assert_too_late(&outcome, "ecs:ListClusters: no answer within 1.5 s (1 attempt; the last "
                              "failure: SlowDown)");
    assert_int_equal(f->player.sent_count, 1);
}

static void a_call_ends_at_its_time_in_the_queue(void **state)
{
    struct fixture *f = *state;
    struct outcome outcomes[2];
    PLAY(f, FINE);
    f->call_options.rate = 0.1;
    f->call_options.timeout_ms = 1500;
    start_many(f, outcomes, 2);
    run(f);
    assert_int_equal(outcomes[0].duration_ms, 0);
    assert_too_late(&outcomes[1], "ecs:ListClusters: no answer within 1.5 s (0 attempts)");
}

static void a_call_that_is_in_time_leaves_no_timer(void **state)
{
    struct fixture *f = *state;
    PLAY(f, FINE);
    f->call_options.timeout_ms = 1500;
    list_clusters(f);
    assert_int_equal(gw_loop_now_ms(f->loop), 0);
}

int main(void)
{
    forget_the_account();
    const struct CMUnitTest tests[] = {
        TEST(the_outage_of_one_service_is_none_of_another),
        TEST(calls_with_other_settings_have_another_bucket),
        TEST(attempts_are_those_of_the_mode_the_settings_or_the_call),
        TEST(polling_sleeps_once_before_it_says_that_no_token_is_left),
        TEST(the_seconds_of_retry_after_are_heeded_like_aws_own_header),
        TEST(a_date_or_nonsense_for_retry_after_is_not_heeded),
        TEST(a_repetition_tells_until_when_by_the_servers_clock_it_waits),
        TEST(a_damaged_answer_of_dynamodb_is_asked_for_again),
        TEST(each_retry_is_told_with_its_cause_and_delay),
        TEST(a_rate_spaces_requests_in_the_order_of_their_calls),
        TEST(a_rate_lets_a_tenth_of_a_second_through_at_once),
        TEST(retries_count_in_a_rate_too),
        TEST(a_rate_is_for_one_service),
        TEST(who_leaves_the_queue_makes_room),
        TEST(freeing_a_client_empties_its_queue),
        TEST(adaptive_mode_holds_nothing_back_before_it_is_throttled),
        TEST(adaptive_mode_slows_down_when_throttled),
        TEST(a_call_ends_at_its_time_while_it_waits_for_an_answer),
        TEST(a_call_ends_at_its_time_between_attempts),
        TEST(a_call_ends_at_its_time_in_the_queue),
        TEST(a_call_that_is_in_time_leaves_no_timer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
