/* difference: how two texts differ, line by line, as diff -u shows it. What both begin and end with is
 * set aside; of the rest the longest common subsequence stays. Where that would take too long, the
 * rest is shown as replaced. */
#include <stdint.h>
#include <stdlib.h>

#include "cli/internal.h"

#define CONTEXT_LINES 3
#define MAX_CELLS     ((size_t)4 << 20)

struct lines {
    struct gw_view *items;
    size_t count;
};

struct comparison {
    struct lines then, now;
    size_t head, tail; /* lines that both begin and end with */
    uint16_t *common;  /* length of the longest subsequence from (i, j) on; NULL: not worked out */
    size_t width;      /* of a row of `common` */
    FILE *out;
};

static struct lines split(struct gw_view text, struct gw_arena *arena)
{
    struct lines lines = {0};
    struct gw_view line, rest = text;
    for (size_t i = 0; i < text.len; i++) {
        lines.count += text.data[i] == '\n';
    }
    lines.items = gw_arena_alloc(arena, (lines.count + 1) * sizeof *lines.items);
    lines.count = 0;
    while (rest.len > 0 && gw_view_next(&rest, '\n', &line)) {
        lines.items[lines.count++] = line;
    }
    return lines;
}

static void set_ends_aside(struct comparison *c)
{
    size_t least = c->then.count < c->now.count ? c->then.count : c->now.count;
    while (c->head < least && gw_view_equal(c->then.items[c->head], c->now.items[c->head])) {
        c->head++;
    }
    while (c->tail < least - c->head && gw_view_equal(c->then.items[c->then.count - 1 - c->tail],
                                                      c->now.items[c->now.count - 1 - c->tail])) {
        c->tail++;
    }
}

static uint16_t *cell(const struct comparison *c, size_t i, size_t j)
{
    return &c->common[(i - c->head) * c->width + (j - c->head)];
}

static void work_out(struct comparison *c)
{
    size_t then_end = c->then.count - c->tail, now_end = c->now.count - c->tail;
    size_t height = then_end - c->head + 1;
    c->width = now_end - c->head + 1;
    if (height > UINT16_MAX || height * c->width > MAX_CELLS) {
        return;
    }
    c->common = gw_alloc(height * c->width * sizeof *c->common);
    for (size_t i = then_end; i-- > c->head;) {
        for (size_t j = now_end; j-- > c->head;) {
            uint16_t below = *cell(c, i + 1, j), right = *cell(c, i, j + 1);
            bool same = gw_view_equal(c->then.items[i], c->now.items[j]);
            *cell(c, i, j) = same            ? (uint16_t)(*cell(c, i + 1, j + 1) + 1)
                             : below > right ? below
                                             : right;
        }
    }
}

static void show(const struct comparison *c, char sign, struct gw_view line)
{
    fputc(sign, c->out);
    gw_cli_print(c->out, line);
    fputc('\n', c->out);
}

static void show_middle(const struct comparison *c)
{
    size_t then_end = c->then.count - c->tail, now_end = c->now.count - c->tail;
    size_t i = c->head;
    size_t j = i;
    while (i < then_end || j < now_end) {
        bool both = i < then_end && j < now_end;
        if (both && c->common && gw_view_equal(c->then.items[i], c->now.items[j])) {
            show(c, ' ', c->then.items[i++]);
            j++;
        } else if (i < then_end &&
                   (j == now_end || !c->common || *cell(c, i + 1, j) >= *cell(c, i, j + 1))) {
            show(c, '-', c->then.items[i++]);
        } else {
            show(c, '+', c->now.items[j++]);
        }
    }
}

void gw_cli_print_difference(FILE *out, struct gw_view path, struct gw_view then,
                             struct gw_view now)
{
    struct gw_arena *arena = gw_arena_new();
    struct comparison c = {.then = split(then, arena), .now = split(now, arena), .out = out};
    set_ends_aside(&c);
    work_out(&c);
    size_t first = c.head > CONTEXT_LINES ? c.head - CONTEXT_LINES : 0;
    fputs("--- ", out);
    gw_cli_print(out, path);
    fputs(" when the run began\n+++ ", out);
    gw_cli_print(out, path);
    fprintf(out, " now\n@@ from line %zu @@\n", first + 1);
    for (size_t i = first; i < c.head; i++) {
        show(&c, ' ', c.then.items[i]);
    }
    show_middle(&c);
    for (size_t i = 0; i < c.tail && i < CONTEXT_LINES; i++) {
        show(&c, ' ', c.then.items[c.then.count - c.tail + i]);
    }
    free(c.common);
    gw_arena_free(arena);
}
