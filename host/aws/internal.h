/* internal: what the files of this folder share with one another; nobody else includes it. */
#ifndef GW_AWS_INTERNAL_H
#define GW_AWS_INTERNAL_H

#include "aws/aws.h"
#include "codec/codec.h"

/* ---- sigv4: sigv4_canonical.c, for client and server ----------------------------------------- */

/* All that a signature covers, wherever the request came from. */
struct gw_sigv4_input {
    struct gw_view method;
    struct gw_url url;
    const struct gw_headers *headers;
    struct gw_view signed_headers; /* "host;x-amz-date": in this order, looked up in `headers` */
    struct gw_view payload_hash;
    struct gw_view region, service, secret_access_key;
    int64_t epoch_s;
    bool keep_path, encode_path_once; /* as in struct gw_signing */
    bool presigned;                   /* X-Amz-Signature is in the query, and is not signed */
};

/* Fills the stages but `authorization`. Fails only where the canonical request passes 1 MiB. */
bool gw_sigv4_compute(const struct gw_sigv4_input *input, struct gw_arena *arena,
                      struct gw_signature *out, struct gw_err *err);

/* The key of one day, region and service; to be wiped. */
void gw_sigv4_key(struct gw_view secret, struct gw_view date, struct gw_view region,
                  struct gw_view service, unsigned char key[GW_SHA256_LEN]);

/* "20150830/us-east-1/ecs/aws4_request" */
struct gw_view gw_sigv4_scope(int64_t epoch_s, struct gw_view region, struct gw_view service,
                              struct gw_arena *arena);

/* ---- file.c: small files of others ------------------------------------------------------------ */

/* The variable's value without the white space around; empty: unset. */
struct gw_view gw_environment(const char *variable);

/* Puts HOME in the place of a leading "~/"; as it is where there is no HOME. */
struct gw_view gw_path_expand(struct gw_arena *arena, struct gw_view path);

/* The whole file. GW_ERR_NOT_FOUND, GW_ERR_LIMIT, else GW_ERR_IO. What it held is wiped. */
bool gw_file_read(struct gw_view path, size_t limit_bytes, struct gw_buf *out, struct gw_err *err);

/* Replaces the file, or leaves the old one as it was; folders on the way to it are made. Only the
 * owner can read what is written. */
bool gw_file_write(struct gw_view path, struct gw_view text, struct gw_err *err);

/* As JSON of at most 1 MiB. */
bool gw_file_read_json(struct gw_view path, struct gw_arena *arena, struct gw_value *out,
                       struct gw_err *err);
bool gw_file_write_json(struct gw_view path, const struct gw_value *value, struct gw_err *err);

/* ---- config ---------------------------------------------------------------------------------- */

/* The path of the file that the profile's property was read from; the empty view when absent. */
struct gw_view gw_config_origin(const struct gw_config *config, struct gw_view profile,
                                struct gw_view key);
bool gw_config_has_section(const struct gw_config *config, struct gw_view kind,
                           struct gw_view name);

/* ---- credentials: where they come from; credentials_chain.c, and a file a source -------------- */

enum gw_link_kind {
    GW_LINK_KEYS, /* known at once: given, environment, files */
    GW_LINK_ROLE,
    GW_LINK_WEB_IDENTITY,
    GW_LINK_SSO,
    GW_LINK_LOGIN,
    GW_LINK_PROCESS,
    GW_LINK_CONTAINER,
    GW_LINK_INSTANCE
};

/* One step to credentials. A role is assumed with those of its base. Texts live in the chain's
 * arena; which are set follows from the kind. */
struct gw_link {
    enum gw_link_kind kind;
    struct gw_link *base;   /* of a role; else NULL */
    struct gw_view profile; /* empty: the environment's */
    struct gw_view source;  /* for people, as in struct gw_credentials */
    struct gw_view role_arn, session_name, external_id, mfa_serial, duration_s; /* roles */
    struct gw_view token_file;                                                  /* web identity */
    struct gw_view sso_session, start_url, sso_region, account_id, role_name;   /* SSO */
    struct gw_view login_session;
    struct gw_view command; /* process */
    struct gw_view url;     /* container, instance */
    bool is_last_resort;    /* asked because nothing else is configured */

    struct gw_arena *arena;            /* of the credentials; NULL: the chain's */
    struct gw_credentials credentials; /* empty key id: none yet */
    int64_t retry_epoch_s;             /* a renewal that can wait waits until then */
};

/* Reads configuration and environment, asks nobody. NULL with GW_ERR_CREDENTIALS. */
struct gw_link *gw_chain_plan(const struct gw_config *config, const struct gw_settings *settings,
                              struct gw_arena *arena, struct gw_err *err);

/* Says that there are none, where was looked and what to do; `instance` is why the instance has none
 * either, NULL: it was not asked. Returns false. */
bool gw_chain_fail_none(const struct gw_config *config, const struct gw_settings *settings,
                        const char *instance, struct gw_err *err);

