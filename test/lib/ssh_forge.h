/*
 * SSH keys and signatures made in software with libsodium, also those of security keys, for the
 * tests and the benchmark. Written from PROTOCOL.sshsig and PROTOCOL.u2f apart from what reads
 * them, and each part of it can be made wrong.
 */
#ifndef IOLAUS_TEST_SSH_FORGE_H
#define IOLAUS_TEST_SSH_FORGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORGE_TEXT_BYTES 4096

/* What goes into a signature. forge_key fills in what ssh-keygen would; change what you like. */
struct forge {
    unsigned char public_key[32], secret_key[64];
    const char *type;           /* ssh-ed25519, or sk-ssh-ed25519@openssh.com */
    const char *signature_type; /* the type once more, in the innermost part */
    const char *magic;          /* SSHSIG */
    const char *namespace, *reserved, *hash, *application;
    uint32_t version, counter;
    uint8_t flags;
    bool sk;
    size_t line; /* characters of a line: 70 */
};

/* The `number`-th key, always the same one. Dies where libsodium fails. */
struct forge forge_key(unsigned number, bool sk);

/* `ssh-ed25519 AAAA...`, as in a .pub file, without a comment. */
void forge_public(const struct forge *forge, char text[FORGE_TEXT_BYTES]);

/* The armoured signature over the bytes; gives its length. */
size_t forge_sign(const struct forge *forge, const void *bytes, size_t size,
                  char text[FORGE_TEXT_BYTES]);

/* Any bytes in the armour of a signature. */
size_t forge_armour(const void *bytes, size_t size, size_t line, char text[FORGE_TEXT_BYTES]);

#endif
