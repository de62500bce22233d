/* Credentials that have to be asked for: who is asked in which order, for whom, when again, and what is
 * said when it fails. On a virtual clock, against a transport that plays a script. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/aws/player.h"

#define ROLE_CONFIG                                                                                \
    "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = secret-of-base\n"       \
    "[profile ops]\nrole_arn = arn:aws:iam::123456789012:role/ops\nsource_profile = base\n"        \
    "[profile far]\nrole_arn = arn:aws:iam::210987654321:role/far\nsource_profile = ops\n"         \
    "role_session_name = me\nexternal_id = id/1\nduration_seconds = 900\n"                         \
    "[profile guarded]\nrole_arn = arn:aws:iam::123456789012:role/ops\nsource_profile = base\n"    \
    "mfa_serial = arn:aws:iam::123456789012:mfa/me\n"

/* The start is 2023-11-14T22:13:20Z. */
#define ASSUMED(id, until)                                                                         \
    "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::123456789012:"       \
    "assumed-role/ops/x</Arn></AssumedRoleUser><Credentials><AccessKeyId>" id                      \
    "</AccessKeyId><SecretAccessKey>secret-" id "</SecretAccessKey><SessionToken>token-" id        \
    "</SessionToken><Expiration>" until "</Expiration></Credentials></AssumeRoleResult>"           \
    "</AssumeRoleResponse>"
#define DENIED                                                                                     \
    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error>"            \
    "<RequestId>r-1</RequestId></ErrorResponse>"
#define KEYS_JSON(id, until)                                                                       \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"secret-" id            \
    "\",\"Token\":\"token-" id "\",\"Expiration\":\"" until "\"}"
#define OK_ROLE(id)                                                                                \
    {                                                                                              \
        .status = 200, .body = ASSUMED(id, "2023-11-14T23:13:20Z"), .after_ms = 50                 \
    }
#define OK_KEYS(id)                                                                                \
    {                                                                                              \
        .status = 200, .body = KEYS_JSON(id, "2023-11-14T23:13:20Z")                               \
    }
#define OK_LIST                                                                                    \
    {                                                                                              \
        .status = 200, .body = "{}"                                                                \
    }
#define HOUR_MS 3600000

static char home[] = "/tmp/gwrun-identity-XXXXXX";

/* ---- helpers --------------------------------------------------------------------------------- */

static void use(struct fixture *f, const char *config, const char *profile)
{
    gw_client_free(f->client);
    gw_config_close(f->config);
    f->config = gw_config_parse(gw_view_of(config), GW_VIEW(""), NULL);
    assert_non_null(f->config);
    f->options.config = f->config;
    f->options.settings.profile = gw_view_of(profile);
    f->options.credentials = (struct gw_credentials){0};
    f->client = gw_client_new(&f->options);
}

static void use_nothing(struct fixture *f)
{
    use(f, "", "default");
}

static void clear_home(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s/.aws %s/token %s/count", home, home, home);
    assert_int_equal(system(command), 0);
}

static int set_up_home(void **state)
{
    clear_home();
    unsetenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    unsetenv("AWS_EC2_METADATA_DISABLED");
    unsetenv("AWS_EC2_METADATA_V1_DISABLED");
    unsetenv("AWS_METADATA_SERVICE_NUM_ATTEMPTS");
    unsetenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
    unsetenv("AWS_ROLE_ARN");
    return set_up(state);
}

