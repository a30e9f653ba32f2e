#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGNMENT 16
#define ARENA_CHUNK_BYTES ((size_t)64 * 1024)

struct arena_chunk {
    struct arena_chunk *older;
    size_t size; /* of `memory` */
    size_t used;
    _Alignas(ARENA_ALIGNMENT) unsigned char memory[];
};

/* calloc, so that large pieces cost nothing until they are touched. */
static struct arena_chunk *chunk_open(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk;

    if (size > SIZE_MAX - sizeof *chunk)
        return NULL;
    chunk = calloc(1, sizeof *chunk + size);
    if (chunk == NULL)
        return NULL;
    chunk->size = size;
    arena->bytes += sizeof *chunk + size;
    return chunk;
}

void *arena_take(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = arena->chunk;
    size_t rounded;

    if (size > SIZE_MAX - ARENA_ALIGNMENT)
        return NULL;
    rounded = size == 0 ? ARENA_ALIGNMENT : (size + ARENA_ALIGNMENT - 1) & ~(size_t)15;
    if (chunk == NULL || chunk->size - chunk->used < rounded) {
        size_t wanted = rounded > ARENA_CHUNK_BYTES / 4 ? rounded : ARENA_CHUNK_BYTES;
        struct arena_chunk *fresh = chunk_open(arena, wanted);

        if (fresh == NULL)
            return NULL;
        if (wanted == rounded && chunk != NULL) {
            /* A large piece gets a chunk of its own, behind the one that still has room. */
            fresh->older = chunk->older;
            chunk->older = fresh;
        } else {
            fresh->older = chunk;
            arena->chunk = fresh;
        }
        chunk = fresh;
    }
    assert(chunk->used + rounded <= chunk->size);
    chunk->used += rounded;
    return chunk->memory + (chunk->used - rounded);
}

void *arena_take_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    return arena_take(arena, count * size);
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_take(arena, length + 1);

    if (copy != NULL)
        memcpy(copy, text, length);
    return copy;
}

void arena_close(struct arena *arena)
{
    while (arena->chunk != NULL) {
        struct arena_chunk *older = arena->chunk->older;

        free(arena->chunk);
        arena->chunk = older;
    }
    arena->bytes = 0;
}
