"""Answers to the exercises of lesson 5: right ones, and known mistakes with words of the advice they get."""

from __future__ import annotations

import random

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss, mse_loss, normalize, one_hot, softplus


def away(a, b):
    return (a - b).abs().mean()


def cycle(to_b, to_a, a, b):
    return away(to_a(to_b(a)), a) + away(to_b(to_a(b)), b)


def cycle_in_one_batch(to_b, to_a, a, b):
    back = torch.stack([to_a(to_b(a)), to_b(to_a(b))])
    return (back - torch.stack([a, b])).abs().flatten(1).mean(1).sum()


def cycle_with_squares_of_roots(to_b, to_a, a, b):
    total = 0
    for there, home, real in ((to_b, to_a, a), (to_a, to_b, b)):
        total = total + torch.linalg.vector_norm(home(there(real)) - real, 1) / real.numel()
    return total


def without_gradient(of):
    def call(*given):
        with torch.no_grad():
            return of(*given)

    return call


def cut_there(to_b, to_a, a, b):
    return away(to_a(to_b(a).detach()), a) + away(to_b(to_a(b).detach()), b)


def half_cut(to_b, to_a, a, b):
    return away(to_a(to_b(a)), a) + away(to_b(to_a(b)), b).detach()


def fakes_without_gradient(to_b, to_a, a, b):
    with torch.no_grad():
        fake_b = to_b(a)
    return away(to_a(fake_b), a) + away(to_b(to_a(b)), b)


def frozen(to_b, to_a, a, b):
    to_b.requires_grad_(False)
    return cycle(to_b, to_a, a, b)


def left_in_eval(to_b, to_a, a, b):
    return cycle(to_b.eval(), to_a.eval(), a, b)


def backward_inside(to_b, to_a, a, b):
    loss = cycle(to_b, to_a, a, b)
    loss.backward(retain_graph=True)
    return loss


def cleared(to_b, to_a, a, b):
    to_b.zero_grad()
    to_a.zero_grad()
    return cycle(to_b, to_a, a, b)


def squares(real, fake):
    return (real - 1).square().mean() + fake.square().mean()


def squares_by_hand(real, fake):
    total = real.new_zeros(())
    for logits, goal in ((real, 1), (fake, 0)):
        total = total + ((logits - goal) ** 2).sum() / logits.numel()
    return total


def squares_in_place(real, fake):
    real -= 1
    return real.square().mean() + fake.square().mean()


def pool(choose=None, old_share=0.5, put_back=True, fill=True):
    def exchange(memory, fake, size):
        if len(memory) < size:
            memory.append(fake)
            return fake if fill else memory[0]
        if torch.rand(()) >= old_share:
            return fake
        place = int(torch.randint(size, ())) if choose is None else choose(size)
        old = memory[place]
        if put_back:
            memory[place] = fake
        return old

    return exchange


def pool_that_pops(which=lambda size: random.randrange(size), coin=random.random):
    def exchange(memory, fake, size):
        if len(memory) >= size:
            if coin() < 0.5:
                return fake
            old = memory.pop(which(len(memory)))
            memory.append(fake)
            return old
        memory.append(fake)
        return fake

    return exchange


def pool_of_copies(memory, fake, size):
    if len(memory) < size:
        memory += [fake.clone()]
    elif torch.randint(2, ()) == 1:
        order = torch.randperm(size)
        fake, memory[order[0]] = memory[order[0]], fake.clone()
    return fake


def overwriting(memory, fake, size):
    if len(memory) < size:
        memory.append(fake)
    elif torch.rand(()) < 0.5:
        place = int(torch.randint(size, ()))
        old = memory[place].clone()
        memory[place].copy_(fake)
        return old
    return fake


def alternating(memory, fake, size, turns=[0]):  # noqa: B006 - it counts
    turns[0] += 1
    return pool(old_share=turns[0] % 2)(memory, fake, size)


def overwritten(memory, fake, size):
    """Every fake goes in, whether the old one is shown or not."""
    if len(memory) < size:
        memory.append(fake)
        return fake
    place = int(torch.randint(size, ()))
    old, memory[place] = memory[place], fake
    return old if torch.rand(()) < 0.5 else fake


def darker(memory, fake, size):
    return pool()(memory, fake.mul_(0.5), size)