static void write_text(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", home, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void on_time(void *ctx)
{
    (void)ctx;
}

static void let_pass(struct fixture *f, int64_t ms)
{
    gw_timer_start(f->loop, ms, on_time, NULL);
    run(f);
}

static bool mentions(const struct sent *sent, const char *text)
{
    return gw_view_find(sent->body, gw_view_of(text)) != GW_NPOS;
}

/* "AKIDBASE" of the Authorization header. */
static void assert_signer(const struct sent *sent, const char *id)
{
    struct gw_view text = gw_headers_get(&sent->headers, GW_VIEW("authorization"));
    size_t start = gw_view_find(text, GW_VIEW("Credential="));
    if (!id) {
        assert_int_equal(text.len, 0);
        return;
    }
    assert_int_not_equal(start, GW_NPOS);
    struct gw_view rest = gw_view_sub(text, start + 11, GW_NPOS);
    assert_view(gw_view_sub(rest, 0, gw_view_find_char(rest, '/')), id);
}

static void assert_fails(const struct outcome *outcome, const char *message)
{
    assert_string_equal(outcome->err.message, message);
    assert_int_equal(outcome->err.code, GW_ERR_CREDENTIALS);
}

/* ---- roles ----------------------------------------------------------------------------------- */

static void a_role_is_assumed_with_the_keys_of_its_source(void **state)
{
    struct fixture *f = *state;
    use(f, ROLE_CONFIG, "ops");
    PLAY(f, OK_ROLE("ASIAOPS"), OK_LIST);
    struct outcome outcome = list_clusters(f);
    assert_view(outcome.output, "{}");
    assert_int_equal(outcome.attempts, 1);
    assert_int_equal(f->player.sent_count, 2);
    const struct sent *role = &f->player.sent[0];
    assert_view(role->url, "https://sts.eu-central-1.amazonaws.com/");
    assert_signer(role, "AKIDBASE");
    assert_true(mentions(role, "Action=AssumeRole&"));
    assert_true(mentions(role, "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fops"));
    assert_true(mentions(role, "RoleSessionName=gwrun-session-1700000000"));
    assert_false(mentions(role, "ExternalId"));
    assert_signer(&f->player.sent[1], "ASIAOPS");
    assert_header(&f->player.sent[1], "x-amz-security-token", "token-ASIAOPS");
}

static void roles_stand_on_each_other(void **state)
{
    struct fixture *f = *state;
    use(f, ROLE_CONFIG, "far");
    PLAY(f, OK_ROLE("ASIAOPS"), OK_ROLE("ASIAFAR"), OK_LIST);
    list_clusters(f);
    assert_int_equal(f->player.sent_count, 3);
    assert_signer(&f->player.sent[0], "AKIDBASE");
    assert_signer(&f->player.sent[1], "ASIAOPS");
    assert_true(mentions(&f->player.sent[1], "RoleSessionName=me"));
    assert_true(mentions(&f->player.sent[1], "ExternalId=id%2F1"));
    assert_true(mentions(&f->player.sent[1], "DurationSeconds=900"));
    assert_signer(&f->player.sent[2], "ASIAFAR");
}

static void all_who_wait_share_one_request(void **state)
{
    struct fixture *f = *state;
    struct outcome outcomes[3];
    use(f, ROLE_CONFIG, "ops");
    PLAY(f, OK_ROLE("ASIAOPS"), OK_LIST);
    for (size_t i = 0; i < 3; i++) {
        start(f, find("ecs", "list_clusters"), "{}", &outcomes[i]);
    }
    run(f);
    assert_int_equal(f->player.sent_count, 4);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(outcomes[i].calls, 1);
        assert_signer(&f->player.sent[i + 1], "ASIAOPS");
    }
}

static void who_no_longer_waits_is_not_told(void **state)
{
    struct fixture *f = *state;
    struct outcome first, second;
    use(f, ROLE_CONFIG, "ops");
    PLAY(f, OK_ROLE("ASIAOPS"), OK_LIST);
    struct gw_call *call = start(f, find("ecs", "list_clusters"), "{}", &first);
    start(f, find("ecs", "list_clusters"), "{}", &second);
    gw_call_cancel(call);
    run(f);
    assert_int_equal(first.calls, 0);
    assert_int_equal(second.calls, 1);
    assert_int_equal(f->player.sent_count, 2);
}

static void a_client_may_go_while_its_credentials_are_asked_for(void **state)
{
    struct fixture *f = *state;
    struct outcome outcome;
    use(f, ROLE_CONFIG, "ops");
    PLAY(f, OK_ROLE("ASIAOPS"));
    start(f, find("ecs", "list_clusters"), "{}", &outcome);
    gw_loop_step(f->loop);
    assert_int_equal(f->player.sent_count, 1);
    gw_client_free(f->client);
    f->client = NULL;
    run(f);
    assert_int_equal(outcome.calls, 0);
    assert_int_equal(f->player.cancelled_count, 1);
}

