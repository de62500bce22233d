/* The wire protocols, as a server: the published vectors the other way round, and requests that no
 * client should send. */
#include "protocol_vectors.h"

/* ---- requests -------------------------------------------------------------------------------- */

/* What is left of the parameters behind the wire: no nulls; forms know no empty maps. */
static struct gw_value as_sent(const struct gw_value *params, bool form, struct gw_arena *arena)
{
    struct gw_value sent = gw_value_map();
    for (size_t i = 0; i < params->as.map.count; i++) {
        const struct gw_entry *entry = &params->as.map.entries[i];
        bool empty_map = entry->value.kind == GW_MAP && entry->value.as.map.count == 0;
        if (entry->value.kind != GW_NULL && !(form && empty_map)) {
            *gw_map_add(arena, &sent, entry->key) = entry->value;
        }
    }
    return sent;
}

/* The client fills in the tokens that are not given. */
static struct gw_value expected_params(const struct vector *vector, struct gw_arena *arena)
{
    struct gw_value params = as_sent(params_of(vector), is_form(vector), arena);
    const struct gw_shape *shape = gw_operation_input(vector->op);
    for (size_t i = 0; shape && i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        struct gw_view name = gw_member_name(member);
        if ((gw_member_flags(member) & GW_MEMBER_IDEMPOTENCY_TOKEN) && !gw_map_get(&params, name)) {
            *gw_map_add(arena, &params, name) =
                gw_value_text("00000000-0000-4000-8000-000000000000");
        }
    }
    return params;
}

static struct gw_http_request request_of(const struct vector *vector, struct gw_arena *arena)
{
    const struct gw_value *serialized = at(vector->json, "serialized");
    struct gw_http_request req = {.method = text_at(serialized, "method"),
                                  .url = text_at(serialized, "uri"),
                                  .body = body_of(vector, serialized, arena)};
    if (req.method.len == 0) {
        req.method = gw_operation_http_method(vector->op);
    }
    if (strstr(vector->id, "HostWithPath") && is_rest(vector)) {
        req.url = gw_view_sub(req.url, strlen("/custom"), req.url.len);
    }
    add_headers(arena, at(serialized, "headers"), &req.headers);
    /* older vectors of awsJson leave out what tells the operation */
    if (is_protocol(vector, GW_PROTOCOL_JSON) &&
        !gw_headers_get(&req.headers, GW_VIEW("x-amz-target")).data) {
        gw_headers_add(arena, &req.headers, GW_VIEW("X-Amz-Target"),
                       gw_arena_printf(arena, "%.*s.%.*s",
                                       GW_VIEW_ARGS(gw_service_target_prefix(vector->service)),
                                       GW_VIEW_ARGS(gw_operation_name(vector->op))));
    }
    return req;
}

/* Some parameters leave no trace of their own in a REST or EC2 request: an empty list, a map's key
 * that another parameter overrides. What was read must make the same request then. */
static bool makes_the_same(const struct vector *vector, const struct gw_value *input,
                           struct gw_arena *arena)
{
    struct gw_http_request again = {0};
    return (is_rest(vector) || is_protocol(vector, GW_PROTOCOL_EC2)) &&
           gw_protocol_write_request(vector->op, input, GW_VIEW_NONE, arena, &again, NULL) &&
           !compare_request(vector, &again, arena);
}

static void read_one_request(const struct vector *vector)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_http_request req = request_of(vector, arena);
    struct gw_value expected = expected_params(vector, arena), input;
    const struct gw_operation *op;
    struct gw_err err = {0};
    if (beyond_protocol(vector) && !at(at(vector->json, "serialized"), "body")) {
        skip_vector(vector, "request compression: the vector has no body");
    } else if (strcmp(vector->id, "CloudSearchPosts") == 0) {
        skip_vector(vector, "the service takes for GET what its clients POST");
    } else if (!gw_protocol_read_request(vector->service, &req, arena, &op, &input, &err)) {
        expect(vector, false, "refused", err.message);
    } else {
        expect(vector,
               op == vector->op &&
                   (same_value(&input, &expected) || makes_the_same(vector, &input, arena)),
               "parameters", show(&input));
    }
    gw_arena_free(arena);
}

