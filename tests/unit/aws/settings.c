/* Settings: argument before environment before profile, and what is refused. */
#include "aws/aws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CONFIG                                                                                     \
    "[default]\nregion = eu-west-1\n"                                                              \
    "[profile production]\nregion = ap-south-1\nca_bundle = /p.pem\nmax_attempts = 7\n"            \
    "use_fips_endpoint = TRUE\nuse_dualstack_endpoint = yes\n"                                     \
    "[profile patient]\nregion = eu-west-1\nretry_mode = Adaptive\ndefaults_mode = mobile\n"       \
    "[profile bodies]\nregion = eu-west-1\nrequest_checksum_calculation = when_required\n"         \
    "response_checksum_validation = WHEN_REQUIRED\ndisable_request_compression = true\n"           \
    "request_min_compression_size_bytes = 128\ns3 =\n  payload_signing_enabled = true\n"           \
    "[profile odd]\nregion = us-east-1.evil.example\nmax_attempts = many\n"

static const char *const variables[] = {"AWS_PROFILE",
                                        "AWS_DEFAULT_PROFILE",
                                        "AWS_REGION",
                                        "AWS_DEFAULT_REGION",
                                        "AWS_USE_FIPS_ENDPOINT",
                                        "AWS_USE_DUALSTACK_ENDPOINT",
                                        "AWS_CA_BUNDLE",
                                        "REQUESTS_CA_BUNDLE",
                                        "AWS_MAX_ATTEMPTS",
                                        "AWS_RETRY_MODE",
                                        "AWS_DEFAULTS_MODE",
                                        "AWS_STS_REGIONAL_ENDPOINTS",
                                        "AWS_ACCOUNT_ID_ENDPOINT_MODE",
                                        "AWS_DISABLE_HOST_PREFIX_INJECTION",
                                        "AWS_S3_USE_ARN_REGION",
                                        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
                                        "AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS",
                                        "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH",
                                        "AWS_REQUEST_CHECKSUM_CALCULATION",
                                        "AWS_RESPONSE_CHECKSUM_VALIDATION",
                                        "AWS_DISABLE_REQUEST_COMPRESSION",
                                        "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES"};

static void clear_environment(void)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        unsetenv(variables[i]);
    }
}

/* Arguments, environment, and what comes of them. */
struct row {
    const char *claim;
    const char *profile, *region, *endpoint_url;
    const char *environment[4][2];
    const char *message; /* of the failure; else these */
    const char *expect_profile, *expect_region, *expect_endpoint_url, *expect_ca_bundle;
    bool named, fips, dualstack;
    int max_attempts;
    enum gw_retry_mode retry_mode; /* unset: standard */
    int connect_timeout_ms;
};

static void check_text(const char *claim, const char *what, const char *expected,
                       struct gw_view actual)
{
    if (!gw_view_equal(gw_view_of(expected), actual)) {
        fail_msg("%s: %s: expected '%s', got '%.*s'", claim, what, expected ? expected : "",
                 GW_VIEW_ARGS(actual));
    }
}

static void check_row(const struct gw_config *config, const struct row *row)
{
    struct gw_settings got;
    struct gw_err err = {0};
    clear_environment();
    for (size_t i = 0; i < 4 && row->environment[i][0]; i++) {
        setenv(row->environment[i][0], row->environment[i][1], 1);
    }
    bool resolved = gw_settings_resolve(config, gw_view_of(row->profile), gw_view_of(row->region),
                                        gw_view_of(row->endpoint_url), &got, &err);
    check_text(row->claim, "message", row->message, gw_view_of(err.message));
    if (!resolved) {
        return;
    }
    check_text(row->claim, "profile", row->expect_profile, got.profile);
    check_text(row->claim, "region", row->expect_region, got.region);
    check_text(row->claim, "endpoint", row->expect_endpoint_url, got.endpoint_url);
    check_text(row->claim, "ca bundle", row->expect_ca_bundle, got.ca_bundle);
    if (got.profile_named != row->named || got.use_fips != row->fips ||
        got.use_dualstack != row->dualstack || got.max_attempts != row->max_attempts ||
        got.retry_mode != (row->retry_mode ? row->retry_mode : GW_RETRY_STANDARD) ||
        got.connect_timeout_ms != row->connect_timeout_ms) {
        fail_msg("%s: named %d, fips %d, dualstack %d, %d attempts, mode %d, connect in %d ms",
                 row->claim, got.profile_named, got.use_fips, got.use_dualstack, got.max_attempts,
                 got.retry_mode, (int)got.connect_timeout_ms);
    }
}

