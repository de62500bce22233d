/* What a person reads in a file or a pipe: plain lines, no colour, nothing redrawn. */
#include "bench.h"

/* ---- the beginning --------------------------------------------------------------------------- */

#define STARTED                                                                                    \
    "{'event':'run.started','title':'Emergency rollback','mode':'real','region':'us-east-1',"      \
    "'account':'123456789012','run':'20251112-031200-000','params':{'cluster':'blue',"             \
    "'count':2,'dry':false,'none':null}}"

static void a_run_begins_with_its_title_place_and_parameters(void **state)
{
    (void)state;
    SHOWS(STARTED,
          "Emergency rollback\n"
          "region us-east-1, account 123456789012, run 20251112-031200-000\n"
          "  cluster  blue\n"
          "  count    2\n"
          "  dry      false\n"
          "  none     \n"
          "\n",
          TEXT);
}

static void a_plan_and_a_rehearsal_say_so_first(void **state)
{
    (void)state;
    SHOWS("{'event':'run.started','title':'T','mode':'plan','simulated':true,'run':'1'}",
          "T\n"
          "PLAN: nothing will be changed\n"
          "SIMULATOR: a rehearsal; no AWS account is touched\n"
          "run 1\n"
          "\n",
          TEXT);
}

static void a_run_that_knows_no_place_names_none(void **state)
{
    (void)state;
    SHOWS("{'event':'run.started','title':'T','mode':'real'}", "T\n\n", TEXT);
}

/* ---- remarks --------------------------------------------------------------------------------- */

static void remarks_are_marked(void **state)
{
    (void)state;
    SHOWS("{'event':'note','text':'1 of 1 tasks running'}", "- 1 of 1 tasks running\n", TEXT);
    SHOWS("{'event':'warning','text':'no alarm'}", "! warning: no alarm\n", TEXT);
    SHOWS("{'event':'evidence','name':'image','value':'web:3'}", "= image: web:3\n", TEXT);
}

static void evidence_of_any_kind_is_one_line(void **state)
{
    (void)state;
    SHOWS("{'event':'evidence','name':'n','value':1.5}", "= n: 1.5\n", TEXT);
    SHOWS("{'event':'evidence','name':'n','value':true}", "= n: true\n", TEXT);
    SHOWS("{'event':'evidence','name':'n','value':null}", "= n: \n", TEXT);
    SHOWS("{'event':'evidence','name':'n','value':['a',{'b':1}]}", "= n: [\"a\",{\"b\":1}]\n",
          TEXT);
    SHOWS("{'event':'evidence','name':'n','value':{}}", "= n: {}\n", TEXT);
}

/* A megabyte is a report by itself; that something is missing must show. */
static void a_very_long_value_is_cut_and_says_so(void **state)
{
    struct bench bench;
    struct gw_value event = gw_value_map();
    static char text[(1 << 20) + 100];
    (void)state;
    memset(text, 'x', sizeof text);
    bench_open(&bench, (struct gw_report_options){TEXT});
    *gw_map_add(bench.arena, &event, GW_VIEW("event")) = gw_value_text("note");
    *gw_map_add(bench.arena, &event, GW_VIEW("text")) =
        gw_value_string((struct gw_view){text, sizeof text});
    assert_true(gw_report_event(bench.report, &event));
    assert_string_equal(bench.text + bench.len - 14, "xxx ... (cut)\n");
    bench_close(&bench);
}

/* ---- steps and calls ------------------------------------------------------------------------- */

static void a_step_tells_what_it_does_and_how_it_went(void **state)
{
    (void)state;
    SHOWS("{'event':'step.started','step':'1','name':'Point the service'}\n"
          "{'event':'step.confirm','step':'1','text':'web:3 -> web:2','answered':'yes'}\n"
          "{'event':'call','step':'1','action':'ecs:UpdateService','effect':'change',"
          "'outcome':'ok','request_id':'4c1f','attempts':1,'ms':39}\n"
          "{'event':'step.finished','step':'1','name':'Point the service','seconds':1.5}",
          "\n"
          "1. Point the service\n"
          "   ? web:3 -> web:2 (confirmed: yes)\n"
          "   > ecs:UpdateService ok in 39 ms, request 4c1f\n"
          "   + done in 1.5s\n",
          TEXT);
}

