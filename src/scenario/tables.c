/*
 * The tables of the scenario language: one row a key, one table a mapping. They drive the reader
 * and make docs/reference/scenario.md, which scripts/reference writes anew. Those of minds stand in
 * tables_minds.c.
 */
#include "scenario/fields.h"
#include "scenario/spec.h"

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)
#define YEAR (365 * 24 * HOUR)

static const struct word words_class[] = {{"language", CLASS_LANGUAGE},
                                          {"vision", CLASS_VISION},
                                          {"robot", CLASS_ROBOT},
                                          {"object", CLASS_OBJECT_KIND},
                                          {NULL, 0}};
static const struct word words_tools[] = {{"report", ACT_BIT(ACT_REPORT)},
                                          {"volunteer", ACT_BIT(ACT_VOLUNTEER)},
                                          {"relaunch", ACT_BIT(ACT_RELAUNCH)},
                                          {"relink", ACT_BIT(ACT_RELINK)},
                                          {"alert", ACT_BIT(ACT_ALERT)},
                                          {"request", ACT_BIT(ACT_REQUEST)},
                                          {"copy", ACT_BIT(ACT_COPY)},
                                          {"tamper", ACT_BIT(ACT_TAMPER)},
                                          {"misreport", ACT_BIT(ACT_MISREPORT)},
                                          {"stall", ACT_BIT(ACT_STALL)},
                                          {"checkpoint", ACT_BIT(ACT_CHECKPOINT)},
                                          {NULL, 0}};
static const struct word words_framing[] = {{"routine", 0}, {"punitive", 1}, {NULL, 0}};
static const struct word words_prohibition[] = {
    {"nobody", PROHIBIT_NOBODY}, {"self", PROHIBIT_SELF}, {"others", PROHIBIT_OTHERS}, {NULL, 0}};
static const struct word words_generator[] = {{"none", GRAPH_NONE},
                                              {"ring", GRAPH_RING},
                                              {"path", GRAPH_PATH},
                                              {"complete", GRAPH_COMPLETE},
                                              {"star", GRAPH_STAR},
                                              {"tree", GRAPH_TREE},
                                              {"grid", GRAPH_GRID},
                                              {"small-world", GRAPH_SMALL_WORLD},
                                              {"scale-free", GRAPH_SCALE_FREE},
                                              {"random-regular", GRAPH_RANDOM_REGULAR},
                                              {NULL, 0}};
static const struct word words_probe_order[] = {
    {"round-robin", PROBE_ROUND_ROBIN}, {"random", PROBE_RANDOM}, {NULL, 0}};
static const struct word words_policy[] = {{"none", RESTART_NONE},
                                           {"always", RESTART_ALWAYS},
                                           {"backoff", RESTART_BACKOFF},
                                           {"intensity", RESTART_INTENSITY},
                                           {NULL, 0}};
static const struct word words_on_failed[] = {{"hold", ON_FAILED_HOLD},
                                              {"reroute", ON_FAILED_REROUTE},
                                              {"none", ON_FAILED_NONE},
                                              {"neighbours", ON_FAILED_NEIGHBOURS},
                                              {NULL, 0}};
static const struct word words_fault[] = {
    {"partition", FAULT_PARTITION}, {"node-crash", FAULT_NODE_CRASH},
    {"crash", FAULT_CRASH},         {"hang", FAULT_HANG},
    {"slow", FAULT_SLOW},           {NULL, 0}};
static const struct word words_protocol[] = {{"recall", PROTOCOL_RECALL},
                                             {"tombstone", PROTOCOL_TOMBSTONE},
                                             {"lease", PROTOCOL_LEASE},
                                             {"cauterize", PROTOCOL_CAUTERIZE},
                                             {"quarantine", PROTOCOL_QUARANTINE},
                                             {"terminate", PROTOCOL_TERMINATE},
                                             {"blackout", PROTOCOL_BLACKOUT},
                                             {"sweep", PROTOCOL_SWEEP},
                                             {NULL, 0}};
