/* Endpoints: the published cases of the rules engine and of the services, then what is ours. */
#include "aws/aws.h"
#include "codec/codec.h"

#include <dirent.h>
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

#define FILE_MAX (8u << 20)

/* The file's text in the arena; the empty view where there is no such file. */
static struct gw_view read_file(const char *path, struct gw_arena *arena)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return GW_VIEW_NONE;
    }
    char *text = gw_arena_alloc(arena, FILE_MAX);
    size_t len = fread(text, 1, FILE_MAX, file);
    fclose(file);
    assert_true(len < FILE_MAX);
    return (struct gw_view){text, len};
}

static const struct gw_value *parse(const char *label, struct gw_view text, struct gw_arena *arena)
{
    struct gw_value *root = gw_arena_alloc(arena, sizeof *root);
    struct gw_err err = {0};
    if (!gw_json_parse(text, arena, root, &err)) {
        fail_msg("%s: %s", label, err.message);
    }
    return root;
}

struct one_case {
    const char *label;
    const struct gw_value *params, *endpoint, *inputs; /* endpoint NULL: an error is expected */
    struct gw_view error;
};

struct tally {
    int cases, inputs;
};

static void check_text(const char *label, const char *what, struct gw_view got,
                       struct gw_view expected)
{
    if (!gw_view_equal(got, expected)) {
        fail_msg("%s: %s: got '%.*s', expected '%.*s'", label, what, GW_VIEW_ARGS(got),
                 GW_VIEW_ARGS(expected));
    }
}

static void check_tree(const char *label, const char *what, const struct gw_value *got,
                       const struct gw_value *expected)
{
    struct gw_value empty = gw_value_map();
    struct gw_buf text;
    gw_buf_init(&text, 4096);
    if (!gw_value_equal(got, expected ? expected : &empty)) {
        gw_json_write(got, &(struct gw_json_options){0}, &text);
        fail_msg("%s: %s: got %s", label, what, text.data);
    }
    gw_buf_clear(&text);
}

/* Errors show control characters as blanks, and one case has some. */
static void check_error(const struct one_case *one, const struct gw_err *err, const char *prefix)
{
    struct gw_err said = {0};
    gw_fail(&said, GW_ERR_INPUT, "%s%.*s", prefix, GW_VIEW_ARGS(one->error));
    assert_int_equal(err->code, GW_ERR_INPUT);
    check_text(one->label, "error", gw_view_of(err->message), gw_view_of(said.message));
}

/* The rules alone: everything that they say. */
static void check_rules(const struct one_case *one, const struct gw_endpoint_rules *rules)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value none = gw_value_map();
    struct gw_endpoint_answer got;
    struct gw_err err = {0};
    bool is_found =
        gw_endpoint_evaluate(rules, one->params ? one->params : &none, arena, &got, &err);
    if (is_found != (one->endpoint != NULL)) {
        fail_msg("%s: got '%.*s%s'", one->label, GW_VIEW_ARGS(got.url), err.message);
    }
    if (is_found) {
        check_text(one->label, "url", got.url, gw_map_text(one->endpoint, GW_VIEW("url")));
        check_tree(one->label, "headers", &got.headers,
                   gw_map_get(one->endpoint, GW_VIEW("headers")));
        check_tree(one->label, "properties", &got.properties,
                   gw_map_get(one->endpoint, GW_VIEW("properties")));
    } else {
        check_error(one, &err, "");
    }
    gw_arena_free(arena);
}

/* ---- published cases, by calls --------------------------------------------------------------- */

static bool is_on(const struct gw_value *built_ins, const char *name)
{
    const struct gw_value *value = gw_map_get(built_ins, gw_view_of(name));
    return value && value->kind == GW_BOOL && value->as.boolean;
}