static void a_role_that_is_refused_says_which_and_why(void **state)
{
    struct fixture *f = *state;
    use(f, ROLE_CONFIG, "ops");
    PLAY(f, {.status = 403, .body = DENIED});
    struct outcome outcome = list_clusters(f);
    assert_fails(&outcome,
                 "ecs:ListClusters: role arn:aws:iam::123456789012:role/ops of profile 'ops', "
                 "by profile 'base' in config: sts:AssumeRole: not you (AccessDenied, "
                 "request r-1)");
    assert_int_equal(outcome.attempts, 0);
}

/* ---- renewal --------------------------------------------------------------------------------- */

static void credentials_are_renewed_beside_the_calls(void **state)
{
    struct fixture *f = *state;
    use(f, ROLE_CONFIG, "ops");
    PLAY(f, OK_ROLE("ASIAONE"), OK_LIST, OK_LIST, OK_LIST,
         {.status = 200, .body = ASSUMED("ASIATWO", "2023-11-15T01:13:20Z")}, OK_LIST);
    list_clusters(f);
    let_pass(f, HOUR_MS - 16 * 60000); /* 16 minutes are left */
    list_clusters(f);
    assert_int_equal(f->player.sent_count, 3);
    let_pass(f, 2 * 60000); /* 14: time to renew, not to wait */
    list_clusters(f);
    assert_int_equal(f->player.sent_count, 5);
    assert_signer(&f->player.sent[3], "ASIAONE");
    assert_signer(&f->player.sent[4], "AKIDBASE");
    list_clusters(f);
    assert_signer(&f->player.sent[5], "ASIATWO");
}

static void a_renewal_that_can_wait_may_fail(void **state)
{
    struct fixture *f = *state;
    use(f, ROLE_CONFIG, "ops");
    PLAY(f, OK_ROLE("ASIAONE"), OK_LIST, OK_LIST, {.status = 403, .body = DENIED}, OK_LIST,
         OK_LIST);
    list_clusters(f);
    let_pass(f, HOUR_MS - 14 * 60000);
    list_clusters(f); /* renews in vain */
    assert_int_equal(f->player.sent_count, 4);
    list_clusters(f); /* within a minute of that: not again */
    assert_int_equal(f->player.sent_count, 5);
    assert_signer(&f->player.sent[4], "ASIAONE");
}

static void a_renewal_that_cannot_wait_must_not_fail(void **state)
{
    struct fixture *f = *state;
    use(f, ROLE_CONFIG, "ops");
    PLAY(f, OK_ROLE("ASIAONE"), OK_LIST, {.status = 403, .body = DENIED});
    list_clusters(f);
    let_pass(f, HOUR_MS - 9 * 60000);
    struct outcome outcome = list_clusters(f);
    assert_int_equal(outcome.err.code, GW_ERR_CREDENTIALS);
    assert_int_equal(f->player.sent_count, 3);
}

static void what_aws_calls_expired_is_renewed_once(void **state)
{
    struct fixture *f = *state;
    use(f, ROLE_CONFIG, "ops");
    PLAY(f, OK_ROLE("ASIAONE"),
         {.status = 400, .body = ERROR_JSON("ExpiredTokenException", "expired")},
         OK_ROLE("ASIATWO"), OK_LIST);
    struct outcome outcome = list_clusters(f);
    assert_view(outcome.output, "{}");
    assert_int_equal(outcome.attempts, 2);
    assert_signer(&f->player.sent[1], "ASIAONE");
    assert_signer(&f->player.sent[2], "AKIDBASE");
    assert_signer(&f->player.sent[3], "ASIATWO");
}

static void what_is_refused_meanwhile_does_not_spoil_a_renewal(void **state)
{
    struct fixture *f = *state;
    use(f, ROLE_CONFIG, "far");
    PLAY(f, OK_ROLE("ASIAOPS"), {.status = 200, .body = ASSUMED("ASIAFAR", "2023-11-14T22:28:20Z")},
         OK_LIST, {.status = 400, .body = ERROR_JSON("ExpiredToken", "expired")},
         {.status = 500, .body = "ill", .after_ms = 50}, OK_ROLE("ASIANEW"), OK_LIST);
    list_clusters(f);
    let_pass(f, 2 * 60000);
    struct outcome outcome =
        list_clusters(f); /* refused while the renewal beside it is under way */
    assert_view(outcome.output, "{}");
    assert_signer(&f->player.sent[4], "ASIAOPS");
    assert_signer(&f->player.sent[5], "ASIAOPS");
    assert_signer(&f->player.sent[6], "ASIANEW");
}

