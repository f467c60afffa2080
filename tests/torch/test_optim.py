"""PyTorch's optimisers as optax transformations: fifty steps alike, groups, schedules, a prox."""

import jax
import numpy as np
import optax
import pytest
import torch
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso
from sklearn.preprocessing import StandardScaler

import normax as nx
from normax import nn
from normax.errors import InputError
from normax.torch import optim

STEPS = 50
CASES = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.02, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 1e-3, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "amsgrad": True}),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.2, "amsgrad": True, "maximize": True}),
    ("Adamax", {"lr": 0.05, "weight_decay": 0.1}),
    ("NAdam", {"lr": 0.05}),
    ("NAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True, "momentum_decay": 0.01}),
    ("RAdam", {"lr": 0.05}),
    ("RAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RMSprop", {"lr": 0.05}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.9, "momentum": 0.5, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.5}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.95, "weight_decay": 0.1}),
    ("Rprop", {"lr": 0.01}),
    ("ASGD", {"lr": 0.05, "lambd": 0.01, "weight_decay": 0.1}),
]


def pair():
    """One net of ours and of PyTorch's with the same float64 weights, and data."""
    torch.manual_seed(0)
    theirs = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
    ours = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    ours.load_state_dict(theirs.state_dict())
    random = np.random.default_rng(0)
    return ours, theirs, random.normal(size=(20, 4)), random.normal(size=(20, 1))


def squares(net, x, y):
    return ((net(x) - y) ** 2).mean()


def run_torch(theirs, optimizer, x, y, after=lambda step: None):
    x, y = torch.tensor(x), torch.tensor(y)
    for step in range(STEPS):
        optimizer.zero_grad()
        squares(theirs, x, y).backward()
        optimizer.step()
        after(step)


def assert_alike(ours, theirs):
    for name, value in theirs.state_dict().items():
        np.testing.assert_allclose(
            ours.state_dict()[name], value.numpy(), rtol=1e-9, atol=1e-11, err_msg=name
        )


def slope(w, t):
    """A gradient with curvature, kinks of its sign, and zeros now and then."""
    return np.where(w > 2.5, 0.0, np.arange(1, w.size + 1).reshape(w.shape) * w + np.sin(3 * w + t))


def both(name, settings, schedule=None):
    """Ours and PyTorch's weights after fifty steps down `slope` from one start; `schedule(module, optimizer)`."""
    start = np.linspace(-1, 3, 6).reshape(2, 3)
    theirs = torch.nn.Linear(3, 2, bias=False).double()
    theirs.weight.data = torch.tensor(start)
    optimizer = getattr(torch.optim, name)(theirs.parameters(), **settings)
    scheduler = schedule and schedule(torch.optim.lr_scheduler, optimizer)
    with jax.enable_x64(True):
        net = nn.Linear(3, 2, bias=False).double()
        tx = getattr(optim, name)(net.parameters(), **settings)
        if schedule:
            schedule(optim.lr_scheduler, tx)
        w = {"weight": start}
        state, update = tx.init(w), jax.jit(tx.update)
        for t in range(STEPS):
            theirs.weight.grad = torch.tensor(slope(theirs.weight.detach().numpy(), t))
            optimizer.step()
            if scheduler:
                scheduler.step()
            moves, state = update({"weight": slope(w["weight"], t)}, state, w)
            w = {"weight": w["weight"] + np.asarray(moves["weight"])}
    return w["weight"], theirs.weight.detach().numpy()


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_fifty_steps_are_those_of_torch(name, settings):
    ours, theirs = both(name, settings)
    # PyTorch keeps a rate or product of its own in 32 bits there, whatever the weights have.
    np.testing.assert_allclose(ours, theirs, rtol=1e-6 if name in ("NAdam", "ASGD") else 1e-9)


