/* What a person sees at a terminal: colour, wrapped lines, a line of progress redrawn in place. */
#include "bench.h"

#define ERASE "\r\033[K"

/* ---- colour ---------------------------------------------------------------------------------- */

static void colour_only_adds_to_marks_and_words(void **state)
{
    static const char *const events = "{'event':'warning','text':'careful'}\n"
                                      "{'event':'step.finished','seconds':1}\n"
                                      "{'event':'step.failed','error':{'message':'m'}}\n"
                                      "{'event':'step.started','step':'1','name':'n'}";
    (void)state;
    SHOWS(events,
          "\033[33m! warning:\033[0m careful\n"
          "   \033[32m\xe2\x9c\x93\033[0m done in 1s\n"
          "   \033[1;31m\xe2\x9c\x97\033[0m failed: m\n"
          "\n\033[1m1.\033[0m \033[1mn\033[0m\n",
          TERMINAL, .colour = true);
    SHOWS(events,
          "! warning: careful\n"
          "   \xe2\x9c\x93 done in 1s\n"
          "   \xe2\x9c\x97 failed: m\n"
          "\n1. n\n",
          TERMINAL);
}

/* ---- characters ------------------------------------------------------------------------------ */

static void without_utf8_everything_is_ascii(void **state)
{
    (void)state;
    SHOWS("{'event':'note','text':'caf\xc3\xa9 \xe2\x86\x92 \xf0\x9f\x9a\x80 \\u0007'}",
          "- caf? ? ? \\x07\n", TEXT);
    SHOWS("{'event':'note','text':'caf\xc3\xa9'}", "- caf\xc3\xa9\n", TEXT, .utf8 = true);
}

/* ---- width ----------------------------------------------------------------------------------- */

static void a_long_line_is_wrapped_under_its_text(void **state)
{
    (void)state;
    SHOWS("{'event':'note','text':'one two three four five six seven eight nine ten'}",
          "- one two three four five six seven\n"
          "  eight nine ten\n",
          TERMINAL, .columns = 40);
    SHOWS("{'event':'check','list':'L','text':'one two three four five six seven eight',"
          "'state':'ok'}",
          "\nL\n"
          "  [x] one two three four five six seven\n"
          "      eight\n",
          TERMINAL, .columns = 43);
}

static void a_line_that_just_fits_is_not_wrapped(void **state)
{
    (void)state;
    SHOWS("{'event':'note','text':'12345678901234567890123456789012345678'}",
          "- 12345678901234567890123456789012345678\n", TERMINAL, .columns = 40);
}

static void a_word_wider_than_the_line_is_broken(void **state)
{
    (void)state;
    SHOWS("{'event':'note','text':'123456789012345678901234567890123456789'}",
          "- 12345678901234567890123456789012345678\n  9\n", TERMINAL, .columns = 40);
}

static void width_is_counted_in_characters_not_in_bytes(void **state)
{
    (void)state;
    SHOWS("{'event':'note','text':'\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
          "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 end'}",
          "- \xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
          "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 end\n",
          TERMINAL, .columns = 40);
}

static void a_terminal_without_a_width_has_80_columns(void **state)
{
    static const char *const word = "1234567890123456789012345678901234567 ";
    char event[300], expected[300];
    (void)state;
    snprintf(event, sizeof event, "{'event':'note','text':'%s%send'}", word, word);
    snprintf(expected, sizeof expected, "- %s%.37s\n  end\n", word, word);
    SHOWS(event, expected, TERMINAL);
}

static void a_terminal_is_taken_for_40_columns_at_least(void **state)
{
    (void)state;
    SHOWS("{'event':'note','text':'one two three four five six seven'}",
          "- one two three four five six seven\n", TERMINAL, .columns = 3);
}

static void a_table_is_narrowed_from_its_widest_column(void **state)
{
    (void)state;
    SHOWS("{'event':'table','title':'T','columns':['n','arn','state'],"
          "'rows':[['1','arn:aws:ecs:us-east-1:123456789012:service/blue/web','RUNNING']]}",
          "\nT\n"
          "  n  arn                         state\n"
          "  1  arn:aws:ecs:us-east-1:123\xe2\x80\xa6  RUNNING\n",
          TERMINAL, .columns = 40);
}

