/* ask_code: one question at the terminal, for the code of a multi-factor device. Everything else
 * waits meanwhile. The terminal stays as it is, so that there is nothing to restore; a code that was
 * seen has been used. Limits: 64 bytes an answer. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/internal.h"

#define MAX_CODE_BYTES 64

static void say(int terminal, struct gw_view text)
{
    ssize_t ignored = write(terminal, text.data, text.len);
    (void)ignored; /* a terminal that is gone shows when it is read */
}

static void show_question(int terminal, struct gw_view device)
{
    struct gw_buf text;
    gw_buf_init(&text, 1024);
    gw_buf_add_text(&text, "Enter MFA code for ");
    for (size_t i = 0; i < device.len; i++) {
        char c = device.data[i];
        gw_buf_add_char(&text, c >= ' ' && c <= '~' ? c : '?');
    }
    gw_buf_add_text(&text, ": ");
    tcflush(terminal, TCIFLUSH);
    say(terminal, gw_buf_view(&text));
    gw_buf_clear(&text);
}

static bool read_line(int terminal, struct gw_buf *code, struct gw_err *err)
{
    char c;
    for (;;) {
        ssize_t got = read(terminal, &c, 1);
        if (got < 0 && errno == EINTR) {
            return gw_fail(err, GW_ERR_CANCELLED, "interrupted while a code was asked for");
        }
        if (got <= 0) {
            return gw_fail(err, GW_ERR_CANCELLED, "no code was given");
        }
        if (c == '\n') {
            return code->len > 0 || gw_fail(err, GW_ERR_CANCELLED, "no code was given");
        }
        if (code->len == MAX_CODE_BYTES || !gw_buf_add_char(code, c)) {
            return gw_fail(err, GW_ERR_INPUT, "what was typed is no code");
        }
    }
}

bool gw_cli_ask_code(void *ctx, struct gw_view device, struct gw_buf *code, struct gw_err *err)
{
    (void)ctx;
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) {
        return gw_fail(err, GW_ERR_CREDENTIALS,
                       "needs a code of the device '%.*s', and there is no terminal to ask at; "
                       "'gwrun whoami' at one keeps the session for later runs",
                       GW_VIEW_ARGS(device));
    }
    show_question(terminal, device);
    bool is_read = read_line(terminal, code, err);
    close(terminal);
    return is_read;
}
