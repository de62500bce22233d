/* config: the shared config and credentials files, by the grammar that AWS's SDKs agree on.
 *
 * A file is read into the arena once; names and values are views of that copy, in which names are
 * made lower case and continued values closed up in place. No message quotes the text of a file.
 * Limits: see aws.h. */
#include "aws/internal.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (1u << 20)
#define SECTIONS_MAX   10000
#define PROPERTIES_MAX 256

#define PROFILE          GW_VIEW("profile")
#define DEFAULT          GW_VIEW("default")
#define UNPREFIXED       GW_VIEW("[default]") /* the kind of config's [default] until its end */
#define CONFIG_FILE      0
#define CREDENTIALS_FILE 1

struct property {
    struct gw_view name;
    char *value;
    size_t value_len;
    int file; /* CONFIG_FILE or CREDENTIALS_FILE */
    struct property *next;
};

struct section {
    struct gw_view kind, name;
    struct property *properties;
    size_t property_count;
    struct section *next;
};

struct gw_config {
    struct gw_arena *arena;
    struct gw_view paths[2];
    struct section *sections;
    size_t section_count;
};

/* Where the reading of one file stands. */
struct reader {
    struct gw_config *config;
    char *text; /* the copy that all views point into */
    int file;
    int line;
    struct section *section;   /* NULL before the first */
    struct property *property; /* the one that a continuation line continues, or NULL */
    bool has_sub_properties;
    struct section ignored;           /* stands for those of no kind */
    struct property ignored_property; /* likewise: checked, not kept */
    struct gw_err *err;
};

static bool fail(const struct reader *reader, enum gw_err_code code, const char *what)
{
    return gw_fail(reader->err, code, "%.*s:%d: %s",
                   GW_VIEW_ARGS(reader->config->paths[reader->file]), reader->line, what);
}

/* ---- sections and properties ----------------------------------------------------------------- */

static struct section *find_section(const struct gw_config *config, struct gw_view kind,
                                    struct gw_view name)
{
    struct section *section = config->sections;
    while (section && !(gw_view_equal(section->kind, kind) && gw_view_equal(section->name, name))) {
        section = section->next;
    }
    return section;
}

static struct property *find_property(const struct section *section, struct gw_view name)
{
    struct property *property = section ? section->properties : NULL;
    while (property && !gw_view_equal(property->name, name)) {
        property = property->next;
    }
    return property;
}

static struct section *add_section(struct gw_config *config, struct gw_view kind,
                                   struct gw_view name)
{
    struct section *section = find_section(config, kind, name);
    if (section || config->section_count == SECTIONS_MAX) {
        return section;
    }
    struct section **end = &config->sections;
    while (*end) {
        end = &(*end)->next;
    }
    section = gw_arena_alloc(config->arena, sizeof *section);
    *section = (struct section){.kind = kind, .name = name};
    *end = section;
    config->section_count++;
    return section;
}

static struct property *add_property(struct gw_config *config, struct section *section,
                                     struct gw_view name)
{
    struct property *property = find_property(section, name);
    if (property || section->property_count == PROPERTIES_MAX) {
        return property;
    }
    struct property **end = &section->properties;
    while (*end) {
        end = &(*end)->next;
    }
    property = gw_arena_alloc(config->arena, sizeof *property);
    property->name = name;
    *end = property;
    section->property_count++;
    return property;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_name(struct gw_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_alphanumeric =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_alphanumeric && (c == '\0' || !strchr("_-/.%@:+", c))) {
            return false;
        }
    }
    return text.len > 0;
}

/* Without its comment; inside a property that one must follow white space. */
static struct gw_view strip_comment(struct gw_view line, bool after_space_only)
{
    for (size_t i = 0; i < line.len; i++) {
        bool is_mark = line.data[i] == '#' || line.data[i] == ';';
        if (is_mark && (!after_space_only || (i > 0 && is_space(line.data[i - 1])))) {
            line.len = i;
        }
    }
    return gw_view_trim(line);
}

static bool split_property(const struct reader *reader, struct gw_view line, bool is_sub,
                           struct gw_view *name, struct gw_view *value)
{
    size_t equals = gw_view_find_char(line, '=');
    if (equals == GW_NPOS) {
        return fail(reader, GW_ERR_INPUT,
                    is_sub ? "expected an '=' sign defining a sub-property"
                           : "expected an '=' sign defining a property");
    }
    *name = gw_view_trim(gw_view_sub(line, 0, equals));
    *value = gw_view_trim(gw_view_sub(line, equals + 1, GW_NPOS));
    if (name->len == 0) {
        return fail(reader, GW_ERR_INPUT,
                    is_sub ? "sub-property did not have a name" : "property did not have a name");
    }
    return true;
}

