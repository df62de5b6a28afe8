//! [`Pages`]: the pages of a column, looked at before they are decoded.

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};

use super::lengths;

/// Refuses pages that the decoder takes for granted to be whole: those that point to a dictionary that was not there, and
/// those too short for the lengths with which they begin.
pub(super) struct Pages {
    pages: Box<dyn PageReader>,
    optional: bool,
    has_dictionary: bool,
}

impl Pages {
    pub(super) fn new(pages: Box<dyn PageReader>, optional: bool) -> Pages {
        Pages { pages, optional, has_dictionary: false }
    }

    fn check(&mut self, page: &Page) -> Result<()> {
        let is_whole = match page {
            Page::DictionaryPage { .. } => {
                self.has_dictionary = true;
                true
            }
            Page::DataPage { buf, .. } => !self.optional || buf.len() >= 4,
            Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                levels <= buf.len() as u64
            }
        };
        let words = match page.encoding() {
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY if !self.has_dictionary => {
                "a page points to a dictionary that is not there"
            }
            _ if !is_whole => "a page is too short",
            encoding if !lengths::fit(encoding, self.values(page), page.num_values().into()) => {
                "the texts of a page are longer or shorter than it says"
            }
            _ => return Ok(()),
        };
        Err(ParquetError::General(words.to_string()))
    }

    /// The bytes of a page without what says which values are missing; those of lists are not read.
    fn values<'a>(&self, page: &'a Page) -> &'a [u8] {
        let (bytes, start) = match page {
            Page::DictionaryPage { buf, .. } => (buf, 0),
            Page::DataPage { buf, .. } => match buf.first_chunk::<4>() {
                Some(length) if self.optional => (buf, 4 + u64::from(u32::from_le_bytes(*length))),
                _ => (buf, 0),
            },
            Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
                (buf, u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len))
            }
        };
        usize::try_from(start).ok().and_then(|start| bytes.get(start..)).unwrap_or_default()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        page.iter().try_for_each(|page| self.check(page))?;
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.get_next_page().transpose()
    }
}
