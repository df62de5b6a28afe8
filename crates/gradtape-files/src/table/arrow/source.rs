//! [`Source`]: where the bytes of a file come from.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use gradtape::Result;

use crate::table::{failed, length_of};

/// Bytes that are there already, or read as they are needed.
pub(super) enum Source<'a> {
    Whole(&'a [u8]),
    File(RefCell<File>, usize),
}

impl<'a> Source<'a> {
    pub(super) fn whole(bytes: &'a [u8]) -> Source<'a> {
        Source::Whole(bytes)
    }

    pub(super) fn of(file: File, source: &str) -> Result<Source<'a>> {
        let length = length_of(&file, source)?;
        Ok(Source::File(RefCell::new(file), usize::try_from(length).unwrap_or(usize::MAX)))
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Source::Whole(bytes) => bytes.len(),
            Source::File(_, length) => *length,
        }
    }

    /// Whether bytes take memory when they are asked for.
    pub(super) fn copies(&self) -> bool {
        matches!(self, Source::File(..))
    }

    /// Some bytes; `None` where there are not so many.
    pub(super) fn bytes(
        &self,
        start: usize,
        length: usize,
        source: &str,
    ) -> Result<Option<Cow<'_, [u8]>>> {
        let Some(end) = start.checked_add(length).filter(|end| *end <= self.len()) else {
            return Ok(None);
        };
        match self {
            Source::Whole(bytes) => Ok(bytes.get(start..end).map(Cow::Borrowed)),
            Source::File(file, _) => {
                let mut file = file.borrow_mut();
                let mut bytes = Vec::with_capacity(length);
                let read = file
                    .seek(SeekFrom::Start(start as u64))
                    .and_then(|_| (&mut *file).take(length as u64).read_to_end(&mut bytes));
                let read = read.map_err(|error| failed(source, &error))?;
                Ok((read == length).then_some(Cow::Owned(bytes)))
            }
        }
    }
}
