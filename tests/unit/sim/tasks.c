/* The life of a task, as DescribeTasks, the load balancer and the log tell it. */
#include "bench.h"

static void sees(struct bench *bench, const char *status, const char *health)
{
    bench_tasks(bench, "RUNNING");
    assert_string_equal(bench_text(bench, "tasks.0.lastStatus"), status);
    assert_string_equal(bench_text(bench, "tasks.0.healthStatus"), health);
}

/* Waits until the first task in that list has the status. */
static double wait_for(struct bench *bench, const char *desired, const char *status)
{
    for (int i = 0; i < 2000; i++) {
        if (bench_tasks(bench, desired) > 0 &&
            strcmp(bench_text(bench, "tasks.0.lastStatus"), status) == 0) {
            return bench_now(bench);
        }
        bench_sleep(bench, 0.2);
    }
    fail_msg("no task became %s", status);
    return 0;
}

/* A world whose service has just been asked to run revision 2 with nothing else there. */
static void open_with_new_task(struct bench *bench)
{
    bench_open(bench, NULL);
    bench_update(bench, "\"taskDefinition\":\"" FAMILY ":2\"");
    bench_stop_tasks(bench, NULL);
    bench_sleep(bench, 5);
}

static void a_task_goes_through_all_states_on_its_way_up(void **state)
{
    (void)state;
    struct bench bench;
    open_with_new_task(&bench);
    sees(&bench, "PROVISIONING", "UNKNOWN");
    assert_string_equal(bench_text(&bench, "tasks.0.attachments.0.status"), "PRECREATED");
    assert_int_equal(bench_count(&bench, "tasks.0.attachments.0.details"), 1);

    double pending = wait_for(&bench, "RUNNING", "PENDING");
    double activating = wait_for(&bench, "RUNNING", "ACTIVATING");
    double running = wait_for(&bench, "RUNNING", "RUNNING");
    assert_true(activating - pending >= 11 && activating - pending <= 19);
    assert_true(running - activating >= 0.8 && running - activating <= 2.3);
    sees(&bench, "RUNNING", "UNKNOWN");
    assert_true(bench_time(&bench, "tasks.0.createdAt") <
                bench_time(&bench, "tasks.0.pullStartedAt"));
    assert_true(bench_time(&bench, "tasks.0.pullStartedAt") <
                bench_time(&bench, "tasks.0.pullStoppedAt"));
    assert_true(bench_time(&bench, "tasks.0.pullStoppedAt") <
                bench_time(&bench, "tasks.0.startedAt"));

    bench_sleep(&bench, 31); /* one interval of the health check */
    sees(&bench, "RUNNING", "HEALTHY");
    bench_close(&bench);
}

static void a_running_task_tells_what_the_guide_asks_for(void **state)
{
    (void)state;
    struct bench bench;
    open_with_new_task(&bench);
    wait_for(&bench, "RUNNING", "RUNNING");
    assert_string_equal(bench_text(&bench, "tasks.0.cpu"), "512");
    assert_string_equal(bench_text(&bench, "tasks.0.memory"), "1024");
    assert_string_equal(bench_text(&bench, "tasks.0.launchType"), "FARGATE");
    assert_string_equal(bench_text(&bench, "tasks.0.group"), "service:" SERVICE);
    assert_string_equal(bench_text(&bench, "tasks.0.containers.0.name"), FAMILY);
    assert_string_equal(bench_text(&bench, "tasks.0.containers.0.lastStatus"), "RUNNING");
    assert_null(bench_at(&bench, "tasks.0.containers.0.exitCode"));
    assert_null(bench_at(&bench, "tasks.0.stoppedReason"));
    assert_string_equal(bench_text(&bench, "tasks.0.attachments.0.details.3.name"),
                        "privateIPv4Address");
    assert_true(
        strncmp(bench_text(&bench, "tasks.0.attachments.0.details.3.value"), "10.0.10.", 8) == 0);
    char started_by[64];
    snprintf(started_by, sizeof started_by, "%s", bench_text(&bench, "tasks.0.startedBy"));
    bench_describe(&bench);
    assert_string_equal(bench_text(&bench, "services.0.deployments.0.id"), started_by);
    bench_close(&bench);
}

