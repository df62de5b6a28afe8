"""Writes crates/gradtape/tests/data/events/reference.tfevents with TensorBoard's own messages and check sums.

The library's tests (io/events/tests.rs) encode the same events and compare the bytes.

    pip install tensorboard
    python scripts/events_fixture.py
"""

import pathlib
import struct

from tensorboard.compat.proto import event_pb2, graph_pb2, summary_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.plugins.hparams import plugin_data_pb2

TIME = 1234567890.5
Value = summary_pb2.Summary.Value


def summary(step, value):
    return event_pb2.Event(
        wall_time=TIME, step=step, summary=summary_pb2.Summary(value=[value])
    )


def hyperparameters(tag, **content):
    data = plugin_data_pb2.HParamsPluginData(**content)
    plugin = summary_pb2.SummaryMetadata.PluginData(
        plugin_name="hparams", content=data.SerializeToString(deterministic=True)
    )
    metadata = summary_pb2.SummaryMetadata(plugin_data=plugin)
    return summary(0, Value(tag=tag, metadata=metadata))


def events():
    yield event_pb2.Event(wall_time=TIME, file_version="brain.Event:2")
    yield summary(7, Value(tag="loss/train", simple_value=0.25))
    yield summary(300, Value(tag="zero", simple_value=0.0))
    counts = [0.0] * 30
    counts[0], counts[29] = 1.0, 2.0
    histogram = summary_pb2.HistogramProto(
        min=0.0, max=30.0, num=3.0, sum=60.0, sum_squares=1800.0,
        bucket_limit=[float(i + 1) for i in range(30)], bucket=counts,
    )
    yield summary(1, Value(tag="weights", histo=histogram))
    start = plugin_data_pb2.SessionStartInfo(start_time_secs=TIME)
    start.hparams["batch"].number_value = 0.0
    start.hparams["network"].string_value = "mlp"
    start.hparams["normalize"].bool_value = False
    yield hyperparameters("_hparams_/session_start_info", session_start_info=start)
    end = plugin_data_pb2.SessionEndInfo(status=1, end_time_secs=TIME)
    yield hyperparameters("_hparams_/session_end_info", session_end_info=end)
    graph = graph_pb2.GraphDef()
    graph.versions.producer = 22
    node = graph.node.add(name="0_Linear/matmul", op="matmul", input=["x", "0_Linear/weight"])
    shape = node.attr["_output_shapes"].list.shape.add()
    for size in (32, 10):
        shape.dim.add(size=size)
    yield event_pb2.Event(wall_time=TIME, graph_def=graph.SerializeToString(deterministic=True))


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    path = root / "crates/gradtape/tests/data/events/reference.tfevents"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        for event in events():
            data = event.SerializeToString(deterministic=True)
            length = struct.pack("<Q", len(data))
            file.write(length + struct.pack("<I", masked_crc32c(length)))
            file.write(data + struct.pack("<I", masked_crc32c(data)))
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