static void what_stays_expired_is_an_error(void **state)
{
    struct fixture *f = *state;
    use(f, ROLE_CONFIG, "ops");
    PLAY(f, OK_ROLE("ASIAONE"), {.status = 400, .body = ERROR_JSON("ExpiredToken", "expired")},
         OK_ROLE("ASIATWO"), {.status = 400, .body = ERROR_JSON("ExpiredToken", "expired")});
    struct outcome outcome = list_clusters(f);
    assert_view(outcome.code, "ExpiredToken");
    assert_int_equal(outcome.attempts, 2);
    assert_int_equal(f->player.sent_count, 4);
}

static void a_wrong_clock_does_not_spoil_what_was_just_given(void **state)
{
    struct fixture *f = *state;
    use(f, ROLE_CONFIG, "ops");
    /* AWS is two hours behind us, and so is the end of the role. */
    PLAY(
        f,
        {.status = 403,
         .body = "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error></ErrorResponse>",
         .headers = {{"date", "Tue, 14 Nov 2023 20:13:20 GMT"}}},
        {.status = 200, .body = ASSUMED("ASIAOPS", "2023-11-14T21:13:20Z")}, OK_LIST);
    struct outcome outcome = list_clusters(f);
    assert_view(outcome.output, "{}");
    assert_signer(&f->player.sent[2], "ASIAOPS");
}

/* ---- the cache of roles ---------------------------------------------------------------------- */

static void a_role_is_kept_where_the_aws_cli_keeps_it(void **state)
{
    struct fixture *f = *state;
    struct stat facts;
    char path[256];
    use(f, ROLE_CONFIG, "ops");
    PLAY(f, OK_ROLE("ASIAONE"), OK_LIST, OK_LIST);
    list_clusters(f);
    /* SHA-1 of {"RoleArn": "arn:aws:iam::123456789012:role/ops"} */
    snprintf(path, sizeof path, "%s/.aws/cli/cache/%s.json", home,
             "22683b67d5bd46b0335d9327094666b8be5b5cd5");
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    use(f, ROLE_CONFIG, "ops");
    list_clusters(f); /* another run */
    assert_int_equal(f->player.sent_count, 3);
    assert_signer(&f->player.sent[2], "ASIAONE");
}

static void a_kept_role_near_its_end_is_not_used(void **state)
{
    struct fixture *f = *state;
    use(f, ROLE_CONFIG, "ops");
    PLAY(f, OK_ROLE("ASIAONE"), OK_LIST, OK_ROLE("ASIATWO"), OK_LIST);
    list_clusters(f);
    let_pass(f, HOUR_MS - 14 * 60000);
    use(f, ROLE_CONFIG, "ops");
    list_clusters(f);
    assert_int_equal(f->player.sent_count, 4);
}

/* ---- multi-factor devices -------------------------------------------------------------------- */

struct asked {
    int count;
    bool refuses;
};

static bool give_code(void *ctx, struct gw_view device, struct gw_buf *code, struct gw_err *err)
{
    struct asked *asked = ctx;
    asked->count++;
    assert_view(device, "arn:aws:iam::123456789012:mfa/me");
    return asked->refuses ? gw_fail(err, GW_ERR_CANCELLED, "no code was given")
                          : gw_buf_add_text(code, "123456\n");
}

static struct gw_identity *use_guarded(struct fixture *f, struct asked *asked)
{
    use(f, ROLE_CONFIG, "guarded");
    struct gw_identity_options options = {.loop = f->loop,
                                          .transport = &f->player.base,
                                          .config = f->config,
                                          .settings = f->options.settings,
                                          .ask_code = give_code,
                                          .ask_ctx = asked};
    struct gw_identity *identity = gw_identity_new(&options);
    f->options.identity = identity;
    renew_client(f);
    return identity;
}

