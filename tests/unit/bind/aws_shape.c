/* host.aws: the model's shapes, and parameters shown as a document. */
#include "modules.h"

static void shapes_tell_their_members(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"local s = aws.shape('ecs', 'update_service', 'input')\n"
         "return s.type, s.name, s.members[1].name, s.members[2].name, s.members[2].required",
         "structure | UpdateServiceRequest | cluster | service | true"},
        {"local s = aws.shape('ecs', 'describe_services', 'input')\n"
         "local m = s.members[2] return m.name, m.shape.type, m.shape.element.type, m.shape.key",
         "services | list | string | nil"},
        {"local s = aws.shape('sqs', 'create_queue', 'input')\n"
         "local m = s.members[2] return m.name, m.shape.type, m.shape.key.type, m.shape.value.type",
         "Attributes | map | string | string"},
        {"local e = aws.shape('ecs', 'update_service', 'input').members\n"
         "for _, m in ipairs(e) do if m.name == 'availabilityZoneRebalancing' then "
         "return table.concat(m.shape.enum, ' ') end end",
         "ENABLED DISABLED"},
        {"local m = aws.shape('s3', 'put_object', 'input').members\n"
         "for _, m in ipairs(m) do if m.name == 'Body' then return m.streaming, m.payload end end",
         "true | true"},
        {"local m = aws.shape('secretsmanager', 'get_secret_value', 'output').members\n"
         "for _, m in ipairs(m) do if m.name == 'SecretString' then return m.sensitive end end",
         "true"},
        {"return aws.shape('ecs', 'list_tasks', 'input').typ",
         "error: book.lua:1: shape: no field 'typ'"},
        {"return aws.shape('ecs', 'list_taks', 'input')",
         "nil | ecs: no operation 'list_taks', did you mean 'list_tasks'?"},
        {"return table.concat(aws.waiters('servicediscovery'), ' ') == '', "
         "table.concat(aws.waiters('elbv2'), ' ')",
         "true | LoadBalancerAvailable LoadBalancerExists LoadBalancersDeleted TargetDeregistered "
         "TargetInService"},
    };
    RUN_IN_MODULES(cases);
}

static void a_shape_may_contain_itself(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"local v = aws.shape('dynamodb', 'put_item', 'input').members[2].shape.value\n"
         "for _ = 1, 50 do for _, m in ipairs(v.members) do if m.name == 'M' then v = "
         "m.shape.value "
         "end end end return v.name",
         "AttributeValue"},
    };
    RUN_IN_MODULES(cases);
}

static void parameters_are_checked_and_shown_in_the_models_order(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"return json.encode(aws.check('ecs', 'update_service', {service = 's', desiredCount = 2, "
         "cluster = 'c', forceNewDeployment = false}))",
         "{\"cluster\":\"c\",\"service\":\"s\",\"desiredCount\":2,\"forceNewDeployment\":false}"},
        {"return json.encode(aws.check('secretsmanager', 'put_secret_value', {SecretId = 's', "
         "SecretString = 'hunter2'}))",
         "{\"SecretId\":\"s\",\"SecretString\":\"[secret]\"}"},
        {"return json.encode(aws.check('kms', 'verify', {KeyId = 'k', Message = 'm', "
         "Signature = '\\0\\1', SigningAlgorithm = 'ECDSA_SHA_256'}).Signature)",
         "\"AAE=\""},
        {"return json.encode(aws.check('cloudwatch', 'get_metric_data', {MetricDataQueries = "
         "json.array{}, "
         "StartTime = 1762917120.25, EndTime = '2025-11-12T03:12:00Z'}))",
         "{\"MetricDataQueries\":[],\"StartTime\":\"2025-11-12T03:12:00.250000+00:00\","
         "\"EndTime\":\"2025-11-12T03:12:00Z\"}"},
        {"return aws.check('ecs', 'update_service', {service = 's', desiredCont = 2})",
         "nil | ecs:UpdateService: parameter 'desiredCont': no such member, did you mean "
         "'desiredCount'?"},
    };
    RUN_IN_MODULES(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_tell_their_members),
        cmocka_unit_test(a_shape_may_contain_itself),
        cmocka_unit_test(parameters_are_checked_and_shown_in_the_models_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
