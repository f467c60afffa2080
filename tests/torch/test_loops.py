"""The first line of a PyTorch training loop that cannot be had shows the loop rewritten, and what it shows runs."""

import linecache
import textwrap

import numpy as np
import pytest

import normax as nx
from normax import nn, torch
from normax.errors import InputError
from normax.torch import optim


def names():
    nx.manual_seed(0)
    own = torch.nn
    net = own.Sequential(own.Linear(3, 4), own.ReLU(), own.Linear(4, 2))
    batch = torch.ones(2, 3), torch.tensor([0, 1])
    return {
        "net": net,
        "model": net,
        "criterion": torch.nn.CrossEntropyLoss(),
        "optimizer": optim.Adam(net.parameters(), lr=1e-3),
        "loader": [batch],
        "X": batch[0],
        "target": batch[1],
        "nn": nn,
        "optim": optim,
    }


def shown(script, **more):
    """The code that the error of a script shows, and the script's names."""
    file, source = f"train{abs(hash(script))}.py", textwrap.dedent(script)
    linecache.cache[file] = len(source), None, source.splitlines(True), file
    held = names() | more
    with pytest.raises(InputError) as error:
        exec(compile(source, file, "exec"), held)
    return textwrap.dedent(str(error.value).partition("\n\n")[2]).rstrip("\n"), held


def test_the_loop_is_shown_with_the_scripts_own_names():
    code, held = shown("""
        scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=30)
        total = 0
        for epoch in range(2):
            net.train()
            for i, (x, y) in enumerate(loader):
                x = x * 2
                output = net(x)
                loss = criterion(output, y)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                optimizer.step()
                total += loss.item()
            scheduler.step()
            print(epoch, total)
        """)
    assert code == textwrap.dedent("""
        def loss_fn(net, x, y):
            x = x * 2
            output = net(x)
            loss = criterion(output, y)
            return loss

        scheduler.every = len(loader)  # optimiser steps for one of its own
        step = nx.train_step(net, loss_fn, optimizer, clip=1.0)
        for epoch in range(2):
            # yours: net.train()
            for i, (x, y) in enumerate(loader):
                loss = step(x, y)
                # yours: total += loss.item()
            # yours: print(epoch, total)
        """).strip("\n")
    before = np.array(held["net"][0].weight)
    exec(code, held | {"nx": nx})
    assert not np.array_equal(before, held["net"][0].weight)


def test_a_loop_over_the_whole_data_names_optax_where_it_has_the_same_numbers():
    code, held = shown("""
        def train(epochs):
            for epoch in range(epochs):
                loss = criterion(model(X), target) * 2
                loss.backward()
                optimizer.step()
        train(3)
        """)
    assert "# optimizer as it is, or optimizer = optax.adam(0.001)" in code
    code = code.replace("range(epochs)", "range(3)")
    assert "def loss_fn(model, X, target):" in code
    assert "loss = step(X, target)" in code
    exec(code, held | {"nx": nx})
    assert np.isfinite(held["net"][0].weight.value).all()


def test_of_two_networks_the_one_that_the_optimiser_moves_is_trained():
    critic = torch.nn.Linear(2, 1)
    code, held = shown(
        """
        for x, y in loader:
            optimizer_d.zero_grad()
            loss_d = critic(net(x)).mean()
            loss_d.backward()
            optimizer_d.step()
        """,
        critic=critic,
        optimizer_d=optim.SGD(critic.parameters(), lr=0.1, momentum=0.9),
    )
    assert "def loss_fn(critic, x):" in code
    assert "optax.sgd(0.1, momentum=0.9)" in code
    exec(code, held | {"nx": nx})


