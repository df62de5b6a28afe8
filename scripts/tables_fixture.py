"""Writes the tables of crates/gradtape-files/tests/data and what pandas reads from them.

    pip install pandas pyarrow openpyxl numpy zstandard && python scripts/tables_fixture.py
"""

import datetime as dt
import decimal
import gzip
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import zstandard
from openpyxl import Workbook

folder = Path(__file__).parent.parent / "crates/gradtape-files/tests/data/tables"
folder.mkdir(parents=True, exist_ok=True)

# One table that every format can hold, as a person has it.
random = np.random.default_rng(7)
rows = 60
size = random.integers(20, 200, rows)
rooms = random.integers(1, 7, rows).astype(float)
rooms[[3, 17]] = np.nan
town = random.choice(["Oslo", "Bergen", "Tromsø", "Å, i \"Lofoten\""], rows).astype(object)
town[[5, 40]] = None
built = pd.Timestamp("1990-01-01") + pd.to_timedelta(random.integers(0, 12000, rows), unit="D")
balcony = random.random(rows) < 0.5
price = np.round(size * 31.25 + np.nan_to_num(rooms, nan=3.0) * 112.5 + balcony * 250 + random.normal(0, 90, rows), 2)
homes = pd.DataFrame(
    {"size": size, "rooms": rooms, "town": town, "built": built, "balcony": balcony, "price": price}
)


