/*
 * The goal: notes, keys, checkpoints and paths are read and written as C2SP's signed-note,
 * tlog-checkpoint, tlog-cosignature and tlog-tiles say, by their examples and by those of Go's
 * checksum database; what is not canonical is refused. The limit: no post-quantum signature is
 * verified.
 */
#include <criterion/criterion.h>

#include "evidence/checkpoint.h"
#include "evidence/tiles.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* golang.org/x/mod/sumdb/note, example_test.go and note_test.go (BSD-3-Clause). */
#define PETER_SECRET                                                                               \
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define PETER "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define ENOCH "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define TEXT                                                                                       \
    "If you think cryptography is the answer to your problem,\n"                                   \
    "then you don't know what your problem is.\n"
#define DASH "\xe2\x80\x94 "
#define PETER_BASE64                                                                               \
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
#define PETER_LINE DASH "PeterNeumann " PETER_BASE64 "\n"
#define ENOCH_LINE                                                                                 \
    DASH                                                                                           \
        "EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox" \
        "33WWd1RvMc+QQ=\n"

static struct note_key key_of(const char *text)
{
    struct note_key key;
    struct error error;

    cr_assert_eq(note_key_read(&key, text, &error), 0, "%s: %s", text, error.message);
    return key;
}

static void append(char *text, size_t room, const char *more)
{
    size_t size = strlen(text);

    snprintf(text + size, room - size, "%s", more);
}

/* Reads and verifies in one go. */
static int opened(const char *text, const struct note_key *keys, unsigned count, bool strict,
                  struct note_seen *seen, struct error *error)
{
    struct note note;
    int code = note_read(&note, text, strlen(text), error);

    return code < 0 ? code : note_verify(&note, keys, count, strict, seen, error);
}

