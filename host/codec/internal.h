/* codec, inside: what its files share. */
#ifndef GW_CODEC_INTERNAL_H
#define GW_CODEC_INTERNAL_H

#include "codec/codec.h"

#define GW_UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The length of the UTF-8 sequence at `at`, 1 to 4; 0 when the bytes there are none. */
size_t gw_utf8_sequence(struct gw_view text, size_t at);

/* Where an offset lies for a reader; both count from 1, columns in bytes. */
struct gw_position {
    size_t line, column;
};
struct gw_position gw_position_of(struct gw_view text, size_t offset);

/* ---- checksums -------------------------------------------------------------------------------- */

enum gw_crc { GW_CRC32, GW_CRC32C, GW_CRC64NVME };

/* The check of the bytes before, whose check is `crc` (of none: 0), and of `bytes`. */
uint64_t gw_crc_add(enum gw_crc kind, uint64_t crc, struct gw_view bytes);

/* Ends the process unless the library did what cannot fail. */
void gw_crypto_check(bool worked, const char *what);

/* ---- JMESPath --------------------------------------------------------------------------------- */

enum gw_jp_token_kind {
    GW_JP_END,
    GW_JP_IDENTIFIER,
    GW_JP_QUOTED, /* "identifier" */
    GW_JP_LITERAL,
    GW_JP_NUMBER,
    GW_JP_CURRENT,
    GW_JP_DOT,
    GW_JP_STAR,
    GW_JP_COMMA,
    GW_JP_COLON,
    GW_JP_LBRACKET,
    GW_JP_RBRACKET,
    GW_JP_LPAREN,
    GW_JP_RPAREN,
    GW_JP_LBRACE,
    GW_JP_RBRACE,
    GW_JP_FLATTEN, /* [] */
    GW_JP_FILTER,  /* [? */
    GW_JP_PIPE,
    GW_JP_OR,
    GW_JP_AND,
    GW_JP_NOT,
    GW_JP_EXPREF, /* & */
    GW_JP_EQ,
    GW_JP_NE,
    GW_JP_LT,
    GW_JP_LE,
    GW_JP_GT,
    GW_JP_GE
};

struct gw_jp_token {
    enum gw_jp_token_kind kind;
    struct gw_view source;   /* as written; inside the expression's text */
    struct gw_value literal; /* of identifiers the name, of numbers the integer */
};

/* Takes the next token at `*at`; its texts are in the arena. */
bool gw_jp_scan(struct gw_view text, size_t *at, struct gw_arena *arena, struct gw_jp_token *token,
                struct gw_err *err);

enum gw_jp_op {
    GW_JP_OP_SELF,             /* @ */
    GW_JP_OP_FIELD,            /* name */
    GW_JP_OP_VALUE,            /* literal */
    GW_JP_OP_CHAIN,            /* each child on the result of the one before: a.b, a[0], a | b */
    GW_JP_OP_INDEX,            /* slice.part[0] */
    GW_JP_OP_SLICE,            /* slice */
    GW_JP_OP_PROJECT,          /* list, what to do with each */
    GW_JP_OP_PROJECT_VALUES,   /* map, what to do with each */
    GW_JP_OP_PROJECT_FILTERED, /* list, what to do with each, condition */
    GW_JP_OP_FLATTEN,          /* list */
    GW_JP_OP_OR,
    GW_JP_OP_AND,
    GW_JP_OP_NOT,
    GW_JP_OP_COMPARE, /* comparison; left, right */
    GW_JP_OP_LIST,
    GW_JP_OP_MAP,  /* children have keys */
    GW_JP_OP_CALL, /* function */
    GW_JP_OP_EXPREF
};

struct gw_jp_slice {
    int64_t part[3]; /* start, stop, step */
    bool given[3];
};

struct gw_jp_node {
    enum gw_jp_op op;
    size_t column;
    size_t depth; /* 1 without children */
    struct gw_jp_node *first, *last, *next;
    size_t child_count;
    struct gw_view key; /* in the map that is its parent */
    union {
        struct gw_view name;
        struct gw_value literal;
        struct gw_jp_slice slice;
        enum gw_jp_token_kind comparison;
        const struct gw_jp_function *function;
    } as;
};

/* One search under way. */
struct gw_jp_run {
    struct gw_arena *arena;
    size_t steps_left;
    struct gw_err *err;
};

bool gw_jp_evaluate(struct gw_jp_run *run, const struct gw_jp_node *node,
                    const struct gw_value *value, struct gw_value *out);

/* Pays for work; false when the search has become too large. */
bool gw_jp_charge(struct gw_jp_run *run, size_t steps);

/* Pays for a walk through the whole value, which may share parts and so be larger than what was
 * paid for it; false also when it is nested too deep to walk. */
bool gw_jp_charge_walk(struct gw_jp_run *run, const struct gw_value *value);

/* Of two numbers or two strings: negative, 0, positive. */
int gw_jp_order(const struct gw_value *a, const struct gw_value *b);
bool gw_jp_is_number(const struct gw_value *value);

/* A list with room for `capacity` items, to be filled without gw_list_add. */
struct gw_value gw_jp_list(struct gw_arena *arena, size_t capacity);
void gw_jp_set(struct gw_arena *arena, struct gw_value *map, struct gw_view key,
               const struct gw_value *value);

/* The function of that name if it takes these arguments (children of `call`), else NULL. */
const struct gw_jp_function *gw_jp_find_function(struct gw_view name, const struct gw_jp_node *call,
                                                 struct gw_err *err);
bool gw_jp_call(struct gw_jp_run *run, const struct gw_jp_node *call, const struct gw_value *value,
                struct gw_value *out);

#endif
