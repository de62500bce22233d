/* usages: what gwrun help COMMAND says, of commands that do not explain themselves. */
#include <string.h>

#include "cli/internal.h"

#define RUN_WORDS "RUN is an id, a part of one that only it has, or 'last'.\n"

static const struct usage {
    const char *command, *text;
} usages[] = {
    {"approve",
     "gwrun approve RUN [options]\n"
     "Lets the step go on that waits for a second person; asks first. Not for whoever runs it.\n"
     "\n"
     "  --refuse       say no: the run stops there\n"
     "  --note TEXT    why; it is kept in the journal\n"
     "  --step ID      which step, where several wait\n"
     "  --yes          without a question\n" RUN_WORDS},
    {"check",
     "gwrun check [RUNBOOK...]\n"
     "Says what is wrong with runbooks, without running them; without names of all in the\n"
     "folders. A line is file:line:column: error: text [rule]. The rules: docs/check.md.\n"
     "\n"
     "  --strict       warnings are errors\n"
     "  --output json  a list of { file, line, column, level, text, rule }\n"
     "Exit code 0: no error; 5: an error.\n"},
    {"drill",
     "gwrun drill [NAME [options]]\n"
     "Plays an incident in the simulator, runs the runbook that helps, and gives a score.\n"
     "Without a name lists what there is. docs/drills.md has more.\n"
     "\n"
     "  --hands-on     you act, with any tool, against the world on a port of this machine; the\n"
     "                 variables to set are printed, Ctrl-C gives up\n"
     "  --port N       the port (default: one that is free)\n"
     "  --speed N      seconds that pass there in one of ours (default: 1)\n"
     "  --seed N       another course of chance\n"
     "  --output json  an event a line\n"
     "gwrun drill --explore N RUNBOOK [--from M]\n"
     "Runs a runbook under N courses of faults, each drawn from its number, and resumes it\n"
     "where it stops. Says which one does not come to the end that it comes to undisturbed.\n"
     "Exit code 0: passed; 3: not passed.\n"},
    {"exec",
     "gwrun exec [SERVICE] [options] [-- COMMAND [ARGUMENT...]]\n"
     "Runs a program in a running container on this terminal, or between pipes; its exit code is\n"
     "what the program ends with. Without a command: /bin/sh. docs/exec.md has more.\n"
     "\n"
     "  --cluster NAME    default: runbooks/service.lua, GWRUN_CLUSTER\n"
     "  --task ID         default: a running task of the service, the newest of several\n"
     "  --container NAME  where the task has several\n"
     "  --record          keep what is put out in the journal, without secrets that are known\n"
     "  --no-shell        for images without one; the exit status is not known then\n"
     "  --plan            which task it would be; nothing is run\n"
     "  --yes             without a question\n"},
    {"history",
     "gwrun history [options]\n"
     "Which runs there were, the newest first.\n"
     "\n"
     "  --open            only those that can be gone on with: gwrun resume, gwrun undo\n"
     "  --runbook NAME    only of this one\n"
     "  --since 7d        only what began since\n"
     "  --limit N, --all  so many (50), or all\n"
     "  --rehearsals      those of the simulator instead\n"
     "  --verify          prove that the journal is what was written\n"
     "  --prune 90d       take out finished runs that ended longer ago; asks first\n"
     "  --output json     for programs\n"},
    {"list",
     "gwrun list\n"
     "The runbooks in the folders of GWRUN_PATH, in ./runbooks, and those that came with gwrun.\n"
     "\n"
     "  --output json  for programs\n"},
    {"locks", "gwrun locks\n"
              "Which run holds what, who runs it, where, and until when.\n"
              "\n"
              "  --output json  for programs\n"
              "To push a run aside: --take-over WHY with the run that needs the lock.\n"},
    {"login", "gwrun login [options]\n"
              "Single sign-on: opens the browser, and keeps the token where the aws CLI keeps it.\n"
              "\n"
              "  --profile NAME      the session of this profile\n"
              "  --sso-session NAME  a session of the config file\n"
              "  --no-browser        print the address and the code only\n"},
    {"new",
     "gwrun new NAME [--dir DIR]\n"
     "Writes DIR/NAME.lua, a runbook that works, DIR/NAME_test.lua, and .luarc.json for the\n"
     "editor where there is none. Overwrites nothing.\n"
     "\n"
     "  --dir DIR      where (runbooks)\n"
     "NAME is of lower-case letters, digits and _.\n"},
    {"policy", "gwrun policy RUNBOOK [parameters]\n"
               "Prints the least IAM policy that it needs, with the ARNs of what it works on.\n"
               "\n"
               "  --account ID   in ARNs; otherwise that of an ARN among the parameters, else *\n"
               "  --region NAME  likewise\n"},
    {"resume",
     "gwrun resume RUN [options]\n"
     "Goes on where a run stopped, with its parameters. What is done answers from the journal.\n"
     "\n"
     "  --plan                       show what is left to change\n"
     "  --accept-changes             although the script has changed since\n"
     "  --uncertain applied|again    of a call of which nobody knows whether it took effect\n"
     "  --on-failure retry|skip|undo|stop, --on-foreign-change stop|accept\n"
     "  --wait-for-lock, --take-over WHY, --yes, --no-preflight\n"
     "  --NAME file://PATH           where a secret parameter is\n" RUN_WORDS},
    {"link", "gwrun link RUNBOOK [NAME=VALUE...] [--plan | --sim]\n"
             "The line to paste into an alert, checked: gwrun link scale count=2\n" RUN_WORDS},
    {"report", "gwrun report RUN [options]\n"
               "One run as one document, from its journal: for a browser, a ticket, a program.\n"
               "\n"
               "  --html        a page that needs nothing from elsewhere (default)\n"
               "  --md          Markdown\n"
               "  --json        for programs (docs/reports.md)\n"
               "  --out FILE    into a new file instead of standard output\n"
               "  --rehearsals  a run of the simulator, or a drill\n" RUN_WORDS},
    {"show", "gwrun show RUN [options]\n"
             "What happened in a run, as it was shown then.\n"
             "\n"
             "  --step ID      only this step\n"
             "  --file NAME    a file kept as evidence, to standard output\n"
             "  --to PATH      with --file: into a new file\n"
             "  --export FILE  the whole run for other programs (docs/journal.md)\n"
             "  --rehearsals   a run of the simulator\n"
             "  --output json  the events\n"
             "  --verbose      every call too\n" RUN_WORDS},
    {"test", "gwrun test [PATH...]\n"
             "Runs tests of runbooks (*_test.lua) in the simulator; without paths those here, in\n"
             "./runbooks and in ./tests. How to write one: docs/testing.md.\n"
             "\n"
             "  --filter TEXT  only those with this text in the name\n"
             "  --junit FILE   the results as JUnit's XML, too\n"
             "  --quiet        only what failed\n"
             "  --output json  an event a line\n"
             "Exit code 0: all passed; 1: one failed; 2: nothing to run; 5: a file is broken.\n"},
    {"sim",
     "gwrun sim [options]\n"
     "The simulated world on a port of this machine, for the AWS CLI, SDKs and curl. Standard\n"
     "output has what to set in a shell: gwrun sim > sim.env & and then . ./sim.env\n"
     "Standard error shows the calls as they come.\n"
     "As a proxy it answers for the world's own hosts: curl -x http://127.0.0.1:PORT http://...\n"
     "\n"
     "  --port N          the port (default: one that is free)\n"
     "  --sim-world NAME  which world (default: guide)\n"
     "  --seed N          another course of chance (default: 1)\n"
     "  --speed N         seconds that pass there in one of ours (default: 1)\n"
     "  --fault TEXT      what goes wrong, as with --sim: \"throttle ecs:* probability=0.2\"\n"
     "  --exec            commands in containers (gwrun exec) run for real, in a sandbox on this\n"
     "                    machine; otherwise a small shell plays them\n"
     "  --quiet           do not show the calls\n"
     "Ctrl-C ends it.\n"},
    {"types",
     "gwrun types DIR [options]\n"
     "Writes annotations for the Lua language server: names, members and types of all that\n"
     "a runbook can call. How editors find them: docs/types.md.\n"
     "\n"
     "  --services a,b  only these\n"},
    {"undo",
     "gwrun undo RUN [options]\n"
     "Takes back what a run did, the last step first. What has no undo stays, and is named.\n"
     "\n"
     "  --plan                       show what would be changed\n"
     "  --accept-changes             although the script has changed since\n"
     "  --uncertain applied|again    of a call of which nobody knows whether it took effect\n"
     "  --on-failure retry|skip|stop of an undo that fails (stop)\n"
     "  --wait-for-lock, --take-over WHY, --yes\n" RUN_WORDS},
    {"whoami",
     "gwrun whoami [--profile NAME] [--region REGION]\n"
     "Whose credentials a run would use, where they come from, until when, and the region.\n"
     "\n"
     "  --output json  for programs\n"},
};

const char *gw_cli_usage(const char *command)
{
    for (size_t i = 0; i < sizeof usages / sizeof *usages; i++) {
        if (strcmp(usages[i].command, command) == 0) {
            return usages[i].text;
        }
    }
    return NULL;
}