def test_settings_and_their_defaults_are_those_of_torch():
    ours, theirs = nn.Linear(2, 1), torch.nn.Linear(2, 1)
    for name in dict(CASES):
        known = getattr(torch.optim, name)(theirs.parameters()).defaults
        mine = getattr(optim, name)(ours.parameters(), foreach=False).defaults
        how = {"foreach", "fused", "capturable", "differentiable"}
        assert mine == {key: mine[key] for key in known if key not in how}, name
        assert all(mine[key] == known[key] for key in mine), name


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop"])
def test_groups_have_rates_of_their_own_and_leave_the_rest_alone(name):
    def groups(net):
        return [{"params": net[2].parameters(), "lr": 0.05, "weight_decay": 0.1}, {"params": [net[0].weight]}]

    with jax.enable_x64(True):
        ours, theirs, x, y = pair()
        run_torch(theirs, getattr(torch.optim, name)(groups(theirs), lr=0.01), x, y)
        optimizer = getattr(optim, name)(groups(ours), lr=0.01)
        step = nx.train_step(ours, squares, optimizer)
        for _ in range(STEPS):
            step(x, y)
        assert_alike(ours, theirs)
        with pytest.raises(InputError, match="scheduler made before it"):
            optimizer.param_groups[0]["lr"] = 1.0


def test_fit_takes_them_and_compiles_equal_ones_once():
    from normax.training.recipes import recipe

    with jax.enable_x64(True):
        ours, theirs, x, y = pair()
        run_torch(theirs, torch.optim.RMSprop(theirs.parameters(), lr=0.01), x, y)
        tx = optim.RMSprop(ours.parameters(), lr=0.01)
        nx.fit(ours, (x, y), loss="mse", optimizer=tx, epochs=STEPS, batch_size=20, shuffle=False)
        assert_alike(ours, theirs)
        assert isinstance(tx, optax.GradientTransformation)
        twin = optim.RMSprop(ours.parameters(), lr=0.01)
        assert recipe(tx.for_module(ours)) == recipe(twin.for_module(ours))


SCHEDULES = [
    ("StepLR", (7,), {"gamma": 0.5}),
    ("MultiStepLR", ([3, 9, 9, 20],), {"gamma": 0.5}),
    ("ConstantLR", (), {"factor": 0.2, "total_iters": 6}),
    ("LinearLR", (), {"start_factor": 0.1, "total_iters": 8}),
    ("ExponentialLR", (0.9,), {}),
    ("PolynomialLR", (), {"total_iters": 20, "power": 2.0}),
    ("CosineAnnealingLR", (12,), {"eta_min": 0.001}),
    ("CosineAnnealingWarmRestarts", (5,), {"eta_min": 0.001}),
    ("CosineAnnealingWarmRestarts", (4,), {"T_mult": 2}),
    ("OneCycleLR", (0.3,), {"total_steps": 60}),
    ("OneCycleLR", (0.3, 60), {"three_phase": True, "anneal_strategy": "linear", "pct_start": 0.25}),
    ("CyclicLR", (0.01, 0.1), {"step_size_up": 6, "step_size_down": 4}),
    ("CyclicLR", (0.01, 0.1), {"step_size_up": 6, "mode": "triangular2", "cycle_momentum": False}),
    ("LambdaLR", (lambda k: 0.95**k,), {}),
    ("LambdaLR", (lambda k: 1 / (k + 1) if k < 5 else 0.5,), {}),
]


@pytest.mark.parametrize(("name", "args", "settings"), SCHEDULES)
def test_schedules_are_those_of_torch(name, args, settings):
    def schedule(module, optimizer):
        own = {"every": 1} if module is optim.lr_scheduler else {}
        return getattr(module, name)(optimizer, *args, **settings, **own)

    ours, theirs = both("SGD", {"lr": 0.02, "momentum": 0.9}, schedule)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)  # a callback's factor has 32 bits


@pytest.mark.parametrize("name", ["Adam", "SGD"])
def test_a_warm_up_before_a_decay_and_schedules_at_once(name):
    ours, theirs = nn.Linear(2, 1), torch.nn.Linear(2, 1)
    for kind in ("SequentialLR", "ChainedScheduler"):
        built = []
        for module, net in ((torch.optim, theirs), (optim, ours)):
            optimizer = getattr(module, name)(net.parameters(), lr=0.1)
            parts = module.lr_scheduler
            both = [parts.LinearLR(optimizer, 0.1, total_iters=5), parts.CosineAnnealingLR(optimizer, 20)]
            if kind == "SequentialLR":
                built.append(parts.SequentialLR(optimizer, both, [5]))
            else:
                built.append(parts.ChainedScheduler(both))
        expected, schedule = built
        for k in range(20):
            assert schedule.lr(k)[0] == pytest.approx(expected.get_last_lr()[0], rel=1e-5, abs=1e-9)
            expected.optimizer.step() if hasattr(expected, "optimizer") else None
            expected.step()


