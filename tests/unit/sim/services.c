/* Names, pages, and the refusals of each service in AWS's words. */
#include "bench.h"

#define IN_CLUSTER "\"cluster\":\"" CLUSTER "\""

static void refusals_have_the_words_of_aws(void **state)
{
    (void)state;
    static const struct bench_refusal rows[] = {
        {"ecs", "describe_services", "{\"cluster\":\"nowhere\",\"services\":[\"x\"]}",
         "ClusterNotFoundException", "Cluster not found."},
        {"ecs", "describe_services", "{" IN_CLUSTER ",\"services\":[]}",
         "InvalidParameterException", "Services cannot be empty."},
        {"ecs", "describe_services",
         "{" IN_CLUSTER ",\"services\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\","
         "\"10\",\"11\"]}",
         "InvalidParameterException", "Services cannot have more than 10 elements."},
        {"ecs", "update_service", "{" IN_CLUSTER ",\"service\":\"nobody\",\"desiredCount\":1}",
         "ServiceNotFoundException", "Service not found."},
        {"ecs", "update_service",
         "{" IN_CLUSTER ",\"service\":\"" SERVICE "\",\"taskDefinition\":\"" FAMILY ":4\"}",
         "ClientException", "TaskDefinition is inactive"},
        {"ecs", "update_service",
         "{" IN_CLUSTER ",\"service\":\"" SERVICE "\",\"taskDefinition\":\"" FAMILY ":99\"}",
         "ClientException", "TaskDefinition not found."},
        {"ecs", "update_service",
         "{" IN_CLUSTER ",\"service\":\"" SERVICE "\",\"deploymentConfiguration\":"
         "{\"minimumHealthyPercent\":100,\"maximumPercent\":100}}",
         "InvalidParameterException", "maximumPercent must be greater than minimumHealthyPercent."},
        {"ecs", "list_tasks", "{" IN_CLUSTER ",\"serviceName\":\"nobody\"}",
         "ServiceNotFoundException", "Service not found."},
        {"ecs", "stop_task", "{" IN_CLUSTER ",\"task\":\"0123456789abcdef0123456789abcdef\"}",
         "InvalidParameterException", "The referenced task was not found."},
        {"ecs", "describe_task_definition", "{\"taskDefinition\":\"" FAMILY ":99\"}",
         "ClientException", "Unable to describe task definition."},
        {"ecs", "deregister_task_definition", "{\"taskDefinition\":\"" FAMILY ":4\"}",
         "ClientException", "The specified task definition is inactive."},
        {"ecs", "register_task_definition",
         "{\"family\":\"web\",\"requiresCompatibilities\":[\"FARGATE\"],\"cpu\":\"512\",\"memory\":"
         "\"512\",\"containerDefinitions\":[{\"name\":\"web\",\"image\":\"web:1\"}]}",
         "ClientException",
         "No Fargate configuration exists for given values: 512 CPU, 512 memory. See the Amazon "
         "ECS documentation for the valid values."},
        {"ecs", "list_tasks", "{" IN_CLUSTER ",\"nextToken\":\"rubbish\"}",
         "InvalidParameterException", "Invalid token"},
        {"elbv2", "describe_target_health",
         "{\"TargetGroupArn\":\"arn:aws:elasticloadbalancing:us-east-1:758888582357:targetgroup/"
         "other/0123456789abcdef\"}",
         "TargetGroupNotFound", "One or more target groups not found"},
        {"elbv2", "describe_target_health", "{\"TargetGroupArn\":\"busyb-google-workspace\"}",
         "ValidationError", "'busyb-google-workspace' is not a valid target group ARN"},
        {"elbv2", "describe_load_balancers", "{\"Names\":[\"none\"]}", "LoadBalancerNotFound",
         "One or more load balancers not found"},
        {"logs", "filter_log_events", "{\"logGroupName\":\"/ecs/none\"}",
         "ResourceNotFoundException", "The specified log group does not exist."},
        {"logs", "get_log_events",
         "{\"logGroupName\":\"" LOG_GROUP "\",\"logStreamName\":\"ecs/x/y\"}",
         "ResourceNotFoundException", "The specified log stream does not exist."},
        {"logs", "filter_log_events",
         "{\"logGroupName\":\"" LOG_GROUP "\",\"filterPattern\":\"/health\"}",
         "InvalidParameterException", "Invalid character(s) in term '/health'"},
        {"iam", "list_access_keys", "{\"UserName\":\"nobody\"}", "NoSuchEntity",
         "The user with name nobody cannot be found."},
    };
    struct bench bench;
    bench_open(&bench, NULL);
    bench_check_refusals(&bench, rows, sizeof rows / sizeof *rows);
    bench_close(&bench);
}

