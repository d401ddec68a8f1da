/* See jpeg_rewrite.h. */
#include "jpeg_rewrite.h"

#include "jpeg_header.h"
#include "jpeg_session.h"

#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)1 << 30)  /* of what is written: offsets are of 32 bits */
#define MOST_PIXELS ((int64_t)1 << 26) /* all coefficients are in memory: 6 bytes a pixel */
enum { APP0 = 0xE0, APP2 = 0xE2, APP15 = 0xEF, COMMENT = 0xFE, FIRST_RESTART = 0xD0, FIRST_ROOM = 1 << 16 };

typedef struct {
    struct jpeg_compress_struct compress;
    struct jpeg_destination_mgr destination;
    struct fl_jpeg *jpeg;
    const uint8_t *data;
    size_t size;
    int every;
    fl_jpeg_markers markers;
    fl_rewritten *made; /* its size is the room that it has while libjpeg writes */
} rewriting;

/* Leaves with the status that it has. */
_Noreturn static void leave_without_memory(struct fl_jpeg *jpeg)
{
    fl_fail(jpeg->status, FL_NO_MEMORY, "no memory for a JPEG");
    longjmp(jpeg->back, 1);
}

static void make_room(rewriting *doing, size_t room)
{
    if (room > MOST_BYTES)
        fl_jpeg_leave(doing->jpeg, "more than 1 GiB");
    const size_t used = doing->made->size - doing->destination.free_in_buffer;
    uint8_t *bytes = realloc(doing->made->bytes, room);
    if (bytes == NULL)
        leave_without_memory(doing->jpeg);
    doing->made->bytes = bytes;
    doing->made->size = room;
    doing->destination.next_output_byte = bytes + used;
    doing->destination.free_in_buffer = room - used;
}

static rewriting *doing_of(j_compress_ptr compress)
{
    return (rewriting *)compress; /* of which it is the first */
}

static void begin_writing(j_compress_ptr compress)
{
    rewriting *doing = doing_of(compress);
    doing->destination.free_in_buffer = 0;
    make_room(doing, doing->size + FIRST_ROOM);
}

/* Where libjpeg asks for more, all of it is used, whatever `free_in_buffer` says. */
static boolean write_more(j_compress_ptr compress)
{
    rewriting *doing = doing_of(compress);
    doing->destination.free_in_buffer = 0;
    make_room(doing, 2 * doing->made->size);
    return TRUE;
}

static void end_writing(j_compress_ptr compress)
{
    rewriting *doing = doing_of(compress);
    doing->made->size -= doing->destination.free_in_buffer;
    doing->destination.free_in_buffer = 0;
}

static int interval_of(int units, int every)
{
    for (int interval = every; interval < units; interval++)
        if (units % interval == 0)
            return interval;
    return units;
}

static int is_described(int marker)
{
    return (marker >= APP0 && marker <= APP15) || marker == COMMENT;
}

/* Within codes 0xFF is followed by a 0 or by a restart's number. */
static void leave_if_described_later(const rewriting *doing, size_t end)
{
    for (size_t at = doing->markers.scan + 2; at + 1 < end; at++)
        if (doing->data[at] == 0xFF && is_described(doing->data[at + 1]))
            fl_jpeg_leave(doing->jpeg, "segments between its scans");
}

static void settle(rewriting *doing)
{
    struct jpeg_compress_struct *compress = &doing->compress;
    struct jpeg_decompress_struct *decompress = &doing->jpeg->decompress;
    doing->destination.init_destination = begin_writing;
    doing->destination.empty_output_buffer = write_more;
    doing->destination.term_destination = end_writing;
    compress->dest = &doing->destination;
    jpeg_copy_critical_parameters(decompress, compress);
    if (compress->num_components == 1) /* whose sampling says nothing about its pixels, and confuses */
        compress->comp_info[0].h_samp_factor = compress->comp_info[0].v_samp_factor = 1;
    compress->optimize_coding = TRUE;
    compress->write_JFIF_header = compress->write_Adobe_marker = FALSE; /* they come with the others */
    doing->made->interval = interval_of(fl_jpeg_units(decompress), doing->every);
    compress->restart_interval = (unsigned)doing->made->interval;
}

static void write_segments(rewriting *doing)
{
    fl_jpeg_segment segment = {0};
    while (fl_jpeg_next(doing->data, &doing->markers, &segment)) {
        const uint8_t *body = doing->data + segment.body;
        const size_t size = segment.end - segment.body;
        if (segment.marker == APP2 && size > 4 && memcmp(body, "MPF", 4) == 0)
            fl_jpeg_leave(doing->jpeg, "it says where other pictures lie in it");
        if (is_described(segment.marker))
            jpeg_write_marker(&doing->compress, segment.marker, body, (unsigned)size);
    }
}

