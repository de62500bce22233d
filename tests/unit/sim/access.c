/* The front door: signatures, keys, unknown names, bad parameters, plain hosts, determinism. */
#include "bench.h"

#define SECRET "simulated/secret/of/the/oncall/engineer"

static void use(struct bench *bench, struct gw_credentials credentials)
{
    gw_client_free(bench->client);
    bench->client = bench_client(bench, credentials);
}

static void a_known_key_is_let_in(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_call(&bench, "sts", "get_caller_identity", "{}");
    assert_string_equal(bench_text(&bench, "Account"), "758888582357");
    assert_string_equal(bench_text(&bench, "Arn"), "arn:aws:iam::758888582357:user/oncall");
    assert_int_equal(strlen(bench.request_id), 36);
    assert_true(gw_view_equal(gw_sim_region(bench.sim), GW_VIEW("us-east-1")));
    bench_close(&bench);
}

static void a_wrong_secret_does_not_match(void **state)
{
    (void)state;
    static const char message[] =
        "The request signature we calculated does not match the signature you provided. Check "
        "your AWS Secret Access Key and signing method. Consult the service documentation for "
        "details.";
    struct bench bench;
    bench_open(&bench, NULL);
    use(&bench, (struct gw_credentials){.access_key_id = GW_VIEW("AKIASIMULATEDWORLD01"),
                                        .secret_access_key = GW_VIEW("something/else")});
    bench_refused(&bench, "ecs", "list_clusters", "{}", "InvalidSignatureException", message);
    assert_int_equal(bench.status, 400);
    bench_refused(&bench, "sts", "get_caller_identity", "{}", "SignatureDoesNotMatch", message);
    assert_int_equal(bench.status, 403);
    bench_close(&bench);
}

static void an_unknown_key_is_refused(void **state)
{
    (void)state;
    static const char message[] = "The security token included in the request is invalid.";
    struct bench bench;
    bench_open(&bench, NULL);
    use(&bench, (struct gw_credentials){.access_key_id = GW_VIEW("AKIAIOSFODNN7EXAMPLE"),
                                        .secret_access_key = GW_VIEW(SECRET)});
    bench_refused(&bench, "ecs", "list_clusters", "{}", "UnrecognizedClientException", message);
    bench_refused(&bench, "elbv2", "describe_load_balancers", "{}", "InvalidClientTokenId",
                  message);
    bench_close(&bench);
}

static void an_expired_session_is_refused(void **state)
{
    (void)state;
    static const char message[] = "The security token included in the request is expired";
    struct bench bench;
    struct gw_credentials session = {
        .access_key_id = GW_VIEW("ASIASIMULATEDWORLD03"),
        .secret_access_key = GW_VIEW("simulated/secret/of/an/expired/session"),
        .session_token = GW_VIEW("simulated-session-token"),
    };
    bench_open(&bench, NULL);
    use(&bench, session);
    bench_refused(&bench, "ecs", "list_clusters", "{}", "ExpiredTokenException", message);
    bench_refused(&bench, "sts", "get_caller_identity", "{}", "ExpiredToken", message);
    session.session_token = GW_VIEW("another");
    use(&bench, session);
    bench_refused(&bench, "ecs", "list_clusters", "{}", "UnrecognizedClientException",
                  "The security token included in the request is invalid.");
    bench_close(&bench);
}

static void a_deleted_key_stops_working(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_call(&bench, "iam", "delete_access_key", "{\"AccessKeyId\":\"AKIASIMULATEDWORLD01\"}");
    bench_refused(&bench, "sts", "get_caller_identity", "{}", "InvalidClientTokenId",
                  "The security token included in the request is invalid.");
    bench_close(&bench);
}

/* ---- requests made by hand ------------------------------------------------------------------- */

