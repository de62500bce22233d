/* json_read: JSON text to values. cJSON finds the structure; a scan of the same text, in the same
 * order, supplies what cJSON loses or lets pass: integers beyond 2^53, NUL inside strings, control
 * characters, number forms and escapes that RFC 8259 does not know.
 * Limits: GW_JSON_MAX_BYTES, GW_JSON_MAX_DEPTH, GW_JSON_MAX_ITEMS, 63 characters to a number (cJSON's).
 * Of a repeated member the last one counts. */
#include "codec/internal.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct gw_view text;
    size_t at; /* behind the last literal taken */
    struct gw_arena *arena;
    struct gw_err *err;
};

static bool fail_at(const struct reader *r, size_t offset, enum gw_err_code code, const char *what)
{
    struct gw_position p = gw_position_of(r->text, offset);
    return gw_fail(r->err, code, "json: %s (line %zu, column %zu)", what, p.line, p.column);
}

/* ---- literals, in the order of the text ------------------------------------------------------ */

/* `at` is behind the opening quote; returns the offset of the closing one, or the text's end. */
static size_t string_end(struct gw_view text, size_t at)
{
    while (at < text.len && text.data[at] != '"') {
        at += text.data[at] == '\\' ? 2 : 1;
    }
    return at < text.len ? at : text.len;
}

static bool is_number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* Moves to the next string or number. Between literals only the four white space characters of
 * RFC 8259 may stand; cJSON takes any control character for one. */
static bool find_literal(struct reader *r)
{
    for (; r->at < r->text.len; r->at++) {
        char c = r->text.data[r->at];
        if (c == '"' || c == '-' || (c >= '0' && c <= '9')) {
            return true;
        }
        if ((unsigned char)c < 0x20 && c != '\t' && c != '\n' && c != '\r') {
            return fail_at(r, r->at, GW_ERR_INPUT, "control character");
        }
    }
    return true;
}

/* "\u" and four hexadecimal digits: cJSON takes others for a NUL. */
static bool is_unicode_escape(struct gw_view text, size_t at)
{
    struct gw_view digits = gw_view_sub(text, at + 2, 4);
    for (size_t i = 0; i < digits.len; i++) {
        if (!isxdigit((unsigned char)digits.data[i])) {
            return false;
        }
    }
    return digits.len == 4;
}

/* The number of \u0000 escapes in a string literal; fails for a raw control character. */
static bool check_string(struct reader *r, size_t start, size_t end, size_t *nul_count)
{
    struct gw_view nul = GW_VIEW("\\u0000");
    *nul_count = 0;
    for (size_t i = start; i < end; i++) {
        if ((unsigned char)r->text.data[i] < 0x20) {
            return fail_at(r, i, GW_ERR_INPUT, "control character in a string");
        }
        if (r->text.data[i] != '\\') {
            continue;
        }
        if (r->text.data[i + 1] == 'u' && !is_unicode_escape(r->text, i)) {
            return fail_at(r, i, GW_ERR_INPUT, "malformed escape");
        }
        *nul_count += gw_view_equal(gw_view_sub(r->text, i, nul.len), nul);
        i++;
    }
    return true;
}

/* Takes the next literal, a string, of which cJSON made `decoded`. cJSON keeps the bytes behind an
 * escaped NUL but not their number: each NUL escape stands for one more piece of the text. */
static bool take_string(struct reader *r, char *decoded, struct gw_view *out)
{
    size_t nul_count;
    if (!find_literal(r)) {
        return false;
    }
    size_t start = r->at + 1;
    size_t end = string_end(r->text, start);
    if (!check_string(r, start, end, &nul_count)) {
        return false;
    }
    size_t len = strlen(decoded);
    for (; nul_count > 0; nul_count--) {
        len += 1 + strlen(decoded + len + 1);
    }
    *out = gw_arena_dup(r->arena, (struct gw_view){decoded, len});
    gw_wipe(decoded, len); /* cJSON frees without wiping, and any string may be a secret */
    r->at = end + 1;
    return true;
}

static size_t skip_digits(struct gw_view text, size_t at)
{
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9') {
        at++;
    }
    return at;
}

