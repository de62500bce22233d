/* command_help: gwrun help, and gwrun help RUNBOOK. */
#include "cli/internal.h"
#include "codec/codec.h"

static const char usage[] =
    "gwrun runs operational runbooks for services on AWS.\n"
    "\n"
    "run\n"
    "  gwrun RUNBOOK [options]      run it; every change is confirmed first\n"
    "  gwrun RUNBOOK --plan         read everything, change nothing, show what would change\n"
    "  gwrun RUNBOOK --sim          rehearse it in the simulator: no account, no network\n"
    "  gwrun list                   the runbooks\n"
    "  gwrun help RUNBOOK           what it does, its parameters, what it needs\n"
    "  gwrun help COMMAND           what a command takes\n"
    "after a failure, a crash, a lost terminal; RUN is an id, a part of one, or 'last'\n"
    "  gwrun resume RUN             go on where it stopped; nothing is done twice\n"
    "  gwrun undo RUN [--plan]      take back what it did, the last first\n"
    "  gwrun approve RUN            a second person's yes; --refuse, --note TEXT, --step ID\n"
    "look\n"
    "  gwrun history                which runs there were; --open, --runbook NAME, --since 7d,\n"
    "                               --limit N, --all, --rehearsals; --verify, --prune 90d\n"
    "  gwrun show RUN               what happened in it; --step ID, --file NAME [--to PATH],\n"
    "                               --export FILE, --rehearsals\n"
    "  gwrun report RUN             one document of it, for a browser; --md, --json, --out FILE,\n"
    "                               --rehearsals\n"
    "  gwrun link RUNBOOK N=V ...   the line to paste into an alert\n"
    "  gwrun locks                  who holds what\n"
    "AWS\n"
    "  gwrun whoami                 whose credentials a run would use, from where, until when\n"
    "  gwrun login                  single sign-on; --sso-session NAME, --no-browser\n"
    "  gwrun call SERVICE OPERATION one call, with the options of the AWS CLI; 'gwrun call help'\n"
    "  gwrun exec [SERVICE]         a shell in a running container, or '-- COMMAND'; --task, "
    "--container\n"
    "  gwrun models                 the services it knows, and how to add others\n"
    "write\n"
    "  gwrun new NAME               a runbook that works, and its test, to begin with; --dir DIR\n"
    "  gwrun check [RUNBOOK...]     what is wrong with runbooks, without running them; --strict\n"
    "  gwrun policy RUNBOOK         the IAM policy that it needs; --account ID, parameters\n"
    "  gwrun sim                    the simulated world on a port, for the AWS CLI and SDKs;\n"
    "                               --port N, --speed N\n"
    "  gwrun test [PATH...]         run the tests of runbooks; --filter TEXT, --junit FILE\n"
    "  gwrun types DIR              annotations for the Lua language server; --services a,b\n"
    "\n"
    "options\n"
    "  --plan                 change nothing, show what would be changed\n"
    "  --read-only            refuse every change; also GWRUN_READ_ONLY=1\n"
    "  --sim                  use the simulator; changes are confirmed by themselves\n"
    "  --ask                  with --sim: ask as in production\n"
    "  --sim-world NAME       another simulated world (default: guide)\n"
    "  --fault TEXT           with --sim: what goes wrong: \"lost ecs:UpdateService nth=1\",\n"
    "                         \"throttle * probability=0.2\"; see docs/faults.md\n"
    "  --seed N               another course of chance in the simulator (default: 1)\n"
    "  --region REGION        where the service lives\n"
    "  --profile NAME         profile of the shared config and credentials files\n"
    "  --endpoint-url URL     send AWS calls there\n"
    "  --ca-bundle FILE       authorities to trust, also AWS_CA_BUNDLE\n"
    "  --no-sign-request      call AWS as nobody, for what is public\n"
    "  --output text|json     for people, or one event a line\n"
    "  --quiet, --verbose     problems and outcome only; every call too\n"
    "  --no-color             also NO_COLOR\n"
    "  --no-preflight         do not look first whether everything needed is there\n"
    "  --state DIR            where runs are kept, also GWRUN_STATE\n"
    "  --version, --help\n"
    "for unattended use, in the operator's place\n"
    "  --yes                  every change is confirmed\n"
    "  --on-failure retry|skip|undo|stop   of a step or wait (default: stop)\n"
    "  --on-foreign-change stop|accept     of what somebody else changed meanwhile\n"
    "  --uncertain applied|again           of a call of which nobody knows (default: stop)\n"
    "  --wait-for-lock, --take-over WHY    where another run holds what this one needs\n"
    "  --accept-changes       resume although the script has changed since\n"
    "Every other option is the runbook's own, and stands behind its name. --params FILE reads\n"
    "any of them from a JSON object, \"-\" from standard input.\n"
    "\n"
    "exit codes\n"
    "  0 done, every check satisfied      5 the script is broken\n"
    "  1 a step failed                    6 credentials: none, expired, not allowed\n"
    "  2 wrong use or parameter           7 AWS could not be reached\n"
    "  3 a wait or a check failed         70 a defect in gwrun\n"
    "  4 refused or not confirmed         130 interrupted\n";

