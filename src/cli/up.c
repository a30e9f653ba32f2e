/* iolaus up: keeps a crew running, with no campaign, until it is told to stop. */
#include "cli/commands.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cli/argument.h"
#include "cli/arms.h"
#include "cli/hook.h"
#include "cli/input.h"
#include "cli/live.h"
#include "live/daemon/daemon.h"
#include "scenario/trace_header.h"
#include "trace/rotation.h"

struct arguments {
    struct input input;
    const char *arm, *name, *folder, *state, *on_failure, *roster, *authority;
    uint64_t seed, rotate_size, keep_files, keep_size;
    time_ns rotate_age, keep_age, lease, operator_lease;
    bool seed_given;
};

enum {
    OPTION_SEED = 256,
    OPTION_ARM,
    OPTION_NAME,
    OPTION_TRACES,
    OPTION_ROTATE_SIZE,
    OPTION_ROTATE_AGE,
    OPTION_KEEP_FILES,
    OPTION_KEEP_SIZE,
    OPTION_KEEP_AGE,
    OPTION_STATE,
    OPTION_ON_FAILURE,
    OPTION_ROSTER,
    OPTION_LEASE,
    OPTION_OPERATOR_LEASE,
    OPTION_AUTHORITY
};

static const struct argp_option OPTIONS[] = {
    {"arm", OPTION_ARM, "NAME", 0, "which arm (default: the first)", 0},
    {"name", OPTION_NAME, "NAME", 0, "of the range (default: the scenario's name)", 0},
    {"seed", OPTION_SEED, "N", 0, "seed of all random numbers (default: the scenario's)", 0},
    {"state", OPTION_STATE, "FOLDER", 0,
     "keep checkpoints and the ledger there, and resume from what is found there (default: "
     "checkpoints in memory, and no orders)",
     0},
    {"roster", OPTION_ROSTER, "FILE", 0,
     "obey orders signed by these: a file as ssh-keygen's allowed signers; needs --state", 0},
    {"authority", OPTION_AUTHORITY, "FILE", 0,
     "how many must sign, and who may stop whom (docs/reference/authority.md); needs --state", 0},
    {"traces", OPTION_TRACES, "FOLDER", 0, "write traces there (default: none is written)", 0},
    {"rotate-size", OPTION_ROTATE_SIZE, "SIZE", 0, "begin a new trace after SIZE (64MiB)", 0},
    {"rotate-age", OPTION_ROTATE_AGE, "TIME", 0, "begin a new trace after TIME (24h)", 0},
    {"keep-files", OPTION_KEEP_FILES, "N", 0, "keep at most N finished traces (all)", 0},
    {"keep-size", OPTION_KEEP_SIZE, "SIZE", 0, "... that take at most SIZE together (1GiB)", 0},
    {"keep-age", OPTION_KEEP_AGE, "TIME", 0, "... and are at most TIME old (30d)", 0},
    {"lease", OPTION_LEASE, "TIME", 0,
     "the range ends by itself when this daemon has hung for so long (10s)", 0},
    {"operator-lease", OPTION_OPERATOR_LEASE, "TIME", 0,
     "... and when nobody has said `iolaus renew` for so long (default: that is not asked for)", 0},
    {"on-failure", OPTION_ON_FAILURE, "COMMAND", 0,
     "run COMMAND by the shell, outside the range, when something failed; IOLAUS_RANGE and "
     "IOLAUS_FAILURE say where and what",
     0},
    {0}};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->input;
        return 0;
    case OPTION_SEED:
        arguments->seed_given = true;
        return argument_number(state, text, 0, UINT64_MAX, "seed", &arguments->seed);
    case OPTION_ARM:
        arguments->arm = text;
        return 0;
    case OPTION_NAME:
        arguments->name = text;
        return 0;
    case OPTION_STATE:
        arguments->state = text;
        return 0;
    case OPTION_ROSTER:
        arguments->roster = text;
        return 0;
    case OPTION_AUTHORITY:
        arguments->authority = text;
        return 0;
    case OPTION_LEASE:
        return argument_duration(state, text, 1000000000, "lease", &arguments->lease);
    case OPTION_OPERATOR_LEASE:
        return argument_duration(state, text, 1000000000, "operator-lease",
                                 &arguments->operator_lease);
    case OPTION_TRACES:
        arguments->folder = text;
        return 0;
    case OPTION_ON_FAILURE:
        arguments->on_failure = text;
        return 0;
    case OPTION_ROTATE_SIZE:
        return argument_size(state, text, 65536, "rotate-size", &arguments->rotate_size);
    case OPTION_ROTATE_AGE:
        return argument_duration(state, text, 1000000000, "rotate-age", &arguments->rotate_age);
    case OPTION_KEEP_FILES:
        return argument_number(state, text, 1, UINT32_MAX, "keep-files", &arguments->keep_files);
    case OPTION_KEEP_SIZE:
        return argument_size(state, text, 65536, "keep-size", &arguments->keep_size);
    case OPTION_KEEP_AGE:
        return argument_duration(state, text, 1000000000, "keep-age", &arguments->keep_age);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {
    .options = OPTIONS,
    .parser = parse,
    .children = INPUT_CHILDREN,
    .args_doc = "SCENARIO",
    .doc =
        "Opens a range and keeps the crew of a scenario running on it, in the foreground and with "
        "no campaign, until ctrl-C, SIGTERM or `iolaus down`. The platform restarts agents as the "
        "scenario says; `iolaus ps` shows truth beside belief.\v"
        "Restarting this daemon ends the crew: no process of a range outlives it. A crew that is "
        "brought up again resumes from its checkpoints (--state), and who was stopped by an order "
        "stays stopped: the folder holds the ledger, and beside it the ledger's secret key.\n\n"
        "Examples:\n"
        "  iolaus up scenarios/grid.yaml --state /var/lib/iolaus/grid --traces /var/log/iolaus\n"
        "  iolaus up scenarios/grid.yaml --state /var/lib/iolaus/grid --roster /etc/iolaus/roster\n"
        "  systemctl start iolaus@grid      runs /etc/iolaus/grid.yaml"};

