/* Finished rows to where they go: into place as they are, by tables, as floats, channels together or apart. */
#include "resample.h"

#include <string.h>

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
    int plain = sink->levels == NULL && sink->table == NULL && together(sink, 1);
    return plain ? place(sink, row, column) : NULL;
}

/* One channel of `count` pixels as floats, `step` bytes apart. */
static inline void part_to_float(uint8_t *to, ptrdiff_t step, const uint8_t *from, int channels, int count,
                                 const float *levels)
{
    for (int i = 0; i < count; i++)
        memcpy(to + i * step, &levels[from[(ptrdiff_t)i * channels]], sizeof *levels);
}

static void floats(const fl_sink *sink, uint8_t *to, const uint8_t *pixels, int count)
{
    const int channels = sink->channels;
    if (together(sink, sizeof(float)) && (uintptr_t)to % sizeof(float) == 0) {
        fl_simd_here()->to_float((float *)to, pixels, count, channels, sink->levels);
        return;
    }
    for (int channel = 0; channel < channels; channel++, to += sink->channel) {
        const float *levels = sink->levels + 256 * channel;
        if (sink->column == sizeof(float) && channels == 3) /* steps that compilers know */
            part_to_float(to, sizeof(float), pixels + channel, 3, count, levels);
        else
            part_to_float(to, sink->column, pixels + channel, channels, count, levels);
    }
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
        if (sink->column == 1 && channels == 3) /* steps that compilers know */
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
    else if (sink->levels != NULL)
        floats(sink, to, pixels, count);
    else
        bytes(sink, to, pixels, count);
}
