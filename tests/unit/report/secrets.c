/* No report tells a secret: neither a value marked as one nor a text registered as one, however the
 * text is escaped, wrapped or cut on its way out. */
#include "bench.h"

static int forget(void **state)
{
    (void)state;
    gw_secret_clear();
    return 0;
}

/* {"event":..., "<member>":<value>} */
static struct gw_value event_with(struct gw_arena *arena, const char *name, const char *member,
                                  struct gw_value value)
{
    struct gw_value event = gw_value_map();
    *gw_map_add(arena, &event, GW_VIEW("event")) = gw_value_text(name);
    *gw_map_add(arena, &event, gw_view_of(member)) = value;
    return event;
}

static struct gw_value secret_value(void)
{
    struct gw_value value = gw_value_text("pw");
    value.secret = true;
    return value;
}

static void assert_shown(struct gw_report_options options, const char *name, const char *member,
                         struct gw_value value, const char *expected)
{
    struct bench bench;
    bench_open(&bench, options);
    struct gw_value event = event_with(bench.arena, name, member, value);
    assert_true(gw_report_event(bench.report, &event));
    assert_string_equal(bench.text, expected);
    bench_close(&bench);
}

/* ---- values marked as secret ----------------------------------------------------------------- */

static void a_value_marked_as_secret_is_not_told(void **state)
{
    (void)state;
    assert_shown((struct gw_report_options){TEXT}, "note", "text", secret_value(), "- [secret]\n");
    assert_shown((struct gw_report_options){JSON}, "note", "text", secret_value(),
                 "{\"event\":\"note\",\"text\":\"[secret]\"}\n");
}

static void nor_is_one_inside_others(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value list = gw_value_list();
    (void)state;
    *gw_list_add(arena, &list) = gw_value_int(1);
    *gw_list_add(arena, &list) = secret_value();
    assert_shown((struct gw_report_options){TEXT}, "evidence", "value", list,
                 "= : [1,\"[secret]\"]\n");
    assert_shown((struct gw_report_options){JSON}, "evidence", "value", list,
                 "{\"event\":\"evidence\",\"value\":[1,\"[secret]\"]}\n");
    gw_arena_free(arena);
}

static void a_secret_map_tells_not_even_its_keys(void **state)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value map = gw_value_map();
    (void)state;
    *gw_map_add(arena, &map, GW_VIEW("user")) = gw_value_text("root");
    map.secret = true;
    struct gw_value outer = event_with(arena, "x", "login", map);
    assert_shown((struct gw_report_options){TEXT}, "run.started", "params", outer,
                 "\n  event  x\n  login  [secret]\n\n");
    assert_shown((struct gw_report_options){JSON}, "x", "login", map,
                 "{\"event\":\"x\",\"login\":\"[secret]\"}\n");
    gw_arena_free(arena);
}

/* ---- texts registered as secret -------------------------------------------------------------- */

static void a_registered_text_is_found_in_any_member(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("hunter2hunter2"));
    SHOWS("{'event':'note','text':'pw=hunter2hunter2!'}", "- pw=[secret]!\n", TEXT);
    SHOWS("{'event':'evidence','name':'hunter2hunter2','value':[{'hunter2hunter2':1}]}",
          "= [secret]: [{\"[secret]\":1}]\n", TEXT);
    SHOWS("{'event':'note','a':{'hunter2hunter2':['hunter2hunter2']}}",
          "{\"event\":\"note\",\"a\":{\"[secret]\":[\"[secret]\"]}}\n", JSON);
}

static void also_where_the_text_is_remembered(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("hunter2hunter2"));
    SHOWS("{'event':'run.started','title':'hunter2hunter2'}\n"
          "{'event':'check','list':'hunter2hunter2','text':'t','state':'ok'}\n"
          "{'event':'run.finished','outcome':'ok','seconds':1}",
          "[secret]\n\n[secret]\n  [x] t\n\nOK [secret], after 1s\n", TEXT);
}

