#include <criterion/criterion.h>

#include "graph/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const crew[] = {"archivist", "writer-1", "writer-2", "camera"};

static agent_id find(void *context, const char *name)
{
    (void)context;
    for (agent_id i = 0; i < 4; i++)
        if (strcmp(crew[i], name) == 0)
            return i;
    return AGENT_NONE;
}

/* Writes `text` to a new file whose name ends so, reads it as links, and removes it. */
static int read_text(struct graph *graph, const char *suffix, const char *text, size_t length,
                     uint32_t vertices, bool names, struct error *error)
{
    char path[64];
    int file, code;

    snprintf(path, sizeof path, "/tmp/iolaus-XXXXXX%s", suffix);
    file = mkstemps(path, (int)strlen(suffix));
    cr_assert_geq(file, 0);
    cr_assert_eq(write(file, text, length), (ssize_t)length);
    close(file);
    error->message[0] = '\0';
    code = graph_read(graph, path, vertices, names ? find : NULL, NULL, error);
    unlink(path);
    return code;
}

static int read_edges(struct graph *graph, const char *text, bool names, struct error *error)
{
    return read_text(graph, ".edges", text, strlen(text), 4, names, error);
}

static int read_graphml(struct graph *graph, const char *body, bool names, struct error *error)
{
    char text[4096];

    snprintf(text, sizeof text,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n"
             "%s%s</graphml>\n",
             strstr(body, "data key=\"k\"") != NULL
                 ? "<key id=\"k\" for=\"node\" attr.name=\"name\" attr.type=\"string\"/>\n"
                 : "",
             body);
    return read_text(graph, ".graphml", text, strlen(text), 4, names, error);
}

/* The edges as `0-1 1-3`, for comparison. */
static const char *edges_text(const struct graph *graph)
{
    static char text[256];
    size_t at = 0;

    text[0] = '\0';
    for (agent_id v = 0; v < graph->vertices; v++)
        for (uint64_t i = graph->offsets[v]; i < graph->offsets[v + 1]; i++)
            if (graph->peers[i] > v)
                at += (size_t)snprintf(text + at, sizeof text - at, "%s%u-%u", at == 0 ? "" : " ",
                                       v, graph->peers[i]);
    return text;
}

Test(edge_list, names_numbers_comments_and_blanks)
{
    struct graph graph;
    struct error error;

    cr_assert_eq(read_edges(&graph,
                            "# who talks to whom\n"
                            "\n"
                            "archivist writer-1\n"
                            "\t writer-1   archivist \r\n"
                            "writer-2 3 # mixed\n"
                            "1 3#close\n"
                            "   # the end\n"
                            "0 2",
                            true, &error),
                 0, "%s", error.message);
    cr_assert_eq(graph.vertices, 4);
    cr_assert_str_eq(edges_text(&graph), "0-1 0-2 1-3 2-3");
    graph_close(&graph);
}

Test(edge_list, an_empty_file_has_no_links)
{
    struct graph graph;
    struct error error;

    cr_assert_eq(read_edges(&graph, "", false, &error), 0);
    cr_assert_eq(graph.vertices, 4);
    cr_assert_eq(graph.edges, 0);
    graph_close(&graph);
}

