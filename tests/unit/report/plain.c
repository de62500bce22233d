/* Foreign text made harmless: what AWS, a container or a user name sends cannot steer a terminal. */
#include "bench.h"

static void assert_plain(struct gw_view text, const char *expected)
{
    struct gw_buf out;
    gw_buf_init(&out, 1000);
    gw_report_plain(text, &out);
    assert_string_equal(gw_buf_view(&out).data, expected);
    gw_buf_clear(&out);
}

static void text_stays_as_it_is(void **state)
{
    (void)state;
    assert_plain(GW_VIEW(""), "");
    assert_plain(GW_VIEW_NONE, "");
    assert_plain(GW_VIEW("a ~ \\ % b"), "a ~ \\ % b");
    assert_plain(GW_VIEW("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x80"),
                 "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x80");
}

static void line_breaks_and_tabs_become_spaces(void **state)
{
    (void)state;
    assert_plain(GW_VIEW("a\nb\tc\r\nd"), "a b c  d");
}

static void control_characters_show_their_number(void **state)
{
    (void)state;
    assert_plain(GW_VIEW("\033[31mred\033[0m"), "\\x1b[31mred\\x1b[0m");
    assert_plain(GW_VIEW("\033]0;title\a"), "\\x1b]0;title\\x07");
    assert_plain(GW_VIEW("a\0b"), "a\\x00b");
    assert_plain(GW_VIEW("\b\b\x7f"), "\\x08\\x08\\x7f");
    assert_plain(GW_VIEW("\xc2\x9b"
                         "31m"),
                 "\\x9b31m");
    assert_plain(GW_VIEW("\xc2\xa0"), "\xc2\xa0");
}

static void direction_marks_do_not_reorder_text(void **state)
{
    (void)state;
    assert_plain(GW_VIEW("\xe2\x80\xae"
                         "drow\xe2\x80\xac"),
                 "\xef\xbf\xbd"
                 "drow\xef\xbf\xbd");
    assert_plain(GW_VIEW("\xe2\x81\xa6"
                         "a\xe2\x81\xa9"),
                 "\xef\xbf\xbd"
                 "a\xef\xbf\xbd");
}

static void bytes_that_are_not_utf8_are_replaced_one_by_one(void **state)
{
    static const struct {
        struct gw_view text;
        int replaced;
    } rows[] = {
        {{"\x80", 1}, 1},             /* a continuation without a lead */
        {{"\xff\xfe", 2}, 2},         /* never in UTF-8 */
        {{"\xc3", 1}, 1},             /* cut short */
        {{"\xe2\x82", 2}, 2},         /* cut short */
        {{"\xc0\x9b", 2}, 2},         /* ESC, longer than need be */
        {{"\xe0\x80\x9b", 3}, 3},     /* the same */
        {{"\xed\xa0\x80", 3}, 3},     /* half a surrogate pair */
        {{"\xf4\x90\x80\x80", 4}, 4}, /* beyond U+10FFFF */
        {{"\xf8\x88\x80\x80\x80", 5}, 5},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[32] = "";
        for (int j = 0; j < rows[i].replaced; j++) {
            memcpy(expected + 3 * j, "\xef\xbf\xbd", 4);
        }
        assert_plain(rows[i].text, expected);
    }
    assert_plain(GW_VIEW("\xe2\x82"
                         "abc"),
                 "\xef\xbf\xbd\xef\xbf\xbd"
                 "abc");
}

/* Wherever a text can come in. */
static void no_member_of_any_event_lets_an_escape_through(void **state)
{
    static const char *const events[] = {
        "{'event':'run.started','title':'\\u001b','region':'\\u001b','params':{'\\u001b':'\\u001b'}"
        "}",
        "{'event':'note','text':'\\u001b'}",
        "{'event':'evidence','name':'\\u001b','value':['\\u001b',{'\\u001b':1}]}",
        "{'event':'step.started','step':'\\u001b','name':'\\u001b'}",
        "{'event':'step.planned','name':'\\u001b','reason':'\\u001b\\u001b','calls':[{'action':"
        "'\\u001b','words':'\\u001b','note':'\\u001b','assumes':'\\u001b','target':{'\\u001b':'"
        "\\u001b'},"
        "'changes':[{'path':'\\u001b','kind':'changed','from':'\\u001b','to':['\\u001b']}]}],"
        "'assumes':'\\u001b','incomplete':'\\u001b'}",
        "{'event':'plan.summary','unseen':['\\u001b']}",
        "{'event':'step.confirm','text':'\\u001b','answered':'assumed'}",
        "{'event':'step.skipped','reason':'\\u001b'}",
        "{'event':'step.failed','error':{'message':'\\u001b'}}",
        "{'event':'call','effect':'change','action':'\\u001b','outcome':'ok','request_id':"
        "'\\u001b'}",
        "{'event':'call','effect':'change','outcome':'failed','error':{'message':'\\u001b'}}",
        "{'event':'wait.started','name':'\\u001b'}",
        "{'event':'wait.progress','wait':'\\u001b','name':'\\u001b','text':'\\u001b'}",
        "{'event':'wait.finished','wait':'1','name':'\\u001b','text':'\\u001b'}",
        "{'event':'check','list':'\\u001b','text':'\\u001b','note':'\\u001b','state':'\\u001b'}",
        "{'event':'table','title':'\\u001b','columns':['\\u001b'],'rows':[['\\u001b']]}",
        "{'event':'run.finished','text':'\\u001b','left':['\\u001b'],'world':{'\\u001b':"
        "'\\u001b'}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        for (int json = 0; json <= 1; json++) {
            struct bench bench;
            bench_open(&bench,
                       (struct gw_report_options){.kind = json ? GW_REPORT_JSON : GW_REPORT_TEXT});
            bench_show(&bench, events[i]);
            assert_true(bench.len > 0);
            assert_null(strchr(bench.text, '\033'));
            bench_close(&bench);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stays_as_it_is),
        cmocka_unit_test(line_breaks_and_tabs_become_spaces),
        cmocka_unit_test(control_characters_show_their_number),
        cmocka_unit_test(direction_marks_do_not_reorder_text),
        cmocka_unit_test(bytes_that_are_not_utf8_are_replaced_one_by_one),
        cmocka_unit_test(no_member_of_any_event_lets_an_escape_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
