/* aws: the AWS client, driven by the compiled API models; no service has code of its own here.
 *
 *   model        read-only tables: services, operations, shapes, paginators, waiters, endpoint rules
 *   validate     a parameter tree against its shape, before anything is sent
 *   protocol     values <-> HTTP, both directions: the client's and the simulator's
 *   sigv4        signatures, each stage visible for tests
 *   config       the shared config and credentials files, region
 *   identity     who is calling, and with which credentials
 *   endpoint     where a call goes
 *   retry        whether and when to try again
 *   limiter      how fast to send
 *   client       all of it together: one asynchronous call
 */
#ifndef GW_AWS_H
#define GW_AWS_H

#include "base/base.h"
#include "net/net.h"

/* ================================ model ======================================================= */

/* Objects are read-only and live inside the table they came from; pointers to them never die for
 * the built-in table. Text is borrowed from the table. Indices run from 0 to count - 1. */

struct gw_models;
struct gw_service;
struct gw_operation;
struct gw_shape;
struct gw_member;
struct gw_paginator;
struct gw_waiter;

/* The services compiled into the program. */
const struct gw_models *gw_models_builtin(void);

/* host/models/rules.txt: what operations do to an account, where models do not say. */
struct gw_view gw_models_rules(void);

/* A table made by host/models/compile.lua, checked for magic and version. Borrows `bytes`, which
 * must be aligned to 8 and outlive every object taken from it. What does not come from our own
 * build must pass gw_models_check too before anything else is asked of it. */
const struct gw_models *gw_models_open(struct gw_view bytes, struct gw_err *err);

#define GW_MODELS_MAX_BYTES (256u << 20)

/* Whether all in the table is as it must be, so that no object taken from it leads astray. */
bool gw_models_check(const struct gw_models *models, struct gw_err *err);

/* The service of that name: the user's own model, else the one built in. A model of the user is
 * read when its name is first asked for; what is found never dies. NULL with `err` where there is
 * none, naming the nearest, or where the user's is damaged. */
const struct gw_service *gw_models_find_service(struct gw_view name, struct gw_err *err);

/* All names that gw_models_find_service may find: GW_LIST of strings, ascending. */
struct gw_value gw_models_names(struct gw_arena *arena);

/* A model of the user's own is a file of the folder GWRUN_MODELS, else gwrun/models under
 * XDG_DATA_HOME or ~/.local/share. The empty view: no variable says where. */
struct gw_view gw_models_folder(struct gw_arena *arena);

struct gw_user_model {
    const struct gw_models *models; /* of one service, checked; lives in the arena */
    struct gw_view about;           /* JSON, as written; also where only the version is another */
    size_t size_bytes;              /* of the file */
};
bool gw_user_model_read(struct gw_view name, struct gw_arena *arena, struct gw_user_model *out,
                        struct gw_err *err);
/* What it was compiled from. */
bool gw_user_model_facts(struct gw_view name, struct gw_arena *arena, struct gw_view *out,
                         struct gw_err *err);

struct gw_user_model_parts {
    struct gw_view name, about, table, facts;
};
bool gw_user_model_write(const struct gw_user_model_parts *parts, struct gw_err *err);
bool gw_user_model_remove(struct gw_view name, struct gw_err *err);
struct gw_value gw_user_model_names(struct gw_arena *arena); /* GW_LIST of strings, ascending */

size_t gw_models_count(const struct gw_models *models);
/* by name, ascending */
const struct gw_service *gw_models_service(const struct gw_models *models, size_t index);
/* "ecs", "application-autoscaling" */
const struct gw_service *gw_models_find(const struct gw_models *models, struct gw_view name);
/* By credential-scope service name ("monitoring", "elasticloadbalancing"): what a signed request
 * names. Several services may share one; the caller tells them apart. Begin with `after` = NULL. */
const struct gw_service *gw_models_next_signing_name(const struct gw_models *models,
                                                     struct gw_view signing_name,
                                                     const struct gw_service *after);

enum gw_protocol {
    GW_PROTOCOL_JSON,
    GW_PROTOCOL_QUERY,
    GW_PROTOCOL_EC2,
    GW_PROTOCOL_REST_JSON,
    GW_PROTOCOL_REST_XML,
    GW_PROTOCOL_CBOR
};

/* "elbv2": botocore's folder name */
struct gw_view gw_service_name(const struct gw_service *service);
struct gw_view gw_service_id(const struct gw_service *service); /* "Elastic Load Balancing v2" */
/* "elasticloadbalancing", "logs": in IAM actions */
struct gw_view gw_service_iam_prefix(const struct gw_service *service);
struct gw_view gw_service_signing_name(const struct gw_service *service);
struct gw_view gw_service_endpoint_prefix(const struct gw_service *service);
struct gw_view gw_service_api_version(const struct gw_service *service);
struct gw_view gw_service_target_prefix(const struct gw_service *service); /* json: X-Amz-Target */
struct gw_view gw_service_json_version(const struct gw_service *service);  /* "1.0", "1.1" */
struct gw_view gw_service_xml_namespace(const struct gw_service *service);
enum gw_protocol gw_service_protocol(const struct gw_service *service); /* the one spoken */
bool gw_service_query_compatible(const struct gw_service *service);     /* awsQueryCompatible */
size_t gw_service_operation_count(const struct gw_service *service);
/* by snake name, ascending */
const struct gw_operation *gw_service_operation(const struct gw_service *service, size_t index);
/* By either spelling: "describe_services" or "DescribeServices". */
const struct gw_operation *gw_service_find_operation(const struct gw_service *service,
                                                     struct gw_view name);
size_t gw_service_waiter_count(const struct gw_service *service);
const struct gw_waiter *gw_service_waiter(const struct gw_service *service, size_t index);
/* either spelling */
const struct gw_waiter *gw_service_find_waiter(const struct gw_service *service,
                                               struct gw_view name);
