/* CloudWatch and Application Auto Scaling: metrics that follow from what happens, alarms, scaling. */
#include "bench.h"

#define DAY      86400
#define START_S  (START_MS / 1000)
#define RESOURCE "service/" CLUSTER "/" SERVICE
#define OF_SERVICE                                                                                 \
    "\"Dimensions\":[{\"Name\":\"ServiceName\",\"Value\":\"" SERVICE "\"},"                        \
    "{\"Name\":\"ClusterName\",\"Value\":\"" CLUSTER "\"}]"
#define OF_BALANCER                                                                                \
    "\"Dimensions\":[{\"Name\":\"LoadBalancer\",\"Value\":\"app/busyb-alb/5111c2db275a2af3\"}]"
#define SCALED                                                                                     \
    "\"ServiceNamespace\":\"ecs\",\"ScalableDimension\":\"ecs:service:DesiredCount\","             \
    "\"ResourceId\":\"" RESOURCE "\""

/* Asks for the last `seconds` in periods of so many. */
static void ask(struct bench *bench, const char *what, const char *statistic, int64_t seconds,
                int64_t period)
{
    char input[1024];
    int64_t now_s = gw_loop_wall_ms(bench->loop) / 1000;
    snprintf(input, sizeof input,
             "{%s,\"Statistics\":[\"%s\"],\"StartTime\":%lld,\"EndTime\":%lld,\"Period\":%lld}",
             what, statistic, (long long)(now_s - seconds), (long long)now_s, (long long)period);
    bench_call(bench, "cloudwatch", "get_metric_statistics", input);
}

#define CPU    "\"Namespace\":\"AWS/ECS\",\"MetricName\":\"CPUUtilization\"," OF_SERVICE
#define MEMORY "\"Namespace\":\"AWS/ECS\",\"MetricName\":\"MemoryUtilization\"," OF_SERVICE
#define ERRORS                                                                                     \
    "\"Namespace\":\"AWS/"                                                                         \
    "ApplicationELB\",\"MetricName\":\"HTTPCode_Target_5XX_Count\"," OF_BALANCER
#define SERVED                                                                                     \
    "\"Namespace\":\"AWS/"                                                                         \
    "ApplicationELB\",\"MetricName\":\"HTTPCode_Target_2XX_Count\"," OF_BALANCER

static double point(const struct bench *bench, size_t i, const char *statistic)
{
    char path[64];
    snprintf(path, sizeof path, "Datapoints.%zu.%s", i, statistic);
    const struct gw_value *value = bench_at(bench, path);
    assert_non_null(value);
    return value->kind == GW_INT ? (double)value->as.integer : value->as.number;
}

static void assert_near(double value, double expected, double width)
{
    if (value < expected - width || value > expected + width) {
        fail_msg("%g is not near %g", value, expected);
    }
}

static void use_good_revision(struct bench *bench)
{
    bench_call(bench, "ecs", "update_service",
               "{\"cluster\":\"" CLUSTER "\",\"service\":\"" SERVICE
               "\",\"taskDefinition\":\"" FAMILY ":2\"}");
    bench_sleep(bench, 600);
}

static void a_week_has_days_and_a_weekend(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    ask(&bench, CPU, "Average", 7 * DAY, DAY); /* from Thursday noon to Thursday noon */
    assert_int_equal(bench_count(&bench, "Datapoints"), 7);
    assert_string_equal(bench_text(&bench, "Datapoints.0.Unit"), "Percent");
    assert_near(point(&bench, 0, "Average"), 35, 1);
    assert_near(point(&bench, 2, "Average"), 22.8, 1); /* Saturday noon to Sunday noon */
    assert_near(point(&bench, 4, "Average"), 35, 1);
    bench_close(&bench);
}

static void the_same_seed_gives_the_same_past(void **state)
{
    (void)state;
    const char *texts[2];
    struct bench benches[2];
    for (int i = 0; i < 2; i++) {
        bench_open(&benches[i], NULL);
        if (i == 1) { /* who asks, and how often, changes nothing */
            bench_call(&benches[i], "ecs", "list_clusters", "{}");
            ask(&benches[i], MEMORY, "Maximum", 3600, 60);
        }
        ask(&benches[i], CPU, "Average", 2 * DAY, 3600);
        texts[i] = bench_json(&benches[i]);
    }
    assert_string_equal(texts[0], texts[1]);
    bench_close(&benches[0]);
    bench_close(&benches[1]);
}

static void requests_that_fail_are_counted(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    ask(&bench, ERRORS, "Sum", 7200, 7200);
    double failed_since = point(&bench, 0, "Sum");
    assert_true(failed_since > 500);
    ask(&bench, ERRORS, "Sum", 86400, 3600);
    assert_int_equal(bench_count(&bench, "Datapoints"), 1); /* none before the deployment */
    use_good_revision(&bench);
    bench_sleep(&bench, 300);
    ask(&bench, ERRORS, "Sum", 300, 300);
    assert_int_equal(bench_count(&bench, "Datapoints"), 0);
    ask(&bench, SERVED, "Sum", 300, 300);
    assert_near(point(&bench, 0, "Sum"), 5 * 300 * 1.39, 120); /* early in the afternoon */
    bench_close(&bench);
}

