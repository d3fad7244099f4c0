//! Quality reports by commit: what failed, since when, and which tests waver.

use chart::{Bars, Frame, colon, date};
use chrono::NaiveDate;
use edge::{At, Context, Date, Days, Html, Language, List, Message, Result, Sql, Word, msg};
use page::{Markup, PreEscaped, html};
use quality::{COMMITS, Commit, FLAKY, Filter, FlakyTest, Run, Status, TestCounts};
use serde::{Deserialize, Serialize};

use crate::layout;

pub type Key = (At, String, String);

/// Days that the trend shows, and of which flaky tests are told.
const DAYS: u32 = 30;
const FLAKIEST: u32 = 20;

/// The filters of a form, in which what is left empty is absent.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Chosen(Days<Filter>);

impl edge::Filter for Chosen {
    fn read(pairs: &[(String, String)]) -> Result<Chosen> {
        let given: Vec<_> = pairs.iter().filter(|(_, value)| !value.is_empty()).cloned().collect();
        Days::<Filter>::read(&given).map(Chosen)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn schema(generator: &mut edge::schemars::SchemaGenerator) -> edge::schemars::Schema {
        Days::<Filter>::schema(generator)
    }
}

/// The commits of one day, in UTC.
#[derive(Deserialize)]
struct Day {
    day: NaiveDate,
    commits: i64,
    failed: i64,
}

pub struct QaPage<'a> {
    chosen: &'a Days<Filter>,
    commits: Vec<Commit>,
    next: Option<String>,
    flaky: Vec<FlakyTest>,
    /// The latest first.
    days: Vec<Day>,
    /// The last day that the trend shows.
    last: NaiveDate,
}

const TITLE: Message = msg!("", fr: "Qualité", en: "Quality");
const REPOSITORY: Message = msg!("", fr: "Dépôt", en: "Repository");
const BRANCH: Message = msg!("", fr: "Branche", en: "Branch");
const WORKFLOW: Message = msg!("", fr: "Workflow", en: "Workflow");
const STATUS: Message = msg!("", fr: "Statut", en: "Status");
const FROM: Message = msg!("", fr: "Du", en: "From");
const TO: Message = msg!("", fr: "Au", en: "To");
const ANY: Message = msg!("", fr: "tous", en: "any");
const FILTER: Message = msg!("", fr: "Filtrer", en: "Filter");
const COMMIT: Message = msg!("", fr: "Commit", en: "Commit");
const RUNS: Message = msg!("", fr: "Exécutions", en: "Runs");
const REPORTED: Message = msg!("", fr: "Reçu (UTC)", en: "Reported (UTC)");
const NOTHING: Message = msg!("",
    fr: "Aucun rapport ne correspond. Un rapport s'envoie par POST /api/v1/qa/report, ou vient de GitHub.",
    en: "No report is like that. A report is sent by POST /api/v1/qa/report, or comes from GitHub.");
const MORE: Message = msg!("", fr: "Plus anciens", en: "Older ones");
const TREND: Message = msg!("", fr: "Commits en échec par jour", en: "Commits that failed, by day");
const SHARE: Message = msg!("", fr: "Part en échec, en %", en: "Share that failed, in %");
const FLAKY_TESTS: Message = msg!("", fr: "Tests instables", en: "Flaky tests");
const FLAKY_HINT: Message = msg!("",
    fr: "Échec et réussite sur un même commit, hors forks, en trente jours.", en: "Failed and passed on one commit, forks aside, in thirty days.");
const TEST: Message = msg!("", fr: "Test", en: "Test");
const RATE: Message = msg!("", fr: "Taux", en: "Rate");
const FIRST: Message = msg!("", fr: "Premier commit", en: "First commit");
const NO_FLAKY: Message = msg!("", fr: "Aucun n'est connu.", en: "None is known.");
const TESTS: Message = msg!("", fr: "tests", en: "tests");
const FAILED: Message = msg!("", fr: "en échec", en: "failed");
const ATTEMPT: Message = msg!("", fr: "tentative", en: "attempt");

