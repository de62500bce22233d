/* memory: allocation that cannot fail, and arenas. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/internal.h"

#define EXIT_OUT_OF_MEMORY 70
#define BLOCK_BYTES        4096
#define MAX_ALLOC_BYTES    (SIZE_MAX / 2) /* sums with headers and padding do not wrap */

static void *must_have(void *block)
{
    if (!block) {
        fputs("gwrun: out of memory\n", stderr);
        exit(EXIT_OUT_OF_MEMORY);
    }
    return block;
}

void *gw_alloc(size_t size)
{
    return must_have(calloc(1, size ? size : 1));
}

void *gw_realloc(void *block, size_t size)
{
    return must_have(realloc(block, size ? size : 1));
}

char *gw_view_dup(struct gw_view text)
{
    char *copy = gw_alloc(text.len + 1);
    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    return copy;
}

void gw_wipe(void *memory, size_t len)
{
    volatile unsigned char *byte = memory;
    while (len-- > 0) {
        *byte++ = 0;
    }
}

struct block {
    struct block *next;
    size_t capacity, used;
    max_align_t data[];
};

struct gw_arena {
    struct block *blocks; /* the first one is being filled */
    size_t *meter;        /* NULL: nobody counts */
};

struct gw_arena *gw_arena_new(void)
{
    return gw_alloc(sizeof(struct gw_arena));
}

void gw_arena_set_meter(struct gw_arena *arena, size_t *meter)
{
    arena->meter = meter;
}

void gw_arena_clear(struct gw_arena *arena)
{
    while (arena->blocks) {
        struct block *block = arena->blocks;
        arena->blocks = block->next;
        if (arena->meter) {
            *arena->meter -= block->capacity;
        }
        gw_wipe(block->data, block->used);
        free(block);
    }
}

void gw_arena_free(struct gw_arena *arena)
{
    if (arena) {
        gw_arena_clear(arena);
        free(arena);
    }
}

static struct block *add_block(struct gw_arena *arena, size_t size)
{
    /* Blocks double, so that a large answer takes few of them. */
    size_t capacity = arena->blocks ? arena->blocks->capacity * 2 : BLOCK_BYTES;
    size_t ceiling = (size_t)1 << 20;
    capacity = capacity > ceiling ? ceiling : capacity;
    capacity = capacity < size ? size : capacity;
    struct block *block = gw_alloc(sizeof *block + capacity);
    block->capacity = capacity;
    block->next = arena->blocks;
    arena->blocks = block;
    if (arena->meter) {
        *arena->meter += capacity;
    }
    return block;
}

void *gw_arena_alloc(struct gw_arena *arena, size_t size)
{
    size_t align = sizeof(max_align_t);
    if (size > MAX_ALLOC_BYTES) {
        must_have(NULL);
    }
    size = (size + align - 1) / align * align;
    struct block *block = arena->blocks;
    if (!block || block->capacity - block->used < size) {
        block = add_block(arena, size);
    }
    void *memory = (char *)block->data + block->used;
    block->used += size;
    return memory;
}

struct gw_view gw_arena_dup(struct gw_arena *arena, struct gw_view text)
{
    char *copy = gw_arena_alloc(arena, text.len + 1);
    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    return (struct gw_view){copy, text.len};
}

struct gw_view gw_arena_vprintf(struct gw_arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *text = len < 0 ? must_have(NULL) : gw_arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return (struct gw_view){text, (size_t)len};
}

struct gw_view gw_arena_printf(struct gw_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct gw_view text = gw_arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}
