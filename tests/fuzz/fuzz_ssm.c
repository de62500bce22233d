/* fuzz: a session channel that hears anything. The input is a series of records: a kind, a number,
 * a length, and as many bytes; most become messages whose digests fit, or nothing would get far.
 * Output comes at most once for each message, and the end comes once. */
#include "codec/codec.h"
#include "ssm/ssm.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
    struct gw_loop *loop;
    struct gw_ssm_channel *channel;
    size_t outputs, ends;
};

static void on_send(void *ctx, bool is_text, struct gw_view bytes)
{
    struct gw_ssm_message message;
    (void)ctx;
    if (!is_text && !gw_ssm_message_read(bytes, &message, NULL)) {
        abort();
    }
}

static void on_ready(void *ctx, struct gw_view greeting)
{
    (void)ctx;
    (void)greeting;
}

/* Where the session asks for one; an agent of ours would know it. */
static void on_key(void *ctx, struct gw_view key_id)
{
    static const char key[GW_SSM_DATA_KEY_BYTES] = {1};
    struct heard *heard = ctx;
    struct gw_err err;
    if (key_id.len % 2 == 0) {
        gw_ssm_channel_encrypt(heard->channel, (struct gw_view){key, sizeof key}, key_id);
    } else {
        gw_fail(&err, GW_ERR_SERVICE, "no key");
        gw_ssm_channel_refuse_key(heard->channel, &err);
    }
}

static void on_output(void *ctx, enum gw_ssm_stream stream, struct gw_view bytes)
{
    (void)stream;
    (void)bytes;
    ((struct heard *)ctx)->outputs++;
}

static void on_closed(void *ctx, struct gw_view reason, const struct gw_err *err)
{
    (void)reason;
    (void)err;
    ((struct heard *)ctx)->ends++;
}

static void receive(struct gw_ssm_channel *channel, const char *type, uint8_t number,
                    struct gw_view payload)
{
    struct gw_ssm_message message = {.type = gw_view_of(type),
                                     .created_ms = 1,
                                     .sequence = number >> 4,
                                     .payload_type = number & 15,
                                     .payload = payload};
    struct gw_buf bytes;
    gw_buf_init(&bytes, 4096);
    gw_ssm_message_write(&message, &bytes);
    gw_ssm_channel_receive(channel, gw_buf_view(&bytes));
    gw_buf_clear(&bytes);
}

static void play(struct gw_ssm_channel *channel, struct heard *heard, uint8_t kind, uint8_t number,
                 struct gw_view bytes)
{
    static const char *const types[] = {"output_stream_data", "acknowledge", "channel_closed",
                                        "pause_publication", "start_publication"};
    kind &= 15;
    if (kind < sizeof types / sizeof types[0]) {
        receive(channel, types[kind], number, bytes);
    } else if (kind == 5) {
        gw_ssm_channel_receive(channel, bytes);
    } else if (kind == 6) {
        gw_ssm_channel_input(channel, bytes);
    } else if (kind == 7) {
        gw_ssm_channel_resize(channel, number, 24);
    } else if (kind == 8) {
        gw_ssm_channel_disconnected(channel);
    } else if (kind == 9) {
        gw_ssm_channel_connected(channel, bytes);
    } else if (kind == 10) {
        gw_ssm_channel_terminate(channel);
    } else {
        gw_loop_step(heard->loop);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_loop_options options = {.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = 1700000000000};
    struct gw_ssm_events events = {.send = on_send,
                                   .ready = on_ready,
                                   .key = on_key,
                                   .output = on_output,
                                   .closed = on_closed};
    struct heard heard = {.loop = gw_loop_new(&options)};
    struct gw_ssm_channel *channel = gw_ssm_channel_new(heard.loop, &events, &heard);
    size_t records = 0;
    heard.channel = channel;
    gw_ssm_channel_connected(channel, GW_VIEW("TOKEN"));
    while (size >= 3) {
        size_t len = data[2] < size - 3 ? data[2] : size - 3;
        play(channel, &heard, data[0], data[1], (struct gw_view){(const char *)data + 3, len});
        data += 3 + len;
        size -= 3 + len;
        records++;
    }
    if (heard.outputs > records || heard.ends > 1) {
        abort();
    }
    gw_ssm_channel_free(channel);
    gw_loop_free(heard.loop);
    return 0;
}
