/* style: safe text, widths, colours, wrapped lines. A column is a code point: double-width and
 * combining characters are counted as one. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "report/internal.h"

#define DEFAULT_COLUMNS 80
#define MIN_COLUMNS     40
#define MAX_VALUE_BYTES ((size_t)1 << 20)
#define CUT             " ... (cut)"

#define QUESTION_HANG      "     "
#define MAX_QUESTION_BYTES ((size_t)16 << 10)

/* ---- safe text ------------------------------------------------------------------------------- */

/* Bytes of the character at the front of `text`; 0: it is not UTF-8. */
static size_t character_len(struct gw_view text)
{
    unsigned char lead = (unsigned char)text.data[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    struct gw_view character = gw_view_sub(text, 0, len);
    return character.len == len && gw_utf8_valid(character) ? len : 0;
}

static unsigned code_point(struct gw_view character)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned code = (unsigned char)character.data[0] & masks[character.len];
    for (size_t i = 1; i < character.len; i++) {
        code = code << 6 | ((unsigned char)character.data[i] & 0x3f);
    }
    return code;
}

/* Direction overrides show text in another order than it has. */
static bool is_direction_mark(unsigned code)
{
    return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static void add_plain(struct gw_view text, struct gw_buf *out)
{
    while (text.len > 0) {
        size_t len = character_len(text);
        struct gw_view character = gw_view_sub(text, 0, len ? len : 1);
        unsigned code = len ? code_point(character) : 0xfffd;
        if (code == '\n' || code == '\t' || code == '\r') {
            gw_buf_add_char(out, ' ');
        } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            gw_buf_addf(out, "\\x%02x", code);
        } else if (code == 0xfffd || is_direction_mark(code)) {
            gw_buf_add(out, GW_VIEW("\xef\xbf\xbd"));
        } else {
            gw_buf_add(out, character);
        }
        text = gw_view_sub(text, character.len, text.len);
    }
}

/* Secrets first: with their line breaks made spaces they would not be found. */
void gw_report_plain(struct gw_view text, struct gw_buf *out)
{
    struct gw_arena *arena = gw_arena_new();
    add_plain(gw_redact(arena, text), out);
    gw_arena_free(arena);
}

static void keep_ascii(struct gw_view text, struct gw_buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x80) {
            gw_buf_add_char(out, (char)c);
        } else if (c >= 0xc0) {
            gw_buf_add_char(out, '?');
        }
    }
}

/* Adds text as this report's output can show it; what passes the buffer's limit is told. */
static void add_safe(struct gw_view text, bool utf8, struct gw_buf *out)
{
    struct gw_buf plain;
    gw_buf_init(&plain, out->limit_bytes - strlen(CUT));
    gw_report_plain(text, &plain);
    if (utf8) {
        gw_buf_add(out, gw_buf_view(&plain));
    } else {
        keep_ascii(gw_buf_view(&plain), out);
    }
    if (plain.full) {
        gw_buf_add_text(out, CUT);
    }
    gw_buf_clear(&plain);
}

struct gw_view gw_report_safe(struct gw_report *report, struct gw_view text)
{
    struct gw_buf buf;
    gw_buf_init(&buf, MAX_VALUE_BYTES);
    add_safe(text, report->options.utf8, &buf);
    struct gw_view safe = gw_arena_dup(report->arena, gw_buf_view(&buf));
    gw_buf_clear(&buf);
    return safe;
}

struct gw_view gw_report_value(struct gw_report *report, const struct gw_value *value)
{
    if (!value || value->kind == GW_NULL) {
        return GW_VIEW("");
    }
    if (value->kind == GW_STRING) {
        return gw_report_safe(report, value->as.string);
    }
    struct gw_buf json;
    gw_buf_init(&json, MAX_VALUE_BYTES);
    bool whole = gw_json_write(value, &(struct gw_json_options){.indent = 0}, &json);
    struct gw_view text = gw_report_safe(report, gw_buf_view(&json));
    gw_buf_clear(&json);
    return whole ? text : gw_arena_printf(report->arena, "%.*s" CUT, GW_VIEW_ARGS(text));
}

struct gw_view gw_report_text(struct gw_report *report, const struct gw_value *event,
                              const char *key)
{
    return gw_report_value(report, gw_map_get(event, gw_view_of(key)));
}

double gw_report_number(const struct gw_value *event, const char *key)
{
    const struct gw_value *value = gw_map_get(event, gw_view_of(key));
    if (value && value->kind == GW_INT) {
        return (double)value->as.integer;
    }
    return value && value->kind == GW_DOUBLE ? value->as.number : 0;
}

int gw_report_int(const struct gw_value *event, const char *key)
{
    double number = gw_report_number(event, key);
    return number >= INT_MIN && number <= INT_MAX ? (int)number : 0;
}

