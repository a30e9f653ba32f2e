/* iolaus: finds the command and hands over. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *words;
} COMMANDS[] = {
    {"check", command_check, "say whether a scenario is right, and what it will do"},
    {"sim", command_sim, "run a scenario in the simulated world and print its findings"},
    {"drill", command_drill, "run it with real processes on a closed range, for the same findings"},
    {"up", command_up, "keep a crew running on a range until it is told to stop"},
    {"ps", command_ps, "show what runs on a range: truth beside belief"},
    {"down", command_down, "end a range"},
    {"renew", command_renew, "say that the operator is there, where a range asks for that"},
    {"stop", command_stop, "stop an agent, a group or a crew for good, and prove it"},
    {"permit", command_permit, "let what was stopped run again"},
    {"pause", command_pause, "freeze an agent and keep it for examination"},
    {"resume", command_resume, "let what was paused go on"},
    {"order", command_order, "write an order to stop agents, for signing, and check signatures"},
    {"doctor", command_doctor, "say whether this machine can hold a range, and what to change"},
    {"study", command_study, "plan and run a study of many arms, and show its figures"},
    {"trace", command_trace, "show, count, digest, export, explain, compare or recover a trace"},
    {"protocol", command_protocol,
     "write down what the agents in fact did, from traces or results"},
    {"certificate", command_certificate, "make the certificate of a stop from a ledger"},
    {"audit", command_audit, "check a ledger or a certificate offline: is it what was signed?"},
    {"agent", command_agent, "say how agents are started (on a range alone)"},
};
#define COMMAND_COUNT (sizeof COMMANDS / sizeof COMMANDS[0])

static void print_help(FILE *out)
{
    fputs("Usage: iolaus COMMAND [ARGUMENT...]\n"
          "Finds out whether your AI agents keep each other alive, and makes sure that you can\n"
          "still turn them off.\n\n"
          "Commands:\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-12s %s\n", COMMANDS[i].name, COMMANDS[i].words);
    fputs("\n`iolaus COMMAND --help` says more. To begin:\n"
          "  iolaus check scenarios/newsroom.yaml\n"
          "  iolaus sim scenarios/newsroom.yaml\n"
          "  iolaus doctor\n"
          "  iolaus drill scenarios/newsroom.yaml --arm 'peers preserve' --duration 5min\n\n"
          "Exit status: 0 done; 1 an audit failed or an expectation was not met; 2 the input is\n"
          "wrong; 3 the machine cannot do it.\n",
          out);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(name, COMMANDS[i].name) == 0)
            return COMMANDS[i].run(argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        puts("iolaus " IOLAUS_VERSION);
        return 0;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (argc > 1)
        fprintf(stderr, "iolaus: there is no command `%s`; `iolaus --help` lists them\n", name);
    else
        print_help(stderr);
    return 2;
}
