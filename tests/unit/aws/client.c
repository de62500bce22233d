/* The client's asynchronous call, on a virtual clock against a transport that plays a script: what
 * is sent, what comes back, what is tried again and when, and leaving at any moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/aws/player.h"

/* ---- what is sent ------------------------------------------------------------------------------
 */

static void a_call_is_one_signed_request_and_its_answer(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200,
             .body = "{\"clusterArns\":[\"arn:a\"]}",
             .headers = {{"x-amzn-RequestId", "id-1"}},
             .after_ms = 40});
    struct outcome outcome = list_clusters(f);
    assert_view(outcome.output, "{\"clusterArns\":[\"arn:a\"]}");
    assert_view(outcome.request_id, "id-1");
    assert_int_equal(outcome.attempts, 1);
    assert_int_equal(outcome.duration_ms, 40);

    assert_int_equal(f->player.sent_count, 1);
    const struct sent *sent = &f->player.sent[0];
    assert_view(sent->method, "POST");
    assert_view(sent->url, "https://ecs.eu-central-1.amazonaws.com/");
    assert_view(sent->body, "{}");
    assert_header(sent, "x-amz-target", "AmazonEC2ContainerServiceV20141113.ListClusters");
    assert_header(sent, "user-agent", "gwrun/0.1.0");
    assert_header(sent, "amz-sdk-request", "attempt=1; max=3");
    assert_int_equal(gw_headers_get(&sent->headers, GW_VIEW("amz-sdk-invocation-id")).len, 36);
    assert_header(sent, "x-amz-date", "20231114T221320Z");
    struct gw_view authorization = gw_headers_get(&sent->headers, GW_VIEW("authorization"));
    assert_true(gw_view_starts_with(
        authorization,
        GW_VIEW("AWS4-HMAC-SHA256 "
                "Credential=AKIDEXAMPLE/20231114/eu-central-1/ecs/aws4_request, SignedHeaders="
                "amz-sdk-invocation-id;amz-sdk-request;content-type;host;x-amz-date;x-amz-target, "
                "Signature=")));
}

static void an_unsigned_operation_needs_no_credentials(void **state)
{
    struct fixture *f = *state;
    f->options.credentials = (struct gw_credentials){0};
    renew_client(f);
    PLAY(f, {.status = 200,
             .body = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult/>"
                     "</AssumeRoleWithWebIdentityResponse>"});
    struct outcome outcome =
        call(f, find("sts", "assume_role_with_web_identity"),
             "{\"RoleArn\":\"arn:aws:iam::123456789012:role/r\",\"RoleSessionName\":\"name\","
             "\"WebIdentityToken\":\"token\"}");
    assert_view(outcome.output, "{}");
    assert_null(gw_headers_get(&f->player.sent[0].headers, GW_VIEW("authorization")).data);
}

static void global_services_are_signed_for_their_own_region(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "<ListRolesResponse><ListRolesResult/></ListRolesResponse>"});
    call(f, find("iam", "list_roles"), "{}");
    const struct sent *sent = &f->player.sent[0];
    assert_view(sent->url, "https://iam.amazonaws.com/");
    assert_int_not_equal(gw_view_find(gw_headers_get(&sent->headers, GW_VIEW("authorization")),
                                      GW_VIEW("/us-east-1/iam/aws4_request")),
                         GW_NPOS);
}

static const char discover[] = "{\"NamespaceName\":\"n\",\"ServiceName\":\"s\"}";

static void a_host_prefix_goes_before_the_host(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "{}"});
    call(f, find("servicediscovery", "discover_instances"), discover);
    assert_view(f->player.sent[0].url, "https://data-servicediscovery.eu-central-1.amazonaws.com/");
    f->options.settings.endpoint_url = GW_VIEW("https://example.com/base");
    renew_client(f);
    call(f, find("servicediscovery", "discover_instances"), discover);
    assert_view(f->player.sent[1].url, "https://data-example.com/base/");
}

static void an_endpoint_at_an_address_keeps_its_path_and_gets_no_prefix(void **state)
{
    struct fixture *f = *state;
    f->options.settings.endpoint_url = GW_VIEW("http://127.0.0.1:4566/base/");
    renew_client(f);
    PLAY(f, {.status = 200, .body = "{}"});
    call(f, find("servicediscovery", "discover_instances"), discover);
    assert_view(f->player.sent[0].url, "http://127.0.0.1:4566/base/");
    list_clusters(f);
    assert_view(f->player.sent[1].url, "http://127.0.0.1:4566/base/");
}

