/* What becomes of a body on its way out: compression, checksums in headers and behind the body, what
 * the signature covers; and the checksum of what comes back. */
#include "unit/aws/player.h"

/* ---- compression ----------------------------------------------------------------------------- */

/* PutMetricData of so many metrics, each of more than 20 bytes. */
static struct outcome put_metrics(struct fixture *f, int count)
{
    struct gw_buf input;
    gw_buf_init(&input, 1 << 20);
    gw_buf_add_text(&input, "{\"Namespace\":\"n\",\"MetricData\":[");
    for (int i = 0; i < count; i++) {
        gw_buf_add_text(&input, i > 0 ? "," : "");
        gw_buf_add_text(&input, "{\"MetricName\":\"errors\"}");
    }
    gw_buf_add_text(&input, "]}");
    PLAY(f, {.status = 200, .body = "{}"});
    struct outcome outcome = call(f, find("cloudwatch", "put_metric_data"), input.data);
    gw_buf_clear(&input);
    return outcome;
}

static void large_bodies_are_compressed_where_the_service_takes_it(void **state)
{
    struct fixture *f = *state;
    f->options.settings.min_compression_bytes = 1000;
    renew_client(f);
    put_metrics(f, 100);
    const struct sent *sent = &f->player.sent[0];
    assert_header(sent, "Content-Encoding", "gzip");
    assert_memory_equal(sent->body.data, "\x1f\x8b\x08", 3);
    assert_true(sent->body.len < 200);
}

static void small_bodies_stay_as_they_are(void **state)
{
    struct fixture *f = *state;
    f->options.settings.min_compression_bytes = 1000;
    renew_client(f);
    put_metrics(f, 1);
    assert_header(&f->player.sent[0], "Content-Encoding", "");
    assert_int_equal(f->player.sent[0].body.data[0], '{');
}

static void compression_can_be_switched_off(void **state)
{
    struct fixture *f = *state;
    f->options.settings.min_compression_bytes = 1000;
    f->options.settings.disable_compression = true;
    renew_client(f);
    put_metrics(f, 100);
    assert_header(&f->player.sent[0], "Content-Encoding", "");
}

static void services_that_do_not_take_it_get_no_compressed_body(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "{}"});
    list_clusters(f); /* the fixture's ceiling is 0 */
    assert_header(&f->player.sent[0], "Content-Encoding", "");
    assert_view(f->player.sent[0].body, "{}");
}

/* ---- checksums of requests ------------------------------------------------------------------- */

static const char put_hello[] = "{\"Bucket\":\"bucket\",\"Key\":\"key\",\"Body\":\"hello\"}";
static const char hello_sha256[] =
    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/* S3's answer to a change has no body. */
static const struct sent *call_s3(struct fixture *f, const char *operation, const char *input)
{
    PLAY(f, {.status = 200, .body = ""});
    call(f, find("s3", operation), input);
    return &f->player.sent[0];
}

static void use_plain_http(struct fixture *f)
{
    f->options.settings.endpoint_url = GW_VIEW("http://127.0.0.1:9000");
    renew_client(f);
}

