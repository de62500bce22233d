/* WebSocket frames: two sides that hand each other their bytes, in any pieces. */
#include "net/net.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct side {
    struct gw_frames *frames;
    struct gw_buf heard; /* "text:hello|close:bye|" */
};

struct test {
    struct side client, server;
    struct gw_err err;
};

static void on_frame(void *ctx, enum gw_frame kind, struct gw_view bytes)
{
    static const char *const names[] = {[GW_FRAME_TEXT] = "text",
                                        [GW_FRAME_BINARY] = "binary",
                                        [GW_FRAME_CLOSE] = "close",
                                        [GW_FRAME_PING] = "ping"};
    gw_buf_addf(&((struct side *)ctx)->heard, "%s:%.*s|", names[kind], GW_VIEW_ARGS(bytes));
}

static bool carry(struct side *from, struct side *to, size_t piece, struct gw_err *err)
{
    bool readable = true;
    while (gw_frames_output(from->frames).len > 0) {
        struct gw_view bytes = gw_view_sub(gw_frames_output(from->frames), 0, piece);
        readable = gw_frames_receive(to->frames, bytes, err) && readable;
        gw_frames_drop(from->frames, bytes.len);
    }
    return readable;
}

static void assert_heard(struct side *side, const char *expected)
{
    assert_string_equal(side->heard.len > 0 ? side->heard.data : "", expected);
}

static void messages_arrive_whole_in_any_pieces(void **state)
{
    struct test *test = *state;
    for (size_t piece = 1; piece < 40; piece += 6) {
        gw_buf_reset(&test->server.heard);
        assert_true(gw_frames_send(test->client.frames, GW_FRAME_TEXT, GW_VIEW("hello")));
        assert_true(gw_frames_send(test->client.frames, GW_FRAME_BINARY, GW_VIEW("")));
        assert_true(gw_frames_send(test->client.frames, GW_FRAME_BINARY, GW_VIEW("\xff")));
        assert_true(carry(&test->client, &test->server, piece, &test->err));
        assert_heard(&test->server, "text:hello|binary:|binary:\xff|");
    }
}

static void a_client_masks_and_a_server_does_not(void **state)
{
    struct test *test = *state;
    gw_frames_send(test->client.frames, GW_FRAME_TEXT, GW_VIEW("hello"));
    gw_frames_send(test->server.frames, GW_FRAME_TEXT, GW_VIEW("hello"));
    struct gw_view masked = gw_frames_output(test->client.frames);
    assert_int_equal(masked.len, 11);
    assert_int_equal((unsigned char)masked.data[1], 0x80 | 5);
    struct gw_view plain = gw_frames_output(test->server.frames);
    assert_int_equal(plain.len, 7);
    assert_memory_equal(plain.data, "\x81\x05hello", 7);
}

static void a_ping_is_answered(void **state)
{
    struct test *test = *state;
    gw_frames_send(test->client.frames, GW_FRAME_PING, GW_VIEW("keepalive"));
    assert_true(carry(&test->client, &test->server, 1000, &test->err));
    assert_heard(&test->server, "ping:keepalive|");
    struct gw_view pong = gw_frames_output(test->server.frames);
    assert_int_equal(pong.len, 11);
    assert_memory_equal(pong.data, "\x8a\x09keepalive", 11);
    assert_true(carry(&test->server, &test->client, 1000, &test->err));
    assert_heard(&test->client, "");
}

static void a_close_is_answered_and_is_the_last(void **state)
{
    struct test *test = *state;
    assert_true(gw_frames_send(test->server.frames, GW_FRAME_CLOSE, GW_VIEW("bye")));
    assert_false(gw_frames_send(test->server.frames, GW_FRAME_TEXT, GW_VIEW("late")));
    assert_true(carry(&test->server, &test->client, 1000, &test->err));
    assert_heard(&test->client, "close:bye|");
    assert_true(gw_frames_output(test->client.frames).len > 0);
    assert_true(carry(&test->client, &test->server, 1000, &test->err));
    assert_true(gw_frames_receive(test->client.frames, GW_VIEW("anything"), &test->err));
}

static void a_message_may_come_in_fragments(void **state)
{
    struct test *test = *state;
    struct gw_view bytes = {"\x01\x02he\x89\x01p\x80\x03llo", 12};
    assert_true(gw_frames_receive(test->client.frames, bytes, &test->err));
    assert_heard(&test->client, "ping:p|text:hello|");
}

static void assert_refused(struct test *test, struct gw_view bytes, enum gw_err_code code,
                           const char *message)
{
    assert_false(gw_frames_receive(test->client.frames, bytes, &test->err));
    assert_int_equal(test->err.code, code);
    assert_string_equal(test->err.message, message);
    assert_true(gw_frames_output(test->client.frames).len > 0); /* a close that says why */
}

static void a_frame_that_may_not_be_is_refused(void **state)
{
    assert_refused(*state, (struct gw_view){"\x83\x00", 2}, GW_ERR_PROTOCOL,
                   "websocket: a frame that the protocol does not allow");
}

static void a_server_may_not_mask(void **state)
{
    assert_refused(*state, (struct gw_view){"\x81\x81\0\0\0\0x", 7}, GW_ERR_PROTOCOL,
                   "websocket: a frame that the protocol does not allow");
}

static void a_text_is_utf8(void **state)
{
    assert_refused(*state, (struct gw_view){"\x81\x01\xff", 3}, GW_ERR_PROTOCOL,
                   "websocket: a text that is not UTF-8");
}

static void a_message_has_a_limit(void **state)
{
    assert_refused(*state, (struct gw_view){"\x82\x7f\0\0\0\0\x00\x40\x00\x01x", 11}, GW_ERR_LIMIT,
                   "websocket: a message of more than 4194304 bytes");
}

static int set_up(void **state)
{
    struct test *test = gw_alloc(sizeof *test);
    test->client.frames = gw_frames_new(false, on_frame, &test->client);
    test->server.frames = gw_frames_new(true, on_frame, &test->server);
    gw_buf_init(&test->client.heard, 1 << 16);
    gw_buf_init(&test->server.heard, 1 << 16);
    *state = test;
    return 0;
}

static int tear_down(void **state)
{
    struct test *test = *state;
    gw_frames_free(test->client.frames);
    gw_frames_free(test->server.frames);
    gw_buf_clear(&test->client.heard);
    gw_buf_clear(&test->server.heard);
    free(test);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(messages_arrive_whole_in_any_pieces),
        TEST(a_client_masks_and_a_server_does_not),
        TEST(a_ping_is_answered),
        TEST(a_close_is_answered_and_is_the_last),
        TEST(a_message_may_come_in_fragments),
        TEST(a_frame_that_may_not_be_is_refused),
        TEST(a_server_may_not_mask),
        TEST(a_text_is_utf8),
        TEST(a_message_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
