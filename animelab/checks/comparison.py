"""What a check sees beyond values: where gradients go, and what a call leaves behind in its arguments.

A learner's function and a reference are called with copies of the same arguments and the same random numbers. What they
return, the gradients that flow back, and the state of everything they were given have to agree.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Number
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Fact = tuple[tuple[str, str], Any]  # what can change about an argument: (a side of it, whose), and its state

CHANGED = {
    "value": "`{}` was changed. Its owner still needs it as it was: look for operations that work in place (their "
    "names end in `_`), for `+=` and the like, and for `append`, `pop` or `reverse` of a list.",
    "weights": "The weights of `{}` are not what they should be after your function ran. Who may change them here?",
    "mode": "`{}` is left in another mode than it came in: look for a `train` or an `eval` that nobody undid.",
    "flag": "`requires_grad` of `{}` is not what it was: somebody has to undo that, or the next step goes wrong.",
    "grad": "The gradients stored in `{}` (its `.grad`) are not what they were, and other steps add to them. "
    "`torch.autograd.grad` looks without storing; `detach` keeps a gradient out.",
}
CUT = "The numbers are right, and no gradient reaches {}: nothing could learn by it. Where is it cut off?"
LEAK = "The numbers are right, and a gradient flows into {}, where none should arrive. What does `detach` do?"
OTHER = "The numbers are right, and the gradient that reaches {} is another one: a part of it is cut off."
NAN = (
    "The numbers are right, and the gradient that reaches {} is not a number: a root has no slope at 0, and "
    "`torch.where` goes back both ways."
)
STOPPED = "The numbers are right, and torch cannot go back through them to a gradient: `{}`."


@dataclass(frozen=True)
class Rules:
    """How answers are compared. Arguments go by their names in `reference`, or those the look's first line gives."""

    reference: Callable[..., Any] | None = None
    learns: Sequence[str] | None = None  # tensors that get a gradient in training; None: all. Modules always do
    changes: Sequence[str | int] = ()  # arguments that the exercise is there to change; the check looks at them itself
    gradients: bool = True
    tolerance: float = 1e-4
    advice: Mapping[str, str] = field(default_factory=dict)  # for an argument whose gradient is not right
    described: Sequence[str] = ()  # what the arguments are called, where no reference says it

    def names(self, count: int) -> list[str]:
        """What the arguments are called."""
        known = list(inspect.signature(self.reference).parameters) if self.reference else self.described
        return [*known, *(f"argument {number + 1}" for number in range(len(known), count))][:count]


