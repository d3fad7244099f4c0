//! What people may upload, how large, and how a file shows that it is what it says.
//!
//! A file goes straight from a device to the storage: its row is made first (`files`), with a link that takes one file of exactly
//! that type and length, once. It is kept when the storage has it, as long as was said, and its first bytes are those of its type.
//! Types that a browser would run (SVG, HTML) are none of them.

use edge::{Word, input, output};

/// What a file is for.
#[output(name = "FileKind")]
pub enum Kind {
    /// A picture of oneself.
    Avatar,
    Picture,
    /// A recording of oneself speaking. Needs the consent `voice`.
    Voice,
    /// Music or sounds.
    Audio,
}

/// A type that is taken.
#[output(name = "MediaType")]
pub enum MediaType {
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/webp")]
    Webp,
    #[serde(rename = "audio/wav")]
    Wav,
    #[serde(rename = "audio/mpeg")]
    Mp3,
    #[serde(rename = "audio/ogg")]
    Ogg,
    #[serde(rename = "audio/mp4")]
    M4a,
    #[serde(rename = "audio/webm")]
    Webm,
}

/// What somebody wants to upload.
#[input(name = "NewFile")]
pub struct NewFile {
    pub kind: Kind,
    /// As the upload will say it.
    pub media_type: MediaType,
    /// Exactly; a kind has a largest size: 5 MB for an avatar, 20 MB for a picture or a voice, 50 MB for audio.
    #[validate(range(min = 1, max = 50_000_000))]
    pub bytes: u32,
}

/// How many bytes of a file tell its type.
pub const BEGINNING: usize = 16;

impl Kind {
    /// The largest file of this kind, in bytes.
    pub fn largest(self) -> u32 {
        match self {
            Kind::Avatar => 5_000_000,
            Kind::Picture | Kind::Voice => 20_000_000,
            Kind::Audio => 50_000_000,
        }
    }

    pub fn takes(self, media_type: MediaType) -> bool {
        media_type.is_picture() == matches!(self, Kind::Avatar | Kind::Picture)
    }

    /// The purpose that its owner must have agreed to.
    pub fn consent(self) -> Option<&'static str> {
        matches!(self, Kind::Voice).then_some("voice")
    }
}

impl MediaType {
    const ALL: [MediaType; 8] = [
        MediaType::Png,
        MediaType::Jpeg,
        MediaType::Webp,
        MediaType::Wav,
        MediaType::Mp3,
        MediaType::Ogg,
        MediaType::M4a,
        MediaType::Webm,
    ];

    /// The type of this name.
    pub fn named(name: &str) -> Option<MediaType> {
        MediaType::ALL.into_iter().find(|media_type| media_type.word() == name)
    }

    fn is_picture(self) -> bool {
        matches!(self, MediaType::Png | MediaType::Jpeg | MediaType::Webp)
    }

    /// Whether a file that begins so is of this type.
    ///
    /// Signatures from the formats' own specifications: PNG (ISO/IEC 15948, 5.2), JPEG (ITU-T T.81, B.1: SOI and a marker), RIFF,
    /// MPEG audio (ISO/IEC 11172-3, 2.4: eleven bits of synchronisation and a layer; or an ID3v2 tag), Ogg (RFC 3533, 6), ISO base
    /// media (ISO/IEC 14496-12, 4.3: `ftyp`), EBML (RFC 8794, 11.2.1).
    pub fn begins(self, bytes: &[u8]) -> bool {
        let riff = |form: &[u8]| bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(form);
        match self {
            MediaType::Png => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
            MediaType::Jpeg => bytes.starts_with(b"\xff\xd8\xff"),
            MediaType::Webp => riff(b"WEBP"),
            MediaType::Wav => riff(b"WAVE"),
            MediaType::Mp3 => {
                let is_frame = matches!(bytes, [0xff, second, ..] if second & 0xe0 == 0xe0 && second & 0x06 != 0);
                is_frame || bytes.starts_with(b"ID3")
            }
            MediaType::Ogg => bytes.starts_with(b"OggS"),
            MediaType::M4a => bytes.get(4..8) == Some(b"ftyp".as_slice()),
            MediaType::Webm => bytes.starts_with(b"\x1a\x45\xdf\xa3"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGINNINGS: [(MediaType, &[u8]); 9] = [
        (MediaType::Png, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        (MediaType::Jpeg, b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01"),
        (MediaType::Webp, b"RIFF\x24\0\0\0WEBPVP8 "),
        (MediaType::Wav, b"RIFF\x24\0\0\0WAVEfmt "),
        (MediaType::Mp3, b"ID3\x04\0\0\0\0\0\0\0\0\0\0\0\0"),
        (MediaType::Mp3, b"\xff\xfb\x90\x64\0\0\0\0\0\0\0\0\0\0\0\0"),
        (MediaType::Ogg, b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0"),
        (MediaType::M4a, b"\0\0\0\x20ftypM4A \0\0\0\0"),
        (MediaType::Webm, b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x86\x81\x01"),
    ];

    #[test]
    fn a_file_is_of_its_own_type_and_of_no_other() {
        for (own, bytes) in BEGINNINGS {
            for other in MediaType::ALL {
                assert_eq!(other.begins(bytes), other.word() == own.word(), "{} as {}", own.word(), other.word());
            }
            assert_eq!(MediaType::named(own.word()).map(Word::word), Some(own.word()));
            assert!(!own.begins(&bytes[..1]) && !own.begins(b""), "{}", own.word());
        }
    }

    #[test]
    fn what_a_browser_would_run_is_of_no_type() {
        for text in
            ["<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "<!DOCTYPE html>", "<script>alert(1)</script>", "%PDF-1.7", ""]
        {
            assert!(MediaType::ALL.into_iter().all(|media_type| !media_type.begins(text.as_bytes())), "{text}");
        }
        assert!(["image/svg+xml", "text/html", "image/PNG", ""].into_iter().all(|name| MediaType::named(name).is_none()));
    }

    #[test]
    fn a_voice_is_no_picture_and_needs_a_consent() {
        assert!(Kind::Voice.takes(MediaType::Ogg) && !Kind::Voice.takes(MediaType::Png));
        assert!(Kind::Avatar.takes(MediaType::Png) && !Kind::Avatar.takes(MediaType::Mp3));
        assert_eq!((Kind::Voice.consent(), Kind::Audio.consent()), (Some("voice"), None));
    }
}
