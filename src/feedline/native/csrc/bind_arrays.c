/* Arrays of Python through the buffer protocol. */
#include "binding.h"

#include <string.h>

static int open_view(const fl_py_argument *given, Py_buffer *view)
{
    int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (given->writable ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(given->object, view, flags) < 0) {
        PyErr_Clear();
        PyErr_Format(PyExc_ValueError, "%s has to be a%s array in one piece", given->name,
                     given->writable ? " writable" : "n");
        return -1;
    }
    const char *format = view->format == NULL ? "" : view->format;
    int aligned = view->itemsize > 0 && (uintptr_t)view->buf % (size_t)view->itemsize == 0;
    if (view->ndim == given->dimensions && strlen(format) == 1 && strchr(given->kinds, *format) != NULL && aligned)
        return 0;
    PyErr_Format(PyExc_ValueError, "%s has to have %d dimensions and a type of \"%s\", found %d of \"%s\"",
                 given->name, given->dimensions, given->kinds, view->ndim, format);
    PyBuffer_Release(view);
    return -1;
}

int fl_py_shape(const Py_buffer *view, const Py_ssize_t *shape, const char *name)
{
    for (int place = 0; place < view->ndim; place++)
        if (view->shape[place] != shape[place]) {
            PyErr_Format(PyExc_ValueError, "%s has to have %zd numbers along dimension %d, found %zd", name,
                         shape[place], place, view->shape[place]);
            return -1;
        }
    return 0;
}

int fl_py_arrays(const fl_py_argument *arguments, Py_buffer *views, int count)
{
    for (int each = 0; each < count; each++)
        if (open_view(arguments + each, views + each)) {
            fl_py_release(views, each);
            return -1;
        }
    return 0;
}

void fl_py_release(Py_buffer *views, int count)
{
    for (int each = 0; each < count; each++)
        PyBuffer_Release(views + each);
}