static void an_assumed_answer_is_told_apart(void **state)
{
    (void)state;
    SHOWS("{'event':'step.confirm','step':'1','text':'go','answered':'assumed'}",
          "   ? go (confirmed: yes, assumed)\n", TEXT);
}

static void a_step_can_be_skipped_or_fail(void **state)
{
    (void)state;
    SHOWS("{'event':'step.skipped','step':'1','name':'n','reason':'already at web:2'}",
          "   - skipped: already at web:2\n", TEXT);
    SHOWS("{'event':'step.failed','step':'1','name':'n','error':{'kind':'service',"
          "'message':'ecs:UpdateService: service not found'}}",
          "   x failed: ecs:UpdateService: service not found\n", TEXT);
}

static void between_two_steps_is_one_empty_line(void **state)
{
    (void)state;
    SHOWS("{'event':'run.started','title':'T','run':'1'}\n"
          "{'event':'step.started','step':'1','name':'a'}\n"
          "{'event':'step.finished','step':'1','seconds':0}\n"
          "{'event':'step.started','step':'2','name':'b'}",
          "T\nrun 1\n\n1. a\n   + done in 0s\n\n2. b\n", TEXT);
}

#define READ                                                                                       \
    "{'event':'call','action':'ecs:ListTasks','effect':'read','outcome':'ok','attempts':1,'ms':5}"

static void reading_calls_show_only_when_asked_for(void **state)
{
    (void)state;
    SHOWS(READ, "", TEXT);
    SHOWS(READ, "   > ecs:ListTasks ok in 5 ms\n", TEXT, .verbose = true);
}

static void a_change_that_failed_shows_its_error_and_attempts(void **state)
{
    (void)state;
    SHOWS("{'event':'call','action':'ecs:StopTask','effect':'destroy','outcome':'failed',"
          "'attempts':3,'ms':900,'error':{'message':'ecs:StopTask: refused (AccessDenied)'}}",
          "   > ecs:StopTask: refused (AccessDenied) (3 attempts)\n", TEXT);
}

#define PLANNED(calls)                                                                             \
    "{'event':'step.planned','step':'1','name':'Scale','reason':'Scale','calls':[" calls "]}"

static void a_planned_call_tells_what_it_is_about_and_what_it_makes_of_it(void **state)
{
    (void)state;
    SHOWS("{'event':'step.started','step':'1','name':'Scale'}\n"
          "{'event':'step.planned','step':'1','name':'Scale','reason':'1 -> 2 tasks','calls':[{"
          "'action':'ecs:UpdateService','words':'update service','effect':'change',"
          "'target':{'cluster':'blue','service':'web'},'changes':["
          "{'path':'desiredCount','kind':'changed','from':1,'to':2},"
          "{'path':'networkConfiguration.awsvpcConfiguration.subnets','kind':'added',"
          "'to':['a','b']},"
          "{'path':'tags[old]','kind':'removed','from':'x'},"
          "{'path':'enableExecuteCommand','kind':'same','from':true,'to':true},"
          "{'path':'platformVersion','kind':'same','from':'1.4.0','to':'1.4.0'},"
          "{'path':'forceNewDeployment','kind':'set','to':true}]}]}",
          "\n"
          "1. Scale\n"
          "   ? 1 -> 2 tasks\n"
          "   ~ update service (ecs:UpdateService): cluster blue, service web\n"
          "       ~ desiredCount: 1 -> 2\n"
          "       + networkConfiguration.awsvpcConfiguration.subnets: [\"a\",\"b\"]\n"
          "       - tags[old]: x\n"
          "         forceNewDeployment: true\n"
          "         2 unchanged\n",
          TEXT);
}