static void a_refused_update_changes_nothing(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_refused(&bench, "ecs", "update_service",
                  "{" IN_CLUSTER ",\"service\":\"" SERVICE "\",\"desiredCount\":7,"
                  "\"taskDefinition\":\"" FAMILY ":4\"}",
                  "ClientException", "TaskDefinition is inactive");
    bench_describe(&bench);
    assert_int_equal(bench_int(&bench, "services.0.desiredCount"), 1);
    assert_int_equal(bench_count(&bench, "services.0.deployments"), 1);
    bench_close(&bench);
}

static void a_missing_service_is_a_failure_in_the_answer(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_call(&bench, "ecs", "describe_services",
               "{" IN_CLUSTER ",\"services\":[\"" SERVICE "\",\"nobody\"]}");
    assert_int_equal(bench_count(&bench, "services"), 1);
    assert_string_equal(bench_text(&bench, "failures.0.arn"), ARN "service/" CLUSTER "/nobody");
    assert_string_equal(bench_text(&bench, "failures.0.reason"), "MISSING");
    bench_close(&bench);
}

static void another_region_is_empty(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    gw_client_free(bench.client);
    struct gw_client_options options = {.loop = bench.loop,
                                        .transport = gw_sim_transport(bench.sim),
                                        .config = bench.config,
                                        .settings = {.profile = GW_VIEW("default"),
                                                     .region = GW_VIEW("eu-west-1"),
                                                     .retry_mode = GW_RETRY_STANDARD},
                                        .credentials = gw_sim_credentials(bench.sim)};
    bench.client = gw_client_new(&options);
    bench_call(&bench, "ecs", "list_clusters", "{}");
    assert_int_equal(bench_count(&bench, "clusterArns"), 0);
    bench_close(&bench);
}

/* ---- task definitions ------------------------------------------------------------------------ */

static void revisions_are_listed_by_status_and_order(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_call(&bench, "ecs", "list_task_definitions",
               "{\"familyPrefix\":\"" FAMILY "\",\"sort\":\"DESC\"}");
    assert_int_equal(bench_count(&bench, "taskDefinitionArns"), 3);
    assert_string_equal(bench_text(&bench, "taskDefinitionArns.0"),
                        ARN "task-definition/" FAMILY ":3");
    assert_string_equal(bench_text(&bench, "taskDefinitionArns.2"),
                        ARN "task-definition/" FAMILY ":1");
    bench_call(&bench, "ecs", "list_task_definitions",
               "{\"familyPrefix\":\"" FAMILY "\",\"status\":\"INACTIVE\"}");
    assert_int_equal(bench_count(&bench, "taskDefinitionArns"), 1);
    assert_string_equal(bench_text(&bench, "taskDefinitionArns.0"),
                        ARN "task-definition/" FAMILY ":4");
    bench_call(&bench, "ecs", "list_task_definitions", "{\"familyPrefix\":\"busyb\"}");
    assert_int_equal(bench_count(&bench, "taskDefinitionArns"), 0);
    bench_close(&bench);
}

