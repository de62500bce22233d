/* json_write: values to JSON text. Depth is limited to GW_JSON_MAX_DEPTH, so that what was written
 * can be read again; a deeper value makes the buffer full. */
#include "codec/internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct gw_view SECRET = {"[secret]", 8};

/* ---- strings --------------------------------------------------------------------------------- */

/* Up to U+FFFF; what lies beyond needs no escape, and any number will do. */
static unsigned code_at(struct gw_view text, size_t at, size_t len)
{
    const unsigned char *c = (const unsigned char *)text.data + at;
    switch (len) {
    case 1:
        return c[0];
    case 2:
        return (c[0] & 0x1fu) << 6 | (c[1] & 0x3fu);
    case 3:
        return (c[0] & 0x0fu) << 12 | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu);
    default:
        return 0x10000;
    }
}

/* More than JSON asks for: terminals act on the control characters beyond ASCII (U+009B begins a
 * sequence as ESC [ does) and on marks of direction, and some readers break lines at U+2028. */
static bool needs_escape(unsigned code)
{
    return code < 0x20 || code == '"' || code == '\\' || (code >= 0x7f && code < 0xa0) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static void write_escape(unsigned code, struct gw_buf *out)
{
    switch (code) {
    case '"':
        gw_buf_add_text(out, "\\\"");
        return;
    case '\\':
        gw_buf_add_text(out, "\\\\");
        return;
    case '\b':
        gw_buf_add_text(out, "\\b");
        return;
    case '\f':
        gw_buf_add_text(out, "\\f");
        return;
    case '\n':
        gw_buf_add_text(out, "\\n");
        return;
    case '\r':
        gw_buf_add_text(out, "\\r");
        return;
    case '\t':
        gw_buf_add_text(out, "\\t");
        return;
    default:
        gw_buf_addf(out, "\\u%04x", code);
    }
}

bool gw_json_write_string(struct gw_view text, struct gw_buf *out)
{
    gw_buf_add_char(out, '"');
    size_t run = 0; /* start of what is copied as it is */
    size_t at = 0;
    while (at < text.len) {
        size_t len = gw_utf8_sequence(text, at);
        unsigned code = len > 0 ? code_at(text, at, len) : 0;
        if (len > 0 && !needs_escape(code)) {
            at += len;
            continue;
        }
        gw_buf_add(out, gw_view_sub(text, run, at - run));
        if (len == 0) {
            gw_buf_add_text(out, GW_UTF8_REPLACEMENT);
        } else {
            write_escape(code, out);
        }
        at += len > 0 ? len : 1;
        run = at;
    }
    gw_buf_add(out, gw_view_sub(text, run, at - run));
    return gw_buf_add_char(out, '"');
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void write_double(double number, struct gw_buf *out)
{
    if (isnan(number)) {
        gw_buf_add_text(out, "\"NaN\"");
        return;
    }
    if (isinf(number)) {
        gw_buf_add_text(out, number < 0 ? "\"-Infinity\"" : "\"Infinity\"");
        return;
    }
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    gw_buf_add_text(out, text);
}

/* Python's repr: the fewest digits, an exponent below 1e-4 and from 1e16 on, else a fraction. */
static void write_kept_double(double number, struct gw_buf *out)
{
    char text[32];
    int digits = 1;
    if (!isfinite(number)) {
        write_double(number, out);
        return;
    }
    for (; digits < 17; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    snprintf(text, sizeof text, "%.*e", digits - 1, number);
    int exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    if (exponent < -4 || exponent >= 16) {
        gw_buf_add_text(out, text);
        return;
    }
    int decimals = digits - 1 - exponent;
    gw_buf_addf(out, "%.*f", decimals > 1 ? decimals : 1, number);
}

/* ---- the tree -------------------------------------------------------------------------------- */

struct writer {
    const struct gw_json_options *options;
    struct gw_buf *out;
};

static void write_value(const struct writer *w, const struct gw_value *value, int depth);

static void break_line(const struct writer *w, int depth)
{
    if (w->options->indent > 0) {
        gw_buf_addf(w->out, "\n%*s", depth * w->options->indent, "");
    }
}

static void write_list(const struct writer *w, const struct gw_value *list, int depth)
{
    gw_buf_add_char(w->out, '[');
    for (size_t i = 0; i < list->as.list.count; i++) {
        if (i > 0) {
            gw_buf_add_char(w->out, ',');
        }
        break_line(w, depth + 1);
        write_value(w, &list->as.list.items[i], depth + 1);
    }
    if (list->as.list.count > 0) {
        break_line(w, depth);
    }
    gw_buf_add_char(w->out, ']');
}

static void write_map(const struct writer *w, const struct gw_value *map, int depth)
{
    gw_buf_add_char(w->out, '{');
    for (size_t i = 0; i < map->as.map.count; i++) {
        if (i > 0) {
            gw_buf_add_char(w->out, ',');
        }
        break_line(w, depth + 1);
        gw_json_write_string(map->as.map.entries[i].key, w->out);
        gw_buf_add_text(w->out, w->options->indent > 0 ? ": " : ":");
        write_value(w, &map->as.map.entries[i].value, depth + 1);
    }
    if (map->as.map.count > 0) {
        break_line(w, depth);
    }
    gw_buf_add_char(w->out, '}');
}

static void write_value(const struct writer *w, const struct gw_value *value, int depth)
{
    if (depth >= GW_JSON_MAX_DEPTH) {
        w->out->full = true;
        return;
    }
    if (value->secret && !w->options->reveal_secrets) {
        gw_json_write_string(SECRET, w->out);
        return;
    }
    switch (value->kind) {
    case GW_NULL:
        gw_buf_add_text(w->out, "null");
        return;
    case GW_BOOL:
        gw_buf_add_text(w->out, value->as.boolean ? "true" : "false");
        return;
    case GW_INT:
        gw_buf_addf(w->out, "%" PRId64, value->as.integer);
        return;
    case GW_DOUBLE:
        (w->options->keep_doubles ? write_kept_double : write_double)(value->as.number, w->out);
        return;
    case GW_STRING:
        gw_json_write_string(value->as.string, w->out);
        return;
    case GW_LIST:
        write_list(w, value, depth);
        return;
    case GW_MAP:
        write_map(w, value, depth);
        return;
    }
}

bool gw_json_write(const struct gw_value *value, const struct gw_json_options *options,
                   struct gw_buf *out)
{
    static const struct gw_json_options compact = {0};
    struct writer w = {options ? options : &compact, out};
    write_value(&w, value, 0);
    return !out->full;
}
