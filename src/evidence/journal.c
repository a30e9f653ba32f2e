#include "evidence/journal.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

static const unsigned char MAGIC[8] = {'I', 'o', 'l', 'a', 'u', 's', 'J', '1'};
#define CHECK_AT 28
#define CHECK_BYTES (JOURNAL_HEADER_BYTES - CHECK_AT)
/* No disk writes less than that in one piece. */
#define SECTOR 512

static void put(unsigned char *bytes, uint64_t value, int size)
{
    for (int i = size - 1; i >= 0; i--, value >>= 8)
        bytes[i] = (unsigned char)value;
}

static uint64_t get(const unsigned char *bytes, int size)
{
    uint64_t value = 0;

    for (int i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

static void check_of(const unsigned char header[JOURNAL_HEADER_BYTES],
                     unsigned char check[CHECK_BYTES])
{
    unsigned char hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, header, CHECK_AT);
    memcpy(check, hash, CHECK_BYTES);
}

void journal_header(const struct journal_frame *frame, unsigned char bytes[JOURNAL_HEADER_BYTES])
{
    memcpy(bytes, MAGIC, sizeof MAGIC);
    put(bytes + 8, frame->first, 8);
    put(bytes + 16, frame->count, 4);
    put(bytes + 20, frame->entries_size, 4);
    put(bytes + 24, frame->note_size, 4);
    check_of(bytes, bytes + CHECK_AT);
}

/* Reads a header. Returns -1 if it is none. */
static int header_read(const unsigned char *bytes, size_t left, struct journal_frame *frame)
{
    unsigned char check[CHECK_BYTES];

    if (left < JOURNAL_HEADER_BYTES || memcmp(bytes, MAGIC, sizeof MAGIC) != 0)
        return -1;
    check_of(bytes, check);
    if (memcmp(check, bytes + CHECK_AT, CHECK_BYTES) != 0)
        return -1;
    frame->first = get(bytes + 8, 8);
    frame->count = (uint32_t)get(bytes + 16, 4);
    frame->entries_size = (size_t)get(bytes + 20, 4);
    frame->note_size = (size_t)get(bytes + 24, 4);
    frame->entries = bytes + JOURNAL_HEADER_BYTES;
    frame->note = (const char *)frame->entries + frame->entries_size;
    frame->size = JOURNAL_HEADER_BYTES + frame->entries_size + frame->note_size;
    return frame->count >= 1 && frame->count <= JOURNAL_ENTRIES_MAX &&
                   frame->entries_size <= JOURNAL_BYTES_MAX &&
                   frame->note_size <= CHECKPOINT_NOTE_TEXT
               ? 0
               : -1;
}

int journal_next(const unsigned char *bytes, size_t size, size_t at, struct journal_frame *frame)
{
    return header_read(bytes + at, size - at, frame) == 0 && frame->size <= size - at ? 0 : -1;
}

/* Whether a sector's share of [from, to) is all zeros. */
static bool sector_missing(const unsigned char *bytes, size_t from, size_t to)
{
    while (from < to) {
        size_t end = (from / SECTOR + 1) * SECTOR;

        if (end > to)
            end = to;
        if (sodium_is_zero(bytes + from, end - from))
            return true;
        from = end;
    }
    return false;
}

bool journal_torn(const unsigned char *bytes, size_t size, size_t at)
{
    struct journal_frame frame;
    size_t left = size - at, end = at + JOURNAL_HEADER_BYTES;

    if (left < JOURNAL_HEADER_BYTES)
        return true;
    if (header_read(bytes + at, left, &frame) == 0)
        return frame.size > left || (frame.size == left && sector_missing(bytes, at, size));
    /* The sectors that the header stands in, whole: its own share may be zeros by right. */
    end = (end + SECTOR - 1) / SECTOR * SECTOR;
    return sector_missing(bytes, at, end < size ? end : size);
}

static int entries_check(const struct journal_frame *frame, struct merkle_range *range,
                         struct merkle_hash *leaves, struct error *error)
{
    const unsigned char *entry;
    size_t at = 0, size;

    for (uint32_t i = 0; i < frame->count; i++) {
        if (bundle_next(frame->entries, frame->entries_size, &at, &entry, &size) != 0)
            return error_set(error, ERROR_CORRUPT,
                             "entry %" PRIu64 " is longer than what is left of its batch",
                             frame->first + i);
        merkle_leaf(entry, size, &leaves[i]);
        if (merkle_range_push(range, 0, &leaves[i]) < 0)
            return error_set(error, ERROR_LIMIT, "the ledger has too many entries");
    }
    if (at != frame->entries_size)
        return error_set(error, ERROR_CORRUPT, "a batch has more bytes than its entries");
    return 0;
}

int journal_note_check(const struct journal_frame *frame, const struct note_key *key,
                       const struct merkle_range *range, struct error *error)
{
    struct ledger_checkpoint wanted;
    struct note_seen seen;
    struct note note;
    char text[CHECKPOINT_TEXT];
    int code = note_read(&note, frame->note, frame->note_size, error);

    if (code == 0)
        code = note_verify(&note, key, 1, true, &seen, error);
    if (code != 0)
        return code;
    memcpy(wanted.origin, key->name, sizeof wanted.origin);
    wanted.size = range->size;
    merkle_range_root(range, &wanted.root);
    if (ledger_checkpoint_write(&wanted, text) != note.text_size ||
        memcmp(text, note.text, note.text_size) != 0)
        return error_set(error, ERROR_CORRUPT,
                         "the batch that begins with entry %" PRIu64
                         " is not the one whose checkpoint was signed",
                         frame->first);
    return 0;
}

int journal_check(const struct journal_frame *frame, const struct note_key *key,
                  struct merkle_range *range, struct merkle_hash *leaves, struct error *error)
{
    int code;

    if (frame->first != range->size)
        return error_set(error, ERROR_CORRUPT,
                         "a batch begins with entry %" PRIu64 ", where entry %" PRIu64
                         " should follow",
                         frame->first, range->size);
    code = entries_check(frame, range, leaves, error);
    return code < 0 ? code : journal_note_check(frame, key, range, error);
}
