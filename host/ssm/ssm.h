/* ssm: the session channel of AWS Systems Manager, which carries ECS Exec: its messages as both
 * sides write and read them, and either side of the conversation. The WebSocket under it is the
 * caller's: the channel takes and gives whole messages, so that it is tested without a network
 * and survives a change of connection.
 *
 * The protocol is not documented by AWS; it is that of the published session-manager-plugin and
 * amazon-ssm-agent (github.com/aws, Apache-2.0). */
#ifndef GW_SSM_H
#define GW_SSM_H

#include "base/base.h"
#include "net/net.h"

/* ---- messages -------------------------------------------------------------------------------- */

#define GW_SSM_HEADER_BYTES      120
#define GW_SSM_MAX_PAYLOAD_BYTES (1u << 20) /* agents send 1 KiB at most */

enum gw_ssm_payload_type {
    GW_SSM_NONE = 0, /* acknowledgements and control messages */
    GW_SSM_OUTPUT = 1,
    GW_SSM_ERROR = 2,
    GW_SSM_SIZE = 3,
    GW_SSM_PARAMETER = 4,
    GW_SSM_HANDSHAKE_REQUEST = 5,
    GW_SSM_HANDSHAKE_RESPONSE = 6,
    GW_SSM_HANDSHAKE_COMPLETE = 7,
    GW_SSM_ENCRYPTION_CHALLENGE = 8,
    GW_SSM_ENCRYPTION_RESPONSE = 9,
    GW_SSM_FLAG = 10,
    GW_SSM_STDERR = 11,
    GW_SSM_EXIT_CODE = 12
};

#define GW_SSM_FLAG_SYN 1u
#define GW_SSM_FLAG_FIN 2u

struct gw_ssm_message {
    struct gw_view type; /* "input_stream_data", ...; at most 32 bytes */
    int64_t created_ms;  /* since 1970 UTC */
    int64_t sequence;
    uint64_t flags;
    unsigned char id[16]; /* a UUID, in the order in which it is written as text */
    uint32_t payload_type;
    struct gw_view payload;
};

/* Adds the message's bytes to `out`; false when they do not fit. */
bool gw_ssm_message_write(const struct gw_ssm_message *message, struct gw_buf *out);

/* The views in `out` borrow from `bytes`. Fails (GW_ERR_PROTOCOL) for a message that is cut off, is
 * longer than it says, has no type or date, or whose digest is not that of its payload. The digests
 * of start_publication and pause_publication are not looked at: agents send them without. */
bool gw_ssm_message_read(struct gw_view bytes, struct gw_ssm_message *out, struct gw_err *err);

/* "00112233-4455-6677-8899-aabbccddeeff", ends in NUL */
void gw_ssm_uuid_text(const unsigned char id[16], char out[37]);

/* ---- payloads --------------------------------------------------------------------------------
 * What is in the messages, JSON but for the flag. What is written goes to `out`; false when it does
 * not fit. What is read lives in the arena; a member that is left out is empty, one that is not
 * known is passed over. */

/* The first message of a connection, and the only one that is text. */
struct gw_ssm_opening {
    struct gw_view token;
    struct gw_view client_id; /* a UUID, the same through a session */
    struct gw_view client_version;
};
bool gw_ssm_write_opening(const struct gw_ssm_opening *opening, struct gw_buf *out);
bool gw_ssm_read_opening(struct gw_view text, struct gw_arena *arena, struct gw_ssm_opening *out,
                         struct gw_err *err);

/* acknowledge: of a message that was received. Read: the sequence number; false when there is none.
 */
bool gw_ssm_write_acknowledge(const struct gw_ssm_message *received, struct gw_buf *out);
bool gw_ssm_read_acknowledge(struct gw_view payload, int64_t *sequence);

/* SIZE; false for what is no size of a terminal, 1 to 65535 each. */
bool gw_ssm_write_size(int columns, int rows, struct gw_buf *out);
bool gw_ssm_read_size(struct gw_view payload, int *columns, int *rows);

