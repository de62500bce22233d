/* The wire protocols, as a client: the published vectors, and answers that no vector has. */
#include "protocol_vectors.h"

static const struct gw_view TOKEN = {"00000000-0000-4000-8000-000000000000", 36};

/* ---- requests -------------------------------------------------------------------------------- */

static void write_one_request(const struct vector *vector)
{
    struct gw_arena *arena = gw_arena_new();
    const struct gw_value *params = params_of(vector);
    struct gw_http_request req = {0};
    struct gw_err err = {0};
    if (beyond_protocol(vector)) {
        skip_vector(vector, beyond_protocol(vector));
    } else if (!gw_validate(vector->op, params, &err) ||
               !gw_protocol_write_request(vector->op, params, TOKEN, arena, &req, &err)) {
        expect(vector, false, "refused", err.message);
    } else {
        const char *difference = compare_request(vector, &req, arena);
        expect(vector, !difference, difference, req.url.data);
    }
    gw_arena_free(arena);
}

static void writes_the_requests_of_the_vectors(void **state)
{
    (void)state;
    run_all("input", "requests written", write_one_request);
}

/* ---- answers --------------------------------------------------------------------------------- */

static bool same_error(const struct vector *vector, const struct gw_aws_error *error)
{
    const struct gw_value *detail = at(vector->json, "error");
    const struct gw_value *message = at(vector->json, "errorMessage");
    bool nothing = error->detail.kind == GW_NULL && detail && detail->as.map.count == 0;
    return gw_view_equal(error->code, text_at(vector->json, "errorCode")) &&
           (!message || gw_view_equal(error->message, message->as.string)) &&
           (!detail || nothing || same_value(&error->detail, detail));
}

/* The member that is a stream becomes the list of its events. */
static enum gw_answer read_stream(const struct vector *vector, const struct gw_http_response *res,
                                  struct gw_arena *arena, struct gw_value *output,
                                  struct gw_err *err)
{
    const struct gw_shape *shape = gw_operation_output(vector->op);
    struct gw_view rest = res->body, name = gw_member_name(gw_event_stream_member(shape));
    struct gw_value initial = gw_value_map(), events = gw_value_list();
    struct gw_eventstream_message message;
    struct gw_eventstream_reader reader;
    enum gw_event_kind kind = GW_EVENT_MEMBER;
    gw_eventstream_reader_init(&reader);
    while (kind != GW_EVENT_GARBAGE &&
           gw_eventstream_read(&reader, &rest, arena, &message, err) == GW_EVENTSTREAM_MESSAGE) {
        struct gw_event event = {0};
        message.payload = gw_arena_dup(arena, message.payload);
        kind = gw_protocol_read_event(vector->op, shape, &message, arena, &event, err);
        if (kind == GW_EVENT_MEMBER) {
            *gw_list_add(arena, &events) = event.value;
        } else if (kind == GW_EVENT_INITIAL) {
            initial = event.value;
        }
    }
    gw_eventstream_reader_clear(&reader);
    *output = initial;
    *gw_map_add(arena, output, name) = events;
    return kind == GW_EVENT_GARBAGE ? GW_ANSWER_GARBAGE : GW_ANSWER_OK;
}

/* NULL: the vector is run. */
static const char *beyond_answers(const struct vector *vector)
{
    if (strstr(vector->id, "StreamingTraitsWithNoBlobBody")) {
        return "a stream without bytes is an empty string, not an absent one";
    }
    return keeps_nulls(vector) ? "a list that is not sparse loses its nulls" : NULL;
}

static void read_one_response(const struct vector *vector)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_http_response res = response_of(vector, arena);
    const struct gw_value *result = at(vector->json, "result");
    struct gw_value output = {0};
    struct gw_aws_error error = {0};
    struct gw_err err = {0};
    if (beyond_answers(vector)) {
        skip_vector(vector, beyond_answers(vector));
        gw_arena_free(arena);
        return;
    }
    keys_have_case = !is_rest(vector);
    enum gw_answer answer = is_stream(vector) ? read_stream(vector, &res, arena, &output, &err)
                                              : gw_protocol_read_response(vector->op, &res, arena,
                                                                          &output, &error, &err);
    switch (answer) {
    case GW_ANSWER_OK:
        expect(vector, result && same_value(&output, result), "result", show(&output));
        break;
    case GW_ANSWER_AWS_ERROR:
        expect(vector, !result && same_error(vector, &error), error.code.data, show(&error.detail));
        break;
    case GW_ANSWER_GARBAGE:
        expect(vector, false, "garbage", err.message);
        break;
    }
    gw_arena_free(arena);
}

static void reads_the_answers_of_the_vectors(void **state)
{
    (void)state;
    run_all("output", "answers read", read_one_response);
}

