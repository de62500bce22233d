/* credentials_process: a program of the user's that prints credentials. It runs through the shell with
 * the environment and standard input that we have, and may ask at the terminal. What it prints is
 * secret whatever it is: no message quotes it; the end of what it says on standard error is quoted
 * where it fails.
 * Limits: 5 minutes, 64 KiB of output; of standard error the first 4 KiB. */
#include "aws/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_MS       (5 * 60 * 1000)
#define REAP_MS          10
#define OUTPUT_MAX_BYTES ((size_t)64 << 10)
#define ERROR_MAX_BYTES  ((size_t)4 << 10)
#define QUOTE_MAX_BYTES  ((size_t)300)
#define DESCRIPTORS_MAX  4096
#define NO_SHELL         127

struct stream {
    struct gw_process *process;
    int fd; /* -1: at its end */
    struct gw_watch *watch;
    struct gw_buf text;
};

struct gw_process {
    struct gw_fetch *fetch;
    pid_t pid; /* 0: gone */
    struct stream out, err;
    struct gw_timer *deadline, *reaping;
};

static void conclude(struct gw_process *process, int status);

/* ---- its end --------------------------------------------------------------------------------- */

static void close_stream(struct stream *stream)
{
    if (stream->fd >= 0) {
        gw_watch_stop(stream->watch);
        close(stream->fd);
        stream->fd = -1;
    }
}

void gw_process_stop(struct gw_process *process)
{
    if (!process) {
        return;
    }
    if (process->pid > 0) {
        kill(process->pid, SIGKILL);
        while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    close_stream(&process->out);
    close_stream(&process->err);
    gw_timer_stop(process->deadline);
    gw_timer_stop(process->reaping);
    gw_buf_clear(&process->out.text);
    gw_buf_clear(&process->err.text);
    free(process);
}

static void fail(struct gw_process *process, const char *what)
{
    struct gw_err err = {0};
    gw_fail(&err, GW_ERR_CREDENTIALS, "%.*s: %s", GW_VIEW_ARGS(process->fetch->link->source), what);
    gw_fetch_fail(process->fetch, &err);
}

static void on_deadline(void *ctx)
{
    struct gw_process *process = ctx;
    process->deadline = NULL;
    fail(process, "gave no answer within 5 minutes");
}

/* Its streams are closed, so that it is about to end; there is no telling on the loop when. */
static void reap(void *ctx)
{
    struct gw_process *process = ctx;
    int status = 0;
    process->reaping = NULL;
    pid_t got = waitpid(process->pid, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) {
        struct gw_loop *loop = gw_identity_options(process->fetch->identity)->loop;
        process->reaping = gw_timer_start(loop, REAP_MS, reap, process);
        return;
    }
    process->pid = 0;
    conclude(process, status);
}

/* ---- its output ------------------------------------------------------------------------------ */

static void on_readable(void *ctx, int events)
{
    struct stream *stream = ctx;
    struct gw_process *process = stream->process;
    char block[4096];
    (void)events;
    ssize_t got = read(stream->fd, block, sizeof block);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (got > 0) { /* of standard error the rest goes nowhere */
        bool fits = gw_buf_add(&stream->text, (struct gw_view){block, (size_t)got});
        gw_wipe(block, sizeof block);
        if (!fits && stream == &process->out) {
            fail(process, "printed more than 64 KiB");
        }
        return;
    }
    close_stream(stream);
    if (process->out.fd < 0 && process->err.fd < 0) {
        reap(process);
    }
}

/* The last line, as a reason. */
static struct gw_view reason_of(const struct stream *err)
{
    struct gw_view text = gw_view_trim(gw_buf_view(&err->text)), line = text;
    while (gw_view_next(&text, '\n', &line)) {
    }
    return gw_view_sub(gw_view_trim(line), 0, QUOTE_MAX_BYTES);
}

static void fail_status(struct gw_process *process, int status)
{
    struct gw_err err = {0};
    struct gw_view reason = reason_of(&process->err);
    bool is_signal = WIFSIGNALED(status);
    gw_fail(&err, GW_ERR_CREDENTIALS, "%.*s: ended with %s %d%s%.*s",
            GW_VIEW_ARGS(process->fetch->link->source), is_signal ? "signal" : "exit code",
            is_signal ? WTERMSIG(status) : WEXITSTATUS(status), reason.len > 0 ? ": " : "",
            GW_VIEW_ARGS(reason));
    gw_fetch_fail(process->fetch, &err);
}

static bool check_version(const struct gw_value *object, struct gw_view source, struct gw_err *err)
{
    const struct gw_value *version = gw_map_get(object, GW_VIEW("Version"));
    struct gw_value one = gw_value_int(1);
    return (version && gw_value_equal(version, &one)) ||
           gw_fail(err, GW_ERR_CREDENTIALS, "%.*s: expected Version 1 in what it prints",
                   GW_VIEW_ARGS(source));
}

/* What a process prints, on its own for the fuzzer. */
bool gw_process_read(struct gw_view text, struct gw_view source, struct gw_arena *arena,
                     struct gw_credentials *out, struct gw_err *err)
{
    static const struct gw_credentials_names names = {
        {"AccessKeyId", "SecretAccessKey", "SessionToken"}, "Expiration", "AccountId"};
    struct gw_value object;
    if (!gw_json_parse(text, arena, &object, NULL) || object.kind != GW_MAP) {
        return gw_fail(err, GW_ERR_CREDENTIALS, "%.*s: expected it to print a JSON object",
                       GW_VIEW_ARGS(source));
    }
    return check_version(&object, source, err) &&
           gw_credentials_read(&object, &names, source, arena, out, err);
}

static void conclude(struct gw_process *process, int status)
{
    struct gw_fetch *fetch = process->fetch;
    struct gw_credentials credentials = {0};
    struct gw_err err = {0};
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail_status(process, status);
        return;
    }
    if (!gw_process_read(gw_buf_view(&process->out.text), fetch->link->source, fetch->arena,
                         &credentials, &err)) {
        gw_fetch_fail(fetch, &err);
        return;
    }
    if (credentials.account_id.len == 0) {
        credentials.account_id = fetch->link->account_id;
    }
    gw_fetch_finish(fetch, &credentials);
}