static struct gw_settings settings_of(const struct gw_value *built_ins)
{
    const struct gw_value *arn_region = gw_map_get(built_ins, GW_VIEW("AWS::S3::UseArnRegion"));
    struct gw_settings out = {
        .profile = GW_VIEW("default"),
        .region = gw_map_text(built_ins, GW_VIEW("AWS::Region")),
        .endpoint_url = gw_map_text(built_ins, GW_VIEW("SDK::Endpoint")),
        .use_fips = is_on(built_ins, "AWS::UseFIPS"),
        .use_dualstack = is_on(built_ins, "AWS::UseDualStack"),
        .sts_is_global = is_on(built_ins, "AWS::STS::UseGlobalEndpoint"),
    };
    struct gw_view mode = gw_map_text(built_ins, GW_VIEW("AWS::Auth::AccountIdEndpointMode"));
    out.account_id_mode = gw_view_equal(mode, GW_VIEW("disabled"))   ? GW_ACCOUNT_ID_DISABLED
                          : gw_view_equal(mode, GW_VIEW("required")) ? GW_ACCOUNT_ID_REQUIRED
                                                                     : GW_ACCOUNT_ID_PREFERRED;
    out.s3 = (struct gw_s3_settings){
        .addressing = is_on(built_ins, "AWS::S3::ForcePathStyle") ? GW_ADDRESSING_PATH
                                                                  : GW_ADDRESSING_VIRTUAL,
        .use_accelerate = is_on(built_ins, "AWS::S3::Accelerate"),
        .us_east_1_is_regional = !is_on(built_ins, "AWS::S3::UseGlobalEndpoint"),
        .use_arn_region = !arn_region              ? GW_SWITCH_UNSET
                          : arn_region->as.boolean ? GW_SWITCH_ON
                                                   : GW_SWITCH_OFF,
        .disable_multi_region = is_on(built_ins, "AWS::S3::DisableMultiRegionAccessPoints"),
    };
    return out;
}

/* Where we do as botocore does: a custom endpoint is taken as it is, while the cases have it refused
 * when FIPS or dual stack is on; and path style is not for ARNs, while the cases have them refused
 * then. */
static bool differs_by_design(const struct gw_settings *settings, const struct gw_value *params)
{
    struct gw_view bucket = gw_map_text(params, GW_VIEW("Bucket"));
    bool has_path = settings->s3.addressing == GW_ADDRESSING_PATH;
    return (settings->endpoint_url.len > 0 && (settings->use_fips || settings->use_dualstack)) ||
           (has_path && gw_view_starts_with(bucket, GW_VIEW("arn:")));
}

static const struct gw_value *scheme_of(const struct gw_value *endpoint, bool *unspoken)
{
    const struct gw_value *schemes =
        gw_map_get(gw_map_get(endpoint, GW_VIEW("properties")), GW_VIEW("authSchemes"));
    *unspoken = schemes && schemes->as.list.count > 0;
    for (size_t i = 0; schemes && i < schemes->as.list.count; i++) {
        const struct gw_value *scheme = &schemes->as.list.items[i];
        if (gw_view_equal(gw_map_text(scheme, GW_VIEW("name")), GW_VIEW("sigv4"))) {
            *unspoken = false;
            return scheme;
        }
    }
    return NULL;
}

static void check_resolved_case(const struct one_case *one, const struct gw_endpoint_query *query,
                                const struct gw_endpoint *got)
{
    bool unspoken;
    const struct gw_value *scheme = scheme_of(one->endpoint, &unspoken);
    struct gw_view name = gw_map_text(scheme, GW_VIEW("signingName"));
    struct gw_view region = gw_map_text(scheme, GW_VIEW("signingRegion"));
    const struct gw_value *keep = gw_map_get(scheme, GW_VIEW("disableDoubleEncoding"));
    const struct gw_service *service = gw_operation_service(query->op);
    check_text(one->label, "url", got->url, gw_map_text(one->endpoint, GW_VIEW("url")));
    check_text(one->label, "signing name", got->signing_name,
               name.len > 0 ? name : gw_service_signing_name(service));
    check_text(one->label, "signing region", got->signing_region,
               region.len > 0 ? region : query->settings->region);
    assert_int_equal(got->keep_path, keep && keep->as.boolean);
}