/* -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool is_number_form(struct gw_view text)
{
    size_t at = text.len > 0 && text.data[0] == '-' ? 1 : 0;
    size_t end = skip_digits(text, at);
    if (end == at || (text.data[at] == '0' && end > at + 1)) {
        return false;
    }
    if (end < text.len && text.data[end] == '.') {
        at = end + 1;
        end = skip_digits(text, at);
        if (end == at) {
            return false;
        }
    }
    if (end < text.len && (text.data[end] == 'e' || text.data[end] == 'E')) {
        at = end + 1;
        at += at < text.len && (text.data[at] == '+' || text.data[at] == '-') ? 1 : 0;
        end = skip_digits(text, at);
        if (end == at) {
            return false;
        }
    }
    return end == text.len;
}

static bool take_number(struct reader *r, double number, struct gw_value *out)
{
    if (!find_literal(r)) {
        return false;
    }
    size_t start = r->at;
    while (r->at < r->text.len && is_number_char(r->text.data[r->at])) {
        r->at++;
    }
    struct gw_view literal = gw_view_sub(r->text, start, r->at - start);
    if (!is_number_form(literal)) {
        return fail_at(r, start, GW_ERR_INPUT, "malformed number");
    }
    int64_t integer;
    if (gw_view_to_int64(literal, &integer)) {
        *out = gw_value_int(integer);
        return true;
    }
    if (!isfinite(number)) {
        return fail_at(r, start, GW_ERR_INPUT, "number out of range");
    }
    *out = gw_value_double(number);
    return true;
}

/* ---- the tree -------------------------------------------------------------------------------- */

static bool read_item(struct reader *r, const cJSON *item, int depth, struct gw_value *out);

static bool read_list(struct reader *r, const cJSON *array, int depth, struct gw_value *out)
{
    *out = gw_value_list();
    for (const cJSON *item = array->child; item; item = item->next) {
        if (!read_item(r, item, depth + 1, gw_list_add(r->arena, out))) {
            return false;
        }
    }
    return true;
}

static int compare_entries(const void *left, const void *right)
{
    const struct gw_entry *a = *(struct gw_entry *const *)left;
    const struct gw_entry *b = *(struct gw_entry *const *)right;
    int order = gw_view_compare(a->key, b->key);
    return order != 0 ? order : (a > b) - (a < b);
}

/* Leaves the last entry of each key. Sorted neighbours, so that a hostile map costs n log n. */
static void drop_repeated(struct gw_value *map)
{
    size_t count = map->as.map.count;
    struct gw_entry *entries = map->as.map.entries;
    struct gw_entry **sorted = gw_alloc(count * sizeof *sorted);
    bool *dropped = gw_alloc(count);
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &entries[i];
    }
    qsort(sorted, count, sizeof(struct gw_entry *), compare_entries);
    for (size_t i = 0; i + 1 < count; i++) {
        dropped[sorted[i] - entries] = gw_view_equal(sorted[i]->key, sorted[i + 1]->key);
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!dropped[i]) {
            entries[kept++] = entries[i];
        }
    }
    map->as.map.count = kept;
    free(sorted);
    free(dropped);
}

static bool read_map(struct reader *r, const cJSON *object, int depth, struct gw_value *out)
{
    *out = gw_value_map();
    for (const cJSON *item = object->child; item; item = item->next) {
        struct gw_view key;
        if (!take_string(r, item->string, &key) ||
            !read_item(r, item, depth + 1, gw_map_add(r->arena, out, key))) {
            return false;
        }
    }
    if (out->as.map.count > 1) {
        drop_repeated(out);
    }
    return true;
}

