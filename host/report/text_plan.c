/* text_plan: what a plan shows: the calls of a step, what each makes of what is there now, and the
 * sum. "+" creates or adds, "~" changes, "-" destroys or removes, "=" leaves as it is, "<" reads. */
#include <string.h>

#include "report/internal.h"

#define CALL_INDENT   3
#define CHANGE_INDENT 7
#define MAX_REMOVED   5 /* of a thing that is destroyed: enough to know it by */

static bool is(struct gw_view text, const char *word)
{
    return gw_view_equal(text, gw_view_of(word));
}

static const struct gw_value *list_of(const struct gw_value *event, const char *key)
{
    static const struct gw_value none = {.kind = GW_LIST};
    const struct gw_value *list = gw_map_get(event, gw_view_of(key));
    return list && list->kind == GW_LIST ? list : &none;
}

static bool flag(const struct gw_value *event, const char *key)
{
    const struct gw_value *value = gw_map_get(event, gw_view_of(key));
    return value && value->kind == GW_BOOL && value->as.boolean;
}

/* ---- one member ------------------------------------------------------------------------------ */

static bool is_arn(struct gw_view text)
{
    return gw_view_starts_with(text, GW_VIEW("arn:"));
}

/* Bytes up to and with the last slash that stands before `end`. */
static size_t after_slash(struct gw_view text, size_t end)
{
    while (end > 0 && text.data[end - 1] != '/') {
        end--;
    }
    return end;
}

/* Of two ARNs the end tells them apart: "web:7 -> web:5". */
static void shorten(struct gw_view *from, struct gw_view *to)
{
    size_t from_cut = is_arn(*from) ? after_slash(*from, from->len) : 0;
    size_t to_cut = is_arn(*to) ? after_slash(*to, to->len) : 0;
    if (is_arn(*from) && is_arn(*to)) {
        size_t common = 0;
        while (common < from->len && common < to->len && from->data[common] == to->data[common]) {
            common++;
        }
        from_cut = to_cut = after_slash(*from, common);
    }
    *from = gw_view_sub(*from, from_cut, from->len);
    *to = gw_view_sub(*to, to_cut, to->len);
}

struct change {
    struct gw_view path, from, to, mark;
    enum gw_style style;
};

static void read_mark(struct gw_view kind, bool was_there, struct change *out)
{
    if (is(kind, "removed")) {
        out->mark = GW_VIEW("-");
        out->style = GW_STYLE_BAD;
    } else if (is(kind, "added") || (is(kind, "known later") && !was_there)) {
        out->mark = GW_VIEW("+");
        out->style = GW_STYLE_GOOD;
    } else if (is(kind, "set")) {
        out->mark = GW_VIEW(" ");
        out->style = GW_STYLE_PLAIN;
    } else {
        out->mark = GW_VIEW("~");
        out->style = GW_STYLE_WARN;
    }
}

static void read_change(struct gw_report *report, const struct gw_value *change, struct change *out)
{
    struct gw_view kind = gw_map_text(change, GW_VIEW("kind"));
    out->path = gw_report_text(report, change, "path");
    out->from = gw_report_text(report, change, "from");
    out->to = gw_report_text(report, change, "to");
    read_mark(kind, out->from.len > 0, out);
    if (flag(change, "secret")) {
        out->to = is(kind, "changed") ? GW_VIEW("changed (secret)") : GW_VIEW("(secret)");
        out->from = GW_VIEW("");
    } else if (is(kind, "removed")) {
        out->to = out->from;
        out->from = GW_VIEW("");
    }
    shorten(&out->from, &out->to);
}

static void show_side(struct gw_report *report, const char *mark, struct gw_view text)
{
    gw_report_line(report, &(struct gw_line){.indent = CHANGE_INDENT + 2,
                                             .mark = gw_view_of(mark),
                                             .mark_style = GW_STYLE_DIM,
                                             .text = text});
}

