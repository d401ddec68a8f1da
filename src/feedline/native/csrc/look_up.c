/* Tables. */
#include "pixels.h"

#include <string.h>

enum { TOGETHER = 8 };

/* The sizes are constants to each caller, so that the compiler makes a loop of its own for each. */
static inline void find(uint8_t *out, size_t to, const void *in, int from, size_t pixels, size_t channels,
                        const uint8_t *table, size_t columns)
{
    const uint8_t *bytes = in;
    const uint16_t *words = in;
    for (size_t place = 0; place < pixels * channels; place += channels)
        for (size_t channel = 0; channel < channels; channel++) {
            size_t number = from == 1 ? bytes[place + channel] : words[place + channel];
            size_t found = columns == 1 ? number : number * columns + channel;
            memcpy(out + (place + channel) * to, table + found * to, to);
        }
}

static inline void find_channels(void *out, size_t to, const void *in, int from, size_t pixels, int channels,
                                 const void *table, int columns)
{
    size_t count = pixels * (size_t)channels, whole = count - count % TOGETHER;
    if (columns == 1) { /* numbers in a row as if they were channels: a loop that is unrolled */
        find(out, to, in, from, whole / TOGETHER, TOGETHER, table, 1);
        find((uint8_t *)out + whole * to, to, (const uint8_t *)in + whole * (size_t)from, from, count - whole, 1, table, 1);
    } else if (channels == 3)
        find(out, to, in, from, pixels, 3, table, 3);
    else
        find(out, to, in, from, pixels, (size_t)channels, table, (size_t)columns);
}

static inline void find_sizes(void *out, int to, const void *in, int from, size_t pixels, int channels,
                              const void *table, int columns)
{
    if (to == 1)
        find_channels(out, 1, in, from, pixels, channels, table, columns);
    else if (to == 2)
        find_channels(out, 2, in, from, pixels, channels, table, columns);
    else
        find_channels(out, 4, in, from, pixels, channels, table, columns);
}

void fl_look_up(void *out, int to, const void *in, int from, size_t pixels, int channels, const void *table,
                int columns)
{
    if (from == 1)
        find_sizes(out, to, in, 1, pixels, channels, table, columns);
    else
        find_sizes(out, to, in, 2, pixels, channels, table, columns);
}
