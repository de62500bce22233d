/* The reference client's conversation with an agent, line by line (session-manager-plugin 1.2.0.0; the file's README says how it
 * was recorded): for the same words of the agent this client says the same, but for ids, versions, and repetitions. */
#include "codec/codec.h"
#include "ssm/ssm.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TRANSCRIPT GW_VECTORS "/ssm-session/reference-client-transcript.txt"
#define NO_VECTORS 77
#define MAX_LINES  64

struct line {
    char type[33], id[37];
    long long sequence, flags, payload_type;
    struct gw_view payload;
};

struct talk {
    struct gw_arena *arena;
    struct gw_loop *loop;
    struct gw_ssm_channel *channel;
    struct line expected[MAX_LINES], said[MAX_LINES];
    size_t expected_count, said_count, heard;
    struct gw_buf output, error_output;
    struct gw_view reason;
};

/* ---- the file ---------------------------------------------------------------------------------- */

/* Of Python's way to write bytes. */
static struct gw_view unescape(struct gw_arena *arena, struct gw_view text)
{
    char *out = gw_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        unsigned code;
        if (c == '\\' && text.data[i + 1] == 'x') {
            assert_int_equal(sscanf(text.data + i + 2, "%2x", &code), 1);
            c = (char)code;
            i += 3;
        } else if (c == '\\') {
            i++;
            c = text.data[i] == 'n' ? '\n' : text.data[i] == 'r' ? '\r' : text.data[i];
        }
        out[len++] = c;
    }
    out[len] = '\0';
    return (struct gw_view){out, len};
}

static bool read_line(struct gw_arena *arena, const char *text, struct line *line)
{
    const char *fields = strstr(text, "'mt': b'"), *payload = strstr(text, "'payload': b'");
    if (!fields || !payload) {
        return false;
    }
    int found = sscanf(fields,
                       "'mt': b'%32[^' ]%*[^']', 'ver': 1, 'seq': %lld, 'flags': %lld, 'mid': "
                       "'%36[^']', 'ptype': %lld",
                       line->type, &line->sequence, &line->flags, line->id, &line->payload_type);
    assert_int_equal(found, 5);
    payload += strlen("'payload': b'");
    size_t len = strlen(payload) - strlen("'}");
    line->payload = unescape(arena, (struct gw_view){payload, len});
    return true;
}

/* A message that is sent again has the same id; once is enough. */
static void read_transcript(struct talk *talk)
{
    char text[4096];
    FILE *file = fopen(TRANSCRIPT, "r");
    assert_non_null(file);
    while (fgets(text, sizeof text, file)) {
        struct line *line = &talk->expected[talk->expected_count];
        text[strcspn(text, "\n")] = '\0';
        bool is_again = read_line(talk->arena, text, line) && talk->expected_count > 0 &&
                        strcmp(line->id, line[-1].id) == 0;
        talk->expected_count += line->payload.len > 0 && !is_again;
        assert_true(talk->expected_count < MAX_LINES);
    }
    fclose(file);
}

/* ---- what the channel calls -------------------------------------------------------------------- */

static void on_send(void *ctx, bool is_text, struct gw_view bytes)
{
    struct talk *talk = ctx;
    struct gw_ssm_message message;
    if (is_text) {
        return;
    }
    struct line *line = &talk->said[talk->said_count++];
    assert_true(talk->said_count < MAX_LINES);
    assert_true(gw_ssm_message_read(bytes, &message, NULL));
    snprintf(line->type, sizeof line->type, "%.*s", GW_VIEW_ARGS(message.type));
    line->sequence = message.sequence;
    line->flags = (long long)message.flags;
    line->payload_type = message.payload_type;
    line->payload = gw_arena_dup(talk->arena, message.payload);
}

static void on_ready(void *ctx, struct gw_view greeting)
{
    (void)ctx, (void)greeting;
}

static void on_output(void *ctx, enum gw_ssm_stream stream, struct gw_view bytes)
{
    struct talk *talk = ctx;
    gw_buf_add(stream == GW_SSM_STREAM_OUTPUT ? &talk->output : &talk->error_output, bytes);
}

static void on_closed(void *ctx, struct gw_view reason, const struct gw_err *err)
{
    struct talk *talk = ctx;
    assert_null(err);
    talk->reason = gw_arena_dup(talk->arena, reason);
}

/* ---- the agent --------------------------------------------------------------------------------- */

static void say(struct talk *talk, const char *type, int64_t sequence, uint32_t payload_type,
                const char *payload)
{
    struct gw_buf bytes;
    struct gw_ssm_message message = {.type = gw_view_of(type),
                                     .created_ms = gw_loop_wall_ms(talk->loop),
                                     .sequence = sequence,
                                     .payload_type = payload_type,
                                     .payload = gw_view_of(payload)};
    gw_buf_init(&bytes, 1 << 16);
    assert_true(gw_ssm_message_write(&message, &bytes));
    gw_ssm_channel_receive(talk->channel, gw_buf_view(&bytes));
    gw_buf_clear(&bytes);
}

static void say_stream(struct talk *talk, int64_t sequence, uint32_t type, const char *payload)
{
    say(talk, "output_stream_data", sequence, type, payload);
}

static void acknowledge(struct talk *talk, int64_t sequence)
{
    char payload[80];
    snprintf(payload, sizeof payload, "{\"AcknowledgedMessageSequenceNumber\":%lld}",
             (long long)sequence);
    say(talk, "acknowledge", 0, GW_SSM_NONE, payload);
}

