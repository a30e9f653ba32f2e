#include <criterion/criterion.h>

#include "graph/draws.h"
#include "graph/graph.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <igraph/igraph.h>

static struct graph make(struct graph_rules rules, uint32_t vertices, uint64_t seed)
{
    struct graph graph;
    struct error error = {0};
    int code = graph_generate(&graph, &rules, vertices, seed, 0, &error);

    cr_assert_eq(code, 0, "kind %u, %u vertices, degree %u, seed %" PRIu64 ": %s", rules.kind,
                 vertices, rules.degree, seed, error.message);
    return graph;
}

static uint64_t degree(const struct graph *graph, uint32_t v)
{
    return graph->offsets[v + 1] - graph->offsets[v];
}

static bool linked(const struct graph *graph, agent_id a, agent_id b)
{
    for (uint64_t i = graph->offsets[a]; i < graph->offsets[a + 1]; i++)
        if (graph->peers[i] == b)
            return true;
    return false;
}

/* What every graph must be: ascending rows, no loop, no double, every edge on both sides. */
static void assert_sound(const struct graph *graph)
{
    cr_assert_eq(graph->offsets[0], 0);
    cr_assert_eq(graph->offsets[graph->vertices], 2 * graph->edges);
    for (uint32_t v = 0; v < graph->vertices; v++) {
        for (uint64_t i = graph->offsets[v]; i < graph->offsets[v + 1]; i++) {
            cr_assert_lt(graph->peers[i], graph->vertices);
            cr_assert_neq(graph->peers[i], v, "loop at %u", v);
            cr_assert(i == graph->offsets[v] || graph->peers[i - 1] < graph->peers[i],
                      "row %u does not ascend", v);
            cr_assert(linked(graph, graph->peers[i], v), "%u - %u stands once", v, graph->peers[i]);
        }
    }
}

static uint32_t components(const struct graph *graph)
{
    agent_id *queue = malloc((graph->vertices + 1) * sizeof *queue);
    bool *seen = calloc(graph->vertices + 1, sizeof *seen);
    uint32_t found = 0;

    for (uint32_t first = 0; first < graph->vertices; first++) {
        uint32_t count = 0;

        if (seen[first])
            continue;
        found++;
        queue[count++] = first;
        seen[first] = true;
        for (uint32_t k = 0; k < count; k++)
            for (uint64_t i = graph->offsets[queue[k]]; i < graph->offsets[queue[k] + 1]; i++)
                if (!seen[graph->peers[i]]) {
                    seen[graph->peers[i]] = true;
                    queue[count++] = graph->peers[i];
                }
    }
    free(queue);
    free(seen);
    return found;
}

static void digest_hex(const struct graph *graph, char hex[17])
{
    unsigned char digest[32];

    graph_digest(graph, digest);
    for (int i = 0; i < 8; i++)
        sprintf(hex + 2 * i, "%02x", digest[i]);
}

Test(graph, edges_in_any_order_and_direction_are_joined)
{
    const struct edge edges[] = {{3, 1}, {0, 1}, {1, 3}, {2, 0}, {1, 0}};
    const agent_id peers[] = {1, 2, 0, 3, 0, 1};
    struct graph graph;

    cr_assert_eq(graph_from_edges(&graph, 4, edges, 5, NULL), 0);
    assert_sound(&graph);
    cr_assert_eq(graph.edges, 3);
    cr_assert_arr_eq(graph.peers, peers, sizeof peers);
    graph_close(&graph);
    cr_assert_null(graph.peers);
}

Test(graph, loops_and_strangers_are_refused_by_place)
{
    const struct edge loop[] = {{0, 1}, {2, 2}}, stranger[] = {{0, 1}, {1, 2}, {2, 3}};
    struct graph graph;
    struct error error;

    cr_assert_eq(graph_from_edges(&graph, 3, loop, 2, &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "edge 2: vertex 2 is linked to itself"), "%s", error.message);
    cr_assert_eq(graph_from_edges(&graph, 3, stranger, 3, &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "edge 3: vertex 3 does not exist"), "%s", error.message);
    cr_assert_null(graph.offsets);
}

Test(graph, no_vertices_and_one_vertex_are_graphs_too)
{
    for (int kind = GRAPH_NONE; kind <= GRAPH_GRID; kind++) {
        for (uint32_t n = 0; n <= 1; n++) {
            struct graph graph =
                make((struct graph_rules){.kind = (uint8_t)kind, .degree = 2, .torus = 1}, n, 1);

            cr_assert_eq(graph.vertices, n);
            cr_assert_eq(graph.edges, 0, "kind %d of %u vertices has edges", kind, n);
            graph_close(&graph);
        }
    }
}