static void of_two_arns_the_ends_are_shown(void **state)
{
    (void)state;
    SHOWS(PLANNED(
              "{'action':'ecs:UpdateService','words':'update service','effect':'change','changes':["
              "{'path':'a','kind':'changed','from':'arn:aws:ecs:x:1:task-definition/web:7',"
              "'to':'arn:aws:ecs:x:1:task-definition/web:5'},"
              "{'path':'b','kind':'changed','from':'arn:aws:iam::1:role/one',"
              "'to':'arn:aws:iam::2:role/one'},"
              "{'path':'c','kind':'changed','from':'arn:aws:ecs:x:1:task-definition/web:7',"
              "'to':'web:5'}]}"),
          "   ~ update service (ecs:UpdateService)\n"
          "       ~ a: web:7 -> web:5\n"
          "       ~ b: arn:aws:iam::1:role/one -> arn:aws:iam::2:role/one\n"
          "       ~ c: web:7 -> web:5\n",
          TEXT);
}

static void what_a_call_is_about_is_named_without_account_and_region(void **state)
{
    (void)state;
    SHOWS(PLANNED("{'action':'ecs:StopTask','words':'stop task','effect':'destroy',"
                  "'target':{'cluster':'blue','task':'arn:aws:ecs:x:1:task/blue/19'}},"
                  "{'action':'s3:PutBucketAcl','words':'put bucket acl','effect':'change',"
                  "'target':{'Bucket':'arn:aws:s3:::logs','Id':'arn:'}}"),
          "   - stop task (ecs:StopTask, destroys): cluster blue, task task/blue/19\n"
          "   ~ put bucket acl (s3:PutBucketAcl): Bucket logs, Id arn:\n",
          TEXT);
}

static void what_is_secret_or_known_later_shows_as_such(void **state)
{
    (void)state;
    SHOWS(
        PLANNED(
            "{'action':'a:B','words':'b','effect':'change','changes':["
            "{'path':'Password','kind':'changed','from':'[secret]','to':'[secret]','secret':true},"
            "{'path':'Key','kind':'added','to':'[secret]','secret':true},"
            "{'path':'Group','kind':'known later','from':'old','to':'(known after apply)'},"
            "{'path':'Id','kind':'known later','to':'(known after apply)'}]}"),
        "   ~ b (a:B)\n"
        "       ~ Password: changed (secret)\n"
        "       + Key: (secret)\n"
        "       ~ Group: old -> (known after apply)\n"
        "       + Id: (known after apply)\n",
        TEXT);
}

static void the_effect_of_a_call_has_a_mark_and_a_word(void **state)
{
    (void)state;
    SHOWS(PLANNED("{'action':'a:CreateB','words':'create b','effect':'create'},"
                  "{'action':'a:DeleteB','words':'delete b','effect':'destroy'},"
                  "{'action':'a:PutB','words':'put b','effect':'none'},"
                  "{'action':'a:GetB','words':'get b','effect':'read','note':'writes b'}"),
          "   + create b (a:CreateB)\n"
          "   - delete b (a:DeleteB, destroys)\n"
          "   = put b (a:PutB, is so already)\n"
          "   < get b (a:GetB)\n"
          "       ! writes b\n",
          TEXT);
}

static void of_a_thing_that_is_destroyed_enough_is_shown_to_know_it(void **state)
{
    (void)state;
    SHOWS(PLANNED("{'action':'a:DeleteB','words':'delete b','effect':'destroy','changes':["
                  "{'path':'a','kind':'removed','from':1},{'path':'b','kind':'removed','from':2},"
                  "{'path':'c','kind':'removed','from':3},{'path':'d','kind':'removed','from':4},"
                  "{'path':'e','kind':'removed','from':5},{'path':'f','kind':'removed','from':6},"
                  "{'path':'g','kind':'removed','from':7}]}"),
          "   - delete b (a:DeleteB, destroys)\n"
          "       - a: 1\n"
          "       - b: 2\n"
          "       - c: 3\n"
          "       - d: 4\n"
          "       - e: 5\n"
          "         2 more that go with it\n",
          TEXT);
}

static void a_plan_says_what_it_assumes_and_where_it_ends(void **state)
{
    (void)state;
    SHOWS("{'event':'step.planned','step':'2','name':'Move','reason':'Move','assumes':'web:6',"
          "'incomplete':'x is known only after apply','calls':[{'action':'a:B','words':'b',"
          "'effect':'change','assumes':'1','note':'not read'}]}",
          "   ~ b (a:B)\n"
          "       ! compared with what step 1 would leave\n"
          "       ! not read\n"
          "   ! not planned to its end: x is known only after apply\n"
          "   > assumed from here: web:6\n",
          TEXT);
}

