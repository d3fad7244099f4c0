//! Which run a file of tests is of.

use edge::{Error, FieldError, Place, Result, input};
use validator::ValidationError;

use crate::tally::{Tally, plain};
use crate::{Report, ctrf, junit};

/// The run that a file is of. What CTRF's `environment` says (`repositoryName`, `commit`, `branchName`, `buildName`,
/// `buildNumber`, `buildUrl`) holds where a parameter is absent; JUnit files say nothing of it.
#[input]
pub struct RunOf {
    /// `owner/name`.
    #[validate(length(min = 1, max = 200))]
    repository: Option<String>,
    /// The commit's hash: 40 or 64 hexadecimal digits.
    #[validate(custom(function = "is_hash"))]
    commit: Option<String>,
    /// A fork's is `owner:branch`.
    #[validate(length(min = 1, max = 255))]
    branch: Option<String>,
    /// What tells several files of one run apart, too: `Tests on Linux`.
    #[validate(length(min = 1, max = 200))]
    workflow: Option<String>,
    /// The CI's number of the run, the same for all its attempts: `GITHUB_RUN_ID`, `CI_PIPELINE_ID`.
    #[validate(range(min = 1))]
    run: Option<i64>,
    /// Which attempt of the run, from 1: `GITHUB_RUN_ATTEMPT`. 1 where absent.
    #[validate(range(min = 1))]
    attempt: Option<i32>,
    /// Where the run can be seen.
    #[validate(url, length(max = 2048))]
    url: Option<String>,
}

/// Reads a file of tests: JUnit where it is declared as XML, else CTRF. `Err` of the inner result says why it cannot be read.
///
/// # Errors
/// 422 that names what is not known of its run.
pub fn file(of: &RunOf, media: &str, body: &[u8]) -> Result<Result<Report, String>> {
    let is_xml = matches!(media, "application/xml" | "text/xml");
    let read = if is_xml {
        junit::read(body).map(|(tally, name, took)| (tally, name, took, ctrf::Environment::default()))
    } else {
        ctrf::read(body)
    };
    match read {
        Ok((tally, tool, took, environment)) => report(of, environment, tally, &tool, took).map(Ok),
        Err(why) => Ok(Err(why)),
    }
}

fn report(of: &RunOf, known: ctrf::Environment, tests: Tally, tool: &str, duration_ms: Option<i64>) -> Result<Report> {
    let text = |own: &Option<String>, known: Option<&str>, most| own.as_deref().or(known).and_then(|text| plain(text, most));
    let repository = text(&of.repository, known.repository_name.as_deref(), 200).filter(|name| name.len() <= 200);
    let commit = text(&of.commit, known.commit.as_deref().filter(|hash| is_hash(hash).is_ok()), 64);
    let workflow = text(&of.workflow, known.build_name.as_deref(), 200);
    let run_id = of.run.or(known.build_number.filter(|number| *number > 0));
    let (Some(repository), Some(commit_sha), Some(workflow), Some(run_id)) = (&repository, &commit, &workflow, run_id) else {
        let given = [
            ("repository", repository.is_some()),
            ("commit", commit.is_some()),
            ("workflow", workflow.is_some()),
            ("run", run_id.is_some()),
        ];
        let missing = given.into_iter().filter(|(_, is_given)| !is_given);
        return Err(Error::invalid(
            missing.map(|(name, _)| FieldError::new(Place::Query, name.to_owned(), "required")).collect(),
        ));
    };
    Ok(Report {
        repository: repository.clone(),
        commit_sha: commit_sha.clone(),
        branch: text(&of.branch, known.branch_name.as_deref(), 255).filter(|branch| branch.len() <= 255),
        workflow: workflow.clone(),
        run_id,
        attempt: of.attempt.unwrap_or(1),
        status: tests.status().to_owned(),
        summary: plain(tool, 200).unwrap_or_default(),
        url: text(&of.url, known.build_url.as_deref().filter(|url| url.starts_with("https://")), 2048)
            .filter(|url| url.len() <= 2048),
        duration_ms,
        is_concluded: false,
        tests: Some(tests),
    })
}

fn is_hash(text: &str) -> std::result::Result<(), ValidationError> {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if is_hex && matches!(text.len(), 40 | 64) { Ok(()) } else { Err(ValidationError::new("not_allowed")) }
}
