/* A rectangle of pixels to its place in the batch. */
#include "place.h"

#include <string.h>

enum { SOME = 256 }; /* pixels that are gathered at once */

/* Those with a number of channels are made anew for each that is usual, where it is a constant: the compiler knows
   then that a pixel's numbers lie together. */

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

/* Pixels of a row, one behind the other. */
static void gather(uint8_t *out, const uint8_t *pixel, int count, ptrdiff_t step, int channels)
{
    const fl_area row = {.pixels = pixel, .step = step, .rows = 1, .columns = count};
    if (channels == 3)
        bytes_together(out, 0, &row, 3);
    else if (channels == 1)
        bytes_together(out, 0, &row, 1);
    else
        bytes_together(out, 0, &row, channels);
}

static void put_levels(const fl_sink *sink, uint8_t *out, const fl_area *area)
{
    const fl_simd *simd = fl_simd_here();
    const int channels = sink->channels;
    uint8_t line[SOME * 4];
    for (int row = 0; row < area->rows; row++)
        for (int at = 0; at < area->columns; at += SOME) {
            const int some = area->columns - at < SOME ? area->columns - at : SOME;
            const uint8_t *pixels = area->pixels + row * area->next + at * area->step;
            float *to = (float *)(void *)(out + row * sink->row) + (ptrdiff_t)at * channels;
            if (area->step != channels) {
                gather(line, pixels, some, area->step, channels);
                pixels = line;
            }
            simd->to_float(to, pixels, some, channels, sink->levels, sink->line, sink->passing);
        }
}

static void copy_rows(uint8_t *out, ptrdiff_t next, const fl_area *area, int channels)
{
    for (int row = 0; row < area->rows; row++)
        memcpy(out + row * next, area->pixels + row * area->next, (size_t)area->columns * (size_t)channels);
}

/* Pixels of three numbers from the last to the first: four bytes in a move, of which the next pixel covers one. */
static void turn_row(uint8_t *out, const uint8_t *pixel, int count)
{
    uint8_t first[4] = {pixel[0], pixel[1], pixel[2], 0}; /* behind which nothing may lie */
    if (count > 1)
        memcpy(out, first, 4);
    else
        memcpy(out, first, 3);
    for (int at = 1; at < count - 1; at++)
        memcpy(out + 3 * (ptrdiff_t)at, pixel - 3 * (ptrdiff_t)at, 4);
    if (count > 1)
        memcpy(out + 3 * ((ptrdiff_t)count - 1), pixel - 3 * ((ptrdiff_t)count - 1), 3);
}

static void turn_rows(uint8_t *out, ptrdiff_t next, const fl_area *area)
{
    for (int row = 0; row < area->rows; row++)
        turn_row(out + row * next, area->pixels + row * area->next, area->columns);
}

/* One number for all channels of a fill, or -1. */
static int level(const fl_area *area, int channels)
{
    int one = area->step == 0 ? area->pixels[0] : -1;
    for (int each = 1; each < channels; each++)
        one = area->pixels[each] == one ? one : -1;
    return one;
}

static void fill_rows(uint8_t *out, ptrdiff_t next, const fl_area *area, int channels, int number)
{
    for (int row = 0; row < area->rows; row++)
        memset(out + row * next, number, (size_t)area->columns * (size_t)channels);
}

static void put_bytes(uint8_t *out, ptrdiff_t next, const fl_area *area, int channels)
{
    const int fill = level(area, channels);
    if (fill >= 0)
        fill_rows(out, next, area, channels, fill);
    else if (area->step == channels)
        copy_rows(out, next, area, channels);
    else if (channels == 3 && area->step == -3)
        turn_rows(out, next, area);
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
        put_levels(sink, out, area);
    else
        put_bytes(out, sink->row, area, sink->channels);
}