const STATUSES: [(Status, &str, Message); 5] = [
    (Status::Success, "✓", msg!("", fr: "réussi", en: "success")),
    (Status::Failure, "✗", msg!("", fr: "échec", en: "failure")),
    (Status::Cancelled, "–", msg!("", fr: "annulé", en: "cancelled")),
    (Status::InProgress, "…", msg!("", fr: "en cours", en: "in progress")),
    (Status::Neutral, "·", msg!("", fr: "neutre", en: "neutral")),
];

impl QaPage<'_> {
    pub async fn of<'a>(ctx: &Context, list: &'a List<Chosen, Key, 40, 100>) -> Result<QaPage<'a>> {
        let chosen = &list.filter.0;
        let today = ctx.now().date_naive();
        let last = chosen.to.map_or(today, |to| to.day().min(today));
        let from = chosen.from.max(Date::new(day_before(last, DAYS - 1)));
        let commits = Filter::bind(chosen, COMMITS).bind(chosen.rest.status);
        let commits = commits.bind(list.after(|key| key.0)).bind(list.after(|key| &key.1)).bind(list.after(|key| &key.2));
        let flaky = chosen.rest.between(from, chosen.to, FLAKY).bind(FLAKIEST);
        let days = chosen.rest.between(from, chosen.to, DAYS_WITH_COMMITS).bind(DAYS);
        let [commits, flaky, days] = ctx.batch([commits.bind(list.fetch()), flaky, days]).await?;
        let page = list.page(commits.all()?, Commit::key);
        Ok(QaPage { chosen, commits: page.items, next: page.next_cursor, flaky: flaky.all()?, days: days.all()?, last })
    }

    pub fn render(&self, language: Language) -> Html {
        let text = |message: Message| message.text(language);
        let content = html! {
            (self.filters(language))
            @if !self.days.is_empty() { (PreEscaped(self.trend(language))) }
            @if self.commits.is_empty() {
                p { (text(NOTHING)) }
            } @else {
                table {
                    thead { tr { @for name in [STATUS, COMMIT, RUNS, REPORTED] { th scope="col" { (text(name)) } } } }
                    tbody { @for commit in &self.commits { (row(commit, language)) } }
                }
            }
            @if let Some(next) = &self.next {
                p class="more" { a rel="next" href=(self.link(next)) { (text(MORE)) " →" } }
            }
            h2 { (text(FLAKY_TESTS)) }
            p { small { (text(FLAKY_HINT)) } }
            @if self.flaky.is_empty() {
                p { (text(NO_FLAKY)) }
            } @else {
                table {
                    thead { tr { @for name in [TEST, WORKFLOW, RATE, FIRST] { th scope="col" { (text(name)) } } } }
                    tbody {
                        @for test in &self.flaky {
                            tr {
                                th scope="row" { (test.name) }
                                td { (test.workflow) }
                                td { (chart::decimal(test.rate * 100.0, 0, language)) " % (" (test.flaky_commits) "/" (test.commits) ")" }
                                td { code { (short(&test.first_commit)) } " " (date(test.first_at.date_naive(), language)) }
                            }
                        }
                    }
                }
            }
        };
        layout::page(text(TITLE), language, &content)
    }

    fn filters(&self, language: Language) -> Markup {
        let text = |message: Message| message.text(language);
        let Days { from, to, rest } = self.chosen;
        let texts = [
            ("repository", REPOSITORY, &rest.repository),
            ("branch", BRANCH, &rest.branch),
            ("workflow", WORKFLOW, &rest.workflow),
        ];
        let days = [("from", FROM, from), ("to", TO, to)];
        html! {
            form method="get" action="/admin/qa" class="filters" {
                @for (name, label, value) in texts {
                    label { (text(label)) input name=(name) value=(value.as_deref().unwrap_or_default()); }
                }
                label {
                    (text(STATUS))
                    select name="status" {
                        option value="" { (text(ANY)) }
                        @for (status, _, word) in STATUSES {
                            option value=(status.word()) selected[rest.status == Some(status)] { (text(word)) }
                        }
                    }
                }
                @for (name, label, value) in days {
                    label { (text(label)) input type="date" name=(name) value=(value.as_ref().map(ToString::to_string).unwrap_or_default()); }
                }
                button { (text(FILTER)) }
            }
        }
    }

    /// The same view from another commit on.
    fn link(&self, cursor: &str) -> String {
        let Days { from, to, rest } = self.chosen;
        let day = |day: &Option<edge::Date>| day.as_ref().map(ToString::to_string);
        let parameters = [
            ("repository", rest.repository.clone()),
            ("branch", rest.branch.clone()),
            ("workflow", rest.workflow.clone()),
            ("status", rest.status.map(|status| status.word().to_owned())),
            ("from", day(from)),
            ("to", day(to)),
            ("cursor", Some(cursor.to_owned())),
        ];
        let given = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        ["/admin/qa?", &form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish()].concat()
    }

    fn trend(&self, language: Language) -> String {
        let bars = Bars { left: 48, top: 56, height: 56, pitch: 20, width: 16, columns: DAYS, most: 100 };
        let day_of = |column: u32| day_before(self.last, DAYS - 1 - column);
        let told: Vec<(u32, i64, String)> = (0..DAYS)
            .filter_map(|column| {
                let day = self.days.iter().find(|day| day.day == day_of(column))?;
                let words = format!("{}{} {}/{}", date(day.day, language), colon(language), day.failed, day.commits);
                Some((column, day.failed * 100 / day.commits.max(1), words))
            })
            .collect();
        let description: Vec<&str> = told.iter().map(|(.., words)| words.as_str()).collect();
        let frame = Frame {
            id: "trend",
            width: 660,
            height: 140,
            title: TREND.text(language),
            description: &description.join(" ; "),
            language,
            theme: None,
            styles: &[Bars::STYLE, Bars::BASE],
        };
        frame.draw(|canvas| {
            canvas.strong(24, 24, TREND.text(language));
            bars.scale(canvas, SHARE.text(language), "100");
            for (column, share, words) in &told {
                bars.bar(canvas, *column, *share, words);
            }
            bars.line(canvas);
        })
    }
}

