/* Endpoints: the published cases of the rules engine and of the services, then what is ours. */
#include "aws/aws.h"
#include "codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CASES GW_VECTORS "/endpoints"
#define assert_view(actual, literal)                                                               \
    do {                                                                                           \
        struct gw_view got_ = (actual);                                                            \
        if (!gw_view_equal(got_, gw_view_of(literal))) {                                           \
            fail_msg("got '%.*s', expected '%s'", GW_VIEW_ARGS(got_), literal);                    \
        }                                                                                          \
    } while (0)

/* ---- published cases ------------------------------------------------------------------------ */

/* The file's text in the arena; the empty view where there is no such file. */
static struct gw_view read_file(const char *path, struct gw_arena *arena)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return GW_VIEW_NONE;
    }
    size_t capacity = 2u << 20;
    char *text = gw_arena_alloc(arena, capacity);
    size_t len = fread(text, 1, capacity, file);
    fclose(file);
    assert_true(len < capacity);
    return (struct gw_view){text, len};
}

static const struct gw_value *read_cases(const char *path, struct gw_arena *arena)
{
    struct gw_view text = read_file(path, arena);
    if (text.len == 0) {
        gw_arena_free(arena);
        print_message("endpoint: skipped, no vectors in %s\n", path);
        skip();
    }
    struct gw_value *root = gw_arena_alloc(arena, sizeof *root);
    struct gw_err err = {0};
    if (!gw_json_parse(text, arena, root, &err)) {
        fail_msg("%s: %s", path, err.message);
    }
    return gw_map_get(root, GW_VIEW("testCases"));
}

/* The signing that a case expects of us: the first scheme that we speak. */
static const struct gw_value *expected_scheme(const struct gw_value *endpoint, bool *unspoken)
{
    const struct gw_value *properties = gw_map_get(endpoint, GW_VIEW("properties"));
    const struct gw_value *schemes = gw_map_get(properties, GW_VIEW("authSchemes"));
    *unspoken = false;
    for (size_t i = 0; schemes && i < schemes->as.list.count; i++) {
        const struct gw_value *scheme = &schemes->as.list.items[i];
        if (!gw_view_equal(gw_map_text(scheme, GW_VIEW("name")), GW_VIEW("sigv4a"))) {
            *unspoken = false;
            return scheme;
        }
        *unspoken = true;
    }
    return NULL;
}

struct tally {
    int endpoints, errors, unspoken;
};

static void check_endpoint(const char *label, const struct gw_value *expected,
                           const struct gw_endpoint *got)
{
    bool unspoken;
    const struct gw_value *scheme = expected_scheme(expected, &unspoken);
    struct gw_view url = gw_map_text(expected, GW_VIEW("url"));
    struct gw_view name = gw_map_text(scheme, GW_VIEW("signingName"));
    struct gw_view region = gw_map_text(scheme, GW_VIEW("signingRegion"));
    const struct gw_value *keep = gw_map_get(scheme, GW_VIEW("disableDoubleEncoding"));
    if (!gw_view_equal(got->url, url) || !gw_view_equal(got->signing_name, name) ||
        !gw_view_equal(got->signing_region, region) ||
        got->keep_path != (keep && keep->as.boolean)) {
        fail_msg("%s: got %.*s signed '%.*s' in '%.*s', expected %.*s '%.*s' '%.*s'", label,
                 GW_VIEW_ARGS(got->url), GW_VIEW_ARGS(got->signing_name),
                 GW_VIEW_ARGS(got->signing_region), GW_VIEW_ARGS(url), GW_VIEW_ARGS(name),
                 GW_VIEW_ARGS(region));
    }
}

