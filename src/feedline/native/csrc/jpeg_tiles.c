/* A region of a JPEG with restart markers: the intervals that it needs, as a small JPEG of their own.

   Between two markers nothing depends on what was before: an interval can stand anywhere, if its marker has the number
   that is due there. Where an interval is part of one row, intervals are tiles, and the small JPEG is a picture of
   whole tiles. Whatever does not fit is decoded as if there were no markers. */
#include "jpeg_tiles.h"

#include "jpeg_header.h"
#include "jpeg_session.h"

#include <string.h>

enum { FRAME = 0xC0, EXTENDED = 0xC1, CODES = 0xC4, QUANTISATION = 0xDB, RESTARTS = 0xDD, APP0 = 0xE0, APP14 = 0xEE };
enum { FIRST_RESTART = 0xD0, NUMBERS = 8, MOST_FACTOR = 4, MARKER = 2 };

typedef struct {
    const uint8_t *data;
    const uint32_t *offsets;
    fl_jpeg_markers markers;
    int across, down;        /* the largest sampling factors */
    int beside, above;       /* pixels next to a region that its colours depend on: 1 where they may be interpolated */
    int interval;            /* in units */
    int rows, tiles;         /* of units, and of tiles in each */
    size_t begin;            /* of the first interval */
} layout;

static int ceiling(int number, int by)
{
    return (number + by - 1) / by;
}

static int least(int one, int other)
{
    return one < other ? one : other;
}

static int most(int one, int other)
{
    return one > other ? one : other;
}

static int read_factors(const fl_jpeg_segment *frame, layout *found)
{
    const int parts = found->markers.header.channels;
    const uint8_t *part = found->data + frame->body + 6;
    if (frame->end - frame->body < 6 + 3 * (size_t)parts)
        return 0;
    int narrow = MOST_FACTOR, low = MOST_FACTOR;
    for (int each = 0; each < parts; each++, part += 3) {
        const int across = part[1] >> 4, down = part[1] & 15;
        if (across < 1 || across > MOST_FACTOR || down < 1 || down > MOST_FACTOR)
            return 0;
        found->across = most(across, found->across);
        found->down = most(down, found->down);
        narrow = least(across, narrow);
        low = least(down, low);
    }
    found->beside = narrow < found->across;
    found->above = low < found->down;
    return parts > 1 || (found->across == 1 && found->down == 1); /* else its units are not of the size that it says */
}

/* Whether it is sequential, with restarts, and says how its colours are sampled. */
static int read_segments(layout *found)
{
    fl_jpeg_segment segment = {0};
    int has_frame = 0;
    while (fl_jpeg_next(found->data, &found->markers, &segment)) {
        if (segment.marker == FRAME || segment.marker == EXTENDED)
            has_frame = read_factors(&segment, found);
        if (segment.marker == RESTARTS && segment.end == segment.body + 2)
            found->interval = (int)fl_jpeg_two(found->data + segment.body);
    }
    return has_frame && found->interval > 0;
}

/* Whether the first scan is of all colours, and the intervals are tiles of rows, as many as there are offsets for. */
static int read_scan(size_t size, int count, layout *found)
{
    const fl_header *header = &found->markers.header;
    const size_t scan = found->markers.scan;
    found->begin = scan + 2 + fl_jpeg_two(found->data + scan + 2);
    if (scan + 5 > size || found->begin > size || found->data[scan + 4] != header->channels)
        return 0;
    const int units = ceiling(header->width, DCTSIZE * found->across);
    found->tiles = units / found->interval;
    found->rows = ceiling(header->height, DCTSIZE * found->down);
    return units % found->interval == 0 && (int64_t)found->rows * found->tiles + 1 == count;
}

/* Whether each interval ends with the marker that is due, before the next one begins: in a file that is as it was
   written no other numbers fit. */
static int check_offsets(size_t size, int count, const layout *found)
{
    const uint32_t *offsets = found->offsets;
    if (offsets[0] != found->begin)
        return 0;
    for (int each = 0; each + 1 < count; each++) {
        const size_t begin = offsets[each], end = offsets[each + 1];
        if (end > size || end < begin + MARKER)
            return 0;
        const int due = each + 2 == count ? JPEG_EOI : FIRST_RESTART + each % NUMBERS;
        if (found->data[end - 2] != 0xFF || found->data[end - 1] != due)
            return 0;
    }
    return 1;
}

static int lay_out(const uint8_t *data, size_t size, const uint32_t *offsets, int count, layout *found)
{
    fl_status ignored; /* the decoding of the whole will say it */
    *found = (layout){.data = data, .offsets = offsets};
    return count > 1 && fl_jpeg_walk(data, size, &found->markers, &ignored) == FL_OK &&
           fl_jpeg_check(&found->markers.header, &ignored) == FL_OK && read_segments(found) &&
           read_scan(size, count, found) && check_offsets(size, count, found);
}

/* The rows of units and the columns of tiles that a region needs. Interpolated colours look at their neighbours, which
   lie under the pixels next to the region. */
