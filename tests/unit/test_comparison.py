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


def one_check(reference, *inputs, **rules):
    """A check that gives these inputs, made anew each time, and looks at nothing itself."""

    @check("0.9", "fine", reference, **rules)
    def look(answer) -> None:
        """answer(first, second): what it makes of them."""
        answer(*(each() if callable(each) and not isinstance(each, nn.Module) else each for each in inputs))

    return look


def test_both_get_the_same_random_numbers_and_the_next_call_others() -> None:
    noisy = one_check(lambda x: x + torch.randn(3), lambda: torch.zeros(3))
    assert noisy(lambda x: torch.randn(3) + x)
    assert not noisy(lambda x: x + torch.randn(4)[1:])


def test_a_gradient_that_a_plain_sum_would_hide_is_compared() -> None:
    shares = one_check(lambda x: x.softmax(0), lambda: torch.randn(5))
    assert shares(lambda x: x.exp() / x.exp().sum())
    assert "cut off" in shares(lambda x: x.exp() / x.exp().sum().detach()).message


def test_small_gradients_count_beside_large_ones() -> None:
    loud = torch.tensor([1.0, 10.0])
    scaled = one_check(lambda x: (x * loud).square(), lambda: torch.ones(2))
    half_cut = torch.tensor([True, False])
    assert not scaled(lambda x: (torch.where(half_cut, x.detach() + 0.5 * (x - x.detach()), x) * loud).square())


def test_what_changes_on_purpose_is_left_to_the_look() -> None:
    def push(memory, x):
        memory.append(x)

    assert one_check(None, list, lambda: torch.ones(2), changes=("first",))(push)
    assert "`first` was changed" in one_check(None, list, lambda: torch.ones(2))(push).message


def test_keys_and_numbers_of_a_dict_stay() -> None:
    look = one_check(lambda table: torch.tensor(0.0), lambda: {"a": 1, "b": torch.ones(2)}, gradients=False)
    assert look(lambda table: torch.tensor(0.0))
    for change in (
        lambda table: table.pop("a"),
        lambda table: table.update(a=2),
        lambda table: table["b"].add_(1),
        lambda table: table.update(c=3),
    ):
        assert "was changed" in look(lambda table, change=change: (change(table), torch.tensor(0.0))[1]).message


def test_a_tensor_in_a_dict_learns() -> None:
    look = one_check(lambda table: table["b"] * 2, lambda: {"b": torch.ones(2)})
    assert look(lambda table: table["b"] + table["b"])
    assert "no gradient reaches `table['b']`" in look(lambda table: table["b"].detach() * 2).message


def test_the_gradient_that_a_tensor_stores_stays() -> None:
    def leaf():
        x = torch.ones(2, requires_grad=True)
        x.grad = torch.ones(2)
        return x

    def backward(x):
        loss = (x * 2).sum()
        loss.backward(retain_graph=True)
        return loss

    assert "gradients stored in `x`" in one_check(lambda x: (x * 2).sum(), leaf)(backward).message


def test_buffers_and_the_modes_of_inner_modules_stay() -> None:
    network = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout())
    look = one_check(lambda G, x: G.eval() and x * 1, lambda: network.eval(), lambda: torch.randn(4, 3))
    assert "weights of `G`" in look(lambda G, x: (G[0].running_mean.add_(1), x * 1)[1]).message
    assert "`G` is left in another mode" in look(lambda G, x: (G[1].train(), x * 1)[1]).message


def test_weights_that_are_frozen_on_purpose_need_no_gradient() -> None:
    look = one_check(lambda D, x: D(x).mean(), lambda: Bend(0.7).requires_grad_(False), lambda: torch.randn(4))
    assert look(lambda D, x: D(x).sum() / 4)


def test_slopes_without_end_are_not_asked_for_but_numbers_are() -> None:
    root = one_check(lambda x: x.sqrt(), lambda: torch.zeros(3))
    assert root(lambda x: x.clamp(min=0).sqrt())
    away = one_check(lambda x: x.square().sum(1), lambda: torch.zeros(2, 3))
    assert "not a number" in away(lambda x: x.norm(dim=1).sqrt().pow(4)).message


def test_an_answer_that_torch_cannot_go_back_through_gets_a_sentence() -> None:
    def freed(x):
        y = x.square()
        torch.autograd.grad(y.sum(), x) if x.requires_grad else None
        return y

    assert "cannot go back" in one_check(lambda x: x.square(), lambda: torch.ones(3))(freed).message


def test_shapes_and_types_of_what_comes_back() -> None:
    look = one_check(lambda x: x * 2, lambda: torch.ones(2, 3))
    assert "of the shape (2, 3)" in look(lambda x: (x * 2)[None]).message
    assert "in torch.float64" in look(lambda x: x.double() * 2).message
    assert "should be 2" not in look(lambda x: x * 2).message
    assert one_check(lambda x: {"a": x, "b": 2 * x}, lambda: torch.ones(2))(lambda x: {"b": x + x, "a": x * 1})


def test_two_numbers_that_differ_are_never_said_alike() -> None:
    message = one_check(lambda x: x.sum(), lambda: torch.full((1,), 20.0))(lambda x: x.sum() + 0.004).message
    assert message.startswith("Yours is 20.00") and "should be 20." in message


def test_only_arguments_that_learn_need_a_gradient() -> None:
    look = one_check(lambda x, y: x * y, lambda: torch.ones(3), lambda: torch.ones(3), learns=("x",))
    assert look(lambda x, y: x * y.detach())
    assert not look(lambda x, y: x.detach() * y)


def test_values_may_not_depend_on_stale_gradients() -> None:
    def adds(D, x):
        return D(x).mean() + sum(0 if weight.grad is None else weight.grad.sum() for weight in D.parameters())

    assert "should be" in one_check(lambda D, x: D(x).mean(), lambda: Bend(0.7), lambda: torch.randn(4))(adds).message


def test_arguments_go_by_the_names_that_the_look_gives() -> None:
    @check("0.8", "fine")
    def look(answer) -> None:
        """answer(pictures (B, 3, H, W) in [-1, 1], size), for any: what it makes of them."""
        answer(torch.ones(2), 3)

    assert "`pictures` was changed" in look(lambda pictures, size: pictures.mul_(2)).message
