"""Continues a text with a model that `parcae jobs export` wrote, by Hugging Face transformers alone.

    parcae jobs export JOB --checkpoints run/checkpoints --out model
    python3 examples/transformers/continue_text.py model "Returns the value of" --tokens 100
    parcae jobs generate JOB --checkpoints run/checkpoints --prompt "Returns the value of" --tokens 100 --temperature 0 --json >ours.json
    python3 examples/transformers/continue_text.py model "Returns the value of" --tokens 100 --compare ours.json

With --compare the tokens must be those of `parcae jobs generate`: the exit status says so.
"""

import argparse
import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model", help="the folder of the export")
    arguments.add_argument("prompt")
    arguments.add_argument("--tokens", type=int, default=100)
    arguments.add_argument("--compare", metavar="FILE", help="what `parcae jobs generate --temperature 0 --json` printed")
    given = arguments.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(given.model)
    model = AutoModelForCausalLM.from_pretrained(given.model, dtype=torch.float32).eval()
    prompt = tokenizer(given.prompt, return_tensors="pt")
    with torch.no_grad():
        whole = model.generate(**prompt, max_new_tokens=given.tokens, do_sample=False, pad_token_id=0)[0]
    tokens = whole[prompt["input_ids"].shape[1]:].tolist()
    print(tokenizer.decode(tokens))
    if given.compare is None:
        return 0

    with open(given.compare, encoding="utf-8") as file:
        ours = json.load(file)["tokens"]
    first = next((i for i, (a, b) in enumerate(zip(tokens, ours)) if a != b), min(len(tokens), len(ours)))
    same = tokens == ours
    print(f"{first} of {len(ours)} tokens are the same" + ("" if same else f"; then {tokens[first:first + 5]} here, {ours[first:first + 5]} there"), file=sys.stderr)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
