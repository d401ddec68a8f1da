/* Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011); the twin is
   feedline.rng.philox4x32. */
#ifndef FEEDLINE_PHILOX_H
#define FEEDLINE_PHILOX_H

#include <stdint.h>

/* Four words of a counter of 128 bits and a key of 64. */
void fl_philox(const uint32_t counter[4], uint64_t key, uint32_t words[4]);

#endif
