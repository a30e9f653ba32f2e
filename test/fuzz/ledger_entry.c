/*
 * For libFuzzer, by entry.c, and for test/unit/fuzz.c. Gives 1 where the bytes were
 * taken, 0 where they were refused; ends the process where something is wrong: whatever bytes
 * are read as an entry of a ledger are written as the very same bytes again.
 */
#include "fuzz.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/entry.h"

int fuzz_ledger_entry(const uint8_t *data, size_t size)
{
    static char text[ENTRY_TEXT_MAX + 1];
    struct arena arena = {0};
    struct error error = {0};
    struct entry entry;
    size_t again;

    if (sodium_init() < 0)
        abort();
    if (entry_read(&entry, &arena, data, size, &error) != 0) {
        if (error.code != ERROR_CORRUPT || strncmp(error.message, "byte ", 5) != 0)
            abort();
        arena_close(&arena);
        return 0;
    }
    if (entry_write(&entry, text, sizeof text, &again, &error) != 0 || again != size ||
        memcmp(text, data, size) != 0)
        abort();
    arena_close(&arena);
    return 1;
}
