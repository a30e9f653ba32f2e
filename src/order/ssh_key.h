/*
 * Public keys as SSH writes them, of the two types that may sign orders: ssh-ed25519 (RFC 8709) and
 * sk-ssh-ed25519@openssh.com (an Ed25519 key in a security key; OpenSSH, PROTOCOL.u2f). Whatever
 * else there is (RSA, ECDSA, certificates) is refused by name.
 *
 * Messages here name no place; the caller puts it in front with error_context.
 */
#ifndef IOLAUS_ORDER_SSH_KEY_H
#define IOLAUS_ORDER_SSH_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum ssh_key_type { SSH_ED25519, SSH_SK_ED25519 };

#define SSH_KEY_BYTES 32
#define SSH_APPLICATION_BYTES 128 /* with its end */

struct ssh_key {
    enum ssh_key_type type;
    unsigned char bytes[SSH_KEY_BYTES];
    char application[SSH_APPLICATION_BYTES]; /* of a security key, such as `ssh:`; else empty */
};

/* `ssh-ed25519`, `sk-ssh-ed25519@openssh.com`. */
const char *ssh_key_type_name(enum ssh_key_type type);

bool ssh_key_same(const struct ssh_key *a, const struct ssh_key *b);

/* As `ssh-keygen -l` prints it: `SHA256:` and 43 characters of base64. */
#define SSH_FINGERPRINT_BYTES 51
void ssh_key_fingerprint(const struct ssh_key *key, char text[SSH_FINGERPRINT_BYTES]);

/* The longest key that is read here, in its binary form. */
#define SSH_KEY_BLOB_BYTES 256

/* A key from its binary form, all of it. */
int ssh_key_read(struct ssh_key *key, const unsigned char *blob, size_t size, struct error *error);

/* Base64 (RFC 4648, section 4), canonical: padded, the bits behind the last byte zero, and nothing
 * that is no base64. False otherwise, or where it has more than `room` bytes. */
bool ssh_base64_read(const char *text, size_t length, unsigned char *bytes, size_t room,
                     size_t *size);

/* Pieces of SSH's binary form (RFC 4251, section 5). Each gives false where too little is left. */
struct ssh_reader {
    const unsigned char *at, *end;
};
bool ssh_take_bytes(struct ssh_reader *reader, size_t count, const unsigned char **bytes);
bool ssh_take_number(struct ssh_reader *reader, uint32_t *number);
bool ssh_take_string(struct ssh_reader *reader, const unsigned char **bytes, size_t *length);

/* Copies what must be from `least` to room - 1 printable characters; false where it is not. */
bool ssh_text_copy(const unsigned char *bytes, size_t length, size_t least, char *text,
                   size_t room);

#endif
