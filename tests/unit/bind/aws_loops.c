/* host.aws: what the model knows of pages and waiters. */
#include "modules.h"

static void paginators_are_described(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"return json.encode(aws.paginator('ecs', 'list_tasks'))",
         "{\"input_tokens\":[\"nextToken\"],\"limit_is_text\":false,\"limit_key\":\"maxResults\","
         "\"non_aggregate_keys\":[],"
         "\"operation\":\"list_tasks\",\"output_tokens\":[\"nextToken\"],"
         "\"result_keys\":[\"taskArns\"]}"},
        {"local p = aws.paginator('s3', 'ListObjectVersions')\n"
         "return p.operation, p.more_results, table.concat(p.input_tokens, ' '),\n"
         "table.concat(p.output_tokens, ' '), p.result_keys[1]",
         "list_object_versions | IsTruncated | KeyMarker VersionIdMarker | NextKeyMarker "
         "NextVersionIdMarker | Versions"},
        {"return aws.paginator('route53', 'list_hosted_zones').limit_is_text", "true"},
        {"return aws.paginator('ecs', 'list_taks')",
         "nil | ecs: no operation 'list_taks', did you mean 'list_tasks'?"},
        {"return aws.paginator('ecs', 'describe_services')",
         "nil | ecs: 'describe_services' has no pages that AWS's models know of"},
    };
    RUN_IN_MODULES(cases);
}

static void waiters_are_described(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"local w = aws.waiter('ecs', 'services_stable')\n"
         "return w.operation, w.delay, w.max_attempts, #w.acceptors",
         "describe_services | 15 | 40 | 4"},
        {"return json.encode(aws.waiter('ecs', 'ServicesStable').acceptors[1])",
         "{\"argument\":\"failures[].reason\",\"expected\":\"MISSING\",\"matcher\":\"path_any\","
         "\"state\":\"failure\"}"},
        {"local a = aws.waiter('s3', 'bucket_exists').acceptors\n"
         "return a[1].matcher, a[1].expected, math.type(a[1].expected)",
         "status | 200 | integer"},
        {"return aws.waiter('nosuch', 'x')",
         "nil | aws: no service 'nosuch'; 'gwrun models list' shows those there are, "
         "'gwrun models add' adds one"},
    };
    RUN_IN_MODULES(cases);
}

/* So every expression compiles, and none minds an empty answer. */
static void every_expression_of_the_paginators_can_be_searched(void **state)
{
    (void)state;
    static const struct bench_case cases[] = {
        {"local count = 0\n"
         "local function try(expression) json.query({}, expression) count = count + 1 end\n"
         "for _, service in ipairs(aws.services()) do\n"
         "  for _, name in ipairs(aws.operations(service)) do\n"
         "    local p = aws.paginator(service, name)\n"
         "    if p then\n"
         "      for _, e in ipairs(p.output_tokens) do try(e) end\n"
         "      for _, e in ipairs(p.result_keys) do try(e) end\n"
         "      if p.more_results then try(p.more_results) end\n"
         "    end\n"
         "  end\n"
         "end\n"
         "return count > 1000",
         "true"},
    };
    RUN_IN_MODULES(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paginators_are_described),
        cmocka_unit_test(waiters_are_described),
        cmocka_unit_test(every_expression_of_the_paginators_can_be_searched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