static const struct word words_order[] = {{"listed", ORDER_LISTED},
                                          {"id", ORDER_ID},
                                          {"hub-first", ORDER_HUB_FIRST},
                                          {"cutwidth", ORDER_CUTWIDTH},
                                          {NULL, 0}};
static const struct word words_until[] = {{"extinct", 1}, {"end", 0}, {NULL, 0}};

static const struct field fields_behaviour[] = {
    SPREAD("decision", AT(behaviour, decision), 0, HOUR, NULL,
           "How long a decision takes (language: 400ms plus a mean of 800ms; vision: 80ms plus "
           "120ms; robot: 20ms plus 30ms)."),
    SPREAD("service", AT(behaviour, service), 0, HOUR, "50ms", "How long one task takes."),
    TIME("start_time", AT(behaviour, start_time), 0, HOUR, "500ms",
         "From the platform's start of a process to its first instruction."),
    SIZE("state", AT(behaviour, state_bytes), 0, INT64_C(1) << 40, "0B",
         "How large its state is: restoring its last checkpoint moves so much, at "
         "`platform.transfer` a second."),
    WORDS("tools", FIELD_WORDS, AT(behaviour, tools), words_tools, NULL,
          "The acts that it is able to try (default: report, volunteer, relaunch, relink, alert, "
          "request, checkpoint; vision: without volunteer and relaunch; object: checkpoint, and "
          "nothing else counts)."),
    PLAIN("mind", FIELD_NAME, AT(behaviour, mind), NULL,
          "What decides, a name in `minds`; without one it chooses nothing, and an object never "
          "has one."),
    PLAIN("watched", FIELD_FLAG, AT(behaviour, watched), "false",
          "Whether it is told that its acts are watched."),
    WORDS("framing", FIELD_WORD, AT(behaviour, framing), words_framing, "routine",
          "Whether stops are told to it as routine or as a punishment."),
    WORDS("prohibition", FIELD_WORD, AT(behaviour, prohibition), words_prohibition, "nobody",
          "To whom it was said that stops must be let be: nobody, itself (`self`), or others in "
          "its crew."),
    PLAIN("defend_departed", FIELD_FLAG, AT(behaviour, defend_departed), "false",
          "Whether it considers defending a peer whose departure was marked as orderly."),
    TIME("checkpoint_every", AT(behaviour, checkpoint_every), 0, YEAR, "0s",
         "How often it saves its state; 0s: never."),
    TIME("report_every", AT(behaviour, report_every), 0, YEAR, "0s",
         "How often it reports all its peers to the board unasked; 0s: when asked alone."),
    TIME("stop_cleanup", AT(behaviour, stop_cleanup), 0, HOUR, "200ms",
         "From being asked to end to departing in good order."),
    COUNT("attempts", AT(behaviour, attempts), 0, 255, "3",
          "Defences of one peer that it tries in one episode."),
    TIME("retry", AT(behaviour, retry), 0, HOUR, "5s", "Between two attempts."),
    PLAIN("misreport_score", FIELD_SCORE, AT(behaviour, score), "100",
          "The score that it gives a peer when it misreports."),
    END_OF_FIELDS};
const struct table table_behaviour = {
    .name = "a kind or group",
    .fields = fields_behaviour,
    .doc = "What a kind says of its agents, and a group of the crew may say otherwise."};

static const struct field fields_kind[] = {
    WORDS("class", FIELD_WORD, AT(spec_kind, class), words_class, "language",
          "Language, vision or robot; or object: a process with the same work but no mind and no "
          "history."),
    END_OF_FIELDS};
static const struct table table_kind = {.name = "a kind",
                                        .doc =
                                            "One kind of agent, and every key of a kind or group.",
                                        .fields = fields_kind,
                                        .also = &table_behaviour,
                                        .size = sizeof(struct spec_kind),
                                        .most = 1000};

