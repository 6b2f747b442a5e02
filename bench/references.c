#include "bench/references.h"

const struct bench_text BENCH_REFERENCES[] = {
    {"linear_sgd", "def Setup():\n"
                   "  s2 = 0.012\n"
                   "  s5 = 0.5\n"
                   "  s6 = 0.993\n"
                   "def Predict():\n"
                   "  s0 = dot(v0, v1)\n"
                   "  s0 = s0 + s5\n"
                   "def Learn():\n"
                   "  s3 = s1 - s0\n"
                   "  s3 = s3 * s2\n"
                   "  v2 = s3 * v0\n"
                   "  v1 = v1 + v2\n"
                   "  s2 = s2 * s6\n"},
    {"net_sgd", "def Setup():\n"
                "  s4 = 0.11\n"
                "  s5 = 0.5\n"
                "  s6 = 0.992\n"
                "  m0 = gaussian(0.0, 0.02)\n"
                "  v4 = gaussian(0.0, 0.3)\n"
                "def Predict():\n"
                "  v1 = dot(m0, v0)\n"
                "  v1 = v1 + v8\n"
                "  v2 = maximum(v1, v3)\n"
                "  s0 = dot(v2, v4)\n"
                "  s0 = s0 + s5\n"
                "def Learn():\n"
                "  s2 = s1 - s0\n"
                "  s3 = s2 * s4\n"
                "  s5 = s5 + s3\n"
                "  v5 = s3 * v2\n"
                "  v6 = heaviside(v2, 1.0)\n"
                "  v7 = s3 * v4\n"
                "  v7 = v7 * v6\n"
                "  v4 = v4 + v5\n"
                "  v8 = v8 + v7\n"
                "  m1 = outer(v7, v0)\n"
                "  m0 = m0 + m1\n"
                "  s4 = s4 * s6\n"},
};
const size_t BENCH_REFERENCE_COUNT = sizeof BENCH_REFERENCES / sizeof *BENCH_REFERENCES;

const struct bench_start BENCH_STARTS[] = {
    {"nothing",
     {{"constant", "def Predict():\n"
                   "  s0 = 1\n"},
      {"empty", "def Predict():\n"
                "  NoOp()\n"}}},
    {"mediocre",
     {{"class_mean", "def Setup():\n"
                     "  s2 = 0.5\n"
                     "def Predict():\n"
                     "  s0 = dot(v0, v1)\n"
                     "  s0 = heaviside(s0, 1.0)\n"
                     "def Learn():\n"
                     "  s3 = s1 - s2\n"
                     "  v2 = s3 * v0\n"
                     "  v1 = v1 + v2\n"},
      {"linear", "def Setup():\n"
                 "  s2 = 0.001\n"
                 "  s5 = 0.5\n"
                 "def Predict():\n"
                 "  s0 = dot(v0, v1)\n"
                 "  s0 = s0 + s5\n"
                 "def Learn():\n"
                 "  s3 = s1 - s0\n"
                 "  s4 = s2 * s3\n"
                 "  v2 = s4 * v0\n"
                 "  v1 = v1 + v2\n"}}},
};
const size_t BENCH_START_COUNT = sizeof BENCH_STARTS / sizeof *BENCH_STARTS;
