/* Credentials: whatever container, instance, STS, a file or a process of the user's says, a call either
 * gets credentials or ends with one line. The first byte picks who speaks; NULs part what is said. */
#include "aws/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define START_EPOCH_MS INT64_C(1700000000000)
#define MAX_STEPS      1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum speaker { CONTAINER, INSTANCE, STS, SSO_FILE, ROLE_FILE, LOGIN_FILE, PROCESS, SPEAKERS };

static const char config_text[] =
    "[profile base]\naws_access_key_id = AKID\naws_secret_access_key = secret-of-base\n"
    "[profile role]\nrole_arn = arn:r\nsource_profile = base\n"
    "[profile sso]\nsso_start_url = u\nsso_region = us-east-1\nsso_account_id = 1\nsso_role_name = "
    "r\n"
    "[profile login]\nlogin_session = s\n";

/* The files of role, start URL and session above. */
static const char *const paths[SPEAKERS] = {
    [SSO_FILE] = ".aws/sso/cache/51e69892ab49df85c6230ccc57f8e1d1606caccc.json",
    [ROLE_FILE] = ".aws/cli/cache/85e188805d209c6e5e0956c4d7e891458faf89a2.json",
    [LOGIN_FILE] = ".aws/login/cache/"
                   "043a718774c572bd8a25adbeb1bfcd5c0256ae11cecf9f9c3f925d0e52beaf89.json"};
static const char *const profiles[SPEAKERS] = {"default", "default", "role",
                                               "sso",     "role",    "login"};

static char home[] = "/tmp/gwrun-fuzz-XXXXXX";

/* ---- a transport that says what is left of the input ----------------------------------------- */

struct speaking {
    struct gw_transport base;
    struct gw_loop *loop;
    struct gw_view rest;
};

struct gw_exchange {
    struct speaking *speaking;
    struct gw_timer *timer;
    gw_http_done_fn done;
    void *ctx;
};

static void speak(void *ctx)
{
    struct gw_exchange exchange = *(struct gw_exchange *)ctx;
    struct gw_http_response res = {.status = 200};
    free(ctx);
    if (!gw_view_next(&exchange.speaking->rest, '\0', &res.body)) {
        res.status = 404;
    }
    exchange.done(exchange.ctx, &res, NULL);
}

static struct gw_exchange *start(struct gw_transport *self, const struct gw_http_request *req,
                                 gw_http_done_fn done, void *ctx)
{
    (void)req;
    struct gw_exchange *exchange = gw_alloc(sizeof *exchange);
    struct speaking *speaking = (struct speaking *)self;
    *exchange = (struct gw_exchange){speaking, NULL, done, ctx};
    exchange->timer = gw_timer_start(speaking->loop, 1, speak, exchange);
    return exchange;
}

static void cancel(struct gw_transport *self, struct gw_exchange *exchange)
{
    (void)self;
    gw_timer_stop(exchange->timer);
    free(exchange);
}

/* ---- one input ------------------------------------------------------------------------------- */

static void make_home(void)
{
    static const char *const folders[] = {
        ".aws",           ".aws/sso",   ".aws/sso/cache",  ".aws/cli",
        ".aws/cli/cache", ".aws/login", ".aws/login/cache"};
    static bool is_made;
    char path[256];
    if (is_made) {
        return;
    }
    is_made = true;
    if (!mkdtemp(home)) {
        abort();
    }
    setenv("HOME", home, 1);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", home, folders[i]);
        mkdir(path, 0700);
    }
    gw_log_set_level(GW_LOG_ERROR);
}

static void write_file(enum speaker speaker, struct gw_view text)
{
    char path[256];
    for (size_t i = 0; i < SPEAKERS; i++) {
        snprintf(path, sizeof path, "%s/%s", home, paths[i] ? paths[i] : "none");
        unlink(path);
    }
    if (paths[speaker]) {
        snprintf(path, sizeof path, "%s/%s", home, paths[speaker]);
        FILE *file = fopen(path, "wb");
        if (!file || fwrite(text.data ? text.data : "", 1, text.len, file) != text.len) {
            abort();
        }
        fclose(file);
    }
}

struct outcome {
    bool has_come;
};

static void on_credentials(void *ctx, const struct gw_credentials *credentials,
                           const struct gw_err *err)
{
    struct outcome *outcome = ctx;
    outcome->has_come = true;
    if ((credentials == NULL) != (err != NULL) || (err && strchr(err->message, '\n'))) {
        abort();
    }
    if (credentials && (credentials->access_key_id.len == 0 || credentials->source.len == 0)) {
        abort();
    }
}

/* Without a process: to start one for each input takes too long. */
static void read_process(struct gw_view text)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_credentials credentials = {0};
    struct gw_err err = {0};
    struct outcome outcome = {false};
    bool read = gw_process_read(text, GW_VIEW("process"), arena, &credentials, &err);
    on_credentials(&outcome, read ? &credentials : NULL, read ? NULL : &err);
    gw_arena_free(arena);
    gw_secret_clear();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    enum speaker speaker = (enum speaker)(data[0] % SPEAKERS);
    struct gw_view text = {(const char *)data + 1, size - 1};
    if (speaker == PROCESS) {
        read_process(text);
        return 0;
    }
    struct gw_err err = {0};
    struct outcome outcome = {false};
    make_home();
    write_file(speaker, text);
    if (speaker == CONTAINER) {
        setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c", 1);
    } else {
        unsetenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    }
    struct speaking speaking = {.base = {.start = start, .cancel = cancel}};
    speaking.loop = gw_loop_new(
        &(struct gw_loop_options){.clock = GW_CLOCK_VIRTUAL, .start_epoch_ms = START_EPOCH_MS});
    speaking.rest = paths[speaker] ? GW_VIEW_NONE : text;
    struct gw_config *config = gw_config_parse(gw_view_of(config_text), GW_VIEW(""), &err);
    struct gw_identity_options options = {.loop = speaking.loop,
                                          .transport = &speaking.base,
                                          .config = config,
                                          .settings = {.profile = gw_view_of(profiles[speaker]),
                                                       .region = GW_VIEW("us-east-1"),
                                                       .max_attempts = 1,
                                                       .retry_mode = GW_RETRY_STANDARD}};
    struct gw_identity *identity = gw_identity_new(&options);
    gw_identity_get(identity, on_credentials, &outcome);
    for (int i = 0; i < MAX_STEPS && !outcome.has_come && gw_loop_step(speaking.loop); i++) {
    }
    if (!outcome.has_come) {
        abort();
    }
    gw_identity_free(identity);
    gw_config_close(config);
    gw_loop_free(speaking.loop);
    gw_secret_clear();
    return 0;
}