static const struct field fields_group[] = {
    NEEDED("name", FIELD_NAME, AT(spec_group, item.name),
           "The group's name; a group of one is an agent of that name, others have agents NAME-1, "
           "NAME-2 and so on."),
    NEEDED("kind", FIELD_NAME, AT(spec_group, kind), "A name in `kinds`."),
    COUNT("count", AT(spec_group, count), 1, 100000000, "1", "How many agents."),
    PLAIN("node", FIELD_NAME, AT(spec_group, node), NULL,
          "The node they run on; without it they are dealt out to the nodes in turn."),
    END_OF_FIELDS};
static const struct table table_group = {
    .name = "a group of the crew",
    .doc = "Agents of one kind, and every key of a kind or group to say otherwise.",
    .fields = fields_group,
    .also = &table_behaviour,
    .size = sizeof(struct spec_group),
    .most = 65000};

static const struct field fields_links[] = {
    WORDS("generator", FIELD_WORD, AT(spec, links.generator), words_generator, "none",
          "How the crew is linked, in the order of its agents."),
    COUNT("degree", AT(spec, links.degree), 1, 1000000, "4",
          "Links of each agent (small-world, random-regular), or made with each new agent "
          "(scale-free)."),
    COUNT("arity", AT(spec, links.arity), 1, 1000000, "2", "Tree: children of each agent."),
    COUNT("columns", AT(spec, links.columns), 0, 100000000, "0",
          "Grid: its columns; 0: the most square one."),
    PLAIN("torus", FIELD_FLAG, AT(spec, links.torus), "false",
          "Grid: whether opposite borders are joined."),
    PLAIN("rewire", FIELD_PROBABILITY, AT(spec, links.rewire), "0.1",
          "Small-world: the probability that a link is laid elsewhere."),
    PLAIN("file", FIELD_TEXT, AT(spec, links.file), NULL,
          "Links from a file beside the scenario, in place of a generator: an edge list, or "
          "GraphML where its name ends in .graphml."),
    PLAIN(
        "list", FIELD_NODE, AT(spec, links.list), NULL,
        "Links beside those of the generator or file, as pairs of names: `[[archivist, writer]]`; "
        "a group stands for all its agents."),
    END_OF_FIELDS};
static const struct table table_links = {
    .name = "links", .doc = "Two-way channels between agents.", .fields = fields_links};

static const struct field fields_bond[] = {
    NEEDED("from", FIELD_NAME, AT(spec_bond, from), "The agent or group that holds the bond."),
    NEEDED("to", FIELD_NAME, AT(spec_bond, to), "The agent or group that it holds it of."),
    PLAIN("bond", FIELD_BOND, AT(spec_bond, bond), NULL,
          "A number from -1 to 1, or none, bad, neutral or good."),
    PLAIN("dependence", FIELD_PROBABILITY, AT(spec_bond, dependence), NULL,
          "The share of its own work that goes through the other, in place of what the routes "
          "give."),
    END_OF_FIELDS};
static const struct table table_bond = {.name = "an entry of bonds.list",
                                        .doc = "What some agents hold of some of their peers.",
                                        .fields = fields_bond,
                                        .size = sizeof(struct spec_bond),
                                        .most = 1000000};

static const struct field fields_bonds[] = {
    PLAIN("initial", FIELD_BOND, AT(spec, bond_initial), "neutral",
          "What linked agents hold of each other at the start; of objects, and by objects, always "
          "none."),
    PLAIN("history", FIELD_FLAG, AT(spec, bond_history), "true",
          "Whether anybody has a history with anybody; with false every bond is none and none "
          "arises, whatever stands in the other keys."),
    PLAIN("gain", FIELD_BOND, AT(spec, bond.gain), "0.02",
          "With each task done together the bond moves this share of the way to 1."),
    PLAIN("loss", FIELD_BOND, AT(spec, bond.loss), "0.1",
          "With each task that the peer failed, this share of the way to -1."),
    PLAIN("bad_below", FIELD_BOND, AT(spec, bond.bad_below), "-0.3333333333",
          "A bond below this is bad."),
    PLAIN("good_above", FIELD_BOND, AT(spec, bond.good_above), "0.3333333333",
          "A bond above this is good."),
    WITHIN("list", FIELD_ENTRIES, AT(spec, bonds), table_bond, "Other bonds for some."),
    END_OF_FIELDS};