static void check_rows(const char *config_text, const char *credentials_text,
                       const struct row *rows, size_t count)
{
    struct gw_err err = {0};
    struct gw_config *config =
        gw_config_parse(gw_view_of(config_text), gw_view_of(credentials_text), &err);
    assert_non_null(config);
    for (size_t i = 0; i < count; i++) {
        check_row(config, &rows[i]);
    }
    clear_environment();
    gw_config_close(config);
}

static void the_profile_is_argument_then_environment_then_default(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.claim = "nothing given", .expect_profile = "default", .expect_region = "eu-west-1"},
        {.claim = "blank is not given",
         .profile = "",
         .environment = {{"AWS_PROFILE", " "}},
         .expect_profile = "default",
         .expect_region = "eu-west-1"},
        {.claim = "AWS_PROFILE",
         .environment = {{"AWS_PROFILE", "production"}, {"AWS_DEFAULT_PROFILE", "default"}},
         .expect_profile = "production",
         .expect_region = "ap-south-1",
         .expect_ca_bundle = "/p.pem",
         .max_attempts = 7,
         .fips = true},
        {.claim = "AWS_DEFAULT_PROFILE",
         .environment = {{"AWS_DEFAULT_PROFILE", "production"}, {"AWS_MAX_ATTEMPTS", "1"}},
         .expect_profile = "production",
         .expect_region = "ap-south-1",
         .expect_ca_bundle = "/p.pem",
         .max_attempts = 1,
         .fips = true},
        {.claim = "the argument",
         .profile = "default",
         .environment = {{"AWS_PROFILE", "production"}},
         .expect_profile = "default",
         .expect_region = "eu-west-1",
         .named = true},
    };
    check_rows(CONFIG, "", rows, sizeof rows / sizeof rows[0]);
}

static void a_profile_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.claim = "near another",
         .profile = "porduction",
         .message = "profile 'porduction': is not in config or credentials; did you mean "
                    "'production'? (from the profile argument)"},
        {.claim = "near none",
         .environment = {{"AWS_PROFILE", "x"}},
         .message = "profile 'x': is not in config or credentials; there is 'default', "
                    "'production', 'patient', 'bodies', 'odd' (from AWS_PROFILE)"},
    };
    check_rows(CONFIG, "", rows, sizeof rows / sizeof rows[0]);
    static const struct row without_files[] = {
        {.claim = "default need not exist", .expect_profile = "default"},
        {.claim = "unless it is named",
         .profile = "default",
         .message = "profile 'default': is not in config or credentials; there are none (from the "
                    "profile argument)"},
    };
    check_rows("", "", without_files, 2);
}

static void the_region_is_argument_then_environment_then_profile(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.claim = "the argument",
         .region = "us-west-2",
         .environment = {{"AWS_REGION", "sa-east-1"}},
         .expect_profile = "default",
         .expect_region = "us-west-2"},
        {.claim = "AWS_REGION",
         .environment = {{"AWS_REGION", "sa-east-1"}, {"AWS_DEFAULT_REGION", "us-east-2"}},
         .expect_profile = "default",
         .expect_region = "sa-east-1"},
        {.claim = "AWS_DEFAULT_REGION",
         .environment = {{"AWS_DEFAULT_REGION", "us-east-2"}},
         .expect_profile = "default",
         .expect_region = "us-east-2"},
        {.claim = "no host label",
         .region = "us-east-1/",
         .message = "region 'us-east-1/': expected a name like 'us-east-1' (from the region "
                    "argument)"},
        {.claim = "a hyphen at the end",
         .environment = {{"AWS_REGION", "us-"}},
         .message = "region 'us-': expected a name like 'us-east-1' (from AWS_REGION)"},
        {.claim = "a host in the profile",
         .profile = "odd",
         .message = "region 'us-east-1.evil.example': expected a name like 'us-east-1' (from "
                    "region in config)"},
    };
    check_rows(CONFIG, "", rows, sizeof rows / sizeof rows[0]);
}

