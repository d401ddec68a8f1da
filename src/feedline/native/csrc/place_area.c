/* A rectangle of pixels to its place in the batch. */
#include "place.h"

#include <string.h>

/* Those with a number of channels are made anew for each that is usual, where it is a constant: the compiler knows
   then that a pixel's numbers lie together. */

static inline void levels_together(uint8_t *out, ptrdiff_t next, const fl_area *area, const float *levels, int channels)
{
    for (int row = 0; row < area->rows; row++) {
        const uint8_t *pixel = area->pixels + row * area->next;
        float *number = (float *)(void *)(out + row * next);
        for (int at = 0; at < area->columns; at++, pixel += area->step, number += channels)
            for (int each = 0; each < channels; each++)
                number[each] = levels[each * 256 + pixel[each]];
    }
}

static inline void bytes_together(uint8_t *out, ptrdiff_t next, const fl_area *area, int channels)
{
    for (int row = 0; row < area->rows; row++) {
        const uint8_t *pixel = area->pixels + row * area->next;
        uint8_t *number = out + row * next;
        for (int at = 0; at < area->columns; at++, pixel += area->step, number += channels)
            for (int each = 0; each < channels; each++)
                number[each] = pixel[each];
    }
}

static void put_levels(uint8_t *out, ptrdiff_t next, const fl_area *area, const float *levels, int channels)
{
    if (channels == 3)
        levels_together(out, next, area, levels, 3);
    else if (channels == 1)
        levels_together(out, next, area, levels, 1);
    else
        levels_together(out, next, area, levels, channels);
}

static void copy_rows(uint8_t *out, ptrdiff_t next, const fl_area *area, int channels)
{
    for (int row = 0; row < area->rows; row++)
        memcpy(out + row * next, area->pixels + row * area->next, (size_t)area->columns * (size_t)channels);
}

static void put_bytes(uint8_t *out, ptrdiff_t next, const fl_area *area, int channels)
{
    if (area->step == channels)
        copy_rows(out, next, area, channels);
    else if (channels == 3)
        bytes_together(out, next, area, 3);
    else if (channels == 1)
        bytes_together(out, next, area, 1);
    else
        bytes_together(out, next, area, channels);
}

/* One channel, `step` bytes of the output from pixel to pixel. */
static void spread_levels(uint8_t *out, const uint8_t *number, const fl_area *area, ptrdiff_t step,
                          const uint8_t *table, const float *levels)
{
    for (int at = 0; at < area->columns; at++, number += area->step, out += step)
        *(float *)(void *)out = levels[table != NULL ? table[*number] : *number];
}

static void spread_bytes(uint8_t *out, const uint8_t *number, const fl_area *area, ptrdiff_t step,
                         const uint8_t *table)
{
    for (int at = 0; at < area->columns; at++, number += area->step, out += step)
        *out = table != NULL ? table[*number] : *number;
}

static void spread(const fl_sink *sink, uint8_t *out, const fl_area *area)
{
    for (int channel = 0; channel < sink->channels; channel++, out += sink->channel) {
        const uint8_t *table = sink->table == NULL ? NULL : sink->table + channel * 256;
        const float *levels = sink->levels == NULL ? NULL : sink->levels + channel * 256;
        for (int row = 0; row < area->rows; row++) {
            const uint8_t *number = area->pixels + row * area->next + channel;
            if (levels != NULL)
                spread_levels(out + row * sink->row, number, area, sink->column, table, levels);
            else
                spread_bytes(out + row * sink->row, number, area, sink->column, table);
        }
    }
}

void fl_put_area(const fl_sink *sink, const fl_area *area)
{
    ptrdiff_t size = sink->levels != NULL ? (ptrdiff_t)sizeof(float) : 1;
    uint8_t *out = (uint8_t *)sink->data + area->row * sink->row + area->column * sink->column;
    int together = sink->table == NULL && sink->channel == size && sink->column == size * sink->channels;
    if (!together)
        spread(sink, out, area);
    else if (sink->levels != NULL)
        put_levels(out, sink->row, area, sink->levels, sink->channels);
    else
        put_bytes(out, sink->row, area, sink->channels);
}