def places(maps, dim=None):
    share = maps.flatten(2).softmax(2).view_as(maps) if dim is None else maps.softmax(dim)
    return torch.stack([share.sum(2) @ (torch.arange(9) + 0.5), share.sum(3) @ (torch.arange(6) + 0.5)], 2)


def places_on_a_grid(maps):
    rows, columns = maps.shape[2:]
    y, x = torch.meshgrid(torch.arange(rows) + 0.5, torch.arange(columns) + 0.5, indexing="ij")
    share = torch.softmax(maps.reshape(*maps.shape[:2], -1), -1)
    return torch.einsum("bkn,nc->bkc", share, torch.stack([x.flatten(), y.flatten()], 1))


def places_by_logsumexp(maps):
    share = (maps - maps.logsumexp((2, 3), keepdim=True)).exp()
    x = torch.linspace(0.5, maps.shape[3] - 0.5, maps.shape[3])
    y = torch.linspace(0.5, maps.shape[2] - 0.5, maps.shape[2])
    return torch.stack([(share * x).sum((2, 3)), (share * y.view(-1, 1)).sum((2, 3))], -1)


def places_in_loops(maps):
    return torch.stack([
        torch.stack([places_on_a_grid(maps[i : i + 1, k : k + 1])[0, 0] for k in range(maps.shape[1])])
        for i in range(len(maps))
    ])  # fmt: skip


def overflowing(maps):
    share = (maps.exp() / maps.exp().sum((2, 3), keepdim=True)).float()
    return torch.stack([share.sum(2) @ (torch.arange(9) + 0.5), share.sum(3) @ (torch.arange(6) + 0.5)], 2)


def places_with_hard_weights(maps):
    share = one_hot(maps.flatten(2).argmax(2), maps[0, 0].numel()).float()
    soft = maps.flatten(2).softmax(2)
    share = (share + soft - soft.detach()).view_as(maps)
    return torch.stack([share.sum(2) @ (torch.arange(9) + 0.5), share.sum(3) @ (torch.arange(6) + 0.5)], 2)


def straight_through(maps):
    """The right places with the gradient of a sharper softmax."""
    sharp = places(2 * maps)
    return sharp + (places(maps) - sharp).detach()


