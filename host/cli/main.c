/* main: the process around a command: what must hold before any secret is read, and the signals. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
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

static void say(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

/* A pattern that backtracks for ever hears of no limit. What was done is in the journal. */
static void on_processor_time(int number)
{
    (void)number;
    if (gw_script_is_stuck()) {
        say("gwrun: script ran 15 s in one function of Lua: a pattern that backtracks? Ended at "
            "once");
        say(current ? "; the journal has what was done\n" : "\n");
        _exit(GW_EXIT_SCRIPT);
    }
}

/* Counts processor time only: a process that waits is not woken. */
static void watch_processor_time(void)
{
    struct sigaction action = {.sa_handler = on_processor_time, .sa_flags = SA_RESTART};
    struct itimerval second = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}};
    sigaction(SIGPROF, &action, NULL);
    setitimer(ITIMER_PROF, &second, NULL);
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

/* Secrets must not end in a core file, nor in a file that others may read. Where cores go to a program the
 * limit does not count (core(5)); a process that is not dumpable has none, and its memory cannot be read
 * by others of the same user. Sanitizers look into it that way. */
static void guard_process(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
#if defined(PR_SET_DUMPABLE) && !defined(__SANITIZE_ADDRESS__)
    prctl(PR_SET_DUMPABLE, 0);
#endif
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

static int help(const struct gw_cli_options *options);

enum { OWN_HELP = 1, NO_ARGUMENTS = 2 }; /* explains itself; takes nothing but the host's options */

static const struct command {
    const char *name;
    int (*run)(const struct gw_cli_options *options);
    unsigned flags;
} commands[] = {
    {"approve", gw_cli_approve, 0},
    {"call", gw_cli_call, OWN_HELP},
    {"check", gw_cli_check, 0},
    {"drill", gw_cli_drill, 0},
    {"exec", gw_cli_exec, 0},
    {"help", help, OWN_HELP},
    {"history", gw_cli_history, 0},
    {"link", gw_cli_link, 0},
    {"list", gw_cli_list, NO_ARGUMENTS},
    {"locks", gw_cli_locks, 0},
    {"login", gw_cli_login, 0},
    {"models", gw_cli_models, OWN_HELP},
    {"new", gw_cli_new, 0},
    {"policy", gw_cli_policy, 0},
    {"report", gw_cli_report, 0},
    {"resume", gw_cli_resume, 0},
    {"show", gw_cli_show, 0},
    {"sim", gw_cli_sim, 0},
    {"test", gw_cli_test, 0},
    {"types", gw_cli_types, 0},
    {"undo", gw_cli_undo, 0},
    {"whoami", gw_cli_whoami, NO_ARGUMENTS},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

bool gw_cli_is_command(const char *name)
{
    return find_command(name) != NULL;
}

static int explain(const struct command *command)
{
    const char *usage = gw_cli_usage(command->name);
    if (!usage) {
        return gw_cli_help(stdout);
    }
    fputs(usage, stdout);
    return GW_EXIT_OK;
}

static int run_command(const struct command *command, const struct gw_cli_options *options)
{
    if (options->help && !(command->flags & OWN_HELP)) {
        return explain(command);
    }
    return (command->flags & NO_ARGUMENTS) && options->rest_count > 0 ? fail_argument(options, 0)
                                                                      : command->run(options);
}

static int help(const struct gw_cli_options *options)
{
    if (options->rest_count > 1) {
        return fail_argument(options, 1);
    }
    const char *subject = options->rest_count > 0 ? options->rest[0] : "help";
    const struct command *command = find_command(subject);
    if (!command) {
        return gw_cli_help_runbook(subject);
    }
    if (command->run == help || !(command->flags & OWN_HELP)) {
        return explain(command);
    }
    struct gw_cli_options bare = *options; /* without a word more it explains itself */
    bare.rest_count = 0;
    return command->run(&bare);
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
    const struct command *command = find_command(options->name);
    if (command) {
        return run_command(command, options);
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
    watch_processor_time();
    int exit_code = gw_cli_parse(argc, argv, &options, &err) ? flush_output(dispatch(&options))
                                                             : gw_cli_fail(&err);
    gw_cli_options_clear(&options);
    return exit_code;
}