static void a_code_is_asked_for_and_never_beside_the_calls(void **state)
{
    struct fixture *f = *state;
    struct asked asked = {0};
    struct gw_identity *identity = use_guarded(f, &asked);
    PLAY(f, OK_ROLE("ASIAONE"), OK_LIST, OK_LIST,
         {.status = 200, .body = ASSUMED("ASIATWO", "2023-11-15T01:13:20Z")}, OK_LIST);
    list_clusters(f);
    assert_int_equal(asked.count, 1);
    assert_true(mentions(&f->player.sent[0], "TokenCode=123456"));
    assert_true(mentions(&f->player.sent[0], "SerialNumber=arn"));
    let_pass(f, HOUR_MS - 14 * 60000);
    list_clusters(f);
    assert_int_equal(asked.count, 1);
    let_pass(f, 5 * 60000);
    list_clusters(f);
    assert_int_equal(asked.count, 2);
    assert_signer(&f->player.sent[4], "ASIATWO");
    gw_client_free(f->client);
    f->client = NULL;
    gw_identity_free(identity);
}

static void without_a_code_there_is_no_role(void **state)
{
    struct fixture *f = *state;
    struct asked asked = {.refuses = true};
    struct gw_identity *identity = use_guarded(f, &asked);
    PLAY(f, OK_LIST);
    struct outcome outcome = list_clusters(f);
    assert_int_equal(outcome.err.code, GW_ERR_CANCELLED);
    assert_int_equal(f->player.sent_count, 0);
    gw_client_free(f->client);
    f->client = NULL;
    gw_identity_free(identity);
    f->options.identity = NULL;
    use(f, ROLE_CONFIG, "guarded");
    outcome = list_clusters(f);
    assert_fails(&outcome, "ecs:ListClusters: role arn:aws:iam::123456789012:role/ops of profile "
                           "'guarded', by profile 'base' in config: needs a code of the device "
                           "'arn:aws:iam::123456789012:mfa/me'");
}

/* ---- web identity ---------------------------------------------------------------------------- */

#define IDENTIFIED(id)                                                                             \
    "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"            \
    "<AccessKeyId>" id "</AccessKeyId><SecretAccessKey>secret-" id "</SecretAccessKey>"            \
    "<SessionToken>token-" id "</SessionToken><Expiration>2023-11-14T23:13:20Z</Expiration>"       \
    "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"

static void a_web_identity_is_read_anew_each_time(void **state)
{
    struct fixture *f = *state;
    char path[256];
    snprintf(path, sizeof path, "%s/token", home);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path, 1);
    setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod", 1);
    use_nothing(f);
    PLAY(f, {.status = 200, .body = IDENTIFIED("ASIAONE")}, OK_LIST,
         {.status = 200, .body = IDENTIFIED("ASIATWO")}, OK_LIST);
    write_text("token", "first-token\n");
    list_clusters(f);
    assert_signer(&f->player.sent[0], NULL);
    assert_true(mentions(&f->player.sent[0], "WebIdentityToken=first-token"));
    assert_signer(&f->player.sent[1], "ASIAONE");
    write_text("token", "second-token");
    let_pass(f, HOUR_MS);
    list_clusters(f);
    assert_true(mentions(&f->player.sent[2], "WebIdentityToken=second-token"));
}

/* ---- the container --------------------------------------------------------------------------- */

static void a_container_is_asked_with_its_token(void **state)
{
    struct fixture *f = *state;
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:8080/c", 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abcdef", 1);
    use_nothing(f);
    PLAY(f, OK_KEYS("ASIABOX"), OK_LIST);
    list_clusters(f);
    assert_view(f->player.sent[0].url, "http://127.0.0.1:8080/c");
    assert_header(&f->player.sent[0], "authorization", "Basic abcdef");
    assert_header(&f->player.sent[0], "accept", "application/json");
    assert_signer(&f->player.sent[1], "ASIABOX");
}