/* The endpoint rule set of the service: JSON text as AWS publishes it, minified. */
struct gw_view gw_service_endpoint_rules(const struct gw_service *service);

enum gw_effect {
    GW_EFFECT_READ,
    GW_EFFECT_READ_SECRET, /* reads, and what it reads is secret: secretsmanager:GetSecretValue */
    GW_EFFECT_CHANGE,      /* also everything unknown */
    GW_EFFECT_DESTROY
};

enum gw_auth {
    GW_AUTH_SIGV4,
    GW_AUTH_NONE,
    GW_AUTH_UNSIGNED_BODY, /* SigV4 over "UNSIGNED-PAYLOAD" instead of the body's hash */
    GW_AUTH_BEARER         /* a token of IAM Identity Center, in the Authorization header */
};

/* Where an operation is sent that an account is told by the service itself. */
enum gw_discovery_role {
    GW_DISCOVERY_NONE,
    GW_DISCOVERY_REQUIRED, /* there, and nowhere else */
    GW_DISCOVERY_ANSWERS   /* says so */
};

/* httpChecksum; all empty where the model has none. */
struct gw_checksum {
    bool required;                    /* a request needs one, whatever the settings say */
    struct gw_view request_member;    /* the input member that names the algorithm */
    struct gw_view validation_member; /* the input member that asks for one in the answer */
    size_t response_count;
};

/* An endpoint parameter that the operation sets: to `json`, else to what the JMESPath `path` finds
 * in the input. Those of single members are gw_member_context_param. */
struct gw_context {
    struct gw_view name;
    struct gw_view json, path; /* one of them is empty */
};

struct gw_view gw_operation_name(const struct gw_operation *op); /* "DescribeServices" */
/* "describe_services", as boto3 spells it */
struct gw_view gw_operation_snake_name(const struct gw_operation *op);
const struct gw_service *gw_operation_service(const struct gw_operation *op);
enum gw_effect gw_operation_effect(const struct gw_operation *op);
struct gw_view gw_operation_http_method(const struct gw_operation *op);
struct gw_view
gw_operation_uri(const struct gw_operation *op);               /* "/", "/{Bucket}/{Key+}?tagging" */
int gw_operation_response_code(const struct gw_operation *op); /* 0 when the model does not say */
struct gw_view gw_operation_host_prefix(const struct gw_operation *op);
enum gw_auth gw_operation_auth(const struct gw_operation *op);
struct gw_checksum gw_operation_checksum(const struct gw_operation *op);
/* "CRC64NVME", "SHA256": in the model's order; index below response_count */
struct gw_view gw_operation_response_checksum(const struct gw_operation *op, size_t index);
bool gw_operation_compresses(const struct gw_operation *op); /* requestcompression: gzip */
enum gw_discovery_role gw_operation_discovery(const struct gw_operation *op);
size_t gw_operation_context_count(const struct gw_operation *op);
struct gw_context gw_operation_context(const struct gw_operation *op, size_t index);
const struct gw_shape *gw_operation_input(const struct gw_operation *op); /* NULL: takes nothing */
/* NULL: returns nothing */
const struct gw_shape *gw_operation_output(const struct gw_operation *op);
struct gw_view gw_operation_result_wrapper(const struct gw_operation *op); /* query; may be empty */
size_t gw_operation_error_count(const struct gw_operation *op);
const struct gw_shape *gw_operation_error(const struct gw_operation *op, size_t index);
const struct gw_paginator *gw_operation_paginator(const struct gw_operation *op); /* NULL: none */

enum gw_shape_type {
    GW_SHAPE_STRUCTURE,
    GW_SHAPE_LIST,
    GW_SHAPE_MAP,
    GW_SHAPE_STRING,
    GW_SHAPE_BLOB,
    GW_SHAPE_BOOLEAN,
    GW_SHAPE_INTEGER, /* 32 bit */
    GW_SHAPE_LONG,    /* 64 bit */
    GW_SHAPE_FLOAT,
    GW_SHAPE_DOUBLE,
    GW_SHAPE_TIMESTAMP
};

enum gw_shape_flag {
    GW_SHAPE_SENSITIVE = 1u << 0,
    GW_SHAPE_FLATTENED = 1u << 1,
    GW_SHAPE_UNION = 1u << 2,
    GW_SHAPE_EXCEPTION = 1u << 3,
    GW_SHAPE_DOCUMENT = 1u << 4,
    GW_SHAPE_STREAMING = 1u << 5,
    GW_SHAPE_EVENT_STREAM = 1u << 6,
    GW_SHAPE_EVENT = 1u << 7,
    GW_SHAPE_WRAPPER = 1u << 8,
    GW_SHAPE_SPARSE = 1u << 9,
    GW_SHAPE_RETRYABLE = 1u << 10,
    GW_SHAPE_THROTTLING = 1u << 11, /* retryable with throttling: true */
    GW_SHAPE_SENDER_FAULT = 1u << 12,
    GW_SHAPE_HAS_MIN = 1u << 13,
    GW_SHAPE_HAS_MAX = 1u << 14
};

