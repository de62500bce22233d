/* endpoint_functions: the functions that endpoint rules may call: pure, from values to a value.
 * An argument of another type than the function takes counts as not set. NULL is null. */
#include "aws/internal.h"

#define HOST_LABEL_MAX 63
#define S3_BUCKET_MIN  3
#define ENCODED_MAX    (64u << 10)
#define ARN_PREFIX     GW_VIEW("arn:")

typedef const struct gw_value *const *arguments;

/* ---- values --------------------------------------------------------------------------------- */

static const struct gw_value *new_value(struct gw_arena *arena, struct gw_value value)
{
    struct gw_value *out = gw_arena_alloc(arena, sizeof *out);
    *out = value;
    return out;
}

static const struct gw_value *new_bool(struct gw_arena *arena, bool value)
{
    return new_value(arena, gw_value_bool(value));
}

static bool is_string(const struct gw_value *value)
{
    return value != NULL && value->kind == GW_STRING;
}

static bool is_true(const struct gw_value *value)
{
    return value != NULL && value->kind == GW_BOOL && value->as.boolean;
}

static void add_text(struct gw_arena *arena, struct gw_value *map, const char *key,
                     struct gw_view text)
{
    *gw_map_add(arena, map, gw_view_of(key)) = gw_value_string(text);
}

/* ---- logic and attributes ------------------------------------------------------------------- */

static const struct gw_value *is_set(arguments args, struct gw_arena *arena)
{
    return new_bool(arena, args[0] != NULL);
}

static const struct gw_value *negate(arguments args, struct gw_arena *arena)
{
    return new_bool(arena, !is_true(args[0]));
}

static const struct gw_value *if_then_else(arguments args, struct gw_arena *arena)
{
    (void)arena;
    return is_true(args[0]) ? args[1] : args[2];
}

/* The first that is set; arguments that are not given are not set. */
static const struct gw_value *coalesce(arguments args, struct gw_arena *arena)
{
    (void)arena;
    size_t i = 0;
    while (i + 1 < GW_RULE_ARGUMENTS_MAX && args[i] == NULL) {
        i++;
    }
    return args[i];
}

static const struct gw_value *string_equals(arguments args, struct gw_arena *arena)
{
    return new_bool(arena, is_string(args[0]) && is_string(args[1]) &&
                               gw_view_equal(args[0]->as.string, args[1]->as.string));
}

static const struct gw_value *boolean_equals(arguments args, struct gw_arena *arena)
{
    return new_bool(arena, args[0] != NULL && args[1] != NULL && args[0]->kind == GW_BOOL &&
                               args[1]->kind == GW_BOOL &&
                               args[0]->as.boolean == args[1]->as.boolean);
}

static const struct gw_value *element(const struct gw_value *list, struct gw_view digits)
{
    int64_t index;
    if (list == NULL || list->kind != GW_LIST || !gw_view_to_int64(digits, &index) || index < 0 ||
        (size_t)index >= list->as.list.count) {
        return NULL;
    }
    return &list->as.list.items[index];
}

/* "name", "name[0]" or "[0]". */
static const struct gw_value *part_of(const struct gw_value *value, struct gw_view part)
{
    size_t open = gw_view_find_char(part, '[');
    struct gw_view name = gw_view_sub(part, 0, open);
    if (name.len > 0) {
        value = gw_map_get(value, name);
    }
    if (open == GW_NPOS) {
        return value;
    }
    if (!gw_view_ends_with(part, GW_VIEW("]"))) {
        return NULL;
    }
    return element(value, gw_view_sub(part, open + 1, part.len - open - 2));
}

const struct gw_value *gw_rule_attribute(const struct gw_value *value, struct gw_view path)
{
    struct gw_view part;
    while (value != NULL && gw_view_next(&path, '.', &part)) {
        value = part_of(value, part);
    }
    return value;
}

static const struct gw_value *get_attribute(arguments args, struct gw_arena *arena)
{
    (void)arena;
    return is_string(args[1]) ? gw_rule_attribute(args[0], args[1]->as.string) : NULL;
}

/* ---- text ----------------------------------------------------------------------------------- */