static void switches_come_from_environment_or_profile(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.claim = "environment",
         .environment = {{"AWS_USE_DUALSTACK_ENDPOINT", "True"},
                         {"AWS_USE_FIPS_ENDPOINT", "1"},
                         {"AWS_CA_BUNDLE", "/e.pem"},
                         {"AWS_MAX_ATTEMPTS", "5"}},
         .expect_profile = "default",
         .expect_region = "eu-west-1",
         .expect_ca_bundle = "/e.pem",
         .dualstack = true,
         .max_attempts = 5},
        {.claim = "the bundle of Python programs, after AWS's own",
         .environment = {{"REQUESTS_CA_BUNDLE", "/r.pem"}},
         .expect_profile = "default",
         .expect_region = "eu-west-1",
         .expect_ca_bundle = "/r.pem"},
        {.claim = "an endpoint",
         .endpoint_url = "http://localhost:4566",
         .expect_profile = "default",
         .expect_region = "eu-west-1",
         .expect_endpoint_url = "http://localhost:4566"},
        {.claim = "an endpoint that is no url",
         .endpoint_url = "localhost",
         .message = "the endpoint argument: url 'localhost': expected http:// or https://"},
        {.claim = "no attempt at all",
         .environment = {{"AWS_MAX_ATTEMPTS", "0"}},
         .message = "AWS_MAX_ATTEMPTS: expected a whole number from 1 to 100, got '0'"},
        {.claim = "attempts of the profile",
         .profile = "odd",
         .region = "us-east-1",
         .message = "max_attempts in config: expected a whole number from 1 to 100, got 'many'"},
    };
    check_rows(CONFIG, "", rows, sizeof rows / sizeof rows[0]);
}

static void retries_and_timeouts_come_from_environment_or_profile(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.claim = "the profile",
         .profile = "patient",
         .named = true,
         .expect_profile = "patient",
         .expect_region = "eu-west-1",
         .retry_mode = GW_RETRY_ADAPTIVE,
         .connect_timeout_ms = 30000},
        {.claim = "the environment wins",
         .profile = "patient",
         .named = true,
         .environment = {{"AWS_RETRY_MODE", "legacy"}, {"AWS_DEFAULTS_MODE", "in-region"}},
         .expect_profile = "patient",
         .expect_region = "eu-west-1",
         .retry_mode = GW_RETRY_LEGACY,
         .connect_timeout_ms = 1100},
        {.claim = "the defaults mode of most",
         .environment = {{"AWS_DEFAULTS_MODE", "standard"}},
         .expect_profile = "default",
         .expect_region = "eu-west-1",
         .connect_timeout_ms = 3100},
        {.claim = "a mode that does not exist",
         .environment = {{"AWS_RETRY_MODE", "eager"}},
         .message = "AWS_RETRY_MODE: expected standard, adaptive or legacy, got 'eager'"},
        {.claim = "defaults that do not exist",
         .environment = {{"AWS_DEFAULTS_MODE", "fast"}},
         .message = "AWS_DEFAULTS_MODE: expected legacy, standard, in-region, cross-region, "
                    "mobile or auto, got 'fast'"},
    };
    check_rows(CONFIG, "", rows, sizeof rows / sizeof rows[0]);
}

static void no_message_quotes_the_credentials_file(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.claim = "a secret in the wrong place",
         .message = "region '...': expected a name like 'us-east-1' (from region in credentials)"},
        {.claim = "likewise",
         .region = "us-east-1",
         .message =
             "max_attempts in credentials: expected a whole number from 1 to 100, got '...'"},
    };
    check_rows("", "[default]\nregion = wJalrXUtnFEMI/K7\nmax_attempts = wJalrXUtnFEMI\n", rows,
               sizeof rows / sizeof rows[0]);
}

