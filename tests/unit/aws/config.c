/* The shared config and credentials files: the published cases, then this reader's own promises. */
#include "aws/aws.h"
#include "codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define CASES     GW_VECTORS "/config/profile-parser-tests.json"
#define LOCATIONS GW_VECTORS "/config/file-location-tests.json"

/* ---- published cases ------------------------------------------------------------------------- */

/* The member "tests" of the file; skips the test where there is no file. */
static const struct gw_value *read_cases(const char *path, struct gw_arena *arena)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        gw_arena_free(arena);
        print_message("config: skipped, no vectors in %s\n", path);
        skip();
    }
    static char text[1u << 18];
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    struct gw_value *root = gw_arena_alloc(arena, sizeof *root);
    struct gw_err err = {0};
    if (!gw_json_parse((struct gw_view){text, len}, arena, root, &err)) {
        fail_msg("%s: %s", path, err.message);
    }
    return gw_map_get(root, GW_VIEW("tests"));
}

static bool contains_nocase(const char *message, struct gw_view part)
{
    struct gw_view text = gw_view_of(message);
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (gw_view_equal_nocase(gw_view_sub(text, i, part.len), part)) {
            return true;
        }
    }
    return false;
}

static void check_value(const char *name, struct gw_view key, struct gw_view expected,
                        struct gw_view actual)
{
    if (!gw_view_equal(expected, actual)) {
        fail_msg("%s: property '%.*s': expected '%.*s', got '%.*s'", name, GW_VIEW_ARGS(key),
                 GW_VIEW_ARGS(expected), GW_VIEW_ARGS(actual));
    }
}

static void check_profile(const char *name, const struct gw_config *config, struct gw_view profile,
                          const struct gw_value *expected)
{
    if (!gw_config_has_profile(config, profile)) {
        fail_msg("%s: profile '%.*s' is missing", name, GW_VIEW_ARGS(profile));
    }
    if (gw_config_property_count(config, profile) != expected->as.map.count) {
        fail_msg("%s: profile '%.*s': expected %zu properties, got %zu", name,
                 GW_VIEW_ARGS(profile), expected->as.map.count,
                 gw_config_property_count(config, profile));
    }
    for (size_t i = 0; i < expected->as.map.count; i++) {
        const struct gw_entry *entry = &expected->as.map.entries[i];
        check_value(name, entry->key, entry->value.as.string,
                    gw_config_get(config, profile, entry->key));
    }
}

static void check_config(const char *name, const struct gw_config *config,
                         const struct gw_value *expected)
{
    const struct gw_value *profiles = gw_map_get(expected, GW_VIEW("profiles"));
    const struct gw_value *sessions = gw_map_get(expected, GW_VIEW("sso_sessions"));
    if (gw_config_profile_count(config) != profiles->as.map.count) {
        fail_msg("%s: expected %zu profiles, got %zu", name, profiles->as.map.count,
                 gw_config_profile_count(config));
    }
    for (size_t i = 0; i < profiles->as.map.count; i++) {
        const struct gw_entry *entry = &profiles->as.map.entries[i];
        check_profile(name, config, entry->key, &entry->value);
    }
    for (size_t i = 0; sessions && i < sessions->as.map.count; i++) {
        const struct gw_entry *session = &sessions->as.map.entries[i];
        for (size_t k = 0; k < session->value.as.map.count; k++) {
            const struct gw_entry *entry = &session->value.as.map.entries[k];
            check_value(name, entry->key, entry->value.as.string,
                        gw_config_section_get(config, GW_VIEW("sso-session"), session->key,
                                              entry->key, GW_VIEW_NONE));
        }
    }
}

static void check_case(const struct gw_value *row, struct gw_arena *arena)
{
    const char *name = gw_arena_dup(arena, gw_map_text(row, GW_VIEW("name"))).data;
    const struct gw_value *input = gw_map_get(row, GW_VIEW("input"));
    const struct gw_value *output = gw_map_get(row, GW_VIEW("output"));
    struct gw_view message = gw_map_text(output, GW_VIEW("errorContaining"));
    struct gw_err err = {0};
    struct gw_config *config =
        gw_config_parse(gw_map_text(input, GW_VIEW("configFile")),
                        gw_map_text(input, GW_VIEW("credentialsFile")), &err);
    if ((config != NULL) != (message.len == 0) || !contains_nocase(err.message, message)) {
        fail_msg("%s: expected '%.*s', got '%s'", name, GW_VIEW_ARGS(message), err.message);
    }
    if (config) {
        check_config(name, config, gw_map_get(output, GW_VIEW("config")));
    }
    gw_config_close(config);
}

static void the_published_grammar_cases_pass(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    const struct gw_value *cases = read_cases(CASES, arena);
    for (size_t i = 0; i < cases->as.list.count; i++) {
        check_case(&cases->as.list.items[i], arena);
    }
    print_message("config grammar: %zu of 65\n", cases->as.list.count);
    assert_int_equal(cases->as.list.count, 65);
    gw_arena_free(arena);
}

