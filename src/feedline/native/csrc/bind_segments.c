/* A table of segments, as Python gives it. */
#include "bind_sources.h"

int fl_take_segments(fl_sources *from, PyObject *given)
{
    if (fl_hold(from, PyTuple_GET_ITEM(given, 0), PyBUF_SIMPLE) < 0)
        return -1;
    const Py_buffer *table = &from->buffers[from->held - 1];
    if (table->len % (Py_ssize_t)sizeof(fl_segment) || (uintptr_t)table->buf % sizeof(int64_t)) {
        PyErr_SetString(PyExc_ValueError, "segments must be a table of SEGMENT, in one piece and aligned");
        return -1;
    }
    from->segments = (fl_segments){table->buf, (size_t)table->len / sizeof(fl_segment)};
    from->has_segments = 1;
    return 0;
}
