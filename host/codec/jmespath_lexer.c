/* jmespath_lexer: the text of a JMESPath expression to tokens, one at a time. */
#include "codec/internal.h"

#include <string.h>

struct scanner {
    struct gw_view text;
    size_t at;
    struct gw_arena *arena;
    struct gw_err *err;
};

static bool fail_at(const struct scanner *s, size_t offset, const char *what)
{
    return gw_fail(s->err, GW_ERR_INPUT, "jmespath: %s (column %zu)", what, offset + 1);
}

static char peek(const struct scanner *s, size_t ahead)
{
    return s->at + ahead < s->text.len ? s->text.data[s->at + ahead] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void skip_space(struct scanner *s)
{
    while (s->at < s->text.len && memchr(" \t\n\r", s->text.data[s->at], 4)) {
        s->at++;
    }
}

/* ---- quoted forms ---------------------------------------------------------------------------- */

/* Takes what stands between two of the delimiter; a backslash protects what follows it. */
static bool take_quoted(struct scanner *s, char delimiter, struct gw_view *inside)
{
    size_t start = s->at;
    for (size_t i = start + 1; i < s->text.len; i++) {
        if (s->text.data[i] == delimiter) {
            *inside = gw_view_sub(s->text, start + 1, i - start - 1);
            s->at = i + 1;
            return true;
        }
        i += s->text.data[i] == '\\';
    }
    return gw_fail(s->err, GW_ERR_INPUT, "jmespath: the closing %c is missing (column %zu)",
                   delimiter, start + 1);
}

/* A copy in which a backslash before `delimiter` is gone. */
static struct gw_view unescape(struct scanner *s, struct gw_view text, char delimiter)
{
    struct gw_view copy = gw_arena_dup(s->arena, text);
    char *to = gw_arena_alloc(s->arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool escapes = text.data[i] == '\\' && i + 1 < text.len;
        if (escapes && text.data[i + 1] != delimiter) {
            to[len++] = copy.data[i];
        }
        i += escapes;
        to[len++] = copy.data[i];
    }
    return (struct gw_view){to, len};
}

static bool scan_raw_string(struct scanner *s, struct gw_jp_token *token)
{
    struct gw_view inside = GW_VIEW_NONE;
    if (!take_quoted(s, '\'', &inside)) {
        return false;
    }
    token->kind = GW_JP_LITERAL;
    token->literal = gw_value_string(unescape(s, inside, '\''));
    return true;
}

/* JSON; or, as long as AWS's own tools take it, the inside of a JSON string: `running`. */
static bool scan_literal(struct scanner *s, struct gw_jp_token *token)
{
    size_t start = s->at;
    struct gw_view inside = GW_VIEW_NONE;
    if (!take_quoted(s, '`', &inside)) {
        return false;
    }
    struct gw_view json = gw_view_trim(unescape(s, inside, '`'));
    token->kind = GW_JP_LITERAL;
    if (gw_json_parse(json, s->arena, &token->literal, NULL)) {
        return true;
    }
    struct gw_view quoted = gw_arena_printf(s->arena, "\"%.*s\"", GW_VIEW_ARGS(json));
    if (gw_json_parse(quoted, s->arena, &token->literal, NULL)) {
        return true;
    }
    return fail_at(s, start, "no JSON value between the backticks");
}

static bool scan_quoted_identifier(struct scanner *s, struct gw_jp_token *token)
{
    size_t start = s->at;
    struct gw_view inside = GW_VIEW_NONE;
    if (!take_quoted(s, '"', &inside)) {
        return false;
    }
    struct gw_view json = gw_view_sub(s->text, start, inside.len + 2);
    token->kind = GW_JP_QUOTED;
    return gw_json_parse(json, s->arena, &token->literal, NULL) ||
           fail_at(s, start, "malformed quoted name");
}

/* ---- plain forms ----------------------------------------------------------------------------- */

static void scan_identifier(struct scanner *s, struct gw_jp_token *token)
{
    size_t start = s->at;
    while (is_letter(peek(s, 0)) || is_digit(peek(s, 0))) {
        s->at++;
    }
    struct gw_view name = gw_view_sub(s->text, start, s->at - start);
    token->kind = GW_JP_IDENTIFIER;
    token->literal = gw_value_string(gw_arena_dup(s->arena, name));
}

static bool scan_number(struct scanner *s, struct gw_jp_token *token)
{
    size_t start = s->at++;
    while (is_digit(peek(s, 0))) {
        s->at++;
    }
    int64_t number;
    if (!gw_view_to_int64(gw_view_sub(s->text, start, s->at - start), &number)) {
        return fail_at(s, start, "number too large");
    }
    token->kind = GW_JP_NUMBER;
    token->literal = gw_value_int(number);
    return true;
}

static bool scan_sign(struct scanner *s, struct gw_jp_token *token)
{
    static const struct {
        const char *sign; /* longer ones first */
        enum gw_jp_token_kind kind;
    } signs[] = {
        {"[]", GW_JP_FLATTEN}, {"[?", GW_JP_FILTER},  {"||", GW_JP_OR},    {"&&", GW_JP_AND},
        {"==", GW_JP_EQ},      {"!=", GW_JP_NE},      {"<=", GW_JP_LE},    {">=", GW_JP_GE},
        {"[", GW_JP_LBRACKET}, {"]", GW_JP_RBRACKET}, {"|", GW_JP_PIPE},   {"&", GW_JP_EXPREF},
        {"!", GW_JP_NOT},      {"<", GW_JP_LT},       {">", GW_JP_GT},     {".", GW_JP_DOT},
        {"*", GW_JP_STAR},     {",", GW_JP_COMMA},    {":", GW_JP_COLON},  {"@", GW_JP_CURRENT},
        {"(", GW_JP_LPAREN},   {")", GW_JP_RPAREN},   {"{", GW_JP_LBRACE}, {"}", GW_JP_RBRACE},
    };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        struct gw_view sign = gw_view_of(signs[i].sign);
        if (gw_view_equal(gw_view_sub(s->text, s->at, sign.len), sign)) {
            token->kind = signs[i].kind;
            s->at += sign.len;
            return true;
        }
    }
    if (peek(s, 0) == '=') {
        return fail_at(s, s->at, "a single '=' means nothing, did you mean '=='?");
    }
    char c = peek(s, 0);
    bool printable = c > 0x20 && c < 0x7f;
    return gw_fail(s->err, GW_ERR_INPUT, "jmespath: unexpected %s%.*s%s (column %zu)",
                   printable ? "'" : "character", printable, &c, printable ? "'" : "", s->at + 1);
}

static bool scan(struct scanner *s, struct gw_jp_token *token)
{
    char c = peek(s, 0);
    if (is_letter(c)) {
        scan_identifier(s, token);
        return true;
    }
    if (is_digit(c) || (c == '-' && is_digit(peek(s, 1)))) {
        return scan_number(s, token);
    }
    switch (c) {
    case '\'':
        return scan_raw_string(s, token);
    case '`':
        return scan_literal(s, token);
    case '"':
        return scan_quoted_identifier(s, token);
    default:
        return scan_sign(s, token);
    }
}

bool gw_jp_scan(struct gw_view text, size_t *at, struct gw_arena *arena, struct gw_jp_token *token,
                struct gw_err *err)
{
    struct scanner s = {text, *at, arena, err};
    *token = (struct gw_jp_token){.kind = GW_JP_END};
    skip_space(&s);
    size_t start = s.at;
    if (start < text.len && !scan(&s, token)) {
        return false;
    }
    token->source = (struct gw_view){text.data + start, s.at - start};
    *at = s.at;
    return true;
}