struct gw_view gw_shape_name(const struct gw_shape *shape);
enum gw_shape_type gw_shape_type(const struct gw_shape *shape);
unsigned gw_shape_flags(const struct gw_shape *shape);
/* of the number, or of the length in elements or bytes */
double gw_shape_min(const struct gw_shape *shape);
double gw_shape_max(const struct gw_shape *shape);
size_t gw_shape_enum_count(const struct gw_shape *shape);
struct gw_view gw_shape_enum(const struct gw_shape *shape, size_t index);
/* locationName on the shape, may be empty */
struct gw_view gw_shape_wire_name(const struct gw_shape *shape);
struct gw_view gw_shape_xml_namespace(const struct gw_shape *shape); /* uri, may be empty */
/* namespace prefix, may be empty */
struct gw_view gw_shape_xml_prefix(const struct gw_shape *shape);
/* enum gw_time_format of codec.h; 0: not given */
unsigned gw_shape_timestamp_format(const struct gw_shape *shape);
struct gw_view
gw_shape_error_code(const struct gw_shape *shape);          /* error.code if given, else the name */
int gw_shape_error_status(const struct gw_shape *shape);    /* 0: not given */
size_t gw_shape_member_count(const struct gw_shape *shape); /* structures; in the model's order */
const struct gw_member *gw_shape_member(const struct gw_shape *shape, size_t index);
const struct gw_member *gw_shape_find_member(const struct gw_shape *shape, struct gw_view name);
const struct gw_member *gw_shape_payload(const struct gw_shape *shape); /* NULL: none */
/* The payload, where that is bytes: what can be streamed; NULL: none. */
const struct gw_member *gw_shape_stream(const struct gw_shape *shape);
bool gw_shape_takes_token(const struct gw_shape *shape); /* an idempotency token; NULL: not */
const struct gw_member *gw_shape_element(const struct gw_shape *list); /* name "member" */
const struct gw_member *gw_shape_key(const struct gw_shape *map);
const struct gw_member *gw_shape_value(const struct gw_shape *map);

enum gw_location {
    GW_LOCATION_BODY,
    GW_LOCATION_URI,
    GW_LOCATION_QUERY,
    GW_LOCATION_HEADER,
    GW_LOCATION_HEADERS, /* prefix map */
    GW_LOCATION_STATUS
};

enum gw_member_flag {
    GW_MEMBER_REQUIRED = 1u << 0,
    GW_MEMBER_SENSITIVE = 1u << 1, /* the member's shape is sensitive */
    GW_MEMBER_IDEMPOTENCY_TOKEN = 1u << 2,
    GW_MEMBER_FLATTENED = 1u << 3, /* member or shape says so */
    GW_MEMBER_XML_ATTRIBUTE = 1u << 4,
    GW_MEMBER_STREAMING = 1u << 5,
    GW_MEMBER_HOST_LABEL = 1u << 6,
    GW_MEMBER_EVENT_HEADER = 1u << 7,
    GW_MEMBER_EVENT_PAYLOAD = 1u << 8,
    GW_MEMBER_JSON_VALUE = 1u << 9,
    GW_MEMBER_NAMED = 1u << 10 /* has a locationName of its own (member or its shape) */
};

struct gw_view gw_member_name(const struct gw_member *member); /* as in the API reference */
/* locationName, else the name */
struct gw_view gw_member_wire_name(const struct gw_member *member);
struct gw_view gw_member_query_name(const struct gw_member *member); /* ec2; may be empty */
const struct gw_shape *gw_member_shape(const struct gw_member *member);
enum gw_location gw_member_location(const struct gw_member *member);
unsigned gw_member_flags(const struct gw_member *member);
/* the member's, else the shape's; 0: neither */
unsigned gw_member_timestamp_format(const struct gw_member *member);
struct gw_view gw_member_xml_namespace(const struct gw_member *member);
struct gw_view gw_member_xml_prefix(const struct gw_member *member);
/* endpoint parameter; may be empty */
struct gw_view gw_member_context_param(const struct gw_member *member);

/* Expressions are JMESPath, as published. */
enum gw_paginator_field {
    GW_PAGINATOR_INPUT_TOKEN,
    GW_PAGINATOR_OUTPUT_TOKEN,
    GW_PAGINATOR_RESULT_KEY,
    GW_PAGINATOR_NON_AGGREGATE
};
size_t gw_paginator_count(const struct gw_paginator *paginator, enum gw_paginator_field field);
struct gw_view gw_paginator_text(const struct gw_paginator *paginator,
                                 enum gw_paginator_field field, size_t index);
struct gw_view gw_paginator_limit_key(const struct gw_paginator *paginator);    /* may be empty */
struct gw_view gw_paginator_more_results(const struct gw_paginator *paginator); /* may be empty */

enum gw_matcher {
    GW_MATCH_PATH,
    GW_MATCH_PATH_ALL,
    GW_MATCH_PATH_ANY,
    GW_MATCH_STATUS,
    GW_MATCH_ERROR
};
enum gw_waiter_state { GW_WAITER_SUCCESS, GW_WAITER_FAILURE, GW_WAITER_RETRY };
struct gw_acceptor {
    enum gw_matcher matcher;
    enum gw_waiter_state state;
    struct gw_view argument;      /* JMESPath; empty for status and error */
    struct gw_view expected_json; /* JSON text */
};
struct gw_view gw_waiter_name(const struct gw_waiter *waiter); /* "ServicesStable" */
struct gw_view gw_waiter_snake_name(const struct gw_waiter *waiter);
const struct gw_operation *gw_waiter_operation(const struct gw_waiter *waiter);
int gw_waiter_delay_s(const struct gw_waiter *waiter);
int gw_waiter_max_attempts(const struct gw_waiter *waiter);
size_t gw_waiter_acceptor_count(const struct gw_waiter *waiter);
struct gw_acceptor gw_waiter_acceptor(const struct gw_waiter *waiter, size_t index);

/* ================================ validate ==================================================== */

/* Checks `input` (GW_MAP, or GW_NULL for none) against the operation's input shape, all of it:
 * unknown member (names the nearest), missing required member, wrong type, not in a range, union
 * with not exactly one member. Enum values are not enforced: AWS adds values before models know
 * them. Message: "ecs:UpdateService: parameter 'desiredCont': no such member, did you mean
 * 'desiredCount'?"; nested places read "containerDefinitions[2].cpu". */
bool gw_validate(const struct gw_operation *op, const struct gw_value *input, struct gw_err *err);

/* Makes secret what the model calls sensitive in `input`, valid or not, and all that is in it. */
void gw_mark_sensitive(const struct gw_operation *op, struct gw_value *input);

/* ================================ protocol ==================================================== */

