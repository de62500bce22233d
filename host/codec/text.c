/* text: bytes as printable text, and text as a position: base64, hex, percent-encoding, UTF-8. */
#include "codec/internal.h"

#include <stdint.h>

static const char BASE64_DIGITS[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* ---- base64 ---------------------------------------------------------------------------------- */

bool gw_base64_write(struct gw_view bytes, struct gw_buf *out)
{
    const unsigned char *in = (const unsigned char *)bytes.data;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t)in[i] << 16;
        group |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        group |= left > 2 ? in[i + 2] : 0;
        char digits[4] = {BASE64_DIGITS[group >> 18], BASE64_DIGITS[group >> 12 & 63],
                          left > 1 ? BASE64_DIGITS[group >> 6 & 63] : '=',
                          left > 2 ? BASE64_DIGITS[group & 63] : '='};
        gw_buf_add(out, (struct gw_view){digits, sizeof digits});
    }
    return !out->full;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == '+') {
        return 62;
    }
    return c == '/' ? 63 : -1;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* White space may stand anywhere (XML bodies are wrapped); padding must be complete. */
bool gw_base64_read(struct gw_view text, struct gw_arena *arena, struct gw_view *out)
{
    char *bytes = gw_arena_alloc(arena, text.len / 4 * 3 + 4);
    size_t len = 0, digits = 0, padding = 0;
    uint32_t group = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (is_space(c)) {
            continue;
        }
        int digit = base64_digit(c);
        if (c == '=' && digits % 4 + padding < 4 && digits % 4 >= 2) {
            padding++;
            continue;
        }
        if (digit < 0 || padding > 0) {
            return false;
        }
        group = group << 6 | (uint32_t)digit;
        digits++;
        if (digits % 4 == 0) {
            bytes[len++] = (char)(group >> 16 & 0xff);
            bytes[len++] = (char)(group >> 8 & 0xff);
            bytes[len++] = (char)(group & 0xff);
        }
    }
    if ((digits + padding) % 4 != 0) {
        return false;
    }
    if (padding == 2) {
        bytes[len++] = (char)(group >> 4 & 0xff);
    } else if (padding == 1) {
        bytes[len++] = (char)(group >> 10 & 0xff);
        bytes[len++] = (char)(group >> 2 & 0xff);
    }
    *out = (struct gw_view){bytes, len};
    return true;
}

/* ---- hex and percent ------------------------------------------------------------------------- */

void gw_hex_write(const unsigned char *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

bool gw_percent_write(struct gw_view text, bool keep_slash, struct gw_buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (is_unreserved(c) || (keep_slash && c == '/')) {
            gw_buf_add_char(out, c);
        } else {
            unsigned char byte = (unsigned char)c;
            char escape[3] = {'%', digits[byte >> 4], digits[byte & 15]};
            gw_buf_add(out, (struct gw_view){escape, sizeof escape});
        }
    }
    return !out->full;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool gw_percent_read(struct gw_view text, bool form, struct gw_arena *arena, struct gw_view *out)
{
    char *bytes = gw_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_digit(text.data[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_digit(text.data[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && form) {
            c = ' ';
        }
        bytes[len++] = c;
    }
    *out = (struct gw_view){bytes, len};
    return true;
}

/* ---- UTF-8 ----------------------------------------------------------------------------------- */

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
size_t gw_utf8_sequence(struct gw_view text, size_t at)
{
    const unsigned char *byte = (const unsigned char *)text.data + at;
    size_t left = text.len - at;
    if (byte[0] < 0x80) {
        return 1;
    }
    size_t len = byte[0] >= 0xf0 ? 4 : byte[0] >= 0xe0 ? 3 : 2;
    if (byte[0] < 0xc2 || byte[0] > 0xf4 || left < len) {
        return 0;
    }
    unsigned char low = byte[0] == 0xe0 ? 0xa0 : byte[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = byte[0] == 0xed ? 0x9f : byte[0] == 0xf4 ? 0x8f : 0xbf;
    if (byte[1] < low || byte[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((byte[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
}

bool gw_utf8_valid(struct gw_view text)
{
    for (size_t at = 0; at < text.len;) {
        size_t len = gw_utf8_sequence(text, at);
        if (len == 0) {
            return false;
        }
        at += len;
    }
    return true;
}

struct gw_position gw_position_of(struct gw_view text, size_t offset)
{
    struct gw_position position = {1, 1};
    for (size_t i = 0; i < offset && i < text.len; i++) {
        position.column++;
        if (text.data[i] == '\n') {
            position = (struct gw_position){position.line + 1, 1};
        }
    }
    return position;
}
