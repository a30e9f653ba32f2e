/*
 * Arenas: memory that is taken piece by piece and given back all at once.
 *
 *     struct arena arena = {0};
 *     struct thing *thing = arena_take(&arena, sizeof *thing);   zeroed, aligned to 16; or NULL
 *     arena_close(&arena);                                       everything taken from it ends here
 *
 * The owner of the struct arena owns all that was taken from it. Nothing is given back singly. Not
 * for use by two threads at once.
 */
#ifndef IOLAUS_BASE_ARENA_H
#define IOLAUS_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunk; /* the newest one; the older ones hang behind it */
    size_t bytes;              /* taken from the machine so far */
};

/* NULL when the machine has no more memory; the arena then stays as it was. */
void *arena_take(struct arena *arena, size_t size);

/* As arena_take, for `count` things of `size`; NULL also where the product overflows. */
void *arena_take_array(struct arena *arena, size_t count, size_t size);

/* A copy of the text's first `length` bytes, ended by a NUL. */
char *arena_text(struct arena *arena, const char *text, size_t length);

/* Gives everything back. The arena may be used again. */
void arena_close(struct arena *arena);

#endif
