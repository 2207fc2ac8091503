"""Makes the npy files that the tests read, and checks the one that palimpsest wrote: python3 arrays.py (numpy)"""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent

grid = np.arange(24).reshape(2, 3, 4)
np.save(FOLDER / "f4.npy", (grid / 8).astype("<f4"))
np.save(FOLDER / "f8-column-major.npy", np.asfortranarray((grid / 8).astype("<f8")))
np.save(FOLDER / "i4-scalar.npy", np.array(-7, "<i4"))
np.save(FOLDER / "i8.npy", np.array([-(2**31), -1, 0, 2**31 - 1], "<i8"))
np.save(FOLDER / "i8-large.npy", np.array([0, 2**40], "<i8"))
np.save(FOLDER / "f2.npy", np.array([1, -0.5, 65504, np.inf, 2.0**-24], "<f2"))
several = {"x": grid.astype("<f4"), "labels": np.array([2**40, -1]), "h": np.array([[0.5], [np.nan]], "<f2")}
np.savez(FOLDER / "several.npz", **several, **{"größe": np.array(3.5)})
np.savez_compressed(FOLDER / "packed.npz", zeros=np.zeros((50, 50)), **several)
np.save(FOLDER / "u1-empty.npy", np.zeros((0, 5), "u1"))
np.save(FOLDER / "b1.npy", np.array([[True, False]]))
np.save(FOLDER / "big-endian.npy", np.zeros(2, ">f4"))
np.save(FOLDER / "complex.npy", np.zeros(2, "<c8"))
with open(FOLDER / "f4-version-2.npy", "wb") as file:
    np.lib.format.write_array(file, np.array([1.5, 2.5], "<f4"), version=(2, 0))

ours = FOLDER / "ours.npy"
if ours.exists():
    array = np.load(ours, allow_pickle=False)
    assert array.dtype == np.float64 and array.flags["C_CONTIGUOUS"]
    assert (array == np.array([[0.5, 1, 2], [3, 4, -0.25]])).all()
    print("ours.npy is read by numpy")

for name in ["ours.npz", "ours-packed.npz"]:
    path = FOLDER / name
    if path.exists():
        arrays = np.load(path, allow_pickle=False)
        assert list(arrays) == ["a", "flags", "half", "long", "größe"]
        assert (arrays["a"] == np.array([[0.5, 1, 2], [3, 4, -0.25]])).all() and arrays["a"].dtype == np.float64
        assert (arrays["flags"] == np.array([True, False])).all() and arrays["flags"].dtype == bool
        assert (arrays["half"] == np.array([1, -2, 65504])).all() and arrays["half"].dtype == np.float16
        assert (arrays["long"] == np.array([2**53 + 1])).all() and arrays["long"].dtype == np.int64
        assert arrays["größe"].shape == () and arrays["größe"] == 3.5
        print(name, "is read by numpy")
