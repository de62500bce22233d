/* What is in session messages: each side reads what the other writes, and what the published client
 * and agent write. */
#include "codec/codec.h"
#include "ssm/ssm.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct test {
    struct gw_arena *arena;
    struct gw_buf out;
    struct gw_err err;
};

static const char *written(struct test *test)
{
    const char *text = gw_arena_dup(test->arena, gw_buf_view(&test->out)).data;
    gw_buf_clear(&test->out);
    return text;
}

static void assert_text(struct gw_view actual, const char *expected)
{
    assert_int_equal(actual.len, strlen(expected));
    assert_memory_equal(actual.data, expected, actual.len);
}

/* ---- opening, acknowledge, size, flag, closing ----------------------------------------------- */

static void an_opening_has_the_token_and_who_we_are(void **state)
{
    struct test *test = *state;
    struct gw_ssm_opening opening = {GW_VIEW("to\"ken"), GW_VIEW("id"), GW_VIEW("1.2.3.4")};
    assert_true(gw_ssm_write_opening(&opening, &test->out));
    struct gw_ssm_opening read;
    assert_true(gw_ssm_read_opening(gw_view_of(written(test)), test->arena, &read, &test->err));
    assert_text(read.token, "to\"ken");
    assert_text(read.client_id, "id");
    assert_text(read.client_version, "1.2.3.4");
}

static void the_published_clients_opening_is_read(void **state)
{
    struct test *test = *state;
    struct gw_ssm_opening read;
    struct gw_view text = GW_VIEW(
        "{\"MessageSchemaVersion\":\"1.0\",\"RequestId\":\"6b30b813-9f0e-4cf4-a815-52aba076fc18\","
        "\"TokenValue\":\"TOKEN-VALUE\",\"ClientId\":\"59748222-a210-44e3-ad18-53ac0018c947\","
        "\"ClientVersion\":\"1.2.0.0\"}");
    assert_true(gw_ssm_read_opening(text, test->arena, &read, &test->err));
    assert_text(read.token, "TOKEN-VALUE");
    assert_text(read.client_id, "59748222-a210-44e3-ad18-53ac0018c947");
    assert_text(read.client_version, "1.2.0.0");
}

static void an_opening_without_token_is_refused(void **state)
{
    struct test *test = *state;
    struct gw_ssm_opening read;
    assert_false(gw_ssm_read_opening(GW_VIEW("{}"), test->arena, &read, &test->err));
    assert_string_equal(test->err.message, "session opening: there is no TokenValue");
    assert_false(gw_ssm_read_opening(GW_VIEW("hello"), test->arena, &read, &test->err));
    assert_int_equal(test->err.code, GW_ERR_PROTOCOL);
}

static void an_acknowledgement_names_its_message(void **state)
{
    struct test *test = *state;
    struct gw_ssm_message received = {.type = GW_VIEW("output_stream_data"), .sequence = 7};
    for (int i = 0; i < 16; i++) {
        received.id[i] = (unsigned char)(i * 0x11);
    }
    assert_true(gw_ssm_write_acknowledge(&received, &test->out));
    const char *payload = written(test);
    assert_string_equal(payload,
                        "{\"AcknowledgedMessageType\":\"output_stream_data\","
                        "\"AcknowledgedMessageId\":\"00112233-4455-6677-8899-aabbccddeeff\","
                        "\"AcknowledgedMessageSequenceNumber\":7,"
                        "\"IsSequentialMessage\":true}");
    int64_t sequence = 0;
    assert_true(gw_ssm_read_acknowledge(gw_view_of(payload), &sequence));
    assert_int_equal(sequence, 7);
    assert_false(gw_ssm_read_acknowledge(GW_VIEW("{}"), &sequence));
    assert_false(gw_ssm_read_acknowledge(GW_VIEW("7"), &sequence));
}

static void a_size_is_a_terminals(void **state)
{
    struct test *test = *state;
    int columns = 0, rows = 0;
    assert_true(gw_ssm_write_size(300, 100, &test->out));
    const char *payload = written(test);
    assert_string_equal(payload, "{\"cols\":300,\"rows\":100}");
    assert_true(gw_ssm_read_size(gw_view_of(payload), &columns, &rows));
    assert_int_equal(columns, 300);
    assert_int_equal(rows, 100);
    assert_false(gw_ssm_write_size(0, 24, &test->out));
    assert_false(gw_ssm_read_size(GW_VIEW("{\"cols\":80}"), &columns, &rows));
    assert_false(gw_ssm_read_size(GW_VIEW("{\"cols\":80,\"rows\":-1}"), &columns, &rows));
    assert_false(gw_ssm_read_size(GW_VIEW("{\"cols\":65536,\"rows\":24}"), &columns, &rows));
    assert_false(gw_ssm_read_size(GW_VIEW("80x24"), &columns, &rows));
}

