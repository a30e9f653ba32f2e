/*
 * The goal: the entry points of test/fuzz hold over their corpus, over mutations of it, and over
 * what is put together from the words of their dictionaries; checked by the sanitizers. A file of
 * the corpus is taken, or refused where its name begins with `refused-`: every find of libFuzzer
 * stands there once it is mended. libFuzzer goes further with the same entry points (`make fuzz`).
 * Not covered: what is done with what was read.
 */
#include <criterion/criterion.h>

#include "base/random.h"
#include "fuzz.h"

#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(fuzz, .timeout = 280);

#define ROOM 8192
#define SEEDS_MOST 128
#define WORDS_MOST 512

struct seeds {
    unsigned char bytes[SEEDS_MOST][ROOM];
    size_t sizes[SEEDS_MOST];
    uint32_t count;
};

struct words {
    unsigned char bytes[WORDS_MOST][128];
    size_t sizes[WORDS_MOST];
    uint32_t count;
};

static struct seeds seeds;
static struct words words;

/* Which bytes are being tried: an entry point that finds something wrong ends the process. */
static char trying[1100];

static void trying_tell(int number)
{
    if (write(STDERR_FILENO, trying, strlen(trying)) < 0)
        _exit(1);
    signal(number, SIG_DFL);
    raise(number);
}

static size_t file_read(const char *path, unsigned char bytes[ROOM])
{
    FILE *file = fopen(path, "re");
    size_t size;

    cr_assert_not_null(file, "%s", path);
    size = fread(bytes, 1, ROOM, file);
    cr_assert_lt(size, ROOM, "%s", path);
    fclose(file);
    return size;
}

/* Of the exact size, so that a byte read too far is seen. */
static int try_exact(int (*entry)(const uint8_t *data, size_t size), const unsigned char *bytes,
                     size_t size)
{
    unsigned char *exact = malloc(size > 0 ? size : 1);
    int taken;

    cr_assert_not_null(exact);
    memcpy(exact, bytes, size);
    taken = entry(exact, size);
    free(exact);
    return taken;
}

/* Tries each file of the corpus, and keeps those that are taken. */
static void corpus_try(const char *name, int (*entry)(const uint8_t *data, size_t size))
{
    char path[1024];
    struct dirent *file;
    DIR *folder;

    snprintf(path, sizeof path, "%s/test/fuzz/corpus/%s", SOURCE_ROOT, name);
    folder = opendir(path);
    cr_assert_not_null(folder, "%s", path);
    while ((file = readdir(folder)) != NULL) {
        bool refused = strncmp(file->d_name, "refused-", 8) == 0;

        if (file->d_name[0] == '.')
            continue;
        cr_assert_lt(seeds.count, SEEDS_MOST);
        snprintf(path, sizeof path, "%s/test/fuzz/corpus/%s/%s", SOURCE_ROOT, name, file->d_name);
        seeds.sizes[seeds.count] = file_read(path, seeds.bytes[seeds.count]);
        snprintf(trying, sizeof trying, "while trying %s\n", path);
        cr_assert_eq(try_exact(entry, seeds.bytes[seeds.count], seeds.sizes[seeds.count]), !refused,
                     "%s", path);
        seeds.count += !refused;
    }
    closedir(folder);
    cr_assert_geq(seeds.count, 2);
}

/* One byte of a word, which may be written \xHH. */
static unsigned char letter_read(const char **at)
{
    unsigned byte = (unsigned char)**at;

    if (byte == '\\' && (*at)[1] == 'x' && sscanf(*at + 2, "%2x", &byte) == 1)
        *at += 4;
    else if (byte == '\\') {
        byte = (unsigned char)(*at)[1];
        *at += 2;
    } else {
        ++*at;
    }
    return (unsigned char)byte;
}

/* As libFuzzer has it: a word in quotation marks on each line. */
static void dictionary_read(const char *name)
{
    static unsigned char text[ROOM + 1];
    char path[1024];

    snprintf(path, sizeof path, "%s/test/fuzz/dictionary/%s", SOURCE_ROOT, name);
    text[file_read(path, text)] = '\0';
    for (char *save, *line = strtok_r((char *)text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        const char *at = line + 1;
        size_t size = 0;

        if (line[0] != '"')
            continue;
        cr_assert_lt(words.count, WORDS_MOST);
        while (*at != '"' && *at != '\0' && size < sizeof words.bytes[0])
            words.bytes[words.count][size++] = letter_read(&at);
        cr_assert(*at == '"' && size > 0, "%s: %s", path, line);
        words.sizes[words.count++] = size;
    }
    cr_assert_geq(words.count, 10);
}

static void splice(unsigned char *bytes, size_t *size, size_t at, uint32_t word, size_t over)
{
    size_t length = words.sizes[word];

    if (over > *size - at)
        over = *size - at;
    if (*size - over + length > ROOM)
        return;
    memmove(bytes + at + length, bytes + at + over, *size - at - over);
    memcpy(bytes + at, words.bytes[word], length);
    *size = *size - over + length;
}

static void mutate(unsigned char *bytes, size_t *size, struct random *random)
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
            splice(bytes, size, at, (uint32_t)random_below(random, words.count),
                   random_below(random, 4));
            break;
        default:
            if (random_below(random, 4) == 0)
                *size = at;
            break;
        }
    }
}

/* How many mutations of each are tried: fewer of what takes longer. */
static uint32_t rounds_of(const char *name)
{
    if (strcmp(name, "scenario") == 0 || strcmp(name, "study") == 0 ||
        strcmp(name, "trace_tools") == 0)
        return 500;
    return strcmp(name, "trace") == 0 ? 3000 : 30000;
}

static void fuzz(const char *name, int (*entry)(const uint8_t *data, size_t size))
{
    uint32_t taken = 0, rounds = rounds_of(name);

    /* Where scenarios find the presets that they name. */
    setenv("IOLAUS_DATA", SOURCE_ROOT "/data", 1);
    signal(SIGABRT, trying_tell);
    corpus_try(name, entry);
    dictionary_read(name);
    for (uint32_t round = 0; round < rounds; round++) {
        struct random random = random_make(11, round, 0, 0, STREAM_TEST, 0);
        unsigned char bytes[ROOM];
        uint32_t seed = (uint32_t)random_below(&random, seeds.count);
        size_t size = seeds.sizes[seed];

        snprintf(trying, sizeof trying, "while trying %s, seed 11, round %u\n", name, round);
        memcpy(bytes, seeds.bytes[seed], size);
        mutate(bytes, &size, &random);
        taken += (uint32_t)try_exact(entry, bytes, size);
    }
    /* A trace in which any byte is changed is refused. */
    cr_assert_geq(taken, strcmp(name, "trace") == 0 ? 0 : rounds / 100, "only %u were taken",
                  taken);
}

#define X(name, reads)                                                                             \
    Test(fuzz, name)                                                                               \
    {                                                                                              \
        fuzz(#name, fuzz_##name);                                                                  \
    }
FUZZ_TARGETS(X)
#undef X
