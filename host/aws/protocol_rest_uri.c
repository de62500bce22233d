/* protocol_rest_uri: the path and the query of REST requests, both ways, and which operation they
 * mean. A template is as in the models: "/{Bucket}/{Key+}?tagging"; a label with '+' may hold
 * slashes. Limit: MAX_PATH_BYTES of a path to be matched. */
#include "aws/internal.h"

#define MAX_PATH_BYTES (8u << 10)

/* ---- templates and URLs ---------------------------------------------------------------------- */

struct parts {
    struct gw_view path, query; /* without the '?' */
};

static struct parts split(struct gw_view uri)
{
    size_t question = gw_view_find_char(uri, '?');
    if (question == GW_NPOS) {
        return (struct parts){uri, GW_VIEW_NONE};
    }
    return (struct parts){gw_view_sub(uri, 0, question), gw_view_sub(uri, question + 1, uri.len)};
}

/* The same of a request's URL, which may be absolute. */
static struct parts split_url(struct gw_view text)
{
    struct gw_url url;
    if (!gw_view_starts_with(text, GW_VIEW("/")) && gw_url_parse(text, &url, NULL)) {
        return (struct parts){url.path.len > 0 ? url.path : GW_VIEW("/"), url.query};
    }
    return split(text);
}

struct label {
    struct gw_view name;
    bool greedy;
};

/* The label that the template begins with, and what follows it. */
static struct label take_label(struct gw_view *template)
{
    size_t end = gw_view_find_char(*template, '}');
    struct label label = {.name = gw_view_sub(*template, 1, end == GW_NPOS ? 0 : end - 1)};
    label.greedy = gw_view_ends_with(label.name, GW_VIEW("+"));
    label.name.len -= label.greedy ? 1 : 0;
    *template = gw_view_sub(*template, end == GW_NPOS ? template->len : end + 1, template->len);
    return label;
}

static const struct gw_member *find_bound(const struct gw_shape *shape, enum gw_location location,
                                          struct gw_view wire_name)
{
    for (size_t i = 0; shape && i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        if (gw_member_location(member) == location &&
            gw_view_equal(gw_member_wire_name(member), wire_name)) {
            return member;
        }
    }
    return NULL;
}

/* ---- writing: path --------------------------------------------------------------------------- */

/* Whoever stands between us and the service may follow it. Keys of S3 may hold such parts, and are sent
 * as they are. */
static bool is_dot_segment(struct gw_view text)
{
    return gw_view_equal(text, GW_VIEW(".")) || gw_view_equal(text, GW_VIEW(".."));
}

static bool write_label(const struct gw_walk *walk, struct label label,
                        const struct gw_value *input, struct gw_buf *out)
{
    const struct gw_shape *shape = gw_operation_input(walk->op);
    const struct gw_member *member = find_bound(shape, GW_LOCATION_URI, label.name);
    struct gw_view text = GW_VIEW_NONE, name = member ? gw_member_name(member) : label.name;
    struct gw_path place = gw_path_name(NULL, name);
    const struct gw_value *value = gw_map_get(input, name);
    if (!member || !value || value->kind == GW_NULL) {
        return gw_walk_fail(walk, &place, "required, but not given: it is a part of the path");
    }
    if (!gw_rest_write_text(walk, &place, member, value, &text)) {
        return false;
    }
    if (text.len == 0) {
        return gw_walk_fail(walk, &place, "empty, but it is a part of the path");
    }
    if (!label.greedy && is_dot_segment(text)) {
        return gw_walk_fail(walk, &place, "'%.*s' would lead to another path", GW_VIEW_ARGS(text));
    }
    gw_percent_write(text, label.greedy, out);
    return true;
}

static bool write_path(const struct gw_walk *walk, struct gw_view template,
                       const struct gw_value *input, struct gw_buf *out)
{
    while (template.len > 0) {
        size_t open = gw_view_find_char(template, '{');
        gw_buf_add(out, gw_view_sub(template, 0, open));
        if (open == GW_NPOS) {
            break;
        }
        template = gw_view_sub(template, open, template.len);
        if (!write_label(walk, take_label(&template), input, out)) {
            return false;
        }
    }
    return true;
}

/* ---- writing: query -------------------------------------------------------------------------- */

struct query_writer {
    const struct gw_walk *walk;
    const struct gw_value *input;
    struct gw_buf *out;
    char separator; /* '?' before the first pair */
};

static bool write_pair(struct query_writer *w, const struct gw_path *path, struct gw_view key,
                       const struct gw_member *member, const struct gw_value *value)
{
    struct gw_view text = GW_VIEW_NONE;
    if (value->kind == GW_NULL) {
        return true;
    }
    if (!gw_rest_write_text(w->walk, path, member, value, &text)) {
        return false;
    }
    gw_buf_add_char(w->out, w->separator);
    gw_percent_write(key, false, w->out);
    gw_buf_add_char(w->out, '=');
    gw_percent_write(text, false, w->out);
    w->separator = '&';
    return true;
}

