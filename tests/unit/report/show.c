/* What a runbook shows: plots, findings, lines of output, a fresh screen. */
#include "bench.h"

static void a_plot_fills_the_first_series_and_marks_the_others_and_the_limits(void **state)
{
    (void)state;
    SHOWS("{'event':'plot','title':'CPU','unit':'percent','from':0,'upto':400,'period':100,"
          "'from_text':'10:00','upto_text':'11:00',"
          "'series':[{'name':'Average','points':[[0,10],[100,20],[200,40],[300,5]]},"
          "{'name':'Maximum','points':[[0,40],[300,80]]}],'limits':[{'name':'high','value':70}]}",
          "\nCPU, percent\n"
          "     80.0 |                     oooooooo\n"
          "          |-----------------------------\n"
          "          |                             \n"
          "          |                             \n"
          "     40.0 |oooooooo      #######        \n"
          "          |              #######        \n"
          "          |       ##############        \n"
          "          |#############################\n"
          "           10:00                   11:00\n"
          "           # Average   o Maximum   - high 70\n",
          TEXT, .columns = 40);
}

static void a_plot_without_points_says_so(void **state)
{
    (void)state;
    SHOWS("{'event':'plot','title':'CPU','from':0,'upto':400,'series':[{'name':'Average','points':["
          "]}],'limits':[]}",
          "\nCPU\n  nothing was measured\n", TEXT);
}

static void a_plot_that_makes_no_sense_does_no_harm(void **state)
{
    (void)state;
    SHOWS("{'event':'plot','title':'no time','from':4,'upto':4,'series':[]}\n"
          "{'event':'plot','title':'t','from':0,'upto':9,'series':[{'name':'a','points':[1,[2],['x'"
          ",'y'],[99,1],[1,null]]}]}",
          "\nt\n  nothing was measured\n", TEXT);
}

static void a_finding_has_its_evidence_cause_and_solution_below_it(void **state)
{
    (void)state;
    SHOWS("{'event':'found','severity':'high','text':'tasks die','evidence':'3 "
          "stopped','solution':'roll back',"
          "'fix':'gwrun rollback'}",
          "\n! high: tasks die\n    evidence: 3 stopped\n    solution: roll back\n    run: gwrun "
          "rollback\n",
          TEXT, .quiet = true);
}

static void a_line_of_output_is_whole_quiet_or_not_and_harmless(void **state)
{
    (void)state;
    SHOWS("{'event':'output','text':'a very long line of a log that is not to be wrapped at all "
          "\\u001b[2J','emphasis':'bad'}",
          "\033[1;31ma very long line of a log that is not to be wrapped at all \\x1b[2J\033[0m\n",
          TERMINAL, .colour = true, .quiet = true, .columns = 40);
}

static void a_fresh_picture_clears_a_terminal_and_nothing_else(void **state)
{
    (void)state;
    SHOWS("{'event':'redrawn'}\n{'event':'note','text':'x'}", "\033[H\033[2J- x\n", TERMINAL);
    SHOWS("{'event':'note','text':'x'}\n{'event':'redrawn'}\n{'event':'note','text':'y'}",
          "- x\n\n- y\n", TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plot_fills_the_first_series_and_marks_the_others_and_the_limits),
        cmocka_unit_test(a_plot_without_points_says_so),
        cmocka_unit_test(a_plot_that_makes_no_sense_does_no_harm),
        cmocka_unit_test(a_finding_has_its_evidence_cause_and_solution_below_it),
        cmocka_unit_test(a_line_of_output_is_whole_quiet_or_not_and_harmless),
        cmocka_unit_test(a_fresh_picture_clears_a_terminal_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
