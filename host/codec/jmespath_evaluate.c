/* jmespath_evaluate: a compiled expression on a value.
 * Results share their parts with what was searched, so a short expression can stand for a huge
 * result; therefore every search has a budget of steps. Limit: GW_JMESPATH_MAX_STEPS. */
#include "codec/internal.h"

#define TEXT_BYTES_PER_STEP 16

/* ---- budget ---------------------------------------------------------------------------------- */

bool gw_jp_charge(struct gw_jp_run *run, size_t steps)
{
    if (steps > run->steps_left) {
        run->steps_left = 0;
        return gw_fail(run->err, GW_ERR_LIMIT, "jmespath: the search takes more than %u steps",
                       GW_JMESPATH_MAX_STEPS);
    }
    run->steps_left -= steps;
    return true;
}

static bool charge_walk(struct gw_jp_run *run, const struct gw_value *value, size_t depth)
{
    if (depth > GW_JMESPATH_MAX_DEPTH) {
        return gw_fail(run->err, GW_ERR_LIMIT, "jmespath: a result is nested too deep");
    }
    if (!gw_jp_charge(run, 1)) {
        return false;
    }
    bool ok = true;
    if (value->kind == GW_STRING) {
        ok = gw_jp_charge(run, value->as.string.len / TEXT_BYTES_PER_STEP);
    } else if (value->kind == GW_LIST) {
        for (size_t i = 0; ok && i < value->as.list.count; i++) {
            ok = charge_walk(run, &value->as.list.items[i], depth + 1);
        }
    } else if (value->kind == GW_MAP) {
        for (size_t i = 0; ok && i < value->as.map.count; i++) {
            ok = charge_walk(run, &value->as.map.entries[i].value, depth + 1);
        }
    }
    return ok;
}

bool gw_jp_charge_walk(struct gw_jp_run *run, const struct gw_value *value)
{
    return charge_walk(run, value, 0);
}

/* ---- values ---------------------------------------------------------------------------------- */

static const struct gw_value null_value = {.kind = GW_NULL};

bool gw_jmespath_is_true(const struct gw_value *value)
{
    switch (value->kind) {
    case GW_NULL:
        return false;
    case GW_BOOL:
        return value->as.boolean;
    case GW_STRING:
        return value->as.string.len > 0;
    case GW_LIST:
        return value->as.list.count > 0;
    case GW_MAP:
        return value->as.map.count > 0;
    default:
        return true;
    }
}

bool gw_jp_is_number(const struct gw_value *value)
{
    return value->kind == GW_INT || value->kind == GW_DOUBLE;
}

static double as_double(const struct gw_value *number)
{
    return number->kind == GW_INT ? (double)number->as.integer : number->as.number;
}

