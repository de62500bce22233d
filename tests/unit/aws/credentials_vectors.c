/* The published cases of credentials: which sources a set of profiles leads to, in which order; where a
 * container is asked; what a call inside a Lambda function says of its caller. A world that answers
 * everybody shows it by what is asked of it. */
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#include "unit/aws/player.h"

#define VECTORS GW_VECTORS "/config/"

static char home[] = "/tmp/gwrun-vectors-XXXXXX";

/* ---- a world that answers everybody ---------------------------------------------------------- */

enum { MAX_ASKED = 16 };

struct world {
    struct gw_transport base;
    struct gw_loop *loop;
    struct gw_arena *arena;
    struct sent asked[MAX_ASKED];
    size_t count, role_count;
    const struct gw_value *sign_in; /* the call that sign-in answers; NULL: none */
};

struct world_exchange {
    struct world *world;
    gw_http_done_fn done;
    void *ctx;
    struct gw_view body;
};

static struct gw_view assumed(struct world *world, const char *operation)
{
    world->role_count++;
    return gw_arena_printf(world->arena,
                           "<%sResponse><%sResult><Credentials><AccessKeyId>ROLE%zu</AccessKeyId>"
                           "<SecretAccessKey>secret-of-role-%zu</SecretAccessKey><SessionToken>t"
                           "</SessionToken><Expiration>2033-01-01T00:00:00Z</Expiration>"
                           "</Credentials></%sResult></%sResponse>",
                           operation, operation, world->role_count, world->role_count, operation,
                           operation);
}

static bool contains(struct gw_view text, const char *part)
{
    return gw_view_find(text, gw_view_of(part)) != GW_NPOS;
}

/* "{...}" of a recorded output; empty where an error is recorded. */
static struct gw_view sign_in(struct world *world)
{
    struct gw_buf text;
    const struct gw_value *response = gw_map_get(world->sign_in, GW_VIEW("response"));
    const struct gw_value *output = gw_map_get(response, GW_VIEW("tokenOutput"));
    if (!output) {
        return GW_VIEW_NONE;
    }
    gw_buf_init(&text, 65536);
    gw_json_write(output, NULL, &text);
    struct gw_view copy = gw_arena_dup(world->arena, gw_buf_view(&text));
    gw_buf_clear(&text);
    return copy;
}

static struct gw_view answer_to(struct world *world, const struct gw_http_request *req)
{
    if (gw_view_ends_with(req->url, GW_VIEW("/v1/token"))) {
        return sign_in(world);
    }
    if (contains(req->body, "Action=AssumeRoleWithWebIdentity&")) {
        return assumed(world, "AssumeRoleWithWebIdentity");
    }
    if (contains(req->body, "Action=AssumeRole&")) {
        return assumed(world, "AssumeRole");
    }
    if (contains(req->url, "/api/token")) {
        return GW_VIEW("token");
    }
    if (gw_view_ends_with(req->url, GW_VIEW("/security-credentials/"))) {
        return GW_VIEW("instance-role");
    }
    if (contains(req->url, "/federation/credentials")) {
        return GW_VIEW("{\"roleCredentials\":{\"accessKeyId\":\"SSO\",\"secretAccessKey\":"
                       "\"secret-of-sso\",\"sessionToken\":\"t\",\"expiration\":2000000000000}}");
    }
    if (contains(req->url, "169.254.") || contains(req->url, "/credentials")) {
        return GW_VIEW("{\"AccessKeyId\":\"NAMED\",\"SecretAccessKey\":\"secret-of-named\","
                       "\"Token\":\"t\",\"Expiration\":\"2033-01-01T00:00:00Z\"}");
    }
    return GW_VIEW("{}");
}

static void tell_answer(void *ctx)
{
    struct world_exchange exchange = *(struct world_exchange *)ctx;
    struct gw_http_response res = {.status = exchange.body.len > 0 ? 200 : 400,
                                   .body = exchange.body};
    free(ctx);
    exchange.done(exchange.ctx, &res, NULL);
}

