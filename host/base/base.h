/* base: what every other folder stands on: text views, memory, values, errors, clocks, the log.
 * Depends on libc only and knows nothing of AWS, Lua or the network.
 *
 * Memory: an allocation that fails ends the process with one line on stderr (exit code 70).
 * A run survives that like any other crash, so no caller carries a second error path for it. */
#ifndef GW_BASE_H
#define GW_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define GW_PRINTF(format_index, first_index)                                                       \
    __attribute__((format(printf, format_index, first_index)))

/* ---- view: borrowed text or bytes, not NUL-terminated --------------------------------------- */

struct gw_view {
    const char *data;
    size_t len;
};

#define GW_VIEW(literal) ((struct gw_view){(literal), sizeof(literal) - 1})
#define GW_VIEW_NONE     ((struct gw_view){NULL, 0})
#define GW_NPOS          SIZE_MAX

/* For printf("%.*s", GW_VIEW_ARGS(view)). */
#define GW_VIEW_ARGS(view) (int)(view).len, (view).data ? (view).data : ""

struct gw_view gw_view_of(const char *text); /* of NULL: the empty view */
bool gw_view_equal(struct gw_view a, struct gw_view b);
bool gw_view_equal_nocase(struct gw_view a, struct gw_view b); /* ASCII */
int gw_view_compare(struct gw_view a, struct gw_view b);       /* byte order, like memcmp */
bool gw_view_starts_with(struct gw_view text, struct gw_view prefix);
bool gw_view_ends_with(struct gw_view text, struct gw_view suffix);
size_t gw_view_find_char(struct gw_view text, char c);                     /* GW_NPOS when absent */
size_t gw_view_find(struct gw_view text, struct gw_view needle);           /* GW_NPOS when absent */
struct gw_view gw_view_sub(struct gw_view text, size_t start, size_t len); /* clamped */
struct gw_view gw_view_trim(struct gw_view text);                          /* ASCII white space */

/* Takes the part before `separator` off the front of `rest`; false when `rest` is used up.
 * "a" is one part, "a," is "a" and then "", and
 * "" is one empty part; a NULL view has none. */
bool gw_view_next(struct gw_view *rest, char separator, struct gw_view *part);

/* Decimal; the whole text, at most 23 bytes of it. */
bool gw_view_to_int64(struct gw_view text, int64_t *out);

/* The JSON number form, but zeros may lead ("05"); the whole text, at most 63 bytes of it, and a
 * number that a double can hold. */
bool gw_view_to_double(struct gw_view text, double *out);

/* The name in `candidates` nearest to `name` by edit distance, for "did you mean"; the empty view
 * when none is near (more than a third of its length away; of a short name, more than one). */
struct gw_view gw_view_nearest(struct gw_view name, const struct gw_view *candidates, size_t count);

/* ---- memory ---------------------------------------------------------------------------------- */

void *gw_alloc(size_t size);                /* zeroed; never NULL; release with free() */
void *gw_realloc(void *block, size_t size); /* never NULL */
char *gw_view_dup(struct gw_view text);     /* NUL-terminated copy; release with free() */

/* Overwrites secrets before their memory is released; not optimised away. */
void gw_wipe(void *memory, size_t len);

/* Arena: many allocations, one release. Pointers stay valid until clear or free. */
struct gw_arena;
struct gw_arena *gw_arena_new(void);
/* Its bytes are added to *meter while it holds them. For one that holds nothing yet. */
void gw_arena_set_meter(struct gw_arena *arena, size_t *meter);
void gw_arena_free(struct gw_arena *arena); /* wipes what it held; NULL is fine */
void gw_arena_clear(struct gw_arena *arena);
void *gw_arena_alloc(struct gw_arena *arena, size_t size); /* zeroed, aligned for any type */
struct gw_view gw_arena_dup(struct gw_arena *arena, struct gw_view text); /* data ends in NUL */
struct gw_view gw_arena_printf(struct gw_arena *arena, const char *format, ...) GW_PRINTF(2, 3);

/* Buffer: grows up to its limit. Adding past the limit adds nothing, sets `full` and returns
 * false; so a series of adds may be checked once at its end. `data` ends in NUL; it is NULL before
 * the first add. What is added must not be a part of the buffer itself. */
struct gw_buf {
    char *data;
    size_t len;
    size_t capacity;
    size_t limit_bytes;
    bool full;
};

void gw_buf_init(struct gw_buf *buf, size_t limit_bytes);
void gw_buf_clear(struct gw_buf *buf); /* releases the memory; reusable; may be repeated */
void gw_buf_reset(struct gw_buf *buf); /* empties, keeps the memory */
bool gw_buf_add(struct gw_buf *buf, struct gw_view text);
bool gw_buf_add_char(struct gw_buf *buf, char c);
bool gw_buf_add_text(struct gw_buf *buf, const char *text);
bool gw_buf_addf(struct gw_buf *buf, const char *format, ...) GW_PRINTF(2, 3);
/* What is left of the file. False with errno when reading fails, false and `full` past the limit. */
bool gw_buf_add_file(struct gw_buf *buf, FILE *file);
bool gw_buf_add_path(struct gw_buf *buf, const char *path); /* the whole file; fails as above */
struct gw_view gw_buf_view(const struct gw_buf *buf);       /* valid until the next change */

/* ---- errors ---------------------------------------------------------------------------------- */