static void a_flag_is_four_bytes(void **state)
{
    struct test *test = *state;
    assert_true(gw_ssm_write_flag(GW_SSM_TERMINATE_SESSION, &test->out));
    assert_int_equal(test->out.len, 4);
    assert_memory_equal(test->out.data, "\0\0\0\2", 4);
    assert_int_equal(gw_ssm_read_flag(gw_buf_view(&test->out)), GW_SSM_TERMINATE_SESSION);
    assert_int_equal(gw_ssm_read_flag(GW_VIEW("abc")), 0);
    assert_int_equal(gw_ssm_read_flag(GW_VIEW("abcde")), 0);
}

static void a_closing_has_session_and_reason(void **state)
{
    struct test *test = *state;
    struct gw_ssm_closing closing = {GW_VIEW("ecs-execute-command-0abc"), GW_VIEW("Exiting")};
    assert_true(gw_ssm_write_closing(&closing, 1704067200, &test->out));
    const char *payload = written(test);
    assert_non_null(strstr(payload, "\"CreatedDate\":\"2024-01-01T00:00:00Z\""));
    assert_non_null(strstr(payload, "\"MessageType\":\"channel_closed\",\"SchemaVersion\":1"));
    struct gw_ssm_closing read;
    gw_ssm_read_closing(gw_view_of(payload), test->arena, &read);
    assert_text(read.session_id, "ecs-execute-command-0abc");
    assert_text(read.output, "Exiting");
    gw_ssm_read_closing(GW_VIEW("no json"), test->arena, &read);
    assert_text(read.session_id, "");
    assert_text(read.output, "");
}

/* ---- handshake ------------------------------------------------------------------------------- */

static void a_request_asks_for_actions(void **state)
{
    struct test *test = *state;
    struct gw_ssm_request request = {
        .agent_version = GW_VIEW("3.3.0.0"),
        .actions = {{GW_SSM_ACTION_SESSION, GW_VIEW("SessionType"), GW_VIEW("InteractiveCommands")},
                    {GW_SSM_ACTION_ENCRYPTION, GW_VIEW("KMSEncryption"), GW_VIEW("alias/exec")},
                    {GW_SSM_ACTION_UNKNOWN, GW_VIEW("Dance"), GW_VIEW("")}},
        .action_count = 3};
    assert_true(gw_ssm_write_request(&request, &test->out));
    const char *payload = written(test);
    assert_string_equal(
        payload,
        "{\"AgentVersion\":\"3.3.0.0\",\"RequestedClientActions\":["
        "{\"ActionType\":\"SessionType\",\"ActionParameters\":{\"SessionType\":"
        "\"InteractiveCommands\"}},"
        "{\"ActionType\":\"KMSEncryption\",\"ActionParameters\":{\"KMSKeyId\":\"alias/exec\"}},"
        "{\"ActionType\":\"Dance\",\"ActionParameters\":{}}]}");
    struct gw_ssm_request read;
    assert_true(gw_ssm_read_request(gw_view_of(payload), test->arena, &read, &test->err));
    assert_text(read.agent_version, "3.3.0.0");
    assert_int_equal(read.action_count, 3);
    assert_int_equal(read.actions[0].action, GW_SSM_ACTION_SESSION);
    assert_text(read.actions[0].value, "InteractiveCommands");
    assert_int_equal(read.actions[1].action, GW_SSM_ACTION_ENCRYPTION);
    assert_text(read.actions[1].value, "alias/exec");
    assert_int_equal(read.actions[2].action, GW_SSM_ACTION_UNKNOWN);
    assert_text(read.actions[2].name, "Dance");
}

static void a_response_says_what_became_of_each(void **state)
{
    struct test *test = *state;
    struct gw_ssm_response response = {
        .client_version = GW_VIEW("1.2.0.0"),
        .actions = {{GW_VIEW("SessionType"), GW_SSM_SUCCEEDED, GW_VIEW(""), GW_VIEW("")},
                    {GW_VIEW("KMSEncryption"), GW_SSM_SUCCEEDED, GW_VIEW(""), GW_VIEW("blob")},
                    {GW_VIEW("Dance"), GW_SSM_UNSUPPORTED, GW_VIEW("what?"), GW_VIEW("")}},
        .action_count = 3};
    assert_true(gw_ssm_write_response(&response, &test->out));
    const char *payload = written(test);
    assert_string_equal(
        payload,
        "{\"ClientVersion\":\"1.2.0.0\",\"ProcessedClientActions\":["
        "{\"ActionType\":\"SessionType\",\"ActionStatus\":1,\"ActionResult\":null,\"Error\":\"\"},"
        "{\"ActionType\":\"KMSEncryption\",\"ActionStatus\":1,\"ActionResult\":"
        "{\"KMSCipherTextKey\":\"YmxvYg==\",\"KMSCipherTextHash\":null},\"Error\":\"\"},"
        "{\"ActionType\":\"Dance\",\"ActionStatus\":3,\"ActionResult\":null,\"Error\":\"what?\"}],"
        "\"Errors\":null}");
    struct gw_ssm_response read;
    assert_true(gw_ssm_read_response(gw_view_of(payload), test->arena, &read, &test->err));
    assert_text(read.client_version, "1.2.0.0");
    assert_int_equal(read.action_count, 3);
    assert_int_equal(read.actions[0].status, GW_SSM_SUCCEEDED);
    assert_text(read.actions[0].key, "");
    assert_text(read.actions[1].key, "blob");
    assert_text(read.actions[2].name, "Dance");
    assert_int_equal(read.actions[2].status, GW_SSM_UNSUPPORTED);
    assert_text(read.actions[2].error, "what?");
}

