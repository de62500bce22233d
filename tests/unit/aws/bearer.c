/* A service that takes a bearer token: from the environment, from the log-in of a single sign-on
 * session, and what is said where there is none. */
#include "unit/aws/player.h"

#include <sys/stat.h>
#include <unistd.h>

#define VARIABLE "AWS_BEARER_TOKEN_TOKEN_TAKER"
#define PROFILE  "[profile ops]\nsso_session = corp\n"
/* SHA-1 of "corp" */
#define TOKEN_FILE "ee0bfd2552fbd840c02cc48b6e823320543c450f"

static char home[] = "/tmp/gwrun-bearer-XXXXXX";
static const struct gw_models *models;

static const struct gw_operation *list_things(void)
{
    const struct gw_service *service = gw_models_find(models, GW_VIEW("token-taker"));
    assert_non_null(service);
    return gw_service_find_operation(service, GW_VIEW("list_things"));
}

static void use(struct fixture *f, const char *config)
{
    gw_client_free(f->client);
    gw_config_close(f->config);
    f->config = gw_config_parse(gw_view_of(config), GW_VIEW(""), NULL);
    f->options.config = f->config;
    f->options.settings.profile = GW_VIEW("ops");
    f->options.credentials = (struct gw_credentials){0};
    f->client = gw_client_new(&f->options);
}

static void log_in(const char *token)
{
    char path[256];
    static const char *const folders[] = {"/.aws", "/.aws/sso", "/.aws/sso/cache"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", home, folders[i]);
        mkdir(path, 0700);
    }
    snprintf(path, sizeof path, "%s/.aws/sso/cache/" TOKEN_FILE ".json", home);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(token, file);
    fclose(file);
}

static void assert_refused(struct fixture *f, const char *message)
{
    struct gw_value none = gw_value_map();
    struct gw_err err = {0};
    struct gw_call_request request = {.op = list_things(), .input = &none, .done = on_done};
    assert_null(gw_call_start(f->client, &request, &err));
    assert_int_equal(err.code, GW_ERR_CREDENTIALS);
    assert_string_equal(err.message, message);
}

static void a_token_of_the_environment_is_sent(void **state)
{
    struct fixture *f = *state;
    use(f, PROFILE);
    setenv(VARIABLE, "a-token-of-mine", 1);
    PLAY(f, {.status = 200, .body = "{}"});
    call(f, list_things(), "{}");
    assert_header(&f->player.sent[0], "authorization", "Bearer a-token-of-mine");
    assert_view(f->player.sent[0].url, "https://token.eu-central-1.example/");
}

static void the_token_of_a_log_in_is_sent(void **state)
{
    struct fixture *f = *state;
    use(f, PROFILE);
    log_in("{\"accessToken\":\"a-token-of-corp\",\"expiresAt\":\"2023-11-14T22:13:21Z\"}");
    PLAY(f, {.status = 200, .body = "{}"});
    call(f, list_things(), "{}");
    assert_header(&f->player.sent[0], "authorization", "Bearer a-token-of-corp");
}

static void without_a_token_it_is_said_what_to_do(void **state)
{
    struct fixture *f = *state;
    use(f, PROFILE);
    assert_refused(f, "token-taker:ListThings: the service takes the token of a single sign-on "
                      "session: nobody has logged in; run 'gwrun login --profile ops'");
    log_in("{\"accessToken\":\"a-token-of-corp\",\"expiresAt\":\"2023-11-14T22:13:20Z\"}");
    assert_refused(f, "token-taker:ListThings: the service takes the token of a single sign-on "
                      "session: the one of the last log-in expired; run 'gwrun login --profile "
                      "ops'");
    use(f, "[profile ops]\nregion = eu-central-1\n");
    assert_refused(f, "token-taker:ListThings: the service takes the token of a single sign-on "
                      "session: the profile 'ops' names no sso_session");
}

static int set_up_home(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s/.aws", home);
    unsetenv(VARIABLE);
    return system(command) != 0 || set_up(state);
}

static int open_table(void **state)
{
    (void)state;
    enum { TABLE_MAX = 1 << 20 };
    static char bytes[TABLE_MAX] __attribute__((aligned(8)));
    FILE *file = fopen(GW_BEARER_TABLE, "rb");
    size_t len = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    models = gw_models_open((struct gw_view){bytes, len}, NULL);
    if (file) {
        fclose(file);
    }
    return models == NULL || mkdtemp(home) == NULL || setenv("HOME", home, 1) != 0;
}

static int remove_home(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", home);
    return system(command) != 0;
}

int main(void)
{
#define HOME_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_home, tear_down)
    const struct CMUnitTest tests[] = {
        HOME_TEST(a_token_of_the_environment_is_sent),
        HOME_TEST(the_token_of_a_log_in_is_sent),
        HOME_TEST(without_a_token_it_is_said_what_to_do),
    };
    forget_the_account();
    return cmocka_run_group_tests(tests, open_table, remove_home);
}