/* The kind that a header of the config file names, and its name; no kind for one to ignore. */
static struct gw_view split_header(struct gw_view header, struct gw_view *name)
{
    static const struct gw_view kinds[] = {{"profile", 7}, {"sso-session", 11}, {"services", 8}};
    if (gw_view_equal(header, DEFAULT)) {
        *name = header;
        return UNPREFIXED;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (gw_view_starts_with(header, kinds[i]) && header.len > kinds[i].len &&
            is_space(header.data[kinds[i].len])) {
            *name = gw_view_trim(gw_view_sub(header, kinds[i].len, GW_NPOS));
            return kinds[i];
        }
    }
    return GW_VIEW_NONE;
}

static bool read_header(struct reader *reader, struct gw_view line)
{
    line = strip_comment(line, false);
    if (!gw_view_ends_with(line, GW_VIEW("]"))) {
        return fail(reader, GW_ERR_INPUT, "profile definition must end with ']'");
    }
    struct gw_view header = gw_view_trim(gw_view_sub(line, 1, line.len - 2));
    struct gw_view name = header;
    struct gw_view kind = reader->file == CREDENTIALS_FILE ? PROFILE : split_header(header, &name);
    reader->property = NULL;
    reader->section =
        kind.len > 0 && is_name(name) ? add_section(reader->config, kind, name) : &reader->ignored;
    return reader->section || fail(reader, GW_ERR_LIMIT, "more than 10000 sections");
}

static void make_lower(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] >= 'A' && text[i] <= 'Z') {
            text[i] = (char)(text[i] + ('a' - 'A'));
        }
    }
}

static bool read_property(struct reader *reader, struct gw_view line)
{
    struct gw_view name = {0}, value = {0};
    if (!reader->section) {
        return fail(reader, GW_ERR_INPUT, "expected a profile definition, found property");
    }
    if (!split_property(reader, strip_comment(line, true), false, &name, &value)) {
        return false;
    }
    make_lower(reader->text + (name.data - reader->text), name.len);
    bool is_ignored = reader->section == &reader->ignored || !is_name(name);
    reader->property = is_ignored ? &reader->ignored_property
                                  : add_property(reader->config, reader->section, name);
    if (!reader->property) {
        return fail(reader, GW_ERR_LIMIT, "more than 256 properties in a section");
    }
    reader->property->value = reader->text + (value.data - reader->text);
    reader->property->value_len = value.len;
    reader->property->file = reader->file;
    reader->has_sub_properties = value.len == 0;
    return true;
}

static bool read_continuation(struct reader *reader, struct gw_view line)
{
    struct gw_view name, value;
    struct property *property = reader->property;
    if (!reader->section) {
        return fail(reader, GW_ERR_INPUT, "expected a profile definition, found continuation");
    }
    if (!property) {
        return fail(reader, GW_ERR_INPUT, "expected a property definition, found continuation");
    }
    line = gw_view_trim(line);
    if (reader->has_sub_properties && !split_property(reader, line, true, &name, &value)) {
        return false;
    }
    /* The value ends before the line break, so there is room for one, and the line moves down. */
    property->value[property->value_len++] = '\n';
    memmove(property->value + property->value_len, line.data, line.len);
    property->value_len += line.len;
    return true;
}