/* ---- what is refused ---------------------------------------------------------------------------
 */

static void assert_refused(struct fixture *f, const char *input, enum gw_err_code code,
                           const char *message)
{
    struct gw_value value;
    struct gw_err err = {0};
    struct outcome outcome = {.f = f};
    PLAY(f, {.status = 200, .body = "{}"});
    assert_true(gw_json_parse(gw_view_of(input), f->arena, &value, NULL));
    struct gw_call_request request = {
        .op = find("ecs", "list_clusters"), .input = &value, .done = on_done, .ctx = &outcome};
    assert_null(gw_call_start(f->client, &request, &err));
    run(f);
    assert_int_equal(outcome.calls, 0);
    assert_int_equal(f->player.sent_count, 0);
    assert_int_equal(err.code, code);
    assert_string_equal(err.message, message);
}

static void bad_parameters_are_refused_before_anything_is_sent(void **state)
{
    assert_refused(*state, "{\"maxResult\":1}", GW_ERR_INPUT,
                   "ecs:ListClusters: parameter 'maxResult': no such member, did you mean "
                   "'maxResults'?");
}

static void expired_credentials_are_refused_before_anything_is_sent(void **state)
{
    struct fixture *f = *state;
    f->options.credentials.expires_epoch_s = START_EPOCH_MS / 1000;
    renew_client(f);
    assert_refused(f, "{}", GW_ERR_CREDENTIALS,
                   "ecs:ListClusters: credentials: those from the test expired at "
                   "2023-11-14T22:13:20Z; renew them");
    f->options.credentials.expires_epoch_s++;
    renew_client(f);
    PLAY(f, {.status = 200, .body = "{}"});
    assert_int_equal(list_clusters(f).attempts, 1);
}

static void the_chain_is_asked_once_and_by_the_first_call_that_signs(void **state)
{
    struct fixture *f = *state;
    f->options.credentials = (struct gw_credentials){0};
    renew_client(f);
    struct gw_value none = gw_value_map();
    struct gw_err err = {0};
    struct gw_call_request request = {.op = find("ecs", "list_clusters"), .input = &none};
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    assert_null(gw_call_start(f->client, &request, &err));
    assert_int_equal(err.code, GW_ERR_CREDENTIALS);

    PLAY(f, {.status = 200, .body = "{}"});
    setenv("AWS_ACCESS_KEY_ID", "AKIDFIRST", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-environment", 1);
    list_clusters(f);
    setenv("AWS_ACCESS_KEY_ID", "AKIDSECOND", 1);
    list_clusters(f);
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    for (size_t i = 0; i < 2; i++) {
        assert_int_not_equal(
            gw_view_find(gw_headers_get(&f->player.sent[i].headers, GW_VIEW("authorization")),
                         GW_VIEW("Credential=AKIDFIRST/")),
            GW_NPOS);
    }
}

/* ---- errors of AWS -----------------------------------------------------------------------------
 */

static void an_error_of_aws_comes_as_one_value(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 400,
             .body = ERROR_JSON("ServiceNotFoundException", "Service not found."),
             .headers = {{"x-amzn-RequestId", "id-2"}}});
    struct outcome outcome = update_service(f);
    assert_true(outcome.failed);
    assert_view(outcome.error.service, "ecs");
    assert_view(outcome.error.operation, "UpdateService");
    assert_view(outcome.code, "ServiceNotFoundException");
    assert_view(outcome.message, "Service not found.");
    assert_non_null(outcome.error.shape);
    assert_int_equal(outcome.error.http_status, 400);
    assert_int_equal(outcome.error.attempts, 1);
    assert_view(outcome.request_id, "id-2");
    assert_int_equal(f->player.sent_count, 1);
}

static void expired_tokens_are_not_tried_again(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 400,
             .body = ERROR_JSON("ExpiredTokenException", "The security token is expired")});
    struct outcome outcome = list_clusters(f);
    assert_view(outcome.code, "ExpiredTokenException");
    assert_int_equal(outcome.attempts, 1);
}

