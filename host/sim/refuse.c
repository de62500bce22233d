/* refuse: errors that AWS's front door answers itself. The two families of protocols spell the same
 * refusals differently: the query side (and rest-xml) as IAM's common errors, the JSON side with
 * "Exception". */
#include "sim/internal.h"

struct wording {
    const char *xml_code;
    int xml_status;
    const char *json_code;
    int json_status;
    const char *message;
};

static const struct wording wordings[] = {
    [GW_SIM_UNSIGNED] = {"MissingAuthenticationToken", 403, "MissingAuthenticationTokenException",
                         400, "Request is missing Authentication Token"},
    [GW_SIM_INCOMPLETE_SIGNATURE] = {"IncompleteSignature", 400, "IncompleteSignatureException",
                                     400,
                                     "The request signature does not conform to AWS standards"},
    [GW_SIM_UNKNOWN_KEY] = {"InvalidClientTokenId", 403, "UnrecognizedClientException", 400,
                            "The security token included in the request is invalid."},
    [GW_SIM_EXPIRED_TOKEN] = {"ExpiredToken", 403, "ExpiredTokenException", 400,
                              "The security token included in the request is expired"},
    [GW_SIM_WRONG_SIGNATURE] =
        {"SignatureDoesNotMatch", 403, "InvalidSignatureException", 400,
         "The request signature we calculated does not match the signature you provided. Check "
         "your AWS Secret Access Key and signing method. Consult the service documentation for "
         "details."},
    [GW_SIM_WRONG_TIME] = {"SignatureDoesNotMatch", 403, "InvalidSignatureException", 400, ""},
    [GW_SIM_UNKNOWN_OPERATION] = {"InvalidAction", 400, "UnknownOperationException", 400, ""},
    [GW_SIM_UNREADABLE] = {"MalformedInput", 400, "SerializationException", 400, ""},
    [GW_SIM_INVALID] = {"ValidationError", 400, "ValidationException", 400, ""},
    [GW_SIM_BROKEN] = {"InternalFailure", 500, "InternalFailure", 500,
                       "The request processing has failed because of an unknown error, exception "
                       "or failure."},
};

static bool speaks_xml(enum gw_protocol protocol)
{
    return protocol == GW_PROTOCOL_QUERY || protocol == GW_PROTOCOL_EC2 ||
           protocol == GW_PROTOCOL_REST_XML;
}

void gw_sim_reply_error(struct gw_exchange *exchange, const struct gw_aws_error *error)
{
    exchange->error_code = error->code;
    if (!gw_protocol_write_error(exchange->protocol, exchange->service, exchange->op, error,
                                 exchange->arena, &exchange->res, &exchange->err)) {
        gw_log(GW_LOG_WARN, "simulator: %s", exchange->err.message);
        exchange->err.code = GW_ERR_PROTOCOL;
    }
    gw_sim_reply(exchange);
}

void gw_sim_refuse_stranger(struct gw_exchange *exchange)
{
    const struct wording *wording = &wordings[GW_SIM_UNSIGNED];
    exchange->error_code = gw_view_of(wording->json_code);
    exchange->res.status = wording->xml_status;
    exchange->res.body = gw_arena_printf(exchange->arena, "{\"__type\":\"%s\",\"message\":\"%s\"}",
                                         wording->json_code, wording->message);
    gw_headers_add(exchange->arena, &exchange->res.headers, GW_VIEW("content-type"),
                   GW_VIEW("application/x-amz-json-1.1"));
    gw_sim_reply(exchange);
}

/* Services that model an exception of their own for bad parameters answer that. */
static const char *validation_code(const struct gw_exchange *exchange, const char *usual)
{
    size_t count = exchange->op ? gw_operation_error_count(exchange->op) : 0;
    for (size_t i = 0; i < count; i++) {
        struct gw_view code = gw_shape_error_code(gw_operation_error(exchange->op, i));
        if (gw_view_equal(code, GW_VIEW("InvalidParameterException"))) {
            return "InvalidParameterException";
        }
    }
    return usual;
}

void gw_sim_refuse(struct gw_exchange *exchange, enum gw_sim_refusal refusal, struct gw_view detail)
{
    const struct wording *wording = &wordings[refusal];
    bool xml = speaks_xml(exchange->protocol);
    const char *code = xml ? wording->xml_code : wording->json_code;
    if (refusal == GW_SIM_INVALID) {
        code = validation_code(exchange, code);
    }
    struct gw_aws_error error = {
        .service = gw_service_name(exchange->service),
        .code = gw_view_of(code),
        .message =
            gw_arena_printf(exchange->arena, "%s%s%.*s", wording->message,
                            wording->message[0] && detail.len ? ": " : "", GW_VIEW_ARGS(detail)),
        .request_id = gw_view_of(exchange->request_id),
        .http_status = xml ? wording->xml_status : wording->json_status,
    };
    gw_sim_reply_error(exchange, &error);
}
