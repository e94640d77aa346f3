# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What before-after has to find between the kernel without the fix of 2019 and the one with it."""
from .base import check, enough, load


def before_after(conf, path, args):
    """The fix costs hold time in the migration; and what is lost without it. @path: compare's JSON."""
    c = load(path)
    row = {(r["subject"], r["metric"]): r for r in c["rows"]}
    check(c["unlike"] is None, f"alike: {c['unlike']}")
    check(c["before"]["generation"] == "racy" and c["after"]["generation"] == "held",
          f"generations {c['before']['generation']}, {c['after']['generation']}")
    check(not c["before"]["tainted"] and not c["after"]["tainted"], "nothing lost")
    for metric in "hold p50", "hold total":
        r = row["migrate_norefs", metric]
        check(r["verdict"] == "worse", f"{metric}: x{r['ratio']:.2f}, p {r['p_holm']:.4f}, {r['verdict']}")
    late = c["before"]["late_references"], c["after"]["late_references"]
    enough(late[0] > 0, f"late references before: {late[0]} of {c['before']['windows']} windows")
    check(late[1] == 0, f"late references after: {late[1]} of {c['after']['windows']} windows")
    errors = [sum(row["file system errors", "found"][side]["values"]) for side in ("before", "after")]
    enough(errors[0] > 0, f"errors of ext4 before: {errors[0]}")
    check(errors[1] == 0, f"errors of ext4 after: {errors[1]}")
