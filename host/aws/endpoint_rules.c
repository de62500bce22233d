/* endpoint_rules: evaluates AWS's endpoint rule sets. A rule set is a tree of rules; the first rule
 * whose conditions all hold says the endpoint, or why there is none. A set is parsed once and
 * evaluated as the values that it is; its depth is bounded by the JSON parser, and no rule is
 * visited twice. */
#include "aws/internal.h"

#define TEXT_MAX (16u << 10)

struct gw_endpoint_rules {
    const struct gw_value *parameters; /* NULL: it has none */
    const struct gw_value *rules;
};

/* What a name stands for; the newest first. A rule sees what it and the rules around it assigned,
 * so leaving a rule is forgetting the newer part of the list. */
struct variable {
    struct gw_view name;
    const struct gw_value *value; /* NULL: not set */
    const struct variable *older;
};

struct evaluation {
    struct gw_arena *arena;
    struct gw_err *err;
    bool failed; /* `err` is filled */
    struct gw_endpoint_answer *out;
};

static const struct gw_value *fail(struct evaluation *eval, const char *what, struct gw_view name)
{
    if (!eval->failed) {
        gw_fail(eval->err, GW_ERR_INPUT, "endpoint rules: %s '%.*s'", what, GW_VIEW_ARGS(name));
    }
    eval->failed = true;
    return NULL;
}

/* ---- values --------------------------------------------------------------------------------- */

static const struct gw_value *look_up(const struct variable *scope, struct gw_view name)
{
    while (scope != NULL && !gw_view_equal(scope->name, name)) {
        scope = scope->older;
    }
    return scope == NULL ? NULL : scope->value;
}

static const struct variable *assign(struct evaluation *eval, const struct variable *scope,
                                     struct gw_view name, const struct gw_value *value)
{
    struct variable *out = gw_arena_alloc(eval->arena, sizeof *out);
    *out = (struct variable){name, value, scope};
    return out;
}

/* "Name" or "Name#path" between the braces of a template. */
static void add_reference(struct evaluation *eval, const struct variable *scope,
                          struct gw_view reference, struct gw_buf *out)
{
    size_t hash = gw_view_find_char(reference, '#');
    const struct gw_value *value = look_up(scope, gw_view_sub(reference, 0, hash));
    if (hash != GW_NPOS) {
        value = gw_rule_attribute(value, gw_view_sub(reference, hash + 1, GW_NPOS));
    }
    if (value == NULL || value->kind != GW_STRING) {
        fail(eval, "a text is made of what is no text:", reference);
        return;
    }
    gw_buf_add(out, value->as.string);
}

/* Adds the template from `at` to behind its next brace, and returns where that is. */
static size_t add_piece(struct evaluation *eval, const struct variable *scope,
                        struct gw_view template, size_t at, struct gw_buf *out)
{
    char c = template.data[at];
    char next = at + 1 < template.len ? template.data[at + 1] : '\0';
    if (c != '{' || next == c) {
        gw_buf_add_char(out, c);
        return at + (next == c && (c == '{' || c == '}') ? 2 : 1);
    }
    struct gw_view rest = gw_view_sub(template, at + 1, GW_NPOS);
    size_t close = gw_view_find_char(rest, '}');
    if (close == GW_NPOS) {
        fail(eval, "a brace is not closed in", template);
        return template.len;
    }
    add_reference(eval, scope, gw_view_sub(rest, 0, close), out);
    return at + 1 + close + 1;
}

static struct gw_view expand(struct evaluation *eval, const struct variable *scope,
                             struct gw_view template)
{
    struct gw_buf buf;
    gw_buf_init(&buf, TEXT_MAX);
    for (size_t at = 0; at < template.len && !eval->failed;) {
        at = add_piece(eval, scope, template, at, &buf);
    }
    if (buf.full) {
        fail(eval, "a text is longer than 16 KiB:", gw_view_sub(template, 0, 100));
    }
    struct gw_view text = gw_arena_dup(eval->arena, gw_buf_view(&buf));
    gw_buf_clear(&buf);
    return text;
}