static struct gw_exchange *world_start(struct gw_transport *self, const struct gw_http_request *req,
                                       gw_http_done_fn done, void *ctx)
{
    struct world *world = (struct world *)self;
    assert_true(world->count < MAX_ASKED);
    struct sent *asked = &world->asked[world->count++];
    *asked = (struct sent){.method = gw_arena_dup(world->arena, req->method),
                           .url = gw_arena_dup(world->arena, req->url),
                           .body = gw_arena_dup(world->arena, req->body)};
    for (size_t i = 0; i < req->headers.count; i++) {
        gw_headers_add(world->arena, &asked->headers, req->headers.items[i].name,
                       req->headers.items[i].value);
    }
    struct world_exchange *exchange = gw_alloc(sizeof *exchange);
    *exchange = (struct world_exchange){world, done, ctx, answer_to(world, req)};
    gw_timer_start(world->loop, 1, tell_answer, exchange);
    return (struct gw_exchange *)exchange;
}

/* ---- one case -------------------------------------------------------------------------------- */

struct result {
    bool has_come;
    struct gw_err err;
};

static void on_call(void *ctx, const struct gw_call_result *call)
{
    struct result *result = ctx;
    result->has_come = true;
    if (call->err) {
        result->err = *call->err;
    }
    assert_null(call->error);
}

/* Lists the clusters as the profile of the config text. */
static struct result list_as(struct world *world, struct gw_view config_text,
                             struct gw_view profile, struct gw_headers headers)
{
    struct result result = {0};
    struct gw_value none = gw_value_map();
    struct gw_config *config = gw_config_parse(config_text, GW_VIEW(""), &result.err);
    assert_non_null(config);
    world->base.start = world_start;
    world->loop = gw_loop_new(
        &(struct gw_loop_options){.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = START_EPOCH_MS});
    world->arena = gw_arena_new();
    struct gw_client_options options = {.loop = world->loop,
                                        .transport = &world->base,
                                        .config = config,
                                        .settings = {.profile = profile,
                                                     .profile_named = profile.len > 0,
                                                     .region = GW_VIEW("eu-central-1"),
                                                     .retry_mode = GW_RETRY_STANDARD},
                                        .headers = headers};
    struct gw_client *client = gw_client_new(&options);
    struct gw_call_request request = {
        .op = find("ecs", "list_clusters"), .input = &none, .done = on_call, .ctx = &result};
    bool is_under_way = gw_call_start(client, &request, &result.err) != NULL;
    while (is_under_way && !result.has_come && gw_loop_step(world->loop)) {
    }
    gw_client_free(client);
    gw_config_close(config);
    return result;
}

static void end(struct world *world)
{
    gw_loop_free(world->loop);
    gw_arena_free(world->arena);
    *world = (struct world){0};
}

static void assert_signed_by(const char *claim, const struct sent *sent, struct gw_view id,
                             struct gw_view secret)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_http_request req = {
        .method = sent->method, .url = sent->url, .headers = sent->headers, .body = sent->body};
    struct gw_sigv4_claim signature;
    struct gw_credentials keys = {.access_key_id = id, .secret_access_key = secret};
    struct gw_err err = {0};
    bool is_signed = gw_sigv4_read_claim(&req, arena, &signature, &err);
    keys.session_token = signature.session_token;
    if (!is_signed || !gw_view_equal(signature.access_key_id, id) ||
        !gw_sigv4_verify(&req, &signature, &keys, START_EPOCH_MS / 1000, arena, &err)) {
        fail_msg("%s: expected a request signed by %.*s; %s", claim, GW_VIEW_ARGS(id), err.message);
    }
    gw_arena_free(arena);
}

static struct gw_value read_vectors(const char *name, struct gw_arena *arena)
{
    char path[512];
    struct gw_value root;
    struct gw_err err = {0};
    snprintf(path, sizeof path, VECTORS "%s", name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        gw_arena_free(arena);
        print_message("credentials: skipped, no vectors in %s\n", path);
        skip();
    }
    static char text[1u << 18];
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    if (!gw_json_parse((struct gw_view){text, len}, arena, &root, &err)) {
        fail_msg("%s: %s", path, err.message);
    }
    return root;
}

/* ---- profiles and chains --------------------------------------------------------------------- */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* The token file of a case is one of ours. */
static void add_sections(const struct gw_value *sections, const char *kind, struct gw_buf *out)
{
    for (size_t i = 0; sections && i < sections->as.map.count; i++) {
        const struct gw_entry *section = &sections->as.map.entries[i];
        gw_buf_addf(out, "[%s %.*s]\n", kind, GW_VIEW_ARGS(section->key));
        for (size_t k = 0; k < section->value.as.map.count; k++) {
            const struct gw_entry *property = &section->value.as.map.entries[k];
            bool is_file = gw_view_equal(property->key, GW_VIEW("web_identity_token_file"));
            gw_buf_addf(out, "%.*s = ", GW_VIEW_ARGS(property->key));
            if (is_file) {
                gw_buf_addf(out, "%s/token\n", home);
            } else {
                gw_buf_addf(out, "%.*s\n", GW_VIEW_ARGS(property->value.as.string));
            }
        }
    }
}