int gw_cli_help(FILE *out)
{
    fputs(usage, out);
    return GW_EXIT_OK;
}

/* "a; b": room for a further fact */
static struct gw_buf *next_fact(struct gw_buf *facts)
{
    if (facts->len > 0) {
        gw_buf_add_text(facts, "; ");
    }
    return facts;
}

static void add_text(const struct gw_value *param, const char *name, const char *before,
                     struct gw_buf *facts)
{
    struct gw_view text = gw_map_text(param, gw_view_of(name));
    if (text.len > 0) {
        gw_buf_addf(next_fact(facts), "%s%.*s", before, GW_VIEW_ARGS(text));
    }
}

static void add_json(const struct gw_value *param, const char *name, struct gw_buf *facts)
{
    const struct gw_value *value = gw_map_get(param, gw_view_of(name));
    if (value && value->kind != GW_NULL) {
        gw_buf_addf(next_fact(facts), "%s ", name);
        gw_json_write(value, NULL, facts);
    }
}

static void add_facts(const struct gw_value *param, struct gw_buf *facts)
{
    const struct gw_value *required = gw_map_get(param, GW_VIEW("required"));
    gw_buf_add(facts, gw_map_text(param, GW_VIEW("help")));
    add_text(param, "range", "", facts);
    add_text(param, "pattern", "of the form ", facts);
    if (required && required->as.boolean) {
        gw_buf_add_text(next_fact(facts), "required");
    }
    add_json(param, "default", facts);
    add_text(param, "env", "environment ", facts);
    add_json(param, "example", facts);
}

static void print_param(FILE *out, const struct gw_value *param)
{
    struct gw_buf facts;
    gw_buf_init(&facts, (size_t)64 << 10);
    add_facts(param, &facts);
    fputs("  ", out);
    gw_cli_print(out, gw_map_text(param, GW_VIEW("flag")));
    fputc(' ', out);
    gw_cli_print(out, gw_map_text(param, GW_VIEW("takes")));
    if (facts.len > 0) {
        fputs("\n      ", out);
        gw_cli_print_wrapped(out, gw_buf_view(&facts), 6, 6);
    } else {
        fputc('\n', out);
    }
    gw_buf_clear(&facts);
}

static void print_list(FILE *out, const char *title, const struct gw_value *list)
{
    if (!list || list->kind != GW_LIST || list->as.list.count == 0) {
        return;
    }
    fprintf(out, "\n%s\n", title);
    for (size_t i = 0; i < list->as.list.count; i++) {
        fputs("  ", out);
        gw_cli_print(out, list->as.list.items[i].as.string);
        fputc('\n', out);
    }
}

static void print_facts(FILE *out, const char *name, const struct gw_value *facts)
{
    const struct gw_value *params = gw_map_get(facts, GW_VIEW("params"));
    const struct gw_value *needs = gw_map_get(facts, GW_VIEW("needs"));
    struct gw_view guide = gw_map_text(facts, GW_VIEW("guide"));
    gw_cli_print(out, gw_map_text(facts, GW_VIEW("title")));
    fputc('\n', out);
    gw_cli_print_wrapped(out, gw_map_text(facts, GW_VIEW("summary")), 0, 0);
    if (guide.len > 0) {
        fputs("guide: ", out);
        gw_cli_print(out, guide);
        fputc('\n', out);
    }
    fprintf(out, "\n  gwrun %s [--plan | --sim] [parameters]\n", name);
    if (params && params->kind == GW_LIST && params->as.list.count > 0) {
        fputs("\nparameters\n", out);
        for (size_t i = 0; i < params->as.list.count; i++) {
            print_param(out, &params->as.list.items[i]);
        }
    }
    print_list(out, "needs of AWS", gw_map_get(needs, GW_VIEW("aws")));
    print_list(out, "needs of HTTP", gw_map_get(needs, GW_VIEW("http")));
    print_list(out, "reads files", gw_map_get(needs, GW_VIEW("read")));
    print_list(out, "writes files", gw_map_get(needs, GW_VIEW("write")));
    print_list(out, "runs commands", gw_map_get(needs, GW_VIEW("run")));
    print_list(out, "runs commands in containers", gw_map_get(needs, GW_VIEW("exec")));
    print_list(out, "reads the environment", gw_map_get(needs, GW_VIEW("env")));
}

int gw_cli_help_runbook(const char *name)
{
    struct gw_err err = {0};
    struct gw_value facts = {0};
    struct gw_buf path;
    struct gw_arena *arena = gw_arena_new();
    gw_buf_init(&path, 4096);
    int exit_code = GW_EXIT_OK;
    if (!gw_run_find(gw_cli_runbook_folders(arena), name, &path, &err)) {
        exit_code = gw_cli_fail(&err);
    } else if (!gw_cli_read_facts(path.data, arena, &facts, &err)) {
        exit_code = gw_cli_fail_with(gw_cli_exit_of_load(&err), "%s", err.message);
    } else {
        print_facts(stdout, name, &facts);
    }
    gw_buf_clear(&path);
    gw_arena_free(arena);
    return exit_code;
}
