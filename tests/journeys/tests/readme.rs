//! The commands that README.md tells people to try work as they stand.

use std::path::Path;
use std::process::Command;

/// What each command of "Try it" answers, in order. A scene that was drawn before, for another test, is there at once.
const STATUSES: [&[&str]; 6] = [&["200"], &["201"], &["200"], &["201"], &["202", "200"], &["200"]];

/// The lines of the `sh` blocks below a heading.
fn commands(heading: &str) -> String {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let (_, below) = readme.split_once(&format!("\n## {heading}\n")).expect("README.md has lost this heading");
    let section = below.split("\n## ").next().unwrap();
    section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect()
}

#[test]
fn what_the_readme_says_to_try_works() {
    let edge = testing::variable("EDGE_URL");
    // A person of this test's own, and the status of each answer beside it.
    let address = format!("{}@example.org", auth::random_uuid().unwrap());
    let commands = commands("Try it").replace("localhost:8787", &edge).replace("ada@example.org", &address);
    let watched = format!("curl() {{ command curl \"$@\" -w '%{{stderr}}%{{http_code}}\\n'; }}\n{commands}");
    let output = Command::new("bash").args(["-eu", "-c", &watched]).output().unwrap();
    let [bodies, statuses] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(output.status.success(), "{statuses}");
    assert_eq!(statuses.lines().count(), STATUSES.len(), "{statuses}{bodies}");
    for (status, expected) in statuses.lines().zip(STATUSES) {
        assert!(expected.contains(&status), "{statuses}{bodies}");
    }
    assert!(bodies.contains("\"action\":\"Ranger le bureau\"") && bodies.contains("\"items\":["), "{bodies}");
}
