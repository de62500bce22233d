/* retry: whether and when to try again: the SDKs' "standard" mode, version 2.1.
 * A failed attempt costs tokens of a bucket that all calls of a client share, so that an outage is
 * not made worse by everybody's retries; success gives them back.
 * Left out: DynamoDB's own constants, and the one sleep that a long-polling operation (sqs
 * ReceiveMessage and the like) owes when the bucket is empty. */
#include "aws/internal.h"

#define DEFAULT_ATTEMPTS    3
#define BUCKET_TOKENS       500
#define COST_TRANSIENT      14
#define COST_THROTTLING     5
#define REFUND_FIRST        1
#define SCALE_TRANSIENT_MS  50
#define SCALE_THROTTLING_MS 1000
#define MAX_DELAY_MS        20000
#define MAX_OVER_HINT_MS    5000

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

void gw_retry_init(struct gw_retry *retry, int max_attempts)
{
    retry->max_attempts = max_attempts > 0 ? max_attempts : DEFAULT_ATTEMPTS;
    retry->tokens = BUCKET_TOKENS;
}

int gw_retry_cost(enum gw_retry_class class)
{
    return class == GW_RETRY_THROTTLING ? COST_THROTTLING : COST_TRANSIENT;
}

static int64_t backoff_ms(enum gw_retry_class class, int attempt, double random)
{
    int64_t ceiling_ms = class == GW_RETRY_THROTTLING ? SCALE_THROTTLING_MS : SCALE_TRANSIENT_MS;
    for (int i = 1; i < attempt && ceiling_ms < MAX_DELAY_MS; i++) {
        ceiling_ms *= 2;
    }
    ceiling_ms = ceiling_ms < MAX_DELAY_MS ? ceiling_ms : MAX_DELAY_MS;
    return (int64_t)(random * (double)ceiling_ms);
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

int64_t gw_retry_delay_ms(struct gw_retry *retry, enum gw_retry_class class, int attempt,
                          double random, int64_t hint_ms)
{
    int cost = gw_retry_cost(class);
    if (class == GW_RETRY_NEVER || attempt >= retry->max_attempts || retry->tokens < cost) {
        return -1;
    }
    retry->tokens -= cost;
    return heed_hint(backoff_ms(class, attempt, random), hint_ms);
}

void gw_retry_success(struct gw_retry *retry, int held)
{
    retry->tokens += held > 0 ? held : REFUND_FIRST;
    retry->tokens = retry->tokens < BUCKET_TOKENS ? retry->tokens : BUCKET_TOKENS;
}
