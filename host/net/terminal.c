/* The user's end. Signals only write a byte into a pipe, but for those that end the process: they put
 * the terminal back first. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "net/net.h"

#define READ_BYTES  16384
#define WRITE_BYTES 4096 /* as much as a pipe that is ready takes without waiting (PIPE_BUF) */
#define MAX_WAITING ((size_t)64 << 20)

struct gw_terminal {
    struct gw_loop *loop;
    struct gw_terminal_options options;
    struct gw_terminal_events events;
    void *ctx;
    struct gw_watch *in, *out, *signals;
    struct gw_buf waiting;
    size_t written; /* of it */
    int pipe[2];
    bool is_held, has_ended;
    bool is_busy, is_closed; /* see leave() */
};

/* ---- raw, and back --------------------------------------------------------------------------- */

/* What handlers and exit() put back; they can have no other argument. */
static struct {
    volatile sig_atomic_t is_raw;
    int fd;
    struct termios before, raw;
    int pipe;
} mode;

static void restore(void)
{
    if (mode.is_raw) {
        mode.is_raw = 0;
        tcsetattr(mode.fd, TCSADRAIN, &mode.before);
    }
}

static const int FATAL[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV, SIGSYS};
#define FATAL_COUNT (sizeof FATAL / sizeof *FATAL)
static struct sigaction fatal_before[FATAL_COUNT], size_before, continue_before;

static void on_fatal(int number)
{
    if (mode.is_raw) {
        tcsetattr(mode.fd, TCSANOW, &mode.before);
    }
    signal(number, SIG_DFL);
    raise(number);
}

/* SIGWINCH, and SIGCONT, after which a shell may have set other modes. */
static void on_signal(int number)
{
    int before = errno;
    char byte = (char)number;
    ssize_t ignored = write(mode.pipe, &byte, 1);
    (void)ignored;
    errno = before;
}

static void catch_signals(void)
{
    struct sigaction fatal = {.sa_handler = on_fatal};
    struct sigaction told = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < FATAL_COUNT; i++) {
        sigaction(FATAL[i], &fatal, &fatal_before[i]);
    }
    sigaction(SIGWINCH, &told, &size_before);
    sigaction(SIGCONT, &told, &continue_before);
}

static void release_signals(void)
{
    for (size_t i = 0; i < FATAL_COUNT; i++) {
        sigaction(FATAL[i], &fatal_before[i], NULL);
    }
    sigaction(SIGWINCH, &size_before, NULL);
    sigaction(SIGCONT, &continue_before, NULL);
}

/* As cfmakeraw, which POSIX does not have. */
static void make_raw(struct termios *settings)
{
    settings->c_iflag &=
        ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    settings->c_oflag &= ~(tcflag_t)OPOST;
    settings->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    settings->c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    settings->c_cflag |= CS8;
    settings->c_cc[VMIN] = 1;
    settings->c_cc[VTIME] = 0;
}

static bool enter_raw(int fd, struct gw_err *err)
{
    static bool registered;
    if (tcgetattr(fd, &mode.before) != 0) {
        return gw_fail(err, GW_ERR_IO, "terminal: standard input is none");
    }
    mode.fd = fd;
    mode.raw = mode.before;
    make_raw(&mode.raw);
    if (!registered) {
        atexit(restore);
        registered = true;
    }
    mode.is_raw = 1;
    return tcsetattr(fd, TCSADRAIN, &mode.raw) == 0 ||
           gw_fail(err, GW_ERR_IO, "terminal: cannot be set: %s", strerror(errno));
}

/* ---- on the loop ----------------------------------------------------------------------------- */

static void release(struct gw_terminal *terminal)
{
    close(terminal->pipe[0]);
    close(terminal->pipe[1]);
    gw_wipe(terminal->waiting.data, terminal->waiting.len);
    gw_buf_clear(&terminal->waiting);
    free(terminal);
}

static void enter(struct gw_terminal *terminal)
{
    terminal->is_busy = true;
}

/* The end of a stretch in which a callback may have closed the terminal. */
static void leave(struct gw_terminal *terminal)
{
    terminal->is_busy = false;
    if (terminal->is_closed) {
        release(terminal);
    }
}

static void stop_watch(struct gw_watch **watch)
{
    if (*watch != NULL) {
        gw_watch_stop(*watch);
        *watch = NULL;
    }
}

