/* One part of a row to its place in the batch. */
#include "place.h"

#include <string.h>

/* Each of these is made anew for the numbers of channels that are usual, which is a constant there; the compiler
   knows then that a pixel's numbers lie together. */

static inline void levels_together(float *out, const fl_run *run, const float *levels, int channels)
{
    const uint8_t *pixel = run->pixels;
    for (int at = 0; at < run->count; at++, pixel += run->step, out += channels)
        for (int each = 0; each < channels; each++)
            out[each] = levels[each * 256 + pixel[each]];
}

static inline void bytes_together(uint8_t *out, const fl_run *run, int channels)
{
    const uint8_t *pixel = run->pixels;
    for (int at = 0; at < run->count; at++, pixel += run->step, out += channels)
        for (int each = 0; each < channels; each++)
            out[each] = pixel[each];
}

static void put_levels(float *out, const fl_run *run, const float *levels, int channels)
{
    if (channels == 3)
        levels_together(out, run, levels, 3);
    else if (channels == 1)
        levels_together(out, run, levels, 1);
    else
        levels_together(out, run, levels, channels);
}

static void put_bytes(uint8_t *out, const fl_run *run, int channels)
{
    if (run->step == channels)
        memcpy(out, run->pixels, (size_t)run->count * (size_t)channels);
    else if (channels == 3)
        bytes_together(out, run, 3);
    else if (channels == 1)
        bytes_together(out, run, 1);
    else
        bytes_together(out, run, channels);
}

/* Channel after channel: `step` bytes of the output from pixel to pixel. */
static void spread_levels(uint8_t *out, const fl_run *run, ptrdiff_t step, const uint8_t *table, const float *levels)
{
    const uint8_t *pixel = run->pixels;
    for (int at = 0; at < run->count; at++, pixel += run->step, out += step)
        *(float *)(void *)out = levels[table != NULL ? table[*pixel] : *pixel];
}

static void spread_bytes(uint8_t *out, const fl_run *run, ptrdiff_t step, const uint8_t *table)
{
    const uint8_t *pixel = run->pixels;
    for (int at = 0; at < run->count; at++, pixel += run->step, out += step)
        *out = table != NULL ? table[*pixel] : *pixel;
}

static void spread(const fl_sink *sink, uint8_t *out, const fl_run *run)
{
    fl_run each = *run;
    for (int channel = 0; channel < sink->channels; channel++, each.pixels++, out += sink->channel) {
        const uint8_t *table = sink->table == NULL ? NULL : sink->table + channel * 256;
        if (sink->levels != NULL)
            spread_levels(out, &each, sink->column, table, sink->levels + channel * 256);
        else
            spread_bytes(out, &each, sink->column, table);
    }
}

void fl_put_run(const fl_sink *sink, const fl_run *run)
{
    ptrdiff_t size = sink->levels != NULL ? (ptrdiff_t)sizeof(float) : 1;
    uint8_t *out = (uint8_t *)sink->data + run->row * sink->row + run->column * sink->column;
    int together = sink->table == NULL && sink->channel == size && sink->column == size * sink->channels;
    if (!together)
        spread(sink, out, run);
    else if (sink->levels != NULL)
        put_levels((float *)(void *)out, run, sink->levels, sink->channels);
    else
        put_bytes(out, run, sink->channels);
}
