/* log: diagnostics to stderr. */
#include <stdio.h>

#include "base/internal.h"

#define MESSAGE_BYTES 2048

static enum gw_log_level log_level = GW_LOG_WARN;

void gw_log_set_level(enum gw_log_level level)
{
    log_level = level;
}

void gw_log(enum gw_log_level level, const char *format, ...)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    if (level > log_level) {
        return;
    }
    char message[MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    gw_message_write(message, sizeof message, format, args);
    va_end(args);
    fprintf(stderr, "gwrun: %s: %s\n", names[level], message);
}
