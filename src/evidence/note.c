#include "evidence/note.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* One character of UTF-8 at `at`, and its length; 0 where there is none. */
static size_t character_read(const unsigned char *at, size_t left, uint32_t *character)
{
    static const uint32_t LEAST[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

    if (length == 0 || at[0] > 0xf4 || length > left)
        return 0;
    *character = length == 1 ? at[0] : at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        *character = *character << 6 | (at[i] & 0x3f);
    }
    if (*character < LEAST[length] || *character > 0x10ffff ||
        (*character >= 0xd800 && *character < 0xe000))
        return 0;
    return length;
}

/* The property White_Space of Unicode. */
static bool is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

bool note_name_valid(const char *name, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)name;
    uint32_t character;

    if (size == 0 || size > NOTE_NAME_MAX)
        return false;
    for (size_t at = 0, length; at < size; at += length) {
        length = character_read(bytes + at, size - at, &character);
        if (length == 0 || character < 0x20 || character == '+' || is_space(character))
            return false;
    }
    return true;
}

/* Where the text stops being what a note may hold; `size` if nowhere. */
static size_t text_wrong(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t character;

    for (size_t at = 0, length; at < size; at += length) {
        length = character_read(bytes + at, size - at, &character);
        if (length == 0 || (character < 0x20 && character != '\n'))
            return at;
    }
    return size;
}

/* ---- keys ---- */

/* "key ID = SHA-256(key name || 0x0A || signature type || public key)[:4]" */
static uint32_t id_of(const char *name, enum note_type type, const unsigned char key[32])
{
    unsigned char hash[32], byte = (unsigned char)type;
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)name, strlen(name));
    crypto_hash_sha256_update(&state, (const unsigned char *)"\n", 1);
    crypto_hash_sha256_update(&state, &byte, 1);
    crypto_hash_sha256_update(&state, key, 32);
    crypto_hash_sha256_final(&state, hash);
    return (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
}

int note_key_make(struct note_key *key, const char *name, enum note_type type,
                  const unsigned char bytes[32], struct error *error)
{
    size_t size = strlen(name);

    if (!note_name_valid(name, size))
        return error_set(error, ERROR_INPUT, "a key's name has 1 to %d bytes, no space and no plus",
                         NOTE_NAME_MAX);
    memcpy(key->name, name, size + 1);
    memcpy(key->key, bytes, 32);
    key->type = type;
    key->id = id_of(name, type, bytes);
    return 0;
}

/* NAME+ID+BASE64 of 33 bytes: the type and what follows it. */
static int key_parts(const char *text, char name[NOTE_NAME_MAX + 1], char id[9],
                     unsigned char bytes[33], struct error *error)
{
    const char *plus = strchr(text, '+');
    const char *second = plus != NULL ? strchr(plus + 1, '+') : NULL;
    size_t size;

    if (second == NULL || second != plus + 9 || plus - text > NOTE_NAME_MAX)
        return error_set(error, ERROR_INPUT, "a key is written NAME+ID+BASE64, ID eight digits");
    memcpy(name, text, (size_t)(plus - text));
    name[plus - text] = '\0';
    memcpy(id, plus + 1, 8);
    id[8] = '\0';
    if (base64_read(second + 1, strlen(second + 1), bytes, 33, &size) != 0 || size != 33)
        return error_set(error, ERROR_INPUT, "the last part of a key is the base64 of 33 bytes");
    if (bytes[0] != NOTE_ED25519 && bytes[0] != NOTE_COSIGNATURE)
        return error_set(error, ERROR_INPUT,
                         "keys of type 0x%02x are not known (0x01 and 0x04 are)", bytes[0]);
    return 0;
}

static int id_check(const struct note_key *key, const char id[9], struct error *error)
{
    char wanted[9];

    snprintf(wanted, sizeof wanted, "%08" PRIx32, key->id);
    if (strcmp(wanted, id) != 0)
        return error_set(error, ERROR_INPUT, "the key's id is %s, not %s: it was altered", wanted,
                         id);
    return 0;
}

int note_key_read(struct note_key *key, const char *text, struct error *error)
{
    char name[NOTE_NAME_MAX + 1], id[9];
    unsigned char bytes[33] = {0};
    int code = key_parts(text, name, id, bytes, error);

    if (code == 0)
        code = note_key_make(key, name, (enum note_type)bytes[0], bytes + 1, error);
    return code < 0 ? code : id_check(key, id, error);
}

static size_t parts_write(const struct note_key *key, const unsigned char bytes[32], char *text)
{
    unsigned char all[33];
    int at = sprintf(text, "%s+%08" PRIx32 "+", key->name, key->id);

    all[0] = (unsigned char)key->type;
    memcpy(all + 1, bytes, 32);
    base64_write(all, sizeof all, text + at);
    sodium_memzero(all, sizeof all);
    return strlen(text);
}