class Call:
    """A call of a learner's function with `inputs`, and the same call of the reference with copies of them."""

    def __init__(self, function: Callable[..., Any], rules: Rules, inputs: Sequence[Any]) -> None:
        self.function, self.rules, self.names = function, rules, rules.names(len(inputs))
        self.fresh, self.copies = copied(inputs), copied(inputs)
        versions = [(name, each, each._version) for name, each in self._named(inputs) if isinstance(each, Tensor)]
        chance = torch.get_rng_state()
        self.right = rules.reference(*self.copies) if rules.reference else None
        torch.set_rng_state(chance)
        self.answer = function(*inputs)
        self.before, self.wanted, self.found = (self._facts(values) for values in (self.fresh, self.copies, inputs))
        for name, tensor, version in versions:
            if tensor._version != version:
                self.found["value", name] = None  # changed in place, even where no number is another one

    def _named(self, values: Sequence[Any]) -> Iterator[tuple[str, Any]]:
        """Everything in the arguments that the exercise has to leave alone."""
        for number, (name, value) in enumerate(zip(self.names, values)):
            if not {number, name} & set(self.rules.changes):
                yield from parts(value, name)

    def _facts(self, values: Sequence[Any]) -> dict[tuple[str, str], Any]:
        return dict(fact for name, each in self._named(values) for fact in _facts(each, name))

    def side_effects(self, *kinds: str) -> str | None:
        """A sentence about the first argument that the reference leaves otherwise, or None. kinds: all by default."""
        for (kind, whose), state in self.wanted.items():
            trained = not agree(self.before.get(("weights", whose)), self.wanted.get(("weights", whose)), 0.0)
            if kind == "grad" and trained:  # whoever is trained here may do with its gradients what it likes
                continue
            found = self.found.get((kind, whose))
            if kind in (kinds or CHANGED) and not agree(found, state, self.rules.tolerance):
                return CHANGED[kind].format(whose)
        return None

    def other_values(self) -> str | None:
        """A sentence about what came back, where the reference gives something else, or None."""
        mine, right = list(numbers(self.answer)), list(numbers(self.right))
        if self.right is None:
            return None
        if [each.shape for each in mine] != [each.shape for each in right]:
            shapes = " and ".join(str(tuple(each.shape)) for each in right)
            return f"A {type(self.answer).__name__} came back; it should hold numbers of the shape {shapes}."
        for one, other in zip(mine, right):
            if not agree(one, other, self.rules.tolerance):  # NaN where it should be NaN
                if other.ndim == 0:
                    digits = 4 if f"{one.item():.4g}" != f"{other.item():.4g}" else 8
                    return f"Yours is {one.item():.{digits}g}, and it should be {other.item():.{digits}g}."
                if one.isnan().any() and not other.isnan().any():
                    return "On random numbers some of yours are not numbers (NaN)."
                return f"On random numbers yours differs by up to {float((one - other).abs().max()):.3g}."
        types = (
            [each.dtype for _, each in parts(value) if isinstance(each, Tensor)] for value in (self.answer, self.right)
        )
        for found, wanted in zip(*types):
            if self.rules.gradients and wanted.is_floating_point and found != wanted:
                return f"The numbers are right, in {found}, and what comes after them works in {wanted}."
        return None

    def in_training(self) -> str | None:
        """Call both again with leaves that ask for gradients, and stale ones in every module, and compare all of it."""
        rules = self.rules
        values = [_in_training(value, name, rules) for name, value in zip(self.names, copied(self.fresh))]
        again = Call(self.function, rules, values)
        problem = again.side_effects() or again.other_values()
        if problem or not rules.gradients:
            return problem
        try:
            mine = again.slopes(again.answer, values)
        except RuntimeError as error:
            return STOPPED.format(str(error).partition(".")[0])
        for whose, wanted in again.slopes(again.right, again.copies).items():
            found, largest = mine.get(whose, []), max(float(each.abs().max()) for each in wanted)
            if not largest < float("inf"):
                continue  # where the reference has no slope, none can be asked for
            reached = any(bool(each.any()) for each in found)
            floor = 1e-6 * max(largest, 1.0)
            if all(_near(one, other, floor) for one, other in zip(found, wanted)):
                continue
            if any(bool(each.isnan().any()) for each in found):
                return NAN.format(whose)
            special = (words for name, words in rules.advice.items() if f"`{name}`" in whose)
            return next(special, (CUT if not reached else OTHER if largest > 0 else LEAK).format(whose))
        return None

    def slopes(self, output: Any, inputs: Sequence[Any]) -> dict[str, list[Tensor]]:
        """The gradients that a fixed random push on all that came back sends to each argument that can learn."""
        leaves = dict(found for pair in zip(inputs, self.names) for found in learning(*pair))
        chance = torch.Generator().manual_seed(1)
        total = torch.zeros((), dtype=torch.float64, requires_grad=True)
        for each in numbers(output):
            if each.is_floating_point():
                total = total + (each.double() * torch.randn(each.shape, generator=chance, dtype=torch.float64)).sum()
        flat = [leaf for found in leaves.values() for leaf in found]
        slopes = iter(torch.autograd.grad(total, flat, allow_unused=True, materialize_grads=True) if flat else ())
        return {whose: [next(slopes).detach() for _ in found] for whose, found in leaves.items()}


def copied(values: Sequence[Any]) -> list[Any]:
    """A deep copy in which modules, their optimizers and lists still belong together, and tensors are leaves."""
    memo: dict[int, Any] = {}
    originals = list(parts(list(values)))
    for _, each in originals:
        if isinstance(each, Tensor) and not each.is_leaf:
            memo[id(each)] = each.detach().clone().requires_grad_(each.requires_grad)
    twins = copy.deepcopy(list(values), memo)
    for (_, each), (_, twin) in zip(originals, parts(twins)):
        if isinstance(each, nn.Module):  # whose copies come without their gradients
            for parameter, other in zip(each.parameters(), twin.parameters()):
                other.grad = _stored(parameter)
    return twins


