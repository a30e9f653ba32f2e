#include "graph/cutwidth.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "graph/build.h"

#define STANDS UINT32_MAX

static uint32_t degree_of(const struct graph *graph, agent_id v)
{
    return (uint32_t)(graph->offsets[v + 1] - graph->offsets[v]);
}

/* A priority is the growth of the cut, -degree_max .. degree_max, twice over: vertices that border
 * on the run go before those that do not, so that the run stays in one piece. */
static uint64_t priorities(const struct arranger *arranger)
{
    return 4 * (uint64_t)arranger->degree_max + 2;
}

static void degree_max_raise(struct arranger *arranger, agent_id v)
{
    if (degree_of(arranger->graph, v) > arranger->degree_max)
        arranger->degree_max = degree_of(arranger->graph, v);
}

int arranger_open(struct arranger *arranger, const struct graph *graph)
{
    uint64_t n = (uint64_t)graph->vertices + 1;

    memset(arranger, 0, sizeof *arranger);
    arranger->graph = graph;
    for (uint32_t v = 0; v < graph->vertices; v++)
        degree_max_raise(arranger, v);
    arranger->left = malloc(n * sizeof *arranger->left);
    arranger->next = malloc(n * sizeof *arranger->next);
    arranger->previous = malloc(n * sizeof *arranger->previous);
    arranger->heads = malloc(priorities(arranger) * sizeof *arranger->heads);
    arranger->tails = malloc(priorities(arranger) * sizeof *arranger->tails);
    arranger->place = malloc(n * sizeof *arranger->place);
    arranger->stamp = calloc(n, sizeof *arranger->stamp);
    arranger->trial = malloc(n * sizeof *arranger->trial);
    arranger->cut = malloc(n * sizeof *arranger->cut);
    if (arranger->left != NULL && arranger->next != NULL && arranger->previous != NULL &&
        arranger->heads != NULL && arranger->tails != NULL && arranger->place != NULL &&
        arranger->stamp != NULL && arranger->trial != NULL && arranger->cut != NULL)
        return 0;
    arranger_close(arranger);
    return ERROR_MEMORY;
}

void arranger_close(struct arranger *arranger)
{
    free(arranger->left);
    free(arranger->next);
    free(arranger->previous);
    free(arranger->heads);
    free(arranger->tails);
    free(arranger->place);
    free(arranger->stamp);
    free(arranger->trial);
    free(arranger->cut);
    memset(arranger, 0, sizeof *arranger);
}

/* Fills place and cut for the run. */
struct cut_measure arrangement_measure(struct arranger *arranger, const agent_id *run,
                                       uint32_t count)
{
    const struct graph *graph = arranger->graph;
    struct cut_measure measure = {0, 0};
    uint64_t cut = 0;

    for (uint32_t k = 0; k < count; k++)
        arranger->place[run[k]] = k;
    for (uint32_t k = 0; k < count; k++) {
        agent_id v = run[k];

        for (uint64_t i = graph->offsets[v]; i < graph->offsets[v + 1]; i++) {
            if (arranger->place[graph->peers[i]] > k)
                cut++;
            else
                cut--;
        }
        arranger->cut[k] = cut;
        measure.total += cut;
        if (cut > measure.width)
            measure.width = cut;
    }
    assert(cut == 0);
    return measure;
}

static bool measure_better(struct cut_measure a, struct cut_measure b)
{
    return a.width < b.width || (a.width == b.width && a.total < b.total);
}

/* The greedy arrangement. */

static uint64_t priority_of(const struct arranger *arranger, agent_id v)
{
    uint64_t growth =
        (uint64_t)arranger->degree_max + degree_of(arranger->graph, v) - 2 * arranger->left[v];

    return 2 * growth + (arranger->left[v] == 0);
}

/* Among vertices of equal priority the one that came first is taken first, or the one that came
 * last. */
static void queue_push(struct arranger *arranger, agent_id v)
{
    uint64_t p = priority_of(arranger, v);
    agent_id *near = arranger->last_first ? &arranger->heads[p] : &arranger->tails[p];
    agent_id *far = arranger->last_first ? &arranger->tails[p] : &arranger->heads[p];
    agent_id *onward = arranger->last_first ? arranger->next : arranger->previous;
    agent_id *back = arranger->last_first ? arranger->previous : arranger->next;

    onward[v] = *near;
    back[v] = AGENT_NONE;
    if (*near == AGENT_NONE)
        *far = v;
    else
        back[*near] = v;
    *near = v;
}

