/* user_models: models that the user added, as files of one folder, and the one place where a name
 * becomes a service: the user's own model before the one built in.
 *
 * NAME.model is a header, what is known of the model's origin (JSON), and a table of one service;
 * NAME.api has the facts it was compiled from. Nothing is read before a name is asked for; then the
 * digest in the header tells an accident, and gw_models_check keeps out what was made to look
 * right.
 * Limits: 64 MiB a file, 10,000 files. */
#include "aws/internal.h"
#include "aws/model_table.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX_BYTES (64u << 20)
#define FILES_MAX      10000u
#define NAME_MAX_BYTES 100

static const char MAGIC[8] = "gwmodel";

struct header {
    char magic[8];
    uint32_t table_version, about_bytes;
    uint64_t table_bytes;
    unsigned char digest[GW_SHA256_LEN]; /* of all that follows */
    uint64_t unused;
};
_Static_assert(sizeof(struct header) == 64, "the table behind it is aligned to 8");

static size_t padded(size_t len)
{
    return (len + 7) / 8 * 8;
}

/* ---- names and paths ------------------------------------------------------------------------- */

struct gw_view gw_models_folder(struct gw_arena *arena)
{
    struct gw_view own = gw_environment("GWRUN_MODELS");
    struct gw_view data = gw_environment("XDG_DATA_HOME");
    struct gw_view home = gw_environment("HOME");
    if (own.len > 0) {
        return own;
    }
    if (gw_view_starts_with(data, GW_VIEW("/"))) { /* XDG: a relative path is to be ignored */
        return gw_arena_printf(arena, "%.*s/gwrun/models", GW_VIEW_ARGS(data));
    }
    return home.len == 0
               ? GW_VIEW_NONE
               : gw_arena_printf(arena, "%.*s/.local/share/gwrun/models", GW_VIEW_ARGS(home));
}

/* As in botocore's data folder; above all no path. */
static bool is_service_name(struct gw_view name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return name.len > 0 && name.len <= NAME_MAX_BYTES;
}

static bool get_folder(struct gw_view name, struct gw_arena *arena, struct gw_view *out,
                       struct gw_err *err)
{
    *out = gw_models_folder(arena);
    if (!is_service_name(name)) {
        return gw_fail(err, GW_ERR_INPUT,
                       "models: '%.*s' is no name of a service: expected lower case, digits and "
                       "'-'",
                       GW_VIEW_ARGS(name));
    }
    return out->len > 0 ||
           gw_fail(err, GW_ERR_INPUT, "models: no folder for them: set GWRUN_MODELS or HOME");
}

static const char *path_of(struct gw_view folder, struct gw_view name, const char *extension,
                           struct gw_arena *arena)
{
    return gw_arena_printf(arena, "%.*s/%.*s%s", GW_VIEW_ARGS(folder), GW_VIEW_ARGS(name),
                           extension)
        .data;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* In the arena, aligned for the table in it. GW_ERR_NOT_FOUND: there is none. */
static bool read_file(const char *path, struct gw_arena *arena, struct gw_view *out,
                      struct gw_err *err)
{
    struct gw_buf file;
    /* Asked first, since most names have no file, and without descriptors they need none. */
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        return gw_fail(err, GW_ERR_NOT_FOUND, "models: %s: no such file", path);
    }
    if (!gw_file_read(gw_view_of(path), FILE_MAX_BYTES, &file, err)) {
        gw_err_prefix(err, "models");
        return false;
    }
    *out = gw_arena_dup(arena, gw_buf_view(&file));
    gw_buf_clear(&file);
    return true;
}

static bool fail_damaged(const char *path, struct gw_view name, struct gw_err *err)
{
    return gw_fail(err, GW_ERR_INPUT,
                   "models: %s: damaged; 'gwrun models update %.*s' makes it anew", path,
                   GW_VIEW_ARGS(name));
}

/* The parts of the file, once its size and digest are as the header says. */
static bool take_apart(struct gw_view file, const char *path, struct gw_view name,
                       struct gw_view *about, struct gw_view *table, struct gw_err *err)
{
    struct header header;
    unsigned char digest[GW_SHA256_LEN];
    if (file.len < sizeof header) {
        return fail_damaged(path, name, err);
    }
    memcpy(&header, file.data, sizeof header);
    if (memcmp(header.magic, MAGIC, sizeof MAGIC) != 0) {
        return fail_damaged(path, name, err);
    }
    struct gw_view rest = gw_view_sub(file, sizeof header, GW_NPOS);
    size_t table_at = padded(header.about_bytes);
    gw_sha256(rest, digest);
    if (table_at > rest.len || rest.len - table_at != header.table_bytes ||
        memcmp(digest, header.digest, sizeof digest) != 0) {
        return fail_damaged(path, name, err);
    }
    *about = gw_view_sub(rest, 0, header.about_bytes);
    *table = gw_view_sub(rest, table_at, GW_NPOS);
    return header.table_version == TABLE_VERSION ||
           gw_fail(err, GW_ERR_INPUT,
                   "models: %s: compiled by another version of gwrun; 'gwrun models update' "
                   "compiles it anew",
                   path);
}

