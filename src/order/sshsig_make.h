/*
 * Keys and signatures of the program's own: of the key that is made for a drill's range, held in
 * memory, and gone with it. People's keys are ssh-keygen's; nothing here reads one.
 *
 *     sshsig_key_make(&secret)                       a new pair
 *     sshsig_key_text(&secret, text)                 `ssh-ed25519 AAAA...`, for a roster
 *     sshsig_make(&secret, ORDER_NAMESPACE, bytes, size, text)
 *     sshsig_key_wipe(&secret)
 *
 * What is made is as `ssh-keygen -Y sign` makes it with an Ed25519 key (PROTOCOL.sshsig; SHA-512,
 * lines of 70 characters), and sshsig_verify takes it. sodium_init() must have succeeded.
 */
#ifndef IOLAUS_ORDER_SSHSIG_MAKE_H
#define IOLAUS_ORDER_SSHSIG_MAKE_H

#include <stddef.h>

#include "order/ssh_key.h"

struct sshsig_secret {
    struct ssh_key key;
    unsigned char secret[64]; /* as libsodium has it: the seed, then the key */
};

#define SSHSIG_KEY_TEXT 96   /* `ssh-ed25519 `, 68 characters, and the end */
#define SSHSIG_MADE_TEXT 512 /* a signature in a namespace of at most 63 characters */

void sshsig_key_make(struct sshsig_secret *secret);
void sshsig_key_wipe(struct sshsig_secret *secret);
void sshsig_key_text(const struct sshsig_secret *secret, char text[SSHSIG_KEY_TEXT]);

/* Signs; gives the text's length without its end. */
size_t sshsig_make(const struct sshsig_secret *secret, const char *namespace, const void *bytes,
                   size_t size, char text[SSHSIG_MADE_TEXT]);

#endif