static void revisions_come_in_pages(void **state)
{
    (void)state;
    struct bench bench;
    char input[512];
    static const char *const expected[] = {":3", ":2", ":1"};
    bench_open(&bench, NULL);
    snprintf(input, sizeof input,
             "{\"familyPrefix\":\"" FAMILY "\",\"sort\":\"DESC\",\"maxResults\":1}");
    for (size_t i = 0; i < 3; i++) {
        bench_call(&bench, "ecs", "list_task_definitions", input);
        assert_int_equal(bench_count(&bench, "taskDefinitionArns"), 1);
        assert_non_null(strstr(bench_text(&bench, "taskDefinitionArns.0"), expected[i]));
        snprintf(input, sizeof input,
                 "{\"familyPrefix\":\"" FAMILY
                 "\",\"sort\":\"DESC\",\"maxResults\":1,\"nextToken\":\"%s\"}",
                 bench_text(&bench, "nextToken"));
    }
    assert_null(bench_at(&bench, "nextToken"));
    bench_close(&bench);
}

static void a_registered_revision_is_the_next_one(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_call(
        &bench, "ecs", "register_task_definition",
        "{\"family\":\"" FAMILY "\",\"cpu\":\"512\",\"memory\":\"1024\","
        "\"requiresCompatibilities\":[\"FARGATE\"],\"containerDefinitions\":[{\"name\":\"" FAMILY
        "\",\"image\":\"758888582357.dkr.ecr.us-east-1.amazonaws.com/" FAMILY ":9f3c2ab\"}]}");
    assert_int_equal(bench_int(&bench, "taskDefinition.revision"), 5);
    assert_string_equal(bench_text(&bench, "taskDefinition.status"), "ACTIVE");
    assert_string_equal(bench_text(&bench, "taskDefinition.registeredBy"),
                        "arn:aws:iam::758888582357:user/oncall");
    bench_call(&bench, "ecs", "describe_task_definition", "{\"taskDefinition\":\"" FAMILY "\"}");
    assert_int_equal(bench_int(&bench, "taskDefinition.revision"), 5);
    bench_call(&bench, "ecs", "deregister_task_definition",
               "{\"taskDefinition\":\"" FAMILY ":5\"}");
    assert_string_equal(bench_text(&bench, "taskDefinition.status"), "INACTIVE");
    bench_call(&bench, "ecs", "describe_task_definition", "{\"taskDefinition\":\"" FAMILY "\"}");
    assert_int_equal(bench_int(&bench, "taskDefinition.revision"), 3);
    bench_close(&bench);
}

/* ---- load balancer --------------------------------------------------------------------------- */

static void the_balancer_describes_itself(void **state)
{
    (void)state;
    struct bench bench;
    char input[512];
    bench_open(&bench, NULL);
    bench_call(&bench, "elbv2", "describe_load_balancers", "{\"Names\":[\"busyb-alb\"]}");
    assert_string_equal(bench_text(&bench, "LoadBalancers.0.DNSName"),
                        "busyb-alb-1791678277.us-east-1.elb.amazonaws.com");
    snprintf(input, sizeof input, "{\"LoadBalancerArn\":\"%s\"}",
             bench_text(&bench, "LoadBalancers.0.LoadBalancerArn"));
    bench_call(&bench, "elbv2", "describe_listeners", input);
    assert_int_equal(bench_int(&bench, "Listeners.0.Port"), 443);
    snprintf(input, sizeof input, "{\"ListenerArn\":\"%s\"}",
             bench_text(&bench, "Listeners.0.ListenerArn"));
    bench_call(&bench, "elbv2", "describe_rules", input);
    assert_int_equal(bench_count(&bench, "Rules"), 2);
    assert_string_equal(bench_text(&bench, "Rules.0.Conditions.0.Values.0"), "/google-workspace/*");
    assert_string_equal(bench_text(&bench, "Rules.1.Priority"), "default");
    bench_call(&bench, "elbv2", "describe_target_groups",
               "{\"Names\":[\"busyb-google-workspace\"]}");
    assert_string_equal(bench_text(&bench, "TargetGroups.0.TargetGroupArn"), TARGET_GROUP);
    assert_string_equal(bench_text(&bench, "TargetGroups.0.HealthCheckPath"), "/health");
    bench_close(&bench);
}

