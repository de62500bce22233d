/* Rolling deployments: percentages, the circuit breaker, rollbacks, the history. */
#include "bench.h"

static void newest_record(struct bench *bench)
{
    char input[256];
    bench_call(bench, "ecs", "list_service_deployments",
               "{\"cluster\":\"" CLUSTER "\",\"service\":\"" SERVICE "\"}");
    snprintf(input, sizeof input, "{\"serviceDeploymentArns\":[\"%s\"]}",
             bench_text(bench, "serviceDeployments.0.serviceDeploymentArn"));
    bench_call(bench, "ecs", "describe_service_deployments", input);
}

static void history_names_what_was_proven_good(void **state)
{
    (void)state;
    struct bench bench;
    char input[512];
    static const char *const revisions[] = {":3", ":2", ":1"};
    bench_open(&bench, NULL);
    for (size_t i = 0; i < 3; i++) {
        char path[64];
        bench_call(&bench, "ecs", "list_service_deployments",
                   "{\"cluster\":\"" CLUSTER "\",\"service\":\"" SERVICE "\"}");
        assert_int_equal(bench_count(&bench, "serviceDeployments"), 3);
        snprintf(path, sizeof path, "serviceDeployments.%zu.status", i);
        assert_string_equal(bench_text(&bench, path), "SUCCESSFUL");
        snprintf(path, sizeof path, "serviceDeployments.%zu.targetServiceRevisionArn", i);
        snprintf(input, sizeof input, "{\"serviceRevisionArns\":[\"%s\"]}",
                 bench_text(&bench, path));
        bench_call(&bench, "ecs", "describe_service_revisions", input);
        assert_true(strstr(bench_text(&bench, "serviceRevisions.0.taskDefinition"), revisions[i]) !=
                    NULL);
    }
    /* revision 1 said :latest; its digest is that of the image it had then, not of today's */
    assert_string_equal(bench_text(&bench, "serviceRevisions.0.containerImages.0.image"),
                        "758888582357.dkr.ecr.us-east-1.amazonaws.com/" FAMILY ":latest");
    assert_true(strncmp(bench_text(&bench, "serviceRevisions.0.containerImages.0.imageDigest"),
                        "sha256:a3e1b7f0", 15) == 0);
    bench_close(&bench);
}

static void history_is_filtered_and_paged(void **state)
{
    (void)state;
    struct bench bench;
    char input[1024];
    bench_open(&bench, NULL);
    bench_call(&bench, "ecs", "list_service_deployments",
               "{\"cluster\":\"" CLUSTER "\",\"service\":\"" SERVICE
               "\",\"status\":[\"STOPPED\"]}");
    assert_int_equal(bench_count(&bench, "serviceDeployments"), 0);
    bench_call(&bench, "ecs", "list_service_deployments",
               "{\"cluster\":\"" CLUSTER "\",\"service\":\"" SERVICE "\",\"maxResults\":2}");
    assert_int_equal(bench_count(&bench, "serviceDeployments"), 2);
    snprintf(input, sizeof input,
             "{\"cluster\":\"" CLUSTER "\",\"service\":\"" SERVICE
             "\",\"maxResults\":2,\"nextToken\":\"%s\"}",
             bench_text(&bench, "nextToken"));
    bench_call(&bench, "ecs", "list_service_deployments", input);
    assert_int_equal(bench_count(&bench, "serviceDeployments"), 1);
    assert_null(bench_at(&bench, "nextToken"));
    bench_close(&bench);
}

static void a_forced_deployment_has_an_id_of_its_own(void **state)
{
    (void)state;
    struct bench bench;
    char before[64];
    bench_open(&bench, NULL);
    bench_describe(&bench);
    snprintf(before, sizeof before, "%s", bench_text(&bench, "services.0.deployments.0.id"));
    assert_true(strncmp(before, "ecs-svc/", 8) == 0 && strlen(before) == 8 + 19);

    bench_update(&bench, "\"taskDefinition\":\"" FAMILY ":3\"");
    assert_string_equal(bench_text(&bench, "service.deployments.0.id"), before);
    assert_int_equal(bench_count(&bench, "service.deployments"), 1);

    bench_update(&bench, "\"forceNewDeployment\":true");
    assert_string_not_equal(bench_text(&bench, "service.deployments.0.id"), before);
    assert_string_equal(bench_text(&bench, "service.deployments.0.status"), "PRIMARY");
    assert_string_equal(bench_text(&bench, "service.deployments.0.rolloutState"), "IN_PROGRESS");
    assert_string_equal(bench_text(&bench, "service.deployments.1.id"), before);
    assert_string_equal(bench_text(&bench, "service.deployments.1.status"), "ACTIVE");
    bench_close(&bench);
}

