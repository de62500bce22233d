/* Inside a call: what call.c (its life), call_attempt.c (one attempt) and call_outcome.c (what comes
 * after it) share; nobody else includes it. */
#ifndef GW_AWS_CALL_H
#define GW_AWS_CALL_H

#include "aws/internal.h"

struct gw_call {
    struct gw_client *client;
    struct gw_call *next, *previous;
    struct gw_call_request request; /* its input is not ours any more */
    struct gw_custom_call custom;
    struct gw_credentials given; /* no key: the client's are taken */
    struct gw_pace *pace;

    struct gw_arena *arena;
    struct gw_outgoing outgoing;
    struct gw_body_sink sink; /* between the transport and the caller's */
    /* One of the five, or none yet. */
    struct gw_identity_wait *wait; /* for credentials */
    struct gw_exchange *exchange;  /* under way */
    struct gw_timer *timer;        /* until the next attempt, or until the failure is told */
    struct gw_turn turn;           /* in the queue of the pace */
    struct gw_discovery_wait discovery;
    struct gw_timer *deadline; /* of the whole call; NULL: none */

    int attempts; /* sent */
    int held;     /* cost of the last retry */
    bool clock_corrected, redirected, rediscovered;
    bool credentials_renewed;
    struct gw_view access_key_id, credentials_source; /* of the last signature */
    int64_t signed_skew_ms;                           /* the correction that it was made with */
    int64_t started_ms;
    struct gw_view last_failure; /* of an attempt, in short; empty: none failed yet */

    struct gw_view request_id; /* of the last answer */
    int head_status;           /* of the answer that goes to a sink */
    bool committed;            /* what came has been told: no repetition */
    bool has_sent;             /* at least a part of one attempt */
    bool left_open;            /* an attempt before this one may have taken effect */
};

/* What one attempt came to. Exactly one of output, error, err is set. */
struct gw_attempt {
    const struct gw_value *output;
    struct gw_aws_error *error;
    struct gw_err *err;
    int status;          /* 0: no answer */
    int64_t hint_ms;     /* -1: none */
    struct gw_view date; /* the server's */
    struct gw_view bucket_region;
};

/* What the call waits for wakes its next attempt. */
void gw_call_init_attempts(struct gw_call *call);

/* By credentials; not with a token, nor not at all. */
bool gw_call_is_signed(const struct gw_call *call);

/* Goes through discovery, pace and credentials, and sends. False: refused, nothing is under way. */
bool gw_call_begin_attempt(struct gw_call *call, struct gw_err *err);

/* Tries again, or finishes the call, now or later; the attempt is not needed afterwards. */
void gw_call_settle(struct gw_call *call, const struct gw_attempt *attempt);

/* Tells the caller, and frees the call. */
void gw_call_finish(struct gw_call *call, const struct gw_attempt *attempt);

/* An answer that makes no sense is a question to who gave it. */
void gw_call_name_answerer(const struct gw_call *call, struct gw_err *err);

#endif