Test(note, keys_of_the_checksum_database)
{
    char text[NOTE_KEY_TEXT], altered[sizeof PETER];
    struct note_key key = key_of(PETER);
    struct error error;

    cr_assert_str_eq(key.name, "PeterNeumann");
    cr_assert_eq(key.id, 0xc74f20a3);
    note_key_write(&key, text);
    cr_assert_str_eq(text, PETER);
    /* Every piece of it, and every byte of it altered, is no key. */
    for (size_t from = 0; from < strlen(PETER); from++) {
        for (size_t to = from + 1; to <= strlen(PETER); to++) {
            if (from == 0 && to == strlen(PETER))
                continue;
            snprintf(altered, sizeof altered, "%.*s", (int)(to - from), &PETER[from]);
            cr_assert_eq(note_key_read(&key, altered, &error), ERROR_INPUT, "%s", altered);
        }
    }
    for (size_t at = 0; at < strlen(PETER); at++) {
        memcpy(altered, PETER, sizeof PETER);
        altered[at]++;
        cr_assert_eq(note_key_read(&key, altered, &error), ERROR_INPUT, "%s", altered);
    }
    cr_assert_eq(note_key_read(&key,
                               "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
                               "LDE4izWy10TWBADKEY==",
                               &error),
                 ERROR_INPUT);
    cr_assert_eq(note_key_read(&key,
                               "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                               &error),
                 ERROR_INPUT);
    /* transparency-dev/formats, note_cosigv1_test.go: a real cosigner's key, and one of tests. */
    key = key_of("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2");
    cr_assert_eq(key.type, NOTE_COSIGNATURE);
    key = key_of("TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6");
    cr_assert_eq(key.type, NOTE_ED25519);
}

Test(note, secret_of_the_checksum_database)
{
    struct note_secret secret;
    struct error error;
    char bytes[1024], text[NOTE_SECRET_TEXT];
    size_t written;

    cr_assert_eq(note_secret_read(&secret, PETER_SECRET, &error), 0, "%s", error.message);
    note_secret_write(&secret, text);
    cr_assert_str_eq(text, PETER_SECRET);
    cr_assert_eq(note_sign(&secret, TEXT, strlen(TEXT), bytes, sizeof bytes, &written, &error), 0);
    bytes[written] = '\0';
    cr_assert_str_eq(bytes, TEXT "\n" PETER_LINE);
    for (size_t at = 0; at < strlen(PETER_SECRET); at++) {
        memcpy(text, PETER_SECRET, sizeof PETER_SECRET);
        text[at]++;
        cr_assert_eq(note_secret_read(&secret, text, &error), ERROR_INPUT, "%s", text);
    }
}

Test(note, known_and_unknown_signers)
{
    const struct note_key keys[] = {key_of(PETER), key_of(ENOCH)};
    struct note_seen seen[2];
    struct error error;
    char many[16384] = TEXT "\n";

    cr_assert_eq(opened(TEXT "\n" PETER_LINE ENOCH_LINE, keys, 2, true, seen, &error), 0);
    cr_assert(seen[0].verified && seen[1].verified);
    cr_assert_eq(opened(TEXT "\n" PETER_LINE ENOCH_LINE, keys, 1, false, seen, &error), 0);
    cr_assert(seen[0].verified);
    cr_assert_eq(opened(TEXT "\n" PETER_LINE ENOCH_LINE, keys, 1, true, seen, &error),
                 ERROR_CORRUPT);
    cr_assert(strstr(error.message, "EnochRoot+af0cfe78, who is unknown"), "%s", error.message);
    cr_assert_eq(opened(TEXT "\n" PETER_LINE PETER_LINE, keys, 1, false, seen, &error), 0);
    cr_assert_eq(opened(TEXT "\n" PETER_LINE PETER_LINE, keys, 1, true, seen, &error),
                 ERROR_CORRUPT);
    cr_assert_eq(opened(TEXT "\n" ENOCH_LINE, keys, 1, false, seen, &error), ERROR_CORRUPT);
    cr_assert(!seen[0].verified);
    /* The name of another on the same bytes: the pair of name and id is unknown. */
    cr_assert_eq(
        opened(TEXT "\n" DASH "CarmenSandiego " PETER_BASE64 "\n", keys, 2, false, seen, &error),
        ERROR_CORRUPT);
    /* "If a signature from a known key fails to verify, clients SHOULD reject the whole note." */
    cr_assert_eq(opened("x" TEXT "\n" PETER_LINE, keys, 1, false, seen, &error), ERROR_CORRUPT);
    cr_assert(strstr(error.message, "the signature by PeterNeumann is wrong"));
    /* "MUST accept at least up to 16 signatures" */
    for (int i = 0; i < 16; i++)
        append(many, sizeof many, i == 15 ? PETER_LINE : ENOCH_LINE);
    cr_assert_eq(opened(many, keys, 1, false, seen, &error), 0);
    for (int i = 16; i <= NOTE_SIGNATURES_MAX; i++)
        append(many, sizeof many, PETER_LINE);
    cr_assert_eq(opened(many, keys, 1, false, seen, &error), ERROR_LIMIT);
}

Test(note, malformed)
{
    static const char *const BAD[] = {
        TEXT,
        TEXT "\n",
        TEXT "\n" DASH "PeterNeumann " PETER_BASE64,
        "\x01" TEXT "\n" PETER_LINE,
        "\xff" TEXT "\n" PETER_LINE,
        "\xc0\xaf" TEXT "\n" PETER_LINE,
        "\xed\xa0\x80" TEXT "\n" PETER_LINE,
        "tab\t" TEXT "\n" PETER_LINE,
        TEXT "\n" DASH "Bad Name " PETER_BASE64 "\n",
        TEXT "\n" DASH "Bad+Name " PETER_BASE64 "\n",
        TEXT "\n" DASH "Bad\xe2\x80\x83Name " PETER_BASE64 "\n",
        TEXT "\n" DASH " " PETER_BASE64 "\n",
        TEXT "\n" DASH "PeterNeumann\n",
        TEXT "\n" DASH "PeterNeumann \n",
        TEXT "\n" DASH "PeterNeumann x08g\n",
        TEXT "\n" DASH "PeterNeumann  " PETER_BASE64 "\n",
        TEXT "\n" DASH "PeterNeumann " PETER_BASE64 " \n",
        TEXT "\n" DASH "PeterNeumann " PETER_BASE64 "\r\n",
        TEXT "\n- PeterNeumann " PETER_BASE64 "\n",
        TEXT "\n" PETER_LINE "Unexpected line.\n",
        "",
        "\n\n",
    };
    struct error error;
    struct note note;

    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        cr_assert_eq(note_read(&note, BAD[i], strlen(BAD[i]), &error), ERROR_CORRUPT, "%s", BAD[i]);
    cr_assert_eq(note_read(&note, "a\0b\n\n" PETER_LINE, 5 + strlen(PETER_LINE), &error),
                 ERROR_CORRUPT);
}

/* The example of C2SP's signed-note: an empty line within the text. */
Test(note, example_of_the_specification)
{
    static const char EXAMPLE[] =
        "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n"
        "ed \xc3\xa8 subito sera.\n\n" DASH
        "quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/"
        "5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    struct error error;
    struct note note;

    cr_assert_eq(note_read(&note, EXAMPLE, strlen(EXAMPLE), &error), 0, "%s", error.message);
    cr_assert_eq(note.count, 1);
    cr_assert_eq(note.signatures[0].id, 0x367ba04b);
    cr_assert(strncmp(note.signatures[0].name, "quasimodo.example/salvatore ", 28) == 0);
    cr_assert_eq(note.signatures[0].name_size, 27);
    cr_assert(memcmp(note.text + note.text_size - 6, "sera.\n", 6) == 0);
}

/* Each byte of a signed note, changed, is found by whoever knows the key and is strict. */
Test(note, each_byte_is_covered)
{
    const struct note_key keys[] = {key_of(PETER), key_of(ENOCH)};
    char bytes[] = TEXT "\n" PETER_LINE ENOCH_LINE;
    struct note_seen seen[2];
    struct error error;

    for (size_t at = 0; at < strlen(TEXT "\n" PETER_LINE ENOCH_LINE); at++) {
        for (int bit = 0; bit < 8; bit++) {
            struct note note;

            bytes[at] = (char)(bytes[at] ^ 1 << bit);
            cr_assert(note_read(&note, bytes, sizeof bytes - 1, &error) < 0 ||
                          note_verify(&note, keys, 2, true, seen, &error) < 0,
                      "bit %d of byte %zu", bit, at);
            bytes[at] = (char)(bytes[at] ^ 1 << bit);
        }
    }
}

/* A cosigner's line, made by hand as tlog-cosignature says. */
Test(note, cosignatures)
{
    static const char BODY[] =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    unsigned char key[32], secret[64], blob[4 + 8 + 64] = {0};
    char message[256], line[BASE64_TEXT(76)], note[1024];
    struct note_key keys[2] = {key_of(PETER)};
    struct note_seen seen[2];
    struct error error;

    crypto_sign_keypair(key, secret);
    cr_assert_eq(note_key_make(&keys[1], "witness.example.com/w1", NOTE_COSIGNATURE, key, &error),
                 0);
    for (int i = 0; i < 4; i++) {
        blob[i] = (unsigned char)(keys[1].id >> (24 - 8 * i));
        blob[8 + i] = (unsigned char)(1679315147u >> (24 - 8 * i));
    }
    snprintf(message, sizeof message, "cosignature/v1\ntime 1679315147\n%s", BODY);
    crypto_sign_detached(blob + 12, NULL, (unsigned char *)message, strlen(message), secret);
    base64_write(blob, sizeof blob, line);
    snprintf(note, sizeof note, "%s\n" DASH "witness.example.com/w1 %s\n", BODY, line);
    cr_assert_eq(opened(note, keys, 2, true, seen, &error), 0, "%s", error.message);
    cr_assert(!seen[0].verified && seen[1].verified);
    cr_assert_eq(seen[1].time, 1679315147);
    /* Another time was not signed; nor was a time past 2^63. */
    for (int byte = 4; byte < 12; byte++) {
        blob[byte] ^= 0x80;
        base64_write(blob, sizeof blob, line);
        snprintf(note, sizeof note, "%s\n" DASH "witness.example.com/w1 %s\n", BODY, line);
        cr_assert_eq(opened(note, keys, 2, true, seen, &error), ERROR_CORRUPT);
        blob[byte] ^= 0x80;
    }
    /* A signature of the text itself is none of a cosigner. */
    crypto_sign_detached(blob + 4, NULL, (const unsigned char *)BODY, strlen(BODY), secret);
    base64_write(blob, 68, line);
    snprintf(note, sizeof note, "%s\n" DASH "witness.example.com/w1 %s\n", BODY, line);
    cr_assert_eq(opened(note, keys, 2, true, seen, &error), ERROR_CORRUPT);
}

/* The example of tlog-cosignature has two lines; their ids and time are what the text says. */
Test(note, example_of_cosignatures)
{
    static const char EXAMPLE[] =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/"
        "Xajj7h2fB2MPA3j2jxq2I=\n\n" DASH
        "example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
        "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n" DASH "witness.example.com/w1 "
        "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2"
        "oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    struct ledger_checkpoint checkpoint;
    struct error error;
    struct note note;
    char text[CHECKPOINT_TEXT];
    unsigned char blob[76];
    size_t size;

    cr_assert_eq(note_read(&note, EXAMPLE, strlen(EXAMPLE), &error), 0, "%s", error.message);
    cr_assert_eq(note.count, 2);
    cr_assert_eq(note.signatures[0].id, 0x033de0ae);
    cr_assert_eq(note.signatures[1].id, 0x8d66cf3f);
    cr_assert_eq(base64_read(note.signatures[1].base64, note.signatures[1].base64_size, blob,
                             sizeof blob, &size),
                 0);
    cr_assert_eq(size, 76);
    cr_assert_eq((uint32_t)blob[8] << 24 | blob[9] << 16 | blob[10] << 8 | blob[11], 1679315147);
    cr_assert_eq(ledger_checkpoint_read(&checkpoint, note.text, note.text_size, NULL, &error), 0);
    cr_assert_str_eq(checkpoint.origin, "example.com/behind-the-sofa");
    cr_assert_eq(checkpoint.size, 20852163);
    cr_assert_eq(ledger_checkpoint_write(&checkpoint, text), note.text_size);
    cr_assert_eq(memcmp(text, note.text, note.text_size), 0);
}

/* golang.org/x/mod/sumdb/tlog, note_test.go: the leaf of "hello world". */
Test(note, checkpoint_of_the_checksum_database)
{
    struct ledger_checkpoint checkpoint = {"go.sum database tree", 123456789012, {{0}}};
    char text[CHECKPOINT_TEXT];

    merkle_leaf("hello world", 11, &checkpoint.root);
    ledger_checkpoint_write(&checkpoint, text);
    cr_assert_str_eq(
        text, "go.sum database tree\n123456789012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n");
}

#define ROOT "TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0="

Test(note, malformed_checkpoints)
{
    static const char *const BAD[] = {
        "", "\n", "o\n", "o\n1\n", "\n1\n" ROOT "\n", "o\n\n" ROOT "\n", "o\n01\n" ROOT "\n",
        "o\n00\n" ROOT "\n", "o\n+1\n" ROOT "\n", "o\n-1\n" ROOT "\n", "o\n1 \n" ROOT "\n",
        "o\n0x1\n" ROOT "\n", "o\n9223372036854775808\n" ROOT "\n",
        "o\n99999999999999999999\n" ROOT "\n", "o\n1\n" ROOT, "o\n1\nTszz\n", "o\n1\n" ROOT "\n\n",
        "o\n1\n" ROOT "\nextension\n\n", "o\n1\n" ROOT "\nextension",
        /* the same bytes with other bits left over, and without the padding */
        "o\n1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb1=\n",
        "o\n1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0\n",
        "o\n1\nTszzRgjTG6xce-z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n"};
    struct ledger_checkpoint checkpoint;
    struct error error;
    size_t extension;

    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        cr_assert_eq(
            ledger_checkpoint_read(&checkpoint, BAD[i], strlen(BAD[i]), &extension, &error),
            ERROR_CORRUPT, "%s", BAD[i]);
    cr_assert_eq(ledger_checkpoint_read(&checkpoint, "o\n0\n" ROOT "\nmore\n", 2 + 2 + 45 + 5,
                                        &extension, &error),
                 0, "%s", error.message);
    cr_assert_eq(extension, 5);
    cr_assert_eq(
        ledger_checkpoint_read(&checkpoint, "o\0p\n0\n" ROOT "\n", 4 + 2 + 45, &extension, &error),
        ERROR_CORRUPT, "an origin with a zero in it");
    cr_assert_eq(
        ledger_checkpoint_read(&checkpoint, "o\n0\n" ROOT "\nmore\n", 2 + 2 + 45 + 5, NULL, &error),
        ERROR_CORRUPT);
}

/* Whatever is read as base64, is what the bytes read are written as: every last group of four. */
Test(note, base64_is_canonical)
{
    static const char ALPHABET[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_ \n";
    const unsigned letters = sizeof ALPHABET - 1;
    char text[9] = "QUJD", again[13];
    unsigned char bytes[8];
    unsigned taken = 0;
    size_t size;

    for (unsigned a = 0; a < letters; a++)
        for (unsigned b = 0; b < letters; b++)
            for (unsigned c = 0; c < letters; c++)
                for (unsigned d = 0; d < letters; d++) {
                    text[4] = ALPHABET[a];
                    text[5] = ALPHABET[b];
                    text[6] = ALPHABET[c];
                    text[7] = ALPHABET[d];
                    if (base64_read(text, 8, bytes, sizeof bytes, &size) != 0)
                        continue;
                    taken++;
                    base64_write(bytes, size, again);
                    if (strcmp(again, text) != 0)
                        cr_assert_str_eq(again, text);
                }
    cr_assert_eq(taken, (1u << 24) + (1u << 16) + (1u << 8));
    /* Every byte in every place, also those above 0x7f: libsodium's own reader takes some. */
    for (unsigned place = 0; place < 8; place++)
        for (unsigned byte = 0; byte < 256; byte++) {
            memcpy(text, "QUJDREVG", 9);
            text[place] = (char)byte;
            if (base64_read(text, 8, bytes, sizeof bytes, &size) != 0)
                continue;
            base64_write(bytes, size, again);
            cr_assert_str_eq(again, text, "byte %02x in place %u", byte, place);
        }
    cr_assert_eq(base64_read("QUJD", 4, bytes, 2, &size), -1);
    cr_assert_eq(base64_read("", 0, bytes, 2, &size), 0);
    cr_assert_eq(size, 0);
}

/* ---- tiles ---- */

Test(tiles, paths)
{
    static const struct {
        struct tile tile;
        const char *path;
    } GOOD[] = {
        {{false, 0, 0, 256}, "tile/0/000"},
        {{false, 0, 1234067, 256}, "tile/0/x001/x234/067"},
        {{false, 1, 1234067, 17}, "tile/1/x001/x234/067.p/17"},
        {{true, 0, 1234067, 256}, "tile/entries/x001/x234/067"},
        {{true, 0, 999, 255}, "tile/entries/999.p/255"},
        {{false, 0, 1000, 256}, "tile/0/x001/000"},
        {{false, 0, 123456078, 8}, "tile/0/x123/x456/078.p/8"},
    };
    static const char *const BAD[] = {"tile/0/0",
                                      "tile/0/0000",
                                      "tile/00/000",
                                      "tile/-1/000",
                                      "tile/0/x000/001",
                                      "tile/0/001/002",
                                      "tile/0/x001",
                                      "tile/0/x001/",
                                      "tile/0/000.p/0",
                                      "tile/0/000.p/256",
                                      "tile/0/000.p/01",
                                      "tile/0/000.p/",
                                      "tile/0/000.p",
                                      "tile/0/000/",
                                      "tile/64/000",
                                      "tile/6/000",
                                      "tile/entries/0",
                                      "tile/data/000",
                                      "Tile/0/000",
                                      "checkpoint",
                                      "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
                                      "tile/0/000.p/1/",
                                      "",
                                      "tile/0/123/456/078"};
    struct tile tile;
    char path[TILE_PATH_TEXT];

    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        tile_path(&GOOD[i].tile, path);
        cr_assert_str_eq(path, GOOD[i].path);
        cr_assert_eq(tile_path_read(&tile, path), 0, "%s", path);
        cr_assert(tile.entries == GOOD[i].tile.entries && tile.level == GOOD[i].tile.level &&
                  tile.index == GOOD[i].tile.index && tile.width == GOOD[i].tile.width);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        cr_assert_eq(tile_path_read(&tile, BAD[i]), -1, "%s", BAD[i]);
}

/* "a tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0 tile of
 * width 112, one full level 1 tile, one partial level 1 tile of width 17, and one partial level 2
 * tile of width 1. Note that a tree of size 256 will be represented by a full level 0 tile and a
 * partial level 1 tile of width 1." */
Test(tiles, widths_of_the_specification)
{
    cr_assert_eq(tile_width(70000, 0, 272), 256);
    cr_assert_eq(tile_width(70000, 0, 273), 112);
    cr_assert_eq(tile_width(70000, 0, 274), 0);
    cr_assert_eq(tile_width(70000, 1, 0), 256);
    cr_assert_eq(tile_width(70000, 1, 1), 17);
    cr_assert_eq(tile_width(70000, 1, 2), 0);
    cr_assert_eq(tile_width(70000, 2, 0), 1);
    cr_assert_eq(tile_width(70000, 3, 0), 0);
    cr_assert_eq(tile_width(256, 0, 0), 256);
    cr_assert_eq(tile_width(256, 0, 1), 0);
    cr_assert_eq(tile_width(256, 1, 0), 1);
    cr_assert_eq(tile_width(0, 0, 0), 0);
    cr_assert_eq(tile_width(1, 60, 0), 0);
}

Test(tiles, bundles)
{
    static const unsigned char BUNDLE[] = {0, 3, 'a', 'b', 'c', 0, 0, 0, 1, 'd'};
    const unsigned char *entry;
    size_t at = 0, size;

    cr_assert_eq(bundle_next(BUNDLE, sizeof BUNDLE, &at, &entry, &size), 0);
    cr_assert(size == 3 && memcmp(entry, "abc", 3) == 0 && at == 5);
    cr_assert_eq(bundle_next(BUNDLE, sizeof BUNDLE, &at, &entry, &size), 0);
    cr_assert(size == 0 && at == 7);
    cr_assert_eq(bundle_next(BUNDLE, sizeof BUNDLE, &at, &entry, &size), 0);
    cr_assert_eq(at, sizeof BUNDLE);
    cr_assert_eq(bundle_next(BUNDLE, sizeof BUNDLE, &at, &entry, &size), -1);
    at = 7;
    cr_assert_eq(bundle_next(BUNDLE, sizeof BUNDLE - 1, &at, &entry, &size), -1);
    cr_assert_eq(bundle_next(BUNDLE, 8, &at, &entry, &size), -1);
}