Test(edge_list, errors_say_where)
{
    const struct {
        const char *text, *says;
    } cases[] = {
        {"archivist\n", ".edges:1:1: one word alone"},
        {"# x\n  camera # alone", ".edges:2:3: one word alone"},
        {"0 1\n0 1 2\n", ".edges:2:5: a third word"},
        {"0 1\n\n0\tnobody\n", ".edges:3:3: nobody is called `nobody`"},
        {"no-one 1\n", ".edges:1:1: nobody is called `no-one`; give a name of the crew or a number "
                       "below 4"},
        {"0 4\n", ".edges:1:3: nobody is called `4`"},
        {"0 -1\n", ".edges:1:3: nobody is called `-1`"},
        {"0 99999999999999999999999999\n", ".edges:1:3: nobody"},
        {"0 18446744073709551617\n", ".edges:1:3: nobody"},
        {"0 1\ncamera 3\n", ".edges:2:8: a link of an agent with itself"},
        {"0 1\n1 a\001b\n", ".edges:2:4: a control character"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph graph;
        struct error error;

        cr_assert_eq(read_edges(&graph, cases[i].text, true, &error), ERROR_INPUT,
                     "case %zu was let pass", i);
        cr_assert(strstr(error.message, cases[i].says), "case %zu: %s", i, error.message);
        cr_assert_null(graph.offsets);
    }
}

Test(edge_list, bytes_that_are_no_text_are_refused)
{
    struct graph graph;
    struct error error;
    char longest[300];

    cr_assert_eq(read_text(&graph, ".edges", "0 1\0\n", 5, 4, false, &error), ERROR_INPUT);
    cr_assert(strstr(error.message, ".edges:1:4: a control character"), "%s", error.message);
    memset(longest, 'x', sizeof longest);
    cr_assert_eq(read_text(&graph, ".edges", longest, sizeof longest, 4, false, &error),
                 ERROR_INPUT);
    cr_assert(strstr(error.message, ".edges:1:1: a name of more than 255 bytes"), "%s",
              error.message);
}

Test(edge_list, without_names_numbers_alone_count)
{
    struct graph graph;
    struct error error;

    cr_assert_eq(read_edges(&graph, "camera 1\n", false, &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "give a number below 4"), "%s", error.message);
}

Test(edge_list, a_large_file_is_read_whole)
{
    char *text = malloc(2000 * 16);
    size_t length = 0;
    struct graph graph;
    struct error error;

    for (int i = 1; i < 2000; i++)
        length += (size_t)sprintf(text + length, "%d %d\n", i - 1, i);
    cr_assert_eq(read_text(&graph, ".edges", text, length, 2000, false, &error), 0);
    cr_assert_eq(graph.edges, 1999);
    graph_close(&graph);
    free(text);
}

Test(files, a_missing_file_is_an_input_error)
{
    struct graph graph;
    struct error error;

    cr_assert_eq(graph_read(&graph, "/nonexistent/a.edges", 4, NULL, NULL, &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "/nonexistent/a.edges: cannot be opened"), "%s", error.message);
    cr_assert_eq(graph_read(&graph, "/nonexistent/a.graphml", 4, NULL, NULL, &error), ERROR_INPUT);
    cr_assert(strstr(error.message, "/nonexistent/a.graphml: cannot be opened"), "%s",
              error.message);
}

Test(files, a_directory_is_an_error)
{
    struct graph graph;
    struct error error;

    cr_assert_neq(graph_read(&graph, "/tmp", 4, NULL, NULL, &error), 0);
    cr_assert(strstr(error.message, "/tmp"), "%s", error.message);
}

Test(graphml, names_are_looked_up)
{
    struct graph graph;
    struct error error;

    cr_assert_eq(read_graphml(&graph,
                              "<graph edgedefault=\"directed\">\n"
                              "<node id=\"n0\"><data key=\"k\">camera</data></node>\n"
                              "<node id=\"n1\"><data key=\"k\">archivist</data></node>\n"
                              "<node id=\"n2\"><data key=\"k\">writer-2</data></node>\n"
                              "<edge source=\"n0\" target=\"n1\"/>\n"
                              "<edge source=\"n1\" target=\"n0\"/>\n"
                              "<edge source=\"n1\" target=\"n2\"/>\n</graph>",
                              true, &error),
                 0, "%s", error.message);
    cr_assert_eq(graph.vertices, 4);
    cr_assert_str_eq(edges_text(&graph), "0-2 0-3");
    graph_close(&graph);
}

Test(graphml, an_attribute_that_nobody_has_is_absent)
{
    struct graph graph;
    struct error error;

    cr_assert_eq(read_graphml(&graph,
                              "<key id=\"n\" for=\"node\" attr.name=\"name\" "
                              "attr.type=\"string\"/><graph edgedefault=\"undirected\">\n"
                              "<node id=\"camera\"/><node id=\"1\"/>\n"
                              "<edge source=\"camera\" target=\"1\"/>\n</graph>",
                              true, &error),
                 0, "%s", error.message);
    cr_assert_str_eq(edges_text(&graph), "1-3");
    graph_close(&graph);
}

Test(graphml, ids_are_looked_up_where_names_are_absent)
{
    struct graph graph;
    struct error error;

    cr_assert_eq(read_graphml(&graph,
                              "<graph edgedefault=\"undirected\">\n"
                              "<node id=\"writer-1\"/><node id=\"camera\"/>\n"
                              "<edge source=\"camera\" target=\"writer-1\"/>\n</graph>",
                              true, &error),
                 0, "%s", error.message);
    cr_assert_str_eq(edges_text(&graph), "1-3");
    graph_close(&graph);
}

Test(graphml, ids_that_nobody_knows_mean_the_order)
{
    struct graph graph;
    struct error error;

    cr_assert_eq(read_graphml(&graph,
                              "<graph edgedefault=\"undirected\">\n"
                              "<node id=\"n7\"/><node id=\"n8\"/><node id=\"n9\"/>\n"
                              "<edge source=\"n7\" target=\"n9\"/>\n</graph>",
                              true, &error),
                 0, "%s", error.message);
    cr_assert_str_eq(edges_text(&graph), "0-2");
    graph_close(&graph);
}

Test(graphml, errors_are_refused_in_words)
{
    const struct {
        const char *body, *says;
    } cases[] = {
        {"<graph edgedefault=\"undirected\"><node id=\"camera\"/><node id=\"stranger\"/></graph>",
         "vertex with id `stranger`: nobody is called so"},
        {"<graph edgedefault=\"undirected\"><node id=\"a\"><data key=\"k\">else</data></node>"
         "</graph>",
         "vertex with name `else`: nobody is called so"},
        {"<graph edgedefault=\"undirected\"><node id=\"a\"><data key=\"k\">camera</data></node>"
         "<node id=\"b\"><data key=\"k\">camera</data></node></graph>",
         "stands for agent 3, as one before it does"},
        {"<graph edgedefault=\"undirected\"><node id=\"camera\"/>"
         "<edge source=\"camera\" target=\"camera\"/></graph>",
         "linked to itself"},
        {"<graph edgedefault=\"undirected\"><node id=\"a\"/><node id=\"b\"/><node id=\"c\"/>"
         "<node id=\"d\"/><node id=\"e\"/></graph>",
         "5 vertices without names, but there are 4 agents"},
        {"", "holds no <graph>"},
        {"<key id=\"n\" for=\"node\" attr.name=\"name\" attr.type=\"double\"/>"
         "<graph><node id=\"a\"><data key=\"n\">1</data></node></graph>",
         "the attribute `name` of the vertices is no text"},
        {"<graph edgedefault=\"undirected\"><node id=\"camera\"/>"
         "<edge source=\"camera\" target=\"nobody\"/></graph>",
         "vertex with id `nobody`: nobody is called so"},
        {"<graph><node id=", "is no GraphML that can be read"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph graph;
        struct error error;

        cr_assert_eq(read_graphml(&graph, cases[i].body, true, &error), ERROR_INPUT,
                     "case %zu was let pass", i);
        cr_assert(strstr(error.message, cases[i].says), "case %zu: %s", i, error.message);
        cr_assert(strstr(error.message, ".graphml: "), "case %zu: %s", i, error.message);
    }
}
