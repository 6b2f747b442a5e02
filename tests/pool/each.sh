#!/bin/bash
# Runs one program after another, each without arguments: fails when one of them did, after all have run.
status=0
for program; do
    "$program" || status=1
done
exit "$status"