/* ---- comparing --------------------------------------------------------------------------------- */

/* Ids and the version are each client's own. */
static void blank(struct gw_value *value)
{
    for (size_t i = 0; value->kind == GW_MAP && i < value->as.map.count; i++) {
        struct gw_entry *entry = &value->as.map.entries[i];
        if (gw_view_equal(entry->key, GW_VIEW("AcknowledgedMessageId")) ||
            gw_view_equal(entry->key, GW_VIEW("ClientVersion"))) {
            entry->value = gw_value_string(GW_VIEW("own"));
        }
    }
}

static const char *comparable(struct gw_arena *arena, struct gw_view payload)
{
    struct gw_value value;
    struct gw_buf out;
    if (!gw_json_parse(payload, arena, &value, NULL) || value.kind != GW_MAP) {
        return gw_arena_dup(arena, payload).data;
    }
    blank(&value);
    gw_buf_init(&out, 1 << 16);
    gw_json_write(&value, NULL, &out);
    const char *text = gw_arena_dup(arena, gw_buf_view(&out)).data;
    gw_buf_clear(&out);
    return text;
}

/* The next `count` messages are those of the transcript. */
static void hear(struct talk *talk, size_t count)
{
    for (size_t i = 0; i < count; i++, talk->heard++) {
        const struct line *theirs = &talk->expected[talk->heard], *ours = &talk->said[talk->heard];
        assert_true(talk->heard < talk->expected_count && talk->heard < talk->said_count);
        assert_string_equal(ours->type, theirs->type);
        assert_int_equal(ours->sequence, theirs->sequence);
        assert_int_equal(ours->flags, theirs->flags);
        assert_int_equal(ours->payload_type, theirs->payload_type);
        assert_string_equal(comparable(talk->arena, ours->payload),
                            comparable(talk->arena, theirs->payload));
    }
    assert_int_equal(talk->heard, talk->said_count);
}

static void the_conversation_of_the_reference_client(void **state)
{
    struct talk *talk = *state;
    gw_ssm_channel_resize(talk->channel, 300, 100);
    gw_ssm_channel_connected(talk->channel, GW_VIEW("TOKEN-VALUE"));
    say_stream(talk, 0, GW_SSM_HANDSHAKE_REQUEST,
               "{\"AgentVersion\":\"3.3.0.0\",\"RequestedClientActions\":[{\"ActionType\":"
               "\"SessionType\",\"ActionParameters\":{\"SessionType\":\"InteractiveCommands\"}}]}");
    hear(talk, 2);
    acknowledge(talk, 0);
    say_stream(talk, 1, GW_SSM_HANDSHAKE_COMPLETE, "{\"HandshakeTimeToComplete\":1}");
    hear(talk, 2);
    acknowledge(talk, 1);

    say_stream(talk, 3, GW_SSM_OUTPUT, "world\r\n");
    say_stream(talk, 2, GW_SSM_OUTPUT, "hello ");
    hear(talk, 2);
    say_stream(talk, 2, GW_SSM_OUTPUT, "hello ");
    talk->said_count--; /* it is acknowledged again, which the reference client leaves out */
    say_stream(talk, 4, GW_SSM_STDERR, "errtext\r\n");
    hear(talk, 1);
    say(talk, "pause_publication", 0, GW_SSM_NONE, "");
    say(talk, "start_publication", 0, GW_SSM_NONE, "");
    hear(talk, 0);

    gw_ssm_channel_input(talk->channel, GW_VIEW("ls\n"));
    hear(talk, 1);
    acknowledge(talk, 2);
    gw_ssm_channel_input(talk->channel, GW_VIEW("\r"));
    hear(talk, 1);
    acknowledge(talk, 3);
    gw_ssm_channel_input(talk->channel, GW_VIEW("\x03"));
    hear(talk, 1);
    acknowledge(talk, 4);
    assert_int_equal(talk->heard, talk->expected_count);

    say(talk, "channel_closed", 0, GW_SSM_NONE, "{\"Output\":\"Exiting\"}");
    assert_string_equal(gw_arena_dup(talk->arena, gw_buf_view(&talk->output)).data,
                        "hello world\r\n");
    assert_string_equal(gw_arena_dup(talk->arena, gw_buf_view(&talk->error_output)).data,
                        "errtext\r\n");
    assert_string_equal(talk->reason.data, "Exiting");
}

static int set_up(void **state)
{
    struct gw_loop_options options = {.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = 1700000000000};
    struct gw_ssm_events events = {
        .send = on_send, .ready = on_ready, .output = on_output, .closed = on_closed};
    struct talk *talk = gw_alloc(sizeof *talk);
    talk->arena = gw_arena_new();
    talk->loop = gw_loop_new(&options);
    talk->channel = gw_ssm_channel_new(talk->loop, &events, talk);
    gw_buf_init(&talk->output, 1 << 16);
    gw_buf_init(&talk->error_output, 1 << 16);
    read_transcript(talk);
    *state = talk;
    return 0;
}

static int tear_down(void **state)
{
    struct talk *talk = *state;
    gw_ssm_channel_free(talk->channel);
    gw_loop_free(talk->loop);
    gw_buf_clear(&talk->output);
    gw_buf_clear(&talk->error_output);
    gw_arena_free(talk->arena);
    free(talk);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(
        the_conversation_of_the_reference_client, set_up, tear_down)};
    FILE *file = fopen(TRANSCRIPT, "r");
    if (!file) {
        puts("skipped: no " TRANSCRIPT);
        return NO_VECTORS;
    }
    fclose(file);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
