/* A session that is encrypted with a data key of KMS: which half is for which direction, what is
 * enciphered, the challenge, and what happens without a key. */
#include "codec/codec.h"
#include "ssm/ssm.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REQUEST                                                                                    \
    "{\"AgentVersion\":\"3.3.0.0\",\"RequestedClientActions\":[{\"ActionType\":\"SessionType\","   \
    "\"ActionParameters\":{\"SessionType\":\"InteractiveCommands\"}},{\"ActionType\":"             \
    "\"KMSEncryption\",\"ActionParameters\":{\"KMSKeyId\":\"alias/exec\"}}]}"
#define RESPONSE                                                                                   \
    "{\"ClientVersion\":\"1.2.707.0\",\"ProcessedClientActions\":[{\"ActionType\":"                \
    "\"SessionType\",\"ActionStatus\":1,\"ActionResult\":null,\"Error\":\"\"},{\"ActionType\":"    \
    "\"KMSEncryption\",%s}],\"Errors\":null}"

static const char DATA_KEY[] = "to the client: 32 bytes of a key"
                               "to the agent: 32 bytes of a key.";

struct session {
    struct gw_arena *arena;
    struct gw_loop *loop;
    struct gw_ssm_channel *channel;
    int64_t said;
    struct gw_ssm_message input; /* the last of the client's stream */
    struct gw_buf output;
    struct gw_view key_id;
    int ready_count, closed_count;
    struct gw_err err;
};

static void on_send(void *ctx, bool is_text, struct gw_view bytes)
{
    struct session *session = ctx;
    struct gw_ssm_message message;
    if (is_text) {
        return;
    }
    assert_true(gw_ssm_message_read(gw_arena_dup(session->arena, bytes), &message, NULL));
    if (gw_view_equal(message.type, GW_VIEW("input_stream_data"))) {
        session->input = message;
    }
}

static void on_ready(void *ctx, struct gw_view greeting)
{
    (void)greeting;
    ((struct session *)ctx)->ready_count++;
}

static void on_key(void *ctx, struct gw_view key_id)
{
    struct session *session = ctx;
    session->key_id = gw_arena_dup(session->arena, key_id);
}

static void on_output(void *ctx, enum gw_ssm_stream stream, struct gw_view bytes)
{
    (void)stream;
    gw_buf_add(&((struct session *)ctx)->output, bytes);
}

static void on_closed(void *ctx, struct gw_view reason, const struct gw_err *err)
{
    struct session *session = ctx;
    (void)reason;
    session->closed_count++;
    session->err = err != NULL ? *err : (struct gw_err){0};
}

static void say(struct session *session, uint32_t payload_type, struct gw_view payload)
{
    struct gw_ssm_message message = {.type = GW_VIEW("output_stream_data"),
                                     .created_ms = 1,
                                     .sequence = session->said++,
                                     .payload_type = payload_type,
                                     .payload = payload};
    struct gw_buf bytes;
    gw_buf_init(&bytes, 1 << 16);
    gw_ssm_message_write(&message, &bytes);
    gw_ssm_channel_receive(session->channel, gw_buf_view(&bytes));
    gw_buf_clear(&bytes);
}

static const unsigned char *half(int which)
{
    return (const unsigned char *)DATA_KEY + which * 32;
}

static struct gw_view sealed(struct session *session, const char *text, int which)
{
    struct gw_buf box;
    gw_buf_init(&box, 1 << 16);
    gw_aes_gcm_close(gw_view_of(text), half(which), &box);
    struct gw_view copy = gw_arena_dup(session->arena, gw_buf_view(&box));
    gw_buf_clear(&box);
    return copy;
}

static const char *opened(struct session *session, struct gw_view box)
{
    struct gw_buf text;
    gw_buf_init(&text, 1 << 16);
    assert_true(gw_aes_gcm_open(box, half(1), &text));
    const char *copy = gw_arena_dup(session->arena, gw_buf_view(&text)).data;
    gw_buf_clear(&text);
    return copy;
}

static void begin(struct session *session)
{
    gw_ssm_channel_connected(session->channel, GW_VIEW("TOKEN"));
    say(session, GW_SSM_HANDSHAKE_REQUEST, GW_VIEW(REQUEST));
    assert_string_equal(session->key_id.data, "alias/exec");
    assert_int_equal(session->input.type.len, 0); /* no answer before there is a key */
}

static void assert_answered(struct session *session, const char *what)
{
    struct gw_view expected = gw_arena_printf(session->arena, RESPONSE, what);
    assert_int_equal(session->input.payload_type, GW_SSM_HANDSHAKE_RESPONSE);
    assert_int_equal(session->input.payload.len, expected.len);
    assert_memory_equal(session->input.payload.data, expected.data, expected.len);
}

static void give_key(struct session *session)
{
    struct gw_view key = {DATA_KEY, 64};
    assert_true(gw_ssm_channel_encrypt(session->channel, key, GW_VIEW("blob")));
}

