/* Credentials that are known without asking anybody: which source wins, and what is said when none
 * does. */
#include "aws/aws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CONFIG                                                                                     \
    "[profile both]\naws_access_key_id = ID-CONFIG\naws_secret_access_key = secret-config\n"       \
    "[profile config-only]\naws_access_key_id = ID-ONLY\naws_secret_access_key = secret-only\n"    \
    "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/ops\nsource_profile = both\n"       \
    "aws_access_key_id = ID-ROLE\naws_secret_access_key = secret-role\n"                           \
    "[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = ops\n"      \
    "[profile process]\ncredential_process = /bin/keys\n"                                          \
    "[profile process-and-keys]\ncredential_process = /bin/keys\n"                                 \
    "[profile sourceless]\nrole_arn = arn:r\n"                                                     \
    "[profile two-sources]\nrole_arn = arn:r\nsource_profile = both\n"                             \
    "credential_source = Environment\n"                                                            \
    "[profile orphan]\nrole_arn = arn:r\nsource_profile = nobody\n"                                \
    "[profile hungry]\nrole_arn = arn:r\nsource_profile = empty\n"                                 \
    "[profile circle]\nrole_arn = arn:r\nsource_profile = circle-too\n"                            \
    "[profile circle-too]\nrole_arn = arn:r\nsource_profile = circle\n"                            \
    "[profile odd-source]\nrole_arn = arn:r\ncredential_source = Elsewhere\n"                      \
    "[profile no-environment]\nrole_arn = arn:r\ncredential_source = Environment\n"                \
    "[profile half-sso]\nsso_account_id = 123456789012\n"                                          \
    "[profile other-region]\nsso_session = real\nsso_account_id = 1\nsso_role_name = r\n"          \
    "sso_region = eu-west-1\n"                                                                     \
    "[sso-session real]\nsso_region = us-east-1\nsso_start_url = https://x\n"                      \
    "[profile roleless]\nweb_identity_token_file = /token\n"                                       \
    "[profile half]\naws_access_key_id = ID-HALF\n"                                                \
    "[profile other-half]\naws_secret_access_key = secret-half\n"                                  \
    "[profile pasted]\naws_access_key_id = ID-PASTED\naws_secret_access_key = secret\n "           \
    "continued\n"                                                                                  \
    "[profile empty]\nregion = us-east-1\n"

#define CREDENTIALS                                                                                \
    "[both]\naws_access_key_id = ID-BOTH\naws_secret_access_key = secret-both\n"                   \
    "aws_session_token = token-both\naws_account_id = 123456789012\n"                              \
    "[process-and-keys]\naws_access_key_id = ID-STATIC\naws_secret_access_key = secret-static\n"

static const char *const variables[] = {"AWS_ACCESS_KEY_ID",
                                        "AWS_ROLE_ARN",
                                        "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_SECURITY_TOKEN",
                                        "AWS_CREDENTIAL_EXPIRATION",
                                        "AWS_ACCOUNT_ID",
                                        "AWS_WEB_IDENTITY_TOKEN_FILE",
                                        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                        "AWS_CONTAINER_CREDENTIALS_FULL_URI"};

static void clear_environment(void)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        unsetenv(variables[i]);
    }
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
}

struct row {
    const char *claim;
    const char *profile;
    bool named;
    const char *environment[6][2];
    const char *message; /* of the failure; else these */
    const char *id, *secret, *token, *account, *source;
    int64_t expires_epoch_s;
};

static void check_text(const char *claim, const char *what, const char *expected,
                       struct gw_view actual)
{
    if (!gw_view_equal(gw_view_of(expected), actual)) {
        fail_msg("%s: %s: expected '%s', got '%.*s'", claim, what, expected ? expected : "",
                 GW_VIEW_ARGS(actual));
    }
}

static void check_keys(const struct row *row, const struct gw_credentials *got)
{
    check_text(row->claim, "id", row->id, got->access_key_id);
    check_text(row->claim, "secret", row->secret, got->secret_access_key);
    check_text(row->claim, "token", row->token, got->session_token);
    check_text(row->claim, "account", row->account, got->account_id);
    check_text(row->claim, "source", row->source, got->source);
    assert_int_equal(got->expires_epoch_s, row->expires_epoch_s);
}

