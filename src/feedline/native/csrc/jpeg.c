/* JPEG by libjpeg-turbo. */
#include "codecs.h"

void fl_jpeg_close(struct fl_jpeg *jpeg)
{
    (void)jpeg;
}