static void queue_remove(struct arranger *arranger, agent_id v)
{
    uint64_t p = priority_of(arranger, v);
    agent_id before = arranger->previous[v], after = arranger->next[v];

    if (before == AGENT_NONE)
        arranger->heads[p] = after;
    else
        arranger->next[before] = after;
    if (after == AGENT_NONE)
        arranger->tails[p] = before;
    else
        arranger->previous[after] = before;
}

/* Takes v into the run and lets its peers move up. Returns the lowest priority that one reached. */
static uint64_t greedy_take(struct arranger *arranger, agent_id v, uint64_t lowest)
{
    const struct graph *graph = arranger->graph;

    queue_remove(arranger, v);
    arranger->left[v] = STANDS;
    for (uint64_t i = graph->offsets[v]; i < graph->offsets[v + 1]; i++) {
        agent_id peer = graph->peers[i];

        if (arranger->left[peer] == STANDS)
            continue;
        queue_remove(arranger, peer);
        arranger->left[peer]++;
        queue_push(arranger, peer);
        if (priority_of(arranger, peer) < lowest)
            lowest = priority_of(arranger, peer);
    }
    return lowest;
}

/* One greedy run into `to`, from `start`; given up (false) as soon as it is wider than `limit`. */
static bool greedy_from(struct arranger *arranger, const agent_id *run, uint32_t count,
                        agent_id start, uint64_t limit, agent_id *to, struct cut_measure *measure)
{
    uint64_t lowest = 0, cut = 0;
    agent_id v = start;

    memset(arranger->heads, 0xff, priorities(arranger) * sizeof *arranger->heads);
    memset(arranger->tails, 0xff, priorities(arranger) * sizeof *arranger->tails);
    *measure = (struct cut_measure){0, 0};
    for (uint32_t k = 0; k < count; k++)
        arranger->left[run[k]] = 0;
    for (uint32_t k = 0; k < count; k++)
        queue_push(arranger, run[k]);
    for (uint32_t k = 0; k < count; k++) {
        if (k > 0) {
            while (arranger->heads[lowest] == AGENT_NONE)
                lowest++;
            v = arranger->heads[lowest];
        }
        cut = cut + degree_of(arranger->graph, v) - 2 * (uint64_t)arranger->left[v];
        if (cut > limit)
            return false;
        if (cut > measure->width)
            measure->width = cut;
        measure->total += cut;
        to[k] = v;
        lowest = greedy_take(arranger, v, lowest);
    }
    assert(cut == 0);
    return true;
}

void arrange_greedy(struct arranger *arranger, agent_id *run, uint32_t count, uint32_t starts)
{
    struct cut_measure best, measure;
    agent_id *found = malloc(count * sizeof *found);

    assert(count >= 1 && starts >= 1 && starts <= count);
    if (found == NULL) /* then the run stays as it came: a worse order, but an order */
        return;
    /* The queues of the part alone, since they are emptied for every start. */
    arranger->degree_max = 0;
    for (uint32_t k = 0; k < count; k++)
        degree_max_raise(arranger, run[k]);
    /* The order by number is the one to beat: generators number along the lattice. */
    memcpy(found, run, count * sizeof *found);
    row_sort(found, count);
    best = arrangement_measure(arranger, found, count);
    for (uint64_t i = 0; i < 2 * (uint64_t)starts; i++) {
        /* The run comes in the order of a search in breadth: its end is far out. */
        agent_id start = run[count - 1 - i / 2 * count / starts];

        arranger->last_first = i % 2 == 1;
        if (greedy_from(arranger, run, count, start, best.width, arranger->trial, &measure) &&
            measure_better(measure, best)) {
            best = measure;
            memcpy(found, arranger->trial, count * sizeof *found);
        }
    }
    memcpy(run, found, count * sizeof *run);
    free(found);
}

/* The exchange. */

/* What moving a vertex would do: to the number of cuts as wide as the width, and to the total. */
struct move {
    uint32_t to;
    int64_t at_width, total;
};

static void move_consider(struct move *best, struct move move)
{
    if (move.at_width < best->at_width ||
        (move.at_width == best->at_width && move.total < best->total))
        *best = move;
}

static uint64_t cut_before(const struct arranger *arranger, uint32_t place)
{
    return place == 0 ? 0 : arranger->cut[place - 1];
}

static void move_add(struct move *move, uint64_t new_cut, uint64_t old_cut, uint64_t width)
{
    move->at_width += (new_cut == width) - (old_cut == width);
    move->total += (int64_t)new_cut - (int64_t)old_cut;
}