static void load_is_shared_by_the_tasks(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    use_good_revision(&bench);
    ask(&bench, CPU, "Average", 300, 300);
    double one = point(&bench, 0, "Average");
    bench_call(&bench, "ecs", "update_service",
               "{\"cluster\":\"" CLUSTER "\",\"service\":\"" SERVICE "\",\"desiredCount\":2}");
    bench_sleep(&bench, 600);
    ask(&bench, CPU, "Average", 300, 300);
    assert_near(point(&bench, 0, "Average"), 2 + one / 2, 2);
    bench_close(&bench);
}

static void metric_data_and_list(void **state)
{
    (void)state;
    struct bench bench;
    char input[1024];
    bench_open(&bench, NULL);
    snprintf(input, sizeof input,
             "{\"StartTime\":%lld,\"EndTime\":%lld,\"MetricDataQueries\":[{\"Id\":\"cpu\","
             "\"MetricStat\":{\"Metric\":{" CPU "},\"Period\":300,\"Stat\":\"p99\"}}]}",
             (long long)START_S - 3600, (long long)START_S);
    bench_call(&bench, "cloudwatch", "get_metric_data", input);
    assert_string_equal(bench_text(&bench, "MetricDataResults.0.Id"), "cpu");
    assert_int_equal(bench_count(&bench, "MetricDataResults.0.Values"), 12);
    assert_true(bench_time(&bench, "MetricDataResults.0.Timestamps.0") == -300);
    assert_true(bench_time(&bench, "MetricDataResults.0.Timestamps.11") == -3600);
    bench_call(&bench, "cloudwatch", "list_metrics", "{\"Namespace\":\"AWS/ECS\"}");
    assert_int_equal(bench_count(&bench, "Metrics"), 2);
    assert_string_equal(bench_text(&bench, "Metrics.1.MetricName"), "MemoryUtilization");
    bench_close(&bench);
}

static void what_is_put_can_be_read(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_call(&bench, "cloudwatch", "put_metric_data",
               "{\"Namespace\":\"App\",\"MetricData\":[{\"MetricName\":\"Depth\",\"Value\":3},"
               "{\"MetricName\":\"Depth\",\"Values\":[5,1],\"Counts\":[2,1]},"
               "{\"MetricName\":\"Depth\",\"StatisticValues\":{\"SampleCount\":2,\"Sum\":20,"
               "\"Minimum\":8,\"Maximum\":12}}]}");
    bench_sleep(&bench, 60);
    ask(&bench, "\"Namespace\":\"App\",\"MetricName\":\"Depth\"", "Average", 120, 120);
    assert_true(point(&bench, 0, "Average") == 34.0 / 6);
    ask(&bench, "\"Namespace\":\"App\",\"MetricName\":\"Depth\"", "Maximum", 120, 120);
    assert_true(point(&bench, 0, "Maximum") == 12);
    bench_close(&bench);
}

static void assert_alarm(struct bench *bench, const char *expected)
{
    bench_call(bench, "cloudwatch", "describe_alarms", "{\"AlarmNames\":[\"deep\"]}");
    assert_int_equal(bench_count(bench, "MetricAlarms"), 1);
    assert_string_equal(bench_text(bench, "MetricAlarms.0.StateValue"), expected);
}

static void put_depth(struct bench *bench, int depth)
{
    char input[256];
    snprintf(input, sizeof input,
             "{\"Namespace\":\"App\",\"MetricData\":[{\"MetricName\":\"Depth\",\"Value\":%d}]}",
             depth);
    bench_call(bench, "cloudwatch", "put_metric_data", input);
    bench_sleep(bench, 60);
}

static void alarms_follow_their_metric(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_call(
        &bench, "cloudwatch", "put_metric_alarm",
        "{\"AlarmName\":\"deep\",\"Namespace\":\"App\",\"MetricName\":\"Depth\",\"Statistic\":"
        "\"Maximum\",\"Period\":60,\"EvaluationPeriods\":2,\"Threshold\":10,"
        "\"ComparisonOperator\":\"GreaterThanThreshold\"}");
    assert_alarm(&bench, "INSUFFICIENT_DATA");
    put_depth(&bench, 11);
    bench_sleep(&bench, 1);
    assert_alarm(&bench, "OK");
    put_depth(&bench, 11);
    put_depth(&bench, 12);
    assert_alarm(&bench, "ALARM");
    bench_call(&bench, "cloudwatch", "set_alarm_state",
               "{\"AlarmName\":\"deep\",\"StateValue\":\"OK\",\"StateReason\":\"by hand\"}");
    assert_alarm(&bench, "OK");
    put_depth(&bench, 12);
    assert_alarm(&bench, "ALARM");
    bench_call(&bench, "cloudwatch", "delete_alarms", "{\"AlarmNames\":[\"deep\"]}");
    bench_refused(&bench, "cloudwatch", "delete_alarms", "{\"AlarmNames\":[\"deep\"]}",
                  "ResourceNotFound", "Alarm 'deep' does not exist.");
    bench_close(&bench);
}