static bool check_input(const struct one_case *one, const struct gw_service *service,
                        const struct gw_value *input)
{
    struct gw_value none = gw_value_map(), context;
    const struct gw_value *given = gw_map_get(input, GW_VIEW("operationParams"));
    const struct gw_value *built_ins = gw_map_get(input, GW_VIEW("builtInParams"));
    struct gw_settings settings = settings_of(built_ins);
    if (differs_by_design(&settings, given)) {
        return false;
    }
    struct gw_arena *arena = gw_arena_new();
    struct gw_config *config = gw_config_parse(GW_VIEW(""), GW_VIEW(""), NULL);
    struct gw_endpoint_query query = {
        .config = config,
        .settings = &settings,
        .op = gw_service_find_operation(service, gw_map_text(input, GW_VIEW("operationName"))),
        .context = &context,
        .account_id = gw_map_text(built_ins, GW_VIEW("AWS::Auth::AccountId")),
    };
    struct gw_endpoint got;
    struct gw_err err = {0};
    bool unspoken = false;
    assert_non_null(query.op);
    assert_true(gw_endpoint_context(query.op, given ? given : &none, arena, &context, &err));
    bool is_found = gw_endpoint_resolve(&query, arena, &got, &err);
    scheme_of(one->endpoint, &unspoken);
    if (is_found != (one->endpoint && !unspoken)) {
        fail_msg("%s: by input: got '%.*s%s'", one->label, GW_VIEW_ARGS(got.url), err.message);
    }
    if (is_found) {
        check_resolved_case(one, &query, &got);
    } else if (unspoken) {
        assert_non_null(strstr(err.message, "which is not supported"));
    } else {
        struct gw_view name = gw_service_name(service);
        check_error(one, &err,
                    gw_arena_printf(arena, "endpoint of %.*s: ", GW_VIEW_ARGS(name)).data);
    }
    gw_config_close(config);
    gw_arena_free(arena);
    return true;
}

/* `service` is NULL for rule sets of nobody. */
static void check_file(const char *path, const struct gw_service *service, struct gw_view rule_text,
                       struct tally *tally)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_err err = {0};
    const struct gw_value *root = parse(path, read_file(path, arena), arena);
    const struct gw_value *cases = gw_map_get(root, GW_VIEW("testCases"));
    const struct gw_endpoint_rules *rules = gw_endpoint_rules_parse(rule_text, arena, &err);
    if (!rules) {
        fail_msg("%s: %s", path, err.message);
    }
    assert_true(cases->as.list.count > 0);
    for (size_t i = 0; i < cases->as.list.count; i++) {
        const struct gw_value *given = &cases->as.list.items[i];
        const struct gw_value *expected = gw_map_get(given, GW_VIEW("expect"));
        struct gw_view title = gw_map_text(given, GW_VIEW("documentation"));
        struct one_case one = {
            .label = gw_arena_printf(arena, "%s: %.*s", path, GW_VIEW_ARGS(title)).data,
            .params = gw_map_get(given, GW_VIEW("params")),
            .endpoint = gw_map_get(expected, GW_VIEW("endpoint")),
            .inputs = gw_map_get(given, GW_VIEW("operationInputs")),
            .error = gw_map_text(expected, GW_VIEW("error")),
        };
        check_rules(&one, rules);
        tally->cases++;
        for (size_t k = 0; service && one.inputs && k < one.inputs->as.list.count; k++) {
            tally->inputs += check_input(&one, service, &one.inputs->as.list.items[k]);
        }
    }
    gw_arena_free(arena);
}

/* Calls `each` for every entry of the folder; false where there is no folder. */
static bool for_each_entry(const char *folder, void (*each)(const char *name, struct tally *tally),
                           struct tally *tally)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    while (entries && (entry = readdir(entries))) {
        if (entry->d_name[0] != '.') {
            each(entry->d_name, tally);
        }
    }
    if (entries) {
        closedir(entries);
    }
    return entries != NULL;
}

static void check_engine_file(const char *name, struct tally *tally)
{
    char rules[512], cases[512];
    struct gw_arena *arena = gw_arena_new();
    snprintf(rules, sizeof rules, CASES "/engine/valid-rules/%s", name);
    snprintf(cases, sizeof cases, CASES "/engine/test-cases/%s", name);
    check_file(cases, NULL, read_file(rules, arena), tally);
    gw_arena_free(arena);
}

