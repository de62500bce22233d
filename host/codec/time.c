/* time: points in time as text, in the three forms of AWS: ISO 8601, RFC 822 and seconds. All in
 * UTC and in the proleptic Gregorian calendar, years 1 to 9999; independent of the locale. */
#include "codec/codec.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const WEEKDAYS[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};

#define DAY_S 86400
/* 0001-01-01T00:00:00Z and 10000-01-01T00:00:00Z */
#define FIRST_S INT64_C(-62135596800)
#define END_S   INT64_C(253402300800)

struct date {
    int year, month, day, hour, minute, second;
};

/* ---- the calendar ---------------------------------------------------------------------------- */

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days since 1970-01-01. Years are counted from March, so that the leap day is the last one. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400; /* y is not negative here */
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int64_t seconds_of(const struct date *d)
{
    return days_of(d->year, d->month, d->day) * DAY_S + d->hour * 3600 + d->minute * 60 + d->second;
}

/* `epoch_s` is in FIRST_S .. END_S - 1. */
static struct date date_of(int64_t epoch_s)
{
    int64_t days = (epoch_s - FIRST_S) / DAY_S + days_of(1, 1, 1);
    int64_t rest = epoch_s - days * DAY_S;
    int64_t z = days + 719468;
    int64_t era = z / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct date d = {
        .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .hour = (int)(rest / 3600),
        .minute = (int)(rest / 60 % 60),
        .second = (int)(rest % 60),
    };
    d.year = (int)(year_of_era + era * 400 + (d.month <= 2 ? 1 : 0));
    return d;
}

static bool is_date(const struct date *d)
{
    return d->year >= 1 && d->year <= 9999 && d->month >= 1 && d->month <= 12 && d->day >= 1 &&
           d->day <= days_in_month(d->year, d->month) && d->hour <= 23 && d->minute <= 59 &&
           d->second <= 60; /* a leap second counts as the next one */
}

/* ---- writing --------------------------------------------------------------------------------- */

static void write_iso(int64_t epoch_s, int milliseconds, struct gw_buf *out)
{
    struct date d = date_of(epoch_s);
    gw_buf_addf(out, "%04d-%02d-%02dT%02d:%02d:%02d", d.year, d.month, d.day, d.hour, d.minute,
                d.second);
    if (milliseconds > 0) {
        gw_buf_addf(out, ".%03d", milliseconds);
    }
    gw_buf_add_char(out, 'Z');
}

static void write_rfc822(int64_t epoch_s, struct gw_buf *out)
{
    struct date d = date_of(epoch_s);
    int64_t day = days_of(d.year, d.month, d.day);
    gw_buf_addf(out, "%s, %02d %s %04d %02d:%02d:%02d GMT", WEEKDAYS[(day % 7 + 7) % 7], d.day,
                MONTHS[d.month - 1], d.year, d.hour, d.minute, d.second);
}

static void write_unix(int64_t epoch_ms, struct gw_buf *out)
{
    uint64_t size = epoch_ms < 0 ? 0 - (uint64_t)epoch_ms : (uint64_t)epoch_ms;
    gw_buf_addf(out, "%s%" PRIu64, epoch_ms < 0 ? "-" : "", size / 1000);
    if (size % 1000 > 0) {
        gw_buf_addf(out, ".%03d", (int)(size % 1000));
    }
}

bool gw_time_write(double epoch_s, enum gw_time_format format, struct gw_buf *out)
{
    if (!(epoch_s >= (double)FIRST_S && epoch_s < (double)END_S)) {
        return false;
    }
    int64_t epoch_ms = llround(epoch_s * 1000.0);
    int64_t whole_s = epoch_ms / 1000 - (epoch_ms % 1000 < 0 ? 1 : 0);
    whole_s = whole_s < END_S ? whole_s : END_S - 1;
    switch (format) {
    case GW_TIME_UNIX:
        write_unix(epoch_ms, out);
        break;
    case GW_TIME_RFC822:
        write_rfc822(whole_s, out);
        break;
    case GW_TIME_DEFAULT:
    case GW_TIME_ISO8601:
        write_iso(whole_s, (int)(epoch_ms - whole_s * 1000), out);
        break;
    }
    return !out->full;
}

void gw_time_compact(int64_t epoch_s, char out[17])
{
    epoch_s = epoch_s < FIRST_S ? FIRST_S : epoch_s >= END_S ? END_S - 1 : epoch_s;
    struct date d = date_of(epoch_s);
    char text[32]; /* room for what the compiler believes the fields may hold */
    snprintf(text, sizeof text, "%04u%02u%02uT%02u%02u%02uZ", (unsigned)d.year % 10000u,
             (unsigned)d.month % 100u, (unsigned)d.day % 100u, (unsigned)d.hour % 100u,
             (unsigned)d.minute % 100u, (unsigned)d.second % 100u);
    memcpy(out, text, 16);
    out[16] = '\0';
}

