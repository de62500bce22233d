/* main: the process around a command: what must hold before any secret is read, and the signals. */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

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
        return gw_cli_list(options);
    }
    if (strcmp(options->name, "test") == 0) {
        return gw_cli_test(options);
    }
    if (strcmp(options->name, "help") == 0) {
        return options->rest_count ? gw_cli_help_runbook(options->rest[0]) : gw_cli_help(stdout);
    }
    return options->help ? gw_cli_help_runbook(options->name) : gw_cli_run(options);
}

static int flush_output(int exit_code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return gw_cli_fail_with(GW_EXIT_FAILED, "standard output could not be written");
    }
    return exit_code;
}

int main(int argc, char **argv)
{
    struct gw_cli_options options;
    struct gw_err err = {0};
    guard_process();
    catch_signals();
    int exit_code = gw_cli_parse(argc, argv, &options, &err) ? flush_output(dispatch(&options))
                                                             : gw_cli_fail(&err);
    gw_cli_options_clear(&options);
    return exit_code;
}
