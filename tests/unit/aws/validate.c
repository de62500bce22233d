/* Parameters against their shapes: what passes, and the message for what does not. */
#include "aws/aws.h"
#include "codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct row {
    const char *service, *operation, *input; /* JSON */
    const char *message;                     /* NULL: passes */
};

static const struct gw_operation *operation(const char *service, const char *name)
{
    const struct gw_service *found = gw_models_find(gw_models_builtin(), gw_view_of(service));
    assert_non_null(found);
    const struct gw_operation *op = gw_service_find_operation(found, gw_view_of(name));
    assert_non_null(op);
    return op;
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_value input;
        struct gw_err err = {0};
        assert_true(gw_json_parse(gw_view_of(rows[i].input), arena, &input, NULL));
        bool valid = gw_validate(operation(rows[i].service, rows[i].operation), &input, &err);
        assert_string_equal(err.message, rows[i].message ? rows[i].message : "");
        assert_int_equal(valid, rows[i].message == NULL);
        assert_int_equal(err.code, rows[i].message ? GW_ERR_INPUT : GW_ERR_NONE);
        gw_arena_free(arena);
    }
}

static void right_parameters_pass(void **state)
{
    static const struct row rows[] = {
        {"ecs", "UpdateService", "{\"service\":\"web\",\"desiredCount\":2}", NULL},
        {"ecs", "UpdateService", "{\"service\":\"web\",\"desiredCount\":2.0}", NULL},
        {"ecs", "UpdateService", "{\"service\":\"web\",\"desiredCount\":null}", NULL},
        {"ecs", "ListClusters", "{}", NULL},
        {"ecs", "ListClusters", "null", NULL},
        {"ecs", "ListClusters", "[]", NULL},
        {"ecs", "RunTask", "{\"taskDefinition\":\"t\",\"tags\":{},\"overrides\":[]}", NULL},
        {"ecs", "RegisterTaskDefinition",
         "{\"family\":\"f\",\"containerDefinitions\":[{\"environment\":[{\"name\":\"A\","
         "\"value\":\"\"}],\"dockerLabels\":{\"any key\":\"v\"}}]}",
         NULL},
        {"cloudwatch", "GetMetricStatistics",
         "{\"Namespace\":\"n\",\"MetricName\":\"m\",\"StartTime\":1.5,"
         "\"EndTime\":\"2015-01-25T08:00:00Z\",\"Period\":60}",
         NULL},
        {"cloudwatch", "PutMetricData",
         "{\"Namespace\":\"n\",\"MetricData\":[{\"MetricName\":\"m\",\"Value\":\"NaN\"}]}", NULL},
        {"ssm", "GetParameter", "{\"Name\":\"n\",\"WithDecryption\":true}", NULL},
    };
    (void)state;
    check_rows(rows, COUNT(rows));
}

static void unknown_members_name_the_nearest(void **state)
{
    static const struct row rows[] = {
        {"ecs", "UpdateService", "{\"service\":\"web\",\"desiredCont\":2}",
         "ecs:UpdateService: parameter 'desiredCont': no such member, did you mean "
         "'desiredCount'?"},
        {"ecs", "UpdateService", "{\"Service\":\"web\"}",
         "ecs:UpdateService: parameter 'Service': no such member, did you mean 'service'?"},
        {"ecs", "UpdateService", "{\"service\":\"web\",\"qqqqqqqqqq\":2}",
         "ecs:UpdateService: parameter 'qqqqqqqqqq': no such member"},
        {"ecs", "RegisterTaskDefinition",
         "{\"family\":\"f\",\"containerDefinitions\":[{},{},{\"memmory\":1}]}",
         "ecs:RegisterTaskDefinition: parameter 'containerDefinitions[2].memmory': no such member, "
         "did you mean 'memory'?"},
        {"sts", "GetCallerIdentity", "{\"Account\":\"1\"}",
         "sts:GetCallerIdentity: parameter 'Account': no such member"},
    };
    (void)state;
    check_rows(rows, COUNT(rows));
}

static void required_members_must_be_given(void **state)
{
    static const struct row rows[] = {
        {"ecs", "UpdateService", "{}",
         "ecs:UpdateService: parameter 'service': required, but not given"},
        {"ecs", "UpdateService", "{\"service\":null}",
         "ecs:UpdateService: parameter 'service': required, but not given"},
        {"logs", "PutLogEvents",
         "{\"logGroupName\":\"g\",\"logStreamName\":\"s\",\"logEvents\":[{\"timestamp\":1}]}",
         "logs:PutLogEvents: parameter 'logEvents[0].message': required, but not given"},
    };
    (void)state;
    check_rows(rows, COUNT(rows));
}

