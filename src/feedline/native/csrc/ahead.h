/* Memory that is asked for before it is needed, so that it is on its way meanwhile. */
#ifndef FEEDLINE_AHEAD_H
#define FEEDLINE_AHEAD_H

#include <stddef.h>
#include <stdint.h>

enum { FL_AHEAD = 1 << 13, FL_CACHE_LINE = 64 }; /* bytes of a picture that are asked for, and of a line of the cache */

/* Asks for the first lines of so many bytes; an address that is none does no harm. */
static inline void fl_ask_for(uintptr_t first, uint64_t size)
{
    for (uint64_t at = 0; at < size && at < FL_AHEAD; at += FL_CACHE_LINE)
        __builtin_prefetch((const void *)(first + at));
}

#endif
