#include "base/calendar.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define DAY_SECONDS 86400

/* Years begin in March here, so that the leap day is the last of its year; an era is 400 years. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t era = shifted / 400;
    int64_t year_of_era = shifted - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

bool calendar_compose(const int parts[6], int64_t *seconds)
{
    if (parts[0] < 1970 || parts[0] > 9999 || parts[1] < 1 || parts[1] > 12 || parts[2] < 1 ||
        parts[2] > days_in_month(parts[0], parts[1]) || parts[3] < 0 || parts[3] > 23 ||
        parts[4] < 0 || parts[4] > 59 || parts[5] < 0 || parts[5] > 59)
        return false;
    *seconds = days_from_date(parts[0], parts[1], parts[2]) * DAY_SECONDS + parts[3] * 3600 +
               parts[4] * 60 + parts[5];
    return true;
}

bool calendar_parse(const char *text, size_t length, int64_t *seconds)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    int parts[6] = {0}, part = 0;

    if (length != sizeof form - 1)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (form[i] != 'd') {
            if (text[i] != form[i])
                return false;
            part++;
        } else if (text[i] < '0' || text[i] > '9') {
            return false;
        } else {
            parts[part] = parts[part] * 10 + (text[i] - '0');
        }
    }
    return calendar_compose(parts, seconds);
}

void calendar_format(int64_t seconds, char text[CALENDAR_TEXT_BYTES])
{
    int64_t days = seconds / DAY_SECONDS, rest = seconds % DAY_SECONDS;
    int64_t shifted = days + 719468;
    int64_t era = shifted / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
    int64_t year = year_of_era + era * 400 + (month >= 10);
    char wide[64];

    assert(seconds >= 0 && seconds <= CALENDAR_SECONDS_MAX);
    month += month < 10 ? 3 : -9;
    snprintf(wide, sizeof wide, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, (int)month, (int)day,
             (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
    assert(strlen(wide) == CALENDAR_TEXT_BYTES - 1);
    memcpy(text, wide, CALENDAR_TEXT_BYTES);
}