/* An AWS error as one value. Text lives in the arena given to the function that filled it. */
struct gw_aws_error {
    struct gw_view service;   /* "ecs" */
    struct gw_view operation; /* "UpdateService" */
    struct gw_view code;      /* "ServiceNotFoundException" */
    struct gw_view message;
    struct gw_view request_id;
    struct gw_value detail; /* modelled members of the error shape, GW_MAP; GW_NULL when none */
    const struct gw_shape *shape; /* the modelled error; NULL when not modelled */
    int http_status;              /* 0: no answer came */
    int attempts;
};

/* Client, request: fills method, url path and query (relative: "/" or "/path?query", to be joined
 * with the endpoint), headers and body. `input` has been validated. Missing idempotency tokens are
 * filled with `token` (36 characters), when it is not empty. */
bool gw_protocol_write_request(const struct gw_operation *op, const struct gw_value *input,
                               struct gw_view token, struct gw_arena *arena,
                               struct gw_http_request *out, struct gw_err *err);

enum gw_answer { GW_ANSWER_OK, GW_ANSWER_AWS_ERROR, GW_ANSWER_GARBAGE };

/* Client, response: OK fills `output` (GW_MAP); AWS_ERROR fills `error`; GARBAGE (an answer that
 * the protocol does not allow: not JSON, cut off, wrong types) fills `err`. Sensitive members come
 * out with `secret` set. */
enum gw_answer gw_protocol_read_response(const struct gw_operation *op,
                                         const struct gw_http_response *res, struct gw_arena *arena,
                                         struct gw_value *output, struct gw_aws_error *error,
                                         struct gw_err *err);

/* Server: the protocol that a request is in. A service that has changed its own understands what it
 * spoke before, too: forms where it is query-compatible, and CBOR. */
enum gw_protocol gw_protocol_of_request(const struct gw_service *service,
                                        const struct gw_http_request *req);

/* Server, request: which operation of `service`, and its parameters. Fails with GW_ERR_NOT_FOUND
 * for an unknown operation and GW_ERR_INPUT for a body that cannot be read. */
bool gw_protocol_read_request(const struct gw_service *service, const struct gw_http_request *req,
                              struct gw_arena *arena, const struct gw_operation **op,
                              struct gw_value *input, struct gw_err *err);

/* Server, response, in the protocol of the request. */
bool gw_protocol_write_response(enum gw_protocol protocol, const struct gw_operation *op,
                                const struct gw_value *output, struct gw_view request_id,
                                struct gw_arena *arena, struct gw_http_response *out,
                                struct gw_err *err);

/* Server, error: uses code, message, request_id, detail, http_status of `error`. `op` may be NULL
 * where the request did not get that far. */
bool gw_protocol_write_error(enum gw_protocol protocol, const struct gw_service *service,
                             const struct gw_operation *op, const struct gw_aws_error *error,
                             struct gw_arena *arena, struct gw_http_response *out,
                             struct gw_err *err);

/* ---- event streams: a member of the output that goes on, message after message --------------- */

/* The member that is an event stream; NULL when there is none, or no shape. */
const struct gw_member *gw_event_stream_member(const struct gw_shape *shape);
/* Does the protocol have the other members of the output in a first message of the stream? Else
 * they are in the headers of the answer. */
bool gw_event_stream_has_initial(const struct gw_operation *op);

struct gw_eventstream_message; /* of codec.h */

enum gw_event_kind {
    GW_EVENT_MEMBER,  /* of the stream's union: `value` is {name = {...}} */
    GW_EVENT_INITIAL, /* `value` is the other members of the output */
    GW_EVENT_UNKNOWN, /* of a newer model: to be skipped */
    GW_EVENT_ERROR,   /* the stream has failed with `error` */
    GW_EVENT_GARBAGE  /* `err` */
};
struct gw_event {
    struct gw_value value;
    struct gw_aws_error error;
};

/* One message of the stream in `shape`, which is the operation's output (or input). What is read
 * lives in the arena. */
enum gw_event_kind gw_protocol_read_event(const struct gw_operation *op,
                                          const struct gw_shape *shape,
                                          const struct gw_eventstream_message *message,
                                          struct gw_arena *arena, struct gw_event *out,
                                          struct gw_err *err);

/* Server: the answer without its body, and in `out` the message with which the stream begins, where
 * the protocol has one. */
bool gw_protocol_begin_stream(const struct gw_operation *op, const struct gw_value *output,
                              struct gw_view request_id, struct gw_arena *arena,
                              struct gw_http_response *head, struct gw_buf *out,
                              struct gw_err *err);
/* These add one message to `out`. */
bool gw_protocol_write_event(const struct gw_operation *op, const struct gw_shape *shape,
                             const struct gw_value *event, struct gw_arena *arena,
                             struct gw_buf *out, struct gw_err *err);
/* By code, message and detail: as the modelled exception, else as an error of its own. */
bool gw_protocol_write_event_error(const struct gw_operation *op, const struct gw_aws_error *error,
                                   struct gw_arena *arena, struct gw_buf *out, struct gw_err *err);

/* ================================ sigv4 ======================================================= */

struct gw_credentials {
    struct gw_view access_key_id;
    struct gw_view secret_access_key;
    struct gw_view session_token; /* may be empty */
    struct gw_view account_id;    /* may be empty */
    int64_t expires_epoch_s;      /* 0: never */
    struct gw_view source; /* for people: "environment", "profile 'ops' in ~/.aws/credentials" */
};

struct gw_signing {
    const struct gw_credentials *credentials;
    struct gw_view region, service;
    int64_t epoch_s;
    bool keep_path;              /* S3: no normalising, no second encoding */
    bool encode_path_once;       /* for the published suite: normalised, but no second encoding */
    bool sign_body_header;       /* add and sign X-Amz-Content-Sha256 */
    bool token_after_signing;    /* add the session token unsigned */
    struct gw_view payload_hash; /* empty: SHA-256 of the body */
    int64_t expires_s;           /* presigning only; 0: 3600 */
};