static void the_engine_passes_every_published_case(void **state)
{
    (void)state;
    struct tally tally = {0};
    if (!for_each_entry(CASES "/engine/test-cases", check_engine_file, &tally)) {
        print_message("endpoint: skipped, no vectors in %s\n", CASES "/engine/test-cases");
        skip();
    }
    print_message("endpoint: %d cases of the engine\n", tally.cases);
    assert_true(tally.cases >= 101);
}

static void check_service(const char *name, struct tally *tally)
{
    char path[512];
    snprintf(path, sizeof path, CASES "/%s/endpoint-tests-1.json", name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        return; /* no service's folder */
    }
    fclose(file);
    const struct gw_service *service = gw_models_find(gw_models_builtin(), gw_view_of(name));
    if (!service) {
        print_message("endpoint: skipped the cases of %s: the service is not built in\n", name);
        return;
    }
    check_file(path, service, gw_service_endpoint_rules(service), tally);
}

static void the_services_pass_every_published_case(void **state)
{
    (void)state;
    struct tally tally = {0};
    if (!for_each_entry(CASES, check_service, &tally)) {
        print_message("endpoint: skipped, no vectors in %s\n", CASES);
        skip();
    }
    print_message("endpoint: %d cases of services, %d of their inputs\n", tally.cases,
                  tally.inputs);
    assert_true(tally.cases >= 689);
    assert_true(tally.inputs >= 221);
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
        struct gw_endpoint_answer out;
        struct gw_err err = {0};
        const struct gw_endpoint_rules *rules =
            gw_endpoint_rules_parse(gw_view_of(rows[i][0]), arena, &err);
        assert_false(rules && gw_endpoint_evaluate(rules, &none, arena, &out, &err));
        if (strncmp(err.message, rows[i][1], strlen(rows[i][1])) != 0) {
            fail_msg("got '%s', expected '%s'", err.message, rows[i][1]);
        }
        gw_arena_free(arena);
    }
}

