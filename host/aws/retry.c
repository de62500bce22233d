/* retry: whether and when to try again, as AWS's SDKs agree on it.
 * A failed attempt costs tokens of a bucket that all calls of a client to a service share, so that
 * an outage is not made worse by everybody's retries; success gives them back. Delays are random
 * below a limit that doubles. */
#include "aws/internal.h"

#define CAPACITY         500
#define REFUND_FIRST     1
#define MAX_OVER_HINT_MS 5000

/* ---- modes ----------------------------------------------------------------------------------- */

static const struct gw_retry_policy standard = {.max_attempts = 3,
                                                .capacity = CAPACITY,
                                                .transient_cost = 14,
                                                .throttling_cost = 5,
                                                .transient_scale_ms = 50,
                                                .throttling_scale_ms = 1000,
                                                .max_delay_ms = 20000};

/* What SDKs did before there were modes; its retries cost nothing. */
static const struct gw_retry_policy legacy = {.max_attempts = 5,
                                              .capacity = CAPACITY,
                                              .transient_scale_ms = 1000,
                                              .throttling_scale_ms = 1000,
                                              .max_delay_ms = 20000};

bool gw_retry_mode_read(struct gw_view text, enum gw_retry_mode *out)
{
    static const struct {
        const char *name;
        enum gw_retry_mode mode;
    } modes[] = {{"standard", GW_RETRY_STANDARD},
                 {"adaptive", GW_RETRY_ADAPTIVE},
                 {"legacy", GW_RETRY_LEGACY}};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (gw_view_equal_nocase(text, gw_view_of(modes[i].name))) {
            *out = modes[i].mode;
            return true;
        }
    }
    return false;
}

struct gw_retry_policy gw_retry_policy(enum gw_retry_mode mode, const struct gw_service *service)
{
    if (mode == GW_RETRY_LEGACY) {
        return legacy;
    }
    struct gw_retry_policy policy = standard;
    gw_custom_retry_policy(service, &policy);
    return policy;
}

/* ---- classification -------------------------------------------------------------------------- */

/* Somebody must renew the credentials first: no delay helps. */
static const char *const credential_codes[] = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "RequestExpired",
    NULL,
};

static const char *const throttling_codes[] = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "RequestThrottled",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
    "429", /* the status, where the answer has no code */
    NULL,
};

static const char *const transient_codes[] = {"RequestTimeout", "RequestTimeoutException",
                                              "IDPCommunicationError", NULL};

static bool is_listed(const struct gw_aws_error *error, const char *const *codes)
{
    struct gw_view name = error->shape ? gw_shape_name(error->shape) : GW_VIEW_NONE;
    for (; *codes; codes++) {
        struct gw_view code = gw_view_of(*codes);
        if (gw_view_equal(error->code, code) || gw_view_equal(name, code)) {
            return true;
        }
    }
    return false;
}

static bool is_transient_status(int status)
{
    return status == 500 || status == 502 || status == 503 || status == 504;
}

static enum gw_retry_class classify_error(const struct gw_aws_error *error)
{
    unsigned flags = error->shape ? gw_shape_flags(error->shape) : 0;
    if (is_listed(error, credential_codes)) {
        return GW_RETRY_NEVER;
    }
    if (is_listed(error, throttling_codes) || (flags & GW_SHAPE_THROTTLING)) {
        return GW_RETRY_THROTTLING;
    }
    if (is_listed(error, transient_codes) || (flags & GW_SHAPE_RETRYABLE) ||
        is_transient_status(error->http_status)) {
        return GW_RETRY_TRANSIENT;
    }
    return GW_RETRY_NEVER;
}

enum gw_retry_class gw_retry_classify(const struct gw_aws_error *error, const struct gw_err *err)
{
    if (error) {
        return classify_error(error);
    }
    bool is_lost = err->code == GW_ERR_NETWORK || err->code == GW_ERR_TIMEOUT;
    return is_lost ? GW_RETRY_TRANSIENT : GW_RETRY_NEVER;
}

/* ---- the bucket ------------------------------------------------------------------------------ */

void gw_retry_init(struct gw_retry *retry, const struct gw_retry_policy *policy)
{
    *retry = (struct gw_retry){.policy = *policy, .tokens = policy->capacity};
}

static int64_t backoff_ms(const struct gw_retry_policy *policy,
                          const struct gw_retry_failure *failure)
{
    bool throttled = failure->class == GW_RETRY_THROTTLING;
    int64_t limit_ms = throttled ? policy->throttling_scale_ms : policy->transient_scale_ms;
    for (int i = 1; i < failure->attempt && limit_ms < policy->max_delay_ms; i++) {
        limit_ms *= 2;
    }
    limit_ms = limit_ms < policy->max_delay_ms ? limit_ms : policy->max_delay_ms;
    return (int64_t)(failure->random * (double)limit_ms);
}

/* The server's wish, but never sooner than our own delay and never much later. */
static int64_t heed_hint(int64_t delay_ms, int64_t hint_ms)
{
    int64_t longest_ms = delay_ms + MAX_OVER_HINT_MS;
    if (hint_ms < delay_ms) {
        return delay_ms;
    }
    return hint_ms < longest_ms ? hint_ms : longest_ms;
}

struct gw_retry_decision gw_retry_decide(struct gw_retry *retry,
                                         const struct gw_retry_failure *failure)
{
    const struct gw_retry_policy *policy = &retry->policy;
    if (failure->class == GW_RETRY_NEVER) {
        return (struct gw_retry_decision){.verdict = GW_RETRY_POINTLESS};
    }
    if (failure->attempt >= policy->max_attempts) {
        return (struct gw_retry_decision){.verdict = GW_RETRY_ATTEMPTS_USED};
    }
    bool throttled = failure->class == GW_RETRY_THROTTLING;
    int cost = throttled ? policy->throttling_cost : policy->transient_cost;
    int64_t delay_ms = heed_hint(backoff_ms(policy, failure), failure->hint_ms);
    if (retry->tokens < cost) {
        /* Who polls comes back at once: without this sleep the failures would come ever faster. */
        return (struct gw_retry_decision){.verdict = GW_RETRY_QUOTA_USED,
                                          .delay_ms = failure->long_polling ? delay_ms : 0};
    }
    retry->tokens -= cost;
    return (struct gw_retry_decision){GW_RETRY_AGAIN, delay_ms, cost};
}

void gw_retry_success(struct gw_retry *retry, int held)
{
    int capacity = retry->policy.capacity;
    retry->tokens += held > 0 ? held : REFUND_FIRST;
    retry->tokens = retry->tokens < capacity ? retry->tokens : capacity;
}
