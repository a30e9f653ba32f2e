#include "live/work/language.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/fixed.h"

/* Many pairs of words come back with another word after them: without that a chain of order two
 * could only repeat what it read. */
static const char text[] =
    "the wire desk hears of the fire first. the editor asks who saw the fire and who can prove it. "
    "a runner goes to the harbour with a camera. the camera saw smoke over the harbour before the "
    "crew did. the writer calls the harbour and asks who saw the smoke. nobody at the desk can "
    "prove it yet. the editor asks for a second source before the story goes to print. the robot "
    "in "
    "the archive brings a box of old pictures. the robot falls over the box and stands up again. "
    "the writer finds the old story in the archive. the old story goes to the editor with a "
    "picture. the editor asks for a better picture and the camera saw one. the story goes to the "
    "wire before the night is over. a reader calls the desk and asks for the source. the desk can "
    "name the source and the source can name the hour. the night crew reads the wire and waits for "
    "the next line. a line is missing and nobody saw who took it. the writer asks for the line and "
    "the desk finds it in the archive. the night is long and the next story is over the harbour. "
    "nobody saw it yet.";

#define NO_WORD UINT8_MAX

enum {
    END = 0, /* the word that ends a sentence */
    DRAFTS = 64,
    DRAFT_WORDS_MAX = 48,
    DRAFT_WORDS_MIN = 4, /* a sentence that ends sooner is followed by another: crews that only
                          * heard "Yet." would have nothing else to say */
};

_Static_assert(LANGUAGE_WORDS_MAX < NO_WORD, "a word's number is a byte, and one is left over");

struct draft {
    uint8_t words[DRAFT_WORDS_MAX];
    unsigned count;
    unsigned letters; /* with blanks and full stops */
    fixed surprise;   /* -ln of its probability, given its first word */
};

/* ASCII's letters, whatever the locale says: what comes in may be any bytes. */
static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Finds the next word at or after *at: letters, or a full stop, which is END. Letters of either
 * case are alike. Gives false at the end. */
static bool word_next(const char *from, unsigned size, unsigned *at, unsigned *start,
                      unsigned *length)
{
    while (*at < size && from[*at] != '.' && !is_letter(from[*at]))
        ++*at;
    if (*at == size)
        return false;
    *start = *at;
    if (from[*at] == '.')
        ++*at;
    else
        while (*at < size && is_letter(from[*at]))
            ++*at;
    *length = *at - *start;
    return true;
}

static uint8_t word_find(const struct language *language, const char *word, unsigned length)
{
    for (unsigned i = 0; i < language->word_count; i++) {
        const struct language_word *known = &language->words[i];
        unsigned j = 0;

        if (known->length != length)
            continue;
        while (j < length && text[known->start + j] == tolower((unsigned char)word[j]))
            j++;
        if (j == length)
            return (uint8_t)i;
    }
    return NO_WORD;
}

static struct language_triple *triple_find(struct language *language, const uint8_t word[3])
{
    for (unsigned i = 0; i < language->triple_count; i++)
        if (memcmp(language->triples[i].word, word, 3) == 0)
            return &language->triples[i];
    return NULL;
}

static void triple_count_up(struct language *language, struct language_triple *triple)
{
    if (triple->count == LANGUAGE_COUNT_MAX)
        for (unsigned i = 0; i < language->triple_count; i++)
            language->triples[i].count = (uint16_t)((language->triples[i].count + 1) / 2);
    triple->count++;
}

/* The text is fixed, so that what overflows here is a programming error. It is read as if it
 * followed the end of another. */
void language_start(struct language *language)
{
    const unsigned size = sizeof(text) - 1;
    unsigned at = 0, start, length;
    uint8_t last[3] = {NO_WORD, NO_WORD, END};

    *language = (struct language){0};
    language->words[END] = (struct language_word){(uint16_t)(size - 1), 1};
    language->word_count = 1;
    while (word_next(text, size, &at, &start, &length)) {
        uint8_t word = word_find(language, text + start, length);
        struct language_triple *triple;

        if (word == NO_WORD) {
            assert(language->word_count < LANGUAGE_WORDS_MAX);
            word = (uint8_t)language->word_count++;
            language->words[word] = (struct language_word){(uint16_t)start, (uint8_t)length};
        }
        last[0] = last[1];
        last[1] = last[2];
        last[2] = word;
        if (last[0] == NO_WORD)
            continue;
        triple = triple_find(language, last);
        if (triple == NULL) {
            assert(language->triple_count < LANGUAGE_TRIPLES_MAX);
            triple = &language->triples[language->triple_count++];
            memcpy(triple->word, last, 3);
        }
        triple_count_up(language, triple);
    }
}

/* Learns from what came in, and gives the word that the answer begins with: one of the known words
 * drawn evenly, or END where there is none (a sentence may then begin as it likes). */
static uint8_t language_hear(struct language *language, struct random *random,
                             const struct work_piece *in)
{
    const char *sentence = (const char *)in->bytes;
    unsigned at = 0, start, length, known = 0;
    uint8_t last[3] = {NO_WORD, NO_WORD, END};
    uint8_t first = END;

    if (in->kind == PIECE_BOX)
        return word_find(language, "camera", 6);
    if (in->kind == PIECE_POSE)
        return word_find(language, "robot", 5);
    while (in->kind == PIECE_TEXT && word_next(sentence, in->length, &at, &start, &length)) {
        uint8_t word = word_find(language, sentence + start, length);
        struct language_triple *triple;

        if (word == NO_WORD)
            language->unknown++;
        else if (word != END) {
            language->heard++;
            if (random_below(random, ++known) == 0)
                first = word;
        }
        last[0] = last[1];
        last[1] = last[2];
        last[2] = word;
        triple = triple_find(language, last);
        if (triple != NULL)
            triple_count_up(language, triple);
    }
    return first;
}

