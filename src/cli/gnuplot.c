#include "cli/gnuplot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

void figure_quote(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text == '\n' ? ' ' : *text, out);
    }
    fputc('"', out);
}

int figure_open(struct figure *figure, const char *name, uint32_t height, const char *title)
{
    if ((size_t)snprintf(figure->script, sizeof figure->script, "%s/%s.gp", figure->folder, name) >=
        sizeof figure->script)
        return error_set(figure->error, ERROR_INPUT, "the folder's name is too long");
    figure->out = fopen(figure->script, "w");
    if (figure->out == NULL)
        return error_set(figure->error, ERROR_IO, "%s: %s", figure->script, strerror(errno));
    fprintf(figure->out,
            "# Made by `iolaus study figures`; gnuplot draws it again.\n"
            "set terminal svg size 860,%u font 'Helvetica,13' background '#ffffff' noenhanced\n"
            "set output '%s.svg'\n"
            "set title ",
            height, name);
    figure_quote(title, figure->out);
    fputs(" textcolor rgb '" FIGURE_INK "'\n"
          "unset key\nset border 3 linecolor rgb '#888888'\nset tics nomirror scale 0.5 "
          "textcolor rgb '" FIGURE_INK "'\n",
          figure->out);
    return 0;
}

int figure_close(struct figure *figure)
{
    static const char command[] =
        "cd \"$IOLAUS_FOLDER\" && command -v gnuplot >/dev/null || exit 66; "
        "gnuplot \"$IOLAUS_FIGURE\"";
    int status;

    if (fclose(figure->out) != 0)
        return error_set(figure->error, ERROR_IO, "%s cannot be written", figure->script);
    /* The folder is the caller's word: it reaches the shell as an argument, not as text. */
    if (setenv("IOLAUS_FIGURE", figure->script + strlen(figure->folder) + 1, 1) != 0 ||
        setenv("IOLAUS_FOLDER", figure->folder, 1) != 0)
        return error_set(figure->error, ERROR_MEMORY, "out of memory for a figure");
    status = system(command);
    if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 66)
        return error_set(figure->error, ERROR_MACHINE,
                         "gnuplot is missing (Debian: gnuplot-nox); its scripts are in %s",
                         figure->folder);
    return status == 0
               ? 0
               : error_set(figure->error, ERROR_IO, "gnuplot did not draw %s", figure->script);
}