int gw_jp_order(const struct gw_value *a, const struct gw_value *b)
{
    if (a->kind == GW_STRING) {
        return gw_view_compare(a->as.string, b->as.string);
    }
    if (a->kind == GW_INT && b->kind == GW_INT) {
        return (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
    }
    double left = as_double(a), right = as_double(b);
    return (left > right) - (left < right);
}

struct gw_value gw_jp_list(struct gw_arena *arena, size_t capacity)
{
    struct gw_value list = gw_value_list();
    if (capacity > 0) {
        list.as.list.items = gw_arena_alloc(arena, capacity * sizeof *list.as.list.items);
        list.as.list.capacity = capacity;
    }
    return list;
}

void gw_jp_set(struct gw_arena *arena, struct gw_value *map, struct gw_view key,
               const struct gw_value *value)
{
    for (size_t i = 0; i < map->as.map.count; i++) {
        if (gw_view_equal(map->as.map.entries[i].key, key)) {
            map->as.map.entries[i].value = *value;
            return;
        }
    }
    *gw_map_add(arena, map, key) = *value;
}

/* ---- picking --------------------------------------------------------------------------------- */

static void pick_field(const struct gw_jp_node *node, const struct gw_value *value,
                       struct gw_value *out)
{
    const struct gw_value *member = gw_map_get(value, node->as.name);
    *out = member ? *member : null_value;
}

static void pick_index(const struct gw_jp_node *node, const struct gw_value *value,
                       struct gw_value *out)
{
    if (value->kind != GW_LIST) {
        return;
    }
    int64_t index = node->as.slice.part[0], count = (int64_t)value->as.list.count;
    if (index < 0) {
        index += count;
    }
    if (index >= 0 && index < count) {
        *out = value->as.list.items[index];
    }
}

/* Where a bound lies in a list of `count`, between `low` and `high`. */
static int64_t bound(const struct gw_jp_slice *slice, int part, int64_t otherwise, int64_t count,
                     int64_t low, int64_t high)
{
    if (!slice->given[part]) {
        return otherwise;
    }
    int64_t at = slice->part[part];
    if (at < 0) {
        at = at < -count ? low : at + count;
    }
    return at < low ? low : at > high ? high : at;
}

static bool pick_slice(struct gw_jp_run *run, const struct gw_jp_node *node,
                       const struct gw_value *value, struct gw_value *out)
{
    if (value->kind != GW_LIST) {
        return true;
    }
    const struct gw_jp_slice *slice = &node->as.slice;
    int64_t count = (int64_t)value->as.list.count;
    int64_t step = slice->given[2] ? slice->part[2] : 1;
    /* further than the list is long makes no difference, and cannot overflow */
    step = step > count ? count + 1 : step < -count ? -count - 1 : step;
    bool up = step > 0;
    int64_t low = up ? 0 : -1, high = up ? count : count - 1;
    int64_t start = bound(slice, 0, up ? low : high, count, low, high);
    int64_t stop = bound(slice, 1, up ? high : low, count, low, high);
    if (!gw_jp_charge(run, value->as.list.count)) {
        return false;
    }
    *out = gw_jp_list(run->arena, value->as.list.count);
    for (int64_t i = start; up ? i < stop : i > stop; i += step) {
        out->as.list.items[out->as.list.count++] = value->as.list.items[i];
    }
    return true;
}

static bool flatten(struct gw_jp_run *run, const struct gw_jp_node *node,
                    const struct gw_value *value, struct gw_value *out)
{
    struct gw_value base;
    if (!gw_jp_evaluate(run, node->first, value, &base)) {
        return false;
    }
    if (base.kind != GW_LIST) {
        return true;
    }
    size_t count = 0;
    for (size_t i = 0; i < base.as.list.count; i++) {
        const struct gw_value *item = &base.as.list.items[i];
        count += item->kind == GW_LIST ? item->as.list.count : 1;
    }
    if (!gw_jp_charge(run, count)) {
        return false;
    }
    *out = gw_jp_list(run->arena, count);
    for (size_t i = 0; i < base.as.list.count; i++) {
        const struct gw_value *item = &base.as.list.items[i];
        bool nested = item->kind == GW_LIST;
        for (size_t k = 0; k < (nested ? item->as.list.count : 1); k++) {
            out->as.list.items[out->as.list.count++] = nested ? item->as.list.items[k] : *item;
        }
    }
    return true;
}

/* ---- projecting ------------------------------------------------------------------------------ */

static bool passes(struct gw_jp_run *run, const struct gw_jp_node *condition,
                   const struct gw_value *item, bool *passed)
{
    struct gw_value answer = gw_value_bool(true);
    bool ok = !condition || gw_jp_evaluate(run, condition, item, &answer);
    *passed = ok && gw_jmespath_is_true(&answer);
    return ok;
}

static bool project_one(struct gw_jp_run *run, const struct gw_jp_node *node,
                        const struct gw_value *item, struct gw_value *list)
{
    const struct gw_jp_node *each = node->first->next;
    struct gw_value result;
    bool passed;
    if (!passes(run, each->next, item, &passed)) {
        return false;
    }
    if (!passed) {
        return true;
    }
    if (!gw_jp_evaluate(run, each, item, &result)) {
        return false;
    }
    if (result.kind != GW_NULL) {
        list->as.list.items[list->as.list.count++] = result;
    }
    return true;
}

static bool project(struct gw_jp_run *run, const struct gw_jp_node *node,
                    const struct gw_value *value, struct gw_value *out)
{
    struct gw_value base;
    if (!gw_jp_evaluate(run, node->first, value, &base)) {
        return false;
    }
    bool of_map = node->op == GW_JP_OP_PROJECT_VALUES;
    if (base.kind != (of_map ? GW_MAP : GW_LIST)) {
        return true;
    }
    size_t count = of_map ? base.as.map.count : base.as.list.count;
    if (!gw_jp_charge(run, count)) {
        return false;
    }
    *out = gw_jp_list(run->arena, count);
    for (size_t i = 0; i < count; i++) {
        const struct gw_value *item =
            of_map ? &base.as.map.entries[i].value : &base.as.list.items[i];
        if (!project_one(run, node, item, out)) {
            return false;
        }
    }
    return true;
}

/* ---- combining ------------------------------------------------------------------------------- */

static bool chain(struct gw_jp_run *run, const struct gw_jp_node *node,
                  const struct gw_value *value, struct gw_value *out)
{
    *out = *value;
    for (const struct gw_jp_node *link = node->first; link; link = link->next) {
        struct gw_value from = *out;
        if (!gw_jp_evaluate(run, link, &from, out)) {
            return false;
        }
    }
    return true;
}

/* The first of the children that decides: a true one for `or`, a false one for `and`. */
static bool decide(struct gw_jp_run *run, const struct gw_jp_node *node,
                   const struct gw_value *value, struct gw_value *out)
{
    bool deciding = node->op == GW_JP_OP_OR;
    for (const struct gw_jp_node *child = node->first; child; child = child->next) {
        if (!gw_jp_evaluate(run, child, value, out)) {
            return false;
        }
        if (gw_jmespath_is_true(out) == deciding) {
            break;
        }
    }
    return true;
}

static bool negate(struct gw_jp_run *run, const struct gw_jp_node *node,
                   const struct gw_value *value, struct gw_value *out)
{
    struct gw_value operand;
    if (!gw_jp_evaluate(run, node->first, value, &operand)) {
        return false;
    }
    *out = gw_value_bool(!gw_jmespath_is_true(&operand));
    return true;
}

static bool holds(enum gw_jp_token_kind comparison, int order)
{
    switch (comparison) {
    case GW_JP_LT:
        return order < 0;
    case GW_JP_LE:
        return order <= 0;
    case GW_JP_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

static bool compare(struct gw_jp_run *run, const struct gw_jp_node *node,
                    const struct gw_value *value, struct gw_value *out)
{
    struct gw_value left, right;
    if (!gw_jp_evaluate(run, node->first, value, &left) ||
        !gw_jp_evaluate(run, node->last, value, &right)) {
        return false;
    }
    enum gw_jp_token_kind comparison = node->as.comparison;
    if (comparison == GW_JP_EQ || comparison == GW_JP_NE) {
        if (!gw_jp_charge_walk(run, &left) || !gw_jp_charge_walk(run, &right)) {
            return false;
        }
        *out = gw_value_bool(gw_value_equal(&left, &right) == (comparison == GW_JP_EQ));
        return true;
    }
    bool ordered = (gw_jp_is_number(&left) && gw_jp_is_number(&right)) ||
                   (left.kind == GW_STRING && right.kind == GW_STRING);
    *out = ordered ? gw_value_bool(holds(comparison, gw_jp_order(&left, &right))) : null_value;
    return true;
}

static bool select_each(struct gw_jp_run *run, const struct gw_jp_node *node,
                        const struct gw_value *value, struct gw_value *out)
{
    bool is_map = node->op == GW_JP_OP_MAP;
    if (value->kind == GW_NULL) {
        return true;
    }
    struct gw_value selected = is_map ? gw_value_map() : gw_jp_list(run->arena, node->child_count);
    for (const struct gw_jp_node *child = node->first; child; child = child->next) {
        struct gw_value item;
        if (!gw_jp_evaluate(run, child, value, &item)) {
            return false;
        }
        if (is_map) {
            gw_jp_set(run->arena, &selected, child->key, &item);
        } else {
            selected.as.list.items[selected.as.list.count++] = item;
        }
    }
    *out = selected;
    return true;
}

bool gw_jp_evaluate(struct gw_jp_run *run, const struct gw_jp_node *node,
                    const struct gw_value *value, struct gw_value *out)
{
    *out = null_value; /* unless something else is found */
    if (!gw_jp_charge(run, 1)) {
        return false;
    }
    switch (node->op) {
    case GW_JP_OP_SELF:
        *out = *value;
        return true;
    case GW_JP_OP_FIELD:
        pick_field(node, value, out);
        return true;
    case GW_JP_OP_VALUE:
        *out = node->as.literal;
        return true;
    case GW_JP_OP_CHAIN:
        return chain(run, node, value, out);
    case GW_JP_OP_INDEX:
        pick_index(node, value, out);
        return true;
    case GW_JP_OP_SLICE:
        return pick_slice(run, node, value, out);
    case GW_JP_OP_PROJECT:
    case GW_JP_OP_PROJECT_VALUES:
    case GW_JP_OP_PROJECT_FILTERED:
        return project(run, node, value, out);
    case GW_JP_OP_FLATTEN:
        return flatten(run, node, value, out);
    case GW_JP_OP_OR:
    case GW_JP_OP_AND:
        return decide(run, node, value, out);
    case GW_JP_OP_NOT:
        return negate(run, node, value, out);
    case GW_JP_OP_COMPARE:
        return compare(run, node, value, out);
    case GW_JP_OP_LIST:
    case GW_JP_OP_MAP:
        return select_each(run, node, value, out);
    case GW_JP_OP_CALL:
        return gw_jp_call(run, node, value, out);
    case GW_JP_OP_EXPREF: /* gw_jp_call hands it to the function */
        break;
    }
    return gw_fail(run->err, GW_ERR_INTERNAL, "jmespath: a node that cannot be evaluated");
}