fn row(commit: &Commit, language: Language) -> Markup {
    let known = STATUSES.into_iter().find(|(status, ..)| *status == commit.status);
    html! {
        tr {
            @if let Some((status, mark, word)) = known { td class=(status.word()) { (mark) " " (word.text(language)) } }
            th scope="row" {
                code { (short(&commit.commit_sha)) } " " (commit.title)
                br;
                small { (commit.repository) @if let Some(branch) = &commit.branch { " · " (branch) } }
            }
            td { ul { @for run in &commit.runs { li { (self::run(run, language)) } } } }
            td { (commit.reported_at.format("%Y-%m-%d %H:%M")) }
        }
    }
}

fn run(run: &Run, language: Language) -> Markup {
    let text = |message: Message| message.text(language);
    // Whatever a CI calls an address: only the web is linked.
    let url = run.url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    html! {
        @match url {
            Some(url) => a href=(url) rel="noreferrer" { (run.workflow) },
            None => (run.workflow),
        }
        (colon(language)) " " (run.status)
        @if run.attempt > 1 { " (" (text(ATTEMPT)) " " (run.attempt) ")" }
        @if let Some(ms) = run.duration_ms { " · " (ms / 60_000) " min " (ms / 1000 % 60) " s" }
        @if let Some(TestCounts { tests, failed, .. }) = run.tests {
            " · " (chart::number(i64::from(tests), language)) " " (text(TESTS))
            @if failed > 0 { ", " span class="failure" { (failed) " " (text(FAILED)) } }
        }
    }
}

fn day_before(day: NaiveDate, days: u32) -> NaiveDate {
    day - chrono::Days::new(u64::from(days))
}

fn short(commit: &str) -> &str {
    commit.get(..8).unwrap_or(commit)
}

const DAYS_WITH_COMMITS: Sql =
    Sql::new("select day, commits, failed from edge.qa_trend($1, $2, $3, $4::date, $5::date, $6::integer)");