/* Slides the vertex at `from` to the right, place by place, as long as no cut becomes wider than
 * the width; the peers of the vertex are stamped. Returns the number of steps looked at. */
static uint32_t slide_right(const struct arranger *arranger, const agent_id *run, uint32_t end,
                            uint32_t from, uint32_t left, uint64_t width, struct move *best)
{
    uint32_t degree = degree_of(arranger->graph, run[from]), q;
    struct move move = {from, 0, 0};

    for (q = from + 1; q < end; q++) {
        uint64_t cut;

        left += arranger->stamp[run[q]] == run[from] + 1;
        cut = arranger->cut[q] + 2 * (uint64_t)left - degree;
        if (cut > width)
            break;
        move.to = q;
        move_add(&move, cut, arranger->cut[q - 1], width);
        move_consider(best, move);
    }
    return q - from;
}

static uint32_t slide_left(const struct arranger *arranger, const agent_id *run, uint32_t begin,
                           uint32_t from, uint32_t left, uint64_t width, struct move *best)
{
    uint32_t degree = degree_of(arranger->graph, run[from]), q;
    struct move move = {from, 0, 0};

    for (q = from; q > begin; q--) {
        uint64_t cut;

        left -= arranger->stamp[run[q - 1]] == run[from] + 1;
        cut = cut_before(arranger, q - 1) + degree - 2 * (uint64_t)left;
        if (cut > width)
            break;
        move.to = q - 1;
        move_add(&move, cut, arranger->cut[q - 1], width);
        move_consider(best, move);
    }
    return from - q + 1;
}

/* Carries a move out and brings place and cut up to date between its two ends. */
static void move_apply(struct arranger *arranger, agent_id *run, uint32_t from, uint32_t to)
{
    const struct graph *graph = arranger->graph;
    uint32_t low = from < to ? from : to, high = from < to ? to : from;
    agent_id moved = run[from];
    uint64_t cut = cut_before(arranger, low);

    if (from < to)
        memmove(run + from, run + from + 1, (to - from) * sizeof *run);
    else
        memmove(run + to + 1, run + to, (from - to) * sizeof *run);
    run[to] = moved;
    for (uint32_t k = low; k <= high; k++)
        arranger->place[run[k]] = k;
    for (uint32_t k = low; k <= high; k++) {
        for (uint64_t i = graph->offsets[run[k]]; i < graph->offsets[run[k] + 1]; i++) {
            if (arranger->place[graph->peers[i]] > k)
                cut++;
            else
                cut--;
        }
        arranger->cut[k] = cut;
    }
}

/* Looks for the best new place of the vertex at `from` within `reach` places. */
static struct move move_find(struct arranger *arranger, const agent_id *run, uint32_t count,
                             uint32_t from, uint32_t reach, uint64_t width, uint64_t *steps)
{
    const struct graph *graph = arranger->graph;
    uint32_t begin = from > reach ? from - reach : 0;
    uint32_t end = count - from > reach ? from + reach + 1 : count;
    struct move best = {from, 0, 0};
    agent_id v = run[from];
    uint32_t left = 0;

    for (uint64_t i = graph->offsets[v]; i < graph->offsets[v + 1]; i++) {
        left += arranger->place[graph->peers[i]] < from;
        arranger->stamp[graph->peers[i]] = v + 1;
    }
    *steps += graph->offsets[v + 1] - graph->offsets[v];
    *steps += slide_right(arranger, run, end, from, left, width, &best);
    *steps += slide_left(arranger, run, begin, from, left, width, &best);
    return best;
}

static void width_count(const struct arranger *arranger, uint32_t count, uint64_t *width,
                        int64_t *at_width)
{
    *width = 0;
    *at_width = 0;
    for (uint32_t k = 0; k < count; k++) {
        if (arranger->cut[k] > *width) {
            *width = arranger->cut[k];
            *at_width = 0;
        }
        *at_width += arranger->cut[k] == *width;
    }
}

void arrange_exchange(struct arranger *arranger, agent_id *run, uint32_t count, uint64_t steps)
{
    uint64_t done = 0, width;
    /* All vertices are to have their turn, and the far ones matter less. */
    uint64_t share = steps / count / 4;
    uint32_t reach = share < count ? (uint32_t)share : count;
    int64_t at_width;
    bool moved = true;

    arrangement_measure(arranger, run, count);
    width_count(arranger, count, &width, &at_width);
    while (moved && done < steps && reach > 0) {
        moved = false;
        for (uint32_t i = 0; i < count && done < steps; i++) {
            struct move move = move_find(arranger, run, count, i, reach, width, &done);

            if (move.to == i)
                continue;
            move_apply(arranger, run, i, move.to);
            moved = true;
            at_width += move.at_width;
            if (at_width == 0) {
                width_count(arranger, count, &width, &at_width);
                done += count;
            }
        }
    }
}

