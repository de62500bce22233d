/* What this client agrees to in a handshake. */
#include "ssm/internal.h"

/* The three kinds of session that are a shell; what is not is "Port". */
static bool is_shell(struct gw_view session_type)
{
    return gw_view_equal(session_type, GW_VIEW("Standard_Stream")) ||
           gw_view_equal(session_type, GW_VIEW("InteractiveCommands")) ||
           gw_view_equal(session_type, GW_VIEW("NonInteractiveCommands"));
}

struct gw_view answer_key_id(const struct gw_ssm_request *request)
{
    for (size_t i = 0; i < request->action_count; i++) {
        if (request->actions[i].action == GW_SSM_ACTION_ENCRYPTION) {
            return request->actions[i].value;
        }
    }
    return GW_VIEW("");
}

void answer_request(const struct gw_ssm_request *request, struct gw_view key,
                    struct gw_view keyless, struct answer *answer)
{
    *answer = (struct answer){.response = {.client_version = GW_VIEW(GW_SSM_CLIENT_VERSION),
                                           .action_count = request->action_count},
                              .refused = GW_VIEW("")};
    for (size_t i = 0; i < request->action_count; i++) {
        struct gw_view value = request->actions[i].value;
        enum gw_ssm_action action = request->actions[i].action;
        bool encrypts = action == GW_SSM_ACTION_ENCRYPTION;
        bool agreed = encrypts ? key.len > 0 : action == GW_SSM_ACTION_SESSION && is_shell(value);
        bool failed = encrypts && keyless.len > 0;
        answer->response.actions[i].name = request->actions[i].name;
        answer->response.actions[i].status = agreed   ? GW_SSM_SUCCEEDED
                                             : failed ? GW_SSM_FAILED
                                                      : GW_SSM_UNSUPPORTED;
        answer->response.actions[i].error = agreed   ? GW_VIEW("")
                                            : failed ? keyless
                                                     : GW_VIEW("not supported by this client");
        answer->response.actions[i].key = encrypts ? key : GW_VIEW("");
        if (!agreed && answer->refused.len == 0) {
            bool is_session = action == GW_SSM_ACTION_SESSION && value.len > 0;
            answer->refused = is_session ? value : request->actions[i].name;
        }
    }
}
