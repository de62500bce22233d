/* jmespath_parser: tokens to a tree, by binding powers (Pratt). An operator may stand before an
 * expression (`prefix`) or behind one (`infix`); the power says how far to the right it reaches.
 * Limits: GW_JMESPATH_MAX_BYTES, GW_JMESPATH_MAX_DEPTH. */
#include "codec/internal.h"

struct gw_jmespath {
    struct gw_jp_node *root;
};

struct parser {
    struct gw_view text;
    struct gw_arena *arena;
    struct gw_err *err;
    struct gw_jp_token *tokens; /* ends with GW_JP_END */
    size_t at;
    size_t depth; /* of expressions that are open */
};

enum {
    POWER_PIPE = 1,
    POWER_OR = 2,
    POWER_AND = 3,
    POWER_COMPARE = 5,
    POWER_FLATTEN = 9,
    POWER_PROJECTION_ENDS = 10, /* what binds less ends a projection */
    POWER_STAR = 20,
    POWER_FILTER = 21,
    POWER_DOT = 40,
    POWER_NOT = 45,
    POWER_BRACE = 50,
    POWER_BRACKET = 55,
    POWER_PAREN = 60
};

static int power_of(enum gw_jp_token_kind kind)
{
    switch (kind) {
    case GW_JP_PIPE:
        return POWER_PIPE;
    case GW_JP_OR:
        return POWER_OR;
    case GW_JP_AND:
        return POWER_AND;
    case GW_JP_EQ:
    case GW_JP_NE:
    case GW_JP_LT:
    case GW_JP_LE:
    case GW_JP_GT:
    case GW_JP_GE:
        return POWER_COMPARE;
    case GW_JP_FLATTEN:
        return POWER_FLATTEN;
    case GW_JP_STAR:
        return POWER_STAR;
    case GW_JP_FILTER:
        return POWER_FILTER;
    case GW_JP_DOT:
        return POWER_DOT;
    case GW_JP_NOT:
        return POWER_NOT;
    case GW_JP_LBRACE:
        return POWER_BRACE;
    case GW_JP_LBRACKET:
        return POWER_BRACKET;
    case GW_JP_LPAREN:
        return POWER_PAREN;
    default:
        return 0;
    }
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static const struct gw_jp_token *current(const struct parser *p)
{
    return &p->tokens[p->at];
}

static bool at(const struct parser *p, enum gw_jp_token_kind kind)
{
    return current(p)->kind == kind;
}

static bool accept(struct parser *p, enum gw_jp_token_kind kind)
{
    bool found = at(p, kind);
    p->at += found;
    return found;
}

static size_t column_of(const struct parser *p, const struct gw_jp_token *token)
{
    return (size_t)(token->source.data - p->text.data) + 1;
}

#define SHOWN_MAX_BYTES 40

/* Always NULL, for functions that return a node. */
static struct gw_jp_node *fail_expected(struct parser *p, const char *what)
{
    const struct gw_jp_token *token = current(p);
    if (token->kind == GW_JP_END) {
        gw_fail(p->err, GW_ERR_INPUT, "jmespath: expected %s, but the expression ends (column %zu)",
                what, column_of(p, token));
        return NULL;
    }
    gw_fail(p->err, GW_ERR_INPUT, "jmespath: expected %s, not '%.*s' (column %zu)", what,
            GW_VIEW_ARGS(gw_view_sub(token->source, 0, SHOWN_MAX_BYTES)), column_of(p, token));
    return NULL;
}

static bool expect(struct parser *p, enum gw_jp_token_kind kind, const char *what)
{
    return accept(p, kind) || fail_expected(p, what);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static struct gw_jp_node *new_node(struct parser *p, enum gw_jp_op op)
{
    struct gw_jp_node *node = gw_arena_alloc(p->arena, sizeof *node);
    node->op = op;
    node->depth = 1;
    node->column = column_of(p, current(p));
    return node;
}

static struct gw_jp_node *fail_depth(struct parser *p)
{
    gw_fail(p->err, GW_ERR_LIMIT, "jmespath: nested too deep (column %zu)",
            column_of(p, current(p)));
    return NULL;
}

/* Returns the parent; NULL when the child is NULL or the tree grows too deep. */
static struct gw_jp_node *adopt(struct parser *p, struct gw_jp_node *parent,
                                struct gw_jp_node *child)
{
    if (!parent || !child) {
        return NULL;
    }
    if (child->depth >= GW_JMESPATH_MAX_DEPTH) {
        return fail_depth(p);
    }
    if (child->depth >= parent->depth) {
        parent->depth = child->depth + 1;
    }
    *(parent->last ? &parent->last->next : &parent->first) = child;
    parent->last = child;
    parent->child_count++;
    return parent;
}

static struct gw_jp_node *pair(struct parser *p, enum gw_jp_op op, struct gw_jp_node *left,
                               struct gw_jp_node *right)
{
    return right ? adopt(p, adopt(p, new_node(p, op), left), right) : NULL;
}

/* For operators of which a row nests as one node, however long it is. */
static struct gw_jp_node *row(struct parser *p, enum gw_jp_op op, struct gw_jp_node *left,
                              struct gw_jp_node *right)
{
    return left->op == op ? adopt(p, left, right) : pair(p, op, left, right);
}

static struct gw_jp_node *self(struct parser *p)
{
    return new_node(p, GW_JP_OP_SELF);
}

/* ---- grammar --------------------------------------------------------------------------------- */

static struct gw_jp_node *expression(struct parser *p, int power);

/* Behind "[", up to and with "]". */
static struct gw_jp_node *select_list(struct parser *p)
{
    struct gw_jp_node *list = new_node(p, GW_JP_OP_LIST);
    do {
        list = adopt(p, list, expression(p, 0));
    } while (list && accept(p, GW_JP_COMMA));
    return list && expect(p, GW_JP_RBRACKET, "',' or ']'") ? list : NULL;
}

static struct gw_jp_node *select_entry(struct parser *p)
{
    struct gw_view key = current(p)->literal.as.string;
    if (!accept(p, GW_JP_IDENTIFIER) && !accept(p, GW_JP_QUOTED)) {
        return fail_expected(p, "a name");
    }
    if (!expect(p, GW_JP_COLON, "':'")) {
        return NULL;
    }
    struct gw_jp_node *value = expression(p, 0);
    if (value) {
        value->key = key;
    }
    return value;
}

/* Behind "{", up to and with "}". */
static struct gw_jp_node *select_map(struct parser *p)
{
    struct gw_jp_node *map = new_node(p, GW_JP_OP_MAP);
    do {
        map = adopt(p, map, select_entry(p));
    } while (map && accept(p, GW_JP_COMMA));
    return map && expect(p, GW_JP_RBRACE, "',' or '}'") ? map : NULL;
}

static struct gw_jp_node *behind_dot(struct parser *p, int power)
{
    switch (current(p)->kind) {
    case GW_JP_IDENTIFIER:
    case GW_JP_QUOTED:
    case GW_JP_STAR:
        return expression(p, power);
    case GW_JP_LBRACKET:
        p->at++;
        return select_list(p);
    case GW_JP_LBRACE:
        p->at++;
        return select_map(p);
    default:
        return fail_expected(p, "a name, '*', '[' or '{' behind '.'");
    }
}

/* What a projection does with each element. */
static struct gw_jp_node *projected(struct parser *p, int power)
{
    if (power_of(current(p)->kind) < POWER_PROJECTION_ENDS) {
        return self(p);
    }
    if (at(p, GW_JP_LBRACKET) || at(p, GW_JP_FILTER)) {
        return expression(p, power);
    }
    if (accept(p, GW_JP_DOT)) {
        return behind_dot(p, power);
    }
    return fail_expected(p, "'.', '[' or an operator");
}

static struct gw_jp_node *project(struct parser *p, enum gw_jp_op op, struct gw_jp_node *left,
                                  int power)
{
    return pair(p, op, left, projected(p, power));
}

static bool slice_parts(struct parser *p, struct gw_jp_slice *slice)
{
    for (size_t i = 0; i < 3; i++) {
        if (at(p, GW_JP_NUMBER)) {
            slice->given[i] = true;
            slice->part[i] = current(p)->literal.as.integer;
            p->at++;
        }
        if (i == 2 || !accept(p, GW_JP_COLON)) {
            break;
        }
    }
    if (slice->given[2] && slice->part[2] == 0) {
        p->at--;
        return gw_fail(p->err, GW_ERR_INPUT,
                       "jmespath: the step of a slice cannot be 0 (column %zu)",
                       column_of(p, current(p)));
    }
    return expect(p, GW_JP_RBRACKET, "a number, ':' or ']'");
}

/* Behind "[", at a number or a colon. */
static struct gw_jp_node *index_or_slice(struct parser *p, struct gw_jp_node *left)
{
    bool is_slice = at(p, GW_JP_COLON) || p->tokens[p->at + 1].kind == GW_JP_COLON;
    struct gw_jp_node *node = new_node(p, is_slice ? GW_JP_OP_SLICE : GW_JP_OP_INDEX);
    if (is_slice) {
        node = slice_parts(p, &node->as.slice) ? row(p, GW_JP_OP_CHAIN, left, node) : NULL;
        return node ? project(p, GW_JP_OP_PROJECT, node, POWER_STAR) : NULL;
    }
    node->as.slice.part[0] = current(p)->literal.as.integer;
    p->at++;
    return expect(p, GW_JP_RBRACKET, "']'") ? row(p, GW_JP_OP_CHAIN, left, node) : NULL;
}

static struct gw_jp_node *flatten(struct parser *p, struct gw_jp_node *left)
{
    struct gw_jp_node *node = adopt(p, new_node(p, GW_JP_OP_FLATTEN), left);
    return node ? project(p, GW_JP_OP_PROJECT, node, POWER_FLATTEN) : NULL;
}

/* Behind "[?". */
static struct gw_jp_node *filter(struct parser *p, struct gw_jp_node *left)
{
    struct gw_jp_node *condition = expression(p, 0);
    if (!condition || !expect(p, GW_JP_RBRACKET, "']'")) {
        return NULL;
    }
    return adopt(p, project(p, GW_JP_OP_PROJECT_FILTERED, left, POWER_FILTER), condition);
}

/* Behind "[", before an expression's own. */
static struct gw_jp_node *bracket_first(struct parser *p)
{
    if (at(p, GW_JP_NUMBER) || at(p, GW_JP_COLON)) {
        return index_or_slice(p, self(p));
    }
    if (at(p, GW_JP_STAR) && p->tokens[p->at + 1].kind == GW_JP_RBRACKET) {
        p->at += 2;
        return project(p, GW_JP_OP_PROJECT, self(p), POWER_STAR);
    }
    return select_list(p);
}

static struct gw_jp_node *bracket_behind(struct parser *p, struct gw_jp_node *left)
{
    if (at(p, GW_JP_NUMBER) || at(p, GW_JP_COLON)) {
        return index_or_slice(p, left);
    }
    if (!expect(p, GW_JP_STAR, "a number, ':' or '*'") || !expect(p, GW_JP_RBRACKET, "']'")) {
        return NULL;
    }
    return project(p, GW_JP_OP_PROJECT, left, POWER_STAR);
}

/* Behind "name(". */
static struct gw_jp_node *call(struct parser *p, struct gw_jp_node *node, struct gw_view name)
{
    node->op = GW_JP_OP_CALL;
    while (!at(p, GW_JP_RPAREN)) {
        struct gw_jp_node *reference = at(p, GW_JP_EXPREF) ? new_node(p, GW_JP_OP_EXPREF) : NULL;
        p->at += reference != NULL;
        struct gw_jp_node *argument = expression(p, 0);
        if (!adopt(p, node, reference ? adopt(p, reference, argument) : argument)) {
            return NULL;
        }
        if (!accept(p, GW_JP_COMMA)) {
            break;
        }
        if (at(p, GW_JP_RPAREN)) {
            return fail_expected(p, "an expression");
        }
    }
    if (!expect(p, GW_JP_RPAREN, "',' or ')'")) {
        return NULL;
    }
    node->as.function = gw_jp_find_function(name, node, p->err);
    return node->as.function ? node : NULL;
}

static struct gw_jp_node *name_or_call(struct parser *p)
{
    struct gw_jp_node *node = new_node(p, GW_JP_OP_FIELD);
    const struct gw_jp_token *token = current(p);
    p->at++;
    if (!at(p, GW_JP_LPAREN)) {
        node->as.name = token->literal.as.string;
        return node;
    }
    if (token->kind == GW_JP_QUOTED) {
        return fail_expected(p, "no arguments: the name of a function has no quotes");
    }
    p->at++;
    return call(p, node, token->literal.as.string);
}

static struct gw_jp_node *literal(struct parser *p)
{
    struct gw_jp_node *node = new_node(p, GW_JP_OP_VALUE);
    node->as.literal = current(p)->literal;
    p->at++;
    return node;
}

static struct gw_jp_node *prefix(struct parser *p)
{
    struct gw_jp_node *node = NULL;
    switch (current(p)->kind) {
    case GW_JP_IDENTIFIER:
    case GW_JP_QUOTED:
        return name_or_call(p);
    case GW_JP_LITERAL:
        return literal(p);
    case GW_JP_CURRENT:
        node = self(p);
        p->at++;
        return node;
    case GW_JP_STAR:
        node = self(p);
        p->at++;
        return project(p, GW_JP_OP_PROJECT_VALUES, node, POWER_STAR);
    case GW_JP_FILTER:
        p->at++;
        return filter(p, self(p));
    case GW_JP_FLATTEN:
        p->at++;
        return flatten(p, self(p));
    case GW_JP_LBRACKET:
        p->at++;
        return bracket_first(p);
    case GW_JP_LBRACE:
        p->at++;
        return select_map(p);
    case GW_JP_LPAREN:
        p->at++;
        node = expression(p, 0);
        return node && expect(p, GW_JP_RPAREN, "')'") ? node : NULL;
    case GW_JP_NOT:
        node = new_node(p, GW_JP_OP_NOT);
        p->at++;
        return adopt(p, node, expression(p, POWER_NOT));
    case GW_JP_EXPREF:
        return fail_expected(p, "an expression ('&' has its place before an argument)");
    default:
        return fail_expected(p, "an expression");
    }
}

static struct gw_jp_node *dot(struct parser *p, struct gw_jp_node *left)
{
    if (accept(p, GW_JP_STAR)) {
        return project(p, GW_JP_OP_PROJECT_VALUES, left, POWER_DOT);
    }
    return row(p, GW_JP_OP_CHAIN, left, behind_dot(p, POWER_DOT));
}

static struct gw_jp_node *compare(struct parser *p, struct gw_jp_node *left,
                                  enum gw_jp_token_kind kind)
{
    struct gw_jp_node *node = pair(p, GW_JP_OP_COMPARE, left, expression(p, POWER_COMPARE));
    if (node) {
        node->as.comparison = kind;
    }
    return node;
}

static struct gw_jp_node *infix(struct parser *p, struct gw_jp_node *left)
{
    enum gw_jp_token_kind kind = current(p)->kind;
    p->at++;
    switch (kind) {
    case GW_JP_DOT:
        return dot(p, left);
    case GW_JP_PIPE:
        return row(p, GW_JP_OP_CHAIN, left, expression(p, POWER_PIPE));
    case GW_JP_OR:
        return row(p, GW_JP_OP_OR, left, expression(p, POWER_OR));
    case GW_JP_AND:
        return row(p, GW_JP_OP_AND, left, expression(p, POWER_AND));
    case GW_JP_EQ:
    case GW_JP_NE:
    case GW_JP_LT:
    case GW_JP_LE:
    case GW_JP_GT:
    case GW_JP_GE:
        return compare(p, left, kind);
    case GW_JP_FLATTEN:
        return flatten(p, left);
    case GW_JP_FILTER:
        return filter(p, left);
    case GW_JP_LBRACKET:
        return bracket_behind(p, left);
    default:
        p->at--;
        return fail_expected(p, "an operator");
    }
}

static struct gw_jp_node *expression(struct parser *p, int power)
{
    if (p->depth >= GW_JMESPATH_MAX_DEPTH) {
        return fail_depth(p);
    }
    p->depth++;
    struct gw_jp_node *left = prefix(p);
    while (left && power_of(current(p)->kind) > power) {
        left = infix(p, left);
    }
    p->depth--;
    return left;
}

/* ---- compiling ------------------------------------------------------------------------------- */

static bool scan_all(struct parser *p, struct gw_arena *scratch)
{
    size_t offset = 0, count = 0;
    p->tokens = gw_arena_alloc(scratch, (p->text.len + 2) * sizeof *p->tokens);
    do {
        if (!gw_jp_scan(p->text, &offset, p->arena, &p->tokens[count], p->err)) {
            return false;
        }
    } while (p->tokens[count++].kind != GW_JP_END);
    return true;
}

static struct gw_jp_node *parse(struct parser *p)
{
    if (at(p, GW_JP_END)) {
        gw_fail(p->err, GW_ERR_INPUT, "jmespath: the expression is empty");
        return NULL;
    }
    struct gw_jp_node *root = expression(p, 0);
    return root && !at(p, GW_JP_END) ? fail_expected(p, "an operator") : root;
}

const struct gw_jmespath *gw_jmespath_compile(struct gw_view text, struct gw_arena *arena,
                                              struct gw_err *err)
{
    if (text.len > GW_JMESPATH_MAX_BYTES) {
        gw_fail(err, GW_ERR_LIMIT, "jmespath: %zu bytes, more than the %u allowed", text.len,
                GW_JMESPATH_MAX_BYTES);
        return NULL;
    }
    struct gw_arena *scratch = gw_arena_new();
    struct parser p = {.text = gw_arena_dup(scratch, text), .arena = arena, .err = err};
    struct gw_jmespath *compiled = gw_arena_alloc(arena, sizeof *compiled);
    compiled->root = scan_all(&p, scratch) ? parse(&p) : NULL;
    gw_arena_free(scratch);
    return compiled->root ? compiled : NULL;
}

bool gw_jmespath_search(const struct gw_jmespath *expression, const struct gw_value *value,
                        struct gw_arena *arena, struct gw_value *out, struct gw_err *err)
{
    struct gw_jp_run run = {arena, GW_JMESPATH_MAX_STEPS, err};
    return gw_jp_evaluate(&run, expression->root, value, out) && gw_jp_charge_walk(&run, out);
}