/* The stages, for comparison with the published suite. */
struct gw_signature {
    struct gw_view canonical_request, string_to_sign, signature, authorization;
};

/* Sets X-Amz-Date, X-Amz-Security-Token, Authorization in `req->headers`, so a retry may sign
 * again. An X-Amz-Content-Sha256 that is there already is the payload hash. `req->url` is absolute.
 */
bool gw_sigv4_sign(struct gw_http_request *req, const struct gw_signing *signing,
                   struct gw_arena *arena, struct gw_signature *stages /* or NULL */,
                   struct gw_err *err);

/* Replaces `req->url` by the presigned URL; it covers the headers that `req` keeps. */
bool gw_sigv4_presign(struct gw_http_request *req, const struct gw_signing *signing,
                      struct gw_arena *arena, struct gw_signature *stages /* or NULL */,
                      struct gw_err *err);

/* What follows the head of a signed request piece by piece: chunks, trailers, events. Each signature
 * covers the one before it, the first that of the head. */
struct gw_sigv4_stream {
    unsigned char key[32];
    char time[17];
    struct gw_view scope;
    char signature[65]; /* the last one; ends in NUL */
};
/* `head`: the signature of the head. `arena` must outlive the stream. */
void gw_sigv4_stream_init(struct gw_sigv4_stream *stream, const struct gw_signing *signing,
                          struct gw_view head, struct gw_arena *arena);
void gw_sigv4_stream_clear(struct gw_sigv4_stream *stream); /* wipes the key */
void gw_sigv4_sign_chunk(struct gw_sigv4_stream *stream, struct gw_view bytes);
/* "name:value\n" for each trailer, names in lower case. */
void gw_sigv4_sign_trailers(struct gw_sigv4_stream *stream, struct gw_view trailers);
/* `bytes`: the whole inner message of the event; the stream ends with one of no bytes. */
void gw_sigv4_sign_event(struct gw_sigv4_stream *stream, int64_t epoch_ms, struct gw_view bytes);

/* Server: what a signed request claims, before it is verified. GW_ERR_CREDENTIALS when it is not
 * signed, GW_ERR_INPUT when the claim is malformed. */
struct gw_sigv4_claim {
    struct gw_view access_key_id, region, service, signed_headers, signature, session_token;
    int64_t epoch_s;
    int64_t expires_s; /* presigned: 1 to 604800; in a header: 0 */
};
bool gw_sigv4_read_claim(const struct gw_http_request *req, struct gw_arena *arena,
                         struct gw_sigv4_claim *out, struct gw_err *err);

/* Server: recomputes the signature over exactly the headers the claim names. `now_epoch_s` more
 * than 15 minutes away, or past the expiry, is refused with GW_ERR_TIMEOUT, all else that does not
 * fit with GW_ERR_CREDENTIALS. The message names what differs, never a key. */
bool gw_sigv4_verify(const struct gw_http_request *req, const struct gw_sigv4_claim *claim,
                     const struct gw_credentials *credentials, int64_t now_epoch_s,
                     struct gw_arena *arena, struct gw_err *err);

/* ================================ config ====================================================== */

/* The shared config and credentials files, in AWS's grammar; limits: 1 MiB and 10000 sections a
 * file, 256 properties a section. */
struct gw_config;

/* Reads AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE or their defaults under HOME; missing files
 * are empty. A broken one fails with "file:line: what". */
struct gw_config *gw_config_open(struct gw_err *err);
/* For tests and the simulator: texts instead of files. */
struct gw_config *gw_config_parse(struct gw_view config_text, struct gw_view credentials_text,
                                  struct gw_err *err);
void gw_config_close(struct gw_config *config);

/* The two files, for messages; with '~' where HOME is not set. Texts: "config", "credentials". */
struct gw_view gw_config_path(const struct gw_config *config);
struct gw_view gw_config_credentials_path(const struct gw_config *config);

/* The profile's property; the empty view when absent. */
struct gw_view gw_config_get(const struct gw_config *config, struct gw_view profile,
                             struct gw_view key);
bool gw_config_has_profile(const struct gw_config *config, struct gw_view profile);
size_t gw_config_profile_count(const struct gw_config *config);
struct gw_view gw_config_profile_name(const struct gw_config *config, size_t index);
/* Names are in lower case. */
size_t gw_config_property_count(const struct gw_config *config, struct gw_view profile);
struct gw_view gw_config_property_name(const struct gw_config *config, struct gw_view profile,
                                       size_t index);
/* A property of another section: kind "services" or "sso-session"; `sub` for a sub-property, else
 * the empty view. */
struct gw_view gw_config_section_get(const struct gw_config *config, struct gw_view kind,
                                     struct gw_view name, struct gw_view key, struct gw_view sub);

enum gw_retry_mode {
    GW_RETRY_MODE_UNSET,
    GW_RETRY_STANDARD, /* the SDKs' standard mode, version 2.1 */
    GW_RETRY_ADAPTIVE, /* the same, and a limiter of requests behind it */
    GW_RETRY_LEGACY    /* five attempts, long delays, no bucket */
};

/* Whether the caller's account becomes part of the host name, for services that want that. */
enum gw_account_id_mode { GW_ACCOUNT_ID_PREFERRED, GW_ACCOUNT_ID_DISABLED, GW_ACCOUNT_ID_REQUIRED };

enum gw_addressing { GW_ADDRESSING_AUTO, GW_ADDRESSING_VIRTUAL, GW_ADDRESSING_PATH };
enum gw_switch { GW_SWITCH_UNSET, GW_SWITCH_OFF, GW_SWITCH_ON };

