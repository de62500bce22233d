/* Points in time and durations. */
#include "codec/codec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_written(double epoch_s, enum gw_time_format format, const char *expected)
{
    struct gw_buf out;
    gw_buf_init(&out, 100);
    assert_true(gw_time_write(epoch_s, format, &out));
    assert_string_equal(out.data, expected);
    gw_buf_clear(&out);
}

static void writes_the_three_forms(void **state)
{
    static const struct {
        double epoch_s;
        const char *iso, *rfc822, *seconds;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT", "0"},
        {1422172800, "2015-01-25T08:00:00Z", "Sun, 25 Jan 2015 08:00:00 GMT", "1422172800"},
        {1422172800.123, "2015-01-25T08:00:00.123Z", "Sun, 25 Jan 2015 08:00:00 GMT",
         "1422172800.123"},
        {951827696, "2000-02-29T12:34:56Z", "Tue, 29 Feb 2000 12:34:56 GMT", "951827696"},
        {-1, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT", "-1"},
        {-0.5, "1969-12-31T23:59:59.500Z", "Wed, 31 Dec 1969 23:59:59 GMT", "-0.500"},
        {4102444800, "2100-01-01T00:00:00Z", "Fri, 01 Jan 2100 00:00:00 GMT", "4102444800"},
        {-62135596800, "0001-01-01T00:00:00Z", "Mon, 01 Jan 0001 00:00:00 GMT", "-62135596800"},
        {253402300799, "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT", "253402300799"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_written(rows[i].epoch_s, GW_TIME_ISO8601, rows[i].iso);
        assert_written(rows[i].epoch_s, GW_TIME_DEFAULT, rows[i].iso);
        assert_written(rows[i].epoch_s, GW_TIME_RFC822, rows[i].rfc822);
        assert_written(rows[i].epoch_s, GW_TIME_UNIX, rows[i].seconds);
    }
}

static void refuses_to_write_years_out_of_range(void **state)
{
    static const double refused[] = {-62135596801, 253402300800, NAN, INFINITY, -INFINITY};
    struct gw_buf out;
    (void)state;
    gw_buf_init(&out, 100);
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_false(gw_time_write(refused[i], GW_TIME_ISO8601, &out));
    }
    assert_int_equal(out.len, 0);
    gw_buf_clear(&out);
}

static void reads_every_form(void **state)
{
    static const struct {
        const char *text;
        double epoch_s;
    } rows[] = {
        {"1422172800", 1422172800},
        {"1422172800.123", 1422172800.123},
        {"-1.5", -1.5},
        {"1.4221728E9", 1422172800},
        {"2015-01-25T08:00:00Z", 1422172800},
        {"2015-01-25t08:00:00z", 1422172800},
        {"2015-01-25 08:00:00 UTC", 1422172800},
        {"2015-01-25T08:00:00.5Z", 1422172800.5},
        {"2015-01-25T08:00:00.123456789012Z", 1422172800.123456789},
        {"2015-01-25T09:30:00+01:30", 1422172800},
        {"2015-01-25T03:00:00-0500", 1422172800},
        {"2015-01-25T07:00:00-01", 1422172800},
        {" 2015-01-25T08:00:00Z\n", 1422172800},
        {"2000-02-29T12:34:56Z", 951827696},
        {"2016-12-31T23:59:60Z", 1483228800},
        {"0001-01-01T00:00:00Z", -62135596800},
        {"Sun, 25 Jan 2015 08:00:00 GMT", 1422172800},
        {"Sun, 25 Jan 2015 08:00:00.25 GMT", 1422172800.25},
        {"25 jan 2015 08:00:00 UTC", 1422172800},
        {"Sun, 25-Jan-2015 09:00:00 +0100", 1422172800},
        {"Thu, 1 Jan 1970 00:00:00 GMT", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        double epoch_s = -99;
        if (!gw_time_read(gw_view_of(rows[i].text), &epoch_s)) {
            fail_msg("not read: %s", rows[i].text);
        }
        assert_true(fabs(epoch_s - rows[i].epoch_s) < 1e-6);
    }
}

static void refuses_what_is_no_time(void **state)
{
    static const char *const rows[] = {
        "",
        "now",
        "2015-01-25",
        "2015-01-25T08:00:00",
        "2015-01-25T08:00Z",
        "2015-13-25T08:00:00Z",
        "2015-00-25T08:00:00Z",
        "2015-02-29T08:00:00Z",
        "1900-02-29T08:00:00Z",
        "2015-01-25T24:00:00Z",
        "2015-01-25T08:60:00Z",
        "2015-01-25T08:00:00.Z",
        "2015-01-25T08:00:00+1",
        "2015-01-25T08:00:00+24:00",
        "2015-01-25T08:00:00Zulu",
        "0000-01-01T00:00:00Z",
        "Sun, 25 Foo 2015 08:00:00 GMT",
        "Sun, 25 Jan 15 08:00:00 GMT",
        "Sun, 25 Jan 2015 08:00:00",
        "1422172800 s",
        "0x10",
        "1e999",
    };
    double epoch_s;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (gw_time_read(gw_view_of(rows[i]), &epoch_s)) {
            fail_msg("read: '%s'", rows[i]);
        }
    }
}

static void every_day_survives_the_round_trip(void **state)
{
    struct gw_buf out;
    (void)state;
    gw_buf_init(&out, 100);
    for (int64_t epoch_s = INT64_C(-62135596800); epoch_s < INT64_C(253402300800);
         epoch_s += 86400 * 17 + 3661) {
        double back;
        gw_buf_reset(&out);
        assert_true(gw_time_write((double)epoch_s, GW_TIME_ISO8601, &out));
        assert_true(gw_time_read(gw_buf_view(&out), &back));
        assert_true(back == (double)epoch_s);
    }
    gw_buf_clear(&out);
}

static void compact_is_the_form_of_signing(void **state)
{
    char text[17];
    (void)state;
    gw_time_compact(1440938160, text);
    assert_string_equal(text, "20150830T123600Z");
    gw_time_compact(INT64_MAX, text);
    assert_string_equal(text, "99991231T235959Z");
    gw_time_compact(INT64_MIN, text);
    assert_string_equal(text, "00010101T000000Z");
}

static void reads_durations(void **state)
{
    static const struct {
        const char *text;
        double seconds;
    } rows[] = {
        {"90", 90},     {"90s", 90},       {"10m", 600},     {"1h30m", 5400},
        {"2d", 172800}, {"1.5h", 5400},    {"250ms", 0.25},  {"0", 0},
        {"0.5", 0.5},   {" 2m 30s ", 150}, {"1h 05m", 3900}, {"1d2h3m4s", 93784},
    };
    static const char *const refused[] = {"",    "s",   "-5",   "5x",     "1h2h", "1m1h",    "1 h",
                                          "1..", "1h5", "1e3s", "10 m 5", "NaN",  "infinity"};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        double seconds = -1;
        assert_true(gw_duration_read(gw_view_of(rows[i].text), &seconds));
        assert_true(fabs(seconds - rows[i].seconds) < 1e-9);
    }
    for (size_t i = 0; i < COUNT(refused); i++) {
        double seconds;
        if (gw_duration_read(gw_view_of(refused[i]), &seconds)) {
            fail_msg("read: '%s'", refused[i]);
        }
    }
}

