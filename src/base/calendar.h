/*
 * Dates and times of UTC as people and protocols write them, against seconds since 1970-01-01
 * without leap seconds (POSIX time). No clock, no time zone, no allocation.
 *
 *     calendar_parse("2026-11-21T11:00:00Z", 20, &seconds)     1795258800
 *     calendar_format(1795258800, text)                        "2026-11-21T11:00:00Z"
 *
 * The years are 1970 to 9999, so that each instant has exactly one text of 20 characters. The
 * formula is that of Hinnant, "chrono-compatible low-level date algorithms", days_from_civil and
 * civil_from_days.
 */
#ifndef IOLAUS_BASE_CALENDAR_H
#define IOLAUS_BASE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The text with its end. */
#define CALENDAR_TEXT_BYTES 21

/* 9999-12-31T23:59:59Z. */
#define CALENDAR_SECONDS_MAX INT64_C(253402300799)

/* `seconds` from 0 to CALENDAR_SECONDS_MAX. */
void calendar_format(int64_t seconds, char text[CALENDAR_TEXT_BYTES]);

/* The text must be an instant that exists, in exactly this form: no second 60, no 30 February. */
bool calendar_parse(const char *text, size_t length, int64_t *seconds);

/* Year, month (1 to 12), day (1 to 31), hour, minute, second. False where there is no such instant
 * in the years above; `seconds` is then left alone. */
bool calendar_compose(const int parts[6], int64_t *seconds);

#endif
