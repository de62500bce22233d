/* report: renderers of a run's event stream. An event is a GW_MAP as docs/host-api.md, "Events",
 * describes it; a renderer has no other source. */
#ifndef GW_REPORT_H
#define GW_REPORT_H

#include <stdio.h>

#include "base/base.h"

enum gw_report_kind {
    GW_REPORT_TEXT, /* for people: colour and live progress on a terminal, plain lines elsewhere */
    GW_REPORT_JSON  /* for programs: one event a line */
};

struct gw_report_options {
    enum gw_report_kind kind;
    FILE *out;     /* borrowed */
    bool terminal; /* out is one that can redraw a line; off when TERM is dumb */
    bool colour;   /* off when NO_COLOR is set, TERM is dumb, or out is no terminal */
    bool utf8;     /* of the locale; else ASCII only */
    int columns;   /* width of the terminal; 0: 80 */
    bool verbose;  /* also each call */
    bool quiet;    /* only problems and the outcome */
};

struct gw_report;
struct gw_report *gw_report_new(const struct gw_report_options *options);
void gw_report_free(struct gw_report *report);

/* Renders one event. Secrets in it print as "[secret]". False when `out` cannot be written any
 * more. */
bool gw_report_event(struct gw_report *report, const struct gw_value *event);

/* Adds text without its secrets and with its control characters made harmless: a line break or tab
 * becomes a space, any other "\x1b", bytes that are not UTF-8 U+FFFD. What AWS sends cannot steer the
 * terminal. */
void gw_report_plain(struct gw_view text, struct gw_buf *out);

/* Adds a question as it looks among the events, made plain, cut at 16 KiB, wrapped at the report's width, and
 * without a line break at its end: the answer, or a hint at it, follows. `report` may be NULL. */
void gw_report_question(const struct gw_report *report, struct gw_view text, struct gw_buf *out);

/* Ends a line that is being redrawn, before something else (a prompt) prints. */
void gw_report_settle(struct gw_report *report);

#endif
