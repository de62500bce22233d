/* report/internal: what the files of this folder share. */
#ifndef GW_REPORT_INTERNAL_H
#define GW_REPORT_INTERNAL_H

#include "codec/codec.h"
#include "report/report.h"

enum gw_style {
    GW_STYLE_PLAIN,
    GW_STYLE_BOLD,
    GW_STYLE_DIM,
    GW_STYLE_GOOD,
    GW_STYLE_BAD,
    GW_STYLE_WARN
};

/* What is known of a wait between its events. */
struct gw_report_wait {
    char id[16];
    char *text;     /* last shown */
    double elapsed; /* when it was shown */
};

#define GW_REPORT_MAX_WAITS 16

struct gw_report {
    struct gw_report_options options;
    struct gw_arena *arena; /* of the present event */
    struct gw_buf buf;      /* of the present event, then written */
    bool failed;            /* `out` cannot be written any more */

    bool after_blank; /* the last line is empty */
    bool line_open;   /* a progress line stands on the terminal */
    struct gw_report_wait waits[GW_REPORT_MAX_WAITS];
    char *list;  /* the checklist whose items are being shown */
    char *title; /* of the runbook */
    bool is_plan;
};

/* style.c */

/* One line or, on a terminal, a paragraph: indent, mark, text; wrapped under the text. */
struct gw_line {
    int indent;
    struct gw_view mark; /* followed by a space; empty: none */
    enum gw_style mark_style;
    struct gw_view text; /* made plain by the caller, see gw_report_text */
    enum gw_style style;
    bool keep_whole; /* not wrapped: for copying */
};
void gw_report_line(struct gw_report *report, const struct gw_line *line);
void gw_report_blank(struct gw_report *report);
void gw_report_styled(struct gw_report *report, enum gw_style style, struct gw_view text);

/* The event's text, safe to print; lives as long as the event. */
struct gw_view gw_report_text(struct gw_report *report, const struct gw_value *event,
                              const char *key);
struct gw_view gw_report_safe(struct gw_report *report, struct gw_view text);
/* Any value in one line: a string as it is, the rest as JSON. */
struct gw_view gw_report_value(struct gw_report *report, const struct gw_value *value);
struct gw_view gw_report_duration(struct gw_report *report, double seconds);
double gw_report_number(const struct gw_value *event, const char *key); /* 0: it is none */
int gw_report_int(const struct gw_value *event, const char *key);       /* 0: none that fits */

size_t gw_report_width(struct gw_view text); /* code points */
/* At most `width` columns; what was cut shows as an ellipsis. */
struct gw_view gw_report_cut(struct gw_report *report, struct gw_view text, size_t width);
size_t gw_report_columns(const struct gw_report *report);

/* progress.c: false when the event is none of its own. */
bool gw_report_progress(struct gw_report *report, struct gw_view name,
                        const struct gw_value *event);
void gw_report_erase(struct gw_report *report);

/* table.c */
void gw_report_table(struct gw_report *report, const struct gw_value *event);

/* plot.c */
void gw_report_plot(struct gw_report *report, const struct gw_value *event);

/* text_show.c: what a runbook shows. */
void gw_report_found(struct gw_report *report, const struct gw_value *event);
void gw_report_output(struct gw_report *report, const struct gw_value *event);
void gw_report_redrawn(struct gw_report *report, const struct gw_value *event);

/* text_plan.c: events that only a plan has. */
void gw_report_step_planned(struct gw_report *report, const struct gw_value *event);
void gw_report_plan_summary(struct gw_report *report, const struct gw_value *event);

/* text_past.c: events of a run that goes on, and of what people decide in it. */
void gw_report_cause(struct gw_report *report, const struct gw_value *event); /* of what failed */
void gw_report_step_recalled(struct gw_report *report, const struct gw_value *event);
void gw_report_call_recalled(struct gw_report *report, const struct gw_value *event);
void gw_report_call_settled(struct gw_report *report, const struct gw_value *event);
void gw_report_failure_answered(struct gw_report *report, const struct gw_value *event);
void gw_report_parameter_changed(struct gw_report *report, const struct gw_value *event);
void gw_report_undo_started(struct gw_report *report, const struct gw_value *event);
void gw_report_approval_asked(struct gw_report *report, const struct gw_value *event);
void gw_report_approval_given(struct gw_report *report, const struct gw_value *event);
void gw_report_lock_taken(struct gw_report *report, const struct gw_value *event);
void gw_report_foreign_change(struct gw_report *report, const struct gw_value *event);
void gw_report_foreign_answered(struct gw_report *report, const struct gw_value *event);

/* text_end.c: run.finished. */
void gw_report_finished(struct gw_report *report, const struct gw_value *event);

/* text.c */
void gw_report_text_event(struct gw_report *report, const struct gw_value *event);

#endif