ADMITTED = {
    "SGD": ({"lr": 0.05, "momentum": 0.9, "dampening": 0.1}, 2000),
    "RMSprop": ({"lr": 0.002}, 3000),
    "Adagrad": ({"lr": 0.5}, 3000),
    "NAdam": ({"lr": 0.02}, 3000),
}


@pytest.mark.parametrize("name", ADMITTED)
def test_the_lasso_is_reached_exactly(name):
    X, y = load_diabetes(return_X_y=True)
    X, y = StandardScaler().fit_transform(X), (y - y.mean()) / y.std()
    reference = Lasso(0.05, tol=1e-14, max_iter=100000).fit(X, y).coef_
    settings, epochs = ADMITTED[name]
    with jax.enable_x64(True):
        net = nx.penalize(nn.Linear(10, 1).double(), nx.penalties.L1(0.05))
        optimizer = getattr(optim, name)(net.parameters(), **settings)
        optim.lr_scheduler.ExponentialLR(optimizer, 0.9, every=100)
        nx.fit(net, (X, y), loss="squared", optimizer=optimizer, epochs=epochs, batch_size=len(y), seed=0)
        w = np.asarray(net.weight)[0]
    np.testing.assert_array_equal(w == 0, reference == 0)
    np.testing.assert_allclose(w, reference, atol=2e-3)


@pytest.mark.parametrize(
    ("name", "settings"), [("Adadelta", {}), ("Rprop", {}), ("RMSprop", {"centered": True})]
)
def test_steps_that_cannot_be_read_admit_no_prox(name, settings):
    net = nx.penalize(nn.Linear(3, 1), nx.penalties.L1(0.1))
    tx = getattr(optim, name)(net.parameters(), **settings)
    with pytest.raises(InputError, match="its step cannot be read"):
        nx.train_step(net, squares, tx)
    nx.train_step(net, squares, tx, prox_step=0.01)(np.ones((2, 3), "float32"), np.ones((2, 1), "float32"))


def test_what_cannot_be_meant_is_refused():
    net, other = nn.Linear(2, 1), nn.Linear(2, 1)
    with pytest.raises(InputError, match="empty parameter list"):
        optim.SGD([], lr=0.1)
    with pytest.raises(InputError, match="more than one parameter group"):
        optim.SGD([net.weight, net.weight], lr=0.1)
    with pytest.raises(InputError, match=r"lr in \[0.0, inf\), got -1"):
        optim.SGD(net.parameters(), lr=-1)
    with pytest.raises(InputError, match="no setting 'learning_rate'"):
        optim.SGD([{"params": net.parameters(), "learning_rate": 1.0}])
    with pytest.raises(TypeError, match="unexpected 'beta'"):
        optim.Adam(net.parameters(), beta=0.9)
    with pytest.raises(InputError, match="no trainable parameter of this Linear"):
        nx.train_step(net, squares, optim.SGD(other.parameters()))
    with pytest.raises(AttributeError, match=r"optax\.lbfgs"):
        _ = optim.LBFGS
    with pytest.raises(InputError, match="EarlyStopping"):
        optim.lr_scheduler.ReduceLROnPlateau(optim.SGD(net.parameters()))
    optimizer = optim.SGD(net.parameters())
    optim.lr_scheduler.StepLR(optimizer, 30)
    with pytest.raises(InputError, match=r"every=len\(loader\)"):
        nx.train_step(net, squares, optimizer)
    with pytest.raises(InputError, match="SequentialLR"):
        optim.lr_scheduler.OneCycleLR(optimizer, 0.1, 100)

    class Mine(optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": 0.1})

        def step(self, closure=None):
            pass

    with pytest.raises(InputError, match="an optimiser of your own"):
        Mine(net.parameters())
