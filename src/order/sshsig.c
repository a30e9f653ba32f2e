#include "order/sshsig.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#define MAGIC_BYTES 6
#define BEGIN_LINE "-----BEGIN SSH SIGNATURE-----\n"
#define END_LINE "-----END SSH SIGNATURE-----"
#define LINE_LETTERS_MAX 76

static const unsigned char MAGIC[MAGIC_BYTES] = {'S', 'S', 'H', 'S', 'I', 'G'};

static const char *const hash_names[] = {"sha256", "sha512"};

/* ---- the armour ---- */

static int refuse_at(struct error *error, const char *path, int line, size_t column,
                     const char *words)
{
    return error_set(error, ERROR_INPUT, "%s:%d:%zu: %s", path, line, column + 1, words);
}

static bool is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
}

/* Gathers the letters between the first line and the last. */
static int armour_letters(const char *text, size_t size, char *letters, size_t *count,
                          const char *path, struct error *error)
{
    const size_t begin = sizeof BEGIN_LINE - 1, end = sizeof END_LINE - 1;
    size_t at = begin, line_start = at;
    int line = 2;

    *count = 0;
    if (size < begin || memcmp(text, BEGIN_LINE, begin) != 0)
        return refuse_at(error, path, 1, 0,
                         "this is no signature: those begin with the line "
                         "`-----BEGIN SSH SIGNATURE-----`");
    for (;; at++) {
        if (at == size)
            return refuse_at(error, path, line, at - line_start,
                             "the signature ends without `" END_LINE "`");
        if (at == line_start && text[at] == '-')
            break;
        if (text[at] == '\n') {
            if (at == line_start)
                return refuse_at(error, path, line, 0, "an empty line stands in the signature");
            line++;
            line_start = at + 1;
        } else if (!is_base64(text[at])) {
            return refuse_at(error, path, line, at - line_start, "this is no base64");
        } else if (at - line_start == LINE_LETTERS_MAX) {
            return refuse_at(error, path, line, at - line_start,
                             "a signature's lines have at most 76 characters");
        } else {
            letters[(*count)++] = text[at];
        }
    }
    if (size - at < end || memcmp(text + at, END_LINE, end) != 0)
        return refuse_at(error, path, line, 0, "`" END_LINE "` should stand here");
    at += end;
    if (at != size && !(text[at] == '\n' && at + 1 == size))
        return refuse_at(error, path, line, end, "something stands behind the signature");
    return 0;
}

/* ---- what it encodes ---- */

static int refuse(struct error *error, const char *words)
{
    return error_set(error, ERROR_INPUT, "%s", words);
}

static int hash_read(struct ssh_reader *reader, enum sshsig_hash *hash, struct error *error)
{
    const unsigned char *name;
    size_t length;
    char words[40];

    if (!ssh_take_string(reader, &name, &length))
        return refuse(error, "the signature is cut short");
    for (size_t i = 0; i < sizeof hash_names / sizeof hash_names[0]; i++)
        if (strlen(hash_names[i]) == length && memcmp(hash_names[i], name, length) == 0) {
            *hash = (enum sshsig_hash)i;
            return 0;
        }
    if (!ssh_text_copy(name, length, 1, words, sizeof words))
        return refuse(error, "the signature names no hash that can be read");
    return error_set(error, ERROR_INPUT, "the hash `%s` is not accepted; sha256 and sha512 are",
                     words);
}

/* The innermost part: the type again, the 64 bytes, and a security key's flags and counter. */
static int signature_read(struct sshsig *signature, const unsigned char *bytes, size_t size,
                          struct error *error)
{
    const char *name = ssh_key_type_name(signature->key.type);
    struct ssh_reader reader = {bytes, bytes + size};
    const unsigned char *type, *made, *flags;
    size_t type_length, made_length;

    if (!ssh_take_string(&reader, &type, &type_length) ||
        !ssh_take_string(&reader, &made, &made_length))
        return refuse(error, "the signature is cut short");
    if (type_length != strlen(name) || memcmp(type, name, type_length) != 0)
        return error_set(error, ERROR_INPUT, "a key of type %s has a signature of another type",
                         name);
    if (made_length != sizeof signature->signature)
        return error_set(error, ERROR_INPUT, "an Ed25519 signature has 64 bytes, and this one %zu",
                         made_length);
    memcpy(signature->signature, made, made_length);
    if (signature->key.type == SSH_SK_ED25519) {
        if (!ssh_take_bytes(&reader, 1, &flags) || !ssh_take_number(&reader, &signature->counter))
            return refuse(error, "the signature has no flags and counter of a security key");
        signature->flags = flags[0];
    }
    return reader.at == reader.end ? 0 : refuse(error, "something stands behind the signature");
}

static int blob_read(struct sshsig *signature, const unsigned char *blob, size_t size,
                     struct error *error)
{
    struct ssh_reader reader = {blob, blob + size};
    const unsigned char *bytes;
    uint32_t version;
    size_t length;
    int failed;

