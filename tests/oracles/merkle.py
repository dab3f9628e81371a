"""What pymerkle says about our proof log. It runs in `.venv-oracles`, and none of our code is in it.

Questions come as lines of JSON with bytes in hexadecimal; each is answered with a line of JSON.
"""

import json
import sys
from typing import Any

from pymerkle import InmemoryTree, InvalidProof, verify_consistency, verify_inclusion


def answered(q: dict[str, Any]) -> dict[str, Any]:
    """The root over `leaves` at `size`, and pymerkle's proofs; or what it says about ours.

    Its proofs of consistency are finer than those of RFC 9162, so it only says of two of our roots whether they agree.
    """
    tree = InmemoryTree.init_from_entries([bytes.fromhex(leaf) for leaf in q["leaves"]], algorithm="sha256")
    size = q["size"]
    if q["ask"] == "grow":
        return {"ok": True, "root": tree.get_root(size).hex()}
    if q["ask"] == "inclusion":
        theirs = tree.prove_inclusion(q["index"] + 1, size)
        if "proof" not in q:
            return {"ok": True, "hashes": [each.hex() for each in theirs.path[1:]]}
        theirs.path[1:] = [bytes.fromhex(each) for each in q["proof"]]
        verify_inclusion(bytes.fromhex(q["leaf_hash"]), bytes.fromhex(q["root"]), theirs, q["index"] + 1, size)
        return {"ok": True}
    if q["ask"] == "consistency":
        theirs = tree.prove_consistency(q["old"], size)
        verify_consistency(bytes.fromhex(q["before"]), bytes.fromhex(q["root"]), theirs, q["old"], size)
        return {"ok": True}
    message = f"no such question: {q['ask']}"
    raise ValueError(message)


def main() -> None:
    """Answer until there is no further question."""
    for line in sys.stdin:
        try:
            told = answered(json.loads(line))
        except InvalidProof as reason:
            told = {"ok": False, "error": str(reason)}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


main()
