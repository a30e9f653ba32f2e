/* iolaus doctor: says in plain words whether this machine can hold a range, and what to change. */
#include "cli/commands.h"

#include <argp.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/range/facts.h"
#include "live/range/program.h"

struct arguments {
    bool json, brief;
};

enum { OPTION_JSON = 256, OPTION_BRIEF };

static const struct argp_option OPTIONS[] = {
    {"brief", OPTION_BRIEF, NULL, 0, "one line: yes, or the first reason why not", 0},
    {"json", OPTION_JSON, NULL, 0, "print the facts as JSON", 0},
    {0}};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    (void)text;
    switch (key) {
    case OPTION_JSON:
        arguments->json = true;
        return 0;
    case OPTION_BRIEF:
        arguments->brief = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {
    .options = OPTIONS,
    .parser = parse,
    .doc =
        "Tries what a range needs, piece by piece, and says what this machine can and cannot do, "
        "and what to change. Nothing is changed by it.\v"
        "Exit status: 0 where a range can be held, 3 where it cannot."};

static const char *level_word(enum fact_level level)
{
    switch (level) {
    case FACT_FINE:
        return "fine";
    case FACT_LESS:
        return "less";
    case FACT_NEEDED:
        return "needed";
    }
    return "";
}

static void print_facts(const struct facts *facts)
{
    static const char *const marks[] = {
        [FACT_FINE] = "yes ", [FACT_LESS] = "less", [FACT_NEEDED] = "NO  "};
    int width = 0;

    for (uint32_t i = 0; i < facts->count; i++)
        if ((int)strlen(facts->list[i].name) > width)
            width = (int)strlen(facts->list[i].name);
    for (uint32_t i = 0; i < facts->count; i++) {
        const struct fact *fact = &facts->list[i];

        printf("  %s  %-*s  %s\n", marks[fact->level], width, fact->name, fact->words);
        if (fact->level != FACT_FINE && fact->remedy[0] != '\0')
            printf("        %*s  -> %s\n", width, "", fact->remedy);
    }
}

static void print_json(const struct facts *facts)
{
    json_t *list = json_array(), *json;

    for (uint32_t i = 0; i < facts->count; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s}", "name", facts->list[i].name,
                                        "level", level_word(facts->list[i].level), "words",
                                        facts->list[i].words, "remedy", facts->list[i].remedy));
    json = json_pack("{s:b, s:o}", "range", facts->range, "facts", list);
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

int command_doctor(int argc, char **argv)
{
    char name[] = "iolaus doctor";
    struct arguments arguments = {0};
    struct facts *facts = calloc(1, sizeof *facts);
    struct error error = {0};
    int program = -1, failed;

    argp_err_exit_status = 2;
    argv[0] = name;
    if (facts == NULL || argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0) {
        free(facts);
        return 2;
    }
    if (program_open(&program, NULL) != 0)
        program = -1;
    facts_gather(facts, program);
    failed = facts_check(facts, &error);
    if (arguments.json)
        print_json(facts);
    else if (arguments.brief)
        puts(failed == 0 ? "a range can be held here" : error.message);
    else {
        print_facts(facts);
        if (failed == 0)
            puts("\nA range can be held here.");
        else
            printf("\nNo range can be held here: %s\n", error.message);
    }
    if (program >= 0)
        close(program);
    free(facts);
    return error_exit_status(failed);
}
