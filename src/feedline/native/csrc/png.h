/* What the files png*.c share: a PNG's parts (ISO/IEC 15948), and rows without their filters. */
#ifndef FEEDLINE_PNG_H
#define FEEDLINE_PNG_H

#include "codecs.h"

/* A PNG of the kind that the kernel takes. */
typedef struct {
    fl_header header;
    int samples;            /* bytes of a pixel as it is packed: 1 of a palette's */
    const uint8_t *palette; /* red, green and blue of each entry, or NULL */
    int entries;
    size_t first, end;      /* where the chunks of packed data begin, and behind the last */
    size_t packed;          /* bytes of packed data, of all of them */
    int window;             /* the power of two that the packed data says it reaches back, 8 to 15 */
} fl_png_parts;

/* Bytes of a row as it is packed, without the one that names its filter. */
static inline size_t fl_png_row(const fl_png_parts *parts)
{
    return (size_t)parts->header.width * (size_t)parts->samples;
}

static inline uint32_t fl_png_number(const uint8_t *four)
{
    return (uint32_t)four[0] << 24 | (uint32_t)four[1] << 16 | (uint32_t)four[2] << 8 | four[3];
}

/* Finds the parts, up to the end chunk. `sums`: the check sum of every chunk as well. */
int fl_png_find(const uint8_t *data, size_t size, int sums, fl_png_parts *parts, fl_status *status);

/* Rows of `row` bytes without their filters: each packed one has a byte in front that names it. `pixels` is to be that
   of row 0, with a row of zeros before it. Returns 0, or -1 at a filter that does not exist. */
int fl_png_unfilter(const uint8_t *packed, int height, size_t row, int samples, uint8_t *pixels);

#endif