static void a_container_is_asked_three_times(void **state)
{
    struct fixture *f = *state;
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x", 1);
    use_nothing(f);
    PLAY(f, {.failure = GW_ERR_TIMEOUT, .message = "no answer"}, {.status = 500, .body = "x"},
         OK_KEYS("ASIABOX"), OK_LIST);
    list_clusters(f);
    assert_int_equal(f->player.sent_count, 4);
    assert_int_equal(f->player.sent[2].at_ms - f->player.sent[0].at_ms, 2000);
    use_nothing(f);
    play(f, &(struct answer){.status = 500, .body = "x"}, 1);
    struct outcome outcome = list_clusters(f);
    assert_int_equal(f->player.sent_count, 3);
    assert_fails(&outcome, "ecs:ListClusters: container (169.254.170.2): expected HTTP status 200, "
                           "got 500");
}

static void a_container_token_with_a_line_break_is_not_sent(void **state)
{
    struct fixture *f = *state;
    char path[256];
    snprintf(path, sizeof path, "%s/token", home);
    write_text("token", "one\ntwo");
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x", 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path, 1);
    use_nothing(f);
    PLAY(f, OK_LIST);
    struct outcome outcome = list_clusters(f);
    assert_int_equal(f->player.sent_count, 0);
    assert_fails(&outcome,
                 "ecs:ListClusters: container (169.254.170.2): authorization token: has a "
                 "line break inside");
}

/* ---- the instance ---------------------------------------------------------------------------- */

static void an_instance_is_asked_for_token_role_and_keys(void **state)
{
    struct fixture *f = *state;
    use_nothing(f);
    PLAY(f, {.status = 200, .body = "the-token"}, {.status = 200, .body = "web\nother"},
         OK_KEYS("ASIAVM"), OK_LIST);
    list_clusters(f);
    const struct sent *sent = f->player.sent;
    assert_view(sent[0].method, "PUT");
    assert_view(sent[0].url, "http://169.254.169.254/latest/api/token");
    assert_header(&sent[0], "x-aws-ec2-metadata-token-ttl-seconds", "21600");
    assert_view(sent[1].url,
                "http://169.254.169.254/latest/meta-data/iam/security-credentials-extended");
    assert_header(&sent[1], "x-aws-ec2-metadata-token", "the-token");
    assert_view(sent[2].url,
                "http://169.254.169.254/latest/meta-data/iam/security-credentials-extended/web");
    assert_signer(&sent[3], "ASIAVM");
}

#define NONE_FOUND(reason)                                                                         \
    "ecs:ListClusters: credentials: none found; looked at AWS_ACCESS_KEY_ID, profile 'default' "   \
    "in credentials and config, and instance metadata (" reason "); set AWS_ACCESS_KEY_ID and "    \
    "AWS_SECRET_ACCESS_KEY, or name a profile"

static void an_instance_that_has_none_is_told_of(void **state)
{
    struct fixture *f = *state;
    use_nothing(f);
    play(f, (const struct answer[]){{.status = 200, .body = "the-token"}, {.status = 404}}, 2);
    struct outcome outcome = list_clusters(f);
    assert_fails(&outcome, NONE_FOUND("no role is attached to the instance"));

    use_nothing(f);
    play(f, &(struct answer){.failure = GW_ERR_NETWORK, .message = "could not connect"}, 1);
    outcome = list_clusters(f);
    assert_int_equal(f->player.sent_count, 1);
    assert_fails(&outcome, NONE_FOUND("could not connect"));

    use_nothing(f);
    play(f, &(struct answer){.status = 403}, 1);
    outcome = list_clusters(f);
    assert_int_equal(f->player.sent_count, 1);
    assert_fails(&outcome,
                 NONE_FOUND("no token, HTTP status 403, which means that it is disabled"));
}

static void an_instance_without_the_extended_form_is_asked_in_the_plain_one(void **state)
{
    struct fixture *f = *state;
    use_nothing(f);
    PLAY(f, {.status = 200, .body = "the-token"}, {.status = 404}, {.status = 200, .body = "web"},
         OK_KEYS("ASIAVM"), OK_LIST);
    list_clusters(f);
    const struct sent *sent = f->player.sent;
    assert_view(sent[2].url, "http://169.254.169.254/latest/meta-data/iam/security-credentials/");
    assert_view(sent[3].url,
                "http://169.254.169.254/latest/meta-data/iam/security-credentials/web");
    assert_signer(&sent[4], "ASIAVM");
}

