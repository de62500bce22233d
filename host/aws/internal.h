/* internal: what the files of this folder share with one another; nobody else includes it. */
#ifndef GW_AWS_INTERNAL_H
#define GW_AWS_INTERNAL_H

#include "aws/aws.h"

/* ---- sigv4: sigv4_canonical.c, for client and server ------------------------------------------
 */

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

/* "20150830/us-east-1/ecs/aws4_request" */
struct gw_view gw_sigv4_scope(int64_t epoch_s, struct gw_view region, struct gw_view service,
                              struct gw_arena *arena);

/* ---- config ----------------------------------------------------------------------------------- */

/* The path of the file that the profile's property was read from; the empty view when absent. */
struct gw_view gw_config_origin(const struct gw_config *config, struct gw_view profile,
                                struct gw_view key);

#endif
