/* limiter: how fast to send: a bucket that fills with time, and the adaptive mode's rule for the
 * rate of it. The rule is that of TCP's CUBIC, as AWS's SDKs have it: throttling cuts the rate to
 * seven tenths; between throttlings it grows along a cubic curve, flat near the rate that was too
 * much last time and steep beyond it. It never outruns twice the rate that was really measured. */
#include "aws/internal.h"

#include <math.h>

#define MIN_RATE         0.5
#define REDUCTION        0.7
#define CURVE            0.4
#define SMOOTHING        0.8
#define PERIOD_S         0.5
#define MAX_OVERSHOOTING 2.0
#define ROUNDING         1e-9

/* ---- the bucket ------------------------------------------------------------------------------ */

static void fill(struct gw_bucket *bucket, double now_s)
{
    bucket->tokens =
        fmin(bucket->capacity, bucket->tokens + (now_s - bucket->filled_s) * bucket->rate);
    bucket->filled_s = now_s;
}

void gw_bucket_set_rate(struct gw_bucket *bucket, double rate, double capacity, double now_s)
{
    fill(bucket, now_s);
    bucket->rate = rate;
    bucket->capacity = capacity;
    bucket->tokens = fmin(bucket->tokens, capacity);
}

double gw_bucket_wait_s(struct gw_bucket *bucket, double now_s)
{
    fill(bucket, now_s);
    return bucket->tokens >= 1 - ROUNDING ? 0 : (1 - bucket->tokens) / bucket->rate;
}

/* ---- the rule -------------------------------------------------------------------------------- */

void gw_limiter_init(struct gw_limiter *limiter, double now_s)
{
    *limiter = (struct gw_limiter){.bucket = {.rate = MIN_RATE, .capacity = 1, .filled_s = now_s},
                                   .throttled_s = now_s,
                                   .period_s = floor(now_s)};
}

/* Answers a second, by periods of half a second, the last one with most weight. */
static double measure(struct gw_limiter *limiter, double now_s)
{
    double period_s = floor(now_s / PERIOD_S) * PERIOD_S;
    limiter->period_count++;
    if (period_s > limiter->period_s) {
        double rate = limiter->period_count / (period_s - limiter->period_s);
        limiter->measured_rate = rate * SMOOTHING + limiter->measured_rate * (1 - SMOOTHING);
        limiter->period_count = 0;
        limiter->period_s = period_s;
    }
    return limiter->measured_rate;
}

double gw_limiter_growing_rate(const struct gw_limiter *limiter, double now_s)
{
    double plateau_s = cbrt(limiter->last_max_rate * (1 - REDUCTION) / CURVE);
    double passed_s = now_s - limiter->throttled_s;
    return CURVE * pow(passed_s - plateau_s, 3) + limiter->last_max_rate;
}

double gw_limiter_reduced_rate(struct gw_limiter *limiter, double rate, double now_s)
{
    limiter->last_max_rate = rate;
    limiter->throttled_s = now_s;
    return rate * REDUCTION;
}

void gw_limiter_answered(struct gw_limiter *limiter, bool throttled, double now_s)
{
    double measured = measure(limiter, now_s);
    double rate = 0;
    if (throttled) {
        double sent = limiter->enabled ? fmin(measured, limiter->bucket.rate) : measured;
        rate = gw_limiter_reduced_rate(limiter, sent, now_s);
        limiter->enabled = true;
    } else {
        rate = gw_limiter_growing_rate(limiter, now_s);
    }
    rate = fmin(rate, MAX_OVERSHOOTING * measured);
    gw_bucket_set_rate(&limiter->bucket, fmax(rate, MIN_RATE), fmax(rate, 1), now_s);
}
