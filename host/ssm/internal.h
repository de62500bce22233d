/* Inside ssm: message.c, payload.c and handshake.c know the bytes, outgoing.c what was sent and is not yet
 * acknowledged, incoming.c the order of what comes, channel.c the conversation. */
#ifndef GW_SSM_INTERNAL_H
#define GW_SSM_INTERNAL_H

#include "ssm/ssm.h"

/* Agents look at it; the published client whose protocol this is. */
#define GW_SSM_CLIENT_VERSION "1.2.707.0"

/* The JSON of a payload; what is none is the other side's fault (GW_ERR_PROTOCOL). `what` begins
 * the message. */
bool gw_ssm_parse(struct gw_view payload, const char *what, struct gw_arena *arena,
                  struct gw_value *out, struct gw_err *err);

/* ---- outgoing -------------------------------------------------------------------------------- */

#define OUTGOING_PIECE_BYTES 1024 /* agents take no longer payloads */

struct outgoing_message;

/* Input in its order: what was sent and is not acknowledged, then what waits for its turn. */
struct outgoing {
    struct outgoing_message *first, *last;
    struct outgoing_message *unsent; /* the first that this connection has not seen; or NULL */
    int64_t next_sequence;
    size_t in_flight;     /* messages from `first` up to `unsent` */
    size_t pending_bytes; /* of payload, all together */
    double round_trip_ms, deviation_ms;
};

void outgoing_init(struct outgoing *outgoing);
void outgoing_clear(struct outgoing *outgoing);
void outgoing_add(struct outgoing *outgoing, enum gw_ssm_payload_type type, struct gw_view payload,
                  int64_t wall_ms);

/* Takes the next to be sent for the first time on this connection: false when there is none, or as
 * much is under way as may be. */
bool outgoing_next(struct outgoing *outgoing, int64_t now_ms, struct gw_view *message);

/* When the oldest under way is to be sent again; INT64_MAX: nothing is under way. */
int64_t outgoing_due_ms(const struct outgoing *outgoing);

/* The oldest, once more. False: it was sent in vain for too long. */
bool outgoing_again(struct outgoing *outgoing, int64_t now_ms, struct gw_view *message);

/* There is a new connection: it has seen nothing yet. */
void outgoing_rewind(struct outgoing *outgoing);

/* A number that is not under way is passed over. */
void outgoing_acknowledged(struct outgoing *outgoing, int64_t sequence, int64_t now_ms);

/* ---- incoming -------------------------------------------------------------------------------- */

struct incoming_message {
    int64_t sequence;
    uint32_t payload_type;
    struct gw_view payload;
};

/* A heap of copies of what came before its turn, the lowest number first. */
struct incoming {
    struct incoming_message *items;
    size_t count, capacity, bytes;
};

void incoming_clear(struct incoming *incoming);

/* Keeps a copy; false when too much waits already. */
bool incoming_keep(struct incoming *incoming, const struct gw_ssm_message *message);

/* Takes the message numbered `expected` out, into the arena; drops repetitions of earlier ones. */
bool incoming_take(struct incoming *incoming, int64_t expected, struct gw_arena *arena,
                   struct incoming_message *out);

#endif
