/* test_report: what came of tests: a line each for people, an event a line for programs, and JUnit's
 * XML for build servers. */
#include <stdlib.h>

#include "cli/internal.h"
#include "codec/codec.h"

#define SLOW_SECONDS  1.0 /* a test that takes as long is told with its time */
#define MAX_XML_BYTES ((size_t)64 << 20)

struct gw_cli_test_report {
    const struct gw_cli_options *options;
    bool colour;
    struct gw_arena *arena;
    struct gw_value results; /* as they came, each with its file */
    const char *shown;       /* the file whose tests are being listed */
    size_t passed, failed;
};

struct gw_cli_test_report *gw_cli_test_report_new(const struct gw_cli_options *options)
{
    struct gw_cli_test_report *report = gw_alloc(sizeof *report);
    report->options = options;
    report->colour = gw_cli_colour(options, stdout);
    report->arena = gw_arena_new();
    report->results = gw_value_list();
    return report;
}

void gw_cli_test_report_free(struct gw_cli_test_report *report)
{
    gw_arena_free(report->arena);
    free(report);
}

static double seconds_of(const struct gw_value *result)
{
    const struct gw_value *value = gw_map_get(result, GW_VIEW("seconds"));
    return !value ? 0 : value->kind == GW_INT ? (double)value->as.integer : value->as.number;
}

static int64_t line_of(const struct gw_value *result)
{
    const struct gw_value *value = gw_map_get(result, GW_VIEW("line"));
    return value && value->kind == GW_INT ? value->as.integer : 0;
}

static bool has_passed(const struct gw_value *result)
{
    return gw_view_equal(gw_map_text(result, GW_VIEW("outcome")), GW_VIEW("ok"));
}

/* ---- for people ------------------------------------------------------------------------------ */

static void print_word(const struct gw_cli_test_report *report, bool passed)
{
    const char *colour = passed ? "\033[32m" : "\033[1;31m";
    printf("  %s%-6s%s  ", report->colour ? colour : "", passed ? "ok" : "FAILED",
           report->colour ? "\033[0m" : "");
}

/* Each of its lines further to the right. */
static void print_block(struct gw_view text)
{
    struct gw_view line;
    while (text.len > 0 && gw_view_next(&text, '\n', &line)) {
        fputs("          ", stdout);
        gw_cli_print(stdout, line);
        fputc('\n', stdout);
    }
}

static void print_value(const char *label, struct gw_view text)
{
    if (text.len > 0) {
        printf("          %-9s ", label);
        gw_cli_print(stdout, text);
        fputc('\n', stdout);
    }
}

static void print_result(struct gw_cli_test_report *report, const char *path,
                         const struct gw_value *result)
{
    bool passed = has_passed(result);
    if (report->options->quiet && passed) {
        return;
    }
    if (report->shown != path) {
        gw_cli_print(stdout, gw_view_of(path));
        fputc('\n', stdout);
        report->shown = path;
    }
    print_word(report, passed);
    gw_cli_print(stdout, gw_map_text(result, GW_VIEW("claim")));
    if (seconds_of(result) >= SLOW_SECONDS) {
        printf(" (%.1f s)", seconds_of(result));
    }
    fputc('\n', stdout);
    print_block(gw_map_text(result, GW_VIEW("message")));
    print_value("expected", gw_map_text(result, GW_VIEW("expected")));
    print_value("got", gw_map_text(result, GW_VIEW("got")));
    print_block(gw_map_text(result, GW_VIEW("more")));
    fflush(stdout);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void print_event(const struct gw_value *event)
{
    struct gw_buf line;
    gw_buf_init(&line, MAX_XML_BYTES);
    gw_json_write(event, NULL, &line);
    puts(gw_buf_view(&line).data);
    gw_buf_clear(&line);
}

void gw_cli_test_report_result(struct gw_cli_test_report *report, const char *path,
                               const struct gw_value *result)
{
    struct gw_value kept = gw_value_map();
    struct gw_arena *arena = report->arena;
    *gw_map_add(arena, &kept, GW_VIEW("event")) = gw_value_text("test");
    *gw_map_add(arena, &kept, GW_VIEW("file")) =
        gw_value_string(gw_arena_dup(arena, gw_view_of(path)));
    for (size_t i = 0; i < result->as.map.count; i++) {
        const struct gw_entry *entry = &result->as.map.entries[i];
        struct gw_value *copy = gw_map_add(arena, &kept, gw_arena_dup(arena, entry->key));
        *copy = entry->value;
        if (entry->value.kind == GW_STRING) {
            *copy = gw_value_string(gw_arena_dup(arena, entry->value.as.string));
        }
    }
    *gw_list_add(arena, &report->results) = kept;
    *(has_passed(result) ? &report->passed : &report->failed) += 1;
    if (report->options->json) {
        print_event(&kept);
    } else {
        print_result(report, path, result);
    }
}

void gw_cli_test_report_broken(struct gw_cli_test_report *report, const char *path,
                               const char *message)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_value result = gw_value_map();
    *gw_map_add(arena, &result, GW_VIEW("claim")) = gw_value_text("the file can be read");
    *gw_map_add(arena, &result, GW_VIEW("outcome")) = gw_value_text("broken");
    *gw_map_add(arena, &result, GW_VIEW("message")) = gw_value_text(message);
    gw_cli_test_report_result(report, path, &result);
    gw_arena_free(arena);
}