static const char *const location_variables[] = {
    "HOME",        "USERPROFILE",        "HOMEDRIVE",
    "HOMEPATH",    "AWS_CONFIG_FILE",    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_PROFILE", "AWS_DEFAULT_PROFILE"};

static int clear_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof location_variables / sizeof location_variables[0]; i++) {
        unsetenv(location_variables[i]);
    }
    return 0;
}

static void check_location(const struct gw_value *row, struct gw_arena *arena)
{
    const char *name = gw_arena_dup(arena, gw_map_text(row, GW_VIEW("name"))).data;
    const struct gw_value *variables = gw_map_get(row, GW_VIEW("environment"));
    clear_environment(NULL);
    for (size_t i = 0; i < variables->as.map.count; i++) {
        const struct gw_entry *entry = &variables->as.map.entries[i];
        setenv(gw_arena_dup(arena, entry->key).data,
               gw_arena_dup(arena, entry->value.as.string).data, 1);
    }
    struct gw_err err = {0};
    struct gw_config *config = gw_config_open(&err);
    if (!config) {
        fail_msg("%s: %s", name, err.message);
    }
    check_value(name, GW_VIEW("configLocation"), gw_map_text(row, GW_VIEW("configLocation")),
                gw_config_path(config));
    check_value(name, GW_VIEW("credentialsLocation"),
                gw_map_text(row, GW_VIEW("credentialsLocation")),
                gw_config_credentials_path(config));
    gw_config_close(config);
}

static void the_published_locations_for_linux_pass(void **state)
{
    (void)state;
    struct gw_arena *arena = gw_arena_new();
    const struct gw_value *cases = read_cases(LOCATIONS, arena);
    size_t checked = 0;
    for (size_t i = 0; i < cases->as.list.count; i++) {
        const struct gw_value *row = &cases->as.list.items[i];
        if (gw_view_equal(gw_map_text(row, GW_VIEW("platform")), GW_VIEW("linux"))) {
            check_location(row, arena);
            checked++;
        }
    }
    assert_int_equal(checked, 4);
    gw_arena_free(arena);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void errors_name_file_and_line_and_quote_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *config, *credentials, *message;
    } rows[] = {
        {"[profile a]\n\nname", "", "config:3: expected an '=' sign defining a property"},
        {"[profile a]\r\nb = 1\r\n= c", "", "config:3: property did not have a name"},
        {"[profile a]\ns3 =\n x", "", "config:3: expected an '=' sign defining a sub-property"},
        {"[profile a]\ns3 =\n\n = x", "", "config:4: sub-property did not have a name"},
        {"", "secret-key-on-a-line-of-its-own",
         "credentials:1: expected a profile definition, found property"},
        {"", "[a]\nwJalrXUtnFEMI/K7MDENG",
         "credentials:2: expected an '=' sign defining a property"},
        {"", "# note\n[a", "credentials:2: profile definition must end with ']'"},
        {" x", "", "config:1: expected a profile definition, found continuation"},
        {"[profile a]\n x", "", "config:2: expected a property definition, found continuation"},
        {"[other a]\nname", "", "config:2: expected an '=' sign defining a property"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_err err = {0};
        assert_null(
            gw_config_parse(gw_view_of(rows[i].config), gw_view_of(rows[i].credentials), &err));
        assert_int_equal(err.code, GW_ERR_INPUT);
        assert_string_equal(err.message, rows[i].message);
    }
}

static void limits_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *before_number, *after_number;
        int count;
        const char *message;
    } rows[] = {
        {"key", " = value", 257, "config:258: more than 256 properties in a section"},
        {"[profile p", "]", 10000, "config:10001: more than 10000 sections"},
        {"# a comment of more than thirty bytes, number ", "", 30000,
         "config: is larger than 1 MiB"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_buf text;
        struct gw_err err = {0};
        gw_buf_init(&text, 4u << 20);
        gw_buf_add_text(&text, "[default]\n");
        for (int k = 0; k < rows[i].count; k++) {
            gw_buf_addf(&text, "%s%d%s\n", rows[i].before_number, k, rows[i].after_number);
        }
        assert_null(gw_config_parse(gw_buf_view(&text), GW_VIEW_NONE, &err));
        assert_int_equal(err.code, GW_ERR_LIMIT);
        assert_string_equal(err.message, rows[i].message);
        gw_buf_clear(&text);
    }
}

/* ---- look-ups -------------------------------------------------------------------------------- */

static struct gw_config *parse(const char *config_text, const char *credentials_text)
{
    struct gw_err err = {0};
    struct gw_config *config =
        gw_config_parse(gw_view_of(config_text), gw_view_of(credentials_text), &err);
    if (!config) {
        fail_msg("%s", err.message);
    }
    return config;
}