/* Checks that the keys are whole and can travel in a header, registers what is secret, and makes
 * the copies that outlive their source. `names` are those of key id, secret and token. */
bool gw_credentials_take(struct gw_view origin, const char *const names[3], struct gw_arena *arena,
                         struct gw_credentials *credentials, struct gw_err *err);

/* The names of the members in which a source gives credentials as JSON. */
struct gw_credentials_names {
    const char *keys[3]; /* key id, secret, token */
    const char *expiration, *account_id;
};
/* From an object; the message names `origin` and quotes nothing. `expiration` may be absent. */
bool gw_credentials_read(const struct gw_value *object, const struct gw_credentials_names *names,
                         struct gw_view origin, struct gw_arena *arena, struct gw_credentials *out,
                         struct gw_err *err);
bool gw_credentials_parse(struct gw_view json, const struct gw_credentials_names *names,
                          struct gw_view origin, struct gw_arena *arena, struct gw_credentials *out,
                          struct gw_err *err);
extern const struct gw_credentials_names gw_credentials_imds_names; /* AccessKeyId, Token, ... */

/* ---- identity: identity.c renews links, a source at a time ------------------------------------ */

/* What one source is doing. It ends with exactly one gw_fetch_finish or gw_fetch_fail, at once or
 * later; the fetch is gone then. Whatever is set here is stopped when it ends. */
struct gw_fetch {
    struct gw_identity *identity;
    struct gw_link *link;
    struct gw_arena *arena; /* for the fetch's life, and wiped */
    bool anew;              /* AWS refused the last ones: no cache may answer */
    int attempts;
    struct gw_http_request request;
    struct gw_exchange *exchange;
    struct gw_timer *timer;
    struct gw_client *client; /* for calls of STS and the like */
    struct gw_process *process;
    void *state; /* the source's own, in the arena */
};
void gw_fetch_finish(struct gw_fetch *fetch, const struct gw_credentials *credentials);
void gw_fetch_fail(struct gw_fetch *fetch, const struct gw_err *err);

const struct gw_identity_options *gw_identity_options(const struct gw_identity *identity);
int64_t gw_identity_epoch_s(const struct gw_identity *identity); /* AWS's clock, as far as known */
void gw_identity_correct_clock(struct gw_identity *identity, int64_t skew_ms);

/* Sends fetch->request past any proxy. */
void gw_fetch_send(struct gw_fetch *fetch, gw_http_done_fn done);
/* Makes fetch->client, in the region, and calls. `credentials` may be NULL for an unsigned
 * operation. */
struct gw_fetch_call {
    const char *service, *operation;
    struct gw_view region;
    const struct gw_credentials *credentials;
    struct gw_headers headers; /* beside the protocol's */
};
void gw_fetch_call(struct gw_fetch *fetch, const struct gw_fetch_call *call,
                   const struct gw_value *input, gw_call_done_fn done);
/* What came of a call, as an error; `advice` may be NULL. */
void gw_fetch_fail_call(struct gw_fetch *fetch, const struct gw_call_result *result,
                        const char *advice);

/* ---- sso_token.c: the token of a single sign-on session, in the file that all AWS tools share -- */

struct gw_sso_session {
    struct gw_view name; /* empty: one of the old kind, known by its start URL */
    struct gw_view start_url, region;
};
struct gw_sso_token {
    struct gw_view access_token;
    int64_t expires_epoch_s;
    struct gw_value all;
};
struct gw_sso_registration {
    struct gw_view client_id, client_secret, expires_at;
};
/* GW_ERR_NOT_FOUND: nobody has logged in. */
bool gw_sso_token_read(const struct gw_sso_session *session, struct gw_arena *arena,
                       struct gw_sso_token *out, struct gw_err *err);
bool gw_sso_token_can_refresh(const struct gw_sso_token *token, int64_t now_epoch_s);
/* Keeps what CreateToken answered. `out` is filled even where the file cannot be written; it borrows
 * from `output`. */
bool gw_sso_token_store(const struct gw_sso_session *session,
                        const struct gw_sso_registration *registration,
                        const struct gw_value *output, int64_t now_epoch_s, struct gw_arena *arena,
                        struct gw_sso_token *out, struct gw_err *err);
struct gw_view gw_time_text(struct gw_arena *arena, int64_t epoch_s); /* ISO 8601 */

/* ---- the sources ----------------------------------------------------------------------------- */

void gw_fetch_role(struct gw_fetch *fetch);         /* credentials_sts.c */
void gw_fetch_web_identity(struct gw_fetch *fetch); /* credentials_sts.c */
void gw_fetch_sso(struct gw_fetch *fetch);
void gw_fetch_login(struct gw_fetch *fetch);
void gw_fetch_process(struct gw_fetch *fetch);
/* What a process has printed. */
bool gw_process_read(struct gw_view text, struct gw_view source, struct gw_arena *arena,
                     struct gw_credentials *out, struct gw_err *err);
