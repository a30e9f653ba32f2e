#include <criterion/criterion.h>

#include "base/calendar.h"

#include <string.h>
#include <time.h>

/* Against the C library, every 19 hours or so of the whole time that can be written. */
Test(calendar, as_the_c_library)
{
    for (int64_t seconds = 0; seconds <= CALENDAR_SECONDS_MAX; seconds += 69991) {
        time_t time = (time_t)seconds;
        char text[CALENDAR_TEXT_BYTES], wanted[40];
        int64_t back = -1;
        struct tm parts;

        calendar_format(seconds, text);
        gmtime_r(&time, &parts);
        strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%SZ", &parts);
        cr_assert_str_eq(text, wanted);
        cr_assert(calendar_parse(text, 20, &back));
        cr_assert_eq(back, seconds);
    }
}

Test(calendar, ends)
{
    char text[CALENDAR_TEXT_BYTES];
    int64_t seconds;

    calendar_format(CALENDAR_SECONDS_MAX, text);
    cr_assert_str_eq(text, "9999-12-31T23:59:59Z");
    cr_assert(calendar_parse(text, 20, &seconds));
    cr_assert_eq(seconds, CALENDAR_SECONDS_MAX);
    cr_assert(calendar_parse("2000-02-29T00:00:00Z", 20, &seconds));
    cr_assert_eq(seconds, 951782400);
}

Test(calendar, what_is_no_instant)
{
    static const char *const wrong[] = {
        "1969-12-31T23:59:59Z", "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z", "2100-02-29T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
        "2026-01-01 00:00:00Z", "2026-01-01T00:00:00z", "2026-01-01T00:00:0 Z",
        "+026-01-01T00:00:00Z", "2026-01-01T00:00:00",  "2026-01-01T00:00:00Z ",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t seconds = 17;

        cr_assert_not(calendar_parse(wrong[i], strlen(wrong[i]), &seconds), "%s", wrong[i]);
        cr_assert_eq(seconds, 17);
    }
}
