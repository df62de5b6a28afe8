"""Writes what PyTorch's optimisers and schedules give, in f64, for crates/gradtape/tests/data.

    python optimisers.py ../../crates/gradtape/tests/data
"""

import json
import math
import sys
import warnings

import torch
from torch.optim import LBFGS, Adafactor, AdamW, Muon, RAdam, SGD, _muon
from torch.optim import lr_scheduler as schedules

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)
SHAPES = [[], [3], [2, 3], [4, 2], [2, 3, 2], [2, 2, 1, 2]]


def orthogonal(grad, coefficients, steps, eps):
    """PyTorch computes this in bfloat16; the formula is the same."""
    a, b, c = coefficients
    x = grad.T if grad.size(0) > grad.size(1) else grad
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if grad.size(0) > grad.size(1) else x


_muon._zeropower_via_newtonschulz = orthogonal


def start(k, count):
    return torch.tensor([math.sin(1.0 + i + 7 * k) for i in range(count)])


def parameters(flat):
    """Of the shapes; with `flat`, as matrices where there are more than two axes."""
    made = []
    for k, shape in enumerate(SHAPES):
        values = start(k, math.prod(shape)).reshape(shape)
        if flat and len(shape) > 2:
            values = values.reshape(shape[0], -1)
        made.append(values.requires_grad_())
    return made


def loss_of(made):
    """Sum of w (x - c)^2 / 2 with w = 1 + i mod 3 and c = cos(2 i + k), and a twentieth of the squared sum."""
    loss, total = 0.0, 0.0
    for k, x in enumerate(made):
        i = torch.arange(x.numel(), dtype=torch.float64)
        x = x.reshape(-1)
        loss = loss + ((1 + i % 3) * (x - torch.cos(2 * i + k)) ** 2 / 2).sum()
        total = total + x.sum()
    return loss + total**2 / 20


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def numbers(made):
    return [v for x in made for v in x.detach().reshape(-1).tolist()]


def run(id, name, hyper, make, flat=False, steps=10):
    made = parameters(flat)
    optimizers = make(made)
    places = {}
    for step in range(1, steps + 1):
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss_of(made).backward()
        for optimizer in optimizers:
            optimizer.step()
        if step in (1, 2, 5, 10):
            places[step] = numbers(made)
    return {"id": id, "optimiser": name, "hyper": hyper, "places": places}


def muon(hyper):
    def make(made):
        lr, decay = hyper["lr"], hyper.get("weight_decay", 0.1)
        own = {k: v for k, v in hyper.items() if k in ("momentum", "nesterov", "ns_steps")}
        if hyper.get("match_rms_adamw"):
            own["adjust_lr_fn"] = "match_rms_adamw"
        return [
            Muon([x for x in made if x.dim() == 2], lr=lr, weight_decay=decay, **own),
            AdamW([x for x in made if x.dim() < 2], lr=lr, weight_decay=decay, betas=(0.9, 0.95), eps=1e-7),
        ]

    return make


def adafactor(hyper):
    own = dict(hyper)
    if "eps1" in own or "eps2" in own:
        own["eps"] = (own.pop("eps1", None), own.pop("eps2", 1e-3))
    return lambda made: [Adafactor(made, foreach=False, **own)]


def lbfgs(id, problem, hyper, steps):
    own = dict(hyper)
    own["line_search_fn"] = "strong_wolfe" if own.pop("strong_wolfe", True) else None
    made = parameters(False) if problem == "shapes" else [torch.tensor([-1.2, 1.0]).requires_grad_()]
    record = loss_of if problem == "shapes" else lambda made: rosenbrock(made[0])
    optimizer = LBFGS(made, **own)

    def closure():
        optimizer.zero_grad()
        loss = record(made)
        loss.backward()
        return loss

    places, losses = {}, []
    for step in range(1, steps + 1):
        losses.append(float(optimizer.step(closure)))
        places[step] = numbers(made)
    return {"id": id, "optimiser": "lbfgs", "problem": problem, "hyper": hyper, "places": places, "losses": losses}


