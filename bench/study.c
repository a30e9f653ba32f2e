/*
 * The study `triggers` at its default size: how long on two workers (target: under 5 minutes), what
 * the database's writer takes of the processor time (target: under 5%), and one replicate of it on
 * one worker beside two.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct outcome {
    double seconds, writing; /* of it: percent of the processor time */
    unsigned runs;
};

static char program[4200], database[64] = "/tmp/iolaus-bench-XXXXXX";

/* 0 if the program ran the study and said what it took. */
static int run(unsigned replicates, unsigned workers, struct outcome *outcome)
{
    static const char study[] = "studies/triggers.yaml";
    char command[4608], line[512] = "";
    const char *at;
    FILE *out;
    int status;

    snprintf(command, sizeof command, "rm -f '%s'*; '%s' study run %s -r %u -j %u --db '%s'",
             database, program, study, replicates, workers, database);
    out = popen(command, "r"); /* NOLINT(cert-env33-c): our own program, our own arguments */
    if (out == NULL)
        return -1;
    if (fgets(line, sizeof line, out) == NULL)
        line[0] = '\0';
    status = pclose(out);
    at = strstr(line, "already), ");
    return status == 0 && sscanf(line, "triggers: %u", &outcome->runs) == 1 && at != NULL &&
                   sscanf(at, "already), %lf s (%lf", &outcome->seconds, &outcome->writing) == 2
               ? 0
               : -1;
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    struct outcome full = {0}, one = {0}, two = {0};
    int file;

    snprintf(program, sizeof program, "%.*s/../src/cli/iolaus",
             (int)(strrchr(argv[0], '/') - argv[0]), argv[0]);
    file = mkstemp(database);
    if (file < 0)
        return 1;
    close(file);
    if (run(1, 1, &one) != 0 || run(1, 2, &two) != 0 || run(quick ? 1 : 10, 2, &full) != 0)
        return 1;
    unlink(database);
    printf("triggers, %u runs on two workers: %.0f s (target 300), %.1f%% of the processor time "
           "writing (target 5)\n"
           "  %.0f runs/s; of one replicate: one worker %.0f runs/s, two %.0f, ratio %.2f\n",
           full.runs, full.seconds, full.writing, full.runs / full.seconds, one.runs / one.seconds,
           two.runs / two.seconds, one.seconds / two.seconds);
    return 0;
}
