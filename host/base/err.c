/* err: one line that says what, where and why. */
#include "base/base.h"

#include <stdio.h>
#include <string.h>

/* Line breaks would make one error look like two in a log. */
static void keep_one_line(char *message)
{
    for (char *c = message; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = ' ';
        }
    }
}

/* Secrets that reached a message, for example inside a server's answer, end here. */
static void redact_in_place(struct gw_err *err)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view text = gw_view_of(err->message);
    struct gw_view clean = gw_redact(arena, text);
    if (clean.data != text.data) {
        snprintf(err->message, sizeof err->message, "%.*s", GW_VIEW_ARGS(clean));
    }
    gw_arena_free(arena);
}

bool gw_fail(struct gw_err *err, enum gw_err_code code, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
        err->code = code;
        keep_one_line(err->message);
        redact_in_place(err);
    }
    return false;
}

void gw_err_prefix(struct gw_err *err, const char *format, ...)
{
    if (!err) {
        return;
    }
    struct gw_buf whole;
    gw_buf_init(&whole, 2 * sizeof err->message);
    char prefix[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    gw_buf_addf(&whole, "%s: %s", prefix, err->message);
    gw_fail(err, err->code, "%s", whole.data);
    gw_buf_clear(&whole);
}