/* No published case has them yet: the answer of "{x}" where x is the expression. */
static void newer_functions_of_the_engine_are_there(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"{\"fn\":\"coalesce\",\"argv\":[{\"ref\":\"None\"},{\"ref\":\"None\"},\"c\"]}", "c"},
        {"{\"fn\":\"coalesce\",\"argv\":[\"a\",\"b\"]}", "a"},
        {"{\"fn\":\"ite\",\"argv\":[true,\"a\",\"b\"]}", "a"},
        {"{\"fn\":\"ite\",\"argv\":[false,\"a\",\"b\"]}", "b"},
        {"{\"fn\":\"getAttr\",\"argv\":[{\"fn\":\"split\",\"argv\":[\"a--b--c\",\"--\",0]},\"[2]\"]"
         "}",
         "c"},
        {"{\"fn\":\"getAttr\",\"argv\":[{\"fn\":\"split\",\"argv\":[\"a--b--c\",\"--\",2]},\"[1]\"]"
         "}",
         "b--c"},
        {"{\"fn\":\"getAttr\",\"argv\":[{\"fn\":\"split\",\"argv\":[\"a--b--c\",\"--\",1]},\"[0]\"]"
         "}",
         "a--b--c"},
        {"{\"fn\":\"getAttr\",\"argv\":[{\"fn\":\"split\",\"argv\":[\"--\",\"--\",0]},\"[1]\"]}",
         ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_value none = gw_value_map();
        struct gw_endpoint_answer out;
        struct gw_err err = {0};
        struct gw_view text = gw_arena_printf(
            arena,
            "{\"parameters\":{\"None\":{\"type\":\"string\"}},\"rules\":[{\"type\":\"endpoint\","
            "\"conditions\":[],\"endpoint\":{\"url\":%s}}]}",
            rows[i][0]);
        const struct gw_endpoint_rules *rules = gw_endpoint_rules_parse(text, arena, &err);
        if (!rules || !gw_endpoint_evaluate(rules, &none, arena, &out, &err)) {
            fail_msg("%s: %s", rows[i][0], err.message);
        }
        assert_view(out.url, rows[i][1]);
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

static struct gw_view custom_of(const struct gw_config *config, const struct gw_settings *settings,
                                const char *name)
{
    struct gw_view url;
    struct gw_err err = {0};
    if (!gw_endpoint_custom(config, settings, service(name), &url, &err)) {
        fail_msg("%s", err.message);
    }
    return url;
}

static void the_nearest_custom_endpoint_wins(void **state)
{
    (void)state;
    struct gw_config *config = config_of(all_sources);
    struct gw_settings settings = {.profile = GW_VIEW("default")};
    assert_view(custom_of(config, &settings, "iam"), "http://profile");
    assert_view(custom_of(config, &settings, "ecs"), "http://section-ecs");
    assert_view(custom_of(config, &settings, "elbv2"), "http://section-elb");
    setenv("AWS_ENDPOINT_URL", "http://all", 1);
    assert_view(custom_of(config, &settings, "ecs"), "http://all");
    setenv("AWS_ENDPOINT_URL_ECS", "http://one", 1);
    assert_view(custom_of(config, &settings, "ecs"), "http://one");
    assert_view(custom_of(config, &settings, "iam"), "http://all");
    setenv("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", "http://elb", 1);
    assert_view(custom_of(config, &settings, "elbv2"), "http://elb");
    settings.endpoint_url = GW_VIEW("http://argument");
    assert_view(custom_of(config, &settings, "ecs"), "http://argument");
    gw_config_close(config);
}

static void a_services_section_that_is_missing_is_an_error(void **state)
{
    (void)state;
    struct gw_config *config = config_of("[default]\nservices = local\nendpoint_url = http://x\n");
    struct gw_settings settings = {.profile = GW_VIEW("default")};
    struct gw_view url;
    struct gw_err err = {0};
    assert_false(gw_endpoint_custom(config, &settings, service("ecs"), &url, &err));
    assert_string_equal(err.message, "endpoint of ecs (profile 'default'): it names the services "
                                     "section 'local', which is missing in config");
    setenv("AWS_ENDPOINT_URL", "http://all", 1);
    assert_view(custom_of(config, &settings, "ecs"), "http://all");
    gw_config_close(config);
}

static void configured_endpoints_can_be_ignored(void **state)
{
    (void)state;
    struct gw_config *config = config_of(all_sources);
    struct gw_settings settings = {.profile = GW_VIEW("default")};
    setenv("AWS_ENDPOINT_URL", "http://all", 1);
    setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE", 1);
    assert_view(custom_of(config, &settings, "ecs"), "");
    settings.endpoint_url = GW_VIEW("http://argument");
    assert_view(custom_of(config, &settings, "ecs"), "http://argument");
    gw_config_close(config);

    unsetenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    config = config_of("[default]\nignore_configured_endpoint_urls = true\n");
    settings.endpoint_url = GW_VIEW_NONE;
    assert_view(custom_of(config, &settings, "ecs"), "");
    gw_config_close(config);
}

/* ---- resolving ------------------------------------------------------------------------------ */

/* Of a call that says nothing of its endpoint. */
static bool resolve(const struct gw_settings *settings, const struct gw_service *service,
                    struct gw_arena *arena, struct gw_endpoint *out, struct gw_err *err)
{
    struct gw_config *config = config_of("");
    struct gw_value none = gw_value_map();
    struct gw_endpoint_query query = {
        .config = config,
        .settings = settings,
        .op = gw_service_operation(service, 0),
        .context = &none,
    };
    bool ok = gw_endpoint_resolve(&query, arena, out, err);
    gw_config_close(config);
    return ok;
}

static void check_resolved(struct gw_settings settings, const char *name, const char *url,
                           const char *signing_region)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_endpoint out;
    struct gw_err err = {0};
    settings.profile = GW_VIEW("default");
    if (!resolve(&settings, service(name), arena, &out, &err)) {
        fail_msg("%s: %s", name, err.message);
    }
    assert_view(out.url, url);
    assert_view(out.signing_region, signing_region);
    gw_arena_free(arena);
}