static void challenge(struct session *session)
{
    struct gw_buf payload;
    gw_buf_init(&payload, 1 << 16);
    gw_ssm_write_challenge(sealed(session, "prove it", 0), &payload);
    say(session, GW_SSM_ENCRYPTION_CHALLENGE, gw_buf_view(&payload));
    gw_buf_clear(&payload);
}

static void the_agent_gets_the_key_as_kms_enciphered_it(void **state)
{
    struct session *session = *state;
    begin(session);
    give_key(session);
    assert_answered(session,
                    "\"ActionStatus\":1,\"ActionResult\":{\"KMSCipherTextKey\":\"YmxvYg==\","
                    "\"KMSCipherTextHash\":null},\"Error\":\"\"");
}

static void a_challenge_is_answered_with_the_other_half(void **state)
{
    struct session *session = *state;
    struct gw_view proof;
    begin(session);
    give_key(session);
    challenge(session);
    assert_int_equal(session->input.payload_type, GW_SSM_ENCRYPTION_RESPONSE);
    assert_true(
        gw_ssm_read_challenge(session->input.payload, session->arena, &proof, &session->err));
    assert_string_equal(opened(session, proof), "prove it");
}

static void output_and_input_are_enciphered_and_sizes_are_not(void **state)
{
    struct session *session = *state;
    begin(session);
    give_key(session);
    say(session, GW_SSM_HANDSHAKE_COMPLETE, GW_VIEW("{}"));
    say(session, GW_SSM_OUTPUT, sealed(session, "# ", 0));
    assert_string_equal(session->output.data, "# ");
    gw_ssm_channel_input(session->channel, GW_VIEW("ls\r"));
    assert_string_equal(opened(session, session->input.payload), "ls\r");
    gw_ssm_channel_resize(session->channel, 80, 24);
    assert_int_equal(session->input.payload_type, GW_SSM_SIZE);
    assert_memory_equal(session->input.payload.data, "{\"cols\":80,", 11);
}

static void what_is_not_enciphered_with_the_key_ends_the_session(void **state)
{
    struct session *session = *state;
    begin(session);
    give_key(session);
    say(session, GW_SSM_HANDSHAKE_COMPLETE, GW_VIEW("{}"));
    say(session, GW_SSM_OUTPUT, sealed(session, "# ", 1));
    assert_int_equal(session->output.len, 0);
    assert_int_equal(session->closed_count, 1);
    assert_string_equal(session->err.message, "session: what the agent sent is not encrypted with "
                                              "the key of this session");
}

static void without_a_key_the_agent_is_told_why(void **state)
{
    struct session *session = *state;
    struct gw_err denied;
    begin(session);
    gw_fail(&denied, GW_ERR_SERVICE, "kms:GenerateDataKey: not allowed");
    gw_ssm_channel_refuse_key(session->channel, &denied);
    assert_answered(session, "\"ActionStatus\":2,\"ActionResult\":null,\"Error\":"
                             "\"kms:GenerateDataKey: not allowed\"");
    assert_int_equal(session->closed_count, 1);
    assert_string_equal(session->err.message, "kms:GenerateDataKey: not allowed");
}

static void a_key_of_another_length_is_none(void **state)
{
    struct session *session = *state;
    begin(session);
    assert_false(gw_ssm_channel_encrypt(session->channel, GW_VIEW("short"), GW_VIEW("blob")));
}

static void a_challenge_without_a_key_ends_the_session(void **state)
{
    struct session *session = *state;
    gw_ssm_channel_connected(session->channel, GW_VIEW("TOKEN"));
    challenge(session);
    assert_int_equal(session->closed_count, 1);
}

static int set_up(void **state)
{
    struct gw_loop_options options = {.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = 1700000000000};
    struct gw_ssm_events events = {.send = on_send,
                                   .ready = on_ready,
                                   .key = on_key,
                                   .output = on_output,
                                   .closed = on_closed};
    struct session *session = gw_alloc(sizeof *session);
    session->arena = gw_arena_new();
    session->loop = gw_loop_new(&options);
    session->channel = gw_ssm_channel_new(session->loop, &events, session);
    gw_buf_init(&session->output, 1 << 16);
    *state = session;
    return 0;
}

static int tear_down(void **state)
{
    struct session *session = *state;
    gw_ssm_channel_free(session->channel);
    gw_loop_free(session->loop);
    gw_buf_clear(&session->output);
    gw_arena_free(session->arena);
    free(session);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_agent_gets_the_key_as_kms_enciphered_it),
        TEST(a_challenge_is_answered_with_the_other_half),
        TEST(output_and_input_are_enciphered_and_sizes_are_not),
        TEST(what_is_not_enciphered_with_the_key_ends_the_session),
        TEST(without_a_key_the_agent_is_told_why),
        TEST(a_key_of_another_length_is_none),
        TEST(a_challenge_without_a_key_ends_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
