/* What AWS's models do not say of single services, seen from a call's outside: what is sent, and
 * what comes back. */
#include "unit/aws/player.h"

/* ---- S3: answers ----------------------------------------------------------------------------- */

#define COPY "{\"Bucket\":\"b\",\"Key\":\"k\",\"CopySource\":\"from/key\"}"

static void an_error_behind_a_200_is_tried_again(void **state)
{
    struct fixture *f = *state;
    PLAY(f,
         {.status = 200,
          .body = "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code><Message>m</Message>"
                  "<RequestId>r</RequestId></Error>"},
         {.status = 200, .body = "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>"});
    struct outcome outcome = call(f, find("s3", "copy_object"), COPY);
    assert_int_equal(outcome.attempts, 2);
    assert_view(outcome.output, "{\"CopyObjectResult\":{\"ETag\":\"e\"}}");
}

static void such_an_error_says_what_it_is(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "<Error><Code>SlowDown</Code><Message>m</Message></Error>"});
    struct outcome outcome = call(f, find("s3", "copy_object"), COPY);
    assert_int_equal(outcome.attempts, 3);
    assert_view(outcome.code, "SlowDown");
    assert_int_equal(outcome.error.http_status, 500);
}

static void an_answer_that_is_cut_off_is_tried_again(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "<CopyObjectResult><ETa"},
         {.status = 200, .body = "<CopyObjectResult/>"});
    assert_int_equal(call(f, find("s3", "copy_object"), COPY).attempts, 2);
}

static void the_body_of_an_object_may_look_like_an_error(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "<Error><Code>SlowDown</Code></Error>"});
    struct outcome outcome = call(f, find("s3", "get_object"), "{\"Bucket\":\"b\",\"Key\":\"k\"}");
    assert_int_equal(outcome.attempts, 1);
    assert_view(outcome.output,
                "{\"Body\":\"<Error><Code>SlowDown</Code></Error>\",\"Metadata\":{}}");
}

static void the_region_of_a_bucket_is_the_text_of_the_root(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "<LocationConstraint>eu-west-1</LocationConstraint>"},
         {.status = 200, .body = "<LocationConstraint/>"});
    const struct gw_operation *op = find("s3", "get_bucket_location");
    assert_view(call(f, op, "{\"Bucket\":\"b\"}").output, "{\"LocationConstraint\":\"eu-west-1\"}");
    assert_view(call(f, op, "{\"Bucket\":\"b\"}").output, "{}");
}

static void an_expiry_that_is_no_time_is_text(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "", .headers = {{"Expires", "never"}}},
         {.status = 200, .body = "", .headers = {{"Expires", "Thu, 01 Jan 1970 00:00:07 GMT"}}});
    const struct gw_operation *op = find("s3", "head_object");
    assert_view(call(f, op, "{\"Bucket\":\"b\",\"Key\":\"k\"}").output,
                "{\"Metadata\":{},\"ExpiresString\":\"never\"}");
    assert_view(
        call(f, op, "{\"Bucket\":\"b\",\"Key\":\"k\"}").output,
        "{\"Expires\":7,\"Metadata\":{},\"ExpiresString\":\"Thu, 01 Jan 1970 00:00:07 GMT\"}");
}

/* ---- S3: parameters -------------------------------------------------------------------------- */

static bool asks_for(const struct sent *sent, const char *part)
{
    return gw_view_find(sent->url, gw_view_of(part)) != GW_NPOS;
}

static void keys_travel_encoded_unless_somebody_asks_for_that(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200,
             .body = "<R><EncodingType>url</EncodingType><Delimiter>%2F</Delimiter>"
                     "<Contents><Key>a%01b+c</Key></Contents>"
                     "<CommonPrefixes><Prefix>p%2F</Prefix></CommonPrefixes></R>"});
    const struct gw_operation *op = find("s3", "list_objects_v2");
    struct outcome outcome = call(f, op, "{\"Bucket\":\"b\"}");
    assert_true(asks_for(&f->player.sent[0], "encoding-type=url"));
    assert_view(
        outcome.output,
        "{\"Contents\":[{\"Key\":\"a\\u0001b c\"}],\"Delimiter\":\"/\",\"CommonPrefixes\":[{"
        "\"Prefix\":\"p/\"}],\"EncodingType\":\"url\"}");
    outcome = call(f, op, "{\"Bucket\":\"b\",\"EncodingType\":\"url\"}");
    assert_non_null(strstr(outcome.output.data, "a%01b+c"));
}