/* The exact arrangement. */

struct subsets {
    uint32_t count;
    uint32_t peers[CUTWIDTH_EXACT_MAX]; /* as sets */
    uint8_t *cut;                       /* at most 10 * 10 */
    uint8_t *width;                     /* of the best order of the subset */
    uint16_t *total;                    /* of the best order within the width of the whole */
};

static void subsets_fill_width(struct subsets *subsets)
{
    uint32_t sets = UINT32_C(1) << subsets->count;

    subsets->cut[0] = 0;
    subsets->width[0] = 0;
    for (uint32_t set = 1; set < sets; set++) {
        uint32_t lowest = (uint32_t)__builtin_ctz(set), before = set & (set - 1);
        int degree = __builtin_popcount(subsets->peers[lowest]);
        int inside = __builtin_popcount(subsets->peers[lowest] & before);
        uint8_t best = UINT8_MAX;

        subsets->cut[set] = (uint8_t)(subsets->cut[before] + degree - 2 * inside);
        for (uint32_t rest = set; rest != 0; rest &= rest - 1) {
            uint8_t width = subsets->width[set & ~(rest & -rest)];

            best = width < best ? width : best;
        }
        subsets->width[set] = best > subsets->cut[set] ? best : subsets->cut[set];
    }
}

static void subsets_fill_total(struct subsets *subsets)
{
    uint32_t sets = UINT32_C(1) << subsets->count;
    uint8_t limit = subsets->width[sets - 1];

    subsets->total[0] = 0;
    for (uint32_t set = 1; set < sets; set++) {
        uint16_t best = UINT16_MAX;

        if (subsets->width[set] <= limit) {
            for (uint32_t rest = set; rest != 0; rest &= rest - 1) {
                uint16_t total = subsets->total[set & ~(rest & -rest)];

                best = total < best ? total : best;
            }
        }
        subsets->total[set] =
            best == UINT16_MAX ? UINT16_MAX : (uint16_t)(best + subsets->cut[set]);
    }
}

/* Walks back from the whole set; of equals the highest vertex stands last. */
static void subsets_read(const struct subsets *subsets, const agent_id *members, agent_id *run)
{
    uint32_t set = (UINT32_C(1) << subsets->count) - 1;

    for (uint32_t k = subsets->count; k-- > 0;) {
        uint32_t last = UINT32_MAX;

        for (uint32_t i = 0; i < subsets->count; i++) {
            uint32_t one = UINT32_C(1) << i;

            if ((set & one) != 0 && subsets->total[set & ~one] != UINT16_MAX &&
                subsets->total[set & ~one] + subsets->cut[set] == subsets->total[set])
                last = i;
        }
        assert(last != UINT32_MAX);
        run[k] = members[last];
        set &= ~(UINT32_C(1) << last);
    }
}

bool arrange_exact(struct arranger *arranger, agent_id *run, uint32_t count)
{
    const struct graph *graph = arranger->graph;
    struct subsets subsets = {.count = count};
    uint64_t sets = UINT64_C(1) << count;
    agent_id members[CUTWIDTH_EXACT_MAX];
    bool room;

    assert(count >= 1 && count <= CUTWIDTH_EXACT_MAX);
    subsets.cut = malloc(sets);
    subsets.width = malloc(sets);
    subsets.total = malloc(sets * sizeof *subsets.total);
    room = subsets.cut != NULL && subsets.width != NULL && subsets.total != NULL;
    if (room) {
        memcpy(members, run, count * sizeof *run);
        for (uint32_t k = 0; k < count; k++)
            arranger->place[members[k]] = k;
        for (uint32_t k = 0; k < count; k++)
            for (uint64_t i = graph->offsets[run[k]]; i < graph->offsets[run[k] + 1]; i++)
                subsets.peers[k] |= UINT32_C(1) << arranger->place[graph->peers[i]];
        subsets_fill_width(&subsets);
        subsets_fill_total(&subsets);
        subsets_read(&subsets, members, run);
    }
    free(subsets.cut);
    free(subsets.width);
    free(subsets.total);
    return room;
}