    if (!ssh_take_bytes(&reader, MAGIC_BYTES, &bytes) || memcmp(bytes, MAGIC, MAGIC_BYTES) != 0 ||
        !ssh_take_number(&reader, &version))
        return refuse(error, "what it encodes is no SSH signature");
    if (version != 1)
        return error_set(error, ERROR_INPUT, "signatures of version %u are not known, 1 is",
                         version);
    if (!ssh_take_string(&reader, &bytes, &length))
        return refuse(error, "the signature is cut short");
    failed = ssh_key_read(&signature->key, bytes, length, error);
    if (failed != 0)
        return failed;
    if (!ssh_take_string(&reader, &bytes, &length) ||
        !ssh_text_copy(bytes, length, 1, signature->namespace, sizeof signature->namespace))
        return refuse(error, "its namespace should have from 1 to 127 printable characters");
    if (!ssh_take_string(&reader, &bytes, &length) || length != 0)
        return refuse(error, "its reserved field should be empty");
    failed = hash_read(&reader, &signature->hash, error);
    if (failed != 0)
        return failed;
    if (!ssh_take_string(&reader, &bytes, &length) || reader.at != reader.end)
        return refuse(error, "the signature is cut short, or something stands behind it");
    return signature_read(signature, bytes, length, error);
}

int sshsig_parse(struct sshsig *signature, const char *text, size_t size, const char *path,
                 struct error *error)
{
    char letters[SSHSIG_BYTES_MAX];
    unsigned char blob[SSHSIG_BYTES_MAX];
    size_t count = 0, blob_size = 0;
    int failed;

    *signature = (struct sshsig){0};
    if (size > SSHSIG_BYTES_MAX)
        return error_set(error, ERROR_INPUT, "%s: %zu bytes are no signature; one has at most %d",
                         path, size, SSHSIG_BYTES_MAX);
    failed = armour_letters(text, size, letters, &count, path, error);
    if (failed != 0)
        return failed;
    if (!ssh_base64_read(letters, count, blob, sizeof blob, &blob_size))
        return refuse_at(error, path, 2, 0, "this is no canonical base64");
    failed = blob_read(signature, blob, blob_size, error);
    if (failed != 0)
        error_context(error, "%s:2:1", path);
    return failed;
}

/* ---- what was signed ---- */

/* The longest signed text: magic, namespace, reserved, the hash's name, the hash. */
#define SIGNED_BYTES (MAGIC_BYTES + 16 + SSHSIG_NAMESPACE_BYTES + 8 + crypto_hash_sha512_BYTES)

static unsigned char *string_put(unsigned char *to, const void *bytes, size_t length)
{
    assert(length < 256);
    to[0] = to[1] = to[2] = 0;
    to[3] = (unsigned char)length;
    memcpy(to + 4, bytes, length);
    return to + 4 + length;
}

/* PROTOCOL.sshsig, section 3: "byte[6] MAGIC_PREAMBLE, string namespace, string reserved, string
 * hash_algorithm, string H(message)". */
static size_t signed_text(const struct sshsig *signature, const void *bytes, size_t size,
                          unsigned char text[SIGNED_BYTES])
{
    unsigned char hash[crypto_hash_sha512_BYTES];
    unsigned char *to = text + MAGIC_BYTES;

    if (signature->hash == SSHSIG_SHA256)
        crypto_hash_sha256(hash, bytes, size);
    else
        crypto_hash_sha512(hash, bytes, size);
    memcpy(text, MAGIC, MAGIC_BYTES);
    to = string_put(to, signature->namespace, strlen(signature->namespace));
    to = string_put(to, "", 0);
    to = string_put(to, hash_names[signature->hash], strlen(hash_names[signature->hash]));
    to = string_put(to, hash,
                    signature->hash == SSHSIG_SHA256 ? crypto_hash_sha256_BYTES
                                                     : crypto_hash_sha512_BYTES);
    return (size_t)(to - text);
}

/* PROTOCOL.u2f: a security key signs "byte[32] SHA256(application), byte flags, uint32 counter,
 * byte[] extensions, byte[32] SHA256(message)", of which the extensions are empty here. */
#define SK_SIGNED_BYTES (32 + 1 + 4 + 32)

static void sk_signed_text(const struct sshsig *signature, const unsigned char *inner,
                           size_t inner_size, unsigned char text[SK_SIGNED_BYTES])
{
    const char *application = signature->key.application;

    crypto_hash_sha256(text, (const unsigned char *)application, strlen(application));
    text[32] = signature->flags;
    text[33] = (unsigned char)(signature->counter >> 24);
    text[34] = (unsigned char)(signature->counter >> 16);
    text[35] = (unsigned char)(signature->counter >> 8);
    text[36] = (unsigned char)signature->counter;
    crypto_hash_sha256(text + 37, inner, inner_size);
}

bool sshsig_verify(const struct sshsig *signature, const void *bytes, size_t size)
{
    unsigned char text[SIGNED_BYTES], sk_text[SK_SIGNED_BYTES];
    size_t text_size = signed_text(signature, bytes, size, text);

    if (signature->key.type == SSH_SK_ED25519) {
        sk_signed_text(signature, text, text_size, sk_text);
        return crypto_sign_verify_detached(signature->signature, sk_text, sizeof sk_text,
                                           signature->key.bytes) == 0;
    }
    return crypto_sign_verify_detached(signature->signature, text, text_size,
                                       signature->key.bytes) == 0;
}