/* ---- its start ------------------------------------------------------------------------------- */

/* Only what is safe between fork and exec. */
static void become_shell(const char *command, int out, int err)
{
    signal(SIGPIPE, SIG_DFL);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    for (int fd = STDERR_FILENO + 1; fd < DESCRIPTORS_MAX; fd++) {
        close(fd);
    }
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(NO_SHELL);
}

static bool open_pipes(int pipes[4])
{
    if (pipe(pipes) != 0) {
        return false;
    }
    if (pipe(pipes + 2) != 0) {
        close(pipes[0]);
        close(pipes[1]);
        return false;
    }
    for (int i = 0; i < 4; i++) {
        fcntl(pipes[i], F_SETFD, FD_CLOEXEC);
    }
    fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    fcntl(pipes[2], F_SETFL, O_NONBLOCK);
    return true;
}

static void open_stream(struct gw_process *process, struct stream *stream, int fd, size_t limit)
{
    struct gw_loop *loop = gw_identity_options(process->fetch->identity)->loop;
    gw_buf_init(&stream->text, limit);
    stream->process = process;
    stream->fd = fd;
    stream->watch = gw_watch_start(loop, fd, GW_WATCH_READ, on_readable, stream);
}

static pid_t start_shell(const char *command, int pipes[4])
{
    pid_t pid = fork();
    if (pid == 0) {
        become_shell(command, pipes[1], pipes[3]);
    }
    close(pipes[1]);
    close(pipes[3]);
    if (pid < 0) {
        close(pipes[0]);
        close(pipes[2]);
    }
    return pid;
}

void gw_fetch_process(struct gw_fetch *fetch)
{
    struct gw_loop *loop = gw_identity_options(fetch->identity)->loop;
    struct gw_err err = {0};
    int pipes[4];
    const char *command = gw_arena_dup(fetch->arena, fetch->link->command).data;
    pid_t pid = open_pipes(pipes) ? start_shell(command, pipes) : -1;
    if (pid < 0) {
        gw_fail(&err, GW_ERR_CREDENTIALS, "%.*s: cannot be started: %s",
                GW_VIEW_ARGS(fetch->link->source), strerror(errno));
        gw_fetch_fail(fetch, &err);
        return;
    }
    struct gw_process *process = gw_alloc(sizeof *process);
    process->fetch = fetch;
    process->pid = pid;
    open_stream(process, &process->out, pipes[0], OUTPUT_MAX_BYTES);
    open_stream(process, &process->err, pipes[2], ERROR_MAX_BYTES);
    process->deadline = gw_timer_start(loop, TIMEOUT_MS, on_deadline, process);
    fetch->process = process;
}