Test(graph, fixed_kinds_have_their_edges)
{
    for (uint32_t n = 2; n <= 70; n++) {
        struct graph ring = make((struct graph_rules){.kind = GRAPH_RING}, n, 1);
        struct graph path = make((struct graph_rules){.kind = GRAPH_PATH}, n, 1);
        struct graph complete = make((struct graph_rules){.kind = GRAPH_COMPLETE}, n, 1);
        struct graph star = make((struct graph_rules){.kind = GRAPH_STAR}, n, 1);
        struct graph tree = make((struct graph_rules){.kind = GRAPH_TREE, .degree = 3}, n, 1);
        struct graph *all[5] = {&ring, &path, &complete, &star, &tree};

        cr_assert_eq(ring.edges, n == 2 ? 1 : n);
        cr_assert_eq(path.edges, n - 1);
        cr_assert_eq(complete.edges, (uint64_t)n * (n - 1) / 2);
        cr_assert_eq(star.edges, n - 1);
        cr_assert_eq(degree(&star, 0), n - 1);
        cr_assert_eq(tree.edges, n - 1);
        for (uint32_t v = 0; v < n; v++) {
            cr_assert_eq(degree(&ring, v), n == 2 ? 1 : 2);
            cr_assert(linked(&ring, v, (v + 1) % n));
            cr_assert(v == 0 || linked(&path, v - 1, v));
            cr_assert(v == 0 || linked(&tree, v, (v - 1) / 3));
        }
        for (size_t i = 0; i < 5; i++) {
            assert_sound(all[i]);
            cr_assert_eq(components(all[i]), 1);
            graph_close(all[i]);
        }
    }
}

Test(graph, grids_have_their_edges)
{
    for (uint32_t rows = 1; rows <= 6; rows++) {
        for (uint32_t columns = 1; columns <= 6; columns++) {
            uint32_t n = rows * columns;
            struct graph_rules rules = {.kind = GRAPH_GRID, .columns = columns};
            struct graph grid = make(rules, n, 1), torus;
            uint64_t inner = (uint64_t)rows * (columns - 1) + (uint64_t)columns * (rows - 1);

            rules.torus = 1;
            torus = make(rules, n, 1);
            assert_sound(&grid);
            assert_sound(&torus);
            cr_assert_eq(components(&grid), 1);
            cr_assert_eq(grid.edges, inner);
            cr_assert_eq(torus.edges,
                         inner + (columns >= 3 ? rows : 0) + (rows >= 3 ? columns : 0));
            if (rows >= 3 && columns >= 3)
                for (uint32_t v = 0; v < n; v++)
                    cr_assert_eq(degree(&torus, v), 4);
            graph_close(&grid);
            graph_close(&torus);
        }
    }
}

Test(graph, a_grid_without_columns_is_the_most_square_one)
{
    struct graph grid = make((struct graph_rules){.kind = GRAPH_GRID}, 12, 1);

    /* 3 rows of 4 */
    cr_assert(linked(&grid, 0, 4) && !linked(&grid, 0, 3) && !linked(&grid, 3, 4));
    graph_close(&grid);
}

