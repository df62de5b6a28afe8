//! Tables of arrays that are read in pieces: rows stand one after the other, compressed or not.

use std::fs::File;
use std::io::{BufReader, Read};
#[cfg(feature = "npz")]
use std::path::Path;

use gradtape::data::{TableBuilder, stands_for};
use gradtape::{Error, Kind, Result};

#[cfg(feature = "npz")]
use super::archive::{Archive, Roles};
use super::npy::Npy;
#[cfg(feature = "npz")]
use super::rows::{answers_name, check_answers};
use super::rows::{check_axes, named_columns};
use crate::TableOptions;
use crate::budget::Budget;
#[cfg(feature = "npz")]
use crate::table::failed;
use crate::table::{Pieces, length_of};

/// How many rows and columns a file has, and how many bytes they take.
pub(crate) fn size_of_npy(file: File, source: &str) -> Result<[u64; 3]> {
    Ok(size(&Npy::head(&mut BufReader::new(file), source)?))
}

/// As [`size_of_npy`], of an archive.
#[cfg(feature = "npz")]
pub(crate) fn size_of_npz(file: File, source: &str) -> Result<[u64; 3]> {
    let mut archive = Archive::open(BufReader::new(file), source)?;
    let inputs = archive.roles()?.inputs;
    Ok(size(&archive.head(&inputs)?))
}

fn size(array: &Npy) -> [u64; 3] {
    let (rows, width) = array.rows();
    [rows as u64, width as u64, (rows as u64).saturating_mul(array.row_bytes() as u64)]
}

/// Hands out the rows of an array in tables.
pub(crate) fn pieces_of_npy(
    file: File,
    source: &str,
    options: &TableOptions,
    pieces: Pieces<'_>,
) -> Result<()> {
    let length = length_of(&file, source)?;
    let mut input = BufReader::with_capacity(1 << 16, file);
    let array = Npy::head(&mut input, source)?;
    // No column is made that no element can be in.
    array.bytes_within(length)?;
    check_axes(&array)?;
    array.check_order()?;
    let mut table = TableBuilder::new(source, &options.csv);
    named_columns(&mut table, &array, None);
    let parts = vec![Part { array, input: Box::new(input), first: 0 }];
    Rows { table, parts, source, length, options }.hand_out(pieces)
}

/// As [`pieces_of_npy`], of the inputs and targets of an archive.
#[cfg(feature = "npz")]
pub(crate) fn pieces_of_npz(
    path: &Path,
    source: &str,
    options: &TableOptions,
    pieces: Pieces<'_>,
) -> Result<()> {
    let length = path.metadata().map_err(|error| failed(source, &error))?.len();
    // Each array is read through a file of its own.
    let open = || {
        let file = File::open(path).map_err(|error| failed(source, &error))?;
        Archive::open(BufReader::with_capacity(1 << 16, file), source)
    };
    let mut archive = open()?;
    let Roles { inputs, targets, test, columns, others } = archive.roles()?;
    if let Some((tests, _)) = test {
        let message = format!("{source}: an archive with a part for tests, {tests}, is read whole");
        return Err(Error::new(Kind::Data, message).hint(
            "write the two parts as files of their own: `np.savez(FILE, x=…, y=…)`; --test FILE names that for tests",
        ));
    }
    let mut table = TableBuilder::new(source, &options.csv);
    let array = archive.head(&inputs)?;
    check_axes(&array)?;
    array.check_order()?;
    let names = match columns {
        Some(names) => Some(archive.array(&names)?).filter(Npy::is_text),
        None => None,
    };
    named_columns(&mut table, &array, names.as_ref());
    let answers = match &targets {
        Some(own) => {
            let array = archive.head(own)?;
            check_answers(&array)?;
            let place = table.column(&answers_name(own));
            table.target(place);
            Some((array, place))
        }
        None => None,
    };
    if let Some((answers, _)) = &answers
        && answers.rows().0 != array.rows().0
    {
        let (rows, own) = (array.rows().0, answers.rows().0);
        let message = format!("{}: {own} answers for {rows} rows", answers.name);
        return Err(Error::new(Kind::Data, message).hint("there is one for each row of the inputs"));
    }
    if !others.is_empty() {
        table.note(format!("arrays left out: {}", others.join(", ")));
    }
    let (mut first, mut second) = (open()?, open()?);
    let mut parts = vec![Part { array, input: Box::new(first.part(&inputs)?), first: 0 }];
    if let (Some((array, place)), Some(own)) = (answers, &targets) {
        parts.push(Part { array, input: Box::new(second.part(own)?), first: place });
    }
    Rows { table, parts, source, length, options }.hand_out(pieces)
}

/// An array whose rows are read one after the other.
struct Part<'a> {
    /// What it is, without its elements.
    array: Npy,
    input: Box<dyn Read + 'a>,
    /// The place of its first column in the table.
    first: usize,
}

/// Arrays side by side, with the columns that they are.
struct Rows<'a> {
    table: TableBuilder,
    parts: Vec<Part<'a>>,
    source: &'a str,
    length: u64,
    options: &'a TableOptions,
}

impl Rows<'_> {
    fn hand_out(self, pieces: Pieces<'_>) -> Result<()> {
        let Rows { mut table, mut parts, source, length, options } = self;
        let Pieces { rows: most, every, each } = pieces;
        for part in parts.iter().filter(|part| part.array.is_number()) {
            (0..part.array.rows().1).for_each(|column| table.numbers(part.first + column));
        }
        if every > 1 {
            table.count_all();
        }
        let none = table.clone();
        let all = parts.first().map_or(0, |part| part.array.rows().0);
        let width: usize = parts.iter().map(|part| part.array.rows().1).sum();
        let bytes: usize = parts.iter().map(|part| part.array.row_bytes()).sum();
        let at_once = (AT_ONCE / bytes.max(1)).clamp(1, 1 << 16);
        let mut budget = Budget::new(source, length, options.most);
        // Of the rows that are kept, those that are not given away yet.
        let (mut numbers, mut given, mut cell) = (Vec::new(), false, String::new());
        let mut row = 0;
        while row < all {
            let count = at_once.min(all - row);
            let blocks = parts.iter_mut().map(|part| part.array.piece(count, &mut part.input));
            let blocks = blocks.collect::<Result<Vec<Npy>>>()?;
            for own in 0..count {
                let keeps = stands_for((row + own) as u64, every as u64);
                if keeps {
                    budget.cells(1, width as u64)?;
                    numbers.push(row + own + 1);
                }
                for (block, part) in blocks.iter().zip(&parts) {
                    for column in 0..block.rows().1 {
                        block.cell(own, column, &mut cell);
                        match keeps {
                            true => {
                                budget.take(cell.len() as u64)?;
                                table.push(part.first + column, &cell);
                            }
                            false => table.look(part.first + column, &cell),
                        }
                    }
                }
                if numbers.len() == most {
                    let piece = std::mem::replace(&mut table, none.clone());
                    each(piece.finish_at(std::mem::take(&mut numbers))?)?;
                    (given, budget) = (true, Budget::new(source, length, options.most));
                }
            }
            row += count;
        }
        for part in &mut parts {
            part.array.check_end(&mut part.input)?;
        }
        match numbers.is_empty() && given {
            true => Ok(()),
            false => each(table.finish_at(numbers)?),
        }
    }
}

/// So many bytes of rows are read at once, about.
const AT_ONCE: usize = 1 << 18;