/* What lies behind the end of the picture. */
static void append(rewriting *doing, size_t end)
{
    fl_rewritten *made = doing->made;
    const size_t more = doing->size - end, written = made->size;
    doing->destination.free_in_buffer = 0;
    make_room(doing, written + more);
    memcpy(made->bytes + written, doing->data + end, more);
}

/* Where the intervals begin, and the picture ends. */
static void find(rewriting *doing, size_t end)
{
    fl_rewritten *made = doing->made;
    fl_jpeg_markers markers;
    if (fl_jpeg_walk(made->bytes, made->size, &markers, doing->jpeg->status) != FL_OK)
        longjmp(doing->jpeg->back, 1);
    const int across = fl_jpeg_units(&doing->jpeg->decompress) / made->interval;
    const int room = across * (int)doing->compress.total_iMCU_rows + 1;
    uint32_t *offsets = made->offsets = malloc((size_t)room * sizeof *offsets);
    if (offsets == NULL)
        leave_without_memory(doing->jpeg);
    size_t at = markers.scan + 2 + fl_jpeg_two(made->bytes + markers.scan + 2);
    offsets[made->count++] = (uint32_t)at;
    for (; at + 2 < end && made->count < room; at++)
        if (made->bytes[at] == 0xFF && (made->bytes[at + 1] & 0xF8) == FIRST_RESTART)
            offsets[made->count++] = (uint32_t)at + 2;
    if (made->count != room - 1)
        fl_jpeg_leave(doing->jpeg, "not the markers that were asked for");
    offsets[made->count++] = (uint32_t)end;
}

static void transcode(rewriting *doing)
{
    struct fl_jpeg *jpeg = doing->jpeg;
    jpeg_read_header(&jpeg->decompress, TRUE);
    jvirt_barray_ptr *blocks = jpeg_read_coefficients(&jpeg->decompress);
    const size_t end = (size_t)(jpeg->source.next_input_byte - doing->data);
    fl_jpeg_leave_unless_whole(jpeg);
    leave_if_described_later(doing, end);
    jpeg_create_compress(&doing->compress);
    settle(doing);
    jpeg_write_coefficients(&doing->compress, blocks);
    write_segments(doing);
    jpeg_finish_compress(&doing->compress);
    const size_t written = doing->made->size;
    append(doing, end);
    find(doing, written);
}

static int check(const rewriting *doing, fl_status *status)
{
    const fl_header *header = &doing->markers.header;
    if (fl_jpeg_check(header, status) != FL_OK)
        return status->code;
    if ((int64_t)header->width * header->height > MOST_PIXELS)
        return fl_fail(status, FL_DECLINED, "%d x %d pixels, more than are written again", header->width,
                       header->height);
    if (!fl_jpeg_ends(doing->data, doing->size, doing->markers.scan))
        return fl_fail(status, FL_DECLINED, "no end-of-image marker near the end");
    return FL_OK;
}

static void attempt(rewriting *doing)
{
    if (setjmp(doing->jpeg->back) == 0)
        transcode(doing); /* else the status says why not */
}

int fl_jpeg_rewrite(fl_worker *worker, const uint8_t *data, size_t size, int every, fl_rewritten *made,
                    fl_status *status)
{
    *made = (fl_rewritten){0};
    rewriting doing = {.data = data, .size = size, .every = every, .made = made};
    if (fl_jpeg_walk(data, size, &doing.markers, status) != FL_OK || check(&doing, status) != FL_OK)
        return status->code;
    struct fl_jpeg *jpeg = doing.jpeg = fl_jpeg_session(worker, status);
    if (jpeg == NULL)
        return status->code;
    doing.compress.err = &jpeg->errors;
    doing.compress.client_data = jpeg;
    fl_jpeg_begin(jpeg, data, size, status);
    status->code = FL_OK;
    attempt(&doing);
    jpeg_destroy_compress(&doing.compress);
    jpeg_abort_decompress(&jpeg->decompress);
    if (status->code != FL_OK)
        fl_jpeg_forget(made);
    return status->code;
}

void fl_jpeg_forget(fl_rewritten *made)
{
    free(made->bytes);
    free(made->offsets);
    *made = (fl_rewritten){0};
}
