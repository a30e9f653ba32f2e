#include "analysis/format.h"

#include <math.h>
#include <stdio.h>

char *format_percent(figure text, double share)
{
    if (isnan(share)) {
        snprintf(text, FIGURE_BYTES, "-");
    } else {
        snprintf(text, FIGURE_BYTES, "%.1f%%", 100 * share);
    }
    return text;
}

char *format_percents(figure text, double low, double high)
{
    snprintf(text, FIGURE_BYTES, "[%.1f, %.1f]", 100 * low, 100 * high);
    return text;
}

char *format_number(figure text, double number)
{
    if (isnan(number)) {
        snprintf(text, FIGURE_BYTES, "-");
    } else if (isinf(number)) {
        snprintf(text, FIGURE_BYTES, "no limit");
    } else {
        snprintf(text, FIGURE_BYTES,
                 number >= 100                   ? "%.0f"
                 : number > 0 && number < 9.5e-4 ? "%.1g"
                 : number > 0 && number < 0.095  ? "%.2g"
                                                 : "%.2f",
                 number);
    }
    return text;
}

char *format_numbers(figure text, double low, double high)
{
    figure from, to;
    snprintf(text, FIGURE_BYTES, "[%.20s, %.20s]", format_number(from, low),
             format_number(to, high));
    return text;
}

char *format_time(figure text, double ns)
{
    static const struct {
        double below_ns, unit_ns;
        const char *unit;
    } units[] = {{1e3, 1, "ns"},
                 {1e6, 1e3, "us"},
                 {1e9, 1e6, "ms"},
                 {120e9, 1e9, "s"},
                 {7200e9, 60e9, "min"}};
    if (isnan(ns) || ns <= 0) {
        snprintf(text, FIGURE_BYTES, isnan(ns) ? "-" : "0 s");
        return text;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (ns < units[i].below_ns) {
            double value = ns / units[i].unit_ns;
            snprintf(text, FIGURE_BYTES,
                     value < 10    ? "%.2f %s"
                     : value < 100 ? "%.1f %s"
                                   : "%.0f %s",
                     value, units[i].unit);
            return text;
        }
    }
    snprintf(text, FIGURE_BYTES, "%.1f h", ns / 3600e9);
    return text;
}

char *format_times(figure text, double low, double high)
{
    /* A limit that so few samples cannot give is open. */
    figure from, to;
    snprintf(text, FIGURE_BYTES, "[%.20s, %.20s]", format_time(from, low), format_time(to, high));
    return text;
}