static void on_a_narrow_terminal_a_long_change_stands_on_two_lines(void **state)
{
    (void)state;
    SHOWS(PLANNED("{'action':'a:B','words':'b','effect':'change','changes':["
                  "{'path':'Description','kind':'changed','from':'the one that it has now',"
                  "'to':'another'}]}"),
          "   ~ b (a:B)\n"
          "       ~ Description:\n"
          "         - the one that it has now\n"
          "         + another\n",
          TEXT, .terminal = true, .columns = 40);
}

/* ---- waits ----------------------------------------------------------------------------------- */

static void a_wait_tells_its_beginning_and_its_end(void **state)
{
    (void)state;
    SHOWS("{'event':'wait.started','wait':'1','name':'steady','timeout':900}\n"
          "{'event':'wait.finished','wait':'1','name':'steady','elapsed':66,'text':'2 of 2'}",
          "\n~ steady (at most 15m)\n   + done after 1m 06s: 2 of 2\n", TEXT);
    SHOWS("{'event':'wait.failed','wait':'1','name':'steady','elapsed':900}",
          "   x failed after 15m\n", TEXT);
}

static void progress_is_a_line_when_it_is_new_and_ten_seconds_later(void **state)
{
    (void)state;
    SHOWS("{'event':'wait.progress','wait':'1','name':'w','text':'0 of 2','elapsed':0}\n"
          "{'event':'wait.progress','wait':'1','name':'w','text':'1 of 2','elapsed':9}\n"
          "{'event':'wait.progress','wait':'1','name':'w','text':'1 of 2','elapsed':12}\n"
          "{'event':'wait.progress','wait':'1','name':'w','text':'1 of 2','elapsed':30}\n"
          "{'event':'wait.progress','wait':'1','name':'w','text':'2 of 2','elapsed':31}",
          "~ w (0s): 0 of 2\n~ w (12s): 1 of 2\n~ w (31s): 2 of 2\n", TEXT);
}

static void waits_side_by_side_are_kept_apart(void **state)
{
    (void)state;
    SHOWS("{'event':'wait.progress','wait':'1','name':'a','text':'x','elapsed':0}\n"
          "{'event':'wait.progress','wait':'2','name':'b','text':'x','elapsed':0}\n"
          "{'event':'wait.progress','wait':'1','name':'a','text':'x','elapsed':20}\n"
          "{'event':'wait.finished','wait':'1','name':'a','elapsed':20}\n"
          "{'event':'wait.progress','wait':'1','name':'c','text':'x','elapsed':0}",
          "~ a (0s): x\n~ b (0s): x\n   + done after 20s\n~ c (0s): x\n", TEXT);
}

static void more_waits_than_are_remembered_do_no_harm(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench, (struct gw_report_options){TEXT});
    for (int i = 0; i < 40; i++) {
        char event[200];
        snprintf(event, sizeof event,
                 "{'event':'wait.progress','wait':'a rather long id, number %d','name':'w',"
                 "'text':'x','elapsed':0}",
                 i);
        bench_show(&bench, event);
    }
    assert_int_equal(bench.len, 40 * strlen("~ w (0s): x\n"));
    bench_close(&bench);
}

/* ---- checklists ------------------------------------------------------------------------------ */

static void checks_stand_under_their_list(void **state)
{
    (void)state;
    SHOWS("{'event':'check','list':'After','text':'steady','state':'ok'}\n"
          "{'event':'check','list':'After','text':'healthy','state':'failed','note':'0 of 1'}\n"
          "{'event':'check','list':'After','text':'no errors','state':'unknown'}\n"
          "{'event':'check','list':'Later','text':'tell the team','state':'manual'}\n"
          "{'event':'check','list':'Later','text':'alarm','state':'planned'}",
          "\nAfter\n"
          "  [x] steady\n"
          "  [!] healthy: 0 of 1\n"
          "  [?] no errors\n"
          "\nLater\n"
          "  [ ] tell the team (for a person)\n"
          "  [ ] alarm (checked by the run)\n",
          TEXT);
}

