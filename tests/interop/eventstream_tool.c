/* Reads event streams for tests/interop/eventstream_botocore.py: a line {"stream": base64, "piece": bytes a
 * time} on standard input; on standard output a line {"messages": [...], "again": the same messages written
 * by us, "error": text or "", "pending": bytes}. */
#include "codec/codec.h"

#include <stdio.h>
#include <stdlib.h>

static struct gw_value base64(struct gw_view bytes, struct gw_arena *arena)
{
    struct gw_buf text;
    gw_buf_init(&text, 1 << 22);
    gw_base64_write(bytes, &text);
    struct gw_value value = gw_value_string(gw_arena_dup(arena, gw_buf_view(&text)));
    gw_buf_clear(&text);
    return value;
}

static void tell(const struct gw_eventstream_message *message, struct gw_arena *arena,
                 struct gw_value *out)
{
    *out = gw_value_map();
    *gw_map_add(arena, out, GW_VIEW("payload")) = base64(message->payload, arena);
    struct gw_value *headers = gw_map_add(arena, out, GW_VIEW("headers"));
    *headers = gw_value_list();
    for (size_t i = 0; i < message->header_count; i++) {
        const struct gw_eventstream_header *header = &message->headers[i];
        struct gw_value *row = gw_list_add(arena, headers);
        *row = gw_value_map();
        *gw_map_add(arena, row, GW_VIEW("name")) = base64(header->name, arena);
        *gw_map_add(arena, row, GW_VIEW("type")) = gw_value_int(header->type);
        *gw_map_add(arena, row, GW_VIEW("number")) = gw_value_int(header->number);
        *gw_map_add(arena, row, GW_VIEW("bytes")) = base64(header->bytes, arena);
    }
}

static void answer(const struct gw_value *request, struct gw_arena *arena, struct gw_value *out)
{
    size_t piece = (size_t)gw_map_get(request, GW_VIEW("piece"))->as.integer;
    struct gw_eventstream_reader reader;
    struct gw_eventstream_message message;
    enum gw_eventstream_result result = GW_EVENTSTREAM_MORE;
    struct gw_view stream = GW_VIEW_NONE;
    struct gw_err err = {0};
    struct gw_buf again;
    struct gw_value messages = gw_value_list();
    gw_buf_init(&again, 1 << 22);
    gw_eventstream_reader_init(&reader);
    gw_base64_read(gw_map_text(request, GW_VIEW("stream")), arena, &stream);
    for (size_t at = 0; at < stream.len && result != GW_EVENTSTREAM_BROKEN; at += piece) {
        struct gw_view part = gw_view_sub(stream, at, piece);
        while ((result = gw_eventstream_read(&reader, &part, arena, &message, &err)) ==
               GW_EVENTSTREAM_MESSAGE) {
            tell(&message, arena, gw_list_add(arena, &messages));
            gw_eventstream_write(&message, &again, &err);
        }
    }
    *out = gw_value_map();
    *gw_map_add(arena, out, GW_VIEW("messages")) = messages;
    *gw_map_add(arena, out, GW_VIEW("again")) = base64(gw_buf_view(&again), arena);
    *gw_map_add(arena, out, GW_VIEW("pending")) = gw_value_int((int64_t)reader.pending.len);
    *gw_map_add(arena, out, GW_VIEW("error")) =
        gw_value_string(gw_arena_dup(arena, gw_view_of(err.message)));
    gw_eventstream_reader_clear(&reader);
    gw_buf_clear(&again);
}

int main(void)
{
    static char line[1 << 20];
    while (fgets(line, sizeof line, stdin)) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_value request, out;
        struct gw_err err;
        struct gw_buf text;
        gw_buf_init(&text, 1 << 24);
        if (!gw_json_parse(gw_view_of(line), arena, &request, &err)) {
            (void)fprintf(stderr, "%s\n", err.message);
            return EXIT_FAILURE;
        }
        answer(&request, arena, &out);
        gw_json_write(&out, NULL, &text);
        puts(text.data);
        gw_buf_clear(&text);
        gw_arena_free(arena);
    }
    return EXIT_SUCCESS;
}
