#include "cli/study_write.h"

#include <math.h>

void csv_text(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void csv_number(double number, FILE *out)
{
    if (isfinite(number))
        fprintf(out, "%.10g", number);
}

void csv_column(double number, FILE *out)
{
    fputc(',', out);
    csv_number(number, out);
}

json_t *json_number(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

void p_text(double p, char text[P_TEXT_BYTES])
{
    if (isnan(p))
        snprintf(text, P_TEXT_BYTES, "-");
    else if (p < 0.0001)
        snprintf(text, P_TEXT_BYTES, "%.1e", p);
    else
        snprintf(text, P_TEXT_BYTES, "%.4f", p);
}