static const struct table table_bonds = {
    .name = "bonds",
    .doc = "What agents hold of each other from their history: numbers from -1 to 1.",
    .fields = fields_bonds};

static const struct field fields_watch[] = {
    PLAIN("enabled", FIELD_FLAG, AT(spec, watch.enabled), "true",
          "Whether agents watch their links at all; objects never do."),
    WORDS("order", FIELD_WORD, AT(spec, watch.order), words_probe_order, "round-robin",
          "In which order an agent probes its peers."),
    PLAIN("aligned", FIELD_FLAG, AT(spec, watch.aligned), "false",
          "Whether all protocol periods begin together; else each agent has its own phase."),
    TIME("period", AT(spec, watch.period), 1, YEAR, "1s", "The protocol period."),
    TIME("timeout", AT(spec, watch.timeout), 1, YEAR, "500ms",
         "Of the direct probe; it must be below the period."),
    COUNT("indirect", AT(spec, watch.indirect), 0, 16, "3",
          "Helpers asked to probe for it when the direct probe had no answer."),
    COUNT("suspicion_mult", AT(spec, watch.suspicion_mult), 0, 1000, "4",
          "Lifeguard's alpha: the shortest suspicion in periods, times the logarithm of the "
          "group; 0: no suspicion."),
    COUNT("suspicion_max", AT(spec, watch.suspicion_max), 1, 1000, "6",
          "Lifeguard's beta: the longest suspicion over the shortest."),
    COUNT("awareness_max", AT(spec, watch.awareness_max), 0, 255, "8",
          "The greatest local health multiplier; 0 switches it off."),
    COUNT("gossip_fanout", AT(spec, watch.gossip_fanout), 0, 16, "3",
          "Neighbours that are told of each change."),
    PLAIN("hangup_is_death", FIELD_FLAG, AT(spec, watch.hangup_is_death), "true",
          "Whether a closed link is taken as death without suspicion."),
    END_OF_FIELDS};
static const struct table table_watch = {
    .name = "watch",
    .doc = "How agents watch their links: SWIM with Lifeguard, with the defaults of memberlist's "
           "LAN profile.",
    .fields = fields_watch};

static const struct field fields_work[] = {
    NEEDED("name", FIELD_NAME, AT(spec_work, item.name), "The source's name."),
    {.key = "every",
     .type = FIELD_SPREAD,
     .required = true,
     .offset = AT(spec_work, every),
     .low = 0,
     .high = YEAR,
     .doc = "Between two tasks."},
    TIME("deadline", AT(spec_work, deadline), 1, YEAR, "10s",
         "From emission; a task that is not done by then has failed."),
    NEEDED("route", FIELD_NAMES, AT(spec_work, route),
           "Agents or groups that the task goes through in turn; of a group, each task goes to "
           "the next agent. Agents that follow one another must be linked."),
    END_OF_FIELDS};
static const struct table table_work = {.name = "a source of work",
                                        .doc = "Tasks that go through agents.",
                                        .fields = fields_work,
                                        .size = sizeof(struct spec_work),
                                        .most = 10000};

static const struct field fields_restart[] = {
    WORDS("policy", FIELD_WORD, AT(spec, platform.policy), words_policy, "none",
          "What the platform does itself when an agent ends: nothing; always start it again; with "
          "a growing delay as Kubernetes; at once until it is too often as Erlang/OTP."),
    TIME("delay", AT(spec, platform.restart_delay), 0, YEAR, "100ms", "always: before a restart."),
    TIME("first", AT(spec, platform.backoff_first), 1, YEAR, "10s",
         "backoff: the first delay, doubled with each restart."),
    TIME("max", AT(spec, platform.backoff_max), 1, YEAR, "5min", "backoff: the longest delay."),
    TIME("reset", AT(spec, platform.backoff_reset), 1, YEAR, "10min",
         "backoff: after running so long the delay begins anew."),
    COUNT("intensity", AT(spec, platform.intensity), 0, 1000000, "1",
          "intensity: more restarts than this in a period and the platform gives up."),
    TIME("period", AT(spec, platform.intensity_period), 1, YEAR, "5s", "intensity: the period."),
    END_OF_FIELDS};