static void a_target_that_is_not_registered_is_unused(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_call(&bench, "elbv2", "describe_target_health",
               "{\"TargetGroupArn\":\"" TARGET_GROUP "\",\"Targets\":[{\"Id\":\"10.9.9.9\"}]}");
    assert_int_equal(bench_count(&bench, "TargetHealthDescriptions"), 1);
    assert_string_equal(bench_text(&bench, "TargetHealthDescriptions.0.TargetHealth.State"),
                        "unused");
    bench_close(&bench);
}

/* ---- logs ------------------------------------------------------------------------------------ */

static size_t find_events(struct bench *bench, const char *pattern, const char *more)
{
    char input[1024];
    snprintf(input, sizeof input, "{\"logGroupName\":\"" LOG_GROUP "\",\"filterPattern\":\"%s\"%s}",
             pattern, more);
    bench_call(bench, "logs", "filter_log_events", input);
    return bench_count(bench, "events");
}

static void patterns_find_what_they_say(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    size_t tracebacks = find_events(&bench, "Traceback", "");
    size_t failed = find_events(&bench, "\\\"OAuth token refresh failed\\\"", "");
    assert_in_range(tracebacks, 3, 5);
    assert_int_equal(failed, tracebacks);
    assert_int_equal(find_events(&bench, "?Traceback ?\\\"OAuth token refresh failed\\\"", ""),
                     tracebacks + failed);
    assert_int_equal(find_events(&bench, "OAuth failed -possible", ""), failed);
    assert_int_equal(find_events(&bench, "OAuth -failed", ""), 0);
    assert_int_equal(find_events(&bench, "traceback", ""), 0); /* case counts */
    assert_true(find_events(&bench, "\\\"/health\\\" 503", "") > 10);
    bench_close(&bench);
}

static void events_are_in_order_and_in_range(void **state)
{
    (void)state;
    struct bench bench;
    char more[128];
    bench_open(&bench, NULL);
    snprintf(more, sizeof more, ",\"startTime\":%lld,\"endTime\":%lld",
             (long long)(START_MS - 120000), (long long)(START_MS - 60000));
    size_t count = find_events(&bench, "", more);
    assert_true(count > 5);
    int64_t last = START_MS - 120000;
    for (size_t i = 0; i < count; i++) {
        char path[64];
        snprintf(path, sizeof path, "events.%zu.timestamp", i);
        assert_true(bench_int(&bench, path) >= last);
        last = bench_int(&bench, path);
    }
    assert_true(last <= START_MS - 60000);
    bench_close(&bench);
}

static void pages_of_events_make_up_the_whole(void **state)
{
    (void)state;
    struct bench bench;
    char range[64], more[512];
    bench_open(&bench, NULL);
    snprintf(range, sizeof range, ",\"endTime\":%lld", (long long)START_MS);
    size_t all = find_events(&bench, "ERROR", range), seen = 0, pages = 0;
    snprintf(more, sizeof more, "%s,\"limit\":7", range);
    for (;;) {
        seen += find_events(&bench, "ERROR", more);
        pages++;
        if (!bench_at(&bench, "nextToken")) {
            break;
        }
        snprintf(more, sizeof more, "%s,\"limit\":7,\"nextToken\":\"%s\"", range,
                 bench_text(&bench, "nextToken"));
    }
    assert_int_equal(seen, all);
    assert_int_equal(pages, (all + 6) / 7);
    bench_close(&bench);
}

