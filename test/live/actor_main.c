#include "live/actor.h"

int main(void)
{
    act(3);
}