/* A list repeats its key. */
static bool write_pairs(struct query_writer *w, const struct gw_path *path, struct gw_view key,
                        const struct gw_member *member, const struct gw_value *value)
{
    const struct gw_shape *shape = gw_member_shape(member);
    if (gw_shape_type(shape) != GW_SHAPE_LIST) {
        return write_pair(w, path, key, member, value);
    }
    if (!gw_value_is_list(value)) {
        return gw_walk_mismatch(w->walk, path, shape, value);
    }
    for (size_t i = 0; value->kind == GW_LIST && i < value->as.list.count; i++) {
        struct gw_path place = gw_path_index(path, i);
        if (!write_pair(w, &place, key, gw_shape_element(shape), &value->as.list.items[i])) {
            return false;
        }
    }
    return true;
}

static bool is_literal(const struct gw_operation *op, struct gw_view key)
{
    struct gw_view rest = split(gw_operation_uri(op)).query, part;
    while (gw_view_next(&rest, '&', &part)) {
        if (gw_view_equal(gw_view_sub(part, 0, gw_view_find_char(part, '=')), key)) {
            return true;
        }
    }
    return false;
}

/* What the template has, and a parameter of its own, win over the map's entry. */
static bool is_taken(const struct query_writer *w, struct gw_view key)
{
    const struct gw_shape *shape = gw_operation_input(w->walk->op);
    if (is_literal(w->walk->op, key)) {
        return true;
    }
    const struct gw_member *member = find_bound(shape, GW_LOCATION_QUERY, key);
    const struct gw_value *given = member ? gw_map_get(w->input, gw_member_name(member)) : NULL;
    return given && given->kind != GW_NULL &&
           gw_shape_type(gw_member_shape(member)) != GW_SHAPE_MAP;
}

static bool write_query_map(struct query_writer *w, const struct gw_path *path,
                            const struct gw_member *member, const struct gw_value *map)
{
    const struct gw_shape *shape = gw_member_shape(member);
    if (!gw_value_is_map(map)) {
        return gw_walk_mismatch(w->walk, path, shape, map);
    }
    for (size_t i = 0; map->kind == GW_MAP && i < map->as.map.count; i++) {
        const struct gw_entry *entry = &map->as.map.entries[i];
        struct gw_path place = gw_path_name(path, entry->key);
        if (entry->value.kind != GW_NULL && !is_taken(w, entry->key) &&
            !write_pairs(w, &place, entry->key, gw_shape_value(shape), &entry->value)) {
            return false;
        }
    }
    return true;
}

static bool write_query(struct query_writer *w)
{
    const struct gw_shape *shape = gw_operation_input(w->walk->op);
    for (size_t i = 0; shape && i < w->input->as.map.count; i++) {
        const struct gw_entry *entry = &w->input->as.map.entries[i];
        const struct gw_member *member = gw_shape_find_member(shape, entry->key);
        struct gw_path place = gw_path_name(NULL, entry->key);
        if (!member || gw_member_location(member) != GW_LOCATION_QUERY ||
            entry->value.kind == GW_NULL) {
            continue;
        }
        bool is_map = gw_shape_type(gw_member_shape(member)) == GW_SHAPE_MAP;
        if (is_map ? !write_query_map(w, &place, member, &entry->value)
                   : !write_pairs(w, &place, gw_member_wire_name(member), member, &entry->value)) {
            return false;
        }
    }
    return true;
}

bool gw_rest_write_uri(const struct gw_walk *walk, const struct gw_value *input,
                       struct gw_view *out)
{
    struct parts template = split(gw_operation_uri(walk->op));
    struct gw_buf uri;
    gw_buf_init(&uri, GW_PROTOCOL_MAX_BYTES);
    struct query_writer w = {walk, input, &uri, '?'};
    bool written = write_path(walk, template.path, input, &uri);
    if (template.query.len > 0) {
        gw_buf_add_char(&uri, '?');
        gw_buf_add(&uri, template.query);
        w.separator = '&';
    }
    written = written && write_query(&w);
    struct gw_walk plain = *walk;
    plain.out = &uri;
    return gw_protocol_take_body(&plain, written, out);
}

/* ---- matching -------------------------------------------------------------------------------- */

/* What a template got out of a path. */
struct match {
    size_t literals, labels; /* bytes, and count of those that are not greedy */
    struct gw_view wanted;   /* the label to be found; empty: none */
    struct gw_view found;    /* its text, still encoded */
};