/* Somebody has logged in to the session or start URL that a case names. */
static void log_in(const struct gw_value *sso)
{
    char command[256], path[256], name[2 * GW_SHA1_LEN + 1];
    struct gw_view session = gw_map_text(sso, GW_VIEW("sso_session"));
    gw_sha1_hex(session.len > 0 ? session : gw_map_text(sso, GW_VIEW("sso_start_url")), name);
    snprintf(command, sizeof command, "mkdir -p %s/.aws/sso/cache", home);
    assert_int_equal(system(command), 0);
    snprintf(path, sizeof path, "%s/.aws/sso/cache/%s.json", home, name);
    write_file(path, "{\"accessToken\":\"sso-token\",\"expiresAt\":\"2033-01-01T00:00:00Z\"}");
}

static void assert_member(const char *claim, const struct sent *sent, const char *member,
                          struct gw_view value)
{
    char expected[512], absent[64];
    struct gw_buf encoded;
    gw_buf_init(&encoded, 256);
    gw_percent_write(value, false, &encoded);
    snprintf(expected, sizeof expected, "%s=%s", member, encoded.data ? encoded.data : "");
    snprintf(absent, sizeof absent, "%s=", member);
    gw_buf_clear(&encoded);
    if (contains(sent->body, expected) != true && value.len > 0) {
        fail_msg("%s: expected %s in %.*s", claim, expected, GW_VIEW_ARGS(sent->body));
    }
    if (value.len == 0 && contains(sent->body, absent)) {
        fail_msg("%s: expected no %s in %.*s", claim, member, GW_VIEW_ARGS(sent->body));
    }
}

/* Follows the chain through what was asked; `id` and `secret` are of the last link so far. */
struct walk {
    const char *claim;
    struct world *world;
    size_t at, roles;
    struct gw_view id, secret;
};

static const struct sent *next_asked(struct walk *walk)
{
    if (walk->at == walk->world->count) {
        fail_msg("%s: expected more to be asked than %zu requests", walk->claim, walk->at);
    }
    return &walk->world->asked[walk->at++];
}

static void take_role_keys(struct walk *walk)
{
    struct gw_arena *arena = walk->world->arena;
    walk->roles++;
    walk->id = gw_arena_printf(arena, "ROLE%zu", walk->roles);
    walk->secret = gw_arena_printf(arena, "secret-of-role-%zu", walk->roles);
}

static void check_link(struct walk *walk, struct gw_view kind, const struct gw_value *facts)
{
    const struct sent *sent;
    if (gw_view_equal(kind, GW_VIEW("AccessKey"))) {
        walk->id = gw_map_text(facts, GW_VIEW("access_key_id"));
        walk->secret = gw_map_text(facts, GW_VIEW("secret_access_key"));
    } else if (gw_view_equal(kind, GW_VIEW("NamedSource"))) {
        assert_view(facts->as.string, "Ec2InstanceMetadata");
        assert_true(contains(next_asked(walk)->url, "/latest/api/token"));
        next_asked(walk);
        next_asked(walk);
        walk->id = GW_VIEW("NAMED");
        walk->secret = GW_VIEW("secret-of-named");
    } else if (gw_view_equal(kind, GW_VIEW("WebIdentityToken"))) {
        sent = next_asked(walk);
        assert_member(walk->claim, sent, "RoleArn", gw_map_text(facts, GW_VIEW("role_arn")));
        assert_member(walk->claim, sent, "WebIdentityToken", GW_VIEW("the-jwt"));
        take_role_keys(walk);
    } else if (gw_view_equal(kind, GW_VIEW("Sso"))) {
        sent = next_asked(walk);
        struct gw_view account = gw_map_text(facts, GW_VIEW("sso_account_id"));
        struct gw_view region = gw_map_text(facts, GW_VIEW("sso_region"));
        assert_true(gw_view_find(sent->url, account) != GW_NPOS);
        assert_true(gw_view_find(sent->url, region) != GW_NPOS);
        assert_header(sent, "x-amz-sso_bearer_token", "sso-token");
        walk->id = GW_VIEW("SSO");
        walk->secret = GW_VIEW("secret-of-sso");
    } else {
        assert_view(kind, "AssumeRole");
        sent = next_asked(walk);
        assert_signed_by(walk->claim, sent, walk->id, walk->secret);
        assert_member(walk->claim, sent, "RoleArn", gw_map_text(facts, GW_VIEW("role_arn")));
        assert_member(walk->claim, sent, "ExternalId", gw_map_text(facts, GW_VIEW("external_id")));
        struct gw_view name = gw_map_text(facts, GW_VIEW("role_session_name"));
        assert_member(walk->claim, sent, "RoleSessionName",
                      name.len > 0 ? name : GW_VIEW("gwrun-session-1700000000"));
        take_role_keys(walk);
    }
}

