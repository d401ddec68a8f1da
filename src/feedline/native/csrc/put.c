/* Finished rows to where they go: into place as they are, by tables, as floats, channels together or apart. */
#include "resample.h"

#include <string.h>

enum { SOME = 256 }; /* pixels whose numbers are kept between two steps */

static uint8_t *place(const fl_sink *sink, int row, int column)
{
    return (uint8_t *)sink->data + row * sink->row + column * sink->column;
}

static int together(const fl_sink *sink, ptrdiff_t size)
{
    return (sink->channels == 1 || sink->channel == size) && sink->column == sink->channels * size;
}

uint8_t *fl_straight(const fl_sink *sink, int row, int column)
{
    int plain = sink->levels == NULL && sink->factor == NULL && sink->table == NULL && together(sink, 1);
    return plain ? place(sink, row, column) : NULL;
}

void fl_repeat(float *repeated, const float *each, int channels)
{
    for (int i = 0; i < FL_REPEAT; i++)
        repeated[i] = each[i % channels];
}

/* One channel of `count` pixels by its table, `step` bytes apart. */
static inline void part_by_levels(uint8_t *to, ptrdiff_t step, const uint8_t *from, int channels, int count,
                                  const float *levels)
{
    for (int i = 0; i < count; i++)
        memcpy(to + i * step, &levels[from[(ptrdiff_t)i * channels]], sizeof *levels);
}

/* One channel of `count` pixels by its factor and offset, `step` bytes apart. */
static void part_affine(uint8_t *to, ptrdiff_t step, const uint8_t *from, int channels, int count, float factor,
                        float offset)
{
    const fl_simd *simd = fl_simd_here();
    float factors[FL_REPEAT], offsets[FL_REPEAT], made[SOME];
    uint8_t numbers[SOME];
    fl_repeat(factors, &factor, 1);
    fl_repeat(offsets, &offset, 1);
    for (int at = 0; at < count; at += SOME) {
        int some = count - at < SOME ? count - at : SOME;
        uint8_t *there = to + at * step;
        int straight = step == sizeof(float) && (uintptr_t)there % sizeof(float) == 0;
        simd->pick(numbers, from + (ptrdiff_t)at * channels, some, channels);
        simd->affine(straight ? (float *)there : made, numbers, some, factors, offsets);
        for (int i = 0; i < some && !straight; i++)
            memcpy(there + i * step, &made[i], sizeof *made);
    }
}

static void float_part(const fl_sink *sink, uint8_t *to, const uint8_t *from, int count, int channel)
{
    const int channels = sink->channels;
    if (sink->levels == NULL)
        part_affine(to, sink->column, from, channels, count, sink->factor[channel], sink->offset[channel]);
    else if (sink->column == sizeof(float) && channels == 3) /* steps that compilers know */
        part_by_levels(to, sizeof(float), from, 3, count, sink->levels + 256 * channel);
    else
        part_by_levels(to, sink->column, from, channels, count, sink->levels + 256 * channel);
}

static void floats(const fl_sink *sink, uint8_t *to, const uint8_t *pixels, int count)
{
    const fl_simd *simd = fl_simd_here();
    if (!together(sink, sizeof(float)) || (uintptr_t)to % sizeof(float) != 0)
        for (int channel = 0; channel < sink->channels; channel++)
            float_part(sink, to + channel * sink->channel, pixels + channel, count, channel);
    else if (sink->levels != NULL)
        simd->to_float((float *)to, pixels, count, sink->channels, sink->levels, sink->line, sink->passing);
    else
        simd->affine((float *)to, pixels, count * sink->channels, sink->factor, sink->offset);
}

/* One channel of `count` pixels, `step` bytes apart. */
static inline void part(uint8_t *to, ptrdiff_t step, const uint8_t *from, int channels, int count,
                        const uint8_t *table)
{
    for (int i = 0; i < count; i++) {
        uint8_t pixel = from[(ptrdiff_t)i * channels];
        to[i * step] = table == NULL ? pixel : table[pixel];
    }
}

static void bytes(const fl_sink *sink, uint8_t *to, const uint8_t *pixels, int count)
{
    const int channels = sink->channels;
    for (int channel = 0; channel < channels; channel++, to += sink->channel) {
        const uint8_t *table = sink->table == NULL ? NULL : sink->table + 256 * channel;
        if (sink->column == 1 && table == NULL)
            fl_simd_here()->pick(to, pixels + channel, count, channels);
        else if (sink->column == 1 && channels == 3) /* steps that compilers know */
            part(to, 1, pixels + channel, 3, count, table);
        else
            part(to, sink->column, pixels + channel, channels, count, table);
    }
}

void fl_put(const fl_sink *sink, int row, int column, const uint8_t *pixels, int count)
{
    uint8_t *straight = fl_straight(sink, row, column), *to = place(sink, row, column);
    if (straight != NULL)
        memcpy(straight, pixels, (size_t)count * sink->channels);
    else if (sink->levels != NULL || sink->factor != NULL)
        floats(sink, to, pixels, count);
    else
        bytes(sink, to, pixels, count);
}
