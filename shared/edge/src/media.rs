//! What a body may be declared as.

/// A set of media types. A handler's inputs say which it takes: another `Content-Type` is refused before anything is parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Media(u8);

impl Media {
    /// No body is read.
    pub const NONE: Media = Media(0);
    pub const JSON: Media = Media(1);
    pub const TEXT: Media = Media(1 << 1);
    pub const FORM: Media = Media(1 << 2);
    pub const MULTIPART: Media = Media(1 << 3);
    /// Whatever it is declared as, or nothing at all.
    pub const ANY: Media = Media(1 << 4);

    const NAMES: [(Media, &str); 5] = [
        (Media::JSON, "application/json"),
        (Media::TEXT, "text/plain"),
        (Media::FORM, "application/x-www-form-urlencoded"),
        (Media::MULTIPART, "multipart/form-data"),
        (Media::ANY, "*/*"),
    ];

    #[must_use]
    pub const fn or(self, other: Media) -> Media {
        Media(self.0 | other.0)
    }

    pub const fn has(self, other: Media) -> bool {
        self.0 & other.0 != 0
    }

    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Its members as they are written in `Content-Type`.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Media::NAMES.into_iter().filter(move |(media, _)| self.has(*media)).map(|(_, name)| name)
    }

    /// The member that `Content-Type` declares; parameters such as `charset` aside.
    pub fn declared(self, content_type: &str) -> Option<Media> {
        let named = essence(content_type);
        let of = |(_, name): &(Media, &str)| named.eq_ignore_ascii_case(name);
        let member = Media::NAMES.into_iter().filter(|(media, _)| self.has(*media)).find(of).map(|(media, _)| media);
        member.or(self.has(Media::ANY).then_some(Media::ANY))
    }
}

/// A media type without its parameters.
pub(crate) fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim_ascii()
}

/// A parameter of a media type, such as `boundary`; without its quotes.
pub(crate) fn parameter<'a>(content_type: &'a str, name: &str) -> Option<&'a str> {
    let pairs = content_type.split(';').skip(1).filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(known, _)| known.trim_ascii().eq_ignore_ascii_case(name)).map(|(_, value)| value);
    values.next().map(|value| value.trim_ascii().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_type_is_found_in_every_spelling_that_clients_use() {
        let set = Media::JSON.or(Media::MULTIPART);
        assert_eq!(set.declared("Application/JSON; charset=utf-8"), Some(Media::JSON));
        assert_eq!(set.declared("multipart/form-data;boundary=x"), Some(Media::MULTIPART));
        for other in ["", "text/plain", "application/jsonp", "application/x-www-form-urlencoded"] {
            assert_eq!(set.declared(other), None, "{other}");
        }
        assert_eq!(set.or(Media::ANY).declared("text/xml"), Some(Media::ANY));
        assert_eq!(set.names().collect::<Vec<_>>(), ["application/json", "multipart/form-data"]);
    }

    #[test]
    fn a_parameter_is_read_with_and_without_quotes() {
        assert_eq!(parameter("multipart/form-data; Boundary=\"a b\"; x=1", "boundary"), Some("a b"));
        assert_eq!(parameter("text/plain;charset=UTF-8", "charset"), Some("UTF-8"));
        assert_eq!(parameter("text/plain", "charset"), None);
    }
}
