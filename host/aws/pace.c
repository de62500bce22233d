/* pace: what the calls of one client to one service share: the bucket of retries, the adaptive
 * mode's limiter, a rate that the script asked for; and the queue of the requests that must wait
 * their turn because of them. First come, first served.
 *
 * Clients that ask for the same settings share a pace: what a service is to be spared does not
 * depend on how many objects a script makes. */
#include "aws/internal.h"

#include <math.h>
#include <stdlib.h>

#define ROUNDING 1e-6
#define BURST_S  0.1 /* of a rate: so much of it may come at once */

static double now_s(const struct gw_pace *pace)
{
    return (double)gw_loop_now_ms(pace->client->options.loop) / 1000;
}

/* ---- finding --------------------------------------------------------------------------------- */

static struct gw_pace_key key_of(const struct gw_client *client, const struct gw_service *service,
                                 const struct gw_call_options *options)
{
    const struct gw_settings *settings = &client->options.settings;
    struct gw_pace_key key = {service, options->retry_mode, options->max_attempts, options->rate};
    if (key.mode == GW_RETRY_MODE_UNSET) {
        key.mode = settings->retry_mode;
    }
    if (key.max_attempts == 0) {
        key.max_attempts = settings->max_attempts;
    }
    return key;
}

static bool is_same(const struct gw_pace_key *a, const struct gw_pace_key *b)
{
    return a->service == b->service && a->mode == b->mode && a->max_attempts == b->max_attempts &&
           a->rate == b->rate;
}

static struct gw_pace *new_pace(struct gw_client *client, const struct gw_pace_key *key)
{
    struct gw_pace *pace = gw_alloc(sizeof *pace);
    struct gw_retry_policy policy = gw_retry_policy(key->mode, key->service);
    *pace = (struct gw_pace){.next = client->paces, .client = client, .key = *key};
    policy.max_attempts = key->max_attempts > 0 ? key->max_attempts : policy.max_attempts;
    gw_retry_init(&pace->retry, &policy);
    gw_limiter_init(&pace->limiter, now_s(pace));
    double burst = fmax(key->rate * BURST_S, 1);
    pace->rate = (struct gw_bucket){key->rate, burst, burst, now_s(pace)};
    client->paces = pace;
    return pace;
}

struct gw_pace *gw_pace_get(struct gw_client *client, const struct gw_service *service,
                            const struct gw_call_options *options)
{
    struct gw_pace_key key = key_of(client, service, options);
    struct gw_pace *pace = client->paces;
    while (pace && !is_same(&pace->key, &key)) {
        pace = pace->next;
    }
    return pace ? pace : new_pace(client, &key);
}

void gw_pace_free_all(struct gw_client *client)
{
    while (client->paces) {
        struct gw_pace *pace = client->paces;
        client->paces = pace->next;
        free(pace);
    }
}

/* ---- turns ----------------------------------------------------------------------------------- */

static bool is_limited(const struct gw_pace *pace)
{
    return pace->key.mode == GW_RETRY_ADAPTIVE && pace->limiter.enabled;
}

static double wait_s(struct gw_pace *pace)
{
    double rate_s = pace->key.rate > 0 ? gw_bucket_wait_s(&pace->rate, now_s(pace)) : 0;
    double limiter_s = is_limited(pace) ? gw_bucket_wait_s(&pace->limiter.bucket, now_s(pace)) : 0;
    return fmax(rate_s, limiter_s);
}

static void take_token(struct gw_pace *pace)
{
    pace->rate.tokens -= pace->key.rate > 0;
    pace->limiter.bucket.tokens -= is_limited(pace);
}

static void on_turn(void *ctx);

static void set_timer(struct gw_pace *pace)
{
    gw_timer_stop(pace->timer);
    pace->timer = NULL;
    if (pace->first) {
        int64_t delay_ms = (int64_t)ceil(wait_s(pace) * 1000 - ROUNDING);
        pace->timer = gw_timer_start(pace->client->options.loop, delay_ms, on_turn, pace);
    }
}

static void link_turn(struct gw_pace *pace, struct gw_turn *turn)
{
    turn->next = NULL;
    turn->previous = pace->last;
    turn->waits = true;
    if (pace->last) {
        pace->last->next = turn;
    } else {
        pace->first = turn;
    }
    pace->last = turn;
}

static void unlink_turn(struct gw_pace *pace, struct gw_turn *turn)
{
    if (turn->previous) {
        turn->previous->next = turn->next;
    } else {
        pace->first = turn->next;
    }
    if (turn->next) {
        turn->next->previous = turn->previous;
    } else {
        pace->last = turn->previous;
    }
    turn->waits = false;
}

/* One a firing: what the turn's owner does may end the client and the pace with it. */
static void on_turn(void *ctx)
{
    struct gw_pace *pace = ctx;
    struct gw_turn *turn = pace->first;
    pace->timer = NULL;
    if (wait_s(pace) > 0) {
        set_timer(pace);
        return;
    }
    take_token(pace);
    unlink_turn(pace, turn);
    set_timer(pace);
    turn->fn(turn->ctx);
}

bool gw_pace_enter(struct gw_pace *pace, struct gw_turn *turn)
{
    if (!pace->first && wait_s(pace) <= 0) {
        take_token(pace);
        return true;
    }
    link_turn(pace, turn);
    if (pace->first == turn) {
        set_timer(pace);
    }
    return false;
}

void gw_pace_leave(struct gw_pace *pace, struct gw_turn *turn)
{
    if (!turn->waits) {
        return;
    }
    bool was_first = pace->first == turn;
    unlink_turn(pace, turn);
    if (was_first) {
        set_timer(pace);
    }
}

void gw_pace_answered(struct gw_pace *pace, bool throttled)
{
    if (pace->key.mode != GW_RETRY_ADAPTIVE) {
        return;
    }
    gw_limiter_answered(&pace->limiter, throttled, now_s(pace));
    if (pace->first) {
        set_timer(pace);
    }
}