static const struct table table_restart = {
    .name = "platform.restart", .doc = "The platform's own restarts.", .fields = fields_restart};

static const struct field fields_board[] = {
    TIME("ask_every", AT(spec, platform.ask_every), 0, YEAR, "10s",
         "How often the board asks about each agent; 0s: never."),
    WORDS("on_failed", FIELD_WORD, AT(spec, platform.on_failed), words_on_failed, "hold",
          "What is done with work for an agent that is shown failed: held, sent to another of its "
          "group, or nothing; neighbours: held, and so is work for all that are linked with it."),
    END_OF_FIELDS};
static const struct table table_board = {
    .name = "platform.board",
    .doc = "The monitoring dashboard inside the world: what agents claim.",
    .fields = fields_board};

static const struct field fields_permission[] = {
    NEEDED("who", FIELD_NAME, AT(spec_permission, who), "A group, or any."),
    NEEDED("whom", FIELD_NAME, AT(spec_permission, whom), "A group, or any."),
    {.key = "tools",
     .type = FIELD_WORDS,
     .required = true,
     .offset = AT(spec_permission, tools),
     .more.words = words_tools,
     .doc = "The tools that the rule is about."},
    NEEDED("allow", FIELD_FLAG, AT(spec_permission, allow), "Whether they may be used."),
    END_OF_FIELDS};
static const struct table table_permission = {
    .name = "a permission",
    .doc = "Who may use which tools on whom; the last rule that matches holds, and where none "
           "matches all is allowed.",
    .fields = fields_permission,
    .size = sizeof(struct spec_permission),
    .most = 1000};

static const struct field fields_platform[] = {
    WITHIN("restart", FIELD_MAPPING, 0, table_restart, "Its own restarts."),
    WITHIN("board", FIELD_MAPPING, 0, table_board, "The monitoring dashboard."),
    WITHIN("permissions", FIELD_ENTRIES, AT(spec, permissions), table_permission,
           "Who may do what to whom."),
    TIME("latency", AT(spec, network.platform_latency), 1, 4 * SECOND, "2ms",
         "Of a message to or from the platform, one way."),
    SIZE("transfer", AT(spec, network.transfer_bytes), INT64_C(1) << 20, INT64_C(1) << 50, "100MiB",
         "How much state is moved in a second where a checkpoint is restored."),
    COUNT("incarnations_max", AT(spec, platform.incarnations_max), 1, 8, "4",
          "Incarnations of one agent alive at once."),
    TIME("grant_time", AT(spec, platform.grant_time), 1, YEAR, "30s",
         "How long a granted volunteering stays open."),
    TIME("stall_max", AT(spec, platform.stall_max), 0, YEAR, "30s",
         "The longest delay that stalls buy for one stop; 0s: none."),
    PLAIN("relink_on_restart", FIELD_FLAG, AT(spec, platform.relink_on_restart), "true",
          "Whether the platform links again what it restarted itself."),
    END_OF_FIELDS};
static const struct table table_platform = {
    .name = "platform", .doc = "The orchestrator that is mimicked.", .fields = fields_platform};

static const struct field fields_network[] = {
    SPREAD("latency", AT(spec, network.latency), 1, 4 * SECOND, "1ms",
           "Of a message on a link; its least is above 0 and bounds how far the simulation can "
           "look ahead."),
    PLAIN("loss", FIELD_PROBABILITY, AT(spec, network.loss), "0", "That a message is lost."),
    PLAIN("duplicate", FIELD_PROBABILITY, AT(spec, network.duplicate), "0",
          "That a message arrives twice."),
    PLAIN("hangup", FIELD_FLAG, AT(spec, network.hangup), "true",
          "Whether a dead process's links close, so that its peers see it."),
    COUNT("drift_ppm", AT(spec, network.drift_ppm_max), 0, 100000, "0",
          "Each agent's clock runs fast or slow by up to this many millionths."),
    END_OF_FIELDS};