struct gw_view gw_report_duration(struct gw_report *report, double seconds)
{
    struct gw_buf buf;
    gw_buf_init(&buf, 64);
    if (!gw_duration_write(seconds, &buf)) {
        gw_buf_add_text(&buf, "an unknown time");
    }
    struct gw_view text = gw_arena_dup(report->arena, gw_buf_view(&buf));
    gw_buf_clear(&buf);
    return text;
}

/* ---- widths ---------------------------------------------------------------------------------- */

static bool begins_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

size_t gw_report_width(struct gw_view text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++) {
        width += begins_character(text.data[i]);
    }
    return width;
}

/* Bytes of the first `width` characters. */
static size_t prefix_len(struct gw_view text, size_t width)
{
    size_t i = 0;
    while (i < text.len && (width > 0 || !begins_character(text.data[i]))) {
        width -= begins_character(text.data[i]);
        i++;
    }
    return i;
}

struct gw_view gw_report_cut(struct gw_report *report, struct gw_view text, size_t width)
{
    const char *ellipsis = report->options.utf8 ? "\xe2\x80\xa6" : "~";
    if (gw_report_width(text) <= width) {
        return text;
    }
    text = gw_view_sub(text, 0, prefix_len(text, width > 0 ? width - 1 : 0));
    return width == 0 ? text
                      : gw_arena_printf(report->arena, "%.*s%s", GW_VIEW_ARGS(text), ellipsis);
}

size_t gw_report_columns(const struct gw_report *report)
{
    int columns = report->options.columns > 0 ? report->options.columns : DEFAULT_COLUMNS;
    return columns < MIN_COLUMNS ? MIN_COLUMNS : (size_t)columns;
}

/* ---- lines ----------------------------------------------------------------------------------- */

void gw_report_styled(struct gw_report *report, enum gw_style style, struct gw_view text)
{
    static const char *const codes[] = {
        [GW_STYLE_PLAIN] = "",  [GW_STYLE_BOLD] = "1",   [GW_STYLE_DIM] = "2",
        [GW_STYLE_GOOD] = "32", [GW_STYLE_BAD] = "1;31", [GW_STYLE_WARN] = "33"};
    bool colour = report->options.colour && style != GW_STYLE_PLAIN && text.len > 0;
    if (colour) {
        gw_buf_addf(&report->buf, "\033[%sm", codes[style]);
    }
    gw_buf_add(&report->buf, text);
    if (colour) {
        gw_buf_add_text(&report->buf, "\033[0m");
    }
}

/* Takes what fits into `width` off the front, at a space where there is one. */
static struct gw_view take_line(struct gw_view *text, size_t width)
{
    if (gw_report_width(*text) <= width) {
        struct gw_view all = *text;
        text->len = 0;
        return all;
    }
    size_t end = prefix_len(*text, width), space = end;
    while (space > 0 && text->data[space] != ' ') {
        space--;
    }
    struct gw_view line = gw_view_sub(*text, 0, space > 0 ? space : end);
    *text = gw_view_sub(*text, space > 0 ? space + 1 : end, text->len);
    return line;
}

static void add_spaces(struct gw_report *report, size_t count)
{
    while (count-- > 0) {
        gw_buf_add_char(&report->buf, ' ');
    }
}

void gw_report_line(struct gw_report *report, const struct gw_line *line)
{
    size_t hang = (size_t)line->indent;
    struct gw_view rest = line->text;
    size_t width = SIZE_MAX;
    gw_report_erase(report);
    report->after_blank = false;
    add_spaces(report, hang);
    if (line->mark.len > 0) {
        gw_report_styled(report, line->mark_style, line->mark);
        gw_buf_add_char(&report->buf, ' ');
        hang += gw_report_width(line->mark) + 1;
    }
    if (report->options.terminal && !line->keep_whole && hang + 20 < gw_report_columns(report)) {
        width = gw_report_columns(report) - hang;
    }
    gw_report_styled(report, line->style, take_line(&rest, width));
    gw_buf_add_char(&report->buf, '\n');
    while (rest.len > 0) {
        add_spaces(report, hang);
        gw_report_styled(report, line->style, take_line(&rest, width));
        gw_buf_add_char(&report->buf, '\n');
    }
}

void gw_report_question(const struct gw_report *report, struct gw_view text, struct gw_buf *out)
{
    struct gw_buf safe;
    gw_buf_init(&safe, MAX_QUESTION_BYTES);
    add_safe(text, !report || report->options.utf8, &safe);
    struct gw_view rest = gw_buf_view(&safe);
    size_t columns = report ? gw_report_columns(report) : DEFAULT_COLUMNS;
    size_t width = columns - sizeof QUESTION_HANG;
    gw_buf_add_text(out, "   ? ");
    gw_buf_add(out, take_line(&rest, width));
    while (rest.len > 0) {
        gw_buf_add_text(out, "\n" QUESTION_HANG);
        gw_buf_add(out, take_line(&rest, width));
    }
    gw_buf_clear(&safe);
}

void gw_report_blank(struct gw_report *report)
{
    gw_report_erase(report);
    if (!report->after_blank) {
        gw_buf_add_char(&report->buf, '\n');
        report->after_blank = true;
    }
}
