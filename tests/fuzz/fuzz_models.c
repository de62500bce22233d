/* fuzz: tables of API models from outside. The input is a list of changes to a table that the build
 * made: two bytes where (counted in words), four bytes what. What passes the check is used. */
#include "unit/aws/model_walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_BYTES (256u << 10)

static uint32_t original[MAX_BYTES / 4], words[MAX_BYTES / 4];
static size_t table_bytes;

static void read_table(void)
{
    FILE *file = fopen(GW_SMALL_TABLE, "rb");
    if (!file) {
        abort();
    }
    table_bytes = fread(original, 1, sizeof original, file);
    fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_err err = {0};
    if (table_bytes == 0) {
        read_table();
    }
    memcpy(words, original, table_bytes);
    for (; size >= 6; data += 6, size -= 6) {
        size_t at = (size_t)(data[0] | data[1] << 8) % (table_bytes / 4);
        memcpy(&words[at], data + 2, 4);
    }
    const struct gw_models *models =
        gw_models_open((struct gw_view){(const char *)words, table_bytes}, &err);
    if (models && gw_models_check(models, &err)) {
        walk_models(models);
    }
    return 0;
}