/* The profile's section "s3"; all zero is AWS's default. */
struct gw_s3_settings {
    enum gw_addressing addressing;
    bool use_accelerate, use_dualstack;
    bool us_east_1_is_regional;    /* us_east_1_regional_endpoint = regional */
    enum gw_switch use_arn_region; /* unset: on for S3, off for S3 Control */
    enum gw_switch sign_payload;   /* payload_signing_enabled */
    bool disable_multi_region;     /* s3_disable_multiregion_access_points */
    bool disable_express_session;  /* s3_disable_express_session_auth */
};

/* What a run uses, settled once. Arguments win over environment, environment over the profile. Text
 * is borrowed from the arguments, the environment and `config`. */
struct gw_settings {
    struct gw_view profile;      /* never empty: "default" at the least */
    bool profile_named;          /* by argument: then the environment's keys are not used */
    struct gw_view region;       /* empty: none found */
    const char *region_origin;   /* "AWS_REGION", "region", ...: where it stands, and */
    struct gw_view region_path;  /* in which file; empty: in none */
    struct gw_view endpoint_url; /* --endpoint-url; empty: by service, see gw_endpoint_custom */
    struct gw_view ca_bundle;
    bool use_fips, use_dualstack;
    bool
        without_signature; /* of the program: what is public is asked for by nobody in particular */
    enum gw_retry_mode retry_mode; /* never unset */
    int max_attempts;              /* 0: as the mode has it */
    int64_t connect_timeout_ms;    /* of defaults_mode; 0: the transport's */
    bool sts_is_global;            /* sts_regional_endpoints = legacy */
    bool disable_host_prefix;      /* disable_host_prefix_injection */
    enum gw_account_id_mode account_id_mode;
    struct gw_s3_settings s3;
    /* Checksums only where the model requires them, in requests and of answers. */
    bool checksum_when_required, validate_when_required;
    bool disable_compression;
    size_t min_compression_bytes;
};
bool gw_settings_resolve(const struct gw_config *config, struct gw_view profile,
                         struct gw_view region, struct gw_view endpoint_url,
                         struct gw_settings *out, struct gw_err *err);

/* ================================ identity ==================================================== */

/* Who calls: the credentials of one profile, found in AWS's order, renewed before they expire, shared
 * by all clients of the profile. The order: given ones; the environment, unless the profile was
 * named by argument; what the profile says (role, web identity, single sign-on, keys of the
 * credentials file, login session, process, keys of the config file); the container; the instance.
 * What is configured but fails ends the search: the call would be made as somebody else.
 *
 * From 15 minutes before they expire they are renewed beside the calls, from 10 minutes before it
 * calls wait for that. Calls that wait share one renewal. */
struct gw_identity;

struct gw_identity_options {
    struct gw_loop *loop;
    struct gw_transport *transport; /* borrowed, as all that follows */
    const struct gw_config *config; /* NULL where credentials are given */
    struct gw_settings settings;    /* its text must outlive the identity */
    struct gw_credentials given;    /* likewise; empty key id: none */
    struct gw_view user_agent;
    /* Asks the operator for the code of the device; false with `err`. NULL: nobody can be asked. */
    bool (*ask_code)(void *ctx, struct gw_view device, struct gw_buf *code, struct gw_err *err);
    void *ask_ctx;
};
struct gw_identity *gw_identity_new(const struct gw_identity_options *options);
void gw_identity_free(struct gw_identity *identity); /* nobody may wait any more */

/* False where it is known without asking anybody that there are no credentials: none configured,
 * half of them, a profile that goes round in circles, keys that expired. The message says where it
 * looked and what to do. */
bool gw_identity_check(struct gw_identity *identity, struct gw_err *err);

/* Those that can be used now, else NULL: gw_identity_get waits for them. Valid until control
 * returns to the loop. */
const struct gw_credentials *gw_identity_peek(struct gw_identity *identity);

/* Are they renewed without anybody typing something? */
bool gw_identity_renews(const struct gw_identity *identity);

/* `done` is called once, later, with credentials (as of gw_identity_peek) or with `err`: its code is
 * GW_ERR_CREDENTIALS, or GW_ERR_CANCELLED where the operator left. */
struct gw_identity_wait;
typedef void (*gw_identity_done_fn)(void *ctx, const struct gw_credentials *credentials,
                                    const struct gw_err *err);
struct gw_identity_wait *gw_identity_get(struct gw_identity *identity, gw_identity_done_fn done,
                                         void *ctx);
void gw_identity_cancel(struct gw_identity_wait *wait); /* done is not called; NULL is fine */

/* AWS called the key expired or invalid. True where others may come of asking again. */
bool gw_identity_invalidate(struct gw_identity *identity, struct gw_view access_key_id);

/* ================================ login ======================================================= */

/* Single sign-on by the device flow: a person opens an address in any browser and confirms a code;
 * the token that comes of it is kept where all AWS tools look for it. */
struct gw_login;

struct gw_login_prompt {
    struct gw_view url, code; /* the address asks for the code */
    struct gw_view url_with_code;
    int64_t expires_epoch_s;
};

struct gw_login_options {
    struct gw_loop *loop;
    struct gw_transport *transport; /* borrowed, as all that follows */
    const struct gw_config *config;
    struct gw_settings settings;
    struct gw_view session; /* of the config file; empty: that of the profile */
    struct gw_view user_agent;
    void (*prompt)(void *ctx, const struct gw_login_prompt *prompt);
    /* Once, later; `err` is NULL where there is a token until `expires_epoch_s`. */
    void (*done)(void *ctx, int64_t expires_epoch_s, const struct gw_err *err);
    void *ctx;
};

/* NULL with `err` where profile or session do not say where to log in. */
struct gw_login *gw_login_start(const struct gw_login_options *options, struct gw_err *err);
void gw_login_cancel(struct gw_login *login); /* done is not called; not after it was */

/* ================================ endpoint ==================================================== */

/* A service's rule set, parsed. */
struct gw_endpoint_rules;
/* From JSON as AWS publishes it; borrows it. Lives in the arena. */
const struct gw_endpoint_rules *gw_endpoint_rules_parse(struct gw_view json, struct gw_arena *arena,
                                                        struct gw_err *err);