static void send_signed(struct bench *bench, const char *host, const char *service,
                        const char *target, const char *body, int64_t skew_s)
{
    char url[128];
    struct gw_err err = {0};
    struct gw_credentials credentials = gw_sim_credentials(bench->sim);
    snprintf(url, sizeof url, "https://%s/", host);
    struct gw_http_request req = {
        .method = GW_VIEW("POST"), .url = gw_view_of(url), .body = gw_view_of(body)};
    if (target) {
        gw_headers_add(bench->arena, &req.headers, GW_VIEW("X-Amz-Target"), gw_view_of(target));
        gw_headers_add(bench->arena, &req.headers, GW_VIEW("Content-Type"),
                       GW_VIEW("application/x-amz-json-1.1"));
    } else {
        gw_headers_add(bench->arena, &req.headers, GW_VIEW("Content-Type"),
                       GW_VIEW("application/x-www-form-urlencoded"));
    }
    struct gw_signing signing = {.credentials = &credentials,
                                 .region = GW_VIEW("us-east-1"),
                                 .service = gw_view_of(service),
                                 .epoch_s = gw_loop_wall_ms(bench->loop) / 1000 + skew_s};
    assert_true(gw_sigv4_sign(&req, &signing, bench->arena, NULL, &err));
    bench_send(bench, &req);
}

static void a_request_of_another_time_is_refused(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    send_signed(&bench, "ecs.us-east-1.amazonaws.com", "ecs",
                "AmazonEC2ContainerServiceV20141113.ListClusters", "{}", -3600);
    assert_int_equal(bench.status, 400);
    assert_non_null(strstr(bench.body, "InvalidSignatureException"));
    assert_non_null(strstr(bench.body, "Signature expired: 20251120T110000Z is now earlier than "
                                       "20251120T114500Z (20251120T120000Z - 15 min.)"));
    send_signed(&bench, "ecs.us-east-1.amazonaws.com", "ecs",
                "AmazonEC2ContainerServiceV20141113.ListClusters", "{}", 3600);
    assert_non_null(strstr(bench.body, "Signature not yet current: 20251120T130000Z"));
    bench_close(&bench);
}

static void an_unknown_operation_is_answered_as_aws_does(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    send_signed(&bench, "ecs.us-east-1.amazonaws.com", "ecs",
                "AmazonEC2ContainerServiceV20141113.MakeCoffee", "{}", 0);
    assert_int_equal(bench.status, 400);
    assert_non_null(strstr(bench.body, "UnknownOperationException"));
    send_signed(&bench, "sts.us-east-1.amazonaws.com", "sts", NULL,
                "Action=MakeCoffee&Version=2011-06-15", 0);
    assert_int_equal(bench.status, 400);
    assert_non_null(strstr(bench.body, "<Code>InvalidAction</Code>"));
    assert_non_null(strstr(bench.body, "<RequestId>"));
    bench_close(&bench);
}

static void an_operation_that_is_not_simulated_says_so(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_refused(&bench, "ecs", "list_attributes", "{\"targetType\":\"container-instance\"}",
                  "UnknownOperationException", "ecs:ListAttributes is not simulated");
    bench_refused(&bench, "kms", "list_keys", "{}", "UnknownOperationException",
                  "kms:ListKeys is not simulated");
    bench_close(&bench);
}

static void parameters_are_validated(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    send_signed(&bench, "ecs.us-east-1.amazonaws.com", "ecs",
                "AmazonEC2ContainerServiceV20141113.UpdateService", "{\"desiredCount\":1}", 0);
    assert_int_equal(bench.status, 400);
    assert_non_null(strstr(bench.body, "InvalidParameterException"));
    assert_non_null(strstr(bench.body, "1 validation error detected: "));
    assert_non_null(strstr(bench.body, "'service'"));
    send_signed(&bench, "ecs.us-east-1.amazonaws.com", "ecs",
                "AmazonEC2ContainerServiceV20141113.UpdateService", "{\"desiredCount\":", 0);
    assert_non_null(strstr(bench.body, "SerializationException"));
    send_signed(&bench, "elasticloadbalancing.us-east-1.amazonaws.com", "elasticloadbalancing",
                NULL, "Action=DescribeTargetHealth&Version=2015-12-01", 0);
    assert_non_null(strstr(bench.body, "<Code>ValidationError</Code>"));
    bench_close(&bench);
}

static void an_unsigned_request_is_refused(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    assert_int_equal(bench_get(&bench, "https://sts.us-east-1.amazonaws.com/"
                                       "?Action=GetCallerIdentity&Version=2011-06-15"),
                     403);
    assert_non_null(strstr(bench.body, "<Code>MissingAuthenticationToken</Code>"));
    bench_close(&bench);
}

