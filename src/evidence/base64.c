#include "evidence/base64.h"

#include <sodium.h>

void base64_write(const void *bytes, size_t size, char *text)
{
    sodium_bin2base64(text, BASE64_TEXT(size), bytes, size, sodium_base64_VARIANT_ORIGINAL);
}

/* libsodium's reader is strict if it is given no characters to ignore: it demands the padding, and
 * zeros in the bits that are left over. The test looks at every last group that there can be. */
int base64_read(const char *text, size_t length, void *bytes, size_t room, size_t *size)
{
    const char *end;

    if (sodium_base642bin(bytes, room, text, length, NULL, size, &end,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return -1;
    return end == text + length ? 0 : -1;
}