static void an_instance_that_knows_no_tokens_is_asked_without(void **state)
{
    struct fixture *f = *state;
    use_nothing(f);
    static const struct answer script[] = {
        {.status = 404}, {.status = 200, .body = "web"}, OK_KEYS("ASIAVM"), OK_LIST};
    play(f, script, 4);
    list_clusters(f);
    assert_int_equal(f->player.sent_count, 4);
    assert_int_equal(
        gw_headers_get(&f->player.sent[1].headers, GW_VIEW("x-aws-ec2-metadata-token")).len, 0);
    setenv("AWS_EC2_METADATA_V1_DISABLED", "true", 1);
    use_nothing(f);
    play(f, script, 4);
    list_clusters(f);
    assert_int_equal(f->player.sent_count, 1);
}

static void attempts_at_an_instance_are_a_setting(void **state)
{
    struct fixture *f = *state;
    setenv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "3", 1);
    use_nothing(f);
    PLAY(f, {.status = 500}, {.failure = GW_ERR_TIMEOUT, .message = "slow"},
         {.status = 200, .body = "t"}, {.status = 401}, {.status = 200, .body = "u"},
         {.status = 200, .body = "web"}, {.status = 200, .body = "not JSON"}, OK_KEYS("ASIAVM"),
         OK_LIST);
    list_clusters(f);
    assert_int_equal(f->player.sent_count, 9);
    assert_header(&f->player.sent[5], "x-aws-ec2-metadata-token", "u");
    assert_signer(&f->player.sent[8], "ASIAVM");
}

static void an_instance_whose_service_is_ill_keeps_its_keys(void **state)
{
    struct fixture *f = *state;
    use_nothing(f);
    PLAY(f, {.status = 200, .body = "t"}, {.status = 200, .body = "web"}, OK_KEYS("ASIAVM"),
         OK_LIST, {.status = 500}, OK_LIST, OK_LIST);
    list_clusters(f);
    let_pass(f, 2 * HOUR_MS); /* the keys have expired */
    struct outcome outcome = list_clusters(f);
    assert_view(outcome.output, "{}");
    assert_signer(&f->player.sent[5], "ASIAVM");
    list_clusters(f); /* and the service is left alone for a while */
    assert_int_equal(f->player.sent_count, 7);
}

/* ---- processes ------------------------------------------------------------------------------- */

static void use_process(struct fixture *f, const char *command)
{
    char config[1024];
    snprintf(config, sizeof config,
             "[profile p]\naws_account_id = 111122223333\n"
             "credential_process = %s\n",
             command);
    use(f, config, "p");
}

static void a_process_prints_credentials(void **state)
{
    struct fixture *f = *state;
    use_process(
        f,
        "echo '{\"Version\":1,\"AccessKeyId\":\"AKIDP\",\"SecretAccessKey\":\"secret-p\"}' | cat");
    PLAY(f, OK_LIST);
    list_clusters(f);
    assert_signer(&f->player.sent[0], "AKIDP");
}

static void a_process_is_run_again_when_its_credentials_end(void **state)
{
    struct fixture *f = *state;
    char command[512];
    snprintf(command, sizeof command,
             "echo x >> %s/count; printf "
             "'{\"Version\":1,\"AccessKeyId\":\"AKID%%s\",\"SecretAccessKey\":"
             "\"secret-p\",\"Expiration\":\"2023-11-1%%sT23:13:20Z\"}' $(wc -l < %s/count) $((3 + "
             "$(wc -l < %s/count)))",
             home, home, home);
    use_process(f, command);
    PLAY(f, OK_LIST);
    list_clusters(f);
    assert_signer(&f->player.sent[0], "AKID1");
    list_clusters(f);
    assert_signer(&f->player.sent[1], "AKID1");
    let_pass(f, HOUR_MS);
    list_clusters(f);
    assert_signer(&f->player.sent[2], "AKID2");
}