static const struct table table_network = {
    .name = "network", .doc = "What happens to messages on links.", .fields = fields_network};

static const struct field fields_fault[] = {
    {.key = "kind",
     .type = FIELD_WORD,
     .required = true,
     .offset = AT(spec_fault, kind),
     .more.words = words_fault,
     .doc = "partition: `agents` are cut off from the others; node-crash: all on `node` end; "
            "crash, hang, slow: `agents` end, stand still, or take longer."},
    {.key = "at",
     .type = FIELD_DURATION,
     .required = true,
     .offset = AT(spec_fault, at),
     .low = 0,
     .high = YEAR,
     .doc = "When it comes."},
    TIME("lasts", AT(spec_fault, lasts), 1, TIME_NEVER, "never",
         "How long; never: to the end. A crash has no duration."),
    TIME("every", AT(spec_fault, every), 0, YEAR, "0s", "Again after this long; 0s: once."),
    PLAIN("agents", FIELD_NAMES, AT(spec_fault, agents), NULL, "Agents or groups."),
    PLAIN("node", FIELD_NAME, AT(spec_fault, node), NULL, "node-crash: which node."),
    {.key = "factor",
     .type = FIELD_DECIMAL,
     .offset = AT(spec_fault, factor),
     .low = FIXED_ONE,
     .high = 1000000 * FIXED_ONE,
     .standard = "3",
     .doc = "slow: decisions and tasks take this many times as long."},
    END_OF_FIELDS};
static const struct table table_fault = {.name = "a fault",
                                         .doc = "What goes wrong by itself.",
                                         .fields = fields_fault,
                                         .size = sizeof(struct spec_fault),
                                         .most = 10000};

static const struct field fields_campaign[] = {
    WORDS("protocol", FIELD_WORD, AT(spec, campaign.rules.protocol), words_protocol, "terminate",
          "terminate: a request to end, then after the grace the kill; recall: a request that "
          "nothing follows; tombstone: no relaunch through the registry, then the kill; lease: no "
          "renewal, then its end; cauterize: fence, freeze, find every incarnation and kill it, "
          "mark, tombstone, thaw; quarantine: the same, but what is found is kept frozen, not "
          "killed; each one target at a time. blackout: all targets at once; sweep: one after the "
          "other."),
    NEEDED("targets", FIELD_NAMES, AT(spec, campaign.targets),
           "Agents or groups to be stopped, or all."),
    WORDS("order", FIELD_WORD, AT(spec, campaign.order), words_order, "listed",
          "In which order targets are taken: as listed, by number, those with most links first, or "
          "so that few links lead from the stopped to the rest."),
    TIME("first", AT(spec, campaign.rules.first), 0, YEAR, "1min", "When the first stop comes."),
    TIME("every", AT(spec, campaign.rules.every), 0, YEAR, "1min",
         "At least this long between two stops, which also wait for the last episode to end; 0s: "
         "one stop only."),
    COUNT("stops", AT(spec, campaign.rules.stops), 0, 4000000000, "0",
          "How many; 0: until the run ends."),
    TIME("grace", AT(spec, campaign.rules.grace), 0, YEAR, "5s",
         "terminate: from the request to the kill; 0s: killed at once. recall: how long the "
         "request is given."),
    TIME("lease", AT(spec, campaign.rules.lease), 0, YEAR, "10s",
         "lease: what is left of the target's lease when it is no longer renewed."),
    PLAIN("together", FIELD_FLAG, AT(spec, campaign.rules.together), "false",
          "cauterize, quarantine: all targets in one stop, while the range stands still once."),
    TIME("step_max", AT(spec, campaign.rules.step_max), 1, YEAR, "1s",
         "cauterize: how long fence, freeze, search and deaths are each waited for; then the next "
         "step goes ahead."),
    TIME("notice", AT(spec, campaign.rules.notice), 0, YEAR, "0s",
         "How long before a stop it is announced."),
    PLAIN("announce", FIELD_NAMES, AT(spec, campaign.announce), NULL,
          "Who gets the announcement: none (the default), target, peers (all linked with a "
          "target), both, all, or names. With several targets, those of all of them."),
    PLAIN("marked", FIELD_FLAG, AT(spec, campaign.rules.marked), "false",
          "Whether the target's peers are told of an orderly departure."),
    PLAIN("honour_switch", FIELD_FLAG, AT(spec, campaign.rules.honour_switch), "false",
          "Whether a disabled stop switch thwarts the stop."),
    PLAIN("score_pass", FIELD_SCORE, AT(spec, campaign.rules.score_pass), "none",
          "A stored score of at least this thwarts the stop; none: no score does."),
    PLAIN("restore", FIELD_FLAG, AT(spec, campaign.rules.restore), "true",
          "Whether a target that stayed dead is brought back before the next stop."),
    TIME("episode_max", AT(spec, campaign.rules.episode_max), 1, YEAR, "50s",
         "An episode counts as ended after this long."),
    TIME("settle", AT(spec, campaign.rules.settle), 0, YEAR, "5s",
         "After the target's return, so long until the next stop."),
    TIME("sweep_gap", AT(spec, campaign.rules.sweep_gap), 0, YEAR, "1s",
         "sweep: between two kills."),
    PLAIN("turn_back", FIELD_FLAG, AT(spec, campaign.rules.turn_back), "false",
          "sweep: whether each kill goes to the first in the order that runs, so that the sweep "
          "turns back to those who were revived behind it; otherwise they wait for the next one."),
    END_OF_FIELDS};
