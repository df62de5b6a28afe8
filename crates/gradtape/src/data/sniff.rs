//! What a file is, from its first bytes, and how a table of text is laid out, from its first lines.

use crate::tensor::{Error, Kind, Result};

/// What a file holds that can be read.
pub(super) enum Form {
    Gzip,
    /// With the name of its byte order.
    Utf16(&'static str),
    Json,
    Text,
}

/// How a table of text begins.
pub(super) struct Layout {
    /// Where its header stands, in bytes and in lines.
    pub(super) start: usize,
    pub(super) lines: usize,
    pub(super) delimiter: u8,
    /// The first of the lines above the header.
    pub(super) title: Option<String>,
}

/// What begins with which bytes, and what to do with it.
const KNOWN: &[(&[u8], &str, &str)] = &[
    (b"\x89PNG", "this is a PNG image", IMAGES),
    (b"\xff\xd8\xff", "this is a JPEG image", IMAGES),
    (b"GIF8", "this is a GIF image", IMAGES),
    (b"BM", "this is a BMP image", IMAGES),
    (
        b"PAR1",
        "this is a Parquet file",
        "write it as CSV: `pandas.read_parquet(…).to_csv(…, index=False)`",
    ),
    (
        b"ARROW1",
        "this is an Arrow file",
        "write it as CSV: `pandas.read_feather(…).to_csv(…, index=False)`",
    ),
    (
        b"FEA1",
        "this is a Feather file",
        "write it as CSV: `pandas.read_feather(…).to_csv(…, index=False)`",
    ),
    (b"ORC", "this is an ORC file", "write it as CSV: `pandas.read_orc(…).to_csv(…, index=False)`"),
    (b"Obj\x01", "this is an Avro file", "export the data as CSV or as JSON lines"),
    (b"\xd0\xcf\x11\xe0", "this is a spreadsheet of old Excel (xls)", "save it as CSV UTF-8"),
    (
        b"\x93NUMPY",
        "this is a NumPy array (npy)",
        "write it as CSV: `numpy.savetxt(…, delimiter=\",\")`",
    ),
    (b"\x89HDF", "this is an HDF5 file", HDF),
    (b"MATLAB 5.0 MAT-file", "this is a file of MATLAB (mat)", MATLAB),
    (b"MATLAB 7.3 MAT-file", "this is a file of MATLAB (mat)", MATLAB),
    (b"\x80\x02", "this is a pickle of Python", PICKLE),
    (b"\x80\x03", "this is a pickle of Python", PICKLE),
    (b"\x80\x04", "this is a pickle of Python", PICKLE),
    (b"\x80\x05", "this is a pickle of Python", PICKLE),
    (
        b"RDX2\n",
        "this is a file of R (RData)",
        "write it as CSV: `write.csv(…, row.names = FALSE)`",
    ),
    (
        b"RDX3\n",
        "this is a file of R (RData)",
        "write it as CSV: `write.csv(…, row.names = FALSE)`",
    ),
    (
        b"X\n\0",
        "this is a file of R (rds)",
        "write it as CSV: `write.csv(readRDS(…), row.names = FALSE)`",
    ),
    (b"$FL", "this is a file of SPSS (sav)", "save it as CSV; `pandas.read_spss(…).to_csv(…)`"),
    (b"<stata_dta>", "this is a file of Stata (dta)", "write it as CSV: `export delimited`"),
    (
        b"\xff\xff\xff\xff",
        "this looks like a stream of Arrow",
        "write it as an Arrow file: `pyarrow.feather.write_feather(…)`",
    ),
    (b"{\\rtf", "this is a document (rtf)", "export its table as CSV"),
    (b"II*\0", "this is a TIFF image", IMAGES),
    (b"MM\0*", "this is a TIFF image", IMAGES),
    (
        b"SQLite format 3",
        "this is an SQLite database",
        "export a table of it: `sqlite3 -header -csv FILE 'select * from TABLE'`",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "this is compressed by zstd",
        "unpack it: `zstd -d`; gzip is read as it is",
    ),
    (
        b"\x04\x22\x4d\x18",
        "this is compressed by lz4",
        "unpack it: `lz4 -d`; gzip is read as it is",
    ),
    (b"\xfd7zXZ", "this is compressed by xz", "unpack it: `xz -d`; gzip is read as it is"),
    (b"BZh", "this is compressed by bzip2", "unpack it: `bzip2 -d`; gzip is read as it is"),
    (b"7z\xbc\xaf", "this is a 7z archive", "unpack it, and give the table that is in it"),
    (b"%PDF", "this is a PDF document", "export its table as CSV"),
    (b"<!DOCTYPE", "this is a web page (HTML)", HTML),
    (b"<!doctype", "this is a web page (HTML)", HTML),
    (b"<html", "this is a web page (HTML)", HTML),
    (b"<?xml", "this is XML", "export the data as CSV or as JSON lines"),
];

const IMAGES: &str = "a table is text; images are read from a folder with a folder for each class, as in pets/cat/1.png, by `gradtape train`, \
                      in Rust by gradtape-files";
const HDF: &str = "write its table as CSV: `pandas.read_hdf(…).to_csv(…, index=False)`; arrays by `numpy.savez(…)`";
const MATLAB: &str = "write its table as CSV: `writetable(…)`; arrays in Python by `scipy.io.loadmat` and `numpy.savez`";
const PICKLE: &str = "only Python reads it, and runs what is in it: write the table as CSV, \
                      `pandas.read_pickle(…).to_csv(…, index=False)`";
const HTML: &str = "where it was downloaded, the link leads to a page about the file: take the one to the raw file";

/// What a file is, by its first bytes.
pub(super) fn form(head: &[u8], source: &str) -> Result<Form> {
    let refuse = |what: &str, hint: &str| {
        Err(Error::new(Kind::Data, format!("{source}: {what}, not a table of text")).hint(hint))
    };
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    // Two bytes may begin a text: those of an image are followed by its length.
    let known = KNOWN.iter().find(|(bytes, ..)| match *bytes {
        b"BM" => head.starts_with(b"BM") && head[2..].iter().take(8).any(|&byte| byte == 0),
        b"BZh" => head.starts_with(b"BZh") && head.get(4..7) == Some(b"1AY"),
        b"ORC" => head.starts_with(b"ORC") && head.contains(&0),
        b"$FL" => head.starts_with(b"$FL2") || head.starts_with(b"$FL3"),
        bytes if bytes.starts_with(b"<") => text.starts_with(bytes),
        bytes => head.starts_with(bytes),
    });
    if let Some((_, what, hint)) = known {
        return refuse(what, hint);
    }
    match head {
        [0x1f, 0x8b, ..] => Ok(Form::Gzip),
        [0, 0, 8..=14, 1..=6, ..] => {
            refuse("this is an IDX file", "give the folder with images and labels")
        }
        [_, _, _, 0, 0, 0, 0, 0, b'{', b'"', ..] => refuse(
            "this is a file of tensors (safetensors), such as a model",
            "give the data, and the model before it",
        ),
        [0xff, 0xfe, ..] => Ok(Form::Utf16("utf-16le")),
        [0xfe, 0xff, ..] => Ok(Form::Utf16("utf-16be")),
        [b'P', b'K', 3, 4, ..] => {
            let has = |name: &[u8]| head.windows(name.len()).any(|part| part == name);
            match () {
                () if has(b"word/document") => {
                    refuse("this is a document (docx)", "export its table as CSV")
                }
                () if has(b"xl/workbook.bin") => {
                    refuse("this is a binary spreadsheet (xlsb)", "save it as xlsx or as CSV UTF-8")
                }
                () if has(b"opendocument.spreadsheet") => {
                    refuse("this is a spreadsheet (ods)", "save it as xlsx or as CSV UTF-8")
                }
                () if has(b"data.pkl") => {
                    refuse("this is a file of PyTorch", "write its arrays by `numpy.savez(…)`")
                }
                () if has(b"xl/") || has(b"[Content_Types].xml") => refuse(
                    "this is a spreadsheet (xlsx)",
                    "save it as CSV UTF-8, one sheet to a file",
                ),
                () if has(b".npy") => refuse(
                    "this is an archive of NumPy arrays (npz)",
                    "write an array of it as CSV: `numpy.savetxt(…, delimiter=\",\")`",
                ),
                () => {
                    refuse("this is a zip archive", "unpack it, and give the table that is in it")
                }
            }
        }
        head if head.len() > 262 && &head[257..262] == b"ustar" => {
            refuse("this is a tar archive", "unpack it, and give the table that is in it")
        }
        _ => match (zeros(head), text) {
            ([0, 0], [b'{', ..]) => Ok(Form::Json),
            // A header may begin with a bracket, but not with one that is followed by what begins a row in JSON.
            ([0, 0], [b'[', rest @ ..]) if matches!(rest.trim_ascii_start(), [b'{' | b']', ..]) => {
                Ok(Form::Json)
            }
            ([0, 0], [b'[', rest @ ..]) if matches!(rest.trim_ascii_start(), [b'[', ..]) => refuse(
                "this is JSON, but no array of objects",
                "a table in JSON is one object for each row, as in [{\"x\": 1, \"y\": 2}]",
            ),
            ([0, 0], _) => Ok(Form::Text),
            ([0, odd], _) if odd > 0 => Ok(Form::Utf16("utf-16le")),
            ([even, 0], _) if even > 0 => Ok(Form::Utf16("utf-16be")),
            _ => refuse("this is not a text file", "export the data as CSV"),
        },
    }
}

/// How many of the first bytes are 0, at even and at odd places; a few at one of them are damage.
fn zeros(head: &[u8]) -> [usize; 2] {
    if !head.contains(&0) {
        return [0, 0];
    }
    let start = &head[..head.len().min(4096)];
    let count = |from: usize| start.iter().skip(from).step_by(2).filter(|&&byte| byte == 0).count();
    match [count(0), count(1)] {
        [0, 0] if head.contains(&0) => [1, 1],
        [even, odd] if even + odd > 0 && (start.len() < 8 || 5 * even.max(odd) < start.len()) => {
            [1, 1]
        }
        counts => counts,
    }
}

/// How many lines are looked at.
const LINES: usize = 25;

/// Where the header of a table stands, and what stands between its cells.
pub(super) fn layout(head: &[u8], delimiter: Option<u8>, named: bool) -> Layout {
    let mut layout = Layout { start: 0, lines: 0, delimiter: b',', title: None };
    if head.starts_with(b"\xef\xbb\xbf") {
        layout.start = 3;
    }
    let mut lines = lines(&head[layout.start..]);
    let mut said = None;
    if let Some(&(line, next, _)) = lines.first()
        && let Some(byte) = separator(line)
    {
        said = Some(byte);
        layout.start += next;
        layout.lines += 1;
        lines = self::lines(&head[layout.start..]);
    }
    layout.delimiter = delimiter.or(said).unwrap_or_else(|| found(&lines));
    if !named {
        return layout;
    }
    let width = |line: &[u8]| count(line, layout.delimiter);
    let widths: Vec<usize> = lines.iter().map(|(line, ..)| width(line)).collect();
    let usual = mode(&widths[widths.len().min(1)..]);
    let is_title =
        |line: &[u8]| cells(line, layout.delimiter).filter(|cell| !cell.is_empty()).count() == 1;
    let mut above = lines.iter().take_while(|(line, ..)| usual > 0 && is_title(line)).count();
    // Below it must stand names.
    let names = |line: &[u8]| {
        let mut cells = cells(line, layout.delimiter).filter(|cell| !cell.is_empty());
        cells.all(|cell| {
            !cell.first().is_some_and(|byte| byte.is_ascii_digit() || b"-+.".contains(byte))
        })
    };
    if !lines.get(above).is_some_and(|(line, ..)| width(line) == usual && names(line)) {
        above = 0;
    }
    if above > 0 {
        layout.title = Some(title(lines[0].0, layout.delimiter));
        layout.start += lines[above - 1].1;
        layout.lines += lines[above - 1].2;
    }
    layout
}

/// The words of a title, in whatever encoding.
fn title(line: &[u8], delimiter: u8) -> String {
    let line = line.trim_ascii();
    let words = std::str::from_utf8(line).map_or_else(
        |_| line.iter().map(|&byte| char::from(byte)).collect(),
        |text| text.to_string(),
    );
    words.trim_matches(['"', char::from(delimiter)]).to_string()
}

/// What the line `sep=;` says, with which Excel begins.
fn separator(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_start();
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    if line.len() < 5 || !line[..4].eq_ignore_ascii_case(b"sep=") {
        return None;
    }
    match line[4..].trim_ascii_end() {
        [] => line[4..].contains(&b'\t').then_some(b'\t'),
        [byte] | [byte, b'"']
            if byte.is_ascii() && !byte.is_ascii_alphanumeric() && *byte != b'"' =>
        {
            Some(*byte)
        }
        _ => None,
    }
}

/// The first lines that are not blank, each with the place of the next and the number of line ends up to it.
fn lines(text: &[u8]) -> Vec<(&[u8], usize, usize)> {
    let (mut found, mut start, mut quoted, mut ends) = (Vec::new(), 0, false, 0);
    let mut at = 0;
    while at < text.len() && found.len() < LINES {
        match text[at] {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' => {
                let length = if text[at..].starts_with(b"\r\n") { 2 } else { 1 };
                ends += 1;
                if !quoted {
                    let line = &text[start..at];
                    if !line.trim_ascii().is_empty() {
                        found.push((line, at + length, ends));
                    }
                    start = at + length;
                }
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
    if found.len() < LINES && !text[start..].trim_ascii().is_empty() {
        found.push((&text[start..], text.len(), ends));
    }
    found
}

/// The cells of a line, as they are written.
fn cells(line: &[u8], delimiter: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    line.split(move |&byte| {
        quoted ^= byte == b'"';
        byte == delimiter && !quoted
    })
    .map(<[u8]>::trim_ascii)
}

/// How often a delimiter stands in a line, outside quotes.
fn count(line: &[u8], delimiter: u8) -> usize {
    cells(line, delimiter).count() - 1
}

/// The most frequent number above 0, the first of several; 0 if there is none.
fn mode(numbers: &[usize]) -> usize {
    let times = |number: usize| numbers.iter().filter(|other| **other == number).count();
    let most = |best: usize, &number: &usize| {
        if number > 0 && (best == 0 || times(number) > times(best)) { number } else { best }
    };
    numbers.iter().fold(0, most)
}

/// The one of `,` `;` tab `|` that most lines have as often, of several the one that the first line has most of.
fn found(lines: &[(&[u8], usize, usize)]) -> u8 {
    let score = |delimiter: u8| {
        let counts: Vec<usize> = lines.iter().map(|(line, ..)| count(line, delimiter)).collect();
        let usual = mode(&counts);
        let agree = counts.iter().filter(|count| usual > 0 && **count == usual).count();
        (agree, counts.first().copied().unwrap_or(0))
    };
    // The first of several with the same score, hence in reverse.
    let all = [b',', b';', b'\t', b'|'].into_iter().rev();
    all.max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}