def numbers(value: Any) -> Iterator[Tensor]:
    """Every tensor and number in an answer, in order, as tensors."""
    for _, each in parts(value):
        if isinstance(each, Tensor):
            yield each
        elif isinstance(each, Number | np.ndarray):
            yield torch.as_tensor(each)


def learning(value: Any, name: str) -> Iterator[tuple[str, list[Tensor]]]:
    """The leaves of an argument that ask for gradients, with words for whose they are."""
    for inner, each in parts(value, name):
        if isinstance(each, nn.Module):
            weights: list[Tensor] = [weight for weight in each.parameters() if weight.requires_grad]
            if weights:
                yield f"the weights of `{inner}`", weights
        elif isinstance(each, Tensor) and each.requires_grad:
            yield f"`{inner}`", [each]


def parts(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """A value and everything inside of lists, tuples and dicts, each with its name."""
    yield name, value
    inside: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        inside = sorted(value.items(), key=lambda item: repr(item[0]))  # a dict is right in any order
    elif isinstance(value, list | tuple):
        inside = enumerate(value)
    for key, part in inside:
        yield from parts(part, f"{name}[{key!r}]")


def close(a: Tensor, b: Tensor, tolerance: float = 1e-4) -> bool:
    """Whether two tensors agree, in their shape, too; NaN counts as different."""
    a, b = a.detach().cpu(), b.detach().cpu()
    kind = torch.complex128 if a.is_complex() or b.is_complex() else torch.float64
    return a.shape == b.shape and torch.allclose(a.to(kind), b.to(kind), rtol=tolerance, atol=tolerance)


def agree(a: Any, b: Any, tolerance: float) -> bool:
    """Whether two states are the same: tensors nearly, lists part by part, all else exactly."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return close(a.nan_to_num(), b.nan_to_num(), tolerance) and bool((a.isnan() == b.isnan()).all())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(agree(one, other, tolerance) for one, other in zip(a, b))
    return type(a) is type(b) and not isinstance(a, Tensor) and bool(a == b)


def _facts(value: Any, name: str) -> Iterator[Fact]:
    """Everything that a call could change about an argument."""
    if isinstance(value, nn.Module):
        parameters = list(value.parameters())
        yield ("weights", name), [each.detach().clone() for each in value.state_dict().values()]
        yield ("mode", name), [module.training for module in value.modules()]
        yield ("flag", name), [parameter.requires_grad for parameter in parameters]
        yield ("grad", name), [_stored(parameter) for parameter in parameters]
    elif isinstance(value, Tensor):
        yield ("value", name), value.detach().clone()
        yield ("flag", name), value.requires_grad
        yield ("grad", name), _stored(value)
    elif isinstance(value, Mapping):
        yield ("value", name), list(value)
    elif isinstance(value, list | tuple):
        yield ("value", name), len(value)
    elif isinstance(value, Number | str):
        yield ("value", name), value


def _stored(tensor: Tensor) -> Tensor | None:
    return tensor.grad.detach().clone() if tensor.is_leaf and tensor.grad is not None else None


def _in_training(value: Any, name: str, rules: Rules) -> Any:
    """An argument as training has it: a tensor that learns is a leaf, a module holds gradients of an earlier step."""
    if isinstance(value, nn.Module):
        for parameter in value.parameters():
            parameter.grad = torch.full_like(parameter, 0.5) if parameter.requires_grad else None
    elif isinstance(value, Tensor) and value.is_floating_point() and rules.gradients:
        return value.detach().requires_grad_(rules.learns is None or name in rules.learns)
    elif isinstance(value, Mapping):
        return {key: _in_training(part, name, rules) for key, part in value.items()}
    elif type(value) in (list, tuple):
        return type(value)(_in_training(part, name, rules) for part in value)
    return value


def _near(found: Tensor, wanted: Tensor, floor: float) -> bool:
    """Whether two gradients agree to one part in a hundred each, small ones beside large ones, too."""
    return torch.allclose(found, wanted, rtol=1e-2, atol=float(2e-3 * wanted.abs().max()) + floor)
