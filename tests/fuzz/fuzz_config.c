/* Config files: any two texts (parted by a NUL) either fail with one line or answer look-ups. */
#include "aws/aws.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up_everything(const struct gw_config *config)
{
    for (size_t i = 0; i < gw_config_profile_count(config); i++) {
        struct gw_view profile = gw_config_profile_name(config, i);
        for (size_t k = 0; k < gw_config_property_count(config, profile); k++) {
            struct gw_view key = gw_config_property_name(config, profile, k);
            gw_config_section_get(config, GW_VIEW("profile"), profile, key, GW_VIEW("a"));
        }
    }
}

static void settle(const struct gw_config *config)
{
    struct gw_settings settings;
    struct gw_err err = {0};
    if (gw_settings_resolve(config, GW_VIEW_NONE, GW_VIEW_NONE, GW_VIEW_NONE, &settings, &err)) {
        struct gw_identity_options options = {.config = config, .settings = settings};
        struct gw_identity *identity = gw_identity_new(&options);
        gw_identity_check(identity, &err);
        gw_identity_free(identity);
    }
    gw_secret_clear();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_view text = {(const char *)data, size}, config_text = GW_VIEW_NONE;
    struct gw_err err = {0};
    gw_view_next(&text, '\0', &config_text);
    struct gw_config *config = gw_config_parse(config_text, text, &err);
    if ((config == NULL) != (err.message[0] != '\0')) {
        abort();
    }
    if (config) {
        look_up_everything(config);
        settle(config);
    }
    gw_config_close(config);
    return 0;
}