static void sub_properties_are_found_by_name(void **state)
{
    (void)state;
    struct gw_config *config = parse("[services local]\n"
                                     "ecs =\n"
                                     "  endpoint_url = http://localhost:1\n"
                                     "  endpoint_url = http://localhost:2\n"
                                     "\n"
                                     "s3 =\n"
                                     "  Endpoint_URL=http://localhost:3/?a=b\n"
                                     "plain = value\n",
                                     "");
    static const struct {
        const char *name, *key, *sub, *value;
    } rows[] = {
        {"local", "ecs", "endpoint_url", "http://localhost:2"},
        {"local", "s3", "endpoint_url", "http://localhost:3/?a=b"},
        {"local", "s3", "region", ""},
        {"local", "sqs", "endpoint_url", ""},
        {"local", "plain", "", "value"},
        {"other", "ecs", "endpoint_url", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_value("services", gw_view_of(rows[i].key), gw_view_of(rows[i].value),
                    gw_config_section_get(config, GW_VIEW("services"), gw_view_of(rows[i].name),
                                          gw_view_of(rows[i].key), gw_view_of(rows[i].sub)));
    }
    gw_config_close(config);
}

static void profiles_keep_the_order_of_the_files(void **state)
{
    (void)state;
    struct gw_config *config =
        parse("[profile b]\n[services s]\n[default]\n[profile a]\n", "[c]\n[b]\n");
    static const char *const names[] = {"b", "default", "a", "c"};
    assert_int_equal(gw_config_profile_count(config), 4);
    for (size_t i = 0; i < 4; i++) {
        check_value("profiles", GW_VIEW("name"), gw_view_of(names[i]),
                    gw_config_profile_name(config, i));
    }
    assert_int_equal(gw_config_profile_name(config, 4).len, 0);
    gw_config_close(config);
}

static void ignored_sections_keep_nothing(void **state)
{
    (void)state;
    struct gw_config *config =
        parse("[plugins]\ncli = x\n more\n[profile a]\nno name = x\n more\nregion = r\n", "");
    assert_int_equal(gw_config_profile_count(config), 1);
    assert_int_equal(gw_config_property_count(config, GW_VIEW("a")), 1);
    check_value("a", GW_VIEW("region"), GW_VIEW("r"),
                gw_config_get(config, GW_VIEW("a"), GW_VIEW("region")));
    gw_config_close(config);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void files_are_read_from_the_home_folder(void **state)
{
    (void)state;
    char home[] = "/tmp/gw_config_XXXXXX";
    char folder[64], config_path[128], credentials_path[64];
    assert_non_null(mkdtemp(home));
    snprintf(folder, sizeof folder, "%s/.aws", home);
    snprintf(config_path, sizeof config_path, "%s/config", folder);
    snprintf(credentials_path, sizeof credentials_path, "%s/mine", home);
    mkdir(folder, 0700);
    write_file(config_path, "[default]\nregion = eu-west-1\n");
    write_file(credentials_path, "[default]\naws_access_key_id = AKID\n");
    setenv("HOME", home, 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "~/mine", 1);

    struct gw_err err = {0};
    struct gw_config *config = gw_config_open(&err);
    assert_non_null(config);
    check_value("home", GW_VIEW("region"), GW_VIEW("eu-west-1"),
                gw_config_get(config, GW_VIEW("default"), GW_VIEW("region")));
    check_value("home", GW_VIEW("aws_access_key_id"), GW_VIEW("AKID"),
                gw_config_get(config, GW_VIEW("default"), GW_VIEW("aws_access_key_id")));
    gw_config_close(config);

    char expected[256];
    write_file(config_path, "[default\n");
    assert_null(gw_config_open(&err));
    snprintf(expected, sizeof expected, "%s:1: profile definition must end with ']'", config_path);
    assert_string_equal(err.message, expected);
    unlink(config_path);
    unlink(credentials_path);
    rmdir(folder);
    rmdir(home);
}

static void what_cannot_be_read_is_an_error_unless_it_is_missing(void **state)
{
    (void)state;
    struct gw_err err = {0};
    setenv("AWS_CONFIG_FILE", "/", 1);
    assert_null(gw_config_open(&err));
    assert_int_equal(err.code, GW_ERR_IO);
    assert_string_equal(err.message, "/: Is a directory");

    setenv("AWS_CONFIG_FILE", "/no/such/file", 1); /* and no HOME for the credentials */
    struct gw_config *config = gw_config_open(&err);
    assert_non_null(config);
    assert_int_equal(gw_config_profile_count(config), 0);
    check_value("no home", GW_VIEW("path"), GW_VIEW("~/.aws/credentials"),
                gw_config_credentials_path(config));
    gw_config_close(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_grammar_cases_pass),
        cmocka_unit_test_setup(the_published_locations_for_linux_pass, clear_environment),
        cmocka_unit_test(errors_name_file_and_line_and_quote_nothing),
        cmocka_unit_test(limits_are_errors),
        cmocka_unit_test(sub_properties_are_found_by_name),
        cmocka_unit_test(profiles_keep_the_order_of_the_files),
        cmocka_unit_test(ignored_sections_keep_nothing),
        cmocka_unit_test_setup(files_are_read_from_the_home_folder, clear_environment),
        cmocka_unit_test_setup(what_cannot_be_read_is_an_error_unless_it_is_missing,
                               clear_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
