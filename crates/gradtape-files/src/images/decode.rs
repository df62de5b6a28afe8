//! From the bytes of a file to pixels.

#[cfg(feature = "images")]
use super::orientation::Orientation;
use super::picture::Picture;
use crate::Format;

/// Images of more pixels are refused before any memory is taken.
#[cfg(feature = "images")]
const MOST: usize = 1 << 26;

/// The image in the bytes of a file, of one channel or three; or what is wrong with it, in words. Photographs are turned as
/// their camera noted. Transparency is left out, numbers of 16 bits are cut to 8.
pub(super) fn decode(bytes: &[u8]) -> Result<Picture, String> {
    match Format::of_bytes(bytes) {
        Some(Format::Png) => png(bytes),
        Some(Format::Jpeg) => jpeg(bytes),
        _ if bytes.is_empty() => Err("the file is empty".to_string()),
        _ => Err(match other(bytes) {
            Some(format) => format!("this is neither PNG nor JPEG, but {format}"),
            None => "this is neither PNG nor JPEG".to_string(),
        }),
    }
}

/// What other format an image is, by its first bytes.
fn other(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("WebP"),
        [b'G', b'I', b'F', b'8', ..] => Some("GIF"),
        [b'B', b'M', ..] => Some("BMP"),
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Some("TIFF"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f', ..] => Some("AVIF"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', ..] => Some("HEIC"),
        _ => None,
    }
}

#[cfg(feature = "images")]
fn png(bytes: &[u8]) -> Result<Picture, String> {
    use png::ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgb, Rgba};

    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
    let (width, height) = reader.info().size();
    let (width, height) = small(width as usize, height as usize)?;
    let size = reader.output_buffer_size().ok_or_else(|| "it is too large".to_string())?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(|error| error.to_string())?;
    pixels.truncate(frame.buffer_size());
    // It may stand behind the pixels, where damage is none of theirs.
    drop(reader.finish());
    let exif = reader.info().exif_metadata.as_deref();
    let orientation = exif.map(Orientation::of_exif).unwrap_or_default();
    let bytes = match frame.color_type {
        Grayscale | Rgb => pixels,
        GrayscaleAlpha => pixels.chunks_exact(2).map(|pixel| pixel[0]).collect(),
        Rgba => pixels.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
        Indexed => return Err("its palette cannot be read".to_string()),
    };
    let channels = if matches!(frame.color_type, Grayscale | GrayscaleAlpha) { 1 } else { 3 };
    Ok(Picture::new([channels, height, width], bytes)?.turned(orientation))
}

#[cfg(feature = "images")]
fn jpeg(bytes: &[u8]) -> Result<Picture, String> {
    use zune_jpeg::JpegDecoder;
    use zune_jpeg::zune_core::bytestream::ZCursor;
    use zune_jpeg::zune_core::colorspace::ColorSpace;

    // The decoder takes what is missing as grey.
    if !ends(bytes) {
        return Err("the file ends too early".to_string());
    }
    let told = |error: zune_jpeg::errors::DecodeErrors| format!("{error:?}");
    let mut decoder = JpegDecoder::new(ZCursor::new(bytes));
    decoder.decode_headers().map_err(told)?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    small(width, height)?;
    let (channels, space) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (1, ColorSpace::Luma),
        _ => (3, ColorSpace::RGB),
    };
    let options = decoder.options().jpeg_set_out_colorspace(space);
    decoder.set_options(options);
    let pixels = decoder.decode().map_err(told)?;
    let orientation = decoder.exif().map(|exif| Orientation::of_exif(exif)).unwrap_or_default();
    Ok(Picture::new([channels, height, width], pixels)?.turned(orientation))
}

/// Whether the mark of the end follows the first of the pixels, among which it cannot stand.
#[cfg(feature = "images")]
fn ends(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[mark, kind, high, low]) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        match (mark, kind) {
            (0xff, 0xda) => return bytes[at..].windows(2).any(|pair| pair == [0xff, 0xd9]),
            (0xff, 0xff) => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    false
}

#[cfg(not(feature = "images"))]
fn png(_: &[u8]) -> Result<Picture, String> {
    Err("this program was built without the feature `images`".to_string())
}

#[cfg(not(feature = "images"))]
fn jpeg(bytes: &[u8]) -> Result<Picture, String> {
    png(bytes)
}

#[cfg(feature = "images")]
fn small(width: usize, height: usize) -> Result<(usize, usize), String> {
    match width.checked_mul(height) {
        Some(pixels) if pixels <= MOST => Ok((width, height)),
        _ => Err(format!("{height} x {width} are more than {MOST} pixels")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "images")]
    #[test]
    fn photographs_kept_as_png_are_turned_too() {
        // A directory of one entry: the orientation, 6.
        let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let of = |before: Option<&[u8]>, behind: Option<&[u8]>| {
            let mut bytes = Vec::new();
            let mut encoder = png::Encoder::new(&mut bytes, 3, 2);
            encoder.set_color(png::ColorType::Grayscale);
            let mut writer = encoder.write_header().unwrap();
            if let Some(exif) = before {
                writer.write_chunk(png::chunk::eXIf, exif).unwrap();
            }
            writer.write_image_data(&[1, 2, 3, 4, 5, 6]).unwrap();
            if let Some(exif) = behind {
                writer.write_chunk(png::chunk::eXIf, exif).unwrap();
            }
            writer.finish().unwrap();
            let picture = decode(&bytes).unwrap();
            (picture.size(), picture.planes(1))
        };
        assert_eq!(of(None, None), ([2, 3], vec![1, 2, 3, 4, 5, 6]));
        assert_eq!(of(Some(exif), None), ([3, 2], vec![4, 1, 5, 2, 6, 3]));
        assert_eq!(of(None, Some(exif)), ([3, 2], vec![4, 1, 5, 2, 6, 3]));
        assert_eq!(of(Some(b"II*\0"), None), of(None, None));
    }

    #[test]
    fn other_formats_are_named() {
        let told = |bytes: &[u8]| decode(bytes).err().unwrap();
        assert!(told(b"RIFF0000WEBPVP8 ").ends_with("but WebP"));
        assert!(told(b"GIF89a").ends_with("but GIF") && told(b"BM000").ends_with("but BMP"));
        assert!(told(b"\0\0\0\x18ftypheic").ends_with("but HEIC"));
        assert_eq!(told(b"abc"), "this is neither PNG nor JPEG");
    }
}
