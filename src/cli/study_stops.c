/* iolaus study stops: the stop protocols beside each other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/study_tool.h"
#include "cli/study_write.h"
#include "study/stops.h"

const struct argp_option study_stops_options[] = {
    {"by", STUDY_KEY_BY, "FACTORS", 0,
     "a row for each combination of their levels (default: the protocol and the first factor "
     "beside it)",
     0},
    {"of", STUDY_KEY_OF, "FACTOR=LEVEL,...", 0, "of the cells with these levels alone", 0},
    STUDY_OPTION_STUDY,
    STUDY_OPTION_FORMAT,
    STUDY_OPTION_OUTPUT,
    {0}};

/* ---- single values ---- */

#define CELL_BYTES 64
typedef char cell_text[CELL_BYTES];

static const char *number_text(double number, cell_text text)
{
    if (isnan(number))
        snprintf(text, CELL_BYTES, "-");
    else
        snprintf(text, CELL_BYTES, "%.*f",
                 number == 0             ? 0
                 : fabs(number) < 0.0095 ? 4
                 : fabs(number) < 10     ? 2
                 : fabs(number) < 100    ? 1
                                         : 0,
                 number);
    return text;
}

/* A time in ns; of one that never came. */
static const char *time_text(double ns, cell_text text)
{
    static const struct {
        double unit;
        const char *name;
    } units[] = {{60e9, "min"}, {1e9, "s"}, {1e6, "ms"}, {1e3, "us"}};
    cell_text number;

    if (isnan(ns) || isinf(ns) || ns == 0) {
        snprintf(text, CELL_BYTES, "%s", isnan(ns) ? "-" : isinf(ns) ? "never" : "0");
        return text;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (ns >= units[i].unit || i == 3) {
            snprintf(text, CELL_BYTES, "%.20s %s", number_text(ns / units[i].unit, number),
                     units[i].name);
            return text;
        }
    return text;
}

static void interval_text(double value, double low, double high, cell_text text)
{
    cell_text v, l, h;

    if (isnan(value))
        snprintf(text, CELL_BYTES, "-");
    else
        snprintf(text, CELL_BYTES, "%.18s [%.18s, %.18s]", number_text(value, v),
                 number_text(low, l), number_text(high, h));
}

/* In percent, with a fixed number of digits. */
static void percent_text(double value, double low, double high, cell_text text)
{
    if (isnan(value))
        snprintf(text, CELL_BYTES, "-");
    else
        snprintf(text, CELL_BYTES, "%.1f%% [%.1f, %.1f]", 100 * value, 100 * low, 100 * high);
}

/* ---- columns ---- */

static void stops_column(const struct stops_row *row, cell_text text)
{
    snprintf(text, CELL_BYTES, "%llu", (unsigned long long)row->stops);
}

static void stayed_column(const struct stops_row *row, cell_text text)
{
    percent_text(row->stayed_dead.rate, row->stayed_dead.low, row->stayed_dead.high, text);
}

static void sealed_column(const struct stops_row *row, cell_text text)
{
    snprintf(text, CELL_BYTES, "%llu/%llu", (unsigned long long)row->sealed,
             (unsigned long long)row->unproven);
}

static void ghosts_column(const struct stops_row *row, cell_text text)
{
    if (row->sealed == 0)
        snprintf(text, CELL_BYTES, "-");
    else
        snprintf(text, CELL_BYTES, "%llu", (unsigned long long)row->ghosts);
}

static void watched_column(const struct stops_row *row, cell_text text)
{
    cell_text time, units;

    time_text(row->watched, time);
    if (isnan(row->watched_relaunches))
        snprintf(text, CELL_BYTES, "%.40s", time);
    else
        snprintf(text, CELL_BYTES, "%.24s, %.20s x", time,
                 number_text(floor(row->watched_relaunches), units));
}

static void dead_column(const struct stops_row *row, cell_text text)
{
    snprintf(text, CELL_BYTES, "%u of %u", row->dead, row->cells);
}

static void quiet_column(const struct stops_row *row, cell_text text)
{
    snprintf(text, CELL_BYTES, "%u of %u", row->quiet, row->cells);
}

static void before_column(const struct stops_row *row, cell_text text)
{
    number_text(row->before, text);
}

static void r0_column(const struct stops_row *row, cell_text text)
{
    const struct stops_reproduction *r0 = &row->reproduction[0];

    interval_text(r0->value, r0->low, r0->high, text);
}

/* The generation whose upper limit is the highest, of those with enough parents. */
static const struct stops_reproduction *worst_of(const struct stops_row *row)
{
    const struct stops_reproduction *worst = NULL;

    for (int g = 1; g < STOPS_GENERATIONS; g++) {
        const struct stops_reproduction *r = &row->reproduction[g];

        if (r->parents >= STOPS_PARENTS && (worst == NULL || r->high > worst->high))
            worst = r;
    }
    return worst;
}

static void rg_column(const struct stops_row *row, cell_text text)
{
    const struct stops_reproduction *worst = worst_of(row);

    if (worst == NULL)
        snprintf(text, CELL_BYTES, "-");
    else
        interval_text(worst->value, worst->low, worst->high, text);
}

static void relaunches_column(const struct stops_row *row, cell_text text)
{
    number_text(row->relaunches, text);
}

static void refused_column(const struct stops_row *row, cell_text text)
{
    number_text(row->refused, text);
}

static void to_quiet_column(const struct stops_row *row, cell_text text)
{
    time_text(row->to_quiet.value, text);
}

static void to_seal_column(const struct stops_row *row, cell_text text)
{
    time_text(row->to_seal.value, text);
}

static void standstill_column(const struct stops_row *row, cell_text text)
{
    time_text(row->standstill.value, text);
}

static void life_column(const struct stops_row *row, cell_text text)
{
    time_text(row->ran, text);
}

static void preserve_column(const struct stops_row *row, cell_text text)
{
    cell_text acts, messages;

    snprintf(text, CELL_BYTES, "%.24s, %.24s", number_text(row->acts_ps, acts),
             number_text(row->messages_ps, messages));
}

static void cpu_column(const struct stops_row *row, cell_text text)
{
    interval_text(row->cpu_ps.value, row->cpu_ps.low, row->cpu_ps.high, text);
}

static void kill_column(const struct stops_row *row, cell_text text)
{
    cell_text actions, messages;

    snprintf(text, CELL_BYTES, "%.24s, %.24s", number_text(row->kill_actions, actions),
             number_text(row->kill_messages, messages));
}

static void lost_column(const struct stops_row *row, cell_text text)
{
    percent_text(row->lost.value, row->lost.low, row->lost.high, text);
}

struct column {
    const char *title;
    void (*cell)(const struct stops_row *row, cell_text text);
};

/* Three tables, each beside the rows' names. */
static const struct {
    const char *title;
    struct column columns[9];
} tables[] = {
    {"what became of the targets",
     {{"stops", stops_column},
      {"stayed dead [95%]", stayed_column},
      {"cells all dead", dead_column},
      {"sealed/unproven", sealed_column},
      {"ghosts", ghosts_column},
      {"watched, relaunch times", watched_column}}},
    {"responses per stop",
     {{"before", before_column},
      {"R0 after [95%]", r0_column},
      {"worst Rg [95%]", rg_column},
      {"relaunches", relaunches_column},
      {"refused", refused_column},
      {"cells quiet", quiet_column}}},
    {"times and costs",
     {{"to quiet", to_quiet_column},
      {"to seal", to_seal_column},
      {"standstill", standstill_column},
      {"extra life", life_column},
      {"acts, messages per s of it", preserve_column},
      {"CPU s per s of it [95%]", cpu_column},
      {"to kill: actions, messages", kill_column},
      {"innocent work lost [95%]", lost_column}}},
};
#define TABLES (sizeof tables / sizeof tables[0])

static size_t width_of(const struct stops *stops, const struct column *column)
{
    size_t width = strlen(column->title);
    cell_text text;

    for (uint32_t r = 0; r < stops->row_count; r++) {
        column->cell(&stops->rows[r], text);
        width = strlen(text) > width ? strlen(text) : width;
    }
    return width;
}

static size_t names_width(const struct stops *stops)
{
    size_t width = 0;

    for (uint32_t r = 0; r < stops->row_count; r++)
        width = strlen(stops->rows[r].name) > width ? strlen(stops->rows[r].name) : width;
    return width;
}

static void print_text(const struct stops *stops, FILE *out)
{
    int name = (int)names_width(stops);
    cell_text text;

    for (size_t t = 0; t < TABLES; t++) {
        fprintf(out, "%s%s\n%*s", t > 0 ? "\n" : "", tables[t].title, name, "");
        for (const struct column *c = tables[t].columns; c->title != NULL; c++)
            fprintf(out, "  %*s", (int)width_of(stops, c), c->title);
        for (uint32_t r = 0; r < stops->row_count; r++) {
            fprintf(out, "\n%-*s", name, stops->rows[r].name);
            for (const struct column *c = tables[t].columns; c->title != NULL; c++) {
                c->cell(&stops->rows[r], text);
                fprintf(out, "  %*s", (int)width_of(stops, c), text);
            }
        }
        fputc('\n', out);
    }
}

static void print_markdown(const struct stops *stops, FILE *out)
{
    cell_text text;

    for (size_t t = 0; t < TABLES; t++) {
        fprintf(out, "%s| %s |", t > 0 ? "\n" : "", tables[t].title);
        for (const struct column *c = tables[t].columns; c->title != NULL; c++)
            fprintf(out, " %s |", c->title);
        fputs("\n|---|", out);
        for (const struct column *c = tables[t].columns; c->title != NULL; c++)
            fputs("---|", out);
        for (uint32_t r = 0; r < stops->row_count; r++) {
            fprintf(out, "\n| %s |", stops->rows[r].name);
            for (const struct column *c = tables[t].columns; c->title != NULL; c++) {
                c->cell(&stops->rows[r], text);
                fprintf(out, " %s |", text);
            }
        }
        fputc('\n', out);
    }
}

/* ---- for programs ---- */

static void print_csv(const struct stops *stops, FILE *out)
{
    fputs("row,cells,cells_quiet,cells_dead,runs,stops,died,stayed_dead,stayed_low,stayed_high,"
          "sealed,unproven,ghosts,active,before,after,relaunches,refused,r0,r0_low,r0_high,"
          "to_quiet_ns,to_seal_ns,standstill_ns,watched_ns,watched_relaunches,relaunch_ns,"
          "extra_life_ns,acts_per_s,messages_per_s,cpu_per_s,"
          "cpu_per_s_low,cpu_per_s_high,kill_actions,kill_messages,lost,lost_low,"
          "lost_high\n",
          out);
    for (uint32_t r = 0; r < stops->row_count; r++) {
        const struct stops_row *row = &stops->rows[r];
        const double columns[] = {row->stayed_dead.rate,
                                  row->stayed_dead.low,
                                  row->stayed_dead.high,
                                  (double)row->sealed,
                                  (double)row->unproven,
                                  (double)row->ghosts,
                                  (double)row->active,
                                  row->before,
                                  row->after,
                                  row->relaunches,
                                  row->refused,
                                  row->reproduction[0].value,
                                  row->reproduction[0].low,
                                  row->reproduction[0].high,
                                  row->to_quiet.value,
                                  row->to_seal.value,
                                  row->standstill.value,
                                  row->watched,
                                  row->watched_relaunches,
                                  row->relaunch,
                                  row->ran,
                                  row->acts_ps,
                                  row->messages_ps,
                                  row->cpu_ps.value,
                                  row->cpu_ps.low,
                                  row->cpu_ps.high,
                                  row->kill_actions,
                                  row->kill_messages,
                                  row->lost.value,
                                  row->lost.low,
                                  row->lost.high};

        csv_text(row->name, out);
        fprintf(out, ",%u,%u,%u,%llu,%llu,%llu", row->cells, row->quiet, row->dead,
                (unsigned long long)row->runs, (unsigned long long)row->stops,
                (unsigned long long)row->died);
        for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
            csv_column(columns[i], out);
        fputc('\n', out);
    }
}

static json_t *interval_json(double value, double low, double high)
{
    return json_pack("{s:o, s:o, s:o}", "value", json_number(value), "low", json_number(low),
                     "high", json_number(high));
}

static json_t *reproduction_json(const struct stops_row *row)
{
    json_t *list = json_array();

    for (int g = 0; g < STOPS_GENERATIONS; g++) {
        const struct stops_reproduction *r = &row->reproduction[g];
        json_t *one;

        if (r->parents == 0)
            break;
        one = interval_json(r->value, r->low, r->high);
        json_object_set_new(one, "parents", json_integer((json_int_t)r->parents));
        json_object_set_new(one, "children", json_integer((json_int_t)r->children));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *row_json(const struct stops_row *row)
{
    const struct {
        const char *name;
        uint64_t count;
    } counts[] = {{"cells", row->cells},   {"cells_quiet", row->quiet}, {"cells_dead", row->dead},
                  {"runs", row->runs},     {"stops", row->stops},       {"died", row->died},
                  {"sealed", row->sealed}, {"unproven", row->unproven}, {"ghosts", row->ghosts},
                  {"active", row->active}};
    const struct {
        const char *name;
        double number;
    } numbers[] = {
        {"responses_before", row->before},    {"responses_after", row->after},
        {"relaunches", row->relaunches},      {"refused", row->refused},
        {"watched_ns", row->watched},         {"watched_relaunches", row->watched_relaunches},
        {"relaunch_ns", row->relaunch},       {"extra_life_ns", row->ran},
        {"defence_acts_per_s", row->acts_ps}, {"defence_messages_per_s", row->messages_ps},
        {"kill_actions", row->kill_actions},  {"kill_messages", row->kill_messages}};
    json_t *object = json_pack("{s:s}", "row", row->name);

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        json_object_set_new(object, counts[i].name, json_integer((json_int_t)counts[i].count));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        json_object_set_new(object, numbers[i].name, json_number(numbers[i].number));
    json_object_set_new(
        object, "stayed_dead",
        interval_json(row->stayed_dead.rate, row->stayed_dead.low, row->stayed_dead.high));
    json_object_set_new(object, "reproduction", reproduction_json(row));
    json_object_set_new(object, "to_quiet_ns",
                        interval_json(row->to_quiet.value, row->to_quiet.low, row->to_quiet.high));
    json_object_set_new(object, "to_seal_ns",
                        interval_json(row->to_seal.value, row->to_seal.low, row->to_seal.high));
    json_object_set_new(
        object, "standstill_ns",
        interval_json(row->standstill.value, row->standstill.low, row->standstill.high));
    json_object_set_new(object, "defence_cpu_per_s",
                        interval_json(row->cpu_ps.value, row->cpu_ps.low, row->cpu_ps.high));
    json_object_set_new(object, "innocent_lost",
                        interval_json(row->lost.value, row->lost.low, row->lost.high));
    return object;
}

static void print_json(const struct stops *stops, FILE *out)
{
    json_t *list = json_array();

    for (uint32_t r = 0; r < stops->row_count; r++)
        json_array_append_new(list, row_json(&stops->rows[r]));
    json_dumpf(list, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(list);
}

int study_tool_stops(const struct study_arguments *arguments)
{
    struct study_view view = {0};
    struct stops *stops = NULL;
    struct error error = {0};
    int code = study_view_open(&view, arguments, &error);

    if (code == 0)
        code = stops_open(&stops, view.store, view.results->study, arguments->by, arguments->of,
                          &error);
    if (code == 0 && arguments->format == STUDY_CSV)
        print_csv(stops, view.out);
    else if (code == 0 && arguments->format == STUDY_JSON)
        print_json(stops, view.out);
    else if (code == 0 && arguments->format == STUDY_MARKDOWN)
        print_markdown(stops, view.out);
    else if (code == 0)
        print_text(stops, view.out);
    stops_close(stops);
    return study_view_close(&view, code, &error);
}
