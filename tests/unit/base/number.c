/* Numbers in text: the whole text is one, or there is none. */
#include "base/base.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void whole_numbers_of_64_bits(void **state)
{
    static const struct {
        const char *text;
        int64_t number;
    } rows[] = {
        {"0", 0},
        {"-0", 0},
        {"7", 7},
        {"-7", -7},
        {"007", 7},
        {"1422172800123", 1422172800123},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"00000000000000000000007", 7},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t number = -1;
        assert_true(gw_view_to_int64(gw_view_of(rows[i].text), &number));
        assert_true(number == rows[i].number);
    }
}

static void refuses_what_is_no_whole_number(void **state)
{
    static const struct gw_view rows[] = {
        {NULL, 0},
        {"", 0},
        {"-", 1},
        {"+1", 2},
        {" 1", 2},
        {"1 ", 2},
        {"\n1", 2},
        {"- 1", 3},
        {"--1", 3},
        {"-+1", 3},
        {"1.0", 3},
        {"1e3", 3},
        {"0x10", 4},
        {"1,000", 5},
        {"one", 3},
        {"1\0", 2},
        {"1\0002", 3},
        {"\0", 1},
        {"\xd9\xa1", 2}, /* an Arabic digit */
        {"9223372036854775808", 19},
        {"-9223372036854775809", 20},
        {"99999999999999999999999", 23},
        {"000000000000000000000007", 24}, /* longer than any number needs */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t number = 42;
        assert_false(gw_view_to_int64(rows[i], &number));
        assert_int_equal(number, 42);
    }
}

static void a_whole_number_ends_with_its_view(void **state)
{
    int64_t number;
    (void)state;
    assert_true(gw_view_to_int64((struct gw_view){"12345", 3}, &number));
    assert_int_equal(number, 123);
}

static void numbers_of_the_json_form(void **state)
{
    static const struct {
        const char *text;
        double number;
    } rows[] = {
        {"0", 0},
        {"-1", -1},
        {"1.5", 1.5},
        {"-0.25", -0.25},
        {"1e3", 1000},
        {"1E3", 1000},
        {"1e+3", 1000},
        {"25e-2", 0.25},
        {"1.5e2", 150},
        {"9007199254740993", 9007199254740992.0},
        {"1.7976931348623157e308", DBL_MAX},
        {"4.9406564584124654e-324", 4.9406564584124654e-324},
        {"1e-400", 0},
        {"05", 5}, /* as in "1h 05m" */
        {"-007.50", -7.5},
        {"0.100000000000000005551115123125782702118158340454101562500000", 0.1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        double number = NAN;
        assert_true(gw_view_to_double(gw_view_of(rows[i].text), &number));
        assert_true(number == rows[i].number);
    }
}

static void minus_zero_keeps_its_sign(void **state)
{
    double number = 1;
    (void)state;
    assert_true(gw_view_to_double(GW_VIEW("-0.0"), &number));
    assert_true(number == 0 && signbit(number));
}

static void refuses_other_forms_of_numbers(void **state)
{
    static const struct gw_view rows[] = {
        {NULL, 0},       {"", 0},      {"-", 1},    {".", 1},
        {"1.", 2},       {"-1.", 3},   {"1.e3", 4}, {".5", 2},
        {"-.5", 3},      {"+1", 2},    {"e3", 2},   {"1e", 2},
        {"1e+", 3},      {"1e3.5", 5}, {"1e 3", 4}, {"1.2.3", 5},
        {"1-2", 3},      {" 1", 2},    {"1 ", 2},   {"1,5", 3},
        {"0x10", 4},     {"0x1p3", 5}, {"inf", 3},  {"-inf", 4},
        {"infinity", 8}, {"nan", 3},   {"NaN", 3},  {"1\0", 2},
        {"1.\0005", 4},  {"1e999", 5}, /* more than a double holds */
        {"-1e999", 6},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        double number = 42;
        assert_false(gw_view_to_double(rows[i], &number));
        assert_true(number == 42);
    }
}

static void a_number_of_64_digits_is_too_long(void **state)
{
    char digits[64];
    double number;
    (void)state;
    memset(digits, '1', sizeof digits);
    assert_true(gw_view_to_double((struct gw_view){digits, 63}, &number));
    assert_false(gw_view_to_double((struct gw_view){digits, 64}, &number));
}

static void a_number_ends_with_its_view(void **state)
{
    double number;
    (void)state;
    assert_true(gw_view_to_double((struct gw_view){"1.25e9", 4}, &number));
    assert_true(number == 1.25);
    assert_false(gw_view_to_double((struct gw_view){"1.25e9", 5}, &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_of_64_bits),
        cmocka_unit_test(refuses_what_is_no_whole_number),
        cmocka_unit_test(a_whole_number_ends_with_its_view),
        cmocka_unit_test(numbers_of_the_json_form),
        cmocka_unit_test(minus_zero_keeps_its_sign),
        cmocka_unit_test(refuses_other_forms_of_numbers),
        cmocka_unit_test(a_number_of_64_digits_is_too_long),
        cmocka_unit_test(a_number_ends_with_its_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
