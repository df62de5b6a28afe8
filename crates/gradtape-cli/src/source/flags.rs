//! [`ReadFlags`]: what is said of how data is read.

use clap::Args;
use gradtape::data::CsvOptions;
use gradtape_files::{Format, TableOptions};

use super::images::ImageFlags;
use crate::memory::Memory;
use crate::settings::{MissingWords, Settings};

/// How data is read.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ReadFlags {
    /// What stands between cells [default: found in the first lines: , ; tab or |]
    #[arg(long, help_heading = CSV, value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: Option<u8>,

    /// The first line holds values; columns are named by number
    #[arg(long, help_heading = CSV)]
    no_header: bool,

    /// Numbers are written as 3,5 also where columns do not tell, as those of 1,020 alone
    #[arg(long, help_heading = CSV)]
    decimal_comma: bool,

    /// The day comes first in dates that do not tell, such as 3/4/2024
    #[arg(long, help_heading = CSV)]
    day_first: bool,

    /// Words that are missing values, with commas, besides empty cells and NA, null and their like
    #[arg(long, help_heading = CSV, value_name = "WORDS", value_delimiter = ',', allow_hyphen_values = true)]
    missing: Vec<String>,

    /// NA and its like are values; empty cells and --missing are missing
    #[arg(long, help_heading = CSV)]
    keep_na: bool,

    /// The encoding of the text, such as windows-1252 or shift_jis [default: found out]
    #[arg(long, help_heading = CSV, value_name = "NAME")]
    encoding: Option<String>,

    /// The sheet of a workbook (xlsx) [default: the first]
    #[arg(long, help_heading = CSV, value_name = "NAME")]
    sheet: Option<String>,

    /// How many bytes cells may take, where the user says it.
    #[arg(skip)]
    pub(crate) most: Option<f64>,

    /// Columns that need not be read.
    #[arg(skip)]
    ignored: Vec<String>,

    #[command(flatten)]
    pub(crate) images: ImageFlags,
}

const CSV: &str = "Reading tables";

impl ReadFlags {
    /// A flag for CSV that is given.
    pub(super) fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--delimiter", self.delimiter.is_some()),
            ("--no-header", self.no_header),
            ("--decimal-comma", self.decimal_comma),
            ("--day-first", self.day_first),
            ("--missing", !self.missing.is_empty()),
            ("--keep-na", self.keep_na),
            ("--encoding", self.encoding.is_some()),
            ("--sheet", self.sheet.is_some()),
        ];
        flags.iter().find(|(_, given)| *given).map(|(flag, _)| *flag)
    }

    /// A flag that is given and not for a table of this format, and what it is for.
    pub(super) fn not_for(&self, format: Option<Format>) -> Option<(&'static str, &'static str)> {
        let is_text = matches!(format, None | Some(Format::Zstd));
        let is_sheet = format == Some(Format::Xlsx);
        let flags = [
            ("--delimiter", self.delimiter.is_some() && !is_text, "CSV"),
            ("--encoding", self.encoding.is_some() && !is_text, "CSV and JSON"),
            ("--no-header", self.no_header && !is_text && !is_sheet, "CSV and xlsx"),
            ("--sheet", self.sheet.is_some() && !is_sheet, "xlsx"),
        ];
        let wrong = flags.into_iter().find(|(_, wrong, _)| *wrong);
        wrong.map(|(flag, _, what)| (flag, what))
    }

    /// The flags, for a training that ignores columns.
    pub(crate) fn ignoring(&self, columns: &[String]) -> ReadFlags {
        ReadFlags { ignored: columns.to_vec(), ..self.clone() }
    }

    /// The words that are missing values, where something is said of them.
    pub(crate) fn words(&self) -> Option<MissingWords> {
        let words = MissingWords { keep_na: self.keep_na, missing: self.missing.clone() };
        (words != MissingWords::default()).then_some(words)
    }

    /// The flags, with the missing words of a training where nothing is said of them. Only tables have such.
    pub(crate) fn following(&self, known: Option<&Settings>) -> ReadFlags {
        let mut flags = self.clone();
        let words = known.and_then(|settings| settings.data.words.clone());
        if let (None, Some(words)) = (self.words(), words) {
            (flags.keep_na, flags.missing) = (words.keep_na, words.missing);
        }
        flags
    }

    /// How tables are read; `for_model` where a model has chosen its columns.
    pub(crate) fn table_options(&self, for_model: bool) -> TableOptions {
        TableOptions {
            csv: self.options(),
            sheet: self.sheet.clone(),
            ignore: self.ignored.clone(),
            skip_nested: for_model,
            most: Some(self.most.unwrap_or_else(|| Memory::usual().bytes()) as u64),
        }
    }

    pub(crate) fn options(&self) -> CsvOptions {
        let header = self.no_header.then_some(false);
        CsvOptions {
            delimiter: self.delimiter,
            header,
            decimal_comma: self.decimal_comma,
            day_first: self.day_first,
            missing: self.missing.clone(),
            keep_na: self.keep_na,
            encoding: self.encoding.clone(),
        }
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" | b"tab" => Ok(b'\t'),
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err("one character, such as ; or tab".to_string()),
    }
}
