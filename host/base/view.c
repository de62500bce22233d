/* view: borrowed text. */
#include "base/base.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 128 /* longer names are not compared for "did you mean" */

struct gw_view gw_view_of(const char *text)
{
    return text ? (struct gw_view){text, strlen(text)} : GW_VIEW_NONE;
}

bool gw_view_equal(struct gw_view a, struct gw_view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool gw_view_equal_nocase(struct gw_view a, struct gw_view b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.data[i]) != lower(b.data[i])) {
            return false;
        }
    }
    return true;
}

int gw_view_compare(struct gw_view a, struct gw_view b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

bool gw_view_starts_with(struct gw_view text, struct gw_view prefix)
{
    return text.len >= prefix.len && gw_view_equal(gw_view_sub(text, 0, prefix.len), prefix);
}

bool gw_view_ends_with(struct gw_view text, struct gw_view suffix)
{
    return text.len >= suffix.len &&
           gw_view_equal(gw_view_sub(text, text.len - suffix.len, suffix.len), suffix);
}

size_t gw_view_find_char(struct gw_view text, char c)
{
    const char *at = text.len ? memchr(text.data, c, text.len) : NULL;
    return at ? (size_t)(at - text.data) : GW_NPOS;
}

size_t gw_view_find(struct gw_view text, struct gw_view needle)
{
    if (needle.len == 0) {
        return 0;
    }
    for (size_t i = 0; i + needle.len <= text.len; i++) {
        if (memcmp(text.data + i, needle.data, needle.len) == 0) {
            return i;
        }
    }
    return GW_NPOS;
}

struct gw_view gw_view_sub(struct gw_view text, size_t start, size_t len)
{
    if (start >= text.len) {
        return (struct gw_view){text.data ? text.data + text.len : NULL, 0};
    }
    size_t left = text.len - start;
    return (struct gw_view){text.data + start, len < left ? len : left};
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct gw_view gw_view_trim(struct gw_view text)
{
    while (text.len > 0 && is_space(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.data[text.len - 1])) {
        text.len--;
    }
    return text;
}

bool gw_view_next(struct gw_view *rest, char separator, struct gw_view *part)
{
    if (rest->data == NULL) {
        return false;
    }
    size_t end = gw_view_find_char(*rest, separator);
    *part = gw_view_sub(*rest, 0, end);
    if (end == GW_NPOS) {
        *rest = GW_VIEW_NONE;
    } else {
        *rest = (struct gw_view){rest->data + end + 1, rest->len - end - 1};
    }
    return true;
}

bool gw_view_to_int64(struct gw_view text, int64_t *out)
{
    char copy[24];
    if (text.len == 0 || text.len >= sizeof copy || is_space(text.data[0]) || text.data[0] == '+') {
        return false;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    char *end;
    errno = 0;
    long long number = strtoll(copy, &end, 10);
    if (errno != 0 || end != copy + text.len) {
        return false;
    }
    *out = number;
    return true;
}

static bool take_one_of(struct gw_view *text, char one, char other)
{
    bool there = text->len > 0 && (text->data[0] == one || text->data[0] == other);
    *text = gw_view_sub(*text, there, text->len);
    return there;
}

static bool take_digits(struct gw_view *text)
{
    size_t len = 0;
    while (len < text->len && text->data[len] >= '0' && text->data[len] <= '9') {
        len++;
    }
    *text = gw_view_sub(*text, len, text->len);
    return len > 0;
}

/* Checked before strtod reads it, which takes hexadecimal, "inf" and "1." as well. */
static bool has_number_form(struct gw_view text)
{
    take_one_of(&text, '-', '-');
    if (!take_digits(&text) || (take_one_of(&text, '.', '.') && !take_digits(&text))) {
        return false;
    }
    if (take_one_of(&text, 'e', 'E')) {
        take_one_of(&text, '+', '-');
        return take_digits(&text) && text.len == 0;
    }
    return text.len == 0;
}

bool gw_view_to_double(struct gw_view text, double *out)
{
    char copy[64];
    if (text.len >= sizeof copy || !has_number_form(text)) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    double number = strtod(copy, NULL);
    if (!isfinite(number)) {
        return false;
    }
    *out = number;
    return true;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static bool same_letter(char a, char b)
{
    return lower(a) == lower(b);
}

/* Optimal string alignment: insert, drop, change a letter, or swap two neighbours, each one mistake.
 * Letter case is ignored. */
static size_t edit_distance(struct gw_view a, struct gw_view b)
{
    size_t rows[3][NAME_MAX_BYTES + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = same_letter(a.data[i - 1], b.data[j - 1]) ? 0 : 1;
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + change);
            if (i > 1 && j > 1 && same_letter(a.data[i - 1], b.data[j - 2]) &&
                same_letter(a.data[i - 2], b.data[j - 1])) {
                row[j] = min3(row[j], before[j - 2] + 1, SIZE_MAX);
            }
        }
    }
    return row[b.len];
}

struct gw_view gw_view_nearest(struct gw_view name, const struct gw_view *candidates, size_t count)
{
    struct gw_view best = GW_VIEW_NONE;
    size_t best_distance = (name.len < 3 ? 3 : name.len) / 3 + 1;
    if (name.len == 0 || name.len > NAME_MAX_BYTES) {
        return best;
    }
    for (size_t i = 0; i < count; i++) {
        if (candidates[i].len == 0 || candidates[i].len > NAME_MAX_BYTES) {
            continue;
        }
        size_t distance = edit_distance(name, candidates[i]);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidates[i];
        }
    }
    return best;
}