static void a_rollout_keeps_to_its_percentages(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, "{\"desired_count\":4,\"maximum_percent\":150,\"deployed_ago\":600}");
    bench_update(&bench, "\"taskDefinition\":\"" FAMILY ":2\"");
    int64_t most = 0;
    for (int i = 0; i < 200; i++) {
        bench_describe(&bench);
        int64_t wanted = (int64_t)bench_tasks(&bench, "RUNNING");
        most = wanted > most ? wanted : most;
        bench_sleep(&bench, 2);
    }
    assert_int_equal(most, 6);
    assert_string_equal(bench_settle(&bench, 0), "COMPLETED");
    assert_int_equal(bench_int(&bench, "services.0.runningCount"), 4);
    bench_close(&bench);
}

static void a_good_rollout_loses_nothing(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_update(&bench, "\"taskDefinition\":\"" FAMILY ":2\"");
    assert_string_equal(bench_settle(&bench, 600), "COMPLETED");
    int64_t before = bench_lost(&bench);
    bench_update(&bench, "\"forceNewDeployment\":true");
    assert_string_equal(bench_settle(&bench, 600), "COMPLETED");
    assert_int_equal(bench_lost(&bench), before);
    assert_int_equal(bench_events(&bench, "deployment completed."), 5);
    bench_close(&bench);
}

static void the_breaker_rolls_back_after_three_failures(void **state)
{
    (void)state;
    struct bench bench;
    char reason[128];
    bench_open(&bench, "{\"bad\":\"exits\",\"deployed_ago\":1}");
    bench_describe(&bench);
    assert_string_equal(bench_text(&bench, "services.0.deployments.0.rolloutState"), "IN_PROGRESS");
    char good[64];
    snprintf(good, sizeof good, "%s", bench_text(&bench, "services.0.deployments.1.id"));
    bool seen_failed = false;
    for (int i = 0; i < 60; i++) {
        bench_describe(&bench);
        if (strcmp(bench_text(&bench, "services.0.deployments.1.rolloutState"), "FAILED") == 0) {
            seen_failed = true;
            assert_string_equal(bench_text(&bench, "services.0.deployments.1.rolloutStateReason"),
                                "ECS deployment circuit breaker: tasks failed to start.");
            assert_int_equal(bench_int(&bench, "services.0.deployments.1.failedTasks"), 3);
            snprintf(reason, sizeof reason,
                     "ECS deployment circuit breaker: rolling back to deploymentId %s.", good);
            assert_string_equal(bench_text(&bench, "services.0.deployments.0.rolloutStateReason"),
                                reason);
        }
        bench_sleep(&bench, 5);
    }
    assert_true(seen_failed ||
                bench_events(&bench, "deployment failed: tasks failed to start.") == 1);
    bench_describe(&bench);
    assert_string_equal(bench_text(&bench, "services.0.deployments.0.id"), good);
    assert_string_equal(bench_text(&bench, "services.0.deployments.0.rolloutState"), "COMPLETED");
    assert_string_equal(bench_text(&bench, "services.0.taskDefinition"),
                        ARN "task-definition/" FAMILY ":2");
    assert_int_equal(bench_events(&bench, "rolling back to deployment"), 1);
    newest_record(&bench);
    assert_string_equal(bench_text(&bench, "serviceDeployments.0.status"), "ROLLBACK_SUCCESSFUL");
    assert_string_equal(bench_text(&bench, "serviceDeployments.0.deploymentCircuitBreaker.status"),
                        "TRIGGERED");
    assert_int_equal(
        bench_int(&bench, "serviceDeployments.0.deploymentCircuitBreaker.failureCount"), 3);
    assert_int_equal(bench_lost(&bench), 0); /* the old task was kept all the time */
    bench_close(&bench);
}

static void without_the_breaker_a_bad_rollout_goes_on_for_ever(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, "{\"bad\":\"exits\",\"deployed_ago\":1,\"circuit_breaker\":false}");
    bench_sleep(&bench, 1200);
    bench_describe(&bench);
    assert_string_equal(bench_text(&bench, "services.0.deployments.0.rolloutState"), "IN_PROGRESS");
    assert_true(bench_int(&bench, "services.0.deployments.0.failedTasks") > 10);
    bench_close(&bench);
}

static void launches_that_keep_failing_are_slowed_down(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, "{\"bad\":\"missing\",\"deployed_ago\":1,\"circuit_breaker\":false}");
    size_t before = bench_events(&bench, "has started 1 tasks");
    bench_sleep(&bench, 3600);
    assert_int_equal(bench_events(&bench, "is unable to consistently start tasks successfully."),
                     1);
    assert_in_range(bench_events(&bench, "has started 1 tasks") - before, 12, 15);
    bench_close(&bench);
}

