//! Folders of images: the flags on reading them, and what a model knows of those that it was trained on.

use std::fmt;
use std::path::Path;

use clap::{Args, ValueEnum};
use gradtape_files::{Channels, ImageFolder, ImageOptions, Images};
use serde::{Deserialize, Serialize};

use super::{BYTES, Content, rows};
use crate::error::{Failure, Outcome};
use crate::report::of;
use crate::settings::Settings;

/// How images are read.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Reading images")]
pub(crate) struct ImageFlags {
    /// Bring PNG and JPEG images to one height and width, as in 32x32, stretched to fit [default: as they are;
    /// with a model, as in its training]
    #[arg(long, value_name = "HxW", value_parser = size)]
    pub(crate) resize: Option<[usize; 2]>,

    /// The channels of PNG and JPEG images [default: grey where all images are, else rgb; with a model, as in its
    /// training]
    #[arg(long, value_enum)]
    channels: Option<Colours>,

    /// Leave out PNG and JPEG images that cannot be read, with a note
    #[arg(long)]
    skip_broken: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Colours {
    Grey,
    Rgb,
}

/// The images of a training, as its model file tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImageSettings {
    /// `[channels, height, width]`.
    pub(crate) shape: [usize; 3],
    /// Whether they were brought to that height and width.
    pub(crate) resized: bool,
}

impl fmt::Display for ImageSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ImageSettings { shape: [channels, height, width], resized } = self;
        let how = if *resized { "brought to" } else { "of" };
        write!(f, "{how} {height} x {width} pixels in {}", of(*channels, "channel"))
    }
}

impl ImageFlags {
    /// A flag that is given.
    pub(super) fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--resize", self.resize.is_some()),
            ("--channels", self.channels.is_some()),
            ("--skip-broken", self.skip_broken),
        ];
        flags.iter().find(|(_, given)| *given).map(|(flag, _)| *flag)
    }

    /// How images are read, as those of a training if that is known.
    pub(crate) fn options(&self, known: Option<&ImageSettings>) -> ImageOptions {
        let resized = known.filter(|known| known.resized).map(|known| known.shape);
        let channels = match (self.channels, known.map(|known| known.shape[0])) {
            (Some(Colours::Grey), _) | (None, Some(1)) => Some(Channels::Grey),
            (Some(Colours::Rgb), _) | (None, Some(_)) => Some(Channels::Rgb),
            (None, None) => None,
        };
        ImageOptions {
            size: self.resize.or(resized.map(|[_, height, width]| [height, width])),
            channels,
            skip_broken: self.skip_broken,
        }
    }
}

/// Images with their classes, as a training read them.
pub(super) fn by_class(
    path: &Path,
    flags: &ImageFlags,
    known: Option<&Settings>,
) -> Outcome<Content> {
    let known = known.and_then(|known| known.data.images.as_ref());
    let ImageFolder { train, test, notes } =
        gradtape_files::read_image_folder(path, &flags.options(known))?;
    fits(path, train.inputs().shape(), known)?;
    let mut content = rows(train, BYTES, "class", test);
    if let Content::Rows(rows) = &mut content {
        rows.notes = notes;
    }
    Ok(content)
}

/// Images without classes, as a training read them.
pub(crate) fn read(path: &Path, flags: &ImageFlags, known: Option<&Settings>) -> Outcome<Images> {
    let known = known.and_then(|known| known.data.images.as_ref());
    let images = gradtape_files::read_images(path, &flags.options(known))?;
    fits(path, images.inputs.shape(), known)?;
    Ok(images)
}

/// Fails where images are not as large as those of the training.
fn fits(path: &Path, shape: &[usize], known: Option<&ImageSettings>) -> Outcome {
    let (Some(ImageSettings { shape: [channels, height, width], .. }), [_, own @ ..]) =
        (known, shape)
    else {
        return Ok(());
    };
    let (own_channels, [h, w]) = match own {
        [h, w] => (1, [h, w]),
        [own, h, w] => (*own, [h, w]),
        _ => return Ok(()),
    };
    if (own_channels, [h, w]) == (*channels, [height, width]) {
        return Ok(());
    }
    let hint = match own_channels == *channels {
        true => format!("--resize {height}x{width}"),
        false => format!("--channels {}", if *channels == 1 { "grey" } else { "rgb" }),
    };
    Err(Failure::failed(format!(
        "{}: images of {h} x {w} in {own_channels} channels, the model was trained on {height} x {width} in \
         {channels}\n  hint: {hint}",
        path.display()
    )))
}

fn size(text: &str) -> Result<[usize; 2], String> {
    let sizes = text.split_once(['x', 'X']).and_then(|(height, width)| {
        let both = [height, width].map(|size| size.parse().ok().filter(|n| (1..=4096).contains(n)));
        Some([both[0]?, both[1]?])
    });
    sizes.ok_or_else(|| "a height and a width from 1 to 4096, as in 32x32".to_string())
}
