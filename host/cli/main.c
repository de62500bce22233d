/* main: the process around a command: what must hold before any secret is read, and the signals. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/internal.h"

static struct gw_run *current; /* set only while it may be interrupted */

void gw_cli_set_current(struct gw_run *run)
{
    current = run;
}

static void on_signal(int number)
{
    if (current) {
        gw_run_interrupt(current);
        return;
    }
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_signals(void)
{
    static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};
    for (size_t i = 0; i < sizeof stopping / sizeof *stopping; i++) {
        sigaction(stopping[i], &action, NULL);
    }
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL); /* a broken pipe is an output error, and said so */
}

/* Secrets must not end in a core file, nor in a file that others may read. */
static void guard_process(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    umask(S_IRWXG | S_IRWXO);
}

/* A standard stream that is closed would be the next file or socket opened, and what is printed
 * would go there. Its place is taken by one that cannot be used the way that stream is. */
static void hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

static int fail_argument(const struct gw_cli_options *options, size_t at)
{
    return gw_cli_fail_with(GW_EXIT_USAGE, "%s: unexpected argument '%s'", options->name,
                            options->rest[at]);
}

static int help(const struct gw_cli_options *options)
{
    static const char *const commands[] = {"check",  "help", "list",  "login",
                                           "policy", "test", "types", "whoami"};
    if (options->rest_count > 1) {
        return fail_argument(options, 1);
    }
    const char *subject = options->rest_count > 0 ? options->rest[0] : "help";
    struct gw_cli_options bare = *options; /* these two explain themselves without a word more */
    bare.rest_count = 0;
    if (strcmp(subject, "call") == 0) {
        return gw_cli_call(&bare);
    }
    if (strcmp(subject, "models") == 0) {
        return gw_cli_models(&bare);
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(subject, commands[i]) == 0) {
            return gw_cli_help(stdout);
        }
    }
    return gw_cli_help_runbook(subject);
}

static int dispatch(const struct gw_cli_options *options)
{
    if (options->version) {
        puts("gwrun " GW_VERSION);
        return GW_EXIT_OK;
    }
    if (!options->name) {
        return options->help
                   ? gw_cli_help(stdout)
                   : gw_cli_fail_with(GW_EXIT_USAGE, "which runbook? 'gwrun list' shows them, "
                                                     "'gwrun help' how it is used");
    }
    if (strcmp(options->name, "list") == 0) {
        return options->rest_count > 0 ? fail_argument(options, 0) : gw_cli_list(options);
    }
    if (strcmp(options->name, "models") == 0) {
        return gw_cli_models(options);
    }
    if (strcmp(options->name, "resume") == 0) {
        return options->help ? gw_cli_help(stdout) : gw_cli_resume(options);
    }
    if (strcmp(options->name, "undo") == 0) {
        return options->help ? gw_cli_help(stdout) : gw_cli_undo(options);
    }
    if (strcmp(options->name, "test") == 0) {
        return options->help ? gw_cli_help(stdout) : gw_cli_test(options);
    }
    if (strcmp(options->name, "types") == 0) {
        return options->help ? gw_cli_help(stdout) : gw_cli_types(options);
    }
    if (strcmp(options->name, "whoami") == 0) {
        return options->help             ? gw_cli_help(stdout)
               : options->rest_count > 0 ? fail_argument(options, 0)
                                         : gw_cli_whoami(options);
    }
    if (strcmp(options->name, "login") == 0) {
        return options->help ? gw_cli_help(stdout) : gw_cli_login(options);
    }
    if (strcmp(options->name, "call") == 0) {
        return gw_cli_call(options);
    }
    if (strcmp(options->name, "check") == 0) {
        return options->help ? gw_cli_help(stdout) : gw_cli_check(options);
    }
    if (strcmp(options->name, "policy") == 0) {
        return options->help ? gw_cli_help(stdout) : gw_cli_policy(options);
    }
    if (strcmp(options->name, "help") == 0) {
        return help(options);
    }
    return options->help ? gw_cli_help_runbook(options->name) : gw_cli_run(options);
}

/* What failed already has said so. */
static int flush_output(int exit_code)
{
    bool lost = fflush(stdout) != 0 || ferror(stdout);
    if (lost && exit_code == GW_EXIT_OK) {
        return gw_cli_fail_with(GW_EXIT_FAILED, "standard output could not be written");
    }
    return exit_code;
}

int main(int argc, char **argv)
{
    struct gw_cli_options options;
    struct gw_err err = {0};
    hold_standard_streams();
    guard_process();
    catch_signals();
    int exit_code = gw_cli_parse(argc, argv, &options, &err) ? flush_output(dispatch(&options))
                                                             : gw_cli_fail(&err);
    gw_cli_options_clear(&options);
    return exit_code;
}