/* ---- answers beyond the vectors, with the built-in models ------------------------------------ */

static const struct gw_operation *operation(const char *service, const char *name)
{
    const struct gw_service *found = gw_models_find(gw_models_builtin(), gw_view_of(service));
    assert_non_null(found);
    const struct gw_operation *op = gw_service_find_operation(found, gw_view_of(name));
    assert_non_null(op);
    return op;
}

struct answer {
    struct gw_arena *arena;
    enum gw_answer kind;
    struct gw_value output;
    struct gw_aws_error error;
    struct gw_err err;
};

static struct answer read_answer(const char *service, const char *name, int status,
                                 struct gw_view body)
{
    struct answer answer = {.arena = gw_arena_new()};
    struct gw_http_response res = {.status = status, .reason = GW_VIEW("Reason"), .body = body};
    gw_headers_add(answer.arena, &res.headers, GW_VIEW("x-amzn-RequestId"), GW_VIEW("id-1"));
    answer.kind = gw_protocol_read_response(operation(service, name), &res, answer.arena,
                                            &answer.output, &answer.error, &answer.err);
    return answer;
}

static void assert_garbage(const char *service, const char *name, struct gw_view body,
                           const char *message)
{
    struct answer answer = read_answer(service, name, 200, body);
    assert_int_equal(answer.kind, GW_ANSWER_GARBAGE);
    assert_string_equal(answer.err.message, message);
    assert_int_equal(answer.err.code, GW_ERR_PROTOCOL);
    gw_arena_free(answer.arena);
}

static void wrong_types_and_cut_off_json_are_garbage(void **state)
{
    (void)state;
    assert_garbage("ecs", "DescribeServices",
                   GW_VIEW("{\"services\":[{},{\"desiredCount\":\"2\"}]}"),
                   "ecs:DescribeServices: response member 'services[1].desiredCount': expected an "
                   "integer, got string");
    assert_garbage("ecs", "DescribeServices", GW_VIEW("{\"services\":[{\"desiredCount\":1.5}]}"),
                   "ecs:DescribeServices: response member 'services[0].desiredCount': expected an "
                   "integer, got number");
    assert_garbage("ecs", "DescribeServices", GW_VIEW("{\"services\":{}}"),
                   "ecs:DescribeServices: response member 'services': expected a list, got map");
    assert_garbage("ecs", "DescribeServices",
                   GW_VIEW("{\"services\":[{\"createdAt\":\"yesterday\"}]}"),
                   "ecs:DescribeServices: response member 'services[0].createdAt': expected a "
                   "timestamp (seconds, or text such as 2015-01-25T08:00:00Z), got string");
    assert_garbage("kms", "Decrypt", GW_VIEW("{\"Plaintext\":\"*\"}"),
                   "kms:Decrypt: response member 'Plaintext': expected base64, got other text");
    assert_garbage("ecs", "DescribeServices", GW_VIEW("{\"services\":[{"),
                   "ecs:DescribeServices: the body is not understood: json: cut off (line 1, "
                   "column 15)");
    assert_garbage(
        "ecs", "DescribeServices", GW_VIEW("[]"),
        "ecs:DescribeServices: the body is not understood: expected an object, got list");
    assert_garbage("ecs", "DescribeServices", GW_VIEW("<html>sign in</html>"),
                   "ecs:DescribeServices: the body is not understood: json: malformed (line 1, "
                   "column 1)");
}

/* As the AWS CLI and most SDKs take them: servers are known to send these. */
static void a_number_or_boolean_in_place_of_a_string_is_its_text(void **state)
{
    (void)state;
    struct answer answer = read_answer("ecs", "DescribeServices", 200,
                                       GW_VIEW("{\"services\":[{\"serviceName\":7,\"status\":true,"
                                               "\"events\":[{\"message\":0.5}]}]}"));
    assert_int_equal(answer.kind, GW_ANSWER_OK);
    struct gw_value expected;
    assert_true(gw_json_parse(GW_VIEW("{\"services\":[{\"serviceName\":\"7\",\"status\":\"true\","
                                      "\"events\":[{\"message\":\"0.5\"}]}]}"),
                              answer.arena, &expected, NULL));
    assert_true(gw_value_equal(&answer.output, &expected));
    gw_arena_free(answer.arena);
    assert_garbage("ecs", "DescribeServices", GW_VIEW("{\"services\":[{\"serviceName\":[]}]}"),
                   "ecs:DescribeServices: response member 'services[0].serviceName': expected a "
                   "string, got list");
}