static bool match_path(struct gw_view template, struct gw_view path, struct match *match);

static bool match_label(struct gw_view template, struct gw_view path, struct match *match)
{
    struct label label = take_label(&template);
    size_t slash = label.greedy ? GW_NPOS : gw_view_find_char(path, '/');
    size_t len = slash == GW_NPOS ? path.len : slash;
    for (; len > 0; len--) {
        struct match rest = *match;
        rest.labels += !label.greedy;
        if (match_path(template, gw_view_sub(path, len, path.len), &rest)) {
            *match = rest;
            if (match->wanted.len > 0 && gw_view_equal(label.name, match->wanted)) {
                match->found = gw_view_sub(path, 0, len);
            }
            return true;
        }
    }
    return false;
}

/* As deep as the template has labels. A slash at the end of the path is nothing of its own. */
static bool match_path(struct gw_view template, struct gw_view path, struct match *match)
{
    size_t open = gw_view_find_char(template, '{');
    struct gw_view literal = gw_view_sub(template, 0, open);
    if (open == GW_NPOS && path.len == literal.len + 1 && gw_view_ends_with(path, GW_VIEW("/"))) {
        path.len--;
    }
    if (!gw_view_starts_with(path, literal)) {
        return false;
    }
    match->literals += literal.len;
    path = gw_view_sub(path, literal.len, path.len);
    return open == GW_NPOS ? path.len == 0
                           : match_label(gw_view_sub(template, open, template.len), path, match);
}

/* How well a request fits an operation; compared field by field. */
struct fit {
    size_t literals, labels, query_literals;
    bool complete;   /* what must be in query and headers is there */
    size_t required; /* how much that is */
};

/* "list-type=2" must be there so, "tagging" with any value. */
static bool match_query(struct gw_view template, const struct gw_form *query, struct fit *fit)
{
    struct gw_view part;
    while (template.len > 0 && gw_view_next(&template, '&', &part)) {
        size_t equals = gw_view_find_char(part, '=');
        const struct gw_view *value = gw_form_get(query, gw_view_sub(part, 0, equals));
        if (!value || (equals != GW_NPOS &&
                       !gw_view_equal(*value, gw_view_sub(part, equals + 1, part.len)))) {
            return false;
        }
        fit->query_literals++;
    }
    return true;
}

static void match_required(const struct gw_operation *op, const struct gw_http_request *req,
                           const struct gw_form *query, struct fit *fit)
{
    const struct gw_shape *shape = gw_operation_input(op);
    fit->complete = true;
    for (size_t i = 0; shape && i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        struct gw_view name = gw_member_wire_name(member);
        enum gw_location location = gw_member_location(member);
        if (!(gw_member_flags(member) & GW_MEMBER_REQUIRED) ||
            (location != GW_LOCATION_QUERY && location != GW_LOCATION_HEADER)) {
            continue;
        }
        bool given = location == GW_LOCATION_QUERY
                         ? gw_form_get(query, name) != NULL
                         : gw_headers_get(&req->headers, name).data != NULL;
        fit->complete = fit->complete && given;
        fit->required += given;
    }
}

static bool fits(const struct gw_operation *op, const struct gw_http_request *req,
                 struct gw_view path, const struct gw_form *query, struct fit *fit)
{
    struct parts template = split(gw_operation_uri(op));
    struct match match = {0};
    *fit = (struct fit){0};
    if (gw_custom_is_superseded(op) || !gw_view_equal(gw_operation_http_method(op), req->method) ||
        !match_path(template.path, path, &match) || !match_query(template.query, query, fit)) {
        return false;
    }
    match_required(op, req, query, fit);
    fit->literals = match.literals;
    fit->labels = match.labels;
    return true;
}

static bool is_better(const struct fit *a, const struct fit *b)
{
    const size_t ranks[][2] = {
        {a->literals, b->literals},
        {a->labels, b->labels},
        {a->query_literals, b->query_literals},
        {a->complete, b->complete},
        {a->required, b->required},
    };
    for (size_t i = 0; i < sizeof ranks / sizeof ranks[0]; i++) {
        if (ranks[i][0] != ranks[i][1]) {
            return ranks[i][0] > ranks[i][1];
        }
    }
    return false;
}