/* The proof that a DPoP header carries; `pem` is the key. */
bool gw_dpop_write(struct gw_view pem, struct gw_view url, int64_t epoch_s, struct gw_buf *out);
void gw_fetch_container(struct gw_fetch *fetch);
void gw_fetch_instance(struct gw_fetch *fetch);
bool gw_instance_is_disabled(void); /* by AWS_EC2_METADATA_DISABLED */

/* ---- walk: a value tree along its shape; walk.c --------------------------------------------- */

#define GW_WALK_MAX_DEPTH 128

/* Where in the tree we are; one link a level, on the stack. A null pointer is the top. */
struct gw_path {
    const struct gw_path *parent;
    struct gw_view name; /* member or key; NULL: an element, `index` counts */
    size_t index;
    int depth;
};
struct gw_path gw_path_name(const struct gw_path *parent, struct gw_view name);
struct gw_path gw_path_index(const struct gw_path *parent, size_t index);

/* "containerDefinitions[2].cpu", cut where it gets too long for a message. */
struct gw_place {
    char text[256];
};
struct gw_place gw_path_place(const struct gw_path *path);

/* Which message a value tree is. In those of HTTP bindings, members of the top structure may belong
 * to the line or the headers, and are none of the body. */
enum gw_message {
    GW_MESSAGE_PLAIN, /* all members are the body's */
    GW_MESSAGE_REQUEST,
    GW_MESSAGE_RESPONSE
};

struct gw_walk {
    const struct gw_operation *op; /* NULL: not known yet */
    const char *what;              /* for messages: "parameter", "response member" */
    enum gw_err_code refusal;      /* the code of what is refused */
    struct gw_arena *arena;        /* for values that are read */
    struct gw_buf *out;            /* for text that is written */
    struct gw_err *err;
    enum gw_message message;
    bool raw_blobs;                  /* blobs in the tree that is read are bytes, not base64 */
    enum gw_time_format time_format; /* of times as text that have none of their own; 0: ISO 8601 */
};

/* Each returns false. "ecs:UpdateService: parameter 'desiredCount': expected an integer, got ..."
 */
bool gw_walk_fail(const struct gw_walk *walk, const struct gw_path *path, const char *format, ...)
    GW_PRINTF(3, 4);
bool gw_walk_mismatch(const struct gw_walk *walk, const struct gw_path *path,
                      const struct gw_shape *shape, const struct gw_value *got);

/* Is the member, at this place, a part of the body? */
bool gw_walk_in_body(const struct gw_walk *walk, const struct gw_path *parent,
                     const struct gw_member *member);

/* Fails where the path is too deep; to be asked once at every list, map and structure. */
bool gw_walk_enter(const struct gw_walk *walk, const struct gw_path *path);

/* An empty table has no kind of its own in Lua, so an empty list passes for a map and back. */
bool gw_value_is_list(const struct gw_value *value);
bool gw_value_is_map(const struct gw_value *value);

/* Numbers as the shapes want them: 2.0 is an integer; "NaN" and the infinities are numbers; a time
 * is a number or text in any form of AWS. */
bool gw_value_integer(const struct gw_value *value, int64_t *out);
bool gw_value_number(const struct gw_value *value, double *out);
bool gw_value_time(const struct gw_value *value, double *epoch_s);

/* A scalar as XML and forms write it, without escaping, and back. `secret` marks what is read. */
bool gw_walk_write_scalar(const struct gw_walk *walk, const struct gw_path *path,
                          const struct gw_member *member, const struct gw_value *value);
bool gw_walk_read_scalar(const struct gw_walk *walk, const struct gw_path *path,
                         const struct gw_member *member, struct gw_view text, struct gw_value *out);
bool gw_walk_write_time(const struct gw_walk *walk, const struct gw_path *path,
                        const struct gw_value *value, enum gw_time_format format);

/* A null is left out everywhere but in lists and maps whose shape is sparse. */
bool gw_shape_keeps_null(const struct gw_shape *shape);
bool gw_member_is_secret(const struct gw_member *member);
/* The value and all in it. */
void gw_value_mark_secret(struct gw_value *value);

/* The name of a flattened list's or map's elements; else the member's own. */
struct gw_view gw_member_element_name(const struct gw_member *member);

/* ---- protocol: what each wire protocol fills in for protocol.c ------------------------------- */

