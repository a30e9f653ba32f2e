/*
 * What a language agent does: it answers a sentence with a sentence.
 *
 * The model is a Markov chain of order two over words (C. E. Shannon, "A mathematical theory of
 * communication", 1948, section 3), trained at the start on a short text about a newsroom that
 * stands in language.c. It goes on learning: each run of three words that it hears and knows counts
 * once more. For an answer it writes several sentences that begin with a word of the one that came
 * in, and hands on the one that it held least likely for its length: what is least expected is the
 * most news. What ends after less than four words is followed by another sentence. A box is heard
 * as a word about the camera, a pose as one about the robot.
 *
 * The weighing is in fixed point, so that the words are the same on every machine. The caller owns
 * the memory. Nothing fails.
 */
#ifndef IOLAUS_LIVE_WORK_LANGUAGE_H
#define IOLAUS_LIVE_WORK_LANGUAGE_H

#include <stdint.h>

#include "base/random.h"
#include "live/work/checkpoint.h"
#include "live/work/piece.h"

enum {
    LANGUAGE_WORDS_MAX = 160,
    LANGUAGE_TRIPLES_MAX = 256,
    LANGUAGE_COUNT_MAX = 1000, /* past it all counts are halved, so that the model can forget */
};

/* A word of the text, by its place there. Word 0 is the end of a sentence. */
struct language_word {
    uint16_t start;
    uint8_t length;
};

/* Three words that stood one after another. */
struct language_triple {
    uint8_t word[3];
    uint16_t count; /* 1 .. LANGUAGE_COUNT_MAX */
};

struct language {
    struct language_word words[LANGUAGE_WORDS_MAX];
    struct language_triple triples[LANGUAGE_TRIPLES_MAX];
    uint16_t word_count;
    uint16_t triple_count;
    uint64_t heard;    /* words that came in and were known */
    uint64_t unknown;  /* words that came in and were not */
    uint64_t answered; /* sentences given */
};

void language_start(struct language *language);
void language_do(struct language *language, struct random *random, const struct work_piece *in,
                 struct work_piece *out);

void language_save(const struct language *language, unsigned char **at);
void language_restore(struct language *language, struct checkpoint_reader *reader);

#endif