/* ---- plain hosts ----------------------------------------------------------------------------- */

static void the_health_endpoint_follows_the_tasks(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    assert_int_equal(bench_get(&bench, "http://google-workspace.busyb.local:8000/health"), 503);
    bench_update(&bench, "\"taskDefinition\":\"" FAMILY ":2\"");
    bench_settle(&bench, 600);
    assert_int_equal(bench_get(&bench, "http://google-workspace.busyb.local:8000/health"), 200);
    assert_non_null(strstr(bench.body, "\"status\":\"healthy\""));
    assert_int_equal(bench_get(&bench, "http://google-workspace.busyb.local:8000/nothing"), 404);

    assert_int_equal(bench_get(&bench, "http://google-workspace.busyb.local/health"), 0);
    assert_string_equal(bench.body, "google-workspace.busyb.local: connection refused");
    bench_stop_tasks(&bench, NULL);
    bench_sleep(&bench, 5);
    assert_int_equal(bench_get(&bench, "http://google-workspace.busyb.local:8000/health"), 0);
    assert_int_equal(bench_get(&bench, "http://no.such.host/"), 0);
    assert_string_equal(bench.body, "no.such.host: could not resolve host");
    bench_close(&bench);
}

#define ALB "https://busyb-alb-1791678277.us-east-1.elb.amazonaws.com"

static void the_balancer_keeps_the_path_prefix(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_update(&bench, "\"taskDefinition\":\"" FAMILY ":2\"");
    bench_settle(&bench, 600);
    assert_int_equal(bench_get(&bench, ALB "/google-workspace/health"), 404);
    assert_string_equal(bench.body, "{\"detail\":\"Not Found\"}"); /* says the application */
    assert_int_equal(bench_get(&bench, ALB "/health"), 404);
    assert_string_equal(bench.body, "Not Found"); /* says the listener */
    bench_stop_tasks(&bench, NULL);
    bench_sleep(&bench, 5);
    assert_int_equal(bench_get(&bench, ALB "/google-workspace/health"), 503);
    bench_close(&bench);
}

/* ---- determinism, failure, cancelling -------------------------------------------------------- */

/* All that a client sees in ten minutes of an emergency rollback. */
static char *transcript(uint64_t seed)
{
    struct bench bench;
    struct gw_buf all;
    bench_open_seeded(&bench, NULL, seed);
    gw_buf_init(&all, 64u << 20);
    bench_update(&bench, "\"taskDefinition\":\"" FAMILY ":2\",\"forceNewDeployment\":true");
    for (int i = 0; i < 120; i++) {
        bench_describe(&bench);
        gw_buf_addf(&all, "%.3f %s %s\n", bench_now(&bench), bench.request_id, bench_json(&bench));
        bench_tasks(&bench, "RUNNING");
        gw_buf_addf(&all, "%s\n", bench_json(&bench));
        bench_sleep(&bench, 5);
    }
    bench_call(&bench, "logs", "filter_log_events", "{\"logGroupName\":\"" LOG_GROUP "\"}");
    gw_buf_addf(&all, "%s\n", bench_json(&bench));
    bench_close(&bench);
    return all.data;
}

static void the_same_seed_gives_the_same_run(void **state)
{
    (void)state;
    char *first = transcript(7), *second = transcript(7), *other = transcript(8);
    assert_string_equal(first, second);
    assert_string_not_equal(first, other);
    free(first);
    free(second);
    free(other);
}

static void looking_does_not_change_the_world(void **state)
{
    (void)state;
    struct bench a, b;
    bench_open(&a, NULL);
    bench_open(&b, NULL);
    for (int i = 0; i < 50; i++) {
        bench_describe(&a);
    }
    bench_sleep(&a, 600 - bench_now(&a));
    bench_sleep(&b, 600);
    bench_describe(&a);
    bench_describe(&b);
    assert_string_equal(bench_json(&a), bench_json(&b));
    bench_close(&a);
    bench_close(&b);
}