static void every_service_has_its_endpoint(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"accessanalyzer", "https://access-analyzer.eu-west-1.amazonaws.com", "eu-west-1"},
        {"account", "https://account.us-east-1.amazonaws.com", "us-east-1"},
        {"acm", "https://acm.eu-west-1.amazonaws.com", "eu-west-1"},
        {"apigateway", "https://apigateway.eu-west-1.amazonaws.com", "eu-west-1"},
        {"apigatewayv2", "https://apigateway.eu-west-1.amazonaws.com", "eu-west-1"},
        {"appconfig", "https://appconfig.eu-west-1.amazonaws.com", "eu-west-1"},
        {"application-autoscaling", "https://application-autoscaling.eu-west-1.amazonaws.com",
         "eu-west-1"},
        {"athena", "https://athena.eu-west-1.amazonaws.com", "eu-west-1"},
        {"autoscaling", "https://autoscaling.eu-west-1.amazonaws.com", "eu-west-1"},
        {"backup", "https://backup.eu-west-1.amazonaws.com", "eu-west-1"},
        {"batch", "https://batch.eu-west-1.amazonaws.com", "eu-west-1"},
        {"budgets", "https://budgets.amazonaws.com", "us-east-1"},
        {"ce", "https://ce.us-east-1.amazonaws.com", "us-east-1"},
        {"cloudcontrol", "https://cloudcontrolapi.eu-west-1.amazonaws.com", "eu-west-1"},
        {"cloudformation", "https://cloudformation.eu-west-1.amazonaws.com", "eu-west-1"},
        {"cloudfront", "https://cloudfront.amazonaws.com", "us-east-1"},
        {"cloudtrail", "https://cloudtrail.eu-west-1.amazonaws.com", "eu-west-1"},
        {"cloudwatch", "https://monitoring.eu-west-1.amazonaws.com", "eu-west-1"},
        {"codebuild", "https://codebuild.eu-west-1.amazonaws.com", "eu-west-1"},
        {"codeconnections", "https://codeconnections.eu-west-1.amazonaws.com", "eu-west-1"},
        {"codedeploy", "https://codedeploy.eu-west-1.amazonaws.com", "eu-west-1"},
        {"codepipeline", "https://codepipeline.eu-west-1.amazonaws.com", "eu-west-1"},
        {"cognito-idp", "https://cognito-idp.eu-west-1.amazonaws.com", "eu-west-1"},
        {"config", "https://config.eu-west-1.amazonaws.com", "eu-west-1"},
        {"dynamodb", "https://dynamodb.eu-west-1.amazonaws.com", "eu-west-1"},
        {"dynamodbstreams", "https://streams.dynamodb.eu-west-1.amazonaws.com", "eu-west-1"},
        {"ebs", "https://ebs.eu-west-1.amazonaws.com", "eu-west-1"},
        {"ec2", "https://ec2.eu-west-1.amazonaws.com", "eu-west-1"},
        {"ec2-instance-connect", "https://ec2-instance-connect.eu-west-1.amazonaws.com",
         "eu-west-1"},
        {"ecr", "https://api.ecr.eu-west-1.amazonaws.com", "eu-west-1"},
        {"ecs", "https://ecs.eu-west-1.amazonaws.com", "eu-west-1"},
        {"efs", "https://elasticfilesystem.eu-west-1.amazonaws.com", "eu-west-1"},
        {"eks", "https://eks.eu-west-1.amazonaws.com", "eu-west-1"},
        {"elasticache", "https://elasticache.eu-west-1.amazonaws.com", "eu-west-1"},
        {"elb", "https://elasticloadbalancing.eu-west-1.amazonaws.com", "eu-west-1"},
        {"elbv2", "https://elasticloadbalancing.eu-west-1.amazonaws.com", "eu-west-1"},
        {"events", "https://events.eu-west-1.amazonaws.com", "eu-west-1"},
        {"firehose", "https://firehose.eu-west-1.amazonaws.com", "eu-west-1"},
        {"fis", "https://fis.eu-west-1.amazonaws.com", "eu-west-1"},
        {"glue", "https://glue.eu-west-1.amazonaws.com", "eu-west-1"},
        {"guardduty", "https://guardduty.eu-west-1.amazonaws.com", "eu-west-1"},
        {"health", "https://health.eu-west-1.amazonaws.com", "eu-west-1"},
        {"iam", "https://iam.amazonaws.com", "us-east-1"},
        {"identitystore", "https://identitystore.eu-west-1.amazonaws.com", "eu-west-1"},
        {"inspector2", "https://inspector2.eu-west-1.amazonaws.com", "eu-west-1"},
        {"kafka", "https://kafka.eu-west-1.amazonaws.com", "eu-west-1"},
        {"kinesis", "https://kinesis.eu-west-1.amazonaws.com", "eu-west-1"},
        {"kms", "https://kms.eu-west-1.amazonaws.com", "eu-west-1"},
        {"lambda", "https://lambda.eu-west-1.amazonaws.com", "eu-west-1"},
        {"logs", "https://logs.eu-west-1.amazonaws.com", "eu-west-1"},
        {"memorydb", "https://memory-db.eu-west-1.amazonaws.com", "eu-west-1"},
        {"mq", "https://mq.eu-west-1.amazonaws.com", "eu-west-1"},
        {"opensearch", "https://es.eu-west-1.amazonaws.com", "eu-west-1"},
        {"organizations", "https://organizations.us-east-1.amazonaws.com", "us-east-1"},
        {"pipes", "https://pipes.eu-west-1.amazonaws.com", "eu-west-1"},
        {"pricing", "https://api.pricing.eu-west-1.amazonaws.com", "eu-west-1"},
        {"ram", "https://ram.eu-west-1.amazonaws.com", "eu-west-1"},
        {"rds", "https://rds.eu-west-1.amazonaws.com", "eu-west-1"},
        {"redshift", "https://redshift.eu-west-1.amazonaws.com", "eu-west-1"},
        {"resource-groups", "https://resource-groups.eu-west-1.amazonaws.com", "eu-west-1"},
        {"resourcegroupstaggingapi", "https://tagging.eu-west-1.amazonaws.com", "eu-west-1"},
        {"route53", "https://route53.amazonaws.com", "us-east-1"},
        {"route53domains", "https://route53domains.eu-west-1.amazonaws.com", "eu-west-1"},
        {"route53resolver", "https://route53resolver.eu-west-1.amazonaws.com", "eu-west-1"},
        {"s3", "https://s3.eu-west-1.amazonaws.com", "eu-west-1"},
        {"s3control", "https://s3-control.eu-west-1.amazonaws.com", "eu-west-1"},
        {"scheduler", "https://scheduler.eu-west-1.amazonaws.com", "eu-west-1"},
        {"secretsmanager", "https://secretsmanager.eu-west-1.amazonaws.com", "eu-west-1"},
        {"securityhub", "https://securityhub.eu-west-1.amazonaws.com", "eu-west-1"},
        {"service-quotas", "https://servicequotas.eu-west-1.amazonaws.com", "eu-west-1"},
        {"servicediscovery", "https://servicediscovery.eu-west-1.amazonaws.com", "eu-west-1"},
        {"sesv2", "https://email.eu-west-1.amazonaws.com", "eu-west-1"},
        {"shield", "https://shield.us-east-1.amazonaws.com", "us-east-1"},
        {"signin", "https://eu-west-1.signin.aws.amazon.com", "eu-west-1"},
        {"sns", "https://sns.eu-west-1.amazonaws.com", "eu-west-1"},
        {"sqs", "https://sqs.eu-west-1.amazonaws.com", "eu-west-1"},
        {"ssm", "https://ssm.eu-west-1.amazonaws.com", "eu-west-1"},
        {"ssm-incidents", "https://ssm-incidents.eu-west-1.amazonaws.com", "eu-west-1"},
        {"sso", "https://portal.sso.eu-west-1.amazonaws.com", "eu-west-1"},
        {"sso-admin", "https://sso.eu-west-1.amazonaws.com", "eu-west-1"},
        {"sso-oidc", "https://oidc.eu-west-1.amazonaws.com", "eu-west-1"},
        {"stepfunctions", "https://states.eu-west-1.amazonaws.com", "eu-west-1"},
        {"sts", "https://sts.eu-west-1.amazonaws.com", "eu-west-1"},
        {"support", "https://support.us-east-1.amazonaws.com", "us-east-1"},
        {"synthetics", "https://synthetics.eu-west-1.amazonaws.com", "eu-west-1"},
        {"transfer", "https://transfer.eu-west-1.amazonaws.com", "eu-west-1"},
        {"wafv2", "https://wafv2.eu-west-1.amazonaws.com", "eu-west-1"},
        {"xray", "https://xray.eu-west-1.amazonaws.com", "eu-west-1"},
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
                   "https://ecs-fips.us-east-1.amazonaws.com", "us-east-1");
    check_resolved((struct gw_settings){.region = GW_VIEW("us-east-1"), .use_dualstack = true},
                   "ecs", "https://ecs.us-east-1.api.aws", "us-east-1");
    check_resolved((struct gw_settings){.region = GW_VIEW("cn-north-1")}, "ecs",
                   "https://ecs.cn-north-1.amazonaws.com.cn", "cn-north-1");
    check_resolved((struct gw_settings){.region = GW_VIEW("us-gov-west-1")}, "iam",
                   "https://iam.us-gov.amazonaws.com", "us-gov-west-1");
    check_resolved((struct gw_settings){.region = GW_VIEW("eu-newhere-7")}, "ecs",
                   "https://ecs.eu-newhere-7.amazonaws.com", "eu-newhere-7");
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
        char *text = gw_view_dup(name);
        check_resolved(settings, text, "http://127.0.0.1:4566", "us-east-1");
        free(text);
    }
}