def text(value):
    """A cell as the readers should give it; what is missing is null."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    if isinstance(value, (dt.datetime, pd.Timestamp)):
        return value.isoformat(sep=" ")
    if isinstance(value, np.floating):
        return repr(float(str(value)))
    return str(value)


def cells(frame):
    return {str(name): [text(value) for value in frame[name]] for name in frame.columns}


expected = {"homes": cells(homes)}
csv = homes.to_csv(index=False, date_format="%Y-%m-%d")
(folder / "homes.csv").write_text(csv)
packer = zstandard.ZstdCompressor(level=9, write_checksum=True)
# Two frames and one to skip, as `zstd` and `pzstd` write them.
half = len(csv.encode()) // 2
skipped = struct.pack("<II", 0x184D2A50, 5) + b"12345"
(folder / "homes.csv.zst").write_bytes(
    packer.compress(csv.encode()[:half]) + skipped + packer.compress(csv.encode()[half:])
)
(folder / "homes.csv.gz").write_bytes(gzip.compress(csv.encode(), mtime=0))
homes.to_excel(folder / "homes.xlsx", index=False, sheet_name="Homes")
for codec in ["none", "snappy", "gzip", "zstd", "lz4"]:
    homes.to_parquet(folder / f"homes-{codec}.parquet", compression=codec, index=False)
homes.to_feather(folder / "homes.feather", compression="zstd")
homes.to_feather(folder / "homes-lz4.feather", compression="lz4")
homes.to_feather(folder / "homes-none.feather", compression="uncompressed")

# Every type of a cell.
kinds = pa.table(
    {
        "i8": pa.array([-128, None, 127, 0], pa.int8()),
        "i16": pa.array([-32768, 32767, None, 0], pa.int16()),
        "i32": pa.array([-(2**31), 2**31 - 1, 5, None], pa.int32()),
        "i64": pa.array([-(2**53), 2**53, 7, None], pa.int64()),
        "u8": pa.array([0, 255, None, 7], pa.uint8()),
        "u16": pa.array([0, 65535, None, 7], pa.uint16()),
        "u32": pa.array([0, 2**32 - 1, None, 7], pa.uint32()),
        "u64": pa.array([0, 2**64 - 1, None, 7], pa.uint64()),
        "f16": pa.array(np.array([0.5, -2.0, 65504, 1.5], np.float16), pa.float16()),
        "f32": pa.array([0.1, None, 1e-20, -3.5], pa.float32()),
        "f64": pa.array([0.1, 1e300, None, -1e-300], pa.float64()),
        "bool": pa.array([True, False, None, True]),
        "string": pa.array(["a", "", None, "Æ, ø"]),
        "large": pa.array(["a", "longer than twelve letters", None, "b"], pa.large_string()),
        "view": pa.array(["a", "longer than twelve letters", None, "b"], pa.string_view()),
        "dictionary": pa.array(["red", "green", None, "red"]).dictionary_encode(),
        "date32": pa.array([dt.date(2024, 2, 29), dt.date(1969, 12, 31), None, dt.date(1, 1, 1)], pa.date32()),
        "date64": pa.array([dt.date(2024, 2, 29), dt.date(1969, 12, 31), None, dt.date(1, 1, 1)], pa.date64()),
        "ms": pa.array([0, 1_700_000_000_123, None, -1], pa.timestamp("ms")),
        "us": pa.array([0, 1_700_000_000_123_456, None, -1], pa.timestamp("us", "UTC")),
        "ns": pa.array([0, 1_700_000_000_123_456_789, None, -1], pa.timestamp("ns")),
        "time32": pa.array([0, 34_200_500, None, 86_399_999], pa.time32("ms")),
        "time64": pa.array([0, 34_200_000_500, None, 86_399_999_999], pa.time64("us")),
        "decimal": pa.array([decimal.Decimal("123.45"), None, decimal.Decimal("-0.01"), decimal.Decimal("0")], pa.decimal128(7, 2)),
        "wide": pa.array([decimal.Decimal("12345678901234567890.5"), None, decimal.Decimal("-1"), decimal.Decimal("0")], pa.decimal256(45, 1)),
        "null": pa.nulls(4),
    }
)
known = {}
for name in kinds.column_names:
    values = kinds[name].to_pylist() if name != "ns" else None
    if name in ("f32", "f16"):
        values = [None if v is None else np.float32(v) for v in values]
    elif name in ("date32", "date64"):
        pass
    elif name in ("ms", "us", "ns"):
        values = [None if v is None else np.datetime64(v, name) for v in kinds[name].cast(pa.int64()).to_pylist()]
        known[name] = [None if v is None else str(v).replace("T", " ").rstrip("0").rstrip(".") if "." in str(v) and not str(v).endswith(".000") else str(v).replace("T", " ").split(".")[0] for v in values]
        continue
    elif name in ("time32", "time64"):
        known[name] = [None if v is None else v.isoformat().rstrip("0").rstrip(":") if v.microsecond else v.isoformat() for v in values]
        continue
    known[name] = [None if v is None or v == "" else text(v) for v in values]
expected["kinds"] = known
pq.write_table(kinds, folder / "kinds.parquet", compression="zstd")
pq.write_table(
    kinds,
    folder / "kinds-v2.parquet",
    compression="snappy",
    data_page_version="2.0",
    version="2.6",
    use_dictionary=False,
    column_encoding={
        "i32": "DELTA_BINARY_PACKED",
        "i64": "DELTA_BINARY_PACKED",
        "string": "DELTA_BYTE_ARRAY",
        "large": "DELTA_LENGTH_BYTE_ARRAY",
        "f64": "BYTE_STREAM_SPLIT",
        "f32": "BYTE_STREAM_SPLIT",
    },
)
old = kinds.select(["i32", "ns", "ms", "date32", "string"])
pq.write_table(old, folder / "int96.parquet", use_deprecated_int96_timestamps=True, version="1.0")
for codec in ["lz4", "zstd", "uncompressed"]:
    pa.feather.write_feather(kinds, folder / f"kinds-{codec}.arrow", compression=codec, chunksize=3)
# Durations, which Parquet has no type for, infinities, whole numbers that f64 does not tell apart, and a compression
# that is not read.
waits = {unit: pa.array([90, None, -1, 3600], pa.duration(unit)) for unit in ("s", "ms", "us", "ns")}
waits["rate"] = pa.array([1.5, float("inf"), float("-inf"), 2.0])
waits["id"] = pa.array([2**53, 2**53 + 1, 2**53 + 2, 2**53 + 3])
waits = pa.table(waits)
pq.write_table(waits, folder / "waits.parquet", compression="zstd")
pa.feather.write_feather(waits, folder / "waits.feather", compression="zstd")
pq.write_table(waits, folder / "brotli.parquet", compression="brotli")
with pa.OSFile(str(folder / "delta.arrow"), "wb") as file:
    parts = [pa.array(words).dictionary_encode() for words in (["a", "b"], ["a", "b", "c"], ["c", None])]
    first = pa.array(["a", "b"]).dictionary_encode()
    more = pa.DictionaryArray.from_arrays(pa.array([0, 2, None]), pa.array(["a", "b", "c"]))
    schema = pa.schema([("word", first.type)])
    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
    with pa.ipc.new_file(file, schema, options=options) as writer:
        writer.write_batch(pa.record_batch([first], schema=schema))
        writer.write_batch(pa.record_batch([more.cast(first.type)], schema=schema))
expected["delta"] = {"word": ["a", "b", "a", "c", None]}

nested = pa.table(
    {
        "x": [1, 2, 3],
        "tags": [["a"], [], ["b", "c"]],
        "place": [{"town": "Oslo", "zip": 1}, None, {"town": "Bergen", "zip": 2}],
        "map": pa.array([[("a", 1)], [], [("b", 2)]], pa.map_(pa.string(), pa.int64())),
        "pairs": pa.array([[1, 2], [3, 4], [5, 6]], pa.list_(pa.int64(), 2)),
        "y": [2.5, 4.5, 6.5],
    }
)
pq.write_table(nested, folder / "nested.parquet")
pa.feather.write_feather(nested, folder / "nested.arrow")
expected["nested"] = {"x": ["1", "2", "3"], "y": ["2.5", "4.5", "6.5"]}
indexed = homes.head(4)[["size", "price"]].set_index(pd.Index(["d", "c", "b", "a"]))
indexed.to_parquet(folder / "indexed.parquet")

# Many rows in a small file, in groups that are no pieces; the same are made as CSV by the tests of the program.
number = np.arange(40_000)
kind = number * 31 % 3
many = pa.table(
    {
        "when": pa.array([dt.date(2024, 1 + i % 12, 1 + i % 28) for i in number.tolist()]),
        "size": pa.array(number * 7919 % 1000 / 10),
        "kind": pa.array(np.array(["house", "flat", "barn"])[kind]),
        "price": pa.array(
            [
                None if i % 97 == 96 else 3 * size + [50, 20, 5][kind]
                for i, size, kind in zip(number.tolist(), (number * 7919 % 1000 / 10).tolist(), kind.tolist())
            ]
        ),
    }
)
pq.write_table(many, folder / "many.parquet", compression="zstd", row_group_size=15_000, store_schema=False)
pa.feather.write_feather(many, str(folder / "many.feather"), compression="zstd", chunksize=1_500)

# A workbook as people make them: a title, a formula's error, dates, times, booleans, several sheets, one of them hidden.
book = Workbook()
sheet = book.active
sheet.title = "Sales 2024"
sheet["B2"] = "Sales of the year"
table = [
    ["day", "clock", "moment", "amount", "sold", "note", None],
    [dt.date(2024, 1, 15), dt.time(9, 30), dt.datetime(2024, 1, 15, 9, 30, 15), 1020.5, True, "café", 1],
    [dt.date(2024, 2, 29), dt.time(0, 0), dt.datetime(2024, 2, 29, 12, 0), "#N/A", False, None, 2],
    [None, None, None, None, None, None, None],
    [dt.date(1999, 12, 31), dt.time(23, 59, 59), dt.datetime(1999, 12, 31), "#DIV/0!", True, " spaced ", 3],
    ["#REF!", None, None, -3, None, "5", 4],
]
for number, row in enumerate(table):
    for place, value in enumerate(row):
        sheet.cell(row=4 + number, column=2 + place, value=value)
other = book.create_sheet("Other sheet")
other.append(["x", "y"])
other.append([1, 2])
hidden = book.create_sheet("Hidden", 0)
hidden.sheet_state = "hidden"
book.active = 1
book.save(folder / "book.xlsx")
expected["book"] = {
    "day": ["2024-01-15", "2024-02-29", "1999-12-31", None],
    "clock": ["09:30:00", "00:00:00", "23:59:59", None],
    "moment": ["2024-01-15 09:30:15", "2024-02-29 12:00:00", "1999-12-31", None],
    "amount": ["1020.5", None, None, "-3"],
    "sold": ["true", "false", "true", None],
    "note": ["café", None, "spaced", "5"],
    "unnamed_7": ["1", "2", "3", "4"],
}

# Arrays.
x = np.round(random.normal(0, 1, (40, 3)), 3)
y = (x[:, 0] + x[:, 1] > 0).astype(np.int64)
arrays = {
    "f8": x,
    "f4": x.astype("<f4"),
    "f2": x.astype("<f2"),
    "big": x.astype(">f8"),
    "big-i2": (x * 100).astype(">i2"),
    "i1": (x * 10).astype("i1"),
    "u8": np.array([[0, 2**64 - 1], [1, 2]], "<u8"),
    "bool": x > 0,
    "fortran": np.asfortranarray(x),
    "text": np.array([["a", "Å"], ["longer", ""]]),
    "bytes": np.array([[b"a", b"bc"]]),
    "days": np.array([["2024-02-29", "NaT"]], "M8[D]"),
    "ns": np.array([["2024-02-29T12:00:00.5"]], "M8[ns]"),
    "one-axis": x[:, 0],
}
expected["npy"] = {}
for name, array in arrays.items():
    np.save(folder / f"{name}.npy", array)
    two = array if array.ndim == 2 else array[:, None]
    def cell(value):
        if isinstance(value, np.datetime64):
            return None if np.isnat(value) else str(value).replace("T", " ").rstrip("0")
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, np.float16):
            value = float(value)
        return text(value) or None
    expected["npy"][name] = [[cell(value) for value in row] for row in two]
np.save(folder / "objects.npy", np.array([["a", None]], object), allow_pickle=True)
np.save(folder / "records.npy", np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")]))
np.save(folder / "complex.npy", np.array([[1j]]))
np.savez(folder / "table.npz", x=x, y=y)
np.savez_compressed(
    folder / "names.npz", X=x, target=np.array(["no", "yes"])[y], feature_names=np.array(["a", "b", "c"])
)
# Fashion of Keras: bytes, with a part for tests.
count, side = 60, 8
label = np.arange(count) % 3
images = random.integers(0, 40, (count, side, side)).astype("u1")
for number, of in enumerate(label):
    images[number, 2 * of : 2 * of + 2] += 180
parts = dict(x_train=images[:45], y_train=label[:45].astype("u1"), x_test=images[45:], y_test=label[45:].astype("u1"))
np.savez_compressed(folder / "images.npz", **parts)
np.savez(folder / "images-stored.npz", **parts)
floats = {name: (array / np.float32(255)).astype("f4") if name[0] == "x" else array for name, array in parts.items()}
np.savez_compressed(folder / "images-floats.npz", **floats)
colours = np.stack([images, images // 2, images // 3], axis=-1)
np.savez_compressed(folder / "colours.npz", images=colours[:6], labels=np.eye(3)[label[:6]])
np.savez_compressed(
    folder / "colours-first.npz", images=np.moveaxis(colours, -1, 1)[:6], labels=np.array(["c", "a", "b"])[label[:6]]
)
expected["colours"] = [int(v) for v in np.moveaxis(colours, -1, 1)[:6].reshape(-1)]
expected["images"] = [int(v) for v in images[:45].reshape(-1)]
expected["labels"] = [int(v) for v in label[:45]]
np.savez(folder / "objects.npz", x=np.array([[None]], object), y=y[:1])
np.savez(folder / "unnamed.npz", first=x, second=y)

# A workbook of two cells that are far apart, and a zip that unpacks to far more than it is.
far = Workbook()
far.active["A1"] = "x"
far.active["XFD1048576"] = 1
for row in range(2, 300):
    far.active.cell(row=row, column=row, value=1)
far.save(folder / "far.xlsx")
with zipfile.ZipFile(folder / "homes.xlsx") as from_, zipfile.ZipFile(
    folder / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED, compresslevel=9
) as to:
    for name in from_.namelist():
        content = from_.read(name)
        if name.endswith("sheet1.xml"):
            content = content.replace(b"<sheetData>", b"<sheetData>" + b" " * 40_000_000)
        to.writestr(name, content)
(folder / "bomb.csv.zst").write_bytes(
    zstandard.ZstdCompressor(level=19).compress(b"x,y\n" + b"1,2\n" * 20_000_000)
)
with zipfile.ZipFile(folder / "bomb.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as to:
    header = b"\x93NUMPY\x01\x00\x76\x00" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000, 100), }".ljust(117) + b"\n"
    to.writestr("x.npy", header + bytes(1000))
(folder / "expected.json").write_text(json.dumps(expected, separators=(",", ":"), ensure_ascii=False) + "\n")