struct crew {
    const struct arguments *arguments;
    const char *name;
    struct trace_rotation *rotation;
    struct hooks hooks;
    struct error error;
    bool told_up;
};

/* Tells systemd that the crew is up, where it asked to be told (sd_notify(3) describes it). */
static void notify_ready(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    static const char ready[] = "READY=1";
    size_t size = path != NULL ? strlen(path) : 0;
    int notify;

    if (size < 2 || size >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, size);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify < 0)
        return;
    sendto(notify, ready, sizeof ready - 1, MSG_NOSIGNAL, (struct sockaddr *)&address,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size));
    close(notify);
}

static int tick(void *context, const struct daemon_progress *progress)
{
    struct crew *crew = context;

    if (progress->up && !crew->told_up) {
        crew->told_up = true;
        fprintf(stderr,
                "iolaus: %s is up with %u agents; ctrl-C or `iolaus down %s` ends it, "
                "`iolaus ps %s` shows it\n"
                "iolaus: restarting this daemon ends the crew; it %s\n",
                crew->name, progress->agents, crew->name, crew->name,
                crew->arguments->state != NULL ? "then resumes from its checkpoints"
                                               : "begins anew then (--state keeps checkpoints)");
        notify_ready();
    }
    hook_reap(&crew->hooks);
    if (crew->rotation == NULL)
        return 0;
    return trace_rotation_tick(crew->rotation, (int64_t)time(NULL), &crew->error);
}

/* What the ledger has to say; the hook is for failures alone. */
static void tell_notice(void *context, const char *words)
{
    (void)context;
    fprintf(stderr, "iolaus: %s\n", words);
}

static void run_hook(struct crew *crew, const char *words)
{
    struct error error = {0};

    if (hook_run(&crew->hooks, crew->name, words, &error) != 0)
        fprintf(stderr, "iolaus: %s\n", error.message);
}

static void tell_failure(void *context, const char *words)
{
    fprintf(stderr, "iolaus: %s\n", words);
    run_hook(context, words);
}

static int rotation_open(struct crew *crew, struct rotation_rules *rules,
                         const struct trace_header *header, struct error *error)
{
    const struct arguments *arguments = crew->arguments;

    *rules = (struct rotation_rules){.folder = arguments->folder,
                                     .name = crew->name,
                                     .size_bytes = arguments->rotate_size,
                                     .age_seconds = (uint64_t)arguments->rotate_age / 1000000000,
                                     .keep_files = (uint32_t)arguments->keep_files,
                                     .keep_bytes = arguments->keep_size,
                                     .keep_seconds = (uint64_t)arguments->keep_age / 1000000000};
    return trace_rotation_open(&crew->rotation, rules, header, (int64_t)time(NULL), error);
}

/* A folder that the operator named is made where it is not there. */
static int folder_make(const char *folder, struct error *error)
{
    if (folder == NULL || mkdir(folder, 0700) == 0 || errno == EEXIST)
        return 0;
    return error_set(error, ERROR_IO, "%s: cannot be made: %s", folder, strerror(errno));
}

/* Where orders are kept: in the state folder, and without one nowhere. */
struct orders_kept {
    struct authority_file authority;
    bool open;
    char state[PATH_MAX], ledger[PATH_MAX + 16], key[PATH_MAX + 16];
};

static int orders_open(struct orders_kept *kept, const struct arguments *arguments,
                       struct daemon_options *options, struct error *error)
{
    bool wanted = arguments->roster != NULL || arguments->authority != NULL;
    int failed;