Test(graph, rules_that_cannot_be_met_are_refused)
{
    const struct {
        struct graph_rules rules;
        uint32_t vertices;
        const char *says;
    } cases[] = {
        {{.kind = GRAPH_RANDOM_REGULAR, .degree = 5}, 5, "needs at least 6 vertices, there are 5"},
        {{.kind = GRAPH_RANDOM_REGULAR, .degree = 6}, 5, "needs at least 7 vertices"},
        {{.kind = GRAPH_RANDOM_REGULAR, .degree = 3}, 5, "degree 3 times 5 vertices is odd"},
        {{.kind = GRAPH_RANDOM_REGULAR}, 5, "degree is 0"},
        {{.kind = GRAPH_SMALL_WORLD, .degree = 3}, 9, "must be even"},
        {{.kind = GRAPH_SMALL_WORLD, .degree = 0}, 9, "must be even and at least 2"},
        {{.kind = GRAPH_SMALL_WORLD, .degree = 4}, 4, "needs at least 5 vertices"},
        {{.kind = GRAPH_SMALL_WORLD, .degree = 2, .rewire = PROBABILITY_ONE + 1}, 9, "above 1"},
        {{.kind = GRAPH_SCALE_FREE, .degree = 0}, 9, "at least 1"},
        {{.kind = GRAPH_SCALE_FREE, .degree = 9}, 9, "below the number of vertices"},
        {{.kind = GRAPH_TREE}, 9, "arity"},
        {{.kind = GRAPH_GRID, .columns = 4}, 9, "do not fill rows of 4"},
        {{.kind = GRAPH_KIND_COUNT}, 9, "no generator"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph graph;
        struct error error = {0};

        cr_assert_eq(graph_generate(&graph, &cases[i].rules, cases[i].vertices, 1, 0, &error),
                     ERROR_INPUT, "case %zu was let pass", i);
        cr_assert(strstr(error.message, cases[i].says), "case %zu: %s", i, error.message);
        cr_assert_null(graph.offsets);
    }
}

Test(graph, too_many_edges_are_refused_before_memory_is_asked_for)
{
    struct graph graph;
    struct error error = {0};
    struct graph_rules rules = {.kind = GRAPH_COMPLETE};

    cr_assert_eq(graph_generate(&graph, &rules, 1000000, 1, 0, &error), ERROR_LIMIT);
    cr_assert(strstr(error.message, "499999500000 edges"), "%s", error.message);
}

Test(graph, random_regular_is_regular_and_simple_for_every_size)
{
    for (uint32_t n = 2; n <= 26; n++) {
        for (uint32_t d = 1; d < n; d++) {
            for (uint64_t seed = 0; seed < 4 && n * d % 2 == 0; seed++) {
                struct graph graph =
                    make((struct graph_rules){.kind = GRAPH_RANDOM_REGULAR, .degree = d}, n, seed);

                assert_sound(&graph);
                for (uint32_t v = 0; v < n; v++)
                    cr_assert_eq(degree(&graph, v), d, "n %u d %u seed %" PRIu64 ": vertex %u", n,
                                 d, seed, v);
                graph_close(&graph);
            }
        }
    }
}

Test(graph, random_regular_of_larger_sizes)
{
    const uint32_t sizes[][2] = {{20000, 8}, {1000, 499}, {1000, 500}, {400, 3},
                                 {1001, 2},  {500, 100},  {300, 297},  {5000, 1}};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct graph graph =
            make((struct graph_rules){.kind = GRAPH_RANDOM_REGULAR, .degree = sizes[i][1]},
                 sizes[i][0], i);

        assert_sound(&graph);
        for (uint32_t v = 0; v < graph.vertices; v++)
            cr_assert_eq(degree(&graph, v), sizes[i][1]);
        /* From degree 3 on they are connected with a probability near 1 (Bollobas 1981). */
        if (sizes[i][1] >= 3)
            cr_assert_eq(components(&graph), 1, "n %u d %u", sizes[i][0], sizes[i][1]);
        graph_close(&graph);
    }
}

/* The share of random regular graphs that have a triangle. */
static double triangle_share(uint32_t vertices, uint32_t of_degree, int runs)
{
    int found = 0;

    for (int seed = 0; seed < runs; seed++) {
        struct graph graph =
            make((struct graph_rules){.kind = GRAPH_RANDOM_REGULAR, .degree = of_degree}, vertices,
                 (uint64_t)seed);
        bool triangle = false;

        for (agent_id a = 0; a < vertices; a++)
            for (agent_id b = 0; b < a; b++)
                for (agent_id c = 0; c < b; c++)
                    triangle |=
                        linked(&graph, a, b) && linked(&graph, b, c) && linked(&graph, a, c);
        found += triangle;
        graph_close(&graph);
    }
    return found / (double)runs;
}

/*
 * On 6 vertices there are 70 graphs of degree 3: 60 prisms, and 10 K_3,3, which have no triangle.
 * On 7 vertices there are 465 of degree 2: 105 have a triangle, and 360 are the ring. These are as
 * small as graphs get, where drawing again and switching weigh most.
 */
Test(graph, random_regular_is_even_enough)
{
    double cubic = triangle_share(6, 3, 20000), pairs = triangle_share(7, 2, 20000);

    cr_assert(fabs(cubic - 60.0 / 70) < 0.02, "prisms: %g", cubic);
    cr_assert(fabs(pairs - 105.0 / 465) < 0.02, "triangles: %g", pairs);
}

Test(graph, small_world_without_rewiring_is_the_lattice)
{
    struct graph graph = make((struct graph_rules){.kind = GRAPH_SMALL_WORLD, .degree = 6}, 50, 1);

    assert_sound(&graph);
    cr_assert_eq(graph.edges, 150);
    for (agent_id v = 0; v < 50; v++)
        for (agent_id j = 1; j <= 3; j++)
            cr_assert(linked(&graph, v, (v + j) % 50));
    graph_close(&graph);
}

