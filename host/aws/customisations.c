/* customisations: what AWS's SDKs do for single services and operations and no model tells. All of
 * it is here, with where it comes from; nothing else in the host knows a service by name, but the
 * credential sources.
 *
 *   retries of DynamoDB        its answers are fast and so are its retries: one more attempt, half
 *                              the delay (SDK retry specification 2.1, "service specific values";
 *                              botocore/retries/standard.py)
 *   long polling               an operation that is called again at once, whatever it answers, owes
 *                              a sleep even when no retry is left to it (the same; smithy's
 *                              aws.api#longPoll is to replace the list) */
#include "aws/internal.h"

static bool is_named(struct gw_view name, const char *const *names)
{
    for (; *names; names++) {
        if (gw_view_equal(name, gw_view_of(*names))) {
            return true;
        }
    }
    return false;
}

/* ---- retries --------------------------------------------------------------------------------- */

void gw_custom_retry_policy(const struct gw_service *service, struct gw_retry_policy *policy)
{
    static const char *const dynamodb[] = {"dynamodb", "dynamodbstreams", NULL};
    if (service && is_named(gw_service_name(service), dynamodb)) {
        policy->max_attempts = 4;
        policy->transient_scale_ms = 25;
    }
}

bool gw_custom_is_long_polling(const struct gw_operation *op)
{
    static const struct {
        const char *service;
        const char *operations[3];
    } rows[] = {{"sqs", {"ReceiveMessage"}},
                {"stepfunctions", {"GetActivityTask"}},
                {"swf", {"PollForActivityTask", "PollForDecisionTask"}}};
    struct gw_view service = gw_service_name(gw_operation_service(op));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (gw_view_equal(service, gw_view_of(rows[i].service))) {
            return is_named(gw_operation_name(op), rows[i].operations);
        }
    }
    return false;
}
