/* fuzz: a session message and what is in it, as either side would read them. Whatever is read can be
 * written again, and reads the same. */
#include "codec/codec.h"
#include "ssm/ssm.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void read_message(struct gw_view bytes)
{
    struct gw_ssm_message message, again;
    struct gw_buf out;
    struct gw_err err;
    gw_buf_init(&out, 1 << 22);
    if (gw_ssm_message_read(bytes, &message, &err) && gw_ssm_message_write(&message, &out) &&
        message.created_ms != 0) {
        check(gw_ssm_message_read(gw_buf_view(&out), &again, &err));
        check(again.sequence == message.sequence && gw_view_equal(again.type, message.type) &&
              gw_view_equal(again.payload, message.payload));
    }
    gw_buf_clear(&out);
}

static void read_request(struct gw_view text, struct gw_arena *arena, struct gw_buf *out)
{
    struct gw_ssm_request request, again;
    struct gw_err err;
    if (gw_ssm_read_request(text, arena, &request, &err)) {
        check(gw_ssm_write_request(&request, out));
        check(gw_ssm_read_request(gw_buf_view(out), arena, &again, &err));
        check(again.action_count == request.action_count);
        gw_buf_clear(out);
    }
}

static void read_response(struct gw_view text, struct gw_arena *arena, struct gw_buf *out)
{
    struct gw_ssm_response response, again;
    struct gw_err err;
    if (gw_ssm_read_response(text, arena, &response, &err)) {
        check(gw_ssm_write_response(&response, out));
        check(gw_ssm_read_response(gw_buf_view(out), arena, &again, &err));
        for (size_t i = 0; i < response.action_count; i++) {
            check(again.actions[i].status == response.actions[i].status);
            check(gw_view_equal(again.actions[i].key, response.actions[i].key));
        }
        gw_buf_clear(out);
    }
}

static void read_payloads(struct gw_view text)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_buf out;
    struct gw_ssm_opening opening;
    struct gw_ssm_closing closing;
    struct gw_view bytes;
    int64_t sequence;
    int columns, rows;
    gw_buf_init(&out, 1 << 24);
    read_request(text, arena, &out);
    read_response(text, arena, &out);
    gw_ssm_read_opening(text, arena, &opening, NULL);
    gw_ssm_read_closing(text, arena, &closing);
    gw_ssm_read_complete(text, arena);
    gw_ssm_read_challenge(text, arena, &bytes, NULL);
    gw_ssm_read_acknowledge(text, &sequence);
    gw_ssm_read_flag(text);
    if (gw_ssm_read_size(text, &columns, &rows)) {
        check(gw_ssm_write_size(columns, rows, &out));
    }
    gw_buf_clear(&out);
    gw_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_view bytes = {(const char *)data, size};
    read_message(bytes);
    read_payloads(bytes);
    return 0;
}
