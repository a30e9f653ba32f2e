#include "lib/ssh_forge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

struct buffer {
    unsigned char bytes[1024];
    size_t size;
};

static void put(struct buffer *buffer, const void *bytes, size_t size)
{
    if (buffer->size + size > sizeof buffer->bytes)
        abort();
    memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
}

static void put_number(struct buffer *buffer, uint32_t number)
{
    const unsigned char bytes[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                                    (unsigned char)(number >> 8), (unsigned char)number};

    put(buffer, bytes, sizeof bytes);
}

static void put_string(struct buffer *buffer, const void *bytes, size_t size)
{
    put_number(buffer, (uint32_t)size);
    put(buffer, bytes, size);
}

static void put_text(struct buffer *buffer, const char *text)
{
    put_string(buffer, text, strlen(text));
}

struct forge forge_key(unsigned number, bool sk)
{
    const char *type = sk ? "sk-ssh-ed25519@openssh.com" : "ssh-ed25519";
    struct forge forge = {.type = type,
                          .signature_type = type,
                          .magic = "SSHSIG",
                          .namespace = "iolaus-order",
                          .reserved = "",
                          .hash = "sha512",
                          .application = "ssh:",
                          .version = 1,
                          .counter = 7,
                          .flags = 1,
                          .sk = sk,
                          .line = 70};
    unsigned char seed[crypto_sign_SEEDBYTES] = {0};

    if (sodium_init() < 0)
        abort();
    seed[0] = (unsigned char)number;
    seed[1] = (unsigned char)(number >> 8);
    seed[2] = sk;
    crypto_sign_seed_keypair(forge.public_key, forge.secret_key, seed);
    return forge;
}

static struct buffer key_blob(const struct forge *forge)
{
    struct buffer buffer = {0};

    put_text(&buffer, forge->type);
    put_string(&buffer, forge->public_key, sizeof forge->public_key);
    if (forge->sk)
        put_text(&buffer, forge->application);
    return buffer;
}

void forge_public(const struct forge *forge, char text[FORGE_TEXT_BYTES])
{
    struct buffer blob = key_blob(forge);
    size_t used = (size_t)snprintf(text, FORGE_TEXT_BYTES, "%s ", forge->type);

    sodium_bin2base64(text + used, FORGE_TEXT_BYTES - used, blob.bytes, blob.size,
                      sodium_base64_VARIANT_ORIGINAL);
}

size_t forge_armour(const void *bytes, size_t size, size_t line, char text[FORGE_TEXT_BYTES])
{
    char letters[2048];
    size_t used = (size_t)snprintf(text, FORGE_TEXT_BYTES, "-----BEGIN SSH SIGNATURE-----\n");

    sodium_bin2base64(letters, sizeof letters, bytes, size, sodium_base64_VARIANT_ORIGINAL);
    for (size_t at = 0; at < strlen(letters); at += line)
        used += (size_t)snprintf(text + used, FORGE_TEXT_BYTES - used, "%.*s\n", (int)line,
                                 letters + at);
    used += (size_t)snprintf(text + used, FORGE_TEXT_BYTES - used, "-----END SSH SIGNATURE-----\n");
    return used;
}

/* What a security key signs in place of the message. */
static struct buffer sk_message(const struct forge *forge, const struct buffer *message)
{
    struct buffer buffer = {0};
    unsigned char hash[32];

    crypto_hash_sha256(hash, (const unsigned char *)forge->application, strlen(forge->application));
    put(&buffer, hash, sizeof hash);
    put(&buffer, &forge->flags, 1);
    put_number(&buffer, forge->counter);
    crypto_hash_sha256(hash, message->bytes, message->size);
    put(&buffer, hash, sizeof hash);
    return buffer;
}

size_t forge_sign(const struct forge *forge, const void *bytes, size_t size,
                  char text[FORGE_TEXT_BYTES])
{
    struct buffer message = {0}, inner = {0}, blob = {0}, key = key_blob(forge);
    bool sha256 = strcmp(forge->hash, "sha256") == 0;
    unsigned char hash[64], made[64];

    if (sha256)
        crypto_hash_sha256(hash, bytes, size);
    else
        crypto_hash_sha512(hash, bytes, size);
    put(&message, "SSHSIG", 6);
    put_text(&message, forge->namespace);
    put_text(&message, "");
    put_text(&message, forge->hash);
    put_string(&message, hash, sha256 ? 32 : 64);
    if (forge->sk)
        message = sk_message(forge, &message);
    crypto_sign_detached(made, NULL, message.bytes, message.size, forge->secret_key);
    put_text(&inner, forge->signature_type);
    put_string(&inner, made, sizeof made);
    if (forge->sk) {
        put(&inner, &forge->flags, 1);
        put_number(&inner, forge->counter);
    }
    put(&blob, forge->magic, strlen(forge->magic));
    put_number(&blob, forge->version);
    put_string(&blob, key.bytes, key.size);
    put_text(&blob, forge->namespace);
    put_text(&blob, forge->reserved);
    put_text(&blob, forge->hash);
    put_string(&blob, inner.bytes, inner.size);
    return forge_armour(blob.bytes, blob.size, forge->line, text);
}
