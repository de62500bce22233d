/* A stream on its way to the other side. A message is kept until that acknowledges it; the oldest is
 * sent again when that takes longer than the round trips so far suggest (RFC 6298's estimate with
 * the constants of the published client), then ever more slowly.
 *
 * The published client sends a message every 100 ms again once it is late; here each repetition
 * doubles the pause, up to its ceiling. */
#include <math.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "ssm/internal.h"

#define WINDOW                32 /* as many as the published client sends in 32 ms */
#define FIRST_ROUND_TRIP_MS   100.0
#define SHORTEST_ALLOWANCE_MS 10.0
#define FIRST_PAUSE_MS        200.0
#define LONGEST_PAUSE_MS      1000.0
#define GIVE_UP_AFTER_MS      (5 * 60 * 1000)

struct outgoing_message {
    struct outgoing_message *next;
    int64_t sequence;
    int64_t first_sent_ms, sent_ms;
    int repetitions;
    size_t payload_len;
    struct gw_buf bytes;
};

void outgoing_init(struct outgoing *outgoing, struct gw_view type)
{
    *outgoing = (struct outgoing){.type = type, .round_trip_ms = FIRST_ROUND_TRIP_MS};
}

static void release(struct outgoing_message *message)
{
    gw_wipe(message->bytes.data, message->bytes.len); /* what was typed may be a password */
    gw_buf_clear(&message->bytes);
    free(message);
}

void outgoing_clear(struct outgoing *outgoing)
{
    while (outgoing->first != NULL) {
        struct outgoing_message *message = outgoing->first;
        outgoing->first = message->next;
        release(message);
    }
    outgoing_init(outgoing, outgoing->type);
}

static void serialise(struct outgoing_message *message, struct gw_view stream,
                      enum gw_ssm_payload_type type, struct gw_view payload, int64_t wall_ms)
{
    struct gw_ssm_message fields = {.type = stream,
                                    .created_ms = wall_ms,
                                    .sequence = message->sequence,
                                    .payload_type = type,
                                    .payload = payload};
    gw_random(fields.id, sizeof fields.id);
    gw_buf_init(&message->bytes, GW_SSM_HEADER_BYTES + payload.len);
    gw_ssm_message_write(&fields, &message->bytes);
}

void outgoing_add(struct outgoing *outgoing, enum gw_ssm_payload_type type, struct gw_view payload,
                  int64_t wall_ms)
{
    struct outgoing_message *message = gw_alloc(sizeof *message);
    message->sequence = outgoing->next_sequence++;
    message->payload_len = payload.len;
    serialise(message, outgoing->type, type, payload, wall_ms);
    if (outgoing->first == NULL) {
        outgoing->first = message;
    } else {
        outgoing->last->next = message;
    }
    outgoing->last = message;
    outgoing->unsent = outgoing->unsent != NULL ? outgoing->unsent : message;
    outgoing->pending_bytes += payload.len;
}

bool outgoing_next(struct outgoing *outgoing, int64_t now_ms, struct gw_view *message)
{
    struct outgoing_message *next = outgoing->unsent;
    if (next == NULL || outgoing->in_flight >= WINDOW) {
        return false;
    }
    next->first_sent_ms = next->sent_ms = now_ms;
    outgoing->unsent = next->next;
    outgoing->in_flight++;
    *message = gw_buf_view(&next->bytes);
    return true;
}

static int64_t pause_ms(const struct outgoing *outgoing, const struct outgoing_message *message)
{
    double allowance = fmax(SHORTEST_ALLOWANCE_MS, 4 * outgoing->deviation_ms);
    double pause = outgoing->round_trip_ms + allowance;
    /* Before the first answer the estimate is a guess. */
    pause = outgoing->deviation_ms == 0 ? FIRST_PAUSE_MS : pause;
    for (int i = 0; i < message->repetitions && pause < LONGEST_PAUSE_MS; i++) {
        pause *= 2;
    }
    return (int64_t)fmin(pause, LONGEST_PAUSE_MS);
}

int64_t outgoing_due_ms(const struct outgoing *outgoing)
{
    const struct outgoing_message *oldest = outgoing->first;
    return outgoing->in_flight == 0 ? INT64_MAX : oldest->sent_ms + pause_ms(outgoing, oldest);
}

bool outgoing_again(struct outgoing *outgoing, int64_t now_ms, struct gw_view *message)
{
    struct outgoing_message *oldest = outgoing->first;
    if (now_ms - oldest->first_sent_ms >= GIVE_UP_AFTER_MS) {
        return false;
    }
    oldest->sent_ms = now_ms;
    oldest->repetitions++;
    *message = gw_buf_view(&oldest->bytes);
    return true;
}

void outgoing_rewind(struct outgoing *outgoing)
{
    for (struct outgoing_message *message = outgoing->first; message != outgoing->unsent;
         message = message->next) {
        message->repetitions = 1; /* its acknowledgement says nothing of the new round trip */
    }
    outgoing->unsent = outgoing->first;
    outgoing->in_flight = 0;
}

/* What was sent twice tells no round trip: which of the two was acknowledged? (Karn's rule.) */
static void learn(struct outgoing *outgoing, const struct outgoing_message *message, int64_t now_ms)
{
    if (message->repetitions == 0) {
        double sample_ms = (double)(now_ms - message->sent_ms);
        double error_ms = fabs(outgoing->round_trip_ms - sample_ms);
        outgoing->deviation_ms = 0.75 * outgoing->deviation_ms + 0.25 * error_ms;
        outgoing->round_trip_ms = 0.875 * outgoing->round_trip_ms + 0.125 * sample_ms;
    }
}

bool outgoing_acknowledged(struct outgoing *outgoing, int64_t sequence, int64_t now_ms)
{
    struct outgoing_message *previous = NULL;
    struct outgoing_message *message = outgoing->first;
    while (message != outgoing->unsent && message->sequence != sequence) {
        previous = message;
        message = message->next;
    }
    if (message == outgoing->unsent) {
        return false;
    }
    learn(outgoing, message, now_ms);
    *(previous != NULL ? &previous->next : &outgoing->first) = message->next;
    outgoing->last = outgoing->last == message ? previous : outgoing->last;
    outgoing->in_flight--;
    outgoing->pending_bytes -= message->payload_len;
    release(message);
    return true;
}
