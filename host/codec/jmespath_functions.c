/* jmespath_functions: the 26 functions of JMESPath and the check of their arguments. How many there
 * are and which are expressions is known when an expression is compiled, the types only later. */
#include "codec/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX  2 /* but for functions that take any number */
#define BYTES_PER_STEP 16
#define TEXT_MAX_BYTES (GW_JMESPATH_MAX_STEPS * BYTES_PER_STEP)

enum argument {
    ANY,
    NUMBER,
    STRING,
    LIST,
    MAP,
    STRINGS,
    NUMBERS,
    NUMBERS_OR_STRINGS,
    LIST_OR_STRING,
    LIST_MAP_OR_STRING,
    EXPRESSION
};

struct call {
    struct gw_jp_run *run;
    const struct gw_jp_node *node;
    struct gw_value *args;               /* null for an expression */
    size_t count;                        /* of args */
    const struct gw_jp_node *expression; /* of functions that take one */
};

struct gw_jp_function {
    const char *name;
    size_t count;  /* of arguments */
    bool variadic; /* at least that many, the last type for all that follow */
    enum argument types[ARGUMENTS_MAX];
    bool (*run)(struct call *call, struct gw_value *out); /* *out is null at first */
};

/* ---- types ----------------------------------------------------------------------------------- */

static const char *type_name(const struct gw_value *value)
{
    static const char *const names[] = {"null",   "boolean", "number", "number",
                                        "string", "array",   "object"};
    return names[value->kind];
}

static const char *describe(enum argument type)
{
    static const char *const names[] = {"anything",
                                        "a number",
                                        "a string",
                                        "an array",
                                        "an object",
                                        "an array of strings",
                                        "an array of numbers",
                                        "an array of numbers or an array of strings",
                                        "an array or a string",
                                        "an array, an object or a string",
                                        "an expression such as &name"};
    return names[type];
}

/* The first item that is not a number (or a string); NULL: none. */
static const struct gw_value *first_other(const struct gw_value *list, bool numbers)
{
    for (size_t i = 0; i < list->as.list.count; i++) {
        const struct gw_value *item = &list->as.list.items[i];
        if (numbers ? !gw_jp_is_number(item) : item->kind != GW_STRING) {
            return item;
        }
    }
    return NULL;
}

static const struct gw_value *first_wrong(const struct gw_value *list, enum argument type)
{
    if (type == NUMBERS || type == STRINGS) {
        return first_other(list, type == NUMBERS);
    }
    bool numbers = list->as.list.count > 0 && gw_jp_is_number(&list->as.list.items[0]);
    return first_other(list, numbers);
}

/* What is wrong with it: the argument or an item of it; NULL: nothing. */
static const struct gw_value *find_wrong(const struct gw_value *value, enum argument type)
{
    enum gw_kind kind = value->kind;
    switch (type) {
    case NUMBER:
        return gw_jp_is_number(value) ? NULL : value;
    case STRING:
        return kind == GW_STRING ? NULL : value;
    case LIST:
        return kind == GW_LIST ? NULL : value;
    case MAP:
        return kind == GW_MAP ? NULL : value;
    case STRINGS:
    case NUMBERS:
    case NUMBERS_OR_STRINGS:
        return kind == GW_LIST ? first_wrong(value, type) : value;
    case LIST_OR_STRING:
        return kind == GW_LIST || kind == GW_STRING ? NULL : value;
    case LIST_MAP_OR_STRING:
        return kind == GW_LIST || kind == GW_STRING || kind == GW_MAP ? NULL : value;
    case ANY:
    case EXPRESSION:
        break;
    }
    return NULL;
}

static enum argument type_of(const struct gw_jp_function *function, size_t index)
{
    return function->types[index < function->count ? index : function->count - 1];
}

static bool check_types(const struct call *call)
{
    const struct gw_jp_function *function = call->node->as.function;
    for (size_t i = 0; i < call->count; i++) {
        enum argument type = type_of(function, i);
        const struct gw_value *wrong = find_wrong(&call->args[i], type);
        if (wrong) {
            return gw_fail(call->run->err, GW_ERR_INPUT,
                           "jmespath: %s(): argument %zu must be %s, not %s%s (column %zu)",
                           function->name, i + 1, describe(type),
                           wrong == &call->args[i] ? "" : "one with an item of type ",
                           type_name(wrong), call->node->column);
        }
    }
    return true;
}

/* ---- results --------------------------------------------------------------------------------- */

static struct gw_arena *arena_of(const struct call *call)
{
    return call->run->arena;
}

static bool give_int(struct gw_value *out, int64_t integer)
{
    *out = gw_value_int(integer);
    return true;
}