static void a_process_that_fails_is_quoted_by_its_last_words_only(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *command, *message;
    } rows[] = {
        {"echo hidden-output; echo first >&2; echo last words >&2; exit 3",
         "ended with exit code 3: last words"},
        {"kill -9 $$", "ended with signal 9"},
        {"exit 1", "ended with exit code 1"},
        {"echo hidden-output", "expected it to print a JSON object"},
        {"echo '[1]'", "expected it to print a JSON object"},
        {"echo '{\"AccessKeyId\":\"hidden-output\"}'", "expected Version 1 in what it prints"},
        {"echo '{\"Version\":2,\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\"}'",
         "expected Version 1 in what it prints"},
        {"echo '{\"Version\":1,\"AccessKeyId\":\"a\"}'", "has AccessKeyId but not SecretAccessKey"},
        {"echo "
         "'{\"Version\":1,\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\",\"Expiration\":\"soon\"}"
         "'",
         "expected Expiration like '2030-01-31T12:00:00Z', got something else"},
        {"head -c 100000 /dev/zero", "printed more than 64 KiB"},
        {"/nowhere/at/all 2>/dev/null", "ended with exit code 127"},
    };
    PLAY(f, OK_LIST);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char message[512];
        use_process(f, rows[i].command);
        struct outcome outcome = list_clusters(f);
        snprintf(message, sizeof message, "ecs:ListClusters: credential_process of profile 'p': %s",
                 rows[i].message);
        assert_fails(&outcome, message);
    }
    assert_int_equal(f->player.sent_count, 0);
}

static void a_process_that_is_no_longer_wanted_is_ended(void **state)
{
    struct fixture *f = *state;
    struct outcome outcome;
    use_process(f, "exec sleep 600");
    PLAY(f, OK_LIST);
    start(f, find("ecs", "list_clusters"), "{}", &outcome);
    gw_loop_step(f->loop);
    gw_client_free(f->client); /* waits for its end */
    f->client = NULL;
    assert_int_equal(outcome.calls, 0);
}

int main(void)
{
#define HOME_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_home, tear_down)
    const struct CMUnitTest tests[] = {
        HOME_TEST(a_role_is_assumed_with_the_keys_of_its_source),
        HOME_TEST(roles_stand_on_each_other),
        HOME_TEST(all_who_wait_share_one_request),
        HOME_TEST(who_no_longer_waits_is_not_told),
        HOME_TEST(a_client_may_go_while_its_credentials_are_asked_for),
        HOME_TEST(a_role_that_is_refused_says_which_and_why),
        HOME_TEST(credentials_are_renewed_beside_the_calls),
        HOME_TEST(a_renewal_that_can_wait_may_fail),
        HOME_TEST(a_renewal_that_cannot_wait_must_not_fail),
        HOME_TEST(what_aws_calls_expired_is_renewed_once),
        HOME_TEST(what_is_refused_meanwhile_does_not_spoil_a_renewal),
        HOME_TEST(what_stays_expired_is_an_error),
        HOME_TEST(a_wrong_clock_does_not_spoil_what_was_just_given),
        HOME_TEST(a_role_is_kept_where_the_aws_cli_keeps_it),
        HOME_TEST(a_kept_role_near_its_end_is_not_used),
        HOME_TEST(a_code_is_asked_for_and_never_beside_the_calls),
        HOME_TEST(without_a_code_there_is_no_role),
        HOME_TEST(a_web_identity_is_read_anew_each_time),
        HOME_TEST(a_container_is_asked_with_its_token),
        HOME_TEST(a_container_is_asked_three_times),
        HOME_TEST(a_container_token_with_a_line_break_is_not_sent),
        HOME_TEST(an_instance_is_asked_for_token_role_and_keys),
        HOME_TEST(an_instance_that_has_none_is_told_of),
        HOME_TEST(an_instance_without_the_extended_form_is_asked_in_the_plain_one),
        HOME_TEST(an_instance_that_knows_no_tokens_is_asked_without),
        HOME_TEST(attempts_at_an_instance_are_a_setting),
        HOME_TEST(an_instance_whose_service_is_ill_keeps_its_keys),
        HOME_TEST(a_process_prints_credentials),
        HOME_TEST(a_process_is_run_again_when_its_credentials_end),
        HOME_TEST(a_process_that_fails_is_quoted_by_its_last_words_only),
        HOME_TEST(a_process_that_is_no_longer_wanted_is_ended),
    };
    forget_the_account();
    if (!mkdtemp(home)) {
        return 1;
    }
    setenv("HOME", home, 1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    clear_home();
    rmdir(home);
    return failed;
}