static bool read_item(struct reader *r, const cJSON *item, int depth, struct gw_value *out)
{
    if (depth > GW_JSON_MAX_DEPTH) {
        return gw_fail(r->err, GW_ERR_LIMIT, "json: nested deeper than %d levels",
                       GW_JSON_MAX_DEPTH);
    }
    switch (item->type & 0xff) {
    case cJSON_True:
    case cJSON_False:
        *out = gw_value_bool(cJSON_IsTrue(item));
        return true;
    case cJSON_Number:
        return take_number(r, item->valuedouble, out);
    case cJSON_String:
        *out = gw_value_string(GW_VIEW_NONE);
        return take_string(r, item->valuestring, &out->as.string);
    case cJSON_Array:
        return read_list(r, item, depth, out);
    case cJSON_Object:
        return read_map(r, item, depth, out);
    default:
        *out = (struct gw_value){.kind = GW_NULL};
        return true;
    }
}

/* ---- the text -------------------------------------------------------------------------------- */

/* cJSON tells where it stopped, not why; an unclosed string, list or map is the usual reason. */
static bool fail_structure(const struct reader *r, size_t offset)
{
    size_t open = 0, deepest = 0;
    for (size_t i = 0; i < r->text.len; i++) {
        char c = r->text.data[i];
        if (c == '"') {
            i = string_end(r->text, i + 1);
            open += i == r->text.len ? 1 : 0;
        } else if (c == '[' || c == '{') {
            open++;
            deepest = open > deepest ? open : deepest;
        } else if ((c == ']' || c == '}') && open > 0) {
            open--;
        }
    }
    if (deepest > GW_JSON_MAX_DEPTH) {
        return gw_fail(r->err, GW_ERR_LIMIT, "json: nested deeper than %d levels",
                       GW_JSON_MAX_DEPTH);
    }
    if (gw_view_trim(r->text).len == 0) {
        return gw_fail(r->err, GW_ERR_INPUT, "json: the text is empty");
    }
    if (open > 0) {
        return fail_at(r, r->text.len, GW_ERR_INPUT, "cut off");
    }
    return fail_at(r, offset, GW_ERR_INPUT, "malformed");
}

static bool check_utf8(const struct reader *r)
{
    for (size_t at = 0; at < r->text.len;) {
        size_t len = gw_utf8_sequence(r->text, at);
        if (len == 0) {
            return fail_at(r, at, GW_ERR_INPUT, "not UTF-8");
        }
        at += len;
    }
    return true;
}

/* Before cJSON makes something of each. Of what is no JSON the number does not matter. */
static bool check_items(const struct reader *r)
{
    size_t items = 1;
    for (size_t at = 0; at < r->text.len; at++) {
        char c = r->text.data[at];
        if (c == '"') {
            at = string_end(r->text, at + 1);
        } else {
            items += c == ',' || c == '[' || c == '{';
        }
    }
    return items <= GW_JSON_MAX_ITEMS ||
           gw_fail(r->err, GW_ERR_LIMIT, "json: more than %u values", GW_JSON_MAX_ITEMS);
}

static bool read_rest(struct reader *r)
{
    if (!find_literal(r)) {
        return false;
    }
    size_t end = r->text.len;
    return r->at == end || fail_at(r, r->at, GW_ERR_INPUT, "text behind the value");
}

bool gw_json_parse(struct gw_view text, struct gw_arena *arena, struct gw_value *out,
                   struct gw_err *err)
{
    struct reader r = {.text = text, .arena = arena, .err = err};
    if (text.len > GW_JSON_MAX_BYTES) {
        return gw_fail(err, GW_ERR_LIMIT, "json: %zu bytes, more than the %u allowed", text.len,
                       GW_JSON_MAX_BYTES);
    }
    if (!check_utf8(&r) || !check_items(&r)) {
        return false;
    }
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = gw_alloc, .free_fn = free});
    const char *end = NULL;
    cJSON *tree = cJSON_ParseWithLengthOpts(text.len > 0 ? text.data : "", text.len, &end, false);
    size_t stopped = end && text.len > 0 ? (size_t)(end - text.data) : 0;
    if (!tree) {
        return fail_structure(&r, stopped);
    }
    struct gw_view rest = gw_view_trim(gw_view_sub(text, stopped, text.len));
    bool read = rest.len == 0 ? read_item(&r, tree, 1, out) && read_rest(&r)
                              : fail_at(&r, (size_t)(rest.data - text.data), GW_ERR_INPUT,
                                        "text behind the value");
    cJSON_Delete(tree);
    return read;
}