static void an_empty_answer_is_garbage_where_something_is_to_be_said(void **state)
{
    (void)state;
    assert_garbage("ecs", "DescribeServices", GW_VIEW(""),
                   "ecs:DescribeServices: the answer is empty");
    assert_garbage("sts", "GetCallerIdentity", GW_VIEW(""),
                   "sts:GetCallerIdentity: the answer is empty");
    struct answer nothing = read_answer("logs", "CreateLogGroup", 200, GW_VIEW(""));
    assert_int_equal(nothing.kind, GW_ANSWER_OK);
    gw_arena_free(nothing.arena);
}

static void a_page_of_a_proxy_is_no_answer_of_a_query_service(void **state)
{
    (void)state;
    assert_garbage("sts", "GetCallerIdentity", GW_VIEW("<html><body>sign in</body></html>"),
                   "sts:GetCallerIdentity: the body is not understood: xml: expected "
                   "<GetCallerIdentityResponse>, got <html>");
    assert_garbage("sts", "GetCallerIdentity", GW_VIEW("<GetCallerIdentityResponse><GetCall"),
                   "sts:GetCallerIdentity: the body is not understood: xml: unclosed token (line "
                   "1, column 28)");
    assert_garbage(
        "elbv2", "DescribeTargetHealth",
        GW_VIEW("<DescribeTargetHealthResponse><DescribeTargetHealthResult>"
                "<TargetHealthDescriptions><member><Target><Port>http</Port></Target>"
                "</member></TargetHealthDescriptions></DescribeTargetHealthResult>"
                "</DescribeTargetHealthResponse>"),
        "elbv2:DescribeTargetHealth: response member "
        "'TargetHealthDescriptions[0].Target.Port': expected an integer, got other text");
}

static void what_the_model_does_not_know_is_skipped(void **state)
{
    (void)state;
    struct answer answer = read_answer(
        "ecs", "DescribeServices", 200,
        GW_VIEW("{\"new\":[{\"a\":null}],\"failures\":null,"
                "\"services\":[null,{\"desiredCount\":2.0,\"createdAt\":1.5,\"new\":{}}]}"));
    assert_int_equal(answer.kind, GW_ANSWER_OK);
    assert_int_equal(answer.output.as.map.count, 1);
    const struct gw_value *services = gw_map_get(&answer.output, GW_VIEW("services"));
    assert_int_equal(services->as.list.count, 1);
    const struct gw_value *service = &services->as.list.items[0];
    assert_int_equal(service->as.map.count, 2);
    assert_int_equal(gw_map_get(service, GW_VIEW("desiredCount"))->kind, GW_INT);
    assert_true(gw_map_get(service, GW_VIEW("createdAt"))->as.number == 1.5);
    gw_arena_free(answer.arena);
}

static void sensitive_members_come_out_secret(void **state)
{
    (void)state;
    struct answer answer = read_answer(
        "secretsmanager", "GetSecretValue", 200,
        GW_VIEW("{\"Name\":\"db\",\"SecretString\":\"hunter2\",\"SecretBinary\":\"eA==\"}"));
    assert_int_equal(answer.kind, GW_ANSWER_OK);
    assert_false(gw_map_get(&answer.output, GW_VIEW("Name"))->secret);
    assert_true(gw_map_get(&answer.output, GW_VIEW("SecretString"))->secret);
    assert_true(gw_map_get(&answer.output, GW_VIEW("SecretBinary"))->secret);
    gw_arena_free(answer.arena);

    answer = read_answer("sts", "AssumeRole", 200,
                         GW_VIEW("<AssumeRoleResponse><AssumeRoleResult><Credentials>"
                                 "<AccessKeyId>AKIA</AccessKeyId><SecretAccessKey>s"
                                 "</SecretAccessKey></Credentials></AssumeRoleResult>"
                                 "</AssumeRoleResponse>"));
    assert_int_equal(answer.kind, GW_ANSWER_OK);
    const struct gw_value *keys = gw_map_get(&answer.output, GW_VIEW("Credentials"));
    assert_true(gw_map_get(keys, GW_VIEW("SecretAccessKey"))->secret);
    gw_arena_free(answer.arena);
}

static void assert_error(struct answer answer, const char *code, const char *message)
{
    assert_int_equal(answer.kind, GW_ANSWER_AWS_ERROR);
    assert_string_equal(answer.error.code.data, code);
    assert_true(gw_view_equal(answer.error.message, gw_view_of(message)));
    assert_string_equal(answer.error.request_id.data, "id-1");
    gw_arena_free(answer.arena);
}