static uint64_t lattice_edges(const struct graph *graph, uint32_t reach)
{
    uint64_t kept = 0;

    for (agent_id v = 0; v < graph->vertices; v++)
        for (agent_id j = 1; j <= reach; j++)
            kept += linked(graph, v, (v + j) % graph->vertices);
    return kept;
}

Test(graph, small_world_rewires_its_share)
{
    const double shares[] = {0.01, 0.1, 0.5, 1};

    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        struct graph graph =
            make((struct graph_rules){.kind = GRAPH_SMALL_WORLD,
                                      .degree = 8,
                                      .rewire = (probability)(shares[i] * 4294967296.0)},
                 20000, i);
        double moved = 1 - (double)lattice_edges(&graph, 4) / 80000;

        assert_sound(&graph);
        cr_assert_eq(graph.edges, 80000);
        /* A rewired edge falls on the lattice again with probability 8 / 20000. */
        cr_assert(fabs(moved - shares[i]) < 4 * sqrt(shares[i] * (1 - shares[i]) / 80000) + 0.001,
                  "%g of the edges moved, rewire is %g", moved, shares[i]);
        for (agent_id v = 0; v < graph.vertices; v++)
            cr_assert(degree(&graph, v) >= 4, "the edges of a vertex stay its own");
        graph_close(&graph);
    }
}

/* Where a vertex is linked to all others, its edges must stay: this must end, and stay simple. */
Test(graph, small_world_survives_being_nearly_complete)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        for (uint32_t n = 3; n <= 12; n++) {
            struct graph graph = make((struct graph_rules){.kind = GRAPH_SMALL_WORLD,
                                                           .degree = (n - 1) / 2 * 2,
                                                           .rewire = PROBABILITY_ONE},
                                      n, seed);

            assert_sound(&graph);
            cr_assert_eq(graph.edges, (uint64_t)n * ((n - 1) / 2));
            graph_close(&graph);
        }
    }
}

/* Barabasi and Albert in the exact form of Dorogovtsev, Mendes and Samukhin (Phys. Rev. Lett. 85,
 * 2000): the share of vertices of degree k or more tends to m (m + 1) / (k (k + 1)). */
Test(graph, scale_free_has_its_tail)
{
    const uint32_t n = 100000, m = 3;
    struct graph graph = make((struct graph_rules){.kind = GRAPH_SCALE_FREE, .degree = m}, n, 5);

    assert_sound(&graph);
    cr_assert_eq(graph.edges, m * (m + 1) / 2 + (uint64_t)(n - m - 1) * m);
    cr_assert_eq(components(&graph), 1);
    for (uint32_t k = m; k <= 96; k *= 2) {
        uint32_t tail = 0;
        double want = (double)m * (m + 1) / ((double)k * (k + 1));

        for (agent_id v = 0; v < n; v++)
            tail += degree(&graph, v) >= k;
        cr_assert(fabs((double)tail / n - want) < 5 * sqrt(want / n) + 0.01 * want,
                  "degree %u or more: %g, expected %g", k, (double)tail / n, want);
    }
    graph_close(&graph);
}

/* With this limit, draws that reject nothing give a multiple of 3 every second time. */
Test(graph, draws_are_without_bias)
{
    struct draws draws = draws_make(1, 2);
    const int runs = 90000;
    int multiples = 0;

    for (int i = 0; i < runs; i++)
        multiples += draws_below(&draws, UINT32_C(3) << 30) % 3 == 0;
    cr_assert(abs(multiples - runs / 3) < 4 * sqrt(runs * 2.0 / 9), "%d of %d", multiples, runs);
}