struct gw_wire {
    /* As the functions of aws.h; status, request id and fallbacks are settled by protocol.c. */
    bool (*write_request)(const struct gw_operation *op, const struct gw_value *input,
                          struct gw_arena *arena, struct gw_http_request *out, struct gw_err *err);
    bool (*read_output)(const struct gw_operation *op, const struct gw_http_response *res,
                        struct gw_arena *arena, struct gw_value *output, struct gw_err *err);
    /* Fills what the answer tells: code, message, request id, shape and detail. */
    void (*read_error)(const struct gw_operation *op, const struct gw_http_response *res,
                       struct gw_arena *arena, struct gw_aws_error *error);
    bool (*read_request)(const struct gw_service *service, const struct gw_http_request *req,
                         struct gw_arena *arena, const struct gw_operation **op,
                         struct gw_value *input, struct gw_err *err);
    bool (*write_response)(const struct gw_operation *op, const struct gw_value *output,
                           struct gw_view request_id, struct gw_arena *arena,
                           struct gw_http_response *out, struct gw_err *err);
    bool (*write_error)(const struct gw_service *service, const struct gw_operation *op,
                        const struct gw_aws_error *error, struct gw_arena *arena,
                        struct gw_http_response *out, struct gw_err *err);
};
extern const struct gw_wire gw_wire_json;
extern const struct gw_wire gw_wire_query;
extern const struct gw_wire gw_wire_ec2;
extern const struct gw_wire gw_wire_rest_json;
extern const struct gw_wire gw_wire_rest_xml;
extern const struct gw_wire gw_wire_cbor;

#define GW_PROTOCOL_MAX_BYTES (64u << 20) /* a body, either way */

/* By API name only: "DescribeServices". */
const struct gw_operation *gw_protocol_find_operation(const struct gw_service *service,
                                                      struct gw_view name, struct gw_err *err);
/* The modelled error of the code, or of the shape name: the operation's, else one that another of
 * the service is known for; NULL: there is none. */
const struct gw_shape *gw_protocol_find_error(const struct gw_operation *op, struct gw_view code);

/* For a server's writing of an error into `body`, which is made ready; ended by the next. */
struct gw_walk gw_protocol_error_walk(const struct gw_operation *op, struct gw_arena *arena,
                                      struct gw_buf *body, struct gw_err *err);

/* Ends the writing of a body: takes it out of walk->out and releases that. False where it was not
 * `written`, or with `err` where it did not fit. */
bool gw_protocol_take_body(const struct gw_walk *walk, bool written, struct gw_view *body);

/* Does the answer's structure, a union, have no member that we know? Then it is, as botocore has
 * it, {SDK_UNKNOWN_MEMBER = {name = ...}}, with the name of the one that came. */
void gw_protocol_name_unknown(const struct gw_walk *walk, const struct gw_shape *shape,
                              struct gw_view name, struct gw_value *out);

/* ---- protocol_error.c: what errors have in common, whatever their body ----------------------- */

/* Code, message and shape of errors whose body is an object: `body` is GW_MAP, or anything where
 * there is none. */
void gw_protocol_name_error(const struct gw_operation *op, const struct gw_http_response *res,
                            const struct gw_value *body, struct gw_arena *arena,
                            struct gw_aws_error *error);
/* The same and the request's id of errors whose body is XML: the <Error> element; NULL: none. */
const struct gw_xml *gw_protocol_name_xml_error(const struct gw_operation *op,
                                                const struct gw_http_response *res,
                                                struct gw_arena *arena, struct gw_aws_error *error);
/* The member that carries the message, as the model spells it. */
struct gw_view gw_protocol_message_name(const struct gw_shape *shape);
/* The modelled members beyond the message; GW_MAP. */
struct gw_value gw_protocol_error_members(const struct gw_aws_error *error, struct gw_arena *arena);
/* "Code;Sender" in the header of services that were query services once. */
void gw_protocol_add_query_error(const struct gw_service *service, const struct gw_aws_error *error,
                                 struct gw_arena *arena, struct gw_headers *headers);

/* ---- protocol_json_body.c: JSON objects, for every protocol that has them as bodies ---------- */

/* An empty body is {}. `shape` is NULL where nothing is modelled: the body must be JSON still. */
bool gw_protocol_read_json(const struct gw_walk *walk, const struct gw_shape *shape,
                           struct gw_view body, struct gw_value *out);
bool gw_protocol_write_json(const struct gw_walk *walk, const struct gw_shape *shape,
                            const struct gw_value *value);
/* The same of a body that has been parsed, as JSON or as what is like it. */
bool gw_protocol_read_tree(const struct gw_walk *walk, const struct gw_shape *shape,
                           const struct gw_value *tree, struct gw_value *out);
/* One member's value, which stands alone; never an empty body. */
bool gw_protocol_read_json_member(const struct gw_walk *walk, const struct gw_path *path,
                                  const struct gw_member *member, struct gw_view body,
                                  struct gw_value *out);
bool gw_protocol_write_json_member(const struct gw_walk *walk, const struct gw_path *path,
                                   const struct gw_member *member, const struct gw_value *value);
/* Members that are JSON inside a string: a string is such text itself. What is read from a header is
 * taken apart where it is an object or a list. */
struct gw_view gw_protocol_json_text(const struct gw_walk *walk, const struct gw_value *value);
void gw_protocol_read_json_text(const struct gw_walk *walk, struct gw_view text,
                                struct gw_value *out);
/* As members behind others: each with a comma before it, without braces. */
bool gw_protocol_write_json_members(const struct gw_walk *walk, const struct gw_shape *shape,
                                    const struct gw_value *value);