/* ---- reading: each of these takes something off the front of `rest` -------------------------- */

static bool take_char(struct gw_view *rest, char c)
{
    if (rest->len == 0 || rest->data[0] != c) {
        return false;
    }
    *rest = gw_view_sub(*rest, 1, rest->len);
    return true;
}

static bool take_digits(struct gw_view *rest, size_t least, size_t most, int *out)
{
    size_t len = 0;
    int number = 0;
    while (len < most && len < rest->len && rest->data[len] >= '0' && rest->data[len] <= '9') {
        number = number * 10 + (rest->data[len] - '0');
        len++;
    }
    if (len < least) {
        return false;
    }
    *rest = gw_view_sub(*rest, len, rest->len);
    *out = number;
    return true;
}

/* ".123": any number of digits, at least one; no point is no fraction. */
static bool take_fraction(struct gw_view *rest, double *out)
{
    *out = 0;
    if (!take_char(rest, '.')) {
        return true;
    }
    double scale = 1, digits = 0;
    size_t len = 0;
    for (; len < rest->len && rest->data[len] >= '0' && rest->data[len] <= '9'; len++) {
        if (len < 9) {
            digits = digits * 10 + (rest->data[len] - '0');
            scale *= 10;
        }
    }
    *rest = gw_view_sub(*rest, len, rest->len);
    *out = digits / scale;
    return len > 0;
}

static bool take_clock(struct gw_view *rest, struct date *d, double *fraction)
{
    return take_digits(rest, 2, 2, &d->hour) && take_char(rest, ':') &&
           take_digits(rest, 2, 2, &d->minute) && take_char(rest, ':') &&
           take_digits(rest, 2, 2, &d->second) && take_fraction(rest, fraction);
}

/* The rest of the text: a zone; `offset_s` is east of Greenwich. */
static bool read_zone(struct gw_view text, int *offset_s)
{
    static const char *const names[] = {"Z", "UTC", "GMT", "UT"};
    text = gw_view_trim(text);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (gw_view_equal_nocase(text, gw_view_of(names[i]))) {
            *offset_s = 0;
            return true;
        }
    }
    int sign = take_char(&text, '+') ? 1 : take_char(&text, '-') ? -1 : 0;
    int hours = 0, minutes = 0;
    if (sign == 0 || !take_digits(&text, 2, 2, &hours)) {
        return false;
    }
    take_char(&text, ':');
    bool has_minutes = text.len == 0 || take_digits(&text, 2, 2, &minutes);
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return has_minutes && text.len == 0 && hours <= 23 && minutes <= 59;
}

static bool finish(const struct date *d, double fraction, struct gw_view zone, double *epoch_s)
{
    int offset_s;
    if (!read_zone(zone, &offset_s) || !is_date(d)) {
        return false;
    }
    *epoch_s = (double)(seconds_of(d) - offset_s) + fraction;
    return true;
}

static bool read_iso(struct gw_view text, double *epoch_s)
{
    struct date d;
    double fraction;
    if (!take_digits(&text, 4, 4, &d.year) || !take_char(&text, '-') ||
        !take_digits(&text, 2, 2, &d.month) || !take_char(&text, '-') ||
        !take_digits(&text, 2, 2, &d.day)) {
        return false;
    }
    if (!take_char(&text, 'T') && !take_char(&text, 't') && !take_char(&text, ' ')) {
        return false;
    }
    return take_clock(&text, &d, &fraction) && finish(&d, fraction, text, epoch_s);
}

static bool take_month(struct gw_view *rest, int *month)
{
    for (int i = 0; i < 12; i++) {
        if (gw_view_equal_nocase(gw_view_sub(*rest, 0, 3), gw_view_of(MONTHS[i]))) {
            *month = i + 1;
            *rest = gw_view_sub(*rest, 3, rest->len);
            return true;
        }
    }
    return false;
}

/* The day of the week is optional and not compared with the date. */
static bool read_rfc822(struct gw_view text, double *epoch_s)
{
    struct date d;
    double fraction;
    size_t comma = gw_view_find_char(text, ',');
    if (comma != GW_NPOS) {
        text = gw_view_trim(gw_view_sub(text, comma + 1, text.len));
    }
    if (!take_digits(&text, 1, 2, &d.day) || !(take_char(&text, ' ') || take_char(&text, '-')) ||
        !take_month(&text, &d.month) || !(take_char(&text, ' ') || take_char(&text, '-')) ||
        !take_digits(&text, 4, 4, &d.year) || !take_char(&text, ' ')) {
        return false;
    }
    return take_clock(&text, &d, &fraction) && finish(&d, fraction, text, epoch_s);
}

bool gw_time_read(struct gw_view text, double *epoch_s)
{
    double number;
    text = gw_view_trim(text);
    if (gw_view_to_double(text, &number)) {
        *epoch_s = number;
        return isfinite(number);
    }
    return read_iso(text, epoch_s) || read_rfc822(text, epoch_s);
}
