/*
 * For libFuzzer, by entry.c, and for test/unit/fuzz.c. Gives 1 where the bytes were
 * taken, 0 where they were refused; ends the process where something is wrong: no bytes make
 * the reader of rosters do wrong, and what it takes keeps to its limits.
 */
#include "fuzz.h"

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "order/order.h"
#include "order/roster.h"

static void entry_check(const struct roster_entry *entry)
{
    if (entry->name_count == 0 || entry->name_count > ROSTER_NAMES_MAX ||
        entry->valid_before_s <= entry->valid_after_s)
        abort();
    for (uint32_t i = 0; i < entry->name_count; i++) {
        size_t length = strlen(entry->names[i]);

        /* Each name could be its own. */
        if (length == 0 || length > ROSTER_PATTERN_MAX ||
            !roster_names_meet(entry->names[i], entry->names[i]) ||
            !roster_pattern_matches("*", entry->names[i]))
            abort();
    }
    roster_entry_allows(entry, ORDER_NAMESPACE);
}

int fuzz_roster(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct roster roster;

    if (sodium_init() < 0)
        abort();
    if (roster_parse(&roster, (const char *)data, size, "roster", &error) != 0) {
        if (error.code != ERROR_INPUT || error.message[0] == '\0' || roster.entries != NULL)
            abort();
        return 0;
    }
    if (roster.count == 0 || roster.count > ROSTER_ENTRIES_MAX)
        abort();
    for (uint32_t i = 0; i < roster.count; i++)
        entry_check(&roster.entries[i]);
    if (roster_keys(&roster, ORDER_NAMESPACE) > roster.count)
        abort();
    roster_close(&roster);
    return 1;
}
