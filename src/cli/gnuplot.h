/*
 * A picture, drawn by gnuplot: a script FOLDER/NAME.gp that holds its data and can be run again by
 * anybody, and beside it FOLDER/NAME.svg.
 *
 *     struct figure figure = {.folder = folder, .error = error};
 *     code = figure_open(&figure, "rates-masked", 400, "masked: rates [95%]");
 *     ... axes, data and `plot` into figure.out ...
 *     code = figure_close(&figure);
 *
 * One figure at a time; each may be opened again after it was closed.
 */
#ifndef IOLAUS_CLI_GNUPLOT_H
#define IOLAUS_CLI_GNUPLOT_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/* Okabe and Ito's colours, which most colour-blind people can tell apart. */
#define FIGURE_INK "#222222"
#define FIGURE_BLUE "#0072b2"
#define FIGURE_ORANGE "#d55e00"
#define FIGURE_GREEN "#009e73"
#define FIGURE_PURPLE "#cc79a7"
#define FIGURE_SKY "#56b4e9"
#define FIGURE_YELLOW "#e69f00"

struct figure {
    const char *folder; /* there already */
    struct error *error;
    char script[4096];
    FILE *out; /* between open and close: the script */
};

/* Begins the script: a title, axes below and on the left, no key, 860 by `height` pixels.
 * ERROR_IO; ERROR_INPUT where the name is too long. */
int figure_open(struct figure *figure, const char *name, uint32_t height, const char *title);

/* Ends the script and has it drawn. ERROR_IO; ERROR_MACHINE where gnuplot is missing (the script
 * is left all the same). */
int figure_close(struct figure *figure);

/* A text inside double quotes of gnuplot, without its own markup. */
void figure_quote(const char *text, FILE *out);

#endif
