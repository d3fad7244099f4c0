use proptest::prelude::*;
use serde_json::json;

use crate::tally::Tally;
use crate::{ctrf, junit};

/// As pytest writes it, with what Surefire adds.
const JUNIT: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<testsuites name="all" time="12.5">
  <testsuite name="pytest" errors="0" failures="1" skipped="1" tests="5" time="12.5">
    <properties><property name="a" value="b"/></properties>
    <testcase classname="tests.streak" name="grows" time="0.010"/>
    <testcase classname="tests.streak" name="ends &lt;at&gt; midnight" time="1,000.5">
      <failure message="expected 3 &amp; got 2">Traceback
      line 2</failure>
      <system-out>noise</system-out>
    </testcase>
    <testcase name="alone"><error>no message <![CDATA[here]]></error></testcase>
    <testsuite name="inner"><testcase classname="" name="later"><skipped/></testcase></testsuite>
    <testcase classname="tests.web" name="retries"><flakyFailure message="timeout"/></testcase>
  </testsuite>
</testsuites>"#;

fn counts(tally: &Tally) -> [u32; 5] {
    [tally.tests, tally.passed, tally.failed, tally.skipped, tally.flaky]
}

#[test]
fn junit_is_read_in_any_depth_with_its_failures() {
    let (tally, suite, took) = junit::read(JUNIT.as_bytes()).unwrap();
    assert_eq!((counts(&tally), suite.as_str(), took), ([5, 1, 2, 1, 1], "all", Some(12_500)));
    let named: Vec<_> =
        tally.named.iter().map(|test| (test.name.as_str(), test.ending, test.message.as_deref(), test.duration_ms)).collect();
    assert_eq!(
        named,
        [
            ("tests.streak > ends <at> midnight", "failed", Some("expected 3 & got 2"), Some(1_000_500)),
            ("alone", "failed", Some("no message"), None),
            ("tests.web > retries", "flaky", Some("timeout"), None),
        ]
    );
    assert_eq!(tally.status(), "failure");
}

#[test]
fn what_is_no_junit_is_refused_whole() {
    for (bad, why) in [
        ("", "empty"),
        ("<testsuite><testcase name=\"a\"/>", "it ends too early"),
        ("<html><body/></html>", "another document"),
        ("<testsuite></testsuites>", "tags do not match"),
        ("<!DOCTYPE x [<!ENTITY lol \"lol\">]><testsuite><testcase name=\"&lol;\"/></testsuite>", "a document type"),
        ("<testsuite><testcase name=\"&lol;\"/></testsuite>", "an unknown entity"),
        ("<testsuite><testcase/></testsuite>", "a test without a name"),
        ("{}", "JSON"),
    ] {
        assert!(junit::read(bad.as_bytes()).is_err(), "{why}");
    }
    assert_eq!(counts(&junit::read(b"<testsuites/>").unwrap().0), [0; 5]);
    assert_eq!(junit::read(b"<testsuites/>").unwrap().0.status(), "neutral");
}

#[test]
fn ctrf_is_counted_and_not_believed() {
    let file = json!({
        "reportFormat": "CTRF", "specVersion": "0.0.0",
        "results": {
            "tool": {"name": "jest"},
            "summary": {"tests": 999, "passed": 999, "failed": 0, "pending": 0, "skipped": 0, "other": 0, "start": 1000, "stop": 3500},
            "tests": [
                {"name": "adds", "status": "passed", "duration": 10, "extra": {"any": [1, 2]}},
                {"name": "subtracts", "status": "failed", "duration": 12.5, "suite": ["math", "integers"], "message": "1 is not 2"},
                {"name": "waits", "status": "pending", "duration": 0, "suite": "math"},
                {"name": "comes back", "status": "passed", "duration": 5, "retries": 2},
                {"name": "is steady", "status": "passed", "duration": 5, "retries": 2, "flaky": false},
            ],
            "environment": {"repositoryName": "octo/hello", "commit": "abc", "branchName": "main", "buildNumber": "42"},
        },
    });
    let bytes = file.to_string();
    let (tally, tool, took, environment) = ctrf::read(bytes.as_bytes()).unwrap();
    assert_eq!((counts(&tally), tool.as_str(), took), ([5, 2, 1, 1, 1], "jest", Some(2500)));
    assert_eq!(tally.named[0].name, "math > integers > subtracts");
    assert_eq!((environment.build_number, environment.repository_name.as_deref()), (Some(42), Some("octo/hello")));
    for bad in [
        "",
        "[]",
        "{\"results\":{}}",
        "{\"results\":{\"tests\":[{\"name\":\"a\",\"status\":\"well\"}]}}",
        "{\"results\":{\"tests\":{}}}",
    ] {
        assert!(ctrf::read(bad.as_bytes()).is_err(), "{bad}");
    }
}

proptest! {
    /// Names with any character, however they are escaped: the same tests come out of either format.
    #[test]
    fn both_formats_say_the_same_of_the_same_tests(tests in prop::collection::vec(("\\PC{1,40}", 0_usize..4), 0..40)) {
        let words = ["passed", "failed", "skipped", "passed"];
        let listed: Vec<_> = tests.iter().map(|(name, ending)|
            json!({"name": name, "status": words[*ending], "duration": 1, "flaky": *ending == 3})).collect();
        let json = json!({"results": {"tests": listed}}).to_string();
        let mut xml = String::from("<testsuite>");
        for (name, ending) in &tests {
            let inside = ["", "<failure/>", "<skipped/>", "<flakyError/>"][*ending];
            xml.push_str(&format!("<testcase name=\"{}\">{inside}</testcase>", quick_xml::escape::escape(name.as_str())));
        }
        xml.push_str("</testsuite>");
        match (ctrf::read(json.as_bytes()), junit::read(xml.as_bytes())) {
            (Ok((one, ..)), Ok((other, ..))) => {
                prop_assert_eq!(counts(&one), counts(&other));
                prop_assert_eq!(&one.passed_keys, &other.passed_keys);
                let names = |tally: &Tally| tally.named.iter().map(|test| test.name.clone()).collect::<Vec<_>>();
                prop_assert_eq!(names(&one), names(&other));
            }
            // A name of blanks is none.
            (one, other) => prop_assert!(one.is_err() && other.is_err() && tests.iter().any(|(name, _)| name.trim().is_empty())),
        }
    }

    /// Cut anywhere, or with a byte changed: an error or a report, and never a panic.
    #[test]
    fn no_file_is_a_fault(at in 0_usize..1000, byte: u8) {
        let mut bytes = JUNIT.as_bytes().to_vec();
        let at = at % bytes.len();
        let _ = junit::read(&bytes[..at]);
        bytes[at] = byte;
        let _ = junit::read(&bytes);
    }
}