static void a_copy_source_is_encoded(void **state)
{
    static const char *const rows[][2] = {
        {"\"b/a key+\\u00e9\"", "b/a%20key%2B%C3%A9"},
        {"\"b/k?versionId=v/1\"", "b/k?versionId=v/1"},
        {"\"b/k?versionId=a b\"", "b/k%3FversionId%3Da%20b"},
        {"{\"Bucket\":\"b\",\"Key\":\"a?b\",\"VersionId\":\"v\"}", "b/a%3Fb?versionId=v"},
        {"{\"Bucket\":\"arn:aws:s3:::x\",\"Key\":\"k\"}", "arn%3Aaws%3As3%3A%3A%3Ax/object/k"},
    };
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = ""});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_view input = gw_arena_printf(
            f->arena, "{\"Bucket\":\"b\",\"Key\":\"k\",\"CopySource\":%s}", rows[i][0]);
        call(f, find("s3", "copy_object"), input.data);
        assert_header(&f->player.sent[i], "x-amz-copy-source", rows[i][1]);
    }
}

static void a_customers_key_goes_as_base64_with_its_md5(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = ""});
    const struct gw_operation *op = find("s3", "head_object");
    call(f, op,
         "{\"Bucket\":\"b\",\"Key\":\"k\",\"SSECustomerKey\":\"secret-key\","
         "\"SSECustomerAlgorithm\":\"AES256\"}");
    const char *key = "x-amz-server-side-encryption-customer-key";
    const char *md5 = "x-amz-server-side-encryption-customer-key-MD5";
    assert_header(&f->player.sent[0], key, "c2VjcmV0LWtleQ==");
    assert_header(&f->player.sent[0], md5, "M7mz3pSkLRn0ffcCGVTqqA==");
    call(f, op,
         "{\"Bucket\":\"b\",\"Key\":\"k\",\"SSECustomerKey\":\"x\",\"SSECustomerKeyMD5\":\"y\"}");
    assert_header(&f->player.sent[1], key, "x");
    assert_header(&f->player.sent[1], md5, "y");
}

static void refuse(struct fixture *f, const char *service, const char *name, const char *input,
                   const char *message)
{
    struct gw_value value;
    struct gw_err err = {0};
    assert_true(gw_json_parse(gw_view_of(input), f->arena, &value, NULL));
    struct gw_call_request request = {
        .op = find(service, name), .input = &value, .done = on_done, .ctx = NULL};
    assert_null(gw_call_start(f->client, &request, &err));
    assert_string_equal(err.message, message);
}

static void metadata_beyond_ascii_is_refused(void **state)
{
    refuse(
        *state, "s3", "put_object",
        "{\"Bucket\":\"b\",\"Key\":\"k\",\"Metadata\":{\"a\":\"\\u00e9\"}}",
        "s3:PutObject: parameter 'Metadata': S3 takes ASCII only, in keys and values: encode the "
        "rest, as base64 for example");
}

static void the_region_of_a_source_becomes_part_of_a_host_name(void **state)
{
    refuse(*state, "rds", "copy_db_snapshot",
           "{\"SourceDBSnapshotIdentifier\":\"s\",\"TargetDBSnapshotIdentifier\":\"t\","
           "\"SourceRegion\":\"x/y\"}",
           "rds:CopyDBSnapshot: parameter 'SourceRegion': expected a region, as 'eu-west-1'");
}

static void two_names_of_one_parameter_exclude_each_other(void **state)
{
    refuse(*state, "logs", "create_export_task",
           "{\"logGroupName\":\"g\",\"from\":1,\"fromTime\":1,\"to\":2,\"destination\":\"d\"}",
           "logs:CreateExportTask: parameters 'fromTime' and 'from' are the same one: give one");
}

