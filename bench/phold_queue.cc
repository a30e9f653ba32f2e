// The standard library's queue, to show that the heap loop is no straw man.
#include <cstddef>
#include <queue>
#include <vector>

#include "phold.h"

namespace
{

struct later {
    bool operator()(const phold_event &a, const phold_event &b) const
    {
        return a.at != b.at ? a.at > b.at : a.source > b.source;
    }
};

using queue_type = std::priority_queue<phold_event, std::vector<phold_event>, later>;

struct queue_loop {
    phold_entity *entities;
    uint32_t count;
    queue_type queue;
};

void *queue_open(phold_entity *entities, uint32_t count)
{
    std::vector<phold_event> room;

    room.reserve(static_cast<std::size_t>(count) * PHOLD_EVENTS);
    queue_loop *loop = new queue_loop{entities, count, queue_type(later(), std::move(room))};
    for (uint64_t i = 0; i < static_cast<uint64_t>(count) * PHOLD_EVENTS; i++)
        loop->queue.push(phold_first(entities, count, static_cast<uint32_t>(i % count)));
    return loop;
}

uint64_t queue_run(void *context, int64_t until)
{
    queue_loop *loop = static_cast<queue_loop *>(context);
    uint64_t events = 0;

    for (; loop->queue.top().at < until; events++) {
        phold_event event = loop->queue.top();

        loop->queue.pop();
        loop->queue.push(phold_step(loop->entities, loop->count, &event));
    }
    return events;
}

void queue_close(void *context)
{
    delete static_cast<queue_loop *>(context);
}

} // namespace

const phold_loop phold_priority_queue = {"std::priority_queue", queue_open, queue_run, queue_close};