static void a_page_of_a_load_balancer_is_an_error_named_by_its_status(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 500, .body = "<html><body>Sorry</body></html>"});
    struct outcome outcome = update_service(f);
    assert_true(outcome.failed);
    assert_view(outcome.code, "500");
    assert_view(outcome.message, "Some Reason");
    assert_int_equal(outcome.error.attempts, 3);
}

/* ---- retries -----------------------------------------------------------------------------------
 */

static void transient_errors_are_tried_again_after_short_delays(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 500, .body = ERROR_JSON("ServerException", "Sorry")},
         {.status = 503, .body = ""}, {.status = 200, .body = "{\"clusterArns\":[]}"});
    struct outcome outcome = list_clusters(f);
    assert_view(outcome.output, "{\"clusterArns\":[]}");
    assert_int_equal(outcome.attempts, 3);
    assert_int_equal(f->player.sent_count, 3);
    const struct sent *sent = f->player.sent;
    assert_in_range(sent[1].at_ms - sent[0].at_ms, 0, 50);
    assert_in_range(sent[2].at_ms - sent[1].at_ms, 0, 100);
    assert_int_equal(outcome.duration_ms, sent[2].at_ms);
    assert_header(&sent[0], "amz-sdk-request", "attempt=1; max=3");
    assert_header(&sent[1], "amz-sdk-request", "attempt=2; max=3");
    assert_header(&sent[2], "amz-sdk-request", "attempt=3; max=3");
    struct gw_view name = GW_VIEW("amz-sdk-invocation-id");
    assert_true(gw_view_equal(gw_headers_get(&sent[0].headers, name),
                              gw_headers_get(&sent[2].headers, name)));
}

static void a_seeded_client_repeats_its_delays_and_ids(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 400, .body = ERROR_JSON("ThrottlingException", "Rate exceeded")});
    list_clusters(f);
    int64_t first_ms = f->player.sent[1].at_ms - f->player.sent[0].at_ms;
    struct gw_view name = GW_VIEW("amz-sdk-invocation-id");
    struct gw_view first_id = gw_headers_get(&f->player.sent[0].headers, name);
    renew_client(f);
    f->player.sent_count = 0;
    list_clusters(f);
    assert_int_equal(f->player.sent[1].at_ms - f->player.sent[0].at_ms, first_ms);
    assert_true(gw_view_equal(gw_headers_get(&f->player.sent[0].headers, name), first_id));
    assert_int_equal(first_id.data[14], '4');
    assert_non_null(strchr("89ab", first_id.data[19]));
}

static void throttling_waits_longer_and_gives_up_after_three_attempts(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 400,
             .body = ERROR_JSON("ThrottlingException", "Rate exceeded"),
             .headers = {{"x-amz-retry-after", "1500"}}});
    struct outcome outcome = update_service(f);
    assert_view(outcome.code, "ThrottlingException");
    assert_int_equal(outcome.attempts, 3);
    assert_int_equal(outcome.error.attempts, 3);
    assert_int_equal(f->player.sent_count, 3);
    assert_in_range(f->player.sent[1].at_ms, 1500, 1500); /* the server's wish, over our 1 s */
    assert_in_range(f->player.sent[2].at_ms, 3000, 3500); /* or our own delay up to 2 s */
    assert_header(&f->player.sent[0], "x-amz-date", "20231114T221320Z");
    assert_header(&f->player.sent[1], "x-amz-date", "20231114T221321Z"); /* signed anew */
}

static void an_outage_empties_the_bucket_and_then_calls_fail_at_once(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 500, .body = ERROR_JSON("ServerException", "Sorry")});
    int64_t attempts = 0;
    for (int i = 0; i < 30; i++) {
        f->player.sent_count = 0;
        attempts += list_clusters(f).attempts;
    }
    assert_int_equal(attempts, 30 + 500 / 14);
}

static void a_refused_connection_is_tried_three_times_and_named(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.failure = GW_ERR_NETWORK,
             .message = "could not connect to 127.0.0.1:1: connection refused"});
    struct outcome outcome = update_service(f);
    assert_int_equal(outcome.err.code, GW_ERR_NETWORK);
    assert_string_equal(outcome.err.message,
                        "ecs:UpdateService: could not connect to 127.0.0.1:1: connection refused");
    assert_int_equal(outcome.attempts, 3);
}