static void check_row(const struct gw_config *config, const struct row *row)
{
    struct gw_loop *loop =
        gw_loop_new(&(struct gw_loop_options){.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = 0});
    struct gw_identity_options options = {
        .loop = loop,
        .config = config,
        .settings = {.profile = gw_view_of(row->profile), .profile_named = row->named}};
    struct gw_identity *identity = gw_identity_new(&options);
    struct gw_err err = {0};
    clear_environment();
    gw_secret_clear();
    for (size_t i = 0; i < 6 && row->environment[i][0]; i++) {
        setenv(row->environment[i][0], row->environment[i][1], 1);
    }
    bool found = gw_identity_check(identity, &err);
    clear_environment(); /* what was found is a copy */
    check_text(row->claim, "message", row->message, gw_view_of(err.message));
    if (found) {
        const struct gw_credentials *got = gw_identity_peek(identity);
        assert_non_null(got);
        check_keys(row, got);
    } else {
        assert_int_equal(err.code, GW_ERR_CREDENTIALS);
    }
    gw_identity_free(identity);
    gw_loop_free(loop);
}

static void check_rows(const struct row *rows, size_t count)
{
    struct gw_err err = {0};
    struct gw_config *config = gw_config_parse(GW_VIEW(CONFIG), GW_VIEW(CREDENTIALS), &err);
    assert_non_null(config);
    for (size_t i = 0; i < count; i++) {
        check_row(config, &rows[i]);
    }
    gw_config_close(config);
}

