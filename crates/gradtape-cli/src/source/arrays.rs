//! Arrays of images in files of NumPy.

use std::path::Path;

use gradtape_files::ArrayImages;

use super::{Content, rows};
use crate::error::{Failure, Outcome};

/// Images with their classes.
pub(super) fn by_class(path: &Path) -> Outcome<Content> {
    let ArrayImages { train, test, scale, notes, .. } =
        gradtape_files::read_array_images(path, false)?;
    let train = train.ok_or_else(|| {
        Failure::failed(format!(
            "{}: there are images, but no labels\n  hint: write both, as by `numpy.savez(FILE, x=…, y=…)`",
            path.display()
        ))
    })?;
    let mut content = rows(train, scale, "label", test);
    if let Content::Rows(rows) = &mut content {
        rows.notes = notes;
    }
    Ok(content)
}