/* FLAG; 0 for what is none. */
enum gw_ssm_flag {
    GW_SSM_DISCONNECT_TO_PORT = 1,
    GW_SSM_TERMINATE_SESSION = 2,
    GW_SSM_CONNECT_TO_PORT_ERROR = 3
};
bool gw_ssm_write_flag(enum gw_ssm_flag flag, struct gw_buf *out);
uint32_t gw_ssm_read_flag(struct gw_view payload);

/* channel_closed */
struct gw_ssm_closing {
    struct gw_view session_id;
    struct gw_view output; /* the reason, often empty */
};
bool gw_ssm_write_closing(const struct gw_ssm_closing *closing, double epoch_s, struct gw_buf *out);
void gw_ssm_read_closing(struct gw_view payload, struct gw_arena *arena,
                         struct gw_ssm_closing *out);

/* HANDSHAKE_REQUEST: what the agent asks of the client. */
enum gw_ssm_action { GW_SSM_ACTION_SESSION, GW_SSM_ACTION_ENCRYPTION, GW_SSM_ACTION_UNKNOWN };
#define GW_SSM_MAX_ACTIONS 8
struct gw_ssm_request {
    struct gw_view agent_version;
    struct {
        enum gw_ssm_action action;
        struct gw_view name;  /* as the agent wrote it: "SessionType", "KMSEncryption", ... */
        struct gw_view value; /* the type of the session, the id of the KMS key */
    } actions[GW_SSM_MAX_ACTIONS];
    size_t action_count;
};
bool gw_ssm_write_request(const struct gw_ssm_request *request, struct gw_buf *out);
bool gw_ssm_read_request(struct gw_view payload, struct gw_arena *arena, struct gw_ssm_request *out,
                         struct gw_err *err);

/* HANDSHAKE_RESPONSE: what became of each action, in the request's order. */
enum gw_ssm_status { GW_SSM_SUCCEEDED = 1, GW_SSM_FAILED = 2, GW_SSM_UNSUPPORTED = 3 };
struct gw_ssm_response {
    struct gw_view client_version;
    struct {
        struct gw_view name;
        int status;           /* of gw_ssm_status, or another number that was read */
        struct gw_view error; /* why it did not succeed */
        struct gw_view key;   /* of encryption: the data key as KMS enciphered it; else empty */
    } actions[GW_SSM_MAX_ACTIONS];
    size_t action_count;
};
bool gw_ssm_write_response(const struct gw_ssm_response *response, struct gw_buf *out);
bool gw_ssm_read_response(struct gw_view payload, struct gw_arena *arena,
                          struct gw_ssm_response *out, struct gw_err *err);

/* HANDSHAKE_COMPLETE: the greeting that the customer has set, often empty. */
bool gw_ssm_write_complete(struct gw_view greeting, int64_t handshake_ns, struct gw_buf *out);
struct gw_view gw_ssm_read_complete(struct gw_view payload, struct gw_arena *arena);

/* ENCRYPTION_CHALLENGE and ENCRYPTION_RESPONSE: bytes that the other side has enciphered. */
bool gw_ssm_write_challenge(struct gw_view bytes, struct gw_buf *out);
bool gw_ssm_read_challenge(struct gw_view payload, struct gw_arena *arena, struct gw_view *bytes,
                           struct gw_err *err);

/* ---- channel --------------------------------------------------------------------------------- */

enum gw_ssm_stream { GW_SSM_STREAM_OUTPUT, GW_SSM_STREAM_ERROR };

/* All are called from gw_ssm_channel_receive or a timer, one after another; any of them may call
 * the channel, and none may free it. */