static void a_stream_over_tls_has_its_checksum_behind_it(void **state)
{
    struct fixture *f = *state;
    const struct sent *sent = call_s3(f, "put_object", put_hello);
    assert_view(sent->body, "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n");
    assert_header(sent, "x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    assert_header(sent, "x-amz-trailer", "x-amz-checksum-crc32");
    assert_header(sent, "x-amz-decoded-content-length", "5");
    assert_header(sent, "x-amz-sdk-checksum-algorithm", "CRC32");
    assert_header(sent, "content-encoding", "aws-chunked");
    assert_header(sent, "x-amz-checksum-crc32", "");
}

static void the_encoding_of_the_caller_comes_first(void **state)
{
    struct fixture *f = *state;
    const struct sent *sent = call_s3(
        f, "put_object",
        "{\"Bucket\":\"bucket\",\"Key\":\"key\",\"ContentEncoding\":\"br\",\"Body\":\"x\"}");
    assert_header(sent, "content-encoding", "br,aws-chunked");
}

static void over_plain_http_it_is_in_a_header_and_the_bytes_are_signed(void **state)
{
    struct fixture *f = *state;
    use_plain_http(f);
    const struct sent *sent = call_s3(f, "put_object", put_hello);
    assert_view(sent->body, "hello");
    assert_header(sent, "x-amz-checksum-crc32", "NhCmhg==");
    assert_header(sent, "x-amz-content-sha256", hello_sha256);
    assert_header(sent, "content-encoding", "");
}

static void the_caller_chooses_the_algorithm(void **state)
{
    static const char *const rows[][3] = {
        {"CRC32", "x-amz-checksum-crc32", "NhCmhg=="},
        {"CRC32C", "x-amz-checksum-crc32c", "mnG7TA=="},
        {"CRC64NVME", "x-amz-checksum-crc64nvme", "M3eFcAZSQlc="},
        {"SHA1", "x-amz-checksum-sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00="},
        {"SHA256", "x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="},
        {"MD5", "x-amz-checksum-md5", "XUFAKrxLKna5cZ2REBfFkg=="},
    };
    struct fixture *f = *state;
    use_plain_http(f);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_view input = gw_arena_printf(f->arena,
                                               "{\"Bucket\":\"bucket\",\"Key\":\"key\",\"Body\":"
                                               "\"hello\",\"ChecksumAlgorithm\":\"%s\"}",
                                               rows[i][0]);
        const struct sent *sent = call_s3(f, "put_object", input.data);
        assert_header(sent, rows[i][1], rows[i][2]);
        assert_header(sent, "x-amz-sdk-checksum-algorithm", rows[i][0]);
    }
}

static void a_checksum_of_the_callers_own_is_enough(void **state)
{
    struct fixture *f = *state;
    const struct sent *sent = call_s3(f, "put_object",
                                      "{\"Bucket\":\"bucket\",\"Key\":\"key\",\"Body\":\"hello\","
                                      "\"ChecksumSHA1\":\"qvTGHdzF6KLavt4PO0gs2a6pQ00=\"}");
    assert_view(sent->body, "hello");
    assert_header(sent, "x-amz-checksum-sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00=");
    assert_header(sent, "x-amz-checksum-crc32", "");
    assert_header(sent, "x-amz-sdk-checksum-algorithm", "");
    assert_header(sent, "x-amz-content-sha256", hello_sha256);
}

static void an_algorithm_that_nobody_knows_is_refused(void **state)
{
    struct fixture *f = *state;
    struct gw_value input;
    struct gw_err err = {0};
    assert_true(gw_json_parse(GW_VIEW("{\"Bucket\":\"bucket\",\"Key\":\"key\","
                                      "\"ChecksumAlgorithm\":\"CRC16\"}"),
                              f->arena, &input, NULL));
    struct gw_call_request request = {.op = find("s3", "put_object"), .input = &input};
    assert_null(gw_call_start(f->client, &request, &err));
    assert_string_equal(err.message,
                        "s3:PutObject: parameter 'ChecksumAlgorithm': expected CRC32, CRC32C, "
                        "CRC64NVME, SHA1, SHA256, SHA512, MD5, XXHASH64, XXHASH3 or XXHASH128, got "
                        "'CRC16'");
}

static void when_required_leaves_out_what_the_model_does_not_require(void **state)
{
    struct fixture *f = *state;
    f->options.settings.checksum_when_required = true;
    renew_client(f);
    const struct sent *sent = call_s3(f, "put_object", put_hello);
    assert_view(sent->body, "hello");
    assert_header(sent, "x-amz-sdk-checksum-algorithm", "");
    assert_header(sent, "x-amz-content-sha256", hello_sha256);
    sent = call_s3(f, "delete_objects",
                   "{\"Bucket\":\"bucket\",\"Delete\":{\"Objects\":[{\"Key\":\"k\"}]}}");
    assert_header(sent, "x-amz-sdk-checksum-algorithm", "CRC32");
    assert_int_equal(gw_headers_get(&sent->headers, GW_VIEW("x-amz-checksum-crc32")).len, 8);
}

static void other_services_have_no_checksum(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "{}"});
    list_clusters(f);
    assert_header(&f->player.sent[0], "x-amz-content-sha256", "");
    assert_header(&f->player.sent[0], "x-amz-checksum-crc32", "");
}