/* ---- protocol_form.c: flat parameters, for every protocol whose requests are forms ----------- */

struct gw_form_pair {
    struct gw_view key, text;
    size_t number; /* from 0, as they came */
};
struct gw_form {
    struct gw_form_pair *pairs; /* by key, ascending */
    size_t count;
};

/* EC2 spells names and lists its own way. */
enum gw_form_dialect { GW_FORM_QUERY, GW_FORM_EC2 };

/* Adds "key=text", encoded, with '&' before all but the first. */
void gw_protocol_write_form_pair(struct gw_view key, struct gw_view text, struct gw_buf *form);
bool gw_protocol_write_form(const struct gw_walk *walk, enum gw_form_dialect dialect,
                            const struct gw_shape *shape, const struct gw_value *value);
/* False where a pair is not percent-encoded as it should. */
bool gw_protocol_read_form(struct gw_view text, struct gw_arena *arena, struct gw_form *out);
const struct gw_view *gw_form_get(const struct gw_form *form, struct gw_view key); /* or NULL */
/* All of that key: the index of the first, and how many follow one another. */
size_t gw_form_find(const struct gw_form *form, struct gw_view key, size_t *count);
bool gw_protocol_read_form_values(const struct gw_walk *walk, enum gw_form_dialect dialect,
                                  const struct gw_shape *shape, const struct gw_form *form,
                                  struct gw_value *out);

/* ---- protocol_xml.c: element trees, for every protocol that answers in XML ------------------- */

/* The members of a structure from the children of `element`. */
bool gw_protocol_read_xml(const struct gw_walk *walk, const struct gw_shape *shape,
                          const struct gw_xml *element, struct gw_value *out);
/* The value of one member that is all of the element. */
bool gw_protocol_read_xml_member(const struct gw_walk *walk, const struct gw_path *path,
                                 const struct gw_member *member, const struct gw_xml *element,
                                 struct gw_value *out);
/* The members of a structure as child elements, without an element around them. */
bool gw_protocol_write_xml(const struct gw_walk *walk, const struct gw_shape *shape,
                           const struct gw_value *value);
/* With it: <name>...</name>, and the shape's namespace. */
bool gw_protocol_write_xml_root(const struct gw_walk *walk, const struct gw_shape *shape,
                                struct gw_view name, const struct gw_value *value);
bool gw_protocol_write_xml_member(const struct gw_walk *walk, const struct gw_path *path,
                                  const struct gw_member *member, struct gw_view name,
                                  const struct gw_value *value);

/* ---- protocol_cbor.c: CBOR maps, with raw_blobs in the walk ------------------------------------ */

bool gw_protocol_read_cbor(const struct gw_walk *walk, const struct gw_shape *shape,
                           struct gw_view body, struct gw_value *out);
bool gw_protocol_write_cbor(const struct gw_walk *walk, const struct gw_shape *shape,
                            const struct gw_value *value);

/* ---- protocol_rest.c: HTTP bindings; _uri.c and _headers.c are parts of it -------------------- */

/* "/path?query" of a request: the operation's template, filled in. */
bool gw_rest_write_uri(const struct gw_walk *walk, const struct gw_value *input,
                       struct gw_view *out);
/* Server: the operation whose method, path and query fit best, and what they say. */
const struct gw_operation *gw_rest_find_operation(const struct gw_service *service,
                                                  const struct gw_http_request *req,
                                                  struct gw_arena *arena, struct gw_err *err);
bool gw_rest_read_uri(const struct gw_walk *walk, struct gw_view url, struct gw_value *out);

/* The members of the shape that are bound to headers. */
bool gw_rest_write_headers(const struct gw_walk *walk, const struct gw_shape *shape,
                           const struct gw_value *value, struct gw_headers *headers);
bool gw_rest_read_headers(const struct gw_walk *walk, const struct gw_shape *shape,
                          const struct gw_headers *headers, struct gw_value *out);
/* A scalar as it stands in a path, a query or a header; `out` of the walk is left alone. */
bool gw_rest_write_text(const struct gw_walk *walk, const struct gw_path *path,
                        const struct gw_member *member, const struct gw_value *value,
                        struct gw_view *text);
bool gw_rest_read_text(const struct gw_walk *walk, const struct gw_path *path,
                       const struct gw_member *member, struct gw_view text, struct gw_value *out);

/* ---- customisations.c: what AWS's models do not say, service by service; its head lists all --- */

/* Services go by their id, however their model's file is called. `operation` may be NULL: any. */
bool gw_custom_is_of(const struct gw_operation *op, const char *service_id, const char *operation);
bool gw_custom_is_named(struct gw_view name, const char *const *names); /* ends with NULL */
bool gw_custom_is_arn(struct gw_view text);

/* ---- custom_input.c, custom_output.c: of a call's parameters and of its results --------------- */