/* "~ desiredCount: 1 -> 2"; what is too long for a line stands as two, one below the other. */
static void show_change(struct gw_report *report, const struct gw_value *event)
{
    struct change change;
    read_change(report, event, &change);
    struct gw_view text = gw_arena_printf(report->arena, "%.*s: %.*s%s%.*s",
                                          GW_VIEW_ARGS(change.path), GW_VIEW_ARGS(change.from),
                                          change.from.len ? " -> " : "", GW_VIEW_ARGS(change.to));
    bool fits = CHANGE_INDENT + 2 + gw_report_width(text) <= gw_report_columns(report);
    bool apart = change.from.len > 0 && report->options.terminal && !fits;
    gw_report_line(report, &(struct gw_line){
                               .indent = CHANGE_INDENT,
                               .mark = change.mark,
                               .mark_style = change.style,
                               .text = apart ? gw_arena_printf(report->arena,
                                                               "%.*s:", GW_VIEW_ARGS(change.path))
                                             : text});
    if (apart) {
        show_side(report, "-", change.from);
        show_side(report, "+", change.to);
    }
}

/* ---- one call -------------------------------------------------------------------------------- */

static void show_count(struct gw_report *report, int count, const char *what)
{
    if (count > 0) {
        gw_report_line(
            report, &(struct gw_line){.indent = CHANGE_INDENT + 2,
                                      .text = gw_arena_printf(report->arena, "%d %s", count, what),
                                      .style = GW_STYLE_DIM});
    }
}

static void show_changes(struct gw_report *report, const struct gw_value *call, bool destroys)
{
    const struct gw_value *changes = list_of(call, "changes");
    int same = 0, removed = 0;
    for (size_t i = 0; i < changes->as.list.count; i++) {
        const struct gw_value *change = &changes->as.list.items[i];
        struct gw_view kind = gw_map_text(change, GW_VIEW("kind"));
        same += is(kind, "same");
        removed += is(kind, "removed");
        bool folded =
            is(kind, "same") || (destroys && is(kind, "removed") && removed > MAX_REMOVED);
        if (!folded && change->kind == GW_MAP) {
            show_change(report, change);
        }
    }
    show_count(report, same, "unchanged");
    show_count(report, destroys ? removed - MAX_REMOVED : 0, "more that go with it");
}

/* "task/blue/1909dae" of an ARN: account and region stand at the head of the plan. */
static struct gw_view without_account(struct gw_view text)
{
    size_t at = 0;
    for (int colons = 0; is_arn(text) && at < text.len && colons < 5; at++) {
        colons += text.data[at] == ':';
    }
    return at < text.len ? gw_view_sub(text, at, text.len) : text;
}

/* "cluster blue, service web" */
static struct gw_view target_of(struct gw_report *report, const struct gw_value *call)
{
    const struct gw_value *target = gw_map_get(call, GW_VIEW("target"));
    struct gw_view text = GW_VIEW("");
    for (size_t i = 0; target && target->kind == GW_MAP && i < target->as.map.count; i++) {
        const struct gw_entry *entry = &target->as.map.entries[i];
        struct gw_view key = gw_report_safe(report, entry->key);
        struct gw_view value = without_account(gw_report_value(report, &entry->value));
        text = gw_arena_printf(report->arena, "%.*s%s %.*s %.*s", GW_VIEW_ARGS(text),
                               text.len ? "," : ":", GW_VIEW_ARGS(key), GW_VIEW_ARGS(value));
    }
    return text;
}

struct effect {
    const char *name, *mark, *remark;
    enum gw_style style;
};

static const struct effect *effect_of(struct gw_view name)
{
    static const struct effect effects[] = {{"create", "+", "", GW_STYLE_GOOD},
                                            {"destroy", "-", ", destroys", GW_STYLE_BAD},
                                            {"none", "=", ", is so already", GW_STYLE_DIM},
                                            {"read", "<", "", GW_STYLE_DIM},
                                            {"change", "~", "", GW_STYLE_WARN}};
    size_t i = 0;
    while (i + 1 < sizeof effects / sizeof *effects && !is(name, effects[i].name)) {
        i++;
    }
    return &effects[i];
}

static void show_remark(struct gw_report *report, const char *mark, struct gw_view text)
{
    if (text.len > 0) {
        gw_report_line(report, &(struct gw_line){.indent = CHANGE_INDENT,
                                                 .mark = gw_view_of(mark),
                                                 .mark_style = GW_STYLE_WARN,
                                                 .text = text,
                                                 .style = GW_STYLE_DIM});
    }
}