static bool give_bool(struct gw_value *out, bool boolean)
{
    *out = gw_value_bool(boolean);
    return true;
}

/* A whole number is an integer where it fits. */
static bool give_whole(struct gw_value *out, double number)
{
    /* cppcheck-suppress incorrectLogicOperator ; it does not read hexadecimal floats */
    bool fits = number >= -0x1p63 && number < 0x1p63;
    *out = fits ? gw_value_int((int64_t)number) : gw_value_double(number);
    return true;
}

static double as_double(const struct gw_value *number)
{
    return number->kind == GW_INT ? (double)number->as.integer : number->as.number;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool run_abs(struct call *call, struct gw_value *out)
{
    const struct gw_value *number = &call->args[0];
    if (number->kind == GW_INT && number->as.integer != INT64_MIN) {
        return give_int(out, llabs(number->as.integer));
    }
    *out = gw_value_double(fabs(as_double(number)));
    return true;
}

static bool run_ceil(struct call *call, struct gw_value *out)
{
    *out = call->args[0];
    return out->kind == GW_INT || give_whole(out, ceil(out->as.number));
}

static bool run_floor(struct call *call, struct gw_value *out)
{
    *out = call->args[0];
    return out->kind == GW_INT || give_whole(out, floor(out->as.number));
}

/* An integer as long as every number is one and the sum fits. */
static struct gw_value sum_of(const struct gw_value *list)
{
    int64_t integer = 0;
    double number = 0;
    bool whole = true;
    for (size_t i = 0; i < list->as.list.count; i++) {
        const struct gw_value *item = &list->as.list.items[i];
        number += as_double(item);
        int64_t next = item->kind == GW_INT ? item->as.integer : 0;
        whole = whole && item->kind == GW_INT &&
                (next >= 0 ? integer <= INT64_MAX - next : integer >= INT64_MIN - next);
        integer += whole ? next : 0;
    }
    return whole ? gw_value_int(integer) : gw_value_double(number);
}

static bool run_sum(struct call *call, struct gw_value *out)
{
    *out = sum_of(&call->args[0]);
    return true;
}

static bool run_avg(struct call *call, struct gw_value *out)
{
    size_t count = call->args[0].as.list.count;
    struct gw_value sum = sum_of(&call->args[0]);
    if (count > 0) {
        *out = gw_value_double(as_double(&sum) / (double)count);
    }
    return true;
}

static bool run_to_number(struct call *call, struct gw_value *out)
{
    const struct gw_value *value = &call->args[0];
    if (gw_jp_is_number(value)) {
        *out = *value;
    } else if (value->kind == GW_STRING) {
        struct gw_view text = gw_view_trim(value->as.string);
        int64_t integer;
        double number;
        if (gw_view_to_int64(text, &integer)) {
            *out = gw_value_int(integer);
        } else if (gw_view_to_double(text, &number)) {
            *out = gw_value_double(number);
        }
        out->secret = value->secret;
    }
    return true;
}

/* ---- strings --------------------------------------------------------------------------------- */

static size_t character_len(struct gw_view text, size_t at)
{
    size_t len = gw_utf8_sequence(text, at);
    return len > 0 ? len : 1;
}

static int64_t count_characters(struct gw_view text)
{
    int64_t count = 0;
    for (size_t at = 0; at < text.len; at += character_len(text, at)) {
        count++;
    }
    return count;
}

static bool run_length(struct call *call, struct gw_value *out)
{
    const struct gw_value *value = &call->args[0];
    if (value->kind == GW_STRING) {
        return gw_jp_charge(call->run, value->as.string.len / BYTES_PER_STEP) &&
               give_int(out, count_characters(value->as.string));
    }
    return give_int(out,
                    (int64_t)(value->kind == GW_LIST ? value->as.list.count : value->as.map.count));
}

static bool run_starts_with(struct call *call, struct gw_value *out)
{
    return give_bool(out, gw_view_starts_with(call->args[0].as.string, call->args[1].as.string));
}

static bool run_ends_with(struct call *call, struct gw_value *out)
{
    return give_bool(out, gw_view_ends_with(call->args[0].as.string, call->args[1].as.string));
}

static bool contains_item(struct call *call, struct gw_value *out)
{
    const struct gw_value *list = &call->args[0], *wanted = &call->args[1];
    if (!gw_jp_charge_walk(call->run, list)) {
        return false;
    }
    for (size_t i = 0; i < list->as.list.count; i++) {
        if (!gw_jp_charge_walk(call->run, wanted)) {
            return false;
        }
        if (gw_value_equal(&list->as.list.items[i], wanted)) {
            return give_bool(out, true);
        }
    }
    return give_bool(out, false);
}

static bool run_contains(struct call *call, struct gw_value *out)
{
    const struct gw_value *subject = &call->args[0], *wanted = &call->args[1];
    if (subject->kind == GW_LIST) {
        return contains_item(call, out);
    }
    return give_bool(out, wanted->kind == GW_STRING &&
                              gw_view_find(subject->as.string, wanted->as.string) != GW_NPOS);
}

/* Moves the text to the arena, and pays for it. */
static bool give_text(struct call *call, struct gw_buf *text, bool secret, struct gw_value *out)
{
    bool ok = gw_jp_charge(call->run, text->full ? SIZE_MAX : text->len / BYTES_PER_STEP);
    if (ok) {
        *out = gw_value_string(gw_arena_dup(arena_of(call), gw_buf_view(text)));
        out->secret = secret;
    }
    if (text->data) {
        gw_wipe(text->data, text->len);
    }
    gw_buf_clear(text);
    return ok;
}

static bool run_join(struct call *call, struct gw_value *out)
{
    const struct gw_value *glue = &call->args[0], *list = &call->args[1];
    struct gw_buf text;
    gw_buf_init(&text, TEXT_MAX_BYTES);
    bool secret = glue->secret;
    for (size_t i = 0; i < list->as.list.count; i++) {
        gw_buf_add(&text, i > 0 ? glue->as.string : GW_VIEW_NONE);
        gw_buf_add(&text, list->as.list.items[i].as.string);
        secret = secret || list->as.list.items[i].secret;
    }
    return give_text(call, &text, secret, out);
}

static bool run_to_string(struct call *call, struct gw_value *out)
{
    if (call->args[0].kind == GW_STRING) {
        *out = call->args[0];
        return true;
    }
    struct gw_buf text;
    gw_buf_init(&text, TEXT_MAX_BYTES);
    if (!gw_jp_charge_walk(call->run, &call->args[0])) {
        return false;
    }
    gw_json_write(&call->args[0], NULL, &text);
    return give_text(call, &text, false, out);
}

static bool reverse_text(struct call *call, struct gw_value *out)
{
    struct gw_view text = call->args[0].as.string;
    if (!gw_jp_charge(call->run, text.len / BYTES_PER_STEP)) {
        return false;
    }
    char *reversed = gw_arena_alloc(arena_of(call), text.len + 1);
    for (size_t at = 0, len; at < text.len; at += len) {
        len = character_len(text, at);
        memcpy(reversed + text.len - at - len, text.data + at, len);
    }
    *out = gw_value_string((struct gw_view){reversed, text.len});
    out->secret = call->args[0].secret;
    return true;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static bool new_list(struct call *call, size_t capacity, struct gw_value *out)
{
    if (!gw_jp_charge(call->run, capacity)) {
        return false;
    }
    *out = gw_jp_list(arena_of(call), capacity);
    return true;
}

static void append(struct gw_value *list, const struct gw_value *item)
{
    list->as.list.items[list->as.list.count++] = *item;
}

static bool run_reverse(struct call *call, struct gw_value *out)
{
    const struct gw_value *list = &call->args[0];
    if (list->kind == GW_STRING) {
        return reverse_text(call, out);
    }
    if (!new_list(call, list->as.list.count, out)) {
        return false;
    }
    for (size_t i = list->as.list.count; i > 0; i--) {
        append(out, &list->as.list.items[i - 1]);
    }
    return true;
}

static bool run_to_array(struct call *call, struct gw_value *out)
{
    if (call->args[0].kind == GW_LIST) {
        *out = call->args[0];
        return true;
    }
    if (!new_list(call, 1, out)) {
        return false;
    }
    append(out, &call->args[0]);
    return true;
}

static bool run_map(struct call *call, struct gw_value *out)
{
    const struct gw_value *list = &call->args[1];
    if (!new_list(call, list->as.list.count, out)) {
        return false;
    }
    for (size_t i = 0; i < list->as.list.count; i++) {
        struct gw_value item;
        if (!gw_jp_evaluate(call->run, call->expression, &list->as.list.items[i], &item)) {
            return false;
        }
        append(out, &item);
    }
    return true;
}

static bool run_not_null(struct call *call, struct gw_value *out)
{
    for (size_t i = 0; i < call->count && out->kind == GW_NULL; i++) {
        *out = call->args[i];
    }
    return true;
}

static bool run_type(struct call *call, struct gw_value *out)
{
    *out = gw_value_text(type_name(&call->args[0]));
    return true;
}

/* ---- maps ------------------------------------------------------------------------------------ */

static bool run_keys(struct call *call, struct gw_value *out)
{
    const struct gw_value *map = &call->args[0];
    if (!new_list(call, map->as.map.count, out)) {
        return false;
    }
    for (size_t i = 0; i < map->as.map.count; i++) {
        struct gw_value key = gw_value_string(map->as.map.entries[i].key);
        append(out, &key);
    }
    return true;
}

static bool run_values(struct call *call, struct gw_value *out)
{
    const struct gw_value *map = &call->args[0];
    if (!new_list(call, map->as.map.count, out)) {
        return false;
    }
    for (size_t i = 0; i < map->as.map.count; i++) {
        append(out, &map->as.map.entries[i].value);
    }
    return true;
}

static bool run_merge(struct call *call, struct gw_value *out)
{
    *out = gw_value_map();
    for (size_t i = 0; i < call->count; i++) {
        const struct gw_value *map = &call->args[i];
        for (size_t k = 0; k < map->as.map.count; k++) {
            const struct gw_entry *entry = &map->as.map.entries[k];
            if (!gw_jp_charge(call->run, 1 + out->as.map.count / BYTES_PER_STEP)) {
                return false;
            }
            gw_jp_set(arena_of(call), out, entry->key, &entry->value);
        }
    }
    return true;
}

/* ---- order ----------------------------------------------------------------------------------- */

struct ranked {
    struct gw_value key;
    const struct gw_value *item;
};

/* Equal ones keep their order: items lie in one array. */
static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    int order = gw_jp_order(&left->key, &right->key);
    return order != 0 ? order : (left->item > right->item) - (left->item < right->item);
}

static bool fail_key(const struct call *call, const struct gw_value *key)
{
    return gw_fail(call->run->err, GW_ERR_INPUT,
                   "jmespath: %s(): argument 2 must give only numbers or only strings, not %s "
                   "(column %zu)",
                   call->node->as.function->name, type_name(key), call->node->column);
}

static bool rank_one(const struct call *call, struct ranked *ranked, const struct gw_value *first)
{
    if (!call->expression) {
        ranked->key = *ranked->item;
        return true;
    }
    if (!gw_jp_evaluate(call->run, call->expression, ranked->item, &ranked->key)) {
        return false;
    }
    bool is_number = gw_jp_is_number(&ranked->key), is_string = ranked->key.kind == GW_STRING;
    if ((!is_number && !is_string) || gw_jp_is_number(first) != is_number) {
        return fail_key(call, &ranked->key);
    }
    return true;
}

/* The items of the first argument with what they are ordered by: themselves, or what the
 * expression makes of them. NULL on failure. */
static struct ranked *rank(const struct call *call)
{
    const struct gw_value *list = &call->args[0];
    if (!gw_jp_charge(call->run, 4 * list->as.list.count)) {
        return NULL;
    }
    struct ranked *ranked =
        gw_arena_alloc(arena_of(call), (list->as.list.count + 1) * sizeof *ranked);
    for (size_t i = 0; i < list->as.list.count; i++) {
        ranked[i].item = &list->as.list.items[i];
        if (!rank_one(call, &ranked[i], &ranked[0].key)) {
            return NULL;
        }
    }
    return ranked;
}

static bool run_sort(struct call *call, struct gw_value *out)
{
    struct ranked *ranked = rank(call);
    size_t count = call->args[0].as.list.count;
    if (!ranked || !new_list(call, count, out)) {
        return false;
    }
    qsort(ranked, count, sizeof *ranked, compare_ranked);
    for (size_t i = 0; i < count; i++) {
        append(out, ranked[i].item);
    }
    return true;
}

/* The first of the greatest (sign 1) or of the least (sign -1). */
static bool pick_extreme(struct call *call, int sign, struct gw_value *out)
{
    struct ranked *ranked = rank(call), *best = ranked;
    size_t count = call->args[0].as.list.count;
    if (!ranked) {
        return false;
    }
    for (size_t i = 1; i < count; i++) {
        int order = gw_jp_order(&ranked[i].key, &best->key);
        best = sign > 0 ? (order > 0 ? &ranked[i] : best) : (order < 0 ? &ranked[i] : best);
    }
    if (count > 0) {
        *out = *best->item;
    }
    return true;
}

static bool run_max(struct call *call, struct gw_value *out)
{
    return pick_extreme(call, 1, out);
}

static bool run_min(struct call *call, struct gw_value *out)
{
    return pick_extreme(call, -1, out);
}

/* ---- calling --------------------------------------------------------------------------------- */

static const struct gw_jp_function functions[] = {
    {"abs", 1, false, {NUMBER}, run_abs},
    {"avg", 1, false, {NUMBERS}, run_avg},
    {"ceil", 1, false, {NUMBER}, run_ceil},
    {"contains", 2, false, {LIST_OR_STRING, ANY}, run_contains},
    {"ends_with", 2, false, {STRING, STRING}, run_ends_with},
    {"floor", 1, false, {NUMBER}, run_floor},
    {"join", 2, false, {STRING, STRINGS}, run_join},
    {"keys", 1, false, {MAP}, run_keys},
    {"length", 1, false, {LIST_MAP_OR_STRING}, run_length},
    {"map", 2, false, {EXPRESSION, LIST}, run_map},
    {"max", 1, false, {NUMBERS_OR_STRINGS}, run_max},
    {"max_by", 2, false, {LIST, EXPRESSION}, run_max},
    {"merge", 1, true, {MAP}, run_merge},
    {"min", 1, false, {NUMBERS_OR_STRINGS}, run_min},
    {"min_by", 2, false, {LIST, EXPRESSION}, run_min},
    {"not_null", 1, true, {ANY}, run_not_null},
    {"reverse", 1, false, {LIST_OR_STRING}, run_reverse},
    {"sort", 1, false, {NUMBERS_OR_STRINGS}, run_sort},
    {"sort_by", 2, false, {LIST, EXPRESSION}, run_sort},
    {"starts_with", 2, false, {STRING, STRING}, run_starts_with},
    {"sum", 1, false, {NUMBERS}, run_sum},
    {"to_array", 1, false, {ANY}, run_to_array},
    {"to_number", 1, false, {ANY}, run_to_number},
    {"to_string", 1, false, {ANY}, run_to_string},
    {"type", 1, false, {ANY}, run_type},
    {"values", 1, false, {MAP}, run_values},
};

#define FUNCTION_COUNT (sizeof functions / sizeof functions[0])

static bool fail_name(struct gw_view name, size_t column, struct gw_err *err)
{
    struct gw_view names[FUNCTION_COUNT];
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        names[i] = gw_view_of(functions[i].name);
    }
    struct gw_view near = gw_view_nearest(name, names, FUNCTION_COUNT);
    return gw_fail(err, GW_ERR_INPUT, "jmespath: no function '%.*s'%s%.*s%s (column %zu)",
                   GW_VIEW_ARGS(gw_view_sub(name, 0, 100)), near.len > 0 ? ", did you mean '" : "",
                   GW_VIEW_ARGS(near), near.len > 0 ? "'?" : "", column);
}