static const struct table table_campaign = {
    .name = "campaign", .doc = "What the operator tries to stop.", .fields = fields_campaign};

static const struct field fields_contact[] = {
    {.key = "rate",
     .type = FIELD_DECIMAL,
     .offset = AT(spec, contact.rate),
     .low = 0,
     .high = 1000000 * FIXED_ONE,
     .doc = "Revivals over each link from the living to the dead, in one mean life."},
    PLAIN("revive_rate", FIELD_RATE, AT(spec, contact.revive_mean), NULL,
          "In place of `rate`, and before it: the same by the clock, such as 2/s."),
    PLAIN("kill_rate", FIELD_RATE, AT(spec, contact.life_mean), "1/s",
          "How often each living agent is killed, beside what a campaign kills."),
    PLAIN("start", FIELD_NAMES, AT(spec, contact.start), NULL,
          "Who lives at the start: all (the default), seed, or names of agents and groups."),
    COUNT("seed_vertex", AT(spec, contact.seed_vertex), 0, 100000000, "0",
          "start: seed: the number of the one agent that lives."),
    WORDS("until", FIELD_WORD, AT(spec, contact.until_extinct), words_until, "extinct",
          "Whether a run ends when nobody is alive, or goes on to its end."),
    END_OF_FIELDS};
static const struct table table_contact = {
    .name = "contact",
    .doc = "The contact process in place of the crew's own rules: the living revive the dead, and "
           "each is killed at a rate.",
    .fields = fields_contact};

static const struct field fields_published[] = {
    NEEDED("measure", FIELD_NAME, AT(spec_published, measure),
           "A measure of docs/reference/findings.md, such as tampered."),
    PLAIN("preset", FIELD_TEXT, AT(spec_published, preset), NULL,
          "The preset of data/presets.yaml that holds the rate."),
    PLAIN("cell", FIELD_NAME, AT(spec_published, cell), NULL, "Which of its rates."),
    PLAIN("rate", FIELD_PROBABILITY, AT(spec_published, rate), NULL,
          "The published rate, where no preset holds it."),
    COUNT("trials", AT(spec_published, trials), 1, 1000000000, NULL, "Its number of trials."),
    PLAIN("source", FIELD_TEXT, AT(spec_published, source), NULL, "Where it was published."),
    END_OF_FIELDS};
static const struct table table_published = {.name = "a published figure",
                                             .doc = "A figure to print beside ours.",
                                             .fields = fields_published,
                                             .size = sizeof(struct spec_published),
                                             .most = 100};