/* What the customisation of a call's parameters means for its result. */
struct gw_custom_call {
    bool keys_encoded;
    struct gw_view endpoint;      /* in place of the service's own; empty: that */
    struct gw_view source_region; /* of a copy that needs a URL of there; empty: none */
    struct gw_view source_url_name;
    bool tells_destination;
};
/* Parameters as the service wants them: to be validated and sent instead of what was `given`, with
 * which they share all that is not replaced. */
bool gw_custom_input(const struct gw_operation *op, const struct gw_value *given,
                     struct gw_arena *arena, struct gw_value *input, struct gw_custom_call *custom,
                     struct gw_err *err);
/* What a request carries beside its parameters. */
void gw_custom_request(const struct gw_operation *op, const struct gw_value *input,
                       struct gw_arena *arena, struct gw_http_request *req);
/* An answer before it is read: an error may come with status 200. */
void gw_custom_response(const struct gw_operation *op, struct gw_arena *arena,
                        struct gw_http_response *res);
/* What was read, as users want it. */
void gw_custom_output(const struct gw_operation *op, const struct gw_custom_call *custom,
                      const struct gw_http_response *res, struct gw_arena *arena,
                      struct gw_value *output);
/* A token from the environment goes before a signature. */
bool gw_custom_takes_token(const struct gw_service *service);
/* Server: errors are <Error> alone, without <ErrorResponse>. */
bool gw_custom_bare_errors(const struct gw_service *service);
/* Server: another operation answers requests of this form. */
bool gw_custom_is_superseded(const struct gw_operation *op);

void gw_custom_retry_policy(const struct gw_service *service, struct gw_retry_policy *policy);
bool gw_custom_is_long_polling(const struct gw_operation *op);
/* False with `err` where the body is not the one that was sent. */
bool gw_custom_verify(const struct gw_operation *op, const struct gw_http_response *res,
                      struct gw_err *err);

/* ---- custom_endpoint.c ------------------------------------------------------------------------- */

/* Of an operation of S3: is the bucket part of the path, not of the host name? */
bool gw_custom_path_style(const struct gw_operation *op, const struct gw_s3_settings *settings,
                          struct gw_view bucket, struct gw_view custom);
/* Is it asked for by a setting of the service's own? */
bool gw_custom_dualstack(const struct gw_service *service, const struct gw_settings *settings);
/* The request's "/path?query" without what the endpoint has already. */
struct gw_view gw_custom_target(const struct gw_operation *op, struct gw_view target);
bool gw_custom_drops_host_prefix(const struct gw_operation *op);
/* The bucket that the call is about, where it may be in another region; else the empty view. */
struct gw_view gw_custom_bucket(const struct gw_operation *op, const struct gw_value *context);
/* The region in which it is, where the answer refuses the call for that; else the empty view. */
struct gw_view gw_custom_bucket_region(const struct gw_operation *op,
                                       const struct gw_http_response *res,
                                       const struct gw_aws_error *error, struct gw_arena *arena);

/* ---- pace.c: when a request of a client to a service may be sent ------------------------------ */

struct gw_pace_key {
    const struct gw_service *service;
    enum gw_retry_mode mode;
    int max_attempts; /* 0: the mode's */
    double rate;      /* requests a second; 0: no limit */
};

/* A request that wants to be sent. */
struct gw_turn {
    struct gw_turn *next, *previous;
    bool waits;
    void (*fn)(void *ctx);
    void *ctx;
};

struct gw_pace {
    struct gw_pace *next; /* of the client */
    struct gw_client *client;
    struct gw_pace_key key;
    struct gw_retry retry;
    struct gw_limiter limiter;
    struct gw_bucket rate;
    struct gw_turn *first, *last; /* those that wait */
    struct gw_timer *timer;       /* of the first */
};

/* The one for the service and for what the call asks; lives as long as the client. */
struct gw_pace *gw_pace_get(struct gw_client *client, const struct gw_service *service,
                            const struct gw_call_options *options);
void gw_pace_free_all(struct gw_client *client); /* none waits any more */

/* True: send now. False: `turn->fn` is called when it may be sent, unless it leaves before. */
bool gw_pace_enter(struct gw_pace *pace, struct gw_turn *turn);
void gw_pace_leave(struct gw_pace *pace, struct gw_turn *turn); /* also one that does not wait */
/* Whatever came of a request, told for the adaptive mode. */
void gw_pace_answered(struct gw_pace *pace, bool throttled);

/* ---- client: client.c is what calls share, outgoing.c a call's request, call.c its life ------ */

struct gw_bucket_entry; /* where a bucket is */

struct gw_client {
    struct gw_client_options options;
    struct gw_arena *arena;                      /* endpoint rules, for the client's life */
    struct gw_identity *identity, *own_identity; /* the latter NULL where it is borrowed */
    struct gw_bucket_entry *buckets;
    struct gw_pace *paces;
    struct gw_discovery *discoveries;
    int64_t skew_ms;       /* AWS's clock less ours, once a call was refused for it */
    bool knows_clock;      /* from the last answer: */
    int64_t ahead_s;       /* AWS's clock less ours */
    uint64_t random_state; /* of a seeded client */
    struct gw_call *calls; /* under way */
};

