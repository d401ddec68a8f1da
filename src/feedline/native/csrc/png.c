/* PNG by zlib. */
#include "codecs.h"

void fl_png_close(struct fl_png *png)
{
    (void)png;
}