def brightest(maps):
    place = maps.flatten(2).argmax(2)
    return torch.stack([place % 9 + 0.5, place // 9 + 0.5], 2)


def within(queries, keys):
    return l1_loss(queries @ queries.mT, (keys @ keys.mT).detach())


def within_by_einsum(queries, keys):
    maps = [torch.einsum("bnc,bmc->bnm", each, each) for each in (queries, keys.detach())]
    return (maps[0] - maps[1]).abs().mean()


def within_one_by_one(queries, keys):
    each = [(q @ q.T - (k @ k.T).detach()).abs().mean() for q, k in zip(queries, keys)]
    return torch.stack(each).mean()


SOLUTIONS = {
    "5_1": [
        cycle,
        cycle_with_squares_of_roots,
        lambda g, f, a, b: l1_loss(f(g(a)), a) + l1_loss(g(f(b)), b.detach()),
    ],
    "5_2": [
        squares,
        squares_by_hand,
        lambda real, fake: mse_loss(real, torch.ones_like(real)) + mse_loss(fake, torch.zeros_like(fake)),
        lambda real, fake: torch.pow(1 - real, 2).mean() + (fake * fake).mean(),
    ],
    "5_3": [pool(), pool_that_pops(), pool_of_copies],
    "5_4": [places, places_on_a_grid, places_by_logsumexp, places_in_loops],
    "5_5": [within, within_by_einsum, within_one_by_one],
}

WRONG_ANSWERS = {
    "5_1": [
        (lambda g, f, a, b: away(g(a), b) + away(f(b), a), "no pairs"),
        (lambda g, f, a, b: away(f(g(a)), a), "Only A's"),
        (lambda g, f, a, b: away(g(f(b)), b), "Only B's"),
        (lambda *given: cycle(*given) / 2, "their sum"),
        (lambda g, f, a, b: away(g(f(a)), a) + away(f(g(b)), b), "wrong generator"),
        (lambda g, f, a, b: away(g(a), a) + away(f(b), b), "way back is missing"),
        (lambda g, f, a, b: away(g(b), b) + away(f(a), a), "identity loss"),
        (lambda g, f, a, b: (f(g(a)) - a).square().mean() + (g(f(b)) - b).square().mean(), "Squared"),
        (lambda *given: cycle(*given).detach(), "cut off"),
        (without_gradient(cycle), "cut off"),
        (cut_there, "cut off"),
        (half_cut, "cut off"),
        (fakes_without_gradient, "cut off"),
        (lambda g, f, a, b: cycle(lambda x: g(x).detach(), f, a, b), "cut off"),
        (frozen, "requires_grad"),
        (left_in_eval, "another mode"),
        (backward_inside, "stored"),
        (cleared, "stored"),
        (lambda *given: cycle(*given) * 2 * 3 * 36, "Sums over all numbers of the batch"),
        (lambda *given: cycle(*given) * 3 * 36, "Sums over all numbers of a picture"),
        (lambda g, f, a, b: (f(g(a)) - a).mean().abs() + (g(f(b)) - b).mean().abs(), "cancel out"),
        (lambda g, f, a, b: away(f(g(a)), b) + away(g(f(b)), a), "other set"),
        (lambda g, f, a, b: cycle(g, f, a, b) + away(g(b), b) + away(f(a), a), "should be"),
        (lambda g, f, a, b: cycle(g, f, a.clamp(0), b.clamp(0)), "should be"),
        (lambda g, f, a, b: cycle(g, f, a, b).item(), "should be a torch tensor"),
        (lambda *given: cycle(*given) + 1, "should be"),
        (cycle_in_one_batch, "another size"),
        (lambda g, f, a, b: 2 * torch.cat([f(g(a)) - a, g(f(b)) - b]).abs().mean(), "another size"),
        (lambda g, f, a, b: ((f(g(a)) - a).abs() + (g(f(b)) - b).abs()).mean(), "another size"),
    ],
    "5_2": [
        (lambda real, fake: squares(real, fake) / 2, "half"),
        (lambda real, fake: squares(fake, real), "changed places"),
        (lambda real, fake: squares(real, fake) * real.numel(), "should be"),
        (lambda real, fake: (real - 1).square().sum() + fake.square().sum(), "take the mean"),
        (lambda real, fake: torch.cat([(real - 1).flatten(), fake.flatten()]).square().mean(), "different sizes"),
        (lambda real, fake: (real - 1).square().mean(), "fakes cost nothing"),
        (lambda real, fake: fake.square().mean(), "Only the fakes"),
        (lambda real, fake: (real.mean() - 1).square() + fake.mean().square(), "square of the mean"),
        (lambda real, fake: (real - 1).square().mean().sqrt() + fake.square().mean().sqrt(), "root"),
        (lambda real, fake: (1 - real).relu().mean() + (1 + fake).relu().mean(), "hinge"),
        (
            lambda real, fake: binary_cross_entropy_with_logits(real, torch.ones_like(real)) + softplus(fake).mean(),
            "lesson 1",
        ),
        (lambda real, fake: away(real, 1) + fake.abs().mean(), "Plain"),
        (lambda real, fake: (real - 1).square().mean() + (fake + 1).square().mean(), "not -1"),
        (lambda real, fake: squares(real.sigmoid(), fake.sigmoid()), "sigmoid"),
        (lambda real, fake: softplus(-real).mean() + softplus(fake).mean(), "lesson 1"),
        (lambda real, fake: squares(real, fake).detach(), "no gradient reaches"),
        (lambda real, fake: squares(real, fake.detach()), "no gradient reaches `fake_logits`"),
        (lambda real, fake: squares(real.data, fake), "no gradient reaches `real_logits`"),
        (squares_in_place, "was changed"),
        (lambda real, fake: (real - 1).square().mean((0, 1, 2, 3)) + fake.square().mean((0, 1, 2, 3)), "plain vector"),
        (lambda real, fake: squares(real, fake.clamp(-2, 2)), "should be"),
        (lambda real, fake: squares(real, fake) + 1, "should be"),
    ],
    "5_3": [
        (pool(choose=lambda size: 0), "at random"),
        (pool(choose=lambda size: int(torch.randint(size - 1, ()))), "at random"),
        (pool(choose=lambda size: int(min(torch.randint(size, (2,))))), "place"),
        (pool_that_pops(which=lambda size: 0), "always the oldest"),
        (pool_that_pops(which=lambda size: -1), "never moved"),
        (pool_that_pops(which=lambda size: random.randrange(size // 2)), "place"),
        (pool_that_pops(coin=lambda: 0), "half of the time"),
        (overwritten, "handed out"),
        (darker, "was changed"),
        (pool(put_back=False), "came out twice"),
        (lambda memory, fake, size: pool()(memory, fake, size) + 0.3 * torch.rand(3, 2, 2), "number for number"),
        (lambda memory, fake, size: pool()(memory, fake, size).half(), "float32"),
        (lambda memory, fake, size: pool()(memory, fake, size).mean((1, 2), True).expand(3, 2, 2), "number for number"),
        (lambda memory, fake, size: pool()(memory, fake, size)[:, :1, :1].expand(3, 2, 2), "number for number"),
        (overwriting, "was overwritten"),
        (alternating, "in a rhythm"),
        (pool(choose=lambda size: int(torch.rand(2).mean() * size)), "same chance"),
        (pool(choose=lambda size: int(torch.randint(12, ()))), "never moved"),
        (pool(old_share=1.1), "half of the time"),
        (pool(old_share=-1), "half of the time"),
        (pool(fill=False), "goes in and comes back"),
        (lambda memory, fake, size: fake, "holds 0"),
        (lambda memory, fake, size: pool()([*memory], fake, size), "holds 0"),
    ],
    "5_4": [
        (lambda maps: places(maps).flip(-1), "exchanged"),
        (lambda maps: places(maps) - 0.5, "Half a pixel"),
        (brightest, "argmax"),
        (lambda maps: places(maps, -1), "rows"),
        (lambda maps: places(maps, -2), "columns"),
        (lambda maps: places(maps, 1), "over the maps"),
        (lambda maps: places(maps) + 0.5, "too far"),
        (lambda maps: places(maps) / torch.tensor([9, 6]), "from 0 to 1"),
        (lambda maps: places(maps) / torch.tensor([4.5, 3]) - 1, "from -1 to 1"),
        (lambda maps: places(maps * 10), "Not the mean place"),
        (lambda maps: places(maps.relu()), "Not the mean place"),
        (overflowing, "not numbers"),
        (lambda maps: overflowing(maps - maps.max()), "not numbers"),
        (lambda maps: overflowing(maps.double()), "not numbers"),
        (lambda maps: places(maps).detach(), "no gradient"),
        (without_gradient(places), "no gradient"),
        (lambda maps: places(maps.data), "no gradient"),
        (lambda maps: torch.cat([places(maps)[..., :1], places(maps)[..., 1:].detach()], 2), "cut off"),
        (straight_through, "cut off"),
        (places_with_hard_weights, "argmax"),
        (lambda maps: places(maps.mul_(1)), "was changed"),
        (lambda maps: places(maps).transpose(1, 2), "shape"),
        (lambda maps: places(maps) / 9, "Not the mean place"),
    ],
    "5_5": [
        (lambda q, k: (q @ k.mT - (k @ k.mT).detach()).abs().mean(), "looks within"),
        (lambda q, k: (q - k.detach()).abs().mean(), "across both styles"),
        (lambda q, k: (q.mT @ q - (k.mT @ k).detach()).abs().mean(), "Gram"),
        (lambda q, k: within(normalize(q, dim=2), normalize(k, dim=2)), "Lengths"),
        (lambda q, k: mse_loss(q @ q.mT, (k @ k.mT).detach()), "Squared"),
        (lambda q, k: within(q, k) * 3 * 49, "The sum over all pairs"),
        (lambda q, k: within(q, k) * 49, "over them, too"),
        (lambda q, k: (q @ q.mT - (k @ k.mT).detach()).mean().abs(), "cancel out"),
        (lambda q, k: within(q.flatten(0, 1)[None], k.flatten(0, 1)[None]), "of another one"),
        (lambda q, k: (q @ q.mT - k @ k.mT).abs().mean(), "yardstick"),
        (lambda q, k: within(q.detach(), k), "no gradient"),
        (lambda q, k: within(k, q), "reaches `queries`"),
        (lambda q, k: within(q, k) / 2, ""),
        (lambda q, k: (q @ q.mT - (k @ k.mT).detach()).abs(), "shape"),
    ],
}