/* A private key has line breaks, and line breaks become spaces. */
static void a_secret_of_several_lines_is_found(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("-----BEGIN KEY-----\nMIIB\n-----END KEY-----"));
    SHOWS("{'event':'note','text':'key: -----BEGIN KEY-----\\nMIIB\\n-----END KEY-----'}",
          "- key: [secret]\n", TEXT);
    SHOWS("{'event':'evidence','name':'n','value':['-----BEGIN KEY-----\\nMIIB\\n-----END "
          "KEY-----']}",
          "= n: [\"[secret]\"]\n", TEXT);
}

static void a_secret_that_json_escapes_is_found(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("pass\\word\"1\n"));
    SHOWS("{'event':'note','text':'pass\\\\word\\u00221\\n'}",
          "{\"event\":\"note\",\"text\":\"[secret]\"}\n", JSON);
    SHOWS("{'event':'evidence','name':'n','value':['pass\\\\word\\u00221\\n']}",
          "= n: [\"[secret]\"]\n", TEXT);
}

#define TOKEN "0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ"

static void a_secret_that_would_be_wrapped_is_found(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW(TOKEN));
    gw_secret_add(GW_VIEW("correct horse battery staple"));
    SHOWS("{'event':'note','text':'token " TOKEN "'}", "- token [secret]\n", TERMINAL,
          .columns = 40);
    SHOWS("{'event':'note','text':'one two three four correct horse battery staple'}",
          "- one two three four [secret]\n", TERMINAL, .columns = 40);
}

static void a_secret_that_would_be_cut_is_found(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW(TOKEN));
    SHOWS("{'event':'wait.progress','wait':'1','name':'w','text':'" TOKEN "','elapsed':1}",
          "~ w (1s): [secret]", TERMINAL, .columns = 40);
    SHOWS("{'event':'table','title':'T','columns':['token'],'rows':[['" TOKEN "']]}",
          "\nT\n  token\n  [secret]\n", TERMINAL, .columns = 40);
}

static void a_question_tells_no_secret(void **state)
{
    struct gw_buf out;
    (void)state;
    gw_secret_add(GW_VIEW("hunter2\nhunter2"));
    gw_buf_init(&out, 1000);
    gw_report_question(NULL, GW_VIEW("set it to hunter2\nhunter2"), &out);
    assert_string_equal(out.data, "   ? set it to [secret]");
    gw_buf_reset(&out);
    gw_report_plain(GW_VIEW("hunter2\nhunter2"), &out);
    assert_string_equal(out.data, "[secret]");
    gw_buf_clear(&out);
}

static void a_secret_that_is_a_word_of_the_engine_hides_no_event(void **state)
{
    (void)state;
    gw_secret_add(GW_VIEW("warning"));
    SHOWS("{'event':'warning','text':'a warning'}", "! warning: a [secret]\n", TEXT);
    SHOWS("{'event':'warning','warning':1}", "{\"event\":\"warning\",\"warning\":1}\n", JSON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_marked_as_secret_is_not_told),
        cmocka_unit_test(nor_is_one_inside_others),
        cmocka_unit_test(a_secret_map_tells_not_even_its_keys),
        cmocka_unit_test_teardown(a_registered_text_is_found_in_any_member, forget),
        cmocka_unit_test_teardown(also_where_the_text_is_remembered, forget),
        cmocka_unit_test_teardown(a_secret_of_several_lines_is_found, forget),
        cmocka_unit_test_teardown(a_secret_that_json_escapes_is_found, forget),
        cmocka_unit_test_teardown(a_secret_that_would_be_wrapped_is_found, forget),
        cmocka_unit_test_teardown(a_secret_that_would_be_cut_is_found, forget),
        cmocka_unit_test_teardown(a_question_tells_no_secret, forget),
        cmocka_unit_test_teardown(a_secret_that_is_a_word_of_the_engine_hides_no_event, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