const struct gw_operation *gw_rest_find_operation(const struct gw_service *service,
                                                  const struct gw_http_request *req,
                                                  struct gw_arena *arena, struct gw_err *err)
{
    struct parts parts = split_url(req->url);
    const struct gw_operation *best = NULL;
    struct fit best_fit = {0}, fit;
    struct gw_form query;
    struct gw_view name = gw_service_name(service);
    if (parts.path.len > MAX_PATH_BYTES || !gw_protocol_read_form(parts.query, arena, &query)) {
        gw_fail(err, GW_ERR_INPUT, "%.*s: the path is too long, or the query not percent-encoded",
                GW_VIEW_ARGS(name));
        return NULL;
    }
    for (size_t i = 0; i < gw_service_operation_count(service); i++) {
        const struct gw_operation *op = gw_service_operation(service, i);
        if (fits(op, req, parts.path, &query, &fit) && (!best || is_better(&fit, &best_fit))) {
            best = op;
            best_fit = fit;
        }
    }
    if (!best) {
        gw_fail(err, GW_ERR_NOT_FOUND, "%.*s: no operation '%.*s %.*s'", GW_VIEW_ARGS(name),
                GW_VIEW_ARGS(gw_view_sub(req->method, 0, 20)),
                GW_VIEW_ARGS(gw_view_sub(parts.path, 0, 100)));
    }
    return best;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool read_label(const struct gw_walk *walk, const struct gw_member *member,
                       struct parts parts, struct gw_value *out)
{
    struct gw_path place = gw_path_name(NULL, gw_member_name(member));
    struct match match = {.wanted = gw_member_wire_name(member)};
    struct gw_view text;
    if (!match_path(split(gw_operation_uri(walk->op)).path, parts.path, &match) ||
        match.found.len == 0) {
        return true;
    }
    if (!gw_percent_read(match.found, false, walk->arena, &text)) {
        return gw_walk_fail(walk, &place, "not percent-encoded");
    }
    return gw_rest_read_text(walk, &place, member, text,
                             gw_map_add(walk->arena, out, gw_member_name(member)));
}

/* All of one key: a list, or the first. */
static bool read_key(const struct gw_walk *walk, const struct gw_path *path,
                     const struct gw_member *member, const struct gw_form_pair *pairs, size_t count,
                     struct gw_value *out)
{
    const struct gw_shape *shape = gw_member_shape(member);
    if (gw_shape_type(shape) != GW_SHAPE_LIST) {
        return gw_rest_read_text(walk, path, member, pairs[0].text, out);
    }
    *out = gw_value_list();
    for (size_t i = 0; i < count; i++) {
        struct gw_path place = gw_path_index(path, i);
        if (!gw_rest_read_text(walk, &place, gw_shape_element(shape), pairs[i].text,
                               gw_list_add(walk->arena, out))) {
            return false;
        }
    }
    if (gw_member_is_secret(member)) {
        gw_value_mark_secret(out);
    }
    return true;
}

/* Everything in the query, as Smithy has it, also what other members are bound to. */
static bool read_query_map(const struct gw_walk *walk, const struct gw_path *path,
                           const struct gw_member *member, const struct gw_form *query,
                           struct gw_value *out)
{
    size_t count;
    *out = gw_value_map();
    for (size_t at = 0; at < query->count; at += count) {
        struct gw_view key = query->pairs[at].key;
        struct gw_path place = gw_path_name(path, key);
        gw_form_find(query, key, &count);
        if (!read_key(walk, &place, gw_shape_value(gw_member_shape(member)), &query->pairs[at],
                      count, gw_map_add(walk->arena, out, key))) {
            return false;
        }
    }
    return true;
}

static bool read_query_member(const struct gw_walk *walk, const struct gw_member *member,
                              const struct gw_form *query, struct gw_value *out)
{
    struct gw_view name = gw_member_name(member);
    struct gw_path place = gw_path_name(NULL, name);
    size_t count, at = gw_form_find(query, gw_member_wire_name(member), &count);
    if (gw_shape_type(gw_member_shape(member)) == GW_SHAPE_MAP) {
        return query->count == 0 ||
               read_query_map(walk, &place, member, query, gw_map_add(walk->arena, out, name));
    }
    return count == 0 || read_key(walk, &place, member, &query->pairs[at], count,
                                  gw_map_add(walk->arena, out, name));
}

bool gw_rest_read_uri(const struct gw_walk *walk, struct gw_view url, struct gw_value *out)
{
    const struct gw_shape *shape = gw_operation_input(walk->op);
    struct parts parts = split_url(url);
    struct gw_form query;
    if (!gw_protocol_read_form(parts.query, walk->arena, &query)) {
        return gw_walk_fail(walk, NULL, "the query is not percent-encoded");
    }
    for (size_t i = 0; shape && i < gw_shape_member_count(shape); i++) {
        const struct gw_member *member = gw_shape_member(shape, i);
        enum gw_location location = gw_member_location(member);
        if ((location == GW_LOCATION_URI && !read_label(walk, member, parts, out)) ||
            (location == GW_LOCATION_QUERY && !read_query_member(walk, member, &query, out))) {
            return false;
        }
    }
    return true;
}
