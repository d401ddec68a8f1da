/* What libjpeg asks of its caller: memory to read from, and what to do about errors. */
#include "jpeg_session.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SCANS = 500, SMOOTHED = 10 };

_Noreturn void fl_jpeg_leave(struct fl_jpeg *jpeg, const char *why)
{
    fl_fail(jpeg->status, FL_DECLINED, "%s", why);
    longjmp(jpeg->back, 1);
}

static struct fl_jpeg *session_of(j_common_ptr common)
{
    return common->client_data;
}

_Noreturn static void leave_with_message(j_common_ptr common)
{
    char text[JMSG_LENGTH_MAX];
    common->err->format_message(common, text);
    fl_jpeg_leave(session_of(common), text);
}

/* Below 0 are warnings: damage that libjpeg papers over. */
static void leave_at_warning(j_common_ptr common, int level)
{
    if (level < 0)
        leave_with_message(common);
}

static void say_nothing(j_common_ptr common)
{
    (void)common;
}

static void do_nothing(j_decompress_ptr decompress)
{
    (void)decompress;
}

static boolean leave_at_end(j_decompress_ptr decompress)
{
    fl_jpeg_leave(decompress->client_data, "its data end early");
}

static void skip(j_decompress_ptr decompress, long bytes)
{
    struct jpeg_source_mgr *source = decompress->src;
    if (bytes <= 0)
        return;
    if ((size_t)bytes > source->bytes_in_buffer)
        leave_at_end(decompress);
    source->next_input_byte += bytes;
    source->bytes_in_buffer -= (size_t)bytes;
}

/* A few bytes for each scan over a large picture would keep a thread busy for hours. */
static void leave_at_many_scans(j_common_ptr common)
{
    if (((j_decompress_ptr)common)->input_scan_number > MOST_SCANS)
        fl_jpeg_leave(session_of(common), "more than 500 scans");
}

static void set_up(struct fl_jpeg *jpeg)
{
    struct jpeg_decompress_struct *decompress = &jpeg->decompress;
    decompress->src = &jpeg->source;
    jpeg->source.init_source = do_nothing;
    jpeg->source.fill_input_buffer = leave_at_end;
    jpeg->source.skip_input_data = skip;
    jpeg->source.resync_to_restart = jpeg_resync_to_restart;
    jpeg->source.term_source = do_nothing;
    decompress->progress = &jpeg->progress;
    jpeg->progress.progress_monitor = leave_at_many_scans;
}

static int is_open(struct fl_jpeg *jpeg, fl_status *status)
{
    jpeg->status = status;
    jpeg->decompress.err = jpeg_std_error(&jpeg->errors);
    jpeg->decompress.client_data = jpeg;
    jpeg->errors.error_exit = leave_with_message;
    jpeg->errors.emit_message = leave_at_warning;
    jpeg->errors.output_message = say_nothing;
    if (setjmp(jpeg->back) != 0)
        return 0; /* libjpeg has let go of its own */
    jpeg_create_decompress(&jpeg->decompress);
    set_up(jpeg);
    return 1;
}

struct fl_jpeg *fl_jpeg_session(fl_worker *worker, fl_status *status)
{
    if (worker->jpeg != NULL)
        return worker->jpeg;
    struct fl_jpeg *jpeg = calloc(1, sizeof *jpeg);
    if (jpeg != NULL && is_open(jpeg, status))
        return worker->jpeg = jpeg;
    free(jpeg);
    fl_fail(status, FL_NO_MEMORY, "no memory for libjpeg");
    return NULL;
}

/* Tables outlive their file: what a file does not bring must not come from the one before it. A quantisation table that
   is all 0 is looked for below; Huffman codes of which there are more than can be are an error in libjpeg. */
static void spoil_tables(struct jpeg_decompress_struct *decompress)
{
    for (int table = 0; table < NUM_QUANT_TBLS; table++)
        if (decompress->quant_tbl_ptrs[table] != NULL)
            memset(decompress->quant_tbl_ptrs[table], 0, sizeof(JQUANT_TBL));
    for (int table = 0; table < NUM_HUFF_TBLS; table++) {
        if (decompress->dc_huff_tbl_ptrs[table] != NULL)
            memset(decompress->dc_huff_tbl_ptrs[table], 0xFF, sizeof(JHUFF_TBL));
        if (decompress->ac_huff_tbl_ptrs[table] != NULL)
            memset(decompress->ac_huff_tbl_ptrs[table], 0xFF, sizeof(JHUFF_TBL));
    }
}

void fl_jpeg_begin(struct fl_jpeg *jpeg, const uint8_t *data, size_t size, fl_status *status)
{
    jpeg->status = status;
    jpeg->source.next_input_byte = data;
    jpeg->source.bytes_in_buffer = size;
    jpeg->errors.num_warnings = 0;
    spoil_tables(&jpeg->decompress);
}

/* Progressive coefficients that no scan completes are guessed from blocks around them where the whole is decoded. */
static int is_smoothed(const struct jpeg_decompress_struct *decompress)
{
    for (int part = 0; decompress->coef_bits != NULL && part < decompress->num_components; part++)
        for (int coefficient = 0; coefficient < SMOOTHED; coefficient++)
            if (decompress->coef_bits[part][coefficient] != 0)
                return 1;
    return 0;
}

void fl_jpeg_leave_unless_whole(struct fl_jpeg *jpeg)
{
    if (is_smoothed(&jpeg->decompress))
        fl_jpeg_leave(jpeg, "a progressive JPEG without all of its coefficients");
    for (int part = 0; part < jpeg->decompress.num_components; part++) {
        const JQUANT_TBL *table = jpeg->decompress.comp_info[part].quant_table;
        if (table == NULL || table->quantval[0] == 0)
            fl_jpeg_leave(jpeg, "no quantisation table");
    }
}

void fl_jpeg_close(struct fl_jpeg *jpeg)
{
    if (jpeg == NULL)
        return;
    jpeg_destroy_decompress(&jpeg->decompress);
    free(jpeg);
}
