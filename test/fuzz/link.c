/* The goal: a message on a link has one form: whatever is taken packs to the same bytes again. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "live/wire/link.h"

int fuzz_link(const uint8_t *data, size_t size)
{
    unsigned char again[LINK_PACKET_MAX];
    struct link_message message;

    if (!link_unpack(&message, data, size))
        return 0;
    if (link_pack(&message, again) != size || memcmp(again, data, size) != 0)
        abort();
    return 1;
}