static void a_lost_answer_is_asked_for_again_with_the_same_token(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.failure = GW_ERR_TIMEOUT, .message = "h:443: no complete answer within 60 s"},
         {.status = 200, .body = "{\"tasks\":[]}"});
    struct outcome outcome = call(f, find("ecs", "run_task"), "{\"taskDefinition\":\"web:1\"}");
    assert_int_equal(outcome.attempts, 2);
    assert_view(outcome.output, "{\"tasks\":[]}");
    assert_int_not_equal(gw_view_find(f->player.sent[0].body, GW_VIEW("\"clientToken\":\"")),
                         GW_NPOS);
    assert_true(gw_view_equal(f->player.sent[0].body, f->player.sent[1].body));
}

static void a_cut_off_answer_is_asked_for_again_only_when_it_was_a_reading(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200,
             .body = "{\"clusterArns\":[\"arn",
             .headers = {{"x-amzn-RequestId", "id-3"}}});
    struct outcome read = list_clusters(f);
    assert_int_equal(read.err.code, GW_ERR_PROTOCOL);
    assert_int_equal(read.attempts, 3);
    assert_view(read.request_id, "id-3");
    assert_true(gw_view_starts_with(gw_view_of(read.err.message), GW_VIEW("ecs:ListClusters: ")));
    f->player.sent_count = 0;
    struct outcome change = update_service(f);
    assert_int_equal(change.err.code, GW_ERR_PROTOCOL);
    assert_int_equal(change.attempts, 1);
}

static void what_is_no_http_is_tried_again_only_when_it_was_a_reading(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.failure = GW_ERR_PROTOCOL, .message = "h:443: the answer is not HTTP"});
    assert_int_equal(list_clusters(f).attempts, 3);
    f->player.sent_count = 0;
    assert_int_equal(update_service(f).attempts, 1);
}

static void an_answer_over_the_ceiling_is_final(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.failure = GW_ERR_LIMIT, .message = "h:443: the answer is larger than 10 bytes"});
    struct outcome outcome = list_clusters(f);
    assert_int_equal(outcome.attempts, 1);
    assert_int_equal(outcome.err.code, GW_ERR_LIMIT);
}

/* ---- the clock ---------------------------------------------------------------------------------
 */

#define SKEWED ERROR_JSON("InvalidSignatureException", "Signature expired")

static void a_wrong_clock_is_corrected_once_and_for_all(void **state)
{
    struct fixture *f = *state;
    f->options.settings.max_attempts = 1;
    renew_client(f);
    PLAY(f, {.status = 400, .body = SKEWED, .headers = {{"Date", "Tue, 14 Nov 2023 23:13:20 GMT"}}},
         {.status = 200, .body = "{}"});
    struct outcome outcome = update_service(f);
    assert_view(outcome.output, "{}");
    assert_int_equal(outcome.attempts, 2);
    assert_header(&f->player.sent[0], "x-amz-date", "20231114T221320Z");
    assert_header(&f->player.sent[1], "x-amz-date", "20231114T231320Z");
    assert_header(&f->player.sent[1], "amz-sdk-request", "ttl=20231114T231420Z; attempt=2; max=2");
    list_clusters(f);
    assert_header(&f->player.sent[2], "x-amz-date", "20231114T231320Z");
}

static void a_clock_within_five_minutes_is_not_the_cause(void **state)
{
    struct fixture *f = *state;
    PLAY(f,
         {.status = 400, .body = SKEWED, .headers = {{"Date", "Tue, 14 Nov 2023 22:18:20 GMT"}}});
    struct outcome outcome = list_clusters(f);
    assert_view(outcome.code, "InvalidSignatureException");
    assert_int_equal(outcome.attempts, 1);
}

static void the_clock_is_corrected_no_second_time_in_a_call(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 400, .body = SKEWED, .headers = {{"Date", "Tue, 14 Nov 2023 23:13:20 GMT"}}},
         {.status = 400, .body = SKEWED, .headers = {{"Date", "Tue, 14 Nov 2023 20:13:20 GMT"}}});
    assert_int_equal(list_clusters(f).attempts, 2);
}

static void without_a_date_there_is_nothing_to_correct_the_clock_by(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 400, .body = SKEWED});
    assert_int_equal(list_clusters(f).attempts, 1);
}

/* ---- leaving -----------------------------------------------------------------------------------
 */