static void mistakes_in_settings_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *name, *json, *message;
    } rows[] = {
        {"desired", "1", "simulator: world 'guide' has no setting 'desired'"},
        {"desired_count", "\"two\"",
         "simulator: world 'guide': setting 'desired_count' must be a number, got string"},
        {"bad", "\"sleepy\"",
         "simulator: world 'guide': setting 'bad': expected degrades, crashes, flaps, leaks, "
         "unhealthy, exits, "
         "missing or none, got 'sleepy'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct gw_loop_options clock = {.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = START_MS};
        struct gw_loop *loop = gw_loop_new(&clock);
        struct gw_arena *arena = gw_arena_new();
        struct gw_value settings = gw_value_map();
        struct gw_err err = {0};
        struct gw_value *slot = gw_map_add(arena, &settings, gw_view_of(rows[i].name));
        assert_true(gw_json_parse(gw_view_of(rows[i].json), arena, slot, &err));
        struct gw_sim_options options = {
            .loop = loop, .modules = bench_modules(), .settings = &settings};
        assert_null(gw_sim_new(&options, &err));
        assert_string_equal(err.message, rows[i].message);
        gw_arena_free(arena);
        gw_loop_free(loop);
    }
}

static void an_unknown_world_is_named(void **state)
{
    (void)state;
    struct gw_loop_options clock = {.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = START_MS};
    struct gw_loop *loop = gw_loop_new(&clock);
    struct gw_err err = {0};
    struct gw_sim_options options = {.loop = loop, .modules = bench_modules(), .world = "mars"};
    assert_null(gw_sim_new(&options, &err));
    assert_non_null(strstr(err.message, "sim.worlds.mars"));
    gw_loop_free(loop);
}

static void never_answered(void *ctx, const struct gw_http_response *res, const struct gw_err *err)
{
    (void)ctx;
    (void)res;
    (void)err;
    fail_msg("a cancelled request was answered");
}

static void a_cancelled_request_is_not_answered(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    struct gw_transport *transport = gw_sim_transport(bench.sim);
    struct gw_http_request req = {.method = GW_VIEW("GET"),
                                  .url =
                                      GW_VIEW("http://google-workspace.busyb.local:8000/health")};
    struct gw_exchange *exchange = transport->start(transport, &req, never_answered, NULL);
    transport->cancel(transport, exchange);
    transport->start(transport, &req, never_answered, NULL);
    gw_loop_step(bench.loop);
    bench_close(&bench); /* with the second still under way */
}

static void an_impatient_request_times_out(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    struct gw_http_request req = {.method = GW_VIEW("GET"),
                                  .url = GW_VIEW("http://google-workspace.busyb.local:8000/health"),
                                  .timeout_ms = 1};
    bench_send(&bench, &req);
    assert_string_equal(bench.body,
                        "http://google-workspace.busyb.local:8000/health: no answer in time");
    assert_true(bench_now(&bench) < 0.002);
    bench_close(&bench);
}

int main(void)
{
    gw_log_set_level(GW_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_key_is_let_in),
        cmocka_unit_test(a_wrong_secret_does_not_match),
        cmocka_unit_test(an_unknown_key_is_refused),
        cmocka_unit_test(an_expired_session_is_refused),
        cmocka_unit_test(a_deleted_key_stops_working),
        cmocka_unit_test(a_request_of_another_time_is_refused),
        cmocka_unit_test(an_unknown_operation_is_answered_as_aws_does),
        cmocka_unit_test(an_operation_that_is_not_simulated_says_so),
        cmocka_unit_test(parameters_are_validated),
        cmocka_unit_test(an_unsigned_request_is_refused),
        cmocka_unit_test(the_health_endpoint_follows_the_tasks),
        cmocka_unit_test(the_balancer_keeps_the_path_prefix),
        cmocka_unit_test(the_same_seed_gives_the_same_run),
        cmocka_unit_test(looking_does_not_change_the_world),
        cmocka_unit_test(mistakes_in_settings_are_named),
        cmocka_unit_test(an_unknown_world_is_named),
        cmocka_unit_test(a_cancelled_request_is_not_answered),
        cmocka_unit_test(an_impatient_request_times_out),
    };
    return cmocka_run_group_tests_name("sim access", tests, NULL, bench_forget_modules);
}