static void a_stopped_task_drains_before_its_program_ends(void **state)
{
    (void)state;
    struct bench bench;
    char input[256];
    bench_open(&bench, "{\"deployed_ago\":30}"); /* revision 2 still runs */
    bench_tasks(&bench, "RUNNING");
    const char *arn = strstr(bench_text(&bench, "tasks.0.taskDefinitionArn"), ":2")
                          ? bench_text(&bench, "tasks.0.taskArn")
                          : bench_text(&bench, "tasks.1.taskArn");
    snprintf(input, sizeof input, "{\"cluster\":\"" CLUSTER "\",\"task\":\"%s\"}", arn);
    bench_call(&bench, "ecs", "stop_task", input);
    assert_string_equal(bench_text(&bench, "task.desiredStatus"), "STOPPED");
    assert_string_equal(bench_text(&bench, "task.lastStatus"), "RUNNING");
    assert_string_equal(bench_text(&bench, "task.stoppedReason"), "Task stopped by user");
    assert_string_equal(bench_text(&bench, "task.stopCode"), "UserInitiated");

    double began = bench_now(&bench);
    snprintf(input, sizeof input, "{\"cluster\":\"" CLUSTER "\",\"tasks\":[\"%s\"]}", arn);
    static const struct {
        const char *status;
        double least, most;
    } steps[] = {{"DEACTIVATING", 0, 2},
                 {"STOPPING", 30, 33},
                 {"DEPROVISIONING", 31, 36},
                 {"STOPPED", 40, 50}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        do {
            bench_sleep(&bench, 0.2);
            bench_call(&bench, "ecs", "describe_tasks", input);
        } while (strcmp(bench_text(&bench, "tasks.0.lastStatus"), steps[i].status) != 0);
        double after = bench_now(&bench) - began;
        assert_true(after >= steps[i].least && after <= steps[i].most);
    }
    assert_int_equal(bench_int(&bench, "tasks.0.containers.0.exitCode"), 0);
    assert_string_equal(bench_text(&bench, "tasks.0.containers.0.lastStatus"), "STOPPED");
    assert_true(bench_time(&bench, "tasks.0.stoppingAt") <
                bench_time(&bench, "tasks.0.executionStoppedAt"));
    assert_true(bench_time(&bench, "tasks.0.executionStoppedAt") <
                bench_time(&bench, "tasks.0.stoppedAt"));

    bench_sleep(&bench, 3500);
    bench_call(&bench, "ecs", "describe_tasks", input);
    assert_int_equal(bench_count(&bench, "tasks"), 1);
    bench_sleep(&bench, 200); /* an hour after it stopped it is forgotten */
    bench_call(&bench, "ecs", "describe_tasks", input);
    assert_int_equal(bench_count(&bench, "tasks"), 0);
    assert_string_equal(bench_text(&bench, "failures.0.reason"), "MISSING");
    bench_close(&bench);
}

static void a_stopped_task_is_replaced_with_the_configured_revision(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_update(&bench, "\"taskDefinition\":\"" FAMILY ":2\"");
    assert_string_equal(bench_settle(&bench, 600), "COMPLETED");
    bench_stop_tasks(&bench, NULL);
    bench_sleep(&bench, 10);
    assert_int_equal(bench_tasks(&bench, "RUNNING"), 1);
    assert_string_equal(bench_text(&bench, "tasks.0.taskDefinitionArn"),
                        ARN "task-definition/" FAMILY ":2");
    assert_string_equal(bench_text(&bench, "tasks.0.lastStatus"), "PROVISIONING");
    bench_close(&bench);
}

/* A member of the target that was registered last. */
static const char *newest_target(struct bench *bench, const char *member)
{
    char path[64];
    bench_call(bench, "elbv2", "describe_target_health",
               "{\"TargetGroupArn\":\"" TARGET_GROUP "\"}");
    snprintf(path, sizeof path, "TargetHealthDescriptions.%zu.%s",
             bench_count(bench, "TargetHealthDescriptions") - 1, member);
    return bench_text(bench, path);
}

