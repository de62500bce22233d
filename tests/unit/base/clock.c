/* What time it is outside. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static void the_monotonic_clock_never_goes_back(void **state)
{
    int64_t before_ms = gw_clock_monotonic_ms();
    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t now_ms = gw_clock_monotonic_ms();
        assert_true(now_ms >= before_ms);
        before_ms = now_ms;
    }
}

static void the_wall_clock_is_the_systems_in_milliseconds(void **state)
{
    int64_t before_s = time(NULL);
    int64_t now_ms = gw_clock_wall_ms();
    int64_t after_s = time(NULL);
    (void)state;
    /* time() may lag behind by a tick of the kernel. */
    assert_true(now_ms >= before_s * 1000);
    assert_true(now_ms < (after_s + 2) * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
        cmocka_unit_test(the_wall_clock_is_the_systems_in_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