static void check_chain(const char *claim, struct world *world, const struct gw_value *chain,
                        const struct result *result)
{
    struct walk walk = {.claim = claim, .world = world};
    if (result->err.code != GW_ERR_NONE) {
        fail_msg("%s: %s", claim, result->err.message);
    }
    for (size_t i = 0; i < chain->as.list.count; i++) {
        const struct gw_entry *link = &chain->as.list.items[i].as.map.entries[0];
        check_link(&walk, link->key, &link->value);
    }
    assert_signed_by(claim, next_asked(&walk), walk.id, walk.secret);
    assert_int_equal(walk.at, world->count);
}

/* A session without account and role gives a token only, which no signature is made of. */
static bool is_token_only(const struct gw_value *chain)
{
    const struct gw_value *first = chain ? &chain->as.list.items[0] : NULL;
    const struct gw_value *sso = gw_map_get(first, GW_VIEW("Sso"));
    return sso && gw_map_text(sso, GW_VIEW("sso_account_id")).len == 0;
}

static void check_case(const struct gw_value *one)
{
    char claim[128];
    struct gw_buf config;
    struct world world = {0};
    const struct gw_value *input = gw_map_get(one, GW_VIEW("input"));
    const struct gw_value *output = gw_map_get(one, GW_VIEW("output"));
    const struct gw_value *chain = gw_map_get(output, GW_VIEW("ProfileChain"));
    struct gw_view docs = gw_map_text(one, GW_VIEW("docs"));
    snprintf(claim, sizeof claim, "%.*s", GW_VIEW_ARGS(docs));
    gw_buf_init(&config, 65536);
    add_sections(gw_map_get(input, GW_VIEW("profiles")), "profile", &config);
    add_sections(gw_map_get(input, GW_VIEW("sso_sessions")), "sso-session", &config);
    const struct gw_value *first = chain ? &chain->as.list.items[0] : NULL;
    if (gw_map_get(first, GW_VIEW("Sso"))) {
        log_in(gw_map_get(first, GW_VIEW("Sso")));
    }
    setenv("AWS_EC2_METADATA_DISABLED",
           gw_map_get(first, GW_VIEW("NamedSource")) ? "false" : "true", 1);
    struct result result =
        list_as(&world, gw_buf_view(&config), gw_map_text(input, GW_VIEW("selected_profile")),
                (struct gw_headers){0});
    if (chain && !is_token_only(chain)) {
        check_chain(claim, &world, chain, &result);
    } else if (result.err.code != GW_ERR_CREDENTIALS || world.count > 0) {
        fail_msg("%s: expected to fail at once, got '%s' after %zu requests", claim,
                 result.err.message, world.count);
    }
    end(&world);
    gw_buf_clear(&config);
}

static void clear_home(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s/.aws", home);
    assert_int_equal(system(command), 0);
}

static void profiles_lead_to_the_published_chains(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    struct gw_value cases = read_vectors("assume-role-tests.json", arena);
    char path[256];
    snprintf(path, sizeof path, "%s/token", home);
    write_file(path, "the-jwt");
    for (size_t i = 0; i < cases.as.list.count; i++) {
        clear_home(); /* no role of an earlier case is kept */
        check_case(&cases.as.list.items[i]);
    }
    print_message("chains of profiles: %zu of %zu\n", cases.as.list.count, cases.as.list.count);
    gw_arena_free(arena);
}

/* ---- the container --------------------------------------------------------------------------- */

static void set_variables(const struct gw_value *env, bool present)
{
    for (size_t i = 0; i < env->as.map.count; i++) {
        const struct gw_entry *variable = &env->as.map.entries[i];
        char *name = gw_view_dup(variable->key), *value = gw_view_dup(variable->value.as.string);
        if (present) {
            setenv(name, value, 1);
        } else {
            unsetenv(name);
        }
        free(name);
        free(value);
    }
}

