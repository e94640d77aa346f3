#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Validates run files against run.schema.json and what a schema can't say.

usage: validate.py FILE...   one line a file, exit 1 when one is not valid

A run file may have keys the schema does not know; one of ours may not: a key that is written but
not described has no meaning to anybody. So objects are closed here. Buckets must add up.
"""
import json
import os
import sys

try:
    import jsonschema
except ImportError:
    sys.exit("validate.py: python3-jsonschema is missing; on Debian: apt-get install "
             "python3-jsonschema")

HERE = os.path.dirname(os.path.abspath(__file__))


def close(schema):
    """Forbids unknown members wherever the known ones are listed."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key not in ("if", "then", "else"):
                close(value)
        if "properties" in schema and "type" in schema:
            schema.setdefault("additionalProperties", False)
    elif isinstance(schema, list):
        for value in schema:
            close(value)
    return schema


def histograms(value, path=""):
    if isinstance(value, dict):
        if "buckets" in value:
            yield path, value
        for key, member in value.items():
            yield from histograms(member, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for i, member in enumerate(value):
            yield from histograms(member, f"{path}[{i}]")


def check_histogram(path, h):
    end = 0
    for lower, upper, _ in h["buckets"]:
        if not end <= lower < upper:
            raise ValueError(f"{path}: bucket [{lower},{upper}) overlaps or is out of order")
        end = upper
    if sum(b[2] for b in h["buckets"]) != h["count"]:
        raise ValueError(f"{path}: buckets do not add up to count")


def main(paths):
    with open(os.path.join(HERE, "run.schema.json"), encoding="utf-8") as f:
        schema = json.load(f)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(close(schema))
    failed = 0
    for path in paths:
        try:
            with open(path, encoding="utf-8") as f:
                run = json.load(f)
            error = jsonschema.exceptions.best_match(validator.iter_errors(run))
            if error:
                raise ValueError(f"{'.'.join(map(str, error.absolute_path))}: {error.message}")
            for where, h in histograms(run):
                check_histogram(where, h)
            print(f"ok   {path}")
        except (OSError, ValueError) as e:
            print(f"FAIL {path}: {str(e)[:300]}")
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
