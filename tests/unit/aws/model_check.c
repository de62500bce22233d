/* The check of tables that come from outside: what our compiler makes passes, what is damaged is
 * refused or harmless. The table is that of acm and sso, made by the build. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/aws/model_walk.h"

#define HEADER_BYTES 32

/* The table's words; a copy, to be damaged. */
struct table {
    uint32_t *words;
    size_t size;
};

static struct table read_table(void)
{
    FILE *file = fopen(GW_SMALL_TABLE, "rb");
    assert_non_null(file);
    struct table table = {.words = calloc(1, 1 << 20)};
    table.size = fread(table.words, 1, 1 << 20, file);
    fclose(file);
    assert_in_range(table.size, 1024, 1 << 19);
    return table;
}

static bool passes(const struct table *table, struct gw_err *err)
{
    struct gw_view bytes = {(const char *)table->words, table->size};
    const struct gw_models *models = gw_models_open(bytes, err);
    return models && gw_models_check(models, err);
}

static const struct gw_models *opened(const struct table *table)
{
    return (const struct gw_models *)(const void *)table->words;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void what_is_built_in_passes(void **state)
{
    (void)state;
    struct gw_err err = {0};
    assert_true(gw_models_check(gw_models_builtin(), &err));
    assert_int_equal(err.code, GW_ERR_NONE);
}

static void what_the_compiler_makes_passes(void **state)
{
    (void)state;
    struct gw_err err = {0};
    struct table table = read_table();
    assert_true(passes(&table, &err));
    assert_int_equal(gw_models_count(opened(&table)), 2);
    assert_true(walk_models(opened(&table)) > 1000);
    free(table.words);
}

/* A text of the table, to be changed in place. */
static char *find_text(const struct table *table, const char *text)
{
    size_t len = strlen(text) + 1;
    for (size_t at = 0; at + len <= table->size; at++) {
        if (memcmp((char *)table->words + at, text, len) == 0) {
            return (char *)table->words + at;
        }
    }
    fail_msg("no text '%s'", text);
    return NULL;
}

static void names_cannot_carry_what_would_break_a_request(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"/federation/credentials", "/federation\ncredentials",
         "models: damaged table: a text has characters that no text has"},
        {"/federation/credentials", "/federation credentials",
         "models: damaged table: operation: uri"},
        {"/federation/credentials", "xfederation/credentials",
         "models: damaged table: operation: uri"},
        {"x-amz-sso_bearer_token", "x-amz-sso bearer:token",
         "models: damaged table: member: header"},
        {"list_account_roles", "list.account_roles",
         "models: damaged table: operation: snake name"},
        {"sso", "s/o", "models: damaged table: service: name"},
        {"GetRoleCredentials", "GetRole\xffredentials",
         "models: damaged table: a text has characters that no text has"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct table table = read_table();
        struct gw_err err = {0};
        memcpy(find_text(&table, rows[i][0]), rows[i][1], strlen(rows[i][1]));
        assert_false(passes(&table, &err));
        assert_string_equal(err.message, rows[i][2]);
        free(table.words);
    }
}

static void a_table_that_is_cut_is_refused(void **state)
{
    (void)state;
    struct table table = read_table();
    size_t whole = table.size;
    for (table.size = HEADER_BYTES; table.size < whole; table.size += 8) {
        struct gw_err err = {0};
        table.words[3] = (uint32_t)table.size; /* the header agrees */
        assert_false(passes(&table, &err));
    }
    free(table.words);
}

/* Each word in turn says something else; what passes all the same must not lead astray. Under the
 * sanitizers and valgrind a stray read ends the test. */
static void no_changed_word_leads_astray(void **state)
{
    (void)state;
    static const uint32_t masks[] = {0x1, 0x4, 0x34, 0xffff, 0x7fffffff, 0xffffffff};
    struct table table = read_table();
    size_t passed = 0;
    for (size_t at = HEADER_BYTES / 4; at < table.size / 4; at++) {
        uint32_t mask = masks[at % (sizeof masks / sizeof *masks)];
        struct gw_err err = {0};
        table.words[at] ^= mask;
        if (passes(&table, &err)) {
            passed++;
            if (passed % 16 == 0) {
                walk_models(opened(&table));
            }
        }
        table.words[at] ^= mask;
    }
    assert_true(passed > 0);
    free(table.words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_built_in_passes),
        cmocka_unit_test(what_the_compiler_makes_passes),
        cmocka_unit_test(names_cannot_carry_what_would_break_a_request),
        cmocka_unit_test(a_table_that_is_cut_is_refused),
        cmocka_unit_test(no_changed_word_leads_astray),
    };
    return cmocka_run_group_tests_name("aws model check", tests, NULL, NULL);
}