static void a_copy_is_signed_anew_for_each_attempt(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 500, .body = ""}, {.status = 200, .body = "<CopyDBSnapshotResponse/>"});
    call(f, find("rds", "copy_db_snapshot"),
         "{\"SourceDBSnapshotIdentifier\":\"s\",\"TargetDBSnapshotIdentifier\":\"t\","
         "\"SourceRegion\":\"us-east-1\"}");
    assert_int_equal(f->player.sent_count, 2);
    for (size_t i = 0; i < 2; i++) {
        struct gw_view body = f->player.sent[i].body;
        size_t at = gw_view_find(body, GW_VIEW("&PreSignedUrl=https%3A%2F%2Frds.us-east-1."));
        assert_int_not_equal(at, GW_NPOS);
        assert_int_equal(gw_view_find(gw_view_sub(body, at + 1, GW_NPOS), GW_VIEW("&PreSigned")),
                         GW_NPOS);
    }
}

/* ---- other services -------------------------------------------------------------------------- */

static void user_data_goes_as_base64(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "<RunInstancesResponse/>"});
    call(f, find("ec2", "run_instances"),
         "{\"MinCount\":1,\"MaxCount\":1,\"UserData\":\"#!/bin/sh\"}");
    assert_true(gw_view_find(f->player.sent[0].body, GW_VIEW("&UserData=IyEvYmluL3No")) != GW_NPOS);
}

static void ids_of_route_53_may_be_paths(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200, .body = "<GetHostedZoneResponse/>"});
    call(f, find("route53", "get_hosted_zone"), "{\"Id\":\"/hostedzone/Z1\"}");
    assert_true(gw_view_ends_with(f->player.sent[0].url, GW_VIEW("/2013-04-01/hostedzone/Z1")));
}

static void policies_and_templates_come_as_tables(void **state)
{
    struct fixture *f = *state;
    PLAY(f,
         {.status = 200,
          .body = "<GetRoleResponse><GetRoleResult><Role><RoleName>r</RoleName>"
                  "<AssumeRolePolicyDocument>%7B%22Version%22%3A%221%2B1%22%7D"
                  "</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>"},
         {.status = 200,
          .body = "<GetTemplateResponse><GetTemplateResult><TemplateBody>{\"a\":[1]}</TemplateBody>"
                  "</GetTemplateResult></GetTemplateResponse>"},
         {.status = 200,
          .body = "<GetTemplateResponse><GetTemplateResult><TemplateBody>a: 1</TemplateBody>"
                  "</GetTemplateResult></GetTemplateResponse>"});
    assert_view(
        call(f, find("iam", "get_role"), "{\"RoleName\":\"r\"}").output,
        "{\"Role\":{\"RoleName\":\"r\",\"AssumeRolePolicyDocument\":{\"Version\":\"1+1\"}}}");
    const struct gw_operation *op = find("cloudformation", "get_template");
    assert_view(call(f, op, "{\"StackName\":\"s\"}").output, "{\"TemplateBody\":{\"a\":[1]}}");
    assert_view(call(f, op, "{\"StackName\":\"s\"}").output, "{\"TemplateBody\":\"a: 1\"}");
}

static void the_console_of_an_instance_comes_as_text(void **state)
{
    struct fixture *f = *state;
    PLAY(f, {.status = 200,
             .body =
                 "<GetConsoleOutputResponse><output>Ym9vdGVk</output></GetConsoleOutputResponse>"});
    assert_view(call(f, find("ec2", "get_console_output"), "{\"InstanceId\":\"i-1\"}").output,
                "{\"Output\":\"booted\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_error_behind_a_200_is_tried_again),
        TEST(such_an_error_says_what_it_is),
        TEST(an_answer_that_is_cut_off_is_tried_again),
        TEST(the_body_of_an_object_may_look_like_an_error),
        TEST(the_region_of_a_bucket_is_the_text_of_the_root),
        TEST(an_expiry_that_is_no_time_is_text),
        TEST(keys_travel_encoded_unless_somebody_asks_for_that),
        TEST(a_copy_source_is_encoded),
        TEST(a_customers_key_goes_as_base64_with_its_md5),
        TEST(metadata_beyond_ascii_is_refused),
        TEST(the_region_of_a_source_becomes_part_of_a_host_name),
        TEST(two_names_of_one_parameter_exclude_each_other),
        TEST(a_copy_is_signed_anew_for_each_attempt),
        TEST(user_data_goes_as_base64),
        TEST(ids_of_route_53_may_be_paths),
        TEST(policies_and_templates_come_as_tables),
        TEST(the_console_of_an_instance_comes_as_text),
    };
    forget_the_account();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
