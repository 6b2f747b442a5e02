/* Constants as text. Private to the room; reading them is the lexer's. */
#ifndef POOLMINER_ALGORITHM_NUMBER_H
#define POOLMINER_ALGORITHM_NUMBER_H

enum { PM_NUMBER_SIZE = 24 };

/* The shortest decimal that reads back to exactly this float, the same in every locale: "0.01",
 * "-0.0", "1.5e-07"; "1e39" and "-1e39" for the infinities. Not for NaN. */
void pm_number_write(float value, char out[PM_NUMBER_SIZE]);

#endif