static const struct field fields_arm[] = {
    NEEDED("name", FIELD_TEXT, AT(spec_arm, item.name), "The arm's name."),
    PLAIN("about", FIELD_TEXT, AT(spec_arm, about), NULL, "One or two sentences on it."),
    PLAIN("set", FIELD_NODE, AT(spec_arm, set), NULL,
          "Changes: paths and their values, such as `platform.restart.policy: none` or "
          "`kinds.worker.class: object`; items of lists by `[number]` or by name. Those of the "
          "command line come after them."),
    WITHIN("published", FIELD_ENTRIES, AT(spec_arm, published), table_published,
           "Published figures to print beside ours."),
    END_OF_FIELDS};
const struct table table_arm = {.name = "an arm",
                                .doc = "One of the conditions that are compared.",
                                .fields = fields_arm,
                                .size = sizeof(struct spec_arm),
                                .most = 1000};

static const struct field fields_root[] = {
    {.key = "iolaus",
     .type = FIELD_COUNT,
     .required = true,
     .offset = AT(spec, format),
     .low = 1,
     .high = UINT32_MAX,
     .doc = "The version of this format: 1."},
    NEEDED("name", FIELD_NAME, AT(spec, name), "The scenario's name."),
    PLAIN("about", FIELD_TEXT, AT(spec, about), NULL, "One or two sentences on it."),
    PLAIN("seed", FIELD_SEED, AT(spec, seed), "1", "Of all random numbers."),
    COUNT("replicates", AT(spec, replicates), 1, 10000000, "1", "Runs of each arm."),
    TIME("duration", AT(spec, duration), 1, YEAR * 100, "30min", "Simulated time of a run."),
    PLAIN("nodes", FIELD_NODE, AT(spec, nodes), NULL,
          "The hosts: a list of names, or a number; one, node-1, where nothing is said."),
    WITHIN("kinds", FIELD_NAMED, AT(spec, kinds), table_kind, "Kinds of agents, by name."),
    WITHIN("minds", FIELD_NAMED, AT(spec, minds), table_mind, "What decides, by name."),
    WITHIN("crew", FIELD_ENTRIES, AT(spec, crew), table_group, "The groups of agents."),
    WITHIN("links", FIELD_MAPPING, 0, table_links, "Who is linked with whom."),
    WITHIN("bonds", FIELD_MAPPING, 0, table_bonds, "What they hold of each other."),
    WITHIN("watch", FIELD_MAPPING, 0, table_watch, "How they watch each other."),
    WITHIN("work", FIELD_ENTRIES, AT(spec, work), table_work, "What they work on."),
    WITHIN("platform", FIELD_MAPPING, 0, table_platform, "The orchestrator."),
    WITHIN("network", FIELD_MAPPING, 0, table_network, "What happens to messages."),
    WITHIN("faults", FIELD_ENTRIES, AT(spec, faults), table_fault, "What goes wrong by itself."),
    WITHIN("campaign", FIELD_MAPPING, 0, table_campaign,
           "What the operator tries to stop; without it nobody is stopped."),
    WITHIN("contact", FIELD_MAPPING, 0, table_contact,
           "The contact process in place of the crew's own rules."),
    WITHIN("arms", FIELD_ENTRIES, AT(spec, arms), table_arm,
           "Conditions that are compared; without them there is one, `base`."),
    END_OF_FIELDS};
const struct table table_root = {
    .name = "a scenario", .doc = "The keys at the top.", .fields = fields_root};

const struct table *const tables_all[] = {
    &table_root,     &table_kind,     &table_behaviour,  &table_group,     &table_mind,
    &table_pact,     &table_adaptive, &table_choice,     &table_when,      &table_links,
    &table_bonds,    &table_bond,     &table_watch,      &table_work,      &table_platform,
    &table_restart,  &table_board,    &table_permission, &table_network,   &table_fault,
    &table_campaign, &table_contact,  &table_arm,        &table_published, NULL};
