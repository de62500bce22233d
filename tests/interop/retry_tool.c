/* Decides about retries as it is told on stdin; prints one line for each:
 *
 *     fail SERVICE OPERATION CODE STATUS ATTEMPT RANDOM HINT_MS -> never|transient|throttling delay_ms cost
 *     limiter NOW_S                                             (a new one)
 *     answer ok|throttled NOW_S                                 -> measured rate, rate of the bucket
 *
 * CODE may be "-" for none. */
#include "aws/aws.h"

#include <stdio.h>
#include <string.h>

static const struct gw_shape *find_error(const struct gw_operation *op, struct gw_view code)
{
    for (size_t i = 0; i < gw_operation_error_count(op); i++) {
        const struct gw_shape *shape = gw_operation_error(op, i);
        if (gw_view_equal(gw_shape_error_code(shape), code)) {
            return shape;
        }
    }
    return NULL;
}

static bool decide(const char *line)
{
    static const char *const classes[] = {"never", "transient", "throttling"};
    char service_name[64], operation[128], code[128];
    int status, attempt, hint_ms;
    double random;
    if (sscanf(line, "fail %63s %127s %127s %d %d %lf %d", service_name, operation, code, &status,
               &attempt, &random, &hint_ms) != 7) {
        return false;
    }
    const struct gw_service *service =
        gw_models_find(gw_models_builtin(), gw_view_of(service_name));
    const struct gw_operation *op = gw_service_find_operation(service, gw_view_of(operation));
    struct gw_aws_error error = {.code = gw_view_of(strcmp(code, "-") ? code : ""),
                                 .http_status = status};
    error.shape = find_error(op, error.code);
    struct gw_retry_policy policy = gw_retry_policy(GW_RETRY_STANDARD, service);
    policy.max_attempts = 100;
    struct gw_retry retry;
    gw_retry_init(&retry, &policy);
    struct gw_retry_failure failure = {.class = gw_retry_classify(&error, NULL),
                                       .attempt = attempt,
                                       .random = random,
                                       .hint_ms = hint_ms};
    struct gw_retry_decision decision = gw_retry_decide(&retry, &failure);
    printf("%s %lld %d\n", classes[failure.class], (long long)decision.delay_ms, decision.cost);
    return true;
}

static bool limit(const char *line, struct gw_limiter *limiter)
{
    char outcome[16];
    double now_s;
    if (sscanf(line, "limiter %lf", &now_s) == 1) {
        gw_limiter_init(limiter, now_s);
        return true;
    }
    if (sscanf(line, "answer %15s %lf", outcome, &now_s) != 2) {
        return false;
    }
    gw_limiter_answered(limiter, strcmp(outcome, "throttled") == 0, now_s);
    printf("%.9f %.9f\n", limiter->measured_rate, limiter->bucket.rate);
    return true;
}

int main(void)
{
    char line[512];
    struct gw_limiter limiter;
    gw_limiter_init(&limiter, 0);
    while (fgets(line, sizeof line, stdin)) {
        if (!decide(line) && !limit(line, &limiter)) {
            fprintf(stderr, "retry_tool: cannot read %s", line);
            return 1;
        }
    }
    return 0;
}
