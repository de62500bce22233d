/* duration: spans of time as people write them. */
#include "codec/codec.h"

#include <math.h>

struct unit {
    const char *name;
    double seconds;
};

/* In the order in which they may follow each other. */
static const struct unit UNITS[] = {
    {"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}, {"ms", 0.001},
};
#define UNIT_COUNT (sizeof UNITS / sizeof UNITS[0])

static bool is_number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '.';
}

/* The length of what matches at the front: number characters, or letters. */
static size_t span(struct gw_view text, bool number)
{
    size_t len = 0;
    while (len < text.len && text.data[len] != ' ' && is_number_char(text.data[len]) == number) {
        len++;
    }
    return len;
}

static size_t unit_index(struct gw_view name)
{
    size_t i = 0;
    while (i < UNIT_COUNT && !gw_view_equal(name, gw_view_of(UNITS[i].name))) {
        i++;
    }
    return i;
}

/* "1h30m": each unit once, the larger before the smaller; white space between the parts is fine. */
bool gw_duration_read(struct gw_view text, double *seconds)
{
    text = gw_view_trim(text);
    double total = 0, number;
    size_t least = 0; /* units before this one are used up */
    if (text.len > 0 && span(text, true) == text.len) {
        return gw_view_to_double(text, seconds) && isfinite(*seconds);
    }
    while (text.len > 0) {
        size_t digits = span(text, true);
        struct gw_view after = gw_view_sub(text, digits, text.len);
        size_t letters = span(after, false);
        size_t unit = unit_index(gw_view_sub(after, 0, letters));
        if (!gw_view_to_double(gw_view_sub(text, 0, digits), &number) || unit < least ||
            unit == UNIT_COUNT) {
            return false;
        }
        total += number * UNITS[unit].seconds;
        least = unit + 1;
        text = gw_view_trim(gw_view_sub(after, letters, after.len));
    }
    *seconds = total;
    return least > 0 && isfinite(total);
}

/* Two neighbouring units; the second has two digits so that columns line up. */
static bool write_pair(int64_t major, const char *major_name, int64_t minor, const char *minor_name,
                       struct gw_buf *out)
{
    gw_buf_addf(out, "%lld%s", (long long)major, major_name);
    return minor == 0 ? !out->full : gw_buf_addf(out, " %02lld%s", (long long)minor, minor_name);
}

bool gw_duration_write(double seconds, struct gw_buf *out)
{
    if (!(seconds >= 0 && seconds < 1e12)) {
        return false;
    }
    if (seconds < 9.95 && fabs(seconds - round(seconds)) >= 0.05) {
        return gw_buf_addf(out, "%.1fs", seconds);
    }
    int64_t whole_s = llround(seconds);
    if (whole_s < 60) {
        return gw_buf_addf(out, "%llds", (long long)whole_s);
    }
    if (whole_s < 3600) {
        return write_pair(whole_s / 60, "m", whole_s % 60, "s", out);
    }
    int64_t minutes = (whole_s + 30) / 60;
    if (minutes < 24 * 60) {
        return write_pair(minutes / 60, "h", minutes % 60, "m", out);
    }
    int64_t hours = (whole_s + 1800) / 3600;
    return write_pair(hours / 24, "d", hours % 24, "h", out);
}