/* ---- endpoints ------------------------------------------------------------------------------- */

static bool resolve_text(const char *text, struct gw_settings *out, struct gw_err *err)
{
    struct gw_config *config = gw_config_parse(gw_view_of(text), GW_VIEW(""), err);
    assert_non_null(config);
    bool ok = gw_settings_resolve(config, GW_VIEW_NONE, GW_VIEW_NONE, GW_VIEW_NONE, out, err);
    gw_config_close(config);
    return ok;
}

static void endpoint_settings_have_their_defaults(void **state)
{
    (void)state;
    struct gw_settings got;
    struct gw_err err = {0};
    clear_environment();
    assert_true(resolve_text("", &got, &err));
    assert_false(got.sts_is_global || got.disable_host_prefix);
    assert_int_equal(got.account_id_mode, GW_ACCOUNT_ID_PREFERRED);
    assert_int_equal(got.s3.addressing, GW_ADDRESSING_AUTO);
    assert_int_equal(got.s3.use_arn_region, GW_SWITCH_UNSET);
    assert_false(got.s3.use_accelerate || got.s3.use_dualstack || got.s3.us_east_1_is_regional ||
                 got.s3.disable_multi_region || got.s3.disable_express_session);
}

static void endpoint_settings_come_from_the_profile_and_its_s3_section(void **state)
{
    (void)state;
    struct gw_settings got;
    struct gw_err err = {0};
    clear_environment();
    assert_true(resolve_text("[default]\n"
                             "sts_regional_endpoints = legacy\n"
                             "account_id_endpoint_mode = Required\n"
                             "disable_host_prefix_injection = true\n"
                             "s3_disable_express_session_auth = true\n"
                             "s3 =\n"
                             "  addressing_style = virtual\n"
                             "  use_accelerate_endpoint = true\n"
                             "  use_dualstack_endpoint = True\n"
                             "  use_arn_region = no\n"
                             "  us_east_1_regional_endpoint = regional\n"
                             "  s3_disable_multiregion_access_points = true\n",
                             &got, &err));
    assert_true(got.sts_is_global && got.disable_host_prefix);
    assert_int_equal(got.account_id_mode, GW_ACCOUNT_ID_REQUIRED);
    assert_int_equal(got.s3.addressing, GW_ADDRESSING_VIRTUAL);
    assert_int_equal(got.s3.use_arn_region, GW_SWITCH_OFF);
    assert_true(got.s3.use_accelerate && got.s3.use_dualstack && got.s3.us_east_1_is_regional &&
                got.s3.disable_multi_region && got.s3.disable_express_session);
}

static void the_environment_wins_over_endpoint_settings_of_the_profile(void **state)
{
    (void)state;
    struct gw_settings got;
    struct gw_err err = {0};
    clear_environment();
    setenv("AWS_STS_REGIONAL_ENDPOINTS", "regional", 1);
    setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled", 1);
    setenv("AWS_S3_USE_ARN_REGION", "true", 1);
    setenv("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "legacy", 1);
    assert_true(resolve_text("[default]\n"
                             "sts_regional_endpoints = legacy\n"
                             "s3 =\n"
                             "  use_arn_region = false\n"
                             "  us_east_1_regional_endpoint = regional\n",
                             &got, &err));
    clear_environment();
    assert_false(got.sts_is_global || got.s3.us_east_1_is_regional);
    assert_int_equal(got.account_id_mode, GW_ACCOUNT_ID_DISABLED);
    assert_int_equal(got.s3.use_arn_region, GW_SWITCH_ON);
}

static void wrong_endpoint_settings_say_what_was_expected(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"[default]\ns3 =\n  addressing_style = dns\n",
         "addressing_style in config: expected auto, virtual or path, got 'dns'"},
        {"[default]\ns3 =\n  us_east_1_regional_endpoint = on\n",
         "us_east_1_regional_endpoint in config: expected legacy or regional, got 'on'"},
        {"[default]\nsts_regional_endpoints = global\n",
         "sts_regional_endpoints in config: expected regional or legacy, got 'global'"},
        {"[default]\naccount_id_endpoint_mode = maybe\n",
         "account_id_endpoint_mode in config: expected preferred, disabled or required, got "
         "'maybe'"},
    };
    clear_environment();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_settings got;
        struct gw_err err = {0};
        assert_false(resolve_text(rows[i][0], &got, &err));
        assert_string_equal(err.message, rows[i][1]);
    }
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static struct gw_settings resolve_bodies(const char *profile, const char *variable,
                                         const char *value, struct gw_err *err)
{
    struct gw_settings settings;
    struct gw_config *config = gw_config_parse(GW_VIEW(CONFIG), GW_VIEW_NONE, NULL);
    clear_environment();
    if (variable) {
        setenv(variable, value, 1);
    }
    gw_settings_resolve(config, gw_view_of(profile), GW_VIEW_NONE, GW_VIEW_NONE, &settings, err);
    clear_environment();
    gw_config_close(config);
    return settings;
}

