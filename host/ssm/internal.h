/* Inside ssm: message.c and payload.c know the bytes, outgoing.c what was sent and is not yet
 * acknowledged, incoming.c the order of what comes, channel.c the conversation. */
#ifndef GW_SSM_INTERNAL_H
#define GW_SSM_INTERNAL_H

#include "ssm/ssm.h"

/* ---- payloads -------------------------------------------------------------------------------- */

#define GW_SSM_CLIENT_VERSION                                                                      \
    "1.2.707.0" /* agents look at it; the published client whose protocol this is */

/* "00112233-4455-6677-8899-aabbccddeeff", ends in NUL */
void gw_ssm_uuid_text(const unsigned char id[16], char out[37]);

/* The first message of a connection. `client_id` stays the same through a session. */
bool gw_ssm_write_token(struct gw_view token, const char *client_id, struct gw_buf *out);
bool gw_ssm_write_acknowledge(const struct gw_ssm_message *received, struct gw_buf *out);
bool gw_ssm_write_size(int columns, int rows, struct gw_buf *out);

/* The sequence number that an acknowledge message names. */
bool gw_ssm_read_acknowledge(struct gw_view payload, int64_t *sequence);

/* The reason that a channel_closed message gives, in the arena; empty when it has none. */
struct gw_view gw_ssm_read_closed(struct gw_view payload, struct gw_arena *arena);

/* The greeting in a handshake's end. */
struct gw_view gw_ssm_read_greeting(struct gw_view payload, struct gw_arena *arena);

/* Answers a handshake request action by action. `refused` is filled with the kind of session or
 * encryption that is not supported, else empty. False: the request cannot be read. */
bool gw_ssm_answer_handshake(struct gw_view request, struct gw_arena *arena, struct gw_buf *answer,
                             struct gw_view *refused, struct gw_err *err);

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