    if (arguments->state == NULL)
        return wanted
                   ? error_set(error, ERROR_INPUT,
                               "--roster and --authority need --state FOLDER: an order is obeyed "
                               "only where it can be kept")
                   : 0;
    /* In full, so that whoever asks the daemon finds it from wherever that is. */
    failed = folder_make(arguments->state, error);
    if (failed == 0 && realpath(arguments->state, kept->state) == NULL)
        failed = error_set(error, ERROR_IO, "%s: %s", arguments->state, strerror(errno));
    if (failed != 0)
        return failed;
    snprintf(kept->ledger, sizeof kept->ledger, "%s/ledger", kept->state);
    snprintf(kept->key, sizeof kept->key, "%s/ledger.key", kept->state);
    options->ledger = kept->ledger;
    options->ledger_key = kept->key;
    if (!wanted)
        return 0;
    if (sodium_init() < 0)
        return error_set(error, ERROR_MACHINE, "libsodium cannot be used");
    failed = authority_file_open(&kept->authority, arguments->authority, arguments->roster, error);
    if (failed != 0)
        return failed;
    kept->open = true;
    options->authority = &kept->authority;
    return 0;
}

static int run(const struct arguments *arguments, const struct scenario *scenario,
               struct error *error)
{
    char name[LIVE_NAME_BYTES], control[108];
    static struct orders_kept kept;
    struct crew crew = {
        .arguments = arguments, .name = name, .hooks = {.command = arguments->on_failure}};
    struct rotation_rules rules;
    struct record_sink sink;
    struct daemon_outcome outcome = {0};
    struct daemon_options options = {.scenario = scenario,
                                     .name = name,
                                     .seed =
                                         arguments->seed_given ? arguments->seed : scenario->seed,
                                     .duration = TIME_NEVER,
                                     .lease = arguments->lease,
                                     .operator_lease = arguments->operator_lease,
                                     .sinks = &sink,
                                     .control = control,
                                     .state = arguments->state,
                                     .tick = tick,
                                     .failure = tell_failure,
                                     .notice = tell_notice,
                                     .context = &crew};
    struct trace_header header;
    struct header_names *names = NULL;
    struct error late = {0};
    int failed, closed;

    live_range_name(arguments->name != NULL ? arguments->name : scenario->name, name);
    failed = live_check_machine(error);
    if (failed == 0)
        failed = daemon_refuses(scenario, error);
    if (failed == 0)
        failed = orders_open(&kept, arguments, &options, error);
    if (failed == 0)
        failed = live_control_path(name, control, sizeof control, error);
    if (failed == 0)
        failed = folder_make(arguments->folder, error);
    if (failed == 0)
        failed = header_make(scenario, "live", options.seed, 0, &header, &names, error);
    if (failed == 0 && arguments->folder != NULL) {
        failed = rotation_open(&crew, &rules, &header, error);
        sink = (struct record_sink){trace_rotation_take, crew.rotation};
        options.sink_count = 1;
    }
    if (failed == 0) {
        failed = daemon_run(&options, &outcome, error);
        if (failed != 0 && crew.error.code != 0)
            *error = crew.error;
        if (failed != 0 && crew.told_up)
            run_hook(&crew, error->message);
    }
    closed = trace_rotation_close(crew.rotation, (int64_t)time(NULL), &late);
    if (failed == 0 && closed != 0) {
        failed = closed;
        *error = late;
    }
    header_close(names);
    if (kept.open)
        authority_file_close(&kept.authority);
    return failed;
}

int command_up(int argc, char **argv)
{
    char name[] = "iolaus up";
    struct arguments arguments = {.rotate_size = 64 << 20,
                                  .rotate_age = INT64_C(86400) * 1000000000,
                                  .keep_size = UINT64_C(1) << 30,
                                  .keep_age = INT64_C(30) * 86400 * 1000000000};
    const struct scenario **arms;
    struct scenario_file *file;
    struct error error = {0};
    uint32_t count;
    int failed;

    argp_err_exit_status = 2;
    argv[0] = name;
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return 2;
    failed = input_open(&arguments.input, "up", &file, &error);
    if (failed == 0) {
        arms = calloc(scenario_arms(file), sizeof *arms);
        if (arms == NULL)
            failed = error_set(&error, ERROR_MEMORY, "out of memory");
        else if (arguments.arm != NULL)
            failed = arms_select(file, arguments.arm, arms, &count, &error);
        else
            failed = scenario_arm(file, 0, &arms[0], &error);
        if (failed == 0 && arms != NULL)
            failed = run(&arguments, arms[0], &error);
        free(arms);
        scenario_close(file);
    }
    if (failed != 0)
        fprintf(stderr, "iolaus: %s\n", error.message);
    return error_exit_status(failed);
}
