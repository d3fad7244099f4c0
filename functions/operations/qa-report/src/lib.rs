edge::function! {
    //! Quality reports: what CI says of a commit, taken from it and given to those who look after quality.

    /// Takes what a CI says of one attempt of one run: a CTRF file, a JUnit file (declared as `application/xml`), or GitHub's event
    /// `workflow_run`. By the bearer token of `QA_REPORT_TOKEN`, or signed as GitHub signs. There is one report per repository,
    /// workflow, run and attempt; what comes twice changes nothing. Up to 25 MiB and 200,000 tests; of those that failed or are
    /// flaky the first thousand are kept by name. What cannot be read is 422 `unreadable_event`, of which a record is kept.
    POST "/qa/report"       => archive_qa_report,   auth: Signed<Reporter>, limit: 1200, writes, reply: 202, body: 26_214_400,
        refuses: [refusal::BAD_SIGNATURE, NOT_CONFIGURED, refusal::UNAUTHENTICATED, refusal::UNREADABLE_EVENT];
    /// Commits with the latest run of each of their workflows, those first whose latest report came last. `from` and `to` are days
    /// in UTC.
    GET  "/qa/report"       => list_qa_commits,     auth: Qa, limit: 300, reads;
    /// Tests that failed and passed on one commit, the most frequent first: a hundred at most. `from` and `to` are days in UTC.
    GET  "/qa/report/flaky" => list_flaky_tests,    auth: Qa, limit: 60,  reads;
    /// Every attempt of every run as a table (RFC 4180), the latest first; `X-Next-Cursor` is the `cursor` of the page that follows.
    GET  "/qa/report/runs.csv" => export_qa_reports, auth: Qa, limit: 60, reads, headers: [NextCursor, File];
    uses: [quality::github::GITHUB, SETTINGS]
}

mod reporter;

use edge::{At, Context, Csv, Days, List, Page, Qa, Query, Raw, Reply, Result, Signed, Sql, output, refusal};
use quality::{COMMITS, Commit, FLAKY, Filter, FlakyTest, Outcome, RunOf};
use reporter::{NOT_CONFIGURED, Reporter, SETTINGS};
use serde_json::{Map, Value};

/// What became of a report.
#[output(name = "QaReportReceived")]
struct Received {
    outcome: Outcome,
}

/// Tests that cannot be relied on.
#[output(name = "QaFlakyTests")]
struct FlakyTests {
    items: Vec<FlakyTest>,
    next_cursor: Option<String>,
}

#[derive(serde::Deserialize)]
struct Row {
    id: i64,
    fields: Map<String, Value>,
}

const COLUMNS: [&str; 18] = [
    "id",
    "repository",
    "commit_sha",
    "branch",
    "workflow",
    "run_id",
    "attempt",
    "status",
    "summary",
    "url",
    "duration_ms",
    "format",
    "tests",
    "passed",
    "failed",
    "skipped",
    "flaky",
    "created_at",
];

async fn archive_qa_report(
    ctx: Context,
    Signed(reporter): Signed<Reporter>,
    Query(of): Query<RunOf>,
    Raw { media, body }: Raw,
) -> Result<Reply<Received>> {
    let outcome = match reporter {
        Reporter::GitHub(github) => quality::take_event(&ctx, &github, &body).await?,
        Reporter::Ci => quality::take_file(&ctx, &of, &media, &body).await?,
    };
    Ok(Reply::new(Received { outcome }))
}

async fn list_qa_commits(
    ctx: Context,
    _: Qa,
    list: List<Days<Filter>, (At, String, String), 50, 200>,
) -> Result<Reply<Page<Commit>>> {
    let filtered = Filter::bind(&list.filter, COMMITS).bind(list.filter.rest.status);
    let after = filtered.bind(list.after(|key| key.0)).bind(list.after(|key| &key.1)).bind(list.after(|key| &key.2));
    let rows = ctx.sql(after.bind(list.fetch())).await?.all::<Commit>()?;
    Ok(Reply::new(list.page(rows, Commit::key)))
}

async fn list_flaky_tests(ctx: Context, _: Qa, Query(days): Query<Days<Filter>>) -> Result<Reply<FlakyTests>> {
    let items = ctx.sql(Filter::bind(&days, FLAKY).bind(100)).await?.all()?;
    Ok(Reply::new(FlakyTests { items, next_cursor: None }))
}

async fn export_qa_reports(ctx: Context, _: Qa, list: List<Days<Filter>, i64, 500, 1000>) -> Result<Reply<Csv>> {
    let select = Filter::bind(&list.filter, REPORTS).bind(list.after(|id| *id)).bind(list.fetch());
    let Page { items, next_cursor } = list.page(ctx.sql(select).await?.all::<Row>()?, |row| row.id);
    let rows: Vec<_> = items.into_iter().map(|row| row.fields).collect();
    let text = spreadsheet::write(&COLUMNS, list.is_first(), &rows);
    Ok(Reply::new(Csv(text)).file("qa-reports.csv").next_cursor(next_cursor.as_deref()))
}

const REPORTS: Sql = Sql::new(
    "select r.id, to_jsonb(r) as fields from edge.list_qa_reports($1, $2, $3, $4::date, $5::date, $6::bigint, $7::integer) as r",
);

#[cfg(test)]
mod tests;