static void failures_in_the_grace_period_count_when_they_outlast_it(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, "{\"bad\":\"unhealthy\",\"deployed_ago\":1}");
    bench_update(&bench, "\"healthCheckGracePeriodSeconds\":300");
    bench_sleep(&bench, 290);
    assert_int_equal(bench_events(&bench, "failed container health checks"), 0);
    assert_int_equal(bench_events(&bench, "is unhealthy in (target-group"), 0);
    bench_sleep(&bench, 60);
    assert_int_equal(bench_events(&bench, "failed container health checks"), 1);
    bench_close(&bench);
}

static void a_rollout_can_be_stopped_and_rolled_back(void **state)
{
    (void)state;
    struct bench bench;
    char input[256];
    bench_open(&bench, "{\"deployed_ago\":30}");
    bench_describe(&bench);
    snprintf(input, sizeof input, "{\"serviceDeploymentArn\":\"%s\",\"stopType\":\"ROLLBACK\"}",
             bench_text(&bench, "services.0.currentServiceDeployment"));
    bench_call(&bench, "ecs", "stop_service_deployment", input);
    newest_record(&bench);
    assert_string_equal(bench_text(&bench, "serviceDeployments.0.status"), "ROLLBACK_IN_PROGRESS");
    assert_string_equal(bench_settle(&bench, 300), "COMPLETED");
    assert_string_equal(bench_text(&bench, "services.0.taskDefinition"),
                        ARN "task-definition/" FAMILY ":2");
    newest_record(&bench);
    assert_string_equal(bench_text(&bench, "serviceDeployments.0.status"), "ROLLBACK_SUCCESSFUL");
    bench_refused(
        &bench, "ecs", "stop_service_deployment", input, "ConflictException",
        "Service deployment cannot be stopped because its status is ROLLBACK_SUCCESSFUL.");
    assert_int_equal(bench_lost(&bench), 0);
    bench_close(&bench);
}

static void a_deployment_that_is_overtaken_is_stopped(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, "{\"deployed_ago\":30}");
    bench_update(&bench, "\"taskDefinition\":\"" FAMILY ":2\"");
    assert_int_equal(bench_count(&bench, "service.deployments"), 3);
    bench_call(&bench, "ecs", "list_service_deployments",
               "{\"cluster\":\"" CLUSTER "\",\"service\":\"" SERVICE "\"}");
    assert_string_equal(bench_text(&bench, "serviceDeployments.0.status"), "IN_PROGRESS");
    assert_string_equal(bench_text(&bench, "serviceDeployments.1.status"), "STOPPED");
    assert_string_equal(bench_settle(&bench, 600), "COMPLETED");
    assert_int_equal(bench_lost(&bench), 0);
    bench_close(&bench);
}

static void the_desired_count_is_followed_without_a_deployment(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_update(&bench, "\"taskDefinition\":\"" FAMILY ":2\"");
    bench_settle(&bench, 600);
    bench_update(&bench, "\"desiredCount\":3");
    assert_int_equal(bench_int(&bench, "service.desiredCount"), 3);
    assert_int_equal(bench_int(&bench, "service.runningCount"), 1);
    assert_int_equal(bench_count(&bench, "service.deployments"), 1);
    bench_sleep(&bench, 120);
    bench_describe(&bench);
    assert_int_equal(bench_int(&bench, "services.0.runningCount"), 3);
    bench_update(&bench, "\"desiredCount\":0");
    bench_sleep(&bench, 60);
    bench_describe(&bench);
    assert_int_equal(bench_int(&bench, "services.0.runningCount"), 0);
    assert_int_equal(bench_int(&bench, "services.0.pendingCount"), 0);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_names_what_was_proven_good),
        cmocka_unit_test(history_is_filtered_and_paged),
        cmocka_unit_test(a_forced_deployment_has_an_id_of_its_own),
        cmocka_unit_test(a_rollout_keeps_to_its_percentages),
        cmocka_unit_test(a_good_rollout_loses_nothing),
        cmocka_unit_test(the_breaker_rolls_back_after_three_failures),
        cmocka_unit_test(without_the_breaker_a_bad_rollout_goes_on_for_ever),
        cmocka_unit_test(launches_that_keep_failing_are_slowed_down),
        cmocka_unit_test(failures_in_the_grace_period_count_when_they_outlast_it),
        cmocka_unit_test(a_rollout_can_be_stopped_and_rolled_back),
        cmocka_unit_test(a_deployment_that_is_overtaken_is_stopped),
        cmocka_unit_test(the_desired_count_is_followed_without_a_deployment),
    };
    return cmocka_run_group_tests_name("sim deployments", tests, NULL, bench_forget_modules);
}