static bool read_line(struct reader *reader, struct gw_view line)
{
    if (gw_view_trim(line).len == 0 || line.data[0] == '#' || line.data[0] == ';') {
        return true;
    }
    if (line.data[0] == '[') {
        return read_header(reader, line);
    }
    return is_space(line.data[0]) ? read_continuation(reader, line) : read_property(reader, line);
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Config's [profile default] replaces its [default]. */
static void settle_default(struct gw_config *config)
{
    struct section *unprefixed = find_section(config, UNPREFIXED, DEFAULT);
    if (unprefixed && !find_section(config, PROFILE, DEFAULT)) {
        unprefixed->kind = PROFILE;
    }
}

static bool read_text(struct gw_config *config, int file, struct gw_view text, struct gw_err *err)
{
    if (text.len > FILE_MAX_BYTES) {
        return gw_fail(err, GW_ERR_LIMIT, "%.*s: is larger than 1 MiB",
                       GW_VIEW_ARGS(config->paths[file]));
    }
    struct reader reader = {.config = config, .file = file, .err = err};
    reader.text = gw_arena_alloc(config->arena, text.len + 1);
    if (text.len > 0) {
        memcpy(reader.text, text.data, text.len);
    }
    struct gw_view rest = {reader.text, text.len}, line;
    while (gw_view_next(&rest, '\n', &line)) {
        reader.line++;
        if (!read_line(&reader, line)) {
            return false;
        }
    }
    if (file == CONFIG_FILE) {
        settle_default(config);
    }
    return true;
}

/* A file that is not there is an empty one. */
static bool read_file(struct gw_config *config, int file, struct gw_err *err)
{
    struct gw_view path = config->paths[file];
    struct gw_err failure = {0};
    struct gw_buf text;
    if (!gw_file_read(path, FILE_MAX_BYTES, &text, &failure)) {
        return failure.code == GW_ERR_NOT_FOUND ||
               gw_fail(err, failure.code, "%s", failure.message);
    }
    bool is_read = read_text(config, file, gw_buf_view(&text), err);
    gw_buf_clear(&text);
    return is_read;
}

/* What the variable names, else the file under ~/.aws; with HOME for the '~', if there is one. */
static struct gw_view locate(struct gw_arena *arena, const char *variable, const char *usual)
{
    struct gw_view path = gw_environment(variable);
    return gw_path_expand(arena, path.len > 0 ? path : gw_view_of(usual));
}

static struct gw_config *config_new(void)
{
    struct gw_arena *arena = gw_arena_new();
    struct gw_config *config = gw_arena_alloc(arena, sizeof *config);
    config->arena = arena;
    return config;
}

struct gw_config *gw_config_open(struct gw_err *err)
{
    struct gw_config *config = config_new();
    config->paths[CONFIG_FILE] = locate(config->arena, "AWS_CONFIG_FILE", "~/.aws/config");
    config->paths[CREDENTIALS_FILE] =
        locate(config->arena, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
    if (!read_file(config, CONFIG_FILE, err) || !read_file(config, CREDENTIALS_FILE, err)) {
        gw_config_close(config);
        return NULL;
    }
    return config;
}

struct gw_config *gw_config_parse(struct gw_view config_text, struct gw_view credentials_text,
                                  struct gw_err *err)
{
    struct gw_config *config = config_new();
    config->paths[CONFIG_FILE] = GW_VIEW("config");
    config->paths[CREDENTIALS_FILE] = GW_VIEW("credentials");
    if (!read_text(config, CONFIG_FILE, config_text, err) ||
        !read_text(config, CREDENTIALS_FILE, credentials_text, err)) {
        gw_config_close(config);
        return NULL;
    }
    return config;
}

void gw_config_close(struct gw_config *config)
{
    if (config) {
        gw_arena_free(config->arena); /* which wipes the keys */
    }
}

/* ---- what is in them ------------------------------------------------------------------------- */

struct gw_view gw_config_path(const struct gw_config *config)
{
    return config->paths[CONFIG_FILE];
}

struct gw_view gw_config_credentials_path(const struct gw_config *config)
{
    return config->paths[CREDENTIALS_FILE];
}

static struct gw_view value_of(const struct property *property)
{
    return property ? (struct gw_view){property->value, property->value_len} : GW_VIEW_NONE;
}

struct gw_view gw_config_get(const struct gw_config *config, struct gw_view profile,
                             struct gw_view key)
{
    return value_of(find_property(find_section(config, PROFILE, profile), key));
}

struct gw_view gw_config_origin(const struct gw_config *config, struct gw_view profile,
                                struct gw_view key)
{
    const struct property *property = find_property(find_section(config, PROFILE, profile), key);
    return property ? config->paths[property->file] : GW_VIEW_NONE;
}

bool gw_config_has_profile(const struct gw_config *config, struct gw_view profile)
{
    return find_section(config, PROFILE, profile) != NULL;
}

bool gw_config_has_section(const struct gw_config *config, struct gw_view kind, struct gw_view name)
{
    return find_section(config, kind, name) != NULL;
}

size_t gw_config_profile_count(const struct gw_config *config)
{
    size_t count = 0;
    for (const struct section *section = config->sections; section; section = section->next) {
        count += gw_view_equal(section->kind, PROFILE);
    }
    return count;
}

struct gw_view gw_config_profile_name(const struct gw_config *config, size_t index)
{
    for (const struct section *section = config->sections; section; section = section->next) {
        if (gw_view_equal(section->kind, PROFILE) && index-- == 0) {
            return section->name;
        }
    }
    return GW_VIEW_NONE;
}

size_t gw_config_property_count(const struct gw_config *config, struct gw_view profile)
{
    const struct section *section = find_section(config, PROFILE, profile);
    return section ? section->property_count : 0;
}

struct gw_view gw_config_property_name(const struct gw_config *config, struct gw_view profile,
                                       size_t index)
{
    const struct section *section = find_section(config, PROFILE, profile);
    const struct property *property = section ? section->properties : NULL;
    while (property && index-- > 0) {
        property = property->next;
    }
    return property ? property->name : GW_VIEW_NONE;
}

/* Sub-properties are kept as lines "name = value" after a first, empty one. */
static struct gw_view find_sub_property(struct gw_view lines, struct gw_view name)
{
    struct gw_view line, found = GW_VIEW_NONE;
    while (gw_view_next(&lines, '\n', &line)) {
        size_t equals = gw_view_find_char(line, '=');
        if (equals != GW_NPOS &&
            gw_view_equal_nocase(gw_view_trim(gw_view_sub(line, 0, equals)), name)) {
            found = gw_view_trim(gw_view_sub(line, equals + 1, GW_NPOS));
        }
    }
    return found;
}

struct gw_view gw_config_section_get(const struct gw_config *config, struct gw_view kind,
                                     struct gw_view name, struct gw_view key, struct gw_view sub)
{
    struct gw_view value = value_of(find_property(find_section(config, kind, name), key));
    return sub.len > 0 ? find_sub_property(value, sub) : value;
}
