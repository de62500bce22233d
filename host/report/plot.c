/* plot: values over time as a chart of characters. The first series fills columns, the others are marks
 * above them, limits are dashed lines; ASCII where the locale has nothing better. */
#include <math.h>
#include <string.h>

#include "report/internal.h"

#define ROWS        8
#define EIGHTHS     8
#define MAX_COLUMNS 120
#define MAX_SERIES  4
#define LABEL_WIDTH 9

struct chart {
    const struct gw_value *event;
    double from, upto; /* epoch seconds */
    double top;        /* the value at the upper edge; the lower one is 0 */
    size_t columns, series_count;
    double values[MAX_SERIES][MAX_COLUMNS]; /* NAN: nothing was measured there */
};

static const struct gw_value *list_of(const struct gw_value *map, const char *key)
{
    static const struct gw_value none = {.kind = GW_LIST};
    const struct gw_value *list = gw_map_get(map, gw_view_of(key));
    return list && list->kind == GW_LIST ? list : &none;
}

static double number_of(const struct gw_value *value)
{
    return value->kind == GW_INT ? (double)value->as.integer
                                 : (value->kind == GW_DOUBLE ? value->as.number : NAN);
}

/* ---- measuring ------------------------------------------------------------------------------- */

/* Several points of one column: the highest counts, since a peak is what is looked for. */
static void place(struct chart *chart, size_t series, const struct gw_value *point)
{
    if (point->kind != GW_LIST || point->as.list.count != 2) {
        return;
    }
    double at = number_of(&point->as.list.items[0]), value = number_of(&point->as.list.items[1]);
    double share = (at - chart->from) / (chart->upto - chart->from);
    if (!(share >= 0 && share <= 1) || !isfinite(value)) {
        return;
    }
    size_t column = (size_t)(share * (double)chart->columns);
    column = column < chart->columns ? column : chart->columns - 1;
    double *cell = &chart->values[series][column];
    *cell = isnan(*cell) || value > *cell ? value : *cell;
    chart->top = value > chart->top ? value : chart->top;
}

/* One period of the measurements may be wider than a column: it holds on until the next. */
static void hold(struct chart *chart, size_t series, double period)
{
    double width = (chart->upto - chart->from) / (double)chart->columns;
    size_t span = period > width ? (size_t)ceil(period / width) : 0, since = 0;
    for (size_t i = 1; i < chart->columns; i++) {
        double *cell = &chart->values[series][i];
        since = isnan(*cell) ? since + 1 : 0;
        if (isnan(*cell) && since < span) {
            *cell = chart->values[series][i - 1];
        }
    }
}