static void the_published_clients_response_is_written_byte_for_byte(void **state)
{
    struct test *test = *state;
    struct gw_ssm_response response = {
        .client_version = GW_VIEW("1.2.0.0"),
        .actions = {{GW_VIEW("SessionType"), GW_SSM_SUCCEEDED, GW_VIEW(""), GW_VIEW("")}},
        .action_count = 1};
    assert_true(gw_ssm_write_response(&response, &test->out));
    assert_string_equal(
        written(test), "{\"ClientVersion\":\"1.2.0.0\",\"ProcessedClientActions\":[{\"ActionType\":"
                       "\"SessionType\",\"ActionStatus\":1,\"ActionResult\":null,\"Error\":\"\"}],"
                       "\"Errors\":null}");
}

static void assert_request_refused(struct test *test, const char *payload, const char *message)
{
    struct gw_ssm_request read;
    assert_false(gw_ssm_read_request(gw_view_of(payload), test->arena, &read, &test->err));
    assert_string_equal(test->err.message, message);
}

static void a_handshake_that_says_nothing_is_refused(void **state)
{
    struct test *test = *state;
    struct gw_ssm_response response;
    assert_request_refused(test, "{}",
                           "session handshake: there is no list RequestedClientActions");
    assert_request_refused(test, "{\"RequestedClientActions\":[1,2,3,4,5,6,7,8,9]}",
                           "session handshake: 9 actions, more than 8");
    assert_false(gw_ssm_read_response(GW_VIEW("[]"), test->arena, &response, &test->err));
    assert_string_equal(test->err.message,
                        "session handshake: there is no list ProcessedClientActions");
    assert_false(gw_ssm_read_response(
        GW_VIEW("{\"ProcessedClientActions\":[{\"ActionResult\":{\"KMSCipherTextKey\":\"*\"}}]}"),
        test->arena, &response, &test->err));
    assert_string_equal(test->err.message, "session handshake: the key is not base64");
}

static void a_handshake_completes_with_a_greeting(void **state)
{
    struct test *test = *state;
    assert_true(gw_ssm_write_complete(GW_VIEW("be careful"), 1500000, &test->out));
    const char *payload = written(test);
    assert_string_equal(payload,
                        "{\"HandshakeTimeToComplete\":1500000,\"CustomerMessage\":\"be careful\"}");
    assert_text(gw_ssm_read_complete(gw_view_of(payload), test->arena), "be careful");
    assert_text(gw_ssm_read_complete(GW_VIEW("{}"), test->arena), "");
    assert_text(gw_ssm_read_complete(GW_VIEW("no json"), test->arena), "");
}

static void a_challenge_is_bytes(void **state)
{
    struct test *test = *state;
    struct gw_view bytes;
    assert_true(gw_ssm_write_challenge(GW_VIEW("abc"), &test->out));
    const char *payload = written(test);
    assert_string_equal(payload, "{\"Challenge\":\"YWJj\"}");
    assert_true(gw_ssm_read_challenge(gw_view_of(payload), test->arena, &bytes, &test->err));
    assert_text(bytes, "abc");
    assert_false(gw_ssm_read_challenge(GW_VIEW("{}"), test->arena, &bytes, &test->err));
    assert_string_equal(test->err.message, "session challenge: there is none, or it is not base64");
}

/* ---- frame ----------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    struct test *test = gw_alloc(sizeof *test);
    test->arena = gw_arena_new();
    gw_buf_init(&test->out, 1 << 16);
    *state = test;
    return 0;
}

static int tear_down(void **state)
{
    struct test *test = *state;
    gw_buf_clear(&test->out);
    gw_arena_free(test->arena);
    free(test);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_opening_has_the_token_and_who_we_are),
        TEST(the_published_clients_opening_is_read),
        TEST(an_opening_without_token_is_refused),
        TEST(an_acknowledgement_names_its_message),
        TEST(a_size_is_a_terminals),
        TEST(a_flag_is_four_bytes),
        TEST(a_closing_has_session_and_reason),
        TEST(a_request_asks_for_actions),
        TEST(a_response_says_what_became_of_each),
        TEST(the_published_clients_response_is_written_byte_for_byte),
        TEST(a_handshake_that_says_nothing_is_refused),
        TEST(a_handshake_completes_with_a_greeting),
        TEST(a_challenge_is_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