void gw_cli_test_report_end(struct gw_cli_test_report *report, int64_t duration_ms)
{
    double seconds = (double)duration_ms / 1000.0;
    if (!report->options->json) {
        printf("%s%zu passed, %zu failed in %.1f s\n", report->shown ? "\n" : "", report->passed,
               report->failed, seconds);
        return;
    }
    struct gw_arena *arena = report->arena;
    struct gw_value event = gw_value_map();
    *gw_map_add(arena, &event, GW_VIEW("event")) = gw_value_text("tests.finished");
    *gw_map_add(arena, &event, GW_VIEW("passed")) = gw_value_int((int64_t)report->passed);
    *gw_map_add(arena, &event, GW_VIEW("failed")) = gw_value_int((int64_t)report->failed);
    *gw_map_add(arena, &event, GW_VIEW("seconds")) = gw_value_double(seconds);
    print_event(&event);
}

void gw_cli_test_report_count(const struct gw_cli_test_report *report, size_t *passed,
                              size_t *failed)
{
    *passed = report->passed;
    *failed = report->failed;
}

/* ---- for build servers ----------------------------------------------------------------------- */

static void add_escaped(struct gw_buf *out, struct gw_view text)
{
    struct gw_buf plain; /* without what XML cannot hold */
    gw_buf_init(&plain, MAX_XML_BYTES);
    gw_report_plain(text, &plain);
    for (size_t i = 0; i < plain.len; i++) {
        char c = plain.data[i];
        const char *name = c == '&'   ? "&amp;"
                           : c == '<' ? "&lt;"
                           : c == '>' ? "&gt;"
                           : c == '"' ? "&quot;"
                                      : NULL;
        name ? gw_buf_add_text(out, name) : gw_buf_add_char(out, c);
    }
    gw_buf_clear(&plain);
}

static void add_attribute(struct gw_buf *out, const char *name, struct gw_view text)
{
    gw_buf_addf(out, " %s=\"", name);
    add_escaped(out, text);
    gw_buf_add_char(out, '"');
}

static void add_line(struct gw_buf *out, const char *label, struct gw_view text)
{
    if (text.len > 0) {
        gw_buf_add_text(out, label);
        add_escaped(out, text);
        gw_buf_add_char(out, '\n');
    }
}

static void add_failure(struct gw_buf *out, const struct gw_value *result)
{
    struct gw_view message = gw_map_text(result, GW_VIEW("message"));
    struct gw_view rest = gw_map_text(result, GW_VIEW("more")), line;
    bool broken = gw_view_equal(gw_map_text(result, GW_VIEW("outcome")), GW_VIEW("broken"));
    const char *element = broken ? "error" : "failure";
    gw_buf_addf(out, ">\n      <%s", element);
    add_attribute(out, "message", message);
    gw_buf_add_char(out, '>');
    add_line(out, "", message);
    add_line(out, "expected  ", gw_map_text(result, GW_VIEW("expected")));
    add_line(out, "got       ", gw_map_text(result, GW_VIEW("got")));
    while (rest.len > 0 && gw_view_next(&rest, '\n', &line)) {
        add_line(out, "", line);
    }
    gw_buf_addf(out, "</%s>\n    </testcase>\n", element);
}

static void add_case(struct gw_buf *out, const struct gw_value *result)
{
    struct gw_view file = gw_map_text(result, GW_VIEW("file"));
    gw_buf_add_text(out, "    <testcase");
    add_attribute(out, "classname", file);
    add_attribute(out, "name", gw_map_text(result, GW_VIEW("claim")));
    add_attribute(out, "file", file);
    gw_buf_addf(out, " line=\"%lld\" time=\"%.3f\"", (long long)line_of(result),
                seconds_of(result));
    if (has_passed(result)) {
        gw_buf_add_text(out, "/>\n");
    } else {
        add_failure(out, result);
    }
}

/* The results from index `from` that belong to the same file; answers the index behind them. */
static size_t add_suite(struct gw_buf *out, const struct gw_value *results, size_t from)
{
    const struct gw_value *items = results->as.list.items;
    struct gw_view file = gw_map_text(&items[from], GW_VIEW("file"));
    size_t end = from, failures = 0, errors = 0;
    double seconds = 0;
    for (; end < results->as.list.count &&
           gw_view_equal(gw_map_text(&items[end], GW_VIEW("file")), file);
         end++) {
        struct gw_view outcome = gw_map_text(&items[end], GW_VIEW("outcome"));
        failures += gw_view_equal(outcome, GW_VIEW("failed"));
        errors += gw_view_equal(outcome, GW_VIEW("broken"));
        seconds += seconds_of(&items[end]);
    }
    gw_buf_add_text(out, "  <testsuite");
    add_attribute(out, "name", file);
    gw_buf_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"%.3f\">\n", end - from,
                failures, errors, seconds);
    for (size_t i = from; i < end; i++) {
        add_case(out, &items[i]);
    }
    gw_buf_add_text(out, "  </testsuite>\n");
    return end;
}

bool gw_cli_test_report_junit(const struct gw_cli_test_report *report, const char *path,
                              struct gw_err *err)
{
    struct gw_buf out;
    gw_buf_init(&out, MAX_XML_BYTES);
    gw_buf_add_text(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (size_t i = 0; i < report->results.as.list.count;) {
        i = add_suite(&out, &report->results, i);
    }
    gw_buf_add_text(&out, "</testsuites>\n");
    bool written = gw_cli_write_file(path, "wb", gw_buf_view(&out), err);
    gw_buf_clear(&out);
    return written;
}
