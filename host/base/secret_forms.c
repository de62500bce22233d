/* secret_forms: the ways in which a secret is written when it stands inside something else: escaped
 * in JSON, percent-encoded in a URL or a form, in base64 wherever it begins in what was encoded,
 * and the lines of one that has several. */
#include <string.h>

#include "base/internal.h"

#define SHORTEST_LINE   16 /* shorter ones are "{" and the like */
#define SHORTEST_BASE64 8  /* characters */

typedef void (*add_fn)(struct gw_view form);

/* ---- JSON ------------------------------------------------------------------------------------ */

static void add_json_char(unsigned char c, bool escapes_slash, struct gw_buf *out)
{
    static const char named[] = "\b\f\n\r\t\"\\";
    static const char names[] = "bfnrt\"\\";
    const char *found = c ? strchr(named, c) : NULL;
    if (found) {
        gw_buf_addf(out, "\\%c", names[found - named]);
    } else if (c < 0x20) {
        gw_buf_addf(out, "\\u%04x", c);
    } else {
        gw_buf_addf(out, "%s%c", escapes_slash && c == '/' ? "\\" : "", c);
    }
}

static void each_json(struct gw_view secret, add_fn add, struct gw_buf *out)
{
    for (int escapes_slash = 0; escapes_slash < 2; escapes_slash++) {
        gw_buf_reset(out);
        for (size_t i = 0; i < secret.len; i++) {
            add_json_char((unsigned char)secret.data[i], escapes_slash, out);
        }
        add(gw_buf_view(out));
    }
}

/* ---- URLs ------------------------------------------------------------------------------------ */

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

enum { KEEPS_SLASH = 1, LOWER_CASE = 2, SPACE_IS_PLUS = 4, URL_FORMS = 8 };

static void each_url(struct gw_view secret, add_fn add, struct gw_buf *out)
{
    for (int form = 0; form < URL_FORMS; form++) {
        gw_buf_reset(out);
        for (size_t i = 0; i < secret.len; i++) {
            char c = secret.data[i];
            if (is_unreserved(c) || (c == '/' && (form & KEEPS_SLASH))) {
                gw_buf_add_char(out, c);
            } else if (c == ' ' && (form & SPACE_IS_PLUS)) {
                gw_buf_add_char(out, '+');
            } else {
                gw_buf_addf(out, form & LOWER_CASE ? "%%%02x" : "%%%02X", (unsigned char)c);
            }
        }
        add(gw_buf_view(out));
    }
}

/* ---- base64 ---------------------------------------------------------------------------------- */

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The bytes before the secret are not known; here they are 0. */
static unsigned byte_at(struct gw_view secret, size_t before, size_t at)
{
    bool inside = at >= before && at - before < secret.len;
    return inside ? (unsigned char)secret.data[at - before] : 0;
}

/* The characters that depend on the secret alone; with `whole`, of one that is encoded by itself,
 * also the last one. */
static void add_base64(struct gw_view secret, size_t before, const char *digits, bool whole,
                       add_fn add, struct gw_buf *out)
{
    size_t bits = (before + secret.len) * 8;
    size_t end = whole ? (bits + 5) / 6 : bits / 6;
    gw_buf_reset(out);
    for (size_t i = (before * 8 + 5) / 6; i < end; i++) {
        size_t first = i * 6 / 8;
        unsigned pair = byte_at(secret, before, first) << 8 | byte_at(secret, before, first + 1);
        gw_buf_add_char(out, digits[pair >> (10 - i * 6 % 8) & 0x3f]);
    }
    if (out->len >= SHORTEST_BASE64) {
        add(gw_buf_view(out));
    }
}

static void each_base64(struct gw_view secret, add_fn add, struct gw_buf *out)
{
    const char *const alphabets[] = {standard, url_safe};
    for (size_t i = 0; i < 2; i++) {
        add_base64(secret, 0, alphabets[i], true, add, out);
        for (size_t before = 0; before < 3; before++) {
            add_base64(secret, before, alphabets[i], false, add, out);
        }
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

static void each_form(struct gw_view secret, add_fn add, struct gw_buf *out)
{
    each_json(secret, add, out);
    each_url(secret, add, out);
    each_base64(secret, add, out);
}

void gw_secret_each_form(struct gw_view secret, add_fn add)
{
    struct gw_view rest = secret, line;
    struct gw_buf out;
    gw_buf_init(&out, GW_NPOS / 2);
    each_form(secret, add, &out);
    while (gw_view_find_char(secret, '\n') != GW_NPOS && gw_view_next(&rest, '\n', &line)) {
        line = gw_view_trim(line);
        if (line.len >= SHORTEST_LINE) {
            add(line);
            each_form(line, add, &out);
        }
    }
    gw_buf_clear(&out);
}
