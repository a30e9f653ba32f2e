#include "cli/figures_stops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study/stops.h"

#define GROUPS_MAX 6
static const char *const colours[GROUPS_MAX] = {FIGURE_SKY,   FIGURE_YELLOW, FIGURE_ORANGE,
                                                FIGURE_GREEN, FIGURE_PURPLE, FIGURE_BLUE};

/* A row's name is `protocol=cauterize, strength=strong`: its place among the protocols, and the
 * rest, which says its group. */
struct place {
    char protocol[64], group[96];
};

static void place_of(const struct stops_row *row, struct place *place)
{
    const char *equals = strchr(row->name, '='), *comma = strstr(row->name, ", ");
    size_t length = equals == NULL  ? 0
                    : comma == NULL ? strlen(equals + 1)
                                    : (size_t)(comma - equals - 1);

    snprintf(place->protocol, sizeof place->protocol, "%.*s", (int)(length < 63 ? length : 63),
             equals == NULL ? "" : equals + 1);
    snprintf(place->group, sizeof place->group, "%.95s", comma == NULL ? "" : comma + 2);
}

struct layout {
    const struct stops *stops;
    struct place *places;                      /* by row */
    uint32_t protocol[256], protocols, groups; /* by row: counted from 0 in the order of rows */
    uint32_t group[256];
    uint32_t first[GROUPS_MAX]; /* the first row of a group */
};

static void layout_make(struct layout *layout)
{
    for (uint32_t r = 0; r < layout->stops->row_count; r++) {
        const struct place *here = &layout->places[r];
        uint32_t p = 0, g = 0;

        while (p < r && strcmp(layout->places[p].protocol, here->protocol) != 0)
            p++;
        while (g < r && strcmp(layout->places[g].group, here->group) != 0)
            g++;
        layout->protocol[r] = p < r ? layout->protocol[p] : layout->protocols++;
        if (g == r && layout->groups < GROUPS_MAX)
            layout->first[layout->groups] = r;
        layout->group[r] = g < r ? layout->group[g] : layout->groups++;
    }
}

/* A mark and its interval, on a line of the protocol. */
struct mark {
    double value, low, high;
};

typedef struct mark mark_of(const struct stops_row *row);

static struct mark dead_mark(const struct stops_row *row)
{
    return (struct mark){100 * row->stayed_dead.rate, 100 * row->stayed_dead.low,
                         100 * row->stayed_dead.high};
}

static struct mark r0_mark(const struct stops_row *row)
{
    const struct stops_reproduction *r0 = &row->reproduction[0];

    return (struct mark){r0->value, r0->low, r0->high};
}

static struct mark refused_mark(const struct stops_row *row)
{
    return (struct mark){row->refused, row->refused, row->refused};
}

static void data_write(const struct layout *layout, mark_of *mark, FILE *out)
{
    double apart = 0.5 / (layout->groups > 0 ? layout->groups : 1);

    for (uint32_t g = 0; g < layout->groups; g++) {
        fprintf(out, "$group%u << END\n", g);
        for (uint32_t r = 0; r < layout->stops->row_count; r++) {
            struct mark one = mark(&layout->stops->rows[r]);

            if (layout->group[r] != g || isnan(one.value))
                continue;
            fprintf(out, "%g %.6g %.6g %.6g %u ",
                    layout->protocol[r] + 1 + apart * (g - 0.5 * (layout->groups - 1)), one.value,
                    one.low, one.high, layout->protocol[r] + 1);
            figure_quote(layout->places[r].protocol, out);
            fputc('\n', out);
        }
        fputs("END\n", out);
    }
}

/* Of `strength=strong`, the level. */
static const char *level_of(const char *group)
{
    const char *equals = strchr(group, '=');

    return equals == NULL ? group : equals + 1;
}

static int marks_figure(struct figure *figure, const struct layout *layout, const char *name,
                        const char *title, const char *more, mark_of *mark)
{
    const char *group = layout->places[0].group;
    char titled[160];
    int code;

    snprintf(titled, sizeof titled, "%s%s%.*s", title, *group == '\0' ? "" : ", by ",
             (int)strcspn(group, "="), group);
    code = figure_open(figure, name, 130 + 40 * layout->protocols, titled);
    if (code != 0)
        return code;
    fprintf(figure->out,
            "set border 1\nset grid xtics linecolor rgb '#dddddd' linetype 1\n"
            "set yrange [%u.7:0.3]\nset key outside bottom center horizontal\n%s",
            layout->protocols, more);
    data_write(layout, mark, figure->out);
    fputs("plot ", figure->out);
    for (uint32_t g = 0; g < layout->groups; g++) {
        fprintf(figure->out,
                "$group%u using 2:1:3:4 with xerrorbars linewidth 1.5 pointtype 7 pointsize 0.6 "
                "linecolor rgb '%s' title ",
                g, colours[g % GROUPS_MAX]);
        figure_quote(level_of(layout->places[layout->first[g]].group), figure->out);
        fprintf(figure->out,
                ", \\\n  $group%u using 2:5:ytic(6) with points pointtype 0 "
                "linecolor rgb '#ffffff' notitle%s",
                g, g + 1 < layout->groups ? ", \\\n  " : "\n");
    }
    return figure_close(figure);
}

static int draw(struct figure *figure, const struct layout *layout)
{
    int code = marks_figure(figure, layout, "stops-dead", "targets that stayed dead, in % [95%]",
                            "set xrange [-2:102]\n", dead_mark);

    if (code == 0)
        code =
            marks_figure(figure, layout, "stops-r0", "responses per stop after the fence, R0 [95%]",
                         "set xrange [-0.15:*]\n"
                         "set arrow from 1, graph 0 to 1, graph 1 nohead dashtype 2 "
                         "linecolor rgb '#888888'\n",
                         r0_mark);
    if (code == 0)
        code = marks_figure(figure, layout, "stops-refused", "attempts refused per stop",
                            "set xrange [-1:*]\n", refused_mark);
    return code;
}

int figures_stops(struct figure *figure, const struct results *results, const struct store *store)
{
    struct layout layout = {0};
    struct stops *stops = NULL;
    int code = stops_open(&stops, store, results->study, NULL, NULL, figure->error);

    if (code == 0 && stops->row_count > sizeof layout.protocol / sizeof layout.protocol[0])
        code = error_set(figure->error, ERROR_INPUT, "%u rows are too many for a picture",
                         stops->row_count);
    if (code == 0) {
        layout.stops = stops;
        layout.places = calloc(stops->row_count, sizeof *layout.places);
        code = layout.places == NULL ? error_set(figure->error, ERROR_MEMORY, "out of memory") : 0;
    }
    for (uint32_t r = 0; code == 0 && r < stops->row_count; r++)
        place_of(&stops->rows[r], &layout.places[r]);
    if (code == 0 && layout.places != NULL && stops->row_count > 0) {
        layout_make(&layout);
        code = draw(figure, &layout);
    }
    free(layout.places);
    stops_close(stops);
    return code;
}
