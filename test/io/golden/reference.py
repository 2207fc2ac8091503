"""Makes and checks the golden files with the reference implementation: python3 reference.py (numpy, safetensors)

reference.safetensors   written here, read by the tests
plain.safetensors       the same without the dtypes that palimpsest has no tensors of: written back by the tests
ours.safetensors        written by the tests' subject (its bytes are asserted there), read and checked here
"""

from pathlib import Path

import numpy as np
from safetensors import TensorSpec, safe_open, serialize_file
from safetensors.numpy import load_file

FOLDER = Path(__file__).parent


def write_reference() -> None:
    arrays = {
        "float": np.array([[1.5, -0.0, np.inf], [np.pi, 1e-45, -3.0]], np.float32),
        "double": np.array([0.1, -1e300]),
        "int": np.array([[-(2**31)], [2**31 - 1]], np.int32),
        "bytes": np.arange(7, dtype=np.uint8),
        "flags": np.array([True, False, True]),
        "scalar": np.array(42.0, np.float32),
        "empty": np.zeros((0, 3), np.float32),
        "half": np.array([1.0, 2.0], np.float16),
        "brain": np.array([0x3F80, 0xC000, 0x7FC1], np.uint16),  # no such type in numpy
        "long": np.array([2**53 + 1]),
        "\u00e9\U0001f600\"\n": np.array([1, 2], np.uint8),
    }
    specs = {}
    for name, array in arrays.items():
        dtype = "bfloat16" if name == "brain" else array.dtype.name
        specs[name] = TensorSpec(
            dtype=dtype, shape=array.shape, data_ptr=array.ctypes.data, data_len=array.nbytes
        )
    serialize_file(specs, FOLDER / "reference.safetensors", {"format": "np"})
    plain = {name: spec for name, spec in specs.items() if name not in ("half", "brain", "long")}
    serialize_file(plain, FOLDER / "plain.safetensors", {"format": "np"})


def check_ours() -> None:
    path = FOLDER / "ours.safetensors"
    tensors = load_file(path)
    expected = {
        "w": np.array([[1.5, -0.0], [np.inf, 2.0**-149]], np.float32),
        "d": np.array(0.1),
        "i": np.array([-1, 2**31 - 1], np.int32),
        "u": np.array([0, 128, 255], np.uint8),
        "b": np.array([[True], [False]]),
        "none": np.zeros((2, 0), np.float32),
        "late": np.array([7.0]),
        "\u00e9\U0001f600\"\n": np.array([9], np.uint8),
    }
    assert set(tensors) == set(expected), set(tensors)
    for name, array in expected.items():
        assert tensors[name].dtype == array.dtype and tensors[name].shape == array.shape, name
        assert tensors[name].tobytes() == array.tobytes(), name
    with safe_open(path, "np") as file:
        assert file.metadata() == {"format": "pt", "__proto__": "\u263a"}, file.metadata()
    print("ours.safetensors is read by the reference implementation")


write_reference()
if (FOLDER / "ours.safetensors").exists():
    check_ours()
