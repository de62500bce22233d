/* Allocation that cannot fail, wiping, arenas. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

#include <cmocka.h>

/* Under AddressSanitizer: a block that cannot be had is NULL, as without it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static bool is_zero(const void *memory, size_t len)
{
    const unsigned char *bytes = memory;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/* ---- the heap -------------------------------------------------------------------------------- */

static void a_block_is_zeroed_and_may_be_empty(void **state)
{
    (void)state;
    void *block = gw_alloc(1000);
    assert_true(is_zero(block, 1000));
    free(block);
    block = gw_alloc(0);
    assert_non_null(block);
    free(block);
}

static void a_block_grows_and_keeps_its_bytes(void **state)
{
    (void)state;
    char *block = gw_realloc(NULL, 4);
    memcpy(block, "abc", 4);
    block = gw_realloc(block, 100000);
    assert_string_equal(block, "abc");
    block = gw_realloc(block, 0);
    assert_non_null(block);
    free(block);
}

static void a_copy_ends_in_nul(void **state)
{
    (void)state;
    char *copy = gw_view_dup((struct gw_view){"abcdef", 3});
    assert_string_equal(copy, "abc");
    free(copy);
    copy = gw_view_dup(GW_VIEW("a\0b"));
    assert_memory_equal(copy, "a\0b", 4);
    free(copy);
    copy = gw_view_dup(GW_VIEW_NONE);
    assert_string_equal(copy, "");
    free(copy);
}

static void wipes_just_what_it_is_told(void **state)
{
    char text[] = "-secret-";
    (void)state;
    gw_wipe(text + 1, 6);
    assert_memory_equal(text, "-\0\0\0\0\0\0-", 9);
    gw_wipe(NULL, 0);
}

/* ---- out of memory --------------------------------------------------------------------------- */

/* Runs `act` in a child process, returns its exit code and what it wrote to stderr. */
static int exit_code_of(void (*act)(void), char *message, size_t size)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        act();
        _exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    for (ssize_t got; len < size - 1 && (got = read(ends[0], message + len, size - 1 - len)) > 0;) {
        len += (size_t)got;
    }
    message[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void assert_ends_the_process(void (*act)(void))
{
    char message[4096];
    assert_int_equal(exit_code_of(act, message, sizeof message), 70);
    assert_non_null(strstr(message, "gwrun: out of memory\n"));
}

static const size_t MORE_THAN_THERE_IS = SIZE_MAX / 4;
static struct gw_arena *child_arena;

static void alloc_too_much(void)
{
    free(gw_alloc(MORE_THAN_THERE_IS));
}

static void realloc_too_much(void)
{
    free(gw_realloc(NULL, MORE_THAN_THERE_IS));
}

static void arena_alloc_too_much(void)
{
    gw_arena_alloc(child_arena, MORE_THAN_THERE_IS);
}

static void arena_alloc_wraps_when_rounded_up(void)
{
    gw_arena_alloc(child_arena, SIZE_MAX);
}

static void arena_alloc_wraps_with_its_header(void)
{
    gw_arena_alloc(child_arena, SIZE_MAX - 4 * sizeof(max_align_t));
}

/* No such character in the C locale. */
static void arena_printf_of_what_cannot_be_written(void)
{
    gw_arena_printf(child_arena, "%lc", (wint_t)0x20ac);
}

static void memory_that_cannot_be_had_ends_the_process(void **state)
{
    (void)state;
    child_arena = gw_arena_new();
    assert_ends_the_process(alloc_too_much);
    assert_ends_the_process(realloc_too_much);
    assert_ends_the_process(arena_alloc_too_much);
    assert_ends_the_process(arena_alloc_wraps_when_rounded_up);
    assert_ends_the_process(arena_alloc_wraps_with_its_header);
    assert_ends_the_process(arena_printf_of_what_cannot_be_written);
    gw_arena_free(child_arena);
}

/* ---- arenas ---------------------------------------------------------------------------------- */

static void arena_memory_is_zeroed_aligned_and_apart(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    unsigned char *blocks[2000];
    (void)state;
    for (size_t i = 0; i < 2000; i++) {
        size_t size = i % 97 + 1;
        blocks[i] = gw_arena_alloc(arena, size);
        assert_true(is_zero(blocks[i], size));
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        memset(blocks[i], (int)(i % 255) + 1, size);
    }
    for (size_t i = 0; i < 2000; i++) {
        for (size_t at = 0; at < i % 97 + 1; at++) {
            assert_int_equal(blocks[i][at], i % 255 + 1);
        }
    }
    gw_arena_free(arena);
}

static void arena_takes_blocks_of_any_size(void **state)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, (size_t)1 << 20, ((size_t)1 << 20) + 1};
    struct gw_arena *arena = gw_arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *memory = gw_arena_alloc(arena, sizes[i]);
        assert_non_null(memory);
        assert_true(is_zero(memory, sizes[i]));
        memset(memory, 'x', sizes[i]);
    }
    gw_arena_free(arena);
}

static void arena_is_usable_after_clear(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    (void)state;
    gw_arena_clear(arena);
    memset(gw_arena_alloc(arena, 100), 'x', 100);
    gw_arena_clear(arena);
    gw_arena_clear(arena);
    assert_true(is_zero(gw_arena_alloc(arena, 100), 100));
    gw_arena_free(arena);
    gw_arena_free(NULL);
}

static void arena_copies_bytes_and_ends_them_in_nul(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    (void)state;
    struct gw_view copy = gw_arena_dup(arena, (struct gw_view){"a\0bcd", 3});
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.data, "a\0b", 4);
    copy = gw_arena_dup(arena, GW_VIEW_NONE);
    assert_int_equal(copy.len, 0);
    assert_string_equal(copy.data, "");
    gw_arena_free(arena);
}

static void arena_formats_text_of_any_length(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    (void)state;
    struct gw_view text = gw_arena_printf(arena, "%s-%d", "a", 1);
    assert_int_equal(text.len, 3);
    assert_string_equal(text.data, "a-1");
    assert_int_equal(gw_arena_printf(arena, "%s", "").len, 0);
    text = gw_arena_printf(arena, "%100000d", 7);
    assert_int_equal(text.len, 100000);
    assert_string_equal(text.data + 99990, "         7");
    gw_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_zeroed_and_may_be_empty),
        cmocka_unit_test(a_block_grows_and_keeps_its_bytes),
        cmocka_unit_test(a_copy_ends_in_nul),
        cmocka_unit_test(wipes_just_what_it_is_told),
        cmocka_unit_test(memory_that_cannot_be_had_ends_the_process),
        cmocka_unit_test(arena_memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(arena_takes_blocks_of_any_size),
        cmocka_unit_test(arena_is_usable_after_clear),
        cmocka_unit_test(arena_copies_bytes_and_ends_them_in_nul),
        cmocka_unit_test(arena_formats_text_of_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