/* What a rule says, as it is published. */
struct gw_endpoint_answer {
    struct gw_view url;
    struct gw_value headers;    /* {name: [text, ...]} */
    struct gw_value properties; /* {"authSchemes": [{"name": "sigv4", ...}], ...} */
};

/* Evaluates a rule set with `parameters` (GW_MAP of strings, booleans and lists). A rule that
 * answers with an error, and a set without a match, fail with GW_ERR_INPUT and the rule's text. */
bool gw_endpoint_evaluate(const struct gw_endpoint_rules *rules, const struct gw_value *parameters,
                          struct gw_arena *arena, struct gw_endpoint_answer *out,
                          struct gw_err *err);

/* The custom endpoint in force for the service, by the order of the settings' own,
 * AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's services section, the profile's
 * endpoint_url; the empty view when there is none. Fails where it is no URL. */
bool gw_endpoint_custom(const struct gw_config *config, const struct gw_settings *settings,
                        const struct gw_service *service, struct gw_view *url, struct gw_err *err);

/* The endpoint parameters that a call gives: constants of the operation, members of its input, and
 * what paths find in the input. A copy, {name: value}. */
bool gw_endpoint_context(const struct gw_operation *op, const struct gw_value *input,
                         struct gw_arena *arena, struct gw_value *out, struct gw_err *err);

struct gw_endpoint_query {
    const struct gw_config *config;
    const struct gw_settings *settings;
    const struct gw_operation *op;
    const struct gw_value *context; /* from gw_endpoint_context */
    struct gw_view account_id;      /* of the caller; empty: not known */
    struct gw_view region;          /* empty: that of the settings */
};

struct gw_endpoint {
    struct gw_view url;        /* "https://ecs.us-east-1.amazonaws.com" */
    struct gw_headers headers; /* to be sent along */
    struct gw_view signing_name, signing_region;
    bool keep_path; /* disableDoubleEncoding */
    bool is_custom; /* not AWS's own */
};

/* Where a call goes. */
bool gw_endpoint_resolve(const struct gw_endpoint_query *query, struct gw_arena *arena,
                         struct gw_endpoint *out, struct gw_err *err);

/* ================================ retry ======================================================= */

enum gw_retry_class { GW_RETRY_NEVER, GW_RETRY_TRANSIENT, GW_RETRY_THROTTLING };

/* `error` for an AWS error, `err` for a failure of transport or protocol; the other is NULL. */
enum gw_retry_class gw_retry_classify(const struct gw_aws_error *error, const struct gw_err *err);

/* False where `text` is none of "standard", "adaptive", "legacy". */
bool gw_retry_mode_read(struct gw_view text, enum gw_retry_mode *out);

/* The numbers of a mode. */
struct gw_retry_policy {
    int max_attempts; /* including the first */
    int capacity;     /* of the bucket of tokens */
    int transient_cost, throttling_cost;
    int64_t transient_scale_ms, throttling_scale_ms; /* the longest first delay; then it doubles */
    int64_t max_delay_ms;
};
/* Of the mode, as it is for that service: some have numbers of their own. */
struct gw_retry_policy gw_retry_policy(enum gw_retry_mode mode, const struct gw_service *service);

/* A bucket of tokens that retries take from: the calls of a client to one service share it. */
struct gw_retry {
    struct gw_retry_policy policy;
    int tokens;
};
void gw_retry_init(struct gw_retry *retry, const struct gw_retry_policy *policy); /* a full one */

struct gw_retry_failure {
    enum gw_retry_class class;
    int attempt;       /* that failed, from 1 */
    double random;     /* in [0, 1) */
    int64_t hint_ms;   /* the delay that the server asked for; -1: none */
    bool long_polling; /* of an operation that is called again at once whatever it answers */
};
enum gw_retry_verdict {
    GW_RETRY_AGAIN,
    GW_RETRY_POINTLESS,
    GW_RETRY_ATTEMPTS_USED,
    GW_RETRY_QUOTA_USED /* the bucket has too few tokens */
};
struct gw_retry_decision {
    enum gw_retry_verdict verdict;
    int64_t delay_ms; /* before the next attempt, or before the failure is told */
    int cost;         /* taken from the bucket */
};
struct gw_retry_decision gw_retry_decide(struct gw_retry *retry,
                                         const struct gw_retry_failure *failure);
/* `held` is the cost of the call's last retry, 0 when its first attempt succeeded. */
void gw_retry_success(struct gw_retry *retry, int held);

/* ================================ limiter ===================================================== */

/* Times are seconds of a clock that only goes forward. */

/* A bucket that fills at `rate` tokens a second. */
struct gw_bucket {
    double rate, capacity, tokens, filled_s;
};
void gw_bucket_set_rate(struct gw_bucket *bucket, double rate, double capacity, double now_s);
double gw_bucket_wait_s(struct gw_bucket *bucket, double now_s); /* until a token is there */

/* The adaptive mode's: after the first throttling answer it lets requests through at a rate that
 * falls with each further one and grows again between them (CUBIC). */
struct gw_limiter {
    bool enabled;
    struct gw_bucket bucket;
    double last_max_rate, throttled_s;            /* the last time that it was too much */
    double measured_rate, period_s, period_count; /* of answers */
};
void gw_limiter_init(struct gw_limiter *limiter, double now_s);
void gw_limiter_answered(struct gw_limiter *limiter, bool throttled, double now_s);
/* The two halves of its rule: the rate after a good answer, and after one that throttles. */
double gw_limiter_growing_rate(const struct gw_limiter *limiter, double now_s);
double gw_limiter_reduced_rate(struct gw_limiter *limiter, double rate, double now_s);

/* ================================ client ====================================================== */

