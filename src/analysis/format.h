/*
 * Figures as short text, for tables and sentences. Each function writes into the caller's buffer
 * and returns it, so that it can stand among the arguments of a printf.
 */
#ifndef IOLAUS_ANALYSIS_FORMAT_H
#define IOLAUS_ANALYSIS_FORMAT_H

#include "analysis/analysis.h"

#define FIGURE_BYTES 64
typedef char figure[FIGURE_BYTES];

char *format_percent(figure text, double share);             /* 91.2% */
char *format_percents(figure text, double low, double high); /* [88.6, 93.2] */
char *format_number(figure text, double number);             /* 1.34 */
char *format_numbers(figure text, double low, double high);  /* [1.20, 1.50] */
char *format_time(figure text, double ns);                   /* 1.24 s */
char *format_times(figure text, double low, double high);    /* [1.10 s, 1.31 s] */

#endif