static const struct gw_value *call(struct evaluation *eval, const struct variable *scope,
                                   const struct gw_value *expression);

/* A literal, a template, {"ref": name} or {"fn": name, "argv": [...]}. */
static const struct gw_value *resolve(struct evaluation *eval, const struct variable *scope,
                                      const struct gw_value *expression)
{
    if (expression->kind == GW_STRING && gw_view_find_char(expression->as.string, '{') != GW_NPOS) {
        struct gw_value *text = gw_arena_alloc(eval->arena, sizeof *text);
        *text = gw_value_string(expand(eval, scope, expression->as.string));
        return text;
    }
    if (expression->kind != GW_MAP) {
        return expression->kind == GW_NULL ? NULL : expression;
    }
    struct gw_view reference = gw_map_text(expression, GW_VIEW("ref"));
    return reference.len > 0 ? look_up(scope, reference) : call(eval, scope, expression);
}

static const struct gw_value *call(struct evaluation *eval, const struct variable *scope,
                                   const struct gw_value *expression)
{
    struct gw_view name = gw_map_text(expression, GW_VIEW("fn"));
    const struct gw_value *given = gw_map_get(expression, GW_VIEW("argv"));
    const struct gw_rule_function *function = gw_rule_function_find(name);
    if (function == NULL) {
        return fail(eval, "no such function:", name);
    }
    if (given == NULL || given->kind != GW_LIST || given->as.list.count < function->arguments_min ||
        given->as.list.count > function->arguments_max) {
        return fail(eval, "wrong number of arguments for", name);
    }
    const struct gw_value *arguments[GW_RULE_ARGUMENTS_MAX] = {NULL};
    for (size_t i = 0; i < given->as.list.count; i++) {
        arguments[i] = resolve(eval, scope, &given->as.list.items[i]);
    }
    return eval->failed ? NULL : function->call(arguments, eval->arena);
}

/* ---- what a rule says ----------------------------------------------------------------------- */

/* A copy of the tree in which every text is expanded. */
static struct gw_value expand_all(struct evaluation *eval, const struct variable *scope,
                                  const struct gw_value *tree)
{
    struct gw_value out = *tree;
    if (tree->kind == GW_STRING) {
        out = gw_value_string(expand(eval, scope, tree->as.string));
    } else if (tree->kind == GW_LIST) {
        out = gw_value_list();
        for (size_t i = 0; i < tree->as.list.count; i++) {
            *gw_list_add(eval->arena, &out) = expand_all(eval, scope, &tree->as.list.items[i]);
        }
    } else if (tree->kind == GW_MAP) {
        out = gw_value_map();
        for (size_t i = 0; i < tree->as.map.count; i++) {
            const struct gw_entry *entry = &tree->as.map.entries[i];
            *gw_map_add(eval->arena, &out, entry->key) = expand_all(eval, scope, &entry->value);
        }
    }
    return out;
}

/* {"name": [expression, ...]} as {"name": [text, ...]}. */
static struct gw_value take_headers(struct evaluation *eval, const struct variable *scope,
                                    const struct gw_value *headers)
{
    struct gw_value out = gw_value_map();
    for (size_t i = 0; headers && headers->kind == GW_MAP && i < headers->as.map.count; i++) {
        const struct gw_entry *entry = &headers->as.map.entries[i];
        struct gw_value *texts = gw_map_add(eval->arena, &out, entry->key);
        *texts = gw_value_list();
        for (size_t k = 0; entry->value.kind == GW_LIST && k < entry->value.as.list.count; k++) {
            const struct gw_value *text = resolve(eval, scope, &entry->value.as.list.items[k]);
            if (text == NULL || text->kind != GW_STRING) {
                fail(eval, "a header is no text:", entry->key);
                return out;
            }
            *gw_list_add(eval->arena, texts) = *text;
        }
    }
    return out;
}