static void check_case(const char *label, struct gw_view rules, const struct gw_value *given,
                       const struct gw_value *expected, struct tally *tally)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value none = gw_value_map();
    struct gw_endpoint got;
    struct gw_err err = {0};
    bool is_found = gw_endpoint_evaluate(rules, given ? given : &none, arena, &got, &err);
    const struct gw_value *endpoint = gw_map_get(expected, GW_VIEW("endpoint"));
    struct gw_view error = gw_map_text(expected, GW_VIEW("error"));
    bool unspoken = false;
    if (endpoint) {
        expected_scheme(endpoint, &unspoken);
    }
    if (unspoken) {
        assert_false(is_found);
        assert_string_equal(err.message,
                            "endpoint rules: the endpoint wants to be signed by 'sigv4a'");
        tally->unspoken++;
    } else if (endpoint) {
        if (!is_found) {
            fail_msg("%s: %s", label, err.message);
        }
        check_endpoint(label, endpoint, &got);
        tally->endpoints++;
    } else {
        assert_false(is_found);
        assert_int_equal(err.code, GW_ERR_INPUT);
        struct gw_err said = {
            0}; /* an error shows control characters as blanks: one case has one */
        gw_fail(&said, GW_ERR_INPUT, "%.*s", GW_VIEW_ARGS(error));
        assert_string_equal(err.message, said.message);
        tally->errors++;
    }
    gw_arena_free(arena);
}

static void check_file(const char *path, struct gw_view rules, struct gw_arena *arena,
                       struct tally *tally)
{
    const struct gw_value *cases = read_cases(path, arena);
    for (size_t i = 0; i < cases->as.list.count; i++) {
        const struct gw_value *one = &cases->as.list.items[i];
        struct gw_view label = gw_arena_printf(
            arena, "%s: %.*s", path, GW_VIEW_ARGS(gw_map_text(one, GW_VIEW("documentation"))));
        check_case(label.data, rules, gw_map_get(one, GW_VIEW("params")),
                   gw_map_get(one, GW_VIEW("expect")), tally);
    }
}

static void the_engine_passes_every_published_case(void **state)
{
    (void)state;
    static const char *const names[] = {
        "account-id",      "array-index",  "aws-region",
        "default-values",  "eventbridge",  "fns",
        "headers",         "parse-arn",    "is-virtual-hostable-s3-bucket",
        "parse-url",       "partition-fn", "local-region-override",
        "valid-hostlabel", "substring",    "uri-encode",
    };
    struct tally tally = {0};
    struct gw_arena *arena = gw_arena_new();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char rules[512], cases[512];
        snprintf(rules, sizeof rules, CASES "/engine/valid-rules/%s.json", names[i]);
        snprintf(cases, sizeof cases, CASES "/engine/test-cases/%s.json", names[i]);
        check_file(cases, read_file(rules, arena), arena, &tally);
    }
    gw_arena_free(arena);
    assert_int_equal(tally.endpoints, 42);
    assert_int_equal(tally.errors, 58);
    assert_int_equal(tally.unspoken, 1);
}

static void the_services_pass_every_published_case(void **state)
{
    (void)state;
    static const char *const names[] = {"ec2", "ecs", "elbv2", "iam", "logs", "s3", "sts"};
    struct tally tally = {0};
    struct gw_arena *arena = gw_arena_new();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct gw_service *service =
            gw_models_find(gw_models_builtin(), gw_view_of(names[i]));
        char cases[512];
        snprintf(cases, sizeof cases, CASES "/%s/endpoint-tests-1.json", names[i]);
        check_file(cases, gw_service_endpoint_rules(service), arena, &tally);
    }
    gw_arena_free(arena);
    assert_int_equal(tally.endpoints, 544);
    assert_int_equal(tally.errors, 144);
    assert_int_equal(tally.unspoken, 1);
}

/* ---- the rules' own failures ---------------------------------------------------------------- */