static void parameters_are_not_wrapped_so_they_can_be_copied(void **state)
{
    (void)state;
    SHOWS("{'event':'run.started','title':'T','run':'1','params':{"
          "'arn':'arn:aws:ecs:us-east-1:123456789012:service/blue/web'}}",
          "T\nrun 1\n  arn  arn:aws:ecs:us-east-1:123456789012:service/blue/web\n\n", TERMINAL,
          .columns = 40);
}

/* ---- progress -------------------------------------------------------------------------------- */

#define PROGRESS(text, elapsed)                                                                    \
    "{'event':'wait.progress','wait':'1','name':'steady','text':'" text "','elapsed':" elapsed "}"

static void progress_is_redrawn_in_place(void **state)
{
    (void)state;
    SHOWS(PROGRESS("0 of 2", "1") "\n" PROGRESS("0 of 2", "2") "\n" PROGRESS("1 of 2", "3"),
          "~ steady (1s): 0 of 2" ERASE "~ steady (2s): 0 of 2" ERASE "~ steady (3s): 1 of 2",
          TERMINAL);
}

#define TRANSFER(done, total, seconds)                                                             \
    "{'event':'call.progress','action':'s3:PutObject','done_bytes':" done total                    \
    ",'seconds':" seconds "}"

static void streams_tell_how_far_they_are(void **state)
{
    (void)state;
    SHOWS(TRANSFER("1023", "", "1") "\n" TRANSFER("1572864", ",'total_bytes':3145728", "2"),
          "~ s3:PutObject: 1023 bytes" ERASE "~ s3:PutObject: 1.5 MiB of 3.0 MiB (50%)", TERMINAL);
}

static void elsewhere_they_do_so_every_ten_seconds(void **state)
{
    (void)state;
    SHOWS(TRANSFER("1", "", "9") "\n" TRANSFER("2048", "", "10") "\n" TRANSFER("3", "", "11"),
          "~ s3:PutObject: 2.0 KiB\n", .utf8 = true);
}

static void progress_never_fills_the_line(void **state)
{
    (void)state;
    SHOWS(PROGRESS("a rather long account of it all", "1"),
          "~ steady (1s): a rather long account o\xe2\x80\xa6", TERMINAL, .columns = 40);
}

static void whatever_follows_progress_erases_it_first(void **state)
{
    static const char *const events[][2] = {
        {"{'event':'note','text':'n'}", "- n\n"},
        {"{'event':'step.started','step':'1','name':'n'}", "\n1. n\n"},
        {"{'event':'table','title':'T','columns':['a'],'rows':[]}", "\nT\n  a\n"},
        {"{'event':'check','list':'L','text':'t','state':'ok'}", "\nL\n  [x] t\n"},
        {"{'event':'wait.finished','wait':'1','name':'steady','elapsed':5}",
         "   \xe2\x9c\x93 done after 5s\n"},
        {"{'event':'run.finished','outcome':'ok','exit_code':0,'seconds':5}", "\nOK after 5s\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        char both[400], expected[400];
        snprintf(both, sizeof both, "%s\n%s", PROGRESS("0 of 2", "1"), events[i][0]);
        snprintf(expected, sizeof expected, "~ steady (1s): 0 of 2" ERASE "%s", events[i][1]);
        SHOWS(both, expected, TERMINAL);
    }
}

static void what_shows_nothing_leaves_progress_alone(void **state)
{
    (void)state;
    SHOWS(PROGRESS("0 of 2", "1") "\n"
                                  "{'event':'call','action':'ecs:ListTasks','effect':'read'}",
          "~ steady (1s): 0 of 2", TERMINAL);
}

static void settling_erases_progress_before_a_prompt(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench, (struct gw_report_options){TERMINAL});
    gw_report_settle(bench.report);
    assert_int_equal(bench.len, 0);
    bench_show(&bench, PROGRESS("0 of 2", "1"));
    gw_report_settle(bench.report);
    gw_report_settle(bench.report);
    assert_string_equal(bench.text, "~ steady (1s): 0 of 2" ERASE);
    bench_close(&bench);
}