static void take_endpoint(struct evaluation *eval, const struct variable *scope,
                          const struct gw_value *endpoint)
{
    const struct gw_value *expression = gw_map_get(endpoint, GW_VIEW("url"));
    const struct gw_value *url = expression ? resolve(eval, scope, expression) : NULL;
    if (url == NULL || url->kind != GW_STRING) {
        fail(eval, "an endpoint has no", GW_VIEW("url"));
        return;
    }
    const struct gw_value *properties = gw_map_get(endpoint, GW_VIEW("properties"));
    eval->out->url = gw_arena_dup(eval->arena, url->as.string);
    eval->out->headers = take_headers(eval, scope, gw_map_get(endpoint, GW_VIEW("headers")));
    eval->out->properties = properties ? expand_all(eval, scope, properties) : gw_value_map();
}

static void take_error(struct evaluation *eval, const struct variable *scope,
                       const struct gw_value *error)
{
    const struct gw_value *text = resolve(eval, scope, error);
    if (!eval->failed) {
        struct gw_view message = text && text->kind == GW_STRING ? text->as.string : GW_VIEW("");
        gw_fail(eval->err, GW_ERR_INPUT, "%.*s", GW_VIEW_ARGS(message));
    }
    eval->failed = true;
}

/* ---- rules ---------------------------------------------------------------------------------- */

/* True where all hold; `scope` then has what they assigned. */
static bool conditions_hold(struct evaluation *eval, const struct variable **scope,
                            const struct gw_value *conditions)
{
    for (size_t i = 0; i < conditions->as.list.count; i++) {
        const struct gw_value *condition = &conditions->as.list.items[i];
        const struct gw_value *result = call(eval, *scope, condition);
        if (result == NULL || (result->kind == GW_BOOL && !result->as.boolean)) {
            return false;
        }
        struct gw_view name = gw_map_text(condition, GW_VIEW("assign"));
        if (name.len > 0) {
            *scope = assign(eval, *scope, name, result);
        }
    }
    return !eval->failed;
}

/* True when it is settled: by an endpoint, or by a failure. */
static bool try_rules(struct evaluation *eval, const struct variable *scope,
                      const struct gw_value *rules);

static bool try_rule(struct evaluation *eval, const struct variable *scope,
                     const struct gw_value *rule)
{
    const struct gw_value *conditions = gw_map_get(rule, GW_VIEW("conditions"));
    if (conditions != NULL && conditions->kind == GW_LIST &&
        !conditions_hold(eval, &scope, conditions)) {
        return eval->failed;
    }
    struct gw_view type = gw_map_text(rule, GW_VIEW("type"));
    const struct gw_value *body;
    if (gw_view_equal(type, GW_VIEW("tree")) && (body = gw_map_get(rule, GW_VIEW("rules")))) {
        return try_rules(eval, scope, body);
    }
    if (gw_view_equal(type, GW_VIEW("endpoint")) &&
        (body = gw_map_get(rule, GW_VIEW("endpoint")))) {
        take_endpoint(eval, scope, body);
    } else if (gw_view_equal(type, GW_VIEW("error")) &&
               (body = gw_map_get(rule, GW_VIEW("error")))) {
        take_error(eval, scope, body);
    } else {
        fail(eval, "no such rule:", type);
    }
    return true;
}

static bool try_rules(struct evaluation *eval, const struct variable *scope,
                      const struct gw_value *rules)
{
    if (rules->kind != GW_LIST) {
        fail(eval, "expected a list of", GW_VIEW("rules"));
        return true;
    }
    for (size_t i = 0; i < rules->as.list.count; i++) {
        if (try_rule(eval, scope, &rules->as.list.items[i])) {
            return true;
        }
    }
    return false;
}

/* ---- parameters ----------------------------------------------------------------------------- */

static bool has_type(const struct gw_value *value, struct gw_view type)
{
    if (gw_view_equal_nocase(type, GW_VIEW("boolean"))) {
        return value->kind == GW_BOOL;
    }
    if (gw_view_equal_nocase(type, GW_VIEW("stringArray"))) {
        return value->kind == GW_LIST;
    }
    return value->kind == GW_STRING;
}