/* Known digests: every compiler, optimisation level and machine must give these bits. */
Test(graph, same_seed_same_digest)
{
    const struct {
        struct graph_rules rules;
        uint32_t vertices;
        const char *digest;
    } cases[] = {
        {{.kind = GRAPH_RING}, 10, "d702de1d95aa6909"},
        {{.kind = GRAPH_GRID, .torus = 1}, 30, "8d6fd3152e664325"},
        {{.kind = GRAPH_SMALL_WORLD, .degree = 4, .rewire = PROBABILITY_ONE / 8},
         1000,
         "cd6af15cd858832c"},
        {{.kind = GRAPH_SCALE_FREE, .degree = 3}, 1000, "813b28a288031979"},
        {{.kind = GRAPH_RANDOM_REGULAR, .degree = 8}, 1000, "d762c8dc5486c5b6"},
        {{.kind = GRAPH_RANDOM_REGULAR, .degree = 20}, 30, "cb57b426c38b5d94"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph graph = make(cases[i].rules, cases[i].vertices, 42), other;
        char hex[17], again[17];

        digest_hex(&graph, hex);
        cr_expect_str_eq(hex, cases[i].digest, "case %zu gives %s", i, hex);
        other = make(cases[i].rules, cases[i].vertices, 42);
        digest_hex(&other, again);
        cr_assert_str_eq(again, hex);
        graph_close(&other);
        if (cases[i].rules.kind >= GRAPH_SMALL_WORLD) {
            other = make(cases[i].rules, cases[i].vertices, 43);
            digest_hex(&other, again);
            cr_assert_str_neq(again, hex, "case %zu: the seed changes nothing", i);
            graph_close(&other);
            cr_assert_eq(graph_generate(&other, &cases[i].rules, cases[i].vertices, 42, 1, NULL),
                         0);
            digest_hex(&other, again);
            cr_assert_str_neq(again, hex, "case %zu: the replicate changes nothing", i);
            graph_close(&other);
        }
        graph_close(&graph);
    }
}

/* The digest of the path 0 - 1 - 2 is SHA-256 of the words 3, 0, 1, 1, 2 of 32 bits. */
Test(graph, digest_is_as_documented)
{
    struct graph path = make((struct graph_rules){.kind = GRAPH_PATH}, 3, 1);
    char hex[17];

    digest_hex(&path, hex);
    cr_assert_str_eq(hex, "1c1f52f06bfa5b55");
    graph_close(&path);
}

Test(graph, repeat_makes_disjoint_copies)
{
    struct graph one = make((struct graph_rules){.kind = GRAPH_RING}, 5, 1), many;
    struct error error = {0};

    cr_assert_eq(graph_repeat(&many, &one, 7, NULL), 0);
    assert_sound(&many);
    cr_assert_eq(many.vertices, 35);
    cr_assert_eq(many.edges, 35);
    cr_assert_eq(components(&many), 7);
    for (agent_id v = 0; v < 35; v++)
        cr_assert(linked(&many, v, v / 5 * 5 + (v + 1) % 5));
    graph_close(&many);
    cr_assert_eq(graph_repeat(&many, &one, UINT32_MAX, &error), ERROR_LIMIT);
    cr_assert_eq(graph_repeat(&many, &one, 0, NULL), 0);
    cr_assert_eq(many.vertices, 0);
    graph_close(&many);
    graph_close(&one);
}

/* igraph is a second opinion on what was built. */
Test(graph, igraph_agrees_on_degrees_and_components)
{
    const struct graph_rules rules[] = {
        {.kind = GRAPH_TREE, .degree = 3},
        {.kind = GRAPH_GRID, .torus = 1},
        {.kind = GRAPH_SMALL_WORLD, .degree = 2, .rewire = PROBABILITY_ONE},
        {.kind = GRAPH_SCALE_FREE, .degree = 2},
        {.kind = GRAPH_RANDOM_REGULAR, .degree = 1},
        {.kind = GRAPH_RANDOM_REGULAR, .degree = 2},
    };

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct graph graph = make(rules[i], 600, 9);
        igraph_vector_int_t ends, degrees;
        igraph_t other;
        igraph_bool_t simple;
        igraph_integer_t parts;

        igraph_vector_int_init(&ends, 0);
        igraph_vector_int_init(&degrees, 0);
        for (agent_id v = 0; v < graph.vertices; v++)
            for (uint64_t k = graph.offsets[v]; k < graph.offsets[v + 1]; k++)
                if (graph.peers[k] > v) {
                    igraph_vector_int_push_back(&ends, v);
                    igraph_vector_int_push_back(&ends, graph.peers[k]);
                }
        igraph_create(&other, &ends, graph.vertices, IGRAPH_UNDIRECTED);
        igraph_is_simple(&other, &simple);
        igraph_connected_components(&other, NULL, NULL, &parts, IGRAPH_WEAK);
        igraph_degree(&other, &degrees, igraph_vss_all(), IGRAPH_ALL, IGRAPH_LOOPS);
        cr_assert(simple);
        cr_assert_eq((uint64_t)igraph_ecount(&other), graph.edges);
        cr_assert_eq(parts, components(&graph), "case %zu", i);
        for (agent_id v = 0; v < graph.vertices; v++)
            cr_assert_eq((uint64_t)VECTOR(degrees)[v], degree(&graph, v));
        igraph_destroy(&other);
        igraph_vector_int_destroy(&ends);
        igraph_vector_int_destroy(&degrees);
        graph_close(&graph);
    }
}
