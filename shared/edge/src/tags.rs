//! What `If-Match` and `If-None-Match` name (RFC 9110, 8.8.3 and 13.1).

/// The entity tags of one header, without quotes. Weak ones count as strong ones: a proxy that compresses weakens our tags,
/// and a version is a version.
pub(crate) enum Tags<'a> {
    /// `*`: whatever is there.
    Any,
    Of(Vec<&'a str>),
}

impl<'a> Tags<'a> {
    pub(crate) fn read(header: &'a str) -> Tags<'a> {
        let mut rest = header.trim_ascii();
        if rest == "*" {
            return Tags::Any;
        }
        let mut tags = Vec::new();
        while !rest.is_empty() {
            let tag = rest.strip_prefix("W/").unwrap_or(rest);
            // A comma inside quotes is part of the tag; and who forgets the quotes is understood.
            let (tag, after) = match tag.strip_prefix('"').and_then(|tag| tag.split_once('"')) {
                Some((tag, after)) => (tag, after.trim_ascii_start().strip_prefix(',').unwrap_or(after)),
                None => tag.split_once(',').unwrap_or((tag, "")),
            };
            tags.push(tag.trim_ascii().trim_matches('"'));
            rest = after.trim_ascii_start();
        }
        Tags::Of(tags)
    }

    /// Whether `tag`, as our header `ETag` has it, is named.
    pub(crate) fn name(&self, tag: &str) -> bool {
        match self {
            Tags::Any => true,
            Tags::Of(tags) => tags.contains(&tag.trim_matches('"')),
        }
    }

    /// The versions that are named, separated by commas; `None` is any. What is no version of ours is left out, so that
    /// the text may be empty, which no version fits.
    pub(crate) fn versions(self) -> Option<String> {
        let Tags::Of(tags) = self else { return None };
        // Behind the version some tags have what the answer was made of (`Reply::etag_of_all`).
        let tags = tags.into_iter().map(|tag| tag.split_once('-').map_or(tag, |(version, _)| version));
        let is_version = |tag: &&str| !tag.is_empty() && tag.len() <= 10 && tag.bytes().all(|byte| byte.is_ascii_digit());
        Some(tags.filter(is_version).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_each_of_its_tags_in_both_headers() {
        for header in
            ["\"5\"", "W/\"5\"", "\"zz\", \"5\"", "\"5\",\"zz\"", "\"4\",\"5\"", "\"a,b\" , W/\"5\" ", "5", "4, 5", ",, \"5\","]
        {
            assert!(Tags::read(header).name("\"5\""), "{header}");
            let versions = Tags::read(header).versions().unwrap();
            assert!(versions.split(',').any(|version| version == "5"), "{header} {versions}");
        }
        assert!(Tags::read("*").name("\"5\"") && Tags::read(" * ").versions().is_none());
    }

    #[test]
    fn a_tag_of_all_that_an_answer_shows_names_its_version() {
        assert_eq!(Tags::read("\"5-0a1b\", W/\"6\"").versions().unwrap(), "5,6");
        assert!(!Tags::read("\"5-0a1b\"").name("\"5-ffff\""));
    }

    #[test]
    fn what_is_not_named_does_not_match() {
        for header in ["\"4\"", "\"55\"", "\"4,5\"", "\"zz\"", "", "\"'||5||'\"", "\"*\"", "W/", "\"99999999999\""] {
            assert!(!Tags::read(header).name("\"5\""), "{header}");
            let versions = Tags::read(header).versions().unwrap();
            assert!(versions.split(',').all(|version| version != "5"), "{header} {versions}");
        }
    }

    proptest::proptest! {
        #[test]
        fn both_headers_read_a_list_alike(text in "[W/\"0-9a-c, *]{0,24}", version in 0_u32..12) {
            let (one, other) = (Tags::read(&text).name(&format!("\"{version}\"")), Tags::read(&text).versions());
            let other = other.is_none_or(|known| known.split(',').any(|known| known == version.to_string()));
            proptest::prop_assert_eq!(one, other);
        }
    }
}
