/*
 * Signatures as `ssh-keygen -Y sign` writes them (OpenSSH, PROTOCOL.sshsig), so that operators sign
 * with the keys, agents and security keys that they have.
 *
 *     sshsig_parse(&signature, text, size, "stop.order.sig", &error)
 *     strcmp(signature.namespace, ORDER_NAMESPACE) == 0
 *     sshsig_verify(&signature, bytes, bytes_size)
 *
 * The reader is stricter than OpenSSH's: canonical base64, lines of 1 to 76 characters (ssh-keygen
 * writes 70), nothing before or behind, version 1, `reserved` empty (OpenSSH ignores what
 * stands there, and does not sign it), hash sha256 or sha512, keys as in ssh_key.h.
 *
 * No allocation; a struct sshsig holds all that it needs. sodium_init() must have succeeded.
 */
#ifndef IOLAUS_ORDER_SSHSIG_H
#define IOLAUS_ORDER_SSHSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "order/ssh_key.h"

/* A longer file is refused before it is looked at. */
#define SSHSIG_BYTES_MAX 8192
#define SSHSIG_NAMESPACE_BYTES 128 /* with its end */
#define SSHSIG_SIGNATURE_BYTES 64

enum sshsig_hash { SSHSIG_SHA256, SSHSIG_SHA512 };

/* Of a security key: somebody touched it; and gave it a PIN or a fingerprint. */
enum { SSHSIG_USER_PRESENT = 0x01, SSHSIG_USER_VERIFIED = 0x04 };

struct sshsig {
    struct ssh_key key;
    char namespace[SSHSIG_NAMESPACE_BYTES];
    enum sshsig_hash hash;
    unsigned char signature[SSHSIG_SIGNATURE_BYTES];
    uint8_t flags;    /* of a security key, else 0 */
    uint32_t counter; /* of a security key, else 0: how often it has signed, by its own account */
};

/* `path` is for the messages, which have line and column where the text is at fault and line 2
 * where what it encodes is. ERROR_INPUT. */
int sshsig_parse(struct sshsig *signature, const char *text, size_t size, const char *path,
                 struct error *error);

/* Whether the key signed these bytes in the signature's own namespace. A security key's flags are
 * signed and left to the caller to judge. */
bool sshsig_verify(const struct sshsig *signature, const void *bytes, size_t size);

#endif