static fl_window touched(const layout *found, const fl_window *region, int reduce)
{
    const fl_header *header = &found->markers.header;
    const int height = ceiling(header->height, reduce), width = ceiling(header->width, reduce);
    const int tall = DCTSIZE * found->down / reduce, wide = DCTSIZE * found->across * found->interval / reduce;
    int left = region->left - found->beside, right = region->right + found->beside;
    const int top = region->top - found->above, bottom = region->bottom + found->above;
    left = most(least(left, width - FL_JPEG_LEAST_WIDTH), 0);
    right = least(most(right, left + FL_JPEG_LEAST_WIDTH), width);
    return (fl_window){most(top, 0) / tall, left / wide, ceiling(least(bottom, height), tall), ceiling(right, wide)};
}

static int is_kept(int marker)
{
    return marker == FRAME || marker == EXTENDED || marker == CODES || marker == QUANTISATION || marker == RESTARTS ||
           marker == APP0 || marker == APP14; /* the last two say what the colours are */
}

static void put_two(uint8_t *at, int number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

/* All before the first interval that decoding has use for, with the size of the tiles; returns where it ends. */
static uint8_t *copy_header(const layout *found, const fl_window *tiles, uint8_t *out)
{
    const fl_header *header = &found->markers.header;
    const int tall = DCTSIZE * found->down, wide = DCTSIZE * found->across * found->interval;
    fl_jpeg_segment segment = {0};
    memcpy(out, found->data, 2);
    out += 2;
    while (fl_jpeg_next(found->data, &found->markers, &segment)) {
        if (!is_kept(segment.marker))
            continue;
        memcpy(out, found->data + segment.begin, segment.end - segment.begin);
        if (segment.marker == FRAME || segment.marker == EXTENDED) {
            put_two(out + 5, least(tiles->bottom * tall, header->height) - tiles->top * tall);
            put_two(out + 7, least(tiles->right * wide, header->width) - tiles->left * wide);
        }
        out += segment.end - segment.begin;
    }
    const size_t scan = found->begin - found->markers.scan;
    memcpy(out, found->data + found->markers.scan, scan);
    return out + scan;
}

/* The first interval of a row's tiles, and the one behind its last. */
static void span(const layout *found, const fl_window *tiles, int row, int *first, int *last)
{
    *first = row * found->tiles + tiles->left;
    *last = row * found->tiles + tiles->right;
}

static size_t bytes_of(const layout *found, const fl_window *tiles)
{
    size_t bytes = 0;
    for (int row = tiles->top, first, last; row < tiles->bottom; row++) {
        span(found, tiles, row, &first, &last);
        bytes += found->offsets[last] - found->offsets[first];
    }
    return bytes;
}

/* The intervals with the markers behind them, which get the numbers that are due. */
static uint8_t *gather(const layout *found, const fl_window *tiles, uint8_t *out)
{
    int number = 0;
    for (int row = tiles->top, first, last; row < tiles->bottom; row++) {
        span(found, tiles, row, &first, &last);
        memcpy(out, found->data + found->offsets[first], found->offsets[last] - found->offsets[first]);
        for (int each = first; each < last; each++, number = (number + 1) % NUMBERS) {
            out += found->offsets[each + 1] - found->offsets[each];
            out[-1] = (uint8_t)(FIRST_RESTART + number);
        }
    }
    out[-1] = JPEG_EOI;
    return out;
}

static int saves(const layout *found, const fl_window *tiles)
{
    return tiles->top > 0 || tiles->left > 0 || tiles->right < found->tiles;
}

static int is_inside(const layout *found, const fl_window *region, int reduce)
{
    const fl_header *header = &found->markers.header;
    return region->top >= 0 && region->left >= 0 && region->top < region->bottom && region->left < region->right &&
           region->bottom <= ceiling(header->height, reduce) && region->right <= ceiling(header->width, reduce);
}

int fl_jpeg_decode_tiles(fl_worker *worker, const uint8_t *data, size_t size, const uint32_t *offsets, int count,
                         const fl_window *region, int channels, int reduce, int fast, fl_image *image,
                         fl_status *status)
{
    layout found;
    if (!lay_out(data, size, offsets, count, &found) || !is_inside(&found, region, reduce))
        return fl_jpeg_decode(worker, data, size, region, channels, reduce, fast, image, status);
    const fl_window tiles = touched(&found, region, reduce);
    if (!saves(&found, &tiles))
        return fl_jpeg_decode(worker, data, size, region, channels, reduce, fast, image, status);
    uint8_t *small = fl_block(worker, FL_PARTS, found.begin + bytes_of(&found, &tiles));
    if (small == NULL)
        return fl_fail(status, FL_NO_MEMORY, "no memory for the tiles of a region");
    const uint8_t *end = gather(&found, &tiles, copy_header(&found, &tiles, small));
    const int top = tiles.top * DCTSIZE * found.down / reduce;
    const int left = tiles.left * DCTSIZE * found.across * found.interval / reduce;
    const fl_window shifted = {region->top - top, region->left - left, region->bottom - top, region->right - left};
    return fl_jpeg_decode(worker, small, (size_t)(end - small), &shifted, channels, reduce, fast, image, status);
}
