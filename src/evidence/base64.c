#include "evidence/base64.h"

#include <sodium.h>
#include <stdbool.h>

void base64_write(const void *bytes, size_t size, char *text)
{
    sodium_bin2base64(text, BASE64_TEXT(size), bytes, size, sodium_base64_VARIANT_ORIGINAL);
}

static bool is_letter(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
}

/* libsodium's reader demands the padding, and zeros in the bits that are left over. But it computes
 * with signed characters (1.0.18), and takes some bytes above 0x7f for letters: those are refused
 * before it sees them. */
int base64_read(const char *text, size_t length, void *bytes, size_t room, size_t *size)
{
    const char *end;

    for (size_t i = 0; i < length; i++)
        if (!is_letter((unsigned char)text[i]))
            return -1;
    if (sodium_base642bin(bytes, room, text, length, NULL, size, &end,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return -1;
    return end == text + length ? 0 : -1;
}
