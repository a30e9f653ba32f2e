/*
 * The goal: any bytes are a note, a checkpoint or a verifier key in one form alone, and none is
 * taken for signed that no known key signed. fuzz_note reads the bytes; fuzz_note_text signs them,
 * so that what stands behind the signature is reached, and then changes one of them.
 */
#include "fuzz.h"

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/checkpoint.h"
#include "evidence/note.h"

#define SIZE_MOST 4096

static const struct note_secret *known_key(void)
{
    static struct note_secret secret;
    unsigned char key[32], seed[32] = {7};

    if (secret.key.name[0] == '\0') {
        if (sodium_init() < 0)
            abort();
        crypto_sign_seed_keypair(key, secret.secret, seed);
        if (note_key_make(&secret.key, "example.org/ledger", NOTE_ED25519, key, NULL) != 0)
            abort();
    }
    return &secret;
}

static void refused(const struct error *error)
{
    if ((error->code != ERROR_CORRUPT && error->code != ERROR_LIMIT &&
         error->code != ERROR_INPUT) ||
        error->message[0] == '\0')
        abort();
}

/* What is a checkpoint prints as the same bytes. */
static int checkpoint_read(const char *text, size_t size)
{
    struct ledger_checkpoint checkpoint;
    char again[CHECKPOINT_TEXT];
    struct error error = {0};
    size_t extension = 0, length;

    if (ledger_checkpoint_read(&checkpoint, text, size, &extension, &error) != 0) {
        refused(&error);
        return 0;
    }
    length = ledger_checkpoint_write(&checkpoint, again);
    if (extension > size || length != size - extension || memcmp(again, text, length) != 0)
        abort();
    return 1;
}

static int key_read(const uint8_t *data, size_t size)
{
    char text[NOTE_KEY_TEXT + 1], again[NOTE_KEY_TEXT];
    struct error error = {0};
    struct note_key key;

    if (size >= sizeof text || memchr(data, '\0', size) != NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (note_key_read(&key, text, &error) != 0) {
        refused(&error);
        return 0;
    }
    note_key_write(&key, again);
    if (strcmp(again, text) != 0)
        abort();
    return 1;
}

static void lines_check(const struct note *note, const char *bytes, size_t size)
{
    if (note->text != bytes || note->text_size == 0 || note->text_size >= size ||
        note->text[note->text_size - 1] != '\n' || note->count == 0 ||
        note->count > NOTE_SIGNATURES_MAX)
        abort();
    for (unsigned i = 0; i < note->count; i++) {
        const struct note_signature *line = &note->signatures[i];

        if (!note_name_valid(line->name, line->name_size) || line->name < bytes ||
            line->base64 != line->name + line->name_size + 1 ||
            line->base64 + line->base64_size >= bytes + size)
            abort();
    }
}

int fuzz_note(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct error error = {0};
    struct note_seen seen;
    struct note note;

    if (note_read(&note, bytes, size, &error) != 0) {
        refused(&error);
        return key_read(data, size) | checkpoint_read(bytes, size);
    }
    lines_check(&note, bytes, size);
    /* Strict is stricter. */
    if (note_verify(&note, &known_key()->key, 1, true, &seen, NULL) == 0 &&
        (note_verify(&note, &known_key()->key, 1, false, &seen, NULL) != 0 || !seen.verified))
        abort();
    checkpoint_read(note.text, note.text_size);
    return 1;
}

int fuzz_note_text(const uint8_t *data, size_t size)
{
    char signed_bytes[SIZE_MOST + 1 + NOTE_LINE_TEXT];
    const struct note_secret *secret = known_key();
    struct error error = {0};
    struct note_seen seen;
    struct note note;
    size_t written, at;

    if (size > SIZE_MOST)
        return 0;
    if (note_sign(secret, (const char *)data, size, signed_bytes, sizeof signed_bytes, &written,
                  &error) != 0) {
        refused(&error);
        return 0;
    }
    /* Whatever stands in the text, also what looks like signatures: it is all text. */
    if (note_read(&note, signed_bytes, written, NULL) != 0 || note.text_size != size ||
        memcmp(note.text, data, size) != 0 || note.count != 1 ||
        note_verify(&note, &secret->key, 1, true, &seen, NULL) != 0 || !seen.verified)
        abort();
    checkpoint_read(note.text, note.text_size);
    at = (size * 31 + data[0] + data[size / 2]) % written;
    signed_bytes[at] = (char)(signed_bytes[at] ^ 1);
    if (note_read(&note, signed_bytes, written, NULL) == 0 &&
        note_verify(&note, &secret->key, 1, true, &seen, NULL) == 0)
        abort();
    return 1;
}