static void a_cancelled_call_never_reports(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 400, .body = ERROR_JSON("Throttling", ""), .after_ms = 100});
    struct outcome outcome;
    struct gw_call *under_way = start(f, find("ecs", "list_clusters"), "{}", &outcome);
    gw_call_cancel(under_way);
    assert_int_equal(f->player.cancelled_count, 1);

    struct gw_call *waiting = start(f, find("ecs", "list_clusters"), "{}", &outcome);
    assert_true(gw_loop_step(f->loop)); /* the throttling; now the delay runs */
    gw_call_cancel(waiting);
    gw_call_cancel(NULL);
    assert_false(gw_loop_step(f->loop));
    assert_int_equal(outcome.calls, 0);
    assert_int_equal(f->player.sent_count, 2);
}

static void freeing_the_client_cancels_its_calls(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 400, .body = ERROR_JSON("Throttling", ""), .after_ms = 100});
    struct outcome waiting, under_way;
    start(f, find("ecs", "list_clusters"), "{}", &waiting);
    assert_true(gw_loop_step(f->loop));
    start(f, find("ecs", "list_clusters"), "{}", &under_way);
    gw_client_free(f->client);
    f->client = NULL;
    assert_false(gw_loop_step(f->loop));
    assert_int_equal(waiting.calls + under_way.calls, 0);
}

struct leaver {
    struct fixture *f;
    struct gw_call *other; /* cancelled by the callback */
};

static void leave(void *ctx, const struct gw_call_result *result)
{
    struct leaver *leaver = ctx;
    gw_call_cancel(leaver->other);
    gw_client_free(leaver->f->client);
    leaver->f->client = NULL;
    assert_non_null(result->output); /* still valid */
    assert_int_equal(result->output->kind, GW_MAP);
}

static void done_may_cancel_others_and_free_the_client(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "{\"clusterArns\":[\"arn:a\"]}", .after_ms = 5});
    struct leaver leaver = {f, NULL};
    struct gw_value none = {0};
    struct outcome other, third;
    struct gw_call_request request = {
        .op = find("ecs", "list_clusters"), .input = &none, .done = leave, .ctx = &leaver};
    assert_non_null(gw_call_start(f->client, &request, NULL));
    leaver.other = start(f, find("ecs", "list_clusters"), "{}", &other);
    start(f, find("ecs", "list_clusters"), "{}", &third);
    run(f);
    assert_null(f->client);
    assert_int_equal(other.calls + third.calls, 0);
}

int main(void)
{
    forget_the_account();
    const struct CMUnitTest tests[] = {
        TEST(a_call_is_one_signed_request_and_its_answer),
        TEST(an_unsigned_operation_needs_no_credentials),
        TEST(global_services_are_signed_for_their_own_region),
        TEST(a_host_prefix_goes_before_the_host),
        TEST(an_endpoint_at_an_address_keeps_its_path_and_gets_no_prefix),
        TEST(bad_parameters_are_refused_before_anything_is_sent),
        TEST(expired_credentials_are_refused_before_anything_is_sent),
        TEST(the_chain_is_asked_once_and_by_the_first_call_that_signs),
        TEST(an_error_of_aws_comes_as_one_value),
        TEST(expired_tokens_are_not_tried_again),
        TEST(a_page_of_a_load_balancer_is_an_error_named_by_its_status),
        TEST(transient_errors_are_tried_again_after_short_delays),
        TEST(a_seeded_client_repeats_its_delays_and_ids),
        TEST(throttling_waits_longer_and_gives_up_after_three_attempts),
        TEST(an_outage_empties_the_bucket_and_then_calls_fail_at_once),
        TEST(a_refused_connection_is_tried_three_times_and_named),
        TEST(a_lost_answer_is_asked_for_again_with_the_same_token),
        TEST(a_cut_off_answer_is_asked_for_again_only_when_it_was_a_reading),
        TEST(what_is_no_http_is_tried_again_only_when_it_was_a_reading),
        TEST(an_answer_over_the_ceiling_is_final),
        TEST(a_wrong_clock_is_corrected_once_and_for_all),
        TEST(a_clock_within_five_minutes_is_not_the_cause),
        TEST(the_clock_is_corrected_no_second_time_in_a_call),
        TEST(without_a_date_there_is_nothing_to_correct_the_clock_by),
        TEST(a_cancelled_call_never_reports),
        TEST(freeing_the_client_cancels_its_calls),
        TEST(done_may_cancel_others_and_free_the_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
