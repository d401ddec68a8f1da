/* Arrays as pictures. */
#include "binding.h"

#include <string.h>

static const char *wrong_image = "an image is a C-contiguous array of uint8, height x width x 1 to 4 channels";

int fl_py_image(PyObject *array, int writable, Py_buffer *view, fl_image *image)
{
    int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(array, view, flags) < 0)
        return 0;
    const Py_ssize_t *shape = view->shape;
    if (view->ndim != 3 || view->itemsize != 1 || strcmp(view->format, "B") != 0 || shape[0] < 1 || shape[1] < 1 ||
        shape[0] > INT32_MAX || shape[1] > INT32_MAX / 4 || shape[2] < 1 || shape[2] > 4) {
        PyErr_SetString(PyExc_ValueError, wrong_image);
        PyBuffer_Release(view);
        return 0;
    }
    *image = (fl_image){view->buf, (int)shape[0], (int)shape[1], (int)shape[2], shape[1] * shape[2]};
    return 1;
}
