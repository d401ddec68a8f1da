/* The filters of PNG's rows: each byte is stored as what it differs from its neighbours. */
#include "png.h"

#include <stdlib.h>
#include <string.h>

enum { NONE, SUB, UP, AVERAGE, PAETH };

/* Each of these is made anew for every number of samples, which is a constant there. */
static inline void sub(uint8_t *pixels, const uint8_t *row, size_t bytes, size_t samples)
{
    uint8_t left[4] = {0};
    for (size_t at = 0; at < bytes; at += samples)
        for (size_t each = 0; each < samples; each++)
            pixels[at + each] = left[each] = (uint8_t)(row[at + each] + left[each]);
}

static void up(uint8_t *pixels, const uint8_t *row, const uint8_t *above, size_t bytes)
{
    for (size_t at = 0; at < bytes; at++)
        pixels[at] = (uint8_t)(row[at] + above[at]);
}

static inline void average(uint8_t *pixels, const uint8_t *row, const uint8_t *above, size_t bytes, size_t samples)
{
    uint8_t left[4] = {0};
    for (size_t at = 0; at < bytes; at += samples)
        for (size_t each = 0; each < samples; each++)
            pixels[at + each] = left[each] = (uint8_t)(row[at + each] + ((left[each] + above[at + each]) >> 1));
}

/* Of left, above and the corner between them, the nearest to left + above - corner; the first of equals. */
static inline int nearest(int left, int above, int corner)
{
    int to_left = abs(above - corner), to_above = abs(left - corner), to_corner = abs(left + above - 2 * corner);
    int near = to_above < to_left ? above : left, distance = to_above < to_left ? to_above : to_left;
    return to_corner < distance ? corner : near;
}

static inline void paeth(uint8_t *pixels, const uint8_t *row, const uint8_t *above, size_t bytes, size_t samples)
{
    int left[4] = {0}, corner[4] = {0};
    for (size_t at = 0; at < bytes; at += samples)
        for (size_t each = 0; each < samples; each++) {
            int over = above[at + each];
            left[each] = (row[at + each] + nearest(left[each], over, corner[each])) & 0xFF;
            corner[each] = over;
            pixels[at + each] = (uint8_t)left[each];
        }
}

static inline int unfilter(const uint8_t *packed, int height, size_t bytes, size_t samples, uint8_t *pixels)
{
    for (int line = 0; line < height; line++, packed += bytes + 1, pixels += bytes) {
        const uint8_t *row = packed + 1, *above = pixels - bytes;
        switch (packed[0]) {
        case NONE: memcpy(pixels, row, bytes); break;
        case SUB: sub(pixels, row, bytes, samples); break;
        case UP: up(pixels, row, above, bytes); break;
        case AVERAGE: average(pixels, row, above, bytes, samples); break;
        case PAETH: paeth(pixels, row, above, bytes, samples); break;
        default: return -1;
        }
    }
    return 0;
}

int fl_png_unfilter(const uint8_t *packed, int height, size_t row, int samples, uint8_t *pixels)
{
    switch (samples) {
    case 1: return unfilter(packed, height, row, 1, pixels);
    case 2: return unfilter(packed, height, row, 2, pixels);
    case 3: return unfilter(packed, height, row, 3, pixels);
    case 4: return unfilter(packed, height, row, 4, pixels);
    default: return -1;
    }
}
