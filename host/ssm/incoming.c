/* What came before its turn, until it is its turn. Limits: as many messages as the published client
 * keeps, and 16 MiB of them. */
#include <stdlib.h>
#include <string.h>

#include "ssm/internal.h"

#define MAX_MESSAGES 10000
#define MAX_BYTES    (16u << 20)

void incoming_clear(struct incoming *incoming)
{
    for (size_t i = 0; i < incoming->count; i++) {
        free((char *)incoming->items[i].payload.data);
    }
    free(incoming->items);
    *incoming = (struct incoming){0};
}

static void swap(struct incoming_message *a, struct incoming_message *b)
{
    struct incoming_message held = *a;
    *a = *b;
    *b = held;
}

bool incoming_keep(struct incoming *incoming, const struct gw_ssm_message *message)
{
    struct gw_view payload = message->payload;
    if (incoming->count >= MAX_MESSAGES || payload.len > MAX_BYTES - incoming->bytes) {
        return false;
    }
    if (incoming->count == incoming->capacity) {
        incoming->capacity = incoming->capacity == 0 ? 16 : 2 * incoming->capacity;
        incoming->items = gw_realloc(incoming->items, incoming->capacity * sizeof *incoming->items);
    }
    size_t index = incoming->count++;
    struct incoming_message *items = incoming->items;
    items[index] = (struct incoming_message){.sequence = message->sequence,
                                             .payload_type = message->payload_type,
                                             .payload = {gw_view_dup(payload), payload.len}};
    incoming->bytes += payload.len;
    for (; index > 0 && items[index].sequence < items[(index - 1) / 2].sequence;
         index = (index - 1) / 2) {
        swap(&items[index], &items[(index - 1) / 2]);
    }
    return true;
}

static void sift_down(struct incoming *incoming)
{
    struct incoming_message *items = incoming->items;
    size_t index = 0;
    for (;;) {
        size_t child = 2 * index + 1;
        if (child + 1 < incoming->count && items[child + 1].sequence < items[child].sequence) {
            child++;
        }
        if (child >= incoming->count || items[index].sequence <= items[child].sequence) {
            return;
        }
        swap(&items[index], &items[child]);
        index = child;
    }
}

static struct incoming_message pop(struct incoming *incoming)
{
    struct incoming_message first = incoming->items[0];
    incoming->items[0] = incoming->items[--incoming->count];
    incoming->bytes -= first.payload.len;
    sift_down(incoming);
    return first;
}

bool incoming_take(struct incoming *incoming, int64_t expected, struct gw_arena *arena,
                   struct incoming_message *out)
{
    bool found = false;
    while (!found && incoming->count > 0 && incoming->items[0].sequence <= expected) {
        *out = pop(incoming);
        found = out->sequence == expected;
        char *copy = (char *)out->payload.data;
        out->payload = gw_arena_dup(arena, out->payload);
        free(copy); /* NOLINT(clang-analyzer-unix.Malloc): pop() took it out of the heap */
    }
    return found;
}
