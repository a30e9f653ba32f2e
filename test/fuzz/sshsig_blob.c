/*
 * The goal: what the armour of a signature holds is reached, which mutations of base64 rarely do.
 * The bytes are armoured as ssh-keygen does it and then read. Whatever is taken verifies over
 * nothing that was never signed.
 */
#include "fuzz.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ssh_forge.h"

#define SIZE_MOST 1500 /* of what is armoured; more than any signature has */

int fuzz_sshsig_blob(const uint8_t *data, size_t size)
{
    char text[FORGE_TEXT_BYTES];
    size_t length;
    uint8_t *exact;
    int taken;

    if (size > SIZE_MOST)
        return 0;
    length = forge_armour(data, size, 70, text);
    /* Of the exact size, so that a byte read too far is seen. */
    exact = malloc(length);
    if (exact == NULL)
        abort();
    memcpy(exact, text, length);
    taken = fuzz_sshsig(exact, length);
    free(exact);
    return taken;
}
