#include "order/ssh_key.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

static const char *const type_names[] = {"ssh-ed25519", "sk-ssh-ed25519@openssh.com"};

const char *ssh_key_type_name(enum ssh_key_type type)
{
    return type_names[type];
}

bool ssh_key_same(const struct ssh_key *a, const struct ssh_key *b)
{
    return a->type == b->type && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0 &&
           strcmp(a->application, b->application) == 0;
}

bool ssh_take_bytes(struct ssh_reader *reader, size_t count, const unsigned char **bytes)
{
    if ((size_t)(reader->end - reader->at) < count)
        return false;
    *bytes = reader->at;
    reader->at += count;
    return true;
}

bool ssh_take_number(struct ssh_reader *reader, uint32_t *number)
{
    const unsigned char *bytes = NULL;

    if (!ssh_take_bytes(reader, 4, &bytes))
        return false;
    *number = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
              (uint32_t)bytes[3];
    return true;
}

bool ssh_take_string(struct ssh_reader *reader, const unsigned char **bytes, size_t *length)
{
    uint32_t number = 0;

    if (!ssh_take_number(reader, &number) || !ssh_take_bytes(reader, number, bytes))
        return false;
    *length = number;
    return true;
}

bool ssh_text_copy(const unsigned char *bytes, size_t length, size_t least, char *text, size_t room)
{
    if (length < least || length >= room)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < ' ' || bytes[i] > '~')
            return false;
        text[i] = (char)bytes[i];
    }
    text[length] = '\0';
    return true;
}

bool ssh_base64_read(const char *text, size_t length, unsigned char *bytes, size_t room,
                     size_t *size)
{
    const char *end = NULL;

    /* libsodium wants the padding and refuses stray bits in front of it. */
    return length > 0 &&
           sodium_base642bin(bytes, room, text, length, NULL, size, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           end == text + length;
}

static int type_read(const unsigned char *name, size_t length, enum ssh_key_type *type,
                     struct error *error)
{
    char words[80];

    for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++)
        if (strlen(type_names[i]) == length && memcmp(type_names[i], name, length) == 0) {
            *type = (enum ssh_key_type)i;
            return 0;
        }
    if (!ssh_text_copy(name, length, 1, words, sizeof words))
        return error_set(error, ERROR_INPUT, "the key has no type that can be read");
    return error_set(error, ERROR_INPUT,
                     "keys of type `%s` may sign no order; %s and %s may (make one with "
                     "`ssh-keygen -t ed25519` or `-t ed25519-sk`)",
                     words, type_names[0], type_names[1]);
}

int ssh_key_read(struct ssh_key *key, const unsigned char *blob, size_t size, struct error *error)
{
    struct ssh_reader reader = {blob, blob + size};
    const unsigned char *name, *bytes, *application = NULL;
    size_t name_length, length, application_length = 0;
    int failed;

    *key = (struct ssh_key){0};
    if (!ssh_take_string(&reader, &name, &name_length))
        return error_set(error, ERROR_INPUT, "the key is cut short");
    failed = type_read(name, name_length, &key->type, error);
    if (failed != 0)
        return failed;
    if (!ssh_take_string(&reader, &bytes, &length) ||
        (key->type == SSH_SK_ED25519 &&
         !ssh_take_string(&reader, &application, &application_length)))
        return error_set(error, ERROR_INPUT, "the key is cut short");
    if (length != sizeof key->bytes)
        return error_set(error, ERROR_INPUT, "an Ed25519 key has 32 bytes, and this one %zu",
                         length);
    if (key->type == SSH_SK_ED25519 && !ssh_text_copy(application, application_length, 1,
                                                      key->application, sizeof key->application))
        return error_set(error, ERROR_INPUT,
                         "a security key's application has from 1 to %d printable characters",
                         SSH_APPLICATION_BYTES - 1);
    if (reader.at != reader.end)
        return error_set(error, ERROR_INPUT, "%td bytes stand behind the key",
                         reader.end - reader.at);
    memcpy(key->bytes, bytes, sizeof key->bytes);
    return 0;
}

static void number_hash(crypto_hash_sha256_state *state, size_t number)
{
    const unsigned char bytes[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                                    (unsigned char)(number >> 8), (unsigned char)number};

    crypto_hash_sha256_update(state, bytes, sizeof bytes);
}

static void string_hash(crypto_hash_sha256_state *state, const void *bytes, size_t length)
{
    number_hash(state, length);
    crypto_hash_sha256_update(state, bytes, length);
}

void ssh_key_fingerprint(const struct ssh_key *key, char text[SSH_FINGERPRINT_BYTES])
{
    const char *name = type_names[key->type];
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    string_hash(&state, name, strlen(name));
    string_hash(&state, key->bytes, sizeof key->bytes);
    if (key->type == SSH_SK_ED25519)
        string_hash(&state, key->application, strlen(key->application));
    crypto_hash_sha256_final(&state, digest);
    snprintf(text, SSH_FINGERPRINT_BYTES, "SHA256:");
    sodium_bin2base64(text + 7, SSH_FINGERPRINT_BYTES - 7, digest, sizeof digest,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}
