/* REST beyond the vectors, with the built-in models: what is refused, and which operation a request
 * means. */
#include "aws/aws.h"
#include "codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct gw_service *service(const char *name)
{
    const struct gw_service *found = gw_models_find(gw_models_builtin(), gw_view_of(name));
    assert_non_null(found);
    return found;
}

static const struct gw_operation *operation(const char *name, const char *operation_name)
{
    const struct gw_operation *op =
        gw_service_find_operation(service(name), gw_view_of(operation_name));
    assert_non_null(op);
    return op;
}

/* ---- requests that cannot be sent ------------------------------------------------------------ */

static void refuses_what_does_not_fit_its_place(void **state)
{
    static const char *const rows[][4] = {
        {"lambda", "GetFunction", "{\"FunctionName\":\"\"}",
         "lambda:GetFunction: parameter 'FunctionName': empty, but it is a part of the path"},
        {"s3", "GetObject", "{\"Bucket\":\"b\"}",
         "s3:GetObject: parameter 'Key': required, but not given: it is a part of the path"},
        {"s3", "GetObject", "{\"Bucket\":[],\"Key\":\"k\"}",
         "s3:GetObject: parameter 'Bucket': expected a string, got list"},
        {"s3", "PutObject", "{\"Bucket\":\"b\",\"Key\":\"k\",\"ContentType\":\"a\\r\\nX-Evil: 1\"}",
         "s3:PutObject: parameter 'ContentType': it is sent as a header, which cannot hold control "
         "characters"},
        {"s3", "PutObject", "{\"Bucket\":\"b\",\"Key\":\"k\",\"ContentType\":\"a\\u0000\"}",
         "s3:PutObject: parameter 'ContentType': it is sent as a header, which cannot hold control "
         "characters"},
        {"s3", "PutObject", "{\"Bucket\":\"b\",\"Key\":\"k\",\"Metadata\":{\"a\":\"x\\ny\"}}",
         "s3:PutObject: parameter 'Metadata.a': it is sent as a header, which cannot hold control "
         "characters"},
        {"s3", "PutObject", "{\"Bucket\":\"b\",\"Key\":\"k\",\"Metadata\":{\"a: b\":\"x\"}}",
         "s3:PutObject: parameter 'Metadata.a: b': it is sent as the name of a header, which takes "
         "letters, digits and '-'"},
        {"s3", "GetObjectAttributes",
         "{\"Bucket\":\"b\",\"Key\":\"k\",\"ObjectAttributes\":[\"ETag\\r\\n\"]}",
         "s3:GetObjectAttributes: parameter 'ObjectAttributes': it is sent as a header, which "
         "cannot "
         "hold control characters"},
        {"s3", "PutObject", "{\"Bucket\":\"b\",\"Key\":\"k\",\"Metadata\":{\"a\":[]}}",
         "s3:PutObject: parameter 'Metadata.a': expected a string, got list"},
        {"lambda", "ListFunctions", "{\"MaxItems\":\"many\"}",
         "lambda:ListFunctions: parameter 'MaxItems': expected an integer, got string"},
        {"lambda", "CreateFunction", "{\"Code\":{\"ZipFile\":1}}",
         "lambda:CreateFunction: parameter 'Code.ZipFile': expected a string, got integer"},
        {"s3", "PutBucketVersioning",
         "{\"Bucket\":\"b\",\"VersioningConfiguration\":{\"Status\":1}}",
         "s3:PutBucketVersioning: parameter 'VersioningConfiguration.Status': expected a string, "
         "got "
         "integer"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_http_request req = {0};
        struct gw_value input;
        struct gw_err err = {0};
        assert_true(gw_json_parse(gw_view_of(rows[i][2]), arena, &input, NULL));
        assert_false(gw_protocol_write_request(operation(rows[i][0], rows[i][1]), &input,
                                               GW_VIEW_NONE, arena, &req, &err));
        assert_string_equal(err.message, rows[i][3]);
        assert_int_equal(err.code, GW_ERR_INPUT);
        gw_arena_free(arena);
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

static void answers_of_the_wrong_kind_are_garbage(void **state)
{
    static const struct {
        const char *service, *operation, *header[2], *body, *message;
    } rows[] = {
        {"lambda",
         "GetFunction",
         {0},
         "{\"Configuration\":",
         "lambda:GetFunction: the body is not "
         "understood: json: cut off (line 1, column 18)"},
        {"lambda",
         "GetFunction",
         {0},
         "{]",
         "lambda:GetFunction: the body is not understood: "
         "json: malformed (line 1, column 2)"},
        {"lambda",
         "GetFunction",
         {0},
         "\n<!doctype html><p>Log in first",
         "lambda:GetFunction: the body is not understood: it is an HTML page"},
        {"s3",
         "ListBuckets",
         {0},
         "\n<html><body>Log in first</body></html>",
         "s3:ListBuckets: the body is not understood: it is an HTML page"},
        {"s3",
         "PutBucketTagging",
         {0},
         "<HTML><body>Log in first</body></HTML>",
         "s3:PutBucketTagging: the body is not understood: it is an HTML page"},
        {"route53",
         "GetHostedZone",
         {0},
         "<GetHosted",
         "route53:GetHostedZone: the body is not "
         "understood: xml: unclosed token (line 1, column 1)"},
        {"s3",
         "HeadObject",
         {"Content-Length", "many"},
         "",
         "s3:HeadObject: response member "
         "'ContentLength': expected an integer, got other text"},
        {"s3",
         "HeadObject",
         {"Last-Modified", "today"},
         "",
         "s3:HeadObject: response member "
         "'LastModified': expected a timestamp (seconds, or text such as 2015-01-25T08:00:00Z), "
         "got "
         "other text"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_http_response res = {.status = 200, .body = gw_view_of(rows[i].body)};
        struct gw_value output;
        struct gw_aws_error error;
        struct gw_err err = {0};
        if (rows[i].header[0]) {
            gw_headers_add(arena, &res.headers, gw_view_of(rows[i].header[0]),
                           gw_view_of(rows[i].header[1]));
        }
        assert_int_equal(gw_protocol_read_response(operation(rows[i].service, rows[i].operation),
                                                   &res, arena, &output, &error, &err),
                         GW_ANSWER_GARBAGE);
        assert_string_equal(err.message, rows[i].message);
        gw_arena_free(arena);
    }
}

static void secrets_of_a_body_come_out_secret(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_http_response res = {
        .status = 200,
        .body = GW_VIEW("{\"roleCredentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"s\"}}")};
    struct gw_value output;
    struct gw_aws_error error;
    (void)state;
    assert_int_equal(gw_protocol_read_response(operation("sso", "GetRoleCredentials"), &res, arena,
                                               &output, &error, NULL),
                     GW_ANSWER_OK);
    const struct gw_value *keys = gw_map_get(&output, GW_VIEW("roleCredentials"));
    assert_true(gw_map_get(keys, GW_VIEW("secretAccessKey"))->secret);
    gw_arena_free(arena);
}

/* ---- which operation is meant ---------------------------------------------------------------- */

static void assert_means(const char *name, const char *method, const char *url, const char *header,
                         const char *expected)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_http_request req = {.method = gw_view_of(method), .url = gw_view_of(url)};
    const struct gw_operation *op;
    struct gw_value input;
    struct gw_err err = {0};
    if (header) {
        gw_headers_add(arena, &req.headers, gw_view_of(header), GW_VIEW("x"));
    }
    bool read = gw_protocol_read_request(service(name), &req, arena, &op, &input, &err);
    assert_string_equal(read ? gw_operation_name(op).data : err.message, expected);
    gw_arena_free(arena);
}

static void the_most_specific_operation_is_meant(void **state)
{
    (void)state;
    assert_means("s3", "GET", "/", NULL, "ListBuckets");
    assert_means("s3", "GET", "/b", NULL, "ListObjects");
    assert_means("s3", "GET", "/b/", NULL, "ListObjects");
    assert_means("s3", "GET", "https://s3.amazonaws.com/b?prefix=a", NULL, "ListObjects");
    assert_means("s3", "GET", "/b?list-type=2", NULL, "ListObjectsV2");
    assert_means("s3", "GET", "/b?list-type=3", NULL, "ListObjects");
    assert_means("s3", "GET", "/b?location", NULL, "GetBucketLocation");
    assert_means("s3", "GET", "/b?lifecycle", NULL, "GetBucketLifecycleConfiguration");
    assert_means("s3", "GET", "/b/k", NULL, "GetObject");
    assert_means("s3", "GET", "/b/k/l//m/", NULL, "GetObject");
    assert_means("s3", "GET", "/b/k?tagging", NULL, "GetObjectTagging");
    assert_means("s3", "GET", "/b/k?uploadId=u", NULL, "ListParts");
    assert_means("s3", "HEAD", "/b/k", NULL, "HeadObject");
    assert_means("s3", "PUT", "/b", NULL, "CreateBucket");
    assert_means("s3", "PUT", "/b/k", NULL, "PutObject");
    assert_means("s3", "PUT", "/b/k", "x-amz-copy-source", "CopyObject");
    assert_means("s3", "PUT", "/b/k?partNumber=1&uploadId=u", NULL, "UploadPart");
    assert_means("s3", "PUT", "/b/k?partNumber=1&uploadId=u", "x-amz-copy-source",
                 "UploadPartCopy");
    assert_means("s3", "DELETE", "/b/k", NULL, "DeleteObject");
    assert_means("s3", "DELETE", "/b/k?uploadId=u", NULL, "AbortMultipartUpload");
    assert_means("s3", "POST", "/b?delete", NULL, "DeleteObjects");
    assert_means("s3", "PATCH", "/b", NULL, "s3: no operation 'PATCH /b'");
    assert_means("lambda", "GET", "/2015-03-31/functions", NULL, "ListFunctions");
    assert_means("lambda", "GET", "/2015-03-31/functions/f", NULL, "GetFunction");
    assert_means("lambda", "GET", "/2015-03-31/functions/arn%3Aaws/policy", NULL, "GetPolicy");
    assert_means("lambda", "GET", "/nowhere", NULL, "lambda: no operation 'GET /nowhere'");
    assert_means("lambda", "GET", "/2015-03-31/functions?MaxItems=%4", NULL,
                 "lambda: the path is too long, or the query not percent-encoded");
    assert_means("route53", "POST", "/2013-04-01/hostedzone/Z1/rrset/", NULL,
                 "ChangeResourceRecordSets");
}

static void the_head_of_nothing_is_an_error_without_a_body(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    const struct gw_operation *op = operation("s3", "HeadObject");
    struct gw_aws_error sent = {.code = GW_VIEW("NoSuchKey"),
                                .message = GW_VIEW("m"),
                                .request_id = GW_VIEW("id-1"),
                                .http_status = 404};
    struct gw_aws_error error = {0};
    struct gw_http_response res;
    struct gw_value output;
    (void)state;
    assert_true(gw_protocol_write_error(gw_service_protocol(service("s3")), service("s3"), op,
                                        &sent, arena, &res, NULL));
    assert_int_equal(res.body.len, 0);
    assert_int_equal(gw_protocol_read_response(op, &res, arena, &output, &error, NULL),
                     GW_ANSWER_AWS_ERROR);
    assert_string_equal(error.code.data, "404");
    assert_string_equal(error.message.data, "Not Found");
    assert_string_equal(error.request_id.data, "id-1");
    gw_arena_free(arena);
}

static void errors_of_s3_stand_alone_and_those_of_others_are_wrapped(void **state)
{
    static const char *const rows[][3] = {
        {"s3", "ListObjects",
         "<Error><Code>C</Code><Message>a &lt; b</Message><RequestId>id-1</RequestId></Error>"},
        {"route53", "GetHostedZone",
         "<ErrorResponse><Error><Type>Sender</Type><Code>C</Code><Message>a &lt; "
         "b</Message></Error>"
         "<RequestId>id-1</RequestId></ErrorResponse>"},
        {"lambda", "ListFunctions", "{\"message\":\"a < b\"}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_aws_error error = {.code = GW_VIEW("C"),
                                     .message = GW_VIEW("a < b"),
                                     .request_id = GW_VIEW("id-1"),
                                     .http_status = 400};
        struct gw_http_response res;
        assert_true(gw_protocol_write_error(gw_service_protocol(service(rows[i][0])),
                                            service(rows[i][0]), operation(rows[i][0], rows[i][1]),
                                            &error, arena, &res, NULL));
        assert_string_equal(res.body.data, rows[i][2]);
        gw_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_does_not_fit_its_place),
        cmocka_unit_test(answers_of_the_wrong_kind_are_garbage),
        cmocka_unit_test(secrets_of_a_body_come_out_secret),
        cmocka_unit_test(the_most_specific_operation_is_meant),
        cmocka_unit_test(the_head_of_nothing_is_an_error_without_a_body),
        cmocka_unit_test(errors_of_s3_stand_alone_and_those_of_others_are_wrapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
