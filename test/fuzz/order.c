/*
 * For libFuzzer, by entry.c, and for test/unit/fuzz.c. Gives 1 where the bytes were
 * taken, 0 where they were refused; ends the process where something is wrong: whatever bytes
 * are read as an order print as the very same bytes again.
 */
#include "fuzz.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "order/order.h"

int fuzz_order(const uint8_t *data, size_t size)
{
    char text[ORDER_TEXT_BYTES], target[ORDER_TARGET_BYTES];
    struct error error = {0};
    struct order order, again = {0};

    if (order_parse(&order, (const char *)data, size, "order", &error) != 0) {
        if (error.code != ERROR_INPUT || error.message[0] == '\0')
            abort();
        return 0;
    }
    if (order_check(&order, NULL) != 0 || order_print(&order, text) != size ||
        memcmp(text, data, size) != 0)
        abort();
    order_target_text(&order, target);
    if (order_target_read(&again, target, NULL) != 0 || again.scope != order.scope ||
        strcmp(again.target, order.target) != 0)
        abort();
    return 1;
}