static void a_target_is_registered_checked_and_drained(void **state)
{
    (void)state;
    struct bench bench;
    char address[32];
    open_with_new_task(&bench);
    wait_for(&bench, "RUNNING", "RUNNING");
    snprintf(address, sizeof address, "%s",
             bench_text(&bench, "tasks.0.attachments.0.details.3.value"));
    assert_string_equal(newest_target(&bench, "Target.Id"), address);
    assert_string_equal(newest_target(&bench, "TargetHealth.State"), "initial");
    assert_string_equal(newest_target(&bench, "TargetHealth.Reason"), "Elb.RegistrationInProgress");
    bench_sleep(&bench, 1.7);
    assert_string_equal(newest_target(&bench, "TargetHealth.State"), "initial");
    assert_string_equal(newest_target(&bench, "TargetHealth.Reason"), "Elb.InitialHealthChecking");

    bench_sleep(&bench, 60); /* old targets are gone by now */
    assert_string_equal(newest_target(&bench, "TargetHealth.State"), "healthy");
    assert_string_equal(newest_target(&bench, "TargetHealth.Reason"), "(none)");
    assert_int_equal(bench_count(&bench, "TargetHealthDescriptions"), 1);

    bench_stop_tasks(&bench, NULL);
    bench_sleep(&bench, 2);
    assert_string_equal(newest_target(&bench, "TargetHealth.State"), "draining");
    assert_string_equal(newest_target(&bench, "TargetHealth.Reason"),
                        "Target.DeregistrationInProgress");
    assert_string_equal(newest_target(&bench, "TargetHealth.Description"),
                        "Target deregistration is in progress");
    bench_close(&bench);
}

static void a_crash_leaves_its_exit_code_and_its_traceback(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, "{\"bad\":\"crashes\",\"deployed_ago\":200}");
    size_t count = bench_tasks(&bench, "STOPPED"), crashed = 0;
    for (size_t i = 0; i < count; i++) {
        char path[64];
        snprintf(path, sizeof path, "tasks.%zu.stopCode", i);
        if (strcmp(bench_text(&bench, path), "EssentialContainerExited") == 0) {
            crashed++;
            snprintf(path, sizeof path, "tasks.%zu.stoppedReason", i);
            assert_string_equal(bench_text(&bench, path), "Essential container in task exited");
            snprintf(path, sizeof path, "tasks.%zu.containers.0.exitCode", i);
            assert_int_equal(bench_int(&bench, path), 1);
        }
    }
    assert_int_equal(crashed, 1);
    bench_call(&bench, "logs", "filter_log_events",
               "{\"logGroupName\":\"" LOG_GROUP "\",\"filterPattern\":\"ModuleNotFoundError\"}");
    assert_int_equal(bench_count(&bench, "events"), 1);
    assert_string_equal(bench_text(&bench, "events.0.message"),
                        "ModuleNotFoundError: No module named 'cachetools'");
    bench_close(&bench);
}

static void an_image_that_is_not_there_cannot_be_pulled(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, "{\"bad\":\"missing\",\"deployed_ago\":60,\"circuit_breaker\":false}");
    bench_tasks(&bench, "STOPPED");
    assert_string_equal(bench_text(&bench, "tasks.0.stopCode"), "TaskFailedToStart");
    assert_true(strncmp(bench_text(&bench, "tasks.0.stoppedReason"),
                        "CannotPullContainerError: ", 26) == 0);
    assert_null(bench_at(&bench, "tasks.0.startedAt"));
    assert_null(bench_at(&bench, "tasks.0.containers.0.exitCode"));
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_goes_through_all_states_on_its_way_up),
        cmocka_unit_test(a_running_task_tells_what_the_guide_asks_for),
        cmocka_unit_test(a_stopped_task_drains_before_its_program_ends),
        cmocka_unit_test(a_stopped_task_is_replaced_with_the_configured_revision),
        cmocka_unit_test(a_target_is_registered_checked_and_drained),
        cmocka_unit_test(a_crash_leaves_its_exit_code_and_its_traceback),
        cmocka_unit_test(an_image_that_is_not_there_cannot_be_pulled),
    };
    return cmocka_run_group_tests_name("sim tasks", tests, NULL, bench_forget_modules);
}
