"""What two programs compare of results too large to send: of each tensor its norm and evenly spaced elements."""
import torch

SAMPLES = 256


def fingerprint(tensors):
    return [one(t.detach().reshape(-1)) for t in tensors]


def one(flat):
    count = min(SAMPLES, flat.numel())
    places = [i * flat.numel() // count for i in range(count)]
    return {
        "size": flat.numel(),
        "norm": float(torch.linalg.vector_norm(flat, dtype=torch.float64)),
        "at": flat[torch.tensor(places, dtype=torch.int64)].double().tolist(),
    }