def test_attributes_and_several_networks_are_found():
    encoder, decoder = torch.nn.Linear(3, 2), torch.nn.Linear(2, 3)

    class Trainer:
        pass

    trainer = Trainer()
    trainer.encoder, trainer.decoder = encoder, decoder
    trainer.opt = optim.SGD([*encoder.parameters(), *decoder.parameters()], lr=0.1)
    code, held = shown(
        """
        def fit(self):
            for step, (x, _) in enumerate(loader):
                loss = ((self.decoder(self.encoder(x)) - x) ** 2).mean()
                self.opt.zero_grad()
        fit(trainer)
        """.replace("self.opt.zero_grad()", "self.opt.zero_grad(); loss.backward(); self.opt.step()"),
        trainer=trainer,
    )
    assert "nx.nn.ModuleList([self.decoder, self.encoder]), loss_fn, self.opt)" in code
    assert "train = nx.train_step" in code
    assert "# once, before fit(...) is called: it keeps the optimiser's state" in code
    exec(code, held | {"nx": nx, "self": trainer, "step": 0})


GAN = """
    for x, y in loader:
        real = x * 2
        noise = torch.tensor(np.random.normal(size=(2, 3)), dtype=torch.float32)
        optimizer.zero_grad()
        fake = net(noise)
        loss_g = -critic(fake).mean()
        loss_g.backward()
        optimizer.step()
        optimizer_d.zero_grad()
        loss_d = critic(fake.detach()).mean() - critic(real[:, :2]).mean()
        loss_d.backward()
        optimizer_d.step()
        print(loss_d)
    """


def test_each_of_two_networks_gets_a_step_of_its_own_and_new_noise():
    critic = torch.nn.Linear(2, 1)
    code, held = shown(
        GAN, critic=critic, torch=torch, np=np, optimizer_d=optim.SGD(critic.parameters(), lr=0.1)
    )
    assert code.splitlines()[-5:] == [
        "for x, y in loader:",
        "    noise = torch.tensor(np.random.normal(size=(2, 3)), dtype=torch.float32)",
        "    loss_g = step_net(noise)",
        "    loss_d = step_critic(x, noise)",
        "    # yours: print(loss_d)",
    ]
    before = [np.array(held["net"][0].weight), np.array(critic.weight)]
    exec(code, held | {"nx": nx})
    after = [np.array(held["net"][0].weight), np.array(critic.weight)]
    assert not any(np.array_equal(a, b) for a, b in zip(before, after))


def test_scalers_and_autocast_are_left_out():
    class Trainer:
        pass

    trainer = Trainer()
    trainer.model, trainer.scaler = torch.nn.Linear(3, 2), torch.cuda.amp.GradScaler()
    trainer.opt = optim.SGD(trainer.model.parameters(), lr=0.1)
    trainer.schedule = optim.lr_scheduler.StepLR(trainer.opt, 5)
    code, held = shown(
        """
        def fit(self):
            for epoch in range(2):
                for x, y in loader:
                    with torch.autocast("cpu", enabled=False):
                        loss = criterion(self.model(x), y)
                    self.scaler.scale(loss).backward()
                    self.scaler.step(self.opt)
                    self.scaler.update()
                self.schedule.step()
        fit(trainer)
        """,
        trainer=trainer,
        torch=torch,
    )
    assert (
        code
        == textwrap.dedent("""
        def loss_fn(self_model, x, y):
            loss = criterion(self_model(x), y)
            return loss

        self.schedule.every = len(loader)  # optimiser steps for one of its own
        # once, before fit(...) is called: it keeps the optimiser's state
        step = nx.train_step(self.model, loss_fn, self.opt)
        for epoch in range(2):
            for x, y in loader:
                loss = step(x, y)
        """).strip()
    )
    exec(code, held | {"nx": nx, "self": trainer})


def test_a_network_is_not_made_within_its_loss():
    code, _ = shown(
        """
        def once():
            net = torch.nn.Linear(3, 2)
            optimizer = optim.SGD(net.parameters(), lr=0.1)
            loss = net(X).sum()
            loss.backward()
        once()
        """,
        torch=torch,
    )
    assert code.startswith("def loss_fn(net, X):\n    loss = net(X).sum()\n    return loss")


def test_without_the_source_the_text_is_general():
    held = names()
    with pytest.raises(InputError, match=r"nx.train_step\(net, loss_fn, optimizer\)"):
        exec("optimizer.step()", held)
    with pytest.raises(InputError, match=r"optimizer.zero_grad\(\), line \d+ of test_loops.py"):
        held["optimizer"].zero_grad()
