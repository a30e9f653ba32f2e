#include "order/sshsig_make.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define MAGIC "SSHSIG"
#define HASH "sha512"
#define LINE 70
#define BLOB_BYTES 320
#define NAMESPACE_MAX 63

struct blob {
    unsigned char bytes[BLOB_BYTES];
    size_t size;
};

static void put_bytes(struct blob *blob, const void *bytes, size_t size)
{
    assert(blob->size + size <= sizeof blob->bytes);
    memcpy(blob->bytes + blob->size, bytes, size);
    blob->size += size;
}

static void put_number(struct blob *blob, size_t number)
{
    const unsigned char bytes[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                                    (unsigned char)(number >> 8), (unsigned char)number};

    put_bytes(blob, bytes, sizeof bytes);
}

static void put_string(struct blob *blob, const void *bytes, size_t size)
{
    put_number(blob, size);
    put_bytes(blob, bytes, size);
}

void sshsig_key_make(struct sshsig_secret *secret)
{
    *secret = (struct sshsig_secret){.key = {.type = SSH_ED25519}};
    crypto_sign_keypair(secret->key.bytes, secret->secret);
}

void sshsig_key_wipe(struct sshsig_secret *secret)
{
    sodium_memzero(secret, sizeof *secret);
}

static struct blob key_blob(const struct sshsig_secret *secret)
{
    const char *type = ssh_key_type_name(SSH_ED25519);
    struct blob blob = {0};

    put_string(&blob, type, strlen(type));
    put_string(&blob, secret->key.bytes, sizeof secret->key.bytes);
    return blob;
}

void sshsig_key_text(const struct sshsig_secret *secret, char text[SSHSIG_KEY_TEXT])
{
    struct blob blob = key_blob(secret);
    int used = snprintf(text, SSHSIG_KEY_TEXT, "%s ", ssh_key_type_name(SSH_ED25519));

    sodium_bin2base64(text + used, SSHSIG_KEY_TEXT - (size_t)used, blob.bytes, blob.size,
                      sodium_base64_VARIANT_ORIGINAL);
}

static size_t armour(const struct blob *blob, char text[SSHSIG_MADE_TEXT])
{
    char letters[sodium_base64_ENCODED_LEN(BLOB_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    size_t used = (size_t)snprintf(text, SSHSIG_MADE_TEXT, "-----BEGIN SSH SIGNATURE-----\n");
    size_t length;

    sodium_bin2base64(letters, sizeof letters, blob->bytes, blob->size,
                      sodium_base64_VARIANT_ORIGINAL);
    length = strlen(letters);
    for (size_t at = 0; at < length; at += LINE)
        used +=
            (size_t)snprintf(text + used, SSHSIG_MADE_TEXT - used, "%.*s\n", LINE, letters + at);
    used += (size_t)snprintf(text + used, SSHSIG_MADE_TEXT - used, "-----END SSH SIGNATURE-----\n");
    assert(used < SSHSIG_MADE_TEXT);
    return used;
}

size_t sshsig_make(const struct sshsig_secret *secret, const char *namespace, const void *bytes,
                   size_t size, char text[SSHSIG_MADE_TEXT])
{
    const char *type = ssh_key_type_name(SSH_ED25519);
    struct blob message = {0}, inner = {0}, outer = {0}, key = key_blob(secret);
    unsigned char hash[crypto_hash_sha512_BYTES], made[crypto_sign_BYTES];
    size_t name = strlen(namespace);

    assert(name > 0 && name <= NAMESPACE_MAX);
    crypto_hash_sha512(hash, bytes, size);
    /* PROTOCOL.sshsig, section 3: what is signed. */
    put_bytes(&message, MAGIC, 6);
    put_string(&message, namespace, name);
    put_string(&message, "", 0);
    put_string(&message, HASH, strlen(HASH));
    put_string(&message, hash, sizeof hash);
    crypto_sign_detached(made, NULL, message.bytes, message.size, secret->secret);
    put_string(&inner, type, strlen(type));
    put_string(&inner, made, sizeof made);
    /* Section 2: the blob. */
    put_bytes(&outer, MAGIC, 6);
    put_number(&outer, 1);
    put_string(&outer, key.bytes, key.size);
    put_string(&outer, namespace, name);
    put_string(&outer, "", 0);
    put_string(&outer, HASH, strlen(HASH));
    put_string(&outer, inner.bytes, inner.size);
    return armour(&outer, text);
}
