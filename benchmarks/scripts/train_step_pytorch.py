"""The peer of train-step: the same model and training step in PyTorch.

train_step_pytorch.py THREADS BATCH SEQUENCE BLOCKS HIDDEN HEADS VOCABULARY [DEVICE PRECISION]

PRECISION is float32, tf32 or bfloat16 (autocast); anything else is float32.

Asked "product N K" it multiplies two N x N float32 matrices K times and answers with each one's seconds; asked "step K" it trains K steps and
answers with each one's seconds; asked "loss" with the last step's loss; asked "version" with what it runs on.
"""
import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, hidden, heads, sequence):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(hidden)
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.out = nn.Linear(hidden, hidden)
        self.norm2 = nn.LayerNorm(hidden)
        self.up = nn.Linear(hidden, 4 * hidden)
        self.down = nn.Linear(4 * hidden, hidden)
        mask = torch.full((sequence, sequence), float("-inf")).triu(1)
        self.register_buffer("mask", mask)

    def attention(self, x):
        batch, sequence, hidden = x.shape
        q, k, v = (t.view(batch, sequence, self.heads, -1).transpose(1, 2) for t in self.qkv(x).split(hidden, dim=2))
        if hasattr(F, "scaled_dot_product_attention"):
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q * (1 / math.sqrt(q.shape[-1]))) @ k.transpose(-2, -1)
            mixed = F.softmax(scores + self.mask, dim=-1) @ v
        return self.out(mixed.transpose(1, 2).reshape(batch, sequence, hidden))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self, sequence, blocks, hidden, heads, vocabulary):
        super().__init__()
        self.token = nn.Embedding(vocabulary, hidden)
        self.position = nn.Embedding(sequence, hidden)
        self.blocks = nn.ModuleList(Block(hidden, heads, sequence) for _ in range(blocks))
        self.norm = nn.LayerNorm(hidden)
        for name, p in self.named_parameters():
            if p.dim() > 1:
                residual = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(p, 0, 0.02 / math.sqrt(2 * blocks) if residual else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, tokens, targets):
        x = self.token(tokens) + self.position.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        logits = F.linear(self.norm(x), self.token.weight)  # the head is the token embedding
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.reshape(-1))


def main():
    threads, batch, sequence, blocks, hidden, heads, vocabulary = map(int, sys.argv[1:8])
    device, precision = sys.argv[8:] if len(sys.argv) > 8 else ("cpu", "float32")
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    if device != "cpu":
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    low = precision == "bfloat16"
    model = Gpt(sequence, blocks, hidden, heads, vocabulary).to(device)
    decay = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=3e-4, betas=(0.9, 0.95), eps=1e-8, foreach=True)
    data = torch.randint(0, vocabulary, (batch, sequence + 1)).to(device)
    tokens, targets = data[:, :-1].contiguous(), data[:, 1:].contiguous()
    last = float("nan")

    def now():
        if device != "cpu":
            torch.cuda.synchronize()
        return time.perf_counter()

    def forward():
        if not low:
            return model(tokens, targets)
        with torch.autocast(device, torch.bfloat16):
            return model(tokens, targets)

    def step():
        nonlocal last
        start = now()
        loss = forward()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        last = loss.item()
        return now() - start

    def product(size, count):
        form = {"device": device, "dtype": torch.bfloat16 if low else torch.float32}
        a, b, c = torch.randn(size, size, **form), torch.randn(size, size, **form), torch.empty(size, size, **form)
        seconds = []
        for _ in range(count):
            start = now()
            torch.mm(a, b, out=c)
            seconds.append(now() - start)
        return seconds

    for line in sys.stdin:
        words = line.split()
        if words[0] == "version":
            attention = "scaled_dot_product_attention" if hasattr(F, "scaled_dot_product_attention") else "softmax written out"
            print(f"Python {sys.version.split()[0]}, torch {torch.__version__}, attention: {attention}", flush=True)
        elif words[0] == "step":
            print(*[step() for _ in range(int(words[1]))], flush=True)
        elif words[0] == "product":
            print(*product(int(words[1]), int(words[2])), flush=True)
        elif words[0] == "loss":
            print(last, flush=True)
        else:
            raise ValueError(f"asked {line!r}: version, step K, product N K and loss are understood")


main()