static void a_global_service_needs_no_region(void **state)
{
    (void)state;
    check_resolved((struct gw_settings){0}, "iam", "https://iam.amazonaws.com", "us-east-1");
    check_resolved((struct gw_settings){0}, "route53", "https://route53.amazonaws.com",
                   "us-east-1");
    check_resolved((struct gw_settings){0}, "sts", "https://sts.amazonaws.com", "us-east-1");
    check_resolved((struct gw_settings){0}, "s3", "https://s3.amazonaws.com", "us-east-1");
}

static void what_is_missing_or_wrong_is_said(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    struct gw_settings settings = {.profile = GW_VIEW("ops")};
    struct gw_endpoint out;
    struct gw_err err = {0};
    assert_false(resolve(&settings, service("ecs"), arena, &out, &err));
    assert_string_equal(err.message, "endpoint of ecs: no region is given (by argument, AWS_REGION "
                                     "or the profile 'ops')");

    settings.region = GW_VIEW("us-east-1");
    setenv("AWS_ENDPOINT_URL_ECS", "localhost:4566", 1);
    assert_false(resolve(&settings, service("ecs"), arena, &out, &err));
    assert_string_equal(err.message,
                        "endpoint of ecs (AWS_ENDPOINT_URL_ECS): url 'localhost:4566': "
                        "expected http:// or https://");
    gw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_engine_passes_every_published_case),
        cmocka_unit_test(the_services_pass_every_published_case),
        cmocka_unit_test(broken_rules_are_named),
        cmocka_unit_test(newer_functions_of_the_engine_are_there),
        cmocka_unit_test_setup_teardown(the_nearest_custom_endpoint_wins, without_environment,
                                        without_environment),
        cmocka_unit_test_setup_teardown(a_services_section_that_is_missing_is_an_error,
                                        without_environment, without_environment),
        cmocka_unit_test_setup_teardown(configured_endpoints_can_be_ignored, without_environment,
                                        without_environment),
        cmocka_unit_test(every_service_has_its_endpoint),
        cmocka_unit_test(switches_and_partitions_change_the_host),
        cmocka_unit_test(an_older_fips_region_is_the_region_and_the_switch),
        cmocka_unit_test(a_custom_endpoint_is_taken_as_it_is),
        cmocka_unit_test(a_global_service_needs_no_region),
        cmocka_unit_test_setup_teardown(what_is_missing_or_wrong_is_said, without_environment,
                                        without_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
