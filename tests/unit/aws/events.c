/* The events of a stream, along the model: smithy's published cases both ways, StartLiveTail as JSON
 * and SelectObjectContent as XML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aws/aws.h"
#include "codec/codec.h"

static struct gw_arena *arena;

/* ---- help ------------------------------------------------------------------------------------ */

static bool read_file(const char *path, struct gw_view *out)
{
    FILE *file = fopen(path, "rb");
    struct gw_buf text;
    char block[4096];
    size_t len;
    if (!file) {
        return false;
    }
    gw_buf_init(&text, 8 << 20);
    while ((len = fread(block, 1, sizeof block, file)) > 0) {
        gw_buf_add(&text, (struct gw_view){block, len});
    }
    fclose(file);
    *out = gw_arena_dup(arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return true;
}

static struct gw_value json(const char *text)
{
    struct gw_value value = {0};
    struct gw_err err = {0};
    if (!gw_json_parse(gw_view_of(text), arena, &value, &err)) {
        fail_msg("%s", err.message);
    }
    return value;
}

static const char *as_json(const struct gw_value *value)
{
    static const struct gw_json_options reveal = {.reveal_secrets = true};
    struct gw_buf text;
    gw_buf_init(&text, 1 << 20);
    gw_json_write(value, &reveal, &text);
    struct gw_view copy = gw_arena_dup(arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return copy.data;
}

static const struct gw_operation *builtin(const char *service, const char *operation)
{
    const struct gw_service *found = gw_models_find(gw_models_builtin(), gw_view_of(service));
    const struct gw_operation *op = gw_service_find_operation(found, gw_view_of(operation));
    assert_non_null(op);
    return op;
}

static void parse(struct gw_view bytes, struct gw_eventstream_message *out)
{
    struct gw_eventstream_reader reader;
    struct gw_err err = {0};
    gw_eventstream_reader_init(&reader);
    if (gw_eventstream_read(&reader, &bytes, arena, out, &err) != GW_EVENTSTREAM_MESSAGE) {
        fail_msg("no message: %s", err.message);
    }
    assert_int_equal(bytes.len, 0);
    out->payload = gw_arena_dup(arena, out->payload);
    for (size_t i = 0; i < out->header_count; i++) {
        out->headers[i].name = gw_arena_dup(arena, out->headers[i].name);
        out->headers[i].bytes = gw_arena_dup(arena, out->headers[i].bytes);
    }
    gw_eventstream_reader_clear(&reader);
}

/* A message with text headers only: names and values by turns, up to NULL. */
static struct gw_eventstream_message message(const char *payload, const char *const *texts)
{
    struct gw_eventstream_message made = {
        .headers = gw_arena_alloc(arena, 8 * sizeof *made.headers), .payload = gw_view_of(payload)};
    for (; texts[0]; texts += 2) {
        made.headers[made.header_count++] =
            (struct gw_eventstream_header){.name = gw_view_of(texts[0]),
                                           .type = GW_EVENTSTREAM_STRING,
                                           .bytes = gw_view_of(texts[1])};
    }
    return made;
}

static struct gw_view header(const struct gw_eventstream_message *found, const char *name)
{
    const struct gw_eventstream_header *one = gw_eventstream_find(found, gw_view_of(name));
    return one ? one->bytes : GW_VIEW_NONE;
}

static void assert_view(struct gw_view actual, const char *expected)
{
    assert_string_equal(gw_arena_dup(arena, actual).data, expected);
}

struct outcome {
    enum gw_event_kind kind;
    struct gw_event event;
    struct gw_err err;
};

static struct outcome read_event(const struct gw_operation *op,
                                 const struct gw_eventstream_message *found)
{
    struct outcome outcome = {0};
    outcome.kind = gw_protocol_read_event(op, gw_operation_output(op), found, arena, &outcome.event,
                                          &outcome.err);
    return outcome;
}

/* Writes the event and takes it apart. */
static struct gw_eventstream_message write_event(const struct gw_operation *op,
                                                 const struct gw_shape *shape,
                                                 const struct gw_value *event)
{
    struct gw_eventstream_message found;
    struct gw_err err = {0};
    struct gw_buf out;
    gw_buf_init(&out, 1 << 20);
    if (!gw_protocol_write_event(op, shape, event, arena, &out, &err)) {
        fail_msg("%s", err.message);
    }
    parse(gw_buf_view(&out), &found);
    gw_buf_clear(&out);
    return found;
}

/* ---- smithy's cases -------------------------------------------------------------------------- */

static const struct gw_service *open_smithy(struct gw_value *cases)
{
    struct gw_view table, text;
    struct gw_err err = {0};
    if (!read_file(GW_VECTORS "/eventstream/smithy-restjson1-event-stream-tests.json", &text)) {
        skip();
    }
    *cases = json(text.data);
    assert_true(read_file(GW_EVENTSTREAM_TABLE, &table));
    const struct gw_models *models = gw_models_open(table, &err);
    if (!models) {
        fail_msg("%s", err.message);
    }
    return gw_models_find(models, GW_VIEW("eventstream"));
}

/* Times are text there and numbers here. */
static void count_times(struct gw_value *value)
{
    double epoch_s;
    for (size_t i = 0; value->kind == GW_MAP && i < value->as.map.count; i++) {
        struct gw_entry *entry = &value->as.map.entries[i];
        if (gw_view_ends_with(entry->key, GW_VIEW("timestampHeader")) &&
            gw_time_read(entry->value.as.string, &epoch_s)) {
            entry->value = gw_value_double(epoch_s);
        }
        count_times(&entry->value);
    }
}

static void assert_failure(const struct outcome *outcome, const struct gw_value *failure)
{
    struct gw_view id = gw_map_text(failure, GW_VIEW("errorId"));
    assert_true(outcome->kind == GW_EVENT_ERROR || outcome->kind == GW_EVENT_GARBAGE);
    if (id.len > 0) {
        assert_int_equal(outcome->kind, GW_EVENT_ERROR);
        assert_true(gw_view_equal(gw_shape_name(outcome->event.error.shape), id));
    }
}

/* Integers have one type in AWS's models: bytes and shorts are written as 32 bits. */
static void assert_same_headers(const struct gw_eventstream_message *ours,
                                const struct gw_eventstream_message *theirs)
{
    assert_int_equal(ours->header_count, theirs->header_count);
    for (size_t i = 0; i < theirs->header_count; i++) {
        const struct gw_eventstream_header *expected = &theirs->headers[i];
        const struct gw_eventstream_header *found = gw_eventstream_find(ours, expected->name);
        bool is_narrow =
            expected->type == GW_EVENTSTREAM_INT8 || expected->type == GW_EVENTSTREAM_INT16;
        assert_non_null(found);
        assert_int_equal(found->type, is_narrow ? GW_EVENTSTREAM_INT32 : expected->type);
        assert_int_equal(found->number, expected->number);
        assert_true(gw_view_equal(found->bytes, expected->bytes));
    }
}

static void check_smithy_event(const struct gw_operation *op, const struct gw_value *row,
                               const struct gw_value *event)
{
    bool is_request = gw_view_equal(gw_map_text(event, GW_VIEW("type")), GW_VIEW("request"));
    const struct gw_shape *shape = is_request ? gw_operation_input(op) : gw_operation_output(op);
    const struct gw_value *expectation = gw_map_get(row, GW_VIEW("expectation"));
    struct gw_view bytes;
    struct gw_eventstream_message theirs;
    struct outcome outcome = {0};
    assert_true(gw_base64_read(gw_map_text(event, GW_VIEW("bytes")), arena, &bytes));
    parse(bytes, &theirs);
    outcome.kind = gw_protocol_read_event(op, shape, &theirs, arena, &outcome.event, &outcome.err);
    /* What fails there is the HTTP part; its events are as good as any. */
    bool is_about_http =
        gw_view_find(gw_map_text(row, GW_VIEW("id")), GW_VIEW("MissingRequiredInitial")) != GW_NPOS;
    const struct gw_value *failure =
        is_about_http ? NULL : gw_map_get(expectation, GW_VIEW("failure"));
    struct gw_value params = {0};
    if (gw_map_get(event, GW_VIEW("params"))) {
        params = *gw_map_get(event, GW_VIEW("params"));
        count_times(&params);
    }
    if (failure) {
        assert_failure(&outcome, failure);
    } else if (outcome.kind == GW_EVENT_ERROR) { /* a client that tells of an error */
        assert_true(gw_value_equal(&outcome.event.error.detail, &params.as.map.entries[0].value));
    } else {
        assert_int_equal(outcome.kind, GW_EVENT_MEMBER);
        assert_true(gw_value_equal(&outcome.event.value, &params));
    }
    bool is_well_formed = outcome.kind != GW_EVENT_GARBAGE;
    if (is_well_formed && params.kind == GW_MAP && params.as.map.count == 1) {
        struct gw_eventstream_message ours = write_event(op, shape, &params);
        assert_same_headers(&ours, &theirs);
        assert_true(gw_view_equal(ours.payload, theirs.payload));
    }
}

static void the_published_events_of_smithy_are_read_and_written(void **state)
{
    (void)state;
    struct gw_value cases;
    size_t count = 0;
    const struct gw_service *service = open_smithy(&cases);
    for (size_t i = 0; i < cases.as.list.count; i++) {
        const struct gw_value *row = &cases.as.list.items[i];
        const struct gw_operation *op =
            gw_service_find_operation(service, gw_map_text(row, GW_VIEW("operation")));
        const struct gw_value *events = gw_map_get(row, GW_VIEW("events"));
        assert_non_null(op);
        for (size_t k = 0; events && k < events->as.list.count; k++) {
            print_message("%.*s\n", GW_VIEW_ARGS(gw_map_text(row, GW_VIEW("id"))));
            check_smithy_event(op, row, &events->as.list.items[k]);
            count++;
        }
    }
    assert_true(count >= 92);
}

static void check_smithy_answer(const struct gw_operation *op, const struct gw_value *row)
{
    const struct gw_value *initial = gw_map_get(row, GW_VIEW("initialResponse"));
    const struct gw_value *headers = gw_map_get(initial, GW_VIEW("headers"));
    const struct gw_value *expectation = gw_map_get(row, GW_VIEW("expectation"));
    const struct gw_value *failure = gw_map_get(expectation, GW_VIEW("failure"));
    struct gw_http_response res = {.status = (int)gw_map_get(initial, GW_VIEW("code"))->as.integer,
                                   .body = gw_map_text(initial, GW_VIEW("body"))};
    struct gw_value output;
    struct gw_aws_error error = {0};
    struct gw_err err = {0};
    for (size_t i = 0; i < headers->as.map.count; i++) {
        gw_headers_add(arena, &res.headers, headers->as.map.entries[i].key,
                       headers->as.map.entries[i].value.as.string);
    }
    enum gw_answer answer = gw_protocol_read_response(op, &res, arena, &output, &error, &err);
    if (!failure) {
        assert_int_equal(answer, GW_ANSWER_OK);
        assert_true(gw_value_equal(&output, gw_map_get(row, GW_VIEW("initialResponseParams"))));
        return;
    }
    struct gw_view id = gw_map_text(failure, GW_VIEW("errorId"));
    assert_int_equal(answer, GW_ANSWER_AWS_ERROR);
    assert_true(id.len == 0 || gw_view_equal(error.code, id));
}

/* Those of requests are for operations that are refused here. That an answer without a required
 * member is an error is Smithy's; AWS's own clients let it pass, as we do. */
static void the_published_beginnings_of_smithy_are_read(void **state)
{
    (void)state;
    struct gw_value cases;
    size_t count = 0;
    const struct gw_service *service = open_smithy(&cases);
    for (size_t i = 0; i < cases.as.list.count; i++) {
        const struct gw_value *row = &cases.as.list.items[i];
        if (gw_map_get(row, GW_VIEW("initialResponse"))) {
            print_message("%.*s\n", GW_VIEW_ARGS(gw_map_text(row, GW_VIEW("id"))));
            check_smithy_answer(
                gw_service_find_operation(service, gw_map_text(row, GW_VIEW("operation"))), row);
            count++;
        }
    }
    assert_true(count >= 6);
}

static void a_request_that_is_a_stream_is_refused_by_name(void **state)
{
    (void)state;
    struct gw_value cases, input = gw_value_map();
    struct gw_http_request req = {0};
    struct gw_err err = {0};
    const struct gw_service *service = open_smithy(&cases);
    const struct gw_operation *op = gw_service_find_operation(service, GW_VIEW("DuplexStream"));
    assert_false(gw_protocol_write_request(op, &input, GW_VIEW_NONE, arena, &req, &err));
    assert_string_equal(err.message, "eventstream:DuplexStream: takes a stream of events, which is "
                                     "not available (it needs HTTP/2)");
    assert_int_equal(err.code, GW_ERR_INPUT);
}

/* ---- StartLiveTail: JSON, and the output in a first message ---------------------------------- */

static void the_events_of_a_live_tail_are_read(void **state)
{
    (void)state;
    const struct gw_operation *op = builtin("logs", "StartLiveTail");
    const char *const initial[] = {":message-type", "event", ":event-type", "initial-response",
                                   NULL};
    const char *const update[] = {":message-type", "event", ":event-type", "sessionUpdate", NULL};
    struct gw_eventstream_message first = message("{}", initial);
    struct gw_eventstream_message second =
        message("{\"sessionMetadata\":{\"sampled\":false},\"sessionResults\":[{\"message\":\"m\","
                "\"timestamp\":1700000000123}],\"newerMember\":1}",
                update);
    struct outcome outcome = read_event(op, &first);
    assert_int_equal(outcome.kind, GW_EVENT_INITIAL);
    assert_string_equal(as_json(&outcome.event.value), "{}");
    outcome = read_event(op, &second);
    assert_int_equal(outcome.kind, GW_EVENT_MEMBER);
    assert_string_equal(as_json(&outcome.event.value),
                        "{\"sessionUpdate\":{\"sessionMetadata\":{\"sampled\":false},"
                        "\"sessionResults\":[{\"message\":\"m\",\"timestamp\":1700000000123}]}}");
}

static void an_event_of_a_newer_model_is_unknown(void **state)
{
    (void)state;
    const char *const texts[] = {":message-type", "event", ":event-type", "heartbeat", NULL};
    struct gw_eventstream_message newer = message("not even JSON", texts);
    assert_int_equal(read_event(builtin("logs", "StartLiveTail"), &newer).kind, GW_EVENT_UNKNOWN);
    const char *const initial[] = {":message-type", "event", ":event-type", "initial-response",
                                   NULL};
    struct gw_eventstream_message first = message("", initial);
    assert_int_equal(read_event(builtin("s3", "SelectObjectContent"), &first).kind,
                     GW_EVENT_UNKNOWN); /* has them in headers */
}

static void exceptions_and_errors_end_the_stream_as_what_they_are(void **state)
{
    (void)state;
    const struct gw_operation *op = builtin("logs", "StartLiveTail");
    static const struct {
        const char *headers[9];
        const char *payload, *code, *message;
        bool is_modelled;
    } rows[] = {
        {{":message-type", "exception", ":exception-type", "SessionTimeoutException", NULL},
         "{\"message\":\"three hours\"}",
         "SessionTimeoutException",
         "three hours",
         true},
        {{":message-type", "exception", ":exception-type", "SessionTimeoutException", NULL},
         "garbage",
         "SessionTimeoutException",
         "",
         true},
        {{":message-type", "exception", ":exception-type", "LimitExceededException", NULL},
         "{\"message\":\"too many\"}",
         "LimitExceededException",
         "too many",
         true},
        {{":message-type", "exception", ":exception-type", "NewerException", NULL},
         "{}",
         "NewerException",
         "",
         false},
        {{":message-type", "error", ":error-code", "InternalError", ":error-message", "oh", NULL},
         "",
         "InternalError",
         "oh",
         false},
        {{":message-type", "error", NULL}, "", "UnknownError", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_eventstream_message found = message(rows[i].payload, rows[i].headers);
        struct outcome outcome = read_event(op, &found);
        assert_int_equal(outcome.kind, GW_EVENT_ERROR);
        assert_view(outcome.event.error.code, rows[i].code);
        assert_view(outcome.event.error.message, rows[i].message);
        assert_int_equal(outcome.event.error.shape != NULL, rows[i].is_modelled);
        assert_view(outcome.event.error.operation, "StartLiveTail");
    }
}

static void a_message_that_is_no_event_is_told_as_such(void **state)
{
    (void)state;
    const struct gw_operation *op = builtin("logs", "StartLiveTail");
    static const struct {
        const char *headers[5];
        const char *payload, *message;
    } rows[] = {
        {{NULL},
         "{}",
         "logs:StartLiveTail: a message of the stream has no ':message-type' that is known"},
        {{":message-type", "event", NULL},
         "{}",
         "logs:StartLiveTail: an event has no ':event-type'"},
        {{":message-type", "exception", NULL},
         "{}",
         "logs:StartLiveTail: an exception has no ':exception-type'"},
        {{":message-type", "event", ":event-type", "sessionUpdate", NULL},
         "[]",
         "logs:StartLiveTail: the body is not understood: expected an object, got list"},
        {{":message-type", "event", ":event-type", "sessionUpdate", NULL},
         "{\"sessionResults\":7}",
         "logs:StartLiveTail: event member 'sessionResults': expected a list, got integer"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_eventstream_message found = message(rows[i].payload, rows[i].headers);
        struct outcome outcome = read_event(op, &found);
        assert_int_equal(outcome.kind, GW_EVENT_GARBAGE);
        assert_string_equal(outcome.err.message, rows[i].message);
        assert_int_equal(outcome.err.code, GW_ERR_PROTOCOL);
    }
}

static void what_the_server_writes_the_client_reads(void **state)
{
    (void)state;
    const struct gw_operation *op = builtin("logs", "StartLiveTail");
    struct gw_eventstream_message found;
    struct gw_buf out;
    struct gw_value output = json("{\"responseStream\":null}");
    struct gw_http_response head;
    gw_buf_init(&out, 1 << 16);
    assert_true(gw_protocol_begin_stream(op, &output, GW_VIEW("req-1"), arena, &head, &out, NULL));
    assert_int_equal(head.status, 200);
    assert_int_equal(head.body.len, 0);
    assert_view(gw_headers_get(&head.headers, GW_VIEW("content-type")),
                "application/vnd.amazon.eventstream");
    assert_view(gw_headers_get(&head.headers, GW_VIEW("x-amzn-requestid")), "req-1");
    parse(gw_buf_view(&out), &found);
    assert_view(header(&found, ":content-type"), "application/json");
    assert_view(found.payload, "{}");
    assert_int_equal(read_event(op, &found).kind, GW_EVENT_INITIAL);

    struct gw_value event = json("{\"sessionStart\":{\"sessionId\":\"s\",\"requestId\":\"r\"}}");
    found = write_event(op, gw_operation_output(op), &event);
    struct outcome outcome = read_event(op, &found);
    assert_string_equal(as_json(&outcome.event.value), as_json(&event));
    gw_buf_clear(&out);
}

static void errors_are_written_as_the_exceptions_they_are_in_the_model(void **state)
{
    (void)state;
    const struct gw_operation *op = builtin("logs", "StartLiveTail");
    struct gw_aws_error modelled = {.code = GW_VIEW("SessionTimeoutException"),
                                    .detail = json("{\"message\":\"late\"}")};
    struct gw_aws_error other = {.code = GW_VIEW("InternalFailure"), .message = GW_VIEW("sorry")};
    const struct gw_aws_error *const errors[] = {&modelled, &other};
    static const char *const types[] = {"exception", "error"};
    for (size_t i = 0; i < 2; i++) {
        struct gw_eventstream_message found;
        struct gw_buf out;
        gw_buf_init(&out, 1 << 16);
        assert_true(gw_protocol_write_event_error(op, errors[i], arena, &out, NULL));
        parse(gw_buf_view(&out), &found);
        assert_view(header(&found, ":message-type"), types[i]);
        struct outcome outcome = read_event(op, &found);
        assert_true(gw_view_equal(outcome.event.error.code, errors[i]->code));
        gw_buf_clear(&out);
    }
}

static void what_the_model_does_not_have_is_not_written(void **state)
{
    (void)state;
    const struct gw_operation *op = builtin("logs", "StartLiveTail");
    static const char *const rows[][2] = {
        {"{}", "logs:StartLiveTail: an event is a map with one member, its name"},
        {"{\"tick\":{}}", "logs:StartLiveTail: event member 'tick': no such event"},
        {"{\"sessionStart\":{\"x\":1}}", "logs:StartLiveTail: event member 'x': no such member"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_value event = json(rows[i][0]);
        struct gw_err err = {0};
        struct gw_buf out;
        gw_buf_init(&out, 1 << 16);
        assert_false(
            gw_protocol_write_event(op, gw_operation_output(op), &event, arena, &out, &err));
        assert_string_equal(err.message, rows[i][1]);
        assert_int_equal(out.len, 0);
        gw_buf_clear(&out);
    }
}

/* ---- CBOR ------------------------------------------------------------------------------------ */

static void events_of_cbor_are_read_and_written(void **state)
{
    (void)state;
    struct gw_view table;
    assert_true(read_file(GW_EVENTSTREAM_TABLE, &table));
    const struct gw_models *models = gw_models_open(table, NULL);
    const struct gw_service *service = gw_models_find(models, GW_VIEW("eventstream-cbor"));
    const struct gw_operation *op = gw_service_find_operation(service, GW_VIEW("Watch"));
    struct gw_value event = json("{\"tick\":{\"number\":7,\"bytes\":\"raw\",\"at\":1.5}}");
    struct gw_eventstream_message found = write_event(op, gw_operation_output(op), &event);
    assert_view(header(&found, ":content-type"), "application/cbor");
    struct outcome outcome = read_event(op, &found);
    assert_int_equal(outcome.kind, GW_EVENT_MEMBER);
    assert_true(gw_value_equal(&outcome.event.value, &event));

    struct gw_value output = json("{\"name\":\"n\"}");
    struct gw_http_response head;
    struct gw_buf out;
    gw_buf_init(&out, 1 << 16);
    assert_true(gw_protocol_begin_stream(op, &output, GW_VIEW_NONE, arena, &head, &out, NULL));
    parse(gw_buf_view(&out), &found);
    outcome = read_event(op, &found);
    assert_int_equal(outcome.kind, GW_EVENT_INITIAL);
    assert_true(gw_value_equal(&outcome.event.value, &output));
    gw_buf_clear(&out);
}

/* ---- SelectObjectContent: XML, and raw bytes ------------------------------------------------- */

static void the_events_of_a_selection_are_read_and_written(void **state)
{
    (void)state;
    const struct gw_operation *op = builtin("s3", "SelectObjectContent");
    static const struct {
        const char *type, *payload, *value;
    } rows[] = {
        {"Records", "1,a\n2,b\n", "{\"Records\":{\"Payload\":\"1,a\\n2,b\\n\"}}"},
        {"Stats",
         "<Stats><BytesScanned>512</BytesScanned><BytesProcessed>256</BytesProcessed></Stats>",
         "{\"Stats\":{\"Details\":{\"BytesScanned\":512,\"BytesProcessed\":256}}}"},
        {"Cont", "", "{\"Cont\":{}}"},
        {"End", "", "{\"End\":{}}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const texts[] = {":message-type", "event", ":event-type", rows[i].type, NULL};
        struct gw_eventstream_message theirs = message(rows[i].payload, texts);
        struct outcome outcome = read_event(op, &theirs);
        assert_int_equal(outcome.kind, GW_EVENT_MEMBER);
        assert_string_equal(as_json(&outcome.event.value), rows[i].value);
        struct gw_eventstream_message ours =
            write_event(op, gw_operation_output(op), &outcome.event.value);
        assert_view(ours.payload, rows[i].payload);
        assert_view(header(&ours, ":event-type"), rows[i].type);
    }
}

static int set_up(void **state)
{
    (void)state;
    arena = gw_arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gw_arena_free(arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_published_events_of_smithy_are_read_and_written),
        TEST(the_published_beginnings_of_smithy_are_read),
        TEST(a_request_that_is_a_stream_is_refused_by_name),
        TEST(the_events_of_a_live_tail_are_read),
        TEST(an_event_of_a_newer_model_is_unknown),
        TEST(exceptions_and_errors_end_the_stream_as_what_they_are),
        TEST(a_message_that_is_no_event_is_told_as_such),
        TEST(what_the_server_writes_the_client_reads),
        TEST(errors_are_written_as_the_exceptions_they_are_in_the_model),
        TEST(what_the_model_does_not_have_is_not_written),
        TEST(events_of_cbor_are_read_and_written),
        TEST(the_events_of_a_selection_are_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