static void errors_say_what_the_body_says(void **state)
{
    (void)state;
    struct answer answer =
        read_answer("ecs", "UpdateService", 400,
                    GW_VIEW("{\"__type\":\"ServiceNotFoundException\",\"message\":\"no\"}"));
    assert_int_equal(answer.error.http_status, 400);
    assert_true(gw_view_equal(answer.error.service, GW_VIEW("ecs")));
    assert_true(gw_view_equal(answer.error.operation, GW_VIEW("UpdateService")));
    assert_true(
        gw_view_equal(gw_shape_name(answer.error.shape), GW_VIEW("ServiceNotFoundException")));
    assert_error(answer, "ServiceNotFoundException", "no");
    assert_error(read_answer("ecs", "UpdateService", 403, GW_VIEW("{\"message\":\"Forbidden\"}")),
                 "403", "Forbidden");
    assert_error(read_answer("elbv2", "DescribeRules", 400,
                             GW_VIEW("<ErrorResponse><Error><Code>RuleNotFound</Code><Message>no "
                                     "rule</Message></Error><RequestId>id-1</RequestId>"
                                     "</ErrorResponse>")),
                 "RuleNotFound", "no rule");
    assert_error(read_answer("elbv2", "DescribeRules", 400,
                             GW_VIEW("<Response><Errors><Error><Code>C</Code><Message>m</Message>"
                                     "</Error></Errors><RequestID>id-1</RequestID></Response>")),
                 "C", "m");
}

static void errors_without_a_readable_body_say_the_status(void **state)
{
    static const struct {
        struct gw_view body;
        const char *message;
    } rows[] = {
        {GW_VIEW(""), "Reason"},
        {GW_VIEW("<html><body>Bad Gateway</body></html>"), "Reason"},
        {GW_VIEW("<!DOCTYPE html><p>"), "Reason"},
        {GW_VIEW("upstream \x01\xffgone\nsecond line"), "upstream ??gone"},
        {GW_VIEW("{\"__type\":"), "{\"__type\":"},
    };
    static const char *const operations[][2] = {{"ecs", "UpdateService"}, {"sts", "AssumeRole"}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t j = 0; j < COUNT(operations); j++) {
            assert_error(read_answer(operations[j][0], operations[j][1], 502, rows[i].body), "502",
                         rows[i].message);
        }
    }
    char page[1000];
    memset(page, 'x', sizeof page);
    struct answer answer =
        read_answer("ecs", "UpdateService", 502, (struct gw_view){page, sizeof page});
    assert_int_equal(answer.error.message.len, 200);
    gw_arena_free(answer.arena);
}

static void an_error_with_odd_members_is_still_that_error(void **state)
{
    (void)state;
    struct answer answer =
        read_answer("ecs", "UpdateService", 400,
                    GW_VIEW("{\"__type\":\"ClusterNotFoundException\",\"message\":[1]}"));
    assert_int_equal(answer.error.detail.kind, GW_MAP);
    assert_error(answer, "ClusterNotFoundException", "");
}

/* firehose:PutRecordBatch has an error with a member of that name. */
static void a_member_named_code_is_not_the_code(void **state)
{
    (void)state;
    struct answer answer = read_answer(
        "firehose", "PutRecordBatch", 400,
        GW_VIEW("{\"__type\":\"InvalidSourceException\",\"code\":\"c\",\"message\":\"m\"}"));
    assert_true(gw_view_equal(gw_map_text(&answer.error.detail, GW_VIEW("code")), GW_VIEW("c")));
    assert_error(answer, "InvalidSourceException", "m");
}

static void large_integers_arrive_exactly(void **state)
{
    (void)state;
    struct answer answer =
        read_answer("logs", "DescribeLogGroups", 200,
                    GW_VIEW("{\"logGroups\":[{\"storedBytes\":9223372036854775807}]}"));
    assert_int_equal(answer.kind, GW_ANSWER_OK);
    const struct gw_value *groups = gw_map_get(&answer.output, GW_VIEW("logGroups"));
    const struct gw_value *bytes = gw_map_get(&groups->as.list.items[0], GW_VIEW("storedBytes"));
    assert_true(bytes->as.integer == INT64_MAX);
    gw_arena_free(answer.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_requests_of_the_vectors),
        cmocka_unit_test(reads_the_answers_of_the_vectors),
        cmocka_unit_test(wrong_types_and_cut_off_json_are_garbage),
        cmocka_unit_test(a_number_or_boolean_in_place_of_a_string_is_its_text),
        cmocka_unit_test(an_empty_answer_is_garbage_where_something_is_to_be_said),
        cmocka_unit_test(a_page_of_a_proxy_is_no_answer_of_a_query_service),
        cmocka_unit_test(what_the_model_does_not_know_is_skipped),
        cmocka_unit_test(sensitive_members_come_out_secret),
        cmocka_unit_test(errors_say_what_the_body_says),
        cmocka_unit_test(errors_without_a_readable_body_say_the_status),
        cmocka_unit_test(an_error_with_odd_members_is_still_that_error),
        cmocka_unit_test(a_member_named_code_is_not_the_code),
        cmocka_unit_test(large_integers_arrive_exactly),
    };
    return cmocka_run_group_tests(tests, open_vectors, close_vectors);
}