def optimisers():
    cases = []
    for id, hyper in [
        ("radam", {"lr": 0.05}),
        ("radam-decay", {"lr": 0.05, "weight_decay": 0.1, "betas": [0.8, 0.9]}),
        ("radam-decoupled", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ]:
        own = {k: tuple(v) if isinstance(v, list) else v for k, v in hyper.items()}
        cases.append(run(id, "radam", hyper, lambda made: [RAdam(made, **own)]))
    for id, hyper in [
        ("adafactor", {"lr": 0.05}),
        ("adafactor-all", {"lr": 0.5, "weight_decay": 0.1, "beta2_decay": -0.5, "eps1": 0.01, "eps2": 0.9, "d": 1.5}),
    ]:
        cases.append(run(id, "adafactor", hyper, adafactor(hyper)))
    for id, hyper in [
        ("muon", {"lr": 0.02}),
        ("muon-plain", {"lr": 0.02, "weight_decay": 0.0, "nesterov": False, "momentum": 0.5, "ns_steps": 2}),
        ("muon-rms", {"lr": 0.02, "match_rms_adamw": True}),
    ]:
        cases.append(run(id, "muon", hyper, muon(hyper), flat=True))
    cases += [
        lbfgs("lbfgs-rosenbrock", "rosenbrock", {"max_iter": 4}, 6),
        lbfgs("lbfgs-rosenbrock-long", "rosenbrock", {"lr": 0.5, "history_size": 2}, 2),
        lbfgs("lbfgs-shapes", "shapes", {"max_iter": 3}, 5),
        lbfgs("lbfgs-fixed", "shapes", {"strong_wolfe": False, "lr": 0.3, "max_iter": 5}, 4),
    ]
    return cases


def schedule_cases():
    def sequence(*makers, milestones):
        return lambda o: schedules.SequentialLR(o, [make(o) for make in makers], milestones)

    restarts = schedules.CosineAnnealingWarmRestarts
    plateau = schedules.ReduceLROnPlateau
    losses = [3, 2, 2, 1.999, 1.9999, 2, 2.5, 1.5, 1.5, 1.45, 1.44, 1.43, 1.43, 1.43, 1.43, 1.43, 1.2, 1.2, 1.2, 1.2]
    torch_step = lambda o: schedules.StepLR(o, 3, 0.5)
    return [
        ("step:step_size=3,gamma=0.5", torch_step, None),
        ("multi_step:milestones=3+7+8,gamma=0.3", lambda o: schedules.MultiStepLR(o, [3, 7, 8], 0.3), None),
        ("exponential:gamma=0.8", lambda o: schedules.ExponentialLR(o, 0.8), None),
        ("linear:total_iters=6", lambda o: schedules.LinearLR(o, total_iters=6), None),
        ("linear:start_factor=1,end_factor=0.1,total_iters=9", lambda o: schedules.LinearLR(o, 1.0, 0.1, 9), None),
        ("polynomial:total_iters=12,power=2", lambda o: schedules.PolynomialLR(o, 12, 2.0), None),
        ("cosine:t_max=8,eta_min=0.01", lambda o: schedules.CosineAnnealingLR(o, 8, 0.01), None),
        ("cosine_restarts:t_0=5", lambda o: restarts(o, 5), None),
        ("cosine_restarts:t_0=3,t_mult=2,eta_min=0.02", lambda o: restarts(o, 3, 2, 0.02), None),
        ("one_cycle:max_lr=0.5", lambda o: schedules.OneCycleLR(o, 0.5, 20, cycle_momentum=False), None),
        (
            "one_cycle:anneal=linear,three_phase=true,pct_start=0.4,div_factor=10,final_div_factor=100",
            lambda o: schedules.OneCycleLR(
                o,
                0.2,
                20,
                pct_start=0.4,
                anneal_strategy="linear",
                cycle_momentum=False,
                div_factor=10,
                final_div_factor=100,
                three_phase=True,
            ),
            None,
        ),
        (
            "linear:start_factor=0.1,total_iters=4@4/cosine:t_max=10@14/exponential:gamma=0.5",
            sequence(
                lambda o: schedules.LinearLR(o, 0.1, 1.0, 4),
                lambda o: schedules.CosineAnnealingLR(o, 10),
                lambda o: schedules.ExponentialLR(o, 0.5),
                milestones=[4, 14],
            ),
            None,
        ),
        ("plateau:factor=0.5,patience=1", lambda o: plateau(o, factor=0.5, patience=1), losses),
        (
            "plateau:factor=0.5,patience=0,threshold=0.1,threshold_mode=abs,cooldown=2,min_lr=0.03",
            lambda o: plateau(
                o, factor=0.5, patience=0, threshold=0.1, threshold_mode="abs", cooldown=2, min_lr=0.03
            ),
            losses,
        ),
        (
            "plateau:mode=max,factor=0.1,patience=2,threshold=0.05,eps=0.001",
            lambda o: plateau(o, "max", 0.1, 2, 0.05, eps=0.001),
            losses,
        ),
    ]


def rates(text, make, losses):
    x = torch.zeros(1, requires_grad=True)
    optimizer = SGD([x], lr=0.2)
    scheduler = make(optimizer)
    found = []
    for t in range(20):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if t < 19:
            scheduler.step(*([losses[t]] if losses else []))
    case = {"id": text, "lr": 0.2, "total": 20, "rates": found}
    return case | ({"losses": losses} if losses else {})


def write(folder, name, cases):
    version = torch.__version__.split("+")[0]
    file = {
        "family": name,
        "source": f"torch {version} in f64; scripts/reference/optimisers.py",
        "default_rtol": 1e-9,
        "default_atol": 1e-12,
        "cases": cases,
    }
    with open(f"{folder}/{name}.json", "w") as out:
        text = ",\n".join(json.dumps(case) for case in cases)
        out.write(json.dumps(file | {"cases": []})[:-2] + "\n" + text + "\n]}\n")


write(sys.argv[1], "more_optimisers", optimisers())
write(sys.argv[1], "schedules", [rates(*case) for case in schedule_cases()])