void note_key_write(const struct note_key *key, char text[NOTE_KEY_TEXT])
{
    parts_write(key, key->key, text);
}

int note_secret_make(struct note_secret *secret, const char *name, struct error *error)
{
    unsigned char key[32];

    if (sodium_init() < 0)
        return error_set(error, ERROR_MACHINE, "libsodium cannot start");
    crypto_sign_keypair(key, secret->secret);
    return note_key_make(&secret->key, name, NOTE_ED25519, key, error);
}

static const char SECRET_PREFIX[] = "PRIVATE+KEY+";

int note_secret_read(struct note_secret *secret, const char *text, struct error *error)
{
    char name[NOTE_NAME_MAX + 1], id[9];
    unsigned char bytes[33] = {0}, key[32];
    int code;

    if (strncmp(text, SECRET_PREFIX, strlen(SECRET_PREFIX)) != 0)
        return error_set(error, ERROR_INPUT, "a secret key begins with %s", SECRET_PREFIX);
    code = key_parts(text + strlen(SECRET_PREFIX), name, id, bytes, error);
    if (code < 0)
        return code;
    crypto_sign_seed_keypair(key, secret->secret, bytes + 1);
    code = note_key_make(&secret->key, name, (enum note_type)bytes[0], key, error);
    sodium_memzero(bytes, sizeof bytes);
    return code < 0 ? code : id_check(&secret->key, id, error);
}

void note_secret_write(const struct note_secret *secret, char text[NOTE_SECRET_TEXT])
{
    int prefix = sprintf(text, "%s", SECRET_PREFIX);

    parts_write(&secret->key, secret->secret, text + prefix);
}

/* ---- reading ---- */

#define DASH "\xe2\x80\x94 " /* an em dash and a space */
#define SIGNATURE_BYTES_MAX 8192

static int line_read(struct note *note, const char *bytes, const char *line, const char *end,
                     struct error *error)
{
    struct note_signature *signature = &note->signatures[note->count];
    unsigned char blob[SIGNATURE_BYTES_MAX];
    const char *name = line + strlen(DASH), *space;
    size_t size;

    if (note->count == NOTE_SIGNATURES_MAX)
        return error_set(error, ERROR_LIMIT, "the note has more than %d signatures",
                         NOTE_SIGNATURES_MAX);
    space = end > name && memcmp(line, DASH, strlen(DASH)) == 0
                ? memchr(name, ' ', (size_t)(end - name))
                : NULL;
    if (space == NULL || !note_name_valid(name, (size_t)(space - name)))
        return error_set(error, ERROR_CORRUPT, "byte %td: this is no signature line", line - bytes);
    signature->name = name;
    signature->name_size = (size_t)(space - name);
    signature->base64 = space + 1;
    signature->base64_size = (size_t)(end - space - 1);
    if (base64_read(signature->base64, signature->base64_size, blob, sizeof blob, &size) != 0 ||
        size < 5)
        return error_set(error, ERROR_CORRUPT,
                         "byte %td: this is not the canonical base64 of a signature",
                         signature->base64 - bytes);
    signature->id =
        (uint32_t)blob[0] << 24 | (uint32_t)blob[1] << 16 | (uint32_t)blob[2] << 8 | blob[3];
    note->count++;
    return 0;
}

int note_read(struct note *note, const char *bytes, size_t size, struct error *error)
{
    const char *end = bytes + size, *split = NULL;
    size_t wrong;
    int code = 0;

    note->count = 0;
    if (size > NOTE_SIZE_MAX)
        return error_set(error, ERROR_LIMIT, "the note is larger than %d bytes", NOTE_SIZE_MAX);
    wrong = text_wrong(bytes, size);
    if (wrong < size)
        return error_set(error, ERROR_CORRUPT,
                         "byte %zu: a note is UTF-8 without control characters", wrong);
    /* "the text is separated from the signatures by the last empty line in the note" */
    for (const char *at = bytes; at + 1 < end; at++)
        if (at[0] == '\n' && at[1] == '\n')
            split = at;
    if (split == NULL || split + 2 == end || end[-1] != '\n')
        return error_set(error, ERROR_CORRUPT,
                         "byte %zu: a note ends in an empty line and signature lines", size);
    note->text = bytes;
    note->text_size = (size_t)(split + 1 - bytes);
    for (const char *line = split + 2; code == 0 && line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));

        code = line_read(note, bytes, line, newline, error);
        line = newline + 1;
    }
    return code;
}

/* ---- verifying ---- */