static void broken_rules_are_named(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"{\"rules\":[]}", "No endpoint found"},
        {"{}", "No endpoint found"},
        {"[1", "endpoint rules: "},
        {"{\"rules\":1}", "endpoint rules: expected a list of 'rules'"},
        {"{\"rules\":[{\"type\":\"grove\"}]}", "endpoint rules: no such rule: 'grove'"},
        {"{\"rules\":[{\"type\":\"error\",\"conditions\":[{\"fn\":\"frob\",\"argv\":[]}]}]}",
         "endpoint rules: no such function: 'frob'"},
        {"{\"rules\":[{\"type\":\"error\",\"conditions\":[{\"fn\":\"isSet\",\"argv\":[]}]}]}",
         "endpoint rules: wrong number of arguments for 'isSet'"},
        {"{\"rules\":[{\"type\":\"error\",\"error\":\"{Gone}\"}]}",
         "endpoint rules: a text is made of what is no text: 'Gone'"},
        {"{\"rules\":[{\"type\":\"error\",\"error\":\"{Gone\"}]}",
         "endpoint rules: a brace is not closed in '{Gone'"},
        {"{\"rules\":[{\"type\":\"error\",\"error\":\"a {{b}} c\"}]}", "a {b} c"},
        {"{\"rules\":[{\"type\":\"endpoint\",\"endpoint\":{}}]}",
         "endpoint rules: an endpoint has no 'url'"},
        {"{\"parameters\":{\"Region\":{\"type\":\"string\",\"required\":true}},\"rules\":[]}",
         "endpoint rules: nothing is given for the required parameter 'Region'"},
        {"{\"parameters\":{\"On\":{\"type\":\"boolean\",\"default\":\"x\"}},\"rules\":[]}",
         "endpoint rules: wrong type of the parameter 'On'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_value none = gw_value_map();
        struct gw_endpoint out;
        struct gw_err err = {0};
        assert_false(gw_endpoint_evaluate(gw_view_of(rows[i][0]), &none, arena, &out, &err));
        if (strncmp(err.message, rows[i][1], strlen(rows[i][1])) != 0) {
            fail_msg("got '%s', expected '%s'", err.message, rows[i][1]);
        }
        gw_arena_free(arena);
    }
}

/* ---- custom endpoints ----------------------------------------------------------------------- */

static const char *const variables[] = {
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_ECS",
    "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
};

static int without_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        unsetenv(variables[i]);
    }
    return 0;
}

static struct gw_config *config_of(const char *text)
{
    struct gw_err err = {0};
    struct gw_config *config = gw_config_parse(gw_view_of(text), GW_VIEW(""), &err);
    assert_non_null(config);
    return config;
}

static const struct gw_service *service(const char *name)
{
    return gw_models_find(gw_models_builtin(), gw_view_of(name));
}

static const char all_sources[] = "[default]\n"
                                  "endpoint_url = http://profile\n"
                                  "services = local\n"
                                  "[services local]\n"
                                  "ecs =\n"
                                  "  endpoint_url = http://section-ecs\n"
                                  "elastic_load_balancing_v2 =\n"
                                  "  endpoint_url = http://section-elb\n";

static void the_nearest_custom_endpoint_wins(void **state)
{
    (void)state;
    struct gw_config *config = config_of(all_sources);
    struct gw_settings settings = {.profile = GW_VIEW("default")};
    assert_view(gw_endpoint_custom(config, &settings, service("iam")), "http://profile");
    assert_view(gw_endpoint_custom(config, &settings, service("ecs")), "http://section-ecs");
    assert_view(gw_endpoint_custom(config, &settings, service("elbv2")), "http://section-elb");
    setenv("AWS_ENDPOINT_URL", "http://all", 1);
    assert_view(gw_endpoint_custom(config, &settings, service("ecs")), "http://all");
    setenv("AWS_ENDPOINT_URL_ECS", "http://one", 1);
    assert_view(gw_endpoint_custom(config, &settings, service("ecs")), "http://one");
    assert_view(gw_endpoint_custom(config, &settings, service("iam")), "http://all");
    setenv("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", "http://elb", 1);
    assert_view(gw_endpoint_custom(config, &settings, service("elbv2")), "http://elb");
    settings.endpoint_url = GW_VIEW("http://argument");
    assert_view(gw_endpoint_custom(config, &settings, service("ecs")), "http://argument");
    gw_config_close(config);
}

static void configured_endpoints_can_be_ignored(void **state)
{
    (void)state;
    struct gw_config *config = config_of(all_sources);
    struct gw_settings settings = {.profile = GW_VIEW("default")};
    setenv("AWS_ENDPOINT_URL", "http://all", 1);
    setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE", 1);
    assert_view(gw_endpoint_custom(config, &settings, service("ecs")), "");
    settings.endpoint_url = GW_VIEW("http://argument");
    assert_view(gw_endpoint_custom(config, &settings, service("ecs")), "http://argument");
    gw_config_close(config);

    unsetenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    config = config_of("[default]\nignore_configured_endpoint_urls = true\n");
    settings.endpoint_url = GW_VIEW_NONE;
    assert_view(gw_endpoint_custom(config, &settings, service("ecs")), "");
    gw_config_close(config);
}