static void measure(struct chart *chart)
{
    const struct gw_value *series = list_of(chart->event, "series");
    const struct gw_value *limits = list_of(chart->event, "limits");
    chart->series_count = series->as.list.count < MAX_SERIES ? series->as.list.count : MAX_SERIES;
    for (size_t i = 0; i < chart->series_count; i++) {
        const struct gw_value *points = list_of(&series->as.list.items[i], "points");
        for (size_t column = 0; column < chart->columns; column++) {
            chart->values[i][column] = NAN;
        }
        for (size_t k = 0; k < points->as.list.count; k++) {
            place(chart, i, &points->as.list.items[k]);
        }
        hold(chart, i, gw_report_number(chart->event, "period"));
    }
    for (size_t i = 0; i < limits->as.list.count; i++) {
        double value = gw_report_number(&limits->as.list.items[i], "value");
        chart->top = value > chart->top ? value : chart->top;
    }
    chart->top = chart->top > 0 ? chart->top : 1;
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* How many eighths of the row a value reaches into; rows count from the bottom. */
static int reach(const struct chart *chart, double value, size_t row)
{
    double eighths = value / chart->top * ROWS * EIGHTHS - (double)row * EIGHTHS;
    return isnan(value) || eighths <= 0 ? 0 : eighths >= EIGHTHS ? EIGHTHS : (int)ceil(eighths);
}

static bool lies_in(const struct chart *chart, double value, size_t row)
{
    int here = reach(chart, value, row);
    return here > 0 && (here < EIGHTHS || row + 1 == ROWS || reach(chart, value, row + 1) == 0);
}

static const char *mark_of(const struct gw_report *report, size_t series)
{
    static const char *const utf8[] = {"\xe2\x96\x88", "\xe2\x80\xa2", "\xc3\x97", "+"};
    static const char *const ascii[] = {"#", "o", "x", "+"};
    size_t index = series < MAX_SERIES ? series : MAX_SERIES - 1;
    return report->options.utf8 ? utf8[index] : ascii[index];
}

static const char *dash_of(const struct gw_report *report)
{
    return report->options.utf8 ? "\xe2\x94\x84" : "-";
}

static void add_cell(struct gw_report *report, const struct chart *chart, size_t column, size_t row)
{
    static const char *const blocks[] = {" ",
                                         "\xe2\x96\x81",
                                         "\xe2\x96\x82",
                                         "\xe2\x96\x83",
                                         "\xe2\x96\x84",
                                         "\xe2\x96\x85",
                                         "\xe2\x96\x86",
                                         "\xe2\x96\x87",
                                         "\xe2\x96\x88"};
    const struct gw_value *limits = list_of(chart->event, "limits");
    int filled = chart->series_count > 0 ? reach(chart, chart->values[0][column], row) : 0;
    if (filled > 0) {
        gw_buf_add_text(&report->buf, report->options.utf8 ? blocks[filled] : mark_of(report, 0));
        return;
    }
    for (size_t i = 1; i < chart->series_count; i++) {
        if (lies_in(chart, chart->values[i][column], row)) {
            gw_buf_add_text(&report->buf, mark_of(report, i));
            return;
        }
    }
    for (size_t i = 0; i < limits->as.list.count; i++) {
        if (lies_in(chart, gw_report_number(&limits->as.list.items[i], "value"), row)) {
            gw_buf_add_text(&report->buf, dash_of(report));
            return;
        }
    }
    gw_buf_add_char(&report->buf, ' ');
}

static void add_row(struct gw_report *report, const struct chart *chart, size_t row)
{
    bool labelled = row + 1 == ROWS || row == ROWS / 2 - 1;
    double edge = chart->top * (double)(row + 1) / ROWS;
    if (labelled) {
        gw_buf_addf(&report->buf, "%*.*f ", LABEL_WIDTH, chart->top < 10 ? 2 : 1, edge);
    } else {
        gw_buf_addf(&report->buf, "%*s ", LABEL_WIDTH, "");
    }
    gw_buf_add_text(&report->buf, report->options.utf8 ? "\xe2\x94\x82" : "|");
    for (size_t column = 0; column < chart->columns; column++) {
        add_cell(report, chart, column, row);
    }
    gw_buf_add_char(&report->buf, '\n');
}

static void add_axis(struct gw_report *report, const struct chart *chart)
{
    struct gw_view from = gw_report_text(report, chart->event, "from_text");
    struct gw_view upto = gw_report_text(report, chart->event, "upto_text");
    size_t used = gw_report_width(from) + gw_report_width(upto);
    size_t gap = chart->columns > used + 1 ? chart->columns - used : 1;
    gw_buf_addf(&report->buf, "%*s %.*s%*s%.*s\n", LABEL_WIDTH + 1, "", GW_VIEW_ARGS(from),
                (int)gap, "", GW_VIEW_ARGS(upto));
}

static void add_legend(struct gw_report *report, const struct chart *chart)
{
    const struct gw_value *series = list_of(chart->event, "series");
    const struct gw_value *limits = list_of(chart->event, "limits");
    gw_buf_addf(&report->buf, "%*s ", LABEL_WIDTH + 1, "");
    for (size_t i = 0; i < chart->series_count; i++) {
        struct gw_view name = gw_report_text(report, &series->as.list.items[i], "name");
        gw_buf_addf(&report->buf, "%s%s %.*s", i > 0 ? "   " : "", mark_of(report, i),
                    GW_VIEW_ARGS(name));
    }
    for (size_t i = 0; i < limits->as.list.count; i++) {
        const struct gw_value *limit = &limits->as.list.items[i];
        gw_buf_addf(&report->buf, "   %s %.*s %g", dash_of(report),
                    GW_VIEW_ARGS(gw_report_text(report, limit, "name")),
                    gw_report_number(limit, "value"));
    }
    gw_buf_add_char(&report->buf, '\n');
}

static bool has_values(const struct chart *chart)
{
    for (size_t i = 0; i < chart->series_count; i++) {
        for (size_t column = 0; column < chart->columns; column++) {
            if (!isnan(chart->values[i][column])) {
                return true;
            }
        }
    }
    return false;
}

void gw_report_plot(struct gw_report *report, const struct gw_value *event)
{
    size_t room = gw_report_columns(report) - LABEL_WIDTH - 2;
    struct chart chart = {.event = event,
                          .from = gw_report_number(event, "from"),
                          .upto = gw_report_number(event, "upto"),
                          .columns = room < MAX_COLUMNS ? room : MAX_COLUMNS};
    struct gw_view unit = gw_report_text(report, event, "unit");
    if (!(chart.upto > chart.from)) {
        return;
    }
    measure(&chart);
    gw_report_blank(report);
    gw_report_line(report,
                   &(struct gw_line){
                       .text = gw_arena_printf(report->arena, "%.*s%s%.*s",
                                               GW_VIEW_ARGS(gw_report_text(report, event, "title")),
                                               unit.len > 0 ? ", " : "", GW_VIEW_ARGS(unit)),
                       .style = GW_STYLE_BOLD});
    if (!has_values(&chart)) {
        gw_report_line(report,
                       &(struct gw_line){.indent = 2, .text = GW_VIEW("nothing was measured")});
        return;
    }
    for (size_t row = ROWS; row-- > 0;) {
        add_row(report, &chart, row);
    }
    add_axis(report, &chart);
    add_legend(report, &chart);
}
