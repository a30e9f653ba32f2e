/*
 * The goal: the entry points of test/fuzz hold over their corpus, over mutations of it, and over
 * what is put together from words that the formats know; checked by the sanitizers. libFuzzer goes
 * further with the same entry points. Not covered: whether an order is obeyed.
 */
#include <criterion/criterion.h>

#include "base/random.h"
#include "fuzz.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(order_fuzz, .timeout = 280);

#define ROUNDS 30000
#define ROOM 4096

struct seeds {
    unsigned char bytes[8][ROOM];
    size_t sizes[8];
    uint32_t count;
};

static struct seeds seeds;

static void seeds_read(const char *name)
{
    char path[1024];
    struct dirent *entry;
    DIR *folder;

    snprintf(path, sizeof path, "%s/test/fuzz/corpus/%s", SOURCE_ROOT, name);
    folder = opendir(path);
    cr_assert_not_null(folder, "%s", path);
    while ((entry = readdir(folder)) != NULL) {
        FILE *file;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/test/fuzz/corpus/%s/%s", SOURCE_ROOT, name, entry->d_name);
        file = fopen(path, "re");
        cr_assert_not_null(file);
        cr_assert_lt(seeds.count, 8);
        seeds.sizes[seeds.count] = fread(seeds.bytes[seeds.count], 1, ROOM, file);
        seeds.count++;
        fclose(file);
    }
    closedir(folder);
    cr_assert_geq(seeds.count, 2);
}

static void splice(unsigned char *bytes, size_t *size, size_t at, const char *word, size_t over)
{
    size_t length = strlen(word);

    if (over > *size - at)
        over = *size - at;
    if (*size - over + length > ROOM)
        return;
    memmove(bytes + at + length, bytes + at + over, *size - at - over);
    for (size_t i = 0; i < length; i++)
        bytes[at + i] = (unsigned char)word[i];
    *size = *size - over + length;
}

static void mutate(unsigned char *bytes, size_t *size, const char *const *words,
                   uint32_t word_count, struct random *random)
{
    for (uint64_t n = random_below(random, 4) + 1; n > 0 && *size > 0; n--) {
        size_t at = random_below(random, *size);

        switch (random_below(random, 6)) {
        case 0:
            bytes[at] = (unsigned char)(bytes[at] ^ 1 << random_below(random, 8));
            break;
        case 1:
            bytes[at] = (unsigned char)random_u64(random);
            break;
        case 2: /* a letter by a letter, which the formats often take */
            bytes[at] =
                (unsigned char)("abcdefABCDEF0123456789+/=_-*?, \n"[random_below(random, 32)]);
            break;
        case 3:
        case 4:
            splice(bytes, size, at, words[random_below(random, word_count)],
                   random_below(random, 4));
            break;
        default:
            if (random_below(random, 4) == 0)
                *size = at;
            break;
        }
    }
}

/* Gives how many of the mutations were taken. */
static uint32_t fuzz(const char *name, int (*entry)(const uint8_t *data, size_t size),
                     const char *const *words, uint32_t word_count)
{
    uint32_t taken = 0;

    seeds_read(name);
    for (uint32_t i = 0; i < seeds.count; i++)
        cr_assert_eq(entry(seeds.bytes[i], seeds.sizes[i]), 1, "seed %u of %s", i, name);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct random random = random_make(11, round, 0, 0, STREAM_TEST, 0);
        unsigned char bytes[ROOM], *exact;
        uint32_t seed = (uint32_t)random_below(&random, seeds.count);
        size_t size = seeds.sizes[seed];

        memcpy(bytes, seeds.bytes[seed], size);
        mutate(bytes, &size, words, word_count, &random);
        /* Of the exact size, so that a byte read too far is seen. */
        exact = malloc(size > 0 ? size : 1);
        cr_assert_not_null(exact);
        memcpy(exact, bytes, size);
        taken += (uint32_t)entry(exact, size);
        free(exact);
    }
    return taken;
}

Test(order_fuzz, orders)
{
    static const char *const words[] = {
        "iolaus-order/v1\n", "verb: ",     "stop",     "permit", "scope: all\n", "target: *\n",
        "protocol: sweep\n", "range: a\n", "issued: ", "Z\n",    "9999-12-31",   "nonce: ",
        "lifts: sha256:",    "\r\n",       "\n",       "\xff"};

    cr_assert_gt(fuzz("order", fuzz_order, words, sizeof words / sizeof words[0]), ROUNDS / 100);
}

Test(order_fuzz, signatures)
{
    static const char *const words[] = {"-----BEGIN SSH SIGNATURE-----\n",
                                        "-----END SSH SIGNATURE-----",
                                        "\n",
                                        "==",
                                        "AAAA",
                                        "U1NI",
                                        "////",
                                        "\xff"};

    cr_assert_gt(fuzz("sshsig", fuzz_sshsig, words, sizeof words / sizeof words[0]), ROUNDS / 100);
}

Test(order_fuzz, rosters)
{
    static const char *const words[] = {"alice",
                                        ",",
                                        "!",
                                        "*",
                                        "\"",
                                        "namespaces=\"",
                                        "valid-after=\"",
                                        "valid-before=\"",
                                        "20261231Z",
                                        "cert-authority ",
                                        " ",
                                        "\t",
                                        "\n",
                                        "#",
                                        "ssh-ed25519 ",
                                        "AAAAC3NzaC1lZDI1NTE5AAAA",
                                        "\\",
                                        "\xff"};

    cr_assert_gt(fuzz("roster", fuzz_roster, words, sizeof words / sizeof words[0]), ROUNDS / 100);
}
