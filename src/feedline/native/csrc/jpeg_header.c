/* The header of a JPEG (ITU-T T.81, annex B), marker by marker. */
#include "jpeg_header.h"

#include <string.h>

#define MOST_PIXELS ((int64_t)1 << 28) /* feedline.codecs.limits.MAX_PIXELS */
enum { BEGINNING = 0xD8, SCAN = 0xDA, APP1 = 0xE1, BASELINE = 0xC0, PROGRESSIVE = 0xC2, ORIENTATION = 0x0112 };
enum { END = 0xD9, END_WITHIN = 4096 };

static const char exif[] = "Exif\0"; /* and the 0 behind it */
static const char xmp[] = "http://ns.adobe.com/xap/1.0/";
static const char stated[] = "tiff:Orientation";

static unsigned two(const uint8_t *at, int little)
{
    return little ? at[0] | (unsigned)at[1] << 8 : (unsigned)at[0] << 8 | at[1];
}

static size_t four(const uint8_t *at, int little)
{
    unsigned first = two(at, little), second = two(at + 2, little);
    return little ? (size_t)second << 16 | first : (size_t)first << 16 | second;
}

/* EXIF's orientation, 1 where it is nonsense, 0 where none is stated: a tag of the first directory of a TIFF. */
static int orientation_of(const uint8_t *tiff, size_t size)
{
    if (size < 14 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0))
        return 0;
    int little = tiff[0] == 'I';
    size_t start = four(tiff + 4, little);
    if (start > size - 2)
        return 0;
    size_t entries = two(tiff + start, little), at = start + 2;
    for (; entries > 0 && size >= 12 && at <= size - 12; entries--, at += 12) {
        if (two(tiff + at, little) == ORIENTATION && two(tiff + at + 2, little) == 3) {
            unsigned value = two(tiff + at + 8, little);
            return value >= 1 && value <= 8 ? (int)value : 1;
        }
    }
    return 0;
}

static int begins(const uint8_t *body, size_t size, const char *text, size_t length)
{
    return size >= length && memcmp(body, text, length) == 0;
}

static int contains(const uint8_t *body, size_t size, const char *text, size_t length)
{
    for (size_t at = 0; at + length <= size; at++)
        if (memcmp(body + at, text, length) == 0)
            return 1;
    return 0;
}

static void note_app1(const uint8_t *body, size_t size, fl_jpeg_markers *markers)
{
    if (begins(body, size, exif, sizeof exif)) {
        if (markers->header.orientation == 0)
            markers->header.orientation = orientation_of(body + sizeof exif, size - sizeof exif);
    } else if (begins(body, size, xmp, sizeof xmp) && contains(body, size, stated, sizeof stated - 1)) {
        markers->xmp_states = 1;
    }
}

static int note_frame(const uint8_t *body, size_t size, fl_header *header, fl_status *status)
{
    if (size < 6 || header->bits != 0)
        return fl_fail(status, FL_DECLINED, "a frame header that is cut short, or a second one");
    header->bits = body[0];
    header->height = (int)two(body + 1, 0);
    header->width = (int)two(body + 3, 0);
    header->channels = body[5];
    if (header->width == 0 || header->height == 0 || header->bits == 0)
        return fl_fail(status, FL_DECLINED, "%d x %d pixels of %d bits", header->width, header->height, header->bits);
    return FL_OK;
}

/* One segment between its length and its end. */
static int note(int marker, const uint8_t *body, size_t size, fl_jpeg_markers *markers, fl_status *status)
{
    if (marker == APP1)
        note_app1(body, size, markers);
    if (marker >= BASELINE && marker <= PROGRESSIVE)
        return note_frame(body, size, &markers->header, status);
    /* what is left of the frames, the reserved markers and those without a length; C4 and CC are tables */
    if (marker < BASELINE || (marker > PROGRESSIVE && marker <= 0xD9 && marker != 0xC4))
        return fl_fail(status, FL_DECLINED, "marker %02x before the scan", (unsigned)marker);
    return FL_OK;
}

int fl_jpeg_walk(const uint8_t *data, size_t size, fl_jpeg_markers *markers, fl_status *status)
{
    *markers = (fl_jpeg_markers){0};
    if (size < 4 || data[0] != 0xFF || data[1] != BEGINNING || data[2] != 0xFF)
        return fl_fail(status, FL_DECLINED, "no JPEG");
    for (size_t at = 2; at + 4 <= size;) {
        if (data[at] != 0xFF)
            return fl_fail(status, FL_DECLINED, "stray bytes before the scan");
        int marker = data[at + 1];
        if (marker == 0xFF) { /* one of any number of fill bytes */
            at++;
            continue;
        }
        if (marker == SCAN) {
            markers->scan = at;
            return markers->header.bits != 0 ? FL_OK : fl_fail(status, FL_DECLINED, "a scan without a frame");
        }
        size_t length = two(data + at + 2, 0);
        if (length < 2 || length > size - at - 2)
            return fl_fail(status, FL_DECLINED, "a segment of %zu bytes", length);
        if (note(marker, data + at + 4, length - 2, markers, status) != FL_OK)
            return status->code;
        at += 2 + length;
    }
    return fl_fail(status, FL_DECLINED, "no scan");
}

int fl_jpeg_ends(const uint8_t *data, size_t size, size_t scan)
{
    size_t first = size > scan + END_WITHIN ? size - END_WITHIN : scan;
    for (size_t at = size - 1; at > first; at--)
        if (data[at - 1] == 0xFF && data[at] == END)
            return 1;
    return 0;
}

int fl_jpeg_check(const fl_header *header, fl_status *status)
{
    if (header->bits != 8 || (header->channels != 1 && header->channels != 3))
        return fl_fail(status, FL_DECLINED, "%d channels of %d bits", header->channels, header->bits);
    if ((int64_t)header->width * header->height > MOST_PIXELS)
        return fl_fail(status, FL_DECLINED, "%d x %d pixels", header->width, header->height);
    return FL_OK;
}

int fl_jpeg_next(const uint8_t *data, const fl_jpeg_markers *markers, fl_jpeg_segment *segment)
{
    size_t at = segment->end == 0 ? 2 : segment->end;
    while (at < markers->scan && data[at + 1] == 0xFF) /* fill bytes */
        at++;
    if (at >= markers->scan)
        return 0;
    *segment = (fl_jpeg_segment){data[at + 1], at, at + 4, at + 2 + fl_jpeg_two(data + at + 2)};
    return 1;
}

int fl_jpeg_header(const uint8_t *data, size_t size, fl_header *header, fl_status *status)
{
    fl_jpeg_markers markers;
    if (fl_jpeg_walk(data, size, &markers, status) != FL_OK)
        return status->code;
    *header = markers.header;
    if (header->orientation == 0 && markers.xmp_states)
        return fl_fail(status, FL_DECLINED, "an orientation in XMP alone");
    if (header->orientation == 0)
        header->orientation = 1;
    return FL_OK;
}