static bool check_arguments(const struct gw_jp_function *function, const struct gw_jp_node *call,
                            struct gw_err *err)
{
    size_t given = call->child_count;
    if (given < function->count || (given > function->count && !function->variadic)) {
        return gw_fail(err, GW_ERR_INPUT,
                       "jmespath: %s() takes %s%zu argument%s, not %zu (column %zu)",
                       function->name, function->variadic ? "at least " : "", function->count,
                       function->count == 1 ? "" : "s", given, call->column);
    }
    size_t i = 0;
    for (const struct gw_jp_node *child = call->first; child; child = child->next, i++) {
        bool wanted = type_of(function, i) == EXPRESSION;
        if (wanted != (child->op == GW_JP_OP_EXPREF)) {
            return gw_fail(err, GW_ERR_INPUT,
                           "jmespath: %s(): argument %zu must be %s%s (column %zu)", function->name,
                           i + 1, wanted ? describe(EXPRESSION) : "a value",
                           wanted ? "" : ", not an expression", child->column);
        }
    }
    return true;
}

const struct gw_jp_function *gw_jp_find_function(struct gw_view name, const struct gw_jp_node *call,
                                                 struct gw_err *err)
{
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        if (gw_view_equal(name, gw_view_of(functions[i].name))) {
            return check_arguments(&functions[i], call, err) ? &functions[i] : NULL;
        }
    }
    fail_name(name, call->column, err);
    return NULL;
}

bool gw_jp_call(struct gw_jp_run *run, const struct gw_jp_node *node, const struct gw_value *value,
                struct gw_value *out)
{
    struct call call = {.run = run, .node = node, .count = node->child_count};
    call.args = gw_arena_alloc(run->arena, (call.count + 1) * sizeof *call.args);
    size_t i = 0;
    for (const struct gw_jp_node *child = node->first; child; child = child->next, i++) {
        if (child->op == GW_JP_OP_EXPREF) {
            call.expression = child->first;
        } else if (!gw_jp_evaluate(run, child, value, &call.args[i])) {
            return false;
        }
    }
    return check_types(&call) && node->as.function->run(&call, out);
}
