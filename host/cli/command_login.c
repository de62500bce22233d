/* command_login: gwrun login: single sign-on from a terminal. It shows an address and a code, opens the
 * address where there is a browser, and waits until somebody has confirmed. The token is kept only
 * when it has come, so that Ctrl-C leaves nothing behind. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/internal.h"
#include "codec/codec.h"

#define NO_PROGRAM 127

struct flow {
    const struct gw_cli_options *options;
    bool no_browser;
    const char *session; /* NULL: that of the profile */
    bool has_ended;
    int64_t expires_epoch_s, code_ends_s;
    struct gw_loop *loop;
    struct gw_timer *tick;
    struct gw_err err;
};

/* ---- arguments ------------------------------------------------------------------------------- */

static bool read_arguments(struct flow *flow, struct gw_err *err)
{
    const struct gw_cli_options *options = flow->options;
    for (size_t i = 0; i < options->rest_count; i++) {
        const char *argument = options->rest[i];
        if (strcmp(argument, "--no-browser") == 0) {
            flow->no_browser = true;
        } else if (strncmp(argument, "--sso-session=", 14) == 0 && argument[14]) {
            flow->session = argument + 14;
        } else if (strcmp(argument, "--sso-session") == 0 && i + 1 < options->rest_count) {
            flow->session = options->rest[++i];
        } else {
            return gw_fail(
                err, GW_ERR_INPUT,
                "login: expected --profile NAME, --sso-session NAME or --no-browser, got "
                "'%s'",
                argument);
        }
    }
    return !options->sim || gw_fail(err, GW_ERR_INPUT, "login: has no meaning in the simulator");
}

/* ---- the person ------------------------------------------------------------------------------ */

/* Only what is safe between fork and exec. */
static void become_browser(const char *address)
{
    int nowhere = open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        dup2(nowhere, fd);
    }
    execlp("xdg-open", "xdg-open", address, (char *)NULL);
    _exit(NO_PROGRAM);
}

/* Where a desktop is at hand; the address is shown in any case. */
static void open_browser(struct gw_view url)
{
    char *address = gw_view_dup(url);
    bool has_desktop = getenv("DISPLAY") || getenv("WAYLAND_DISPLAY");
    if (has_desktop && strncmp(address, "https://", 8) == 0 && fork() == 0) {
        become_browser(address);
    }
    free(address);
}

static void on_tick(void *ctx)
{
    struct flow *flow = ctx;
    int64_t left_s = flow->code_ends_s - gw_loop_wall_ms(flow->loop) / 1000;
    fprintf(stderr, "\rwaiting; the code ends in %2lld:%02lld ", (long long)(left_s / 60),
            (long long)(left_s % 60));
    flow->tick = gw_timer_start(flow->loop, 1000, on_tick, flow);
}

static void on_prompt(void *ctx, const struct gw_login_prompt *prompt)
{
    struct flow *flow = ctx;
    fputs("Open this address in any browser:\n\n    ", stdout);
    gw_cli_print(stdout, prompt->url);
    fputs("\n\nand confirm this code there:\n\n    ", stdout);
    gw_cli_print(stdout, prompt->code);
    fputs("\n\n", stdout);
    if (prompt->url_with_code.len > 0) {
        fputs("or open this one, which has the code in it:\n\n    ", stdout);
        gw_cli_print(stdout, prompt->url_with_code);
        fputs("\n\n", stdout);
    }
    fflush(stdout);
    if (!flow->no_browser) {
        open_browser(prompt->url_with_code.len > 0 ? prompt->url_with_code : prompt->url);
    }
    flow->code_ends_s = prompt->expires_epoch_s;
    if (gw_cli_can_redraw(stderr)) {
        on_tick(flow);
    }
}

static void on_end(void *ctx, int64_t expires_epoch_s, const struct gw_err *err)
{
    struct flow *flow = ctx;
    flow->has_ended = true;
    flow->expires_epoch_s = expires_epoch_s;
    if (err) {
        flow->err = *err;
    }
    if (flow->tick) {
        gw_timer_stop(flow->tick);
        flow->tick = NULL;
        fputs("\r\033[K", stderr);
    }
}

/* ---- the command ----------------------------------------------------------------------------- */

static int tell_end(const struct flow *flow)
{
    struct gw_buf when;
    if (flow->err.code != GW_ERR_NONE) {
        return gw_cli_fail(&flow->err);
    }
    gw_buf_init(&when, 64);
    gw_time_write((double)flow->expires_epoch_s, GW_TIME_ISO8601, &when);
    printf("logged in until %s\n", when.data);
    gw_buf_clear(&when);
    return GW_EXIT_OK;
}

static int log_in(struct gw_cli_session *session, struct flow *flow)
{
    struct gw_run_target target;
    struct gw_err err = {0};
    if (!gw_cli_session_settle(session, GW_VIEW_NONE, false, &target, &err)) {
        return gw_cli_fail(&err);
    }
    struct gw_login_options options = gw_cli_session_login(session);
    options.session = gw_view_of(flow->session);
    options.prompt = on_prompt;
    options.done = on_end;
    options.ctx = flow;
    flow->loop = options.loop;
    if (!gw_login_start(&options, &err)) {
        return gw_cli_fail(&err);
    }
    while (!flow->has_ended && gw_loop_step(options.loop)) {
    }
    return tell_end(flow);
}

int gw_cli_login(const struct gw_cli_options *options)
{
    struct gw_err err = {0};
    struct flow flow = {.options = options};
    struct gw_cli_session_options session_options = {.cli = options};
    if (!read_arguments(&flow, &err)) {
        return gw_cli_fail(&err);
    }
    struct gw_cli_session *session = gw_cli_session_open(&session_options, &err);
    if (!session) {
        return gw_cli_fail(&err);
    }
    int exit_code = log_in(session, &flow);
    gw_cli_session_close(session);
    return exit_code;
}