struct gw_ssm_events {
    /* Sends one WebSocket message; borrowed bytes. While there is no connection it drops them: the
     * channel sends again what was not acknowledged. */
    void (*send)(void *ctx, bool is_text, struct gw_view bytes);
    /* The agent takes input from now on; `message` is the customer's greeting, often empty. */
    void (*ready)(void *ctx, struct gw_view message);
    /* The agent asks for a session that is encrypted with a data key of this KMS key:
     * gw_ssm_channel_encrypt or gw_ssm_channel_refuse_key has to follow. NULL: it is told that this
     * is not supported. */
    void (*key)(void *ctx, struct gw_view key_id);
    /* Output in its order, each byte once. */
    void (*output)(void *ctx, enum gw_ssm_stream stream, struct gw_view bytes);
    /* The agent has taken input: gw_ssm_channel_pending_bytes has fallen. NULL: not of interest. */
    void (*taken)(void *ctx);
    /* The session is over: once, and last. `reason` is what the other side gave, often empty; `err`
     * is NULL unless the session was broken off. */
    void (*closed)(void *ctx, struct gw_view reason, const struct gw_err *err);
};

struct gw_ssm_channel;

/* `events` is copied. */
struct gw_ssm_channel *gw_ssm_channel_new(struct gw_loop *loop, const struct gw_ssm_events *events,
                                          void *ctx);
void gw_ssm_channel_free(struct gw_ssm_channel *channel); /* NULL is fine */

/* There is a connection, the first or a new one: presents the token and sends again what waits for
 * its acknowledgement. */
void gw_ssm_channel_connected(struct gw_ssm_channel *channel, struct gw_view token);

/* The connection is lost: nothing is sent, and no time counts, until there is another. */
void gw_ssm_channel_disconnected(struct gw_ssm_channel *channel);

/* One binary message from the other side. One that is damaged is passed over: it was not
 * acknowledged, so that the other side sends it again. */
void gw_ssm_channel_receive(struct gw_ssm_channel *channel, struct gw_view bytes);

/* Input for the agent, copied, in pieces of 1 KiB; it waits until the agent is ready for it. */
void gw_ssm_channel_input(struct gw_ssm_channel *channel, struct gw_view bytes);

/* Bytes of input that the agent has not acknowledged: a caller that reads a large file waits for
 * this to fall. */
size_t gw_ssm_channel_pending_bytes(const struct gw_ssm_channel *channel);

/* Should the agent have answered by now, or soon? There is input under way, and no pause. */
bool gw_ssm_channel_awaits(const struct gw_ssm_channel *channel);

/* Grows with each message that has arrived in its order, either way. */
uint64_t gw_ssm_channel_progress(const struct gw_ssm_channel *channel);

void gw_ssm_channel_resize(struct gw_ssm_channel *channel, int columns, int rows);

/* The answer to `key`: a data key, and as KMS has enciphered it. False: it is not as long as one. */
#define GW_SSM_DATA_KEY_BYTES 64
bool gw_ssm_channel_encrypt(struct gw_ssm_channel *channel, struct gw_view data_key,
                            struct gw_view enciphered);
/* Or why there is none, which the agent is told, and which ends the session. */
void gw_ssm_channel_refuse_key(struct gw_ssm_channel *channel, const struct gw_err *err);

/* Asks the agent to end the session; `closed` follows when it does. */
void gw_ssm_channel_terminate(struct gw_ssm_channel *channel);

/* ---- agent -------------------------------------------------------------------------------------
 * The other side of a channel: what runs beside a program, takes its input and sends its output. */

/* As those of a channel. */
struct gw_ssm_agent_events {
    void (*send)(void *ctx, bool is_text, struct gw_view bytes);
    void (*start)(void *ctx); /* hands are shaken: the program begins. Once */
    void (*input)(void *ctx, struct gw_view bytes);
    void (*resized)(void *ctx, int columns, int rows);
    void (*taken)(void *ctx);     /* the client has taken output */
    void (*terminate)(void *ctx); /* the client ends the session */
    void (*closed)(
        void *ctx); /* all was taken, and the client has been told that it is over. Last */
};

struct gw_ssm_agent;

