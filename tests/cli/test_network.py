"""Networks from what a user types."""

import sys

import pytest
import torch
import typer

from feedline.cli.network import network_of, shape_of
from feedline.errors import CheckpointError, DataError

OWN = """
import torch
from torch import nn

def small():
    import later_needed
    return nn.Linear(later_needed.WIDTH, 2)

class Net(nn.Module):
    pass

class Nets:
    inner = Net

ready = nn.ReLU()
number = 3

def fails():
    raise KeyError("no such file")

def wants(width):
    return nn.Linear(width, 2)
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A working directory with modules of the user's own."""
    (tmp_path / "own_networks.py").write_text(OWN)
    (tmp_path / "own_broken.py").write_text("import no_such_package_at_all")
    (tmp_path / "later_needed.py").write_text("WIDTH = 5")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in ("own_networks", "own_broken", "later_needed"):
        sys.modules.pop(name, None)


def parameters(network):
    return sum(parameter.numel() for parameter in network.model.parameters())


def test_generators_give_the_channels_that_they_take_and_a_discriminator_takes_both_pictures():
    assert parameters(network_of("unet_256", (3, 256, 256))) == 54_413_955
    assert parameters(network_of("patchgan", (6, 256, 256))) == 2_768_705


def test_a_name_of_ours():
    network = network_of("mlp", (1, 28, 28))
    assert (parameters(network), network.input_shape) == (669_706, (1, 28, 28))
    assert parameters(network_of("linear", (3, 2, 2), classes=5)) == 65


@pytest.mark.parametrize(
    ("text", "shape", "says"),
    [
        ("cnn", None, "cnn is made for one size of images: say it, such as --input 3x224x224"),
        ("cnn", (28, 28), "cnn takes channels x height x width, such as 3x224x224, not 28x28"),
        ("cnn", (3, 4, 4), "cnn: 3 stages need images of at least 8 pixels a side, not 4x4"),
        (
            "rn",
            None,
            "one of cnn, linear, mlp, unet_128, unet_256, unet_32, unet_64, patchgan, a run folder or checkpoint, or "
            "package.module:callable, not 'rn'",
        ),
        ("no/such.pt", None, "not 'no/such.pt'"),
    ],
)
def test_what_is_none(text, shape, says):
    with pytest.raises(typer.BadParameter) as caught:
        network_of(text, shape)
    assert says in str(caught.value)


def test_a_run_and_its_checkpoint(trained):
    _, run = trained
    for path in (run, run / "weights" / "best.pt"):
        network = network_of(str(path))
        assert network.input_shape == (3, 16, 16)
        assert network.model(torch.zeros(1, *network.input_shape)).shape == (1, 3)


def test_a_file_that_is_no_checkpoint(own):
    with pytest.raises(CheckpointError, match="not a checkpoint of feedline's"):
        network_of("own_networks.py")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("own_networks:small", "Linear"),
        ("own_networks:Net", "Net"),
        ("own_networks:Nets.inner", "Net"),
        ("own_networks:ready", "ReLU"),
        ("torch.nn:Identity", "Identity"),
    ],
)
def test_a_callable_of_the_users_own(own, text, kind):
    before = list(sys.path)
    network = network_of(text)
    assert type(network.model).__name__ == kind
    assert network.input_shape is None
    assert sys.path == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("own_networks:large", "own_networks has no large: own_networks:large"),
        ("own_networks:number", "own_networks:number is or gives a torch.nn.Module, not int"),
        ("own_networks:fails", "is called without arguments and fails: KeyError: 'no such file'"),
        ("own_networks:wants", "is called without arguments and fails: TypeError"),
        ("no_such_module:net", "the module of no_such_module:net does not load: ModuleNotFoundError: No module named"),
        ("own_broken:net", "does not load: ModuleNotFoundError: No module named 'no_such_package_at_all'"),
        (":net", "the module of :net does not load: ValueError"),
    ],
)
def test_a_callable_that_gives_no_network(own, text, says):
    with pytest.raises(DataError) as caught:
        network_of(text)
    assert says in str(caught.value)


def test_shapes():
    assert shape_of("3x224x200") == (3, 224, 200)
    assert shape_of("7") == (7,)


@pytest.mark.parametrize("text", ["", "3x", "3x0x4", "3,4", "-1x3", "axb", "3x4.5"])
def test_what_is_no_shape(text):
    with pytest.raises(typer.BadParameter, match="whole numbers from 1 with an x between"):
        shape_of(text)