/* ---- questions ------------------------------------------------------------------------------- */

static void what_was_answered_at_the_terminal_is_not_repeated(void **state)
{
    (void)state;
    SHOWS("{'event':'step.confirm','text':'go','answered':'yes'}", "", TERMINAL);
    SHOWS("{'event':'step.confirm','text':'go','answered':'assumed'}",
          "   ? go (confirmed: yes, assumed)\n", TERMINAL);
}

static void assert_question(struct gw_report_options options, const char *text,
                            const char *expected)
{
    struct bench bench;
    struct gw_buf out;
    bench_open(&bench, options);
    gw_buf_init(&out, 1000);
    gw_report_question(bench.report, gw_view_of(text), &out);
    assert_string_equal(gw_buf_view(&out).data, expected);
    gw_buf_clear(&out);
    bench_close(&bench);
}

static void a_question_is_wrapped_as_other_lines_are(void **state)
{
    (void)state;
    assert_question((struct gw_report_options){TERMINAL, .columns = 40},
                    "one two three four five six seven eight",
                    "   ? one two three four five six seven\n     eight");
    assert_question((struct gw_report_options){TERMINAL, .columns = 40}, "", "   ? ");
}

static void a_question_cannot_steer_the_terminal(void **state)
{
    (void)state;
    assert_question((struct gw_report_options){TERMINAL}, "stop\n\033[2Jcaf\xc3\xa9",
                    "   ? stop \\x1b[2Jcaf\xc3\xa9");
    assert_question((struct gw_report_options){TEXT}, "caf\xc3\xa9", "   ? caf?");
}

/* So that the hint at the answers still fits behind it. */
static void a_very_long_question_is_cut(void **state)
{
    static char text[100000];
    struct gw_buf out;
    (void)state;
    memset(text, 'x', sizeof text - 1);
    gw_buf_init(&out, sizeof text);
    gw_report_question(NULL, gw_view_of(text), &out);
    assert_true(out.len < 20000);
    assert_string_equal(out.data + out.len - 13, "xxx ... (cut)");
    gw_buf_clear(&out);
}

static void a_question_needs_no_report(void **state)
{
    struct gw_buf out;
    (void)state;
    gw_buf_init(&out, 1000);
    gw_report_question(NULL, GW_VIEW("go"), &out);
    assert_string_equal(out.data, "   ? go");
    gw_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colour_only_adds_to_marks_and_words),
        cmocka_unit_test(without_utf8_everything_is_ascii),
        cmocka_unit_test(a_long_line_is_wrapped_under_its_text),
        cmocka_unit_test(a_line_that_just_fits_is_not_wrapped),
        cmocka_unit_test(a_word_wider_than_the_line_is_broken),
        cmocka_unit_test(width_is_counted_in_characters_not_in_bytes),
        cmocka_unit_test(a_terminal_without_a_width_has_80_columns),
        cmocka_unit_test(a_terminal_is_taken_for_40_columns_at_least),
        cmocka_unit_test(a_table_is_narrowed_from_its_widest_column),
        cmocka_unit_test(parameters_are_not_wrapped_so_they_can_be_copied),
        cmocka_unit_test(progress_is_redrawn_in_place),
        cmocka_unit_test(streams_tell_how_far_they_are),
        cmocka_unit_test(elsewhere_they_do_so_every_ten_seconds),
        cmocka_unit_test(progress_never_fills_the_line),
        cmocka_unit_test(whatever_follows_progress_erases_it_first),
        cmocka_unit_test(what_shows_nothing_leaves_progress_alone),
        cmocka_unit_test(settling_erases_progress_before_a_prompt),
        cmocka_unit_test(what_was_answered_at_the_terminal_is_not_repeated),
        cmocka_unit_test(a_question_is_wrapped_as_other_lines_are),
        cmocka_unit_test(a_question_cannot_steer_the_terminal),
        cmocka_unit_test(a_very_long_question_is_cut),
        cmocka_unit_test(a_question_needs_no_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