static void a_container_is_asked_at_the_published_places(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    struct gw_value root = read_vectors("ecs-tests.json", arena);
    const struct gw_value *cases = gw_map_get(&root, GW_VIEW("tests"));
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    for (size_t i = 0; i < cases->as.list.count; i++) {
        const struct gw_value *one = &cases->as.list.items[i];
        struct world world = {0};
        set_variables(gw_map_get(one, GW_VIEW("env")), true);
        struct result result =
            list_as(&world, GW_VIEW(""), GW_VIEW("default"), (struct gw_headers){0});
        set_variables(gw_map_get(one, GW_VIEW("env")), false);
        struct gw_view place = gw_map_text(gw_map_get(one, GW_VIEW("result")), GW_VIEW("Ok"));
        if (place.len > 0) {
            assert_int_equal(result.err.code, GW_ERR_NONE);
            assert_int_equal(world.count, 2);
            assert_true(gw_view_equal(world.asked[0].url, place));
        } else {
            assert_int_equal(result.err.code, GW_ERR_CREDENTIALS);
            assert_int_equal(world.count, 0);
        }
        end(&world);
    }
    print_message("places of containers: %zu of %zu\n", cases->as.list.count, cases->as.list.count);
    gw_arena_free(arena);
}

/* ---- the instance ---------------------------------------------------------------------------- */

static void check_place(const struct gw_value *one)
{
    struct world world = {0};
    const struct gw_value *env = gw_map_get(one, GW_VIEW("env"));
    const struct gw_value *result = gw_map_get(one, GW_VIEW("result"));
    struct gw_view file = gw_map_text(env, GW_VIEW("AWS_CONFIG_FILE"));
    struct gw_view config = gw_map_text(gw_map_get(one, GW_VIEW("fs")), file);
    set_variables(env, true);
    setenv("AWS_EC2_METADATA_DISABLED", "false", 1);
    struct result got = list_as(&world, config, GW_VIEW("default"), (struct gw_headers){0});
    set_variables(env, false);
    struct gw_view place = gw_map_text(result, GW_VIEW("Ok"));
    struct gw_view docs = gw_map_text(one, GW_VIEW("docs"));
    bool is_asked = world.count > 0 && gw_view_equal(world.asked[0].url, place);
    if (place.len > 0 ? !is_asked : got.err.code != GW_ERR_CREDENTIALS || world.count > 0) {
        fail_msg("%.*s: expected to ask %.*s; %s", GW_VIEW_ARGS(docs), GW_VIEW_ARGS(place),
                 got.err.message);
    }
    end(&world);
}

static void an_instance_is_asked_at_the_published_places(void **state)
{
    (void)state;
    glob_t found;
    size_t count = 0;
    if (glob(VECTORS "imds-config/*.json", 0, NULL, &found) != 0) {
        print_message("credentials: skipped, no vectors in " VECTORS "imds-config\n");
        skip();
    }
    for (size_t f = 0; f < found.gl_pathc; f++) {
        struct gw_arena *arena = gw_arena_new();
        struct gw_value root = read_vectors(found.gl_pathv[f] + strlen(VECTORS), arena);
        const struct gw_value *cases = gw_map_get(&root, GW_VIEW("tests"));
        for (size_t i = 0; i < cases->as.list.count; i++) {
            const struct gw_value *one = &cases->as.list.items[i];
            if (gw_map_get(one, GW_VIEW("endpoint_override")) ||
                gw_map_get(one, GW_VIEW("mode_override"))) {
                struct gw_view docs = gw_map_text(one, GW_VIEW("docs"));
                print_message("%.*s: skipped, there is no such argument here\n",
                              GW_VIEW_ARGS(docs));
                continue;
            }
            check_place(one);
            count++;
        }
        gw_arena_free(arena);
    }
    print_message("places of instances: %zu of %zu\n", count, count);
    globfree(&found);
}

/* ---- sessions of aws login ------------------------------------------------------------------- */

static void write_caches(const struct gw_value *contents)
{
    char command[256], path[512];
    snprintf(command, sizeof command, "mkdir -p %s/.aws/login/cache", home);
    assert_int_equal(system(command), 0);
    for (size_t i = 0; i < contents->as.map.count; i++) {
        const struct gw_entry *file = &contents->as.map.entries[i];
        struct gw_buf text;
        gw_buf_init(&text, 65536);
        gw_json_write(&file->value, NULL, &text);
        snprintf(path, sizeof path, "%s/.aws/login/cache/%.*s", home, GW_VIEW_ARGS(file->key));
        write_file(path, text.data);
        gw_buf_clear(&text);
    }
}