/* Whether the table is that of this service and no other. */
static bool open_table(struct gw_view table, const char *path, struct gw_view name,
                       const struct gw_models **out, struct gw_err *err)
{
    *out = gw_models_open(table, err);
    if (!*out || !gw_models_check(*out, err)) {
        gw_err_prefix(err, "%s", path);
        return false;
    }
    return (gw_models_count(*out) == 1 &&
            gw_view_equal(gw_service_name(gw_models_service(*out, 0)), name)) ||
           gw_fail(err, GW_ERR_INPUT, "models: %s: not a model of '%.*s'", path,
                   GW_VIEW_ARGS(name));
}

bool gw_user_model_read(struct gw_view name, struct gw_arena *arena, struct gw_user_model *out,
                        struct gw_err *err)
{
    struct gw_view folder, file = GW_VIEW_NONE, table = GW_VIEW_NONE;
    *out = (struct gw_user_model){0};
    if (!get_folder(name, arena, &folder, err)) {
        return false;
    }
    const char *path = path_of(folder, name, ".model", arena);
    if (!read_file(path, arena, &file, err)) {
        return false;
    }
    out->size_bytes = file.len;
    return take_apart(file, path, name, &out->about, &table, err) &&
           open_table(table, path, name, &out->models, err);
}

bool gw_user_model_facts(struct gw_view name, struct gw_arena *arena, struct gw_view *out,
                         struct gw_err *err)
{
    struct gw_view folder;
    return get_folder(name, arena, &folder, err) &&
           read_file(path_of(folder, name, ".api", arena), arena, out, err);
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool write_file(const char *path, struct gw_view bytes, struct gw_err *err)
{
    if (gw_file_write(gw_view_of(path), bytes, err)) {
        return true;
    }
    gw_err_prefix(err, "models");
    return false;
}

/* Header, origin and table as one file. */
static struct gw_view put_together(struct gw_view about, struct gw_view table,
                                   struct gw_arena *arena)
{
    struct header header = {.table_version = TABLE_VERSION,
                            .about_bytes = (uint32_t)about.len,
                            .table_bytes = table.len};
    size_t table_at = sizeof header + padded(about.len);
    char *file = gw_arena_alloc(arena, table_at + table.len);
    memcpy(file + sizeof header, about.data, about.len);
    memcpy(file + table_at, table.data, table.len);
    memcpy(header.magic, MAGIC, sizeof MAGIC);
    gw_sha256((struct gw_view){file + sizeof header, table_at - sizeof header + table.len},
              header.digest);
    memcpy(file, &header, sizeof header);
    return (struct gw_view){file, table_at + table.len};
}

bool gw_user_model_write(const struct gw_user_model_parts *parts, struct gw_err *err)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view folder;
    struct gw_view name = parts->name;
    const struct gw_models *models;
    struct gw_view aligned = gw_arena_dup(arena, parts->table);
    bool ok = get_folder(name, arena, &folder, err) &&
              open_table(aligned, "the new table", name, &models, err) &&
              write_file(path_of(folder, name, ".api", arena), parts->facts, err) &&
              write_file(path_of(folder, name, ".model", arena),
                         put_together(parts->about, parts->table, arena), err);
    gw_arena_free(arena);
    return ok;
}

bool gw_user_model_remove(struct gw_view name, struct gw_err *err)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_view folder;
    bool ok = get_folder(name, arena, &folder, err);
    if (ok) {
        const char *path = path_of(folder, name, ".model", arena);
        ok = unlink(path) == 0 ||
             gw_fail(err, GW_ERR_IO, "models: %s: cannot be removed (%s)", path, strerror(errno));
        ok = (unlink(path_of(folder, name, ".api", arena)) == 0 || errno == ENOENT) && ok;
    }
    gw_arena_free(arena);
    return ok;
}

