/* Elementary functions with fixed results: the same bits on every processor, at every vector width.
 *
 * They are SLEEF's deterministic family without fused multiply-add (Sleef_cinz_*f1_u10: within 1.0
 * units in the last place), never the C library's. What instructions make of them (clipping,
 * shifting) is docs/algorithm.md's. */
#ifndef POOLMINER_ELEMENTARY_H
#define POOLMINER_ELEMENTARY_H

float pm_elementary_exp(float x);
float pm_elementary_log(float x);
float pm_elementary_sin(float x);
float pm_elementary_cos(float x);
float pm_elementary_tan(float x);

#endif