static void the_environment_comes_first_unless_a_profile_is_named(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.claim = "all variables",
         .profile = "both",
         .environment = {{"AWS_ACCESS_KEY_ID", " ID-ENV "},
                         {"AWS_SECRET_ACCESS_KEY", "secret-env"},
                         {"AWS_SESSION_TOKEN", "token-env"},
                         {"AWS_SECURITY_TOKEN", "token-old"},
                         {"AWS_CREDENTIAL_EXPIRATION", "2015-08-30T12:36:00Z"},
                         {"AWS_ACCOUNT_ID", "210987654321"}},
         .id = "ID-ENV",
         .secret = "secret-env",
         .token = "token-env",
         .account = "210987654321",
         .source = "environment",
         .expires_epoch_s = 1440938160},
        {.claim = "the old name of the token",
         .profile = "both",
         .environment = {{"AWS_ACCESS_KEY_ID", "ID-ENV"},
                         {"AWS_SECRET_ACCESS_KEY", "secret-env"},
                         {"AWS_SECURITY_TOKEN", "token-old"}},
         .id = "ID-ENV",
         .secret = "secret-env",
         .token = "token-old",
         .source = "environment"},
        {.claim = "blank is unset",
         .profile = "both",
         .environment = {{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", " "}},
         .id = "ID-BOTH",
         .secret = "secret-both",
         .token = "token-both",
         .account = "123456789012",
         .source = "profile 'both' in credentials"},
        {.claim = "a named profile",
         .profile = "both",
         .named = true,
         .environment = {{"AWS_ACCESS_KEY_ID", "ID-ENV"}, {"AWS_SECRET_ACCESS_KEY", "secret-env"}},
         .id = "ID-BOTH",
         .secret = "secret-both",
         .token = "token-both",
         .account = "123456789012",
         .source = "profile 'both' in credentials"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void keys_of_the_profile_come_next(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.claim = "in the config file",
         .profile = "config-only",
         .id = "ID-ONLY",
         .secret = "secret-only",
         .source = "profile 'config-only' in config"},
        {.claim = "of the credentials file, before a credential process",
         .profile = "process-and-keys",
         .id = "ID-STATIC",
         .secret = "secret-static",
         .source = "profile 'process-and-keys' in credentials"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void half_a_pair_is_an_error(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.claim = "id alone in the environment",
         .profile = "both",
         .environment = {{"AWS_ACCESS_KEY_ID", "ID-ENV"}},
         .message = "environment: has AWS_ACCESS_KEY_ID but not AWS_SECRET_ACCESS_KEY"},
        {.claim = "secret alone in the environment",
         .profile = "both",
         .environment = {{"AWS_SECRET_ACCESS_KEY", "secret-env"}},
         .message = "environment: has AWS_SECRET_ACCESS_KEY but not AWS_ACCESS_KEY_ID"},
        {.claim = "id alone in the profile",
         .profile = "half",
         .message = "profile 'half' in config: has aws_access_key_id but not "
                    "aws_secret_access_key"},
        {.claim = "secret alone in the profile",
         .profile = "other-half",
         .message = "profile 'other-half' in config: has aws_secret_access_key but not "
                    "aws_access_key_id"},
        {.claim = "a line break in the secret",
         .profile = "pasted",
         .message = "profile 'pasted' in config: aws_secret_access_key has a character at position "
                    "7 that no key has"},
        {.claim = "an expiration that is no time",
         .profile = "both",
         .environment = {{"AWS_ACCESS_KEY_ID", "ID-ENV"},
                         {"AWS_SECRET_ACCESS_KEY", "secret-env"},
                         {"AWS_CREDENTIAL_EXPIRATION", "soon"}},
         .message = "environment: expected AWS_CREDENTIAL_EXPIRATION like '2030-01-31T12:00:00Z', "
                    "got 'soon'"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void a_profile_that_contradicts_itself_is_an_error(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.claim = "a role without a source",
         .profile = "sourceless",
         .message = "profile 'sourceless': has role_arn but neither source_profile nor "
                    "credential_source"},
        {.claim = "two sources",
         .profile = "two-sources",
         .message = "profile 'two-sources': has both source_profile and credential_source; remove "
                    "one"},
        {.claim = "a source that is missing",
         .profile = "orphan",
         .message = "profile 'orphan': its source_profile 'nobody' is missing"},
        {.claim = "a source without credentials",
         .profile = "hungry",
         .message = "profile 'empty': has no credentials, but profile 'hungry' names it as "
                    "source_profile"},
        {.claim = "a circle",
         .profile = "circle",
         .message = "profile 'circle-too': its source_profile 'circle' leads back to itself"},
        {.claim = "an unknown named source",
         .profile = "odd-source",
         .message = "profile 'odd-source': credential_source: expected Ec2InstanceMetadata, "
                    "EcsContainer or Environment"},
        {.claim = "a named source that is not set",
         .profile = "no-environment",
         .message = "profile 'no-environment': credential_source is Environment, but "
                    "AWS_ACCESS_KEY_ID is not set"},
        {.claim = "single sign-on without its session",
         .profile = "sso",
         .message = "profile 'sso': its sso_session 'corp' is missing"},
        {.claim = "half of single sign-on",
         .profile = "half-sso",
         .message = "profile 'half-sso': has sso_account_id but not sso_role_name"},
        {.claim = "a session that says otherwise",
         .profile = "other-region",
         .message = "profile 'other-region': its sso_region is not that of sso-session 'real'; "
                    "remove it"},
        {.claim = "a web identity without role",
         .profile = "roleless",
         .message = "web_identity_token_file: there is a web identity token file, but no role; add "
                    "role_arn to the profile"},
        {.claim = "a web identity of the environment without role",
         .profile = "empty",
         .environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}},
         .message = "AWS_WEB_IDENTITY_TOKEN_FILE: there is a web identity token file, but no role; "
                    "set AWS_ROLE_ARN"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void none_found_says_where_it_looked_and_what_to_do(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.claim = "no profile named",
         .profile = "default",
         .message = "credentials: none found; looked at AWS_ACCESS_KEY_ID, profile 'default' in "
                    "credentials and config; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                    "name a profile"},
        {.claim = "a profile named",
         .profile = "empty",
         .named = true,
         .message = "credentials: none found; looked at profile 'empty' in credentials and config; "
                    "add keys to the profile, or name another one"},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void what_was_found_is_registered_as_secret(void **state)
{
    (void)state;
    static const struct row row = {.claim = "both",
                                   .profile = "both",
                                   .id = "ID-BOTH",
                                   .secret = "secret-both",
                                   .token = "token-both",
                                   .account = "123456789012",
                                   .source = "profile 'both' in credentials"};
    check_rows(&row, 1);
    struct gw_err err = {0};
    gw_fail(&err, GW_ERR_SERVICE, "ID-BOTH secret-both token-both");
    assert_string_equal(err.message, "ID-BOTH [secret] [secret]");
    gw_secret_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_comes_first_unless_a_profile_is_named),
        cmocka_unit_test(keys_of_the_profile_come_next),
        cmocka_unit_test(half_a_pair_is_an_error),
        cmocka_unit_test(a_profile_that_contradicts_itself_is_an_error),
        cmocka_unit_test(none_found_says_where_it_looked_and_what_to_do),
        cmocka_unit_test(what_was_found_is_registered_as_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