/* ---- resolving ------------------------------------------------------------------------------ */

static void check_resolved(struct gw_settings settings, const char *name, const char *url,
                           const char *signing_region)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_config *config = config_of("");
    struct gw_endpoint out;
    struct gw_err err = {0};
    settings.profile = GW_VIEW("default");
    if (!gw_endpoint_resolve(config, &settings, service(name), arena, &out, &err)) {
        fail_msg("%s: %s", name, err.message);
    }
    assert_view(out.url, url);
    assert_view(out.signing_region, signing_region);
    gw_config_close(config);
    gw_arena_free(arena);
}

static void every_service_has_its_endpoint(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"acm", "https://acm.eu-west-1.amazonaws.com", ""},
        {"application-autoscaling", "https://application-autoscaling.eu-west-1.amazonaws.com", ""},
        {"autoscaling", "https://autoscaling.eu-west-1.amazonaws.com", ""},
        {"ce", "https://ce.us-east-1.amazonaws.com", "us-east-1"},
        {"cloudformation", "https://cloudformation.eu-west-1.amazonaws.com", ""},
        {"cloudtrail", "https://cloudtrail.eu-west-1.amazonaws.com", ""},
        {"cloudwatch", "https://monitoring.eu-west-1.amazonaws.com", ""},
        {"codedeploy", "https://codedeploy.eu-west-1.amazonaws.com", ""},
        {"dynamodb", "https://dynamodb.eu-west-1.amazonaws.com", ""},
        {"ec2", "https://ec2.eu-west-1.amazonaws.com", ""},
        {"ecr", "https://api.ecr.eu-west-1.amazonaws.com", ""},
        {"ecs", "https://ecs.eu-west-1.amazonaws.com", ""},
        {"elbv2", "https://elasticloadbalancing.eu-west-1.amazonaws.com", ""},
        {"events", "https://events.eu-west-1.amazonaws.com", ""},
        {"health", "https://health.eu-west-1.amazonaws.com", ""},
        {"iam", "https://iam.amazonaws.com", "us-east-1"},
        {"kms", "https://kms.eu-west-1.amazonaws.com", ""},
        {"lambda", "https://lambda.eu-west-1.amazonaws.com", ""},
        {"logs", "https://logs.eu-west-1.amazonaws.com", ""},
        {"rds", "https://rds.eu-west-1.amazonaws.com", ""},
        {"resourcegroupstaggingapi", "https://tagging.eu-west-1.amazonaws.com", ""},
        {"route53", "https://route53.amazonaws.com", "us-east-1"},
        {"s3", "https://s3.eu-west-1.amazonaws.com", "eu-west-1"},
        {"scheduler", "https://scheduler.eu-west-1.amazonaws.com", ""},
        {"secretsmanager", "https://secretsmanager.eu-west-1.amazonaws.com", ""},
        {"servicediscovery", "https://servicediscovery.eu-west-1.amazonaws.com", ""},
        {"signin", "https://eu-west-1.signin.aws.amazon.com", ""},
        {"sns", "https://sns.eu-west-1.amazonaws.com", ""},
        {"sqs", "https://sqs.eu-west-1.amazonaws.com", ""},
        {"ssm", "https://ssm.eu-west-1.amazonaws.com", ""},
        {"sso", "https://portal.sso.eu-west-1.amazonaws.com", ""},
        {"sso-oidc", "https://oidc.eu-west-1.amazonaws.com", ""},
        {"stepfunctions", "https://states.eu-west-1.amazonaws.com", ""},
        {"sts", "https://sts.eu-west-1.amazonaws.com", ""},
        {"support", "https://support.us-east-1.amazonaws.com", "us-east-1"},
    };
    assert_int_equal(sizeof rows / sizeof rows[0], gw_models_count(gw_models_builtin()));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_resolved((struct gw_settings){.region = GW_VIEW("eu-west-1")}, rows[i][0], rows[i][1],
                       rows[i][2]);
    }
}

