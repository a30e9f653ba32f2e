#include "live/wire/values.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/wire/table.h"

static json_t *name_json(enum param_type type, int value)
{
    const struct names *names = param_names(type);
    int place = value - names->first;

    return place < 0 || (size_t)place >= names->count ? NULL : json_string(names->list[place]);
}

json_t *health_json(int health)
{
    return name_json(PARAM_HEALTH, health);
}

json_t *how_json(int how)
{
    return name_json(PARAM_HOW, how);
}

json_t *state_json(int state)
{
    return name_json(PARAM_STATE, state);
}

json_t *choice_json(uint32_t choice)
{
    json_t *list = json_array();

    for (int bit = 0; bit < CHOICE_COUNT; bit++)
        if (choice >> bit & 1)
            json_array_append_new(list, name_json(PARAM_CHOICE, bit));
    return list;
}

json_t *integer_text_json(int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, value);
    return json_string(text);
}

json_t *situation_json(const struct situation *situation)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, situation_pack(situation));
    return json_string(text);
}

json_t *bytes_json(const unsigned char *bytes, size_t size)
{
    size_t length = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
    char *text = size > CHECKPOINT_BYTES_MAX ? NULL : malloc(length);
    json_t *value = NULL;

    if (text != NULL) {
        sodium_bin2base64(text, length, bytes, size, sodium_base64_VARIANT_ORIGINAL);
        value = json_string(text);
    }
    free(text);
    return value;
}

unsigned char *bytes_of_json(const json_t *value, size_t *size)
{
    const char *text = json_string_value(value), *end;
    size_t length = json_string_length(value);
    unsigned char *bytes;

    *size = 0;
    if (text == NULL || length > (CHECKPOINT_BYTES_MAX + 2) / 3 * 4)
        return NULL;
    bytes = malloc(length / 4 * 3 + 1);
    if (bytes == NULL)
        return NULL;
    if (sodium_base642bin(bytes, length / 4 * 3 + 1, text, length, NULL, size, &end,
                          sodium_base64_VARIANT_ORIGINAL) == 0 &&
        end == text + length && *size <= CHECKPOINT_BYTES_MAX)
        return bytes;
    *size = 0;
    free(bytes);
    return NULL;
}

bool tool_takes_because(enum tool_method method)
{
    size_t count;
    const struct param *list = tool_params(method, &count);

    for (size_t i = 0; i < count; i++)
        if (list[i].type == PARAM_BECAUSE)
            return true;
    return false;
}
