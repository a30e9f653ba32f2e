#include "evidence/checkpoint.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The end of the line at `at`, its newline; NULL if there is none, or the line is empty. */
static const char *line_end(const char *at, const char *end)
{
    const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

    return newline == at ? NULL : newline;
}

/* "the ASCII decimal representation ... with no leading zeroes" */
static int size_read(const char *at, const char *end, uint64_t *size)
{
    *size = 0;
    if (end - at > 19 || (*at == '0' && end - at > 1))
        return -1;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return -1;
        *size = *size * 10 + (uint64_t)(*at - '0');
    }
    return *size > INT64_MAX ? -1 : 0;
}

static int extension_check(const char *text, const char *at, const char *end, struct error *error)
{
    while (at < end) {
        const char *newline = line_end(at, end);

        if (newline == NULL)
            return error_set(error, ERROR_CORRUPT,
                             "byte %td: an extension line is not empty and ends in a newline",
                             at - text);
        at = newline + 1;
    }
    return 0;
}

int ledger_checkpoint_read(struct ledger_checkpoint *checkpoint, const char *text, size_t size,
                           size_t *extension_size, struct error *error)
{
    const char *end = text + size, *origin = line_end(text, end), *number, *root;
    size_t bytes;

    /* A zero would end the origin early, and two bodies would read as one. */
    if (origin == NULL || origin - text > NOTE_NAME_MAX ||
        memchr(text, '\0', (size_t)(origin - text)) != NULL)
        return error_set(
            error, ERROR_CORRUPT,
            "byte 0: the first line is the origin, of 1 to %d bytes, none of them zero",
            NOTE_NAME_MAX);
    memcpy(checkpoint->origin, text, (size_t)(origin - text));
    checkpoint->origin[origin - text] = '\0';
    number = line_end(origin + 1, end);
    if (number == NULL || size_read(origin + 1, number, &checkpoint->size) != 0)
        return error_set(error, ERROR_CORRUPT,
                         "byte %td: the second line is the size, a number without leading zeros",
                         origin + 1 - text);
    root = line_end(number + 1, end);
    if (root == NULL ||
        base64_read(number + 1, (size_t)(root - number - 1), checkpoint->root.bytes,
                    sizeof checkpoint->root, &bytes) != 0 ||
        bytes != sizeof checkpoint->root)
        return error_set(error, ERROR_CORRUPT,
                         "byte %td: the third line is the root, the canonical base64 of 32 bytes",
                         number + 1 - text);
    if (extension_size == NULL && root + 1 != end)
        return error_set(error, ERROR_CORRUPT, "byte %td: extension lines are not expected here",
                         root + 1 - text);
    if (extension_size != NULL)
        *extension_size = (size_t)(end - root - 1);
    return extension_check(text, root + 1, end, error);
}

size_t ledger_checkpoint_write(const struct ledger_checkpoint *checkpoint,
                               char text[CHECKPOINT_TEXT])
{
    char root[BASE64_TEXT(MERKLE_HASH_BYTES)];

    base64_write(checkpoint->root.bytes, sizeof checkpoint->root, root);
    return (size_t)snprintf(text, CHECKPOINT_TEXT, "%s\n%" PRIu64 "\n%s\n", checkpoint->origin,
                            checkpoint->size, root);
}

size_t ledger_checkpoint_sign(const struct ledger_checkpoint *checkpoint,
                              const struct note_secret *secret, char note[CHECKPOINT_NOTE_TEXT])
{
    char text[CHECKPOINT_TEXT];
    size_t written;
    int code = note_sign(secret, text, ledger_checkpoint_write(checkpoint, text), note,
                         CHECKPOINT_NOTE_TEXT, &written, NULL);

    /* The origin was looked at when it came in, and the room is enough. */
    assert(code == 0);
    (void)code;
    return written;
}