static void switches_and_partitions_change_the_host(void **state)
{
    (void)state;
    check_resolved((struct gw_settings){.region = GW_VIEW("us-east-1"), .use_fips = true}, "ecs",
                   "https://ecs-fips.us-east-1.amazonaws.com", "");
    check_resolved((struct gw_settings){.region = GW_VIEW("us-east-1"), .use_dualstack = true},
                   "ecs", "https://ecs.us-east-1.api.aws", "");
    check_resolved((struct gw_settings){.region = GW_VIEW("cn-north-1")}, "ecs",
                   "https://ecs.cn-north-1.amazonaws.com.cn", "");
    check_resolved((struct gw_settings){.region = GW_VIEW("us-gov-west-1")}, "iam",
                   "https://iam.us-gov.amazonaws.com", "us-gov-west-1");
    check_resolved((struct gw_settings){.region = GW_VIEW("eu-newhere-7")}, "ecs",
                   "https://ecs.eu-newhere-7.amazonaws.com", "");
}

static void an_older_fips_region_is_the_region_and_the_switch(void **state)
{
    (void)state;
    check_resolved((struct gw_settings){.region = GW_VIEW("fips-us-east-1")}, "ecs",
                   "https://ecs-fips.us-east-1.amazonaws.com", "us-east-1");
    check_resolved((struct gw_settings){.region = GW_VIEW("us-west-2-fips")}, "ecs",
                   "https://ecs-fips.us-west-2.amazonaws.com", "us-west-2");
}

static void a_custom_endpoint_is_taken_as_it_is(void **state)
{
    (void)state;
    struct gw_settings settings = {.region = GW_VIEW("us-east-1"),
                                   .endpoint_url = GW_VIEW("http://127.0.0.1:4566"),
                                   .use_fips = true,
                                   .use_dualstack = true};
    const struct gw_models *models = gw_models_builtin();
    for (size_t i = 0; i < gw_models_count(models); i++) {
        struct gw_view name = gw_service_name(gw_models_service(models, i));
        bool is_s3 = gw_view_equal(name, GW_VIEW("s3"));
        char *text = gw_view_dup(name);
        check_resolved(settings, text, "http://127.0.0.1:4566", is_s3 ? "us-east-1" : "");
        free(text);
    }
}

static void what_is_missing_or_wrong_is_said(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    struct gw_config *config = config_of("");
    struct gw_settings settings = {.profile = GW_VIEW("ops")};
    struct gw_endpoint out;
    struct gw_err err = {0};
    assert_false(gw_endpoint_resolve(config, &settings, service("ecs"), arena, &out, &err));
    assert_string_equal(err.message, "endpoint of ecs: no region is given (by argument, AWS_REGION "
                                     "or the profile 'ops')");

    settings.region = GW_VIEW("us-east-1");
    setenv("AWS_ENDPOINT_URL_ECS", "localhost:4566", 1);
    assert_false(gw_endpoint_resolve(config, &settings, service("ecs"), arena, &out, &err));
    assert_string_equal(err.message,
                        "endpoint of ecs (AWS_ENDPOINT_URL_ECS): url 'localhost:4566': "
                        "expected http:// or https://");
    gw_config_close(config);
    gw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_engine_passes_every_published_case),
        cmocka_unit_test(the_services_pass_every_published_case),
        cmocka_unit_test(broken_rules_are_named),
        cmocka_unit_test_setup_teardown(the_nearest_custom_endpoint_wins, without_environment,
                                        without_environment),
        cmocka_unit_test_setup_teardown(configured_endpoints_can_be_ignored, without_environment,
                                        without_environment),
        cmocka_unit_test(every_service_has_its_endpoint),
        cmocka_unit_test(switches_and_partitions_change_the_host),
        cmocka_unit_test(an_older_fips_region_is_the_region_and_the_switch),
        cmocka_unit_test(a_custom_endpoint_is_taken_as_it_is),
        cmocka_unit_test_setup_teardown(what_is_missing_or_wrong_is_said, without_environment,
                                        without_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
