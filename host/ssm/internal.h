/* Inside ssm: message.c, payload.c and handshake.c know the bytes, outgoing.c what was sent and is not
 * yet acknowledged, incoming.c the order of what comes, cipher.c the keys, answer.c what is agreed to,
 * channel.c and channel_handshake.c the conversation, agent.c its other side, session.c its connections. */
#ifndef GW_SSM_INTERNAL_H
#define GW_SSM_INTERNAL_H

#include "codec/codec.h"
#include "ssm/ssm.h"

/* Agents look at it; the published client whose protocol this is. */
#define GW_SSM_CLIENT_VERSION "1.2.707.0"

/* The JSON of a payload; what is none is the other side's fault (GW_ERR_PROTOCOL). `what` begins
 * the message. */
bool gw_ssm_parse(struct gw_view payload, const char *what, struct gw_arena *arena,
                  struct gw_value *out, struct gw_err *err);

/* ---- cipher ---------------------------------------------------------------------------------- */

struct cipher {
    bool is_on;
    unsigned char opening[GW_AES_KEY_BYTES], closing[GW_AES_KEY_BYTES];
};

/* False: it is no data key. */
bool cipher_set(struct cipher *cipher, struct gw_view data_key);
void cipher_clear(struct cipher *cipher);
/* Are payloads of this type enciphered? */
bool cipher_concerns(const struct cipher *cipher, uint32_t payload_type);
/* Both fill `out`, which is to be cleared in any case. False: it was not made with the key. */
bool cipher_open(const struct cipher *cipher, struct gw_view payload, struct gw_buf *out);
bool cipher_close(const struct cipher *cipher, struct gw_view payload, struct gw_buf *out);

/* ---- answer.c -------------------------------------------------------------------------------- */

/* What is answered to a request, and what it asks for that is not done. */
struct answer {
    struct gw_ssm_response response;
    struct gw_view refused; /* empty: nothing */
};
/* `key`: the enciphered data key; empty: there is none, for the reason in `keyless`. */
void answer_request(const struct gw_ssm_request *request, struct gw_view key,
                    struct gw_view keyless, struct answer *answer);
/* The id of the KMS key that is to encrypt the session; empty: it is not to be encrypted. */
struct gw_view answer_key_id(const struct gw_ssm_request *request);

/* Writes the acknowledgement of a message, whole, to `out`. */
void acknowledge_write(const struct gw_ssm_message *received, int64_t wall_ms, struct gw_buf *out);

/* ---- outgoing -------------------------------------------------------------------------------- */

#define OUTGOING_PIECE_BYTES 1024 /* agents take no longer payloads */

struct outgoing_message;

/* A stream in its order: what was sent and is not acknowledged, then what waits for its turn. */
struct outgoing {
    struct gw_view type; /* of its messages: "input_stream_data" of a client */
    struct outgoing_message *first, *last;
    struct outgoing_message *unsent; /* the first that this connection has not seen; or NULL */
    int64_t next_sequence;
    size_t in_flight;     /* messages from `first` up to `unsent` */
    size_t pending_bytes; /* of payload, all together */
    double round_trip_ms, deviation_ms;
};

void outgoing_init(struct outgoing *outgoing, struct gw_view type); /* `type` is a literal */
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

/* False: there is no such number under way. */
bool outgoing_acknowledged(struct outgoing *outgoing, int64_t sequence, int64_t now_ms);

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

/* ---- channel --------------------------------------------------------------------------------- */

#define MAX_CONTROL_BYTES (64u << 10) /* handshake answers, acknowledgements, the token */

struct gw_ssm_channel {
    struct gw_loop *loop;
    struct gw_ssm_events events;
    void *ctx;
    char client_id[37];

    bool is_connected;
    bool is_paused; /* the agent asked for silence */
    bool is_ready;
    bool is_closed;

    int columns, rows; /* 0: unknown */
    struct cipher cipher;
    struct gw_buf request; /* of a handshake that waits for a key */
    struct gw_buf early;
    struct outgoing outgoing;
    struct gw_timer *repetition;

    uint64_t taken;   /* messages of ours that the agent has */
    int64_t expected; /* the number of the next message of the agent's stream */
    struct incoming incoming;
};

/* The session is over, whatever follows. */
void channel_end(struct gw_ssm_channel *channel, struct gw_view reason, const struct gw_err *err);
void channel_queue(struct gw_ssm_channel *channel, enum gw_ssm_payload_type type,
                   struct gw_view payload);
void channel_flush(struct gw_ssm_channel *channel);

/* channel_handshake.c */
void channel_receive_request(struct gw_ssm_channel *channel, struct gw_view payload);
void channel_receive_challenge(struct gw_ssm_channel *channel, struct gw_view payload);
/* Answers the request that has waited for a key; `problem`: why there is none, or NULL. */
void channel_answer_waiting(struct gw_ssm_channel *channel, struct gw_view key,
                            const struct gw_err *problem);
void channel_fail_cipher(struct gw_ssm_channel *channel);

#endif