enum gw_err_code {
    GW_ERR_NONE = 0,
    GW_ERR_INPUT,     /* malformed text, bad parameter: the caller's mistake */
    GW_ERR_LIMIT,     /* a documented size or depth limit was passed */
    GW_ERR_NOT_FOUND, /* no such name, file, operation */
    GW_ERR_IO,        /* file or terminal */
    GW_ERR_NETWORK,   /* could not connect, connection lost, TLS */
    GW_ERR_TIMEOUT,
    GW_ERR_PROTOCOL,    /* the other side answered what the protocol does not allow */
    GW_ERR_CREDENTIALS, /* none found, incomplete, or expired */
    GW_ERR_DENIED,      /* refused by this program: undeclared capability, change outside a step */
    GW_ERR_SERVICE,     /* AWS answered with an error */
    GW_ERR_CANCELLED,
    GW_ERR_INTERNAL /* a defect in this program */
};

/* Filled exactly when a function failed. The message is one line: "<subject>: <what was wrong>
 * (<place>)", lower case, no final stop, user values in single quotes, never a secret. */
struct gw_err {
    enum gw_err_code code;
    char message[1024];
    bool unsent; /* of a request: nothing of it went out */
};

/* Fills `err` (NULL is fine) and returns false, so `return gw_fail(err, ...)`. */
bool gw_fail(struct gw_err *err, enum gw_err_code code, const char *format, ...) GW_PRINTF(3, 4);

/* Puts "<formatted>: " before the message. */
void gw_err_prefix(struct gw_err *err, const char *format, ...) GW_PRINTF(2, 3);

/* ---- value: the one data type between the wire and Lua --------------------------------------- */

enum gw_kind {
    GW_NULL = 0,
    GW_BOOL,
    GW_INT,
    GW_DOUBLE, /* also timestamps: seconds since 1970 UTC */
    GW_STRING, /* any bytes: text and blobs alike; the shape says which */
    GW_LIST,
    GW_MAP /* keeps the order of insertion */
};

struct gw_entry;

/* Lives in an arena; everything it points to lives there too (or is static). */
struct gw_value {
    enum gw_kind kind;
    bool secret; /* never print: set from the model's sensitive trait or by secret() */
    union {
        bool boolean;
        int64_t integer;
        double number;
        struct gw_view string;
        struct {
            struct gw_value *items;
            size_t count, capacity;
        } list;
        struct {
            struct gw_entry *entries;
            size_t count, capacity;
        } map;
    } as;
};

struct gw_entry {
    struct gw_view key;
    struct gw_value value;
};

struct gw_value gw_value_bool(bool boolean);
struct gw_value gw_value_int(int64_t integer);
struct gw_value gw_value_double(double number);
struct gw_value gw_value_string(struct gw_view text); /* borrows */
struct gw_value gw_value_text(const char *text);      /* borrows */
struct gw_value gw_value_list(void);
struct gw_value gw_value_map(void);

/* Appends and returns the new slot (GW_NULL), for the caller to fill; valid until the next add. */
struct gw_value *gw_list_add(struct gw_arena *arena, struct gw_value *list);
struct gw_value *gw_map_add(struct gw_arena *arena, struct gw_value *map, struct gw_view key);

/* Adds the text unless it is empty. Borrows both. */
void gw_map_add_text(struct gw_arena *arena, struct gw_value *map, const char *key,
                     struct gw_view text);

/* NULL when the key is absent or `map` is no map. */
const struct gw_value *gw_map_get(const struct gw_value *map, struct gw_view key);

/* The member's text; the empty view when absent or not a string. */
struct gw_view gw_map_text(const struct gw_value *map, struct gw_view key);

/* A copy that shares nothing with it. */
struct gw_value gw_value_copy(struct gw_arena *arena, const struct gw_value *from);

/* 1 equals 1.0; map order is free */
bool gw_value_equal(const struct gw_value *a, const struct gw_value *b);
const char *gw_kind_name(enum gw_kind kind); /* "string", "list", ... for messages */

/* ---- clocks ---------------------------------------------------------------------------------- */

int64_t gw_clock_monotonic_ms(void);
int64_t gw_clock_wall_ms(void); /* since 1970 UTC */

/* ---- redaction and log ----------------------------------------------------------------------- */

/* What is registered here never leaves through gw_log, gw_redact, or an error message made with
 * gw_fail: each occurrence becomes "[secret]", also where it is escaped as in JSON, percent-encoded,
 * in base64 (part of something longer too, from 7 bytes on), or one line of several (of 16 bytes or
 * more). Not found: secrets under 6 bytes; what is cut, wrapped, compressed, encrypted, escaped in
 * other ways (XML, \u for letters beyond ASCII) or twice; a number that is no text. So redact
 * first what is then changed. */
void gw_secret_add(struct gw_view secret); /* copies; the copy is wiped at exit */
/* What was said openly before, such as the name of a bucket: not taken for a secret where AWS marks
 * the same text later. What is a secret already stays one. Copies. */
void gw_secret_open(struct gw_view text);
void gw_secret_clear(void);                                            /* wipes and forgets all */
struct gw_view gw_redact(struct gw_arena *arena, struct gw_view text); /* `text` itself if clean */
/* The same with all texts and keys in it; what is marked as secret is "[secret]", and stays marked. */
struct gw_value gw_redact_value(struct gw_arena *arena, const struct gw_value *value);

enum gw_log_level { GW_LOG_ERROR, GW_LOG_WARN, GW_LOG_INFO, GW_LOG_DEBUG };
void gw_log_set_level(enum gw_log_level level); /* default GW_LOG_WARN */

/* One line to stderr, cut at 2 KiB. */
void gw_log(enum gw_log_level level, const char *format, ...) GW_PRINTF(2, 3);

#endif