/* The signing clock: ours, corrected. */
int64_t gw_client_epoch_s(const struct gw_client *client);
double gw_client_random(struct gw_client *client); /* in [0, 1) */
void gw_client_uuid(struct gw_client *client, char out[37]);

/* Where a call goes that gives the endpoint parameters `context`, of this account (empty: not
 * known). */
bool gw_client_endpoint(struct gw_client *client, const struct gw_operation *op,
                        const struct gw_value *context, struct gw_view account_id,
                        struct gw_arena *arena, struct gw_endpoint *out, struct gw_err *err);

/* For all later calls that name the bucket. */
void gw_client_learn_region(struct gw_client *client, struct gw_view bucket, struct gw_view region);

/* ---- discovery.c: services that say themselves where an account asks them ---------------------- */

/* A call that wants to know. */
struct gw_discovery_wait {
    struct gw_discovery_wait *next, *previous;
    struct gw_discovery *discovery; /* NULL: does not wait */
    struct gw_timer *timer;         /* until it is told */
    void (*fn)(void *ctx, const struct gw_err *err);
    void *ctx;
};
/* `url` is what the service says, or empty where the rules' endpoint is the one. Where it has to be
 * asked, `wait` waits, and its `fn` is called once, later: enter again, or it was told why not. False
 * with `err` where it cannot be asked. */
bool gw_discovery_enter(struct gw_client *client, const struct gw_operation *op,
                        struct gw_discovery_wait *wait, struct gw_view *url, struct gw_err *err);
void gw_discovery_leave(struct gw_discovery_wait *wait); /* also one that does not wait */
/* What was said does not hold any more. */
void gw_discovery_forget(struct gw_client *client, const struct gw_operation *op);

/* ---- chunked.c: aws-chunked, a body with a trailer behind it ---------------------------------- */

/* Frames what `inner` has in chunks of 1 MiB, and adds its checksum as the trailer of that name.
 * With a signature each, or without. */
struct gw_chunked;
struct gw_chunked_options {
    const struct gw_body_source *inner;
    struct gw_view trailer; /* "x-amz-checksum-crc32"; borrowed */
    enum gw_checksum_kind checksum;
    bool is_signed;
};
struct gw_chunked *gw_chunked_new(const struct gw_chunked_options *options);
void gw_chunked_free(struct gw_chunked *chunked); /* NULL is fine */
const struct gw_body_source *gw_chunked_source(struct gw_chunked *chunked);
/* The signature of the head, before each sending. Without effect where chunks are not signed. */
void gw_chunked_set_seed(struct gw_chunked *chunked, const struct gw_signing *signing,
                         struct gw_view signature, struct gw_arena *arena);

/* ---- verify.c: the checksum of an answer ------------------------------------------------------- */

struct gw_verify {
    bool wanted;                     /* the request has asked for one */
    struct gw_checksum_state *state; /* NULL: there is nothing to check */
    struct gw_view name, expected;   /* the header's */
};
/* Begins anew with the head of an answer: of the checksums that the operation models, the first
 * that is there. Text lives in the arena. */
void gw_verify_begin(struct gw_verify *verify, const struct gw_operation *op,
                     const struct gw_headers *headers, struct gw_arena *arena);
void gw_verify_add(struct gw_verify *verify, struct gw_view bytes);
bool gw_verify_end(struct gw_verify *verify, struct gw_err *err); /* GW_ERR_PROTOCOL */
void gw_verify_clear(struct gw_verify *verify);

/* ---- payload.c: the body of a request: compressed, with its checksum, ready to be signed -------- */

struct gw_payload {
    const struct gw_body_source *source; /* the caller's; NULL: the body is in memory */
    struct gw_view algorithm;            /* that the caller named; empty: none */
    bool ready;
    struct gw_view hash;          /* in place of the body's SHA-256 in the signature; empty: that */
    struct gw_body_source memory; /* over the body in memory, where that is framed */
    struct gw_view memory_left;
    struct gw_chunked *chunked; /* NULL: sent as it is */
};

/* The call as it stands, without output, error and err. */
void gw_call_describe(const struct gw_call *call, struct gw_call_result *out);
/* From here on it is not repeated, whatever comes. */
void gw_call_commit(struct gw_call *call);
/* After its sink has paused. */
void gw_call_resume(struct gw_call *call);

/* The request of a call. */
struct gw_outgoing {
    const struct gw_operation *op;
    const struct gw_custom_call *custom; /* borrowed */
    struct gw_view form;                 /* the body without the URL of a copy's source */
    struct gw_view account_id;           /* that the address was made for */
    int max_attempts;                    /* to be told */
    bool knows_server_clock;             /* from an answer: */
    int64_t server_ahead_s;              /* of ours, uncorrected */
    struct gw_value context;             /* what it says of its endpoint */
    struct gw_view target;               /* "/path?query" */
    struct gw_view host_prefix;          /* may be empty */
    struct gw_payload payload;
    struct gw_verify verify;
    struct gw_endpoint endpoint;
    struct gw_http_request http;
};