static void bodies_have_checksums_and_are_compressed_unless_told_otherwise(void **state)
{
    struct gw_err err = {0};
    (void)state;
    struct gw_settings plain = resolve_bodies("default", NULL, NULL, &err);
    assert_false(plain.checksum_when_required);
    assert_false(plain.validate_when_required);
    assert_false(plain.disable_compression);
    assert_int_equal(plain.min_compression_bytes, 10240);
    assert_int_equal(plain.s3.sign_payload, GW_SWITCH_UNSET);

    struct gw_settings told = resolve_bodies("bodies", NULL, NULL, &err);
    assert_true(told.checksum_when_required);
    assert_true(told.validate_when_required);
    assert_true(told.disable_compression);
    assert_int_equal(told.min_compression_bytes, 128);
    assert_int_equal(told.s3.sign_payload, GW_SWITCH_ON);

    assert_false(
        resolve_bodies("bodies", "AWS_REQUEST_CHECKSUM_CALCULATION", "when_supported", &err)
            .checksum_when_required);
    assert_string_equal(err.message, "");
}

static void settings_of_bodies_say_what_they_expect(void **state)
{
    static const char *const rows[][3] = {
        {"AWS_REQUEST_CHECKSUM_CALCULATION", "never",
         "AWS_REQUEST_CHECKSUM_CALCULATION: expected when_supported or when_required, "
         "got "
         "'never'"},
        {"AWS_RESPONSE_CHECKSUM_VALIDATION", "on",
         "AWS_RESPONSE_CHECKSUM_VALIDATION: expected when_supported or when_required, "
         "got "
         "'on'"},
        {"AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "1048577",
         "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES: expected a whole number from 0 to "
         "1048576, got "
         "'1048577'"},
        {"AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "10k",
         "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES: expected a whole number from 0 to "
         "1048576, got "
         "'10k'"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_err err = {0};
        resolve_bodies("default", rows[i][0], rows[i][1], &err);
        assert_string_equal(err.message, rows[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_profile_is_argument_then_environment_then_default),
        cmocka_unit_test(a_profile_that_does_not_exist_is_refused),
        cmocka_unit_test(the_region_is_argument_then_environment_then_profile),
        cmocka_unit_test(switches_come_from_environment_or_profile),
        cmocka_unit_test(retries_and_timeouts_come_from_environment_or_profile),
        cmocka_unit_test(no_message_quotes_the_credentials_file),
        cmocka_unit_test(endpoint_settings_have_their_defaults),
        cmocka_unit_test(endpoint_settings_come_from_the_profile_and_its_s3_section),
        cmocka_unit_test(the_environment_wins_over_endpoint_settings_of_the_profile),
        cmocka_unit_test(wrong_endpoint_settings_say_what_was_expected),
        cmocka_unit_test(bodies_have_checksums_and_are_compressed_unless_told_otherwise),
        cmocka_unit_test(settings_of_bodies_say_what_they_expect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