static void show_call(struct gw_report *report, const struct gw_value *call)
{
    const struct effect *effect = effect_of(gw_map_text(call, GW_VIEW("effect")));
    struct gw_view assumes = gw_report_text(report, call, "assumes");
    struct gw_view text = gw_arena_printf(report->arena, "%.*s (%.*s%s)%.*s",
                                          GW_VIEW_ARGS(gw_report_text(report, call, "words")),
                                          GW_VIEW_ARGS(gw_report_text(report, call, "action")),
                                          effect->remark, GW_VIEW_ARGS(target_of(report, call)));
    gw_report_line(report, &(struct gw_line){.indent = CALL_INDENT,
                                             .mark = gw_view_of(effect->mark),
                                             .mark_style = effect->style,
                                             .text = text});
    show_changes(report, call, is(gw_view_of(effect->name), "destroy"));
    if (assumes.len > 0) {
        show_remark(report, "!",
                    gw_arena_printf(report->arena, "compared with what step %.*s would leave",
                                    GW_VIEW_ARGS(assumes)));
    }
    show_remark(report, "!", gw_report_text(report, call, "note"));
}

/* ---- one step -------------------------------------------------------------------------------- */

static void show_end(struct gw_report *report, const char *mark, const char *what,
                     struct gw_view text)
{
    if (text.len > 0) {
        gw_report_line(report,
                       &(struct gw_line){.indent = CALL_INDENT,
                                         .mark = gw_view_of(mark),
                                         .mark_style = GW_STYLE_WARN,
                                         .text = gw_arena_printf(report->arena, "%s%.*s", what,
                                                                 GW_VIEW_ARGS(text))});
    }
}

void gw_report_step_planned(struct gw_report *report, const struct gw_value *event)
{
    struct gw_view reason = gw_report_text(report, event, "reason");
    struct gw_view name = gw_report_text(report, event, "name");
    const struct gw_value *calls = list_of(event, "calls");
    if (report->options.quiet) {
        gw_report_line(report, &(struct gw_line){.text = name, .style = GW_STYLE_BOLD});
    }
    if (!gw_view_equal(reason, name)) {
        gw_report_line(
            report, &(struct gw_line){.indent = CALL_INDENT, .mark = GW_VIEW("?"), .text = reason});
    }
    for (size_t i = 0; i < calls->as.list.count; i++) {
        if (calls->as.list.items[i].kind == GW_MAP) {
            show_call(report, &calls->as.list.items[i]);
        }
    }
    show_end(report, "!", "not planned to its end: ", gw_report_text(report, event, "incomplete"));
    show_end(report, ">", "assumed from here: ", gw_report_text(report, event, "assumes"));
}

/* ---- the sum --------------------------------------------------------------------------------- */

struct part {
    const char *key, *text;
};

/* "Plan: 1 to create, 2 to change, 3 to destroy" */
void gw_report_plan_summary(struct gw_report *report, const struct gw_value *event)
{
    static const struct part parts[] = {{"create", "to create"},
                                        {"change", "to change"},
                                        {"destroy", "to destroy"},
                                        {"none", "already so"},
                                        {"known_later", "known only after apply"}};
    const struct gw_value *unseen = list_of(event, "unseen");
    struct gw_view text = GW_VIEW("");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int count = gw_report_int(event, parts[i].key);
        if (count > 0) {
            text = gw_arena_printf(report->arena, "%.*s%s%d %s", GW_VIEW_ARGS(text),
                                   text.len ? ", " : "", count, parts[i].text);
        }
    }
    report->is_plan = true;
    if (!report->options.quiet) {
        gw_report_blank(report);
    }
    text = gw_arena_printf(report->arena, "Plan: %s%.*s", text.len ? "" : "nothing to change",
                           GW_VIEW_ARGS(text));
    gw_report_line(report, &(struct gw_line){.text = text, .style = GW_STYLE_BOLD});
    for (size_t i = 0; i < unseen->as.list.count; i++) {
        gw_report_line(
            report, &(struct gw_line){.indent = 2,
                                      .mark = GW_VIEW("!"),
                                      .mark_style = GW_STYLE_WARN,
                                      .text = gw_report_value(report, &unseen->as.list.items[i])});
    }
}