/* ---- what the signature covers --------------------------------------------------------------- */

static void signed_chunks_are_a_chain_that_ends_in_the_trailer(void **state)
{
    struct fixture *f = *state;
    f->options.settings.s3.sign_payload = GW_SWITCH_ON;
    renew_client(f);
    const struct sent *sent = call_s3(f, "put_object", put_hello);
    assert_header(sent, "x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER");

    struct gw_view head = gw_headers_get(&sent->headers, GW_VIEW("authorization"));
    struct gw_signing signing = {.credentials = &f->options.credentials,
                                 .region = GW_VIEW("eu-central-1"),
                                 .service = GW_VIEW("s3"),
                                 .epoch_s = START_EPOCH_MS / 1000};
    struct gw_sigv4_stream chain;
    struct gw_buf expected;
    gw_buf_init(&expected, 4096);
    gw_sigv4_stream_init(&chain, &signing, gw_view_sub(head, head.len - 64, 64), f->arena);
    gw_sigv4_sign_chunk(&chain, GW_VIEW("hello"));
    gw_buf_addf(&expected, "5;chunk-signature=%s\r\nhello\r\n", chain.signature);
    gw_sigv4_sign_chunk(&chain, GW_VIEW_NONE);
    gw_buf_addf(&expected, "0;chunk-signature=%s\r\n", chain.signature);
    gw_sigv4_sign_trailers(&chain, GW_VIEW("x-amz-checksum-crc32:NhCmhg==\n"));
    gw_buf_addf(&expected, "x-amz-checksum-crc32:NhCmhg==\r\nx-amz-trailer-signature:%s\r\n\r\n",
                chain.signature);
    assert_view(sent->body, expected.data);
    gw_sigv4_stream_clear(&chain);
    gw_buf_clear(&expected);
}

static void the_payload_can_be_left_unsigned(void **state)
{
    struct fixture *f = *state;
    f->options.settings.s3.sign_payload = GW_SWITCH_OFF;
    use_plain_http(f);
    const struct sent *sent = call_s3(f, "put_object", put_hello);
    assert_header(sent, "x-amz-content-sha256", "UNSIGNED-PAYLOAD");
}

