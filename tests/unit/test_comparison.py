"""What the harness of the checks sees beyond values: gradients, side effects, modes, flags, stale gradients."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from animelab.checks import comparison
from animelab.checks.harness import check


class Bend(nn.Module):
    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.weight * x + 0.3).tanh()


def round_trip(there, back, picture):
    return (back(there(picture)) - picture).abs().mean()


@check("0.1", "fine", round_trip, learns=())
def check_round_trip(answer) -> None:
    answer(Bend(0.7), Bend(1.2), torch.randn(2, 3, 4, 4))


def after(change):
    """A right answer that does something else on the way out."""

    def answer(there, back, picture):
        loss = round_trip(there, back, picture)
        change(there, back, picture, loss)
        return loss

    return answer


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (lambda there, back, x: (back(there(x).detach()) - x).abs().mean(), "reaches the weights of `there`"),
        (lambda there, back, x: round_trip(there, back, x).detach(), "no gradient reaches"),
        (lambda there, back, x: round_trip(there, back, x).item(), "no gradient reaches"),
        (lambda there, back, x: round_trip(there, back, x) / 2, "it should be"),
        (lambda there, back, x: None, "NoneType"),
        (after(lambda there, back, x, loss: there.requires_grad_(False)), "`requires_grad` of `there`"),
        (after(lambda there, back, x, loss: back.eval()), "`back` is left in another mode"),
        (after(lambda there, back, x, loss: loss.backward(retain_graph=True)), "gradients stored in `there`"),
        (after(lambda there, back, x, loss: loss.backward()), "gradients stored in `there`"),
        (after(lambda there, back, x, loss: back.zero_grad()), "gradients stored in `back`"),
        (after(lambda there, back, x, loss: there.weight.data.mul_(2)), "weights of `there`"),
        (after(lambda there, back, x, loss: x.data.mul_(2)), "`picture` was changed"),
        (after(lambda there, back, x, loss: x.clamp_(-99, 99)), "`picture` was changed"),  # though no number is another
        (after(lambda there, back, x, loss: x.requires_grad_()), "`requires_grad` of `picture`"),
    ],
)
def test_each_kind_is_seen(answer, advice: str) -> None:
    result = check_round_trip(answer)
    assert result.status == "wrong" and advice in result.message


def test_right_answers_pass() -> None:
    assert check_round_trip(round_trip)
    assert check_round_trip(lambda there, back, x: sum((back(there(one)) - one).abs().mean() for one in x) / 2)


def test_gradients_may_not_leak_and_advice_can_be_special() -> None:
    def cut(G, D, latent):
        return D(G(latent).detach()).mean()

    @check("0.2", "fine", cut, learns=(), advice={"G": "G waits for its own step"})
    def check_cut(answer) -> None:
        answer(Bend(0.7), Bend(1.2), torch.randn(5, 2))

    result = check_cut(lambda G, D, latent: D(G(latent)).mean())
    assert result.status == "wrong" and result.message == "G waits for its own step"
    assert check_cut(cut)


@pytest.mark.parametrize("kind", [list, tuple])
def test_tensors_in_lists_learn_and_stay(kind) -> None:
    def total(weights, x):
        return sum((x * weight).sum() for weight in weights)

    @check("0.3", "fine", total)
    def check_total(answer) -> None:
        answer(kind([torch.randn(3), torch.randn(3)]), torch.randn(3))

    def halved(weights, x):
        result = total(weights, x)
        for weight in weights:
            weight.data /= 2
        return result

    assert check_total(total)
    assert "no gradient reaches `weights[1]`" in check_total(lambda w, x: total([w[0], w[1].detach()], x)).message
    assert "`weights[0]` was changed" in check_total(halved).message
    if kind is list:
        assert "`weights` was changed" in check_total(lambda w, x: (total(w, x), w.append(x))[0]).message
        assert "was changed" in check_total(lambda w, x: (total(w, x), w.reverse())[0]).message


def test_a_leaf_that_is_changed_in_place_gets_a_sentence() -> None:
    def scaled(x, share):
        return x * share.clamp(0, 1)

    @check("0.4", "fine", scaled)
    def check_scaled(answer) -> None:
        answer(torch.randn(3), torch.rand(3).requires_grad_())

    result = check_scaled(lambda x, share: x * share.clamp_(0, 1))
    assert result.status == "wrong" and "forbids to change it in place" in result.message and "clamp_" in result.message


def test_a_step_is_compared_by_what_it_leaves_in_the_networks() -> None:
    def step(network, x, optimizer):
        optimizer.zero_grad()
        loss = network(x).square().mean()
        loss.backward()
        optimizer.step()
        return loss

    @check("0.5", "fine", step, gradients=False)
    def check_step(answer) -> None:
        network = Bend(0.7)
        answer(network, torch.randn(5), torch.optim.SGD(network.parameters(), 0.1))

    def zeroed_last(network, x, optimizer):
        loss = network(x).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    assert check_step(step)
    assert check_step(lambda network, x, optimizer: (step(network, x, optimizer).item(), network.zero_grad())[0])
    assert "weights of `network`" in check_step(zeroed_last).message  # gradients of an earlier step went in
    assert "weights of `network`" in check_step(lambda network, x, optimizer: network(x).square().mean()).message


def test_a_copy_keeps_networks_and_optimizers_together() -> None:
    network = Bend(2.0)
    network.weight.grad = torch.tensor(3.0)
    twin, optimizer = comparison.copied([network, torch.optim.SGD(network.parameters(), 0.1)])
    optimizer.step()
    assert float(twin.weight.detach()) == pytest.approx(1.7) and float(network.weight.detach()) == 2.0