static void check_login(const struct gw_value *one)
{
    char claim[128];
    struct world world = {0};
    const struct gw_value *calls = gw_map_get(one, GW_VIEW("mockApiCalls"));
    const struct gw_value *outcome = &gw_map_get(one, GW_VIEW("outcomes"))->as.list.items[0];
    struct gw_view docs = gw_map_text(one, GW_VIEW("documentation"));
    snprintf(claim, sizeof claim, "%.*s", GW_VIEW_ARGS(docs));
    clear_home();
    write_caches(gw_map_get(one, GW_VIEW("cacheContents")));
    world.sign_in = calls ? &calls->as.list.items[0] : NULL;
    struct result got = list_as(&world, gw_map_text(one, GW_VIEW("configContents")),
                                GW_VIEW("signin"), (struct gw_headers){0});
    size_t asked = calls ? calls->as.list.count : 0;
    if (gw_view_equal(gw_map_text(outcome, GW_VIEW("result")), GW_VIEW("error"))) {
        if (got.err.code != GW_ERR_CREDENTIALS || world.count != asked) {
            fail_msg("%s: expected an error, got '%s'", claim, got.err.message);
        }
    } else {
        assert_int_equal(world.count, asked + 1);
        assert_signed_by(claim, &world.asked[asked], gw_map_text(outcome, GW_VIEW("accessKeyId")),
                         gw_map_text(outcome, GW_VIEW("secretAccessKey")));
    }
    end(&world);
}

static void sessions_of_aws_login_are_used_as_published(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    struct gw_value cases = read_vectors("login-provider-test-cases.json", arena);
    for (size_t i = 0; i < cases.as.list.count; i++) {
        check_login(&cases.as.list.items[i]);
    }
    print_message("sessions of aws login: %zu of %zu\n", cases.as.list.count, cases.as.list.count);
    gw_arena_free(arena);
}

/* ---- inside a function ----------------------------------------------------------------------- */

/* "Name: value" lines. */
static struct gw_headers read_headers(const struct gw_value *lines, struct gw_arena *arena)
{
    struct gw_headers headers = {0};
    for (size_t i = 0; i < lines->as.list.count; i++) {
        struct gw_view line = lines->as.list.items[i].as.string;
        size_t colon = gw_view_find_char(line, ':');
        gw_headers_add(arena, &headers, gw_view_sub(line, 0, colon),
                       gw_view_trim(gw_view_sub(line, colon + 1, GW_NPOS)));
    }
    return headers;
}

static void a_call_inside_a_function_names_the_invocation(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    struct gw_value cases = read_vectors("recursion-detection.json", arena);
    static const char keys[] =
        "[profile p]\naws_access_key_id = AKID\naws_secret_access_key = secret\n";
    for (size_t i = 0; i < cases.as.list.count; i++) {
        const struct gw_value *one = &cases.as.list.items[i];
        struct world world = {0};
        set_variables(gw_map_get(one, GW_VIEW("env")), true);
        list_as(&world, GW_VIEW(keys), GW_VIEW("p"),
                read_headers(gw_map_get(one, GW_VIEW("requestHeadersBefore")), arena));
        set_variables(gw_map_get(one, GW_VIEW("env")), false);
        struct gw_headers after =
            read_headers(gw_map_get(one, GW_VIEW("requestHeadersAfter")), arena);
        struct gw_view expected = gw_headers_get(&after, GW_VIEW("x-amzn-trace-id"));
        assert_view(gw_headers_get(&world.asked[0].headers, GW_VIEW("x-amzn-trace-id")),
                    gw_arena_dup(arena, expected).data);
        end(&world);
    }
    print_message("invocations: %zu of %zu\n", cases.as.list.count, cases.as.list.count);
    gw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles_lead_to_the_published_chains),
        cmocka_unit_test(a_container_is_asked_at_the_published_places),
        cmocka_unit_test(an_instance_is_asked_at_the_published_places),
        cmocka_unit_test(sessions_of_aws_login_are_used_as_published),
        cmocka_unit_test(a_call_inside_a_function_names_the_invocation),
    };
    forget_the_account();
    if (!mkdtemp(home)) {
        return 1;
    }
    setenv("HOME", home, 1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", home);
    return system(command) != 0 || failed;
}