static bool is_ascii(struct gw_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] > 127) {
            return false;
        }
    }
    return true;
}

/* substring(text, start, stop, reverse): null where the text has no such part. */
static const struct gw_value *substring(arguments args, struct gw_arena *arena)
{
    if (!is_string(args[0]) || args[1] == NULL || args[1]->kind != GW_INT || args[2] == NULL ||
        args[2]->kind != GW_INT) {
        return NULL;
    }
    struct gw_view text = args[0]->as.string;
    int64_t start = args[1]->as.integer, stop = args[2]->as.integer;
    if (start < 0 || start >= stop || (uint64_t)stop > text.len || !is_ascii(text)) {
        return NULL;
    }
    size_t from = is_true(args[3]) ? text.len - (size_t)stop : (size_t)start;
    return new_value(arena, gw_value_string(gw_view_sub(text, from, (size_t)(stop - start))));
}

/* split(text, delimiter, limit): in at most `limit` parts, the last with the rest; 0: in all. */
static const struct gw_value *split(arguments args, struct gw_arena *arena)
{
    if (!is_string(args[0]) || !is_string(args[1]) || args[1]->as.string.len == 0 ||
        args[2] == NULL || args[2]->kind != GW_INT) {
        return NULL;
    }
    struct gw_view rest = args[0]->as.string, delimiter = args[1]->as.string;
    int64_t limit = args[2]->as.integer;
    struct gw_value out = gw_value_list();
    size_t at;
    while ((limit <= 0 || (int64_t)out.as.list.count + 1 < limit) &&
           (at = gw_view_find(rest, delimiter)) != GW_NPOS) {
        *gw_list_add(arena, &out) = gw_value_string(gw_view_sub(rest, 0, at));
        rest = gw_view_sub(rest, at + delimiter.len, GW_NPOS);
    }
    *gw_list_add(arena, &out) = gw_value_string(rest);
    return new_value(arena, out);
}

static const struct gw_value *uri_encode(arguments args, struct gw_arena *arena)
{
    if (!is_string(args[0])) {
        return NULL;
    }
    struct gw_buf buf;
    gw_buf_init(&buf, ENCODED_MAX);
    const struct gw_value *out = NULL;
    if (gw_percent_write(args[0]->as.string, false, &buf)) {
        out = new_value(arena, gw_value_string(gw_arena_dup(arena, gw_buf_view(&buf))));
    }
    gw_buf_clear(&buf);
    return out;
}

bool gw_is_host_label(struct gw_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_inner = i > 0 && i + 1 < text.len;
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            !(c == '-' && is_inner)) {
            return false;
        }
    }
    return text.len > 0 && text.len <= HOST_LABEL_MAX;
}

static bool is_host_label(struct gw_view text, bool allow_subdomains)
{
    if (!allow_subdomains) {
        return gw_is_host_label(text);
    }
    struct gw_view label;
    while (gw_view_next(&text, '.', &label)) {
        if (!gw_is_host_label(label)) {
            return false;
        }
    }
    return true;
}

static const struct gw_value *is_valid_host_label(arguments args, struct gw_arena *arena)
{
    return new_bool(arena, is_string(args[0]) && args[0]->as.string.len > 0 &&
                               is_host_label(args[0]->as.string, is_true(args[1])));
}

/* Four groups of one to three digits, as a browser would take for an address. */
static bool is_ipv4_like(struct gw_view text)
{
    struct gw_view group;
    int count = 0;
    for (; gw_view_next(&text, '.', &group); count++) {
        if (group.len < 1 || group.len > 3) {
            return false;
        }
        for (size_t i = 0; i < group.len; i++) {
            if (group.data[i] < '0' || group.data[i] > '9') {
                return false;
            }
        }
    }
    return count == 4;
}

static bool has_upper_case(struct gw_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] >= 'A' && text.data[i] <= 'Z') {
            return true;
        }
    }
    return false;
}

static const struct gw_value *is_virtual_hostable_bucket(arguments args, struct gw_arena *arena)
{
    struct gw_view name = is_string(args[0]) ? args[0]->as.string : GW_VIEW_NONE;
    return new_bool(arena, name.len >= S3_BUCKET_MIN && !has_upper_case(name) &&
                               !is_ipv4_like(name) && is_host_label(name, is_true(args[1])));
}

