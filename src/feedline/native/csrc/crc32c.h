/* CRC-32C (Castagnoli; RFC 3720, appendix B.4), by whatever of this processor does it fastest. */
#ifndef FEEDLINE_CRC32C_H
#define FEEDLINE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of the bytes so far `value`, and of these: of all together. 0 begins. */
typedef uint32_t fl_crc32c_way(uint32_t value, const uint8_t *data, size_t size);

fl_crc32c_way *fl_crc32c_here(void);

/* Names of the ways that this processor can go, the best first, and a way by its name; NULL: there is none. */
const char *const *fl_crc32c_names(void);
fl_crc32c_way *fl_crc32c_named(const char *name);

#endif
