/*
 * For libFuzzer, by entry.c, and for test/unit/fuzz.c. Gives 1 where the bytes were
 * taken, 0 where they were refused; ends the process where something is wrong: no bytes make
 * the reader of signatures do wrong, and none that it takes verify over a message that was never
 * signed.
 */
#include "fuzz.h"

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "order/sshsig.h"

int fuzz_sshsig(const uint8_t *data, size_t size)
{
    static const char message[] = "nobody has ever signed this";
    char fingerprint[SSH_FINGERPRINT_BYTES];
    struct error error = {0};
    struct sshsig signature;

    if (sodium_init() < 0)
        abort();
    if (sshsig_parse(&signature, (const char *)data, size, "sig", &error) != 0) {
        if (error.code != ERROR_INPUT || error.message[0] == '\0')
            abort();
        return 0;
    }
    if (signature.namespace[0] == '\0' || memchr(signature.namespace, 0, 128) == NULL ||
        (signature.key.type == SSH_ED25519 && (signature.flags != 0 || signature.counter != 0)) ||
        sshsig_verify(&signature, message, sizeof message))
        abort();
    ssh_key_fingerprint(&signature.key, fingerprint);
    return strlen(fingerprint) == SSH_FINGERPRINT_BYTES - 1 ? 1 : (abort(), 0);
}