/* ---- URLs and ARNs -------------------------------------------------------------------------- */

static struct gw_view normalized_path(struct gw_arena *arena, struct gw_view path)
{
    if (gw_view_ends_with(path, GW_VIEW("/"))) {
        return path;
    }
    return gw_arena_printf(arena, "%.*s/", GW_VIEW_ARGS(path));
}

static const struct gw_value *parse_url(arguments args, struct gw_arena *arena)
{
    struct gw_url url;
    struct gw_value out = gw_value_map();
    if (!is_string(args[0]) || !gw_url_parse(args[0]->as.string, &url, NULL) || url.query.len > 0) {
        return NULL;
    }
    bool is_ipv6 = gw_view_starts_with(url.authority, GW_VIEW("["));
    add_text(arena, &out, "scheme", url.scheme);
    add_text(arena, &out, "authority", url.authority);
    add_text(arena, &out, "path", url.path);
    add_text(arena, &out, "normalizedPath", normalized_path(arena, url.path));
    *gw_map_add(arena, &out, GW_VIEW("isIp")) = gw_value_bool(is_ipv6 || is_ipv4_like(url.host));
    return new_value(arena, out);
}

/* The resource of an ARN, cut at every ':' and '/'. */
static struct gw_value resource_parts(struct gw_arena *arena, struct gw_view resource)
{
    struct gw_value out = gw_value_list();
    size_t start = 0;
    for (size_t i = 0; i <= resource.len; i++) {
        if (i == resource.len || resource.data[i] == ':' || resource.data[i] == '/') {
            *gw_list_add(arena, &out) = gw_value_string(gw_view_sub(resource, start, i - start));
            start = i + 1;
        }
    }
    return out;
}

static const struct gw_value *parse_arn(arguments args, struct gw_arena *arena)
{
    static const char *const names[] = {"partition", "service", "region", "accountId"};
    if (!is_string(args[0]) || !gw_view_starts_with(args[0]->as.string, ARN_PREFIX)) {
        return NULL;
    }
    struct gw_view rest = gw_view_sub(args[0]->as.string, ARN_PREFIX.len, GW_NPOS);
    struct gw_view part;
    struct gw_value out = gw_value_map();
    for (size_t i = 0; i < 4; i++) {
        if (!gw_view_next(&rest, ':', &part) || (i < 2 && part.len == 0)) {
            return NULL;
        }
        add_text(arena, &out, names[i], part);
    }
    if (rest.len == 0) {
        return NULL;
    }
    *gw_map_add(arena, &out, GW_VIEW("resourceId")) = resource_parts(arena, rest);
    return new_value(arena, out);
}

/* No region is in the partition aws, as any that nobody knows. */
static const struct gw_value *partition(arguments args, struct gw_arena *arena)
{
    return gw_partition_of(is_string(args[0]) ? args[0]->as.string : GW_VIEW_NONE, arena);
}

/* ---- the table ------------------------------------------------------------------------------ */

const struct gw_rule_function *gw_rule_function_find(struct gw_view name)
{
    static const struct gw_rule_function functions[] = {
        {"booleanEquals", 2, 2, boolean_equals},
        {"getAttr", 2, 2, get_attribute},
        {"isSet", 1, 1, is_set},
        {"stringEquals", 2, 2, string_equals},
        {"aws.partition", 1, 1, partition},
        {"not", 1, 1, negate},
        {"substring", 4, 4, substring},
        {"parseURL", 1, 1, parse_url},
        {"isValidHostLabel", 2, 2, is_valid_host_label},
        {"aws.parseArn", 1, 1, parse_arn},
        {"aws.isVirtualHostableS3Bucket", 2, 2, is_virtual_hostable_bucket},
        {"uriEncode", 1, 1, uri_encode},
        {"coalesce", 2, GW_RULE_ARGUMENTS_MAX, coalesce},
        {"ite", 3, 3, if_then_else},
        {"split", 3, 3, split},
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (gw_view_equal(name, gw_view_of(functions[i].name))) {
            return &functions[i];
        }
    }
    return NULL;
}
