"""Reads what `gradtape train --log` wrote with TensorBoard's own reader, and checks it.

    pip install tensorboard
    python scripts/read_events.py [path of the program gradtape]
"""

import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

from tensorboard.backend.event_processing import (
    data_provider,
    event_accumulator,
    plugin_event_multiplexer,
)
from tensorboard import context
from tensorboard.compat.proto import graph_pb2
from tensorboard.plugins.hparams import plugin_data_pb2

EPOCHS = 3


def train(program, folder):
    out = folder / "out"
    log = folder / "runs" / "digits"
    words = ["train", "digits", "--epochs", str(EPOCHS), "--quiet"]
    words += ["--out", str(out), "--log", str(log)]
    subprocess.run([program, *words], check=True)
    again = subprocess.run([program, *words], capture_output=True, text=True)
    assert again.returncode == 2, again
    assert "another run" in again.stderr and "hint" in again.stderr, again.stderr
    return log


def png_size(data):
    """Width and height of a PNG, whose lines are unpacked and counted."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    packed, place = b"", 8
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + length]
        (total,) = struct.unpack(">I", data[place + 8 + length : place + 12 + length])
        assert total == zlib.crc32(kind + body)
        packed += body if kind == b"IDAT" else b""
        place += 12 + length
    assert len(zlib.decompress(packed)) == height * (1 + 3 * width)
    return width, height


def read(log):
    sizes = {"histograms": 0, "tensors": 0, "images": 0, "scalars": 0, "compressedHistograms": 0}
    events = event_accumulator.EventAccumulator(str(log), size_guidance=sizes)
    events.Reload()
    tags = events.Tags()

    losses = events.Scalars("loss/validation")
    assert [event.step for event in losses] == list(range(1, EPOCHS + 1)), losses
    assert losses[-1].value < losses[0].value
    steps = events.Scalars("loss/step")
    assert [event.step for event in steps] == list(range(1, len(steps) + 1))
    for tag in ["loss/train", "accuracy/validation", "learning rate", "gradient norm"]:
        assert tag in tags["scalars"], (tag, tags["scalars"])

    for tag in ["weights/0.weight", "gradients/0.weight", "outputs/1 (Relu)"]:
        histogram = events.Histograms(tag)[-1].histogram_value
        assert abs(sum(histogram.bucket) - histogram.num) < 1e-9, tag
        assert histogram.min <= histogram.max
    assert events.Histograms("weights/0.weight")[0].histogram_value.num == 64 * 32

    image = events.Images("first layer/0.weight")[-1]
    assert png_size(image.encoded_image_string) == (image.width, image.height)

    graph = graph_pb2.GraphDef()
    graph.ParseFromString(events.Graph().SerializeToString())
    names = {node.name for node in graph.node}
    assert {"0/weight", "0/bias"} <= names, names
    assert all(name in names for node in graph.node for name in node.input)

    settings = events.SummaryMetadata("_hparams_/session_start_info")
    data = plugin_data_pb2.HParamsPluginData()
    data.ParseFromString(settings.plugin_data.content)
    assert data.session_start_info.hparams["optimizer"].string_value == "adam"
    assert data.session_start_info.hparams["epochs"].number_value == EPOCHS
    return len(steps), len(graph.node)


def provide(folder):
    """What the pages of TensorBoard ask, from its own provider of data."""
    runs = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(str(folder))
    runs.Reload()
    provider = data_provider.MultiplexerDataProvider(runs, str(folder))
    about = context.RequestContext()
    found = {}
    listed = provider.list_scalars(about, experiment_id="", plugin_name="scalars")
    found["scalars"] = sorted(tag for tags in listed.values() for tag in tags)
    listed = provider.list_tensors(about, experiment_id="", plugin_name="histograms")
    found["histograms"] = sorted(tag for tags in listed.values() for tag in tags)
    assert "loss/step" in found["scalars"] and "weights/0.weight" in found["histograms"], found
    return {plugin: len(tags) for plugin, tags in found.items()}


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "gradtape"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        log = train(program, folder)
        steps, units = read(log)
        print(f"TensorBoard reads {steps} steps, a graph of {units} units, {provide(folder / 'runs')}")


if __name__ == "__main__":
    main()