static void on_input(void *ctx, int events)
{
    (void)events;
    struct gw_terminal *terminal = ctx;
    char bytes[READ_BYTES];
    ssize_t len = read(terminal->options.in, bytes, sizeof bytes);
    if (len < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    enter(terminal);
    if (len <= 0) { /* of a terminal that is gone too */
        terminal->has_ended = true;
        stop_watch(&terminal->in);
        len = 0;
    }
    terminal->events.input(terminal->ctx, (struct gw_view){bytes, (size_t)len});
    gw_wipe(bytes, (size_t)len);
    leave(terminal);
}

static void watch_input(struct gw_terminal *terminal)
{
    if (terminal->options.in < 0 || terminal->is_held || terminal->has_ended) {
        stop_watch(&terminal->in);
    } else if (terminal->in == NULL) {
        terminal->in =
            gw_watch_start(terminal->loop, terminal->options.in, GW_WATCH_READ, on_input, terminal);
    }
}

static void tell_size(struct gw_terminal *terminal)
{
    int columns, rows;
    if (gw_terminal_size(terminal, &columns, &rows)) {
        terminal->events.resized(terminal->ctx, columns, rows);
    }
}

static void on_told(void *ctx, int events)
{
    (void)events;
    struct gw_terminal *terminal = ctx;
    char numbers[64];
    ssize_t len = read(terminal->pipe[0], numbers, sizeof numbers);
    enter(terminal);
    for (ssize_t i = 0; i < len; i++) {
        if (numbers[i] == SIGCONT && mode.is_raw) {
            tcsetattr(mode.fd, TCSADRAIN, &mode.raw);
        }
    }
    if (len > 0) {
        tell_size(terminal);
    }
    leave(terminal);
}

/* ---- output ---------------------------------------------------------------------------------- */

static struct gw_view waiting(const struct gw_terminal *terminal)
{
    return gw_view_sub(gw_buf_view(&terminal->waiting), terminal->written, GW_NPOS);
}

static void break_off(struct gw_terminal *terminal, const char *why)
{
    struct gw_err err;
    stop_watch(&terminal->out);
    gw_buf_reset(&terminal->waiting);
    terminal->written = 0;
    gw_fail(&err, GW_ERR_IO, "standard output: %s", why);
    terminal->events.broken(terminal->ctx, &err);
}

static void on_room(void *ctx, int events)
{
    (void)events;
    struct gw_terminal *terminal = ctx;
    struct gw_view next = gw_view_sub(waiting(terminal), 0, WRITE_BYTES);
    ssize_t len = write(terminal->options.out, next.data, next.len);
    if (len < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    enter(terminal);
    if (len < 0) {
        break_off(terminal, strerror(errno));
    } else {
        terminal->written += (size_t)len;
        if (waiting(terminal).len == 0) {
            stop_watch(&terminal->out);
            gw_buf_reset(&terminal->waiting);
            terminal->written = 0;
            terminal->events.drained(terminal->ctx);
        }
    }
    leave(terminal);
}

void gw_terminal_write(struct gw_terminal *terminal, struct gw_view bytes)
{
    if (!gw_buf_add(&terminal->waiting, bytes) || bytes.len == 0 || terminal->out != NULL) {
        return;
    }
    terminal->out =
        gw_watch_start(terminal->loop, terminal->options.out, GW_WATCH_WRITE, on_room, terminal);
}

size_t gw_terminal_unwritten_bytes(const struct gw_terminal *terminal)
{
    return waiting(terminal).len;
}

/* ---- the caller's side ----------------------------------------------------------------------- */

void gw_terminal_hold(struct gw_terminal *terminal, bool held)
{
    terminal->is_held = held;
    watch_input(terminal);
}

bool gw_terminal_size(const struct gw_terminal *terminal, int *columns, int *rows)
{
    struct winsize size;
    if (ioctl(terminal->options.out, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 ||
        size.ws_row == 0) {
        return false;
    }
    *columns = size.ws_col;
    *rows = size.ws_row;
    return true;
}

static bool open_pipe(int ends[2], struct gw_err *err)
{
    if (pipe(ends) != 0) {
        return gw_fail(err, GW_ERR_IO, "terminal: no pipe for signals: %s", strerror(errno));
    }
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

struct gw_terminal *gw_terminal_open(struct gw_loop *loop,
                                     const struct gw_terminal_options *options,
                                     const struct gw_terminal_events *events, void *ctx,
                                     struct gw_err *err)
{
    int ends[2];
    if (!open_pipe(ends, err)) {
        return NULL;
    }
    if (options->raw && !enter_raw(options->in, err)) {
        close(ends[0]);
        close(ends[1]);
        return NULL;
    }
    struct gw_terminal *terminal = gw_alloc(sizeof *terminal);
    terminal->loop = loop;
    terminal->options = *options;
    terminal->events = *events;
    terminal->ctx = ctx;
    memcpy(terminal->pipe, ends, sizeof ends);
    gw_buf_init(&terminal->waiting, MAX_WAITING);
    mode.pipe = ends[1];
    catch_signals();
    terminal->signals =
        gw_watch_start(loop, ends[0], GW_WATCH_READ | GW_WATCH_BACKGROUND, on_told, terminal);
    watch_input(terminal);
    return terminal;
}

void gw_terminal_close(struct gw_terminal *terminal)
{
    if (terminal == NULL) {
        return;
    }
    release_signals();
    restore();
    stop_watch(&terminal->in);
    stop_watch(&terminal->out);
    stop_watch(&terminal->signals);
    terminal->is_closed = true;
    if (!terminal->is_busy) {
        release(terminal);
    }
}