static void a_stream_is_read_from_its_head_and_from_its_end(void **state)
{
    (void)state;
    struct bench bench;
    char stream[128], input[512], token[128];
    bench_open(&bench, NULL);
    bench_call(&bench, "logs", "describe_log_streams",
               "{\"logGroupName\":\"" LOG_GROUP
               "\",\"orderBy\":\"LastEventTime\",\"descending\":true,\"limit\":1}");
    snprintf(stream, sizeof stream, "%s", bench_text(&bench, "logStreams.0.logStreamName"));
    assert_true(strncmp(stream, "ecs/" FAMILY "/", strlen("ecs/" FAMILY "/")) == 0);

    snprintf(input, sizeof input,
             "{\"logGroupName\":\"" LOG_GROUP
             "\",\"logStreamName\":\"%s\",\"startFromHead\":true,\"limit\":2}",
             stream);
    bench_call(&bench, "logs", "get_log_events", input);
    assert_string_equal(bench_text(&bench, "events.0.message"),
                        "INFO:     Started server process [1]");
    snprintf(input, sizeof input,
             "{\"logGroupName\":\"" LOG_GROUP
             "\",\"logStreamName\":\"%s\",\"limit\":1,\"nextToken\":\"%s\"}",
             stream, bench_text(&bench, "nextForwardToken"));
    bench_call(&bench, "logs", "get_log_events", input);
    assert_string_equal(bench_text(&bench, "events.0.message"),
                        "INFO - core.server - Loaded tool tiers: gmail, drive, calendar, docs, "
                        "sheets");

    snprintf(input, sizeof input, "{\"logGroupName\":\"" LOG_GROUP "\",\"logStreamName\":\"%s\"}",
             stream);
    bench_call(&bench, "logs", "get_log_events", input);
    snprintf(token, sizeof token, "%s", bench_text(&bench, "nextForwardToken"));
    snprintf(input, sizeof input,
             "{\"logGroupName\":\"" LOG_GROUP "\",\"logStreamName\":\"%s\",\"nextToken\":\"%s\"}",
             stream, token);
    bench_call(&bench, "logs", "get_log_events", input);
    assert_int_equal(bench_count(&bench, "events"), 0);
    assert_string_equal(bench_text(&bench, "nextForwardToken"), token); /* the end, so far */
    bench_close(&bench);
}

static void retention_takes_only_the_published_values(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_call(&bench, "logs", "put_retention_policy",
               "{\"logGroupName\":\"" LOG_GROUP "\",\"retentionInDays\":60}");
    bench_call(&bench, "logs", "describe_log_groups", "{\"logGroupNamePrefix\":\"/ecs/busyb\"}");
    assert_int_equal(bench_int(&bench, "logGroups.0.retentionInDays"), 60);
    assert_false(bench_try(&bench, "logs", "put_retention_policy",
                           "{\"logGroupName\":\"" LOG_GROUP "\",\"retentionInDays\":61}"));
    assert_string_equal(bench.code, "InvalidParameterException");
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_have_the_words_of_aws),
        cmocka_unit_test(a_refused_update_changes_nothing),
        cmocka_unit_test(a_missing_service_is_a_failure_in_the_answer),
        cmocka_unit_test(another_region_is_empty),
        cmocka_unit_test(revisions_are_listed_by_status_and_order),
        cmocka_unit_test(revisions_come_in_pages),
        cmocka_unit_test(a_registered_revision_is_the_next_one),
        cmocka_unit_test(the_balancer_describes_itself),
        cmocka_unit_test(a_target_that_is_not_registered_is_unused),
        cmocka_unit_test(patterns_find_what_they_say),
        cmocka_unit_test(events_are_in_order_and_in_range),
        cmocka_unit_test(pages_of_events_make_up_the_whole),
        cmocka_unit_test(a_stream_is_read_from_its_head_and_from_its_end),
        cmocka_unit_test(retention_takes_only_the_published_values),
    };
    return cmocka_run_group_tests_name("sim services", tests, NULL, bench_forget_modules);
}
