/* Signatures of chunks, trailers and events: the published values. */
#include "aws/aws.h"
#include "codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define VECTORS GW_VECTORS "/sigv4/streaming-vectors.json"

/* One example of the vectors. */
struct bench {
    struct gw_arena *arena;
    struct gw_value example;
    struct gw_credentials credentials;
    struct gw_signing signing;
    struct gw_sigv4_stream stream;
};

static struct gw_view text_of(const struct gw_value *map, const char *key)
{
    return gw_map_text(map, gw_view_of(key));
}

static int64_t epoch_of(const struct gw_value *map)
{
    double epoch_s = 0;
    struct gw_view compact = text_of(map, "timestamp"); /* "20130524T000000Z" */
    char iso[21];
    assert_int_equal(compact.len, 16);
    snprintf(iso, sizeof iso, "%.4s-%.2s-%.5s:%.2s:%.3s", compact.data, compact.data + 4,
             compact.data + 6, compact.data + 11, compact.data + 13);
    assert_true(gw_time_read(gw_view_of(iso), &epoch_s));
    return (int64_t)epoch_s;
}

static void open_bench(struct bench *bench, const char *name)
{
    char bytes[16384];
    struct gw_value all;
    struct gw_err err = {0};
    FILE *file = fopen(VECTORS, "rb");
    if (!file) {
        print_message("streaming signatures: skipped, no " VECTORS "\n");
        skip();
    }
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    bench->arena = gw_arena_new();
    struct gw_view text = gw_arena_dup(bench->arena, (struct gw_view){bytes, len});
    assert_true(gw_json_parse(text, bench->arena, &all, &err));
    bench->example = *gw_map_get(&all, gw_view_of(name));
    bench->credentials =
        (struct gw_credentials){.access_key_id = text_of(&bench->example, "access_key_id"),
                                .secret_access_key = text_of(&bench->example, "secret_access_key")};
    const struct gw_value *dated = gw_map_get(&bench->example, GW_VIEW("timestamp"))
                                       ? &bench->example
                                       : gw_map_get(&bench->example, GW_VIEW("request"));
    bench->signing = (struct gw_signing){.credentials = &bench->credentials,
                                         .region = text_of(&bench->example, "region"),
                                         .service = text_of(&bench->example, "service"),
                                         .epoch_s = epoch_of(dated)};
}

static void close_bench(struct bench *bench)
{
    gw_sigv4_stream_clear(&bench->stream);
    gw_arena_free(bench->arena);
}

/* Signs the head as the example has it, and begins the chain with that signature. */
static void sign_head(struct bench *bench, const char *url, struct gw_headers headers)
{
    const struct gw_value *request = gw_map_get(&bench->example, GW_VIEW("request"));
    struct gw_http_request req = {
        .method = text_of(request, "method"), .url = gw_view_of(url), .headers = headers};
    struct gw_signature stages;
    struct gw_err err = {0};
    bench->signing.payload_hash = text_of(request, "x-amz-content-sha256");
    bench->signing.sign_body_header = true;
    assert_true(gw_sigv4_sign(&req, &bench->signing, bench->arena, &stages, &err));
    assert_true(gw_view_equal(stages.signature, text_of(request, "signature")));
    gw_sigv4_stream_init(&bench->stream, &bench->signing, stages.signature, bench->arena);
}

static void assert_signature(const struct bench *bench, const struct gw_value *expected)
{
    assert_string_equal(bench->stream.signature, text_of(expected, "signature").data);
}

static void chunks_and_the_trailers_behind_them(void **state)
{
    struct bench bench;
    struct gw_headers headers = {0};
    (void)state;
    open_bench(&bench, "s3_chunked");
    const struct gw_value *request = gw_map_get(&bench.example, GW_VIEW("request"));
    const struct gw_value *given = gw_map_get(request, GW_VIEW("headers"));
    for (size_t i = 0; i < given->as.list.count; i++) {
        const struct gw_value *pair = given->as.list.items[i].as.list.items;
        gw_headers_add(bench.arena, &headers, pair[0].as.string, pair[1].as.string);
    }
    sign_head(&bench, "https://s3.amazonaws.com/examplebucket/chunkObject.txt", headers);

    const struct gw_value *chunks = gw_map_get(&bench.example, GW_VIEW("chunks"));
    assert_int_equal(chunks->as.list.count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct gw_value *payload = gw_map_get(&chunks->as.list.items[i], GW_VIEW("payload"));
        size_t count = (size_t)gw_map_get(payload, GW_VIEW("count"))->as.integer;
        char *bytes = gw_arena_alloc(bench.arena, count + 1);
        memset(bytes, 'a', count);
        gw_sigv4_sign_chunk(&bench.stream, (struct gw_view){bytes, count});
        assert_signature(&bench, &chunks->as.list.items[i]);
    }
    gw_sigv4_sign_trailers(&bench.stream, GW_VIEW("first:1st\nsecond:2nd\nthird:3rd\n"));
    assert_signature(&bench, gw_map_get(&bench.example, GW_VIEW("trailer_after_last_chunk")));
    close_bench(&bench);
}

static void events(void **state)
{
    struct bench bench;
    struct gw_headers headers = {0};
    (void)state;
    open_bench(&bench, "event_stream");
    gw_headers_add(bench.arena, &headers, GW_VIEW("Content-Encoding"),
                   GW_VIEW("application/vnd.amazon.eventstream"));
    sign_head(&bench, "https://demo.us-east-1.amazonaws.com/streaming", headers);

    const struct gw_value *list = gw_map_get(&bench.example, GW_VIEW("events"));
    assert_int_equal(list->as.list.count, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct gw_value *event = &list->as.list.items[i];
        gw_sigv4_sign_event(&bench.stream, epoch_of(event) * 1000, text_of(event, "payload"));
        assert_signature(&bench, event);
    }
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_and_the_trailers_behind_them),
        cmocka_unit_test(events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