/* Draws a triple that begins with the given words, by counts; the second may be NO_WORD: any. NULL
 * if there is none. */
static const struct language_triple *triple_draw(const struct language *language,
                                                 struct random *random, uint8_t first,
                                                 uint8_t second, fixed *surprise)
{
    uint64_t sum = 0, drawn;

    for (unsigned i = 0; i < language->triple_count; i++) {
        const struct language_triple *triple = &language->triples[i];

        if (triple->word[0] == first && (second == NO_WORD || triple->word[1] == second))
            sum += triple->count;
    }
    if (sum == 0)
        return NULL;
    drawn = random_below(random, sum);
    for (unsigned i = 0; i < language->triple_count; i++) {
        const struct language_triple *triple = &language->triples[i];

        if (triple->word[0] != first || (second != NO_WORD && triple->word[1] != second))
            continue;
        if (drawn < triple->count) {
            *surprise += fixed_log((fixed)(sum << 32)) - fixed_log((fixed)triple->count << 32);
            return triple;
        }
        drawn -= triple->count;
    }
    return NULL;
}

/* Adds a word, or the end of a sentence, if there is room for it and for the last full stop. */
static bool draft_add(const struct language *language, struct draft *draft, uint8_t word)
{
    unsigned letters = word == END ? 1 : language->words[word].length + 1U; /* with its blank */

    if (draft->count == DRAFT_WORDS_MAX || draft->letters + letters > PIECE_BYTES_MAX)
        return false;
    draft->words[draft->count++] = word;
    draft->letters += letters;
    return word != END || draft->count <= DRAFT_WORDS_MIN;
}

/* Writes a sentence that begins with `first`, or anyhow if that is END. */
static void draft_write(const struct language *language, struct random *random, uint8_t first,
                        struct draft *draft)
{
    const struct language_triple *triple;

    *draft = (struct draft){.count = 0};
    if (first != END)
        draft_add(language, draft, first);
    triple = triple_draw(language, random, first, NO_WORD, &draft->surprise);
    if (triple == NULL || !draft_add(language, draft, triple->word[1]))
        return;
    while (triple != NULL && draft_add(language, draft, triple->word[2]))
        triple = triple_draw(language, random, triple->word[1], triple->word[2], &draft->surprise);
}

/* Is the first more news than the second? Surprise for each word, without a division. */
static bool draft_is_newer(const struct draft *one, const struct draft *two)
{
    return one->surprise * (fixed)two->count > two->surprise * (fixed)one->count;
}

static void draft_tell(const struct language *language, const struct draft *draft,
                       struct work_piece *out)
{
    unsigned length = 0;
    bool capital = true;

    for (unsigned i = 0; i < draft->count; i++) {
        const struct language_word *word = &language->words[draft->words[i]];

        if (draft->words[i] == END)
            continue;
        assert(length + word->length + 1U <= PIECE_BYTES_MAX);
        memcpy(out->bytes + length, text + word->start, word->length);
        if (capital)
            out->bytes[length] = (uint8_t)(out->bytes[length] - 'a' + 'A');
        length += word->length;
        capital = i + 1 == draft->count || draft->words[i + 1] == END;
        if (capital)
            out->bytes[length++] = '.';
        if (i + 1 < draft->count && (!capital || i + 2 < draft->count))
            out->bytes[length++] = ' ';
    }
    out->kind = PIECE_TEXT;
    out->length = (uint8_t)length;
}

void language_do(struct language *language, struct random *random, const struct work_piece *in,
                 struct work_piece *out)
{
    uint8_t first = language_hear(language, random, in);
    struct draft best, draft;

    draft_write(language, random, first, &best);
    for (int i = 1; i < DRAFTS; i++) {
        draft_write(language, random, first, &draft);
        if (draft_is_newer(&draft, &best))
            best = draft;
    }
    draft_tell(language, &best, out);
    language->answered++;
}

void language_save(const struct language *language, unsigned char **at)
{
    checkpoint_put(at, language->heard, 8);
    checkpoint_put(at, language->unknown, 8);
    checkpoint_put(at, language->answered, 8);
    checkpoint_put(at, language->triple_count, 2);
    for (unsigned i = 0; i < language->triple_count; i++)
        checkpoint_put(at, language->triples[i].count, 2);
}

/* The words and triples are the text's, so they must be there: language_start comes first. */
void language_restore(struct language *language, struct checkpoint_reader *reader)
{
    language->heard = checkpoint_take(reader, 8);
    language->unknown = checkpoint_take(reader, 8);
    language->answered = checkpoint_take(reader, 8);
    if (checkpoint_take(reader, 2) != language->triple_count) {
        reader->bad = true;
        return;
    }
    for (unsigned i = 0; i < language->triple_count; i++) {
        uint64_t count = checkpoint_take(reader, 2);

        language->triples[i].count = (uint16_t)count;
        if (count < 1 || count > LANGUAGE_COUNT_MAX)
            reader->bad = true;
    }
}