static void reads_the_requests_of_the_vectors(void **state)
{
    (void)state;
    run_all("input", "requests read", read_one_request);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void write_one_result(const struct vector *vector, struct gw_arena *arena)
{
    const struct gw_value *result = at(vector->json, "result");
    struct gw_http_response res;
    struct gw_value output = {0};
    struct gw_aws_error error = {0};
    struct gw_err err = {0};
    if (!gw_protocol_write_response(gw_service_protocol(vector->service), vector->op, result,
                                    GW_VIEW("id-1"), arena, &res, &err) ||
        gw_protocol_read_response(vector->op, &res, arena, &output, &error, &err) != GW_ANSWER_OK) {
        expect(vector, false, "refused", err.message);
        return;
    }
    expect(vector, same_value(&output, result), "result", show(&output));
}

static bool is_unknown_union(const struct vector *vector)
{
    return strstr(vector->id, "UnknownUnionMember") != NULL;
}

/* All that was sent; the message is a member too where the model has one. */
static bool has_detail(const struct gw_value *detail, const struct gw_value *sent)
{
    size_t others = 0;
    for (size_t i = 0; detail->kind == GW_MAP && i < detail->as.map.count; i++) {
        others += !gw_view_equal_nocase(detail->as.map.entries[i].key, GW_VIEW("message"));
    }
    for (size_t i = 0; sent->kind == GW_MAP && i < sent->as.map.count; i++) {
        const struct gw_entry *entry = &sent->as.map.entries[i];
        const struct gw_value *got = gw_map_get(detail, entry->key);
        bool is_message = gw_view_equal_nocase(entry->key, GW_VIEW("message"));
        if (!got || !same_value(got, &entry->value)) {
            return false;
        }
        others -= !is_message;
    }
    return sent->kind == GW_NULL || others == 0;
}

static void write_one_error(const struct vector *vector, struct gw_arena *arena)
{
    struct gw_aws_error sent = {.code = text_at(vector->json, "errorCode"),
                                .message = text_at(vector->json, "errorMessage"),
                                .request_id = GW_VIEW("id-1"),
                                .http_status = response_of(vector, arena).status};
    struct gw_http_response res;
    struct gw_value output = {0};
    struct gw_aws_error error = {0};
    struct gw_err err = {0};
    if (at(vector->json, "error")) {
        sent.detail = *at(vector->json, "error");
    }
    if (!gw_protocol_write_error(gw_service_protocol(vector->service), vector->service, vector->op,
                                 &sent, arena, &res, &err)) {
        expect(vector, false, "refused", err.message);
        return;
    }
    enum gw_answer answer =
        gw_protocol_read_response(vector->op, &res, arena, &output, &error, &err);
    expect(vector,
           answer == GW_ANSWER_AWS_ERROR && gw_view_equal(error.code, sent.code) &&
               (!sent.message.data || gw_view_equal(error.message, sent.message)) &&
               has_detail(&error.detail, &sent.detail) &&
               gw_view_equal(error.request_id, GW_VIEW("id-1")),
           "error", res.body.data);
}

/* Does a map of headers take in those that the server adds? */
static bool takes_all_headers(const struct vector *vector)
{
    const struct gw_shape *shape = gw_operation_output(vector->op);
    bool found = false;
    for (size_t i = 0; shape && i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        found = found || (gw_member_location(member) == GW_LOCATION_HEADERS &&
                          (!(gw_member_flags(member) & GW_MEMBER_NAMED) ||
                           gw_member_wire_name(member).len == 0));
    }
    return found;
}

/* Why this vector has nothing to write; NULL: it has. */
static const char *beyond_writing(const struct vector *vector)
{
    if (is_unknown_union(vector)) {
        return "a server knows its own members";
    }
    if (is_stream(vector)) {
        return "events are written one by one";
    }
    if (takes_all_headers(vector)) {
        return "a server adds headers of its own";
    }
    return keeps_nulls(vector) ? "a list that is not sparse has no nulls" : NULL;
}

static void write_one_response(const struct vector *vector)
{
    struct gw_arena *arena = gw_arena_new();
    keys_have_case = !is_rest(vector);
    if (beyond_writing(vector)) {
        skip_vector(vector, beyond_writing(vector));
    } else if (at(vector->json, "result")) {
        write_one_result(vector, arena);
    } else {
        write_one_error(vector, arena);
    }
    gw_arena_free(arena);
}

static void what_it_writes_the_client_reads(void **state)
{
    (void)state;
    run_all("output", "answers written and read back", write_one_response);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

/* Namespaces are for documents that mix several; the id of a request is in other tests. */
static void without_decoration(struct gw_xml *element)
{
    struct gw_xml **link = &element->first_child;
    size_t kept = 0;
    for (size_t i = 0; i < element->attribute_count; i++) {
        if (!gw_view_starts_with(element->attributes[i].name, GW_VIEW("xmlns"))) {
            element->attributes[kept++] = element->attributes[i];
        }
    }
    element->attribute_count = kept;
    while (*link) {
        if (gw_view_equal_nocase((*link)->name, GW_VIEW("requestId"))) {
            *link = (*link)->next;
            continue;
        }
        without_decoration(*link);
        link = &(*link)->next;
    }
}

/* The tree in short, from the result on. The root's name tells clients nothing. */
static struct gw_view result_text(const struct vector *vector, struct gw_view body,
                                  struct gw_arena *arena)
{
    struct gw_xml *root;
    struct gw_buf out;
    gw_buf_init(&out, 1 << 20);
    if (gw_xml_parse(body, arena, &root, NULL)) {
        struct gw_view wrapper = gw_operation_result_wrapper(vector->op);
        const struct gw_xml *result = gw_xml_child(root, wrapper);
        struct gw_xml copy = result ? *result : *root;
        copy.name = GW_VIEW("Result");
        without_decoration(&copy);
        describe_xml(&copy, &out);
    }
    struct gw_view text = gw_arena_dup(arena, gw_buf_view(&out));
    gw_buf_clear(&out);
    return text;
}

static bool same_result(const struct vector *vector, struct gw_view body, struct gw_arena *arena)
{
    struct gw_view expected = body_of(vector, at(vector->json, "response"), arena);
    const struct gw_shape *shape = gw_operation_output(vector->op);
    bool xml = is_form(vector) || is_protocol(vector, GW_PROTOCOL_REST_XML);
    return xml && !has_raw_payload(shape) ? gw_view_equal(result_text(vector, body, arena),
                                                          result_text(vector, expected, arena))
                                          : same_body(vector, shape, body, expected, arena);
}

/* Why a server need not write this vector's bytes; NULL: it should. */
static const char *reads_only(const struct vector *vector)
{
    static const char *const reasons[][2] = {
        {"Offset", "a time with an offset is written in UTC"},
        {"AllowNulls", "nulls are not written"},
        {"NullValues", "nulls are not written"},
        {"RestJsonNulls", "nulls are not written"},
        {"CborNulls", "nulls are not written"},
        {"CborNumbers", "numbers are written as their shapes have them"},
        {"CborEndless", "lengths are written where they are known"},
        {"UnknownUnionMember", "a server knows its own members"},
        {"InAnyOrder", "the order means nothing"},
        {"IgnoreType", "what the model does not know is not written"},
        {"nexpectedJson", "what the model does not know is not written"},
        {"unexpected", "what the model does not know is not written"},
    };
    for (size_t i = 0; i < COUNT(reasons); i++) {
        if (strstr(vector->id, reasons[i][0])) {
            return reasons[i][1];
        }
    }
    bool is_newer = text_at(vector->json, "id").data != NULL;
    bool settled =
        is_newer && (is_protocol(vector, GW_PROTOCOL_JSON) ||
                     is_protocol(vector, GW_PROTOCOL_QUERY) || strstr(vector->file, "own-"));
    return settled ? NULL : "one of several ways to say it, which the client reads the same";
}

static void write_one_body(const struct vector *vector)
{
    const struct gw_value *result = at(vector->json, "result");
    struct gw_arena *arena = gw_arena_new();
    struct gw_http_response res = {0};
    if (result && text_at(at(vector->json, "response"), "body").len > 0) {
        bool same = gw_protocol_write_response(gw_service_protocol(vector->service), vector->op,
                                               result, GW_VIEW("id-1"), arena, &res, NULL) &&
                    same_result(vector, res.body, arena);
        if (!same && reads_only(vector)) {
            skip_vector(vector, reads_only(vector));
        } else {
            expect(vector, same, "body", res.body.data);
        }
    }
    gw_arena_free(arena);
}

static void writes_the_bodies_of_the_vectors(void **state)
{
    (void)state;
    run_all("output", "bodies equal to the vector's", write_one_body);
}

/* ---- requests beyond the vectors, with the built-in models ----------------------------------- */

static const struct gw_service *service(const char *name)
{
    const struct gw_service *found = gw_models_find(gw_models_builtin(), gw_view_of(name));
    assert_non_null(found);
    return found;
}

static void assert_refused(const char *name, const char *target, const char *body,
                           enum gw_err_code code, const char *message)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_http_request req = {
        .method = GW_VIEW("POST"), .url = GW_VIEW("/"), .body = gw_view_of(body)};
    const struct gw_operation *op;
    struct gw_value input;
    struct gw_err err = {0};
    gw_headers_add(arena, &req.headers, GW_VIEW("x-amz-target"), gw_view_of(target));
    assert_false(gw_protocol_read_request(service(name), &req, arena, &op, &input, &err));
    assert_string_equal(err.message, message);
    assert_int_equal(err.code, code);
    gw_arena_free(arena);
}

static void refuses_requests_that_it_cannot_read(void **state)
{
    const char *ecs = "AmazonEC2ContainerServiceV20141113.ListClusters";
    (void)state;
    assert_refused("ecs", "AmazonEC2ContainerServiceV20141113.Nope", "{}", GW_ERR_NOT_FOUND,
                   "ecs: no operation 'Nope'");
    assert_refused("ecs", "AmazonEC2ContainerServiceV20141113.list_clusters", "{}",
                   GW_ERR_NOT_FOUND, "ecs: no operation 'list_clusters'");
    assert_refused("ecs", "Other.ListClusters", "{}", GW_ERR_NOT_FOUND,
                   "ecs: the header X-Amz-Target does not begin with "
                   "'AmazonEC2ContainerServiceV20141113.'");
    assert_refused("ecs", ecs, "{\"maxResults\":", GW_ERR_INPUT,
                   "ecs:ListClusters: the body is not understood: json: cut off (line 1, column "
                   "15)");
    assert_refused("ecs", ecs, "{\"maxResults\":\"many\"}", GW_ERR_INPUT,
                   "ecs:ListClusters: parameter 'maxResults': expected an integer, got string");
    assert_refused("sts", "", "Version=2011-06-15", GW_ERR_NOT_FOUND,
                   "sts: the parameter Action is missing");
    assert_refused("sts", "", "Action=Nope", GW_ERR_NOT_FOUND, "sts: no operation 'Nope'");
    assert_refused("sts", "", "Action=%4", GW_ERR_INPUT,
                   "sts: the body is not understood: not a form");
    assert_refused("sts", "", "Action=AssumeRole&DurationSeconds=long", GW_ERR_INPUT,
                   "sts:AssumeRole: parameter 'DurationSeconds': expected an integer, got other "
                   "text");
    assert_refused("sts", "", "Action=AssumeRole&RoleArn.a=1", GW_ERR_INPUT,
                   "sts:AssumeRole: parameter 'RoleArn': expected one value, got parts of one");
}

static void a_query_service_also_reads_a_get(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_http_request req = {
        .method = GW_VIEW("GET"),
        .url = GW_VIEW("https://sts.amazonaws.com/?Action=AssumeRole&RoleSessionName=a+b%2B")};
    const struct gw_operation *op;
    struct gw_value input;
    struct gw_err err = {0};
    (void)state;
    assert_true(gw_protocol_read_request(service("sts"), &req, arena, &op, &input, &err));
    assert_true(gw_view_equal(gw_operation_name(op), GW_VIEW("AssumeRole")));
    assert_true(gw_view_equal(gw_map_text(&input, GW_VIEW("RoleSessionName")), GW_VIEW("a b+")));
    gw_arena_free(arena);
}

static void the_request_tells_its_protocol(void **state)
{
    static const struct {
        const char *service, *header, *value;
        enum gw_protocol protocol;
    } rows[] = {
        {"cloudwatch", "X-Amz-Target", "GraniteServiceVersion20100801.ListMetrics",
         GW_PROTOCOL_JSON},
        {"cloudwatch", "Content-Type", "application/x-www-form-urlencoded; charset=utf-8",
         GW_PROTOCOL_QUERY},
        {"cloudwatch", "smithy-protocol", "rpc-v2-cbor", GW_PROTOCOL_CBOR},
        {"ecs", "Content-Type", "application/x-www-form-urlencoded", GW_PROTOCOL_JSON},
        {"sts", "Content-Type", "application/x-www-form-urlencoded", GW_PROTOCOL_QUERY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_http_request req = {.method = GW_VIEW("POST"), .url = GW_VIEW("/")};
        gw_headers_add(arena, &req.headers, gw_view_of(rows[i].header), gw_view_of(rows[i].value));
        assert_int_equal(gw_protocol_of_request(service(rows[i].service), &req), rows[i].protocol);
        gw_arena_free(arena);
    }
}

static void refuses_to_write_what_the_model_does_not_know(void **state)
{
    static const char *const rows[][4] = {
        {"ecs", "DescribeServices", "{\"services\":[{\"desired\":1}]}",
         "ecs:DescribeServices: result member 'services[0].desired': no such member"},
        {"ecs", "DescribeServices", "{\"services\":[{\"desiredCount\":\"1\"}]}",
         "ecs:DescribeServices: result member 'services[0].desiredCount': expected an integer, got "
         "string"},
        {"sts", "GetCallerIdentity", "{\"Account\":[1]}",
         "sts:GetCallerIdentity: result member 'Account': expected a string, got list"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_http_response res;
        struct gw_value output;
        struct gw_err err = {0};
        const struct gw_operation *op =
            gw_service_find_operation(service(rows[i][0]), gw_view_of(rows[i][1]));
        assert_true(gw_json_parse(gw_view_of(rows[i][2]), arena, &output, NULL));
        assert_false(gw_protocol_write_response(gw_service_protocol(service(rows[i][0])), op,
                                                &output, GW_VIEW("id-1"), arena, &res, &err));
        assert_string_equal(err.message, rows[i][3]);
        gw_arena_free(arena);
    }
}

static void assert_error_body(const char *name, const char *code, int status, const char *body)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_aws_error error = {.code = gw_view_of(code),
                                 .message = GW_VIEW("a < b"),
                                 .request_id = GW_VIEW("id-1"),
                                 .http_status = status};
    struct gw_http_response res;
    struct gw_err err = {0};
    assert_true(gw_protocol_write_error(gw_service_protocol(service(name)), service(name), NULL,
                                        &error, arena, &res, &err));
    assert_string_equal(res.body.data, body);
    assert_int_equal(res.status, status ? status : 400);
    assert_true(
        gw_view_equal(gw_headers_get(&res.headers, GW_VIEW("x-amzn-requestid")), GW_VIEW("id-1")));
    gw_arena_free(arena);
}

static void errors_are_written_without_an_operation(void **state)
{
    (void)state;
    assert_error_body("ecs", "UnknownOperationException", 0,
                      "{\"__type\":\"UnknownOperationException\",\"message\":\"a < b\"}");
    assert_error_body("sts", "InternalFailure", 500,
                      "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"
                      "<Type>Receiver</Type><Code>InternalFailure</Code><Message>a &lt; b</Message>"
                      "</Error><RequestId>id-1</RequestId></ErrorResponse>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_requests_of_the_vectors),
        cmocka_unit_test(what_it_writes_the_client_reads),
        cmocka_unit_test(writes_the_bodies_of_the_vectors),
        cmocka_unit_test(refuses_requests_that_it_cannot_read),
        cmocka_unit_test(a_query_service_also_reads_a_get),
        cmocka_unit_test(the_request_tells_its_protocol),
        cmocka_unit_test(refuses_to_write_what_the_model_does_not_know),
        cmocka_unit_test(errors_are_written_without_an_operation),
    };
    return cmocka_run_group_tests(tests, open_vectors, close_vectors);
}