static void a_state_nobody_knows_is_unknown(void **state)
{
    (void)state;
    SHOWS("{'event':'check','list':'L','text':'t','state':'amazing'}", "\nL\n  [?] t\n", TEXT);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void a_table_is_aligned(void **state)
{
    (void)state;
    SHOWS("{'event':'table','title':'Tasks','columns':['id','state'],"
          "'rows':[['a','RUNNING'],['bcd',2],['e']]}",
          "\nTasks\n"
          "  id   state\n"
          "  a    RUNNING\n"
          "  bcd  2\n"
          "  e    \n",
          TEXT);
}

#define ARN                                                                                        \
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef01234567"

/* Who reads a file later, or greps it, wants all of it. */
static void nothing_is_cut_or_wrapped_in_a_file(void **state)
{
    (void)state;
    SHOWS("{'event':'table','title':'T','columns':['arn','n'],'rows':[['" ARN "',1]]}",
          "\nT\n"
          "  arn                                                                                "
          "           n\n"
          "  " ARN "  1\n",
          TEXT, .columns = 60);
    SHOWS("{'event':'note','text':'" ARN " " ARN "'}", "- " ARN " " ARN "\n", TEXT, .columns = 60);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void a_good_end_is_one_line(void **state)
{
    (void)state;
    SHOWS("{'event':'run.started','title':'Rollback','run':'1'}\n"
          "{'event':'run.finished','outcome':'ok','exit_code':0,'seconds':67}",
          "Rollback\nrun 1\n\nOK Rollback, after 1m 07s\n", TEXT);
}

static void every_outcome_has_a_word_and_every_exit_code_a_meaning(void **state)
{
    static const struct {
        const char *outcome, *word, *end;
        int exit_code;
    } rows[] = {
        {"problem", "PROBLEM", "it ran, but something is not as it should be", 3},
        {"refused", "REFUSED", "a change was not confirmed, or something was not declared", 4},
        {"interrupted", "INTERRUPTED", "interrupted", 130},
        {"failed", "FAILED", "a step failed; the run stopped there", 1},
        {"failed", "FAILED", "what was asked for cannot be done", 2},
        {"failed", "FAILED", "the runbook itself is broken", 5},
        {"failed", "FAILED", "the credentials are missing, expired or not allowed to do this", 6},
        {"failed", "FAILED", "AWS could not be reached, or what answered is not AWS", 7},
        {"failed", "FAILED", "a defect in gwrun; please report it", 70},
        {"of a newer engine", "FAILED", "unknown", 99},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char event[200], expected[200];
        snprintf(event, sizeof event,
                 "{'event':'run.finished','outcome':'%s','exit_code':%d,'seconds':1,"
                 "'text':'why'}",
                 rows[i].outcome, rows[i].exit_code);
        snprintf(expected, sizeof expected, "\n%s after 1s: why\nExit code %d: %s.\n", rows[i].word,
                 rows[i].exit_code, rows[i].end);
        SHOWS(event, expected, TEXT);
    }
}

static void a_plan_ends_with_its_sum(void **state)
{
    (void)state;
    SHOWS("{'event':'plan.summary','steps':3,'calls':6,'create':1,'change':2,'destroy':1,'none':1,"
          "'known_later':3,'complete':false,'unseen':['step 3: no end in sight']}\n"
          "{'event':'run.finished','outcome':'planned','exit_code':0,'seconds':0}",
          "\n"
          "Plan: 1 to create, 2 to change, 1 to destroy, 1 already so, 3 known only after apply\n"
          "  ! step 3: no end in sight\n"
          "\n"
          "PLANNED after 0s\n",
          TEXT);
    SHOWS("{'event':'plan.summary','steps':0,'calls':0,'complete':true,'unseen':[]}",
          "\nPlan: nothing to change\n", TEXT);
    SHOWS("{'event':'plan.summary','unseen':['why']}\n"
          "{'event':'run.finished','outcome':'problem','exit_code':3,'seconds':0}",
          "\nPlan: nothing to change\n  ! why\n\nPROBLEM after 0s\n"
          "Exit code 3: the plan does not see all of the runbook.\n",
          TEXT);
}

static void the_end_names_what_is_left_and_the_state_of_the_world(void **state)
{
    (void)state;
    SHOWS("{'event':'run.finished','outcome':'ok','exit_code':0,'seconds':1,"
          "'left':['tell the team','write it down'],"
          "'world':{'requests_lost':2,'seconds':66.5}}",
          "\n"
          "OK after 1s\n"
          "Left for a person:\n"
          "  [ ] tell the team\n"
          "  [ ] write it down\n"
          "Simulated world: requests lost 2, seconds 66.5\n",
          TEXT);
}

/* ---- quiet ----------------------------------------------------------------------------------- */

static void quiet_tells_only_problems_and_the_outcome(void **state)
{
    (void)state;
    SHOWS(STARTED "\n{'event':'note','text':'n'}\n"
                  "{'event':'warning','text':'w'}\n"
                  "{'event':'evidence','name':'n','value':1}\n"
                  "{'event':'step.started','step':'1','name':'a'}\n"
                  "{'event':'step.confirm','step':'1','text':'t','answered':'yes'}\n"
                  "{'event':'call','action':'ecs:StopTask','effect':'destroy','outcome':'ok'}\n"
                  "{'event':'step.finished','step':'1','seconds':1}\n"
                  "{'event':'wait.started','wait':'1','name':'w','timeout':1}\n"
                  "{'event':'wait.progress','wait':'1','name':'w','text':'t','elapsed':1}\n"
                  "{'event':'wait.finished','wait':'1','name':'w','elapsed':1}\n"
                  "{'event':'wait.failed','wait':'2','name':'steady','elapsed':2,'text':'why'}\n"
                  "{'event':'check','list':'L','text':'good','state':'ok'}\n"
                  "{'event':'check','list':'L','text':'later','state':'manual'}\n"
                  "{'event':'table','title':'T','columns':['a'],'rows':[]}\n"
                  "{'event':'run.finished','outcome':'ok','exit_code':0,'seconds':1,"
                  "'world':{'a':1}}",
          "! warning: w\n"
          "x steady: failed after 2s: why\n"
          "OK Emergency rollback, after 1s\n",
          TEXT, .quiet = true);
}

static void quiet_names_the_step_or_list_that_has_a_problem(void **state)
{
    (void)state;
    SHOWS("{'event':'run.started','title':'Rollback'}\n"
          "{'event':'step.started','step':'1','name':'Point the service'}\n"
          "{'event':'step.failed','step':'1','name':'Point the service','error':{'message':'m'}}\n"
          "{'event':'check','list':'After','text':'steady','state':'failed'}\n"
          "{'event':'run.finished','outcome':'failed','exit_code':1,'seconds':1}",
          "x Point the service: failed: m\n"
          "\n"
          "After\n"
          "  [!] steady\n"
          "FAILED Rollback, after 1s\n"
          "Exit code 1: a step failed; the run stopped there.\n",
          TEXT, .quiet = true);
}

static void a_quiet_plan_still_shows_what_would_change(void **state)
{
    (void)state;
    SHOWS("{'event':'step.started','step':'1','name':'Scale'}\n"
          "{'event':'step.planned','step':'1','name':'Scale','reason':'1 -> 2',"
          "'calls':[{'action':'ecs:UpdateService','words':'update service'}]}",
          "Scale\n   ? 1 -> 2\n   ~ update service (ecs:UpdateService)\n", TEXT, .quiet = true);
}

/* ---- what is odd ----------------------------------------------------------------------------- */

static void events_of_a_newer_engine_are_left_out(void **state)
{
    (void)state;
    SHOWS("{'event':'step.undone','step':'1'}\n{}\n{'event':7}\n{'text':'no event'}", "", TEXT);
}

static void events_with_members_of_other_kinds_do_no_harm(void **state)
{
    static const char *const names[] = {
        "run.started",  "note",          "warning",      "evidence",      "step.started",
        "step.planned", "step.confirm",  "step.failed",  "step.finished", "step.skipped",
        "call",         "wait.progress", "wait.failed",  "check",         "table",
        "wait.started", "wait.finished", "run.finished", "plan.summary"};
    static const char *const values[] = {"null",   "true", "-1",      "1e300",
                                         "'text'", "[[]]", "{'a':{}}"};
    static const char *const members =
        "{'event':'%s','title':%s,'params':%s,'name':%s,'text':%s,'value':%s,'step':%s,'calls':%s,"
        "'unseen':%s,'destroys':%s,'error':%s,'seconds':%s,'wait':%s,'elapsed':%s,'list':%s,'state'"
        ":%s,"
        "'columns':%s,'rows':%s,'outcome':%s,'exit_code':%s,'left':%s,'world':%s,'attempts':%s,"
        "'effect':'change','ms':%s}";
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
            const char *v = values[j];
            char event[1000];
            struct bench bench;
            snprintf(event, sizeof event, members, names[i], v, v, v, v, v, v, v, v, v, v, v, v, v,
                     v, v, v, v, v, v, v, v, v, v);
            bench_open(&bench, (struct gw_report_options){TEXT});
            bench_show(&bench, event);
            bench_close(&bench);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_begins_with_its_title_place_and_parameters),
        cmocka_unit_test(a_plan_and_a_rehearsal_say_so_first),
        cmocka_unit_test(a_run_that_knows_no_place_names_none),
        cmocka_unit_test(remarks_are_marked),
        cmocka_unit_test(evidence_of_any_kind_is_one_line),
        cmocka_unit_test(a_very_long_value_is_cut_and_says_so),
        cmocka_unit_test(a_step_tells_what_it_does_and_how_it_went),
        cmocka_unit_test(an_assumed_answer_is_told_apart),
        cmocka_unit_test(a_step_can_be_skipped_or_fail),
        cmocka_unit_test(between_two_steps_is_one_empty_line),
        cmocka_unit_test(reading_calls_show_only_when_asked_for),
        cmocka_unit_test(a_change_that_failed_shows_its_error_and_attempts),
        cmocka_unit_test(a_planned_call_tells_what_it_is_about_and_what_it_makes_of_it),
        cmocka_unit_test(of_two_arns_the_ends_are_shown),
        cmocka_unit_test(what_a_call_is_about_is_named_without_account_and_region),
        cmocka_unit_test(what_is_secret_or_known_later_shows_as_such),
        cmocka_unit_test(the_effect_of_a_call_has_a_mark_and_a_word),
        cmocka_unit_test(of_a_thing_that_is_destroyed_enough_is_shown_to_know_it),
        cmocka_unit_test(a_plan_says_what_it_assumes_and_where_it_ends),
        cmocka_unit_test(on_a_narrow_terminal_a_long_change_stands_on_two_lines),
        cmocka_unit_test(a_wait_tells_its_beginning_and_its_end),
        cmocka_unit_test(progress_is_a_line_when_it_is_new_and_ten_seconds_later),
        cmocka_unit_test(waits_side_by_side_are_kept_apart),
        cmocka_unit_test(more_waits_than_are_remembered_do_no_harm),
        cmocka_unit_test(checks_stand_under_their_list),
        cmocka_unit_test(a_state_nobody_knows_is_unknown),
        cmocka_unit_test(a_table_is_aligned),
        cmocka_unit_test(nothing_is_cut_or_wrapped_in_a_file),
        cmocka_unit_test(a_good_end_is_one_line),
        cmocka_unit_test(every_outcome_has_a_word_and_every_exit_code_a_meaning),
        cmocka_unit_test(a_plan_ends_with_its_sum),
        cmocka_unit_test(the_end_names_what_is_left_and_the_state_of_the_world),
        cmocka_unit_test(quiet_tells_only_problems_and_the_outcome),
        cmocka_unit_test(quiet_names_the_step_or_list_that_has_a_problem),
        cmocka_unit_test(a_quiet_plan_still_shows_what_would_change),
        cmocka_unit_test(events_of_a_newer_engine_are_left_out),
        cmocka_unit_test(events_with_members_of_other_kinds_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
