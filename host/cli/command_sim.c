/* command_sim: gwrun sim: the simulated world as a server, until it is told to end. */
#include <inttypes.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/internal.h"

#define MAX_SPEED 10000

struct server {
    const struct gw_cli_options *options;
    int port, speed;
    struct gw_loop *loop;
    struct gw_sim *sim;
    struct gw_sim_listener *listener;
    int signals; /* the descriptor that tells of them */
    bool runs_programs, is_told_to_end;
};

/* ---- the options ----------------------------------------------------------------------------- */

static bool read_number(const char *option, const char *text, int least, int most, int *out,
                        struct gw_err *err)
{
    int64_t number = *out;
    if (text && (!gw_view_to_int64(gw_view_of(text), &number) || number < least || number > most)) {
        return gw_fail(err, GW_ERR_INPUT,
                       "gwrun sim: option '%s' must be a whole number from %d to %d, got '%s'",
                       option, least, most, text);
    }
    *out = (int)number;
    return true;
}

static bool read_options(struct server *server, struct gw_err *err)
{
    const char *port = NULL, *speed = NULL, *operand;
    const struct gw_cli_word words[] = {{"--port", NULL, &port},
                                        {"--speed", NULL, &speed},
                                        {"--exec", &server->runs_programs, NULL},
                                        {NULL, NULL, NULL}};
    server->speed = 1;
    if (!gw_cli_read_words(server->options, words, &operand, err)) {
        return false;
    }
    if (operand) {
        return gw_fail(err, GW_ERR_INPUT, "gwrun sim: unexpected argument '%s'", operand);
    }
    return (!server->runs_programs || gw_sim_can_run(err)) &&
           read_number("--port", port, 0, 65535, &server->port, err) &&
           read_number("--speed", speed, 1, MAX_SPEED, &server->speed, err);
}

/* ---- what it says ---------------------------------------------------------------------------- */

/* The keys are the world's own: they open nothing else. */
static void print_environment(const struct server *server)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value variables =
        gw_sim_environment(server->sim, gw_sim_listener_port(server->listener), arena);
    for (size_t i = 0; i < variables.as.map.count; i++) {
        const struct gw_entry *variable = &variables.as.map.entries[i];
        printf("export %.*s=%.*s\n", GW_VIEW_ARGS(variable->key),
               GW_VIEW_ARGS(variable->value.as.string));
    }
    fflush(stdout);
    gw_arena_free(arena);
}

static void print_beginning(const struct server *server)
{
    fprintf(stderr, "gwrun: world '%s' listens on http://127.0.0.1:%d",
            server->options->sim_world ? server->options->sim_world : "guide",
            gw_sim_listener_port(server->listener));
    if (server->speed > 1) {
        fprintf(stderr, ", %d times as fast as here", server->speed);
    }
    fputs("; Ctrl-C ends it\n", stderr);
}

static void on_answered(void *ctx, const struct gw_sim_answered *what)
{
    const struct server *server = ctx;
    struct gw_arena *arena = gw_arena_new();
    struct gw_view at = gw_cli_instant(gw_loop_wall_ms(server->loop), arena);
    struct gw_view operation = what->operation.len > 0 ? what->operation : GW_VIEW("?");
    struct gw_view call = what->service.len > 0
                              ? gw_arena_printf(arena, "%.*s:%.*s", GW_VIEW_ARGS(what->service),
                                                GW_VIEW_ARGS(operation))
                              : gw_arena_printf(arena, "%.*s %.*s", GW_VIEW_ARGS(what->method),
                                                GW_VIEW_ARGS(what->url));
    fprintf(stderr, "%.*s  ", GW_VIEW_ARGS(at));
    gw_cli_print(stderr, call);
    if (what->status > 0) {
        fprintf(stderr, "  %d%s", what->status, what->error.len > 0 ? " " : "");
        gw_cli_print(stderr, what->error);
        fprintf(stderr, "  %" PRId64 " ms\n", what->duration_ms);
    } else {
        fprintf(stderr, "  no answer  %" PRId64 " ms\n", what->duration_ms);
    }
    gw_arena_free(arena);
}

/* ---- its life -------------------------------------------------------------------------------- */

static void on_signal(void *ctx, int events)
{
    struct server *server = ctx;
    (void)events;
    server->is_told_to_end = true;
}

/* Between two turns of the loop no signal is missed. */
static struct gw_watch *watch_signals(struct server *server)
{
    sigset_t stopping;
    sigemptyset(&stopping);
    sigaddset(&stopping, SIGINT);
    sigaddset(&stopping, SIGTERM);
    sigaddset(&stopping, SIGHUP);
    sigprocmask(SIG_BLOCK, &stopping, NULL);
    server->signals = signalfd(-1, &stopping, SFD_CLOEXEC | SFD_NONBLOCK);
    return gw_watch_start(server->loop, server->signals, GW_WATCH_READ, on_signal, server);
}

static bool open_server(struct server *server, struct gw_arena *arena, struct gw_err *err)
{
    struct gw_loop_options clock = {.clock = GW_CLOCK_REAL, .speed = server->speed};
    server->loop = gw_loop_new(&clock);
    struct gw_sim_options options = {.loop = server->loop,
                                     .world = server->options->sim_world,
                                     .folders = gw_cli_stdlib_folders(),
                                     .modules = gw_stdlib_modules,
                                     .seed = server->options->seed,
                                     .settings = gw_cli_world_settings(server->options, arena),
                                     .runs_programs = server->runs_programs,
                                     .real_dates = true};
    server->sim = gw_sim_new(&options, err);
    if (!server->sim) {
        return false;
    }
    struct gw_sim_listen_options listen = {.sim = server->sim,
                                           .port = server->port,
                                           .answered = server->options->quiet ? NULL : on_answered,
                                           .ctx = server};
    server->listener = gw_sim_listen(&listen, err);
    return server->listener != NULL;
}

int gw_cli_sim(const struct gw_cli_options *options)
{
    struct server server = {.options = options};
    struct gw_err err = {0};
    if (!read_options(&server, &err)) {
        return gw_cli_fail(&err);
    }
    struct gw_arena *arena = gw_arena_new();
    bool opened = open_server(&server, arena, &err);
    if (opened) {
        struct gw_watch *watch = watch_signals(&server);
        print_environment(&server);
        print_beginning(&server);
        while (!server.is_told_to_end && gw_loop_step(server.loop)) {
        }
        gw_watch_stop(watch);
        close(server.signals);
    }
    gw_sim_listener_close(server.listener);
    gw_sim_free(server.sim);
    gw_loop_free(server.loop);
    gw_arena_free(arena);
    return opened ? GW_EXIT_OK : gw_cli_fail(&err);
}