/* What a cosigner signs: "cosignature/v1", "time T", and the whole text of the note. The text is
 * hashed by Ed25519 in one piece, so that it is put together here. */
static bool cosignature_right(const struct note *note, const struct note_key *key,
                              const unsigned char *blob, size_t size, uint64_t *time)
{
    unsigned char message[64 + NOTE_COSIGNED_MAX];
    int header;

    if (size != 8 + 64 || note->text_size > NOTE_COSIGNED_MAX)
        return false;
    *time = 0;
    for (int i = 0; i < 8; i++)
        *time = *time << 8 | blob[i];
    if (*time > INT64_MAX)
        return false;
    header = sprintf((char *)message, "cosignature/v1\ntime %" PRIu64 "\n", *time);
    memcpy(message + header, note->text, note->text_size);
    return crypto_sign_verify_detached(blob + 8, message, (size_t)header + note->text_size,
                                       key->key) == 0;
}

static bool signature_right(const struct note *note, const struct note_signature *signature,
                            const struct note_key *key, uint64_t *time)
{
    unsigned char blob[4 + 8 + 64];
    size_t size;

    *time = 0;
    if (base64_read(signature->base64, signature->base64_size, blob, sizeof blob, &size) != 0)
        return false;
    if (key->type == NOTE_COSIGNATURE)
        return cosignature_right(note, key, blob + 4, size - 4, time);
    return size == 4 + 64 &&
           crypto_sign_verify_detached(blob + 4, (const unsigned char *)note->text, note->text_size,
                                       key->key) == 0;
}

/* The key that name and id mean, or `count`. */
static unsigned key_find(const struct note_signature *signature, const struct note_key *keys,
                         unsigned count)
{
    for (unsigned k = 0; k < count; k++)
        if (keys[k].id == signature->id && strlen(keys[k].name) == signature->name_size &&
            memcmp(keys[k].name, signature->name, signature->name_size) == 0)
            return k;
    return count;
}

int note_verify(const struct note *note, const struct note_key *keys, unsigned count, bool strict,
                struct note_seen *seen, struct error *error)
{
    bool any = false;

    for (unsigned k = 0; k < count; k++)
        seen[k] = (struct note_seen){0};
    for (unsigned s = 0; s < note->count; s++) {
        const struct note_signature *signature = &note->signatures[s];
        unsigned k = key_find(signature, keys, count);
        int size = (int)signature->name_size;

        if (k == count && strict)
            return error_set(error, ERROR_CORRUPT,
                             "byte %td: signed by %.*s+%08" PRIx32 ", who is unknown here",
                             signature->name - note->text, size, signature->name, signature->id);
        if (k == count)
            continue;
        if (strict && seen[k].verified)
            return error_set(error, ERROR_CORRUPT, "byte %td: signed twice by %s",
                             signature->name - note->text, keys[k].name);
        if (!signature_right(note, signature, &keys[k], &seen[k].time))
            return error_set(error, ERROR_CORRUPT, "byte %td: the signature by %s is wrong",
                             signature->base64 - note->text, keys[k].name);
        any = seen[k].verified = true;
    }
    return any ? 0 : error_set(error, ERROR_CORRUPT, "nobody who is known has signed it");
}

int note_sign(const struct note_secret *secret, const char *text, size_t size, char *bytes,
              size_t room, size_t *written, struct error *error)
{
    unsigned char blob[4 + 64];
    uint32_t id = secret->key.id;
    size_t name = strlen(secret->key.name);

    if (size == 0 || text[size - 1] != '\n' || text_wrong(text, size) < size)
        return error_set(error, ERROR_INPUT,
                         "a note's text is UTF-8 without control characters and ends in a newline");
    if (room < size + 1 + NOTE_LINE_TEXT || size + 1 + NOTE_LINE_TEXT > NOTE_SIZE_MAX)
        return error_set(error, ERROR_LIMIT, "a note of %zu bytes is too large", size);
    for (int i = 0; i < 4; i++)
        blob[i] = (unsigned char)(id >> (24 - 8 * i));
    crypto_sign_detached(blob + 4, NULL, (const unsigned char *)text, size, secret->secret);
    memmove(bytes, text, size);
    bytes += size;
    memcpy(bytes, "\n" DASH, 1 + strlen(DASH));
    bytes += 1 + strlen(DASH);
    memcpy(bytes, secret->key.name, name);
    bytes[name] = ' ';
    base64_write(blob, sizeof blob, bytes + name + 1);
    *written = size + 1 + strlen(DASH) + name + 1 + BASE64_TEXT(sizeof blob);
    bytes[name + BASE64_TEXT(sizeof blob)] = '\n';
    return 0;
}