/* `events` is copied. */
struct gw_ssm_agent *gw_ssm_agent_new(struct gw_loop *loop,
                                      const struct gw_ssm_agent_events *events, void *ctx);
void gw_ssm_agent_free(struct gw_ssm_agent *agent); /* NULL is fine */

/* A client has presented its token (gw_ssm_read_opening); the first or, after a break, again. */
void gw_ssm_agent_connected(struct gw_ssm_agent *agent);
void gw_ssm_agent_disconnected(struct gw_ssm_agent *agent);
/* One binary message. One that is damaged is passed over. */
void gw_ssm_agent_receive(struct gw_ssm_agent *agent, struct gw_view bytes);
/* Output of the program, copied, in pieces of 1 KiB. */
void gw_ssm_agent_output(struct gw_ssm_agent *agent, struct gw_view bytes);
size_t gw_ssm_agent_pending_bytes(const struct gw_ssm_agent *agent);
/* The program has ended: `closed` follows when all of its output was taken. `session_id` and
 * `reason` are what the client is told, and copied. */
void gw_ssm_agent_close(struct gw_ssm_agent *agent, struct gw_view session_id,
                        struct gw_view reason);

/* ---- marks ------------------------------------------------------------------------------------
 * A session tells no exit status, so that a command is wrapped in a script which prints marks into
 * its output: RS (0x1e) "gwrun:", the text of the mark, RS. */

#define GW_SSM_MAX_MARK_BYTES 32 /* of the text: letters, digits, '=' and '-' */

struct gw_ssm_marks {
    char held[GW_SSM_MAX_MARK_BYTES + 8]; /* what may be the beginning of a mark */
    size_t held_len;
    void (*text)(void *ctx, struct gw_view bytes); /* output without marks */
    void (*mark)(void *ctx, struct gw_view text);
    void *ctx;
};
void gw_ssm_marks_feed(struct gw_ssm_marks *marks, struct gw_view bytes);
void gw_ssm_marks_finish(struct gw_ssm_marks *marks); /* what was held is output after all */

/* ---- session ----------------------------------------------------------------------------------
 * A channel with its connection, which is opened again where it is lost. */

struct gw_ssm_session;

/* As those of a channel. */
struct gw_ssm_session_events {
    void (*ready)(void *ctx, struct gw_view greeting);
    void (*key)(void *ctx, struct gw_view key_id);
    void (*output)(void *ctx, enum gw_ssm_stream stream, struct gw_view bytes);
    void (*taken)(void *ctx);
    /* The connection is lost, and there was a pause. To go on takes a new token (ssm ResumeSession):
     * gw_ssm_session_resume or gw_ssm_session_abandon has to follow. */
    void (*lost)(void *ctx, const struct gw_err *err);
    void (*closed)(void *ctx, struct gw_view reason, const struct gw_err *err);
};

/* Copies everything. NULL with `err` where that URL cannot be opened. */
struct gw_ssm_session *gw_ssm_session_open(struct gw_loop *loop, struct gw_transport *transport,
                                           struct gw_view url, struct gw_view token,
                                           const struct gw_ssm_session_events *events, void *ctx,
                                           struct gw_err *err);
/* Ends the connection, and frees; the agent is told to end where the session is not over. */
void gw_ssm_session_close(struct gw_ssm_session *session); /* NULL is fine */

void gw_ssm_session_resume(struct gw_ssm_session *session, struct gw_view url,
                           struct gw_view token);
void gw_ssm_session_abandon(struct gw_ssm_session *session, const struct gw_err *err);
/* No token could be had now: `lost` follows once more, after a longer pause, or the end. */
void gw_ssm_session_postpone(struct gw_ssm_session *session, const struct gw_err *err);

/* While held no output comes, and the agent has to wait. */
void gw_ssm_session_hold(struct gw_ssm_session *session, bool held);
/* For input, size, keys and the end. */
struct gw_ssm_channel *gw_ssm_session_channel(struct gw_ssm_session *session);

#endif
