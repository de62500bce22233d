/* The emergency of the guide's world, and both ways out of it. */
#include "bench.h"

#include <time.h>

static void emergency_begins_with_the_bad_revision_failing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct bench bench;
        bench_open_seeded(&bench, NULL, seed);
        bench_describe(&bench);
        assert_string_equal(bench_text(&bench, "services.0.taskDefinition"),
                            ARN "task-definition/" FAMILY ":3");
        assert_string_equal(bench_text(&bench, "services.0.deployments.0.rolloutState"),
                            "COMPLETED");
        assert_int_equal(bench_get(&bench, "http://google-workspace.busyb.local:8000/health"), 503);
        bench_close(&bench);
    }
}

static void the_bad_revision_is_replaced_by_itself_for_ever(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    size_t before = bench_events(&bench, "failed container health checks");
    bench_sleep(&bench, 20 * 60);
    assert_in_range(bench_events(&bench, "failed container health checks"), before + 4, before + 6);
    assert_string_equal(bench_text(&bench, "services.0.deployments.0.rolloutState"), "COMPLETED");
    assert_true(bench_lost(&bench) > 20 * 60 * 5 / 3);
    bench_close(&bench);
}

static void check_rolled_back(struct bench *bench)
{
    assert_string_equal(bench_settle(bench, 600), "COMPLETED");
    assert_string_equal(bench_text(bench, "services.0.taskDefinition"),
                        ARN "task-definition/" FAMILY ":2");
    assert_int_equal(bench_count(bench, "services.0.deployments"), 1);
    assert_int_equal(bench_int(bench, "services.0.runningCount"), 1);
    assert_true(strstr(bench_text(bench, "services.0.events.0.message"),
                       "has reached a steady state.") != NULL);
    assert_int_equal(bench_tasks(bench, "RUNNING"), 1);
    assert_string_equal(bench_text(bench, "tasks.0.healthStatus"), "HEALTHY");
    assert_string_equal(bench_text(bench, "tasks.0.taskDefinitionArn"),
                        ARN "task-definition/" FAMILY ":2");
    assert_int_equal(bench_get(bench, "http://google-workspace.busyb.local:8000/health"), 200);
    int64_t lost = bench_lost(bench);
    bench_sleep(bench, 20 * 60);
    assert_int_equal(bench_lost(bench), lost);
}

#define TO_REVISION_2 "\"taskDefinition\":\"" FAMILY ":2\",\"forceNewDeployment\":true"

static void update_first_ends_steady(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_update(&bench, TO_REVISION_2);
    bench_stop_tasks(&bench, FAMILY ":2");
    check_rolled_back(&bench);
    bench_close(&bench);
}

static void stop_first_ends_steady(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_stop_tasks(&bench, NULL);
    bench_update(&bench, TO_REVISION_2);
    check_rolled_back(&bench);
    bench_close(&bench);
}

static void stop_first_starts_the_bad_revision_again(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_stop_tasks(&bench, NULL);
    bench_sleep(&bench, 20); /* somebody reads the next command */
    assert_int_equal(bench_tasks(&bench, "RUNNING"), 1);
    assert_string_equal(bench_text(&bench, "tasks.0.taskDefinitionArn"),
                        ARN "task-definition/" FAMILY ":3");
    bench_update(&bench, TO_REVISION_2);
    check_rolled_back(&bench);
    bench_close(&bench);
}

static int64_t lost_in_rollback(uint64_t seed, const char *settings, bool update_first,
                                double pause_s)
{
    struct bench bench;
    bench_open_seeded(&bench, settings, seed);
    if (update_first) {
        bench_update(&bench, TO_REVISION_2);
        bench_sleep(&bench, pause_s);
        bench_stop_tasks(&bench, FAMILY ":2");
    } else {
        bench_stop_tasks(&bench, NULL);
        bench_sleep(&bench, pause_s);
        bench_update(&bench, TO_REVISION_2);
    }
    assert_string_equal(bench_settle(&bench, 900), "COMPLETED");
    int64_t lost = bench_lost(&bench);
    bench_close(&bench);
    return lost;
}

static void compare_orders(const char *name, const char *settings, double pause_s)
{
    int64_t update = 0, stop = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        update += lost_in_rollback(seed, settings, true, pause_s);
        stop += lost_in_rollback(seed, settings, false, pause_s);
    }
    print_message("%s, pause %.0f s: update first loses %lld, stop first %lld\n", name, pause_s,
                  (long long)update / 10, (long long)stop / 10);
    assert_true(update <= stop + 20);
}

#define OLD_TASK_LEFT                                                                              \
    "{\"desired_count\":2,\"bad\":\"unhealthy\",\"circuit_breaker\":false,"                        \
    "\"minimum_healthy_percent\":50,\"deployed_ago\":240}"

static void update_first_loses_fewer_requests(void **state)
{
    (void)state;
    compare_orders("flapping", NULL, 0);
    compare_orders("flapping", NULL, 20);
    compare_orders("a healthy old task left", OLD_TASK_LEFT, 0);
    compare_orders("a healthy old task left", OLD_TASK_LEFT, 20);
}

static void update_first_keeps_a_healthy_old_task(void **state)
{
    (void)state;
    assert_int_equal(lost_in_rollback(3, OLD_TASK_LEFT, true, 0), 0);
    assert_true(lost_in_rollback(3, OLD_TASK_LEFT, false, 0) > 20 * 5);
}

static void twenty_minutes_take_a_moment(void **state)
{
    (void)state;
    struct bench bench;
    clock_t began = clock();
    bench_open(&bench, NULL);
    bench_update(&bench, TO_REVISION_2);
    bench_stop_tasks(&bench, FAMILY ":2");
    while (bench_now(&bench) < 20 * 60) {
        bench_describe(&bench);
        bench_sleep(&bench, 5);
    }
    bench_close(&bench);
    double seconds = (double)(clock() - began) / CLOCKS_PER_SEC;
    print_message("20 minutes with 240 looks: %.0f ms\n", seconds * 1000);
    assert_true(seconds < 20 * 60); /* no second of them was waited for */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(emergency_begins_with_the_bad_revision_failing),
        cmocka_unit_test(the_bad_revision_is_replaced_by_itself_for_ever),
        cmocka_unit_test(update_first_ends_steady),
        cmocka_unit_test(stop_first_ends_steady),
        cmocka_unit_test(stop_first_starts_the_bad_revision_again),
        cmocka_unit_test(update_first_loses_fewer_requests),
        cmocka_unit_test(update_first_keeps_a_healthy_old_task),
        cmocka_unit_test(twenty_minutes_take_a_moment),
    };
    return cmocka_run_group_tests_name("sim rollback", tests, NULL, bench_forget_modules);
}
