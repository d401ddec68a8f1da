/* The chunks of a PNG: what the kernel takes has nothing in it that could be understood in two ways. */
#include "png.h"

#include <string.h>
#include <zlib.h>

enum { SIGNATURE = 8, ENDS = 12, HEADER = 13, PALETTE = 3, COLOURS = 3, MOST_ENTRIES = 256 };
enum { BEFORE, HEADED, PACKED, BEHIND }; /* where in the file: the packed data lies together */

static const uint8_t signature[SIGNATURE] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
static const char xmp[] = "XML:com.adobe.xmp"; /* its 0 as well */
static const int longest_side = 1000000;       /* of libpng */
static const int64_t most_pixels = (int64_t)1 << 28; /* codecs/limits.py */

/* Chunks on which no pixel depends: their length, -1 for any, and whether they may stand behind the pixels. */
static const struct {
    char name[5];
    int length, behind;
} described[] = {
    {"gAMA", 4, 0}, {"cHRM", 32, 0}, {"sRGB", 1, 0},  {"pHYs", 9, 0},  {"tIME", 7, 1},
    {"sBIT", -1, 0}, {"iCCP", -1, 0}, {"tEXt", -1, 1}, {"zTXt", -1, 1}, {"iTXt", -1, 1},
};

typedef struct {
    const uint8_t *name, *body;
    uint32_t length;
} chunk;

static int is(const chunk *found, const char *name)
{
    return memcmp(found->name, name, 4) == 0;
}

static int decline(fl_status *status, const char *why)
{
    return fl_fail(status, FL_DECLINED, "PNG: %s", why);
}

static int take_header(const chunk *found, fl_png_parts *parts, fl_status *status)
{
    static const int8_t samples[] = {1, 0, 3, 1, 2, 0, 4};
    if (found->length != HEADER)
        return decline(status, "its header chunk is not of 13 bytes");
    const uint8_t *body = found->body;
    uint32_t width = fl_png_number(body), height = fl_png_number(body + 4);
    if (width == 0 || height == 0 || width > (uint32_t)longest_side || height > (uint32_t)longest_side)
        return decline(status, "its sides are not within 1 to 1000000");
    if ((int64_t)width * height > most_pixels)
        return decline(status, "more than 2**28 pixels");
    int colour = body[9];
    if (body[8] != 8 || colour >= (int)sizeof samples || samples[colour] == 0)
        return decline(status, "not of 8 bits, or of an unknown colour type");
    if (body[10] || body[11] || body[12])
        return decline(status, "interlaced, or packed in an unknown way");
    parts->samples = samples[colour];
    parts->header = (fl_header){(int)width, (int)height, colour == PALETTE ? COLOURS : parts->samples, 8, 1};
    return FL_OK;
}

static int has_palette(const fl_png_parts *parts)
{
    return parts->samples != parts->header.channels;
}

static int take_palette(const chunk *found, fl_png_parts *parts, fl_status *status)
{
    if (!has_palette(parts) || parts->palette != NULL)
        return decline(status, "a palette that has no business");
    if (found->length == 0 || found->length > COLOURS * MOST_ENTRIES || found->length % COLOURS)
        return decline(status, "a palette of an impossible length");
    parts->palette = found->body;
    parts->entries = (int)(found->length / COLOURS);
    return FL_OK;
}

static int take_packed(const chunk *found, const uint8_t *data, fl_png_parts *parts, fl_status *status)
{
    if (has_palette(parts) && parts->palette == NULL)
        return decline(status, "no palette before its pixels");
    if (parts->first == 0)
        parts->first = (size_t)(found->body - data) - 8;
    if (parts->packed == 0 && found->length > 0)
        parts->window = 8 + (found->body[0] >> 4);
    parts->packed += found->length;
    parts->end = (size_t)(found->body - data) + found->length + 4;
    return FL_OK;
}

/* A background, which decoders look at: one of the wrong length is an error to them. */
static int is_background(const chunk *found, const fl_png_parts *parts)
{
    return is(found, "bKGD") && !has_palette(parts) && found->length == (parts->samples < COLOURS ? 2 : 6);
}

static int take_described(const chunk *found, int behind, const fl_png_parts *parts, fl_status *status)
{
    if (!behind && is_background(found, parts))
        return FL_OK;
    if (is(found, "iTXt") && found->length >= sizeof xmp && memcmp(found->body, xmp, sizeof xmp) == 0)
        return decline(status, "XMP, which may state an orientation");
    for (size_t place = 0; place < sizeof described / sizeof *described; place++)
        if (is(found, described[place].name) && (described[place].behind || !behind))
            if (described[place].length < 0 || (uint32_t)described[place].length == found->length)
                return FL_OK;
    return decline(status, "a chunk that the kernel does not know there");
}

/* Into the parts; `stage` goes on. */
static int take(const chunk *found, const uint8_t *data, int *stage, fl_png_parts *parts, fl_status *status)
{
    if (is(found, "IHDR") != (*stage == BEFORE))
        return decline(status, "it does not begin with one header chunk");
    if (*stage == BEFORE) {
        *stage = HEADED;
        return take_header(found, parts, status);
    }
    if (is(found, "IDAT")) {
        if (*stage == BEHIND)
            return decline(status, "other chunks between its packed data");
        *stage = PACKED;
        return take_packed(found, data, parts, status);
    }
    if (*stage == PACKED)
        *stage = BEHIND;
    if (is(found, "PLTE") && *stage == HEADED)
        return take_palette(found, parts, status);
    return take_described(found, *stage == BEHIND, parts, status);
}

/* Whether the packed data can be that of the pixels: neither less than deflate can pack them into, nor more than
   libpng and codecs/png.py unpack. */
static int check_packed(const fl_png_parts *parts, fl_status *status)
{
    const size_t most_packed = 1032, slack = 4096, always = 8000000;
    size_t whole = (size_t)parts->header.height * (fl_png_row(parts) + 1);
    if (parts->packed < 2 || parts->packed < whole / most_packed)
        return decline(status, "too little packed data");
    if (parts->packed > whole + (parts->packed > always ? 0 : slack))
        return decline(status, "far more packed data than pixels");
    if (parts->window < 15 && whole > (size_t)1 << parts->window)
        return decline(status, "its packed data reaches less far back than usual");
    return FL_OK;
}

/* The chunk at a position; -1 where the data end within it. */
static int read_chunk(const uint8_t *data, size_t size, size_t position, chunk *found)
{
    if (size - position < ENDS)
        return -1;
    *found = (chunk){data + position + 4, data + position + 8, fl_png_number(data + position)};
    return found->length > size - position - ENDS ? -1 : 0;
}

static int check_sum(const chunk *found)
{
    return crc32(0, found->name, found->length + 4) == fl_png_number(found->body + found->length);
}

int fl_png_find(const uint8_t *data, size_t size, int sums, fl_png_parts *parts, fl_status *status)
{
    *parts = (fl_png_parts){0};
    if (size < SIGNATURE || memcmp(data, signature, SIGNATURE) != 0)
        return decline(status, "it does not begin as one");
    chunk found;
    int stage = BEFORE;
    for (size_t position = SIGNATURE; read_chunk(data, size, position, &found) == 0; position += ENDS + found.length) {
        if (sums && !check_sum(&found))
            return decline(status, "the check sum of a chunk is wrong");
        if (is(&found, "IEND")) {
            if (found.length != 0 || parts->packed == 0)
                return decline(status, "no packed data before its end");
            return check_packed(parts, status);
        }
        if (take(&found, data, &stage, parts, status) != FL_OK)
            return status->code;
    }
    return decline(status, "it ends early");
}