static void writes_durations(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } rows[] = {
        {0, "0s"},        {0.3, "0.3s"},  {1.5, "1.5s"},     {9.96, "10s"},
        {45, "45s"},      {59.7, "1m"},   {60, "1m"},        {150, "2m 30s"},
        {125, "2m 05s"},  {3599.6, "1h"}, {3600, "1h"},      {3900, "1h 05m"},
        {5400, "1h 30m"}, {86400, "1d"},  {93600, "1d 02h"}, {86399, "1d"},
    };
    struct gw_buf out;
    (void)state;
    gw_buf_init(&out, 100);
    for (size_t i = 0; i < COUNT(rows); i++) {
        gw_buf_reset(&out);
        assert_true(gw_duration_write(rows[i].seconds, &out));
        assert_string_equal(out.data, rows[i].text);
    }
    assert_false(gw_duration_write(-1, &out));
    assert_false(gw_duration_write(NAN, &out));
    gw_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_three_forms),
        cmocka_unit_test(refuses_to_write_years_out_of_range),
        cmocka_unit_test(reads_every_form),
        cmocka_unit_test(refuses_what_is_no_time),
        cmocka_unit_test(every_day_survives_the_round_trip),
        cmocka_unit_test(compact_is_the_form_of_signing),
        cmocka_unit_test(reads_durations),
        cmocka_unit_test(writes_durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