/* The parameters of the set with what was given for them, else with their defaults. */
static const struct variable *bind_parameters(struct evaluation *eval,
                                              const struct gw_value *declared,
                                              const struct gw_value *given)
{
    const struct variable *scope = NULL;
    size_t count = declared != NULL && declared->kind == GW_MAP ? declared->as.map.count : 0;
    for (size_t i = 0; i < count; i++) {
        const struct gw_entry *entry = &declared->as.map.entries[i];
        const struct gw_value *required = gw_map_get(&entry->value, GW_VIEW("required"));
        const struct gw_value *value = gw_map_get(given, entry->key);
        if (value == NULL || value->kind == GW_NULL) {
            value = gw_map_get(&entry->value, GW_VIEW("default"));
        }
        if (value == NULL && required != NULL && required->kind == GW_BOOL &&
            required->as.boolean) {
            fail(eval, "nothing is given for the required parameter", entry->key);
            return NULL;
        }
        if (value != NULL && !has_type(value, gw_map_text(&entry->value, GW_VIEW("type")))) {
            fail(eval, "wrong type of the parameter", entry->key);
            return NULL;
        }
        scope = assign(eval, scope, entry->key, value);
    }
    return scope;
}

/* ---- sets ------------------------------------------------------------------------------------ */

const struct gw_endpoint_rules *gw_endpoint_rules_parse(struct gw_view json, struct gw_arena *arena,
                                                        struct gw_err *err)
{
    struct gw_value *set = gw_arena_alloc(arena, sizeof *set);
    if (!gw_json_parse(json, arena, set, err)) {
        gw_err_prefix(err, "endpoint rules");
        return NULL;
    }
    struct gw_endpoint_rules *out = gw_arena_alloc(arena, sizeof *out);
    out->parameters = gw_map_get(set, GW_VIEW("parameters"));
    out->rules = gw_map_get(set, GW_VIEW("rules"));
    return out;
}

static struct known {
    struct known *next;
    const struct gw_service *service;
    const struct gw_endpoint_rules *rules;
} * known;

const struct gw_endpoint_rules *gw_endpoint_rules_of(const struct gw_service *service,
                                                     struct gw_err *err)
{
    static struct gw_arena *arena;
    for (const struct known *one = known; one; one = one->next) {
        if (one->service == service) {
            return one->rules;
        }
    }
    arena = arena ? arena : gw_arena_new();
    const struct gw_endpoint_rules *rules =
        gw_endpoint_rules_parse(gw_service_endpoint_rules(service), arena, err);
    if (rules) {
        struct known *one = gw_arena_alloc(arena, sizeof *one);
        *one = (struct known){known, service, rules};
        known = one;
    }
    return rules;
}

size_t gw_endpoint_parameter_count(const struct gw_endpoint_rules *rules)
{
    bool any = rules->parameters != NULL && rules->parameters->kind == GW_MAP;
    return any ? rules->parameters->as.map.count : 0;
}

struct gw_view gw_endpoint_parameter(const struct gw_endpoint_rules *rules, size_t index,
                                     struct gw_view *built_in)
{
    const struct gw_entry *entry = &rules->parameters->as.map.entries[index];
    *built_in = gw_map_text(&entry->value, GW_VIEW("builtIn"));
    return entry->key;
}

bool gw_endpoint_evaluate(const struct gw_endpoint_rules *rules, const struct gw_value *parameters,
                          struct gw_arena *arena, struct gw_endpoint_answer *out,
                          struct gw_err *err)
{
    *out = (struct gw_endpoint_answer){0};
    struct evaluation eval = {.arena = arena, .err = err, .out = out};
    const struct variable *scope = bind_parameters(&eval, rules->parameters, parameters);
    if (!eval.failed && (rules->rules == NULL || !try_rules(&eval, scope, rules->rules))) {
        return gw_fail(err, GW_ERR_INPUT, "No endpoint found");
    }
    return !eval.failed;
}
