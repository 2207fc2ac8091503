"""A rank-k update in place: W += A B."""
from contestant import Contest
from hashed import uniform


def prepare(params):
    out, inputs, rank = params["out"], params["in"], params["rank"]
    start, a, b = uniform("w", (out, inputs)), uniform("a", (out, rank)), uniform("b", (rank, inputs))
    w = start.clone()

    def run():
        return [w.addr_(a[:, 0], b[0]) if rank == 1 else w.addmm_(a, b)]

    return Contest(run, result=lambda _: [start + a @ b], warmup=3)
