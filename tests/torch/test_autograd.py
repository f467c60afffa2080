"""Functions with a gradient of their own give PyTorch's values and gradients; what has no counterpart is named."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch as theirs

import normax as nx
from normax import torch as ours
from normax.errors import InputError

X = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
V = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)


def straight_through(torch):
    class Round(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return torch.round(x)

        @staticmethod
        def backward(ctx, gradient):
            return gradient.clone()

    return lambda x: (Round.apply(x * 3) * x).sum()


def saved(torch):
    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w, power, unused=None):
            ctx.save_for_backward(x, w)
            ctx.power = power
            assert ctx.needs_input_grad[:2] == (True, True)
            return w * x**power

        @staticmethod
        def backward(ctx, gradient):
            x, w = ctx.saved_tensors
            first = gradient * w * ctx.power * x ** (ctx.power - 1) if ctx.needs_input_grad[0] else None
            return first, (gradient * x**ctx.power).sum(0), None, None

    w = torch.tensor([1.0, 2.0, 0.5, -1.0])
    return lambda x: (Scaled.apply(x, (x[:1] * w)[0], 3, None) ** 2).sum()


def new_style(torch):
    class Two(torch.autograd.Function):
        @staticmethod
        def forward(x, k):
            values, order = torch.sort(x, dim=-1, descending=True)
            return values[:, :k], order[:, :k]

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, k = inputs
            ctx.mark_non_differentiable(output[1])
            ctx.save_for_backward(output[1])
            ctx.shape = x.shape

        @staticmethod
        def backward(ctx, gradient, _):
            (order,) = ctx.saved_tensors
            zeros = torch.zeros(ctx.shape, dtype=gradient.dtype)
            return zeros.scatter(1, order, gradient * 2), None

    def loss(x):
        values, order = Two.apply(x, 2)
        return (values * torch.gather(x, 1, order)).sum()

    return loss


@pytest.mark.parametrize("make", [straight_through, saved, new_style])
def test_values_and_gradients_are_those_of_torch(make):
    x = theirs.tensor(X, requires_grad=True)
    value = make(theirs)(x)
    value.backward()
    function = make(ours)
    assert function(ours.tensor(X)).item() == pytest.approx(value.item(), rel=1e-5)
    np.testing.assert_allclose(
        ours.func.grad(function)(ours.tensor(X)).numpy(), x.grad.numpy(), rtol=1e-5, atol=1e-6
    )
    compiled = jax.jit(
        jax.grad(lambda x: ours.tensor([0.0]).sum()._array + jnp.asarray(function(ours.Tensor(x))))
    )
    np.testing.assert_allclose(compiled(jnp.asarray(X)), x.grad.numpy(), rtol=1e-5, atol=1e-6)


def test_a_network_trains_through_one():
    class Flip(ours.autograd.Function):
        @staticmethod
        def forward(ctx, x, scale):
            ctx.scale = scale
            return x.view_as(x)

        @staticmethod
        def backward(ctx, gradient):
            return gradient.neg() * ctx.scale, None

    class Net(ours.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = ours.nn.Linear(4, 1, bias=False)

        def forward(self, x):
            return Flip.apply(self.fc(x), 2.0)

    net = Net()
    before = np.array(net.fc.weight)
    step = nx.train_step(net, lambda net, x: net(x).sum(), ours.optim.SGD(net.parameters(), lr=0.1))
    step(X)
    np.testing.assert_allclose(net.fc.weight.detach().numpy(), before + 0.2 * X.sum(0), rtol=1e-5)


def test_values_may_be_looked_at_in_eager_calls_alone():
    class Branch(ours.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2 if x.sum() > 0 else x

        @staticmethod
        def backward(ctx, gradient):
            return gradient

    assert Branch.apply(ours.ones(2)).tolist() == [2.0, 2.0]
    with pytest.raises(Exception, match="compiled"):
        jax.jit(lambda x: Branch.apply(x))(jnp.ones(2))


def test_wrong_gradients_are_refused_in_the_words_of_torch():
    def gradient(result):
        class Wrong(ours.autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                return x + y

            @staticmethod
            def backward(ctx, gradient):
                return result(gradient)

        return jax.grad(lambda x: Wrong.apply(x, x).sum())(jnp.ones(3))

    with pytest.raises(
        RuntimeError, match=r"WrongBackward returned an incorrect number of gradients \(expected 2, got 1\)"
    ):
        gradient(lambda g: g)
    with pytest.raises(RuntimeError, match=r"invalid gradient at index 1 - got \[2\]"):
        gradient(lambda g: (g, g[:2]))


def test_transformations_of_functions():
    torch = ours
    x, v = torch.tensor(X[0]), torch.tensor(V[0])
    f = lambda x: (x.sin() * x).sum()  # noqa: E731
    np.testing.assert_allclose(torch.func.grad(f)(x).numpy(), np.sin(X[0]) + X[0] * np.cos(X[0]), rtol=1e-5)
    gradient, value = torch.func.grad_and_value(f)(x)
    assert value.item() == pytest.approx((np.sin(X[0]) * X[0]).sum(), rel=1e-5)
    assert np.diag(torch.func.jacrev(lambda x: x * x)(x).numpy()).tolist() == pytest.approx(
        (2 * X[0]).tolist()
    )
    assert np.diag(torch.func.hessian(lambda x: (x**3).sum())(x).numpy()).tolist() == pytest.approx(
        (6 * X[0]).tolist()
    )
    value, back = torch.func.vjp(lambda x: x * x, x)
    np.testing.assert_allclose(back(v)[0].numpy(), 2 * X[0] * V[0], rtol=1e-5)
    value, slope = torch.func.jvp(lambda x: x * x, (x,), (v,))
    np.testing.assert_allclose(slope.numpy(), 2 * X[0] * V[0], rtol=1e-5)
    rows = torch.func.vmap(torch.dot)(torch.tensor(X), torch.tensor(V))
    np.testing.assert_allclose(rows.numpy(), (X * V).sum(1), rtol=1e-5)
    net = torch.nn.Linear(4, 2)
    made = torch.func.functional_call(
        net, {"weight": torch.ones(2, 4), "bias": torch.zeros(2)}, (torch.tensor(X),)
    )
    np.testing.assert_allclose(made.detach().numpy(), np.repeat(X.sum(1, keepdims=True), 2, 1), rtol=1e-5)


def test_the_tape_is_refused():
    x = ours.ones(2)
    with pytest.raises(InputError, match=r"torch\.func\.grad"):
        ours.autograd.grad(x.sum(), x)
    with pytest.raises(InputError, match=r"nx\.train_step"):
        x.sum().backward()


def test_variables_are_tensors_that_share_their_values():
    for torch in (ours, theirs):
        x = torch.zeros(3)
        x_too = torch.autograd.Variable(x, requires_grad=True)
        x_too.data[0] = 1
        assert (x[0] == 1, x_too.requires_grad, isinstance(x, torch.autograd.Variable)) == (True, True, True)
        assert not torch.autograd.Variable(torch.tensor([1, 2])).is_floating_point()
    assert ours.cuda.FloatTensor(2, 3).shape == (2, 3)
    assert isinstance(ours.zeros(1), ours.cuda.FloatTensor)


def test_an_input_that_forward_writes_to_is_changed_for_its_holder_and_has_its_gradient():
    def doubled(torch, x):
        class Doubled(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.mark_dirty(x)
                return x.mul_(2)

            @staticmethod
            def backward(ctx, gradient):
                return 2 * gradient

        y = x * 3
        z = Doubled.apply(y)
        return y, (z**2).sum()

    x = theirs.tensor(X, requires_grad=True)
    held, loss = doubled(theirs, x)
    loss.backward()
    np.testing.assert_allclose(doubled(ours, ours.tensor(X))[0].numpy(), held.detach(), rtol=1e-6)
    gradient = jax.grad(lambda x: doubled(ours, ours.as_tensor(x))[1].__jax_array__())(X)
    np.testing.assert_allclose(gradient, x.grad, rtol=1e-5)


def test_derivatives_of_functions_are_pytorchs():
    def of(torch):
        F, x, y = torch.autograd.functional, torch.tensor(X[0]), torch.tensor(V[0])
        return [
            F.jacobian(lambda x: x.outer(x).sin(), x),
            *F.jacobian(lambda x, y: x * y.sum(), (x, y), strategy="reverse-mode"),
            F.hessian(lambda x: (x**3).sum() * x[0], x),
            *(part for row in F.hessian(lambda x, y: (x * y**2).sum(), (x, y)) for part in row),
            *F.vjp(lambda x: x**2, x, y),
            *F.vjp(lambda x: (x**2).sum(), x),
            *F.jvp(lambda x: x**2, x, y),
            F.jvp(lambda x, y: x * y, (x, y), (y, x))[1],
        ]

    for mine, wanted in zip(of(ours), of(theirs), strict=True):
        np.testing.assert_allclose(mine.numpy(), wanted.numpy(), rtol=1e-5, atol=1e-6)
    with pytest.raises(RuntimeError, match="v can only be None"):
        ours.autograd.functional.vjp(lambda x: x * 2, ours.ones(2))