static void an_operation_with_an_unsigned_body_says_so(void **state)
{
    struct fixture *f = *state;
    const struct sent *sent =
        call_s3(f, "write_get_object_response",
                "{\"RequestRoute\":\"route\",\"RequestToken\":\"t\",\"Body\":\"hello\"}");
    assert_header(sent, "x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    assert_view(sent->body, "hello");
}

/* ---- sources --------------------------------------------------------------------------------- */

#define SOURCE_BYTES ((size_t)2 << 20 | 100)

struct text {
    struct gw_view all;
    size_t at;
};

static bool rewind_text(void *ctx, struct gw_err *err)
{
    (void)err;
    ((struct text *)ctx)->at = 0;
    return true;
}

/* In pieces that fit nowhere. */
static bool read_text(void *ctx, char *out, size_t capacity, size_t *len, struct gw_err *err)
{
    struct text *text = ctx;
    size_t most = capacity < 70001 ? capacity : 70001;
    struct gw_view piece = gw_view_sub(text->all, text->at, most);
    (void)err;
    memcpy(out, piece.data, piece.len);
    text->at += piece.len;
    *len = piece.len;
    return true;
}

static struct gw_body_source make_source(struct fixture *f, struct text *text)
{
    char *bytes = gw_arena_alloc(f->arena, SOURCE_BYTES);
    for (size_t i = 0; i < SOURCE_BYTES; i++) {
        bytes[i] = (char)(i * 31 >> 3);
    }
    *text = (struct text){.all = {bytes, SOURCE_BYTES}};
    return (struct gw_body_source){SOURCE_BYTES, rewind_text, read_text, text};
}

static void assert_framed(const struct sent *sent, struct gw_view bytes)
{
    const struct {
        const char *head;
        size_t len;
    } chunks[] = {{"100000\r\n", 1 << 20}, {"100000\r\n", 1 << 20}, {"64\r\n", 100}};
    struct gw_view rest = sent->body;
    for (size_t i = 0; i < 3; i++) {
        size_t head_len = strlen(chunks[i].head);
        assert_memory_equal(rest.data, chunks[i].head, head_len);
        assert_memory_equal(rest.data + head_len, bytes.data, chunks[i].len);
        assert_memory_equal(rest.data + head_len + chunks[i].len, "\r\n", 2);
        bytes = gw_view_sub(bytes, chunks[i].len, GW_NPOS);
        rest = gw_view_sub(rest, head_len + chunks[i].len + 2, GW_NPOS);
    }
    assert_true(gw_view_starts_with(rest, GW_VIEW("0\r\nx-amz-checksum-crc32:")));
}

static void a_source_is_framed_in_full_chunks_again_for_each_attempt(void **state)
{
    struct fixture *f = *state;
    struct text text;
    struct gw_body_source source = make_source(f, &text);
    f->source = &source;
    PLAY(f, {.status = 503, .body = ""}, {.status = 200, .body = ""});
    struct outcome outcome = call(f, find("s3", "put_object"), put_hello);
    assert_int_equal(outcome.attempts, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct sent *sent = &f->player.sent[i];
        assert_framed(sent, text.all);
        assert_header(sent, "x-amz-decoded-content-length", "2097252");
        assert_header(sent, "expect", "100-continue");
    }
}

static void over_plain_http_a_source_is_read_beforehand(void **state)
{
    struct fixture *f = *state;
    struct text text;
    char hex[2 * GW_SHA256_LEN + 1];
    struct gw_body_source source = make_source(f, &text);
    use_plain_http(f);
    f->source = &source;
    const struct sent *sent = call_s3(f, "put_object", put_hello);
    gw_sha256_hex(text.all, hex);
    assert_true(gw_view_equal(sent->body, text.all));
    assert_header(sent, "x-amz-content-sha256", hex);
    assert_int_equal(gw_headers_get(&sent->headers, GW_VIEW("x-amz-checksum-crc32")).len, 8);
}

/* ---- checksums of answers -------------------------------------------------------------------- */

#define ANSWER(name, value)                                                                        \
    {                                                                                              \
        .status = 200, .body = "hello", .headers = { {name, value} }                               \
    }

static struct outcome get_object(struct fixture *f)
{
    return call(f, find("s3", "get_object"), "{\"Bucket\":\"bucket\",\"Key\":\"key\"}");
}

static void an_answer_is_asked_for_its_checksum_and_held_to_it(void **state)
{
    struct fixture *f = *state;
    PLAY(f, ANSWER("x-amz-checksum-crc64nvme", "M3eFcAZSQlc="));
    struct outcome outcome = get_object(f);
    assert_header(&f->player.sent[0], "x-amz-checksum-mode", "ENABLED");
    assert_string_equal(outcome.err.message, "");
    assert_int_equal(outcome.attempts, 1);
}

static const char mismatch[] =
    "s3:GetObject: the bytes that arrived are not those that were sent: expected "
    "x-amz-checksum-crc32 'AAAAAA==', computed 'NhCmhg=='; answered by "
    "bucket.s3.eu-central-1.amazonaws.com";

static void other_bytes_than_were_sent_are_an_error_after_all_attempts(void **state)
{
    struct fixture *f = *state;
    PLAY(f, ANSWER("x-amz-checksum-crc32", "AAAAAA=="));
    struct outcome outcome = get_object(f);
    assert_string_equal(outcome.err.message, mismatch);
    assert_int_equal(outcome.err.code, GW_ERR_PROTOCOL);
    assert_int_equal(outcome.attempts, 3);
}

static void a_composite_checksum_says_nothing_of_the_bytes(void **state)
{
    struct fixture *f = *state;
    PLAY(f, ANSWER("x-amz-checksum-crc32", "AAAAAA==-2"));
    assert_string_equal(get_object(f).err.message, "");
}

static void when_required_neither_asks_nor_looks(void **state)
{
    struct fixture *f = *state;
    f->options.settings.validate_when_required = true;
    renew_client(f);
    PLAY(f, ANSWER("x-amz-checksum-crc32", "AAAAAA=="));
    assert_string_equal(get_object(f).err.message, "");
    assert_header(&f->player.sent[0], "x-amz-checksum-mode", "");
}

/* ---- sinks ----------------------------------------------------------------------------------- */

struct basket {
    int heads;
    struct gw_buf bytes;
    bool is_full;
};

static bool on_head(void *ctx, const struct gw_http_response *head)
{
    struct basket *basket = ctx;
    assert_int_equal(head->status, 200);
    basket->heads++;
    gw_buf_reset(&basket->bytes);
    return true;
}

static enum gw_sink_answer on_bytes(void *ctx, struct gw_view bytes, struct gw_err *err)
{
    struct basket *basket = ctx;
    if (basket->is_full) {
        gw_fail(err, GW_ERR_IO, "file 'x': no space left");
        return GW_SINK_ABORT;
    }
    gw_buf_add(&basket->bytes, bytes);
    return GW_SINK_TAKEN;
}

static void the_stream_goes_to_the_sink_and_each_attempt_begins_anew(void **state)
{
    struct fixture *f = *state;
    struct basket basket = {0};
    struct gw_body_sink sink = {on_head, on_bytes, &basket};
    gw_buf_init(&basket.bytes, 100);
    f->sink = &sink;
    PLAY(f, ANSWER("x-amz-checksum-crc32", "AAAAAA=="), {.status = 500, .body = ""},
         ANSWER("x-amz-checksum-crc32", "NhCmhg=="));
    struct outcome outcome = get_object(f);
    assert_string_equal(outcome.err.message, "");
    assert_int_equal(outcome.attempts, 3);
    assert_int_equal(basket.heads, 2);
    assert_string_equal(basket.bytes.data, "hello");
    gw_buf_clear(&basket.bytes);
}

static void an_error_is_read_though_there_is_a_sink(void **state)
{
    struct fixture *f = *state;
    struct basket basket = {0};
    struct gw_body_sink sink = {on_head, on_bytes, &basket};
    f->sink = &sink;
    PLAY(f, {.status = 404,
             .body = "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"});
    struct outcome outcome = get_object(f);
    assert_view(outcome.code, "NoSuchKey");
    assert_int_equal(basket.heads, 0);
}

static void what_the_sink_refuses_is_not_tried_again(void **state)
{
    struct fixture *f = *state;
    struct basket basket = {.is_full = true};
    struct gw_body_sink sink = {on_head, on_bytes, &basket};
    f->sink = &sink;
    PLAY(f, ANSWER("x-amz-checksum-crc32", "NhCmhg=="));
    struct outcome outcome = get_object(f);
    assert_string_equal(outcome.err.message, "s3:GetObject: file 'x': no space left");
    assert_int_equal(outcome.attempts, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(large_bodies_are_compressed_where_the_service_takes_it),
        TEST(small_bodies_stay_as_they_are),
        TEST(compression_can_be_switched_off),
        TEST(services_that_do_not_take_it_get_no_compressed_body),
        TEST(a_stream_over_tls_has_its_checksum_behind_it),
        TEST(the_encoding_of_the_caller_comes_first),
        TEST(over_plain_http_it_is_in_a_header_and_the_bytes_are_signed),
        TEST(the_caller_chooses_the_algorithm),
        TEST(a_checksum_of_the_callers_own_is_enough),
        TEST(an_algorithm_that_nobody_knows_is_refused),
        TEST(when_required_leaves_out_what_the_model_does_not_require),
        TEST(other_services_have_no_checksum),
        TEST(signed_chunks_are_a_chain_that_ends_in_the_trailer),
        TEST(the_payload_can_be_left_unsigned),
        TEST(an_operation_with_an_unsigned_body_says_so),
        TEST(a_source_is_framed_in_full_chunks_again_for_each_attempt),
        TEST(over_plain_http_a_source_is_read_beforehand),
        TEST(an_answer_is_asked_for_its_checksum_and_held_to_it),
        TEST(other_bytes_than_were_sent_are_an_error_after_all_attempts),
        TEST(a_composite_checksum_says_nothing_of_the_bytes),
        TEST(when_required_neither_asks_nor_looks),
        TEST(the_stream_goes_to_the_sink_and_each_attempt_begins_anew),
        TEST(an_error_is_read_though_there_is_a_sink),
        TEST(what_the_sink_refuses_is_not_tried_again),
    };
    forget_the_account();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
