/* table: columns aligned, and on a terminal narrowed from the widest down until they fit. */
#include "report/internal.h"

#define MAX_COLUMNS 32
#define GAP         2
#define MIN_WIDTH   6

struct grid {
    size_t columns;
    size_t widths[MAX_COLUMNS];
};

static const struct gw_value *cell_of(const struct gw_value *row, size_t column)
{
    bool there = row->kind == GW_LIST && column < row->as.list.count;
    return there ? &row->as.list.items[column] : NULL;
}

static void measure(struct gw_report *report, const struct gw_value *row, struct grid *grid)
{
    for (size_t i = 0; i < grid->columns; i++) {
        size_t width = gw_report_width(gw_report_value(report, cell_of(row, i)));
        grid->widths[i] = width > grid->widths[i] ? width : grid->widths[i];
    }
}

static void fit(struct grid *grid, size_t available)
{
    for (;;) {
        size_t total = 0, widest = 0;
        for (size_t i = 0; i < grid->columns; i++) {
            total += grid->widths[i] + (i > 0 ? GAP : 0);
            widest = grid->widths[i] > grid->widths[widest] ? i : widest;
        }
        if (total <= available || grid->widths[widest] <= MIN_WIDTH) {
            return;
        }
        grid->widths[widest]--;
    }
}

static void add_row(struct gw_report *report, const struct gw_value *row, const struct grid *grid,
                    enum gw_style style)
{
    gw_buf_add_text(&report->buf, "  ");
    for (size_t i = 0; i < grid->columns; i++) {
        struct gw_view text = gw_report_value(report, cell_of(row, i));
        text = gw_report_cut(report, text, grid->widths[i]);
        gw_report_styled(report, style, text);
        size_t used = gw_report_width(text);
        for (; i + 1 < grid->columns && used < grid->widths[i] + GAP; used++) {
            gw_buf_add_char(&report->buf, ' ');
        }
    }
    gw_buf_add_char(&report->buf, '\n');
}

void gw_report_table(struct gw_report *report, const struct gw_value *event)
{
    const struct gw_value *names = gw_map_get(event, GW_VIEW("columns"));
    const struct gw_value *rows = gw_map_get(event, GW_VIEW("rows"));
    struct grid grid = {0};
    if (!names || names->kind != GW_LIST || !rows || rows->kind != GW_LIST) {
        return;
    }
    grid.columns = names->as.list.count < MAX_COLUMNS ? names->as.list.count : MAX_COLUMNS;
    measure(report, names, &grid);
    for (size_t i = 0; i < rows->as.list.count; i++) {
        measure(report, &rows->as.list.items[i], &grid);
    }
    if (report->options.terminal) {
        fit(&grid, gw_report_columns(report) - 2);
    }
    gw_report_blank(report);
    gw_report_line(report, &(struct gw_line){.text = gw_report_text(report, event, "title"),
                                             .style = GW_STYLE_BOLD});
    add_row(report, names, &grid, GW_STYLE_DIM);
    for (size_t i = 0; i < rows->as.list.count; i++) {
        add_row(report, &rows->as.list.items[i], &grid, GW_STYLE_PLAIN);
    }
}