static void types_must_be_right(void **state)
{
    static const struct row rows[] = {
        {"ecs", "UpdateService", "{\"service\":5}",
         "ecs:UpdateService: parameter 'service': expected a string, got integer"},
        {"ecs", "UpdateService", "{\"service\":\"w\",\"desiredCount\":\"2\"}",
         "ecs:UpdateService: parameter 'desiredCount': expected an integer, got string"},
        {"ecs", "UpdateService", "{\"service\":\"w\",\"desiredCount\":2.5}",
         "ecs:UpdateService: parameter 'desiredCount': expected an integer, got number"},
        {"ecs", "UpdateService", "{\"service\":\"w\",\"desiredCount\":3000000000}",
         "ecs:UpdateService: parameter 'desiredCount': does not fit into 32 bits"},
        {"ecs", "UpdateService", "{\"service\":\"w\",\"forceNewDeployment\":\"yes\"}",
         "ecs:UpdateService: parameter 'forceNewDeployment': expected a boolean, got string"},
        {"ecs", "DescribeServices", "{\"services\":\"web\"}",
         "ecs:DescribeServices: parameter 'services': expected a list, got string"},
        {"ecs", "DescribeServices", "{\"services\":[\"a\",null]}",
         "ecs:DescribeServices: parameter 'services[1]': expected a string, got null"},
        {"ecs", "UpdateService", "{\"service\":\"w\",\"deploymentConfiguration\":[1]}",
         "ecs:UpdateService: parameter 'deploymentConfiguration': expected a map, got list"},
        {"ecs", "RegisterTaskDefinition",
         "{\"family\":\"f\",\"containerDefinitions\":[{\"dockerLabels\":{\"k\":1}}]}",
         "ecs:RegisterTaskDefinition: parameter 'containerDefinitions[0].dockerLabels.k': expected "
         "a string, got integer"},
        {"cloudwatch", "PutMetricData",
         "{\"Namespace\":\"n\",\"MetricData\":[{\"MetricName\":\"m\",\"Value\":\"one\"}]}",
         "cloudwatch:PutMetricData: parameter 'MetricData[0].Value': expected a number, got "
         "string"},
        {"cloudwatch", "GetMetricStatistics",
         "{\"Namespace\":\"n\",\"MetricName\":\"m\",\"StartTime\":\"now\",\"EndTime\":0,"
         "\"Period\":60}",
         "cloudwatch:GetMetricStatistics: parameter 'StartTime': expected a timestamp (seconds, or "
         "text such as 2015-01-25T08:00:00Z), got string"},
        {"ecs", "ListClusters", "\"all\"",
         "ecs:ListClusters: expected parameters as a map, got string"},
    };
    (void)state;
    check_rows(rows, COUNT(rows));
}

static void ranges_hold(void **state)
{
    static const struct row rows[] = {
        {"logs", "GetLogEvents", "{\"logStreamName\":\"s\",\"limit\":0}",
         "logs:GetLogEvents: parameter 'limit': 0, less than the minimum of 1"},
        {"logs", "GetLogEvents", "{\"logStreamName\":\"s\",\"limit\":10001}",
         "logs:GetLogEvents: parameter 'limit': 10001, more than the maximum of 10000"},
        {"logs", "PutLogEvents",
         "{\"logGroupName\":\"g\",\"logStreamName\":\"s\",\"logEvents\":[]}",
         "logs:PutLogEvents: parameter 'logEvents': 0 elements, less than the minimum of 1"},
        {"logs", "GetLogEvents", "{\"logStreamName\":\"\"}",
         "logs:GetLogEvents: parameter 'logStreamName': 0 characters, less than the minimum of 1"},
        {"kms", "Decrypt", "{\"CiphertextBlob\":\"\"}",
         "kms:Decrypt: parameter 'CiphertextBlob': 0 bytes, less than the minimum of 1"},
        {"ecs", "TagResource",
         "{\"resourceArn\":\"a\",\"tags\":[{\"key\":\"\xc3\xa9\",\"value\":\"\"}]}", NULL},
    };
    (void)state;
    check_rows(rows, COUNT(rows));
}

static void a_union_takes_exactly_one_member(void **state)
{
    static const struct row rows[] = {
        {"logs", "PutIntegration",
         "{\"integrationName\":\"i\",\"integrationType\":\"OPENSEARCH\",\"resourceConfig\":{}}",
         "logs:PutIntegration: parameter 'resourceConfig': a union takes exactly one member, got "
         "0"},
    };
    (void)state;
    check_rows(rows, COUNT(rows));
}

static void text_must_be_utf8_and_is_never_shown(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_err err = {0};
    struct gw_value input = gw_value_map();
    (void)state;
    *gw_map_add(arena, &input, GW_VIEW("UserName")) = gw_value_text("ann");
    *gw_map_add(arena, &input, GW_VIEW("Password")) = gw_value_text("pass\xff");
    assert_false(gw_validate(operation("iam", "CreateLoginProfile"), &input, &err));
    assert_string_equal(err.message,
                        "iam:CreateLoginProfile: parameter 'Password': the text is not UTF-8");
    gw_arena_free(arena);
}

static void blobs_are_bytes(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_err err = {0};
    struct gw_value input = gw_value_map();
    (void)state;
    *gw_map_add(arena, &input, GW_VIEW("CiphertextBlob")) = gw_value_text("\xff\xfe");
    assert_true(gw_validate(operation("kms", "Decrypt"), &input, &err));
    gw_arena_free(arena);
}