/* ---- names ----------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return gw_view_compare(((const struct gw_value *)a)->as.string,
                           ((const struct gw_value *)b)->as.string);
}

static void sort_names(struct gw_value *names)
{
    if (names->as.list.count > 1) {
        qsort(names->as.list.items, names->as.list.count, sizeof *names->as.list.items,
              compare_names);
    }
}

struct gw_value gw_user_model_names(struct gw_arena *arena)
{
    struct gw_value names = gw_value_list();
    struct gw_view extension = GW_VIEW(".model");
    struct gw_view folder = gw_models_folder(arena);
    DIR *dir = folder.len > 0 ? opendir(gw_arena_dup(arena, folder).data) : NULL;
    struct dirent *entry;
    while (dir && names.as.list.count < FILES_MAX && (entry = readdir(dir)) != NULL) {
        struct gw_view name = gw_view_of(entry->d_name);
        if (gw_view_ends_with(name, extension)) {
            name = gw_view_sub(name, 0, name.len - extension.len);
            if (is_service_name(name)) {
                *gw_list_add(arena, &names) = gw_value_string(gw_arena_dup(arena, name));
            }
        }
    }
    if (dir) {
        closedir(dir);
    }
    sort_names(&names);
    return names;
}

struct gw_value gw_models_names(struct gw_arena *arena)
{
    const struct gw_models *builtin = gw_models_builtin();
    struct gw_value own = gw_user_model_names(arena), names = gw_value_list();
    for (size_t i = 0; i < gw_models_count(builtin); i++) {
        struct gw_view name = gw_service_name(gw_models_service(builtin, i));
        *gw_list_add(arena, &names) = gw_value_string(name);
    }
    for (size_t i = 0; i < own.as.list.count; i++) {
        if (!gw_models_find(builtin, own.as.list.items[i].as.string)) {
            *gw_list_add(arena, &names) = own.as.list.items[i];
        }
    }
    sort_names(&names);
    return names;
}

/* ---- from a name to a service ---------------------------------------------------------------- */

/* What was found, for the life of the process: objects of a table must never die. */
struct known {
    struct gw_view name;
    const struct gw_service *service;
    struct gw_arena *arena; /* of its table; NULL: built in */
    struct known *next;
};

static struct known *known;

static const struct gw_service *remember(struct known entry)
{
    struct known *at = gw_alloc(sizeof *at);
    entry.name.data = gw_view_dup(entry.name);
    entry.next = known;
    *at = entry;
    known = at;
    return entry.service;
}

static bool fail_name(struct gw_view name, struct gw_arena *arena, struct gw_err *err)
{
    struct gw_value names = gw_models_names(arena);
    size_t count = names.as.list.count;
    struct gw_view *candidates = gw_arena_alloc(arena, (count + 1) * sizeof *candidates);
    for (size_t i = 0; i < count; i++) {
        candidates[i] = names.as.list.items[i].as.string;
    }
    struct gw_view near = gw_view_nearest(name, candidates, count);
    if (near.len > 0) {
        return gw_fail(err, GW_ERR_NOT_FOUND, "aws: no service '%.*s', did you mean '%.*s'?",
                       GW_VIEW_ARGS(name), GW_VIEW_ARGS(near));
    }
    return gw_fail(err, GW_ERR_NOT_FOUND,
                   "aws: no service '%.*s'; 'gwrun models list' shows those there are, 'gwrun "
                   "models add' adds one",
                   GW_VIEW_ARGS(name));
}

/* The user's own. False without an error: there is none. */
static bool find_own(struct gw_view name, struct known *out, struct gw_err *err)
{
    struct gw_user_model model;
    struct gw_err problem = {0};
    out->arena = gw_arena_new();
    if (is_service_name(name) && gw_models_folder(out->arena).len > 0 &&
        gw_user_model_read(name, out->arena, &model, &problem)) {
        out->service = gw_models_service(model.models, 0);
        return true;
    }
    gw_arena_free(out->arena);
    out->arena = NULL;
    if (problem.code != GW_ERR_NONE && problem.code != GW_ERR_NOT_FOUND) {
        gw_fail(err, problem.code, "%s", problem.message);
    }
    return false;
}

static const struct gw_service *find_known(struct gw_view name)
{
    for (const struct known *entry = known; entry; entry = entry->next) {
        if (gw_view_equal(entry->name, name)) {
            return entry->service;
        }
    }
    return NULL;
}

const struct gw_service *gw_models_find_service(struct gw_view name, struct gw_err *err)
{
    const struct gw_service *service = find_known(name);
    struct known found = {.name = name};
    struct gw_err problem = {0};
    if (service) {
        return service;
    }
    if (!find_own(name, &found, &problem) && problem.code == GW_ERR_NONE) {
        found.service = gw_models_find(gw_models_builtin(), name);
    }
    if (found.service) {
        return remember(found);
    }
    struct gw_arena *arena = gw_arena_new();
    if (problem.code == GW_ERR_NONE) {
        fail_name(name, arena, &problem);
    }
    gw_arena_free(arena);
    gw_fail(err, problem.code, "%s", problem.message);
    return NULL;
}
