"""Writes crates/gradtape/tests/data/linalg.json: what PyTorch computes of matrices in f64, and its gradients.

    python scripts/linalg_reference.py

What is known up to a sign or an order is made unique (R with a positive diagonal), or only what does not
depend on it is written (a function of a symmetric matrix instead of its eigenvectors).
"""

import json
import pathlib

import torch

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(5)


def matrix(*shape):
    return torch.randn(*shape, generator=generator)


def definite(*shape):
    x = matrix(*shape)
    return x @ x.mT + 0.5 * torch.eye(shape[-1])


def symmetric(x):
    return (x + x.mT) / 2


def qr(x):
    q, r = torch.linalg.qr(x)
    sign = torch.sign(torch.diagonal(r, dim1=-2, dim2=-1)).detach()
    return torch.cat([(q * sign[..., None, :]).flatten(-2), (r * sign[..., :, None]).flatten(-2)], -1)


def of_eigenvalues(x):
    w, v = torch.linalg.eigh(symmetric(x))
    return v @ torch.diag_embed(torch.exp(w)) @ v.mT


def of_singular_values(x):
    u, s, vh = torch.linalg.svd(x, full_matrices=False)
    return u @ torch.diag_embed(torch.tanh(s)) @ vh


def hilbert(n):
    i = torch.arange(n)
    return 1.0 / (i[:, None] + i[None, :] + 1.0)


CASES = [
    ("solve", lambda a, b: torch.linalg.solve(a, b), [matrix(4, 4), matrix(4, 2)]),
    ("solve", lambda a, b: torch.linalg.solve(a, b), [matrix(3, 3), matrix(3)]),
    ("solve", lambda a, b: torch.linalg.solve(a, b), [matrix(2, 3, 3), matrix(2, 3, 2)]),
    ("solve", lambda a, b: torch.linalg.solve(a, b), [hilbert(6), matrix(6, 1)]),
    ("inverse", torch.linalg.inv, [matrix(2, 3, 3)]),
    ("solve_lower", lambda a, b: torch.linalg.solve_triangular(a.tril(), b, upper=False), [definite(4, 4), matrix(4, 2)]),
    ("solve_upper", lambda a, b: torch.linalg.solve_triangular(a.triu(), b, upper=True), [definite(4, 4), matrix(4, 2)]),
    ("cholesky", lambda a: torch.linalg.cholesky(symmetric(a)), [definite(4, 4)]),
    ("cholesky", lambda a: torch.linalg.cholesky(symmetric(a)), [definite(2, 3, 3)]),
    ("qr", qr, [matrix(4, 3)]),
    ("qr", qr, [matrix(3, 3)]),
    ("qr", qr, [matrix(2, 2, 4)]),
    ("logdet", torch.linalg.slogdet, [matrix(2, 4, 4)]),
    ("det", torch.linalg.det, [matrix(2, 4, 4)]),
    ("svdvals", torch.linalg.svdvals, [matrix(4, 3)]),
    ("svdvals", torch.linalg.svdvals, [matrix(2, 2, 4)]),
    ("of_singular_values", of_singular_values, [matrix(4, 3)]),
    ("of_singular_values", of_singular_values, [matrix(3, 4)]),
    ("eigvalsh", lambda a: torch.linalg.eigvalsh(symmetric(a)), [matrix(4, 4)]),
    ("of_eigenvalues", of_eigenvalues, [matrix(2, 3, 3)]),
    ("pinv", torch.linalg.pinv, [matrix(4, 3)]),
    ("pinv", torch.linalg.pinv, [matrix(2, 2, 4)]),
    ("lstsq", lambda a, b: torch.linalg.pinv(a) @ b, [matrix(5, 3), matrix(5, 2)]),
    ("nuclear_norm", lambda a: torch.linalg.matrix_norm(a, "nuc"), [matrix(3, 4)]),
    ("spectral_norm", lambda a: torch.linalg.matrix_norm(a, 2), [matrix(3, 4)]),
    ("matrix_power", lambda a: torch.linalg.matrix_power(a, -3), [matrix(3, 3)]),
    ("trace", lambda a: torch.diagonal(a, dim1=-2, dim2=-1).sum(-1), [matrix(2, 3, 4)]),
]


def array(x):
    return {"shape": list(x.shape), "data": x.flatten().tolist()}


def case(name, function, inputs):
    leaves = [x.clone().requires_grad_() for x in inputs]
    out = function(*leaves)
    out = out[1] if isinstance(out, tuple) else out
    weights = torch.cos(torch.arange(out.numel(), dtype=torch.float64)).reshape(out.shape)
    slopes = torch.autograd.grad((out * weights).sum(), leaves)
    # The digits that a badly conditioned matrix costs.
    loose = {"rtol": 1e-7} if torch.linalg.cond(inputs[0]).max() > 1e6 else {}
    return {
        "id": name,
        **loose,
        "inputs": [array(x) for x in inputs],
        "output": array(out.detach()),
        "gradients": [array(x) for x in slopes],
    }


lines = ",\n".join(json.dumps(case(*row)) for row in CASES)
head = {"family": "linalg", "schema": 1, "source": f"PyTorch {torch.__version__.split('+')[0]}, f64", "default_rtol": 1e-12}
text = json.dumps(head)[:-1] + ', "cases": [\n' + lines + "\n]}\n"
folder = pathlib.Path(__file__).parent.parent / "crates/gradtape/tests/data"
(folder / "linalg.json").write_text(text)
