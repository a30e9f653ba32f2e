/*
 * Signed notes, as C2SP's signed-note has them, and the timestamped cosignatures of C2SP's
 * tlog-cosignature:
 *
 *     the text, which ends in a newline
 *
 *     — NAME BASE64(key id, signature)
 *
 * A key has a name, a type and 32 bytes; its id is the first four bytes of SHA-256(name, newline,
 * type, key), big-endian. Printed it is NAME+ID IN HEX+BASE64(type, key): a verifier key. The
 * secret is printed as golang.org/x/mod/sumdb/note does: PRIVATE+KEY+NAME+ID+BASE64(type, seed).
 *
 *     note_read(&note, bytes, size, &error);
 *     note_verify(&note, keys, 2, false, seen, &error);
 *
 * In general a signature of an unknown key says nothing and is passed over, but in our own ledger
 * nobody unknown signs: `strict` refuses it, and a key that signs twice. A signature of a known key
 * that does not verify rejects the whole note in either case. Base64 must be canonical.
 *
 * A struct note points into the caller's bytes. Nothing here allocates or does input and output.
 */
#ifndef IOLAUS_EVIDENCE_NOTE_H
#define IOLAUS_EVIDENCE_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "evidence/base64.h"

#define NOTE_NAME_MAX 255 /* bytes */
#define NOTE_SIZE_MAX                                                                              \
    (256 * 1024) /* bytes of a note: sixteen signatures with post-quantum keys                     \
                  */
#define NOTE_SIGNATURES_MAX 64
#define NOTE_COSIGNED_MAX (16 * 1024) /* bytes of a text whose cosignatures are verified */

/* 0x06, ML-DSA-44, is not verified: libsodium has none. Such lines are those of unknown keys. */
enum note_type { NOTE_ED25519 = 0x01, NOTE_COSIGNATURE = 0x04 };

struct note_key {
    char name[NOTE_NAME_MAX + 1];
    uint32_t id;
    enum note_type type;
    unsigned char key[32]; /* Ed25519, RFC 8032 */
};

struct note_secret {
    struct note_key key;
    unsigned char secret[64]; /* as libsodium has it: the seed, then the key */
};

#define NOTE_KEY_TEXT (NOTE_NAME_MAX + 1 + 8 + 1 + BASE64_TEXT(33))
#define NOTE_SECRET_TEXT (12 + NOTE_KEY_TEXT)
/* The bytes of a signature line by one of our keys, with its newline and a zero. */
#define NOTE_LINE_TEXT (4 + NOTE_NAME_MAX + 1 + BASE64_TEXT(4 + 8 + 64) + 1)

/* Whether `name` can name a key: not empty, valid UTF-8, no space of Unicode, no control character
 * and no plus. */
bool note_name_valid(const char *name, size_t size);

/* A key from its parts; its id follows. ERROR_INPUT if it has no valid name. */
int note_key_make(struct note_key *key, const char *name, enum note_type type,
                  const unsigned char bytes[32], struct error *error);
/* Reads a printed verifier key; ERROR_INPUT if it is malformed, of another type, or its id is not
 * that of its name and bytes. */
int note_key_read(struct note_key *key, const char *text, struct error *error);
void note_key_write(const struct note_key *key, char text[NOTE_KEY_TEXT]);

/* A new pair of keys from the system's random numbers, of type NOTE_ED25519. */
int note_secret_make(struct note_secret *secret, const char *name, struct error *error);
int note_secret_read(struct note_secret *secret, const char *text, struct error *error);
void note_secret_write(const struct note_secret *secret, char text[NOTE_SECRET_TEXT]);

struct note_signature {
    const char *name; /* not ended by a zero */
    size_t name_size;
    uint32_t id;
    const char *base64; /* of id and signature, canonical */
    size_t base64_size;
};

struct note {
    const char *text; /* with its last newline; not ended by a zero */
    size_t text_size;
    unsigned count;
    struct note_signature signatures[NOTE_SIGNATURES_MAX];
};

/* Takes a note to pieces. ERROR_CORRUPT with the byte where it is malformed; ERROR_LIMIT if it is
 * larger than NOTE_SIZE_MAX or has more than NOTE_SIGNATURES_MAX signatures. */
int note_read(struct note *note, const char *bytes, size_t size, struct error *error);

/* What one of the known keys said. */
struct note_seen {
    bool verified;
    uint64_t time; /* of a cosignature, seconds since the Epoch; otherwise 0 */
};

/* Checks all signatures by the `count` keys, and fills `seen` for each of them. 0 if at least one
 * verified; ERROR_CORRUPT if none did, if one of a known key is wrong, or if `strict` and there is
 * a signature by an unknown key or a second one by a known. */
int note_verify(const struct note *note, const struct note_key *keys, unsigned count, bool strict,
                struct note_seen *seen, struct error *error);

/* Writes text, empty line and one signature line, and says in `written` how many bytes. The text
 * must end in a newline and be valid (ERROR_INPUT); ERROR_LIMIT if `room` is too small. The room
 * that is needed is at most size + 1 + NOTE_LINE_TEXT. Signing the same text gives the same bytes.
 */
int note_sign(const struct note_secret *secret, const char *text, size_t size, char *bytes,
              size_t room, size_t *written, struct error *error);

#endif
