/* err: one line that says what, where and why. */
#include <string.h>

#include "base/internal.h"

/* Bytes of the control character at `c`; 0: it is none. U+0080 to U+009F steer terminals too. */
static size_t control_len(const char *c)
{
    const unsigned char *byte = (const unsigned char *)c;
    if (byte[0] == 0xc2 && byte[1] >= 0x80 && byte[1] < 0xa0) {
        return 2;
    }
    return byte[0] < 0x20 || byte[0] == 0x7f;
}

/* Line breaks would make one error look like two in a log. */
static void keep_one_line(char *message)
{
    while (*message) {
        size_t len = control_len(message);
        memset(message, ' ', len);
        message += len ? len : 1;
    }
}

/* The longest part of at most `limit` bytes that ends with a whole UTF-8 character. */
static size_t whole_characters(struct gw_view text, size_t limit)
{
    if (text.len <= limit) {
        return text.len;
    }
    while (limit > 0 && ((unsigned char)text.data[limit] & 0xc0) == 0x80) {
        limit--;
    }
    return limit;
}

/* In this order: a secret that is cut or loses its line breaks would not be found any more. */
void gw_message_write(char *out, size_t size, const char *format, va_list args)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view text = gw_redact(arena, gw_arena_vprintf(arena, format, args));
    size_t len = whole_characters(text, size - 1);
    memcpy(out, text.data, len);
    out[len] = '\0';
    keep_one_line(out);
    gw_arena_free(arena);
}

bool gw_fail(struct gw_err *err, enum gw_err_code code, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        gw_message_write(err->message, sizeof err->message, format, args);
        va_end(args);
        err->code = code;
        err->unsent = false;
    }
    return false;
}

void gw_err_prefix(struct gw_err *err, const char *format, ...)
{
    if (!err) {
        return;
    }
    char prefix[sizeof err->message];
    va_list args;
    va_start(args, format);
    gw_message_write(prefix, sizeof prefix, format, args);
    va_end(args);
    bool unsent = err->unsent;
    gw_fail(err, err->code, "%s: %s", prefix, err->message);
    err->unsent = unsent;
}