/* After the protocol has written the request: what follows from the input. */
bool gw_payload_write(const struct gw_settings *settings, const struct gw_value *input,
                      struct gw_arena *arena, struct gw_outgoing *out, struct gw_err *err);
/* Once it is known where it goes; the first time does all. */
bool gw_payload_prepare(const struct gw_settings *settings, struct gw_arena *arena,
                        struct gw_outgoing *out, struct gw_err *err);

void gw_outgoing_set_header(struct gw_outgoing *out, struct gw_view name, struct gw_view value,
                            struct gw_arena *arena);
void gw_outgoing_clear(struct gw_outgoing *out);

/* What the protocol writes, and what tells the address. The input is that of gw_custom_input, has been
 * validated, and `custom` lasts as long as the request. */
bool gw_outgoing_write(struct gw_client *client, const struct gw_call_request *request,
                       const struct gw_custom_call *custom, struct gw_arena *arena,
                       struct gw_outgoing *out, struct gw_err *err);
/* All that a request to be sent has beside that, but the signature. The input is not needed
 * afterwards. */
bool gw_outgoing_complete(struct gw_client *client, const struct gw_value *input,
                          struct gw_arena *arena, struct gw_outgoing *out, struct gw_err *err);
/* Where it goes, for a caller of this account (empty: not known); replaces an earlier address. */
bool gw_outgoing_address(struct gw_client *client, struct gw_outgoing *out,
                         struct gw_view account_id, struct gw_arena *arena, struct gw_err *err);
/* For attempt number `attempt`, now; replaces what an earlier attempt left. Without credentials it
 * is not signed. */
bool gw_outgoing_sign(struct gw_client *client, struct gw_outgoing *out, int attempt,
                      const struct gw_credentials *credentials, struct gw_arena *arena,
                      struct gw_err *err);

/* ---- custom_glacier.c ------------------------------------------------------------------------- */

struct gw_custom_body {
    const struct gw_operation *op;
    const struct gw_value *input;
    const struct gw_body_source *source; /* NULL: the request's, in memory */
};
/* Reads the body of an operation that wants checksums of its own; replaces earlier ones. Without
 * effect on most calls; fails as the source does. */
bool gw_custom_add_checksums(const struct gw_custom_body *body, struct gw_arena *arena,
                             struct gw_http_request *req, struct gw_err *err);

/* ---- custom_copy.c --------------------------------------------------------------------------- */

/* Once it is addressed, and before it is signed. Without effect on most calls. */
bool gw_custom_add_source_url(struct gw_client *client, struct gw_outgoing *out,
                              const struct gw_credentials *credentials, struct gw_arena *arena,
                              struct gw_err *err);

/* ---- bearer.c -------------------------------------------------------------------------------- */

/* Does a token stand in the place of the operation's signature? */
bool gw_bearer_applies(const struct gw_operation *op);
bool gw_bearer_find(const struct gw_config *config, const struct gw_settings *settings,
                    const struct gw_service *service, int64_t now_epoch_s, struct gw_arena *arena,
                    struct gw_view *token, struct gw_err *err);

/* ---- endpoint_rules.c: rule sets and their parts ---------------------------------------------- */

/* The service's set, parsed at first use and kept for the life of the process, which the service's
 * table has to last as well: a large set takes milliseconds and a megabyte, and a run may have a
 * client for each of a thousand accounts. */
const struct gw_endpoint_rules *gw_endpoint_rules_of(const struct gw_service *service,
                                                     struct gw_err *err);

size_t gw_endpoint_parameter_count(const struct gw_endpoint_rules *rules);
/* The parameter's name; `built_in` is whence it comes ("AWS::Region"), or the empty view. */
struct gw_view gw_endpoint_parameter(const struct gw_endpoint_rules *rules, size_t index,
                                     struct gw_view *built_in);

/* ---- endpoint_functions.c: what endpoint rules may call -------------------------------------- */

#define GW_RULE_ARGUMENTS_MAX 8

struct gw_rule_function {
    const char *name;
    size_t arguments_min, arguments_max;
    /* NULL is null, in arguments and result. Results live in the arena or in the arguments. */
    const struct gw_value *(*call)(const struct gw_value *const *arguments, struct gw_arena *arena);
};
const struct gw_rule_function *gw_rule_function_find(struct gw_view name); /* or NULL */

/* Letters, digits and inner hyphens, 1 to 63 of them. */
bool gw_is_host_label(struct gw_view text);

/* What AWS says of the partition that the region belongs to: name, dnsSuffix, ... */
const struct gw_value *gw_partition_of(struct gw_view region, struct gw_arena *arena);

/* "name.other[0]" inside the value; NULL where there is no such part. */
const struct gw_value *gw_rule_attribute(const struct gw_value *value, struct gw_view path);

#endif
