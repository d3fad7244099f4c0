use chrono::{DateTime, Utc};

/// A file as a list of the bucket has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub key: String,
    pub since: DateTime<Utc>,
}

/// The files of a ListBucketResult; `None` where the text is something else. Keys of ours need no entities: a file whose key has
/// one is nobody's business here, and is left out.
pub(crate) fn read(text: &str) -> Option<Vec<Stored>> {
    let (_, result) = text.split_once("<ListBucketResult")?;
    result.contains("</ListBucketResult>").then_some(())?;
    let stored = |contents: &str| {
        let part = |name: &str| {
            let (_, rest) = contents.split_once(&["<", name, ">"].concat())?;
            Some(rest.split_once("</")?.0)
        };
        let key = part("Key").filter(|key| !key.contains('&'))?;
        Some(Stored { key: key.to_owned(), since: part("LastModified")?.parse().ok()? })
    };
    Some(result.split("<Contents>").skip(1).filter_map(stored).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From Amazon's documentation of ListObjectsV2, with one file more.
    const LIST: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
        <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>bucket</Name><Prefix/><KeyCount>205</KeyCount>
        <MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>
        <Contents><Key>my-image.jpg</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified><ETag>\"fba9\"</ETag>
        <Size>434234</Size><StorageClass>STANDARD</StorageClass></Contents>
        <Contents><Key>a&amp;b</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified></Contents></ListBucketResult>";

    #[test]
    fn a_list_is_read_as_amazon_writes_it() {
        let since = "2009-10-12T17:50:30Z".parse().unwrap();
        assert_eq!(read(LIST), Some(vec![Stored { key: "my-image.jpg".to_owned(), since }]));
    }

    #[test]
    fn what_is_no_list_or_half_of_one_is_none() {
        for text in ["", "<Error><Code>AccessDenied</Code></Error>", &LIST[..LIST.len() - 3]] {
            assert_eq!(read(text), None, "{text}");
        }
        let empty = "<ListBucketResult xmlns=\"x\"></ListBucketResult>";
        assert_eq!(read(empty), Some(Vec::new()));
    }
}