struct gw_client_options {
    struct gw_loop *loop;
    struct gw_transport *transport; /* borrowed */
    const struct gw_config *config; /* borrowed */
    struct gw_settings settings;    /* its text must outlive the client */
    struct gw_identity *identity;   /* borrowed, who calls; NULL: the client has its own, by */
    struct gw_credentials
        credentials; /* which live as long; empty key id: by config and settings */
    struct gw_view user_agent;
    struct gw_headers headers; /* borrowed; added to every request before it is signed */
    uint64_t seed; /* virtual clock only: of retry delays, ids and tokens; 0: the system's random */
};

/* All services for one account and region. */
struct gw_client;
struct gw_client *gw_client_new(const struct gw_client_options *options);
void gw_client_free(struct gw_client *client); /* cancels what is under way */

/* What is known of the caller and of AWS's clock, most of it once a call was answered. Text is valid
 * until control returns to the loop. */
struct gw_client_facts {
    struct gw_view credentials_source; /* empty: no credentials yet */
    int64_t expires_epoch_s;           /* of the credentials, by AWS's clock; 0: never */
    bool renews;                       /* they are renewed in time, without a person */
    bool knows_clock;
    int64_t ahead_s; /* AWS's clock less this machine's, to the second */
};
struct gw_client_facts gw_client_get_facts(struct gw_client *client);

struct gw_call;

/* What came of a call; valid during the callback only. Exactly one of output, error, err is not
 * NULL. */
struct gw_call_result {
    const struct gw_operation *op;
    const struct gw_value *output;
    const struct gw_aws_error *error;
    const struct gw_err *err;
    struct gw_view request_id;
    struct gw_view place;              /* who was asked: "ecs.us-east-1.amazonaws.com" */
    struct gw_view credentials_source; /* of those that the request was signed with */
    int http_status;                   /* of the last answer; 0: none came */
    int attempts;
    bool left_open; /* an earlier attempt may have taken effect, whatever the last one says */
    int64_t duration_ms;
};
typedef void (*gw_call_done_fn)(void *ctx, const struct gw_call_result *result);

/* An attempt that failed and will be made again; valid during the callback only. One of error, err
 * is not NULL. */
struct gw_call_retry {
    int attempt; /* that failed, from 1 */
    const struct gw_aws_error *error;
    const struct gw_err *err;
    int64_t delay_ms;
};
typedef void (*gw_call_retry_fn)(void *ctx, const struct gw_call_retry *retry);

/* What a call may ask for; zero is as the client's settings have it. */
struct gw_call_options {
    enum gw_retry_mode retry_mode;
    int max_attempts;
    double rate; /* requests a second to that service, of all calls with the same rate */
    int64_t connect_timeout_ms, read_timeout_ms; /* of an attempt, see gw_http_request */
    int64_t timeout_ms;                          /* of the whole call, retries and all */
};

struct gw_call_request {
    const struct gw_operation *op;
    const struct gw_value *input; /* copied */
    /* Where the bytes of the streams come from and go to, in place of the members in memory, where
     * the operation has such; gw_shape_stream. Each attempt begins anew. NULL: in memory. */
    const struct gw_body_source *source;
    const struct gw_body_sink *sink;
    struct gw_call_options options;
    /* Whoever calls, in place of the client's own; copied. NULL: the client's. */
    const struct gw_credentials *credentials;
    /* What idempotency tokens that are not given are filled with; empty: a random one. */
    struct gw_view token;
    gw_call_done_fn done;
    gw_call_retry_fn retrying; /* NULL: not of interest */
    void *ctx;
};

/* Validates, then sends, retries, and calls `done` once, later. NULL with `err` when the
 * parameters, the endpoint or the credentials are refused at once: nothing was sent
 * then. */
struct gw_call *gw_call_start(struct gw_client *client, const struct gw_call_request *request,
                              struct gw_err *err);
void gw_call_cancel(struct gw_call *call); /* done is not called */

/* ---- presign: a call as a URL that anybody can use until it expires; it is as secret as a key -- */

/* `req` has the URL, and the method, headers and body that whoever uses it must send. NULL with
 * `err`. */
typedef void (*gw_presign_done_fn)(void *ctx, const struct gw_http_request *req,
                                   const struct gw_err *err);
struct gw_presign_request {
    const struct gw_operation *op;
    const struct gw_value *input; /* copied */
    int64_t expires_s;            /* 1 to 604800; 0: 3600 */
    struct gw_view method;        /* in place of the operation's own; empty: that */
    gw_presign_done_fn done;      /* once, later: credentials may have to be asked for */
    void *ctx;
};
struct gw_presign;
/* NULL with `err` for what is refused at once. Sends nothing. To end before the client. */
struct gw_presign *gw_presign_start(struct gw_client *client,
                                    const struct gw_presign_request *request, struct gw_err *err);
void gw_presign_cancel(struct gw_presign *presign); /* done is not called; NULL is fine */

/* ---- streams: calls whose output goes on, event after event ---------------------------------- */

/* One event: {name = {...}}, valid during the call. False: no more until gw_stream_resume. */
typedef bool (*gw_stream_event_fn)(void *ctx, const struct gw_value *event);

struct gw_stream_request {
    /* As for gw_call_start; no sink. `done` is told the beginning, with the output without the
     * stream; or that it did not come to it, and then it is all. */
    struct gw_call_request call;
    gw_stream_event_fn event;
    /* The end, once, unless closed before: output, error and err are NULL where it is the end that
     * AWS has meant. */
    gw_call_done_fn ended;
};

/* The callbacks get the call's ctx; each may close the stream. A call is repeated only as long as
 * `done` was not called. Silence ends a stream (read_timeout_ms), its whole length does not, unless
 * the call's timeout_ms says so. */
struct gw_stream;
struct gw_stream *gw_stream_open(struct gw_client *client, const struct gw_stream_request *request,
                                 struct gw_err *err);
void gw_stream_resume(struct gw_stream *stream); /* not from `event`, which answers instead */
void gw_stream_close(struct gw_stream *stream);  /* nothing is called any more; NULL is fine */

#endif
