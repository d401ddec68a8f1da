/* PNG by zlib. */
#define ZLIB_CONST
#include "png.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { SPARE = 258 }; /* bytes behind the end that are never used: zlib is fast while so many are left to write to */

struct fl_png {
    z_stream stream; /* begun once, and reset for each picture */
};

void fl_png_close(struct fl_png *png)
{
    if (png == NULL)
        return;
    inflateEnd(&png->stream);
    free(png);
}

int fl_png_header(const uint8_t *data, size_t size, fl_header *header, fl_status *status)
{
    fl_png_parts parts;
    if (fl_png_find(data, size, 0, &parts, status) != FL_OK)
        return status->code;
    *header = parts.header;
    return FL_OK;
}

/* The thread's stream, ready to begin; NULL: no memory. */
static z_stream *stream_here(fl_worker *worker)
{
    if (worker->png != NULL)
        return inflateReset(&worker->png->stream) == Z_OK ? &worker->png->stream : NULL;
    struct fl_png *png = calloc(1, sizeof *png);
    if (png == NULL || inflateInit(&png->stream) != Z_OK) {
        free(png);
        return NULL;
    }
    worker->png = png;
    return &png->stream;
}

/* The packed data, exactly `bytes` of it; SPARE more are there. Lengths were checked when the parts were found; they
   are again, because a file mapped into memory may have changed. */
static int unpack(z_stream *stream, const uint8_t *data, const fl_png_parts *parts, uint8_t *rows, size_t bytes,
                  fl_status *status)
{
    int code = Z_OK;
    stream->next_out = rows;
    stream->avail_out = (uInt)bytes + SPARE;
    for (size_t position = parts->first; position < parts->end;) {
        size_t left = parts->end - position, length = fl_png_number(data + position);
        if (left < 12 || length > left - 12)
            return fl_fail(status, FL_DECLINED, "PNG: it changed while it was read");
        stream->next_in = data + position + 8;
        stream->avail_in = (uInt)length;
        if (length > 0 && code != Z_STREAM_END)
            code = inflate(stream, length == parts->packed ? Z_FINISH : Z_NO_FLUSH);
        if (stream->avail_in > 0 || (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR))
            return fl_fail(status, FL_DECLINED, "PNG: its packed data is damaged, or too much");
        position += 12 + length;
    }
    if (code != Z_STREAM_END || stream->avail_out != SPARE)
        return fl_fail(status, FL_DECLINED, "PNG: its packed data is too little, or too much");
    return FL_OK;
}

/* Colours for the numbers of a palette, which lie at the end of the same memory; -1 at a number that it has not. */
static int colour(uint8_t *pixels, size_t count, const fl_png_parts *parts)
{
    const uint8_t *numbers = pixels + 2 * count; /* each is read before its place is written to */
    for (size_t at = 0; at < count; at++) {
        int number = numbers[at];
        if (number >= parts->entries)
            return -1;
        memcpy(pixels + 3 * at, parts->palette + 3 * number, 3);
    }
    return 0;
}

/* Rows without filters, and with colours; a row of zeros lies before the pixels. */
static int finish(const uint8_t *rows, const fl_png_parts *parts, uint8_t *block, fl_image *image, fl_status *status)
{
    const fl_header *header = &parts->header;
    size_t row = fl_png_row(parts), count = (size_t)header->width * (size_t)header->height;
    uint8_t *pixels = block + row, *first = parts->palette == NULL ? pixels : pixels + 2 * count;
    memset(first - row, 0, row);
    if (fl_png_unfilter(rows, header->height, row, parts->samples, first) != 0)
        return fl_fail(status, FL_DECLINED, "PNG: a row's filter does not exist");
    if (parts->palette != NULL && colour(pixels, count, parts) != 0)
        return fl_fail(status, FL_DECLINED, "PNG: a number that its palette has not");
    *image = (fl_image){pixels, header->height, header->width, header->channels,
                        (ptrdiff_t)header->width * header->channels};
    return FL_OK;
}

int fl_png_decode(fl_worker *worker, const uint8_t *data, size_t size, fl_image *image, fl_status *status)
{
    fl_png_parts parts;
    if (fl_png_find(data, size, 1, &parts, status) != FL_OK)
        return status->code;
    size_t row = fl_png_row(&parts), height = (size_t)parts.header.height; /* below 2**28 x 4 + 2**20: fits 32 bits */
    size_t packed = height * (row + 1);
    size_t decoded = row + (size_t)parts.header.width * (size_t)parts.header.channels * height;
    uint8_t *rows = fl_block(worker, FL_PARTS, packed + SPARE), *block = fl_block(worker, FL_DECODED, decoded);
    z_stream *stream = stream_here(worker);
    if (rows == NULL || block == NULL || stream == NULL)
        return fl_fail(status, FL_NO_MEMORY, "PNG: no memory for %zu bytes", packed + decoded);
    if (unpack(stream, data, &parts, rows, packed, status) != FL_OK)
        return status->code;
    if (finish(rows, &parts, block, image, status) != FL_OK)
        return status->code;
    worker->counters.pixels_decoded += (int64_t)parts.header.width * parts.header.height;
    return FL_OK;
}