static void put_policy(struct bench *bench, int target)
{
    char input[1024];
    snprintf(
        input, sizeof input,
        "{" SCALED ",\"PolicyName\":\"cpu\",\"PolicyType\":\"TargetTrackingScaling\","
        "\"TargetTrackingScalingPolicyConfiguration\":{\"TargetValue\":%d,"
        "\"PredefinedMetricSpecification\":{\"PredefinedMetricType\":"
        "\"ECSServiceAverageCPUUtilization\"},\"ScaleOutCooldown\":60,\"ScaleInCooldown\":180}}",
        target);
    bench_call(bench, "application-autoscaling", "put_scaling_policy", input);
}

static void a_policy_scales_out_and_in(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    use_good_revision(&bench);
    bench_call(&bench, "application-autoscaling", "register_scalable_target",
               "{" SCALED ",\"MinCapacity\":1,\"MaxCapacity\":4}");
    put_policy(&bench, 20); /* of about 47 per cent */
    bench_sleep(&bench, 3600);
    bench_describe(&bench);
    assert_int_equal(bench_int(&bench, "services.0.desiredCount"), 3);
    assert_int_equal(bench_int(&bench, "services.0.runningCount"), 3);
    bench_call(&bench, "application-autoscaling", "describe_scaling_activities",
               "{\"ServiceNamespace\":\"ecs\"}");
    assert_string_equal(bench_text(&bench, "ScalingActivities.0.Description"),
                        "Setting desired count to 3.");
    put_policy(&bench, 70);
    bench_call(&bench, "application-autoscaling", "describe_scaling_policies",
               "{\"ServiceNamespace\":\"ecs\"}");
    assert_int_equal(bench_count(&bench, "ScalingPolicies.0.Alarms"), 2);
    bench_sleep(&bench, 3600);
    bench_describe(&bench);
    assert_int_equal(bench_int(&bench, "services.0.desiredCount"), 1);
    bench_call(&bench, "application-autoscaling", "deregister_scalable_target", "{" SCALED "}");
    bench_call(&bench, "cloudwatch", "describe_alarms", "{}");
    assert_int_equal(bench_count(&bench, "MetricAlarms"), 0);
    bench_close(&bench);
}

static void a_target_keeps_the_count_in_range(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, NULL);
    bench_call(&bench, "application-autoscaling", "register_scalable_target",
               "{" SCALED ",\"MinCapacity\":2,\"MaxCapacity\":4}");
    bench_describe(&bench);
    assert_int_equal(bench_int(&bench, "services.0.desiredCount"), 2);
    bench_close(&bench);
}

static void refusals_have_the_words_of_aws(void **state)
{
    (void)state;
    static const struct bench_refusal rows[] = {
        {"cloudwatch", "get_metric_statistics",
         "{" CPU ",\"StartTime\":5,\"EndTime\":5,\"Period\":60,\"Statistics\":[\"Sum\"]}",
         "InvalidParameterValue",
         "The parameter StartTime must be less than the parameter EndTime."},
        {"cloudwatch", "get_metric_statistics",
         "{" CPU ",\"StartTime\":0,\"EndTime\":86460,\"Period\":60,\"Statistics\":[\"Sum\"]}",
         "InvalidParameterCombination",
         "You have requested up to 1441 datapoints, which exceeds the limit of 1,440. You may "
         "reduce the datapoints requested by increasing Period, or decreasing the time range."},
        {"cloudwatch", "put_metric_data", "{\"Namespace\":\"AWS/ECS\",\"MetricData\":[]}",
         "InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid."},
        {"application-autoscaling", "put_scaling_policy", "{" SCALED ",\"PolicyName\":\"x\"}",
         "ObjectNotFoundException",
         "No scalable target registered for service namespace: ecs, resource ID: " RESOURCE
         ", scalable dimension: ecs:service:DesiredCount"},
        {"application-autoscaling", "register_scalable_target",
         "{\"ServiceNamespace\":\"ecs\",\"ScalableDimension\":\"ecs:service:DesiredCount\","
         "\"ResourceId\":\"service/a/b\",\"MinCapacity\":1,\"MaxCapacity\":2}",
         "ValidationException", "ECS service doesn't exist: service/a/b"},
    };
    struct bench bench;
    bench_open(&bench, NULL);
    bench_check_refusals(&bench, rows, sizeof rows / sizeof *rows);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_week_has_days_and_a_weekend),
        cmocka_unit_test(the_same_seed_gives_the_same_past),
        cmocka_unit_test(requests_that_fail_are_counted),
        cmocka_unit_test(load_is_shared_by_the_tasks),
        cmocka_unit_test(metric_data_and_list),
        cmocka_unit_test(what_is_put_can_be_read),
        cmocka_unit_test(alarms_follow_their_metric),
        cmocka_unit_test(a_policy_scales_out_and_in),
        cmocka_unit_test(a_target_keeps_the_count_in_range),
        cmocka_unit_test(refusals_have_the_words_of_aws),
    };
    return cmocka_run_group_tests(tests, NULL, bench_forget_modules);
}