static void depth_ends_at_a_limit(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_err err = {0};
    struct gw_value input = gw_value_map();
    (void)state;
    *gw_map_add(arena, &input, GW_VIEW("TableName")) = gw_value_text("t");
    struct gw_value *slot = gw_map_add(arena, &input, GW_VIEW("Item"));
    *slot = gw_value_map();
    slot = gw_map_add(arena, slot, GW_VIEW("a"));
    for (int i = 0; i < 1000; i++) {
        *slot = gw_value_map();
        slot = gw_map_add(arena, slot, GW_VIEW("L"));
        *slot = gw_value_list();
        slot = gw_list_add(arena, slot);
    }
    assert_false(gw_validate(operation("dynamodb", "PutItem"), &input, &err));
    assert_non_null(strstr(err.message, "nested deeper than 128 levels"));
    gw_arena_free(arena);
}

/* JSON with ' for ". */
static struct gw_view quoted(struct gw_arena *arena, const char *text)
{
    struct gw_view view = gw_arena_printf(arena, "%s", text);
    char *copy = gw_arena_alloc(arena, view.len + 1);
    for (size_t i = 0; i < view.len; i++) {
        copy[i] = text[i] == '\'' ? '"' : text[i];
    }
    return (struct gw_view){copy, view.len};
}

static void assert_shown(const struct gw_operation *op, const char *input, const char *shown)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value value;
    struct gw_buf out;
    gw_buf_init(&out, 4096);
    assert_true(gw_json_parse(quoted(arena, input), arena, &value, NULL));
    gw_mark_sensitive(op, &value);
    assert_true(gw_json_write(&value, NULL, &out));
    gw_buf_add_char(&out, '\0');
    assert_string_equal(out.data, quoted(arena, shown).data);
    gw_buf_clear(&out);
    gw_arena_free(arena);
}

static void what_the_model_calls_sensitive_is_secret(void **state)
{
    static const struct {
        const char *service, *operation, *input, *shown;
    } rows[] = {
        {"secretsmanager", "CreateSecret", "{'Name':'n','SecretString':'s','SecretBinary':'b'}",
         "{'Name':'n','SecretString':'[secret]','SecretBinary':'[secret]'}"},
        {"rds", "CreateDBInstance", "{'Engine':'e','MasterUserPassword':'p'}",
         "{'Engine':'e','MasterUserPassword':'[secret]'}"},
        {"ecs", "RegisterTaskDefinition",
         "{'family':'f','containerDefinitions':[{'name':'a','environment':[{'name':'K'}]}]}",
         "{'family':'f','containerDefinitions':[{'name':'a','environment':'[secret]'}]}"},
        {"ssm", "CreateAssociation", "{'Name':'n','Parameters':{'k':['v']}}",
         "{'Name':'n','Parameters':'[secret]'}"},
        {"iam", "CreateLoginProfile", "{'UserName':'u','Password':[1]}",
         "{'UserName':'u','Password':'[secret]'}"},
        {"iam", "CreateLoginProfile", "{'UserName':['u'],'Pasword':'p'}",
         "{'UserName':['u'],'Pasword':'p'}"},
        {"ecs", "UpdateService", "{'service':'web','desiredCount':2}",
         "{'service':'web','desiredCount':2}"},
        {"ecs", "UpdateService", "[1]", "[1]"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_shown(operation(rows[i].service, rows[i].operation), rows[i].input, rows[i].shown);
    }
}

/* Whoever takes a part out of a secret has a secret. */
static void what_is_inside_of_something_sensitive_is_secret_too(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value input;
    (void)state;
    assert_true(gw_json_parse(GW_VIEW("{\"Name\":\"n\",\"Parameters\":{\"k\":[\"v\"]}}"), arena,
                              &input, NULL));
    gw_mark_sensitive(operation("ssm", "CreateAssociation"), &input);
    const struct gw_value *parameters = gw_map_get(&input, GW_VIEW("Parameters"));
    const struct gw_value *list = gw_map_get(parameters, GW_VIEW("k"));
    assert_true(list->secret);
    assert_true(list->as.list.items[0].secret);
    assert_false(gw_map_get(&input, GW_VIEW("Name"))->secret);
    gw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_parameters_pass),
        cmocka_unit_test(unknown_members_name_the_nearest),
        cmocka_unit_test(required_members_must_be_given),
        cmocka_unit_test(types_must_be_right),
        cmocka_unit_test(ranges_hold),
        cmocka_unit_test(a_union_takes_exactly_one_member),
        cmocka_unit_test(text_must_be_utf8_and_is_never_shown),
        cmocka_unit_test(blobs_are_bytes),
        cmocka_unit_test(depth_ends_at_a_limit),
        cmocka_unit_test(what_the_model_calls_sensitive_is_secret),
        cmocka_unit_test(what_is_inside_of_something_sensitive_is_secret_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
